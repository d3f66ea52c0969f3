// Package advisory holds what the world publishes about flaws, in one shape:
// whatever its source, an advisory names flaws, says which products are
// affected in which versions, and what mends them.
//
// The readers in feed turn OSV, CVE, NVD, CSAF, OpenVEX and Microsoft's table into
// these types; the matcher in vuln compiles them. Nothing here decides: a source is
// repeated with its name, so that two that disagree stay visible.
package advisory

import "time"

// Advisory is one record of one source.
type Advisory struct {
	ID      string   // as its source names it: GHSA-…, DSA-5000-1, CVE-2024-1, ICSMA-24-1
	Source  string   // "osv/PyPI", "nvd", "cve", "csaf/icsma", "vex/…", "msrc"
	Aliases []string // other names of the same flaw
	// Covers lists the flaws the advisory is about, where it bundles several
	// (OSV's upstream or related, a DSA's CVEs). CVEs() adds those of ID and Aliases.
	Covers []string

	Title   string // one line
	Details string // a few paragraphs at most; plain text or Markdown as the source has it

	Published time.Time
	Modified  time.Time
	Withdrawn time.Time // set: the source took it back, it matches nothing

	Scores     []Score
	CWEs       []string
	References []string
	Products   []Product
}

// Score is a severity as its source states it.
type Score struct {
	Vector   string  // CVSS:3.1/AV:N/…, or "" where the source gives only a number or word
	Base     float64 // 0 to 10; 0 with a vector means it is computed from the vector
	Severity string  // critical, high, medium, low, none; the source's own word in lower case
	By       string  // who scored: nvd, cisa-adp, the CNA's name, ghsa
}

// Status says what an advisory states of a product.
type Status uint8

// The statuses, as VEX names them.
const (
	Affected Status = iota
	NotAffected
	Fixed
	UnderInvestigation
	Unsupported // the maker no longer mends it
)

var statusNames = [...]string{"affected", "not affected", "fixed", "under investigation", "unsupported"}

func (s Status) String() string { return statusNames[s] }

// Product is one thing an advisory speaks of. Exactly one of Package, CPE, Device
// and Windows is set.
type Product struct {
	Package *Package
	CPE     *CPE
	Device  *Device
	Windows *WindowsUpdate

	Status Status
	// Ranges and Versions say which versions Status holds for; both empty means all.
	Ranges   []Range
	Versions []string

	Justification string // VEX's reason for not affected
	Remedy        string // what the source advises, in words
	// Unread says which part of the product could not be understood, such as a
	// version in words; the product is then never a ground for "not affected".
	Unread string
}

// Package is a package of an ecosystem.
type Package struct {
	Ecosystem string // OSV's name with its suffix: PyPI, Go, Debian:12, Alpine:v3.20, AlmaLinux:9
	Name      string // as the ecosystem writes it; for Debian and Alpine the source package
	PURL      string // where the source gives one
	Arch      string // "" for all
	Module    string // RPM module stream, "" for none
	// Within is the package URL of the product inside of which the statement holds,
	// where it is about a component of one (OpenVEX's subcomponents); "" for everywhere.
	Within string
}

// CPE is an applicability statement. The version is in the product's ranges.
type CPE struct {
	Part    byte   // 'a', 'o' or 'h'
	Vendor  string // unescaped, lower case
	Product string
	Version string // "*" for the ranges, "-" for none, else one version
	Update  string
	Edition string // sw_edition where given
	Target  string // target_sw where given: wordpress, node.js, android
	// Needs lists products that must be present too (NVD's AND with "running
	// on"): any one of each group.
	Needs [][]string
}

// Device is a product in a maker's words, as medical and industrial advisories name it.
type Device struct {
	Vendor  string
	Name    string // product name as written
	Models  []string
	Version string // the version statement as written
	Sector  string // "medical" or "industrial"
}

// WindowsUpdate says which product of Microsoft an update mends.
type WindowsUpdate struct {
	Product    string // "Windows Server 2019 (Server Core installation)"
	Component  string
	KB         string   // "5031361", digits alone; "" where there is no update
	Supersedes []string // KBs this one replaces
	FixedBuild string   // 10.0.17763.4974 where known
	Impact     string
}

// Range is a range of versions from a lower bound, itself included, to an upper one.
type Range struct {
	Kind       RangeKind
	Introduced string // "" or "0": from the beginning
	// AfterIntroduced leaves the lower bound itself out (NVD's startExcluding).
	AfterIntroduced bool
	Fixed           string // first version that is mended; ""
	LastAffected    string // last version that is affected; ""; both empty: no end known
	Repo            string // of a Git range
}

// RangeKind says how versions of a range are ordered.
type RangeKind uint8

// The kinds of range.
const (
	ByEcosystem RangeKind = iota // the ecosystem's own order
	BySemVer
	ByGit // commits; matches no version
)

// Exploited is an entry of CISA's catalog of vulnerabilities known to be exploited.
type Exploited struct {
	CVE        string
	Name       string
	Vendor     string
	Product    string
	Added      time.Time
	Due        time.Time
	Ransomware bool // known to be used in ransomware campaigns
	Action     string
}

// Likelihood is an EPSS score.
type Likelihood struct {
	CVE        string
	Score      float64 // chance of exploitation within 30 days, 0 to 1
	Percentile float64
	At         time.Time
}

// Points are CISA's SSVC decision points of a CVE.
type Points struct {
	CVE             string
	Exploitation    string // none, poc, active
	Automatable     bool
	TechnicalImpact string // partial, total
	At              time.Time
}

// Cycle is a release of a product with its dates of support.
type Cycle struct {
	Product  string // slug: debian, windows-server, postgresql
	Title    string
	Category string // os, server-app, framework, device, …
	Cycle    string // 12, 2019, 22.04
	Codename string
	Released time.Time
	// SupportEnds is the last day of security updates anyone gets; ExtendedEnds of
	// those that are paid for. Zero with EndsUnknown false means not announced.
	SupportEnds  time.Time
	ExtendedEnds time.Time
	Ended        bool // ended, without a date
	Latest       string
	// Identifiers are purls, CPEs and repology names of the product.
	Identifiers []string
}

// Refused is a record that could not be read. It is listed, never dropped in silence.
type Refused struct {
	Source string
	File   string
	Line   int    // 1 is the first; 0 where the file is one record
	Record string // its id, where one could be read
	Why    string
}
