package judge

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/fact"
)

var (
	t0   = time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	scan = fact.Origin{Stream: "import/nessus", Title: "Nessus scan", ObservedAt: t0.Add(-48 * time.Hour), Assurance: fact.Imported}
)

func values(o fact.Origin, vs fact.Values) map[string]fact.Value {
	out := make(map[string]fact.Value)
	for n, v := range vs {
		out[n] = fact.Value{V: v, Origin: o}
	}
	return out
}

func res(kind fact.Kind, id, asset string, o fact.Origin, vs fact.Values) *fact.Resource {
	return &fact.Resource{Kind: kind, ID: id, Asset: asset, Values: values(o, vs)}
}

// table is an engine over a map of package names.
type table map[string]Answer

func (table) Feed() Feed                                                 { return Feed{ID: "f1", BuiltAt: t0.Add(-time.Hour)} }
func (e table) Component(c *fact.Component) Answer                       { return e[c.Name] }
func (table) System(*fact.Resource) Answer                               { return Answer{} }
func (table) Device(*fact.Resource) ([]Match, []ToCheck)                 { return nil, nil }
func (table) SystemSupport(*fact.Resource, time.Time) (Support, bool)    { return Support{}, false }
func (table) SoftwareSupport(*fact.Component, time.Time) (Support, bool) { return Support{}, false }
func (table) Flaw(string) (Flaw, bool)                                   { return Flaw{}, false }
func (table) Advisories(string) []Advisory                               { return nil }
func (table) ExplainAsset(string, *fact.Resource) []AssetExplanation     { return nil }
func (table) Explain(string, *fact.Component) (Explanation, bool)        { return Explanation{}, false }

func TestNewestListSpeaksForTheSystem(t *testing.T) {
	in := Inventory{
		Set: &fact.Set{Resources: map[fact.Kind][]*fact.Resource{fact.KindAsset: {res(fact.KindAsset, "as_1", "", scan, nil)}}},
		Components: map[int64]fact.Component{
			1: {Ecosystem: "deb", Name: "openssl", Version: "1"}, 2: {Ecosystem: "deb", Name: "openssl", Version: "2"},
			3: {Ecosystem: "npm", Name: "left-pad", Version: "1"}, 4: {Ecosystem: "deb", Name: "removed", Version: "1"},
		},
		Lists: []List{
			{Asset: "as_1", ObservedAt: t0.Add(-time.Hour * 24 * 90), Components: []int64{1, 3, 4}},
			{Asset: "as_1", ObservedAt: t0, Components: []int64{2}},
		},
	}
	if got := in.Software()["as_1"]; !slices.Equal(got, []int64{2, 3}) {
		t.Fatalf("components %v: of Debian the newest list alone, of npm all", got)
	}
	e := table{
		"openssl":  {Spoke: true, Matches: []Match{{Flaw: "CVE-2024-0001", Advisories: []string{"DSA-1"}, By: "package", Software: []Piece{{Name: "openssl", Version: "2", Fixed: "3"}}}}},
		"left-pad": {Spoke: true, Why: "no advisories for npm in the feed", About: "npm"},
	}
	var cache Cache
	f := in.Judge(e, &cache, t0)["as_1"]
	if f == nil || f.Assessed != 1 || f.NotAssessed() != 1 || len(f.Matches) != 1 || f.Gaps[0].Ecosystem != "npm" {
		t.Fatalf("%+v", f)
	}
	if again := in.Judge(e, &cache, t0)["as_1"]; !reflect.DeepEqual(f, again) {
		t.Error("judging again says something else")
	}
}

func TestCarryKeepsTheDate(t *testing.T) {
	before := Findings{Matches: []Match{{Flaw: "CVE-1", Since: t0.Add(-time.Hour)}, {Flaw: "CVE-2", Since: t0.Add(-time.Hour)}}}
	now := Findings{Matches: []Match{{Flaw: "CVE-3"}, {Flaw: "CVE-2"}}}
	opened, closed := Carry(&now, before, t0)
	if opened != 1 || len(closed) != 1 || closed[0].Flaw != "CVE-1" {
		t.Fatalf("opened %d, closed %v", opened, closed)
	}
	if !now.Matches[0].Since.Equal(t0.Add(-time.Hour)) || !now.Matches[1].Since.Equal(t0) {
		t.Errorf("%+v", now.Matches)
	}
}

// world is one machine with a flaw that a scanner, another scanner and we see.
func world() (*fact.Set, *Known) {
	set := &fact.Set{Resources: map[fact.Kind][]*fact.Resource{
		fact.KindAsset: {res(fact.KindAsset, "as_1", "", scan, fact.Values{"name": "ehr-db-01", "class": "server"})},
		fact.KindVulnerability: {
			res(fact.KindVulnerability, "as_1/nessus:9:0", "as_1", scan, fact.Values{
				"title": "Patch day", "cves": []string{"CVE-2024-0001", "CVE-2024-0002"}, "scanner": "Nessus", "scanner_id": "9", "severity": "high", "status": "open",
				"first_seen_at": t0.Add(-72 * time.Hour), "last_seen_at": t0.Add(-48 * time.Hour),
			}),
			res(fact.KindVulnerability, "as_1/trivy:x", "as_1", scan, fact.Values{
				"title": "x", "cves": []string{}, "aliases": []string{"GHSA-aaaa-bbbb-cccc"}, "scanner": "Trivy", "severity": "critical", "status": "open",
			}),
			res(fact.KindVulnerability, "as_1/nessus:10:22", "as_1", scan, fact.Values{"title": "SSH offers CBC", "scanner": "Nessus", "scanner_id": "10", "severity": "low", "status": "open"}),
		},
	}}
	k := &Known{
		Feed: Feed{ID: "f1", BuiltAt: t0.Add(-time.Hour), Exploited: true}, JudgedAt: t0,
		Found: map[string]Findings{"as_1": {Assessed: 10, Gaps: []Gap{{Ecosystem: "npm", Why: "none", Count: 3}}, Matches: []Match{{
			Flaw: "CVE-2024-0001", Advisories: []string{"DSA-1"}, By: "package", Since: t0.Add(-24 * time.Hour),
			Software: []Piece{{Name: "openssl", Version: "3.0.1", Fixed: "3.0.2"}},
		}}}},
		Listed: map[string]time.Time{"as_1": t0.Add(-10 * time.Minute)},
		Flaws: map[string]Flaw{"CVE-2024-0001": {
			ID: "CVE-2024-0001", Aliases: []string{"GHSA-aaaa-bbbb-cccc"}, Title: "Buffer overflow", Severity: "medium", HasEPSS: true, EPSS: 0.4,
			Exploited: &advisory.Exploited{CVE: "CVE-2024-0001", Due: t0.Add(240 * time.Hour)},
		}},
	}
	return set, k
}

