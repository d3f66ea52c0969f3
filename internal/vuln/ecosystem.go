package vuln

import (
	"bytes"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/purl"
)

// byType maps package URL types to OSV's names of ecosystems.
func byType(purlType string) string {
	switch purlType {
	case "npm":
		return "npm"
	case "pypi":
		return "PyPI"
	case "golang", "go":
		return "Go"
	case "maven":
		return "Maven"
	case "nuget", "dotnet":
		return "NuGet"
	case "gem":
		return "RubyGems"
	case "composer":
		return "Packagist"
	case "cargo":
		return "crates.io"
	case "hex":
		return "Hex"
	case "pub":
		return "Pub"
	case "cran":
		return "CRAN"
	case "hackage":
		return "Hackage"
	case "julia":
		return "Julia"
	case "bitnami":
		return "Bitnami"
	case "swift":
		return "SwiftURL"
	case "conan":
		return "ConanCenter"
	case "githubactions":
		return "GitHub Actions"
	case "bioconductor":
		return "Bioconductor"
	case "opam":
		return "opam"
	case "vscode-extension":
		return "VSCode"
	}
	return ""
}

// isSystem reports whether a package URL type is that of an operating system's
// packages, which only the distribution's own advisories can speak of: their
// versions carry fixes that were ported back.
func isSystem(purlType string) bool {
	switch purlType {
	case "deb", "rpm", "apk", "alpm", "alpine":
		return true
	}
	return false
}

// appendDistro appends the name of the ecosystem of a distribution's release,
// from names such as debian-12, ubuntu-24.04 or almalinux-9.3. It returns what
// it was given where it does not know the distribution.
func appendDistro(dst []byte, distro string) []byte {
	id, release := cutDistro(distro)
	major, _, _ := strings.Cut(release, ".")
	minor := release
	if first, rest, ok := strings.Cut(release, "."); ok {
		second, _, _ := strings.Cut(rest, ".")
		minor = release[:len(first)+1+len(second)]
	}
	put := func(name, sep, rel string) []byte {
		dst = append(dst, name...)
		if rel == "" {
			return dst
		}
		return append(append(dst, sep...), rel...)
	}
	switch strings.ToLower(id) {
	case "debian":
		return put("Debian", ":", major)
	case "ubuntu":
		return put("Ubuntu", ":", minor)
	case "alpine":
		return put("Alpine", ":v", strings.TrimPrefix(minor, "v"))
	case "almalinux", "alma":
		return put("AlmaLinux", ":", major)
	case "rocky", "rockylinux", "rocky-linux":
		return put("Rocky Linux", ":", major)
	case "redhat", "rhel":
		return put("Red Hat", ":enterprise_linux:", major)
	case "wolfi":
		return append(dst, "Wolfi"...)
	case "chainguard":
		return append(dst, "Chainguard"...)
	case "minimos":
		return append(dst, "MinimOS"...)
	case "echo":
		return append(dst, "Echo"...)
	case "alpaquita":
		return put("Alpaquita", ":", major)
	case "opensuse-leap", "opensuse.leap", "leap":
		return put("openSUSE", ":Leap ", minor)
	case "opensuse-tumbleweed", "opensuse.tumbleweed":
		return append(dst, "openSUSE:Tumbleweed"...)
	case "sles", "suse":
		if pack, ok := strings.CutPrefix(minor, major+"."); ok && pack != "0" {
			return append(append(put("SUSE", ":Linux Enterprise Server ", major), " SP"...), pack...)
		}
		return put("SUSE", ":Linux Enterprise Server ", major)
	case "mageia":
		return put("Mageia", ":", major)
	case "openeuler":
		return put("openEuler", ":", release)
	case "photon":
		return put("Photon OS", ":", minor)
	case "azurelinux", "mariner":
		return put("Azure Linux", ":", major)
	}
	return dst
}

// cutDistro splits debian-12 before the release, which begins with a digit or,
// for Alpine, with v and a digit. A name alone has no release.
func cutDistro(d string) (id, release string) {
	for i := range len(d) {
		if d[i] != '-' {
			continue
		}
		rest := strings.TrimPrefix(d[i+1:], "v")
		if rest != "" && '0' <= rest[0] && rest[0] <= '9' {
			return d[:i], d[i+1:]
		}
	}
	return d, ""
}

