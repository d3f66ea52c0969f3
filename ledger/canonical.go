package ledger

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may nest in canonical JSON.
const MaxDepth = 32

// Canonical returns v in the canonical form of RFC 8785, going by its JSON
// encoding. See [Canonicalize] for the numbers it refuses.
func Canonical(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	return Canonicalize(b)
}

// Canonicalize returns the canonical form of a JSON text: no space, members
// sorted by the UTF-16 code units of their names, one way to write each string
// and number.
//
// It refuses what two readers may read differently: a name used twice, bytes
// that are not UTF-8, half a surrogate pair, and a number whose canonical form
// denotes another decimal number than the text does (9007199254740993 is one,
// 0.1 is not). It refuses nesting beyond [MaxDepth] as well.
func Canonicalize(text []byte) ([]byte, error) {
	p := parser{in: text}
	out, err := p.value(make([]byte, 0, len(text)))
	if err != nil {
		return nil, fmt.Errorf("canonical JSON: at byte %d: %w", p.pos, err)
	}
	if p.space(); p.pos != len(text) {
		return nil, fmt.Errorf("canonical JSON: at byte %d: something follows the value", p.pos)
	}
	return out, nil
}

// IsCanonical reports whether a text is its own canonical form.
func IsCanonical(text []byte) bool {
	c, err := Canonicalize(text)
	return err == nil && bytes.Equal(c, text)
}

// parser reads JSON and writes its canonical form as it goes.
type parser struct {
	in    []byte
	pos   int
	depth int
}

var errEnd = errors.New("the text ends too soon")

func (p *parser) space() {
	for p.pos < len(p.in) {
		switch p.in[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// take consumes c, after space, if it comes next.
func (p *parser) take(c byte) bool {
	p.space()
	if p.pos < len(p.in) && p.in[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *parser) want(c byte) error {
	if p.take(c) {
		return nil
	}
	if p.pos == len(p.in) {
		return errEnd
	}
	return fmt.Errorf("want %q", c)
}

// value appends the canonical form of the next value to dst.
func (p *parser) value(dst []byte) ([]byte, error) {
	p.space()
	if p.pos == len(p.in) {
		return nil, errEnd
	}
	switch c := p.in[p.pos]; c {
	case '{', '[':
		if p.depth++; p.depth > MaxDepth {
			return nil, fmt.Errorf("nested deeper than %d", MaxDepth)
		}
		defer func() { p.depth-- }()
		if c == '[' {
			return p.array(dst)
		}
		return p.object(dst)
	case '"':
		s, err := p.text()
		if err != nil {
			return nil, err
		}
		return AppendString(dst, s), nil
	case 't':
		return p.literal(dst, "true")
	case 'f':
		return p.literal(dst, "false")
	case 'n':
		return p.literal(dst, "null")
	}
	return p.number(dst)
}

func (p *parser) literal(dst []byte, s string) ([]byte, error) {
	if !bytes.HasPrefix(p.in[p.pos:], []byte(s)) {
		return nil, fmt.Errorf("want %s", s)
	}
	p.pos += len(s)
	return append(dst, s...), nil
}

func (p *parser) array(dst []byte) ([]byte, error) {
	p.pos++
	dst = append(dst, '[')
	if p.take(']') {
		return append(dst, ']'), nil
	}
	for {
		var err error
		if dst, err = p.value(dst); err != nil {
			return nil, err
		}
		if p.take(']') {
			return append(dst, ']'), nil
		}
		if err := p.want(','); err != nil {
			return nil, err
		}
		dst = append(dst, ',')
	}
}

// member is where in the output a member of an object lies.
type member struct {
	name     string
	from, to int
}

func (p *parser) object(dst []byte) ([]byte, error) {
	p.pos++
	dst = append(dst, '{')
	if p.take('}') {
		return append(dst, '}'), nil
	}
	start := len(dst)
	var ms []member
	for {
		p.space()
		m := member{from: len(dst)}
		var err error
		if m.name, err = p.text(); err != nil {
			return nil, err
		}
		if err := p.want(':'); err != nil {
			return nil, err
		}
		if dst, err = p.value(append(AppendString(dst, m.name), ':')); err != nil {
			return nil, err
		}
		m.to = len(dst)
		ms = append(ms, m)
		if p.take('}') {
			break
		}
		if err := p.want(','); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(ms, func(a, b member) int { return compareUTF16(a.name, b.name) })
	written := bytes.Clone(dst[start:])
	dst = dst[:start]
	for i, m := range ms {
		if i > 0 {
			if m.name == ms[i-1].name {
				return nil, fmt.Errorf("name %.40q is used twice", m.name)
			}
			dst = append(dst, ',')
		}
		dst = append(dst, written[m.from-start:m.to-start]...)
	}
	return append(dst, '}'), nil
}

// compareUTF16 orders as RFC 8785 3.2.3 asks. It differs from the order of code
// points only where a character beyond U+FFFF meets one from U+E000 on.
func compareUTF16(a, b string) int {
	for a != "" && b != "" {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		if ra != rb {
			return cmp.Or(cmp.Compare(firstUnit(ra), firstUnit(rb)), cmp.Compare(ra, rb))
		}
		a, b = a[na:], b[nb:]
	}
	return cmp.Compare(len(a), len(b))
}

func firstUnit(r rune) rune {
	if r < 0x10000 {
		return r
	}
	hi, _ := utf16.EncodeRune(r)
	return hi
}

// text reads a string.
func (p *parser) text() (string, error) {
	if err := p.want('"'); err != nil {
		return "", err
	}
	var buf []byte
	start := p.pos
	for p.pos < len(p.in) {
		switch c := p.in[p.pos]; {
		case c == '"':
			s := string(append(buf, p.in[start:p.pos]...))
			if !utf8.ValidString(s) {
				return "", errors.New("not UTF-8")
			}
			p.pos++
			return s, nil
		case c < ' ':
			return "", errors.New("a control character in a string")
		case c == '\\':
			buf = append(buf, p.in[start:p.pos]...)
			p.pos++
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			buf = utf8.AppendRune(buf, r)
			start = p.pos
		default:
			p.pos++
		}
	}
	return "", errEnd
}

var escapes = [256]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads what follows a backslash.
func (p *parser) escape() (rune, error) {
	if p.pos == len(p.in) {
		return 0, errEnd
	}
	c := p.in[p.pos]
	p.pos++
	if c != 'u' {
		if r := escapes[c]; r != 0 {
			return r, nil
		}
		return 0, errors.New("no such escape")
	}
	r, err := p.hex()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if !bytes.HasPrefix(p.in[p.pos:], []byte(`\u`)) {
		return 0, errors.New("half a surrogate pair")
	}
	p.pos += 2
	low, err := p.hex()
	if err != nil {
		return 0, err
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, errors.New("half a surrogate pair")
	}
	return r, nil
}

func (p *parser) hex() (rune, error) {
	if len(p.in)-p.pos < 4 {
		return 0, errEnd
	}
	n, err := strconv.ParseUint(string(p.in[p.pos:p.pos+4]), 16, 16)
	if err != nil {
		return 0, errors.New("want four hexadecimal digits")
	}
	p.pos += 4
	return rune(n), nil
}

// AppendString appends the canonical form of a string, RFC 8785 3.2.2.2. The
// string must be UTF-8.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			const digits = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	return append(append(dst, s[start:]...), '"')
}
