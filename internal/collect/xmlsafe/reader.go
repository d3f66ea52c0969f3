// Package xmlsafe reads XML that may have been made to hurt: a pull reader
// that holds one tag at a time, knows only the five entities XML is born with,
// fetches nothing, and stops at limits of depth, attributes, elements and size.
//
// It accepts less than XML allows (no document type with declarations) and
// nothing that encoding/xml would refuse; a fuzz test holds the two side by side.
package xmlsafe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// Token is what Next met.
type Token uint8

// The tokens.
const (
	Start Token = iota + 1 // an element begins; Name, Space and Attr speak of it
	End                    // the innermost open element ends
	Text                   // a piece of text of the innermost open element; see Chunk
	EOF
)

const (
	bufSize  = 64 << 10
	maxAttrs = 256
	// elementsPerItem is how many elements an item of a report may have on
	// average before the file counts as hostile. Nessus items have some 30.
	elementsPerItem = 64
)

// Options are what a format allows beyond plain elements and text.
type Options struct {
	// Doctype is the one document type that may be named, without declarations
	// of its own. It is read over and never fetched.
	Doctype string
}

// Reader reads one document. It is not safe for use by several goroutines.
type Reader struct {
	src      io.Reader
	buf      []byte
	pos, end int
	eof      bool
	err      error

	limits   collect.Limits
	elements int
	maxTag   int
	opts     Options

	line      int
	startLine int // of the newest start tag
	open      []element
	spaces    []binding
	seenRoot  bool
	closing   bool // the newest start tag closed itself
	cdata     bool

	tag   []byte // the newest start tag, between < and >
	name  string
	space string
	attrs []attr
	chunk []byte
	text  []byte // scratch of chunk

	names map[string]string
}

type element struct {
	name   string // as written, with its prefix
	spaces int    // bindings in force outside it
}

type binding struct{ prefix, uri string }

type attr struct {
	name   string
	lo, hi int // its value in tag
}

var declaration = regexp.MustCompile(`^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']`)

// Open starts reading a file. The errors of Open and of every method are a
// *safe.Fault where the content is at fault.
func Open(ctx context.Context, in collect.Input, opts Options) (*Reader, error) {
	r, err := safe.Bytes(ctx, in)
	if err != nil {
		return nil, err
	}
	head := make([]byte, min(in.Size, 1024))
	if _, err := in.R.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var declared string
	if m := declaration.FindSubmatch(safe.Head(head)); m != nil {
		declared = string(m[1])
	}
	if r, err = safe.Text(r, head, declared); err != nil {
		return nil, err
	}
	return New(r, in.Limits, opts), nil
}

// New reads a document from UTF-8 text.
func New(r io.Reader, limits collect.Limits, opts Options) *Reader {
	if limits.Depth <= 0 {
		limits = collect.DefaultLimits()
	}
	return &Reader{
		src: r, buf: make([]byte, bufSize), limits: limits, opts: opts, line: 1,
		maxTag:   4*limits.Field + bufSize,
		elements: max(limits.Items, limits.Items*elementsPerItem),
		names:    make(map[string]string),
	}
}

// Line is the line of the newest start tag.
func (r *Reader) Line() int { return r.startLine }

// Depth is the number of open elements.
func (r *Reader) Depth() int { return len(r.open) }

// Name is the local name of the newest start tag.
func (r *Reader) Name() string { return r.name }

// Space is the name space of the newest start tag: its URI, or the prefix
// where none is declared.
func (r *Reader) Space() string { return r.space }

// Attr returns an attribute of the newest start tag by its name as written, or
// "". It must be asked before the reader moves on.
func (r *Reader) Attr(name string) string {
	v, _ := r.Lookup(name)
	return v
}

// Lookup is Attr that tells an empty attribute from one that is absent.
func (r *Reader) Lookup(name string) (string, bool) {
	for _, a := range r.attrs {
		if a.name == name {
			v, err := unescape(nil, r.tag[a.lo:a.hi])
			if err != nil { // checked when the tag was read
				return "", true
			}
			return string(v), true
		}
	}
	return "", false
}

