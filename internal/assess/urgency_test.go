package assess

import (
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln/priority"
)

func TestUrgency(t *testing.T) {
	first := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	times := priority.Times{Exposed: map[string]int{"critical": 14}, Inside: map[string]int{"critical": 30}}
	s := setOf(
		resource(fact.KindAsset, "as_1", "", src("cmdb"), fact.Values{"criticality": "life_supporting", "zone": "wards"}),
		resource(fact.KindVulnerability, "as_1/a", "as_1", src("nessus"), fact.Values{
			"severity": "critical", "first_seen_at": first, "internet_facing": false, "known_exploited": true, "automatable": true, "technical_impact": "total",
		}),
		resource(fact.KindVulnerability, "as_1/b", "as_1", src("nessus"), fact.Values{"severity": "critical", "first_seen_at": first, "known_exploited": true, "known_exploited_due_at": first.AddDate(0, 0, 3)}),
		resource(fact.KindVulnerability, "as_1/c", "as_1", src("nessus"), fact.Values{"severity": "low", "first_seen_at": first}),
	)
	Urgency(&s, times)
	for id, want := range map[string]struct {
		decision string
		by       time.Time
	}{
		"as_1/a": {"act", first.AddDate(0, 0, 30)},
		"as_1/b": {"act", first.AddDate(0, 0, 3)},
		"as_1/c": {"track", time.Time{}},
	} {
		r := s.Find(fact.KindVulnerability, id)
		if r.Text("decision") != want.decision || !r.When("fix_by_at").Equal(want.by) || r.Text("zone") != "wards" {
			t.Errorf("%s: %s by %s in %s, want %s by %s", id, r.Text("decision"), r.When("fix_by_at"), r.Text("zone"), want.decision, want.by)
		}
	}
	if s.Find(fact.KindVulnerability, "as_1/c").Missing["fix_by_at"].Why == "" {
		t.Error("a finding without a day does not say why")
	}
}
