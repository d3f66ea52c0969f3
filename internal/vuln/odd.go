package vuln

import "strings"

// A list may give the commit that something was built of, or the day, where its
// version belongs. Both have a place in the order of most ecosystems, above or below
// all versions, so that comparing them clears or convicts by chance: 20240101 is
// "later" than any version that mends a flaw.

// isCommit reports whether a version is the name of a commit or of a content, and no
// version: 9f86d08, sha256:9f86d081884c….
func isCommit(v string) bool {
	_, digest, ok := strings.Cut(v, ":")
	if ok && strings.HasPrefix(v, "sha") {
		v = digest
	}
	if len(v) < 7 || isDay(v) {
		return false
	}
	letters, digits := false, false
	for i := range len(v) {
		switch c := lower(v[i]); {
		case '0' <= c && c <= '9':
			digits = true
		case 'a' <= c && c <= 'f':
			letters = true
		default:
			return false
		}
	}
	return letters && (digits || len(v) >= 20)
}

// isDay reports whether a version is a day, whatever follows it: 20240101,
// 2024-01-01T10:00, 2024.01.01-2.
func isDay(v string) bool {
	v = number(v)
	if len(v) < 8 || !isYear(v[:4]) {
		return false
	}
	rest := v[4:]
	var month, day string
	switch c := rest[0]; c {
	case '-', '.', '/':
		var ok bool
		if month, rest, ok = strings.Cut(rest[1:], string(rune(c))); !ok {
			return false
		}
		n := 0
		for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
			n++
		}
		day = rest[:n]
	default:
		month, day = rest[:2], rest[2:4]
		if n := len(digitsOf(rest)); n != 4 && n != 8 && n != 10 { // a time of day may follow
			return false
		}
	}
	return between(month, 1, 12) && between(day, 1, 31)
}

// isDated reports whether a version begins with a year, and so may be held against
// a day: 2024a, 2024.2.2, 20240101.
func isDated(v string) bool {
	v = number(v)
	n := len(digitsOf(v))
	return (n == 4 || n == 8 || n == 12 || n == 14) && isYear(v[:4])
}

// number cuts off what may stand before the first number: an epoch, a v.
func number(v string) string {
	if epoch, rest, ok := strings.Cut(v, ":"); ok && allDigits(epoch) && len(epoch) < 4 {
		v = rest
	}
	return strings.TrimPrefix(v, "v")
}

func digitsOf(v string) string {
	n := 0
	for n < len(v) && '0' <= v[n] && v[n] <= '9' {
		n++
	}
	return v[:n]
}

func isYear(s string) bool { return allDigits(s) && "1980" <= s && s <= "2099" }

func between(s string, low, high int) bool {
	if !allDigits(s) || len(s) > 2 {
		return false
	}
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return low <= n && n <= high
}
