package recalls

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
	"github.com/asepsis/asepsis/internal/feed/record/recordtest"
)

// The documents have the shapes that openFDA documents; what they say is made up.
const recallDoc = `{"meta": {"disclaimer": "x", "license": "y", "last_updated": "2026-11-20", "results": {"skip": 0, "limit": 4, "total": 4}}, "results": [
 {"cfres_id": "1", "product_res_number": "Z-0101-2026", "res_event_number": "99001", "event_date_initiated": "2026-09-01", "event_date_posted": "2026-10-02", "recall_status": "Open, Classified",
  "product_code": "FRN", "k_numbers": ["K999901"], "recalling_firm": "Northwind Medical, Inc.", "firm_fei_number": "9999901", "reason_for_recall": "The pump may stop without an alarm.",
  "root_cause_description": "Software design", "action": "Update the software.", "product_description": "Drift 400 Syringe Pump, Model Number: NW-400, NW-410, software version 4.1 and earlier, Rx Only",
  "code_info": "UDI-DI: 00884838091498; All serial numbers", "openfda": {"device_name": "Pump, Infusion", "device_class": "2"}},
 {"product_res_number": "Z-0102-2026", "event_date_initiated": "2026-09-03", "recall_status": "Open, Classified", "recalling_firm": "Northwind Medical, Inc.", "reason_for_recall": "Wrong label.",
  "product_description": "Calm Monitor, REF: CM-9", "code_info": "Serial Numbers: 10001, 10002, 10003"},
 {"product_res_number": "Z-0103-2025", "event_date_initiated": "2025-01-03", "event_date_terminated": "2026-02-01", "recall_status": "Terminated", "recalling_firm": "Northwind Medical, Inc.", "reason_for_recall": "Old.", "product_description": "Breeze Ventilator", "code_info": "All units"},
 {"product_res_number": "", "recalling_firm": "X", "product_description": "Y"}]}`

const enforcementDoc = `{"meta": {"last_updated": "2026-11-21", "results": {"skip": 0, "limit": 100, "total": 2}}, "results": [
 {"recall_number": "Z-0101-2026", "status": "Ongoing", "classification": "Class I", "product_type": "Devices", "event_id": "99001", "recalling_firm": "Northwind Medical, Inc.", "product_description": "Drift 400 Syringe Pump, Model Number: NW-400",
  "code_info": "All serial numbers", "more_code_info": "GTIN 00884838091498", "reason_for_recall": "The pump may stop without an alarm.", "recall_initiation_date": "20260901", "report_date": "20261007", "openfda": {}},
 {"recall_number": "F-0001-2026", "status": "Ongoing", "classification": "Class II", "product_type": "Food", "recalling_firm": "A Bakery", "product_description": "Bread", "code_info": "Lot 1", "reason_for_recall": "x", "recall_initiation_date": "20260901"}]}`

func read(t *testing.T, doc string) *recordtest.Sink {
	t.Helper()
	s := new(recordtest.Sink)
	Read([]byte(doc), s)
	s.Check(t)
	return s
}

func TestRecall(t *testing.T) {
	s := read(t, recallDoc)
	if s.Read[Source] != 3 || len(s.Refused) != 1 || s.Dates[Source] != record.Time("2026-11-20") || len(s.Advisories) != 3 {
		t.Fatalf("read %v, refused %+v, dated %v", s.Read, s.Refused, s.Dates)
	}
	pump := s.Advisories[0]
	d := pump.Products[0].Device
	if pump.ID != "Z-0101-2026" || pump.Source != Source || d.Vendor != "Northwind Medical, Inc." || d.Name != "Drift 400 Syringe Pump" || d.Version != "4.1 and earlier" ||
		!slices.Equal(d.Models, []string{"NW-400", "NW-410", "00884838091498"}) || pump.Products[0].Unread != "" || pump.Products[0].Remedy != "Update the software." {
		t.Errorf("%+v %+v", pump, d)
	}
	if m := s.Advisories[1]; m.Products[0].Unread == "" || m.Products[0].Device.Name != "Calm Monitor" || !slices.Equal(m.Products[0].Device.Models, []string{"CM-9"}) {
		t.Errorf("a recall of three units convicts the model: %+v %+v", m.Products[0], m.Products[0].Device)
	}
	if v := s.Advisories[2]; v.Withdrawn != record.Time("2026-02-01") {
		t.Errorf("a recall that was closed is in force: %+v", v)
	}
}

