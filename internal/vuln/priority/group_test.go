package priority

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/pkgver"
)

func openssl(version string) Update {
	return Update{Name: "openssl", Version: version, Line: "Debian:12", Scheme: pkgver.Deb}
}

func TestPlanTakesTheNewestOfALine(t *testing.T) {
	var findings []Finding
	for i := range 63 {
		findings = append(findings, Finding{
			ID: fmt.Sprint("f", i), Asset: fmt.Sprint("machine ", i%41), Risk: Risk{Flaw: fmt.Sprint("CVE-2026-", 1000+i%3), Severity: "high", FirstSeen: day("2026-11-01")},
			Fixes: []Update{openssl([]string{"3.0.14-1~deb12u1", "3.0.15-1~deb12u1", "3.0.9-1"}[i%3])},
		})
	}
	got := Plan(findings, hicp, nil)
	if len(got) != 1 {
		t.Fatalf("%d groups, want one update for all: %+v", len(got), got)
	}
	g := got[0]
	if want := "update openssl to 3.0.15-1~deb12u1 on 41 machines; fixes 63 findings"; g.Title() != want {
		t.Errorf("title %q, want %q", g.Title(), want)
	}
	if len(g.Assets) != 41 || len(g.Flaws) != 3 || g.Open != 63 {
		t.Errorf("%d machines, %d flaws, %d open", len(g.Assets), len(g.Flaws), g.Open)
	}
}

func TestPlanKeepsLinesApart(t *testing.T) {
	other := openssl("1.1.1w-0+deb11u2")
	other.Line = "Debian:11"
	got := Plan([]Finding{
		{ID: "1", Asset: "a", Fixes: []Update{openssl("3.0.15-1~deb12u1")}},
		{ID: "2", Asset: "b", Fixes: []Update{other}},
	}, hicp, nil)
	if len(got) != 2 {
		t.Errorf("%d groups, want one for each release: no update of one mends the other", len(got))
	}
}

func TestPlanCollapsesMicrosoftsUpdates(t *testing.T) {
	replaces := func(a, b string) bool { return a > b && a != "KB9" && b != "KB9" } // a chain, and one beside it
	kb := func(n string) Update { return Update{Name: n, Line: "windows 10 22h2"} }
	got := Plan([]Finding{
		{ID: "1", Asset: "a", Risk: Risk{Flaw: "CVE-2026-1001"}, Fixes: []Update{kb("KB1")}},
		{ID: "2", Asset: "a", Risk: Risk{Flaw: "CVE-2026-1002"}, Fixes: []Update{kb("KB2")}},
		{ID: "3", Asset: "b", Risk: Risk{Flaw: "CVE-2026-1003"}, Fixes: []Update{kb("KB3"), kb("KB9")}},
		{ID: "4", Asset: "b", Risk: Risk{Flaw: "CVE-2026-1004"}},
	}, hicp, replaces)
	if len(got) != 2 {
		t.Fatalf("%d groups, want the newest cumulative update and what none mends", len(got))
	}
	at := slices.IndexFunc(got, func(g Group) bool { return g.Update.Name == "KB3" })
	if at < 0 || len(got[at].Findings) != 3 {
		t.Errorf("got %+v, want KB3 to mend three", got)
	}
	rest := got[1-at]
	if !strings.HasPrefix(rest.Title(), "No update is known for 1 finding on 1 machine") {
		t.Errorf("title %q", rest.Title())
	}
}

