package native

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
	"github.com/asepsis/asepsis/internal/feed/record/recordtest"
	"github.com/asepsis/asepsis/internal/pkgver"
)

type r = advisory.Range

const gemScheme = pkgver.Gem

func TestGemRequirements(t *testing.T) {
	for name, c := range map[string]struct {
		good []string
		want []r
	}{
		"one":         {[]string{">= 4.3.0"}, []r{{Fixed: "4.3.0"}}},
		"branches":    {[]string{"~> 3.2.5", ">= 4.0.1"}, []r{{Fixed: "3.2.5"}, {Introduced: "3.3", Fixed: "4.0.1"}}},
		"unaffected":  {[]string{">= 2.0", "< 1.0"}, []r{{Introduced: "1.0", Fixed: "2.0"}}},
		"two bounds":  {[]string{">= 1.2, < 2", "> 3"}, []r{{Fixed: "1.2"}, {Introduced: "2", LastAffected: "3"}}},
		"overlapping": {[]string{">= 1.0, <= 2.0", ">= 1.5, < 3.0", ">= 4"}, []r{{Fixed: "1.0"}, {Introduced: "3.0", Fixed: "4"}}},
		"exact":       {[]string{"1.0"}, []r{{Fixed: "1.0"}, {Introduced: "1.0", AfterIntroduced: true}}},
		"all":         {[]string{">= 0", "< 5"}, nil},
	} {
		set, ok := parseAll(gemScheme, c.good, gemSyntax)
		if !ok {
			t.Errorf("%s: not understood", name)
			continue
		}
		got, ok := set.complement().ranges()
		if d := cmp.Diff(c.want, got); d != "" || !ok {
			t.Errorf("%s: %v, (-want +got)\n%s", name, ok, d)
		}
	}
	for _, s := range []string{"~> x", "in some", ">= ", "!= 2"} {
		if _, ok := gemSyntax(s); ok {
			t.Errorf("%q is taken as understood", s)
		}
	}
}

func TestNPMRanges(t *testing.T) {
	for s, want := range map[string][]r{
		"<=1.5.1":            {{LastAffected: "1.5.1"}},
		">=1.0.0 <2.0.0":     {{Introduced: "1.0.0", Fixed: "2.0.0"}},
		">= 1.0.0 < 2.0.0":   {{Introduced: "1.0.0", Fixed: "2.0.0"}},
		"8.x || 6.x":         {{Introduced: "6.0.0", Fixed: "7.0.0"}, {Introduced: "8.0.0", Fixed: "9.0.0"}},
		"^1.2.3":             {{Introduced: "1.2.3", Fixed: "2.0.0"}},
		"^0.2.3":             {{Introduced: "0.2.3", Fixed: "0.3.0"}},
		"^0.0.3":             {{Introduced: "0.0.3", Fixed: "0.0.4"}},
		"~1.2.3":             {{Introduced: "1.2.3", Fixed: "1.3.0"}},
		"1.0.0 - 2.0.0":      {{Introduced: "1.0.0", LastAffected: "2.0.0"}},
		">1.2":               {{Introduced: "1.3.0"}},
		"<=2":                {{Fixed: "3.0.0"}},
		"1.2.3":              {{Introduced: "1.2.3", LastAffected: "1.2.3"}},
		"*":                  {{}},
		"<1.0.0 || >=1.0.0":  {{}},
		"<= 99.999.99999":    {{LastAffected: "99.999.99999"}},
		"v9.9.9 || >=10.0.0": {{Introduced: "9.9.9", LastAffected: "9.9.9"}, {Introduced: "10.0.0"}},
	} {
		set, ok := npmSyntax(s)
		if !ok {
			t.Errorf("%q is not understood", s)
			continue
		}
		got, ok := set.ranges()
		if d := cmp.Diff(want, got); d != "" || !ok {
			t.Errorf("%q: %v, (-want +got)\n%s", s, ok, d)
		}
	}
	for _, s := range []string{"latest", "some", "1.2.3.4", "<x", "git://x"} {
		if _, ok := npmSyntax(s); ok {
			t.Errorf("%q is taken as understood", s)
		}
	}
}

var docs = map[string]string{
	"ruby":   `{"gem": "lamp", "cve": "2099-1000", "ghsa": "aaaa-bbbb-cccc", "url": "https://lamp.example.org", "title": "Stays on", "date": "2024-01-01", "description": "On.", "cvss_v3": 7.5, "patched_versions": ["~> 1.2.3", ">= 2.0"], "unaffected_versions": ["< 1.0"], "related": {"url": ["https://b.example"], "cve": ["2098-1000"]}, "_file": "gems/lamp/CVE-2099-1000.yml"}`,
	"engine": `{"engine": "ruby", "osvdb": 5, "title": "On", "patched_versions": [">= 9.9"]}`,
	"php":    `{"title": "On", "link": "https://lamp.example.org", "cve": "CVE-2099-1000", "branches": {"1.x": {"time": "2024-01-01 00:00:00", "versions": [">=1.0", "<1.4"]}, "2.x": {"time": null, "versions": ["<2.1"]}}, "reference": "composer://lamps/lamp"}`,
	"node":   `{"id": 7, "title": "On", "module_name": "lamp", "publish_date": "2024-01-01", "cves": ["CVE-2099-1000"], "vulnerable_versions": "<1.2.0", "patched_versions": ">=1.2.0", "cvss_score": 5.5}`,
	"core":   `{"cve": ["CVE-2099-1000"], "vulnerable": "8.x || 6.x", "patched": "^8.1.4 || ^6.11.1", "ref": "https://lamp.example.org", "description": "On", "severity": "high"}`,
	"retire": `{"lamp": {"npmname": "lamp.js", "vulnerabilities": [{"atOrAbove": "1.0", "below": "1.4", "severity": "medium", "cwe": ["CWE-1"], "identifiers": {"CVE": ["CVE-2099-1000"], "summary": "On", "issue": 5}, "info": ["https://lamp.example.org"]}, {"identifiers": {"bug": "9"}}], "extractors": {}}, "dont check": {"vulnerabilities": []}}`,
}

