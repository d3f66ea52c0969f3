// Package udi reads unique device identifiers, the codes on the labels of
// medical devices (21 CFR 801.40), as the three issuing agencies that FDA has
// accredited write them: GS1, HIBCC and ICCBBA.
//
// A UDI has a device identifier (DI), which names the model and its package, and
// production identifiers, which name the unit: serial number, lot, dates. The
// forms are those of FDA's table of UDI formats by issuing agency, of the GS1
// General Specifications, of ANSI/HIBC 2.6 and of ISBT 128.
package udi

import (
	"fmt"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
)

// Agency is who issued a device identifier.
type Agency string

// The agencies.
const (
	GS1    Agency = "GS1"
	HIBCC  Agency = "HIBCC"
	ICCBBA Agency = "ICCBBA"
)

// UDI is an identifier in its parts. Parts that the code does not give are zero.
type UDI struct {
	Agency  Agency
	DI      string // 14 digits for GS1; without marks and check character for HIBCC and ICCBBA
	Serial  string
	Lot     string
	Donor   string    // donation identification number, ICCBBA
	Expires time.Time // the day, at midnight UTC
	Made    time.Time // the day, at midnight UTC
}

// maxLen bounds what is read. The longest UDI that FDA shows has 95 characters.
const maxLen = 255

// Parse reads a UDI as a scanner gives it or as it is printed below the
// barcode. Check digits are verified where the form has one. The error, of kind
// errs.Invalid, says what is wrong.
func Parse(s string) (UDI, error) {
	s = strings.TrimSpace(s)
	if len(s) > maxLen {
		return UDI{}, invalid("it is longer than %d characters", maxLen)
	}
	// Scanners may put the name of the barcode's form in front (ISO/IEC 15424).
	if len(s) > 3 && s[0] == ']' {
		s = s[3:]
	}
	switch {
	case s == "":
		return UDI{}, invalid("it is empty")
	case s[0] == '+':
		return parseHIBCC(s)
	case s[0] == '=' || strings.HasPrefix(s, "&"):
		return parseICCBBA(s)
	case s[0] == '(':
		return parseGS1Printed(s)
	case digits(s) && gtinLength(len(s)):
		return bareGTIN(s)
	}
	// Tables turn the separator into a blank, which no element may hold.
	return parseGS1(strings.Trim(strings.ReplaceAll(s, " ", string(gs)), string(gs)))
}

// ParseDI reads a device identifier alone, as inventories and FDA's GUDID list
// them: a GTIN of 8, 12, 13 or 14 digits, or HIBCC's or ICCBBA's without marks.
// A GTIN's check digit is verified; the others have none in this form.
func ParseDI(s string) (Agency, string, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	switch {
	case len(s) > maxLen || s == "":
		return "", "", invalid("it has %d characters", len(s))
	case s[0] == '+' || s[0] == '=' || s[0] == '(':
		u, err := Parse(s)
		return u.Agency, u.DI, err
	case digits(s):
		if !gtinLength(len(s)) {
			return "", "", invalid("a number of %d digits is no GTIN, which has 8, 12, 13 or 14", len(s))
		}
		u, err := bareGTIN(s)
		return GS1, u.DI, err
	case !alphanumeric(s):
		return "", "", invalid("%.40q has characters that no device identifier has", s)
	case len(s) == 16 && s[0] == 'A' && digits(s[1:5]):
		return ICCBBA, s, nil
	case len(s) >= 6 && len(s) <= 23 && letter(s[0]):
		return HIBCC, s, nil
	}
	return "", "", invalid("%.40q is no device identifier of GS1, HIBCC or ICCBBA", s)
}

// Unit names the one device: the device identifier with the serial number, the
// same however the code was written. It is "" where the code has no serial
// number, since devices of a lot are not told apart.
func (u UDI) Unit() string {
	if u.DI == "" || u.Serial == "" {
		return ""
	}
	return fmt.Sprintf("(01)%s(21)%s", u.DI, u.Serial)
}

func invalid(format string, args ...any) error { return errs.New(errs.Invalid, format, args...) }

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func letter(c byte) bool { return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' }

func alphanumeric(s string) bool {
	for i := range len(s) {
		if !letter(s[i]) && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s != ""
}

// day returns a day of the calendar; day 0 is the last of the month, as GS1 has it.
func day(year, month, d int) (time.Time, bool) {
	if month < 1 || month > 12 || d < 0 || d > 31 {
		return time.Time{}, false
	}
	if d == 0 {
		return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC), true
	}
	t := time.Date(year, time.Month(month), d, 0, 0, 0, 0, time.UTC)
	return t, t.Day() == d
}

// julian returns the nth day of a year.
func julian(year, n int) (time.Time, bool) {
	if n < 1 || n > 366 {
		return time.Time{}, false
	}
	t := time.Date(year, 1, n, 0, 0, 0, 0, time.UTC)
	return t, t.Year() == year
}

// year widens two digits. UDIs were introduced in 2013, and no device expires in
// a hundred years, so only the last years of the old century are of it.
func year(yy int) int {
	if yy >= 80 {
		return 1900 + yy
	}
	return 2000 + yy
}

func number(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