func TestOneFlawOfThreeToolsIsOneFinding(t *testing.T) {
	set, k := world()
	before := len(set.Resources[fact.KindVulnerability])
	out := Join(set, k)
	if len(set.Resources[fact.KindVulnerability]) != before {
		t.Fatal("the set given was changed")
	}
	var ids []string
	for _, r := range out.Resources[fact.KindVulnerability] {
		ids = append(ids, r.ID)
	}
	if want := []string{"as_1/CVE-2024-0001", "as_1/CVE-2024-0002", "as_1/nessus:10:22"}; !slices.Equal(ids, want) {
		t.Fatalf("findings %v, want %v", ids, want)
	}
	r := out.Find(fact.KindVulnerability, "as_1/CVE-2024-0001")
	if w, _ := r.Get("witnesses").([]string); len(w) != 3 || !strings.HasPrefix(w[0], "advisories: DSA-1") {
		t.Errorf("witnesses %v", w)
	}
	for name, want := range map[string]any{
		"title": "Buffer overflow", "severity": "critical", "component": "openssl", "fixed_version": "3.0.2", "known_exploited": true,
		"first_seen_at": t0.Add(-72 * time.Hour), "last_seen_at": t0, "status": "open", "epss": 0.4,
	} {
		if !fact.Equal(r.Get(name), want) {
			t.Errorf("%s is %v, want %v", name, r.Get(name), want)
		}
	}
	if other := out.Find(fact.KindVulnerability, "as_1/CVE-2024-0002"); other.Get("known_exploited") != nil {
		t.Error("a flaw that the feed does not know is not known to be unexploited")
	}
	a := out.Resources[fact.KindAsset][0]
	if a.Get("software_assessed") != int64(10) || a.Get("software_not_assessed") != int64(3) {
		t.Errorf("%+v", a.Values)
	}
	if at := a.When("software_assessed_at"); !at.Equal(k.Feed.BuiltAt) {
		t.Errorf("assessed at %s: no newer than the advisories", at)
	}
}

func TestWithoutAFeedNothingIsClean(t *testing.T) {
	set, _ := world()
	a := Join(set, &Known{}).Resources[fact.KindAsset][0]
	if _, ok := a.Values["software_assessed"]; ok || a.Missing["software_assessed"].Why == "" {
		t.Errorf("%+v", a.Missing)
	}
}

func TestDecisions(t *testing.T) {
	good := Decision{ID: "de_1", Kind: Accept, Flaw: "CVE-2024-0001", Reason: "The port is closed by the firewall.", By: "us_1", At: t0.Add(-time.Hour), Until: t0.Add(24 * time.Hour)}
	for name, change := range map[string]func(*Decision){
		"":                 func(*Decision) {},
		"other flaw":       func(d *Decision) { d.Flaw = "CVE-2024-0003" },
		"other software":   func(d *Decision) { d.Software = "zlib*" },
		"other version":    func(d *Decision) { d.Version = "3.0.0" },
		"other group":      func(d *Decision) { d.Group = "class=workstation" },
		"its software":     func(d *Decision) { d.Software = "OpenSSL" },
		"its group":        func(d *Decision) { d.Group = "class=server" },
		"the asset itself": func(d *Decision) { d.Group = "as_1" },
	} {
		set, k := world()
		d := good
		change(&d)
		if err := d.Check(t0.Add(-time.Hour)); err != nil {
			t.Fatal(name, err)
		}
		k.Decisions = []Decision{d}
		got := Join(set, k).Find(fact.KindVulnerability, "as_1/CVE-2024-0001").Text("disposition")
		if want := map[bool]string{true: "", false: "accepted"}[strings.HasPrefix(name, "other")]; got != want {
			t.Errorf("%s: disposition %q, want %q", name, got, want)
		}
	}
	for name, change := range map[string]func(*Decision){
		"no flaw": func(d *Decision) { d.Flaw = "" }, "no reason": func(d *Decision) { d.Reason = "ok" }, "past": func(d *Decision) { d.Until = t0.Add(-2 * time.Hour) },
		"forever": func(d *Decision) { d.Until = t0.AddDate(3, 0, 0) }, "no control": func(d *Decision) { d.Kind = Compensate }, "group": func(d *Decision) { d.Group = "nonsense" },
		"kind": func(d *Decision) { d.Kind = "ignore" },
	} {
		d := good
		change(&d)
		if d.Check(t0) == nil {
			t.Errorf("%s: it can stand", name)
		}
	}
	if !good.Live(t0) || good.Live(good.Until) {
		t.Error("a decision is live until its end")
	}
}
