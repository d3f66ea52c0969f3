// Package lines reads files that are made of lines: logs, leases, listings of
// the command line. It unpacks gzip, decodes UTF-16 as PowerShell writes it and
// what old programs wrote in Windows-1252, and stops at limits of size.
package lines

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

const bufSize = 64 << 10

// Reader reads a file line by line. It holds one line at a time and is not safe
// for use by several goroutines.
type Reader struct {
	src      io.Reader
	buf      []byte
	pos, end int
	eof      bool
	plain    bool // what is in buf holds no NUL and is UTF-8
	max      int
	strict   bool
	long     []byte // a line that a buffer's end cut in two
	line     int
	ended    bool
}

// Open starts reading a file, packed with gzip or not. A line longer than most
// bytes is a fault.
func Open(ctx context.Context, in collect.Input, most int) (*Reader, error) {
	src, err := Unpacked(ctx, in)
	if err != nil {
		return nil, err
	}
	return New(src, most), nil
}

// Unpacked returns the text of a file, unpacked where it is packed with gzip,
// under the limits of the input.
func Unpacked(ctx context.Context, in collect.Input) (io.Reader, error) {
	src, err := safe.Bytes(ctx, in)
	if err != nil {
		return nil, err
	}
	head := make([]byte, min(in.Size, 4))
	if _, err := in.R.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if packed(head) {
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, damaged(err)
		}
		src = safe.Unpacked(ctx, unpacker{z}, in.Size, in.Limits.Bytes)
		first := make([]byte, 4)
		n, err := io.ReadFull(src, first)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			return nil, err
		}
		head = first[:n]
		src = io.MultiReader(bytes.NewReader(head), src)
	}
	return safe.Text(src, head, "")
}

func packed(head []byte) bool { return len(head) >= 2 && head[0] == 0x1F && head[1] == 0x8B }

// unpacker makes the errors of a damaged archive faults of the file.
type unpacker struct{ z *gzip.Reader }

func (u unpacker) Read(p []byte) (int, error) {
	n, err := u.z.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(err)
	}
	return n, err
}

func damaged(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.EOF) {
		return &safe.Fault{Reason: "the packed file (gzip) is cut off or damaged", Mend: "copy it again"}
	}
	if _, ok := errors.AsType[*safe.Fault](err); ok || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &safe.Fault{Reason: fmt.Sprintf("the packed file (gzip) cannot be unpacked: %.80s", err), Mend: "copy it again"}
}

// New reads lines from text.
func New(r io.Reader, most int) *Reader {
	return &Reader{src: r, buf: make([]byte, bufSize), max: most}
}

// Strict makes bytes that are not UTF-8 a fault: what writes JSON has no other encoding.
func (r *Reader) Strict() *Reader {
	r.strict = true
	return r
}

// Line is the number of the line that Next returned last.
func (r *Reader) Line() int { return r.line }

// Ended reports whether the line that Next returned last ended in a newline. A
// program ends every line it writes, so one that does not was cut off.
func (r *Reader) Ended() bool { return r.ended }

// Fault is a fault of the content at the reader's line.
func (r *Reader) Fault(reason, mend string) error {
	return &safe.Fault{Line: r.line, Reason: reason, Mend: mend}
}

// Next returns the next line as UTF-8, without its end; io.EOF behind the last.
// The bytes are valid until Next is called again. A NUL byte is a fault.
func (r *Reader) Next() ([]byte, error) {
	r.long = r.long[:0]
	for {
		if r.pos == r.end {
			if r.eof {
				if len(r.long) == 0 {
					return nil, io.EOF
				}
				r.line++
				r.ended = false
				return r.clean(r.long)
			}
			if err := r.fill(); err != nil {
				return nil, err
			}
			continue
		}
		i := bytes.IndexByte(r.buf[r.pos:r.end], '\n')
		if i < 0 {
			r.long = append(r.long, r.buf[r.pos:r.end]...)
			r.pos = r.end
			if len(r.long) > r.max {
				r.line++
				return nil, r.tooLong()
			}
			continue
		}
		b := r.buf[r.pos : r.pos+i]
		r.pos += i + 1
		r.line++
		r.ended = true
		if len(r.long) == 0 && r.plain && len(b) <= r.max {
			return bytes.TrimSuffix(b, []byte{'\r'}), nil
		}
		if len(r.long) > 0 {
			r.long = append(r.long, b...)
			b = r.long
		}
		if len(b) > r.max {
			return nil, r.tooLong()
		}
		return r.clean(b)
	}
}

func (r *Reader) tooLong() error {
	return r.Fault(fmt.Sprintf("the line is longer than %d bytes", r.max), "no such file has lines like this; export it again")
}

func (r *Reader) fill() error {
	r.pos, r.end = 0, 0
	for range 100 {
		n, err := r.src.Read(r.buf)
		r.end = n
		r.plain = bytes.IndexByte(r.buf[:n], 0) < 0 && utf8.Valid(r.buf[:n])
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

func (r *Reader) clean(b []byte) ([]byte, error) {
	if bytes.IndexByte(b, 0) >= 0 {
		return nil, r.Fault("there is a NUL byte in the line", "the file is damaged or no text; export it again")
	}
	b = bytes.TrimSuffix(b, []byte{'\r'})
	if utf8.Valid(b) {
		return b, nil
	}
	if r.strict {
		return nil, r.Fault("the text is not UTF-8", "save or export the file as UTF-8")
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return nil, r.Fault("the text is in an encoding that is not read", "save the file as UTF-8")
	}
	return out, nil
}

// Head returns the first bytes of a file, unpacked, as UTF-8 for a look at what it is.
func Head(head []byte) []byte {
	if !packed(head) {
		return safe.Head(head)
	}
	z, err := gzip.NewReader(bytes.NewReader(head))
	if err != nil {
		return nil
	}
	out := make([]byte, collect.HeadSize)
	n, _ := io.ReadFull(z, out) // the head of an archive always ends too early
	return safe.Head(out[:n])
}

// First calls f with the first lines of a head until f returns false. A line
// that the head's end cuts off is left out unless it is the only one.
func First(head []byte, f func(line []byte) bool) {
	for n := 0; len(head) > 0; n++ {
		line, rest, whole := bytes.Cut(head, []byte{'\n'})
		if !whole && n > 0 && len(head) > 512 {
			return
		}
		if !f(bytes.TrimSuffix(line, []byte{'\r'})) {
			return
		}
		head = rest
	}
}
