package feed

import (
	"fmt"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
)

// records writes n OSV records of an ecosystem, with ids that begin as given.
func records(n int, ecosystem string, begin ...string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"id":"%s-2098-%d","modified":"2026-11-20T10:00:00Z","affected":[{"package":{"ecosystem":"%s","name":"p%d"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1"}]}]}]}`+"\n",
			begin[i%len(begin)], i, ecosystem, i)
	}
	return b.String()
}

// TestWhole takes an archive as the whole of its ecosystem where it looks like it, and
// clears nothing by what is a part.
func TestWhole(t *testing.T) {
	pypi := records(1600, "PyPI", "PYSEC", "GHSA")
	for name, c := range map[string]struct {
		files   map[string][]byte
		source  string
		partial string // why, in part; "" where it is the whole
		limit   string
		ask     fact.Component // something that nobody names
	}{
		"archive": {
			map[string][]byte{"a.jsonl": []byte(pypi)}, "osv/PyPI", "", "", fact.Component{PURL: "pkg:pypi/unheard@1", Ecosystem: "pypi", Name: "unheard", Version: "1"},
		},
		"one database of two": {
			map[string][]byte{"a.jsonl": []byte(records(1600, "PyPI", "PYSEC"))}, "osv/PyPI", "lacks GitHub's", "", fact.Component{PURL: "pkg:pypi/unheard@1", Ecosystem: "pypi", Name: "unheard", Version: "1"},
		},
		"among others": {
			map[string][]byte{"a.jsonl": []byte(pypi + records(1600, "npm", "MAL"))}, "osv/PyPI", "among those of other", "", fact.Component{PURL: "pkg:pypi/unheard@1", Ecosystem: "pypi", Name: "unheard", Version: "1"},
		},
		"few": {
			map[string][]byte{"a.jsonl": []byte(osvLamp + "\n" + osvBulb)}, "osv/PyPI", "it has 2 records in one place", "", fact.Component{PURL: "pkg:pypi/unheard@1", Ecosystem: "pypi", Name: "unheard", Version: "1"},
		},
		"breaks off": {
			map[string][]byte{"a.gz": gzipped(t, records(8000, "PyPI", "PYSEC", "GHSA"))[:30_000]}, "osv/PyPI", "could not be read whole", "", fact.Component{PURL: "pkg:pypi/unheard@1", Ecosystem: "pypi", Name: "unheard", Version: "1"},
		},
		"many refused": {
			map[string][]byte{"a.jsonl": []byte(pypi + strings.Repeat(`{"id":"GHSA-x","affected":7}`+"\n", 100))}, "osv/PyPI", "could not be read whole", "", fact.Component{PURL: "pkg:pypi/unheard@1", Ecosystem: "pypi", Name: "unheard", Version: "1"},
		},
		"one refused": {
			map[string][]byte{"a.jsonl": []byte(pypi + `{"id":"GHSA-x","affected":7}` + "\n")}, "osv/PyPI", "", "1 record of it could not be read", fact.Component{PURL: "pkg:pypi/unheard@1", Ecosystem: "pypi", Name: "unheard", Version: "1"},
		},
		"Debian's DSA alone": {
			map[string][]byte{"a.jsonl": []byte(records(5000, "Debian:12", "DSA", "DLA"))}, "osv/Debian", "DSA and DLA alone", "", fact.Component{PURL: "pkg:deb/debian/unheard@1?distro=debian-12", Ecosystem: "deb", Distro: "debian-12", Name: "unheard", Version: "1"},
		},
		"Debian's flaws": {
			map[string][]byte{"a.jsonl": []byte(records(5000, "Debian:12", "DSA", "DEBIAN"))}, "osv/Debian", "", "", fact.Component{PURL: "pkg:deb/debian/unheard@1?distro=debian-12", Ecosystem: "deb", Distro: "debian-12", Name: "unheard", Version: "1"},
		},
		"errata": {
			map[string][]byte{"a.jsonl": []byte(records(3000, "AlmaLinux:9", "ALSA"))}, "osv/AlmaLinux", "", "not mended yet", fact.Component{PURL: "pkg:rpm/almalinux/unheard@1-1.el9?distro=almalinux-9", Ecosystem: "rpm", Distro: "almalinux-9", Name: "unheard", Version: "1-1.el9"},
		},
		"Ubuntu's notices alone": {
			map[string][]byte{"a.jsonl": []byte(records(5000, "Ubuntu:24.04:LTS", "USN"))}, "osv/Ubuntu", "", "not mended yet", fact.Component{PURL: "pkg:deb/ubuntu/unheard@1?distro=ubuntu-24.04", Ecosystem: "deb", Distro: "ubuntu-24.04", Name: "unheard", Version: "1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := build(t, write(t, c.files), nil, testNow())
			found := false
			for _, s := range b.Report.Manifest.Sources {
				if s.Name != c.source {
					continue
				}
				found = true
				if s.Partial != (c.partial != "") || !strings.Contains(s.PartialWhy, c.partial) || !strings.Contains(s.Limit, c.limit) || c.limit == "" && s.Limit != "" {
					t.Errorf("partial %v (%s), limit %q; want partial %q, limit %q", s.Partial, s.PartialWhy, s.Limit, c.partial, c.limit)
				}
			}
			if !found {
				t.Fatalf("no source %s in %+v", c.source, b.Report.Manifest.Sources)
			}
			f, err := open(b.Data)
			if err != nil {
				t.Fatal(err)
			}
			want := vuln.NotAffected
			if c.partial != "" {
				want = vuln.NotAssessed
			}
			if a := judge(f.DB, c.ask); a.Verdict != want {
				t.Errorf("what nobody names is %v (%s), want %v", a.Verdict, a.Reason.Say(), want)
			}
		})
	}
}
