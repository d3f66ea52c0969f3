package xmlsafe

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

const (
	// chunkSize is how much text is handed on at a time at least, where no
	// markup ends it sooner.
	chunkSize = 32 << 10
	// entityMax is the longest entity: &#x10FFFF; with some leading zeros.
	entityMax = 16
)

// readText reads a piece of text at pos. It returns false where more bytes are
// needed first, or where there was only blank space between top-level things.
func (r *Reader) readText() (bool, error) {
	raw := r.buf[r.pos:r.end]
	if i := bytes.IndexByte(raw, '<'); i >= 0 {
		raw = raw[:i]
	} else if !r.eof {
		if len(raw) < chunkSize {
			return false, r.fill()
		}
		raw = raw[:safeCut(raw)]
	}
	if len(r.open) == 0 {
		if len(bytes.Trim(raw, " \t\r\n")) > 0 {
			return false, r.broken("text outside of the first element")
		}
		r.advance(len(raw))
		return false, nil
	}
	if bytes.Contains(raw, []byte("]]>")) {
		return false, r.broken("]]> in text")
	}
	out := raw
	var err error
	if bytes.IndexByte(raw, '&') >= 0 || bytes.IndexByte(raw, '\r') >= 0 {
		out, err = unescape(r.text[:0], raw)
		r.text = out[:0]
	} else {
		err = checkText(raw)
	}
	if err != nil {
		return false, r.broken("%v", err)
	}
	r.chunk = out
	r.advance(len(raw))
	return len(out) > 0, nil
}

// safeCut returns where a piece of text can be cut: not inside an entity, a
// character, a line ending or ]]>.
func safeCut(b []byte) int {
	n := len(b)
	if i := bytes.LastIndexByte(b[n-entityMax:], '&'); i >= 0 && bytes.IndexByte(b[n-entityMax+i:], ';') < 0 {
		n -= entityMax - i
	}
	return cutRune(b[:n])
}

func cutRune(b []byte) int {
	n := len(b)
	for i := 0; i < 2 && n > 0 && b[n-1] == ']'; i++ {
		n--
	}
	if n > 0 && b[n-1] == '\r' {
		n--
	}
	for i := 1; i <= utf8.UTFMax && i <= n; i++ {
		if utf8.RuneStart(b[n-i]) {
			if !utf8.FullRune(b[n-i : n]) {
				n -= i
			}
			break
		}
	}
	return n
}

// readCDATA reads a piece of a CDATA section and reports whether it ended.
func (r *Reader) readCDATA() (bool, error) {
	for {
		raw := r.buf[r.pos:r.end]
		i := bytes.Index(raw, []byte("]]>"))
		if i < 0 && !r.eof && len(raw) < chunkSize {
			if err := r.fill(); err != nil {
				return false, err
			}
			continue
		}
		if i < 0 && r.eof {
			return false, r.cutOff()
		}
		n := i
		if i < 0 {
			n = cutRune(raw)
		}
		if err := checkText(raw[:n]); err != nil {
			return false, r.broken("%v", err)
		}
		r.text = normalize(r.text[:0], raw[:n])
		r.chunk = r.text
		if i >= 0 {
			n += 3
		}
		r.advance(n)
		return i >= 0, nil
	}
}

func normalize(dst, b []byte) []byte {
	for i, c := range b {
		if c == '\r' {
			if i+1 < len(b) && b[i+1] == '\n' {
				continue
			}
			c = '\n'
		}
		dst = append(dst, c)
	}
	return dst
}

// checkText reports characters XML does not allow.
func checkText(b []byte) error {
	ascii := true
	for _, c := range b {
		if c < ' ' && !isSpace(c) {
			return fmt.Errorf("the control character %#02x", c)
		}
		if c >= utf8.RuneSelf {
			ascii = false
		}
	}
	if ascii {
		return nil
	}
	if !utf8.Valid(b) {
		return errors.New("text that is not in the encoding it claims to be in")
	}
	// U+FFFE and U+FFFF are EF BF BE and EF BF BF.
	for i := 0; ; {
		j := bytes.Index(b[i:], []byte{0xEF, 0xBF})
		if j < 0 {
			return nil
		}
		if i += j + 2; i < len(b) && b[i] >= 0xBE {
			return errors.New("a character that XML does not allow")
		}
	}
}

// unescape appends b with entities resolved and line endings made one.
func unescape(dst, b []byte) ([]byte, error) {
	if err := checkText(b); err != nil {
		return dst, err
	}
	for {
		i := bytes.IndexByte(b, '&')
		if i < 0 {
			return normalize(dst, b), nil
		}
		dst = normalize(dst, b[:i])
		b = b[i+1:]
		j := bytes.IndexByte(b[:min(len(b), entityMax)], ';')
		if j < 0 {
			return dst, errors.New("a & that begins no entity")
		}
		c, err := entity(string(b[:j]))
		if err != nil {
			return dst, err
		}
		dst = utf8.AppendRune(dst, c)
		b = b[j+1:]
	}
}

func entity(name string) (rune, error) {
	switch name {
	case "lt":
		return '<', nil
	case "gt":
		return '>', nil
	case "amp":
		return '&', nil
	case "quot":
		return '"', nil
	case "apos":
		return '\'', nil
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, fmt.Errorf("the unknown entity &%.20s;", name)
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || !allowed(rune(n)) {
		return 0, fmt.Errorf("the character reference &%.20s;, which names none", name)
	}
	return rune(n), nil
}

func allowed(c rune) bool {
	return c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c <= 0xD7FF ||
		c >= 0xE000 && c <= 0xFFFD || c >= 0x10000 && c <= utf8.MaxRune
}
