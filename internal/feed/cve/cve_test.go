package cve

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
	"github.com/asepsis/asepsis/internal/feed/record/recordtest"
)

const full = `{"dataType": "CVE_RECORD", "dataVersion": "5.1", "cveMetadata": {"cveId": "CVE-2099-1000", "state": "PUBLISHED", "datePublished": "2024-01-02T00:00:00", "dateUpdated": "2024-02-03T04:05:06.789Z"},
"containers": {"cna": {"title": "Lamp", "descriptions": [{"lang": "de", "value": "Licht"}, {"lang": "en", "value": "The lamp stays on."}],
  "affected": [
    {"vendor": "Lamps", "product": "Lamp", "cpes": ["cpe:2.3:a:lamps:lamp:*:*:*:*:*:*:*:*", "cpe:2.3:a:lamps:lamp:3.0:*:*:*:*:*:*:*"], "defaultStatus": "unaffected",
     "versions": [{"version": "1.0", "status": "affected", "lessThan": "1.5", "versionType": "semver", "changes": [{"at": "1.2", "status": "unaffected"}, {"at": "1.3", "status": "affected"}]}, {"version": "2.0", "status": "affected"}]},
    {"vendor": "lamps", "product": "lamp.js", "collectionURL": "https://registry.npmjs.org", "packageName": "lamp", "versions": [{"version": ">= 1.0, < 1.4", "status": "affected"}]},
    {"vendor": "lamps", "product": "rpm", "cpes": ["cpe:/a:lamps:rpm"], "defaultStatus": "affected", "versions": [{"version": "0:2-3.el9", "lessThan": "*", "status": "unaffected"}]},
    {"vendor": "lamps", "product": "old", "cpes": ["cpe:/a:lamps:old"], "versions": [{"version": "some early builds", "status": "affected"}]},
    {"vendor": "lamps", "product": "safe", "cpes": ["cpe:/a:lamps:safe"], "defaultStatus": "unaffected"}],
  "problemTypes": [{"descriptions": [{"type": "CWE", "cweId": "CWE-9"}]}], "references": [{"url": "https://lamp.example.org"}],
  "metrics": [{"cvssV3_1": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "baseScore": 9.8, "baseSeverity": "CRITICAL"}}], "providerMetadata": {"shortName": "Lamps"}},
 "adp": [{"title": "CISA ADP Vulnrichment", "providerMetadata": {"shortName": "CISA-ADP"}, "metrics": [{"other": {"type": "ssvc", "content": {"timestamp": "2024-03-01T00:00:00Z",
   "options": [{"Exploitation": "poc"}, {"Automatable": "yes"}, {"Technical Impact": "total"}]}}}, {"other": {"type": "kev", "content": {"dateAdded": "2024-03-02"}}}]}]}}`

func TestRead(t *testing.T) {
	s := new(recordtest.Sink)
	Read([]byte(full), s)
	s.Check(t)
	if len(s.Advisories) != 1 || s.Read[Source] != 1 {
		t.Fatalf("read %v, refused %+v", s.Read, s.Refused)
	}
	cpe := func(product, version string) *advisory.CPE {
		return &advisory.CPE{Part: 'a', Vendor: "lamps", Product: product, Version: version, Update: "*", Edition: "*", Target: "*"}
	}
	want := advisory.Advisory{
		ID: "CVE-2099-1000", Source: Source, Title: "Lamp", Details: "The lamp stays on.",
		Published: record.Time("2024-01-02"), Modified: record.Time("2024-02-03T04:05:06.789Z"),
		Scores: []advisory.Score{{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8, Severity: "critical", By: "lamps"}},
		CWEs:   []string{"CWE-9"}, References: []string{"https://lamp.example.org"},
		Products: []advisory.Product{
			{
				CPE: cpe("lamp", "*"), Versions: []string{"2.0"},
				Ranges: []advisory.Range{{Kind: advisory.BySemVer, Introduced: "1.0", Fixed: "1.2"}, {Kind: advisory.BySemVer, Introduced: "1.3", Fixed: "1.5"}},
			},
			{CPE: cpe("lamp", "3.0")},
			{Package: &advisory.Package{Ecosystem: "npm", Name: "lamp"}, Ranges: []advisory.Range{{Introduced: "1.0", Fixed: "1.4"}}},
			{CPE: cpe("rpm", "*"), Ranges: []advisory.Range{{Fixed: "0:2-3.el9"}}},
			{CPE: cpe("old", "*"), Unread: "some early builds"},
		},
	}
	if d := cmp.Diff(want, s.Advisories[0]); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	points := []advisory.Points{{CVE: "CVE-2099-1000", Exploitation: "poc", Automatable: true, TechnicalImpact: "total", At: record.Time("2024-03-01")}}
	if d := cmp.Diff(points, s.SSVC); d != "" {
		t.Errorf("points (-want +got)\n%s", d)
	}
}

func TestRejected(t *testing.T) {
	s := new(recordtest.Sink)
	Read([]byte(`{"cveMetadata": {"cveId": "CVE-2099-1001", "state": "REJECTED"}, "containers": {"cna": {"rejectedReasons": [{"lang": "en", "value": "Never was."}]}}}`), s)
	if a := s.Advisories[0]; a.Withdrawn.IsZero() || a.Details != "Never was." {
		t.Errorf("got %+v, want it withdrawn", a)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(`{"cveMetadata": {"cveId": "CVE-1"}, "containers": {"adp": null}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := new(recordtest.Sink)
		Read(b, s)
		s.Check(t)
		if s.Read[Source]+len(s.Refused) != 1 {
			t.Errorf("one document was read %v times and refused %d times", s.Read, len(s.Refused))
		}
	})
}
