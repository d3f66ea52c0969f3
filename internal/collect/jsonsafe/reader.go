// Package jsonsafe reads JSON that may have been made to hurt: a pull reader
// that holds one value at a time and stops at limits of depth and size.
//
// It takes what RFC 8259 allows in UTF-8 and nothing else; a fuzz test holds it
// beside encoding/json.
package jsonsafe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// Kind is the kind of a value.
type Kind byte

// The kinds.
const (
	Object Kind = '{'
	Array  Kind = '['
	String Kind = '"'
	Number Kind = '0'
	Bool   Kind = 't'
	Null   Kind = 'n'
)

const bufSize = 64 << 10

// Reader reads one document. It is not safe for use by several goroutines.
//
// Each method that reads a value leaves the reader behind it. Errors are a
// *safe.Fault where the content is at fault.
type Reader struct {
	src      io.Reader
	buf      []byte
	pos, end int
	eof      bool
	limits   collect.Limits
	line     int
	depth    int
	values   int // values read, to tell whether a callback has read its own
	text     []byte
}

// Open starts reading a file.
func Open(ctx context.Context, in collect.Input) (*Reader, error) {
	src, err := safe.Bytes(ctx, in)
	if err != nil {
		return nil, err
	}
	head := make([]byte, min(in.Size, 4))
	if _, err := in.R.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if src, err = safe.Text(src, head, ""); err != nil {
		return nil, err
	}
	return New(src, in.Limits), nil
}

// New reads a document from UTF-8 text.
func New(r io.Reader, limits collect.Limits) *Reader {
	if limits.Depth <= 0 {
		limits = collect.DefaultLimits()
	}
	return &Reader{src: r, buf: make([]byte, bufSize), limits: limits, line: 1}
}

// Line is the line the reader is at.
func (r *Reader) Line() int { return r.line }

// Fault is a fault of the content at the reader's line.
func (r *Reader) Fault(reason, mend string) error {
	return &safe.Fault{Line: r.line, Reason: reason, Mend: mend}
}

func (r *Reader) broken(format string, args ...any) error {
	return r.Fault("not well-formed JSON: "+fmt.Sprintf(format, args...), "export the file again; it may have been cut off or edited")
}

func (r *Reader) cutOff() error {
	return r.Fault("the file ends before it is complete", "export or copy it again")
}

func (r *Reader) fill() error {
	r.pos, r.end = 0, 0
	for range 100 {
		n, err := r.src.Read(r.buf)
		r.end = n
		if errors.Is(err, io.EOF) {
			r.eof = true
			err = nil
		}
		if err != nil || n > 0 || r.eof {
			return err
		}
	}
	return io.ErrNoProgress
}

