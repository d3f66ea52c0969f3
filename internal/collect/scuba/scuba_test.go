package scuba_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/scuba"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
)

const sample = `{
  "MetaData": {"TenantId": "0a1b", "DisplayName": "Example Hospital", "DomainName": "example.org", "Tool": "ScubaGear", "ToolVersion": "1.8.0", "TimestampZulu": "2026-05-04T17:15:48.307Z"},
  "Summary": {"AAD": {"Manual": 1}},
  "Results": {
    "AAD": [
      {"GroupName": "Strong Authentication", "GroupNumber": "3", "Controls": [
        {"Control ID": "MS.AAD.3.1v1", "Requirement": "Phishing-resistant MFA SHALL be enforced for all users.<div class='policy-indicators'>x</div>", "Result": "Fail", "Criticality": "Shall", "Details": "0 conditional access policy(s) found that meet(s) all requirements. <a href='#caps'>View</a>"},
        {"Control ID": "MS.AAD.3.8v1", "Requirement": "Managed Devices SHOULD be required to register MFA.", "Result": "Warning", "Criticality": "Should", "Details": "Requirement not met"}
      ]},
      {"GroupName": "Centralized Log Collection", "Controls": [
        {"Control ID": "MS.AAD.4.1v1", "Requirement": "Security logs SHALL be sent to the agency's security operations center.", "Result": "N/A", "Criticality": "Shall/Not-Implemented", "Details": "Manual"},
        {"Control ID": "MS.AAD.7.1v1", "Requirement": "A minimum of two users SHALL be Global Administrators.", "Result": "Pass", "Criticality": "Shall", "Details": "2 global admin(s) found:<br/>Jane Roe, John Doe"}
      ]}
    ],
    "EXO": [{"GroupName": "SPF", "Controls": [
        {"Control ID": "MS.EXO.2.2v2", "Requirement": "An SPF policy SHALL be published.", "Result": "Omitted", "Criticality": "Shall", "Details": "x", "OmittedEvaluationDetails": "Mail is handled by another gateway"},
        {"Control ID": "MS.EXO.1.1v2", "Requirement": "Automatic forwarding SHALL be disabled.", "Result": "Error", "Criticality": "Shall", "Details": "x"}
    ]}]
  },
  "Raw": {"privileged_users": {"1": {"DisplayName": "Jane Roe"}}}
}
`

const tests = `[
  {"ActualValue": "", "Commandlet": [], "Criticality": "Shall", "PolicyId": "MS.AAD.7.3v1", "ReportDetails": "0 admin(s) found", "RequirementMet": true},
  {"ActualValue": [], "Commandlet": [], "Criticality": "Should", "PolicyId": "MS.EXO.3.1v1", "ReportDetails": "Requirement not met", "RequirementMet": false},
  {"ActualValue": [], "Commandlet": [], "Criticality": "Should/Not-Implemented", "PolicyId": "MS.AAD.2.2v1", "ReportDetails": "x", "RequirementMet": false},
  {"ActualValue": [], "Commandlet": [], "Criticality": "Shall", "PolicyId": "MS.AAD.7.3v1", "ReportDetails": "1 admin(s) found", "RequirementMet": false}
]
`

func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestConformance(t *testing.T) {
	collecttest.Run(t, collecttest.Suite{
		Importer: scuba.Importer{}, Samples: []collecttest.Sample{{Name: "ScubaResults_1.json", Data: []byte(sample)}, {Name: "TestResults.json", Data: []byte(tests)}},
		Text: true, Open: `{"MetaData": {"Tool": "ScubaGear", "DisplayName": "`, Nest: `{"a":`,
	})
}

func TestConformanceZIP(t *testing.T) {
	data := zipped(t, "IndividualReports/AADReport.html", "<html>", "M365/ScubaResults_1.json", sample, "TestResults.json", tests)
	collecttest.Run(t, collecttest.Suite{Importer: scuba.Importer{}, Samples: []collecttest.Sample{{Name: "report.zip", Data: data}}})
}

func parse(t testing.TB, name string, data []byte) *collect.Parsed {
	t.Helper()
	in := collecttest.Input(name, data)
	p, err := scuba.Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	return p
}

