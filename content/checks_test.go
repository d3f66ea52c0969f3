package content_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/content"
	"github.com/asepsis/asepsis/internal/goal"
	"github.com/asepsis/asepsis/internal/policy"
)

// source is the folder of the shipped checks.
func source(t testing.TB) policy.Source {
	t.Helper()
	sub, err := fs.Sub(content.FS, "checks")
	if err != nil {
		t.Fatal(err)
	}
	return policy.Source{FS: sub, Name: "content/checks"}
}

func checks(t testing.TB) *policy.Catalog {
	t.Helper()
	c, err := policy.Load(goals(t).IDs(), source(t))
	if err != nil {
		t.Fatalf("the shipped checks have faults:\n%v", err)
	}
	return c
}

// Every goal is decided by something, every check can be traced to a practice
// and says what to bring, and no number that decides is without a source.
func TestChecksAreComplete(t *testing.T) {
	c, gs := checks(t), goals(t)
	deciding := make(map[string]int)
	practices, _ := gs.Framework(goal.HICP)
	for _, k := range c.Checks() {
		if k.Role == policy.Deciding {
			deciding[k.Goal]++
		}
		if k.Needs == "" {
			t.Errorf("%s: says nothing of what it needs", k.ID)
		}
		if len(k.HICP) == 0 {
			t.Errorf("%s: names no HICP sub-practice", k.ID)
		}
		for _, id := range k.HICP {
			if practices.Titles[id] == "" {
				t.Errorf("%s: HICP %s has no title in goals/frameworks.yaml", k.ID, id)
			}
		}
		for _, p := range k.Params {
			if p.Citation == "" && p.Tighter != "" {
				t.Errorf("%s: parameter %s has no citation", k.ID, p.Name)
			}
		}
		if k.Pass == "" || k.MinCoverage < 0.9 {
			t.Errorf("%s: min_coverage is %v", k.ID, k.MinCoverage)
		}
	}
	for _, id := range gs.IDs() {
		if deciding[id] == 0 {
			t.Errorf("%s: no deciding check", id)
		}
	}
	if n := len(c.Checks()); n < 60 {
		t.Errorf("%d checks", n)
	}
}

// What people read is short and plain: a nurse-manager is the reader.
func TestChecksReadPlainly(t *testing.T) {
	for _, k := range checks(t).Checks() {
		if n := len(strings.Fields(k.Title)); n > 16 {
			t.Errorf("%s: the title has %d words", k.ID, n)
		}
		if strings.HasSuffix(k.Title, ".") || strings.HasSuffix(k.Expected, ".") {
			t.Errorf("%s: title and expected are no sentences with a full stop", k.ID)
		}
		for what, s := range map[string]string{"title": k.Title, "expected": k.Expected, "why": k.Why, "remediation": k.Remediation} {
			for _, p := range unplain(s) {
				t.Errorf("%s: %s says %q", k.ID, what, p)
			}
		}
		for what, s := range map[string]string{"why": k.Why, "remediation": k.Remediation} {
			if !strings.HasSuffix(s, ".") {
				t.Errorf("%s: %s does not end with a full stop", k.ID, what)
			}
			if n := sentences(s); n > 4 {
				t.Errorf("%s: %s has %d sentences", k.ID, what, n)
			}
		}
	}
}

func sentences(s string) int {
	n := 0
	for w := range strings.FieldsSeq(s) {
		if strings.HasSuffix(w, ".") || strings.HasSuffix(w, "?") {
			n++
		}
	}
	return n
}

// The tests beside the checks pass, and those of each check together want a
// pass, a fail and a not_measured; where a check can leave resources out, that
// too.
func TestCheckTests(t *testing.T) {
	c := checks(t)
	outcomes, err := policy.RunTests(c, source(t))
	if err != nil {
		t.Fatalf("the tests of the shipped checks have faults:\n%v", err)
	}
	wanted := make(map[string][]policy.Verdict)
	for _, o := range outcomes {
		wanted[o.Check] = append(wanted[o.Check], o.Verdicts...)
		for _, f := range o.Failures {
			t.Errorf("%s: %v", o.Check, f)
		}
	}
	for _, k := range c.Checks() {
		want := []policy.Verdict{policy.Pass, policy.Fail, policy.NotMeasured}
		if k.Applies != "" {
			want = append(want, policy.NotApplicable)
		}
		for _, v := range want {
			if !slices.Contains(wanted[k.ID], v) {
				t.Errorf("%s: no test wants %s", k.ID, v)
			}
		}
	}
}
