package app

import (
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
)

// TestTodayWarns: what is past its day or exploited stands on Today, and what is
// neither does not.
func TestTodayWarns(t *testing.T) {
	ctx := t.Context()
	a := openBench(t)
	p, err := a.Default(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	who := access.Command(p.ID, "test")
	if today, err := (reader{a}).Today(ctx, who); err != nil || len(today.Alerts) != 0 {
		t.Fatalf("an empty hospital is warned: %+v, %v", today, err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	key, _ := asset.NewKey(asset.Serial, "5CG1234XYZ")
	found := func(flaw, severity string, days int, exploited bool) fact.Fact {
		return fact.Fact{Kind: fact.KindVulnerability, Asset: "a", Key: flaw, Values: fact.Values{
			"title": flaw, "severity": severity, "cves": []string{flaw}, "status": "open",
			"first_seen_at": now.AddDate(0, 0, -days), "known_exploited": exploited,
		}}
	}
	scanner := found("nessus:9990:0", "high", 1, true)
	scanner.Values["title"], scanner.Values["cves"] = "Telnet answers without a password", []string{}
	b := &fact.Batch{
		Stream: fact.Stream{ID: "import/scan", Title: "scan"}, Assurance: fact.Imported, ObservedAt: now,
		Sightings: []fact.Sighting{{Ref: "a", Keys: []asset.Key{key}, Values: fact.Values{"name": "ws-9", "class": "workstation", "internet_facing": true}}},
		Facts:     []fact.Fact{scanner, found("CVE-2024-0001", "critical", 400, false), found("CVE-2024-0002", "critical", 1, true), found("CVE-2024-0003", "low", 1, false)},
	}
	if _, err := a.IngestBatch(ctx, p.ID, b, sqlstore.Delivery{Actor: "test", Now: now}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.AssessNow(ctx, p.ID, "test", "test"); err != nil {
		t.Fatal(err)
	}
	today, err := reader{a}.Today(ctx, who)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, x := range today.Alerts {
		got[x.ID] = x.Text
	}
	if s := got["past_due"]; !strings.HasPrefix(s, "1 finding is past the day to mend it by, on 1 device;") {
		t.Errorf("past due: %q", s)
	}
	if s := got["exploited"]; s != "2 open findings are known to be exploited by attackers: CVE-2024-0002, Telnet answers without a password." {
		t.Errorf("exploited: %q", s)
	}
	if s, ok := got["feed_stale"]; ok {
		t.Errorf("no feed was ever in force, yet: %q", s)
	}
}