func outcomes(b *fact.Batch) map[string]int {
	n := map[string]int{}
	for _, f := range b.Facts {
		n[f.Values["outcome"].(string)]++
	}
	return n
}

func TestSample(t *testing.T) {
	p := parse(t, "ScubaResults_1.json", []byte(sample))
	b := p.Batch
	if b.Stream.ID != "import/scuba/0a1b" || b.Stream.Title != "ScubaGear report on Example Hospital" || !b.Stream.Snapshot || p.Rows != 6 {
		t.Errorf("stream %+v, %d rows", b.Stream, p.Rows)
	}
	if s := fmt.Sprintf("%+v", b); strings.Contains(s, "Jane Roe") || strings.Contains(s, "John Doe") {
		t.Error("a person's name is in the batch")
	}
	got := map[string]fact.Fact{}
	for _, f := range b.Facts {
		got[strings.TrimPrefix(f.Key, "example-hospital:")] = f
	}
	want := fact.Values{
		"rule": "MS.AAD.3.1v1", "title": "Phishing-resistant MFA SHALL be enforced for all users.", "benchmark": "CISA SCuBA AAD", "product": "entra", "topic": "mfa",
		"severity": "unknown", "required": true, "compliant": false, "outcome": "fail",
		"detail": "0 conditional access policy(s) found that meet(s) all requirements. View",
	}
	if d := cmp.Diff(want, got["MS.AAD.3.1v1"].Values); d != "" {
		t.Error(d)
	}
	if v := got["MS.AAD.3.8v1"].Values; v["compliant"] != false || v["required"] != false || v["outcome"] != "warning" {
		t.Errorf("warning: %v", v)
	}
	if f := got["MS.AAD.4.1v1"]; f.Missing["compliant"] == "" || f.Values["required"] != true || f.Values["topic"] != "logging" {
		t.Errorf("n/a: %+v", f)
	}
	if f := got["MS.EXO.2.2v2"]; !strings.Contains(f.Missing["compliant"], "another gateway") || f.Values["product"] != "exchange_online" || f.Values["topic"] != "email" {
		t.Errorf("omitted: %+v", f)
	}
	if v := got["MS.AAD.7.1v1"].Values; v["compliant"] != true || v["detail"] != "2 global admin(s) found" {
		t.Errorf("pass: %v", v)
	}
	if !b.ObservedAt.Equal(time.Date(2026, 5, 4, 17, 15, 48, 307e6, time.UTC)) {
		t.Errorf("observed at %s", b.ObservedAt)
	}
}

func TestTestResults(t *testing.T) {
	p := parse(t, "TestResults.json", []byte(tests))
	if d := cmp.Diff(map[string]int{"fail": 1, "warning": 1, "n/a": 1}, outcomes(p.Batch)); d != "" || len(p.Batch.Notes) != 2 {
		t.Error(p.Batch.Notes, d)
	}
	in := collecttest.Input("TestResults.json", []byte(tests))
	in.Options = map[string]string{"tenant": "Example Hospital"}
	q, err := scuba.Importer{}.Parse(context.Background(), in)
	if err != nil || !strings.HasPrefix(q.Batch.Facts[0].Key, "example-hospital:MS.AAD") || len(q.Batch.Notes) != 1 {
		t.Errorf("got %v, %+v", err, q)
	}
}

