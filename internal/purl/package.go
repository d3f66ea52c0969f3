package purl

import "strings"

// Package is what a package URL says of a package, in the words of components.
type Package struct {
	Ecosystem     string // the type
	Name          string // as the ecosystem writes it: "@scope/name", "group:artifact"
	Version       string // with the epoch of an rpm
	Source        string // source package
	SourceVersion string
	Arch          string
	Distro        string // debian-12, ubuntu-24.04, alpine-3.20
}

// Package returns what the package URL says.
func (p *P) Package() Package {
	c := Package{Ecosystem: p.Ecosystem(), Name: p.FullName(), Version: p.FullVersion(), Arch: p.Qualifier("arch"), Distro: p.Distro()}
	c.Source, c.SourceVersion = p.Source()
	return c
}

// IsSystem reports whether packages of a type belong to an operating system.
func IsSystem(typ string) bool {
	switch typ {
	case "deb", "rpm", "apk", "alpm":
		return true
	}
	return false
}

// Ecosystem is the type. Some tools wrote alpine before the type apk was settled.
func (p *P) Ecosystem() string {
	switch p.Type {
	case "alpine":
		return "apk"
	case "go":
		return "golang"
	}
	return p.Type
}

// FullName is the package's name with its name space, as its own ecosystem
// writes it. The case of a Go module is kept: its proxy minds it.
func (p *P) FullName() string {
	switch p.Ecosystem() {
	case "deb", "rpm", "apk", "alpm":
		return p.Name // the name space is the distribution
	case "pypi":
		return normalPyPI(p.Name)
	case "maven":
		if p.Namespace != "" {
			return strings.ReplaceAll(p.Namespace, "/", ".") + ":" + p.Name
		}
	case "composer", "hex", "pub", "bitnami":
		namespace, name, _ := p.canonical()
		if namespace != "" {
			return namespace + "/" + name
		}
		return name
	}
	if p.Namespace != "" {
		return p.Namespace + "/" + p.Name
	}
	return p.Name
}

// FullVersion is the version as the ecosystem compares it: with the epoch of an
// rpm, which package URLs keep in a qualifier.
func (p *P) FullVersion() string {
	if p.Type == "rpm" && p.Version != "" && strings.IndexByte(p.Version, ':') < 0 {
		if e := p.Qualifier("epoch"); e != "" && e != "0" {
			return e + ":" + p.Version
		}
	}
	return p.Version
}

// Source is the source package that the qualifier upstream names, as syft writes
// it: a name, a name@version, or the file of an rpm's source package.
func (p *P) Source() (name, version string) {
	up := p.Qualifier("upstream")
	nevra, isRPM := strings.CutSuffix(up, ".src.rpm")
	if !isRPM {
		name, version, _ = strings.Cut(up, "@")
		return name, version
	}
	release := strings.LastIndexByte(nevra, '-')
	if release <= 0 {
		return "", ""
	}
	v := strings.LastIndexByte(nevra[:release], '-')
	if v <= 0 {
		return "", ""
	}
	return nevra[:v], nevra[v+1:]
}