func TestEnforcement(t *testing.T) {
	s := read(t, enforcementDoc)
	if s.Read[Source] != 2 || len(s.Refused) != 0 || len(s.Advisories) != 1 {
		t.Fatalf("read %v, refused %+v, %d advisories: food is read and is no device", s.Read, s.Refused, len(s.Advisories))
	}
	a := s.Advisories[0]
	if want := (advisory.Score{Severity: "critical", By: "fda"}); len(a.Scores) != 1 || a.Scores[0] != want || !slices.Contains(a.Products[0].Device.Models, "00884838091498") || a.Modified != record.Time("2026-10-07") {
		t.Errorf("%+v", a)
	}
}

func TestIs(t *testing.T) {
	for doc, want := range map[string]bool{
		recallDoc: true, enforcementDoc: true,
		`{"recall_number": "Z-1", "recalling_firm": "A", "product_description": "B"}`: true,
		`{"meta": {}, "results": [{"public_device_record_key": "x"}]}`:                false,
		`{"meta": {}, "results": []}`:                                                 false,
		`{"id": "GHSA-1", "modified": "2026-01-01"}`:                                  false,
	} {
		keys := make(map[string]bool)
		for _, k := range []string{"meta", "results", "recall_number", "recalling_firm", "product_description", "id", "modified"} {
			keys[k] = strings.Contains(strings.SplitN(doc, `"results"`, 2)[0], `"`+k+`"`) || k == "results" && strings.Contains(doc, `"results"`)
		}
		if got := Is(func(k string) bool { return keys[k] }, []byte(doc)); got != want {
			t.Errorf("%.60s: %t, want %t", doc, got, want)
		}
	}
	s := read(t, `{"recall_number": "Z-1-2026", "recalling_firm": "A", "product_description": "Lamp", "recall_initiation_date": "20260101"}`)
	if len(s.Advisories) != 1 || s.Advisories[0].ID != "Z-1-2026" {
		t.Errorf("one record alone: %+v %+v", s.Advisories, s.Refused)
	}
}

func TestCutShort(t *testing.T) {
	s := new(recordtest.Sink)
	Read([]byte(strings.Replace(enforcementDoc, `"total": 2`, `"total": 90`, 1)), s)
	if len(s.Refused) != 1 || !strings.Contains(s.Refused[0].Why, "more recalls than are in it") {
		t.Errorf("refused %+v, want the missing records told", s.Refused)
	}
	// A page of many says how many there are in all.
	s = new(recordtest.Sink)
	Read([]byte(strings.NewReplacer(`"total": 2`, `"total": 9000`).Replace(enforcementDoc)), s)
	if len(s.Refused) != 0 {
		t.Errorf("a page is refused: %+v", s.Refused)
	}
}

func TestWhatIsTakenOutOfTheText(t *testing.T) {
	for text, want := range map[string]string{
		"BD Alaris PC Unit, Model 8015":                                     "BD Alaris PC Unit",
		`1) "Drift 400" Pump. Used with sets.`:                              `Drift 400" Pump`,
		"Product Name: Spectrum IQ Infusion System; Product Code 3570009":   "Spectrum IQ Infusion System",
		"Brand name: X-Ray System Ysio, catalog number 10281013":            "X-Ray System Ysio",
		"The Breeze Ventilator (all configurations) intended for neonates.": "Breeze Ventilator",
	} {
		if got := nameOf(text); got != want {
			t.Errorf("name of %q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"software version 4.1 and earlier": "4.1 and earlier/false", "Software Versions: prior to 9.19.2": "prior to 9.19.2/false", "firmware v2.0.1": "2.0.1/false", "all serial numbers": "/false", "Lot 12345": "/true",
		"Serial numbers SN100 to SN200": "/true", "nothing is said": "/false", "All lots": "/false", "SW version up to 3.2.1": "<= 3.2.1/false",
	} {
		v, limited := versions(text)
		if got := fmt.Sprintf("%s/%t", v, limited); got != want {
			t.Errorf("versions of %q: %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string][]string{
		"(01)00884838091498(21)123": {"00884838091498"}, "UDI-DI: 884838091498": {"00884838091498"}, "00884838091499": nil, "serial 884838091498": nil, "00000000000000": nil,
	} {
		if got := identifiers(text); !slices.Equal(got, want) {
			t.Errorf("identifiers of %q: %v, want %v", text, got, want)
		}
	}
	if got := models("Models: 8015, 8100 and 8110; REF 2420-0500; Catalog No. 10281013 (2019)", "lot 55555, serial 1234567"); !slices.Equal(got, []string{"8015", "8100", "8110", "2420-0500", "10281013"}) {
		t.Errorf("models: %v", got)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{recallDoc, enforcementDoc, `{"results": [1, null, {}]}`, `{"meta": {"results": {"total": -1}}, "results": [{"recall_number": 7}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := new(recordtest.Sink)
		Is(func(string) bool { return true }, b)
		first(b)
		Read(b, s)
	})
}
