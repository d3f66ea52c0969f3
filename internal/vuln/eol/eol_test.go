package eol_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/errs"
	feedeol "github.com/asepsis/asepsis/internal/feed/eol"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/vuln/eol"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// sink keeps the cycles of a reader.
type sink struct {
	t    testing.TB
	list []advisory.Cycle
}

func (*sink) Advisory(*advisory.Advisory)    {}
func (*sink) Exploited(advisory.Exploited)   {}
func (*sink) Likelihood(advisory.Likelihood) {}
func (*sink) Points(advisory.Points)         {}
func (s *sink) Cycle(c advisory.Cycle)       { s.list = append(s.list, c) }
func (*sink) Dated(string, time.Time)        {}
func (*sink) Done(string)                    {}
func (s *sink) Refuse(source string, line int, id, why string) {
	s.t.Errorf("%s line %d %s: %s", source, line, id, why)
}

// cycles are those of endoflife.date.
func cycles(t testing.TB) []advisory.Cycle {
	s := &sink{t: t}
	for line := range bytes.Lines(testshared.Read(t, "corpora", "advisories", "eol", "products.jsonl.zst")) {
		feedeol.Read(line, "products.jsonl", s)
	}
	return s.list
}

func table(t testing.TB) *eol.Table {
	t.Helper()
	list := cycles(t)
	b := eol.Encode(list)
	tab, err := eol.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	products, n := tab.Size()
	t.Logf("%d products, %d cycles of %d in %d bytes", products, n, len(list), len(b))
	if products < 450 || n < 8000 {
		t.Errorf("%d products and %d cycles: the table was cut", products, n)
	}
	return tab
}

// shipped is the small table that is used where no feed is there.
type shipped struct {
	Systems []struct {
		ID       string `yaml:"id"`
		Title    string `yaml:"title"`
		Releases []struct {
			Release  string `yaml:"release"`
			Ends     string `yaml:"ends"`
			Extended string `yaml:"extended"`
		} `yaml:"releases"`
	} `yaml:"systems"`
}

// names are what the systems of the shipped table call themselves, with their editions
// and builds of Windows.
func asSystem(id, release, title string) (eol.System, bool) {
	builds := map[string]string{
		"5-sp3": "2600", "6-sp2": "6002", "7-sp1": "7601", "8": "9200", "8.1": "9600", "10-1507": "10240", "10-1511": "10586", "10-1607": "14393", "10-1703": "15063",
		"10-1709": "16299", "10-1803": "17134", "10-1809": "17763", "10-1903": "18362", "10-1909": "18363", "10-2004": "19041", "10-20h2": "19042", "10-21h1": "19043",
		"10-21h2": "19044", "10-22h2": "19045", "11-21h2": "22000", "11-22h2": "22621", "11-23h2": "22631", "11-24h2": "26100", "11-25h2": "26200", "11-26h1": "28000",
	}
	servers := map[string]string{
		"2025": "26100", "23h2-ac": "25398", "2022": "20348", "20h2-sac": "19042", "2004-sac": "19041", "1909-sac": "18363", "1903-sac": "18362", "2019": "17763",
		"1803-sac": "17134", "1709-sac": "16299", "2016": "14393", "2012-r2": "9600", "2012": "9200", "2008-r2-sp1": "7601", "2008-sp2": "6002",
	}
	switch id {
	case "windows":
		for end, edition := range map[string]string{"-w": "Professional", "-e": "Enterprise", "-e-lts": "EnterpriseS", "-iot-lts": "IoTEnterpriseS", "": "Professional"} {
			if base, ok := bytes.CutSuffix([]byte(release), []byte(end)); ok && builds[string(base)] != "" {
				return eol.System{Name: "Microsoft Windows 10 or 11", Build: builds[string(base)], Edition: edition}, true
			}
		}
		return eol.System{}, false
	case "windows-server":
		switch release {
		case "2003-sp2":
			return eol.System{Name: "Microsoft Windows Server 2003", Version: "5.2.3790 Service Pack 2 Build 3790"}, true
		case "2003-sp1":
			return eol.System{Name: "Microsoft Windows Server 2003", Version: "5.2.3790 Service Pack 1 Build 3790"}, true
		}
		return eol.System{Name: "Microsoft Windows Server Datacenter", Build: servers[release]}, servers[release] != ""
	}
	return eol.System{ID: id, Name: title, Version: release}, true
}

