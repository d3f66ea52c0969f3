package udi

import (
	"strings"
	"time"
)

// parseICCBBA reads ISBT 128 data structures one behind the other: each begins
// with two characters that name it. The form has no check digit.
func parseICCBBA(s string) (UDI, error) {
	s = strings.TrimPrefix(s, "=+") // a compound message begins with its count and kind
	u := UDI{Agency: ICCBBA}
	var ok bool
	for s != "" {
		take := func(mark, n int) string {
			if len(s) < mark+n {
				s = ""
				return ""
			}
			d := s[mark : mark+n]
			s = s[mark+n:]
			return d
		}
		switch {
		case strings.HasPrefix(s, "=/"):
			if u.DI = take(2, 16); !alphanumeric(u.DI) {
				return UDI{}, invalid("the device identifier behind =/ has no 16 letters and digits")
			}
		case strings.HasPrefix(s, "=,"):
			if u.Serial = take(2, 6); !alphanumeric(u.Serial) {
				return UDI{}, invalid("the serial number behind =, has no 6 letters and digits")
			}
		case strings.HasPrefix(s, "=>"):
			if u.Expires, ok = centuryDay(take(2, 6)); !ok {
				return UDI{}, invalid("the day of expiry behind => is no day")
			}
		case strings.HasPrefix(s, "=}"):
			if u.Made, ok = centuryDay(take(2, 6)); !ok {
				return UDI{}, invalid("the day of manufacture behind =} is no day")
			}
		case strings.HasPrefix(s, "&,1"):
			if u.Lot = strings.TrimLeft(take(3, 18), "0"); u.Lot == "" {
				return UDI{}, invalid("the lot behind &,1 has no 18 characters")
			}
		case s[0] == '=' && len(s) > 1 && alphanumeric(s[1:2]):
			if u.Donor = take(1, 15); !alphanumeric(u.Donor) {
				return UDI{}, invalid("the donation number has no 15 letters and digits")
			}
		default:
			return UDI{}, invalid("there is no ISBT 128 data structure at %.20q", s)
		}
	}
	return u.whole()
}

// centuryDay reads the last digit of the century, the year and the day of the year.
func centuryDay(s string) (time.Time, bool) {
	if len(s) != 6 || !digits(s) {
		return time.Time{}, false
	}
	y := 2000 + number(s[1:3])
	if s[0] == '9' {
		y -= 100
	} else {
		y += 100 * int(s[0]-'0')
	}
	return julian(y, number(s[3:6]))
}
