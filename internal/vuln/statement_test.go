package vuln_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// states makes a statement of one status about flaws and products.
func states(id string, status advisory.Status, flaws []string, products ...advisory.Product) *advisory.Advisory {
	a := &advisory.Advisory{ID: id, Source: "vex/maker", Covers: flaws, Modified: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)}
	for _, p := range products {
		p.Status = status
		if status == advisory.NotAffected {
			p.Justification = "vulnerable_code_not_in_execute_path"
		}
		a.Products = append(a.Products, p)
	}
	return a
}

// TestStatements goes through the combinations of CISA's "VEX Use Cases" (April
// 2022): one or several products, versions, flaws and statuses. The status is that of
// each component and flaw, never of the flaw alone.
func TestStatements(t *testing.T) {
	const one, two = "CVE-2021-44228", "CVE-2021-45046"
	flaws := func(ids ...string) []string { return ids }
	base := []*advisory.Advisory{
		about(one, "osv/npm", "npm", "log", "0..3.0.0"),
		about(two, "osv/npm", "npm", "log", "0..3.0.0"),
		about("CVE-2022-1111", "osv/npm", "npm", "net", "0..3.0.0"),
	}
	for _, tt := range []struct {
		name   string
		states []*advisory.Advisory
		want   map[string]string // component → flaws it has; cleared ones after a stroke
	}{
		{
			"1: product, version, flaw, status: one of each",
			[]*advisory.Advisory{states("V-1", advisory.NotAffected, flaws(one), product("npm", "log", "1.0.0"))},
			map[string]string{"log@1.0.0": two + " / " + one, "log@1.1.0": one + " " + two},
		}, {
			"2: one product and version, several flaws, one status",
			[]*advisory.Advisory{states("V-1", advisory.NotAffected, flaws(one, two), product("npm", "log", "1.0.0"))},
			map[string]string{"log@1.0.0": "/ " + one + " " + two, "log@1.1.0": one + " " + two},
		}, {
			"3: one product and version, several flaws, each its status",
			[]*advisory.Advisory{
				states("V-1", advisory.NotAffected, flaws(one), product("npm", "log", "1.0.0")),
				states("V-2", advisory.UnderInvestigation, flaws(two), product("npm", "log", "1.0.0")),
			},
			map[string]string{"log@1.0.0": two + " / " + one},
		}, {
			"4: one product, several versions, one flaw, one status",
			[]*advisory.Advisory{states("V-1", advisory.NotAffected, flaws(one), product("npm", "log", "1.0.0", "1.1.0"))},
			map[string]string{"log@1.0.0": two + " / " + one, "log@1.1.0": two + " / " + one, "log@1.2.0": one + " " + two},
		}, {
			"5: one product, several versions, one flaw, each its status",
			[]*advisory.Advisory{
				states("V-1", advisory.NotAffected, flaws(one), product("npm", "log", "1.0.0")),
				states("V-2", advisory.Fixed, flaws(one), product("npm", "log", "1.1.0")),
				states("V-3", advisory.Affected, flaws(one), product("npm", "log", "1.2.0")),
			},
			map[string]string{"log@1.0.0": two + " / " + one, "log@1.1.0": two + " / " + one, "log@1.2.0": one + " " + two + " " + one},
		}, {
			"6: one product, all versions, several flaws",
			[]*advisory.Advisory{states("V-1", advisory.NotAffected, flaws(one, two), product("npm", "log"))},
			map[string]string{"log@1.0.0": "/ " + one + " " + two, "log@2.9.0": "/ " + one + " " + two, "net@1.0.0": "CVE-2022-1111"},
		}, {
			"7: several products, one flaw, one status",
			[]*advisory.Advisory{states("V-1", advisory.NotAffected, flaws(one, "CVE-2022-1111"), product("npm", "log", "1.0.0"), product("npm", "net"))},
			map[string]string{"log@1.0.0": two + " / " + one, "net@1.0.0": "/ CVE-2022-1111"},
		}, {
			"8: several products, each its status for the same flaw",
			[]*advisory.Advisory{
				states("V-1", advisory.NotAffected, flaws(one), product("npm", "log")),
				states("V-2", advisory.Affected, flaws(one), product("npm", "net", "1.0.0")),
			},
			map[string]string{"log@1.0.0": two + " / " + one, "net@1.0.0": "CVE-2022-1111 " + one, "net@2.0.0": "CVE-2022-1111"},
		}, {
			"9: several products, versions and flaws, each its status",
			[]*advisory.Advisory{
				states("V-1", advisory.NotAffected, flaws(one), product("npm", "log", "1.0.0..2.0.0")),
				states("V-2", advisory.Fixed, flaws(two), product("npm", "log", "1.1.0")),
				states("V-3", advisory.NotAffected, flaws("CVE-2022-1111"), product("npm", "net", "2.0.0")),
			},
			map[string]string{
				"log@1.0.0": two + " / " + one, "log@1.1.0": "/ " + one + " " + two, "log@2.0.0": one + " " + two,
				"net@1.0.0": "CVE-2022-1111", "net@2.0.0": "/ CVE-2022-1111",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file, _ := vulntest.Compile(t, append(append([]*advisory.Advisory{}, base...), tt.states...))
			db := vulntest.Open(t, file)
			for what, want := range tt.want {
				var name, version string
				fmt.Sscanf(what, "%3s@%s", &name, &version)
				var a vuln.Answer
				db.Judge(&fact.Component{Ecosystem: "npm", Name: name, Version: version}, &a)
				if got := flawsOf(db, &a); got != want {
					t.Errorf("%s: got %q, want %q", what, got, want)
				}
				for _, h := range a.Cleared {
					if s := db.Match(h).Statement; s == nil || s.Source != "vex/maker" || s.Status == "" {
						t.Errorf("%s: cleared by %+v", what, s)
					}
				}
			}
		})
	}
}

