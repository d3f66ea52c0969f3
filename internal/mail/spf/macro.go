package spf

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// spec is a text with macros (RFC 7208 section 7), cut into pieces.
type spec []piece

// piece is literal text, or a macro where letter is set.
type piece struct {
	text    string
	letter  byte // lower case
	escape  bool // written in upper case: the value is escaped for a URL
	keep    int  // labels kept, counted from the right; 0 means all
	reverse bool
	delims  string
}

const allDelims = ".-+,/_="

// parseSpec cuts a text into pieces. An explanation may hold blanks and the
// letters c, r and t.
func parseSpec(s string, explanation bool) (spec, error) {
	var out spec
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			out = append(out, piece{text: lit.String()})
			lit.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '%' {
			if c < '!' && (c != ' ' || !explanation) || c > '~' {
				return nil, fmt.Errorf("the byte %#02x may not stand there", c)
			}
			lit.WriteByte(c)
			continue
		}
		if i++; i == len(s) {
			return nil, errors.New("a % ends it")
		}
		switch s[i] {
		case '%':
			lit.WriteByte('%')
		case '_':
			lit.WriteByte(' ')
		case '-':
			lit.WriteString("%20")
		case '{':
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				return nil, errors.New("a %{ has no }")
			}
			p, err := parseMacro(s[i+1:i+end], explanation)
			if err != nil {
				return nil, err
			}
			flush()
			out = append(out, p)
			i += end
		default:
			return nil, fmt.Errorf("%q begins no macro", s[i-1:i+1])
		}
	}
	flush()
	return out, nil
}

func parseMacro(s string, explanation bool) (piece, error) {
	bad := fmt.Errorf("%%{%s} is no macro", short(s))
	if s == "" {
		return piece{}, bad
	}
	p := piece{letter: s[0] | 0x20, escape: s[0]&0x20 == 0, delims: "."}
	letters := "slodiphv"
	if explanation {
		letters += "crt"
	}
	if !isAlpha(s[0]) || strings.IndexByte(letters, p.letter) < 0 {
		return piece{}, bad
	}
	s = s[1:]
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if n > 0 {
		keep, err := strconv.Atoi(s[:n])
		if err != nil || keep == 0 {
			return piece{}, bad
		}
		p.keep = keep
	}
	s = s[n:]
	if s != "" && s[0]|0x20 == 'r' {
		p.reverse, s = true, s[1:]
	}
	if s != "" {
		if strings.Trim(s, allDelims) != "" {
			return piece{}, bad
		}
		p.delims = s
	}
	return p, nil
}

// parseTarget reads a domain-spec: it ends in a macro, or in a dot and a label
// that can be a top-level domain.
func parseTarget(s string) (spec, error) {
	out, err := parseSpec(s, false)
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, errors.New("the domain is missing")
	}
	last := out[len(out)-1]
	if last.letter != 0 || strings.HasSuffix(s, "%%") || strings.HasSuffix(s, "%_") || strings.HasSuffix(s, "%-") {
		return out, nil
	}
	_, top, ok := cutLast(strings.TrimSuffix(last.text, "."), '.')
	if !ok || !topLabel(top) {
		return nil, fmt.Errorf("%q is no domain", short(s))
	}
	return out, nil
}

func topLabel(s string) bool {
	if s == "" || s[0] == '-' || s[len(s)-1] == '-' || digits(s) {
		return false
	}
	for i := range len(s) {
		if !isAlpha(s[i]) && !isDigit(s[i]) && s[i] != '-' {
			return false
		}
	}
	return true
}

// fixed returns the text of a spec without macros.
func (s spec) fixed() (string, bool) {
	var b strings.Builder
	for _, p := range s {
		if p.letter != 0 {
			return "", false
		}
		b.WriteString(p.text)
	}
	return strings.TrimSuffix(b.String(), "."), true
}

// transform cuts a value into parts, turns them round and keeps the last ones.
func (p piece) transform(value string) string {
	if p.keep == 0 && !p.reverse && p.delims == "." {
		return value
	}
	parts := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(p.delims, r) })
	if p.reverse {
		for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
			parts[i], parts[j] = parts[j], parts[i]
		}
	}
	if p.keep > 0 && p.keep < len(parts) {
		parts = parts[len(parts)-p.keep:]
	}
	return strings.Join(parts, ".")
}

// urlEscape escapes what RFC 3986 does not call unreserved.
func urlEscape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isAlpha(c) || isDigit(c) || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
