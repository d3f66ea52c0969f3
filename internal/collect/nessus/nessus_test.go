package nessus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/nessus"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
)

const sample = `<?xml version="1.0" ?>
<NessusClientData_v2>
<Policy><policyName>Weekly</policyName><Preferences><ServerPreferences><preference><name>plugin_set</name><value>1;2;3</value></preference></ServerPreferences></Preferences></Policy>
<Report name="Weekly internal" xmlns:cm="http://www.nessus.org/cm">
<ReportHost name="10.20.0.5"><HostProperties>
<tag name="HOST_END_TIMESTAMP">1790000000</tag>
<tag name="Credentialed_Scan">true</tag>
<tag name="mac-address">00:1B:21:AA:BB:CC
02:42:0E:7A:F2:27</tag>
<tag name="operating-system">Microsoft Windows Server 2019 Standard</tag>
<tag name="os">windows</tag>
<tag name="host-fqdn">ehr-db-01.example.org</tag>
<tag name="host-ip">10.20.0.5</tag>
</HostProperties>
<ReportItem port="445" svc_name="cifs" protocol="tcp" severity="4" pluginID="97833" pluginName="MS17-010: Security Update" pluginFamily="Windows">
<cve>CVE-2017-0144</cve><cve>CVE-2017-0143</cve><plugin_type>remote</plugin_type>
<cvss_base_score>10.0</cvss_base_score><cvss3_base_score>8.1</cvss3_base_score>
<cisa-known-exploited>2022/04/15</cisa-known-exploited>
<exploit_available>true</exploit_available>
<patch_publication_date>2017/03/14</patch_publication_date>
<vuln_publication_date>2017/03/14</vuln_publication_date>
<risk_factor>Critical</risk_factor>
<solution>Microsoft has released
 patches.</solution>
<plugin_output>sent &amp; received</plugin_output>
</ReportItem>
<ReportItem port="23" svc_name="telnet" protocol="tcp" severity="0" pluginID="22964" pluginName="Service Detection" pluginFamily="Service detection"><plugin_output>A telnet server is running on this port.</plugin_output></ReportItem>
<ReportItem port="443" svc_name="www" protocol="tcp" severity="0" pluginID="56984" pluginName="SSL / TLS Versions Supported" pluginFamily="General"><plugin_output>This port supports TLSv1.0/TLSv1.2.</plugin_output></ReportItem>
<ReportItem port="443" svc_name="www" protocol="tcp" severity="0" pluginID="22964" pluginName="Service Detection" pluginFamily="Service detection"><plugin_output>A web server is running on this port through TLSv1.2.</plugin_output></ReportItem>
<ReportItem port="443" svc_name="www" protocol="tcp" severity="0" pluginID="21643" pluginName="SSL Cipher Suites Supported" pluginFamily="General"><plugin_output>SSL Version : TLSv12
  Medium Strength Ciphers (&gt; 64-bit and &lt; 112-bit key, or 3DES)

    Name                          Code             KEX
    ----------------------        ----------       ---
    DES-CBC3-SHA                  0x00, 0x0A       RSA

  High Strength Ciphers (&gt;= 112-bit key)

    Name                          Code             KEX
    ----------------------        ----------       ---
    RC4-SHA                       0x00, 0x05       RSA
    ECDHE-RSA-AES128-SHA256       0xC0, 0x2F       ECDH
</plugin_output></ReportItem>
<ReportItem port="443" svc_name="www" protocol="tcp" severity="2" pluginID="51192" pluginName="SSL Certificate Cannot Be Trusted" pluginFamily="General"></ReportItem>
<ReportItem port="25" svc_name="smtp" protocol="tcp" severity="0" pluginID="22964" pluginName="Service Detection" pluginFamily="Service detection"><plugin_output>An SMTP server is running on this port.</plugin_output></ReportItem>
<ReportItem port="25" svc_name="smtp" protocol="tcp" severity="0" pluginID="10863" pluginName="SSL Certificate Information" pluginFamily="General"><plugin_output>Subject Name:

Common Name: mx.example.org</plugin_output></ReportItem>
<ReportItem port="9100" svc_name="jetdirect?" protocol="tcp" severity="0" pluginID="11219" pluginName="Nessus SYN scanner" pluginFamily="Port scanners"><plugin_output>Port 9100/tcp was found to be open</plugin_output></ReportItem>
<ReportItem port="0" svc_name="general" protocol="tcp" severity="3" pluginID="21156" pluginName="Windows Compliance Checks" pluginFamily="Policy Compliance"><cm:compliance-check-name>1.1.1 Password history</cm:compliance-check-name><cm:compliance-check-id>ab12</cm:compliance-check-id><cm:compliance-result>FAILED</cm:compliance-result><cm:compliance-audit-file>CIS_2019.audit</cm:compliance-audit-file></ReportItem>
</ReportHost>
</Report>
</NessusClientData_v2>
`

