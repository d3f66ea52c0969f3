// Package cell reads the values that people and programs write into the cells
// of a table: dates, booleans, numbers, durations, lists.
//
// Nothing here guesses from one cell alone. Whether 03/04/2026 is in March or in
// April is decided for a whole column from the evidence of all its rows.
package cell

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Order is the order of day and month in dates such as 03/04/2026.
type Order uint8

// The orders. MonthFirst is that of the United States.
const (
	MonthFirst Order = iota
	DayFirst
)

func (o Order) String() string {
	if o == DayFirst {
		return "day/month/year"
	}
	return "month/day/year"
}

// Dates says how to read the dates of one column.
type Dates struct {
	Order Order
	// Base1904 says that serial numbers count from 1904, as old workbooks of
	// Excel for the Macintosh do.
	Base1904 bool
	// Zone is the zone of times that name none; nil means UTC.
	Zone *time.Location
}

// Faults of dates.
var (
	ErrNotDate = errors.New("is not a date")
	ErrOrder   = errors.New("cannot be a date in this order of day and month")
)

// Blank reports whether the cell says nothing: empty, a dash, or one of the
// words that programs write for "no value".
func Blank(s string) bool {
	s = strings.TrimSpace(s)
	if len(s) > 16 {
		return false
	}
	switch strings.ToLower(s) {
	case "", "-", "--", "—", "–", "n/a", "na", "#n/a", "none", "null", "nil", "(null)", "(blank)", "blank", "unknown", "not set", "(not set)", "\\n", "nan", "undefined", "tbd", "?":
		return true
	}
	return false
}

// NoDate reports whether a cell of a date column says that there is no date:
// blank, "never", or a value that a program stores for it.
func NoDate(s string) bool {
	s = strings.TrimSpace(s)
	if Blank(s) || s == "0" || s == "9223372036854775807" {
		return true
	}
	l := strings.ToLower(s)
	for _, p := range [...]string{"never", "no end", "open", "present", "current", "ongoing", "not "} {
		if strings.HasPrefix(l, p) {
			return true
		}
	}
	return false
}

// day limits: what lies outside is a filler of some program ("1601-01-01",
// "9999-12-31") or a slip, never the date of anything in a hospital today.
const (
	firstYear = 1901
	lastYear  = 2999
)

// Parse reads a date, with or without a time of day. It returns the zero time
// and no error for a filler that programs write for "never".
func (d Dates) Parse(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	if NoDate(s) {
		return time.Time{}, nil
	}
	if len(s) > 64 {
		return time.Time{}, ErrNotDate
	}
	if t, ok, err := d.number(s); ok {
		return t, err
	}
	p, err := scan(s)
	if err != nil {
		return time.Time{}, err
	}
	y, m, day, err := p.ymd(d.Order)
	if err != nil {
		return time.Time{}, err
	}
	if y < firstYear || y > lastYear {
		if y == 1601 || y == 1900 || y == 1 || y == 9999 || y == 3000 {
			return time.Time{}, nil
		}
		return time.Time{}, fmt.Errorf("has the year %d", y)
	}
	zone := d.Zone
	if zone == nil {
		zone = time.UTC
	}
	if p.zone != nil {
		zone = p.zone
	}
	t := time.Date(y, time.Month(m), day, p.hour, p.min, p.sec, p.nano, zone)
	if p.zone == nil && t.Day() != day && p.hour == 0 {
		// A day that has no midnight in this zone begins an hour later.
		t = t.Add(time.Hour)
	}
	return t.UTC(), nil
}

// number reads what consists of digits alone: 20261103, an Excel serial number,
// seconds or milliseconds since 1970, and the tenths of microseconds since 1601
// that Active Directory keeps.
func (d Dates) number(s string) (t time.Time, ok bool, err error) {
	digits, frac, dotted := strings.Cut(s, ".")
	if !allDigits(digits) || (dotted && !allDigits(strings.TrimSuffix(frac, "Z"))) {
		return time.Time{}, false, nil
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return time.Time{}, true, ErrNotDate
	}
	switch {
	case len(digits) == 8 && !dotted:
		y, m, day := int(n/10000), int(n/100%100), int(n%100)
		if y < firstYear || y > lastYear || !real(y, m, day) {
			return time.Time{}, true, ErrNotDate
		}
		return d.local(y, m, day, 0, 0, 0), true, nil
	case len(digits) == 14: // 20261103040506, LDAP's generalized time with .0Z
		y, m, day := int(n/1e10), int(n/1e8%100), int(n/1e6%100)
		if y == 1601 {
			return time.Time{}, true, nil
		}
		hh, mm, ss := int(n/1e4%100), int(n/100%100), int(n%100)
		if y < firstYear || y > lastYear || !real(y, m, day) || hh > 23 || mm > 59 || ss > 60 {
			return time.Time{}, true, ErrNotDate
		}
		if dotted {
			return time.Date(y, time.Month(m), day, hh, mm, ss, 0, time.UTC), true, nil
		}
		return d.local(y, m, day, hh, mm, ss), true, nil
	case len(digits) == 10:
		return time.Unix(n, 0).UTC(), true, nil
	case len(digits) == 13:
		return time.UnixMilli(n).UTC(), true, nil
	case len(digits) == 18 && !dotted:
		const from1601to1970 = 11644473600
		return time.Unix(n/1e7-from1601to1970, n%1e7*100).UTC(), true, nil
	case len(digits) <= 5 && n >= 10000: // 10000 is in 1927; lower numbers are not dates of ours
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return time.Time{}, true, ErrNotDate
		}
		t, err := d.Serial(f)
		return t, true, err
	}
	return time.Time{}, true, ErrNotDate
}

func (d Dates) local(y, m, day, hh, mm, ss int) time.Time {
	zone := d.Zone
	if zone == nil {
		zone = time.UTC
	}
	return time.Date(y, time.Month(m), day, hh, mm, ss, 0, zone).UTC()
}

// Serial reads the number of days that a workbook keeps for a date.
func (d Dates) Serial(f float64) (time.Time, error) {
	// Excel counts from 1900 and takes that year for a leap year, so days after
	// February 1900 count from 30 December 1899.
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if d.Base1904 {
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if math.IsNaN(f) || f < 1 || f > 2958465 { // 31 December 9999
		return time.Time{}, ErrNotDate
	}
	whole := math.Floor(f)
	secs := math.Round((f - whole) * 86400)
	t := base.AddDate(0, 0, int(whole)).Add(time.Duration(secs) * time.Second)
	return d.local(t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second()), nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// real reports whether there is such a day.
func real(y, m, d int) bool {
	if m < 1 || m > 12 || d < 1 || d > 31 {
		return false
	}
	return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC).Day() == d
}
