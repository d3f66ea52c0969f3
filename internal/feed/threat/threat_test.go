package threat

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
	"github.com/asepsis/asepsis/internal/feed/record/recordtest"
)

const catalog = `{"title": "Catalog", "catalogVersion": "2024.05.06", "dateReleased": "2024-05-06T10:00:00.5Z", "count": 2, "vulnerabilities": [
 {"cveID": "CVE-2099-1000", "vendorProject": "Lamps", "product": "Lamp", "vulnerabilityName": "Stays on", "dateAdded": "2024-05-01", "dueDate": "2024-05-22",
  "requiredAction": "Turn it off.", "knownRansomwareCampaignUse": "Known"}, {"cveID": "lamp"}]}`

const scores = "#model_version:v2025.03.14,score_date:2024-05-06T00:00:00+0000\ncve,epss,percentile\nCVE-2099-1000,0.5,0.9\nCVE-2099-1001,1.5,0.9\nCVE-2099-1002,high,0.9\nlamp,0.1,0.1\n"

func TestKEV(t *testing.T) {
	s := new(recordtest.Sink)
	ReadKEV([]byte(catalog), s)
	s.Check(t)
	want := []advisory.Exploited{{
		CVE: "CVE-2099-1000", Vendor: "Lamps", Product: "Lamp", Name: "Stays on", Action: "Turn it off.", Ransomware: true,
		Added: record.Time("2024-05-01"), Due: record.Time("2024-05-22"),
	}}
	if d := cmp.Diff(want, s.KEV); d != "" || s.Read[record.KEV] != 1 || len(s.Refused) != 1 || s.Dates[record.KEV] != record.Time("2024-05-06T10:00:00.5Z") {
		t.Errorf("read %v, refused %+v, dated %v, (-want +got)\n%s", s.Read, s.Refused, s.Dates, d)
	}
}

func TestKEVCutShort(t *testing.T) {
	s := new(recordtest.Sink)
	ReadKEV([]byte(strings.Replace(catalog, `"count": 2`, `"count": 1400`, 1)), s)
	if len(s.Refused) != 2 || !strings.Contains(s.Refused[1].Why, "says it has 1400 entries") {
		t.Errorf("refused %+v, want the missing entries told", s.Refused)
	}
}

func TestEPSS(t *testing.T) {
	s := new(recordtest.Sink)
	if !IsEPSSFile([]byte(scores)) {
		t.Error("the daily file is not recognized")
	}
	if err := ReadEPSSFile(strings.NewReader(scores), s); err != nil {
		t.Fatal(err)
	}
	s.Check(t)
	want := []advisory.Likelihood{{CVE: "CVE-2099-1000", Score: 0.5, Percentile: 0.9, At: record.Time("2024-05-06")}}
	var lines []int
	for _, r := range s.Refused {
		lines = append(lines, r.Line)
	}
	if d := cmp.Diff(want, s.EPSS); d != "" || !cmp.Equal(lines, []int{4, 5, 6}) {
		t.Errorf("refused lines %v, (-want +got)\n%s", lines, d)
	}
}

func TestEPSSAnswer(t *testing.T) {
	s := new(recordtest.Sink)
	ReadEPSS([]byte(`{"status": "OK", "status-code": 200, "total": 1, "data": [{"cve": "CVE-2099-1000", "epss": "0.25", "percentile": "0.5", "date": "2024-05-06"}]}`), s)
	ReadEPSS([]byte(`{"cve": "CVE-2099-1001", "epss": 0.125, "percentile": 0.5, "date": null}`), s)
	s.Check(t)
	if len(s.EPSS) != 2 || s.EPSS[0].Score != 0.25 || s.EPSS[1].Score != 0.125 || len(s.Refused) > 0 {
		t.Errorf("got %+v, refused %+v", s.EPSS, s.Refused)
	}
}

func FuzzThreat(f *testing.F) {
	f.Add([]byte(catalog))
	f.Add([]byte(scores))
	f.Add([]byte(`{"status-code": 200, "total": 1, "data": [{"cve": "CVE-2099-1000", "epss": "NaN"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := new(recordtest.Sink)
		ReadKEV(b, s)
		ReadEPSS(b, s)
		if err := ReadEPSSFile(bytes.NewReader(b), s); err != nil && err.Error() == "" {
			t.Error("an error without a text")
		}
		s.Check(t)
	})
}
