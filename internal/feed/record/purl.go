package record

import (
	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/purl"
)

// FromPURL reads a package URL as the package an advisory names, and the version
// in it. Types that are of none of OSV's ecosystems, such as container images,
// leave the ecosystem empty. The URL is kept as written.
func FromPURL(s string) (k advisory.Package, version string, ok bool) {
	p, err := purl.Parse(s)
	if err != nil {
		return k, "", false
	}
	what := p.Package()
	k = advisory.Package{Name: what.Name, PURL: s, Arch: what.Arch, Module: p.Qualifier("rpmmod")}
	if list := p.Ecosystems(); len(list) > 0 {
		k.Ecosystem = list[0]
	}
	return k, what.Version, true
}
