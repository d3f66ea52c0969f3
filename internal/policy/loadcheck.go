package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
)

var checkKeys = []string{
	"id", "title", "resource", "role", "severity", "applies", "pass", "expected", "observe", "fresh_within",
	"min_coverage", "pass_share", "needs", "params", "why", "remediation", "hicp", "threats",
}

// Defaults of what a check may leave out.
const (
	DefaultMinCoverage   = 0.95
	DefaultPassShare     = 1.0
	DefaultCoverageFloor = 0.25
)

// check reads one check. It returns nil where its conditions cannot be
// compiled or it has no id; other faults are reported all the same.
func (l *loader) check(d *document, n node, goal string, own bool) *Check {
	before := len(d.faults)
	m, ok := d.fields(n, "a check", checkKeys)
	if !ok {
		return nil
	}
	c := &Check{Goal: goal, File: d.file, Own: own, MinCoverage: DefaultMinCoverage, PassShare: DefaultPassShare}
	c.Line, _ = place(n)
	for _, key := range []string{"id", "title", "resource", "role", "severity", "pass", "expected", "why", "remediation"} {
		d.required(n, m, key)
	}
	l.head(d, m, c)
	if e, ok := m["params"]; ok {
		c.Params = d.params(e.value)
	}
	l.shares(d, m, c)
	l.prose(d, m, c)
	if c.schema != nil {
		l.conditions(d, m, c)
	}
	if len(d.faults) > before {
		return nil
	}
	return c
}

func (l *loader) head(d *document, m map[string]entry, c *Check) {
	if e, ok := m["id"]; ok {
		if c.ID, ok = d.text(e.value, "id"); ok {
			switch {
			case !idForm.MatchString(c.ID) || len(c.ID) > 80:
				d.bad(e.value, "id %.80q must be lower-case words joined by hyphens", c.ID)
			case !c.Own && c.Goal != "" && !slices.Contains(strings.Split(c.Goal, "-"), strings.Split(c.ID, "-")[0]):
				d.bad(e.value, "id %q must begin with a word of its goal, %s", c.ID, c.Goal)
			}
		}
	}
	if e, ok := m["title"]; ok {
		c.Title, _ = d.prose(e.value, "title")
	}
	if e, ok := m["resource"]; ok {
		kinds := make([]string, 0, 16)
		for _, k := range fact.Kinds() {
			kinds = append(kinds, string(k))
		}
		if k, ok := d.word(e.value, "resource", kinds); ok {
			c.Resource = fact.Kind(k)
			c.schema, _ = fact.SchemaOf(c.Resource)
		}
	}
	if e, ok := m["role"]; ok {
		r, _ := d.word(e.value, "role", []string{string(Deciding), string(Supporting)})
		c.Role = Role(r)
	}
	if e, ok := m["severity"]; ok {
		s, _ := d.word(e.value, "severity", []string{string(Critical), string(High), string(Medium), string(Low)})
		c.Severity = Severity(s)
	}
	if e, ok := m["needs"]; ok {
		c.Needs, _ = d.word(e.value, "needs", NeedsWords())
	}
}

func (l *loader) shares(d *document, m map[string]entry, c *Check) {
	if e, ok := m["fresh_within"]; ok {
		c.FreshWithin, _ = d.span(e.value, "fresh_within")
	}
	if e, ok := m["min_coverage"]; ok {
		if f, ok := d.share(e.value, "min_coverage"); ok {
			c.MinCoverage = f
		}
	}
	if e, ok := m["pass_share"]; ok {
		if f, ok := d.share(e.value, "pass_share"); ok {
			c.PassShare = f
		}
	}
}

func (l *loader) prose(d *document, m map[string]entry, c *Check) {
	if e, ok := m["expected"]; ok {
		c.Expected, _ = d.prose(e.value, "expected")
		for _, b := range braces.FindAllStringSubmatch(c.Expected, -1) {
			if _, ok := c.Param(b[1]); !ok {
				line, col := place(e.value)
				names := make([]string, len(c.Params))
				for i, p := range c.Params {
					names[i] = p.Name
				}
				d.badAt(line, col, closest(b[1], names), "expected: {%s} is not a parameter of the check", b[1])
			}
		}
	}
	if e, ok := m["why"]; ok {
		c.Why, _ = d.prose(e.value, "why")
	}
	if e, ok := m["remediation"]; ok {
		c.Remediation, _ = d.prose(e.value, "remediation")
	}
	if e, ok := m["hicp"]; ok {
		c.HICP = d.words(e.value, "hicp", hicpForm, "a HICP sub-practice such as 3.M.D")
	}
	if e, ok := m["threats"]; ok {
		c.Threats = d.words(e.value, "threats", threatForm, "a lower-case word such as ransomware")
	}
}

func (d *document) words(n node, what string, form *regexp.Regexp, want string) []string {
	items, ok := d.list(n, what)
	if !ok {
		return nil
	}
	var out []string
	for _, it := range items {
		s, ok := d.text(it, "an item of "+what)
		if !ok {
			continue
		}
		if !form.MatchString(s) {
			d.bad(it, "%s: %.40q is not %s", what, s, want)
			continue
		}
		out = append(out, s)
	}
	return out
}

// conditions compiles what the check asks and finds what it reads.
func (l *loader) conditions(d *document, m map[string]entry, c *Check) {
	comp, err := newCompiler(d, &l.envs, c.schema, c.Params)
	if err != nil {
		d.badAt(c.Line, 1, "", "the conditions cannot be compiled: %v", err)
		return
	}
	whole := true
	if e, ok := m["applies"]; ok {
		if c.Applies, ok = d.text(e.value, "applies"); ok {
			c.applies = comp.compile(e.value, "applies", c.Applies)
		}
		whole = c.applies != nil
	}
	if e, ok := m["pass"]; ok {
		if c.Pass, ok = d.text(e.value, "pass"); ok {
			c.pass = comp.compile(e.value, "pass", c.Pass)
			if c.pass != nil && len(c.pass.reads) == 0 {
				d.bad(e.value, "pass: reads no attribute of the %s, so it says the same of all", c.Resource)
			}
		}
	}
	c.Applies, c.Pass = strings.TrimSpace(c.Applies), strings.TrimSpace(c.Pass)
	whole = whole && c.pass != nil
	c.shown = nil
	show := func(i int) {
		if !slices.Contains(c.shown, i) {
			c.shown = append(c.shown, i)
		}
	}
	if c.pass != nil {
		for _, i := range c.pass.reads {
			show(i)
		}
	}
	if c.applies != nil {
		for _, i := range c.applies.reads {
			show(i)
		}
	}
	if e, ok := m["observe"]; ok {
		if items, ok := d.list(e.value, "observe"); ok {
			for _, it := range items {
				name, ok := d.word(it, string(c.Resource)+" attribute", attrNames(c.schema))
				if !ok {
					continue
				}
				c.Observe = append(c.Observe, name)
				show(slices.Index(attrNames(c.schema), name))
			}
		}
	}
	if !whole {
		return
	}
	for _, p := range c.Params {
		read := slices.Contains(c.pass.params, p.Name) || c.applies != nil && slices.Contains(c.applies.params, p.Name) ||
			strings.Contains(c.Expected, "{"+p.Name+"}")
		if !read {
			d.bad(m["params"].keyAt, "parameter %s is never read; use it or leave it out", p.Name)
		}
	}
}
