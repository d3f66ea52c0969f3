package segment

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
)

// Options bound a fold and say how it tells things apart. Zero fields take the
// defaults.
type Options struct {
	Now time.Time // nothing was seen after it
	// Fresh is how old the newest record of a source may be for its silence to
	// say anything. 30 days.
	Fresh time.Duration
	// Skew is how far the clocks of two sources may be apart for two records to be
	// the same connection. 2 minutes.
	Skew time.Duration
	// Idle is how long a connection may pause between two of its records. 5 minutes.
	Idle time.Duration
	// Connections is how many are remembered, to know them again. A million.
	Connections int
	// Pairs is how many pairs of devices are kept of each service of two zones. 50.
	Pairs int
	// Services is how many ports of each two zones stand alone; the rest are one
	// row. 256.
	Services int
	// Targets is how many things a device must try in vain within ten minutes to be
	// scanning. 25, as Zeek has it.
	Targets int
	// Seed makes places in the tables unpredictable to who writes the logs.
	Seed uint64
}

func (o Options) withDefaults() Options {
	def := func(have *int, d int) {
		if *have <= 0 {
			*have = d
		}
	}
	span := func(have *time.Duration, d time.Duration) {
		if *have <= 0 {
			*have = d
		}
	}
	def(&o.Connections, 1<<20)
	def(&o.Pairs, 50)
	def(&o.Services, 256)
	def(&o.Targets, 25)
	o.Targets = min(o.Targets, 150)
	span(&o.Fresh, 30*24*time.Hour)
	span(&o.Skew, 2*time.Minute)
	span(&o.Idle, 5*time.Minute)
	return o
}

const maxSources = 1000

// Fold folds flows to a matrix. It is for one goroutine. The same flows in the
// same order give the same matrix.
type Fold struct {
	opt   Options
	plan  Plan
	res   *resolver
	rules map[[2]int][]int
	uses  []Use // by rule

	sources []*watch
	rows    map[uint64]*row
	ports   map[uint32]int // services of each two zones that stand alone
	conns   *conns
	scans   *scans
	totals  Totals
}

// Totals count what became of the records.
type Totals struct {
	Records    uint64 `json:"records"`
	Counted    uint64 `json:"counted"`    // connections and attempts
	Duplicates uint64 `json:"duplicates"` // second sights of a connection, left out
	Pieces     uint64 `json:"pieces"`     // further records of a long connection, joined to it
	Group      uint64 `json:"group"`      // multicast, broadcast and addresses no router passes on
	Control    uint64 `json:"control"`    // ICMP that only reports on other traffic
	Outside    uint64 `json:"outside"`    // both ends on the internet
	Future     uint64 `json:"future"`     // records from after now, taken as of now
	// Forgotten counts connections that made room for others. A second sight of
	// one of these was counted again.
	Forgotten uint64 `json:"forgotten"`
	// Unwatched counts attempts of devices beyond those watched for scans.
	Unwatched uint64 `json:"unwatched"`
}

// Use says whether a rule was used.
type Use struct {
	Connections uint64    `json:"connections"`
	Last        time.Time `json:"last,omitzero"`
}

// watch is what a source saw.
type watch struct {
	Source
	between     []int
	records     uint64
	passed      uint64 // records of traffic that was let through
	first, last time.Time
	zones       []uint64
	zoneLast    []time.Time
	pairs       map[[2]int]bool
}

// row is one service of two zones.
type row struct {
	from, to int
	proto    Proto
	port     uint16
	span     uint8     // 0 one port, 1 the dynamic ports, 2 ports beyond those that stand alone
	sides    [2]*tally // forbidden, allowed
}

// New returns an empty fold. assets may be nil, where nobody knows who has which
// address. A plan with faults is refused with the first of them.
func New(p Plan, assets Assets, o Options) (*Fold, error) {
	if faults := p.Validate(); len(faults) > 0 {
		return nil, faults[0]
	}
	if o.Now.IsZero() {
		return nil, errs.New(errs.Invalid, "a fold of flows needs to know what time it is")
	}
	o = o.withDefaults()
	f := &Fold{
		opt: o, plan: p, res: newResolver(p, assets), rules: map[[2]int][]int{}, uses: make([]Use, len(p.Rules)),
		rows: map[uint64]*row{}, ports: map[uint32]int{}, conns: newConns(o.Connections), scans: newScans(o.Targets, o.Seed),
	}
	for i, r := range p.Rules {
		k := [2]int{f.zone(r.From), f.zone(r.To)}
		f.rules[k] = append(f.rules[k], i)
	}
	return f, nil
}

