package table

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/errs"
)

// Template is an empty table to fill in.
type Template struct {
	Name  string `json:"name"` // file name: people.csv, people.xlsx
	Table string `json:"table"`
	Title string `json:"title"`
	Gives string `json:"gives"`
	MIME  string `json:"mime"`
}

// Templates lists the templates: each kind as CSV and as workbook.
func Templates() []Template {
	var ts []Template
	for _, k := range Kinds() {
		for _, c := range [...]struct{ ext, mime string }{
			{".csv", "text/csv; charset=utf-8"},
			{".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		} {
			ts = append(ts, Template{Name: k.Name + c.ext, Table: k.Name, Title: k.Title, Gives: k.Gives, MIME: c.mime})
		}
	}
	return ts
}

// WriteTemplate returns the bytes of the template with the name. The importer
// leaves out what it explains, and refuses its example rows as data. It returns
// an error of kind errs.NotFound if there is none.
func WriteTemplate(name string) ([]byte, error) {
	for _, t := range Templates() {
		if t.Name != name {
			continue
		}
		k, _ := KindOf(t.Table)
		if strings.HasSuffix(name, ".csv") {
			return csvTemplate(k)
		}
		return xlsxTemplate(k)
	}
	return nil, errs.Hint(errs.New(errs.NotFound, "there is no template %.40q", name), "there are templates of %s, as .csv and .xlsx", kindNames())
}

// explain says how to fill the table in, a line each.
func explain(k *Kind) []string {
	return []string{
		k.Title + ": " + k.Gives + ".",
		"Fill in one row for each. Delete the rows that begin with EXAMPLE; they are never taken as data.",
		"Leave a cell empty where you do not know. Columns you have no use for may be deleted, and their order does not matter.",
		"Dates: 2026-11-03 or 11/03/2026. Yes or no: yes, no. Several values in a cell: separate them by semicolons.",
		"Rows are told apart by " + k.Key + ".",
	}
}

// templateFields are the fields a template shows: those with a use of their own.
func templateFields(k *Kind) []*Field {
	var fs []*Field
	for i := range k.Fields {
		f := &k.Fields[i]
		if f.Example != [2]string{} || f.Need != "" || f.Name == "backup_at" || f.Name == "backup_encrypted" || f.Name == "disabled_at" {
			fs = append(fs, f)
		}
	}
	// The sign-in name and the click are enough: what says the same in another
	// way is for exports.
	out := fs[:0]
	for _, f := range fs {
		if k == &phishing && (f.Name == "submitted" || f.Name == "event") {
			continue
		}
		out = append(out, f)
	}
	return out
}

// exampleRows are the two example rows, marked as such.
func exampleRows(fs []*Field) [2][]string {
	var rows [2][]string
	for i := range rows {
		for j, f := range fs {
			v := f.Example[i]
			if j == 0 {
				v = exampleMark + v
			}
			rows[i] = append(rows[i], v)
		}
	}
	return rows
}

func csvTemplate(k *Kind) ([]byte, error) {
	var b bytes.Buffer
	// Excel takes a CSV file for UTF-8 only where it begins with this mark.
	b.WriteString("\xEF\xBB\xBF")
	for _, line := range explain(k) {
		fmt.Fprintf(&b, "\"# %s\"\r\n", strings.ReplaceAll(line, `"`, `""`))
	}
	fs := templateFields(k)
	header := make([]string, len(fs))
	for i, f := range fs {
		header[i] = f.Name
	}
	ex := exampleRows(fs)
	err := collect.WriteCSV(&b, header, func(yield func([]string) bool) { _ = yield(ex[0]) && yield(ex[1]) })
	return b.Bytes(), err
}

// xlsxTemplate writes the table on the first sheet and the explanation on the second.
func xlsxTemplate(k *Kind) ([]byte, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // nothing on disk to lose
	w := sheetWriter{f: f}
	fs := templateFields(k)
	sheet := strings.ToUpper(k.Name[:1]) + k.Name[1:]
	w.do(f.SetSheetName("Sheet1", sheet))
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{Vertical: "top"}})
	w.do(err)
	gray, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Italic: true, Color: "707070"}, NumFmt: 49})
	w.do(err)
	asText, err := f.NewStyle(&excelize.Style{NumFmt: 49}) // text: Excel does not turn 00123 into 123
	w.do(err)
	wrap, err := f.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	w.do(err)

	ex := exampleRows(fs)
	for i, fd := range fs {
		col, err := excelize.ColumnNumberToName(i + 1)
		w.do(err)
		w.do(f.SetColStyle(sheet, col, asText))
		w.do(f.SetColWidth(sheet, col, col, float64(min(max(len(fd.Name)+3, 14), 30))))
		w.text(sheet, col+"1", fd.Name, bold)
		w.text(sheet, col+"2", ex[0][i], gray)
		w.text(sheet, col+"3", ex[1][i], gray)
	}
	w.do(f.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))

	const help = "How to fill this in"
	_, err = f.NewSheet(help)
	w.do(err)
	for col, width := range map[string]float64{"A": 28, "B": 14, "C": 80, "D": 40} {
		w.do(f.SetColWidth(help, col, col, width))
	}
	row := 1
	for _, line := range explain(k) {
		w.text(help, fmt.Sprintf("A%d", row), line, 0)
		row++
	}
	row++
	for i, h := range [...]string{"Column", "Holds", "Meaning", "Example"} {
		w.text(help, fmt.Sprintf("%c%d", 'A'+i, row), h, bold)
	}
	for _, fd := range fs {
		row++
		for i, v := range [...]string{fd.Name, fd.Type.String(), fd.Doc, strings.TrimSpace(fd.Example[0] + "\n" + fd.Example[1])} {
			w.text(help, fmt.Sprintf("%c%d", 'A'+i, row), v, wrap)
		}
	}
	if w.err != nil {
		return nil, fmt.Errorf("write the template of %s: %w", k.Name, w.err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("write the template of %s: %w", k.Name, err)
	}
	return b.Bytes(), nil
}

// sheetWriter keeps the first error of many small writes.
type sheetWriter struct {
	f   *excelize.File
	err error
}

func (w *sheetWriter) do(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *sheetWriter) text(sheet, cell, v string, style int) {
	w.do(w.f.SetCellStr(sheet, cell, collect.SafeCell(v)))
	if style != 0 {
		w.do(w.f.SetCellStyle(sheet, cell, cell, style))
	}
}
