package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/feed"
	"github.com/asepsis/asepsis/internal/judge"
)

// wards is a document about a pump whose versions are in words; it is made up.
const wards = `{"document": {"category": "csaf_security_advisory", "csaf_version": "2.0", "title": "Northwind Drift", "publisher": {"name": "CISA", "category": "coordinator"},
  "tracking": {"id": "ICSMA-99-002-01", "initial_release_date": "2026-01-01T00:00:00Z", "current_release_date": "2026-02-01T00:00:00Z"}},
 "product_tree": {"branches": [{"category": "vendor", "name": "Northwind Medical", "branches": [{"category": "product_name", "name": "Drift Pump", "branches": [
   {"category": "product_version_range", "name": "shipped before the spring", "product": {"product_id": "P1", "name": "Drift Pump"}}]}]}]},
 "vulnerabilities": [{"cve": "CVE-2099-2000", "product_status": {"known_affected": ["P1"]}}]}`

// putInForce builds a feed of sources, signs it and puts it in force.
func putInForce(t *testing.T, a *App, sources map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range sources {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key, public, err := a.FeedSigner("feeds.example.org")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.TrustFeedKey(public, "Tester"); err != nil {
		t.Fatal(err)
	}
	b, err := feed.Build(t.Context(), feed.Sources{Paths: []string{dir}}, feed.Options{Now: time.Now().UTC(), Key: key})
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	if err := feed.Publish(out, b, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := a.UpdateFeed(t.Context(), out, false, nil); err != nil {
		t.Fatal(err)
	}
}

// TestDeviceToCompare: a device whose software nobody lists is asked about where an
// advisory about its model is to be compared by hand, and the reason is given.
func TestDeviceToCompare(t *testing.T) {
	ctx := t.Context()
	a := openBench(t)
	p, err := a.Default(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	putInForce(t, a, map[string]string{"icsma.json": wards})
	devices := "name,serial,manufacturer,model,class\nPUMP-1,NW-0001,Northwind Medical,Drift Pump,infusion pump\n"
	if _, err := a.Bring(ctx, p.ID, "test", file("devices.csv", devices), "", false); err != nil {
		t.Fatal(err)
	}
	if _, err := a.AssessNow(ctx, p.ID, "test", "test"); err != nil {
		t.Fatal(err)
	}
	inv, who := inventory{a}, access.Command(p.ID, "test")
	d, err := inv.Flaw(ctx, who, "CVE-2099-2000")
	if err != nil {
		t.Fatal(err)
	}
	if len(d.ToCheck) != 1 || d.Answer != "not_assessed" || !strings.Contains(d.Say, "1 device may be affected") {
		t.Errorf("the pump is not asked about: %q, %q, to check %+v", d.Answer, d.Say, d.ToCheck)
	}
	y, err := inv.FlawWhy(ctx, who, "CVE-2099-2000", "PUMP-1")
	if err != nil {
		t.Fatal(err)
	}
	if len(y.Lines) != 1 || y.Lines[0].Verdict != "not_assessed" || y.Lines[0].Advisory != "ICSMA-99-002-01" {
		t.Errorf("why: %+v", y.Lines)
	}
}

// TestGroupIsDueWithItsFirst: an update is due when the first of what it mends is due,
// whichever of it is the most urgent.
func TestGroupIsDueWithItsFirst(t *testing.T) {
	now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	finding := func(id string, by time.Time) *fact.Resource {
		return &fact.Resource{Kind: fact.KindVulnerability, ID: id, Asset: "as_1", Values: map[string]fact.Value{"fix_by_at": {V: by}, "severity": {V: "high"}}}
	}
	v := &view{at: now, set: &fact.Set{Resources: map[fact.Kind][]*fact.Resource{}}}
	urgent := &todo{findings: []*fact.Resource{finding("as_1/CVE-2026-1", now.AddDate(0, 0, 14)), finding("as_1/CVE-2020-1", now.AddDate(-2, 0, 0))}}
	urgent.rank.Deadline.By = now.AddDate(0, 0, 14)
	if g := v.group(urgent); g.FixBy == nil || !g.FixBy.Equal(now.AddDate(-2, 0, 0)) || !strings.Contains(strings.Join(g.Why, " "), "past due") {
		t.Errorf("due %v, because %v; want two years ago", g.FixBy, g.Why)
	}
}

// TestClockBehindFeed: by a clock that stands before the advisories were built they
// count as stale wherever they are named.
func TestClockBehindFeed(t *testing.T) {
	built := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	r, err := openBench(t).rules()
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]bool{built.AddDate(-2, 0, 0): true, built.Add(-time.Hour): false, built.AddDate(0, 0, 1): false, built.AddDate(0, 0, 30): true} {
		v := &view{at: at, known: &judge.Known{Feed: judge.Feed{ID: "f", BuiltAt: built}}, rules: r}
		if got := v.feed(); got.Stale != want {
			t.Errorf("at %s: stale %v, want %v", at, got.Stale, want)
		}
	}
}
