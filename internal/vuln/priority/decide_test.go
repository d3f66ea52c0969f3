package priority

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
)

// published are the rows of CISA's table as CERT/CC publishes them, in its order: by
// exploitation, automatable, technical impact and mission.
const published = "track track track track track track* track track attend track track attend " +
	"track track track* track track* attend track track attend track track* attend " +
	"track track attend track attend act attend attend act attend act act"

func TestDecideIsThePublishedTree(t *testing.T) {
	rows := strings.Fields(published)
	i := 0
	for _, exploitation := range []string{"none", "poc", "active"} {
		for _, automatable := range []Answer{No, Yes} {
			for _, impact := range []string{"partial", "total"} {
				for _, c := range []asset.Criticality{asset.Minor, asset.Business, asset.Clinical} {
					got := Decide(Risk{Exploitation: exploitation, Automatable: automatable, TechnicalImpact: impact, Criticality: c})
					want := strings.ReplaceAll(rows[i], "*", "_closely")
					if got.Decision.String() != want {
						t.Errorf("row %d: %s %v %s %s gives %s, want %s", i, exploitation, automatable, impact, c, got.Decision, want)
					}
					if len(got.Path) != 4 {
						t.Errorf("row %d: the path has %d sentences, want one for each point: %q", i, len(got.Path), got.Path)
					}
					i++
				}
			}
		}
	}
	if i != len(rows) {
		t.Errorf("%d rows, want %d", i, len(rows))
	}
}