// canonicalEcosystem writes an advisory's ecosystem in the form that components
// are looked up by: repositories of one release count as one, and marks that
// are no part of the release are left out.
func canonicalEcosystem(e string) string {
	switch {
	case strings.HasPrefix(e, "Red Hat:enterprise_linux:"):
		release, _, _ := strings.Cut(strings.TrimPrefix(e, "Red Hat:enterprise_linux:"), ":")
		major, _, _ := strings.Cut(release, ".")
		return "Red Hat:enterprise_linux:" + major
	case strings.HasPrefix(e, "Ubuntu:"):
		e = strings.TrimSuffix(e, ":LTS")
		// What is mended for subscribers only is named under Pro, and nowhere else: a
		// system without a subscription has the flaw.
		if release, ok := strings.CutPrefix(e, "Ubuntu:Pro:"); ok && !strings.Contains(release, ":") {
			return "Ubuntu:" + release
		}
		return e
	case strings.HasPrefix(e, "SUSE:Linux Enterprise "):
		return suseRelease(e)
	case strings.HasPrefix(e, "Debian:"):
		return strings.TrimSuffix(e, ".0")
	case strings.HasPrefix(e, "openEuler:"):
		return "openEuler:" + strings.ToLower(strings.TrimPrefix(e, "openEuler:"))
	}
	return e
}

// suseRelease returns the server of a release for any product of it. A server's
// packages are those of modules (Basesystem, Web and Scripting, …), long-term support and
// extensions, each of which is an ecosystem of its own to advisories: one product
// alone would leave most packages unnamed.
func suseRelease(e string) string {
	words := strings.Fields(strings.TrimPrefix(e, "SUSE:Linux Enterprise "))
	pack := ""
	if n := len(words); n > 1 && strings.HasPrefix(words[n-1], "SP") {
		pack, _, _ = strings.Cut(words[n-1], "-") // SP3-LTSS
		words = words[:n-1]
	}
	if len(words) < 2 {
		return e
	}
	major, _, _ := strings.Cut(words[len(words)-1], "-")
	if !allDigits(major) { // Micro 5.3 is another system
		return e
	}
	e = "SUSE:Linux Enterprise Server " + major
	if pack != "" {
		e += " " + pack
	}
	return e
}

// baseOf returns the ecosystem without its release.
func baseOf(e string) string {
	base, _, _ := strings.Cut(e, ":")
	return base
}

// appendName lowers and normalizes names, so that all spellings of one package
// meet. Tools write names in another case than the ecosystem does (pkg:gem/Rails,
// pkg:julia/openssl_jll), and a name that no advisory bears would be called not
// affected. Where an ecosystem tells two packages apart by case alone, as a few old
// ones of npm, an advisory about one is shown for both.
func appendName(dst, ecosystem []byte, name string) []byte {
	base, _, _ := bytes.Cut(ecosystem, []byte(":"))
	switch string(base) {
	case "PyPI":
		return appendPyPI(dst, name)
	case "crates.io": // takes no second crate that differs by these alone
		from := len(dst)
		dst = appendLower(dst, name)
		for i := from; i < len(dst); i++ {
			if dst[i] == '_' {
				dst[i] = '-'
			}
		}
		return dst
	}
	return appendLower(dst, name)
}

// appendPyPI lowers a name and makes each run of -, _ and . one hyphen, as the
// Python packaging specification on name normalization has it.
func appendPyPI(dst []byte, name string) []byte {
	run := false
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-' || c == '_' || c == '.':
			if !run {
				dst = append(dst, '-')
			}
			run = true
		default:
			run = false
			dst = append(dst, lower(c))
		}
	}
	return dst
}

func appendLower(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, lower(s[i]))
	}
	return dst
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// qualifier returns a qualifier of a package URL, as written: percent
// encoding is left in it.
func qualifier(purl, key string) string {
	_, q, ok := strings.Cut(purl, "?")
	if !ok {
		return ""
	}
	q, _, _ = strings.Cut(q, "#")
	for q != "" {
		var pair string
		pair, q, _ = strings.Cut(q, "&")
		if k, v, _ := strings.Cut(pair, "="); k == key {
			return v
		}
	}
	return ""
}

// distroOf returns the distribution of a system's package: as stated, else as its
// package URL has it. A release alone, which some tools write, is of the
// distribution that the package URL names.
func distroOf(c *fact.Component) string {
	d := c.Distro
	if d != "" && (d[0] < '0' || d[0] > '9') {
		return d
	}
	u, err := purl.Parse(c.PURL)
	switch {
	case err != nil:
		return d
	case d == "":
		return u.Distro()
	}
	return purl.NormalDistro(u.Namespace, d)
}