// Chunk is the text of the newest Text token. It is valid until the reader
// moves on.
func (r *Reader) Chunk() []byte { return r.chunk }

// Fault is a fault of the content at the newest start tag.
func (r *Reader) Fault(reason, mend string) error {
	return &safe.Fault{Line: r.startLine, Reason: reason, Mend: mend}
}

func (r *Reader) broken(format string, args ...any) error {
	return &safe.Fault{
		Line: r.line, Reason: "not well-formed XML: " + fmt.Sprintf(format, args...),
		Mend: "export the file again; it may have been cut off or edited",
	}
}

func (r *Reader) limit(format string, args ...any) error {
	return &safe.Fault{
		Line: r.line, Reason: fmt.Sprintf(format, args...),
		Mend: "no honest report looks like this; export it again from the tool itself",
	}
}

// Next returns the next token. After an error it returns that error again.
func (r *Reader) Next() (Token, error) {
	if r.err != nil {
		return 0, r.err
	}
	t, err := r.next()
	if err != nil {
		r.err = err
	}
	return t, err
}

func (r *Reader) next() (Token, error) {
	if r.closing {
		r.closing = false
		r.pop()
		return End, nil
	}
	for {
		if r.cdata {
			done, err := r.readCDATA()
			if err != nil {
				return 0, err
			}
			r.cdata = !done
			if len(r.chunk) > 0 {
				return Text, nil
			}
			continue
		}
		ok, err := r.ensure(1)
		if err != nil {
			return 0, err
		}
		if !ok {
			return r.atEOF()
		}
		if r.buf[r.pos] != '<' {
			got, err := r.readText()
			if err != nil {
				return 0, err
			}
			if got {
				return Text, nil
			}
			continue
		}
		if ok, err = r.ensure(2); err != nil {
			return 0, err
		}
		if !ok {
			return 0, r.cutOff()
		}
		switch r.buf[r.pos+1] {
		case '/':
			return End, r.readEnd()
		case '?':
			err = r.readInstruction()
		case '!':
			err = r.readDeclaration()
		default:
			return Start, r.readStart()
		}
		if err != nil {
			return 0, err
		}
	}
}

func (r *Reader) cutOff() error {
	in := ""
	if n := len(r.open); n > 0 {
		in = fmt.Sprintf(" inside <%.40s>", r.open[n-1].name)
	}
	return &safe.Fault{Line: r.line, Reason: "the file ends" + in + " before it is complete", Mend: "export or copy it again"}
}

func (r *Reader) atEOF() (Token, error) {
	if len(r.open) > 0 {
		return 0, r.cutOff()
	}
	if !r.seenRoot {
		return 0, r.broken("there is no element in it")
	}
	return EOF, nil
}

// ensure makes n bytes available at pos; false says the file ends before.
func (r *Reader) ensure(n int) (bool, error) {
	for r.end-r.pos < n {
		if r.eof {
			return false, nil
		}
		if err := r.fill(); err != nil {
			return false, err
		}
	}
	return true, nil
}

// fill reads more bytes behind those not yet used. The buffer grows only for a
// tag that does not fit, and only to its limit.
func (r *Reader) fill() error {
	if r.pos > 0 {
		copy(r.buf, r.buf[r.pos:r.end])
		r.end -= r.pos
		r.pos = 0
	}
	if r.end == len(r.buf) {
		if len(r.buf) >= r.maxTag {
			return r.limit("one tag is longer than %d bytes", r.maxTag)
		}
		r.buf = append(r.buf, make([]byte, min(len(r.buf), r.maxTag-len(r.buf)))...)
	}
	for range 100 {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		if errors.Is(err, io.EOF) {
			r.eof = true
			return nil
		}
		if err != nil {
			return err
		}
		if n > 0 {
			return nil
		}
	}
	return io.ErrNoProgress
}

func (r *Reader) advance(n int) {
	r.line += bytes.Count(r.buf[r.pos:r.pos+n], newline)
	r.pos += n
}

var newline = []byte{'\n'}

func (r *Reader) pop() {
	top := r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	r.spaces = r.spaces[:top.spaces]
}
