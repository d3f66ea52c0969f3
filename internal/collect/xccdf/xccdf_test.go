package xccdf_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/xccdf"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
)

const sample = `<?xml version="1.0" encoding="UTF-8"?>
<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_org.example_benchmark_LINUX" resolved="1">
  <title>Example Linux Baseline</title>
  <Profile id="xccdf_org.example_profile_server"><title>Server</title></Profile>
  <Group id="g"><title>Group</title>
    <Rule id="r_ssh_password" severity="medium"><title>SSH must not accept passwords</title></Rule>
    <Rule id="r_auditd" severity="high"><title>The audit daemon must run</title></Rule>
  </Group>
  <Rule id="r_banner" severity="info"><title>A banner is shown</title></Rule>
  <TestResult id="t1" start-time="2026-03-01T10:00:00Z" end-time="2026-03-01T10:05:00Z" test-system="cpe:/a:redhat:openscap:1.3.5">
    <profile idref="xccdf_org.example_profile_server"/>
    <target>web-01.example.org</target>
    <target-address>127.0.0.1</target-address>
    <target-address>10.20.0.9</target-address>
    <target-address>172.17.0.1</target-address>
    <target-facts>
      <fact name="urn:xccdf:fact:asset:identifier:mac" type="string">00:1B:21:AA:BB:09</fact>
      <fact name="urn:scap:fact:asset:identifier:serial_number" type="string">SN-99</fact>
    </target-facts>
    <platform idref="cpe:/o:redhat:enterprise_linux:8"/>
    <rule-result idref="r_ssh_password" role="full"><result>fail</result><message severity="info">PasswordAuthentication
      yes</message></rule-result>
    <rule-result idref="r_auditd" severity="high"><result>pass</result></rule-result>
    <rule-result idref="r_banner" role="unscored"><result>notchecked</result></rule-result>
    <rule-result idref="r_other"><result>notselected</result></rule-result>
    <rule-result idref="oval-com.example.patch-1" severity="high"><result>fail</result><ident system="http://cve.mitre.org">CVE-2026-0001</ident></rule-result>
    <rule-result idref="oval-com.example.patch-2" severity="high"><result>pass</result><ident system="http://cve.mitre.org">CVE-2026-0002</ident></rule-result>
    <score system="urn:xccdf:scoring:default">50</score>
  </TestResult>
</Benchmark>
`

const result = `<TestResult xmlns="http://checklists.nist.gov/xccdf/1.2"><target>web-01</target>`

func TestConformance(t *testing.T) {
	collecttest.Run(t, collecttest.Suite{
		Importer: xccdf.Importer{}, Samples: []collecttest.Sample{{Name: "results.xml", Data: []byte(sample)}}, Text: true, XMLRoot: "Benchmark",
		Open: `<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2"><TestResult><target>`, Nest: "<Group>",
		Floods: map[string]collecttest.Generated{
			"addresses": {Head: result, Unit: "<target-address>fd00::########</target-address>", Tail: "</TestResult>"},
			"names":     {Head: result, Unit: "<target>h########.x</target>", Tail: "</TestResult>"},
			"facts":     {Head: result + "<target-facts>", Unit: "<fact name='urn:mac'>00:1b:########</fact>", Tail: "</target-facts></TestResult>"},
			"cves": {
				Head: result + "<rule-result idref='r'><result>fail</result>", Unit: "<ident>CVE-2024-########</ident>", Tail: "</rule-result></TestResult>",
			},
			"asset parts": {
				Head: `<a:asset-report-collection xmlns:a="http://scap.nist.gov/schema/asset-reporting-format/1.1"><a:asset id="1">`,
				Unit: "<ip-v6>fd00::########</ip-v6>", Tail: "</a:asset></a:asset-report-collection>",
			},
		},
	})
}

func parse(t testing.TB, name string, data []byte) *collect.Parsed {
	t.Helper()
	in := collecttest.Input(name, data)
	p, err := xccdf.Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	return p
}

// outcomes counts settings by outcome.
func outcomes(b *fact.Batch) map[string]int {
	n := map[string]int{}
	for _, f := range b.Facts {
		if f.Kind == fact.KindSetting {
			n[f.Values["outcome"].(string)]++
		}
	}
	return n
}

