package judge_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/list"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/feed"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/testshared"
)

var (
	windowsOnce sync.Once
	windowsFeed []byte
	windowsErr  error
)

// windowsEngine asks a feed of Microsoft's table and the CVE records of the corpus, built
// once.
func windowsEngine(t *testing.T) judge.Engine {
	t.Helper()
	if testing.Short() {
		t.Skip("it reads Microsoft's table of 136 MB")
	}
	table, records := testshared.Path(t, "corpora", "advisories", "windows"), testshared.Path(t, "corpora", "advisories", "cve")
	windowsOnce.Do(func() {
		var b *feed.Built
		if b, windowsErr = feed.Build(context.Background(), feed.Sources{Paths: []string{table, records}}, feed.Options{Now: collecttest.Now}); windowsErr == nil {
			windowsFeed = b.Data
		}
	})
	if windowsErr != nil {
		t.Fatal(windowsErr)
	}
	return opened(t, windowsFeed)
}

// engineOf builds a feed of a folder and asks it.
func engineOf(t *testing.T, dir string) judge.Engine {
	t.Helper()
	b, err := feed.Build(t.Context(), feed.Sources{Paths: []string{dir}}, feed.Options{Now: collecttest.Now})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Report.Refused) > 0 {
		t.Fatalf("refused: %+v", b.Report.Refused)
	}
	return opened(t, b.Data)
}

func opened(t *testing.T, data []byte) judge.Engine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.feed")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := feed.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return judge.NewEngine(f.DB, judge.Feed{ID: "test", BuiltAt: collecttest.Now}, nil)
}