func TestRead(t *testing.T) {
	s := new(recordtest.Sink)
	ReadRuby([]byte(docs["ruby"]), s)
	ReadRuby([]byte(docs["engine"]), s)
	ReadPHP([]byte(docs["php"]), s)
	ReadNodeWG([]byte(docs["node"]), s)
	ReadNodeCore([]byte(docs["core"]), s)
	if !IsRetire([]byte(docs["retire"])) || IsRetire([]byte(`{"lamp": {"CVE-2099-1": {}}}`)) {
		t.Error("Retire.js is told from others wrongly")
	}
	ReadRetire([]byte(docs["retire"]), s)
	s.Check(t)
	at := record.Time("2024-01-01")
	cpe := func(vendor, product string) *advisory.CPE {
		return &advisory.CPE{Part: 'a', Vendor: vendor, Product: product, Version: "*", Update: "*", Edition: "*", Target: "*"}
	}
	want := []advisory.Advisory{
		{
			ID: "rubysec/lamp/CVE-2099-1000", Source: Ruby, Aliases: []string{"CVE-2099-1000", "GHSA-aaaa-bbbb-cccc"}, Title: "Stays on", Details: "On.",
			Published: at, Modified: at, Scores: []advisory.Score{{Base: 7.5, By: "rubysec"}}, References: []string{"https://lamp.example.org", "https://b.example"},
			Products: []advisory.Product{{Package: &advisory.Package{Ecosystem: "RubyGems", Name: "lamp"}, Ranges: []r{{Introduced: "1.0", Fixed: "1.2.3"}, {Introduced: "1.3", Fixed: "2.0"}}}},
		},
		{ID: "rubysec/ruby/OSVDB-5", Source: Ruby, Title: "On", Products: []advisory.Product{{CPE: cpe("ruby-lang", "ruby"), Ranges: []r{{Fixed: "9.9"}}}}},
		{
			ID: "friendsofphp/lamps/lamp/CVE-2099-1000", Source: PHP, Aliases: []string{"CVE-2099-1000"}, Title: "On", Published: at, Modified: at, References: []string{"https://lamp.example.org"},
			Products: []advisory.Product{{Package: &advisory.Package{Ecosystem: "Packagist", Name: "lamps/lamp"}, Ranges: []r{{Introduced: "1.0", Fixed: "1.4"}, {Fixed: "2.1"}}}},
		},
		{
			ID: "npm-wg-7", Source: NodeWG, Aliases: []string{"CVE-2099-1000"}, Title: "On", Published: at, Scores: []advisory.Score{{Base: 5.5, By: "nodejs-wg"}},
			Products: []advisory.Product{{Package: &advisory.Package{Ecosystem: "npm", Name: "lamp"}, Ranges: []r{{Fixed: "1.2.0"}}}},
		},
		{
			ID: "nodejs-core/CVE-2099-1000/8.x || 6.x less ^8.1.4 || ^6.11.1", Source: NodeCore, Covers: []string{"CVE-2099-1000"}, Title: "On", Details: "On",
			Scores: []advisory.Score{{Severity: "high", By: "nodejs"}}, References: []string{"https://lamp.example.org"},
			Products: []advisory.Product{{CPE: cpe("nodejs", "node.js"), Ranges: []r{{Introduced: "6.0.0", Fixed: "6.11.1"}, {Introduced: "8.0.0", Fixed: "8.1.4"}}}},
		},
		{
			ID: "retirejs/lamp/CVE-2099-1000/1.0-1.4", Source: Retire, Aliases: []string{"CVE-2099-1000"}, Title: "On", CWEs: []string{"CWE-1"},
			Scores: []advisory.Score{{Severity: "medium", By: "retirejs"}}, References: []string{"https://lamp.example.org"},
			Products: []advisory.Product{{Package: &advisory.Package{Ecosystem: "npm", Name: "lamp.js"}, Ranges: []r{{Introduced: "1.0", Fixed: "1.4"}}}},
		},
		{ID: "retirejs/lamp/9/-", Source: Retire, Products: []advisory.Product{{Package: &advisory.Package{Ecosystem: "npm", Name: "lamp.js"}, Unread: "it names no versions"}}},
	}
	if d := cmp.Diff(want, s.Advisories); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	for source, n := range map[string]int{Ruby: 2, PHP: 1, NodeWG: 1, NodeCore: 1, Retire: 2} {
		if s.Read[source] != n {
			t.Errorf("%s: %d records counted, want %d", source, s.Read[source], n)
		}
	}
}

func TestRefused(t *testing.T) {
	for doc, read := range map[string]func([]byte, record.Sink){
		`{"title": "x"}`: ReadRuby, `{"reference": "pear://x", "branches": {}}`: ReadPHP, `{"module_name": "x"}`: ReadNodeWG,
		`{"cve": []}`: ReadNodeCore, `{"lamp": {"vulnerabilities": [`: ReadRetire,
	} {
		s := new(recordtest.Sink)
		read([]byte(doc), s)
		if len(s.Refused) != 1 || len(s.Read) != 0 {
			t.Errorf("%s: read %v, refused %+v", doc, s.Read, s.Refused)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, d := range docs {
		f.Add([]byte(d))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := new(recordtest.Sink)
		ReadRuby(b, s)
		ReadPHP(b, s)
		ReadNodeWG(b, s)
		ReadNodeCore(b, s)
		ReadRetire(b, s)
		s.Check(t)
	})
}