func TestDecideFillsWhatNobodySaid(t *testing.T) {
	for _, tt := range []struct {
		name string
		risk Risk
		want Points
	}{
		{"nothing is known", Risk{}, Points{Mission: 1}},
		{"the catalog outweighs an older assessment", Risk{Exploited: true, Exploitation: "none"}, Points{Exploitation: 2, Mission: 1}},
		{"a likely exploit counts as public", Risk{EPSS: 0.1}, Points{Exploitation: 1, Mission: 1}},
		{"one in eleven does not", Risk{EPSS: 0.09}, Points{Mission: 1}},
		{"the highest score can be automated", Risk{CVSS: 9.8}, Points{Automatable: 1, TechnicalImpact: 1, Mission: 1}},
		{"unless CISA says it cannot", Risk{CVSS: 9.8, Automatable: No}, Points{TechnicalImpact: 1, Mission: 1}},
		{"a medical device of which nobody said", Risk{Class: asset.Medical}, Points{Mission: 2}},
		{"one of which somebody said", Risk{Class: asset.Medical, Criticality: asset.Minor}, Points{}},
		{"the word for a severity", Risk{Severity: "important"}, Points{TechnicalImpact: 1, Mission: 1}},
	} {
		if got := Decide(tt.risk).Points; got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// hicp is HICP's table: Technical Volume 2, 7.M.D, Table 9.
var hicp = Times{
	Exposed: map[string]int{"critical": 14, "high": 30, "medium": 90, "low": 180},
	Inside:  map[string]int{"critical": 30, "high": 90, "medium": 180},
}

func day(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

func TestBy(t *testing.T) {
	seen := day("2026-11-01")
	for _, tt := range []struct {
		name string
		risk Risk
		want string
	}{
		{"reachable", Risk{Severity: "critical", FirstSeen: seen, InternetFacing: Yes}, "2026-11-15"},
		{"inside", Risk{Severity: "critical", FirstSeen: seen, InternetFacing: No}, "2026-12-01"},
		{"not known: the shorter time", Risk{Severity: "critical", FirstSeen: seen}, "2026-11-15"},
		{"CISA's day is earlier", Risk{Severity: "high", FirstSeen: seen, InternetFacing: No, Exploited: true, Due: day("2026-11-20")}, "2026-11-20"},
		{"CISA's day is later", Risk{Severity: "critical", FirstSeen: seen, InternetFacing: Yes, Exploited: true, Due: day("2027-01-01")}, "2026-11-15"},
		{"a day of a flaw that is not in the catalog", Risk{Severity: "critical", FirstSeen: seen, InternetFacing: Yes, Due: day("2026-11-02")}, "2026-11-15"},
		{"the table has no time for it", Risk{Severity: "low", FirstSeen: seen, InternetFacing: No}, ""},
		{"no severity, but CISA's day", Risk{FirstSeen: seen, Exploited: true, Due: day("2026-11-09")}, "2026-11-09"},
		{"the score tells the severity", Risk{CVSS: 9.1, FirstSeen: seen, InternetFacing: Yes}, "2026-11-15"},
		{"seen on no day", Risk{Severity: "critical", InternetFacing: Yes}, ""},
	} {
		got := By(tt.risk, hicp)
		s := ""
		if !got.By.IsZero() {
			s = got.By.Format(time.DateOnly)
		}
		if s != tt.want || got.Why == "" {
			t.Errorf("%s: %q (%s), want %q", tt.name, s, got.Why, tt.want)
		}
	}
}

// random makes a finding of any kind.
func random(r *rand.Rand) Risk {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	k := Risk{
		Flaw: "CVE-2026-1000", Exploited: r.IntN(3) == 0, Ransomware: r.IntN(4) == 0, EPSS: []float64{0, 0.05, 0.1, 0.6, r.Float64()}[r.IntN(5)],
		Exploitation: pick("", "none", "poc", "active"), Automatable: Answer(r.IntN(3)), TechnicalImpact: pick("", "partial", "total"),
		PublicExploit: Answer(r.IntN(3)), CVSS: []float64{0, 3, 5, 7.5, 9.8, 10}[r.IntN(6)], Severity: pick("", "info", "low", "medium", "high", "critical"),
		InternetFacing: Answer(r.IntN(3)), Criticality: asset.Criticality(pick("minor", "business", "clinical", "life_supporting")),
		Class: asset.Class(pick("server", "medical_device")), FixAvailable: Answer(r.IntN(3)), FirstSeen: day("2026-06-01").AddDate(0, 0, r.IntN(150)),
	}
	if r.IntN(2) == 0 {
		k.Due = day("2026-06-01").AddDate(0, 0, r.IntN(300))
	}
	return k
}

// raise makes one input graver and says which.
func raise(r *rand.Rand, k Risk) (Risk, string) {
	up := func(list []string, s string) string { return list[min(slices.Index(list, s)+1, len(list)-1)] }
	switch r.IntN(13) {
	case 0:
		k.Exploited = true
		return k, "exploited"
	case 1:
		k.Ransomware = true
		return k, "ransomware"
	case 2:
		k.EPSS += (1 - k.EPSS) * r.Float64()
		return k, "EPSS"
	case 3:
		k.Exploitation = up([]string{"", "none", "poc", "active"}, k.Exploitation)
		return k, "exploitation"
	case 4:
		k.Automatable = Yes
		return k, "automatable"
	case 5:
		if k.TechnicalImpact == "partial" || k.TechnicalImpact == "" {
			k.TechnicalImpact = "total"
		}
		return k, "technical impact"
	case 6:
		k.CVSS = min(10, k.CVSS+3*r.Float64())
		return k, "score"
	case 7:
		k.Severity = up([]string{"", "info", "low", "medium", "high", "critical"}, k.Severity)
		return k, "severity"
	case 8:
		k.InternetFacing = Yes
		return k, "reachable from the internet"
	case 9:
		k.Criticality = asset.Criticality(up([]string{"minor", "business", "clinical", "life_supporting"}, string(k.Criticality)))
		return k, "criticality"
	case 10:
		k.FirstSeen = k.FirstSeen.AddDate(0, 0, -1-r.IntN(60))
		return k, "age"
	case 11:
		k.PublicExploit = Yes
		return k, "public exploit"
	default:
		if !k.Due.IsZero() {
			k.Due = k.Due.AddDate(0, 0, -1-r.IntN(60))
		}
		return k, "CISA's day"
	}
}

// TestRaisingARiskNeverLowersTheRank is the promise of the order.
func TestRaisingARiskNeverLowersTheRank(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	moved := make(map[string]int)
	for range 200_000 {
		before := random(r)
		after, what := raise(r, before)
		c := Of(after, hicp).Compare(Of(before, hicp))
		if c > 0 {
			t.Fatalf("raising %s moved a finding down:\n%+v\n%+v", what, before, after)
		}
		if c < 0 {
			moved[what]++
		}
	}
	for _, what := range []string{
		"exploited", "ransomware", "EPSS", "exploitation", "automatable", "technical impact", "score", "severity", "reachable from the internet", "criticality", "age",
		"public exploit", "CISA's day",
	} {
		if moved[what] == 0 {
			t.Errorf("raising %s never moved a finding up: it counts for nothing", what)
		}
	}
}

// TestRankIsAnOrder checks what sorting relies on.
func TestRankIsAnOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		a, b, c := Of(random(r), hicp), Of(random(r), hicp), Of(random(r), hicp)
		if a.Compare(b) != -b.Compare(a) || a.Compare(a) != 0 {
			t.Fatalf("two findings are each before the other: %+v %+v", a, b)
		}
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 && a.Compare(c) > 0 {
			t.Fatalf("the order goes round: %+v %+v %+v", a, b, c)
		}
	}
}

func TestRankSaysWhy(t *testing.T) {
	got := strings.Join(Of(Risk{
		Exploited: true, Due: day("2026-12-01"), Ransomware: true, Severity: "critical", TechnicalImpact: "total", Criticality: asset.LifeSupporting,
		InternetFacing: Yes, FirstSeen: day("2026-11-30"),
	}, hicp).Why(), " ")
	for _, want := range []string{"as soon as possible", "known to be exploited", "Ransomware", "2026-12-01", "internet", "keeps patients alive"} {
		if !strings.Contains(got, want) {
			t.Errorf("the reasons %q lack %q", got, want)
		}
	}
}
