// Package grid reads tables of text cells from CSV files and Excel workbooks
// that come from anywhere.
//
// A [Sheet] is read as often as needed and never held in memory: the first pass
// finds out what the columns hold, the second converts them. Whatever the bytes,
// a pass ends, and keeps no more than one row, bounded by the limits of the input.
package grid

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
)

// MaxColumns is the number of columns of Excel; no table has more.
const MaxColumns = 16384

// Row is one row of a table. Line is where it begins, 1 being the first; in a
// workbook it is the row number.
type Row struct {
	Line  int
	Cells []string
}

// Blank reports whether no cell says anything.
func (r Row) Blank() bool {
	for _, c := range r.Cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// Fault is a file that is no table, or breaks off being one.
type Fault struct {
	Line   int
	Reason string
	Mend   string
}

func (f *Fault) Error() string {
	if f.Line > 0 {
		return fmt.Sprintf("line %d: %s", f.Line, f.Reason)
	}
	return f.Reason
}

// Sheet is a table that can be read again and again.
type Sheet interface {
	// Rows reads the table from its start. A row's cells may be kept. After an
	// error, which is a *Fault where the file is at fault, there are no more rows.
	Rows(ctx context.Context) iter.Seq2[Row, error]
	// Info says how the file was taken.
	Info() Info
}

// Info says how a file was taken.
type Info struct {
	Container string // "csv" or "xlsx"
	Encoding  string // of a CSV file: utf-8, utf-16le, utf-16be, windows-1252
	Delimiter byte   // of a CSV file
	Name      string // of the sheet, in a workbook
	Sheets    []string
	Base1904  bool // its dates count from 1904
}

// Open finds out what the file is and returns its table. The sheet of a workbook
// is the one named, or the first that is shown.
func Open(ctx context.Context, in collect.Input, sheet string) (Sheet, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	head, err := in.Head()
	if err != nil {
		return nil, err
	}
	switch {
	case in.Size == 0:
		return nil, &Fault{Reason: "the file is empty", Mend: "export it again"}
	case in.Size > in.Limits.Bytes:
		return nil, &Fault{Reason: fmt.Sprintf("the file is larger than %d MB", in.Limits.Bytes>>20), Mend: "split it, or export less of it"}
	case IsWorkbook(head):
		return openWorkbook(in, sheet)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, &Fault{Reason: "it is a ZIP archive, not a table", Mend: "unpack it and bring the file inside"}
	case bytes.HasPrefix(head, oldExcel):
		return nil, &Fault{Reason: "it is a workbook of Excel 2003 or older, or one protected by a password", Mend: "open it in Excel and save it as .xlsx without a password"}
	}
	return openCSV(ctx, in, head)
}

// oldExcel is the signature of OLE files: .xls, and encrypted .xlsx.
var oldExcel = []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}

// IsWorkbook reports whether the first bytes are those of an Excel workbook.
func IsWorkbook(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) && (bytes.Contains(head, []byte("xl/")) ||
		bytes.Contains(head, []byte("[Content_Types].xml")) && !bytes.Contains(head, []byte("word/")) && !bytes.Contains(head, []byte("ppt/")))
}

// Peek returns the first rows of the table, from the first bytes of a file
// alone, for recognizing it. It returns nil where they are no table.
func Peek(head []byte, whole bool) []Row {
	var s Sheet
	switch {
	case IsWorkbook(head):
		if !whole {
			return nil
		}
		in := collect.Input{R: bytes.NewReader(head), Size: int64(len(head)), Limits: peekLimits}
		w, err := openWorkbook(in, "")
		if err != nil {
			return nil
		}
		s = w
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, oldExcel), len(head) == 0:
		return nil
	default:
		in := collect.Input{R: bytes.NewReader(head), Size: int64(len(head)), Limits: peekLimits}
		c, err := sniff(in, head)
		if err != nil {
			return nil
		}
		s = c
	}
	var rows []Row
	for r, err := range s.Rows(context.Background()) {
		// The last row of the head is usually cut: what comes before it counts.
		if err != nil || len(rows) == peekRows {
			break
		}
		rows = append(rows, r)
	}
	return rows
}

const peekRows = 40

var peekLimits = collect.Limits{Bytes: 8 << 20, Items: 1000, Depth: 32, Field: collect.HeadSize, Findings: 1}

// faultAt wraps what a pass over the file failed with.
func faultAt(line int, err error) error {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return fmt.Errorf("line %d: %w", line, err)
}
