package vuln

import (
	"bytes"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
)

// question is one name to look up.
type question struct {
	ecosystem []byte
	name      []byte // normalized
	version   string
	bySource  bool
	// statements says that only statements about products count: the name is
	// that of a binary package where advisories name sources.
	statements bool
}

// questions is what to look up for a component, whatever the file holds.
type questions struct {
	list      [4]question
	n         int
	ecosystem string // what the first is of, where it is known without looking; else ""
	system    bool   // a package of an operating system
	other     bool   // not the distribution's own package, or of another branch
	reason    Reason // set: why it cannot be looked up
	unnamed   Reason // set: why it means nothing that nobody names it
}

// identify turns a component into names to look up. It writes them to buf, which
// it returns.
func identify(c *fact.Component, q *questions, buf []byte) []byte {
	kind := c.Ecosystem
	if kind == "" {
		kind = purlType(c.PURL)
	}
	if kind == "" || c.Name == "" {
		q.reason = NoIdentity
		return buf
	}
	if isSystem(kind) {
		return identifySystem(c, kind, q, buf)
	}
	if q.ecosystem = byType(kind); q.ecosystem == "" {
		q.ecosystem = kind
	}
	name, version := c.Name, c.Version
	switch q.ecosystem {
	case "Go":
		if name[0] == '.' || name[0] == '/' { // a folder that a module was replaced by
			q.reason = NameInPart
			return buf
		}
		name, version = goName(name, version)
	case "Maven":
		// A reader of archives that finds no group leaves it out, or writes the name
		// twice.
		if group, artifact, ok := strings.Cut(name, ":"); !ok || group == artifact {
			q.unnamed = NameInPart
		}
	case "RubyGems":
		version, _, _ = strings.Cut(version, "-") // what follows is the platform
	}
	from := len(buf)
	buf = append(buf, q.ecosystem...)
	return q.ask(buf[from:], name, version, buf)
}

// goName gives the standard library and the tool chain the names and versions
// that Go's own database has for them.
func goName(name, version string) (string, string) {
	switch name {
	case "std", "stdlib", "go":
		return "stdlib", strings.TrimPrefix(version, "go")
	case "toolchain", "cmd":
		return "toolchain", strings.TrimPrefix(version, "go")
	}
	return name, version
}

func identifySystem(c *fact.Component, kind string, q *questions, buf []byte) []byte {
	q.system = true
	distro := distroOf(c)
	if distro == "" {
		q.reason = ReleaseUnknown
		return buf
	}
	from := len(buf)
	buf = appendDistro(buf, distro)
	eco := buf[from:]
	if len(eco) == 0 {
		q.ecosystem, q.reason = distro, NoEcosystem
		return buf
	}
	base := eco
	if i := bytes.IndexByte(eco, ':'); i >= 0 {
		base = eco[:i]
	}
	source, version := c.Source, c.SourceVersion
	if source == fact.UnknownSource {
		source, version, q.unnamed = "", "", SourceUnknown
	}
	if source == "" {
		source = c.Name
	}
	if q.unnamed == NoReason && vendorName(strings.ToLower(c.Name)) {
		q.unnamed = OtherMaker
	}
	q.other = otherMaker(kind, eco, c.Name, c.Version, c.PURL)
	if version == "" {
		version = sourceVersion(kind, c.Version)
	}
	if kind == "rpm" {
		own := withEpoch(c.Version, c.PURL)
		buf = q.ask(eco, c.Name, own, buf)
		// An erratum rebuilds all binary packages of a source, but some lists of
		// advisories name a part of them only, or none but the source.
		if source != c.Name {
			if c.SourceVersion == "" {
				version = own
			}
			buf = q.ask(eco, source, version, buf)
			q.list[q.n-1].bySource = true
		}
		return buf
	}
	buf = q.ask(eco, source, version, buf)
	q.list[0].bySource = source != c.Name || version != c.Version
	if source != c.Name {
		buf = q.ask(eco, c.Name, c.Version, buf)
		q.list[q.n-1].statements = true
	}
	if len(base) < len(eco) {
		buf = q.ask(base, source, version, buf)
		q.list[q.n-1].statements = true
	}
	return buf
}

// ask adds a name to look up.
func (q *questions) ask(ecosystem []byte, name, version string, buf []byte) []byte {
	from := len(buf)
	buf = appendName(buf, ecosystem, name)
	q.list[q.n] = question{ecosystem: ecosystem, name: buf[from:], version: version}
	q.n++
	return buf
}

// Keys appends the keys of the packages whose advisories speak of a component.
// Two files agree on them, so what changed between files leads to components by
// [Changed].
func Keys(dst []uint64, c *fact.Component) []uint64 {
	var q questions
	var space [256]byte
	identify(c, &q, space[:0])
	for i := range q.n {
		dst = append(dst, key(q.list[i].ecosystem, q.list[i].name))
	}
	if name, ok := parseCPE(c.CPE); ok && !q.system {
		dst = append(dst, key([]byte(cpeEcosystem+string(rune(name.part))), []byte(cpeName(name.vendor, name.product))))
	}
	return dst
}

// EcosystemOf returns the ecosystem a component is looked up in, "Debian:12", or
// nothing where it is of none.
func EcosystemOf(c *fact.Component) string {
	var q questions
	var space [256]byte
	identify(c, &q, space[:0])
	if q.n > 0 {
		return string(q.list[0].ecosystem)
	}
	return q.ecosystem
}

// sourceVersion takes the mark of a rebuild off a binary package's version:
// 1.21-1+b1 was built from 1.21-1.
func sourceVersion(kind, v string) string {
	if kind != "deb" {
		return v
	}
	i := strings.LastIndex(v, "+b")
	if i < 0 || i+2 == len(v) {
		return v
	}
	for _, c := range []byte(v[i+2:]) {
		if c < '0' || c > '9' {
			return v
		}
	}
	return v[:i]
}

// withEpoch puts the epoch of a package URL before a version that has none.
func withEpoch(v, purl string) string {
	if strings.Contains(v, ":") {
		return v
	}
	if e := qualifier(purl, "epoch"); e != "" && e != "0" {
		return e + ":" + v
	}
	return v
}
