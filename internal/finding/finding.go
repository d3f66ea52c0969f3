// Package finding says when two reports speak of the same flaw: by which ids a
// flaw is known, and which findings of one asset are one finding that several
// tools have seen.
//
// It only groups. What is stored stays what each tool said.
package finding

import (
	"regexp"
	"slices"
	"strings"
)

var (
	cve = regexp.MustCompile(`(?i)^CVE-\d{4}-\d{4,19}$`)
	// dashed ids begin with letters and are the same in either case.
	dashed = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*-[A-Za-z0-9][A-Za-z0-9:._-]*$`)
)

// collective begin ids of advisories that speak of several flaws at once. Two
// tools that name the same one may mean different flaws of it.
var collective = []string{
	"ALAS", "ALBA-", "ALSA-", "ASA-", "CISCO-SA-", "DLA-", "DSA-", "DTSA-", "ELBA-", "ELSA-", "FEDORA-", "GLSA-", "ICSA-", "ICSMA-", "JVN", "KB",
	"MFSA", "MS", "OPENSUSE-", "RHBA-", "RHEA-", "RHSA-", "RLSA-", "SSA-", "SUSE-", "UBUNTU-USN", "USN-", "VMSA-",
}

// CVE returns a CVE id in its normal form and reports whether s is one.
func CVE(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if !cve.MatchString(s) {
		return "", false
	}
	return strings.ToUpper(s), true
}

// ID returns the id of a flaw in its normal form: CVE-2021-44228,
// GHSA-jfh8-c2jp-5v3q, RUSTSEC-2021-0078. Ids that are not of the common form
// stay as they are. An id with blanks or without end is none, and "".
func ID(s string) string {
	s = strings.TrimSpace(s)
	switch {
	case s == "" || len(s) > 200 || strings.ContainsAny(s, " \t\r\n"):
		return ""
	case len(s) > 5 && strings.EqualFold(s[:5], "GHSA-"):
		return "GHSA-" + strings.ToLower(s[5:])
	case dashed.MatchString(s):
		return strings.ToUpper(s)
	}
	return s
}

// Collective reports whether an id names an advisory that may speak of several
// flaws at once, such as RHSA-2021:5128 or MS17-010.
func Collective(id string) bool {
	id = strings.ToUpper(id)
	return slices.ContainsFunc(collective, func(p string) bool {
		rest, ok := strings.CutPrefix(id, p)
		if !ok || rest == "" {
			return false
		}
		// MS and KB are followed by a number; MSRC-… is something else.
		return strings.HasSuffix(p, "-") || rest[0] == '-' || '0' <= rest[0] && rest[0] <= '9'
	})
}

// Canonical returns the ids by which the flaws of one finding are known, sorted
// and without repeats, CVE ids first. Aliases that name one flaw follow. An
// advisory that collects several flaws counts only where nothing better is
// known, and the tool's own id only where nothing else is: "nessus:97833".
//
// With one CVE id or none, all ids name the same flaw. With several, each CVE is
// a flaw of its own, and no alias is told to which it belongs: they are left out.
func Canonical(cves, aliases []string, scanner, scannerID string) []string {
	var flaws, names, groups []string
	for _, s := range slices.Concat(cves, aliases) {
		if id, ok := CVE(s); ok {
			flaws = append(flaws, id)
		} else if id := ID(s); id == "" {
			continue
		} else if Collective(id) {
			groups = append(groups, id)
		} else {
			names = append(names, id)
		}
	}
	flaws, names, groups = unique(flaws), unique(names), unique(groups)
	switch {
	case len(flaws) > 1:
		return flaws
	case len(flaws)+len(names) > 0:
		return append(flaws, names...)
	case len(groups) > 0:
		return groups
	}
	own := strings.ToLower(strings.TrimSpace(scannerID))
	if own == "" {
		return nil
	}
	return []string{strings.ToLower(strings.TrimSpace(scanner)) + ":" + own}
}

func unique(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

// severities from the weakest.
var severities = []string{"info", "low", "medium", "high", "critical"}

// Rank orders severities: 0 for one that is not known, 5 for critical.
func Rank(severity string) int { return slices.Index(severities, severity) + 1 }

// Severity returns the severity that a CVSS base score stands for, by the bands
// of CVSS 3: 9.0 and more is critical, 7.0 high, 4.0 medium, 0.1 low, 0 info.
func Severity(cvss float64) string {
	switch {
	case cvss >= 9:
		return "critical"
	case cvss >= 7:
		return "high"
	case cvss >= 4:
		return "medium"
	case cvss > 0:
		return "low"
	}
	return "info"
}
