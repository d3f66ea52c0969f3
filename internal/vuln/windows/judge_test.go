package windows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/windows"
)

func small(t *testing.T) *windows.Table {
	t.Helper()
	const server, client = "Windows Server 2019", "Windows 10 Version 22H2 for x64-based Systems"
	at := func(y int, m time.Month) time.Time { return time.Date(y, m, 10, 0, 0, 0, 0, time.UTC) }
	kb := func(product, component, kb string, replaces ...string) advisory.Product {
		return advisory.Product{Windows: &advisory.WindowsUpdate{Product: product, Component: component, KB: kb, Supersedes: replaces}}
	}
	build := func(product, b string) advisory.Product {
		return advisory.Product{Windows: &advisory.WindowsUpdate{Product: product, FixedBuild: b}}
	}
	c := windows.NewCompiler()
	for _, a := range []advisory.Advisory{
		{ID: "CVE-2023-0001", Published: at(2023, 1), Products: []advisory.Product{kb(server, "Kernel", "5000010"), kb(client, "Kernel", "5000011")}},
		{ID: "CVE-2023-0002", Published: at(2023, 2), Products: []advisory.Product{kb(server, "Kernel", "5000020", "5000010"), kb(client, "Kernel", "5000021", "5000011")}},
		{ID: "CVE-2023-0002", Source: "cve", Published: at(2023, 2), Products: []advisory.Product{build(server, "10.0.17763.4010"), build(client, "10.0.19041.2604")}},
		{ID: "CVE-2023-0003", Source: "cve", Published: at(2023, 3), Products: []advisory.Product{build(server, "10.0.17763.4131")}},
		{ID: "CVE-2017-0144", Published: at(2017, 3), Products: []advisory.Product{kb("Windows Server 2012 R2", "", "4012213"), kb("Windows Server 2012 R2", "SMB", "4012213"), kb("Windows Server 2012 R2", "SMB", "4012216")}},
		{ID: "CVE-2016-3238", Published: at(2016, 7), Products: []advisory.Product{kb("Windows Server 2012 R2", "Spooler", "4038792", "4012216"), kb("Windows Server 2012 R2", "Spooler", "4038793")}},
		{ID: "CVE-2015-0001", Published: at(2015, 7), Products: []advisory.Product{kb("Windows Server 2012 R2", "Kernel", "3000001"), kb("Windows Server 2012 R2", "Kernel", "3000002")}},
	} {
		c.Add(&a)
	}
	tab, err := windows.Open(c.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestJudge(t *testing.T) {
	const affected, fine, open = vuln.Affected, vuln.NotAffected, vuln.NotAssessed
	server := windows.Host{Name: "Microsoft Windows Server 2019 Standard", Build: "17763"}
	client := windows.Host{Name: "Microsoft Windows 10 Pro", Build: "19045", Arch: "x64"}
	old := windows.Host{Name: "Microsoft Windows Server 2012 R2 Standard", Build: "9600"}
	with := func(h windows.Host, build string, known bool, updates ...string) windows.Host {
		if build != "" {
			h.Build = build
		}
		h.Updates, h.UpdatesKnown = updates, known
		return h
	}
	tab := small(t)
	for _, tt := range []struct {
		name  string
		host  windows.Host
		flaw  string
		want  vuln.Verdict
		doubt string
		why   string
	}{
		{"an update that replaces the one that mends", with(server, "", true, "KB5000020"), "CVE-2023-0001", fine, "", "mended"},
		{"an older update alone", with(server, "", true, "KB5000010"), "CVE-2023-0002", affected, "", "None of the updates"},
		{"no list, no revision", with(server, "", false), "CVE-2023-0002", open, "", "not known"},
		{"an update the table does not have, later than the one that mends", with(server, "", true, "KB5000010", "KB5000099"), "CVE-2023-0002", affected, "KB5000099 is installed", "None"},
		{"one that is earlier", with(server, "", true, "KB5000010", "KB5000015"), "CVE-2023-0002", affected, "", "None"},
		{"a list without monthly updates", with(server, "", true, "KB4999999"), "CVE-2023-0001", affected, "names no monthly update", "None"},
		{"the build is new enough, and no list", with(server, "17763.4010", false), "CVE-2023-0002", fine, "", "mended"},
		{"newer in another release of the family", with(client, "10.0.19045.2604", false), "CVE-2023-0002", fine, "", "mended"},
		{"older in another release of the family", with(client, "10.0.19045.2500", false), "CVE-2023-0002", affected, "", "older than 10.0.19041.2604"},
		{"the build is older than the list says", with(server, "17763.4000", true, "KB5000020"), "CVE-2023-0002", affected, "", "a restart may be due"},
		{"the build is new and nothing is listed", with(server, "17763.4131", true), "CVE-2023-0002", fine, "", "mended"},
		{"no build is named for the flaw, and the list decides", with(server, "17763.4131", true, "KB5000010"), "CVE-2023-0001", fine, "", "mended"},
		{"no build is named, no list", with(server, "17763.4131", false), "CVE-2023-0001", open, "", "not known"},
		{"a build alone, known", with(server, "17763.4131", false), "CVE-2023-0003", fine, "", "mended"},
		{"a build alone, older", with(server, "17763.4100", false), "CVE-2023-0003", affected, "", "older"},
		{"a build alone, revision not known", with(server, "", true, "KB5000020"), "CVE-2023-0003", open, "", "revision"},
		{"a bulletin's own row is met by the rollup of the component", with(old, "", true, "KB4012216"), "CVE-2017-0144", fine, "", "mended"},
		{"by the security-only update too", with(old, "", true, "KB4012213"), "CVE-2017-0144", fine, "", "mended"},
		{"by neither", with(old, "", true, "KB3000001"), "CVE-2017-0144", affected, "", "None"},
		{"a later rollup for an older flaw is one of several", with(old, "", true, "KB4038792"), "CVE-2016-3238", fine, "", "mended"},
		{"of old updates all are needed", with(old, "", true, "KB3000001"), "CVE-2015-0001", affected, "", "None"},
		{"and all are there", with(old, "", true, "KB3000001", "KB3000002"), "CVE-2015-0001", fine, "", "mended"},
	} {
		a := tab.Judge(tt.host)
		found := false
		for _, f := range a.Flaws {
			if f.ID != tt.flaw {
				continue
			}
			found = true
			if f.Verdict != tt.want || !strings.Contains(f.Doubt, tt.doubt) || (tt.doubt == "") != (f.Doubt == "") || !strings.Contains(f.Why, tt.why) {
				t.Errorf("%s: %s, %q, doubt %q; want %s, %q, doubt %q", tt.name, f.Verdict, f.Why, f.Doubt, tt.want, tt.why, tt.doubt)
			}
		}
		if !found {
			t.Errorf("%s: nothing is said of %s: %q", tt.name, tt.flaw, a.Why)
		}
	}
	if a := tab.Judge(windows.Host{Name: "Microsoft Windows 10 Pro", Build: "19045", UpdatesKnown: true}); !strings.Contains(a.Why, "32-bit or a 64-bit") {
		t.Errorf("without an architecture: %q", a.Why)
	}
}

func FuzzOpen(f *testing.F) {
	c := windows.NewCompiler()
	c.Add(&advisory.Advisory{ID: "CVE-2023-0001", Products: []advisory.Product{{Windows: &advisory.WindowsUpdate{Product: "Windows Server 2019", KB: "5000010", Supersedes: []string{"5000001"}, FixedBuild: "10.0.17763.4010"}}}})
	f.Add(c.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		tab, err := windows.Open(b)
		if err != nil {
			return
		}
		tab.Judge(windows.Host{Name: "Windows Server 2019", Build: "17763.1", Updates: []string{"KB5000010"}, UpdatesKnown: true})
	})
}