func TestSample(t *testing.T) {
	p := parse(t, "results.xml", []byte(sample))
	b := p.Batch
	at := time.Date(2026, 3, 1, 10, 5, 0, 0, time.UTC)
	if b.Stream.ID != "import/xccdf/web-01.example.org/xccdf_org.example_benchmark_linux" || !b.Stream.Snapshot || p.Rows != 6 || !b.ObservedAt.Equal(at) {
		t.Errorf("stream %+v, %d rows, %s", b.Stream, p.Rows, b.ObservedAt)
	}
	s := b.Sightings[0]
	if got, want := fmt.Sprint(s.Keys), "[fqdn:web-01.example.org name:web-01 ip:10.20.0.9 mac:00:1b:21:aa:bb:09 serial:sn-99]"; got != want {
		t.Errorf("keys %s, want %s", got, want)
	}
	if s.Values["baseline"] != "Example Linux Baseline" || s.Values["os_family"] != "linux" || s.Values["scanned_at"] != at {
		t.Errorf("values %v", s.Values)
	}
	got := map[string]fact.Fact{}
	for _, f := range b.Facts {
		got[f.Key] = f
	}
	const bench = "xccdf_org.example_benchmark_LINUX/"
	want := fact.Values{
		"rule": "r_ssh_password", "title": "SSH must not accept passwords", "benchmark": "Example Linux Baseline", "profile": "Server", "product": "os",
		"topic": "accounts", "severity": "medium", "required": true, "compliant": false, "outcome": "fail", "detail": "PasswordAuthentication yes",
	}
	if d := cmp.Diff(want, got[bench+"r_ssh_password"].Values); d != "" {
		t.Error(d)
	}
	if v := got[bench+"r_auditd"].Values; v["compliant"] != true || v["topic"] != "logging" {
		t.Errorf("pass: %v", v)
	}
	if f := got[bench+"r_banner"]; f.Missing["compliant"] == "" || f.Values["required"] != false || f.Values["severity"] != "low" {
		t.Errorf("not checked: %+v", f)
	}
	if _, ok := got[bench+"r_other"]; ok {
		t.Error("a rule that was not selected is judged")
	}
	v := got["xccdf:"+bench+"oval-com.example.patch-1"]
	if v.Kind != fact.KindVulnerability || v.Values["severity"] != "high" || v.Values["scanner"] != "openscap 1.3.5" || len(v.Values["cves"].([]string)) != 1 {
		t.Errorf("missing update: %+v", v)
	}
	if len(b.Facts) != 5 {
		t.Errorf("%d facts, want 3 settings, 1 vulnerability, 1 scan", len(b.Facts))
	}
}

func TestHeimdall(t *testing.T) {
	words := map[string]string{"failed": "fail", "passed": "pass", "error": "error", "skipped": "notchecked"}
	for _, c := range []struct{ in, out string }{
		{"xccdf-results-openscap-rhel8.xml", "xccdf-openscap-rhel8-hdf.json"},
		{"xccdf-results-scc-rhel7.xml", "xccdf-scc-rhel7-hdf.json"},
	} {
		t.Run(c.in, func(t *testing.T) {
			dir := []string{"corpora", "conformance", "heimdall", "xccdf_results_mapper"}
			p := parse(t, c.in, testshared.Read(t, append(dir, "sample_input_report", c.in+".zst")...))
			var out struct {
				Profiles []struct {
					Controls []struct {
						Title   string
						Results []struct{ Status string }
					}
				}
			}
			if err := json.Unmarshal(testshared.Read(t, append(dir, c.out+".zst")...), &out); err != nil {
				t.Fatal(err)
			}
			want, titles := map[string]int{}, map[string]bool{}
			for _, k := range out.Profiles[0].Controls {
				titles[strings.Join(strings.Fields(k.Title), " ")] = true
				for _, r := range k.Results {
					want[words[r.Status]]++
				}
			}
			if d := cmp.Diff(want, outcomes(p.Batch)); d != "" {
				t.Error(d)
			}
			for _, f := range p.Batch.Facts {
				if title := f.Values["title"].(string); !titles[title] && len(title) < 290 {
					t.Errorf("title %q is not among theirs", title)
				}
			}
		})
	}
}

func TestTrestle(t *testing.T) {
	for _, c := range [][2]string{{"oscap-results", "results"}, {"oscap-arf-results", "results_arf"}} {
		p := parse(t, c[1]+".xml", testshared.Read(t, "corpora", "conformance", "xccdf-oscal", "input-"+c[0], c[1]+".xml"))
		var out struct {
			Results []struct{ Observations []json.RawMessage }
		}
		if err := json.Unmarshal(testshared.Read(t, "corpora", "conformance", "xccdf-oscal", "output-"+c[0], c[1]+".oscal.json"), &out); err != nil {
			t.Fatal(err)
		}
		if n := len(out.Results[0].Observations); p.Rows != n || len(p.Batch.Facts) != 1 || p.Batch.Facts[0].Values["compliant"] != true {
			t.Errorf("%s: %d results, want %d; %+v", c[1], p.Rows, n, p.Batch.Facts)
		}
	}
}

