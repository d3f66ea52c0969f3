package debian

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record/recordtest"
)

const tracked = `{"lamp": {"CVE-2099-1000": {"description": "Stays on.", "scope": "local", "releases": {
  "bookworm": {"status": "resolved", "repositories": {"bookworm": "1.2-3"}, "fixed_version": "1.2-3", "urgency": "low"},
  "bullseye": {"status": "open", "repositories": {"bullseye": "1.0-1"}, "urgency": "unimportant", "nodsa": "Minor issue"},
  "trixie": {"status": "resolved", "fixed_version": "0"}, "buster": {"status": "open", "urgency": "end-of-life"}, "forky": {"status": "undetermined"}, "sid": {"status": "resolved", "fixed_version": "1.4-1"}}}},
 "bulb": {"CVE-2099-1000": {"releases": {"bookworm": {"status": "open"}}}}}`

func deb(release, name string) *advisory.Package {
	return &advisory.Package{Ecosystem: "Debian:" + release, Name: name}
}

func TestTracker(t *testing.T) {
	if !IsTracker(2, []byte(tracked)) || IsTracker(1, []byte(`{"lamp": {"vulnerabilities": []}}`)) || IsTracker(0, []byte(`[]`)) {
		t.Error("the tracker is told from others wrongly")
	}
	s := new(recordtest.Sink)
	ReadTracker([]byte(tracked), s)
	s.Check(t)
	if len(s.Advisories) != 1 || s.Read[Tracker] != 2 {
		t.Fatalf("read %v, refused %+v; want two records of one flaw", s.Read, s.Refused)
	}
	all := []advisory.Range{{Introduced: "0"}}
	want := []advisory.Product{
		{Package: deb("12", "lamp"), Ranges: []advisory.Range{{Introduced: "0", Fixed: "1.2-3"}}},
		{Package: deb("11", "lamp"), Ranges: all, Remedy: "Minor issue"},
		{Package: deb("13", "lamp"), Status: advisory.NotAffected, Justification: "Debian's tracker: never vulnerable in this release"},
		{Package: deb("10", "lamp"), Status: advisory.Unsupported},
		{Package: deb("14", "lamp"), Status: advisory.UnderInvestigation},
		{Package: deb("12", "bulb"), Ranges: all},
	}
	if d := cmp.Diff(want, s.Advisories[0].Products); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	s = new(recordtest.Sink)
	ReadTracker([]byte(tracked[:len(tracked)-20]), s)
	if len(s.Refused) != 1 || len(s.Advisories) > 0 {
		t.Errorf("half a tracker gives %d advisories, refused %+v", len(s.Advisories), s.Refused)
	}
}

const dsa = `[29 Mar 2023] DSA-5380-1 lamp - security update
	{CVE-2099-1000 CVE-2099-1001}
	[bullseye] - lamp 2:1.20-1+deb11u6
	[bookworm] - lamp <not-affected> (Vulnerable code not present)
	NOTE: something for the team
what is this
[01 Jan 2009] DSA-1000-1 bulb
	[lenny] - bulb <end-of-life>
	[etch] - bulb <unfixed> (too hard)
	[etch] - bulb <mystery>
`

func TestList(t *testing.T) {
	if !IsList([]byte(dsa)) || IsList([]byte("[x] y")) || IsList([]byte("# list")) {
		t.Error("the list is told from others wrongly")
	}
	s := new(recordtest.Sink)
	if err := ReadList(strings.NewReader(dsa), s); err != nil {
		t.Fatal(err)
	}
	s.Check(t)
	if len(s.Advisories) != 2 || s.Read[Lists] != 2 || len(s.Refused) != 1 || s.Refused[0].Line != 6 {
		t.Fatalf("read %v, refused %+v", s.Read, s.Refused)
	}
	want := []advisory.Product{
		{Package: deb("11", "lamp"), Ranges: []advisory.Range{{Introduced: "0", Fixed: "2:1.20-1+deb11u6"}}},
		{Package: deb("12", "lamp"), Status: advisory.NotAffected, Justification: "Vulnerable code not present"},
	}
	if d := cmp.Diff(want, s.Advisories[0].Products); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	var states []advisory.Status
	for _, p := range s.Advisories[1].Products {
		states = append(states, p.Status)
	}
	if !cmp.Equal(states, []advisory.Status{advisory.Unsupported, advisory.Affected, advisory.UnderInvestigation}) || s.Advisories[1].Products[0].Package.Ecosystem != "Debian:5" {
		t.Errorf("states %v of %+v", states, s.Advisories[1].Products)
	}
}

func TestSupport(t *testing.T) {
	const ended = "# List of packages whose security support ends before the distribution EOL\n\nlamp 1.0-1 2024-01-01 Too old\nbulb 2.0 2030-01-01\nphp-lamp.* 0 2020-01-01 x\nwick 1\n"
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := new(recordtest.Sink)
	if err := ReadEnded(strings.NewReader(ended), "security-support-ended.deb12", now, s); err != nil {
		t.Fatal(err)
	}
	s.Check(t)
	if len(s.Advisories) != 2 || len(s.Refused) != 2 || len(s.Advisories[1].Products) != 0 {
		t.Fatalf("got %+v, refused %+v; want what ends later to match nothing yet", s.Advisories, s.Refused)
	}
	want := []advisory.Product{{Package: deb("12", "lamp"), Status: advisory.Unsupported, Remedy: "last supported version 1.0-1"}}
	if d := cmp.Diff(want, s.Advisories[0].Products); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if err := ReadEnded(strings.NewReader(ended), "ended.txt", now, new(recordtest.Sink)); err == nil {
		t.Error("a file that names no release is taken")
	}
	s = new(recordtest.Sink)
	if err := ReadLimited(strings.NewReader("# packages where security support is limited\nlamp  only indoors\n"), s); err != nil || len(s.Advisories) != 1 || len(s.Advisories[0].Products) != 0 {
		t.Errorf("got %+v, %v", s.Advisories, err)
	}
}

func FuzzDebian(f *testing.F) {
	f.Add([]byte(tracked))
	f.Add([]byte(dsa))
	f.Add([]byte("lamp 1.0-1 2024-01-01 Too old\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := new(recordtest.Sink)
		if IsTracker(1, b) {
			ReadTracker(b, s)
		}
		for _, err := range [...]error{
			ReadList(bytes.NewReader(b), s), ReadLimited(bytes.NewReader(b), s),
			ReadEnded(bytes.NewReader(b), "x.deb12", time.Time{}, s),
		} {
			if err != nil && err.Error() == "" {
				t.Error("an error without a text")
			}
		}
		s.Check(t)
	})
}
