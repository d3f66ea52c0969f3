package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/asepsis/asepsis/internal/fact"
)

func readTest(d *document, c *Catalog, n node) (checkTest, bool) {
	t := checkTest{file: d.file, want: make(map[string]wanted)}
	t.line, _ = place(n)
	before := len(d.faults)
	m, ok := d.fields(n, "a test", testKeys)
	if !ok {
		return t, false
	}
	for _, key := range []string{"check", "now", "resources", "want"} {
		d.required(n, m, key)
	}
	if e, ok := m["check"]; ok {
		ids := make([]string, len(c.checks))
		for i, k := range c.checks {
			ids[i] = k.ID
		}
		if id, ok := d.word(e.value, "check", ids); ok {
			t.check, _ = c.Check(id)
		}
	}
	if e, ok := m["name"]; ok {
		t.name, _ = d.prose(e.value, "name")
	}
	if e, ok := m["now"]; ok {
		t.now, _ = d.moment(e.value, "now")
	}
	if t.check == nil || len(d.faults) > before {
		return t, false
	}
	t.settings = d.testParams(c, t.check, m["params"])
	if e, ok := m["resources"]; ok {
		items, _ := d.list(e.value, "resources")
		for _, it := range items {
			if r := d.testResource(t.check, it, t.now); r != nil {
				t.resources = append(t.resources, r)
			}
		}
		slices.SortFunc(t.resources, func(a, b *fact.Resource) int { return strings.Compare(a.ID, b.ID) })
	}
	if e, ok := m["want"]; ok {
		t.readWant(d, e)
	}
	if e, ok := m["state"]; ok {
		s, _ := d.word(e.value, "state", stateWords)
		t.state = State(s)
		t.stateLine, _ = place(e.value)
	}
	if e, ok := m["coverage"]; ok {
		t.coverLine, _ = place(e.value)
		t.coverage = d.testCoverage(e.value)
	}
	return t, len(d.faults) == before
}

func (t *checkTest) readWant(d *document, e entry) {
	es, _ := d.mapping(e.value, "want")
	for _, w := range es {
		v, ok := d.word(w.value, "verdict", verdictWords)
		if !ok {
			continue
		}
		line, _ := place(w.keyAt)
		if !slices.ContainsFunc(t.resources, func(r *fact.Resource) bool { return r.ID == w.key }) {
			d.bad(w.keyAt, "%q is not among the resources of the test", w.key)
			continue
		}
		t.want[w.key] = wanted{Verdict(v), line}
	}
	for _, r := range t.resources {
		if _, ok := t.want[r.ID]; !ok {
			d.bad(e.keyAt, "say what is wanted of %q, too", r.ID)
		}
	}
}

func (d *document) testCoverage(n node) *Coverage {
	items, ok := d.list(n, "coverage")
	if !ok {
		return nil
	}
	if len(items) != 2 {
		d.bad(n, "coverage is [measured, in scope]")
		return nil
	}
	m, ok1 := d.integer(items[0], "measured")
	s, ok2 := d.integer(items[1], "in scope")
	if !ok1 || !ok2 {
		return nil
	}
	return &Coverage{Measured: int(m), InScope: int(s)}
}

func (d *document) testParams(c *Catalog, k *Check, e entry) Settings {
	if e.value == nil {
		return k.Defaults()
	}
	es, _ := d.mapping(e.value, "params")
	var overrides []Override
	for _, p := range es {
		v, ok := d.scalar(p.value)
		if !ok {
			continue
		}
		o := Override{Check: k.ID, Name: p.key, Value: v}
		if _, msg := c.allow(o); msg != "" {
			d.bad(p.keyAt, "%s", msg)
			continue
		}
		overrides = append(overrides, o)
	}
	ps, err := NewParameters(c, overrides)
	if err != nil {
		d.bad(e.keyAt, "%v", err)
		return k.Defaults()
	}
	return ps.For(k)
}

// testResource reads a resource of a test. Its values are observed now and
// measured by us unless the test says otherwise.
func (d *document) testResource(c *Check, n node, now time.Time) *fact.Resource {
	m, ok := d.fields(n, "a resource", resourceKeys)
	if !ok {
		return nil
	}
	id, ok := d.required(n, m, "id")
	if !ok {
		return nil
	}
	r := &fact.Resource{Kind: c.Resource, Values: make(map[string]fact.Value)}
	if r.ID, ok = d.text(id.value, "id"); !ok {
		return nil
	}
	o := fact.Origin{Stream: "test", Title: "test", ObservedAt: now, Assurance: fact.Measured}
	if e, ok := m["asset"]; ok {
		r.Asset, _ = d.text(e.value, "asset")
	}
	if e, ok := m["observed_at"]; ok {
		o.ObservedAt, _ = d.moment(e.value, "observed_at")
	}
	if e, ok := m["assurance"]; ok {
		if w, ok := d.word(e.value, "assurance", []string{"attested", "imported", "measured"}); ok {
			if err := o.Assurance.UnmarshalText([]byte(w)); err != nil {
				d.bad(e.value, "%v", err)
			}
		}
	}
	if e, ok := m["values"]; ok {
		es, _ := d.mapping(e.value, "values")
		for _, v := range es {
			name, a, ok := d.testAttr(c, v)
			if !ok {
				continue
			}
			if x, ok := d.attrValue(v.value, a); ok {
				r.Values[name] = fact.Value{V: x, Origin: o}
			}
		}
	}
	if e, ok := m["missing"]; ok {
		es, _ := d.mapping(e.value, "missing")
		for _, v := range es {
			name, _, ok := d.testAttr(c, v)
			if !ok {
				continue
			}
			why, ok := d.text(v.value, "why "+name+" is missing")
			if !ok {
				continue
			}
			if r.Missing == nil {
				r.Missing = make(map[string]fact.Gap)
			}
			r.Missing[name] = fact.Gap{Why: why, Origin: o}
		}
	}
	return r
}

func (d *document) testAttr(c *Check, e entry) (string, fact.Attr, bool) {
	a, ok := c.schema.Attr(e.key)
	if !ok {
		d.badWord(e.keyAt, string(c.Resource)+" attribute", e.key, attrNames(c.schema))
	}
	return e.key, a, ok
}

func (d *document) attrValue(n node, a fact.Attr) (any, bool) {
	switch a.Type {
	case fact.Bool:
		return d.boolean(n, a.Name)
	case fact.Int:
		return d.integer(n, a.Name)
	case fact.Double:
		return d.number(n, a.Name)
	case fact.Time:
		return d.moment(n, a.Name)
	case fact.Strings:
		return d.texts(n, a.Name)
	case fact.String:
		if s, ok := n.(*ast.StringNode); ok && s.Value == "" {
			return "", true
		}
		return d.text(n, a.Name)
	}
	return nil, false
}

// moment reads a date or a time in UTC.
func (d *document) moment(n node, what string) (time.Time, bool) {
	s, ok := d.text(n, what)
	if !ok {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	d.bad(n, "%s: %.40q is not a date (2026-11-25) or time (2026-11-25T08:00:00Z)", what, s)
	return time.Time{}, false
}
