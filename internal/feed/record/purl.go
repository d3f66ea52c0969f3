package record

import (
	"net/url"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
)

// FromPURL reads a package URL as the package an advisory names, and the version
// in it. Types that are of none of OSV's ecosystems, such as container images,
// leave the ecosystem empty.
func FromPURL(s string) (k advisory.Package, version string, ok bool) {
	rest, ok := strings.CutPrefix(s, "pkg:")
	if !ok || len(s) > 2048 {
		return k, "", false
	}
	rest, _, _ = strings.Cut(strings.TrimLeft(rest, "/"), "#")
	path, query, _ := strings.Cut(rest, "?")
	kind, path, ok := strings.Cut(path, "/")
	kind = strings.ToLower(kind)
	path = strings.Trim(path, "/")
	if !ok || kind == "" || path == "" {
		return k, "", false
	}
	if i := strings.LastIndexByte(path, '@'); i > strings.LastIndexByte(path, '/') && i > 0 {
		version, path = unescapePURL(path[i+1:]), path[:i]
	} else if i > 0 {
		// Some writers leave a slash in the version unescaped, as in @v1.0/x.
		version, path = unescapePURL(path[i+1:]), path[:i]
	}
	space, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		space, name = unescapePURL(path[:i]), path[i+1:]
	}
	name = unescapePURL(name)
	if name == "" {
		return k, "", false
	}
	k.PURL, k.Ecosystem, k.Name = s, ecosystems[kind], unescapePURL(path)
	var distro, epoch string
	for pair := range strings.SplitSeq(query, "&") {
		key, v, _ := strings.Cut(pair, "=")
		switch v = unescapePURL(v); strings.ToLower(key) {
		case "arch":
			k.Arch = v
		case "distro":
			distro = v
		case "epoch":
			epoch = v
		case "rpmmod":
			k.Module = v
		}
	}
	switch kind {
	case "maven":
		if k.Name = name; space != "" {
			k.Name = space + ":" + name
		}
	case "deb", "rpm", "apk", "alpm":
		k.Name, k.Ecosystem = name, system(strings.ToLower(space), distro)
		if kind == "rpm" && version != "" && epoch != "" && epoch != "0" && !strings.Contains(version, ":") {
			version = epoch + ":" + version
		}
	}
	return k, version, true
}

func unescapePURL(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	u, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return strings.ToValidUTF8(u, "\ufffd")
}

// ecosystems are OSV's names by the types of package URLs.
var ecosystems = map[string]string{
	"npm": "npm", "pypi": "PyPI", "golang": "Go", "maven": "Maven", "nuget": "NuGet", "gem": "RubyGems", "composer": "Packagist",
	"cargo": "crates.io", "hex": "Hex", "pub": "Pub", "cran": "CRAN", "hackage": "Hackage", "julia": "Julia", "bitnami": "Bitnami",
	"swift": "SwiftURL", "conan": "ConanCenter", "githubactions": "GitHub Actions",
}

// system is the ecosystem of a distribution's packages: of its release, where the
// package URL says which.
func system(vendor, distro string) string {
	name := map[string]string{
		"debian": "Debian", "ubuntu": "Ubuntu", "alpine": "Alpine", "redhat": "Red Hat", "rhel": "Red Hat", "almalinux": "AlmaLinux",
		"alma": "AlmaLinux", "rocky": "Rocky Linux", "rockylinux": "Rocky Linux", "wolfi": "Wolfi", "chainguard": "Chainguard",
		"opensuse": "openSUSE", "suse": "SUSE", "mageia": "Mageia", "openeuler": "openEuler", "photon": "Photon OS", "azurelinux": "Azure Linux", "mariner": "Azure Linux",
	}[vendor]
	i := strings.LastIndexByte(distro, '-')
	if name == "" || i < 0 || i+1 == len(distro) {
		return name
	}
	release := strings.TrimPrefix(distro[i+1:], "v")
	if release == "" || release[0] < '0' || release[0] > '9' {
		return name
	}
	major, minor, _ := strings.Cut(release, ".")
	minor, _, _ = strings.Cut(minor, ".")
	switch name {
	case "Debian", "AlmaLinux", "Rocky Linux", "Mageia", "Azure Linux":
		return name + ":" + major
	case "Ubuntu":
		return name + ":" + major + "." + minor
	case "Alpine":
		return name + ":v" + strings.TrimSuffix(major+"."+minor, ".")
	case "Red Hat":
		return name + ":enterprise_linux:" + major
	}
	return name
}
