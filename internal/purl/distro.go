package purl

import "strings"

// Distro names the distribution that a package of an operating system is for, in
// the words of components: debian-12, ubuntu-24.04, alpine-3.20. It is "" for
// other packages, and where no release is given.
func (p *P) Distro() string {
	if !IsSystem(p.Ecosystem()) {
		return ""
	}
	d := p.Qualifier("distro")
	if d == "" {
		return ""
	}
	return NormalDistro(p.Namespace, d)
}

// NormalDistro brings names of a release into one form: debian-12 from debian-12.5,
// from 12 with debian as the vendor, and from bookworm.
func NormalDistro(vendor, d string) string {
	d = strings.ToLower(strings.TrimSpace(d))
	if d == "" {
		return ""
	}
	vendor = strings.ToLower(vendor)
	if '0' <= d[0] && d[0] <= '9' && vendor != "" {
		d = vendor + "-" + d
	}
	name, release := cutRelease(d)
	if code, ok := codenames[strings.TrimPrefix(name, vendor+"-")]; ok && release == "" {
		return code
	}
	if code, ok := codenames[d]; ok {
		return code
	}
	if release == "" {
		return d
	}
	return Release(name, release)
}

// Release joins a distribution's name with as much of its version as tells
// releases apart.
func Release(name, version string) string {
	n := len(version)
	switch dots := 0; name {
	case "debian", "raspbian":
		n, _ = cutDots(version, dots+1)
	case "alpine", "ubuntu":
		version = strings.TrimPrefix(version, "v")
		n, _ = cutDots(version, dots+2)
	}
	return name + "-" + version[:n]
}

// cutDots returns how long the first parts of a version are.
func cutDots(v string, parts int) (int, bool) {
	for i := range len(v) {
		if v[i] == '.' {
			if parts--; parts == 0 {
				return i, true
			}
		}
	}
	return len(v), false
}

// cutRelease splits debian-12 before its release, which begins with a digit, or
// with v and a digit.
func cutRelease(d string) (name, release string) {
	for i := range len(d) {
		if d[i] != '-' || i+1 == len(d) {
			continue
		}
		rest := strings.TrimPrefix(d[i+1:], "v")
		if rest != "" && '0' <= rest[0] && rest[0] <= '9' {
			return d[:i], rest
		}
	}
	return d, ""
}

// codenames are the names of releases that are written instead of their numbers
// (debian.org/releases, releases.ubuntu.com).
var codenames = map[string]string{
	"wheezy": "debian-7", "jessie": "debian-8", "stretch": "debian-9", "buster": "debian-10", "bullseye": "debian-11", "bookworm": "debian-12",
	"trixie": "debian-13", "forky": "debian-14", "trusty": "ubuntu-14.04", "xenial": "ubuntu-16.04", "bionic": "ubuntu-18.04", "focal": "ubuntu-20.04",
	"jammy": "ubuntu-22.04", "mantic": "ubuntu-23.10", "noble": "ubuntu-24.04", "oracular": "ubuntu-24.10", "plucky": "ubuntu-25.04", "questing": "ubuntu-25.10",
}
