package nvd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record/recordtest"
)

const page = `{"resultsPerPage": 2, "format": "NVD_CVE", "version": "2.0", "timestamp": "2024-05-06T07:08:09.123", "vulnerabilities": [
 {"cve": {"id": "CVE-2099-1000", "published": "2024-01-01T00:00:00.000", "lastModified": "2024-01-02T00:00:00.000", "vulnStatus": "Analyzed",
  "descriptions": [{"lang": "en", "value": "The lamp stays on."}], "references": [{"url": "https://lamp.example.org"}],
  "metrics": {"cvssMetricV31": [{"source": "nvd@nist.gov", "cvssData": {"vectorString": "CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "baseScore": 7.7, "baseSeverity": "HIGH"}}],
   "cvssMetricV2": [{"source": "nvd@nist.gov", "baseSeverity": "LOW", "cvssData": {"vectorString": "AV:L/AC:L/Au:N/C:P/I:N/A:N", "baseScore": 2.1}}]},
  "weaknesses": [{"description": [{"lang": "en", "value": "CWE-7"}, {"lang": "en", "value": "NVD-CWE-noinfo"}]}],
  "configurations": [{"operator": "AND", "nodes": [
    {"operator": "OR", "cpeMatch": [{"vulnerable": true, "criteria": "cpe:2.3:o:lamps:firmware:*:*:*:*:*:*:*:*", "versionStartExcluding": "1.0", "versionEndIncluding": "1.9"}]},
    {"operator": "OR", "cpeMatch": [{"vulnerable": false, "criteria": "cpe:2.3:h:lamps:lamp:-:*:*:*:*:*:*:*"}, {"vulnerable": false, "criteria": "cpe:2.3:h:lamps:bulb:-:*:*:*:*:*:*:*"}]}]},
   {"nodes": [{"operator": "OR", "cpeMatch": [{"vulnerable": true, "criteria": "cpe:2.3:a:lamps:app:2.0:beta:*:*:*:android:*:*"}]}]}]}},
 {"cve": {"id": 5}}]}`

const override = `{"_annotation": {"cve_id": "CVE-2099-1001", "description": "Dark.", "modified": "2024-08-01T16:27:57+00:00", "references": ["https://x.example"]},
 "cve": {"configurations": [{"nodes": [{"cpeMatch": [{"criteria": "cpe:2.3:a:null:null:*:*:*:*:*:*:*:*", "vulnerable": false}, {"criteria": "cpe:2.3:a:lamps:app:*:*:*:*:*:*:*:*", "versionEndExcluding": "3", "vulnerable": true}], "negate": false, "operator": "OR"}]}]}}`

func TestPage(t *testing.T) {
	s := new(recordtest.Sink)
	Read([]byte(page), s)
	s.Check(t)
	if s.Read[Source] != 1 || len(s.Refused) != 1 || s.Refused[0].Why != "a number where a text is due" {
		t.Fatalf("read %v, refused %+v; want one of each", s.Read, s.Refused)
	}
	a := s.Advisories[0]
	want := []advisory.Product{
		{
			CPE: &advisory.CPE{
				Part: 'o', Vendor: "lamps", Product: "firmware", Version: "*", Update: "*", Edition: "*", Target: "*",
				Needs: [][]string{{"cpe:2.3:h:lamps:lamp:-", "cpe:2.3:h:lamps:bulb:-"}},
			},
			Ranges: []advisory.Range{{Introduced: "1.0", AfterIntroduced: true, LastAffected: "1.9"}},
		},
		{CPE: &advisory.CPE{Part: 'a', Vendor: "lamps", Product: "app", Version: "2.0", Update: "beta", Edition: "*", Target: "android"}},
	}
	if d := cmp.Diff(want, a.Products); d != "" {
		t.Errorf("products (-want +got)\n%s", d)
	}
	scores := []advisory.Score{
		{Vector: "CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 7.7, Severity: "high", By: "nvd"},
		{Vector: "AV:L/AC:L/Au:N/C:P/I:N/A:N", Base: 2.1, Severity: "low", By: "nvd"},
	}
	if d := cmp.Diff(scores, a.Scores); d != "" || !cmp.Equal(a.CWEs, []string{"CWE-7"}) {
		t.Errorf("weaknesses %v, scores (-want +got)\n%s", a.CWEs, d)
	}
	if s.Dates[Source].Format("2006-01-02") != "2024-05-06" {
		t.Errorf("dated %v", s.Dates)
	}
}

// TestPageCutShort tells a page that has fewer records than it says.
func TestPageCutShort(t *testing.T) {
	s := new(recordtest.Sink)
	Read([]byte(strings.Replace(page, `"resultsPerPage": 2`, `"resultsPerPage": 2000`, 1)), s)
	s.Check(t)
	if s.Read[Source] != 1 || len(s.Refused) != 2 || !strings.Contains(s.Refused[1].Why, "2000 records, and has 2") {
		t.Errorf("read %v, refused %+v", s.Read, s.Refused)
	}
}

func TestOverride(t *testing.T) {
	s := new(recordtest.Sink)
	Read([]byte(override), s)
	s.Check(t)
	if len(s.Advisories) != 1 || s.Read[Overrides] != 1 {
		t.Fatalf("read %v, refused %+v", s.Read, s.Refused)
	}
	if a := s.Advisories[0]; a.ID != "CVE-2099-1001" || a.Details != "Dark." || len(a.Products) != 1 || a.Products[0].Ranges[0].Fixed != "3" {
		t.Errorf("got %+v", a)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(page))
	f.Add([]byte(override))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := new(recordtest.Sink)
		Read(b, s)
		s.Check(t)
	})
}
