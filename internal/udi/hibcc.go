package udi

import (
	"strings"
	"time"
)

// hibc is the alphabet of the check character, in the order of its values.
const hibc = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"

// parseHIBCC reads "+", the labeler, its product code and the unit of measure,
// then parts that "/" begins, then a check character over all before it.
func parseHIBCC(s string) (UDI, error) {
	s = strings.Trim(s, "*") // stop marks of Code 39, which some readers give
	if len(s) < 7 {
		return UDI{}, invalid("%.20q is shorter than a HIBCC code", s)
	}
	sum, last := 0, 0
	for i := range len(s) {
		if last = strings.IndexByte(hibc, s[i]); last < 0 {
			return UDI{}, invalid("a HIBCC code has no character %q", s[i])
		}
		sum += last
	}
	switch {
	case (sum-last)%43 == last:
	case hibc[sum%43] == ' ': // the check character is a blank, and lost at the end of a cell
		s += " "
	default:
		return UDI{}, invalid("the check character of the HIBCC code is wrong")
	}
	parts := strings.Split(s[1:len(s)-1], "/")
	u := UDI{Agency: HIBCC, DI: parts[0]}
	if len(u.DI) < 6 || len(u.DI) > 23 || !letter(u.DI[0]) || !alphanumeric(u.DI) {
		return UDI{}, invalid("the device identifier %.30q is no HIBCC labeler, product and unit", u.DI)
	}
	for _, p := range parts[1:] {
		if err := u.hibcc(p); err != nil {
			return UDI{}, err
		}
	}
	return u, nil
}

// hibcc takes one part behind the device identifier.
func (u *UDI) hibcc(p string) error {
	var ok bool
	switch {
	case strings.HasPrefix(p, "$$+"):
		at, rest, good := hibccDate(p[3:])
		if !good {
			return invalid("the date of the HIBCC part %.30q is no day", p)
		}
		u.Expires, u.Serial = at, rest
	case strings.HasPrefix(p, "$$"):
		at, rest, good := hibccDate(p[2:])
		if !good {
			return invalid("the date of the HIBCC part %.30q is no day", p)
		}
		u.Expires, u.Lot = at, rest
	case strings.HasPrefix(p, "$+"):
		u.Serial = p[2:]
	case strings.HasPrefix(p, "$"):
		u.Lot = p[1:]
	case strings.HasPrefix(p, "S"):
		u.Serial = p[1:]
	case strings.HasPrefix(p, "14D"):
		if u.Expires, ok = yyyymmdd(p[3:]); !ok {
			return invalid("the day of expiry %.12q is no day", p[3:])
		}
	case strings.HasPrefix(p, "16D"):
		if u.Made, ok = yyyymmdd(p[3:]); !ok {
			return invalid("the day of manufacture %.12q is no day", p[3:])
		}
	case len(p) >= 5 && digits(p[:5]): // year and day of the year, then the lot
		if u.Expires, ok = julian(year(number(p[:2])), number(p[2:5])); !ok {
			return invalid("the day of expiry %.5q is no day", p)
		}
		u.Lot = p[5:]
	}
	return nil
}

// hibccDate reads a quantity, which is left out, and a date whose first digit
// says how it is written (ANSI/HIBC 2.6, table 2); what follows is rest.
func hibccDate(s string) (at time.Time, rest string, ok bool) {
	switch {
	case strings.HasPrefix(s, "8") && len(s) >= 3:
		s = s[3:]
	case strings.HasPrefix(s, "9") && len(s) >= 6:
		s = s[6:]
	}
	if s == "" {
		return time.Time{}, "", true
	}
	take := func(flag, n int) (string, bool) {
		if len(s) < flag+n || !digits(s[flag:flag+n]) {
			return "", false
		}
		d := s[flag : flag+n]
		rest = s[flag+n:]
		return d, true
	}
	var d string
	switch s[0] {
	case '2':
		if d, ok = take(1, 6); ok {
			at, ok = day(year(number(d[4:6])), number(d[:2]), number(d[2:4]))
		}
	case '3', '4':
		n := 6 + 2*int(s[0]-'3')
		if d, ok = take(1, n); ok {
			at, ok = day(year(number(d[:2])), number(d[2:4]), number(d[4:6]))
		}
	case '5', '6':
		n := 5 + 2*int(s[0]-'5')
		if d, ok = take(1, n); ok {
			at, ok = julian(year(number(d[:2])), number(d[2:5]))
		}
	case '7':
		return time.Time{}, s[1:], true
	default: // month and year: 0 or 1 begins the month
		if d, ok = take(0, 4); ok {
			at, ok = day(year(number(d[2:4])), number(d[:2]), 0)
		}
	}
	return at, rest, ok
}

func yyyymmdd(s string) (time.Time, bool) {
	if len(s) != 8 || !digits(s) {
		return time.Time{}, false
	}
	return day(number(s[:4]), number(s[4:6]), number(s[6:8]))
}