func TestZIP(t *testing.T) {
	whole := parse(t, "ScubaResults_1.json", []byte(sample))
	p := parse(t, "report.zip", zipped(t, "TestResults.json", tests, "x/ScubaResults_1.json", sample))
	if d := cmp.Diff(whole, p); d != "" {
		t.Error(d)
	}
	bomb := `{"MetaData": {"Tool": "ScubaGear", "DisplayName": "` + strings.Repeat("a", 12<<20)
	in := collecttest.Input("bomb.zip", zipped(t, "ScubaResults_1.json", bomb))
	in.Limits.Bytes = 1 << 20
	if _, err := (scuba.Importer{}).Parse(context.Background(), in); err == nil || !strings.Contains(err.Error(), "more than 1 MB") {
		t.Errorf("a bomb of %d bytes: got %v", in.Size, err)
	}
	many := []string{}
	for i := range 30_000 {
		many = append(many, fmt.Sprintf("file-%05d-with-a-long-name", i), "")
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing of it": {zipped(t, "a.txt", "x"), "no ScubaResults"},
		"two runs":      {zipped(t, "a/ScubaResults_1.json", sample, "b/ScubaResults_2.json", sample), "several runs"},
		"many files":    {zipped(t, many...), "too many files"},
	} {
		_, err := scuba.Importer{}.Parse(context.Background(), collecttest.Input("x.zip", c.data))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// TestRealReport reads ScubaGear's own sample report in each of its forms, and
// compares with the summary in it.
func TestRealReport(t *testing.T) {
	dir := []string{"corpora", "conformance", "scubagear"}
	data := testshared.Read(t, append(dir, "ScubaResults_fa5589b7-d528-4f80.json.zst")...)
	var report struct {
		Summary map[string]struct{ Manual, Failures, Warnings, Errors, Passes, Omits, IncorrectResults int }
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &report); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for _, s := range report.Summary {
		want["n/a"] += s.Manual
		want["fail"] += s.Failures
		want["warning"] += s.Warnings
		want["pass"] += s.Passes
	}
	whole := parse(t, "ScubaResults_fa5589b7-d528-4f80.json", data)
	if d := cmp.Diff(want, outcomes(whole.Batch)); d != "" {
		t.Error(d)
	}
	state := map[string]any{}
	for _, f := range whole.Batch.Facts {
		state[f.Key] = f.Values["outcome"]
	}
	for id, want := range map[string]string{
		"tqhjy:MS.AAD.1.1v1": "pass", "tqhjy:MS.AAD.3.1v1": "fail", "tqhjy:MS.AAD.3.6v1": "fail", "tqhjy:MS.EXO.3.1v1": "warning", "tqhjy:MS.AAD.7.4v1": "fail",
	} {
		if state[id] != want {
			t.Errorf("%s: %v, want %s", id, state[id], want)
		}
	}
	// The other forms say the same of the controls they have.
	n := 0
	forms := map[string][]byte{"TestResults.json": testshared.Read(t, append(dir, "TestResults.json")...)}
	for _, p := range []string{"AAD", "Defender", "EXO", "PowerPlatform", "SharePoint", "Teams"} {
		forms[p+"Report.json"] = testshared.Read(t, append(dir, "IndividualReports", p+"Report.json")...)
	}
	for name, data := range forms {
		in := collecttest.Input(name, data)
		if name == "TestResults.json" {
			in.Options = map[string]string{"tenant": "tqhjy"}
		}
		if (scuba.Importer{}).Recognize(name, data[:min(len(data), collect.HeadSize)]) == 0 {
			t.Errorf("%s is not recognized", name)
		}
		p, err := scuba.Importer{}.Parse(context.Background(), in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		collecttest.CheckBatch(t, p, in)
		for _, f := range p.Batch.Facts {
			n++
			if state[f.Key] != f.Values["outcome"] && state[f.Key] != nil {
				t.Errorf("%s: %s is %v, want %v", name, f.Key, f.Values["outcome"], state[f.Key])
			}
		}
	}
	if n < 2*len(whole.Batch.Facts) {
		t.Errorf("%d controls in the other forms, want twice %d", n, len(whole.Batch.Facts))
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"unknown result":  {strings.Replace(sample, `"Result": "Fail"`, `"Result": "Maybe"`, 1), "line 7: column \"Result\""},
		"unknown control": {strings.Replace(sample, "MS.AAD.3.8v1", "AAD 3.8", 1), "line 8: column \"Control ID\""},
		"no results":      {`{"MetaData": {"Tool": "ScubaGear"}, "Results": {}}`, "no results"},
	} {
		_, err := scuba.Importer{}.Parse(context.Background(), collecttest.Input("x.json", []byte(c.doc)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	data := testshared.Read(b, "corpora", "conformance", "scubagear", "ScubaResults_fa5589b7-d528-4f80.json.zst")
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := (scuba.Importer{}).Parse(context.Background(), collecttest.Input("x.json", data)); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(tests))
	f.Add(zipped(f, "ScubaResults_1.json", sample))
	f.Fuzz(func(t *testing.T, data []byte) { collecttest.Fuzz(t, scuba.Importer{}, "x.json", data) })
}
