package goal_test

import (
	"errors"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/asepsis/asepsis/content"
	"github.com/asepsis/asepsis/internal/goal"
)

// shipped returns the shipped catalog as files that a test may spoil.
func shipped(t *testing.T) fstest.MapFS {
	t.Helper()
	sub, err := fs.Sub(content.FS, "goals")
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(sub, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m := make(fstest.MapFS, len(names))
	for _, n := range names {
		data, err := fs.ReadFile(sub, n)
		if err != nil {
			t.Fatal(err)
		}
		m[n] = &fstest.MapFile{Data: data}
	}
	return m
}

func TestParseShipped(t *testing.T) {
	c, err := goal.Parse(shipped(t))
	if err != nil {
		t.Fatalf("the shipped goals have faults:\n%v", err)
	}
	if len(c.Goals) != goal.Count || len(c.Frameworks) != len(goal.Frameworks()) {
		t.Fatalf("%d goals and %d frameworks, want %d and %d", len(c.Goals), len(c.Frameworks), goal.Count, len(goal.Frameworks()))
	}
	for i, g := range c.Goals {
		if g.Number != i+1 {
			t.Errorf("goal at place %d has number %d", i+1, g.Number)
		}
		if len(g.Mappings) != len(goal.Frameworks()) {
			t.Errorf("%s: %d mappings", g.ID, len(g.Mappings))
		}
		for j, f := range goal.Frameworks() {
			if j < len(g.Mappings) && g.Mappings[j].Framework != f {
				t.Errorf("%s: mapping %d is to %s, want %s", g.ID, j, g.Mappings[j].Framework, f)
			}
		}
	}
	mfa, ok := c.Goal("mfa")
	if !ok || mfa.Number != 3 || mfa.Tier != goal.Essential {
		t.Fatalf("mfa = %+v, %v", mfa, ok)
	}
	if m, ok := mfa.Mapping(goal.CISA1); !ok || m.IDs[0] != "2.H" || m.Basis != goal.ByHHS {
		t.Errorf("mfa to CISA CPG 1.0.1 = %+v, %v", m, ok)
	}
	if f, ok := c.Framework(goal.HIPAA2025); !ok || f.Status != goal.Proposed {
		t.Errorf("the proposed rule has status %q", f.Status)
	}
	if _, ok := c.Goal("nothing"); ok {
		t.Error("found a goal that does not exist")
	}
	if s, ok := c.Source("hicp-tv2"); !ok || !strings.HasPrefix(s.URL, "https://") {
		t.Errorf("hicp-tv2 = %+v, %v", s, ok)
	}
	if got := strings.Join(c.IDs()[:3], " "); got != "mitigate-known-vulnerabilities email-security mfa" {
		t.Errorf("first ids = %s", got)
	}
}

// Each row spoils the shipped files in one way and wants exactly one fault.
func TestParseFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		file, old, new string
		want           string // after the file's name
	}{
		"unknown key":        {"mfa.yaml", "short:", "shrot:", `5:1: the goal has an unknown key "shrot"`},
		"wrong number type":  {"mfa.yaml", "number: 3", "number: three", "2:1: number must be a whole number"},
		"number twice":       {"mfa.yaml", "number: 3\n", "number: 2\n", "2:9: number 2 is taken by another goal"},
		"tier":               {"mfa.yaml", "tier: essential", "tier: important", `3:7: tier "important" is not known; use one of [essential enhanced]`},
		"tier of number":     {"mfa.yaml", "tier: essential", "tier: enhanced", "goal 3 is essential"},
		"id is not the file": {"mfa.yaml", "id: mfa", "id: mfb", `1:5: id "mfb" must be the name of the file, "mfa"`},
		"no full stop":       {"mfa.yaml", "come in from the internet.", "come in from the internet", "gap must be a sentence that ends with a full stop"},
		"id syntax":          {"mfa.yaml", `"PR.AC-7"`, `"PR.AC-07"`, `"PR.AC-07" is not written as an id of csf_1_1`},
		"id without title":   {"mfa.yaml", `"3.M.D"`, `"3.M.F"`, `"3.M.F" has no title in frameworks.yaml under hicp_2023`},
		"id twice":           {"mfa.yaml", `"PR.AC-7"`, `"PR.AC-1"`, `ids lists "PR.AC-1" twice`},
		"unquoted id":        {"mfa.yaml", `"2.H"`, `2.5`, "an entry of ids must be a text; put it in quotes"},
		"no mapping":         {"mfa.yaml", "  cisa_cpg_2_0:\n    ids: [\"3.F\"]\n    basis: analyst\n    confidence: medium\n    sources: [cisa-cpg-2]\n", "", "no mapping to cisa_cpg_2_0"},
		"framework":          {"frameworks.yaml", "status: proposed", "status: in_force", "hipaa_nprm_2025 is a proposal; its status must be proposed until a final rule is published under another id"},
		"source":             {"mfa.yaml", "[cisa-cpg-2]", "[cisa-cpg-3]", `source "cisa-cpg-3" is not in sources.yaml`},
		"basis":              {"mfa.yaml", "basis: analyst\n    confidence: medium\n    sources: [cisa-cpg-2]", "basis: guess\n    confidence: medium\n    sources: [cisa-cpg-2]", `basis "guess" is not known; use one of [hhs analyst]`},
		"url":                {"sources.yaml", "url: https://www.cisa.gov", "url: http://www.cisa.gov", "url must begin with https://"},
		"key twice":          {"mfa.yaml", "short:", "title: Again\nshort:", `5:1: the goal has "title" twice`},
		"not YAML":           {"sources.yaml", "# Where", "]# Where", ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := shipped(t)
			data := string(files[tc.file].Data)
			if !strings.Contains(data, tc.old) {
				t.Fatalf("%s has no %q", tc.file, tc.old)
			}
			files[tc.file] = &fstest.MapFile{Data: []byte(strings.Replace(data, tc.old, tc.new, 1))}
			c, err := goal.Parse(files)
			var faults goal.Faults
			if !errors.As(err, &faults) || c != nil {
				t.Fatalf("Parse = %v, %v; want faults only", c, err)
			}
			got := false
			for _, f := range faults {
				got = got || strings.HasPrefix(f.Error(), tc.file+":") && strings.HasSuffix(f.Error(), tc.want)
			}
			if !got {
				t.Errorf("no fault of %s ends in %q; got\n%v", tc.file, tc.want, err)
			}
		})
	}
}

