package ledger

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// maxNumber bounds the text of a number; the longest canonical one has 25 bytes.
const maxNumber = 64

// number reads a JSON number and appends its canonical form.
func (p *parser) number(dst []byte) ([]byte, error) {
	start := p.pos
	for p.pos < len(p.in) && strings.IndexByte("+-.0123456789eE", p.in[p.pos]) >= 0 {
		p.pos++
	}
	lit := string(p.in[start:p.pos])
	if !validNumber(lit) {
		p.pos = start
		return nil, errors.New("want a value")
	}
	f, err := strconv.ParseFloat(lit, 64)
	if err != nil {
		return nil, errors.New("the number is out of range")
	}
	from := len(dst)
	dst = AppendNumber(dst, f)
	if decimalOf(lit) != decimalOf(string(dst[from:])) {
		return nil, errors.New("the number cannot be kept exactly")
	}
	return dst, nil
}

// validNumber reports whether s is a number by the grammar of RFC 8259.
func validNumber(s string) bool {
	if len(s) > maxNumber {
		return false
	}
	s = strings.TrimPrefix(s, "-")
	whole := digits(s)
	if whole == 0 || (whole > 1 && s[0] == '0') {
		return false
	}
	s = s[whole:]
	if rest, ok := strings.CutPrefix(s, "."); ok {
		n := digits(rest)
		if n == 0 {
			return false
		}
		s = rest[n:]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		n := digits(s)
		return n > 0 && n <= 4 && n == len(s)
	}
	return s == ""
}

// digits counts the digits that s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// AppendNumber appends the canonical form of a number, which is how ECMAScript
// writes it, RFC 8785 3.2.2.3. The number must be finite.
func AppendNumber(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0') // the same for minus zero
	}
	if a := math.Abs(f); a >= 1e-6 && a < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exp, _ := strings.Cut(s, "e")
	dst = append(append(dst, mantissa...), 'e', exp[0])
	return append(dst, strings.TrimLeft(exp[1:], "0")...)
}

// decimal is a decimal number in one form: 0.digits × 10^exp, without zeros at
// either end of the digits.
type decimal struct {
	negative bool
	digits   string
	exp      int
}

// decimalOf reads a valid number.
func decimalOf(s string) decimal {
	var d decimal
	s, d.negative = strings.CutPrefix(s, "-")
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		d.exp, _ = strconv.Atoi(s[i+1:]) // at most four digits, by validNumber
		s = s[:i]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	d.digits = whole + fraction
	d.exp += len(whole)
	n := len(d.digits)
	d.digits = strings.TrimLeft(d.digits, "0")
	d.exp -= n - len(d.digits)
	if d.digits = strings.TrimRight(d.digits, "0"); d.digits == "" {
		return decimal{}
	}
	return d
}
