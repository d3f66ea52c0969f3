package priority

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/pkgver"
)

// Update is something that can be installed: a version of a package, or an update of
// Microsoft.
type Update struct {
	Name    string // openssl; KB5031361
	Version string // 3.0.15; "" for Microsoft's
	// Line tells updates of one name that do not replace each other, such as those of
	// two releases of a distribution: "Debian:12".
	Line   string
	Scheme pkgver.Scheme // how versions of the name are ordered
}

func (u Update) String() string {
	if u.Version == "" {
		return u.Name
	}
	return u.Name + " " + u.Version
}

func (u Update) compare(v Update) int {
	return cmp.Or(cmp.Compare(u.Name, v.Name), cmp.Compare(u.Line, v.Line), cmp.Compare(u.Version, v.Version), cmp.Compare(u.Scheme, v.Scheme))
}

// Finding is one flaw on one asset.
type Finding struct {
	ID    string
	Asset string
	Risk  Risk
	State State
	// Fixes are the updates any one of which mends it. Empty: nothing is known that does.
	Fixes []Update
}

// Group is an update with what it mends.
type Group struct {
	Update   Update // the zero value in the group of what no update mends
	Findings []Finding
	Assets   []string // sorted
	Flaws    []string // sorted
	Rank     Rank     // of its most urgent finding that is open
	Open     int      // findings that are neither compensated nor fixed
	Why      []string // why it stands where it stands
}

// Title says in a line what to do.
func (g *Group) Title() string {
	if g.Update == (Update{}) {
		return fmt.Sprintf("No update is known for %s on %s; compensate or replace", count(len(g.Findings), "finding"), count(len(g.Assets), "machine"))
	}
	do := "update " + g.Update.Name + " to " + g.Update.Version
	if g.Update.Version == "" {
		do = "install " + g.Update.Name
	}
	return fmt.Sprintf("%s on %s; fixes %s", do, count(len(g.Assets), "machine"), count(len(g.Findings), "finding"))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Plan groups findings that are not fixed by as few updates as mend them all, most
// urgent first. replaces reports whether Microsoft's update a replaces b; it may be nil.
//
// An update counts for every finding whose fix it is or replaces: the newest version of
// a package stands for all older ones of its line. Which updates are the fewest is
// computed exactly for up to [exactly] updates that depend on each other, and beyond by
// taking the one that mends most, again and again, which is at most a logarithm off.
func Plan(findings []Finding, t Times, replaces func(a, b string) bool) []Group {
	p := planner{replaces: replaces, byName: make(map[string][]int)}
	var none []int
	for i := range findings {
		if findings[i].State == Fixed {
			continue
		}
		if len(findings[i].Fixes) == 0 {
			none = append(none, i)
			continue
		}
		for _, u := range findings[i].Fixes {
			p.intern(u)
		}
	}
	covers := make([][]int, len(p.updates)) // findings by update
	for i := range findings {
		if findings[i].State != Fixed {
			for _, u := range p.candidates(findings[i].Fixes) {
				if p.mends(u, findings[i].Fixes) {
					covers[u] = append(covers[u], i)
				}
			}
		}
	}
	chosen := cover(covers, len(findings), p.better)
	groups := make([]Group, 0, len(chosen)+1)
	taken := make([]bool, len(findings))
	for _, u := range chosen {
		g := Group{Update: p.updates[u]}
		for _, i := range covers[u] {
			if !taken[i] {
				taken[i] = true
				g.Findings = append(g.Findings, findings[i])
			}
		}
		if len(g.Findings) > 0 {
			groups = append(groups, g)
		}
	}
	if len(none) > 0 {
		g := Group{}
		for _, i := range none {
			g.Findings = append(g.Findings, findings[i])
		}
		groups = append(groups, g)
	}
	for i := range groups {
		groups[i].finish(t)
	}
	slices.SortFunc(groups, compareGroups)
	return groups
}

// compareGroups orders groups: those with something open first, then by their most
// urgent finding, then by how much they mend.
func compareGroups(a, b Group) int {
	return cmp.Or(yesFirst(a.Open > 0, b.Open > 0), a.Rank.Compare(b.Rank), cmp.Compare(b.Open, a.Open), cmp.Compare(len(b.Assets), len(a.Assets)), a.Update.compare(b.Update))
}

func (g *Group) finish(t Times) {
	type ranked struct {
		Finding
		rank Rank
	}
	list := make([]ranked, len(g.Findings))
	for i, f := range g.Findings {
		list[i] = ranked{f, Of(f.Risk, t)}
		g.Assets = append(g.Assets, f.Asset)
		g.Flaws = append(g.Flaws, f.Risk.Flaw)
		if f.State == Open {
			g.Open++
		}
	}
	slices.Sort(g.Assets)
	slices.Sort(g.Flaws)
	g.Assets, g.Flaws = slices.Compact(g.Assets), slices.Compact(g.Flaws)
	// What is open comes first, so the first is the one that the group is ranked by.
	slices.SortFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.State, b.State), a.rank.Compare(b.rank), strings.Compare(a.Asset, b.Asset), strings.Compare(a.ID, b.ID))
	})
	for i := range list {
		g.Findings[i] = list[i].Finding
	}
	g.Rank = list[0].rank
	g.Why = append(g.Rank.Why(), fmt.Sprintf("It mends %s on %s.", count(len(g.Findings), "finding"), count(len(g.Assets), "machine")))
	if g.Update == (Update{}) {
		g.Why[len(g.Why)-1] = "No update is known. Ask the maker, and compensate until there is one."
	}
	if n := len(g.Findings) - g.Open; n > 0 {
		g.Why = append(g.Why, fmt.Sprintf("%d of them compensated, not fixed.", n))
	}
}

type planner struct {
	replaces func(a, b string) bool
	updates  []Update
	byName   map[string][]int
	numbered []int // Microsoft's
}

func (p *planner) intern(u Update) {
	for _, i := range p.byName[u.Name] {
		if p.updates[i] == u {
			return
		}
	}
	p.byName[u.Name] = append(p.byName[u.Name], len(p.updates))
	if u.Version == "" {
		p.numbered = append(p.numbered, len(p.updates))
	}
	p.updates = append(p.updates, u)
}

// candidates are the updates that may mend what these fixes do: those of the same
// names, and of Microsoft's all, whose numbers do not tell what they replace.
func (p *planner) candidates(fixes []Update) []int {
	var list []int
	numbered := false
	for _, f := range fixes {
		if f.Version == "" {
			numbered = true
			continue
		}
		list = append(list, p.byName[f.Name]...)
	}
	if numbered {
		list = append(list, p.numbered...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// mends reports whether update u is, or replaces, one of the fixes.
func (p *planner) mends(u int, fixes []Update) bool {
	a := p.updates[u]
	for _, b := range fixes {
		if a == b || p.over(a, b) {
			return true
		}
	}
	return false
}

// over reports whether a replaces b.
func (p *planner) over(a, b Update) bool {
	if a.Version == "" {
		return b.Version == "" && p.replaces != nil && a.Line == b.Line && p.replaces(a.Name, b.Name)
	}
	if a.Name != b.Name || a.Line != b.Line || a.Scheme != b.Scheme || b.Version == "" {
		return false
	}
	c, err := pkgver.Compare(a.Scheme, a.Version, b.Version)
	return err == nil && c >= 0
}

// better prefers, of two updates that mend the same, the one that replaces the other,
// else the later name.
func (p *planner) better(a, b int) bool {
	x, y := p.updates[a], p.updates[b]
	if p.over(x, y) != p.over(y, x) {
		return p.over(x, y)
	}
	return x.compare(y) > 0
}