func (f *Fold) zone(name string) int {
	return slices.IndexFunc(f.res.zones, func(z string) bool { return fold(z) == fold(name) })
}

// Watch adds a source and returns its number for [Flow.Source].
func (f *Fold) Watch(s Source) (int, error) {
	if len(f.sources) >= maxSources {
		return 0, errs.New(errs.Limited, "there are more than %d sources of flows", maxSources)
	}
	n := len(f.res.zones)
	w := &watch{Source: s, zones: make([]uint64, n), zoneLast: make([]time.Time, n), pairs: map[[2]int]bool{}}
	for _, z := range s.Between {
		i := f.zone(z)
		if i < 0 {
			return 0, errs.New(errs.Invalid, "the source %q is said to stand at the zone %q, which the plan does not have", s.Name, z)
		}
		w.between = append(w.between, i)
	}
	f.sources = append(f.sources, w)
	return len(f.sources) - 1, nil
}

// Add folds one record in. Records may come in any order; to know a second sight
// of a connection for one, bring the sources' records hour by hour. It returns an
// error of kind errs.Invalid for a source that [Fold.Watch] did not return and
// for a flow without addresses, and keeps no part of such a record.
func (f *Fold) Add(fl *Flow) error {
	if fl.Source < 0 || fl.Source >= len(f.sources) {
		return errs.New(errs.Invalid, "a flow is of source %d, which is not watched", fl.Source)
	}
	if !fl.From.IsValid() || !fl.To.IsValid() || fl.Outcome >= outcomes {
		return errs.New(errs.Invalid, "a flow lacks an address or says not how it ended")
	}
	w := f.sources[fl.Source]
	fl.From, fl.To = unmap(fl.From), unmap(fl.To)
	start, from, to := fl.Start.Add(w.Offset), fl.From, fl.To
	if start.After(f.opt.Now) {
		f.totals.Future++
		start = f.opt.Now
	}
	if fl.NATTo.IsValid() {
		to = unmap(fl.NATTo) // the device that was reached, not the address it was asked for at
	}
	f.totals.Records++
	if fl.Midstream || fl.Half {
		if (fl.Proto == TCP || fl.Proto == UDP || fl.Proto == SCTP) && from.Port() < to.Port() {
			from, to = to, from
		}
	}
	turned := from != fl.From && fl.From == to
	out, back := fl.Out, fl.Back
	if turned {
		out, back = back, out
	}
	end := start.Add(max(fl.Duration, 0))
	if end.After(f.opt.Now) {
		end = f.opt.Now
	}
	w.saw(start, end, fl.Outcome != Blocked)
	if fl.Proto == ICMP && !asks4(to.Port()) || fl.Proto == ICMPv6 && !asks6(to.Port()) {
		f.totals.Control++
		return nil
	}
	a, b := f.res.find(from.Addr(), start), f.res.find(to.Addr(), start)
	if group(to.Addr()) || group(from.Addr()) || directed(to.Addr(), b.net) && b.net.Contains(from.Addr()) {
		f.totals.Group++
		if a.zone != noZone && !group(from.Addr()) {
			w.sawZone(a.zone, end)
		}
		return nil
	}
	fz, tz := f.settle(a.zone, b.zone, from.Addr(), to.Addr(), fl.VLAN)
	if fz == f.res.outside+1 && tz == fz {
		f.totals.Outside++
		return nil
	}
	w.sawZone(fz, end)
	w.sawZone(tz, end)
	if fl.Outcome != Blocked {
		w.pairs[[2]int{min(fz, tz), max(fz, tz)}] = true
	}
	f.count(fl, w, hit{from: from, to: to, fz: fz, tz: tz, assets: [2]string{a.asset, b.asset}, start: start, end: end, out: out, back: back})
	return nil
}

// hit is a record whose ends are known.
type hit struct {
	from, to   netip.AddrPort
	fz, tz     int
	assets     [2]string
	start, end time.Time
	out, back  uint64
}

