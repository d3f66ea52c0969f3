package scan_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/vuln/scan"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// TestReportOfNothing writes a whole report of a bill of which nothing is listed,
// because all of it is not affected.
func TestReportOfNothing(t *testing.T) {
	file, _ := vulntest.Compile(t, []*advisory.Advisory{{ID: "GO-1", Source: "osv/Go", Products: []advisory.Product{{
		Package: &advisory.Package{Ecosystem: "Go", Name: "example.org/lamp"}, Ranges: []advisory.Range{{Introduced: "0", Fixed: "1.0.0"}},
	}}}})
	const bill = `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"m","purl":"pkg:golang/example.org/m@v1.0.0"}]}`
	var out bytes.Buffer
	if _, err := scan.Report(strings.NewReader(bill), &out, vulntest.Open(t, file), scan.Limits{}); err != nil {
		t.Fatal(err)
	}
	var rep struct {
		Feed       string
		Components []json.RawMessage
		Totals     struct {
			Components  int
			NotAffected int `json:"not_affected"`
		}
	}
	if err := json.Unmarshal(out.Bytes(), &rep); err != nil || rep.Feed == "" || len(rep.Components) != 0 || rep.Totals.NotAffected != 1 {
		t.Errorf("%v: %s", err, out.Bytes())
	}
}
