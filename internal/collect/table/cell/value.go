package cell

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Faults of other values.
var (
	ErrNotBool   = errors.New("is neither yes nor no")
	ErrNotNumber = errors.New("is not a whole number")
	ErrNotSpan   = errors.New("is not a span of time")
)

var truths = map[string]bool{
	"yes": true, "y": true, "true": true, "t": true, "1": true, "x": true, "on": true, "enabled": true, "enforced": true, "registered": true,
	"enrolled": true, "capable": true, "active": true, "signed": true, "executed": true, "on file": true, "encrypted": true, "✓": true, "✔": true,
	"complete": true, "completed": true, "present": true, "installed": true, "running": true, "required": true, "si": true, "sí": true,
	"received": true, "protected": true, "fully encrypted": true, "compliant": true,

	"no": false, "n": false, "false": false, "f": false, "0": false, "off": false, "disabled": false, "not enabled": false,
	"not registered": false, "unregistered": false, "not enrolled": false, "unenrolled": false, "not capable": false, "not capable (mfa)": false,
	"inactive": false, "not signed": false, "unsigned": false, "not encrypted": false, "unencrypted": false, "fully decrypted": false,
	"incomplete": false, "not installed": false, "stopped": false, "not running": false, "missing": false, "absent": false, "not required": false,
	"not received": false, "unprotected": false, "not compliant": false, "noncompliant": false, "never": false, "✗": false, "✘": false, "pending": false,
}

// Bool reads a yes or no, in the words that exports use.
func Bool(s string) (bool, error) {
	s = strings.TrimSpace(s)
	if len(s) > 24 {
		return false, ErrNotBool
	}
	v, ok := truths[strings.ToLower(s)]
	if !ok {
		return false, ErrNotBool
	}
	return v, nil
}

// Int reads a whole number, with or without separators of thousands.
func Int(s string) (int64, error) {
	s = strings.TrimSpace(s)
	if len(s) > 32 {
		return 0, ErrNotNumber
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 && !strings.ContainsAny(s, "xXnNpP_") {
		return int64(f), nil
	}
	groups := strings.FieldsFunc(strings.TrimPrefix(s, "-"), func(r rune) bool { return r == ',' || r == '\'' || r == ' ' || r == '\u00a0' || r == '\u202f' })
	if len(groups) < 2 || len(groups[0]) > 3 {
		return 0, ErrNotNumber
	}
	for _, g := range groups[1:] {
		if len(g) != 3 {
			return 0, ErrNotNumber
		}
	}
	n, err := strconv.ParseInt(strings.Join(groups, ""), 10, 64)
	if err != nil || n < 0 {
		return 0, ErrNotNumber
	}
	if strings.HasPrefix(s, "-") {
		n = -n
	}
	return n, nil
}

var spans = map[string]float64{
	"m": 1.0 / 60, "min": 1.0 / 60, "mins": 1.0 / 60, "minute": 1.0 / 60, "minutes": 1.0 / 60,
	"h": 1, "hr": 1, "hrs": 1, "hour": 1, "hours": 1,
	"d": 24, "day": 24, "days": 24, "w": 168, "wk": 168, "wks": 168, "week": 168, "weeks": 168,
	"mo": 720, "month": 720, "months": 720, "calendar days": 24,
	// A business day can be three days away; counting it as one would
	// flatter the vendor, so only the week as a whole is exact.
	"business days": 24 * 7.0 / 5, "business day": 24 * 3,
}

// Hours reads a span of time in hours: "72", "72 hours", "3 days", "24h",
// "1 week". Part of an hour counts as a whole one.
func Hours(s string) (int64, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > 48 {
		return 0, ErrNotSpan
	}
	for _, p := range [...]string{"within ", "<=", "≤", "<", "max ", "maximum ", "no later than "} {
		s = strings.TrimSpace(strings.TrimPrefix(s, p))
	}
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || s[i] == ',') {
		i++
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(s[:i], ",", ""), 64)
	if err != nil {
		return 0, ErrNotSpan
	}
	unit := strings.Trim(s[i:], " .-()")
	per := 1.0
	if unit != "" {
		var ok bool
		if per, ok = spans[unit]; !ok {
			return 0, ErrNotSpan
		}
	}
	h := math.Ceil(n*per - 1e-9)
	if h < 0 || h > 1e6 {
		return 0, ErrNotSpan
	}
	return int64(h), nil
}

// List splits a cell that holds several values, at semicolons, bars, line
// breaks or commas, whichever comes first in this order, so that a name with a
// comma survives where a semicolon separates. Blank and repeated ones are left out.
func List(s string) []string {
	s = strings.TrimSpace(s)
	if len(s) > 1 && s[0] == '[' && s[len(s)-1] == ']' {
		s = s[1 : len(s)-1]
	}
	sep := ","
	for _, c := range [...]string{";", "|", "\n"} {
		if strings.Contains(s, c) {
			sep = c
			break
		}
	}
	var out []string
	seen := make(map[string]bool)
	for part := range strings.SplitSeq(s, sep) {
		part = strings.Trim(strings.TrimSpace(part), `"'`)
		if Blank(part) || seen[part] {
			continue
		}
		seen[part] = true
		out = append(out, part)
	}
	return out
}
