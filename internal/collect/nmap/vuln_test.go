package nmap_test

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/nmap"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
)

func flawsOf(t *testing.T, data []byte) []fact.Fact {
	t.Helper()
	in := collecttest.Input("scan.xml", data)
	p, err := nmap.Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	return slices.DeleteFunc(p.Batch.Facts, func(f fact.Fact) bool { return f.Kind != fact.KindVulnerability })
}

const withScripts = `<?xml version="1.0"?><!DOCTYPE nmaprun>
<nmaprun scanner="nmap" args="nmap -sV" start="1790000000" version="7.93" xmloutputversion="1.05"><scaninfo type="connect" protocol="tcp" numservices="1000" services="1-1000"/>
<host starttime="1790000000" endtime="1790000050"><status state="up" reason="syn-ack"/><address addr="10.0.0.7" addrtype="ipv4"/>
<ports><port protocol="tcp" portid="443"><state state="open"/><service name="https" product="nginx" version="1.10" method="probed" conf="10"/>
<script id="ssl-poodle" output="x"><table key="CVE-2014-3566"><elem key="title">SSL POODLE information leak</elem><elem key="state">VULNERABLE</elem><table key="ids"><elem>CVE:CVE-2014-3566</elem><elem>BID:70574</elem></table></table></script>
<script id="http-vuln-cve2017-5638" output="x"><table key="CVE-2017-5638"><elem key="title">Struts</elem><elem key="state">NOT VULNERABLE</elem></table></script>
<script id="vulscan" output="VulDB - https://vuldb.com:&#xa;[12345] nginx something&#xa;&#xa;MITRE CVE - https://cve.mitre.org:&#xa;[CVE-2012-1180] Use-after-free vulnerability in nginx&#xa;"/>
</port></ports>
<hostscript><script id="smb-vuln-ms17-010" output="x"><table key="CVE-2017-0143"><elem key="title">Remote Code Execution vulnerability in Microsoft SMBv1 servers (ms17-010)</elem><elem key="state">VULNERABLE</elem><table key="ids"><elem>CVE:CVE-2017-0143</elem></table></table></script></hostscript>
</host><runstats><finished time="1790000100" exit="success"/><hosts up="1" down="0" total="1"/></runstats></nmaprun>`

func TestScriptsThatTestForFlaws(t *testing.T) {
	var got []string
	for _, f := range flawsOf(t, []byte(withScripts)) {
		got = append(got, fmt.Sprintf("%s %v %v %v %s", f.Key, f.Values["cves"], f.Values["port"], f.Values["scanner"], f.Values["title"]))
	}
	slices.Sort(got)
	want := []string{
		"nmap:smb-vuln-ms17-010:CVE-2017-0143 [CVE-2017-0143] 0 nmap smb-vuln-ms17-010 Remote Code Execution vulnerability in Microsoft SMBv1 servers (ms17-010)",
		"nmap:ssl-poodle:CVE-2014-3566:443/tcp [CVE-2014-3566] 443 nmap ssl-poodle SSL POODLE information leak",
		"nmap:vulscan:CVE-2012-1180:443/tcp [CVE-2012-1180] 443 nmap vulscan Use-after-free vulnerability in nginx",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestVulners counts the CVE ids in the files by another way.
func TestVulners(t *testing.T) {
	id := regexp.MustCompile(`<elem key="id">(CVE-\d+-\d+)</elem>`)
	port := regexp.MustCompile(`(?s)<port protocol.*?</port>`)
	for _, file := range []string{"nmap_script_vulners.xml", "issue4406.xml"} {
		data := testshared.Read(t, "corpora", "inventories", "scans", "nmap", file)
		want := 0
		for _, p := range port.FindAll(data, -1) {
			ids := map[string]bool{}
			for _, m := range id.FindAllSubmatch(bytes.TrimSpace(p), -1) {
				ids[string(m[1])] = true
			}
			want += len(ids)
		}
		got := flawsOf(t, data)
		if len(got) != want || want == 0 {
			t.Errorf("%s: %d findings, want %d", file, len(got), want)
		}
		if file == "nmap_script_vulners.xml" {
			want := fact.Values{
				"title": "CVE-2018-15919 in openssh", "scanner": "nmap vulners", "scanner_id": "CVE-2018-15919", "cves": []string{"CVE-2018-15919"}, "cvss": 5.0, "severity": "medium",
				"component": "openssh", "component_version": "7.4", "port": int64(5022), "status": "open",
			}
			if d := cmp.Diff(want, got[0].Values); d != "" {
				t.Error(d)
			}
		}
	}
}
