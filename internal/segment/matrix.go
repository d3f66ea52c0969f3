package segment

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// State says how what was seen stands to what is intended.
type State string

// The states of a cell and of a service in it, worst first.
const (
	ForbiddenSeen    State = "forbidden_seen"    // no rule opens it and traffic passed
	ForbiddenReached State = "forbidden_reached" // no rule opens it; only a scan or half a handshake came through: the way is open
	ForbiddenTried   State = "forbidden_tried"   // no rule opens it; it was tried, and nothing came through
	NotObserved      State = "not_observed"      // no source sees this pair of zones: not measured
	Unseen           State = "unseen"            // a rule opens it, and a source that would see it saw nothing
	Seen             State = "seen"              // intended and seen
	Closed           State = "closed"            // no rule opens it and a source that would see it saw nothing
)

var states = []State{ForbiddenSeen, ForbiddenReached, ForbiddenTried, NotObserved, Unseen, Seen, Closed}

// Matrix is what a fold saw, held against its plan.
type Matrix struct {
	Now       time.Time        `json:"now"`
	Cells     []Cell           `json:"cells"` // those that touch a medical zone first, the worst first in each part
	Zones     []Coverage       `json:"zones"`
	Sources   []Watched        `json:"sources"`
	Scans     []Scan           `json:"scans"` // at most 100
	Rules     []Use            `json:"rules"` // in the plan's order
	Totals    Totals           `json:"totals"`
	Forbidden uint64           `json:"forbidden"` // connections that no rule opens
	Counts    map[State]uint64 `json:"counts"`    // cells in each state
}

// Cell is what goes from one zone to another.
type Cell struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Medical bool   `json:"medical"` // one of the two is a zone of medical devices
	State   State  `json:"state"`
	// Why says what the state rests on: who watches, or why nobody does.
	Why  string `json:"why"`
	Rows []Row  `json:"rows"`
}

// Row is one service of a cell, on one side of the plan.
type Row struct {
	Service    Service   `json:"service"`
	Rest       bool      `json:"rest"` // the ports that do not stand alone
	Allowed    bool      `json:"allowed"`
	State      State     `json:"state"`
	Answered   uint64    `json:"answered"`
	OneWay     uint64    `json:"one_way"`
	HalfOpen   uint64    `json:"half_open"`
	Unanswered uint64    `json:"unanswered"`
	Refused    uint64    `json:"refused"`
	Blocked    uint64    `json:"blocked"`
	Scanned    uint64    `json:"scanned"` // answered, and no more than a look
	Out        uint64    `json:"out"`     // bytes from the zone and to it
	Back       uint64    `json:"back"`
	First      time.Time `json:"first,omitzero"` // of what passed
	Last       time.Time `json:"last,omitzero"`
	Tried      time.Time `json:"tried,omitzero"` // last of anything
	Pairs      []Pair    `json:"pairs"`
	// AllPairs is how many pairs there are, an estimate where not all are kept;
	// Omitted is how many connections and attempts are of pairs that are not.
	AllPairs uint64 `json:"all_pairs"`
	Omitted  uint64 `json:"omitted"`
}

// Pair is two devices, by asset where one is known. The addresses are those that
// were used last.
type Pair struct {
	From      netip.Addr `json:"from"`
	To        netip.Addr `json:"to"`
	FromAsset string     `json:"from_asset"`
	ToAsset   string     `json:"to_asset"`
	Passed    uint64     `json:"passed"` // connections
	Others    uint64     `json:"others"` // attempts and scans
	Last      time.Time  `json:"last,omitzero"`
}

// Coverage is how well a zone is watched.
type Coverage struct {
	Zone    string    `json:"zone"`
	Kind    Kind      `json:"kind"`
	Sources []Sight   `json:"sources"` // who saw traffic of it, the newest first
	Newest  time.Time `json:"newest,omitzero"`
	Fresh   bool      `json:"fresh"`
	Why     string    `json:"why"` // what is missing, "" where nothing is
}

// Sight is what one source saw of a zone.
type Sight struct {
	Source  string    `json:"source"`
	Records uint64    `json:"records"`
	Last    time.Time `json:"last,omitzero"`
}

