package device

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/pkgver"
)

// Versions is a statement of an advisory about versions, read as far as it says
// something that can be compared.
type Versions struct {
	All    bool
	Models []string // it lists model numbers instead of versions
	alts   []alternative
	words  bool   // some of it are words only
	text   string // as written
}

// alternative is one part of a statement.
type alternative struct {
	text         string
	low, high    string
	lowIn        bool
	highIn       bool
	exact        string
	stem         string    // 9.x: every version that begins so
	before       time.Time // made or distributed before that day
	yearlessDate bool
}

var (
	modelLike = regexp.MustCompile(`^(?i)[a-z]{1,5}-?[0-9]{3,}[a-z0-9]*$`)
	stemLike  = regexp.MustCompile(`^(?i)(v|r|rev)?[0-9][0-9.]*\.x(\.x)*$`)
	slashDate = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/(\d{4})$`)
	manyBlank = regexp.MustCompile(`\s+`)
)

// ParseVersions reads a statement. It never fails: what it does not understand stays
// words, which only a person can compare.
func ParseVersions(s string) Versions {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	s = strings.TrimSpace(manyBlank.ReplaceAllString(s, " "))
	v := Versions{text: s}
	low := strings.ToLower(s)
	if rest, ok := strings.CutPrefix(low, "vers:"); ok {
		scheme, list, ok := strings.Cut(rest, "/")
		if !ok || scheme == "all" && strings.TrimSpace(list) != "*" {
			v.words = true
			return v
		}
		low = strings.TrimSpace(list)
		s = low
	}
	switch low {
	case "", "*", "all", "all versions", "any", "all version":
		v.All = true
		return v
	}
	if strings.HasPrefix(low, "* (") && strings.HasSuffix(low, ")") {
		v.All = true
		return v
	}
	for part := range strings.SplitSeq(s, "|") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		a, ok := parseAlternative(part)
		switch {
		case !ok && modelLike.MatchString(part):
			v.Models = append(v.Models, squash(part))
		case !ok:
			v.words = true
		default:
			// ">= 1.1 | <= 1.3.2" is how one range is written in these advisories.
			if n := len(v.alts); n > 0 && a.low == "" && a.high != "" && v.alts[n-1].low != "" && v.alts[n-1].high == "" {
				if c, err := compare(v.alts[n-1].low, a.high); err == nil && c <= 0 {
					v.alts[n-1].high, v.alts[n-1].highIn = a.high, a.highIn
					v.alts[n-1].text += " and " + a.text
					continue
				}
			}
			v.alts = append(v.alts, a)
		}
	}
	if len(v.alts) == 0 && len(v.Models) == 0 {
		v.words = true
	}
	return v
}

func parseAlternative(s string) (alternative, bool) {
	a := alternative{text: s}
	low := strings.ToLower(s)
	for _, w := range [...]string{"manufactured and distributed ", "distributed ", "manufactured ", "released ", "versions ", "version ", "all versions "} {
		low = strings.TrimPrefix(low, w)
	}
	for _, w := range [...]string{"prior to ", "before ", "earlier than "} {
		if rest, ok := strings.CutPrefix(low, w); ok {
			low = "< " + rest
		}
	}
	for _, end := range [...]string{" and below", " and prior", " and earlier", " or earlier", " or prior", " or below", " and lower", " and prior versions", " and earlier versions"} {
		if rest, ok := strings.CutSuffix(low, end); ok {
			low = "<= " + rest
		}
	}
	for _, end := range [...]string{" and later", " and above", " or later", " and newer", " and higher"} {
		if rest, ok := strings.CutSuffix(low, end); ok {
			low = ">= " + rest
		}
	}
	if low == "" || strings.ContainsAny(low, "();:") {
		return a, false
	}
	fields := operators(low)
	if len(fields) > 2 || len(fields) == 0 {
		return a, false
	}
	for _, f := range fields {
		op, val := f[0], strings.TrimSpace(f[1])
		if day, year, ok := dayIn(val); ok && (op == "<" || op == "<=") {
			a.before, a.yearlessDate = day, !year
			continue
		}
		switch {
		case stemLike.MatchString(val) && (op == "" || op == "="):
			a.stem = strings.TrimRight(strings.ReplaceAll(val, "x", ""), ".")
			continue
		case stemLike.MatchString(val) && (op == "<=" || op == "<"):
			// Up to 12.2.x includes all of 12.2.
			if op == "<" {
				a.high = strings.TrimRight(strings.ReplaceAll(val, "x", ""), ".")
				continue
			}
			a.high, a.highIn = strings.ReplaceAll(val, "x", "999999999"), true
			continue
		}
		if _, err := pkgver.AppendKey(nil, pkgver.Generic, val); err != nil || modelLike.MatchString(val) && op == "" {
			return a, false
		}
		switch op {
		case "<", "<=":
			if a.high != "" {
				return a, false
			}
			a.high, a.highIn = val, op == "<="
		case ">", ">=":
			if a.low != "" {
				return a, false
			}
			a.low, a.lowIn = val, op == ">="
		default:
			if len(fields) > 1 {
				// "A10 < A11" is a range from the first up to the second.
				a.low, a.lowIn = val, true
				continue
			}
			a.exact = val
		}
	}
	return a, true
}

// operators splits "a < b" and ">= a, < b" into pairs of operator and value.
func operators(s string) [][2]string {
	var out [][2]string
	for len(s) > 0 {
		op := ""
		for _, o := range [...]string{"<=", ">=", "==", "<", ">", "=", "≤", "≥"} {
			if strings.HasPrefix(s, o) {
				op, s = o, s[len(o):]
				break
			}
		}
		if same, ok := map[string]string{"≤": "<=", "≥": ">=", "==": "="}[op]; ok {
			op = same
		}
		end := strings.IndexAny(s, "<>=≤≥")
		if end < 0 {
			end = len(s)
		}
		val := strings.Trim(s[:end], " ,")
		if val == "" {
			return nil
		}
		out = append(out, [2]string{op, val})
		s = s[end:]
	}
	return out
}

var months = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

// dayIn reads "april 1, 2018", "july 1 2017", "may 2018", "8/30/2024" and "august 28",
// which lacks its year.
func dayIn(s string) (day time.Time, year, ok bool) {
	if m := slashDate.FindStringSubmatch(s); m != nil {
		month, _ := strconv.Atoi(m[1]) // digits by the expression
		d, _ := strconv.Atoi(m[2])
		y, _ := strconv.Atoi(m[3])
		if month >= 1 && month <= 12 && d >= 1 && d <= 31 {
			return time.Date(y, time.Month(month), d, 0, 0, 0, 0, time.UTC), true, true
		}
		return time.Time{}, false, false
	}
	f := strings.Fields(strings.ReplaceAll(s, ",", " "))
	if len(f) < 2 || len(f) > 3 {
		return time.Time{}, false, false
	}
	month := slices.Index(months, f[0]) + 1
	if month == 0 {
		return time.Time{}, false, false
	}
	numbers := make([]int, 0, 2)
	for _, w := range f[1:] {
		n, err := strconv.Atoi(w)
		if err != nil || n < 1 || n > 9999 {
			return time.Time{}, false, false
		}
		numbers = append(numbers, n)
	}
	switch {
	case len(numbers) == 2 && numbers[0] <= 31 && numbers[1] > 1900:
		return time.Date(numbers[1], time.Month(month), numbers[0], 0, 0, 0, 0, time.UTC), true, true
	case len(numbers) == 1 && numbers[0] > 1900:
		return time.Date(numbers[0], time.Month(month), 1, 0, 0, 0, 0, time.UTC), true, true
	case len(numbers) == 1 && numbers[0] <= 31:
		return time.Time{}, false, true
	}
	return time.Time{}, false, false
}

// where says where a version stands to a statement.
type where uint8

const (
	unclear where = iota
	outside
	inside
)

// locate holds a device's version, and the day it was made, against the statement. It
// says what was compared.
func (v *Versions) locate(version string, made time.Time) (where, string) {
	quoted := "“" + v.text + "”"
	if v.All {
		return inside, "the advisory speaks of all versions"
	}
	if v.words && len(v.alts) == 0 {
		return unclear, "the advisory gives versions in words that no machine can compare: " + quoted
	}
	if len(v.alts) == 0 {
		return unclear, "the advisory lists model numbers instead of versions: " + quoted
	}
	version = strings.TrimSpace(version)
	doubt := ""
	for i := range v.alts {
		a := &v.alts[i]
		if !a.before.IsZero() || a.yearlessDate {
			switch {
			case a.yearlessDate:
				doubt = "the advisory names a day without its year: " + quoted
			case made.IsZero():
				doubt = "when it was made is not known, and the advisory goes by that: " + quoted
			case made.Before(a.before):
				return inside, "it was made on " + made.Format(time.DateOnly) + ", and the advisory is about those made before " + a.before.Format(time.DateOnly)
			}
			continue
		}
		if version == "" {
			doubt = "its version is not known; the advisory is about " + quoted
			continue
		}
		switch in, err := a.holds(version); {
		case err != nil:
			doubt = "version " + version + " cannot be compared with " + quoted
		case in:
			return inside, "version " + version + " is in “" + a.text + "”"
		}
	}
	switch {
	case doubt != "":
		return unclear, doubt
	case v.words || len(v.Models) > 0:
		return unclear, "part of what the advisory says of versions is in words: " + quoted
	}
	if version == "" {
		return outside, "it was made on " + made.Format(time.DateOnly) + ", and the advisory is about " + quoted
	}
	return outside, "version " + version + " is not in " + quoted
}

func (a *alternative) holds(version string) (bool, error) {
	if a.stem != "" {
		stem, own := numbers(a.stem), numbers(version)
		if _, err := compare(version, a.stem); err != nil {
			return false, err
		}
		return len(own) >= len(stem) && slices.Equal(own[:len(stem)], stem), nil
	}
	if a.exact != "" {
		c, err := compare(version, a.exact)
		return c == 0, err
	}
	if a.low != "" {
		c, err := compare(version, a.low)
		if err != nil || c < 0 || c == 0 && !a.lowIn {
			return false, err
		}
	}
	if a.high != "" {
		c, err := compare(version, a.high)
		if err != nil || c > 0 || c == 0 && !a.highIn {
			return false, err
		}
	}
	return true, nil
}

// numbers are the numbers a version begins with.
func numbers(s string) []string {
	var out []string
	for _, w := range words(strings.TrimLeft(strings.ToLower(s), "vr")) {
		if w[0] < '0' || w[0] > '9' {
			break
		}
		out = append(out, w)
	}
	return out
}

// compare orders two versions of one product. A letter that leads straight into a number
// names a kind, not a step: U61 and L81 of one maker are for different countries and
// stand in no order.
func compare(a, b string) (int, error) {
	if ka, kb := kind(a), kind(b); ka != kb {
		return 0, &pkgver.Error{Scheme: pkgver.Generic, Version: a}
	}
	return pkgver.Compare(pkgver.Generic, bare(a), bare(b))
}

// bare takes a word away that only says "version" or "revision": R8.0.3 is 8.0.3.
func bare(s string) string {
	s = strings.TrimSpace(s)
	i := strings.IndexFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
	if i > 0 && s[i] >= '0' && s[i] <= '9' && kind(s) == "" {
		return s[i:]
	}
	return s
}

// kind is the letters a version begins with, where a digit follows at once; letters that
// only say "version" or "revision" are none.
func kind(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	i := strings.IndexFunc(s, func(r rune) bool { return r < 'a' || r > 'z' })
	if i <= 0 || s[i] < '0' || s[i] > '9' {
		return ""
	}
	switch k := s[:i]; k {
	case "v", "ver", "version", "r", "rev", "rel", "release":
		return ""
	default:
		return k
	}
}
