package eol_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	feedeol "github.com/asepsis/asepsis/internal/feed/eol"
	"github.com/asepsis/asepsis/internal/feed/record/recordtest"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/vuln/eol"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func open(t testing.TB, cycles []advisory.Cycle) *eol.Table {
	t.Helper()
	tab, err := eol.Open(eol.Encode(cycles))
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// TestSystemsOfTheCorpus holds the names that sources give operating systems against the
// dates of endoflife.date of June 2026. The days were read in its pages.
func TestSystemsOfTheCorpus(t *testing.T) {
	s := new(recordtest.Sink)
	for line := range bytes.Lines(testshared.Read(t, "corpora", "advisories", "eol", "products.jsonl.zst")) {
		feedeol.Read(line, "", s)
	}
	tab := open(t, s.Cycles)
	if products, cycles := tab.Size(); products < 460 || cycles < 5000 {
		t.Errorf("%d products with %d cycles", products, cycles)
	}
	for _, tt := range []struct {
		name, version, build string
		want                 eol.State
		ends, extended       string
	}{
		{"Debian GNU/Linux", "12", "", eol.Supported, "2028-06-30", ""},
		{"Debian GNU/Linux 10 (buster)", "10 (buster)", "", eol.Ended, "2024-06-30", ""},
		{"Debian GNU/Linux 11 (bullseye)", "11", "", eol.Ended, "2026-08-31", ""},
		{"Ubuntu", "22.04.3 LTS (Jammy Jellyfish)", "", eol.Supported, "2027-04-01", "2032-04-09"},
		{"Ubuntu 20.04.6 LTS", "20.04", "", eol.ExtendedOnly, "2025-05-31", "2030-04-02"},
		{"Red Hat Enterprise Linux 7.9 (Maipo)", "7.9", "", eol.ExtendedOnly, "2024-06-30", "2029-05-31"},
		{"Red Hat Enterprise Linux release 9.4 (Plow)", "9.4", "", eol.Supported, "2032-05-31", "2036-05-31"},
		{"SUSE Linux Enterprise Server 15 SP5", "15-SP5", "", eol.ExtendedOnly, "2024-12-31", "2027-12-31"},
		{"macOS", "12.7.6", "", eol.Ended, "2024-09-16", ""},
		{"macOS 14.5", "14.5", "", eol.Supported, "", ""},
		{"Microsoft Windows 7 Enterprise", "6.1.7601 Service Pack 1", "7601", eol.Ended, "2020-01-14", ""},
		{"Microsoft Windows XP Professional", "5.1.2600 Service Pack 3", "2600", eol.Ended, "2014-04-08", ""},
		{"Microsoft Windows 10 Pro", "10.0.19045", "19045", eol.ExtendedOnly, "2025-10-14", "2028-10-10"},
		{"Microsoft Windows 10 Enterprise LTSC", "10.0.17763", "17763.4974", eol.Supported, "2029-01-09", ""},
		{"Microsoft Windows 10 IoT Enterprise LTSC", "10.0.19044", "19044", eol.Supported, "2032-01-13", ""},
		{"Microsoft Windows 10 Enterprise 2016 LTSB", "10.0.14393", "14393", eol.Ended, "2026-10-13", ""},
		{"Microsoft Windows 11 Pro", "10.0.22631", "22631", eol.Ended, "2025-11-11", ""},
		{"Microsoft Windows 11 Enterprise", "10.0.26100", "26100.1", eol.Supported, "2027-10-12", ""},
		{"Microsoft Windows Server 2012 R2 Standard", "6.3.9600", "9600", eol.Ended, "2023-10-10", "2026-10-13"},
		{"Microsoft Windows Server 2019 Datacenter", "10.0.17763", "17763", eol.Supported, "2029-01-09", ""},
		{"Windows Server 2016", "", "", eol.Supported, "2027-01-12", "2030-01-12"},
		{"VxWorks", "6.9", "", eol.NotKnown, "", ""},
		{"Windows", "", "", eol.NotKnown, "", ""},
		{"Debian GNU/Linux", "", "", eol.NotKnown, "", ""},
		{"Debian GNU/Linux trixie/sid", "99", "", eol.NotKnown, "", ""},
	} {
		a := tab.System(eol.System{Name: tt.name, Version: tt.version, Build: tt.build}, now)
		check(t, tt.name+" "+tt.version, a, tt.want, tt.ends, tt.extended)
	}
	for _, tt := range []struct {
		c        eol.Component
		want     eol.State
		ends, ex string
	}{
		{eol.Component{PURL: "pkg:generic/python@3.8.10"}, eol.Ended, "2024-10-07", ""},
		{eol.Component{PURL: "pkg:generic/python", Version: "3.13.1"}, eol.Supported, "2029-10-31", ""},
		{eol.Component{PURL: "pkg:docker/library/node@20.11.0"}, eol.Ended, "2026-04-30", ""},
		{eol.Component{CPE: "cpe:2.3:a:openssl:openssl:1.1.1w:*:*:*:*:*:*:*"}, eol.Ended, "2023-09-11", ""},
		{eol.Component{CPE: "cpe:/a:openssl:openssl:3.5.0"}, eol.Supported, "2030-04-08", ""},
		{eol.Component{CPE: "cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*"}, eol.NotKnown, "", ""},
		{eol.Component{PURL: "pkg:deb/debian/nginx@1.18.0-6?distro=debian-11"}, eol.NotKnown, "", ""},
		{eol.Component{PURL: "pkg:npm/left-pad@1.0.0"}, eol.NotKnown, "", ""},
		{eol.Component{}, eol.NotKnown, "", ""},
	} {
		check(t, tt.c.PURL+tt.c.CPE, tab.Component(tt.c, now), tt.want, tt.ends, tt.ex)
	}
}

