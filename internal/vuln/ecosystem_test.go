package vuln_test

import (
	"testing"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/purl"
	"github.com/asepsis/asepsis/internal/vuln"
)

// TestEcosystemsAgree holds the matcher's own way from a component to an
// ecosystem, which allocates nothing, against that of package purl, which readers of
// statements use: if they part, statements miss what they are about.
func TestEcosystemsAgree(t *testing.T) {
	for _, c := range [][2]string{
		{"npm", ""},
		{"pypi", ""},
		{"golang", ""},
		{"maven", ""},
		{"nuget", ""},
		{"gem", ""},
		{"composer", ""},
		{"cargo", ""},
		{"hex", ""},
		{"pub", ""},
		{"cran", ""},
		{"bioconductor", ""},
		{"hackage", ""},
		{"julia", ""},
		{"bitnami", ""},
		{"swift", ""},
		{"conan", ""},
		{"githubactions", ""},
		{"opam", ""},
		{"vscode-extension", ""},
		{"deb", "debian-12"},
		{"deb", "debian-12.5"},
		{"deb", "ubuntu-24.04"},
		{"deb", "echo"},
		{"apk", "alpine-3.20"},
		{"apk", "alpine-3.20.3"},
		{"apk", "alpine-v3.20"},
		{"apk", "wolfi"},
		{"apk", "chainguard"},
		{"apk", "minimos"},
		{"apk", "alpaquita-23"},
		{"rpm", "almalinux-9.3"},
		{"rpm", "alma-8"},
		{"rpm", "rocky-9.1"},
		{"rpm", "rocky-linux-8"},
		{"rpm", "rhel-8.7"},
		{"rpm", "redhat-9"},
		{"rpm", "mageia-9"},
		{"rpm", "openeuler-22.03-lts"},
		{"rpm", "photon-4.0"},
		{"rpm", "azurelinux-3.0"},
		{"rpm", "mariner-2.0"},
		{"rpm", "opensuse-leap-15.6"},
		{"rpm", "opensuse-tumbleweed"},
		{"rpm", "sles-15.5"},
		{"rpm", "sles-15"},
		{"rpm", "debian"},
	} {
		want := purl.EcosystemsOf(c[0], c[1])
		got := vuln.EcosystemOf(&fact.Component{Ecosystem: c[0], Name: "x", Version: "1", Distro: c[1]})
		switch {
		case len(want) > 0 && got != want[0]:
			t.Errorf("%s %s is looked up in %q, package purl says %q", c[0], c[1], got, want)
		case len(want) == 0 && c[0] != "rpm":
			t.Errorf("%s %s is of no ecosystem to package purl", c[0], c[1])
		}
	}
}
