package pkgdb

import "strings"

// CompareDeb orders two Debian versions as deb-version(7) says: epoch, then
// upstream version, then revision; it returns -1, 0 or 1.
func CompareDeb(a, b string) int {
	ae, au, ar := splitDeb(a)
	be, bu, br := splitDeb(b)
	if c := compareNumbers(ae, be); c != 0 {
		return c
	}
	if c := compareParts(au, bu); c != 0 {
		return c
	}
	return compareParts(ar, br)
}

func splitDeb(v string) (epoch, upstream, revision string) {
	epoch, upstream, ok := strings.Cut(v, ":")
	if !ok {
		epoch, upstream = "0", v
	}
	if i := strings.LastIndexByte(upstream, '-'); i >= 0 {
		upstream, revision = upstream[:i], upstream[i+1:]
	}
	return epoch, upstream, revision
}

// compareParts walks both strings in turns of a run without digits, compared
// by letter order with "~" before the end, and a run of digits, compared as a number.
func compareParts(a, b string) int {
	for a != "" || b != "" {
		for (a != "" && !digit(a[0])) || (b != "" && !digit(b[0])) {
			x, y := order(a), order(b)
			if x != y {
				return sign(x - y)
			}
			a, b = a[1:], b[1:]
		}
		var n, m string
		n, a = digits(a)
		m, b = digits(b)
		if c := compareNumbers(n, m); c != 0 {
			return c
		}
	}
	return 0
}

// order gives the weight of the first byte: the end of the string and a digit
// weigh nothing, a tilde less than nothing, letters less than all other marks.
func order(s string) int {
	switch {
	case s == "" || digit(s[0]):
		return 0
	case s[0] == '~':
		return -1
	case s[0] >= 'A' && s[0] <= 'Z', s[0] >= 'a' && s[0] <= 'z':
		return int(s[0])
	}
	return int(s[0]) + 256
}

func digits(s string) (run, rest string) {
	i := 0
	for i < len(s) && digit(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

// compareNumbers compares digits of any length without overflow.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return sign(len(a) - len(b))
	}
	return strings.Compare(a, b)
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