func flawsOf(db *vuln.DB, a *vuln.Answer) string {
	s, sep := "", ""
	list := func(hits []vuln.Hit) {
		for _, h := range hits {
			for _, f := range db.Match(h).Flaws {
				s += sep + f
				sep = " "
			}
		}
	}
	list(a.Hits)
	if len(a.Cleared) > 0 {
		s += sep + "/"
		sep = " "
	}
	list(a.Cleared)
	return s
}

func TestStatementPrecedence(t *testing.T) {
	const flaw = "CVE-2021-44228"
	at := func(a *advisory.Advisory, day int) *advisory.Advisory {
		a.Modified = time.Date(2024, 5, day, 0, 0, 0, 0, time.UTC)
		return a
	}
	inside := func(p advisory.Product, product string) advisory.Product {
		p.Package.Within = product
		return p
	}
	base := about("GHSA-1", "osv/npm", "npm", "log", "0..3.0.0")
	base.Aliases = []string{flaw}
	bundle := about("DSA-1", "osv/Debian", "Debian:12", "src", "0..2")
	bundle.Covers = []string{flaw, "CVE-2021-45046"}
	file, _ := vulntest.Compile(t, []*advisory.Advisory{
		base, bundle,
		at(states("old", advisory.NotAffected, []string{flaw}, product("npm", "log")), 1),
		at(states("new", advisory.UnderInvestigation, []string{flaw}, product("npm", "log")), 2),
		at(states("exact", advisory.NotAffected, []string{"GHSA-1"}, product("npm", "log", "1.5.0")), 1),
		at(states("inside", advisory.NotAffected, []string{flaw}, inside(product("npm", "log"), "pkg:oci/app")), 1),
		at(states("kept", advisory.NotAffected, []string{flaw}, inside(product("npm", "log"), "pkg:oci/db?repository_url=https%3A%2F%2FRegistry.example%2Fmain%2F")), 1),
		at(states("part", advisory.NotAffected, []string{flaw}, product("Debian", "src")), 1),
	})
	db := vulntest.Open(t, file)
	judge := func(c fact.Component, products ...string) string {
		var a vuln.Answer
		db.JudgeWithin(&c, products, &a)
		s := a.Verdict.String()
		for _, h := range a.Cleared {
			m := db.Match(h)
			s += fmt.Sprint(" ", m.Flaws, " by ", m.Statement.Advisory)
		}
		return s
	}
	for _, tt := range []struct{ name, got, want string }{
		{"the newer of two holds", judge(fact.Component{Ecosystem: "npm", Name: "log", Version: "1.0.0"}), "affected"},
		{"one about the version holds, by another name of the flaw", judge(fact.Component{Ecosystem: "npm", Name: "log", Version: "1.5.0"}), "not affected [CVE-2021-44228] by exact"},
		{"one about the product it is in holds there", judge(fact.Component{Ecosystem: "npm", Name: "log", Version: "1.0.0"}, "pkg:oci/app@sha256%3Aabc?repository_url=x"), "not affected [CVE-2021-44228] by inside"},
		{"one about an image of a registry holds there", judge(fact.Component{Ecosystem: "npm", Name: "log", Version: "1.0.0"}, "pkg:oci/db@sha256%3Aabc?arch=amd64&repository_url=registry.example/main"), "not affected [CVE-2021-44228] by kept"},
		{"and not of the same name in another", judge(fact.Component{Ecosystem: "npm", Name: "log", Version: "1.0.0"}, "pkg:oci/db@sha256%3Aabc?repository_url=registry.example/other"), "affected"},
		{"nor where none is told", judge(fact.Component{Ecosystem: "npm", Name: "log", Version: "1.0.0"}, "pkg:oci/db@sha256%3Aabc"), "affected"},
		{"and not elsewhere", judge(fact.Component{Ecosystem: "npm", Name: "log", Version: "1.0.0"}, "pkg:oci/other"), "affected"},
		{"one flaw of a bundle", judge(fact.Component{Ecosystem: "deb", Name: "src", Version: "1", Distro: "debian-12"}), "affected [CVE-2021-44228] by part"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestWhy(t *testing.T) {
	list, sources := world()
	list = append(list, states("V-9", advisory.NotAffected, []string{"CVE-2024-28085"}, product("Debian:12", "util-linux", "2.38.1-4")))
	file, _ := vulntest.Compile(t, list, sources...)
	db := vulntest.Open(t, file)
	for _, tt := range []struct {
		flaw  string
		c     fact.Component
		known bool
		want  string
	}{
		{
			"CVE-2024-28085",
			fact.Component{Ecosystem: "deb", Name: "mount", Version: "2.38.1-5", Source: "util-linux", Distro: "debian-12"},
			true,
			"mount 2.38.1-5 has CVE-2024-28085: DSA-5000-1 (osv/Debian) says that util-linux is affected in versions before 2.38.1-5+deb12u1. Its source package util-linux 2.38.1-5 was compared. Update to 2.38.1-5+deb12u1 or later.",
		},
		{
			"DSA-5000-1",
			fact.Component{Ecosystem: "deb", Name: "util-linux", Version: "2.40", Distro: "debian-12"},
			true,
			"util-linux 2.40 does not have DSA-5000-1: DSA-5000-1 (osv/Debian) says that util-linux is affected in versions before 2.38.1-5+deb12u1.",
		},
		{
			"CVE-2024-28085",
			fact.Component{Ecosystem: "deb", Name: "util-linux", Version: "2.38.1-4", Distro: "debian-12"},
			true,
			"util-linux 2.38.1-4 does not have CVE-2024-28085: V-9 (vex/maker) states it is not affected, because vulnerable code not in execute path.",
		},
		{
			"PYSEC-1",
			fact.Component{Ecosystem: "pypi", Name: "jinja2", Version: "2.11.4"},
			true,
			"jinja2 2.11.4 does not have PYSEC-1: PYSEC-1 (osv/PyPI) says that jinja2 is affected in versions before 2.11.3, or 3.0.0 and later, before 3.1.3.",
		},
		{
			"PYSEC-1",
			fact.Component{Ecosystem: "pypi", Name: "requests", Version: "2"},
			false,
			"No advisory about PYSEC-1 names requests, and the feed holds all of PyPI.",
		},
		{
			"CVE-2024-9999",
			fact.Component{Ecosystem: "nuget", Name: "Newtonsoft.Json", Version: "7"},
			false,
			"Nobody knows whether Newtonsoft.Json 7 has CVE-2024-9999. No source in the feed speaks of its ecosystem. Add one to the feed.",
		},
		{
			"CVE-2024-28085",
			fact.Component{Ecosystem: "rpm", Name: "util-linux", Version: "2.32.1-43.el8", Distro: "almalinux-8"},
			false,
			"Nobody knows whether util-linux 2.32.1-43.el8 has CVE-2024-28085. Its distribution's advisories speak of flaws that it has mended, and none of them of this one: it may be left open there. Look the flaw up at the distribution.",
		},
		{
			"CVE-2024-27982",
			fact.Component{Ecosystem: "rpm", Name: "util-linux", Version: "2.32.1-43.el8", Distro: "almalinux-8"},
			false,
			"No advisory about CVE-2024-27982 names util-linux, and the feed holds all of AlmaLinux:8.",
		},
		{
			"PYSEC-6",
			fact.Component{Ecosystem: "pypi", Name: "all", Version: "2"},
			true,
			"all 2 has PYSEC-6: PYSEC-6 (osv/PyPI) says that all is affected in all versions.",
		},
		{
			"PYSEC-1",
			fact.Component{Ecosystem: "pypi", Name: "jinja2", Version: "none!"},
			true,
			"Nobody knows whether jinja2 none! has PYSEC-1. Its version cannot be read. Correct it in the list.",
		},
		{
			"CVE-2020-0001",
			fact.Component{Name: "OpenSSL", Version: "1.1.1k", CPE: "cpe:2.3:a:openssl:openssl:1.1.1k:*:*:*:*:*:*:*"},
			true,
			"OpenSSL 1.1.1k has CVE-2020-0001: CVE-2020-0001 (nvd) says that openssl:openssl is affected in versions 1.1.1 and later, before 1.1.1l. Update to 1.1.1l or later.",
		},
	} {
		e, known := db.Why(tt.flaw, &tt.c)
		if e.Say != tt.want || known != tt.known {
			t.Errorf("%s of %s %s (known %t):\ngot  %s\nwant %s", tt.flaw, tt.c.Name, tt.c.Version, known, e.Say, tt.want)
		}
	}
}
