package cell

import (
	"strings"
	"time"
)

// parts is a date taken apart, before anyone knows which number is the month.
type parts struct {
	nums  [3]int
	width [3]int // digits each number was written with
	n     int
	month int // from a name; 0 if the month is a number

	hour, min, sec, nano int
	zone                 *time.Location
}

var months = map[string]int{
	"jan": 1, "january": 1, "feb": 2, "february": 2, "mar": 3, "march": 3, "apr": 4, "april": 4, "may": 5, "jun": 6, "june": 6,
	"jul": 7, "july": 7, "aug": 8, "august": 8, "sep": 9, "sept": 9, "september": 9, "oct": 10, "october": 10,
	"nov": 11, "november": 11, "dec": 12, "december": 12,
}

// zones are the abbreviations that American exports use.
var zones = map[string]int{
	"utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
	"akst": -9, "akdt": -8, "hst": -10,
}

var weekdays = map[string]bool{
	"mon": true, "monday": true, "tue": true, "tues": true, "tuesday": true, "wed": true, "wednesday": true, "thu": true, "thur": true,
	"thurs": true, "thursday": true, "fri": true, "friday": true, "sat": true, "saturday": true, "sun": true, "sunday": true,
}

// scan takes a date apart: numbers, the name of a month, a time of day, a zone.
func scan(s string) (parts, error) {
	var p parts
	i := 0
	for i < len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			j := i
			for j < len(s) && s[j] >= '0' && s[j] <= '9' {
				j++
			}
			if j < len(s) && s[j] == ':' {
				if !p.dated() {
					return p, ErrNotDate
				}
				rest, err := p.clock(s[i:])
				if err != nil {
					return p, err
				}
				return p, p.tail(rest)
			}
			if p.n == 3 || j-i > 4 {
				return p, ErrNotDate
			}
			v := 0
			for _, d := range s[i:j] {
				v = v*10 + int(d-'0')
			}
			p.nums[p.n], p.width[p.n] = v, j-i
			p.n++
			i = j
		case isLetter(c):
			j := i
			for j < len(s) && isLetter(s[j]) {
				j++
			}
			w := strings.ToLower(s[i:j])
			switch {
			case p.month == 0 && months[w] != 0:
				p.month = months[w]
			case weekdays[w], w == "of", w == "t" && p.dated(),
				p.n > 0 && (w == "st" || w == "nd" || w == "rd" || w == "th"):
			case p.dated():
				return p, p.tail(s[i:])
			default:
				return p, ErrNotDate
			}
			i = j
		case c == ' ' || c == '/' || c == '-' || c == '.' || c == ',' || c == 0xA0 || c == 0xC2:
			i++
		default:
			return p, ErrNotDate
		}
	}
	if !p.dated() {
		return p, ErrNotDate
	}
	return p, nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func (p *parts) dated() bool { return p.n == 3 && p.month == 0 || p.n == 2 && p.month != 0 }

// clock reads hh:mm[:ss[.fraction]] from the start of s and returns the rest.
func (p *parts) clock(s string) (string, error) {
	read := func(limit int) (int, bool) {
		j, v := 0, 0
		for j < len(s) && j < 2 && s[j] >= '0' && s[j] <= '9' {
			v = v*10 + int(s[j]-'0')
			j++
		}
		s = s[j:]
		return v, j > 0 && v <= limit
	}
	var ok bool
	if p.hour, ok = read(23); !ok || s == "" || s[0] != ':' {
		return "", ErrNotDate
	}
	s = s[1:]
	if p.min, ok = read(59); !ok {
		return "", ErrNotDate
	}
	if s != "" && s[0] == ':' {
		s = s[1:]
		if p.sec, ok = read(60); !ok {
			return "", ErrNotDate
		}
		if len(s) > 1 && (s[0] == '.' || s[0] == ',') {
			s = s[1:]
			unit := 100_000_000
			for s != "" && s[0] >= '0' && s[0] <= '9' {
				p.nano += int(s[0]-'0') * unit
				unit /= 10
				s = s[1:]
			}
		}
	}
	return s, nil
}

// tail reads what may follow: AM or PM, a zone.
func (p *parts) tail(s string) error {
	for s = strings.TrimLeft(s, " \u00a0\u202f"); s != ""; s = strings.TrimLeft(s, " \u00a0\u202f") {
		switch c := s[0]; {
		case c == '+' || c == '-':
			z, err := offset(s)
			if err != nil {
				return err
			}
			p.zone = z
			return nil
		case isLetter(c):
			j := 0
			for j < len(s) && (isLetter(s[j]) || s[j] == '.') {
				j++
			}
			w := strings.ReplaceAll(strings.ToLower(s[:j]), ".", "")
			s = s[j:]
			switch w {
			case "am", "pm":
				if p.hour < 1 || p.hour > 12 {
					return ErrNotDate
				}
				p.hour %= 12
				if w == "pm" {
					p.hour += 12
				}
				continue
			}
			h, ok := zones[w]
			if !ok || p.zone != nil {
				return ErrNotDate
			}
			p.zone = time.FixedZone(w, h*3600)
			if h == 0 {
				p.zone = time.UTC
			}
		case c == '(' && strings.HasSuffix(s, ")"):
			s = s[1 : len(s)-1]
		default:
			return ErrNotDate
		}
	}
	return nil
}

// offset reads +hh, +hhmm or +hh:mm.
func offset(s string) (*time.Location, error) {
	digits := strings.Replace(s[1:], ":", "", 1)
	if len(digits) == 2 {
		digits += "00"
	}
	if len(digits) != 4 || !allDigits(digits) {
		return nil, ErrNotDate
	}
	h := int(digits[0]-'0')*10 + int(digits[1]-'0')
	m := int(digits[2]-'0')*10 + int(digits[3]-'0')
	if h > 14 || m > 59 {
		return nil, ErrNotDate
	}
	secs := h*3600 + m*60
	if s[0] == '-' {
		secs = -secs
	}
	return time.FixedZone("", secs), nil
}

// ymd decides which number is which.
func (p *parts) ymd(o Order) (y, m, d int, err error) {
	switch {
	case p.month != 0 && p.width[0] <= 2 && (p.width[1] == 4 || p.width[1] == 2): // Nov 3, 2026 and 3 Nov 2026
		y, m, d = year(p.nums[1], p.width[1]), p.month, p.nums[0]
	case p.month != 0 && p.width[0] == 4: // 2026 Nov 3
		y, m, d = p.nums[0], p.month, p.nums[1]
	case p.width[0] == 4: // 2026-11-03
		y, m, d = p.nums[0], p.nums[1], p.nums[2]
	case p.width[0] <= 2 && p.width[1] <= 2 && (p.width[2] == 4 || p.width[2] == 2):
		y, m, d = year(p.nums[2], p.width[2]), p.nums[0], p.nums[1]
		if o == DayFirst {
			m, d = d, m
		}
		if !real(y, m, d) && real(y, d, m) {
			return 0, 0, 0, ErrOrder
		}
	default:
		return 0, 0, 0, ErrNotDate
	}
	if !real(max(y, 1), m, d) {
		return 0, 0, 0, ErrNotDate
	}
	return y, m, d, nil
}

// year reads 26 as 2026 and 85 as 1985.
func year(v, width int) int {
	switch {
	case width != 2:
		return v
	case v < 69:
		return 2000 + v
	}
	return 1900 + v
}