func TestConformance(t *testing.T) {
	collecttest.Run(t, collecttest.Suite{
		Importer: nessus.Importer{},
		Samples:  []collecttest.Sample{{Name: "weekly.nessus", Data: []byte(sample)}},
		Text:     true, XMLRoot: "NessusClientData_v2",
		Open: "<NessusClientData_v2><Report name='x'><ReportHost name='10.0.0.1'>", Nest: "<a>",
		Floods: map[string]collecttest.Generated{
			"properties":  {Head: "<NessusClientData_v2><Report name='x'><ReportHost name='h'><HostProperties>", Unit: "<tag name='########'>1</tag>", Tail: "</HostProperties></ReportHost></Report></NessusClientData_v2>"},
			"cves":        {Head: "<NessusClientData_v2><Report name='x'><ReportHost name='h'><ReportItem port='0' severity='1' pluginID='1'>", Unit: "<cve>CVE-2024-########</cve>", Tail: "</ReportItem></ReportHost></Report></NessusClientData_v2>"},
			"repetitions": {Head: "<NessusClientData_v2><Report name='x'><ReportHost name='h'>", Unit: "<ReportItem port='1' protocol='tcp' severity='1' pluginID='1' pluginName='same all over again'><solution>n/a</solution></ReportItem>", Tail: "</ReportHost></Report></NessusClientData_v2>"},
			"faults":      {Head: "<NessusClientData_v2><Report name='x'><ReportHost name='h'>", Unit: "<ReportItem port='x' severity='1' pluginID='########'/>", Tail: "</ReportHost></Report></NessusClientData_v2>"},
		},
	})
}

func parse(t testing.TB, name string, data []byte) *collect.Parsed {
	t.Helper()
	in := collecttest.Input(name, data)
	p, err := nessus.Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	return p
}

func byKey(b *fact.Batch, kind fact.Kind) map[string]fact.Fact {
	m := map[string]fact.Fact{}
	for _, f := range b.Facts {
		if f.Kind == kind {
			m[f.Key] = f
		}
	}
	return m
}

func TestSample(t *testing.T) {
	p := parse(t, "weekly.nessus", []byte(sample))
	b := p.Batch
	if b.Stream.ID != "import/nessus/weekly-internal" || !b.Stream.PerAsset || p.Rows != 10 {
		t.Errorf("stream %+v, %d rows", b.Stream, p.Rows)
	}
	end := time.Unix(1790000000, 0).UTC()
	s := b.Sightings[0]
	wantKeys := "[ip:10.20.0.5 mac:00:1b:21:aa:bb:cc fqdn:ehr-db-01.example.org name:ehr-db-01]"
	if got := fmt.Sprint(s.Keys); got != wantKeys {
		t.Errorf("keys %s, want %s", got, wantKeys)
	}
	wantHost := fact.Values{
		"ips": []string{"10.20.0.5"}, "macs": []string{"00:1b:21:aa:bb:cc", "02:42:0e:7a:f2:27"}, "name": "ehr-db-01", "fqdn": "ehr-db-01.example.org",
		"os_name": "Microsoft Windows Server 2019 Standard", "os_family": "windows", "class": "server",
		"scanned_at": end, "network_seen_at": end, "last_seen_at": end, "scan_credentialed": true,
		"clear_text_services": []string{"telnet"},
	}
	if d := cmp.Diff(wantHost, s.Values); d != "" {
		t.Error(d)
	}
	wantVuln := fact.Values{
		"title": "MS17-010: Security Update", "cves": []string{"CVE-2017-0143", "CVE-2017-0144"}, "scanner": "Nessus", "scanner_id": "97833",
		"severity": "critical", "cvss": 8.1, "known_exploited": true, "known_exploited_due_at": time.Date(2022, 4, 15, 0, 0, 0, 0, time.UTC),
		"exploit_available": true, "port": int64(445), "published_at": time.Date(2017, 3, 14, 0, 0, 0, 0, time.UTC), "fix_available": true,
		"solution": "Microsoft has released patches.", "status": "open",
	}
	vulns := byKey(b, fact.KindVulnerability)
	if d := cmp.Diff(wantVuln, vulns["nessus:97833:445/tcp"].Values); d != "" || len(vulns) != 2 {
		t.Error(len(vulns), d)
	}
	ends := byKey(b, fact.KindEndpoint)
	if v := ends["23/tcp"].Values; v["service"] != "telnet" || v["clear_text"] != true || v["exposed"] != true {
		t.Errorf("telnet: %v", v)
	}
	if v := ends["443/tcp"].Values; v["service"] != "https" || v["clear_text"] != false || v["tls_oldest"] != "1.0" || v["tls_newest"] != "1.2" || v["cert_chain_valid"] != false || fmt.Sprint(v["tls_weak_ciphers"]) != "[DES-CBC3-SHA RC4-SHA]" {
		t.Errorf("https: %v", v)
	}
	if f := ends["25/tcp"]; f.Values["service"] != "smtp" || f.Values["tls"] != true || f.Missing["clear_text"] == "" || f.Values["cert_subject"] != "mx.example.org" {
		t.Errorf("smtp: %+v", f)
	}
	if f := ends["9100/tcp"]; f.Missing["service"] == "" || f.Missing["clear_text"] == "" {
		t.Errorf("guessed service: %+v", f)
	}
	set := byKey(b, fact.KindSetting)["CIS_2019.audit/ab12"]
	if set.Values["compliant"] != false || set.Values["outcome"] != "failed" {
		t.Errorf("setting: %+v", set)
	}
	wantScan := fact.Values{
		"type": "vulnerability_scan", "title": "Weekly internal", "performed_at": end, "performer": "Nessus", "scope": "internal",
		"assets": int64(1), "findings": int64(2), "credentialed": true,
	}
	for _, f := range byKey(b, fact.KindActivity) {
		if d := cmp.Diff(wantScan, f.Values); d != "" {
			t.Error(d)
		}
	}
}