func TestParseReportsAllFaultsAtOnce(t *testing.T) {
	files := shipped(t)
	spoil := func(name, old, new string) {
		files[name] = &fstest.MapFile{Data: []byte(strings.Replace(string(files[name].Data), old, new, 1))}
	}
	spoil("mfa.yaml", "tier: essential", "tier: x")
	spoil("mfa.yaml", `"PR.AC-7"`, `"PRAC7"`)
	spoil("testing.yaml", "short:", "shrot:")
	delete(files, "segmentation.yaml")
	_, err := goal.Parse(files)
	if _, ok := errors.AsType[goal.Faults](err); !ok {
		t.Fatal(err)
	}
	for _, want := range []string{`tier "x"`, "PRAC7", "shrot", "no short", "goal 17 is missing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no fault says %q:\n%v", want, err)
		}
	}
}

func TestParseEmpty(t *testing.T) {
	_, err := goal.Parse(fstest.MapFS{})
	if err == nil || !strings.Contains(err.Error(), "sources.yaml:1:1: the file is missing") || !strings.Contains(err.Error(), "goal 20 is missing") {
		t.Errorf("err = %v", err)
	}
}

func FuzzParse(f *testing.F) {
	sub, err := fs.Sub(content.FS, "goals")
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range []string{"mfa.yaml", "sources.yaml", "frameworks.yaml"} {
		data, err := fs.ReadFile(sub, n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(n, data)
	}
	f.Add("mfa.yaml", []byte("id: &a [*a]\nnumber: -1\nmappings: {x: 1}"))
	base := make(fstest.MapFS)
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		files := maps.Clone(base)
		if !fs.ValidPath(name) || strings.Contains(name, "/") {
			name = "mfa.yaml"
		}
		files[name] = &fstest.MapFile{Data: data}
		if c, err := goal.Parse(files); err == nil {
			t.Fatalf("a catalog without its files was taken: %+v", c)
		}
	})
}

func TestValidID(t *testing.T) {
	for _, tc := range []struct {
		f    goal.Framework
		id   string
		want bool
	}{
		{goal.HICP, "10.M.A", true},
		{goal.HICP, "11.M.A", false},
		{goal.HICP, "7.X.A", false},
		{goal.CSF11, "PR.IP-12", true},
		{goal.CSF20, "PR.AA-03", true},
		{goal.CSF20, "PR.AA-3", false},
		{goal.SP80053, "AC-2(12)", true},
		{goal.SP80053, "AC-0", false},
		{goal.CISA1, "2.W", true},
		{goal.CISA1, "6.A", false},
		{goal.CISA2, "6.A", true},
		{goal.HIPAA, "164.308(a)(7)(ii)(D)", true},
		{goal.HIPAA, "164.404(b)", false},
		{goal.HIPAA2025, "164.312(h)(2)(iii)", true},
		{goal.Framework("x"), "1.A", false},
	} {
		if got := goal.ValidID(tc.f, tc.id); got != tc.want {
			t.Errorf("ValidID(%s, %q) = %v", tc.f, tc.id, got)
		}
	}
}
