package advisory

import (
	"slices"
	"strings"
)

// IsCVE reports whether the id is a CVE's: CVE-year-number.
func IsCVE(id string) bool {
	rest, ok := strings.CutPrefix(id, "CVE-")
	if !ok {
		return false
	}
	year, number, ok := strings.Cut(rest, "-")
	return ok && len(year) == 4 && len(number) >= 4 && digits(year) && digits(number)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// CVEs returns the CVEs the advisory is about, sorted, each once.
func (a *Advisory) CVEs() []string {
	var ids []string
	for _, list := range [][]string{{a.ID}, a.Aliases, a.Covers} {
		for _, id := range list {
			if IsCVE(id) {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Flaws returns what the advisory is about: its CVEs, or its own id where it
// has none.
func (a *Advisory) Flaws() []string {
	if ids := a.CVEs(); len(ids) > 0 {
		return ids
	}
	return []string{a.ID}
}
