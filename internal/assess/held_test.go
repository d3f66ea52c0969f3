package assess

import (
	"testing"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln/priority"
)

// TestCompensationsLowerAndDoNotClose holds findings that a decision compensates against
// the same without.
func TestCompensationsLowerAndDoNotClose(t *testing.T) {
	grave := func(id string, more fact.Values) *fact.Resource {
		vs := fact.Values{"severity": "critical", "status": "open", "first_seen_at": day(-3), "internet_facing": false, "known_exploited": true, "automatable": true, "technical_impact": "total"}
		for k, v := range more {
			vs[k] = v
		}
		return resource(fact.KindVulnerability, id, "pump", src("nessus"), vs)
	}
	by := func(control string) fact.Values {
		return fact.Values{"disposition": "compensated", "compensation": control, "disposition_at": day(-1), "disposition_until_at": day(60)}
	}
	reachable := by("isolation")
	reachable["internet_facing"] = true
	accepted := by("isolation")
	accepted["disposition"] = "accepted"
	s := setOf(
		resource(fact.KindAsset, "pump", "", src("cmdb"), fact.Values{"criticality": "life_supporting", "zone": "medical"}),
		grave("accepted", accepted), grave("isolated", by("isolation")), grave("open", nil), grave("other", by("other")), grave("patched", by("virtual_patch")), grave("reachable", reachable),
	)
	Urgency(&s, priority.Times{Exposed: map[string]int{"critical": 14}, Inside: map[string]int{"critical": 30}})
	for id, want := range map[string]string{"open": "act", "isolated": "attend", "patched": "attend", "reachable": "act", "other": "act", "accepted": "act"} {
		r := s.Find(fact.KindVulnerability, id)
		if got := r.Text("decision"); got != want || r.Text("status") != "open" {
			t.Errorf("%s: %s and %s, want %s and open", id, got, r.Text("status"), want)
		}
		if r.When("fix_by_at").IsZero() {
			t.Errorf("%s: the day it is to be mended by is gone", id)
		}
	}
}