// peek returns the next byte that is not blank; 0 at the end of the file.
func (r *Reader) peek() (byte, error) {
	for {
		for ; r.pos < r.end; r.pos++ {
			switch c := r.buf[r.pos]; c {
			case '\n':
				r.line++
			case ' ', '\t', '\r':
			case 0:
				return 0, r.broken("a NUL byte")
			default:
				return c, nil
			}
		}
		if r.eof {
			return 0, nil
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
}

// next returns the next byte, blank or not, and moves behind it.
func (r *Reader) next() (byte, error) {
	for r.pos == r.end {
		if r.eof {
			return 0, r.cutOff()
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	c := r.buf[r.pos]
	r.pos++
	return c, nil
}

// Kind tells what comes next without reading it.
func (r *Reader) Kind() (Kind, error) {
	c, err := r.peek()
	if err != nil {
		return 0, err
	}
	switch c {
	case '{', '[', '"', 't', 'n':
		return Kind(c), nil
	case 'f':
		return Bool, nil
	case 0:
		return 0, r.cutOff()
	}
	if c == '-' || '0' <= c && c <= '9' {
		return Number, nil
	}
	return 0, r.broken("%q where a value is due", c)
}

func (r *Reader) expect(want byte) error {
	c, err := r.peek()
	if err != nil {
		return err
	}
	if c == 0 {
		return r.cutOff()
	}
	if c != want {
		return r.broken("%q where %q is due", c, want)
	}
	r.pos++
	return nil
}

func (r *Reader) enter() error {
	if r.depth++; r.depth > r.limits.Depth {
		return r.Fault(fmt.Sprintf("values are nested more than %d deep", r.limits.Depth),
			"no honest report looks like this; export it again from the tool itself")
	}
	return nil
}

// Object calls fn at the value of each key. A value that fn does not read is
// skipped. It is a fault if something else than an object comes next.
func (r *Reader) Object(fn func(key string) error) error {
	return r.group('{', '}', func() error {
		if err := r.want(String, "a key"); err != nil {
			return err
		}
		key, err := r.quoted(r.limits.Field, true)
		if err != nil {
			return err
		}
		if err := r.expect(':'); err != nil {
			return err
		}
		return r.once(func() error { return fn(key) })
	})
}

// Array calls fn at each element, as Object does.
func (r *Reader) Array(fn func() error) error {
	return r.group('[', ']', func() error { return r.once(fn) })
}

func (r *Reader) once(fn func() error) error {
	if _, err := r.peek(); err != nil { // so that Line is the value's own
		return err
	}
	before := r.values
	if err := fn(); err != nil {
		return err
	}
	if r.values == before {
		return r.Skip()
	}
	return nil
}

func (r *Reader) group(open, end byte, item func() error) error {
	if err := r.expect(open); err != nil {
		return err
	}
	if err := r.enter(); err != nil {
		return err
	}
	for i := 0; ; i++ {
		c, err := r.peek()
		if err != nil {
			return err
		}
		if c == end {
			r.pos++
			break
		}
		if i > 0 {
			if err := r.expect(','); err != nil {
				return err
			}
		}
		if err := item(); err != nil {
			return err
		}
	}
	r.depth--
	r.values++
	return nil
}

func (r *Reader) want(k Kind, name string) error {
	got, err := r.Kind()
	if err == nil && got != k {
		err = r.Fault(fmt.Sprintf("%s where %s is due", got, name), "export the file again from the tool itself")
	}
	return err
}

func (k Kind) String() string {
	switch k {
	case Object:
		return "an object"
	case Array:
		return "a list"
	case String:
		return "a text"
	case Number:
		return "a number"
	case Bool:
		return "true or false"
	case Null:
		return "null"
	}
	return "something else"
}

// Text reads a string. One longer than the limit of a field is a fault.
func (r *Reader) Text() (string, error) {
	if err := r.want(String, "a text"); err != nil {
		return "", err
	}
	s, err := r.quoted(r.limits.Field, true)
	r.values++
	return s, err
}

// Brief reads any scalar as text, of which the first n bytes are enough. Null
// is "", and so are objects and lists, which are skipped.
func (r *Reader) Brief(n int) (string, error) {
	k, err := r.Kind()
	if err != nil {
		return "", err
	}
	switch k {
	case String:
		s, err := r.quoted(n, false)
		r.values++
		return strings.ToValidUTF8(s, ""), err
	case Number, Bool:
		return r.literal()
	default:
		return "", r.Skip()
	}
}

// True reads a bool; whatever else comes is skipped and false.
func (r *Reader) True() (bool, error) {
	k, err := r.Kind()
	if err != nil || k != Bool {
		return false, errors.Join(err, r.skipUnless(err))
	}
	s, err := r.literal()
	return s == "true", err
}

func (r *Reader) skipUnless(err error) error {
	if err != nil {
		return nil
	}
	return r.Skip()
}

// Skip reads over the next value, whatever its length.
func (r *Reader) Skip() error {
	k, err := r.Kind()
	if err != nil {
		return err
	}
	switch k {
	case Object:
		return r.group('{', '}', func() error {
			if err := r.want(String, "a key"); err != nil {
				return err
			}
			if _, err := r.quoted(0, false); err != nil {
				return err
			}
			if err := r.expect(':'); err != nil {
				return err
			}
			return r.Skip()
		})
	case Array:
		return r.group('[', ']', r.Skip)
	case String:
		_, err := r.quoted(0, false)
		r.values++
		return err
	default:
		_, err := r.literal()
		return err
	}
}

// End checks that nothing follows the document.
func (r *Reader) End() error {
	c, err := r.peek()
	if err == nil && c != 0 {
		err = r.broken("%q behind its end", c)
	}
	return err
}

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
		if b = append(b, c); len(b) > 512 {
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
