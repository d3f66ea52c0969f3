package software

import (
	"strings"

	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/lazy"
)

// release is the distribution that packages are of: "debian" and "debian-12".
type release struct{ id, distro string }

// of returns the name space and the distribution of packages of an ecosystem.
func (r release) of(ecosystem string) (namespace, distro string) {
	switch ecosystem {
	case "deb", "rpm", "apk":
		if r.id == "" && ecosystem == "apk" {
			return "alpine", r.distro
		}
		return r.id, r.distro
	}
	return "", ""
}

// releases finds the distribution of each machine: what the person said, else
// the package that carries the release file.
func (p *parser) releases() map[*reports.Host]release {
	out := make(map[*reports.Host]release)
	said := strings.ToLower(strings.TrimSpace(p.in.Options["distro"]))
	for i := range p.parts {
		c := &p.parts[i]
		switch c.Ecosystem {
		case "deb", "rpm", "apk":
		default:
			continue
		}
		if said != "" {
			id, _, _ := strings.Cut(said, "-")
			out[c.host] = release{id, said}
			continue
		}
		if r, ok := releaseOf(c.Ecosystem, c.Name, c.Version); ok {
			out[c.host] = r
		} else if _, ok := out[c.host]; !ok {
			out[c.host] = release{}
		}
	}
	return out
}

var (
	debian = lazy.Regexp(`^(\d+)(\.\d+)*(\+deb(\d+)u\d+)?$`)
	ubuntu = lazy.Regexp(`^([\d.]+)ubuntu`)
	number = lazy.Regexp(`^(\d+)(\.\d+)?`)
)

// ubuntus gives the release by the version of base-files that it was published
// with (packages.ubuntu.com/base-files).
var ubuntus = map[string]string{"7.2": "14.04", "9.4": "16.04", "10.1": "18.04", "11": "20.04", "12": "22.04", "13": "24.04"}

// rpmReleases are the packages that carry the release file, by distribution; with
// minor, the release has a minor number.
var rpmReleases = map[string]struct {
	id    string
	minor bool
}{
	"almalinux-release": {"almalinux", true}, "rocky-release": {"rocky", true}, "redhat-release": {"rhel", true}, "redhat-release-server": {"rhel", true},
	"centos-release": {"centos", false}, "centos-linux-release": {"centos", false}, "centos-stream-release": {"centos", false},
	"fedora-release-common": {"fedora", false}, "fedora-release": {"fedora", false}, "oraclelinux-release": {"ol", true},
	"openSUSE-release": {"opensuse-leap", true}, "sles-release": {"sles", true}, "system-release": {"amzn", false}, "photon-release": {"photon", true},
}

// releaseOf tells the release from a package, if it is the one that carries it.
func releaseOf(ecosystem, name, version string) (release, bool) {
	switch {
	case ecosystem == "deb" && name == "base-files":
		if m := ubuntu().FindStringSubmatch(version); m != nil {
			v, ok := ubuntus[m[1]]
			return release{"ubuntu", "ubuntu-" + v}, ok
		}
		if m := debian().FindStringSubmatch(version); m != nil {
			return release{"debian", "debian-" + m[1]}, true
		}
	case ecosystem == "apk" && (name == "alpine-release" || name == "alpine-base"):
		if m := number().FindString(version); strings.Contains(m, ".") {
			return release{"alpine", "alpine-" + m}, true
		}
	case ecosystem == "rpm":
		if r, ok := rpmReleases[name]; ok {
			if _, rest, epoch := strings.Cut(version, ":"); epoch {
				version = rest
			}
			m := number().FindStringSubmatch(version)
			if m == nil {
				return release{}, false
			}
			v := m[1]
			if r.minor {
				v += m[2]
			}
			return release{r.id, r.id + "-" + v}, true
		}
	}
	return release{}, false
}
