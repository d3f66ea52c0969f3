package judge

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// Engine is a feed that can be asked. It may be called from many goroutines.
type Engine interface {
	Feed() Feed
	// Component says what is wrong with a piece of software wherever it is installed.
	Component(c *fact.Component) Answer
	// System says what is wrong with an asset's operating system, by its build and
	// its updates. The answer is zero for systems that packages speak for.
	System(a *fact.Resource) Answer
	// Device says what is wrong with a device by its make, model and version.
	Device(a *fact.Resource) ([]Match, []ToCheck)
	// SystemSupport says how long an asset's operating system gets security updates.
	SystemSupport(a *fact.Resource, now time.Time) (Support, bool)
	// SoftwareSupport says the same of a piece of software.
	SoftwareSupport(c *fact.Component, now time.Time) (Support, bool)
	// Flaw returns what the feed says of a flaw, asked for by any of its names.
	Flaw(id string) (Flaw, bool)
	// Advisories returns what each source says of a flaw.
	Advisories(flaw string) []Advisory
	// Explain says how a piece of software stands to a flaw, and by which rule. It is
	// false where no advisory about the flaw speaks of the software; the explanation
	// then says whether that means anything.
	Explain(flaw string, c *fact.Component) (Explanation, bool)
	// ExplainAsset says the same of an asset's Windows and of its make and model.
	ExplainAsset(flaw string, a *fact.Resource) []AssetExplanation
}

// Advisory is what one source says of a flaw.
type Advisory struct {
	ID        string
	Source    string
	Title     string
	Details   string
	Modified  time.Time
	Withdrawn time.Time
	Products  []string // products and versions in words
	// Packages are the names of software it speaks of, by which assets that could
	// be affected are found.
	Packages []string
	// Flaws are those it is about: several where a distribution bundles them.
	Flaws []string
}

// Explanation says how a piece of software was judged.
type Explanation struct {
	Verdict  string // affected, not_affected, not_assessed
	Advisory string
	Source   string
	Range    string
	Fixed    string
	Say      string // in a sentence
}

// Answer is what a feed says of one thing. Without Why, what no match names is
// not affected; with it, nobody knows.
type Answer struct {
	Spoke   bool // there was something to judge
	Matches []Match
	Why     string // not assessed, and why
	About   string // the ecosystem or product that Why is of
}

// List is what one source says is installed on an asset.
type List struct {
	Asset      string
	ObservedAt time.Time
	Components []int64
}

// Inventory is what a feed is held against.
type Inventory struct {
	Set        *fact.Set
	Lists      []List
	Components map[int64]fact.Component
}

// Cache keeps what a feed says of components, which is the same wherever they
// are installed. It is of one feed.
type Cache struct {
	feed    string
	answers map[int64]Answer
}

// systems are the ecosystems of which a machine has one list: of two, the older
// one is history.
var systems = map[string]bool{"deb": true, "rpm": true, "apk": true, "alpm": true, "windows": true, "macos": true, "brew": true}

// Software returns the components of each asset: of the packages of the
// operating system those of the newest list alone, of others those of all lists.
func (in *Inventory) Software() map[string][]int64 {
	lists := slices.Clone(in.Lists)
	slices.SortStableFunc(lists, func(a, b List) int {
		return cmp.Or(cmp.Compare(a.Asset, b.Asset), b.ObservedAt.Compare(a.ObservedAt))
	})
	out := make(map[string][]int64)
	for from := 0; from < len(lists); {
		to := from + 1
		for to < len(lists) && lists[to].Asset == lists[from].Asset {
			to++
		}
		out[lists[from].Asset] = in.join(lists[from:to])
		from = to
	}
	return out
}

