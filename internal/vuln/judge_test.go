package vuln_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// about makes an advisory about one package: ranges as "from..to" (to excluded),
// "from...to" (to included), or one version alone, in a list.
func about(id, source, ecosystem, name string, ranges ...string) *advisory.Advisory {
	return &advisory.Advisory{ID: id, Source: source, Products: []advisory.Product{product(ecosystem, name, ranges...)}}
}

func product(ecosystem, name string, ranges ...string) advisory.Product {
	p := advisory.Product{Package: &advisory.Package{Ecosystem: ecosystem, Name: name}}
	setRanges(&p, ranges)
	return p
}

func setRanges(p *advisory.Product, ranges []string) {
	for _, r := range ranges {
		if from, to, ok := strings.Cut(r, "..."); ok {
			p.Ranges = append(p.Ranges, advisory.Range{Introduced: from, LastAffected: to})
		} else if from, to, ok := strings.Cut(r, ".."); ok {
			p.Ranges = append(p.Ranges, advisory.Range{Introduced: from, Fixed: to})
		} else {
			p.Versions = append(p.Versions, r)
		}
	}
}

func named(vendor, name string, ranges ...string) advisory.Product {
	p := advisory.Product{CPE: &advisory.CPE{Part: 'a', Vendor: vendor, Product: name, Version: "*", Update: "*", Edition: "*", Target: "*"}}
	setRanges(&p, ranges)
	return p
}

// world is a small feed with something of everything.
func world() ([]*advisory.Advisory, []vuln.Source) {
	covered := func(a *advisory.Advisory, flaws ...string) *advisory.Advisory {
		a.Covers = flaws
		return a
	}
	withdrawn := about("PYSEC-2", "osv/PyPI", "PyPI", "jinja2", "0..9")
	withdrawn.Withdrawn = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	unread := about("PYSEC-3", "osv/PyPI", "PyPI", "wordy")
	unread.Products[0].Unread = "all builds of last spring"
	commits := about("OSV-1", "osv/PyPI", "PyPI", "commits")
	commits.Products[0].Ranges = []advisory.Range{{Kind: advisory.ByGit, Introduced: "abc", Fixed: "def"}}
	after := about("CVE-2020-0009", "osv/PyPI", "PyPI", "after")
	after.Products[0].Ranges = []advisory.Range{{Introduced: "1.0", AfterIntroduced: true, Fixed: "2.0"}}
	module := about("ALSA-1", "osv/AlmaLinux", "AlmaLinux:8", "nodejs", "0..1:18.20.2-1.module_el8.9.0+3775+d8460d29")
	module.Products[0].Package.Module = "nodejs:18"
	arch := about("ALSA-3", "osv/AlmaLinux", "AlmaLinux:8", "microcode", "0..4:20230808-2.el8")
	arch.Products[0].Package.Arch = "x86_64"
	needs := &advisory.Advisory{ID: "CVE-2021-1000", Source: "nvd", Products: []advisory.Product{named("acme", "driver", "0..2.0")}}
	needs.Products[0].CPE.Needs = [][]string{{"acme router"}}
	plugin := &advisory.Advisory{ID: "CVE-2021-1001", Source: "nvd", Products: []advisory.Product{named("acme", "forms", "0..2.0")}}
	plugin.Products[0].CPE.Target = "wordpress"
	return []*advisory.Advisory{
		covered(about("DSA-5000-1", "osv/Debian", "Debian:12", "util-linux", "0..2.38.1-5+deb12u1"), "CVE-2024-28085", "CVE-2024-28086"),
		about("DSA-4000-1", "osv/Debian", "Debian:11", "util-linux", "0..2.36.1-8+deb11u2"),
		covered(module, "CVE-2024-27982"),
		about("ALSA-2", "osv/AlmaLinux", "AlmaLinux:8", "openssl-libs", "0..1:1.1.1k-12.el8_9"),
		arch,
		about("PYSEC-1", "osv/PyPI", "PyPI", "jinja2", "0..2.11.3", "3.0.0..3.1.3"),
		withdrawn, unread, commits, after,
		about("PYSEC-4", "osv/PyPI", "PyPI", "listed", "1.0", "trunk", "1.2"),
		about("PYSEC-5", "osv/PyPI", "PyPI", "dirty", "0..0.9-horsea"),
		about("PYSEC-6", "osv/PyPI", "PyPI", "all"),
		about("GO-2023-1", "osv/Go", "Go", "stdlib", "0..1.20.1"),
		about("GO-2023-3", "osv/Go", "Go", "example.org/late", "1.2.0..1.2.5"),
		about("GHSA-gem", "osv/RubyGems", "RubyGems", "nokogiri", "1.13.1..1.13.2"),
		about("GHSA-maven", "osv/Maven", "Maven", "org.apache.logging.log4j:log4j-core", "0..2.15.0"),
		about("USN-pro", "osv/Ubuntu", "Ubuntu:Pro:18.04:LTS", "openssl", "0..1.1.1-1ubuntu2.1~18.04.23+esm1"),
		about("USN-1", "osv/Ubuntu", "Ubuntu:18.04:LTS", "bash", "0..4.4.18-2ubuntu1.3"),
		about("USN-fips", "osv/Ubuntu", "Ubuntu:Pro:FIPS:18.04:LTS", "openssl", "0..1.1.1-1ubuntu2.fips.2.1~18.04.9"),
		about("SUSE-SU-1", "osv/SUSE", "SUSE:Linux Enterprise Module for Basesystem 15 SP5", "curl", "0..8.0.1-150400.5.26.1"),
		about("SUSE-SU-2", "osv/SUSE", "SUSE:Linux Enterprise Server 15 SP5-LTSS", "wget", "0..1.20.3-150000.3.20.1"),
		about("DSA-5001-1", "osv/Debian", "Debian:12", "nginx", "0..1.22.1-9+deb12u1"),
		about("GO-2023-2", "osv/Go", "Go", "github.com/Masterminds/goutils", "0..1.1.1"),
		about("GHSA-part", "osv/samples", "npm", "@scope/left", "0..2.0.0"),
		{ID: "CVE-2020-0001", Source: "nvd", Products: []advisory.Product{named("openssl", "openssl", "1.1.1..1.1.1l")}},
		needs, plugin,
	}, []vuln.Source{{Name: "osv/samples", Partial: true}}
}

