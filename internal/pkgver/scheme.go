package pkgver

import "strings"

// Scheme is a way to order versions.
type Scheme uint8

// The schemes. The zero value is none, so that a forgotten one is refused.
const (
	None     Scheme = iota
	Deb             // Debian and what is built like it; also opam
	RPM             // RPM
	APK             // Alpine and what is built like it
	SemVer          // npm, crates.io, Hex, Pub, Swift, GitHub Actions
	Go              // Go modules and its tool chain
	PEP440          // PyPI
	Maven           // Maven
	NuGet           // NuGet
	Gem             // RubyGems
	Composer        // Packagist
	Windows         // builds and file versions of Windows
	Hackage         // Haskell's package versioning policy
	CRAN            // R
	Julia           // Julia
	Bitnami         // Bitnami
	Generic         // versions of no ecosystem: products, devices, firmware
	count
)

var schemeNames = [count]string{
	"none", "Debian", "RPM", "Alpine", "SemVer", "Go", "PEP 440", "Maven", "NuGet", "RubyGems", "Composer", "Windows", "Hackage", "CRAN", "Julia", "Bitnami", "generic",
}

func (s Scheme) String() string {
	if s < count {
		return schemeNames[s]
	}
	return "unknown"
}

// SchemeOf returns the order that an ecosystem's versions have. It takes OSV's
// names of ecosystems, with or without a release ("Debian:12"), and types of
// package URLs ("deb", "golang"). It is false for ecosystems whose versions have
// no order that is written here, such as OSS-Fuzz, Android or Arch Linux.
func SchemeOf(ecosystem string) (Scheme, bool) {
	base, _, _ := strings.Cut(ecosystem, ":")
	switch base {
	case "Debian", "Ubuntu", "Echo", "opam", "deb":
		return Deb, true
	case "AlmaLinux", "Rocky Linux", "Red Hat", "SUSE", "openSUSE", "openEuler", "Mageia", "Photon OS", "Azure Linux", "rpm":
		return RPM, true
	case "Alpine", "Wolfi", "Chainguard", "MinimOS", "Alpaquita", "BellSoft Hardened Containers", "CleanStart", "apk", "alpine":
		return APK, true
	case "npm", "crates.io", "Hex", "Pub", "SwiftURL", "GitHub Actions", "VSCode", "Kubernetes", "cargo", "hex", "pub", "swift", "githubactions", "vscode-extension":
		return SemVer, true
	case "Go", "golang", "go":
		return Go, true
	case "PyPI", "pypi":
		return PEP440, true
	case "Maven", "maven":
		return Maven, true
	case "NuGet", "nuget", "dotnet":
		return NuGet, true
	case "RubyGems", "gem":
		return Gem, true
	case "Packagist", "composer":
		return Composer, true
	case "Hackage", "GHC", "hackage":
		return Hackage, true
	case "CRAN", "Bioconductor", "cran", "bioconductor":
		return CRAN, true
	case "Julia", "julia":
		return Julia, true
	case "Bitnami", "bitnami":
		return Bitnami, true
	case "Windows", "windows":
		return Windows, true
	case "ConanCenter", "Linux", "conan", "generic", "macos", "brew", "github", "bitbucket", "luarocks":
		return Generic, true
	}
	return None, false
}
