package reports

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// table reads comma-separated values as RFC 4180 has them, cells of several
// lines included, within the limits of a file.
type table struct {
	br   *bufio.Reader
	sep  byte
	line int // of the newest record
	next int
	most int // bytes of a record
}

func openTable(ctx context.Context, in collect.Input) (*table, error) {
	src, err := safe.Bytes(ctx, in)
	if err != nil {
		return nil, err
	}
	head, err := in.Head()
	if err != nil {
		return nil, err
	}
	if src, err = safe.Text(src, head[:min(len(head), 4)], ""); err != nil {
		return nil, err
	}
	return &table{br: bufio.NewReaderSize(src, 64<<10), sep: separator(safe.Head(head)), next: 1, most: 4 * max(in.Limits.Field, 1<<16)}, nil
}

// separator is the one of , ; and tab that the first lines have most of.
func separator(head []byte) byte {
	best, most := byte(','), 0
	first := head[:min(len(head), 4096)]
	for _, c := range []byte{',', ';', '\t'} {
		if n := bytes.Count(first, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// record reads the cells of the next record that is not blank; io.EOF behind
// the last.
func (t *table) record() ([]string, error) {
	var cells []string
	var cell []byte
	t.line = t.next
	size, quoted, wasQuoted := 0, false, false
	fault := func(reason, mend string) error { return &safe.Fault{Line: t.line, Reason: reason, Mend: mend} }
	end := func() error {
		if !utf8.Valid(cell) || bytes.IndexByte(cell, 0) >= 0 {
			return fault("the text is not UTF-8", "save the file as CSV in UTF-8")
		}
		s := string(cell)
		if len(s) > nodeText {
			s = strings.ToValidUTF8(s[:nodeText], "")
		}
		cells, cell, wasQuoted = append(cells, s), cell[:0], false
		return nil
	}
	for {
		c, err := t.br.ReadByte()
		if errors.Is(err, io.EOF) {
			if quoted {
				return nil, fault("the file ends inside of a quoted cell", "export or copy it again")
			}
			if len(cells) == 0 && len(cell) == 0 && !wasQuoted {
				return nil, io.EOF
			}
			if err := end(); err != nil {
				return nil, err
			}
			return cells, nil
		}
		if err != nil {
			return nil, err
		}
		if size++; size > t.most || len(cells) > 4096 {
			return nil, fault("one row is longer than any that is read; a quote may be missing", "export the file again")
		}
		switch {
		case quoted && c == '"':
			if p, err := t.br.Peek(1); err == nil && p[0] == '"' {
				_, _ = t.br.Discard(1) // it was there
				cell = append(cell, '"')
				continue
			}
			quoted = false
		case c == '"' && len(cell) == 0 && !wasQuoted:
			quoted, wasQuoted = true, true
		case c == t.sep && !quoted:
			if err := end(); err != nil {
				return nil, err
			}
		case c == '\n':
			t.next++
			if quoted {
				cell = append(cell, c)
				continue
			}
			cell = bytes.TrimSuffix(cell, []byte{'\r'})
			if len(cells) == 0 && len(cell) == 0 && !wasQuoted { // a blank line
				t.line, size = t.next, 0
				continue
			}
			if err := end(); err != nil {
				return nil, err
			}
			return cells, nil
		default:
			cell = append(cell, c)
		}
	}
}

// CSV reads a table. The headers are the first row that has all of the cells in
// want; what stands above them is handed to above, if that is given. Rows are
// nodes whose members are named by the headers.
func CSV(ctx context.Context, in collect.Input, want []string, above func(cells []string), each func(*Node) error) error {
	t, err := openTable(ctx, in)
	if err != nil {
		return err
	}
	var headers []string
	for len(want) > 0 {
		cells, err := t.record()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if headers == nil {
			if names := trimmed(cells); containsAll(names, want) {
				headers = names
			} else if above != nil {
				above(cells)
			}
			if t.line > 200 && headers == nil {
				break
			}
			continue
		}
		if blank(cells) {
			continue // what a spreadsheet leaves below a table
		}
		n := Node{kind: jsonsafe.Object, line: t.line, keys: headers[:min(len(headers), len(cells))]}
		for _, c := range cells[:len(n.keys)] {
			n.list = append(n.list, Node{kind: jsonsafe.String, line: t.line, text: c})
		}
		if err := each(&n); err != nil {
			return err
		}
	}
	if headers == nil {
		return &safe.Fault{Line: 1, Reason: "there is no row with the headers " + cmp.Or(strings.Join(want, ", "), "of this format"), Mend: "export the report again with all its columns"}
	}
	return nil
}

func blank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" })
}

func trimmed(cells []string) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = strings.TrimSpace(strings.TrimPrefix(c, "\ufeff"))
	}
	return out
}

func containsAll(have, want []string) bool {
	for _, w := range want {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}

// Headers returns the cells of the first row of a table that has all of want, or nil. It is for Recognize,
// which has only the head of a file.
func Headers(head []byte, want ...string) []string {
	head = safe.Head(head)
	t := &table{br: bufio.NewReader(bytes.NewReader(head)), sep: separator(head), next: 1, most: collect.HeadSize}
	for range 20 {
		cells, err := t.record()
		if err != nil {
			return nil
		}
		if names := trimmed(cells); containsAll(names, want) {
			return names
		}
	}
	return nil
}