func TestJudge(t *testing.T) {
	list, sources := world()
	file, _ := vulntest.Compile(t, list, sources...)
	db := vulntest.Open(t, file)
	for _, tt := range []struct {
		name string
		c    fact.Component
		want string // verdict, reason, ecosystem; then the advisories
	}{
		{
			"by source package",
			fact.Component{Ecosystem: "deb", Name: "mount", Version: "2.38.1-5", Source: "util-linux", Distro: "debian-12"},
			"affected compared Debian:12 DSA-5000-1",
		},
		{
			"by the source's version, which differs",
			fact.Component{Ecosystem: "deb", Name: "bsdutils", Version: "1:2.38.1-5+b1", Source: "util-linux", SourceVersion: "2.38.1-5", Distro: "debian-12"},
			"affected compared Debian:12 DSA-5000-1",
		},
		{
			"mended by a fix that was ported back",
			fact.Component{Ecosystem: "deb", Name: "mount", Version: "2.38.1-5+deb12u1", Source: "util-linux", Distro: "debian-12"},
			"not affected compared Debian:12",
		},
		{
			"a rebuild is its source's version",
			fact.Component{Ecosystem: "deb", Name: "util-linux", Version: "2.36.1-8+deb11u2+b1", Distro: "debian-11"},
			"not affected compared Debian:11",
		},
		{
			"another release has other advisories",
			fact.Component{Ecosystem: "deb", Name: "util-linux", Version: "2.36.1-8", Distro: "debian-11.5"},
			"affected compared Debian:11 DSA-4000-1",
		},
		{
			"a binary package that bears a source's name",
			fact.Component{Ecosystem: "deb", Name: "util-linux", Version: "1.0", Source: "other", Distro: "debian-12"},
			"not affected not_named Debian:12",
		},
		{
			"release out of the feed",
			fact.Component{Ecosystem: "deb", Name: "util-linux", Version: "2.40", Distro: "debian-13"},
			"not assessed release_not_in_feed Debian:13",
		},
		{
			"release unknown",
			fact.Component{Ecosystem: "deb", Name: "util-linux", Version: "2.40", Distro: "debian"},
			"not assessed release_unknown Debian",
		},
		{
			"no distribution",
			fact.Component{Ecosystem: "deb", Name: "util-linux", Version: "2.40"},
			"not assessed release_unknown ",
		},
		{
			"distribution from the package URL",
			fact.Component{Ecosystem: "deb", Name: "util-linux", Version: "2.36.1-8", PURL: "pkg:deb/debian/util-linux@2.36.1-8?distro=debian-11"},
			"affected compared Debian:11 DSA-4000-1",
		},
		{
			"distribution that nobody speaks of",
			fact.Component{Ecosystem: "rpm", Name: "bash", Version: "5", Distro: "ol-8.7"},
			"not assessed no_ecosystem ol-8.7",
		},
		{
			"distribution known and absent",
			fact.Component{Ecosystem: "apk", Name: "busybox", Version: "1.36.1-r5", Distro: "alpine-3.18.4"},
			"not assessed no_ecosystem Alpine:v3.18",
		},
		{
			"a module's package",
			fact.Component{Ecosystem: "rpm", Name: "nodejs", Version: "1:18.14.2-3.module_el8.7.0+3546+1a1b2c3d", Distro: "almalinux-8.7", PURL: "pkg:rpm/almalinux/nodejs@18.14.2-3?rpmmod=nodejs%3A18%3A8070020230306"},
			"affected compared AlmaLinux:8 ALSA-1",
		},
		{
			"the other stream of a module",
			fact.Component{Ecosystem: "rpm", Name: "nodejs", Version: "1:16.14.2-3.module_el8.7.0+3546+1a1b2c3d", Distro: "almalinux-8.7", PURL: "pkg:rpm/almalinux/nodejs@16?modularitylabel=nodejs:16:8070020230306:1"},
			"not affected compared AlmaLinux:8",
		},
		{
			"stream of a module not known",
			fact.Component{Ecosystem: "rpm", Name: "nodejs", Version: "1:18.14.2-3.module_el8.7.0+3546+1a1b2c3d", Distro: "alma-8"},
			"affected compared AlmaLinux:8 ALSA-1?",
		},
		{
			"no module's package",
			fact.Component{Ecosystem: "rpm", Name: "nodejs", Version: "1:12.0.0-1.el8", Distro: "alma-8"},
			"not affected compared AlmaLinux:8",
		},
		{
			"epoch in the package URL",
			fact.Component{Ecosystem: "rpm", Name: "openssl-libs", Version: "1.1.1k-9.el8", Distro: "almalinux-8.9", PURL: "pkg:rpm/almalinux/openssl-libs@1.1.1k-9.el8?epoch=1"},
			"affected compared AlmaLinux:8 ALSA-2",
		},
		{
			"epoch makes it newer",
			fact.Component{Ecosystem: "rpm", Name: "openssl-libs", Version: "2:1.0.0-1.el8", Distro: "almalinux-8.9"},
			"not affected compared AlmaLinux:8",
		},
		{
			"architecture",
			fact.Component{Ecosystem: "rpm", Name: "microcode", Version: "4:20220809-2.el8", Arch: "aarch64", Distro: "almalinux-8"},
			"not affected compared AlmaLinux:8",
		},
		{
			"architecture meant",
			fact.Component{Ecosystem: "rpm", Name: "microcode", Version: "4:20220809-2.el8", Arch: "x86_64", Distro: "almalinux-8"},
			"affected compared AlmaLinux:8 ALSA-3",
		},
		{
			"a CPE name says nothing of a system's package",
			fact.Component{Ecosystem: "rpm", Name: "openssl", Version: "1:1.1.1k-12.el8_9", Distro: "almalinux-8", CPE: "cpe:2.3:a:openssl:openssl:1.1.1k:*:*:*:*:*:*:*"},
			"not affected not_named AlmaLinux:8",
		},
		{
			"EPEL's, as its vendor says",
			fact.Component{Ecosystem: "rpm", Name: "htop", Version: "3.2.1-1.el8", Distro: "almalinux-8", PURL: "pkg:rpm/almalinux/htop@3.2.1-1.el8?vendor=Fedora%20Project"},
			"not assessed other_maker AlmaLinux:8",
		},
		{
			"nobody names it, and of what it was built is not known",
			fact.Component{Ecosystem: "deb", Name: "mount", Version: "2.38.1-5", Source: fact.UnknownSource, Distro: "debian-12"},
			"not assessed source_unknown Debian:12",
		},
		{
			"named as it is, its source not known",
			fact.Component{Ecosystem: "deb", Name: "util-linux", Version: "2.38.1-5", Source: fact.UnknownSource, Distro: "debian-12"},
			"affected compared Debian:12 DSA-5000-1",
		},
		{
			"mended by its own name, its source not known",
			fact.Component{Ecosystem: "deb", Name: "util-linux", Version: "2.38.1-5+deb12u1+b1", Source: fact.UnknownSource, Distro: "debian-12"},
			"not affected compared Debian:12",
		},
		{
			"its maker's own package",
			fact.Component{Ecosystem: "deb", Name: "nginx", Version: "1.24.0-1~bookworm", Distro: "debian-12"},
			"not assessed other_maker Debian:12",
		},
		{
			"its maker's own package, old",
			fact.Component{Ecosystem: "deb", Name: "nginx", Version: "1.20.0-1~bookworm", Distro: "debian-12"},
			"affected compared Debian:12 DSA-5001-1?",
		},
		{
			"a back-port",
			fact.Component{Ecosystem: "deb", Name: "nginx", Version: "1.26.0-1~bpo12+1", Distro: "debian-12"},
			"not assessed other_maker Debian:12",
		},
		{
			"another distribution's",
			fact.Component{Ecosystem: "deb", Name: "fontconfig", Version: "2.14-0ubuntu1.1", Distro: "debian-12"},
			"not assessed other_maker Debian:12",
		},
		{
			"of a later release",
			fact.Component{Ecosystem: "deb", Name: "util-linux", Version: "2.38.1-5+deb12u1", Distro: "debian-11"},
			"not assessed other_maker Debian:11",
		},
		{
			"of an earlier release, which was kept",
			fact.Component{Ecosystem: "deb", Name: "sensible-utils", Version: "0.0.9+deb11u1", Distro: "debian-12"},
			"not affected not_named Debian:12",
		},
		{
			"a derived distribution's package",
			fact.Component{Ecosystem: "deb", Name: "nginx", Version: "1.22.1-9+deb12u2", PURL: "pkg:deb/raspbian/nginx@1.22.1-9+deb12u2?distro=debian-12"},
			"not assessed other_maker Debian:12",
		},
		{
			"a vendor's package without a mark",
			fact.Component{Ecosystem: "deb", Name: "google-chrome-stable", Version: "120.0.6099.109-1", Distro: "debian-12"},
			"not assessed other_maker Debian:12",
		},
		{
			"named after a vendor's package",
			fact.Component{Ecosystem: "deb", Name: "codeblocks", Version: "20.03-3", Distro: "debian-12"},
			"not affected not_named Debian:12",
		},
		{
			"of no Enterprise Linux",
			fact.Component{Ecosystem: "rpm", Name: "nginx", Version: "1:1.24.0-1.el7.ngx", Distro: "almalinux-8"},
			"not assessed other_maker AlmaLinux:8",
		},
		{
			"of Enterprise Linux",
			fact.Component{Ecosystem: "rpm", Name: "nginx", Version: "1:1.24.0-1.el8_9", Distro: "almalinux-8"},
			"not affected not_named AlmaLinux:8",
		},
		{"a signing key", fact.Component{Ecosystem: "rpm", Name: "gpg-pubkey", Version: "3abb34f8-5ffd890e", Distro: "almalinux-8"}, "not affected not_named AlmaLinux:8"},
		{
			"mended for subscribers only",
			fact.Component{Ecosystem: "deb", Name: "libssl1.1", Version: "1.1.1-1ubuntu2.1~18.04.23", Source: "openssl", Distro: "ubuntu-18.04"},
			"affected compared Ubuntu:18.04 USN-pro",
		},
		{
			"a subscriber's package",
			fact.Component{Ecosystem: "deb", Name: "libssl1.1", Version: "1.1.1-1ubuntu2.1~18.04.23+esm1", Source: "openssl", Distro: "ubuntu-18.04"},
			"not affected compared Ubuntu:18.04",
		},
		{
			"a certified build, which counts for itself",
			fact.Component{Ecosystem: "deb", Name: "libssl1.1", Version: "1.1.1-1ubuntu2.fips.2.1~18.04.8", Source: "openssl", Distro: "ubuntu-18.04"},
			"not assessed other_maker Ubuntu:18.04",
		},
		{
			"of a server's module",
			fact.Component{Ecosystem: "rpm", Name: "curl", Version: "8.0.1-150400.5.20.1", Distro: "sles-15.5"},
			"affected compared SUSE:Linux Enterprise Server 15 SP5 SUSE-SU-1",
		},
		{
			"mended in long-term support",
			fact.Component{Ecosystem: "rpm", Name: "wget", Version: "1.20.3-150000.3.17.1", Distro: "sles-15.5"},
			"affected compared SUSE:Linux Enterprise Server 15 SP5 SUSE-SU-2",
		},
		{"a module replaced by a folder", fact.Component{Ecosystem: "golang", Name: "./staging/src/k8s.io/api", Version: "(devel)"}, "not assessed name_in_part Go"},
		{"a module whose build knew no version", fact.Component{Ecosystem: "golang", Name: "example.org/late", Version: "v0.0.0"}, "not assessed version_unread Go | GO-2023-3"},
		{"an archive without a group", fact.Component{Ecosystem: "maven", Name: "log4j-core", Version: "2.14.0"}, "not assessed name_in_part Maven"},
		{"an archive whose group was guessed", fact.Component{Ecosystem: "maven", Name: "log4j-core:log4j-core", Version: "2.14.0"}, "not assessed name_in_part Maven"},
		{"an archive", fact.Component{Ecosystem: "maven", Name: "org.apache.logging.log4j:log4j-core", Version: "2.14.0"}, "affected compared Maven GHSA-maven"},
		{"a gem for one platform", fact.Component{Ecosystem: "gem", Name: "nokogiri", Version: "1.13.1-x86_64-linux"}, "affected compared RubyGems GHSA-gem"},
		{"not listed, and no version", fact.Component{Ecosystem: "pypi", Name: "listed", Version: "git+https://example.org/listed"}, "not assessed version_unread PyPI | PYSEC-4"},
		{"first range", fact.Component{Ecosystem: "pypi", Name: "Jinja2", Version: "2.11.2"}, "affected compared PyPI PYSEC-1"},
		{"between ranges", fact.Component{Ecosystem: "pypi", Name: "jinja2", Version: "2.11.3"}, "not affected compared PyPI"},
		{"second range, other spelling of the version", fact.Component{Ecosystem: "pypi", Name: "JINJA2", Version: "3.0"}, "affected compared PyPI PYSEC-1"},
		{"nobody names it", fact.Component{Ecosystem: "pypi", Name: "requests", Version: "2"}, "not affected not_named PyPI"},
		{"nobody names it, and its version does not matter", fact.Component{Ecosystem: "pypi", Name: "requests"}, "not affected not_named PyPI"},
		{"version not known", fact.Component{Ecosystem: "pypi", Name: "jinja2"}, "not assessed no_version PyPI | PYSEC-1"},
		{"version none", fact.Component{Ecosystem: "pypi", Name: "jinja2", Version: "latest!"}, "not assessed version_unread PyPI | PYSEC-1"},
		{"all versions", fact.Component{Ecosystem: "pypi", Name: "all", Version: "whatever!"}, "affected compared PyPI PYSEC-6"},
		{"versions in words", fact.Component{Ecosystem: "pypi", Name: "wordy", Version: "1"}, "not assessed range_unread PyPI | PYSEC-3"},
		{"versions as commits", fact.Component{Ecosystem: "pypi", Name: "commits", Version: "1"}, "not assessed range_unread PyPI | OSV-1"},
		{"lower bound outside", fact.Component{Ecosystem: "pypi", Name: "after", Version: "1.0"}, "not affected compared PyPI"},
		{"above a lower bound outside", fact.Component{Ecosystem: "pypi", Name: "after", Version: "1.0.1"}, "affected compared PyPI CVE-2020-0009"},
		{"listed, other spelling", fact.Component{Ecosystem: "pypi", Name: "listed", Version: "1.0.0"}, "affected compared PyPI PYSEC-4"},
		{"listed by the letter", fact.Component{Ecosystem: "pypi", Name: "listed", Version: "trunk"}, "affected compared PyPI PYSEC-4"},
		{"not listed", fact.Component{Ecosystem: "pypi", Name: "listed", Version: "1.1"}, "not affected compared PyPI"},
		{"a bound that is no version", fact.Component{Ecosystem: "pypi", Name: "dirty", Version: "0.8"}, "not assessed range_unread PyPI | PYSEC-5"},
		{"the standard library", fact.Component{Ecosystem: "golang", Name: "stdlib", Version: "go1.20"}, "affected compared Go GO-2023-1"},
		{"the standard library, mended", fact.Component{Ecosystem: "golang", Name: "std", Version: "1.20.1"}, "not affected compared Go"},
		{"module in another case", fact.Component{Ecosystem: "golang", Name: "github.com/masterminds/goutils", Version: "v1.1.0"}, "affected compared Go GO-2023-2"},
		{"a build of one's own", fact.Component{Ecosystem: "golang", Name: "github.com/masterminds/goutils", Version: "(devel)"}, "not assessed version_unread Go | GO-2023-2"},
		{"part of an ecosystem affects", fact.Component{Ecosystem: "npm", Name: "@scope/left", Version: "1.9.9"}, "affected compared npm GHSA-part"},
		{"part of an ecosystem clears nothing", fact.Component{Ecosystem: "npm", Name: "@scope/left", Version: "2.0.0"}, "not assessed part_of_ecosystem npm"},
		{"ecosystem absent", fact.Component{Ecosystem: "nuget", Name: "Newtonsoft.Json", Version: "7"}, "not assessed no_ecosystem NuGet"},
		{"ecosystem nobody knows", fact.Component{Ecosystem: "generic", Name: "thing", Version: "7"}, "not assessed no_ecosystem generic"},
		{"words only", fact.Component{Name: "Some Program", Version: "7"}, "not assessed no_identity "},
		{"by CPE", fact.Component{Name: "OpenSSL", Version: "1.1.1k", CPE: "cpe:2.3:a:openssl:openssl:1.1.1k:*:*:*:*:*:*:*"}, "affected compared cpe:a CVE-2020-0001"},
		{"by the older form of CPE", fact.Component{Name: "OpenSSL", Version: "1.1.1l", CPE: "cpe:/a:openssl:openssl:1.1.1l"}, "not affected compared cpe:a"},
		{"version beside the CPE", fact.Component{Name: "OpenSSL", Version: "1.1.1a", CPE: "cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*"}, "affected compared cpe:a CVE-2020-0001"},
		{"a CPE that no record bears", fact.Component{Name: "x", Version: "1", CPE: "cpe:2.3:a:acme:drivr:1.0:*:*:*:*:*:*:*"}, "not assessed cpe_not_named cpe:a"},
		{"what it must run on is not known", fact.Component{Name: "x", Version: "1", CPE: "cpe:2.3:a:acme:driver:1.0:*:*:*:*:*:*:*"}, "affected compared cpe:a CVE-2021-1000?"},
		{"for another target", fact.Component{Name: "x", Version: "1", CPE: "cpe:2.3:a:acme:forms:1.0:*:*:*:*:drupal:*:*"}, "not affected compared cpe:a"},
		{"target not known", fact.Component{Name: "x", Version: "1", CPE: "cpe:2.3:a:acme:forms:1.0:*:*:*:*:*:*:*"}, "affected compared cpe:a CVE-2021-1001?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a vuln.Answer
			db.Judge(&tt.c, &a)
			got := fmt.Sprintf("%s %s %s", a.Verdict, a.Reason, a.Ecosystem)
			name := func(h vuln.Hit) string {
				s := db.Match(h).Advisory
				if h.Likely {
					s += "?"
				}
				return s
			}
			for _, h := range a.Hits {
				got += " " + name(h)
			}
			if len(a.Open) > 0 {
				got += " |"
			}
			for _, h := range a.Open {
				got += " " + name(h)
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if a.Verdict == vuln.NotAssessed && a.Reason.Say() == "" {
				t.Errorf("reason %s has no sentence", a.Reason)
			}
		})
	}
}

