package assess

import (
	"encoding/json"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
)

func encode(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAssessIsReproducible(t *testing.T) {
	r := rules(t, eighty()...)
	set := hospital(1, size{assets: 60, endpoints: 90, accounts: 50, people: 40, vendors: 10, vulnerabilities: 200})
	before := encode(t, set)
	first := Assess(r, set, now, prairie)
	if encode(t, set) != before {
		t.Error("Assess changed the facts it was given")
	}
	old := runtime.GOMAXPROCS(1)
	again := Assess(r, set, now, prairie)
	runtime.GOMAXPROCS(old)
	if a, b := encode(t, first), encode(t, again); a != b {
		t.Error("the same facts at the same moment gave two assessments")
	}
	later := Assess(r, set, now.Add(time.Second), prairie)
	if later.Assessment.Digest != first.Assessment.Digest {
		t.Error("a second later nothing has changed, but the digest has")
	}
	derived := Assess(r, Derive(set, prairie, now), now, prairie)
	if encode(t, derived) != encode(t, first) {
		t.Error("facts that were derived before give another assessment")
	}
	tight, err := policy.NewParameters(r.Checks, []policy.Override{{Check: "vulnerabilities-critical", Name: "max_days", Value: int64(10)}})
	if err != nil {
		t.Fatal(err)
	}
	r.Params = tight
	if k := Assess(r, set, now, prairie); k.Assessment.Digest == first.Assessment.Digest || k.Assessment.Content.Parameters == first.Assessment.Content.Parameters {
		t.Error("another parameter left the digest as it was")
	}
	r.Params = nil
	set.Resources[fact.KindAsset][0].Values["disk_encrypted"] = fact.Value{V: false, Origin: fact.Origin{ObservedAt: now}}
	set.Resources[fact.KindAsset][0].Values["class"] = fact.Value{V: "laptop", Origin: fact.Origin{ObservedAt: now}}
	if k := Assess(r, set, now, prairie); k.Assessment.Digest == first.Assessment.Digest {
		t.Error("another fact left the digest as it was")
	}
}

// TestScoresCanBeRecomputed works out every state and score anew from nothing
// but the JSON, by the rules of docs/formats/assessment.md, without any code of
// the product.
func TestScoresCanBeRecomputed(t *testing.T) {
	for seed := range uint64(6) {
		set := hospital(seed, size{assets: 40, endpoints: 30, accounts: 30, people: 20, vendors: 5, vulnerabilities: 80})
		if seed == 1 {
			delete(set.Resources, fact.KindPerson)
		}
		if seed == 2 {
			set = fact.Set{}
		}
		k := Assess(rules(t, eighty()...), set, now, prairie)
		recompute(t, encode(t, k.Assessment))
	}
}

func recompute(t *testing.T, text string) {
	t.Helper()
	var a struct {
		Level         string   `json:"level"`
		Score         *float64 `json:"score"`
		GoalsMeasured int      `json:"goals_measured"`
		GoalsMet      int      `json:"goals_met"`
		Goals         []struct {
			ID     string   `json:"id"`
			Tier   string   `json:"tier"`
			State  string   `json:"state"`
			Score  *float64 `json:"score"`
			Checks []struct {
				ID            string  `json:"id"`
				Role          string  `json:"role"`
				State         string  `json:"state"`
				Pass          float64 `json:"pass"`
				Fail          float64 `json:"fail"`
				NotApplicable float64 `json:"not_applicable"`
				NotMeasured   float64 `json:"not_measured"`
				Error         float64 `json:"error"`
				MinCoverage   float64 `json:"min_coverage"`
				PassShare     float64 `json:"pass_share"`
				CoverageFloor float64 `json:"coverage_floor"`
			} `json:"checks"`
		} `json:"goals"`
	}
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	var scores []float64
	measured, met := 0, 0
	essentialMet, allMet := true, true
	for _, g := range a.Goals {
		var deciding, applicable, decided, metChecks, notMet int
		var shares []float64
		for _, c := range g.Checks {
			m := c.Pass + c.Fail
			scope := m + c.NotMeasured + c.Error
			state := "not_measured"
			switch {
			case scope == 0 && c.NotApplicable > 0:
				state = "not_applicable"
			case m == 0:
			case c.Pass/m >= c.PassShare-1e-9:
				if m/scope >= c.MinCoverage-1e-9 {
					state = "met"
				} else if m/scope >= c.CoverageFloor-1e-9 {
					state = "partly_met"
				}
			case c.Pass > 0 && m/scope >= c.CoverageFloor-1e-9:
				state = "partly_met"
			default:
				state = "not_met"
			}
			if state != c.State {
				t.Errorf("%s: state %s, recomputed %s", c.ID, c.State, state)
			}
			if state == "not_applicable" {
				continue
			}
			applicable++
			if state == "met" {
				metChecks++
			}
			if state != "not_measured" {
				decided++
				if state == "not_met" {
					notMet++
				}
				if c.Role == "deciding" {
					deciding++
					s := c.Pass / m
					if c.MinCoverage > 0 {
						s *= math.Min(1, m/scope/c.MinCoverage)
					}
					shares = append(shares, s)
				}
			}
		}
		state := "partly_met"
		switch {
		case applicable == 0 && len(g.Checks) > 0:
			state = "not_applicable"
		case deciding == 0:
			state = "not_measured"
		case metChecks == applicable:
			state = "met"
		case notMet == decided:
			state = "not_met"
		}
		if state != g.State {
			t.Errorf("goal %s: state %s, recomputed %s", g.ID, g.State, state)
		}
		same(t, "goal "+g.ID, g.Score, mean(shares))
		if g.Score != nil {
			scores = append(scores, *g.Score/100)
		}
		if state == "met" || state == "partly_met" || state == "not_met" {
			measured++
		}
		if state == "met" {
			met++
		} else if state != "not_applicable" {
			allMet = false
			essentialMet = essentialMet && g.Tier != "essential"
		}
	}
	same(t, "organization", a.Score, mean(scores))
	if measured != a.GoalsMeasured || met != a.GoalsMet {
		t.Errorf("%d measured, %d met; recomputed %d and %d", a.GoalsMeasured, a.GoalsMet, measured, met)
	}
	level := "partial"
	switch {
	case measured == 0:
		level = "unmeasured"
	case allMet:
		level = "enhanced"
	case essentialMet:
		level = "essential"
	}
	if level != a.Level {
		t.Errorf("level %s, recomputed %s", a.Level, level)
	}
}

func mean(xs []float64) *float64 {
	if len(xs) == 0 {
		return nil
	}
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	m := 100 * sum / float64(len(xs))
	return &m
}

func same(t *testing.T, what string, got, want *float64) {
	t.Helper()
	if (got == nil) != (want == nil) || got != nil && math.Abs(*got-*want) > 1e-6 {
		t.Errorf("%s: score %v, recomputed %v", what, got, want)
	}
}

func TestNothingKnown(t *testing.T) {
	k := Assess(rules(t, eighty()...), fact.Set{}, now, prairie)
	a := k.Assessment
	if a.Level != Unmeasured || a.Score != nil || a.GoalsMeasured != 0 || len(a.Goals) != 20 {
		t.Errorf("level %s, score %v, %d of %d goals measured", a.Level, a.Score, a.GoalsMeasured, len(a.Goals))
	}
	for _, g := range a.Goals {
		if g.Score != nil || g.State != policy.StateNotMeasured || len(g.Why) == 0 {
			t.Errorf("%s: state %s, score %v, reasons %v", g.ID, g.State, g.Score, g.Why)
		}
	}
	for _, null := range []string{`"unread":null`, `"why":null`, `"checks":null`, `"goals":null`} {
		if strings.Contains(encode(t, a), null) {
			t.Errorf("the JSON has %s where a list belongs", null)
		}
	}
}

func TestLevels(t *testing.T) {
	qs := make([]question, 0, 20)
	for _, g := range twenty() {
		q := question{goal: g.ID, id: g.ID + "-one", kind: "vendor", pass: "vendor.baa_signed"}
		if g.Number > 10 {
			q.pass = "vendor.notice_terms"
		}
		qs = append(qs, q)
	}
	r := rules(t, qs...)
	o := fact.Origin{Stream: "import/vendors", ObservedAt: now, Assurance: fact.Attested}
	for _, tt := range []struct {
		vs   fact.Values
		want Level
	}{
		{fact.Values{}, Unmeasured},
		{fact.Values{"baa_signed": false}, Partial},
		{fact.Values{"baa_signed": true}, Essential},
		{fact.Values{"baa_signed": true, "notice_terms": false}, Essential},
		{fact.Values{"notice_terms": true}, Partial},
		{fact.Values{"baa_signed": true, "notice_terms": true}, Enhanced},
	} {
		s := fact.Set{Resources: map[fact.Kind][]*fact.Resource{fact.KindVendor: {resource(fact.KindVendor, "v", "", o, tt.vs)}}}
		if k := Assess(r, s, now, prairie); k.Assessment.Level != tt.want {
			t.Errorf("%v: level %s, want %s", tt.vs, k.Assessment.Level, tt.want)
		}
	}
}

// TestWhatIsOutOfUseCountsNowhere: the open ports of a retired server are
// nobody's gap.
func TestWhatIsOutOfUseCountsNowhere(t *testing.T) {
	r := rules(t, question{goal: "encryption", id: "encryption-clear", kind: "endpoint", pass: "!endpoint.clear_text"})
	o := fact.Origin{Stream: "x", ObservedAt: now, Assurance: fact.Measured}
	s := fact.Set{Resources: map[fact.Kind][]*fact.Resource{
		fact.KindAsset: {resource(fact.KindAsset, "a", "", o, fact.Values{"status": "retired"}), resource(fact.KindAsset, "b", "", o, nil)},
		fact.KindEndpoint: {
			resource(fact.KindEndpoint, "a/23/tcp", "a", o, fact.Values{"clear_text": true}),
			resource(fact.KindEndpoint, "b/443/tcp", "b", o, fact.Values{"clear_text": false}),
		},
	}}
	k := Assess(r, s, now, prairie)
	rs := k.Results["encryption-clear"]
	if len(rs) != 1 || rs[0].Resource != "b/443/tcp" {
		t.Errorf("results %v", rs)
	}
}

func TestDiff(t *testing.T) {
	r := rules(t,
		question{goal: "encryption", id: "encryption-disks", kind: "asset", pass: "asset.disk_encrypted", more: "observe: [class]"},
		question{goal: "detect", id: "detect-protection", kind: "asset", pass: "asset.endpoint_protection_running"},
		question{goal: "logs", id: "logs-arrive", kind: "asset", pass: "asset.logs_forwarded"},
		question{goal: "testing", id: "testing-done", kind: "vendor", pass: "vendor.baa_signed"},
	)
	o := fact.Origin{Stream: "host", ObservedAt: now, Assurance: fact.Measured}
	set := func(vs ...fact.Values) fact.Set {
		rs := make([]*fact.Resource, len(vs))
		for i, v := range vs {
			v["class"] = "laptop"
			rs[i] = resource(fact.KindAsset, string(rune('a'+i)), "", o, v)
		}
		return fact.Set{Resources: map[fact.Kind][]*fact.Resource{fact.KindAsset: rs}}
	}
	prev := Assess(r, set(
		fact.Values{"disk_encrypted": true, "endpoint_protection_running": false, "logs_forwarded": true},
		fact.Values{"disk_encrypted": true, "endpoint_protection_running": false, "logs_forwarded": true},
		fact.Values{"disk_encrypted": true, "endpoint_protection_running": true, "logs_forwarded": true},
	), now, prairie)
	s := set(
		fact.Values{"disk_encrypted": false, "endpoint_protection_running": true},
		fact.Values{"disk_encrypted": false, "endpoint_protection_running": true},
		fact.Values{"disk_encrypted": true, "endpoint_protection_running": true, "name": "x"},
	)
	s.Resources[fact.KindVendor] = []*fact.Resource{resource(fact.KindVendor, "v", "", o, fact.Values{"baa_signed": true})}
	next := Assess(r, s, now.Add(time.Hour), prairie)
	var got []string
	for _, c := range Diff(&prev, &next) {
		got = append(got, string(c.Kind)+": "+c.Text)
	}
	want := []string{
		"worse: Encryption fell from met to partly met",
		"gone: Logs is not measured any more; it was met",
		"worse: 2 laptops began to fail: The encryption-disks is as it should be",
		"gone: 3 assets are not measured any more: The logs-arrive is as it should be",
		"better: Detect went from partly met to met",
		"better: 2 assets were mended: The detect-protection is as it should be",
		"new: Testing was measured for the first time: met",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if Diff(nil, &next) != nil || len(Diff(&next, &next)) != 0 {
		t.Error("there is nothing to tell of the first assessment, or of one and itself")
	}
}

func TestGapsAndSteps(t *testing.T) {
	r := rules(t, eighty()...)
	set := hospital(3, size{assets: 60, endpoints: 90, accounts: 50, people: 40, vendors: 10, vulnerabilities: 200})
	for _, p := range set.Resources[fact.KindPerson] {
		delete(p.Values, "trained_at")
	}
	k := Assess(r, set, now, prairie)
	gaps := Gaps(&k.Assessment, r, 5)
	if len(gaps) != 5 {
		t.Fatalf("%d gaps, want 5", len(gaps))
	}
	seen := map[string]int{}
	for i, g := range gaps {
		seen[g.Goal]++
		if g.Fail == 0 || g.Fix != "Mend it." || !strings.Contains(g.IT, " pass") || !strings.HasPrefix(g.Trustees, "Trustees should know") {
			t.Errorf("gap %+v", g)
		}
		if g.Tier != "essential" {
			t.Errorf("gap %d is of an enhanced goal while essential ones fail", i)
		}
		if i > 0 && share(g) > share(gaps[i-1]) && seen[g.Goal] < 2 {
			t.Errorf("gap %d fails a larger share than the one before", i)
		}
	}
	for g, n := range seen {
		if n > 2 {
			t.Errorf("%d gaps are of %s", n, g)
		}
	}
	steps := NextSteps(&k.Assessment, r, 6)
	if len(steps) != 6 || steps[0].ID != "bring-training" || steps[0].Kind != StepImport || steps[1].Kind != StepFix {
		t.Errorf("steps %+v", steps)
	}
	if !slices.Equal(steps[0].Goals, []string{"training"}) {
		t.Errorf("bringing the training records helps %v", steps[0].Goals)
	}
	if len(NextSteps(&k.Assessment, r, 0)) != 0 || len(Gaps(&k.Assessment, r, 0)) != 0 {
		t.Error("none were asked for")
	}
}

func BenchmarkAssess(b *testing.B) {
	r := rules(b, eighty()...)
	set := hospital(1, rural)
	b.ReportAllocs()
	for b.Loop() {
		k := Assess(r, set, now, prairie)
		if k.Assessment.GoalsMeasured == 0 {
			b.Fatal("nothing was measured")
		}
	}
}

func BenchmarkDerive(b *testing.B) {
	set := hospital(1, rural)
	b.ReportAllocs()
	for b.Loop() {
		Derive(set, prairie, now)
	}
}
