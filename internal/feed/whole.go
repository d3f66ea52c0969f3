package feed

import (
	"fmt"
	"strings"
)

// floor is how many records the whole of an ecosystem has at least: about half
// of what its database held in autumn 2026. A source with fewer is taken as a part,
// because a download that broke off must not make what it lacks look safe.
func floor(ecosystem string) int {
	switch ecosystem {
	case "npm", "Maven", "Ubuntu", "SUSE", "openSUSE", "Red Hat", "Debian", "Linux", "Bitnami":
		return 4000
	case "Go", "OSS-Fuzz", "AlmaLinux":
		return 2500
	case "PyPI", "Packagist", "Android":
		return 1500
	case "crates.io", "RubyGems", "Rocky Linux", "Alpine", "Wolfi", "Chainguard", "Mageia", "openEuler", "Julia":
		return 600
	case "NuGet":
		return 300
	case "Hex", "Hackage", "SwiftURL", "GitHub Actions":
		return 15
	case "CRAN", "Pub":
		return 5
	}
	return 100
}

// partial says whether a source holds only a part of what it could, and how
// that is known. An OSV source is whole where nearly all records of an archive, a file
// or a folder name its ecosystem, as in what databases publish, and there are not
// suspiciously few of them.
func (l *ledger) partial(source string) (bool, string) {
	kind, name, _ := strings.Cut(source, "/")
	records := l.stats[source].records
	switch kind {
	case "osv":
		best, largest := false, 0
		for _, c := range l.containers {
			n := c.count[source]
			if name == "Hackage" { // its database holds the compiler too
				n += c.count["osv/GHC"]
			}
			largest = max(largest, n)
			best = best || n >= floor(name) && n*100 >= c.total*90
		}
		switch {
		case best:
			return false, ""
		case largest < floor(name):
			return true, fmt.Sprintf("%d records in one place, and the whole of it has %d or more", largest, floor(name))
		}
		return true, "its records lie among those of other ecosystems, so nobody says that they are all"
	case "nvd":
		return atLeast(records, 200_000)
	case "rubysec":
		return atLeast(records, 900)
	case "msrc":
		return atLeast(records, 5000)
	case "kev":
		return atLeast(records, 1000)
	case "epss":
		return atLeast(records, 200_000)
	case "endoflife":
		return atLeast(records, 300)
	case "debian":
		if name == "lists" {
			return true, "it holds what Debian has mended; flaws that it has not are not in it"
		}
		if name == "tracker" {
			return atLeast(records, 4000)
		}
		return true, "it speaks of some packages only"
	}
	return true, "it speaks of what its publisher chose to speak of"
}

func atLeast(records, want int) (bool, string) {
	if records >= want {
		return false, ""
	}
	return true, fmt.Sprintf("%d records, and the whole of it has %d or more", records, want)
}
