package pkgdb

import (
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/purl"
)

// Component is the package as software of an asset. The ecosystem is a type of
// package URL (deb, rpm, apk), the name space the distribution's own name
// ("debian"), the distro its release ("debian-12").
func (p Package) Component(asset, ecosystem, namespace, distro string) fact.Component {
	c := fact.Component{
		Asset: asset, Ecosystem: ecosystem, Name: p.Name, Version: p.Version, Source: p.Source, SourceVersion: p.SourceVersion,
		Arch: p.Arch, Distro: distro, PURL: PURL(ecosystem, namespace, p.Name, p.Version, p.Arch, distro),
	}
	if ecosystem == "rpm" && purl.ForeignVendor(distro, p.Vendor) {
		c.PURL = purl.WithVendor(c.PURL, p.Vendor)
	}
	return c
}

// PURL writes a package URL (github.com/package-url/purl-spec). An rpm's epoch
// is a qualifier of its own there. Parts that are empty are left out.
func PURL(ecosystem, namespace, name, version, arch, distro string) string {
	epoch := ""
	if ecosystem == "rpm" {
		if e, rest, ok := strings.Cut(version, ":"); ok {
			epoch, version = e, rest
		}
	}
	b := make([]byte, 0, 32+len(ecosystem)+len(namespace)+len(name)+len(version)+len(arch)+len(distro))
	b = append(b, "pkg:"...)
	b = append(b, ecosystem...)
	b = append(b, '/')
	for namespace != "" {
		part, rest, _ := strings.Cut(namespace, "/")
		b = append(escape(b, part), '/')
		namespace = rest
	}
	b = escape(b, name)
	if version != "" {
		b = escape(append(b, '@'), version)
	}
	mark := byte('?')
	for _, q := range [...]struct{ name, value string }{{"arch=", arch}, {"distro=", distro}, {"epoch=", epoch}} {
		if q.value == "" {
			continue
		}
		b = escape(append(append(b, mark), q.name...), q.value)
		mark = '&'
	}
	return string(b)
}

// escape appends s with every byte percent-encoded that a package URL does not
// allow as it is.
func escape(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~', c == ':':
			b = append(b, c)
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}
