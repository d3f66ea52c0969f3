package grid

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/asepsis/asepsis/internal/collect"
)

// csvSheet is a CSV file whose encoding and delimiter are known.
type csvSheet struct {
	in   collect.Input
	info Info
	skip int // lines before the table: a "sep=;" line
}

func openCSV(ctx context.Context, in collect.Input, head []byte) (Sheet, error) {
	s, err := sniff(in, head)
	if err != nil {
		return nil, err
	}
	if s.info.Encoding == utf8Name || s.info.Encoding == cp1252Name {
		if s.info.Encoding, err = checkText(ctx, in, head); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// sniff decides encoding and delimiter from the first bytes.
func sniff(in collect.Input, head []byte) (*csvSheet, error) {
	enc, err := encodingOf(head, int64(len(head)) == in.Size)
	if err != nil {
		return nil, err
	}
	s := &csvSheet{in: in, info: Info{Container: "csv", Encoding: enc}}
	text, err := io.ReadAll(io.LimitReader(decode(bytesReader(head), enc), 2*collect.HeadSize))
	if err != nil {
		return nil, &Fault{Reason: "it is no text that can be read", Mend: "export it again as CSV in UTF-8"}
	}
	s.info.Delimiter, s.skip = delimiterOf(text)
	return s, nil
}

func (s *csvSheet) Info() Info { return s.info }

func (s *csvSheet) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		r := newReader(decode(s.in.Reader(), s.info.Encoding), s.info.Delimiter, s.in.Limits)
		for n := 0; ; n++ {
			if n%512 == 0 {
				if err := ctx.Err(); err != nil {
					yield(Row{}, err)
					return
				}
			}
			row, err := r.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Row{}, faultAt(r.line, err))
				return
			}
			if n < s.skip {
				continue
			}
			if n > s.in.Limits.Items {
				yield(Row{}, &Fault{Line: row.Line, Reason: fmt.Sprintf("the table has more than %d rows", s.in.Limits.Items), Mend: "split the file"})
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// reader takes CSV apart as RFC 4180 has it, and forgives what is common and
// harmless: any line ending, quotes inside a cell that does not begin with one.
// It differs from encoding/csv in that no cell can make it hold more than the limit.
type reader struct {
	r      *bufio.Reader
	delim  byte
	limits collect.Limits
	line   int // of the next byte
	buf    []byte
	ends   []int
}

func newReader(r io.Reader, delim byte, limits collect.Limits) *reader {
	return &reader{r: bufio.NewReaderSize(r, 64<<10), delim: delim, limits: limits, line: 1}
}

// next returns the next row; blank lines are rows with one empty cell. It
// returns io.EOF after the last.
func (r *reader) next() (Row, error) {
	r.buf, r.ends = r.buf[:0], r.ends[:0]
	start := r.line
	if _, err := r.r.Peek(1); err != nil {
		return Row{}, err
	}
	for {
		end, err := r.cell()
		if err != nil {
			return Row{}, err
		}
		r.ends = append(r.ends, len(r.buf))
		if end {
			break
		}
		if len(r.ends) >= MaxColumns {
			return Row{}, &Fault{Line: start, Reason: fmt.Sprintf("the row has more than %d cells", MaxColumns), Mend: "export the table again; this is not the one you mean"}
		}
	}
	all := string(r.buf)
	cells := make([]string, len(r.ends))
	from := 0
	for i, to := range r.ends {
		cells[i] = all[from:to]
		from = to
	}
	return Row{Line: start, Cells: cells}, nil
}

// cell reads one cell into buf and reports whether it ends the row.
func (r *reader) cell() (end bool, err error) {
	from := len(r.buf)
	c, err := r.r.ReadByte()
	if err != nil {
		return true, notEOF(err)
	}
	if c == '"' {
		return r.quoted(from)
	}
	for {
		switch {
		case c == r.delim:
			return false, nil
		case c == '\n' || c == '\r':
			return true, r.newline(c)
		case c == 0:
			return true, &Fault{Line: r.line, Reason: "a cell holds a NUL byte, which no text has", Mend: "export the file again as CSV in UTF-8"}
		}
		if err := r.put(from, c); err != nil {
			return true, err
		}
		if c, err = r.r.ReadByte(); err != nil {
			return true, notEOF(err)
		}
	}
}

// quoted reads a cell after its opening quote.
func (r *reader) quoted(from int) (end bool, err error) {
	opened := r.line
	for {
		c, err := r.r.ReadByte()
		if errors.Is(err, io.EOF) {
			return true, &Fault{
				Line:   opened,
				Reason: "a quoted cell begins here and never ends; the file may be cut short",
				Mend:   "export it again, or close the quote",
			}
		}
		if err != nil {
			return true, err
		}
		switch c {
		case '"':
			c, err = r.r.ReadByte()
			switch {
			case errors.Is(err, io.EOF):
				return true, nil
			case err != nil:
				return true, err
			case c == '"':
				if err := r.put(from, c); err != nil {
					return true, err
				}
				continue
			case c == r.delim:
				return false, nil
			case c == '\n' || c == '\r':
				return true, r.newline(c)
			}
			return true, &Fault{
				Line:   r.line,
				Reason: "text follows the closing quote of a cell",
				Mend:   `write a quote inside a quoted cell twice ("")`,
			}
		case 0:
			return true, &Fault{Line: r.line, Reason: "a cell holds a NUL byte, which no text has", Mend: "export the file again as CSV in UTF-8"}
		case '\r':
			if next, err := r.r.Peek(1); err == nil && next[0] == '\n' {
				continue
			}
			c = '\n'
			r.line++
		case '\n':
			r.line++
		}
		if err := r.put(from, c); err != nil {
			return true, err
		}
	}
}

func (r *reader) put(from int, c byte) error {
	if len(r.buf)-from >= r.limits.Field {
		return &Fault{
			Line:   r.line,
			Reason: fmt.Sprintf("a cell is longer than %d kB", r.limits.Field>>10),
			Mend:   "look for a quote that is never closed, or export the table again",
		}
	}
	if len(r.buf) >= 8*max(r.limits.Field, 1<<16) {
		return &Fault{Line: r.line, Reason: "the row is too long", Mend: "export the table again with fewer columns"}
	}
	r.buf = append(r.buf, c)
	return nil
}

func (r *reader) newline(c byte) error {
	r.line++
	if c == '\r' {
		if next, err := r.r.Peek(1); err == nil && next[0] == '\n' {
			_, err := r.r.Discard(1)
			return err
		}
	}
	return nil
}

func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
