package fleet

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/vuln"
)

// Difference is where the index does not say what it should.
type Difference struct {
	Tenant    string
	Asset     string // "" for the tenant as a whole
	Component ID
	What      string
}

func (d Difference) String() string {
	switch {
	case d.Asset != "":
		return fmt.Sprintf("%s, %s: %s", d.Tenant, d.Asset, d.What)
	case d.Tenant != "":
		return fmt.Sprintf("%s: %s", d.Tenant, d.What)
	}
	return fmt.Sprintf("component %d: %s", d.Component, d.What)
}

// maxDifferences bounds a report: who has more needs to rebuild anyway.
const maxDifferences = 100

// Verify computes everything anew, from the lists of all tenants and the feed in
// force, and holds it against what the index grew to step by step, bit for
// bit: each segment, each outcome, and that every component leads to the segments
// that hold it. The lists come from whoever keeps the inventory; nil checks
// the index against itself alone. No difference is the expected result.
//
// It reads the index as it is when it gets there: changes wait meanwhile.
func (x *Index) Verify(db *vuln.DB, lists iter.Seq2[string, []Asset]) ([]Difference, error) {
	x.ready()
	x.mu.Lock()
	defer x.mu.Unlock()
	if db != nil && x.feed != inForce(db) {
		return nil, errs.Hint(errs.New(errs.Invalid, "the index was judged by another feed"), "verify it with the feed in force")
	}
	v := &verifier{x: x}
	if lists == nil {
		lists = x.lists()
	}
	seen := make(map[string]bool)
	for name, assets := range lists {
		seen[name] = true
		v.tenant(name, assets)
	}
	for i := range x.tenants {
		t := &x.tenants[i]
		if !seen[t.name] && x.count(t) > 0 {
			v.differ(Difference{Tenant: t.name, What: "the index has assets of it, the inventory has none"})
		}
	}
	v.where()
	if db != nil {
		v.outcomes(db)
	}
	return v.found, nil
}

type verifier struct {
	x     *Index
	enc   encoder
	found []Difference
}

func (v *verifier) differ(d Difference) {
	if len(v.found) < maxDifferences {
		v.found = append(v.found, d)
	}
}

// lists returns what the index itself holds.
func (x *Index) lists() iter.Seq2[string, []Asset] {
	return func(yield func(string, []Asset) bool) {
		for i := range x.tenants {
			var all []Asset
			for _, s := range x.tenants[i].segments {
				all = append(all, x.segments[s].data.decode()...)
			}
			if !yield(x.tenants[i].name, all) {
				return
			}
		}
	}
}

func (x *Index) count(t *tenant) int {
	n := 0
	for _, s := range t.segments {
		n += x.segments[s].data.assets()
	}
	return n
}

func (v *verifier) tenant(name string, assets []Asset) {
	n, ok := v.x.byName[name]
	if !ok {
		if len(assets) > 0 {
			v.differ(Difference{Tenant: name, What: "the inventory has assets of it, the index has none"})
		}
		return
	}
	t := &v.x.tenants[n]
	assets = slices.Clone(assets)
	sortAssets(assets)
	for i, want := range t.encode(&v.enc, assets) {
		if have := v.x.segments[t.segments[i]].data; !bytes.Equal(have, want) {
			v.explain(name, have, want)
		}
	}
}

// explain finds the assets in which two segments differ.
func (v *verifier) explain(name string, have, want segment) {
	before := len(v.found)
	a, b := have.decode(), want.decode()
	for len(a)+len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && strings.Compare(a[0].Name, b[0].Name) < 0:
			v.differ(Difference{Tenant: name, Asset: a[0].Name, What: "in the index, not in the inventory"})
			a = a[1:]
		case len(a) == 0 || strings.Compare(a[0].Name, b[0].Name) > 0:
			v.differ(Difference{Tenant: name, Asset: b[0].Name, What: "in the inventory, not in the index"})
			b = b[1:]
		default:
			if !slices.Equal(a[0].Components, b[0].Components) {
				v.differ(Difference{Tenant: name, Asset: a[0].Name, What: "its list of components differs"})
			}
			a, b = a[1:], b[1:]
		}
	}
	if len(v.found) == before {
		v.differ(Difference{Tenant: name, What: "the same lists are written in other bytes"})
	}
}

// where checks that the directory leads to every segment that holds a component.
func (v *verifier) where() {
	later := make([]map[ID]bool, len(v.x.segments))
	for c, segments := range v.x.where.later {
		for _, s := range segments {
			if later[s] == nil {
				later[s] = make(map[ID]bool)
			}
			later[s][c] = true
		}
	}
	packed := v.x.where.cursor()
	for s := range v.x.segments {
		if v.x.segments[s].data == nil {
			continue
		}
		v.x.segments[s].data.components(func(c ID, _ posting) {
			if !packed.has(c, uint32(s)) && !later[s][c] {
				v.differ(Difference{Component: c, What: "a segment that holds it is not found by it"})
			}
		})
	}
}

// outcomes judges every component anew.
func (v *verifier) outcomes(db *vuln.DB) {
	var a vuln.Answer
	for id := range v.x.dict.len() {
		c := v.x.dict.component(ID(id))
		if want := judge(nil, db, &c, &a); string(want) != v.x.outcomes.get(ID(id)) {
			v.differ(Difference{Component: ID(id), What: fmt.Sprintf("%s %s is %+v, the index says %+v", c.Name, c.Version,
				decodeOutcome(string(want)), decodeOutcome(v.x.outcomes.get(ID(id))))})
		}
	}
}
