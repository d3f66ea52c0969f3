package vuln_test

import (
	"testing"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/purl"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// TestOddVersions clears and convicts nothing by a day or a commit that stands where
// a version belongs, but where versions are days.
func TestOddVersions(t *testing.T) {
	file, _ := vulntest.Compile(t, []*advisory.Advisory{
		about("GO-1", "osv/Go", "Go", "example.org/lamp", "0..1.2.3"),
		about("PYSEC-1", "osv/PyPI", "PyPI", "lamp", "0..1.2.3"),
		about("PYSEC-2", "osv/PyPI", "PyPI", "certs", "0..2023.7.22"),
		about("PYSEC-3", "osv/PyPI", "PyPI", "listed", "1.0", "1.1"),
		about("ALSA-1", "osv/AlmaLinux", "AlmaLinux:9", "lamp", "0..5.14.0-70.el9"),
		about("ALSA-2", "osv/AlmaLinux", "AlmaLinux:9", "firmware", "0..20240202-1.el9"),
		about("DSA-1", "osv/Debian", "Debian:12", "lamp", "0..1:2.0-1"),
	})
	db := vulntest.Open(t, file)
	const commit = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"
	for _, tt := range []struct{ ecosystem, distro, name, version, want string }{
		{"golang", "", "example.org/lamp", "20240101", "not assessed version_unread"},
		{"golang", "", "example.org/lamp", "v1.2.3", "not affected compared"},
		{"pypi", "", "lamp", "20240101", "not assessed version_unread"},
		{"pypi", "", "lamp", "2024-01-01", "not assessed version_unread"},
		{"pypi", "", "lamp", "2024.1.31", "not assessed version_unread"},
		{"pypi", "", "lamp", "20240101093000", "not assessed version_unread"},
		{"pypi", "", "lamp", "2024.13.1", "not affected compared"}, // no day
		{"pypi", "", "lamp", "1.2.2", "affected compared"},
		{"pypi", "", "certs", "2023.7.22", "not affected compared"},
		{"pypi", "", "certs", "2022.12.07", "affected compared"},
		{"pypi", "", "listed", "20240101", "not assessed version_unread"},
		{"rpm", "almalinux-9", "lamp", "20240101-1.el9", "not assessed version_unread"},
		{"rpm", "almalinux-9", "lamp", commit, "not assessed version_unread"},
		{"rpm", "almalinux-9", "lamp", "sha256:" + commit, "not assessed version_unread"},
		{"rpm", "almalinux-9", "firmware", "20240101-1.el9", "affected compared"},
		{"rpm", "almalinux-9", "firmware", "20240303-1.el9", "not affected compared"},
		{"deb", "debian-12", "lamp", commit, "not assessed version_unread"},
		{"deb", "debian-12", "lamp", "9f86d08", "not assessed version_unread"},
		{"deb", "debian-12", "lamp", "1:2.0-1", "not affected compared"},
		{"pypi", "", "nobody", commit, "not affected not_named"}, // no version of it is named
	} {
		var a vuln.Answer
		db.Judge(&fact.Component{Ecosystem: tt.ecosystem, Distro: tt.distro, Name: tt.name, Version: tt.version}, &a)
		if got := a.Verdict.String() + " " + a.Reason.String(); got != tt.want {
			t.Errorf("%s %s %s: %s, want %s", tt.ecosystem, tt.name, tt.version, got, tt.want)
		}
	}
}

// TestNamesInAnotherCase finds a package however a tool writes its name.
func TestNamesInAnotherCase(t *testing.T) {
	file, _ := vulntest.Compile(t, []*advisory.Advisory{
		about("1", "rubysec", "RubyGems", "rails", "0..4.0.3"),
		about("2", "osv/Julia", "Julia", "OpenSSL_jll", "0..3.0.1"),
		about("3", "osv/Maven", "Maven", "org.apache.Logging:log4j-core", "0..2.15"),
		about("4", "osv/crates.io", "crates.io", "serde_yaml", "0..0.8.4"),
		about("5", "osv/CRAN", "CRAN", "jsonlite", "0..1.1"),
		about("6", "osv/AlmaLinux", "AlmaLinux:9", "ImageMagick", "0..7.0-1.el9"),
		about("7", "osv/npm", "npm", "lodash", "0..4.17.21"),
	})
	db := vulntest.Open(t, file)
	for _, p := range []string{
		"pkg:gem/Rails@4.0.0", "pkg:GEM/RAILS@4.0.0", "pkg:julia/openssl_jll@1.0.0", "pkg:maven/org.apache.logging/Log4j-Core@2.0", "pkg:cargo/Serde-YAML@0.8.0",
		"pkg:cran/JSONlite@1.0", "pkg:rpm/almalinux/imagemagick@6.0-1.el9?distro=almalinux-9", "pkg:npm/Lodash@4.0.0",
	} {
		u, err := purl.Parse(p)
		if err != nil {
			t.Fatal(err)
		}
		k := u.Package()
		var a vuln.Answer
		db.Judge(&fact.Component{PURL: p, Ecosystem: k.Ecosystem, Name: k.Name, Version: k.Version, Distro: k.Distro}, &a)
		if a.Verdict != vuln.Affected {
			t.Errorf("%s: %v, %v", p, a.Verdict, a.Reason)
		}
	}
}

// TestCPEOfOthers clears nothing of CPE names by a source that is whole of another
// ecosystem and names a few of them beside.
func TestCPEOfOthers(t *testing.T) {
	ruby := about("CVE-2020-1", "rubysec", "RubyGems", "rails", "0..4.0.3")
	ruby.Products = append(ruby.Products, named("ruby-lang", "ruby", "0..2.0"))
	record := &advisory.Advisory{ID: "CVE-2020-2", Source: "cve", Products: []advisory.Product{named("f5", "nginx", "0..1.20")}}
	compile := func(more ...*advisory.Advisory) *vuln.DB {
		file, _ := vulntest.Compile(t, append(more, ruby, record), vuln.Source{Name: "rubysec"}, vuln.Source{Name: "nvd"}, vuln.Source{Name: "cve", Partial: true})
		return vulntest.Open(t, file)
	}
	c := fact.Component{Name: "nginx", Version: "1.25", CPE: "cpe:2.3:a:f5:nginx:1.25:*:*:*:*:*:*:*"}
	var a vuln.Answer
	compile().Judge(&c, &a)
	if a.Verdict != vuln.NotAssessed || a.Reason != vuln.PartOfEcosystem {
		t.Errorf("without NVD: %v, %v", a.Verdict, a.Reason)
	}
	compile(&advisory.Advisory{ID: "CVE-2020-3", Source: "nvd", Products: []advisory.Product{named("f5", "nginx", "0..1.21")}}).Judge(&c, &a)
	if a.Verdict != vuln.NotAffected {
		t.Errorf("with NVD: %v, %v", a.Verdict, a.Reason)
	}
}
