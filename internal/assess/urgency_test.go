package assess

import (
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

func TestDecide(t *testing.T) {
	pump := resource(fact.KindAsset, "as_1", "", src("cmdb"), fact.Values{"criticality": "life_supporting"})
	desk := resource(fact.KindAsset, "as_2", "", src("cmdb"), fact.Values{"criticality": "minor"})
	for _, tt := range []struct {
		name string
		vs   fact.Values
		on   *fact.Resource
		want string
	}{
		{"exploited and automatable on what keeps people alive", fact.Values{"known_exploited": true, "automatable": true, "technical_impact": "total"}, pump, act},
		{"the same on a desk", fact.Values{"known_exploited": true, "automatable": true, "technical_impact": "total"}, desk, attend},
		{"nobody exploits it", fact.Values{"exploitation": "none", "automatable": false, "technical_impact": "partial"}, pump, track},
		{"a proof of concept, total impact", fact.Values{"exploitation": "poc", "automatable": false, "technical_impact": "total"}, pump, attend},
		{"CISA's catalog outweighs older points", fact.Values{"exploitation": "none", "known_exploited": true, "automatable": false, "technical_impact": "total"}, pump, act},
		{"without points, an exploit at hand", fact.Values{"exploit_available": true, "severity": "high"}, pump, attend},
		{"without anything", fact.Values{}, nil, track},
	} {
		if got := decide(resource(fact.KindVulnerability, "v", "as_1", src("nessus"), tt.vs), tt.on); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if len(ssvc) != 12 {
		t.Errorf("the tree has %d branches, want all 12", len(ssvc))
	}
}

// TestUrgencyNeverFallsWithRisk raises each input and holds that the answer
// never becomes less urgent.
func TestUrgencyNeverFallsWithRisk(t *testing.T) {
	rank := map[string]int{track: 0, trackClosely: 1, attend: 2, act: 3}
	for _, e := range []string{"none", "poc", "active"} {
		for _, au := range []string{"no", "yes"} {
			for _, ti := range []string{"partial", "total"} {
				row := ssvc[[3]string{e, au, ti}]
				for m := 1; m < 3; m++ {
					if rank[row[m]] < rank[row[m-1]] {
						t.Errorf("%s %s %s: more hangs on it and it is less urgent", e, au, ti)
					}
				}
				for m := range 3 {
					if next := ssvc[[3]string{e, "yes", ti}][m]; rank[next] < rank[row[m]] {
						t.Errorf("%s %s %s: automatable is less urgent", e, au, ti)
					}
					if next := ssvc[[3]string{e, au, "total"}][m]; rank[next] < rank[row[m]] {
						t.Errorf("%s %s %s: total impact is less urgent", e, au, ti)
					}
					for _, worse := range map[string][]string{"none": {"poc", "active"}, "poc": {"active"}}[e] {
						if next := ssvc[[3]string{worse, au, ti}][m]; rank[next] < rank[row[m]] {
							t.Errorf("%s %s %s: %s is less urgent", e, au, ti, worse)
						}
					}
				}
			}
		}
	}
}

func TestFixBy(t *testing.T) {
	times := FixTimes{Exposed: map[string]int64{"critical": 14}, Inside: map[string]int64{"critical": 30}}
	first := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		vs   fact.Values
		want time.Time
	}{
		{"exposed", fact.Values{"severity": "critical", "first_seen_at": first, "internet_facing": true}, first.AddDate(0, 0, 14)},
		{"inside", fact.Values{"severity": "critical", "first_seen_at": first, "internet_facing": false}, first.AddDate(0, 0, 30)},
		{"nobody knows", fact.Values{"severity": "critical", "first_seen_at": first}, first.AddDate(0, 0, 14)},
		{"CISA asks sooner", fact.Values{"severity": "critical", "first_seen_at": first, "known_exploited_due_at": first.AddDate(0, 0, 5)}, first.AddDate(0, 0, 5)},
		{"no time is set", fact.Values{"severity": "low", "first_seen_at": first}, time.Time{}},
	} {
		got, ok := times.by(resource(fact.KindVulnerability, "v", "as_1", src("nessus"), tt.vs))
		if !got.Equal(tt.want) || ok == tt.want.IsZero() {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