func TestCorpus(t *testing.T) {
	for _, c := range []struct {
		name                 string
		rows, settings, open int
	}{
		{"ios-sample-v1.1.3.xccdf.xml", 3, 2, 0},
		{"no_vuln_rhsa.xml", 8, 0, 0},
		{"one_vuln_rhsa.xml", 8, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := parse(t, c.name, testshared.Read(t, "corpora", "inventories", "scans", "openscap", c.name))
			settings, open := 0, 0
			for _, f := range p.Batch.Facts {
				switch f.Kind {
				case fact.KindSetting:
					settings++
				case fact.KindVulnerability:
					open++
				}
			}
			if p.Rows != c.rows || settings != c.settings || open != c.open {
				t.Errorf("%d results, %d settings, %d vulnerabilities, want %+v", p.Rows, settings, open, c)
			}
		})
	}
}

func TestNewestOfSeveral(t *testing.T) {
	one := sample[strings.Index(sample, "<TestResult"):strings.Index(sample, "</Benchmark>")]
	newer := strings.NewReplacer("2026-03-01", "2026-04-01", "<result>fail</result>", "<result>pass</result>").Replace(one)
	p := parse(t, "x.xml", []byte(strings.Replace(sample, one, one+newer, 1)))
	if n := outcomes(p.Batch); n["fail"] != 0 || n["pass"] != 2 || p.Batch.ObservedAt.Month() != time.April {
		t.Errorf("got %v at %s", n, p.Batch.ObservedAt)
	}
	other := strings.NewReplacer("web-01", "web-02", "10.20.0.9", "10.20.0.10", "BB:09", "BB:10", "SN-99", "SN-98").Replace(one)
	p = parse(t, "x.xml", []byte(strings.Replace(sample, one, one+other, 1)))
	if len(p.Batch.Sightings) != 2 || outcomes(p.Batch)["fail"] != 2 {
		t.Errorf("two machines: %d sightings, %v", len(p.Batch.Sightings), outcomes(p.Batch))
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"no results": {sample[:strings.Index(sample, "<TestResult")] + "</Benchmark>", "holds rules, but no results"},
		"unknown":    {strings.Replace(sample, "<result>fail<", "<result>maybe<", 1), "line 21: column \"result\""},
		"other":      {`<Benchmark xmlns="urn:other"/>`, "neither XCCDF nor ARF"},
		"no target":  {strings.Replace(strings.Replace(sample, "<target>web-01.example.org</target>", "", 1), "target-address", "x", -1), "which machine"},
	} {
		_, err := xccdf.Importer{}.Parse(context.Background(), collecttest.Input("x.xml", []byte(c.doc)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		in := collecttest.Input("x.xml", []byte(c.doc))
		in.OnFault = collect.SkipRows
		if p, err := (xccdf.Importer{}).Parse(context.Background(), in); err == nil && len(p.Skipped) != 1 {
			t.Errorf("%s: with faults left out, got %+v", name, p)
		}
	}
}

// TestOwnRun reads what the OpenSCAP of this machine writes, where it and its
// rules are installed, and compares with the tool's own summary.
func TestOwnRun(t *testing.T) {
	const rules = "/usr/share/xml/scap/ssg/content/ssg-debian11-ds.xml"
	oscap, err := exec.LookPath("oscap")
	if err != nil {
		t.Skip("OpenSCAP is not installed")
	}
	if _, err := os.Stat(rules); err != nil || testing.Short() {
		t.Skip("there are no rules for OpenSCAP here")
	}
	out := filepath.Join(t.TempDir(), "arf.xml")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	// It exits with 2 when a rule failed.
	text, err := exec.CommandContext(ctx, oscap, "xccdf", "eval", "--profile", "xccdf_org.ssgproject.content_profile_standard", "--results-arf", out, rules).Output()
	data, rerr := os.ReadFile(out)
	if rerr != nil {
		t.Skipf("OpenSCAP could not run here: %v", err)
	}
	want := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "Result" {
			want[f[1]]++
		}
	}
	in := collecttest.Input("arf.xml", data)
	in.Now = time.Now()
	p, err := xccdf.Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	if d := cmp.Diff(want, outcomes(p.Batch)); d != "" || len(p.Batch.Sightings) != 1 {
		t.Errorf("%d machines; %s", len(p.Batch.Sightings), d)
	}
}

func BenchmarkParse(b *testing.B) {
	data := testshared.Read(b, "corpora", "conformance", "heimdall", "xccdf_results_mapper", "sample_input_report", "xccdf-results-openscap-rhel8.xml.zst")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (xccdf.Importer{}).Parse(context.Background(), collecttest.Input("x.xml", data)); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`<arf:asset-report-collection xmlns:arf="http://scap.nist.gov/schema/asset-reporting-format/1.1" xmlns:ai="http://scap.nist.gov/schema/asset-identification/1.1"><arf:assets><arf:asset id="asset0"><ai:computing-device><ai:fqdn>a.b</ai:fqdn></ai:computing-device></arf:asset></arf:assets></arf:asset-report-collection>`))
	for _, x := range collecttest.Foreign() {
		f.Add(x.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { collecttest.Fuzz(t, xccdf.Importer{}, "x.xml", data) })
}
