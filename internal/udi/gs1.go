package udi

import (
	"strings"
	"time"
)

// gs1Length gives the lengths of the application identifiers whose data are of
// one length, by their first two digits (GS1 General Specifications, figure
// 7.8.5-2). Data of others end at a separator or at the end of the code.
var gs1Length = map[string]int{
	"00": 18, "01": 14, "02": 14, "03": 14, "04": 16, "11": 6, "12": 6, "13": 6, "14": 6, "15": 6, "16": 6, "17": 6, "18": 6, "19": 6, "20": 2,
	"31": 8, "32": 8, "33": 8, "34": 8, "35": 8, "36": 8, "41": 14,
}

// gs1Variable are the application identifiers of other length that stand on
// devices, longest first where one begins another.
var gs1Variable = []string{"235", "240", "241", "242", "243", "250", "251", "253", "254", "7003", "8008", "8012", "8013", "10", "21", "22", "30", "37", "90", "91", "92", "93", "94", "95", "96", "97", "98", "99"}

const gs = '\x1d' // the separator, as scanners give FNC1

// parseGS1 reads what a scanner gives.
func parseGS1(s string) (UDI, error) {
	u := UDI{Agency: GS1}
	if len(s) < 16 || !digits(s[:2]) {
		return UDI{}, invalid("%.40q is no UDI of GS1, HIBCC or ICCBBA", s)
	}
	for s != "" {
		if s[0] == gs {
			s = s[1:]
			continue
		}
		if len(s) < 2 {
			return UDI{}, invalid("it ends in the middle, at %.20q", s)
		}
		ai, data := s[:2], ""
		if n, ok := gs1Length[ai]; ok {
			extra := 0
			if n == 8 || ai == "41" { // the third digit belongs to the identifier
				extra = 1
				n--
			}
			if n == 7 {
				extra, n = 2, 6
			}
			if len(s) < 2+extra+n {
				return UDI{}, invalid("the data of (%s) are shorter than %d digits", ai, n)
			}
			ai, data, s = s[:2+extra], s[2+extra:2+extra+n], s[2+extra+n:]
		} else {
			ai = variable(s)
			if ai == "" {
				return UDI{}, invalid("there is no application identifier at %.20q", s)
			}
			data, s, _ = strings.Cut(s[len(ai):], string(gs))
		}
		if err := u.gs1(ai, data); err != nil {
			return UDI{}, err
		}
	}
	return u.whole()
}

func variable(s string) string {
	for _, ai := range gs1Variable {
		if strings.HasPrefix(s, ai) {
			return ai
		}
	}
	return ""
}

// parseGS1Printed reads what is printed below a barcode: (01)…(17)…(21)….
func parseGS1Printed(s string) (UDI, error) {
	u := UDI{Agency: GS1}
	for s != "" {
		ai, rest, ok := strings.Cut(s[1:], ")")
		if s[0] != '(' || !ok || !digits(ai) || len(ai) < 2 || len(ai) > 4 {
			return UDI{}, invalid("there is no application identifier in brackets at %.20q", s)
		}
		end := next(rest)
		if err := u.gs1(ai, strings.Trim(strings.TrimSpace(rest[:end]), "\x1d")); err != nil {
			return UDI{}, err
		}
		s = rest[end:]
	}
	return u.whole()
}

// next finds the bracket of the next application identifier. Brackets may also
// stand in a lot or serial number.
func next(s string) int {
	for i := range len(s) {
		if s[i] != '(' {
			continue
		}
		ai, _, ok := strings.Cut(s[i+1:], ")")
		if ok && digits(ai) && len(ai) >= 2 && len(ai) <= 4 && known(ai) {
			return i
		}
	}
	return len(s)
}

func known(ai string) bool {
	if n, ok := gs1Length[ai[:2]]; ok {
		return len(ai) == 2 || n == 8 && len(ai) == 4 || ai[:2] == "41" && len(ai) == 3
	}
	return variable(ai) == ai
}

// gs1 takes one element.
func (u *UDI) gs1(ai, data string) error {
	var ok bool
	switch ai {
	case "01":
		if len(data) != 14 || !digits(data) {
			return invalid("the device identifier (01) has %d characters in place of 14 digits", len(data))
		}
		if !gtin(data) {
			return invalid("the check digit of the device identifier %s is wrong", data)
		}
		u.DI = data
	case "10":
		if u.Lot, ok = text(data, 20); !ok {
			return invalid("the lot (10) is empty, longer than 20 characters or holds others than GS1 allows")
		}
	case "21":
		if u.Serial, ok = text(data, 20); !ok {
			return invalid("the serial number (21) is empty, longer than 20 characters or holds others than GS1 allows")
		}
	case "11":
		if u.Made, ok = yymmdd(data); !ok {
			return invalid("the day of manufacture (11) %.10q is no day", data)
		}
	case "17":
		if u.Expires, ok = yymmdd(data); !ok {
			return invalid("the day of expiry (17) %.10q is no day", data)
		}
	case "7003":
		if len(data) < 6 {
			return invalid("the day of expiry (7003) %.10q is no day", data)
		}
		if u.Expires, ok = yymmdd(data[:6]); !ok {
			return invalid("the day of expiry (7003) %.10q is no day", data)
		}
	}
	return nil
}

func (u UDI) whole() (UDI, error) {
	if u.DI == "" {
		return UDI{}, invalid("it has no device identifier")
	}
	return u, nil
}

func text(s string, most int) (string, bool) {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7F {
			return "", false
		}
	}
	return s, s != "" && len(s) <= most
}

func yymmdd(s string) (time.Time, bool) {
	if len(s) != 6 || !digits(s) {
		return time.Time{}, false
	}
	return day(year(number(s[:2])), number(s[2:4]), number(s[4:6]))
}

func gtinLength(n int) bool { return n == 8 || n == 12 || n == 13 || n == 14 }

// bareGTIN reads a GTIN without an application identifier, widened to 14 digits.
func bareGTIN(s string) (UDI, error) {
	s = strings.Repeat("0", 14-len(s)) + s
	if !gtin(s) {
		return UDI{}, invalid("the check digit of the device identifier %s is wrong", s)
	}
	return UDI{Agency: GS1, DI: s}, nil
}

// gtin verifies the check digit: weights 3 and 1 from the left over 14 digits
// give a multiple of ten (GS1 General Specifications, 7.9).
func gtin(s string) bool {
	sum := 0
	for i := range len(s) {
		w := 1
		if i%2 == 0 {
			w = 3
		}
		sum += w * int(s[i]-'0')
	}
	return sum%10 == 0
}
