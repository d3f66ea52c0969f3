package reports

import (
	"net/url"
	"strings"
)

// purlTypes maps what tools call a kind of package to the type of a package URL.
var purlTypes = map[string]string{
	"npm": "npm", "yarn": "npm", "pnpm": "npm", "node-pkg": "npm", "nodejs": "npm", "javascript": "npm", "node": "npm", "npmjs": "npm",
	"pypi": "pypi", "pip": "pypi", "python": "pypi", "python-pkg": "pypi", "poetry": "pypi", "pipenv": "pypi", "uv": "pypi",
	"golang": "golang", "go": "golang", "gomod": "golang", "gobinary": "golang", "go-module": "golang", "gomodules": "golang",
	"maven": "maven", "java": "maven", "jar": "maven", "gradle": "maven", "pom": "maven", "java-archive": "maven", "sbt": "maven",
	"gem": "gem", "rubygems": "gem", "bundler": "gem", "gemspec": "gem", "ruby": "gem",
	"cargo": "cargo", "crates.io": "cargo", "rust": "cargo", "rust-crate": "cargo", "rustbinary": "cargo",
	"composer": "composer", "packagist": "composer", "php": "composer", "composer-vendor": "composer",
	"nuget": "nuget", "dotnet-core": "nuget", ".net": "nuget", "dotnet": "nuget", "packages-props": "nuget", "dotnet-deps": "nuget",
	"debian": "deb", "ubuntu": "deb", "deb": "deb", "dpkg": "deb",
	"alpine": "apk", "apk": "apk", "wolfi": "apk", "chainguard": "apk", "apkg": "apk",
	"redhat": "rpm", "centos": "rpm", "rocky": "rpm", "alma": "rpm", "almalinux": "rpm", "fedora": "rpm", "amazon": "rpm", "oracle": "rpm",
	"suse": "rpm", "opensuse": "rpm", "photon": "rpm", "rpm": "rpm", "rhel": "rpm", "sles": "rpm", "amzn": "rpm", "ol": "rpm",
	"hex": "hex", "pub": "pub", "swift": "swift", "cocoapods": "cocoapods", "conan": "conan", "conda-pkg": "conda", "conda": "conda",
}

// PURLType returns the type of package URL for a tool's word, or "".
func PURLType(word string) string {
	w := strings.ToLower(strings.TrimSpace(word))
	if t, ok := purlTypes[w]; ok {
		return t
	}
	// "Debian:12", "Alpine:v3.18"
	w, _, _ = strings.Cut(w, ":")
	return purlTypes[w]
}

// PURL writes a package URL of what tools name apart. It returns "" where the
// type is none, or where the name of an operating system's package would need the
// distribution, which namespace gives.
func PURL(typ, namespace, name, version string) string {
	t := PURLType(typ)
	if t == "" || name == "" {
		return ""
	}
	switch t {
	case "deb", "rpm", "apk":
		if namespace == "" {
			return ""
		}
	case "maven":
		if g, a, ok := strings.Cut(name, ":"); ok && namespace == "" {
			namespace, name = g, a
		}
		if namespace == "" {
			return ""
		}
	case "pypi":
		name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	case "composer":
		name = strings.ToLower(name)
	case "golang":
		version = strings.TrimSpace(version)
		if version != "" && version[0] >= '0' && version[0] <= '9' {
			version = "v" + version
		}
	}
	if namespace == "" {
		if i := strings.LastIndexByte(name, '/'); i > 0 {
			namespace, name = name[:i], name[i+1:]
		}
	}
	var b strings.Builder
	b.WriteString("pkg:" + t + "/")
	for part := range strings.SplitSeq(namespace, "/") {
		if part != "" {
			b.WriteString(escape(part) + "/")
		}
	}
	b.WriteString(escape(name))
	if version != "" && !strings.ContainsAny(version, " <>=") {
		b.WriteString("@" + escape(version))
	}
	return b.String()
}

// escape writes a part of a package URL: everything but letters, digits and
// .-_~: is percent-encoded.
func escape(s string) string {
	s = strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	return strings.ReplaceAll(s, "%3A", ":")
}