func (in *Inventory) join(newestFirst []List) []int64 {
	if len(newestFirst) == 1 {
		return newestFirst[0].Components
	}
	seen := make(map[int64]bool)
	spoken := make(map[string]int) // system ecosystem → list that speaks for it
	var out []int64
	for i, l := range newestFirst {
		for _, id := range l.Components {
			eco := in.Components[id].Ecosystem
			if systems[eco] {
				if by, ok := spoken[eco]; ok && by != i {
					continue
				}
				spoken[eco] = i
			}
			if !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Judge holds the inventory against the feed. Assets of which there is nothing
// to judge are not in the result.
func (in *Inventory) Judge(e Engine, cache *Cache, now time.Time) map[string]*Findings {
	if id := e.Feed().ID; cache.feed != id || cache.answers == nil {
		*cache = Cache{feed: id, answers: make(map[int64]Answer)}
	}
	software := in.Software()
	out := make(map[string]*Findings)
	for _, a := range in.Set.Resources[fact.KindAsset] {
		j := assetJudge{byFlaw: make(map[string]*Match), gaps: make(map[[2]string]*Gap)}
		for _, id := range software[a.ID] {
			ans, ok := cache.answers[id]
			c, known := in.Components[id]
			if !known {
				continue
			}
			if !ok {
				ans = e.Component(&c)
				cache.answers[id] = ans
			}
			j.add(ans, c.Name)
		}
		j.add(e.System(a), a.Text("os_name"))
		ms, checks := e.Device(a)
		j.add(Answer{Spoke: len(ms) > 0, Matches: ms}, a.Text("model"))
		j.found.Checks = checks
		if s, ok := e.SystemSupport(a, now); ok {
			j.found.Support = &s
		}
		if f := j.done(); f != nil {
			out[a.ID] = f
		}
	}
	return out
}

type assetJudge struct {
	found  Findings
	byFlaw map[string]*Match
	gaps   map[[2]string]*Gap
}

const samples = 5

func (j *assetJudge) add(ans Answer, name string) {
	switch {
	case !ans.Spoke:
		return
	case ans.Why != "":
		key := [2]string{ans.About, ans.Why}
		g := j.gaps[key]
		if g == nil {
			g = &Gap{Ecosystem: ans.About, Why: ans.Why}
			j.gaps[key] = g
		}
		if g.Count++; len(g.Sample) < samples && name != "" && !slices.Contains(g.Sample, name) {
			g.Sample = append(g.Sample, name)
		}
	default:
		j.found.Assessed++
	}
	for i := range ans.Matches {
		m := &ans.Matches[i]
		have := j.byFlaw[m.Flaw]
		if have == nil {
			c := *m
			c.Advisories, c.Software = slices.Clone(m.Advisories), slices.Clone(m.Software)
			j.byFlaw[m.Flaw] = &c
			continue
		}
		for _, id := range m.Advisories {
			if !slices.Contains(have.Advisories, id) {
				have.Advisories = append(have.Advisories, id)
			}
		}
		const most = 20 // pieces of one flaw that are named
		for _, p := range m.Software {
			if len(have.Software) < most && !slices.Contains(have.Software, p) {
				have.Software = append(have.Software, p)
			}
		}
		have.Likely = have.Likely && m.Likely
	}
}

// done puts everything in its order, so that the same inventory and feed give
// the same bytes.
func (j *assetJudge) done() *Findings {
	f := &j.found
	for _, m := range j.byFlaw {
		slices.Sort(m.Advisories)
		slices.SortFunc(m.Software, func(a, b Piece) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.PURL, b.PURL))
		})
		f.Matches = append(f.Matches, *m)
	}
	slices.SortFunc(f.Matches, func(a, b Match) int { return strings.Compare(a.Flaw, b.Flaw) })
	for _, g := range j.gaps {
		slices.Sort(g.Sample)
		f.Gaps = append(f.Gaps, *g)
	}
	slices.SortFunc(f.Gaps, func(a, b Gap) int { return cmp.Or(cmp.Compare(a.Ecosystem, b.Ecosystem), cmp.Compare(a.Why, b.Why)) })
	slices.SortFunc(f.Checks, func(a, b ToCheck) int {
		return cmp.Or(cmp.Compare(a.Advisory, b.Advisory), cmp.Compare(a.Product, b.Product))
	})
	if f.Assessed == 0 && len(f.Matches) == 0 && len(f.Gaps) == 0 && len(f.Checks) == 0 && f.Support == nil {
		return nil
	}
	return f
}