// settle places the ends that no network holds: by the VLAN the record is of, else
// outside. A packet is seen on the VLAN of one of its ends, so where the other end
// is in that zone already, the VLAN says nothing of this one.
func (f *Fold) settle(fz, tz int, from, to netip.Addr, vlan uint16) (int, int) {
	if v, ok := f.res.vlans[vlan]; ok && vlan != 0 {
		a, b := fz, tz
		if a == noZone && b != v {
			fz = v
		}
		if b == noZone && a != v && f.res.outer(to) == f.res.outside {
			tz = v
		}
	}
	if fz == noZone {
		fz = f.res.outer(from)
	}
	if tz == noZone {
		tz = f.res.outer(to)
	}
	return fz, tz
}

// count counts a record as a connection of its own, a piece of one or a second
// sight of one.
func (f *Fold) count(fl *Flow, w *watch, h hit) {
	k := key(f.opt.Seed, fl.Proto, h.from, h.to)
	forward := end(f.opt.Seed, h.from) < end(f.opt.Seed, h.to)
	us, ue := h.start.UnixMicro(), h.end.UnixMicro()
	n := conn{
		key: k, id: fl.ID, start: us, end: ue, out: h.out, back: h.back,
		source: uint16(fl.Source), outcome: fl.Outcome, forward: forward,
	}
	if old := f.conns.find(k, func(c *conn) bool { return f.same(c, &n) }); old != nil {
		f.again(fl, old, &n, h)
		return
	}
	r := f.rowOf(h.fz, h.tz, fl.Proto, h.to.Port())
	verdict := uint8(0)
	if rule, ok := f.allowed(h.fz, h.tz, fl.Proto, h.to.Port(), h.start); ok {
		verdict = 1
		f.use(rule, fl.Outcome, h.end)
	}
	if r.sides[verdict] == nil {
		r.sides[verdict] = &tally{}
	}
	n.row, n.verdict = r, verdict
	n.scan = f.scans.note(h.from.Addr(), h.to, fl.Outcome, h.start, h.out+h.back)
	f.totals.Counted++
	t := r.sides[verdict]
	t.count(fl.Outcome, n.scan, 1)
	t.bytes(h.out, h.back)
	t.times(fl.Outcome, n.scan, us, ue)
	t.pair(f.opt, h, fl.Outcome, n.scan)
	f.conns.put(n)
	if fl.NATFrom.IsValid() || fl.NATTo.IsValid() {
		f.alias(fl, n)
	}
}

// alias remembers a translated connection by the addresses that sources on either
// side of the firewall see it under.
func (f *Fold) alias(fl *Flow, n conn) {
	from, to := fl.From, fl.To
	if fl.NATFrom.IsValid() {
		from = unmap(fl.NATFrom)
	}
	if fl.NATTo.IsValid() {
		to = unmap(fl.NATTo)
	}
	main := n.key
	n.row, n.id = nil, 0
	for _, p := range [][2]netip.AddrPort{{fl.From, fl.To}, {from, to}} {
		if n.key = key(f.opt.Seed, fl.Proto, p[0], p[1]); n.key != main {
			f.conns.put(n)
			main = n.key
		}
	}
}

// same reports whether two records of the same ends and ports are of one connection.
func (f *Fold) same(c, n *conn) bool {
	gap := f.opt.Skew.Microseconds()
	if c.source == n.source && c.row != nil {
		if c.id != 0 && n.id != 0 {
			return c.id == n.id
		}
		gap = f.opt.Idle.Microseconds()
	}
	return n.start-c.end <= gap && c.start-n.end <= gap
}

