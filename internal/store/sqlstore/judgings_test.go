package sqlstore

import (
	"fmt"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/judge"
)

// judged keeps a judging of one asset with the flaws.
func judged(t *testing.T, tn *Tenant, at time.Time, feed string, flaws ...string) Judging {
	t.Helper()
	f := &judge.Findings{Assessed: 3}
	for _, n := range flaws {
		f.Matches = append(f.Matches, judge.Match{Flaw: n, Advisories: []string{"A-" + n}, By: "package"})
	}
	j, err := tn.KeepJudging(t.Context(), Judging{At: at, Feed: judge.Feed{ID: feed, BuiltAt: t0}, FactsSeq: 1}, map[string]*judge.Findings{"as_1": f},
		func(string) string { return "high" }, "system")
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestFindingsKeepTheirDateAndTheirPast(t *testing.T) {
	_, tn := openTest(t)
	ctx := t.Context()
	one := judged(t, tn, t0, "f1", "CVE-2026-0001")
	if one.Seq != 1 || one.Opened != 1 || one.Closed != 0 {
		t.Fatalf("%+v", one)
	}
	if again := judged(t, tn, t0.Add(time.Hour), "f1", "CVE-2026-0001"); again.Seq != 1 {
		t.Errorf("nothing changed and judging %d was kept", again.Seq)
	}
	two := judged(t, tn, t0.Add(2*time.Hour), "f2", "CVE-2026-0001", "CVE-2026-0002")
	three := judged(t, tn, t0.Add(3*time.Hour), "f3", "CVE-2026-0002")
	if two.Opened != 1 || three.Closed != 1 || three.Opened != 0 {
		t.Fatalf("%+v %+v", two, three)
	}
	for at, want := range map[time.Time]string{t0.Add(-time.Second): "", t0: "f1", t0.Add(150 * time.Minute): "f2", t0.Add(200 * time.Minute): "f3"} {
		j, err := tn.JudgingAt(ctx, at)
		if err != nil || j.Feed.ID != want {
			t.Errorf("the feed at %s is %q, want %q (%v)", at, j.Feed.ID, want, err)
		}
	}
	found, err := tn.FindingsAt(ctx, two.Seq)
	if err != nil || len(found["as_1"].Matches) != 2 {
		t.Fatal(found, err)
	}
	if since := found["as_1"].Matches[0].Since; !since.Equal(t0) {
		t.Errorf("a flaw that stayed is dated %s, want %s", since, t0)
	}
	closed, err := tn.ClosedFindings(ctx, t0)
	if err != nil || len(closed) != 1 || closed[0].Flaw != "CVE-2026-0001" || !closed[0].OpenedAt.Equal(t0) || !closed[0].ClosedAt.Equal(t0.Add(3*time.Hour)) {
		t.Fatalf("%+v %v", closed, err)
	}
	if got, err := tn.db.Tenant(id.New(id.Tenant, t0)).FindingsAt(ctx, 99); err != nil || len(got) != 0 {
		t.Errorf("another organization sees %v (%v)", got, err)
	}
	// An asset that has nothing to judge any more loses its findings.
	if _, err := tn.KeepJudging(ctx, Judging{At: t0.Add(4 * time.Hour), Feed: judge.Feed{ID: "f3"}, FactsSeq: 2}, map[string]*judge.Findings{"as_1": nil},
		func(string) string { return "" }, "system"); err != nil {
		t.Fatal(err)
	}
	if found, err := tn.FindingsAt(ctx, 4); err != nil || len(found) != 0 {
		t.Errorf("%v %v", found, err)
	}
}

func TestDecisionsEndOnce(t *testing.T) {
	_, tn := openTest(t)
	ctx := t.Context()
	d := judge.Decision{ID: id.New(id.Decision, t0), Kind: judge.Accept, Flaw: "CVE-2026-0001", Reason: "The server has no network.", By: "us_1", At: t0, Until: t0.Add(48 * time.Hour)}
	if err := tn.Decide(ctx, d); err != nil {
		t.Fatal(err)
	}
	if _, err := tn.EndDecision(ctx, d.ID, "us_2", t0.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := tn.EndDecision(ctx, d.ID, "us_2", t0.Add(2*time.Hour)); !errs.Is(err, errs.Conflict) {
		t.Errorf("ended twice: %v", err)
	}
	if _, err := tn.EndDecision(ctx, "de_none", "us_2", t0); !errs.Is(err, errs.NotFound) {
		t.Errorf("ended none: %v", err)
	}
	ds, err := tn.Decisions(ctx, t0.Add(time.Hour))
	if err != nil || len(ds) != 1 || ds[0].EndedBy != "us_2" || ds[0].Live(t0.Add(90*time.Minute)) {
		t.Fatalf("%+v %v", ds, err)
	}
}

func TestFlawsOfADay(t *testing.T) {
	db, _ := openTest(t)
	ctx := t.Context()
	for i, sev := range []string{"medium", "medium", "critical"} {
		if err := db.KeepFlaws(ctx, map[string]judge.Flaw{"CVE-2026-0001": {ID: "CVE-2026-0001", Severity: sev}}, t0.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	for h, want := range map[int]string{0: "medium", 1: "medium", 2: "critical", 9: "critical"} {
		got, err := db.FlawsAt(ctx, t0.Add(time.Duration(h)*time.Hour))
		if err != nil || got["CVE-2026-0001"].Severity != want {
			t.Errorf("after %d hours: %v %v", h, got, err)
		}
	}
	if got, err := db.FlawsAt(ctx, t0.Add(-time.Hour)); err != nil || len(got) != 0 {
		t.Errorf("before anybody knew: %v %v", got, err)
	}
}

func TestNamedThings(t *testing.T) {
	_, tn := openTest(t)
	ctx := t.Context()
	for i := range 3 {
		if err := tn.PutNamed(ctx, Views, fmt.Sprintf("view %d", i%2), map[string]int{"n": i}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ListNamed[map[string]int](ctx, tn, Views)
	if err != nil || len(got) != 2 || got[0]["n"] != 2 {
		t.Fatal(got, err)
	}
	if err := tn.DeleteNamed(ctx, Views, "view 0"); err != nil {
		t.Fatal(err)
	}
	if err := tn.DeleteNamed(ctx, Views, "view 0"); !errs.Is(err, errs.NotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	p := Progress{tn}
	if b, err := p.Load(ctx, "plan"); err != nil || b != nil {
		t.Errorf("nothing was kept: %q %v", b, err)
	}
	for _, s := range []string{"half", "more"} {
		if err := p.Save(ctx, "plan", []byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := p.Load(ctx, "plan"); err != nil || string(b) != "more" {
		t.Errorf("%q %v", b, err)
	}
	if err := p.Drop(ctx, "plan"); err != nil {
		t.Fatal(err)
	}
}
