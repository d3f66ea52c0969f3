package vuln

import (
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
)

// question is one name to look up.
type question struct {
	eco      uint16
	name     []byte
	version  string
	bySource bool
	// statements says that only statements about products count: the name is
	// that of a binary package where advisories name sources.
	statements bool
}

// questions is what to look up for a component.
type questions struct {
	list      [4]question
	n         int
	ecosystem string // "" where it is of none
	system    bool   // a package of an operating system
	reason    Reason // set: why it cannot be looked up
	whole     bool
	known     bool // the ecosystem is in the feed
}

// identify turns a component into names to look up. It writes the names to buf.
func (db *DB) identify(c *fact.Component, q *questions, buf []byte) {
	kind := c.Ecosystem
	if kind == "" {
		kind = purlType(c.PURL)
	}
	if kind == "" || c.Name == "" {
		q.reason = NoIdentity
		return
	}
	if isSystem(kind) {
		db.identifySystem(c, kind, q, buf)
		return
	}
	if q.ecosystem = byType(kind); q.ecosystem == "" {
		q.ecosystem = kind
	}
	name, version := c.Name, c.Version
	if q.ecosystem == "Go" {
		name, version = goName(name, version)
	}
	db.ask(q, q.ecosystem, name, version, buf)
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

func (db *DB) identifySystem(c *fact.Component, kind string, q *questions, buf []byte) {
	q.system = true
	distro := distroOf(c)
	if distro == "" {
		q.reason = ReleaseUnknown
		return
	}
	var space [64]byte
	eco := appendDistro(space[:0], distro)
	if len(eco) == 0 {
		q.ecosystem, q.reason = distro, NoEcosystem
		return
	}
	e, ok := db.byName[string(eco)]
	if !ok {
		q.ecosystem, q.reason = string(eco), NoEcosystem
		if base := baseOf(q.ecosystem); db.bases[base] {
			q.reason = ReleaseNotInFeed
			if base == q.ecosystem {
				q.reason = ReleaseUnknown
			}
		}
		return
	}
	q.ecosystem = db.ecosystems[e].name
	source, version := c.Source, c.SourceVersion
	if source == "" {
		source = c.Name
	}
	if version == "" {
		version = sourceVersion(kind, c.Version)
	}
	if kind == "rpm" {
		own := withEpoch(c.Version, c.PURL)
		buf = db.ask(q, q.ecosystem, c.Name, own, buf)
		if rpmBySource(baseOf(q.ecosystem)) && source != c.Name {
			if c.SourceVersion == "" {
				version = own
			}
			n := q.n
			db.ask(q, q.ecosystem, source, version, buf)
			q.list[n].bySource = true
		}
		return
	}
	buf = db.ask(q, q.ecosystem, source, version, buf)
	q.list[0].bySource = source != c.Name || version != c.Version
	if source != c.Name {
		n := q.n
		buf = db.ask(q, q.ecosystem, c.Name, c.Version, buf)
		q.list[n].statements = true
	}
	if base, ok := db.byName[baseOf(q.ecosystem)]; ok && base != e {
		n := q.n
		db.ask(q, db.ecosystems[base].name, source, version, buf)
		q.list[n].statements = true
	}
}

// rpmBySource reports whether a distribution's advisories name source packages
// of RPM where others name each binary package.
func rpmBySource(base string) bool {
	switch base {
	case "Rocky Linux", "SUSE", "openSUSE", "openEuler", "Mageia", "Photon OS", "Azure Linux":
		return true
	}
	return false
}

// ask adds a name to look up.
func (db *DB) ask(q *questions, ecosystem, name, version string, buf []byte) []byte {
	e, ok := db.byName[ecosystem]
	if !ok {
		q.reason = NoEcosystem
		return buf
	}
	if q.n == 0 {
		q.known, q.whole = true, db.ecosystems[e].whole
	}
	from := len(buf)
	buf = appendName(buf, ecosystem, name)
	q.list[q.n] = question{eco: e, name: buf[from:], version: version}
	q.n++
	return buf
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
