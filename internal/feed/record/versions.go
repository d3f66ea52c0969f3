package record

import (
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
)

// Versions is what a statement about versions says. All with no range and no
// version means every version.
type Versions struct {
	All      bool
	Ranges   []advisory.Range
	Versions []string
}

// ParseVersions reads a statement such as "vers:all/*", "vers:generic/>=1|<2",
// "<= 9.33", ">= 1.0, < 1.2 || 2.0", "1.2 and earlier", "prior to 3.1" or "4.2".
// It returns false for what it does not understand whole: a statement that is
// understood in part would make devices look safe that are not.
func ParseVersions(s string) (Versions, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 1000 {
		return Versions{}, false
	}
	switch strings.ToLower(s) {
	case "all", "*", "all versions", "all version", "any", "vers:all/*", "all released versions":
		return Versions{All: true}, true
	}
	if rest, ok := strings.CutPrefix(s, "vers:"); ok {
		scheme, list, ok := strings.Cut(rest, "/")
		if !ok {
			return Versions{}, false
		}
		if strings.TrimSpace(list) == "*" {
			return Versions{All: true}, true
		}
		if scheme == "" {
			return Versions{}, false
		}
		// CISA writes vers:all/>=V7.80<V9.40: no scheme of the specification, and bounds
		// that nothing parts, but it can only mean one thing.
		var parts []string
		for p := range strings.SplitSeq(list, "|") {
			parts = append(parts, splitComparators(p)...)
		}
		return comparators(parts)
	}
	if len(s) > len(allVersions) && strings.EqualFold(s[:len(allVersions)], allVersions) && strings.ContainsRune("<>=≤≥", firstRune(s[len(allVersions):])) {
		s = s[len(allVersions):] // "All versions < V1.3"
	}
	var v Versions
	alternatives := strings.Split(strings.ReplaceAll(s, "||", "|"), "|")
	for _, a := range alternatives {
		one, ok := alternative(a)
		if !ok || one.All && len(alternatives) > 1 {
			return Versions{}, false
		}
		v.All = v.All || one.All
		v.Ranges = append(v.Ranges, one.Ranges...)
		v.Versions = append(v.Versions, one.Versions...)
	}
	return v, true
}

const allVersions = "all versions "

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// alternative reads comparators that hold together, or one phrase.
func alternative(s string) (Versions, bool) {
	s = strings.TrimSpace(s)
	if v, ok := phrase(s); ok {
		return v, true
	}
	parts := splitComparators(s)
	if len(parts) > 1 {
		for _, p := range parts { // ">= 1, 2" could mean anything
			if op, _ := cutOperator(p); op == "" || op == "=" {
				return Versions{}, false
			}
		}
	}
	return comparators(parts)
}

// splitComparators splits at commas and before each operator.
func splitComparators(s string) []string {
	var parts []string
	for p := range strings.SplitSeq(strings.ReplaceAll(s, " and ", ","), ",") {
		p = strings.TrimSpace(p)
		for {
			i := strings.IndexAny(p[min(len(p), 2):], "<>=≤≥")
			if i < 0 {
				break
			}
			parts = append(parts, strings.TrimSpace(p[:i+2]))
			p = p[i+2:]
		}
		parts = append(parts, p)
	}
	return parts
}

// comparators reads a list in which a lower bound opens a range and an upper
// bound closes it.
func comparators(parts []string) (Versions, bool) {
	var v Versions
	var open *advisory.Range
	for _, p := range parts {
		op, version := cutOperator(p)
		version, ok := plainVersion(version)
		if !ok {
			return Versions{}, false
		}
		switch op {
		case ">=", ">":
			if open != nil {
				return Versions{}, false
			}
			open = &advisory.Range{Introduced: version, AfterIntroduced: op == ">"}
		case "<", "<=":
			r := advisory.Range{}
			if open != nil {
				r, open = *open, nil
			}
			if op == "<" {
				r.Fixed = version
			} else {
				r.LastAffected = version
			}
			v.Ranges = append(v.Ranges, r)
		case "", "=":
			v.Versions = append(v.Versions, version)
		default:
			return Versions{}, false
		}
	}
	if open != nil {
		v.Ranges = append(v.Ranges, *open)
	}
	return v, len(v.Ranges)+len(v.Versions) > 0
}