// TestAgreesWithTheShippedTable asks for every release of the small table that is used
// without a feed: both must say the same day.
func TestAgreesWithTheShippedTable(t *testing.T) {
	tab := table(t)
	b, err := os.ReadFile(filepath.Join("..", "..", "collect", "host", "eol", "eol.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var s shipped
	if err := yaml.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	asked := 0
	var left []string
	for _, system := range s.Systems {
		for _, r := range system.Releases {
			sys, ok := asSystem(system.ID, r.Release, system.Title)
			if !ok {
				left = append(left, system.ID+" "+r.Release)
				continue
			}
			asked++
			a := tab.System(sys, now)
			if got := a.Ends.Format(time.DateOnly); got != r.Ends {
				t.Errorf("%s %s: support ends %s, the shipped table says %s (%+v)", system.ID, r.Release, got, r.Ends, a)
			}
			if got := a.Extended; r.Extended == "" != got.IsZero() || r.Extended != "" && got.Format(time.DateOnly) != r.Extended {
				t.Errorf("%s %s: extended support ends %s, the shipped table says %q", system.ID, r.Release, got.Format(time.DateOnly), r.Extended)
			}
		}
	}
	// An edition that no machine tells by its build and its EditionID.
	if want := []string{"windows 10-1507-iot", "windows-server 1809-sac"}; !slices.Equal(left, want) {
		t.Errorf("not asked: %v, want %v", left, want)
	}
	t.Logf("%d releases say the same day", asked)
}

func TestSystem(t *testing.T) {
	tab := table(t)
	for _, tt := range []struct {
		sys  eol.System
		want eol.State
		ends string
	}{
		{eol.System{Name: "Debian GNU/Linux 12 (bookworm)", Version: "12"}, eol.Supported, "2028-06-30"},
		{eol.System{ID: "debian", Name: "Debian GNU/Linux", Version: "10"}, eol.Ended, "2024-06-30"},
		{eol.System{Name: "Ubuntu", Version: "20.04.6 LTS (Focal Fossa)"}, eol.ExtendedOnly, "2025-05-31"},
		{eol.System{Name: "Ubuntu 24.04.1 LTS"}, eol.Supported, "2029-05-31"},
		{eol.System{Name: "Red Hat Enterprise Linux", Version: "7.9 (Maipo)"}, eol.ExtendedOnly, "2024-06-30"},
		{eol.System{Name: "CentOS Stream", ID: "centos", Version: "9"}, eol.Supported, "2027-05-31"},
		{eol.System{Name: "CentOS Linux", ID: "centos", Version: "7"}, eol.Ended, "2024-06-30"},
		{eol.System{Name: "SUSE Linux Enterprise Server 12 SP5", Version: "12 SP5"}, eol.ExtendedOnly, "2024-10-31"},
		{eol.System{Name: "Alpine Linux v3.20", Version: "3.20.3"}, eol.Ended, "2026-04-01"},
		{eol.System{Name: "macOS", Version: "13.6.1"}, eol.Ended, "2025-09-15"},
		{eol.System{Name: "macOS", Version: "26.1"}, eol.Supported, ""},
		{eol.System{Name: "Microsoft Windows 10 Pro", Version: "10.0.19045 N/A Build 19045"}, eol.ExtendedOnly, "2025-10-14"},
		{eol.System{Name: "Microsoft Windows 10 Enterprise LTSC", Version: "10.0.17763"}, eol.Supported, "2029-01-09"},
		{eol.System{Name: "Microsoft Windows 10 企业版 LTSC", Version: "10.0.17763"}, eol.Supported, "2029-01-09"},
		{eol.System{Name: "Microsoft Windows 11 Home", Build: "22621.4317"}, eol.Ended, "2024-10-08"},
		{eol.System{Name: "Майкрософт Windows Server 2012 R2 Standard", Version: "6.3.9600"}, eol.Ended, "2023-10-10"},
		{eol.System{Name: "Microsoft Windows Server 2019 Datacenter"}, eol.Supported, "2029-01-09"},
		{eol.System{Name: "Microsoft Windows XP Professional", Version: "5.1.2600 Service Pack 3 Build 2600"}, eol.Ended, "2014-04-08"},
		{eol.System{Name: "Microsoft Windows 10 Pro"}, eol.NotKnown, ""},
		{eol.System{Name: "Microsoft Windows 12", Build: "40000"}, eol.NotKnown, ""},
		{eol.System{Name: "Debian GNU/Linux"}, eol.NotKnown, ""},
		{eol.System{Name: "Debian GNU/Linux", Version: "99"}, eol.NotKnown, ""},
		{eol.System{Name: "TempleOS", Version: "5"}, eol.NotKnown, ""},
		{eol.System{}, eol.NotKnown, ""},
	} {
		a := tab.System(tt.sys, now)
		ends := ""
		if !a.Ends.IsZero() {
			ends = a.Ends.Format(time.DateOnly)
		}
		if a.State != tt.want || ends != tt.ends || a.Why == "" {
			t.Errorf("%+v: %s, ends %q (%s), want %s, %q", tt.sys, a.State, ends, a.Why, tt.want, tt.ends)
		}
	}
}

func TestComponent(t *testing.T) {
	tab := table(t)
	for _, tt := range []struct {
		c       eol.Component
		want    eol.State
		product string
	}{
		{eol.Component{CPE: "cpe:2.3:a:postgresql:postgresql:12.4:*:*:*:*:*:*:*"}, eol.Ended, "postgresql"},
		{eol.Component{CPE: "cpe:/a:postgresql:postgresql", Version: "16.2"}, eol.Supported, "postgresql"},
		{eol.Component{PURL: "pkg:pypi/Django@3.2.1"}, eol.Ended, "django"},
		{eol.Component{PURL: "pkg:npm/%40angular/core@12.0.0"}, eol.Ended, "angular"},
		{eol.Component{CPE: "cpe:2.3:a:nodejs:node.js:14.1.0:*:*:*:*:*:*:*"}, eol.Ended, "nodejs"},
		{eol.Component{PURL: "pkg:deb/debian/openssl@3.0.11-1"}, eol.NotKnown, ""},
		{eol.Component{PURL: "pkg:npm/left-pad@1.0.0"}, eol.NotKnown, ""},
		{eol.Component{PURL: "pkg:pypi/django"}, eol.NotKnown, "django"},
		{eol.Component{PURL: "pkg:pypi/django@99.1"}, eol.NotKnown, "django"},
		{eol.Component{PURL: "not one"}, eol.NotKnown, ""},
		{eol.Component{}, eol.NotKnown, ""},
	} {
		a := tab.Component(tt.c, now)
		if a.State != tt.want || a.Product != tt.product || a.Why == "" {
			t.Errorf("%+v: %s of %q (%s), want %s of %q", tt.c, a.State, a.Product, a.Why, tt.want, tt.product)
		}
	}
}

// TestTheLastDayCounts walks over the ends of a cycle.
func TestTheLastDayCounts(t *testing.T) {
	d := func(s string) time.Time {
		at, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	tab, err := eol.Open(eol.Encode([]advisory.Cycle{
		{Product: "ubuntu", Title: "Ubuntu", Cycle: "20.04", SupportEnds: d("2025-05-31"), ExtendedEnds: d("2030-04-02")},
		{Product: "ubuntu", Title: "Ubuntu", Cycle: "4.10", Ended: true},
	}))
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]eol.State{
		"2025-05-31T23:00:00Z": eol.Supported, "2025-06-01T00:00:00Z": eol.ExtendedOnly, "2030-04-02T12:00:00Z": eol.ExtendedOnly, "2030-04-03T00:00:00Z": eol.Ended,
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := tab.System(eol.System{Name: "Ubuntu", Version: "20.04"}, moment); got.State != want {
			t.Errorf("at %s: %s, want %s", at, got.State, want)
		}
	}
	if got := tab.System(eol.System{Name: "Ubuntu", Version: "4.10"}, now); got.State != eol.Ended || !got.Ends.IsZero() {
		t.Errorf("ended on a day nobody noted: %+v", got)
	}
}

func TestEncodeMindsNoOrder(t *testing.T) {
	list := cycles(t)
	want := eol.Encode(list)
	slices.Reverse(list)
	if !bytes.Equal(eol.Encode(list), want) {
		t.Error("another order gives other bytes")
	}
	if eol.Encode(nil) != nil {
		t.Error("nothing gives bytes")
	}
}

func TestOpenRefuses(t *testing.T) {
	whole := eol.Encode([]advisory.Cycle{{Product: "debian", Cycle: "12", Identifiers: []string{"cpe:/o:debian:debian_linux"}, SupportEnds: now}})
	for n := range whole {
		if _, err := eol.Open(whole[:n]); err == nil || errs.HintOf(err) == "" {
			t.Errorf("cut to %d of %d bytes: %v", n, len(whole), err)
		}
	}
	if _, err := eol.Open(append([]byte{9}, whole[1:]...)); !errs.Is(err, errs.Unsupported) {
		t.Errorf("another version: %v", err)
	}
	if _, err := eol.Open(append(slices.Clone(whole), 0)); !errs.Is(err, errs.Invalid) {
		t.Errorf("a byte too many: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(eol.Encode([]advisory.Cycle{{Product: "debian", Cycle: "12", Identifiers: []string{"pkg:pypi/x"}, SupportEnds: now, Latest: "12.1"}}), "12")
	f.Add([]byte{1, 255, 255, 3}, "1")
	f.Fuzz(func(t *testing.T, b []byte, version string) {
		tab, err := eol.Open(b)
		if err != nil {
			return
		}
		for _, name := range []string{"Debian", "Windows Server", "Windows 10"} {
			if a := tab.System(eol.System{Name: name, Version: version, Build: version}, now); a.Why == "" {
				t.Errorf("%+v says nothing", a)
			}
		}
		tab.Component(eol.Component{PURL: "pkg:pypi/x@" + version, CPE: version}, now)
	})
}

func BenchmarkOpen(b *testing.B) {
	section := eol.Encode(cycles(b))
	b.ReportAllocs()
	b.SetBytes(int64(len(section)))
	for b.Loop() {
		if _, err := eol.Open(section); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSystem(b *testing.B) {
	tab := table(b)
	b.ReportAllocs()
	for b.Loop() {
		tab.System(eol.System{Name: "Microsoft Windows 10 Enterprise LTSC", Version: "10.0.17763"}, now)
	}
}