// TestHeimdall compares hosts and items with the outputs another project has
// stored for the same scan.
func TestHeimdall(t *testing.T) {
	dir := []string{"corpora", "conformance", "heimdall", "nessus_mapper"}
	p := parse(t, "sample.nessus", testshared.Read(t, append(dir, "sample_input_report", "sample.nessus.zst")...))
	want, total := map[string]int{}, 0
	for _, ip := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"} {
		var out struct {
			Profiles []struct {
				Controls []struct {
					Impact  float64           `json:"impact"`
					Results []json.RawMessage `json:"results"`
				} `json:"controls"`
			} `json:"profiles"`
		}
		if err := json.Unmarshal(testshared.Read(t, append(dir, "nessus-hdf-"+ip+".json.zst")...), &out); err != nil {
			t.Fatal(err)
		}
		for _, c := range out.Profiles[0].Controls {
			total += len(c.Results)
			if c.Impact > 0 {
				want[ip] += len(c.Results)
			}
		}
	}
	got := map[string]int{}
	for _, f := range p.Batch.Facts {
		if f.Kind == fact.KindVulnerability {
			got[f.Asset]++
		}
	}
	if d := cmp.Diff(want, got); d != "" || p.Rows != total {
		t.Errorf("%d items, want %d; findings by host: %s", p.Rows, total, d)
	}
	credentialed := map[string]any{}
	for _, s := range p.Batch.Sightings {
		credentialed[s.Ref] = s.Values["scan_credentialed"]
	}
	if d := cmp.Diff(map[string]any{"10.0.0.1": false, "10.0.0.2": false, "10.0.0.3": true}, credentialed); d != "" {
		t.Error(d)
	}
	if len(p.Batch.Components) < 1000 || p.Batch.Components[0].Distro != "ubuntu-20.04" {
		t.Errorf("%d components", len(p.Batch.Components))
	}
}

