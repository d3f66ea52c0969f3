// Package safe is the ground the readers of foreign files stand on: bytes
// under a limit, text in a known encoding, and faults that say where they are
// and how to mend them.
package safe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/asepsis/asepsis/internal/collect"
)

// Fault is something wrong with the content of a file.
type Fault struct {
	Line   int // 1 is the first; 0 where it is not known
	Column string
	Reason string
	Mend   string
}

func (f *Fault) Error() string {
	return collect.RowFault{Line: f.Line, Column: f.Column, Reason: f.Reason, Mend: f.Mend}.String()
}

// Refuse makes err the refusal of a file where it is a [Fault]. Errors of
// reading and of an ended context stay what they are: they say nothing about
// the file.
func Refuse(in collect.Input, format string, err error) error {
	if err == nil {
		return nil
	}
	if r, ok := errors.AsType[*collect.Refusal](err); ok {
		return r
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return &collect.Refusal{File: in.Name, Format: format, Faults: []collect.RowFault{
			{Line: f.Line, Column: f.Column, Reason: f.Reason, Mend: f.Mend},
		}}
	}
	return fmt.Errorf("read %s: %w", in.Name, err)
}

// Bytes reads the file under its size limit and ends with ctx.
func Bytes(ctx context.Context, in collect.Input) (io.Reader, error) {
	if in.Size == 0 {
		return nil, &Fault{Reason: "the file is empty", Mend: "export it again"}
	}
	if in.Limits.Bytes > 0 && in.Size > in.Limits.Bytes {
		return nil, tooLarge(in.Limits.Bytes)
	}
	return &bounded{ctx: ctx, r: in.Reader(), left: in.Limits.Bytes, max: in.Limits.Bytes}, nil
}

// Bound ends r with a [Fault] after limit bytes, and with ctx.
func Bound(ctx context.Context, r io.Reader, limit int64) io.Reader {
	return &bounded{ctx: ctx, r: r, left: limit, max: limit}
}

func tooLarge(limit int64) *Fault {
	return &Fault{
		Reason: fmt.Sprintf("the file holds more than %d MB, the most that is read", limit>>20),
		Mend:   "export fewer hosts or a shorter period at a time",
	}
}

type bounded struct {
	ctx       context.Context //nolint:containedctx // the reader lives no longer than the call that made it
	r         io.Reader
	left, max int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if b.max > 0 {
		if b.left -= int64(n); b.left < 0 {
			return 0, tooLarge(b.max)
		}
	}
	return n, err
}

// Text decodes r to UTF-8. The encoding is that of a byte order mark, else
// that of the first character where it can only be UTF-16, else declared, by
// its name in a declaration, else UTF-8. UTF-8 comes back unchecked.
func Text(r io.Reader, head []byte, declared string) (io.Reader, error) {
	enc, skip := sniff(head)
	if enc == nil && skip == 0 {
		var err error
		if enc, err = named(declared); err != nil {
			return nil, err
		}
	}
	if skip > 0 {
		if _, err := io.CopyN(io.Discard, r, int64(skip)); err != nil {
			return nil, err
		}
	}
	if enc == nil {
		return r, nil
	}
	return transform.NewReader(r, enc.NewDecoder()), nil
}

// sniff returns the encoding that the first bytes prove and how many of them
// are a mark to leave out. A nil encoding with a mark is UTF-8.
func sniff(head []byte) (encoding.Encoding, int) {
	little, big := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	switch {
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		return nil, 3
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return little, 2
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return big, 2
	case len(head) >= 2 && head[0] != 0 && head[1] == 0:
		return little, 0
	case len(head) >= 2 && head[0] == 0 && head[1] != 0:
		return big, 0
	}
	return nil, 0
}

func named(name string) (encoding.Encoding, error) {
	switch string(bytes.ToLower([]byte(name))) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return nil, nil
	// A UTF-16 file has been told by its first bytes; what still claims to be
	// one was saved anew by a tool that left the declaration alone.
	case "utf-16", "utf-16le", "utf-16be":
		return nil, nil
	case "iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252":
		// Windows-1252 is Latin-1 with letters in place of rare controls, and
		// files that declare the one often hold the other.
		return charmap.Windows1252, nil
	case "iso-8859-15":
		return charmap.ISO8859_15, nil
	}
	return nil, &Fault{
		Line: 1, Reason: fmt.Sprintf("the encoding %.40q is not read", name), Mend: "save the file as UTF-8",
	}
}

// Head returns the first bytes of a file as UTF-8 for a look at what it is.
// A character cut off at the end is of no matter to it.
func Head(head []byte) []byte {
	enc, skip := sniff(head)
	head = head[skip:]
	if enc == nil {
		return head
	}
	out, _, err := transform.Bytes(enc.NewDecoder(), head)
	if err != nil {
		return nil
	}
	return out
}