func TestMatch(t *testing.T) {
	list, sources := world()
	file, _ := vulntest.Compile(t, list, sources...)
	db := vulntest.Open(t, file)
	var a vuln.Answer
	db.Judge(&fact.Component{Ecosystem: "deb", Name: "mount", Version: "2.38.1-5", Source: "util-linux", Distro: "debian-12"}, &a)
	if len(a.Hits) != 1 || !a.BySource {
		t.Fatalf("answer %+v", a)
	}
	m := db.Match(a.Hits[0])
	got := fmt.Sprint(m.Advisory, m.Source, m.Flaws, m.Package, m.Ecosystem, m.Status, m.Range, m.Fixed)
	want := fmt.Sprint("DSA-5000-1", "osv/Debian", []string{"CVE-2024-28085", "CVE-2024-28086"}, "util-linux", "Debian:12", "affected", "before 2.38.1-5+deb12u1", "2.38.1-5+deb12u1")
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestJudgeAllocatesNothing(t *testing.T) {
	list, sources := world()
	file, _ := vulntest.Compile(t, list, sources...)
	db := vulntest.Open(t, file)
	var a vuln.Answer
	for _, c := range []fact.Component{
		{Ecosystem: "deb", Name: "mount", Version: "2.38.1-5", Source: "util-linux", Distro: "debian-12"},
		{Ecosystem: "pypi", Name: "Jinja2", Version: "2.11.2"},
		{Ecosystem: "npm", Name: "@scope/right", Version: "2.11.2"},
	} {
		if n := testing.AllocsPerRun(50, func() { db.Judge(&c, &a) }); n != 0 {
			t.Errorf("judging %s allocates %g times", c.Name, n)
		}
	}
}

// TestErratum checks the source package that only an erratum's title names.
func TestErratum(t *testing.T) {
	erratum := func(id, title string, products ...advisory.Product) *advisory.Advisory {
		return &advisory.Advisory{ID: id, Source: "osv/AlmaLinux", Title: title, Products: products}
	}
	file, _ := vulntest.Compile(t, []*advisory.Advisory{
		erratum("ALSA-1", "Moderate: glibc security update", product("AlmaLinux:8", "glibc-static", "0..2.28-164.el8_5.3"), product("AlmaLinux:8", "nss_hesiod", "0..2.28-164.el8_5.3")),
		erratum("ALSA-2", "Moderate: dnf security and bug fix update", product("AlmaLinux:8", "libdnf-devel", "0..0.63.0-3.el8")),
		erratum("ALSA-3", "Important: nodejs:18 security update", product("AlmaLinux:8", "npm", "0..1:9.5.1-1.module_el8.9.0+3775")),
		erratum("ALSA-4", "Important: openssl security update", product("AlmaLinux:8", "openssl", "0..1:1.1.1k-12.el8_9")),
	})
	db := vulntest.Open(t, file)
	for _, tt := range []struct{ name, source, version, want string }{
		{"glibc", "", "2.28-164.el8_5", "affected ALSA-1"},
		{"glibc", "", "2.28-164.el8_5.3", "not affected"},
		{"glibc-common", "glibc", "2.28-151.el8", "affected ALSA-1"},
		{"openssl-libs", "openssl", "1:1.1.1k-9.el8", "affected ALSA-4"},
		{"dnf", "", "0.1-1.el8", "not affected"},
		{"nodejs", "", "1:18.0.0-1.el8", "not affected"},
	} {
		var a vuln.Answer
		db.Judge(&fact.Component{Ecosystem: "rpm", Name: tt.name, Source: tt.source, Version: tt.version, Distro: "almalinux-8"}, &a)
		got := a.Verdict.String()
		for _, h := range a.Hits {
			m := db.Match(h)
			got += " " + m.Advisory
			if (m.Basis != "") != (m.Advisory == "ALSA-1") {
				t.Errorf("%s: basis %q", m.Advisory, m.Basis)
			}
		}
		if got != tt.want {
			t.Errorf("%s %s: got %s, want %s", tt.name, tt.version, got, tt.want)
		}
	}
}
