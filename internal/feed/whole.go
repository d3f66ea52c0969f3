package feed

import (
	"fmt"
	"slices"
	"strings"
)

// extent is how much of what there is to know a source holds, and so what it means that
// a source does not name something.
type extent struct {
	// partial: it means nothing. The source can say that something is affected, and
	// never that something is not.
	partial bool
	// why a source is partial; of one that is not, the limit of what it may be
	// relied on for, which people are shown beside each answer's coverage. "" is none.
	why string
}

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

// families says by the letters that ids begin with which databases OSV's archive of an
// ecosystem is made of. A file that lacks one of them is a part of the archive, however
// many records it has.
func families(ecosystem string) (names []string, lacks string) {
	switch ecosystem {
	case "PyPI":
		return []string{"PYSEC", "GHSA"}, "it lacks GitHub's or PyPA's advisories about PyPI; take OSV's archive of PyPI"
	case "crates.io":
		return []string{"RUSTSEC", "GHSA"}, "it lacks GitHub's or RustSec's advisories about crates; take OSV's archive of crates.io"
	case "npm", "Maven", "NuGet", "RubyGems", "Packagist", "Hex", "Pub", "SwiftURL", "GitHub Actions":
		return []string{"GHSA"}, "it lacks GitHub's advisories; take OSV's archive of " + ecosystem
	case "Go":
		return []string{"GO"}, "it lacks the advisories of Go's own database; take OSV's archive of Go"
	case "Debian":
		return []string{"DEBIAN"}, "it holds DSA and DLA alone; a flaw that is not mended, or that got no advisory, is not in them; add Debian's tracker"
	}
	return nil, ""
}

// announced says of which ecosystems the advisories name a flaw once it is mended, and
// not before: the errata of most distributions. Nobody publishes more in a form
// that is read here, so an ecosystem of these counts as assessed, within this limit.
func announced(ecosystem string) bool {
	switch ecosystem {
	case "AlmaLinux", "Rocky Linux", "Red Hat", "SUSE", "openSUSE", "Mageia", "openEuler", "Photon OS", "Azure Linux",
		"Alpine", "Alpaquita", "Wolfi", "Chainguard", "MinimOS", "Echo", "BellSoft Hardened Containers", "Docker Hardened Images",
		"CleanStart", "Linux", "Android":
		return true
	}
	return false
}

const announcedLimit = "it names flaws that an update mends; one that its publisher has not mended yet is not in it"

// extent says how much a source holds of what it could, and how that is known. An OSV
// source is whole where nearly all records of an archive, a file or a folder name its
// ecosystem, as in what databases publish, there are not suspiciously few of them, it could
// be read to its end, and it has all the databases that the ecosystem's archive has.
func (l *ledger) extent(source string) extent {
	kind, name, _ := strings.Cut(source, "/")
	records := l.stats[source].records
	switch kind {
	case "osv":
		return l.extentOSV(source, name)
	case "nvd":
		return atLeast(records, 200_000, "a flaw to which NVD has not added products yet is not in it")
	case "rubysec":
		return atLeast(records, 900, "it holds what RubySec has published; a flaw that only other databases name is not in it")
	case "msrc":
		return atLeast(records, 5000, announcedLimit)
	case "kev":
		return atLeast(records, 1000, "")
	case "epss":
		return atLeast(records, 200_000, "")
	case "endoflife":
		return atLeast(records, 300, "")
	case "debian":
		switch name {
		case "lists":
			return extent{true, "it holds DSA and DLA alone; a flaw that is not mended, or that got no advisory, is not in them"}
		case "tracker":
			return atLeast(records, 4000, "")
		}
		return extent{true, "it speaks of some packages only"}
	}
	return extent{true, "it speaks of what its publisher chose to speak of"}
}

// most records of an archive that may be refused before it counts as a part.
const mostRefusedShare = 100 // one in so many

func (l *ledger) extentOSV(source, name string) extent {
	want := floor(name)
	needs, lacks := families(name)
	whole, lacking, broken, largest, refused := false, false, false, 0, -1
	for _, c := range l.containers {
		n := c.count[source]
		if name == "Hackage" { // its database holds the compiler too
			n += c.count["osv/GHC"]
		}
		largest = max(largest, n)
		if n < want || n*100 < c.total*90 {
			continue
		}
		if slices.ContainsFunc(needs, func(f string) bool { return c.families[family{source, f}]*20 < want }) {
			lacking = true
			continue
		}
		if c.broken || c.refused*mostRefusedShare > c.total {
			broken = true
			continue
		}
		whole = true
		if refused < 0 || c.refused < refused {
			refused = c.refused
		}
	}
	switch {
	case whole:
		var limits []string
		switch {
		case announced(name):
			limits = append(limits, announcedLimit)
		case name == "Ubuntu" && !l.has(source, "UBUNTU"):
			limits = append(limits, announcedLimit)
		}
		if refused > 0 {
			limits = append(limits, some(refused)+" of it could not be read")
		}
		return extent{why: strings.Join(limits, "; ")}
	case broken:
		return extent{true, "it could not be read whole; fetch it again"}
	case lacking:
		return extent{true, lacks}
	case largest < want:
		return extent{true, "it has " + some(largest) + fmt.Sprintf(" in one place, and the whole of it has %d or more", want)}
	}
	return extent{true, "its records lie among those of other ecosystems, so nobody says that they are all"}
}

// has reports whether records of a family were read of a source.
func (l *ledger) has(source, name string) bool {
	for _, c := range l.containers {
		if c.families[family{source, name}] > 0 {
			return true
		}
	}
	return false
}

func atLeast(records, want int, limit string) extent {
	if records >= want {
		return extent{why: limit}
	}
	return extent{true, "it has " + some(records) + fmt.Sprintf(", and the whole of it has %d or more", want)}
}

// some counts records for people.
func some(n int) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}
