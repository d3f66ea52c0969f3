package jsonsafe

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// quoted reads a string of which it keeps at most n bytes. Strict, a longer
// one is a fault.
func (r *Reader) quoted(n int, strict bool) (string, error) {
	r.pos++ // the quote, seen by the caller
	b := r.text[:0]
	ascii := true
	var tail [utf8.UTFMax]byte // a character that a buffer's end cut in two
	tails := 0
	for {
		if r.pos == r.end {
			if r.eof {
				return "", r.cutOff()
			}
			if err := r.fill(); err != nil {
				return "", err
			}
			continue
		}
		run := r.buf[r.pos:r.end]
		i := 0
		for i < len(run) && run[i] != '"' && run[i] != '\\' && run[i] >= ' ' {
			if run[i] >= utf8.RuneSelf {
				ascii = false
			}
			i++
		}
		if !ascii {
			var err error
			if tails, err = r.checkUTF8(run[:i], &tail, tails, i < len(run)); err != nil {
				return "", err
			}
			ascii = tails == 0
		}
		if len(b) <= n {
			b = append(b, run[:min(i, n+1-len(b))]...)
		}
		r.pos += i
		if i == len(run) {
			if strict && len(b) > n {
				break
			}
			continue
		}
		switch c := run[i]; c {
		case '"':
			r.pos++
			if len(b) > n {
				if strict {
					return "", r.tooLong(n)
				}
				b = b[:n]
			}
			r.text = b[:0]
			return string(b), nil
		case '\\':
			r.pos++
			u, err := r.escape()
			if err != nil {
				return "", err
			}
			if len(b) <= n {
				b = utf8.AppendRune(b, u)
			}
		default:
			return "", r.broken("the control character %#02x in a text", c)
		}
	}
	return "", r.tooLong(n)
}

func (r *Reader) tooLong(n int) error {
	return r.Fault(fmt.Sprintf("a text is longer than %d bytes", n), "export the report again with less detail")
}

// checkUTF8 checks a piece of a string behind the tail of the piece before. A
// piece that another follows may end inside a character, which becomes the tail.
func (r *Reader) checkUTF8(b []byte, tail *[utf8.UTFMax]byte, tails int, last bool) (int, error) {
	bad := r.Fault("the text is not UTF-8", "save the file as UTF-8")
	for tails > 0 && len(b) > 0 && !utf8.FullRune(tail[:tails]) {
		tail[tails] = b[0]
		tails++
		b = b[1:]
	}
	if tails > 0 && utf8.FullRune(tail[:tails]) {
		if !utf8.Valid(tail[:tails]) {
			return 0, bad
		}
		tails = 0
	}
	if tails > 0 {
		if last {
			return 0, bad
		}
		return tails, nil
	}
	n := len(b)
	if !last {
		for i := 1; i <= utf8.UTFMax && i <= n; i++ {
			if utf8.RuneStart(b[n-i]) {
				if !utf8.FullRune(b[n-i:]) {
					tails = copy(tail[:], b[n-i:])
					n -= i
				}
				break
			}
		}
	}
	if !utf8.Valid(b[:n]) {
		return 0, bad
	}
	return tails, nil
}

func (r *Reader) escape() (rune, error) {
	c, err := r.next()
	if err != nil {
		return 0, err
	}
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return r.unicodeEscape()
	}
	return 0, r.broken("the escape \\%c", c)
}

func (r *Reader) unicodeEscape() (rune, error) {
	u, err := r.hex4()
	if err != nil || !utf16.IsSurrogate(u) {
		return u, err
	}
	// The second half follows, or this one stands alone and names nothing.
	if r.end-r.pos < 6 && !r.eof {
		if err := r.more(6); err != nil {
			return 0, err
		}
	}
	if r.end-r.pos >= 6 && r.buf[r.pos] == '\\' && r.buf[r.pos+1] == 'u' {
		save := r.pos
		r.pos += 2
		low, err := r.hex4()
		if err != nil {
			return 0, err
		}
		if both := utf16.DecodeRune(u, low); both != utf8.RuneError {
			return both, nil
		}
		r.pos = save
	}
	return utf8.RuneError, nil
}

// more keeps what is not yet used and reads until n bytes are there.
func (r *Reader) more(n int) error {
	copy(r.buf, r.buf[r.pos:r.end])
	r.end -= r.pos
	r.pos = 0
	for r.end < n && !r.eof {
		m, err := r.src.Read(r.buf[r.end:])
		r.end += m
		if errors.Is(err, io.EOF) {
			r.eof = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) hex4() (rune, error) {
	var u rune
	for range 4 {
		c, err := r.next()
		if err != nil {
			return 0, err
		}
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, r.broken("\\u without four digits")
		}
		u = u<<4 | rune(c)
	}
	return u, nil
}

// maxNumber is the most digits of a number: reports of certificates state the
// modulus of an RSA key as one, of up to 16,384 bits.
const maxNumber = 5000

// literal reads a number, true, false or null.
func (r *Reader) literal() (string, error) {
	b := r.text[:0]
	for {
		if r.pos == r.end {
			if r.eof {
				break
			}
			if err := r.fill(); err != nil {
				return "", err
			}
			continue
		}
		c := r.buf[r.pos]
		if bytes.IndexByte([]byte(" \t\r\n,]}:"), c) >= 0 {
			break
		}
		if b = append(b, c); len(b) > maxNumber {
			return "", r.broken("a number without end")
		}
		r.pos++
	}
	r.text = b[:0]
	r.values++
	switch s := string(b); s {
	case "true", "false":
		return s, nil
	case "null":
		return "", nil
	default:
		if !number(b) {
			return "", r.broken("%.20q is no value", s)
		}
		return s, nil
	}
}

// number reports whether b is a number as RFC 8259 writes it.
func number(b []byte) bool {
	digits := func() bool {
		n := 0
		for n < len(b) && '0' <= b[n] && b[n] <= '9' {
			n++
		}
		b = b[n:]
		return n > 0
	}
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	if len(b) > 1 && b[0] == '0' && '0' <= b[1] && b[1] <= '9' || !digits() {
		return false
	}
	if len(b) > 0 && b[0] == '.' {
		if b = b[1:]; !digits() {
			return false
		}
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		if b = b[1:]; len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		if !digits() {
			return false
		}
	}
	return len(b) == 0
}