func TestPlanShowsCompensatedAsNotFixed(t *testing.T) {
	urgent := Risk{Flaw: "CVE-2026-1", Exploited: true, Severity: "critical", TechnicalImpact: "total", Criticality: "life_supporting"}
	got := Plan([]Finding{
		{ID: "1", Asset: "pump", Risk: urgent, State: Compensated, Fixes: []Update{{Name: "pump", Version: "2"}}},
		{ID: "2", Asset: "pc", Risk: Risk{Flaw: "CVE-2026-2", Severity: "low"}, Fixes: []Update{{Name: "app", Version: "2"}}},
		{ID: "3", Asset: "pc", Risk: urgent, State: Fixed, Fixes: []Update{{Name: "gone", Version: "2"}}},
	}, hicp, nil)
	if len(got) != 2 || got[0].Update.Name != "app" || got[1].Update.Name != "pump" {
		t.Fatalf("got %+v, want what is open first, what is compensated behind it, and nothing of what is fixed", got)
	}
	if got[1].Open != 0 || !strings.Contains(strings.Join(got[1].Why, " "), "compensated, not fixed") {
		t.Errorf("%d open, %q", got[1].Open, got[1].Why)
	}
}

// TestCoverIsTheFewest compares with trying every choice.
func TestCoverIsTheFewest(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 3000 {
		sets, elements := make([][]int, 1+r.IntN(9)), 1+r.IntN(9)
		all := make(map[int]bool)
		for s := range sets {
			for e := range elements {
				if r.IntN(3) == 0 {
					sets[s] = append(sets[s], e)
					all[e] = true
				}
			}
		}
		better := func(a, b int) bool { return a > b }
		got := cover(sets, elements, better)
		has := make(map[int]bool)
		for _, s := range got {
			for _, e := range sets[s] {
				has[e] = true
			}
		}
		if len(has) != len(all) {
			t.Fatalf("%v by %v has %d of %d elements", sets, got, len(has), len(all))
		}
		best := len(sets)
		for m := range 1 << len(sets) {
			n, seen := 0, make(map[int]bool)
			for s := range sets {
				if m>>s&1 == 1 {
					n++
					for _, e := range sets[s] {
						seen[e] = true
					}
				}
			}
			if len(seen) == len(all) {
				best = min(best, n)
			}
		}
		if len(got) != best {
			t.Fatalf("%v: %v, but %d sets are enough", sets, got, best)
		}
	}
}

// TestPlanMendsEverything checks whatever the size that each finding is in exactly one
// group, whose update mends it.
func TestPlanMendsEverything(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var findings []Finding
	for i := range 3000 {
		f := Finding{ID: fmt.Sprint(i), Asset: fmt.Sprint(r.IntN(200)), Risk: random(r), State: State(r.IntN(2))}
		for range r.IntN(3) {
			f.Fixes = append(f.Fixes, Update{Name: fmt.Sprint("KB", 5000000+r.IntN(60))})
		}
		findings = append(findings, f)
	}
	replaces := func(a, b string) bool { return a[len(a)-1] == b[len(b)-1] && a > b }
	groups := Plan(findings, hicp, replaces)
	seen := make(map[string]bool)
	for _, g := range groups {
		for _, f := range g.Findings {
			if seen[f.ID] {
				t.Fatalf("finding %s is in two groups", f.ID)
			}
			seen[f.ID] = true
			ok := g.Update == (Update{}) && len(f.Fixes) == 0
			for _, u := range f.Fixes {
				ok = ok || u == g.Update || replaces(g.Update.Name, u.Name)
			}
			if !ok {
				t.Fatalf("%s does not mend %+v", g.Update, f)
			}
		}
	}
	if len(seen) != len(findings) {
		t.Errorf("%d of %d findings are in the plan", len(seen), len(findings))
	}
	if !slices.IsSortedFunc(groups, compareGroups) {
		t.Error("the groups are not in their order")
	}
}

// BenchmarkPlan groups 20,000 made-up findings of 500 packages.
func BenchmarkPlan(b *testing.B) {
	r := rand.New(rand.NewPCG(9, 10))
	findings := make([]Finding, 20_000)
	for i := range findings {
		findings[i] = Finding{
			ID: fmt.Sprint(i), Asset: fmt.Sprint(r.IntN(1000)), Risk: random(r),
			Fixes: []Update{{Name: fmt.Sprint("package", r.IntN(500)), Version: fmt.Sprint("1.", r.IntN(5)), Line: "Debian:12", Scheme: pkgver.Deb}},
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		Plan(findings, hicp, nil)
	}
}
