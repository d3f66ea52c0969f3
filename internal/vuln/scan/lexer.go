package scan

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/errs"
)

// lexer reads JSON as a stream. It keeps a window of the input, and nothing
// else; strings longer than maxString are cut, containers deeper than maxDepth
// refused.
type lexer struct {
	r        io.Reader
	buf      []byte
	pos, end int
	read     int64 // bytes taken from r
	done     bool
	depth    int
}

const (
	window    = 64 << 10
	maxString = 8 << 10
	maxDepth  = 100
)

func newLexer(r io.Reader) *lexer { return &lexer{r: r, buf: make([]byte, window)} }

func (l *lexer) bad(what string) error {
	return errs.Hint(errs.New(errs.Invalid, "the file is no valid JSON at byte %d: %s", l.read-int64(l.end-l.pos), what),
		"export it again; the file may be cut short")
}

// fill replaces the window, which has been used up.
func (l *lexer) fill() error {
	if l.done {
		return io.ErrUnexpectedEOF
	}
	for {
		n, err := l.r.Read(l.buf)
		l.pos, l.end, l.read = 0, n, l.read+int64(n)
		if err != nil {
			l.done = true
			if !errors.Is(err, io.EOF) {
				return err
			}
		}
		switch {
		case n > 0:
			return nil
		case l.done:
			return io.ErrUnexpectedEOF
		}
	}
}

// peek returns the next byte that is no white space.
func (l *lexer) peek() (byte, error) {
	for {
		for l.pos < l.end {
			switch c := l.buf[l.pos]; c {
			case ' ', '\t', '\n', '\r':
				l.pos++
			default:
				return c, nil
			}
		}
		if err := l.fill(); err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				return 0, l.bad("it ends too early")
			}
			return 0, err
		}
	}
}

func (l *lexer) expect(want byte) error {
	c, err := l.peek()
	if err != nil {
		return err
	}
	if c != want {
		return l.bad("want " + string(rune(want)) + ", found " + string(rune(c)))
	}
	l.pos++
	return nil
}

// enter goes into an object or an array.
func (l *lexer) enter(open byte) error {
	if l.depth++; l.depth > maxDepth {
		return l.bad("it is nested too deeply")
	}
	return l.expect(open)
}

// more reports whether a container has another element, and leaves the container
// where it has not. The first call must come right after enter.
func (l *lexer) more(shut byte, first bool) (bool, error) {
	c, err := l.peek()
	switch {
	case err != nil:
		return false, err
	case c == shut:
		l.pos++
		l.depth--
		return false, nil
	case first:
		return true, nil
	case c != ',':
		return false, l.bad("want a comma")
	}
	l.pos++
	return true, nil
}

// str appends a string to dst, cut where it is too long.
func (l *lexer) str(dst []byte) ([]byte, error) {
	if err := l.expect('"'); err != nil {
		return dst, err
	}
	from := len(dst)
	keep := func(b []byte) {
		if room := maxString - (len(dst) - from); room > 0 {
			dst = append(dst, b[:min(len(b), room)]...)
		}
	}
	for {
		w := l.buf[l.pos:l.end]
		i := bytes.IndexByte(w, '"')
		if i < 0 {
			i = len(w)
		}
		e := bytes.IndexByte(w[:i], '\\')
		switch {
		case e >= 0:
			keep(w[:e])
			l.pos += e + 1
			var space [4]byte
			r, err := l.escape(space[:0])
			if err != nil {
				return dst, err
			}
			keep(r)
		case i < len(w):
			keep(w[:i])
			l.pos += i + 1
			return dst, nil
		default:
			keep(w)
			if err := l.fill(); err != nil {
				return dst, l.cut(err)
			}
		}
	}
}

func (l *lexer) cut(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return l.bad("it ends too early")
	}
	return err
}

// next returns the next byte, whatever it is.
func (l *lexer) next() (byte, error) {
	if l.pos == l.end {
		if err := l.fill(); err != nil {
			return 0, l.cut(err)
		}
	}
	c := l.buf[l.pos]
	l.pos++
	return c, nil
}

func (l *lexer) escape(dst []byte) ([]byte, error) {
	c, err := l.next()
	if err != nil {
		return dst, err
	}
	switch c {
	case '"', '\\', '/':
		return append(dst, c), nil
	case 'b', 'f':
		return append(dst, ' '), nil
	case 'n':
		return append(dst, '\n'), nil
	case 'r':
		return append(dst, '\r'), nil
	case 't':
		return append(dst, '\t'), nil
	case 'u':
		r, err := l.hex4()
		if err != nil {
			return dst, err
		}
		if utf16.IsSurrogate(r) {
			// The second half follows as another escape; a half alone is none.
			if l.end-l.pos >= 6 && l.buf[l.pos] == '\\' && l.buf[l.pos+1] == 'u' {
				l.pos += 2
				low, err := l.hex4()
				if err != nil {
					return dst, err
				}
				r = utf16.DecodeRune(r, low)
			} else {
				r = utf8.RuneError
			}
		}
		return utf8.AppendRune(dst, r), nil
	}
	return dst, l.bad("a backslash before something that is no escape")
}

func (l *lexer) hex4() (rune, error) {
	var r rune
	for range 4 {
		c, err := l.next()
		if err != nil {
			return 0, err
		}
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, l.bad("an escape that is no hexadecimal number")
		}
	}
	return r, nil
}

// skip reads over a value of any kind.
func (l *lexer) skip() error {
	base := l.depth
	for {
		c, err := l.peek()
		if err != nil {
			return err
		}
		switch c {
		case '"':
			l.pos++
			err = l.skipString()
		case '{', '[':
			l.pos++
			if l.depth++; l.depth > maxDepth {
				return l.bad("it is nested too deeply")
			}
		case '}', ']':
			if l.depth == base {
				return l.bad("a value is missing")
			}
			l.pos++
			l.depth--
		case ',', ':':
			if l.depth == base {
				return l.bad("a value is missing")
			}
			l.pos++
		default:
			err = l.skipWord()
		}
		if err != nil {
			return err
		}
		if l.depth == base {
			return nil
		}
	}
}

func (l *lexer) skipString() error {
	for {
		w := l.buf[l.pos:l.end]
		i := bytes.IndexByte(w, '"')
		if i < 0 {
			i = len(w)
		}
		if e := bytes.IndexByte(w[:i], '\\'); e >= 0 {
			l.pos += e + 1
			if _, err := l.next(); err != nil {
				return err
			}
			continue
		}
		if i < len(w) {
			l.pos += i + 1
			return nil
		}
		if err := l.fill(); err != nil {
			return l.cut(err)
		}
	}
}

// skipWord reads over a number, true, false or null.
func (l *lexer) skipWord() error {
	n := 0
	for {
		for l.pos < l.end {
			c := l.buf[l.pos]
			if c|0x20 < 'a' || c|0x20 > 'z' {
				if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' {
					if n == 0 {
						return l.bad("found " + string(rune(c)))
					}
					return nil
				}
			}
			l.pos++
			n++
		}
		if err := l.fill(); err != nil {
			return l.cut(err)
		}
	}
}