// Watched is what a source delivered.
type Watched struct {
	Name    string    `json:"name"`
	Records uint64    `json:"records"`
	Passed  uint64    `json:"passed"` // records of traffic that was let through
	First   time.Time `json:"first,omitzero"`
	Last    time.Time `json:"last,omitzero"`
	Why     string    `json:"why"` // why its silence proves nothing, "" where it does
}

// Matrix returns what was seen so far. The fold may go on.
func (f *Fold) Matrix() *Matrix {
	m := &Matrix{Now: f.opt.Now, Rules: slices.Clone(f.uses), Totals: f.totals, Counts: map[State]uint64{}}
	m.Totals.Forgotten, m.Totals.Unwatched = f.conns.forgotten, f.scans.lost
	m.Scans = f.scans.list(f, 100)
	for _, w := range f.sources {
		m.Sources = append(m.Sources, Watched{Name: w.Name, Records: w.records, Passed: w.passed, First: w.first, Last: w.last, Why: f.silent(w)})
	}
	rows := map[[2]int][]*row{}
	for _, r := range f.rows {
		k := [2]int{r.from, r.to}
		rows[k] = append(rows[k], r)
	}
	n := len(f.res.zones)
	for from := range n {
		m.Zones = append(m.Zones, f.coverage(from))
		for to := range n {
			if from >= f.res.outside && to >= f.res.outside {
				continue // not ours to plan
			}
			c := f.cell(from, to, rows[[2]int{from, to}])
			m.Cells = append(m.Cells, c)
			m.Counts[c.State]++
			for _, r := range c.Rows {
				if !r.Allowed {
					m.Forbidden += r.Answered + r.OneWay
				}
			}
		}
	}
	slices.SortStableFunc(m.Cells, func(a, b Cell) int {
		return cmp.Or(first(b.Medical)-first(a.Medical), slices.Index(states, a.State)-slices.Index(states, b.State), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	slices.SortStableFunc(m.Zones, func(a, b Coverage) int { return first(b.Kind == Medical) - first(a.Kind == Medical) })
	return m
}

func first(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (f *Fold) cell(from, to int, rows []*row) Cell {
	c := Cell{From: f.res.zones[from], To: f.res.zones[to], Medical: f.res.kinds[from] == Medical || f.res.kinds[to] == Medical}
	for _, r := range rows {
		for verdict, t := range r.sides {
			if t != nil {
				c.Rows = append(c.Rows, r.row(t, verdict == 1))
			}
		}
	}
	slices.SortFunc(c.Rows, func(a, b Row) int {
		return cmp.Or(slices.Index(states, a.State)-slices.Index(states, b.State), cmp.Compare(b.Answered+b.OneWay, a.Answered+a.OneWay),
			cmp.Compare(a.Service.Proto, b.Service.Proto), cmp.Compare(a.Service.Low, b.Service.Low), first(a.Rest)-first(b.Rest), first(a.Allowed)-first(b.Allowed))
	})
	seen, why := f.observed(from, to)
	c.Why = why
	open := from == to && !f.res.alone[from] || slices.ContainsFunc(f.rules[[2]int{from, to}], func(i int) bool {
		u := f.plan.Rules[i].Until
		return u.IsZero() || !f.opt.Now.After(u)
	})
	switch {
	case len(c.Rows) > 0 && c.Rows[0].State != Unseen && c.Rows[0].State != ForbiddenTried:
		c.State = c.Rows[0].State
	case !seen:
		// Attempts that a firewall stopped do not show that nothing else passed.
		c.State = NotObserved
	case len(c.Rows) > 0 && c.Rows[0].State == ForbiddenTried:
		c.State = ForbiddenTried
		if slices.ContainsFunc(c.Rows, func(r Row) bool { return r.State == Seen }) {
			c.State = Seen
		}
	case open:
		c.State = Unseen
	default:
		c.State = Closed
	}
	return c
}

func (r *row) row(t *tally, allowed bool) Row {
	out := Row{
		Service: Service{Proto: r.proto, Low: r.port}, Rest: r.span == 2, Allowed: allowed,
		Answered: t.by[Answered], OneWay: t.by[OneWay], HalfOpen: t.by[HalfOpen], Unanswered: t.by[Unanswered], Refused: t.by[Refused], Blocked: t.by[Blocked],
		Scanned: t.scanned, Out: t.out, Back: t.back, First: micro(t.first), Last: micro(t.last), Tried: micro(t.tried), AllPairs: t.distinct(), Omitted: t.omitted,
	}
	if r.span == 1 {
		out.Service.High = 65535
	}
	for _, p := range t.pairs {
		out.Pairs = append(out.Pairs, Pair{From: p.from, To: p.to, FromAsset: p.assets[0], ToAsset: p.assets[1], Passed: p.passed, Others: p.others, Last: p.last.UTC()})
	}
	slices.SortStableFunc(out.Pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(b.Passed, a.Passed), cmp.Compare(b.Others, a.Others), a.From.Compare(b.From), a.To.Compare(b.To))
	})
	passed := out.Answered+out.OneWay > 0
	switch {
	case allowed && passed:
		out.State = Seen
	case allowed:
		out.State = Unseen
	case passed:
		out.State = ForbiddenSeen
	case out.Scanned+out.HalfOpen > 0:
		out.State = ForbiddenReached
	default:
		out.State = ForbiddenTried
	}
	return out
}

func micro(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// silent says why the silence of a source proves nothing.
func (f *Fold) silent(w *watch) string {
	switch {
	case w.records == 0:
		return "it delivered nothing"
	case f.opt.Now.Sub(w.last) > f.opt.Fresh:
		return fmt.Sprintf("its newest record is of %s", w.last.UTC().Format(time.DateOnly))
	case w.passed == 0:
		return "it writes down only what it blocks"
	case w.OneIn > 1:
		return fmt.Sprintf("it looks at one packet in %d", w.OneIn)
	}
	return ""
}

// observed reports whether traffic between two zones would have been seen, and
// what that rests on.
func (f *Fold) observed(a, b int) (bool, string) {
	a, b = min(a, b), max(a, b)
	var sure, not []string
	for _, w := range f.sources {
		placed := slices.Contains(w.between, a) && slices.Contains(w.between, b)
		why := f.silent(w)
		both := w.zones[a] > 0 && w.zones[b] > 0
		switch {
		case w.pairs[[2]int{a, b}] && why == "":
			sure = append(sure, w.Name+" saw traffic between them")
		case placed && why != "":
			not = append(not, w.Name+" stands between them, but "+why)
		case placed && both:
			sure = append(sure, w.Name+" stands between them")
		case placed:
			z := a
			if w.zones[a] > 0 {
				z = b
			}
			not = append(not, fmt.Sprintf("%s stands between them, but saw nothing at all of %s: it may be cut off", w.Name, f.res.zones[z]))
		case both && why == "":
			not = append(not, w.Name+" saw both zones, but nobody said that what they say to each other passes it")
		}
	}
	switch {
	case len(sure) > 0:
		return true, strings.Join(sure[:min(len(sure), 5)], "; ")
	case len(not) > 0:
		return false, strings.Join(not[:min(len(not), 5)], "; ")
	case len(f.sources) == 0:
		return false, "no source of flows is connected"
	}
	return false, "no source sees this pair of zones"
}

func (f *Fold) coverage(z int) Coverage {
	c := Coverage{Zone: f.res.zones[z], Kind: f.res.kinds[z]}
	for _, w := range f.sources {
		if w.zones[z] == 0 {
			continue
		}
		c.Sources = append(c.Sources, Sight{Source: w.Name, Records: w.zones[z], Last: w.zoneLast[z].UTC()})
		if w.zoneLast[z].After(c.Newest) {
			c.Newest = w.zoneLast[z].UTC()
		}
	}
	slices.SortStableFunc(c.Sources, func(a, b Sight) int { return b.Last.Compare(a.Last) })
	c.Fresh = !c.Newest.IsZero() && f.opt.Now.Sub(c.Newest) <= f.opt.Fresh
	switch {
	case len(c.Sources) == 0:
		c.Why = "no source saw traffic of this zone"
	case !c.Fresh:
		c.Why = "the newest traffic seen of it is of " + c.Newest.Format(time.DateOnly)
	case c.Kind == Translated:
		c.Why = "others hide behind these addresses: who they are is not seen here"
	}
	return c
}
