package scan

import (
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
)

// FromPURL returns the component that a package URL names. The second result is
// false where it is none.
func FromPURL(purl string) (fact.Component, bool) {
	c := fact.Component{PURL: purl}
	identify(&c)
	return c, c.Ecosystem != ""
}

// identify fills what a component's package URL says of it. Without one the
// component stays as it is, and is judged by its CPE name or not at all.
func identify(c *fact.Component) {
	rest, ok := strings.CutPrefix(c.PURL, "pkg:")
	if !ok {
		return
	}
	rest = strings.TrimLeft(rest, "/")
	rest, _, _ = strings.Cut(rest, "#")
	path, query, _ := strings.Cut(rest, "?")
	kind, path, ok := strings.Cut(path, "/")
	if !ok || path == "" {
		return
	}
	c.Ecosystem = strings.ToLower(kind)
	if i := strings.LastIndexByte(path, '@'); i > strings.LastIndexByte(path, '/') && i > 0 {
		c.Version = unescape(path[i+1:])
		path = path[:i]
	}
	space, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		space, name = path[:i], path[i+1:]
	}
	switch c.Ecosystem {
	case "deb", "rpm", "apk", "alpm", "alpine":
		c.Name = unescape(name)
	case "maven":
		c.Name = unescape(name)
		if space != "" {
			c.Name = unescape(space) + ":" + c.Name
		}
	default:
		c.Name = unescape(path)
	}
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		k, v, _ := strings.Cut(pair, "=")
		switch k {
		case "arch":
			c.Arch = unescape(v)
		case "distro":
			c.Distro = unescape(v)
		case "upstream":
			if c.Source != "" {
				break
			}
			source, version, _ := strings.Cut(unescape(v), "@")
			if c.Ecosystem == "rpm" {
				source, version = sourceRPM(source)
			}
			c.Source, c.SourceVersion = source, version
		}
	}
}

// sourceRPM splits the name of a source package's file:
// openssl-1.1.1k-9.el8.src.rpm.
func sourceRPM(s string) (name, version string) {
	s = strings.TrimSuffix(s, ".src.rpm")
	i := strings.LastIndexByte(s, '-')
	if i < 1 {
		return s, ""
	}
	j := strings.LastIndexByte(s[:i], '-')
	if j < 1 {
		return s, ""
	}
	return s[:j], s[j+1:]
}

// unescape resolves percent encoding. What is none stays as it is.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := digit(s[i+1]), digit(s[i+2])
			if hi < 16 && lo < 16 {
				b = append(b, hi<<4|lo)
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}