// imported brings a file as a person would, by content, and returns its machines.
func imported(t *testing.T, name string, data []byte) []*fact.Resource {
	t.Helper()
	in := collecttest.Input(name, data)
	in.Options = map[string]string{"asset": "machine-1"}
	im, err := collect.Recognize(list.Importers(), in)
	if err != nil {
		t.Fatal(err)
	}
	p, err := im.Parse(t.Context(), in)
	if err != nil {
		t.Fatalf("%s by %s: %v", name, im.Format().ID, err)
	}
	var out []*fact.Resource
	for _, s := range p.Batch.Sightings {
		r := &fact.Resource{Kind: fact.KindAsset, ID: s.Ref, Values: make(map[string]fact.Value), Missing: make(map[string]fact.Gap)}
		for n, v := range s.Values {
			r.Values[n] = fact.Value{V: v}
		}
		for n, why := range s.Missing {
			r.Missing[n] = fact.Gap{Why: why}
		}
		out = append(out, r)
	}
	return out
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(testshared.Path(t, "corpora", "inventories", "hosts", "windows-systeminfo", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// osquery is what a scheduled query of osquery logs.
func osquery(rows ...string) []byte {
	var b strings.Builder
	for _, r := range rows {
		name, columns, _ := strings.Cut(r, " ")
		b.WriteString(`{"snapshot":[` + columns + `],"action":"snapshot","name":"` + name + `","hostIdentifier":"PACS-2","unixTime":1795593600}` + "\n")
	}
	return []byte(b.String())
}

// TestWindowsFromFileToFinding brings listings of real machines and holds single answers
// against Microsoft's table. Each was read in the table by a person: which updates it
// names for the flaw and the product, and which replace them.
func TestWindowsFromFileToFinding(t *testing.T) {
	e := windowsEngine(t)
	const fine, affected, likely = "fine", "affected", "likely"
	files := map[string][]byte{
		"osquery/new": osquery(
			`os {"name":"Microsoft Windows Server 2019 Standard","version":"10.0.17763","build":"17763","platform":"windows","arch":"64-bit"}`,
			`kernel {"version":"10.0.17763.1999","arguments":"","path":"","device":""}`),
		"osquery/old": osquery(
			`os {"name":"Microsoft Windows Server 2019 Standard","version":"10.0.17763","build":"17763","platform":"windows","arch":"64-bit"}`,
			`kernel {"version":"10.0.17763.1998","arguments":"","path":"","device":""}`,
			`patches {"hotfix_id":"KB5003646","csname":"PACS-2"}`),
		"osquery/client": osquery(
			`os {"name":"Microsoft Windows 10 Pro","version":"10.0.19043","build":"19043","platform":"windows","arch":"64-bit"}`,
			`patches {"hotfix_id":"KB5003637","csname":"PACS-2"},{"hotfix_id":"KB5001716","csname":"PACS-2"}`),
		"wazuh": []byte(`{"data": {"affected_items": [
 {"scan": {"id": 0, "time": "2026/05/20 08:56:35"}, "hotfix": "KB5012599", "agent_id": "001"},
 {"scan": {"id": 0, "time": "2026/05/20 08:56:35"}, "os": {"name": "Microsoft Windows 10 Pro", "version": "10.0.19044", "build": "19044", "platform": "windows"}, "architecture": "x86_64", "hostname": "NURSE-07", "agent_id": "001"}
], "total_affected_items": 2}, "message": "All specified syscollector information was returned", "error": 0}`),
	}
	for _, tt := range []struct {
		file, flaw, want string
		updates          []string // that mend it, where it is affected
		why              string   // what the table says
	}{
		{"10_1803_x64_proforworkstations_en-us_A_20190305_systeminfo.txt", "CVE-2018-8653", fine, nil, "4483234 of December 2018 is replaced, through others, by 4487017, which is installed"},
		{"10_1803_x64_proforworkstations_en-us_A_20190305_systeminfo.txt", "CVE-2019-0626", fine, nil, "4487017 itself"},
		{"10_1803_x64_proforworkstations_en-us_A_20190305_systeminfo.txt", "CVE-2019-0703", affected, []string{"KB4489868"}, "4489868 of March 2019 replaces 4487017; nothing later is installed"},
		{"7_sp1_x86_enterprise_en-us_systeminfo.txt", "CVE-2019-0708", affected, []string{"KB4499164", "KB4499175"}, "rollup or security-only update of May 2019; two old updates are installed"},
		{"7_sp1_x86_enterprise_en-us_systeminfo.txt", "CVE-2019-0808", affected, []string{"KB4489878", "KB4489885"}, "rollup or security-only update of March 2019"},
		{"7_sp1_x64_enterprise_en-us_A_systeminfo.txt", "CVE-2017-0144", affected, []string{"KB4012212", "KB4012215"}, "neither of March 2017 is installed, and no rollup"},
		{"7_sp1_x64_enterprise_en-us_A_systeminfo.txt", "CVE-2014-6321", fine, nil, "2992611 itself"},
		{"7_sp1_x64_enterprise_en-us_A_systeminfo.txt", "CVE-2016-0099", affected, []string{"KB3139914"}, "3139914 is not installed, and nothing replaces it"},
		{"10_1809_x64_pro_en-us_20190307_systeminfo.txt", "CVE-2020-0601", likely, []string{"KB4534273"}, "of January 2020; the list has no monthly update of the table, so nobody knows what the machine was set up with"},
		{"10_1809_x64_pro_en-us_20190307_systeminfo.txt", "CVE-2019-0543", likely, []string{"KB4480116"}, "of January 2019; 4482887 of 1 March 2019 holds it, but has no security fixes of its own and is not in the table"},
		{"srv_2019_rtm_datacenter_en-us_systeminfo.txt", "CVE-2020-1472", affected, []string{"KB4601345"}, "of February 2021"},
		{"srv_2019_rtm_datacenter_en-us_systeminfo.txt", "CVE-2019-0536", fine, nil, "4480116 itself"},
		{"srv_2019_rtm_datacenter_en-us_systeminfo.txt", "CVE-2018-8611", fine, nil, "4471332 is replaced by 4480116"},
		{"10_21H2_x64_pro_systeminfo.txt", "CVE-2021-34527", fine, nil, "5008212 is replaced by 5012599"},
		{"10_21H2_x64_pro_systeminfo.txt", "CVE-2022-24521", fine, nil, "5012599 itself"},
		{"10_21H2_x64_pro_systeminfo.txt", "CVE-2022-30190", affected, []string{"KB5014699"}, "of June 2022; 5012599 is of April"},
		{"11_24H2_x64_enterprise_systeminfo.txt", "CVE-2024-38063", likely, []string{"KB5041571"}, "of August 2024; the list has no monthly update of the table"},
		{"11_22H2_x64_home-single-language_systeminfo.txt", "CVE-2023-36884", likely, []string{"KB5029263"}, "its list has one update of .NET: the image may hold newer ones"},
		{"srv_2012r2_u1_systeminfo2.txt", "CVE-2017-0144", fine, nil, "4012216 is replaced by 4489881; the bulletin's row with 4012213 alone is the same flaw"},
		{"srv_2012r2_u1_systeminfo2.txt", "CVE-2014-6321", fine, nil, "2992611 itself"},
		{"srv_2012r2_u1_systeminfo2.txt", "CVE-2016-0128", affected, []string{"KB3149090"}, "3149090 is not installed, and nothing replaces it"},
		{"vista_x64_sp2_systeminfo.txt", "CVE-2010-2568", fine, nil, "2286198 itself"},
		{"vista_x64_sp2_systeminfo.txt", "CVE-2013-3660", affected, []string{"KB2850851"}, "2850851 is not installed"},
		{"osquery/new", "CVE-2021-1675", fine, nil, "build 17763.1999 mends it"},
		{"osquery/old", "CVE-2021-1675", affected, nil, "build 17763.1998 runs; 5003646 is installed and waits for a restart"},
		{"osquery/client", "CVE-2021-1675", fine, nil, "5003637 itself"},
		{"wazuh", "CVE-2022-24521", fine, nil, "5012599 itself"},
		{"wazuh", "CVE-2022-30190", affected, []string{"KB5014699"}, "of June 2022"},
	} {
		t.Run(tt.file+" "+tt.flaw, func(t *testing.T) {
			data, ok := files[tt.file]
			if !ok {
				data = sample(t, tt.file)
			}
			as := imported(t, filepath.Base(tt.file), data)
			if len(as) != 1 {
				t.Fatalf("%d machines", len(as))
			}
			ans := e.System(as[0])
			if !ans.Spoke || ans.About != "Windows" {
				t.Fatalf("nothing is said: %+v", ans)
			}
			got, updates, reason := fine, []string(nil), ""
			for _, m := range ans.Matches {
				if m.Flaw == tt.flaw {
					got, updates, reason = affected, m.Advisories, m.Reason
					if m.Likely {
						got = likely
					}
				}
			}
			if got != tt.want || !slices.Equal(updates, tt.updates) {
				t.Errorf("%s by %v (%s; nobody knows: %s), want %s by %v: %s", got, updates, reason, ans.Why, tt.want, tt.updates, tt.why)
			}
			// A flaw that is fine has to be one that the table speaks of for this machine.
			if got == fine && len(ans.Matches) == 0 {
				t.Error("nothing at all is said to be wrong with it")
			}
		})
	}
}

// TestWindowsNeedsTheTable holds a machine against records of flaws alone: builds of some
// flaws make no machine clean.
func TestWindowsNeedsTheTable(t *testing.T) {
	dir := t.TempDir()
	record := `{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2021-1675","state":"PUBLISHED","assignerOrgId":"f38d906d-7342-40ea-92c1-6c4a2c6478c8"},"containers":{"cna":{"providerMetadata":{"orgId":"f38d906d-7342-40ea-92c1-6c4a2c6478c8"},"title":"Print Spooler","affected":[{"vendor":"Microsoft","product":"Windows Server 2019","platforms":["x64-based Systems"],"versions":[{"status":"affected","version":"10.0.0","lessThan":"10.0.17763.1999","versionType":"custom"}]}]}}}`
	if err := os.WriteFile(filepath.Join(dir, "CVE-2021-1675.json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	e := engineOf(t, dir)
	a := &fact.Resource{Kind: fact.KindAsset, Values: map[string]fact.Value{"os_family": {V: "windows"}, "os_name": {V: "Windows Server 2019"}, "os_build": {V: "17763.9999"}}}
	if ans := e.System(a); len(ans.Matches) > 0 || !strings.Contains(ans.Why, "Microsoft's table") {
		t.Errorf("%+v, want not assessed for want of the table", ans)
	}
}
