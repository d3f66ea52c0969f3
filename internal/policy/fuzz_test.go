package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
)

// budget is what one file may take to read, with room for a slow machine.
const budget = 5 * time.Second

func placed(t *testing.T, text []byte, err error) {
	t.Helper()
	if !errs.Is(err, errs.Invalid) {
		t.Fatalf("a faulty file is %v, not an invalid one", err)
	}
	lines := strings.Count(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n") + strings.Count(string(text), "\r") + 1
	faults := AsFaults(err)
	if len(faults) == 0 {
		t.Fatal("an invalid file without a fault")
	}
	for _, f := range faults {
		if f.Line < 1 || f.Column < 1 || f.Line > lines+1 || f.Message == "" {
			t.Fatalf("fault at no place: %+v (file has %d lines)", f, lines)
		}
	}
}

// FuzzLoad: whatever a file holds, it is loaded or refused with the places of
// its faults, in bounded time; and what was loaded decides.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(goodCheck))
	for _, seed := range []string{
		"", "goal: mfa", "goal: mfa\nchecks: []", "- a", "{", "goal: &a mfa\nchecks: *a", "\xff\xfe", "a: |\n  b\n c: >", "goal: 'mfa\nchecks:",
		"goal: mfa\nchecks:\n  - {id: mfa-1, title: t, resource: account, role: deciding, severity: low, pass: \"account.enabled\\n&&\\ttru\", expected: e, why: w, remediation: r}",
		"goal: mfa\nchecks:\n- id: mfa-1\n  title: t\n  resource: asset\n  role: deciding\n  severity: low\n  pass: >-\n    asset.ips.map(x, x + 'ü')\n     .exists(y,\n\n    y.matches('a+') && ü)\n  expected: e\n  why: w\n  remediation: r\n",
		strings.Repeat("- ", 300), strings.Repeat("a: ", 100), "? a\n: b", "!!binary x", "%YAML 1.2\n---\ngoal: mfa\n...\n---\nx", "goal: mfa\nchecks: 1e999\n", "a: !t {b: [}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		start := time.Now()
		c, err := Load(goals, source(map[string]string{"mfa.yaml": string(text)}))
		if took := time.Since(start); took > budget {
			t.Fatalf("it took %s to read %d bytes", took, len(text))
		}
		if err != nil {
			placed(t, text, err)
			return
		}
		for _, k := range c.Checks() {
			r := blank(1)
			r.Kind = k.Resource
			k.Evaluate([]*fact.Resource{r}, k.Defaults(), testNow)
		}
	})
}

// FuzzParameters does the same for parameters and for tests of checks.
func FuzzParameters(f *testing.F) {
	for _, seed := range []string{
		"mfa-fresh.max_days: 90\ncoverage_floor: 0.3\nmfa-fresh: {min_coverage: 1, methods: [a]}\n", "mfa-fresh.max_days: 99999999999999999999", "coverage_floor: .nan",
		"- check: mfa-fresh\n  now: 2026-11-25\n  resources: [{id: a, values: {enabled: true}}]\n  want: {a: pass}\n", "x: &y z", "a.b.c: 1", ".: 1",
	} {
		f.Add([]byte(seed))
	}
	c := catalog(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		start := time.Now()
		p, err := ParseParameters(c, "parameters.yaml", text)
		if err != nil {
			placed(t, text, err)
		} else if again, err := ParseParameters(c, "again", p.Encode()); err != nil || again.Digest() != p.Digest() {
			t.Fatalf("what was written is read otherwise: %v\n%s", err, p.Encode())
		}
		if _, err := RunTests(c, source(map[string]string{"x.test.yaml": string(text)})); err != nil {
			placed(t, text, err)
		}
		if took := time.Since(start); took > budget {
			t.Fatalf("it took %s to read %d bytes", took, len(text))
		}
	})
}