// again takes a further record of a connection that was counted.
func (f *Fold) again(fl *Flow, c, n *conn, h hit) {
	mine := c.source == n.source
	if c.forward != n.forward {
		n.out, n.back = n.back, n.out
	}
	repeat := mine && c.start == n.start && c.end == n.end && repeated(n.out, c.out) && repeated(n.back, c.back)
	if !mine || repeat || c.row == nil {
		f.totals.Duplicates++
	} else {
		f.totals.Pieces++
	}
	if c.row == nil {
		return
	}
	t := c.row.sides[c.verdict]
	if mine && !repeat {
		out, bk := n.out, n.back
		if fl.Running {
			out, bk = sub(n.out, c.out), sub(n.back, c.back)
		}
		t.bytes(out, bk)
		c.out, c.back = add(c.out, out), add(c.back, bk)
	}
	outcome := n.outcome
	if fl.Half && c.outcome == OneWay && outcome == OneWay && c.out > 0 && c.back > 0 {
		outcome = Answered // both directions were seen, each by itself
	}
	if outcome > c.outcome {
		if c.verdict == 1 && !passes(c.outcome) {
			if rule, ok := f.allowed(c.row.from, c.row.to, fl.Proto, h.to.Port(), h.start); ok {
				f.use(rule, outcome, h.end)
			}
		}
		t.count(c.outcome, c.scan, ^uint64(0))
		t.unpair(f.opt, h, c.outcome, c.scan)
		c.outcome = outcome
		t.count(outcome, c.scan, 1)
		t.pair(f.opt, h, outcome, c.scan)
	}
	t.times(c.outcome, c.scan, n.start, n.end)
	if mine {
		c.start, c.end = min(c.start, n.start), max(c.end, n.end)
	}
}

// repeated reports that a record brings no bytes that were not counted.
func repeated(now, before uint64) bool { return now == 0 || now == before }

// use notes that a rule let something through.
func (f *Fold) use(rule int, o Outcome, at time.Time) {
	if rule < 0 || !passes(o) {
		return
	}
	f.uses[rule].Connections++
	if at.After(f.uses[rule].Last) {
		f.uses[rule].Last = at.UTC()
	}
}

// passes reports that data got through.
func passes(o Outcome) bool { return o == Answered || o == OneWay }

// allowed returns the rule that opens a way, or -1 for what stays inside a zone.
func (f *Fold) allowed(fz, tz int, p Proto, port uint16, at time.Time) (int, bool) {
	if fz == tz && !f.res.alone[fz] {
		return -1, true
	}
	for _, i := range f.rules[[2]int{fz, tz}] {
		r := &f.plan.Rules[i]
		if !r.Until.IsZero() && at.After(r.Until) {
			continue
		}
		for _, s := range r.Services {
			if s.holds(p, port) {
				return i, true
			}
		}
	}
	return -1, false
}

// dynamic is the first of the ports that are handed out as they come (RFC 6335).
const dynamic = 49152

func (f *Fold) rowOf(fz, tz int, p Proto, port uint16) *row {
	span := uint8(0)
	if port >= dynamic && (p == TCP || p == UDP) {
		span, port = 1, dynamic
	}
	id := func() uint64 {
		return uint64(fz)<<48 | uint64(tz)<<40 | uint64(span)<<32 | uint64(p)<<16 | uint64(port)
	}
	if r := f.rows[id()]; r != nil {
		return r
	}
	if span == 0 {
		cell := uint32(fz)<<16 | uint32(tz)
		if f.ports[cell] >= f.opt.Services {
			span, port = 2, 0
			if r := f.rows[id()]; r != nil {
				return r
			}
		} else {
			f.ports[cell]++
		}
	}
	r := &row{from: fz, to: tz, proto: p, port: port, span: span}
	f.rows[id()] = r
	return r
}

func (w *watch) saw(first, last time.Time, passed bool) {
	w.records++
	if passed {
		w.passed++
	}
	if w.first.IsZero() || first.Before(w.first) {
		w.first = first
	}
	if last.After(w.last) {
		w.last = last
	}
}

func (w *watch) sawZone(z int, at time.Time) {
	w.zones[z]++
	if at.After(w.zoneLast[z]) {
		w.zoneLast[z] = at
	}
}

// asks4 and asks6 report the messages that want an answer: echo, time and mask.
// The others report on traffic or keep the link (RFC 792, RFC 4443, RFC 4861).
func asks4(kind uint16) bool { return kind == 8 || kind == 13 || kind == 17 }
func asks6(kind uint16) bool { return kind == 128 }

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

func sub(a, b uint64) uint64 {
	if a < b {
		return 0
	}
	return a - b
}

func add(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

func (s Service) String() string {
	switch {
	case s.Low == 0 && s.High == 0:
		return s.Proto.String()
	case s.High == 0 || s.High == s.Low:
		return fmt.Sprintf("%s/%d", s.Proto, s.Low)
	}
	return fmt.Sprintf("%s/%d-%d", s.Proto, s.Low, s.High)
}