func cutOperator(s string) (op, rest string) {
	s = strings.TrimSpace(s)
	for _, o := range [...]string{"<=", ">=", "!=", "==", "<", ">", "="} {
		if rest, ok := strings.CutPrefix(s, o); ok {
			if o == "==" {
				o = "="
			}
			return o, strings.TrimSpace(rest)
		}
	}
	if rest, ok := strings.CutPrefix(s, "≤"); ok {
		return "<=", strings.TrimSpace(rest)
	}
	if rest, ok := strings.CutPrefix(s, "≥"); ok {
		return ">=", strings.TrimSpace(rest)
	}
	return "", s
}

// phrase reads the words that makers use most.
func phrase(s string) (Versions, bool) {
	low := strings.ToLower(s)
	for _, p := range [...]struct {
		before string
		as     advisory.Range // Fixed or LastAffected set says which
	}{
		{"versions prior to ", advisory.Range{Fixed: "x"}},
		{"version prior to ", advisory.Range{Fixed: "x"}},
		{"all versions prior to ", advisory.Range{Fixed: "x"}},
		{"all versions before ", advisory.Range{Fixed: "x"}},
		{"prior to ", advisory.Range{Fixed: "x"}},
		{"before ", advisory.Range{Fixed: "x"}},
		{"earlier than ", advisory.Range{Fixed: "x"}},
		{"all versions up to and including ", advisory.Range{LastAffected: "x"}},
		{"up to and including ", advisory.Range{LastAffected: "x"}},
	} {
		if strings.HasPrefix(low, p.before) {
			if v, ok := plainVersion(s[len(p.before):]); ok {
				return rangeTo(v, p.as.Fixed != ""), true
			}
		}
	}
	for _, end := range [...]string{" and prior versions", " and earlier versions", " and prior", " and earlier", " and below", " or earlier", " or prior", " or below", " and lower"} {
		if strings.HasSuffix(low, end) {
			if v, ok := plainVersion(s[:len(s)-len(end)]); ok {
				return rangeTo(v, false), true
			}
		}
	}
	for _, end := range [...]string{" and later", " and newer", " and above", " or later", " or newer", " and higher"} {
		if strings.HasSuffix(low, end) {
			if v, ok := plainVersion(s[:len(s)-len(end)]); ok {
				return Versions{Ranges: []advisory.Range{{Introduced: v}}}, true
			}
		}
	}
	return Versions{}, false
}

func rangeTo(v string, fixed bool) Versions {
	r := advisory.Range{LastAffected: v}
	if fixed {
		r = advisory.Range{Fixed: v}
	}
	return Versions{Ranges: []advisory.Range{r}}
}

// plainVersion takes the word "version" and the letter v away and reports
// whether what is left looks like a version: no blanks, and a digit in it.
func plainVersion(s string) (string, bool) {
	s = strings.TrimSpace(s)
	for _, w := range [...]string{"versions ", "version ", "ver. ", "ver ", "v. "} {
		if len(s) > len(w) && strings.EqualFold(s[:len(w)], w) {
			s = strings.TrimSpace(s[len(w):])
		}
	}
	if len(s) > 1 && (s[0] == 'v' || s[0] == 'V') && '0' <= s[1] && s[1] <= '9' {
		s = s[1:]
	}
	if s == "" || len(s) > 100 {
		return "", false
	}
	digit := false
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digit = true
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', strings.IndexByte(".-+_:~^", c) >= 0:
		default:
			return "", false
		}
	}
	return s, digit
}
