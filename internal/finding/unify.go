package finding

import (
	"cmp"
	"slices"

	"github.com/asepsis/asepsis/internal/fact"
)

// Group is one flaw of one asset with everything that was said of it.
type Group struct {
	Flaw       string           // the best of its ids: a CVE id where there is one
	IDs        []string         // every id it is known by, sorted
	Members    []*fact.Resource // the findings that speak of it, by ID
	Witnesses  []string         // the tools that reported it, sorted
	Severity   string           // the gravest that any of them gives; "" where none does
	CVSS       float64          // the highest; 0 where none is given
	Components []string         // the software it is in, sorted
	Open       bool             // at least one of them does not say that it is fixed
}

// Unify groups the vulnerabilities of one asset by flaw. Findings that share a
// CVE id, or another id that names one flaw, are in one group; a finding that
// speaks of several CVEs is in the group of each. A finding that names no flaw at
// all is a group of its own. The order of the findings is of no matter, and
// groups come sorted by Flaw.
func Unify(rs []*fact.Resource) []Group {
	rs = slices.Clone(rs)
	slices.SortFunc(rs, func(a, b *fact.Resource) int { return cmp.Compare(a.ID, b.ID) })
	ids := make([][]string, len(rs))
	same := alike{}
	for i, r := range rs {
		cves, _ := r.Get("cves").([]string)
		aliases, _ := r.Get("aliases").([]string)
		ids[i] = Canonical(cves, aliases, r.Text("scanner"), r.Text("scanner_id"))
		if len(ids[i]) == 0 {
			ids[i] = []string{r.ID}
		}
		for _, id := range ids[i] {
			same.find(id)
		}
		if several(ids[i]) {
			continue
		}
		for _, id := range ids[i][1:] {
			same.join(ids[i][0], id)
		}
	}
	known := make(map[string][]string) // root → ids
	for id := range same {
		root := same.find(id)
		known[root] = append(known[root], id)
	}
	at := make(map[string]int) // root → group
	var out []Group
	for i, r := range rs {
		in := map[int]bool{}
		for _, id := range ids[i] {
			root := same.find(id)
			g, ok := at[root]
			if !ok {
				g = len(out)
				at[root] = g
				all := known[root]
				slices.Sort(all)
				out = append(out, Group{Flaw: best(all), IDs: all})
			}
			if !in[g] {
				in[g] = true
				out[g].add(r)
			}
		}
	}
	slices.SortFunc(out, func(a, b Group) int { return cmp.Compare(a.Flaw, b.Flaw) })
	for i := range out {
		out[i].Witnesses, out[i].Components = unique(out[i].Witnesses), unique(out[i].Components)
	}
	return out
}

func (g *Group) add(r *fact.Resource) {
	g.Members = append(g.Members, r)
	if s := cmp.Or(r.Text("scanner"), r.Values["title"].Origin.Title); s != "" {
		g.Witnesses = append(g.Witnesses, s)
	}
	if s := r.Text("component"); s != "" {
		g.Components = append(g.Components, s)
	}
	if s := r.Text("severity"); Rank(s) > Rank(g.Severity) {
		g.Severity = s
	}
	if f, ok := r.Get("cvss").(float64); ok {
		g.CVSS = max(g.CVSS, f)
	}
	g.Open = g.Open || r.Text("status") != "fixed"
}

// several reports whether the ids are those of several flaws, as Canonical
// returns them.
func several(ids []string) bool {
	if len(ids) < 2 {
		return false
	}
	_, second := CVE(ids[1])
	return second || Collective(ids[0])
}

// best prefers a CVE id, then GitHub's, then the first.
func best(ids []string) string {
	for _, prefix := range []string{"CVE-", "GHSA-"} {
		for _, id := range ids {
			if len(id) > len(prefix) && id[:len(prefix)] == prefix {
				return id
			}
		}
	}
	return ids[0]
}

// alike joins ids of the same flaw: each points to another, the last to itself.
type alike map[string]string

func (a alike) find(id string) string {
	if _, ok := a[id]; !ok {
		a[id] = id
	}
	for a[id] != id {
		a[id] = a[a[id]]
		id = a[id]
	}
	return id
}

func (a alike) join(x, y string) {
	x, y = a.find(x), a.find(y)
	if y < x {
		x, y = y, x
	}
	a[y] = x
}
