package purl

import "strings"

// languages pairs types of package URLs with OSV's names of ecosystems.
var languages = [...][2]string{
	{"npm", "npm"}, {"pypi", "PyPI"}, {"golang", "Go"}, {"maven", "Maven"}, {"nuget", "NuGet"}, {"gem", "RubyGems"}, {"composer", "Packagist"},
	{"cargo", "crates.io"}, {"hex", "Hex"}, {"pub", "Pub"}, {"cran", "CRAN"}, {"bioconductor", "Bioconductor"}, {"hackage", "Hackage"}, {"julia", "Julia"},
	{"bitnami", "Bitnami"}, {"swift", "SwiftURL"}, {"conan", "ConanCenter"}, {"githubactions", "GitHub Actions"}, {"opam", "opam"},
	{"vscode-extension", "VSCode"},
}

// systems pairs distributions, as components and name spaces call them, with
// OSV's names of ecosystems and how a release is written there.
var systems = [...]struct {
	id, typ, osv string
	namespace    string
	sep          string // before the release; "" where the ecosystem has no releases
	parts        int    // how many numbers of a version a release has; 0 for all
}{
	{"debian", "deb", "Debian", "debian", ":", 1},
	{"ubuntu", "deb", "Ubuntu", "ubuntu", ":", 2},
	{"echo", "deb", "Echo", "echo", "", 0},
	{"alpine", "apk", "Alpine", "alpine", ":v", 2},
	{"wolfi", "apk", "Wolfi", "wolfi", "", 0},
	{"chainguard", "apk", "Chainguard", "chainguard", "", 0},
	{"minimos", "apk", "MinimOS", "minimos", "", 0},
	{"alpaquita", "apk", "Alpaquita", "alpaquita", ":", 1},
	{"almalinux", "rpm", "AlmaLinux", "almalinux", ":", 1},
	{"alma", "rpm", "AlmaLinux", "almalinux", ":", 1},
	{"rocky", "rpm", "Rocky Linux", "rocky", ":", 1},
	{"rocky-linux", "rpm", "Rocky Linux", "rocky", ":", 1},
	{"rockylinux", "rpm", "Rocky Linux", "rocky", ":", 1},
	{"rhel", "rpm", "Red Hat", "redhat", ":enterprise_linux:", 1},
	{"redhat", "rpm", "Red Hat", "redhat", ":enterprise_linux:", 1},
	{"mageia", "rpm", "Mageia", "mageia", ":", 1},
	{"openeuler", "rpm", "openEuler", "openeuler", ":", 0},
	{"photon", "rpm", "Photon OS", "photon", ":", 2},
	{"azurelinux", "rpm", "Azure Linux", "azurelinux", ":", 1},
	{"mariner", "rpm", "Azure Linux", "azurelinux", ":", 1},
	{"opensuse-leap", "rpm", "openSUSE", "opensuse", ":Leap ", 2},
	{"opensuse.leap", "rpm", "openSUSE", "opensuse", ":Leap ", 2},
	{"leap", "rpm", "openSUSE", "opensuse", ":Leap ", 2},
	{"opensuse-tumbleweed", "rpm", "openSUSE", "opensuse", ":Tumbleweed", -1},
	{"opensuse.tumbleweed", "rpm", "openSUSE", "opensuse", ":Tumbleweed", -1},
	{"sles", "rpm", "SUSE", "suse", ":Linux Enterprise Server ", -2},
	{"suse", "rpm", "SUSE", "suse", ":Linux Enterprise Server ", -2},
}

// Ecosystems returns OSV's names of the ecosystems that speak of the package, the
// most specific first: Debian:12 and Debian. It is empty where none is known,
// such as for a package of Fedora.
func (p *P) Ecosystems() []string {
	typ := p.Ecosystem()
	if !IsSystem(typ) {
		return EcosystemsOf(typ, "")
	}
	if d := p.Distro(); d != "" {
		return EcosystemsOf(typ, d)
	}
	return EcosystemsOf(typ, strings.ToLower(p.Namespace))
}

// EcosystemsOf returns the ecosystems of a type and a release as components have
// them: EcosystemsOf("deb", "debian-12").
func EcosystemsOf(typ, distro string) []string {
	if !IsSystem(typ) {
		for _, l := range languages {
			if l[0] == typ {
				return []string{l[1]}
			}
		}
		return nil
	}
	id, release := cutRelease(strings.ToLower(distro))
	for _, s := range systems {
		if s.id != id || s.typ != typ {
			continue
		}
		switch {
		case s.parts == -1:
			return []string{s.osv + s.sep, s.osv}
		case s.sep == "" || release == "":
			return []string{s.osv}
		case s.parts == -2:
			return []string{s.osv + s.sep + servicePack(release), s.osv}
		case s.parts > 0:
			n, _ := cutDots(release, s.parts)
			release = release[:n]
		}
		return []string{s.osv + s.sep + release, s.osv}
	}
	return nil
}

// servicePack writes SUSE's 15.5 as 15 SP5.
func servicePack(release string) string {
	major, pack, _ := strings.Cut(release, ".")
	if pack == "" || pack == "0" {
		return major
	}
	return major + " SP" + pack
}

// OfEcosystem returns the type of package URLs that an ecosystem of OSV has, and
// for distributions the name space and the release as components have it:
// OfEcosystem("Debian:12") is "deb", "debian", "debian-12".
func OfEcosystem(ecosystem string) (typ, namespace, distro string, ok bool) {
	base, release, _ := strings.Cut(ecosystem, ":")
	for _, l := range languages {
		if l[1] == base {
			return l[0], "", "", true
		}
	}
	for _, s := range systems {
		if s.osv != base {
			continue
		}
		rest, has := strings.CutPrefix(":"+release, s.sep)
		switch {
		case release == "" || s.sep == "":
			return s.typ, s.namespace, "", true
		case !has:
			continue
		case s.parts == -1:
			return s.typ, s.namespace, s.id, true
		case s.parts == -2:
			rest = strings.Replace(rest, " SP", ".", 1)
			if strings.ContainsAny(rest, " -:") {
				return s.typ, s.namespace, "", true
			}
		default:
			rest, _, _ = strings.Cut(rest, ":")
			if s.parts > 0 {
				n, _ := cutDots(rest, s.parts)
				rest = rest[:n]
			}
		}
		if rest == "" || rest[0] < '0' || rest[0] > '9' {
			return s.typ, s.namespace, "", true
		}
		return s.typ, s.namespace, s.id + "-" + rest, true
	}
	return "", "", "", false
}