func check(t *testing.T, what string, a eol.Answer, want eol.State, ends, extended string) {
	t.Helper()
	date := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.Format(time.DateOnly)
	}
	if a.State != want || want != eol.NotKnown && (date(a.Ends) != ends || date(a.Extended) != extended) {
		t.Errorf("%s: %s, ends %s, extended %s (%s); want %s, %s, %s", what, a.State, date(a.Ends), date(a.Extended), a.Why, want, ends, extended)
	}
	if a.Why == "" || !strings.HasSuffix(a.Why, ".") {
		t.Errorf("%s: the reason %q is no sentence", what, a.Why)
	}
}

func TestTheDayItEnds(t *testing.T) {
	tab := open(t, []advisory.Cycle{
		{Product: "lamp", Title: "Lamp", Cycle: "1", SupportEnds: day("2026-11-25"), ExtendedEnds: day("2027-11-25"), Identifiers: []string{"pkg:generic/lamp"}},
		{Product: "lamp", Title: "Lamp", Cycle: "2", Identifiers: []string{"pkg:generic/lamp"}},
		{Product: "lamp", Title: "Lamp", Cycle: "0", Ended: true, Identifiers: []string{"pkg:generic/lamp"}},
		{Product: "lantern", Title: "Lantern", Cycle: "1", SupportEnds: day("2020-01-01"), Identifiers: []string{"pkg:generic/lamp"}},
	})
	for _, tt := range []struct {
		version string
		at      time.Time
		want    eol.State
	}{
		{"2.5", now, eol.Supported},
		{"0.9", now, eol.Ended},
		{"3.0", now, eol.NotKnown},
	} {
		if a := tab.Component(eol.Component{PURL: "pkg:generic/lamp@" + tt.version}, tt.at); a.State != tt.want {
			t.Errorf("%s: %s, want %s (%s)", tt.version, a.State, tt.want, a.Why)
		}
	}
	// Of two products with one identifier the one that ends first is the careful answer.
	if a := tab.Component(eol.Component{PURL: "pkg:generic/lamp@1.0"}, now); a.State != eol.Ended || a.Product != "lantern" {
		t.Errorf("%+v, want that of the lantern", a)
	}
	one := open(t, []advisory.Cycle{{Product: "debian", Title: "Debian", Cycle: "12", SupportEnds: day("2026-07-11"), ExtendedEnds: day("2028-06-30")}, {Product: "rhel", Title: "RHEL", Cycle: "9", SupportEnds: day("2026-11-25"), ExtendedEnds: day("2027-11-25")}})
	for _, tt := range []struct {
		at   string
		want eol.State
	}{{"2026-11-25", eol.Supported}, {"2026-11-26", eol.ExtendedOnly}, {"2027-11-25", eol.ExtendedOnly}, {"2027-11-26", eol.Ended}} {
		if a := one.System(eol.System{ID: "rhel", Version: "9.4"}, day(tt.at).Add(23*time.Hour)); a.State != tt.want {
			t.Errorf("on the evening of %s: %s, want %s", tt.at, a.State, tt.want)
		}
	}
}

// TestSameCyclesSameBytes holds the section against the order its cycles come in.
func TestSameCyclesSameBytes(t *testing.T) {
	a := advisory.Cycle{Product: "lamp", Title: "Lamp", Cycle: "1", SupportEnds: day("2026-11-25")}
	b := advisory.Cycle{Product: "lamp", Title: "Lamp", Cycle: "2"}
	c := advisory.Cycle{Product: "bulb", Title: "Bulb", Cycle: "1", Ended: true}
	if !bytes.Equal(eol.Encode([]advisory.Cycle{a, b, c}), eol.Encode([]advisory.Cycle{c, b, a})) {
		t.Error("another order gives other bytes")
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(eol.Encode([]advisory.Cycle{{Product: "lamp", Title: "Lamp", Cycle: "1", SupportEnds: day("2026-11-25"), Identifiers: []string{"pkg:generic/lamp"}}}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		tab, err := eol.Open(b)
		if err != nil {
			return
		}
		tab.System(eol.System{Name: "Debian", Version: "12"}, now)
		tab.Component(eol.Component{PURL: "pkg:generic/lamp@1"}, now)
	})
}
