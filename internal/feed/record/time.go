package record

import (
	"strings"
	"time"
)

// layouts are the forms of dates that feeds use, after RFC 3339. A date without a
// zone is taken as UTC.
var layouts = [...]string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999 -0700", "2006-01-02 15:04:05.999999999", "2006/01/02",
	"2 Jan 2006", "02 Jan 2006", "January 2, 2006", "2006-01",
}

// Time reads a date. One that is absent, cannot be read, or lies before 1980, as
// the year 0001 of some exporters, is the zero time: unknown.
func Time(s string) time.Time {
	switch len(s) {
	case 0:
		return time.Time{}
	case len("20060102"):
		s = s[:4] + "-" + s[4:6] + "-" + s[6:]
		fallthrough
	case len("2006-01-02"):
		if t, ok := plainTime(s + "T00:00:00"); ok {
			return t
		}
	}
	if t, ok := plainTime(s); ok {
		return t
	}
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 {
		return time.Time{}
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return known(t.UTC())
		}
	}
	return time.Time{}
}

func known(t time.Time) time.Time {
	if t.Year() < 1980 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// plainTime reads 2006-01-02T15:04:05 with digits of a second or not, and Z or
// nothing at the end: nine of ten dates, several times as fast as the package time.
func plainTime(s string) (time.Time, bool) {
	if len(s) < 19 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	num := func(i, n int) int {
		v := 0
		for _, c := range []byte(s[i : i+n]) {
			if c < '0' || c > '9' {
				return -1
			}
			v = v*10 + int(c-'0')
		}
		return v
	}
	y, m, d := num(0, 4), num(5, 2), num(8, 2)
	hh, mm, ss := num(11, 2), num(14, 2), num(17, 2)
	if y < 0 || m < 1 || m > 12 || d < 1 || d > 28 || hh < 0 || hh > 23 || mm < 0 || mm > 59 || ss < 0 || ss > 59 {
		return time.Time{}, false // the last days of a month go the slow way
	}
	rest, nanos := s[19:], 0
	if rest != "" && rest[0] == '.' {
		n := 1
		for scale := 100_000_000; n < len(rest) && '0' <= rest[n] && rest[n] <= '9'; n++ {
			nanos += int(rest[n]-'0') * scale
			scale /= 10
		}
		if n == 1 {
			return time.Time{}, false
		}
		rest = rest[n:]
	}
	if rest != "" && rest != "Z" {
		return time.Time{}, false
	}
	return known(time.Date(y, time.Month(m), d, hh, mm, ss, nanos, time.UTC)), true
}
