package assess

import (
	"io/fs"
	"testing"

	"github.com/asepsis/asepsis/content"
	"github.com/asepsis/asepsis/internal/goal"
	"github.com/asepsis/asepsis/internal/policy"
)

// shipped are the rules as they ship.
func shipped(tb testing.TB) Rules {
	tb.Helper()
	sub := func(dir string) fs.FS {
		f, err := fs.Sub(content.FS, dir)
		if err != nil {
			tb.Fatal(err)
		}
		return f
	}
	goals, err := goal.Parse(sub("goals"))
	if err != nil {
		tb.Fatal(err)
	}
	checks, err := policy.Load(goals.IDs(), policy.Source{FS: sub("checks"), Name: "content/checks"})
	if err != nil {
		tb.Fatal(err)
	}
	return Rules{Version: "test", Goals: goals.Goals, Checks: checks}
}

// TestShippedRules decides a whole hospital by the rules as they ship: no
// condition may end in an error, and every number must be recomputable.
func TestShippedRules(t *testing.T) {
	r := shipped(t)
	k := Assess(r, hospital(5, rural), now, prairie)
	recompute(t, encode(t, k.Assessment))
	for id, rs := range k.Results {
		for _, res := range rs {
			if res.Verdict == policy.Error {
				t.Errorf("%s on %s: %s", id, res.Resource, res.Why)
				break
			}
			if res.Why == "" && res.Verdict == policy.NotMeasured {
				t.Errorf("%s on %s is not measured and does not say why", id, res.Resource)
				break
			}
		}
	}
	for _, g := range Gaps(&k.Assessment, r, 5) {
		if g.Trustees == "" || g.IT == "" || g.Fix == "" {
			t.Errorf("gap %s lacks words: %+v", g.Check, g)
		}
		t.Logf("%s: %s | %s", g.Check, g.Trustees, g.IT)
	}
	for _, s := range NextSteps(&k.Assessment, r, 8) {
		t.Logf("%s: %s", s.Title, s.Detail)
	}
	for _, g := range k.Assessment.Goals {
		t.Logf("%d %s %s %v %v", g.Number, g.ID, g.State, g.Coverage, g.Why)
	}
}

func BenchmarkAssessShipped(b *testing.B) {
	r := shipped(b)
	set := hospital(1, rural)
	b.ReportAllocs()
	for b.Loop() {
		Assess(r, set, now, prairie)
	}
}

func BenchmarkLoadShipped(b *testing.B) {
	for b.Loop() {
		shipped(b)
	}
}
