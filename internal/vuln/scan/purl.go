package scan

import (
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/purl"
)

// FromPURL returns the component that a package URL names. The second result is
// false where it is none.
func FromPURL(s string) (fact.Component, bool) {
	c := fact.Component{PURL: s}
	identify(&c)
	return c, c.Ecosystem != ""
}

// identify fills what a component's package URL says of it. Without one the
// component stays as it is, and is judged by its CPE name or not at all. A source
// package that is known already stays: Trivy's properties say more than its URLs.
func identify(c *fact.Component) {
	if c.PURL == "" {
		return
	}
	u, err := purl.Parse(c.PURL)
	if err != nil {
		return
	}
	p := u.Package()
	c.Ecosystem, c.Name, c.Arch, c.Distro = p.Ecosystem, p.Name, p.Arch, p.Distro
	if p.Version != "" {
		c.Version = p.Version
	}
	if c.Source == "" {
		c.Source, c.SourceVersion = p.Source, p.SourceVersion
	}
}
