package collect

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SafeCell returns the value as it may stand in a table that a spreadsheet
// opens. A spreadsheet takes a cell that begins with =, +, - or @ for a formula
// and runs it, also after a tab or a line break; an apostrophe in front makes it
// text. Plain numbers, such as -5 or +1.25, are left alone. Every CSV and XLSX
// file we write passes its text through here.
func SafeCell(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	switch r {
	case '+', '-':
		if _, err := strconv.ParseFloat(s, 64); err == nil && !strings.ContainsAny(s, "xXnN_") {
			return s
		}
		return "'" + s
	// The full-width forms are read as the plain signs by some spreadsheets.
	case '=', '@', '\t', '\r', '\n', '|', '%', '＝', '＋', '－', '＠':
		return "'" + s
	}
	return s
}

// WriteCSV writes a table as CSV with every cell made safe. Lines end in CR LF,
// as RFC 4180 and Excel have it.
func WriteCSV(w io.Writer, header []string, rows func(yield func([]string) bool)) error {
	cw := csv.NewWriter(w)
	cw.UseCRLF = true
	safe := make([]string, 0, len(header))
	put := func(row []string) error {
		safe = safe[:0]
		for _, s := range row {
			safe = append(safe, SafeCell(s))
		}
		return cw.Write(safe)
	}
	if err := put(header); err != nil {
		return err
	}
	for row := range rows {
		if err := put(row); err != nil {
			return err
		}
	}
	cw.Flush()
	return cw.Error()
}