func TestCorpus(t *testing.T) {
	dir := []string{"corpora", "inventories", "scans", "tenable"}
	for _, c := range []struct {
		path            []string
		items, findings int
	}{
		{[]string{"nessus", "issue_6992.nessus.zst"}, 1, 1},
		{[]string{"nessus", "nessus_many_vuln.xml.zst"}, 7, 0},
		{[]string{"nessus_was", "nessus_was_many_vuln.xml"}, 5, 4},
		{[]string{"nessus_was", "nessus_was_one_vuln.xml"}, 1, 1},
		{[]string{"nessus_was", "nessus_was_no_vuln.xml"}, 0, 0},
	} {
		t.Run(c.path[1], func(t *testing.T) {
			p := parse(t, c.path[1], testshared.Read(t, append(dir, c.path...)...))
			if n := len(byKey(p.Batch, fact.KindVulnerability)); p.Rows != c.items || n != c.findings {
				t.Errorf("%d items, %d findings, want %d, %d", p.Rows, n, c.items, c.findings)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	bad := strings.Replace(sample, `severity="4"`, `severity="9"`, 1)
	in := collecttest.Input("x.nessus", []byte(bad))
	_, err := nessus.Importer{}.Parse(context.Background(), in)
	if want := `x.nessus: line 15: column "severity": plugin 97833: the severity is "9", not 0 to 4; export the scan again`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	in.OnFault = collect.SkipRows
	p, err := nessus.Importer{}.Parse(context.Background(), in)
	if err != nil || len(p.Skipped) != 1 || len(byKey(p.Batch, fact.KindVulnerability)) != 1 {
		t.Errorf("got %v, %+v", err, p)
	}
}

func TestScopeOption(t *testing.T) {
	in := collecttest.Input("x.nessus", []byte(sample))
	in.Options = map[string]string{"scope": "external"}
	p, err := nessus.Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	if v := byKey(p.Batch, fact.KindEndpoint)["23/tcp"].Values; v["internet_facing"] != true || p.Batch.Sightings[0].Values["internet_facing"] != true {
		t.Errorf("a scan from outside: %v, %v", v, p.Batch.Sightings[0].Values)
	}
	for _, f := range byKey(p.Batch, fact.KindActivity) {
		if f.Values["scope"] != "external" {
			t.Errorf("activity %v", f.Values)
		}
	}
}

func TestOldScanDoesNotKnowKEV(t *testing.T) {
	old := strings.Replace(strings.Replace(sample, "1790000000", "1500000000", 1), "<cisa-known-exploited>2022/04/15</cisa-known-exploited>", "", 1)
	f := byKey(parse(t, "x.nessus", []byte(old)).Batch, fact.KindVulnerability)["nessus:97833:445/tcp"]
	if _, ok := f.Values["known_exploited"]; ok || f.Missing["known_exploited"] == "" {
		t.Errorf("got %+v", f)
	}
}

// big generates a scan of one host per some 60 kB.
func big(size int64) collecttest.Generated {
	item := `<ReportItem port="443" svc_name="www" protocol="tcp" severity="2" pluginID="51192" pluginName="SSL Certificate Cannot Be Trusted" pluginFamily="General">
<cvss3_base_score>6.5</cvss3_base_score><risk_factor>Medium</risk_factor><solution>Purchase or generate a proper certificate for this service.</solution>
<description>` + strings.Repeat("The server's certificate cannot be trusted. ", 60) + `</description>
<plugin_output>` + strings.Repeat("|-Subject : O=Nessus Users United\n", 10) + "</plugin_output></ReportItem>\n"
	var unit strings.Builder
	for i := range 20 {
		unit.WriteString(strings.Replace(item, `pluginID="51192"`, fmt.Sprintf(`pluginID="%d"`, 51192+i), 1))
	}
	host := "<ReportHost name='h########'><HostProperties><tag name='host-fqdn'>h########.example.org</tag><tag name='HOST_END_TIMESTAMP'>1790000000</tag></HostProperties>" +
		unit.String() + "</ReportHost>\n"
	return collecttest.Generated{
		Head: "<NessusClientData_v2><Report name='big'>", Unit: host, Units: size / int64(len(host)), Tail: "</Report></NessusClientData_v2>",
	}
}

func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 200 MB")
	}
	for _, mb := range []int64{20, 200} {
		var p *collect.Parsed
		var err error
		start := time.Now()
		grown := collecttest.Peak(func() { p, err = nessus.Importer{}.Parse(context.Background(), big(mb<<20).Input("big.nessus")) })
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d MB, %d items: %d MB of memory, %v", mb, p.Rows, grown>>20, time.Since(start))
		// What stays is the batch, not the file: some 60,000 findings of 2 kB.
		if most := int64(8<<20) + int64(p.Rows)*2048; grown > most {
			t.Errorf("%d MB took %d MB of memory, want at most %d", mb, grown>>20, most>>20)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	g := big(8 << 20)
	data := make([]byte, g.Size())
	if _, err := g.ReadAt(data, 0); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (nessus.Importer{}).Parse(context.Background(), collecttest.Input("big.nessus", bytes.Clone(data))); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(strings.ReplaceAll(sample, "10.20.0.5", "localhost")))
	for _, x := range collecttest.Foreign() {
		f.Add(x.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { collecttest.Fuzz(t, nessus.Importer{}, "x.nessus", data) })
}
