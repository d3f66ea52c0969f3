// Package jsonsafe reads JSON that may have been made to hurt: a pull reader
// that holds one value at a time and stops at limits of depth and size.
//
// It takes what RFC 8259 allows in UTF-8 and nothing else; a fuzz test holds it
// beside encoding/json.
package jsonsafe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

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
