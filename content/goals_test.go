package content_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/content"
	"github.com/asepsis/asepsis/internal/goal"
	"github.com/asepsis/asepsis/internal/testshared"
)

func goals(t testing.TB) *goal.Catalog {
	t.Helper()
	sub, err := fs.Sub(content.FS, "goals")
	if err != nil {
		t.Fatal(err)
	}
	c, err := goal.Parse(sub)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The titles, tiers and ids are facts that others published: they must be
// those of the fact set, every one, in its order. The sentences must not be.
func TestGoalsAgreeWithTheFacts(t *testing.T) {
	type mapping struct {
		SubPractices []struct{ ID string } `yaml:"sub_practices"`
		Lists        []string              `yaml:"subcategories"`
		Controls     []string              `yaml:"controls"`
		Goals        []any                 `yaml:"goals"`
		Citations    []string              `yaml:"citations"`
		Basis        goal.Basis            `yaml:"basis"`
		Confidence   goal.Confidence       `yaml:"confidence"`
	}
	var facts struct {
		Items []struct {
			ID       string
			Number   int `yaml:"hhs_number"`
			Tier     goal.Tier
			Title    string
			Outcome  string
			Mappings map[string]mapping
		}
	}
	if err := yaml.Unmarshal(testshared.Read(t, "facts", "hph-cpg.yaml"), &facts); err != nil {
		t.Fatal(err)
	}
	var effects struct {
		Goals map[string]struct{ ID string }
	}
	if err := yaml.Unmarshal(testshared.Read(t, "facts", "effects.yaml"), &effects); err != nil {
		t.Fatal(err)
	}
	slugs := make(map[string]string)
	for slug, g := range effects.Goals {
		slugs[g.ID] = slug
	}
	names := map[goal.Framework]string{
		goal.HICP: "hicp_2023", goal.CSF11: "nist_csf_1_1", goal.CSF20: "nist_csf_2_0", goal.SP80053: "nist_sp_800_53_r5",
		goal.CISA1: "cisa_cpg_1_0_1", goal.CISA2: "cisa_cpg_2_0",
		goal.HIPAA: "hipaa_security_rule_current", goal.HIPAA2025: "hipaa_security_rule_nprm_2025",
	}

	c := goals(t)
	if len(facts.Items) != len(c.Goals) {
		t.Fatalf("%d goals, the facts have %d", len(c.Goals), len(facts.Items))
	}
	for i, want := range facts.Items {
		g := c.Goals[i]
		if g.ID != slugs[want.ID] || g.Number != want.Number || g.Tier != want.Tier || g.Title != want.Title {
			t.Errorf("goal %d = %s, %s, %q; want %s, %s, %q", g.Number, g.ID, g.Tier, g.Title, slugs[want.ID], want.Tier, want.Title)
		}
		if strings.EqualFold(g.Outcome, strings.Join(strings.Fields(want.Outcome), " ")) {
			t.Errorf("%s: the outcome is a copy", g.ID)
		}
		for f, name := range names {
			w := want.Mappings[name]
			ids := append(append(append([]string(nil), w.Lists...), w.Controls...), w.Citations...)
			for _, s := range w.SubPractices {
				ids = append(ids, s.ID)
			}
			for _, x := range w.Goals {
				switch x := x.(type) {
				case string: // "3.F Implement …"
					id, _, _ := strings.Cut(x, " ")
					ids = append(ids, id)
				case map[string]any:
					if id, ok := x["id"].(string); ok {
						ids = append(ids, id)
					}
				}
			}
			got, _ := g.Mapping(f)
			if diff := cmp.Diff(ids, got.IDs); diff != "" {
				t.Errorf("%s to %s (-facts +content):\n%s", g.ID, f, diff)
			}
			if got.Basis != w.Basis || got.Confidence != w.Confidence {
				t.Errorf("%s to %s: %s, %s; want %s, %s", g.ID, f, got.Basis, got.Confidence, w.Basis, w.Confidence)
			}
		}
	}
}

// What people read is short, in American spelling, and free of the words that
// promise more than a measurement can.
func TestGoalsReadPlainly(t *testing.T) {
	for _, g := range goals(t).Goals {
		for what, s := range map[string]string{"outcome": g.Outcome, "why": g.Why, "gap": g.Gap} {
			if n := len(strings.Fields(s)); n > 50 {
				t.Errorf("%s: %s has %d words", g.ID, what, n)
			}
			for _, p := range unplain(s) {
				t.Errorf("%s: %s says %q", g.ID, what, p)
			}
		}
		if len(g.Short) > 32 {
			t.Errorf("%s: short title %q is long", g.ID, g.Short)
		}
	}
}

// unplain lists words that do not belong in what people read.
func unplain(s string) []string {
	var found []string
	low := strings.ToLower(s)
	for _, w := range []string{
		"organisation", "programme", "behaviour", "colour", "favourite", "licence", "recognise", "authoris", "centre", "unauthorised",
		"compliant with", "leverage", "utilize", "stakeholder", "best practice", "e.g.", "i.e.", "ensure", "  ",
	} {
		if strings.Contains(low, w) {
			found = append(found, w)
		}
	}
	return found
}
