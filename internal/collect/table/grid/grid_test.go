package grid

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/asepsis/asepsis/internal/collect"
)

func input(b []byte) collect.Input {
	l := collect.DefaultLimits()
	l.Field = 1 << 16
	return collect.Input{Name: "file", R: bytes.NewReader(b), Size: int64(len(b)), Limits: l}
}

// read returns the rows as text, "line: a|b", and the first error.
func read(t *testing.T, in collect.Input, sheet string) ([]string, Info, error) {
	t.Helper()
	s, err := Open(t.Context(), in, sheet)
	if err != nil {
		return nil, Info{}, err
	}
	var got []string
	for r, err := range s.Rows(t.Context()) {
		if err != nil {
			return got, s.Info(), err
		}
		got = append(got, fmt.Sprintf("%d: %s", r.Line, strings.Join(r.Cells, "|")))
	}
	return got, s.Info(), nil
}

func encode(t *testing.T, s string, as string) []byte {
	t.Helper()
	var b []byte
	var err error
	switch as {
	case "1252":
		b, err = charmap.Windows1252.NewEncoder().Bytes([]byte(s))
	case "16le-bom":
		b, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(s))
	case "16be":
		b, err = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(s))
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCSV(t *testing.T) {
	long := strings.Repeat("name,mail\n", 20_000) // longer than the head
	for _, tt := range []struct {
		name string
		in   []byte
		want []string
		enc  string
		del  byte
	}{
		{"plain", []byte("a,b\n1,2\n"), []string{"1: a|b", "2: 1|2"}, "utf-8", ','},
		{"bom, crlf, no end", []byte("\xEF\xBB\xBFa,b\r\n1,2"), []string{"1: a|b", "2: 1|2"}, "utf-8", ','},
		{"old mac", []byte("a;b\r1;2\r"), []string{"1: a|b", "2: 1|2"}, "utf-8", ';'},
		{"tabs", []byte("a\tb\n1,0\t2\n"), []string{"1: a|b", "2: 1,0|2"}, "utf-8", '\t'},
		{"bars", []byte("a|b\nx,y|2\n"), []string{"1: a|b", "2: x,y|2"}, "utf-8", '|'},
		{"sep line", []byte("sep=;\na;b\n1;2\n"), []string{"2: a|b", "3: 1|2"}, "utf-8", ';'},
		{"quotes", []byte("a,b\n\"x \"\"y\"\",\nz\",2\n3,5\" disk\n"), []string{"1: a|b", "2: x \"y\",\nz|2", "4: 3|5\" disk"}, "utf-8", ','},
		{"blank lines", []byte("a,b\n\n1,2\n"), []string{"1: a|b", "2: ", "3: 1|2"}, "utf-8", ','},
		{"empty last cell", []byte("a,b\n1,"), []string{"1: a|b", "2: 1|"}, "utf-8", ','},
		{"windows", encode(t, "naïve,Müller\n", "1252"), []string{"1: naïve|Müller"}, "windows-1252", ','},
		{"utf-16", encode(t, "naïve,Müller\r\n1,2\r\n", "16le-bom"), []string{"1: naïve|Müller", "2: 1|2"}, "utf-16le", ','},
		{"utf-16 without mark", encode(t, "name,mail\r\n1,2\r\n", "16be"), []string{"1: name|mail", "2: 1|2"}, "utf-16be", ','},
	} {
		got, info, err := read(t, input(tt.in), "")
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if info.Encoding != tt.enc || info.Delimiter != tt.del {
			t.Errorf("%s: taken as %s with %q, want %s with %q", tt.name, info.Encoding, info.Delimiter, tt.enc, tt.del)
		}
	}
	// The character that is not UTF-8 comes long after the head.
	got, info, err := read(t, input(append([]byte(long), "M\xFCller,x\n"...)), "")
	if err != nil || info.Encoding != "windows-1252" || got[len(got)-1] != "20001: Müller|x" {
		t.Errorf("late Windows-1252: %s, %v, last row %q", info.Encoding, err, got[max(0, len(got)-1)])
	}
	// A character of several bytes lies across the border of two reads.
	for pad := range 4 {
		b := []byte(strings.Repeat("x", 256<<10-2-pad) + "é,ü\n")
		in := input(b)
		in.Limits.Field = 1 << 20
		if _, info, err := read(t, in, ""); err != nil || info.Encoding != "utf-8" {
			t.Errorf("pad %d: %s, %v; want utf-8", pad, info.Encoding, err)
		}
	}
}

func TestCSVRefusals(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte
		line int
		want string
	}{
		{"empty", nil, 0, "empty"},
		{"quote never closed", []byte("a,b\n1,2\n\"x,3\n4,5\n"), 3, "never ends"},
		{"text after quote", []byte("a,b\n\"x\"y,3\n"), 2, "closing quote"},
		{"nul in the head", []byte("a,b\n1,\x002\n"), 2, "NUL"},
		{"nul after the head", []byte(strings.Repeat("a,b\n", 30_000) + "1,\x002\n"), 30_001, "NUL"},
		{"huge line", []byte("a,b\n" + strings.Repeat("x", 1<<17)), 2, "longer than 64 kB"},
		{"huge quoted cell", []byte("a,b\n1,\"" + strings.Repeat("x\n", 1<<16)), 32770, "longer than 64 kB"},
		{"too many cells", []byte("a,b\n" + strings.Repeat(",", MaxColumns+1)), 2, "more than 16384 cells"},
		{"no encoding", []byte("a,b\n1,2\n3,\x81\xFF\n"), 3, "no encoding"},
		{"utf-32", []byte("\xFF\xFE\x00\x00a\x00\x00\x00"), 0, "UTF-32"},
		{"utf-8 mark on other text", []byte("\xEF\xBB\xBFa,b\nM\xFCller,1\n"), 0, "is not"},
		{"old excel", append(bytes.Clone(oldExcel), make([]byte, 600)...), 0, "Excel 2003"},
		{"zip", zipOf(t, map[string]string{"report.csv": "a,b"}), 0, "ZIP"},
	} {
		_, _, err := read(t, input(tt.in), "")
		var f *Fault
		if !errors.As(err, &f) {
			t.Errorf("%s: %v, want a fault", tt.name, err)
			continue
		}
		if f.Line != tt.line || !strings.Contains(f.Reason, tt.want) || f.Mend == "" {
			t.Errorf("%s: %+v, want line %d, %q and what to do", tt.name, f, tt.line, tt.want)
		}
	}
	in := input([]byte("a\n1\n2\n3\n"))
	in.Limits.Items = 2
	if _, _, err := read(t, in, ""); err == nil || !strings.Contains(err.Error(), "more than 2 rows") {
		t.Errorf("rows above the limit: %v", err)
	}
	in.Limits.Bytes = 3
	if _, _, err := read(t, in, ""); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("bytes above the limit: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, input([]byte("a,b\n")), ""); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

// book makes a workbook with a well-known library, as an independent witness.
func book(t testing.TB, edit func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	edit(f)
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWorkbook(t *testing.T) {
	day := time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)
	b := book(t, func(f *excelize.File) {
		must(t, f.SetSheetRow("Sheet1", "A1", &[]any{"name", "born", "at", "id", "n", "yes"}))
		must(t, f.SetSheetRow("Sheet1", "A3", &[]any{"A & \"B\" <c>", day, day.Add(90 * time.Minute), 123, 1234.5, true}))
		five := "00000"
		st, err := f.NewStyle(&excelize.Style{CustomNumFmt: &five})
		must(t, err)
		must(t, f.SetCellStyle("Sheet1", "D3", "D3", st))
		must(t, f.SetCellFormula("Sheet1", "A4", "1+1"))
		must(t, f.SetCellValue("Sheet1", "F4", "last"))
		must(t, f.SetCellRichText("Sheet1", "B5", []excelize.RichTextRun{{Text: "two "}, {Text: "parts"}}))
		_, err = f.NewSheet("Other")
		must(t, err)
		must(t, f.SetCellValue("Other", "B2", "=1+1"))
		_, err = f.NewSheet("Hidden")
		must(t, err)
		must(t, f.SetSheetVisible("Hidden", false))
	})
	got, info, err := read(t, input(b), "")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1: name|born|at|id|n|yes", `3: A & "B" <c>|2026-11-03|2026-11-03 01:30:00|00123|1234.5|TRUE`, "4: |||||last", "5: |two parts"}
	var filled []string
	for _, r := range got {
		if !strings.HasSuffix(r, ": ") {
			filled = append(filled, r)
		}
	}
	if diff := cmp.Diff(want, filled); diff != "" {
		t.Errorf("first sheet (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Sheet1", "Other"}, info.Sheets); diff != "" || info.Name != "Sheet1" {
		t.Errorf("sheets (-want +got), taken %q:\n%s", info.Name, diff)
	}
	if got, _, err := read(t, input(b), "other"); err != nil || got[len(got)-1] != "2: |=1+1" {
		t.Errorf("named sheet: %q, %v", got, err)
	}
	if _, _, err := read(t, input(b), "Nope"); err == nil || !strings.Contains(err.Error(), `no sheet "Nope"`) {
		t.Errorf("sheet that is not there: %v", err)
	}
	if rows := Peek(b, true); len(rows) == 0 || rows[0].Cells[0] != "name" {
		t.Errorf("peek: %v", rows)
	}
	old := book(t, func(f *excelize.File) {
		yes := true
		must(t, f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}))
		must(t, f.SetCellValue("Sheet1", "A1", 44867))
		st, err := f.NewStyle(&excelize.Style{NumFmt: 14})
		must(t, err)
		must(t, f.SetCellStyle("Sheet1", "A1", "A1", st))
	})
	if got, info, err := read(t, input(old), ""); err != nil || got[0] != "1: 2026-11-03" || !info.Base1904 {
		t.Errorf("dates from 1904: %q, %+v, %v", got, info, err)
	}
}

func zipOf(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := zip.NewWriter(&b)
	for _, name := range []string{"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "report.csv"} {
		s, ok := parts[name]
		if !ok {
			continue
		}
		w, err := zw.Create(name)
		must(t, err)
		_, err = w.Write([]byte(s))
		must(t, err)
	}
	must(t, zw.Close())
	return b.Bytes()
}

func hostile(t testing.TB, sheet string) []byte {
	return zipOf(t, map[string]string{
		"[Content_Types].xml":        "<Types/>",
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="a" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   sheet,
	})
}

func TestWorkbookRefusals(t *testing.T) {
	whole := hostile(t, `<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>ok</t></is></c></row></sheetData></worksheet>`)
	if got, _, err := read(t, input(whole), ""); err != nil || got[0] != "1: ok" {
		t.Fatalf("the harmless one: %q, %v", got, err)
	}
	for _, tt := range []struct {
		name string
		in   []byte
		want string
	}{
		{"cut short", whole[:len(whole)-30], "cut short"},
		{"document type", hostile(t, `<!DOCTYPE x [<!ENTITY a "b">]><worksheet/>`), "document type"},
		{"entity", hostile(t, `<worksheet><sheetData><row r="1"><c t="str"><v>&lol;</v></c></row></sheetData></worksheet>`), "not known"},
		{"deep", hostile(t, strings.Repeat("<a>", 100)), "nested"},
		{"huge cell", hostile(t, `<worksheet><sheetData><row r="1"><c t="str"><v>`+strings.Repeat("x", 1<<17)+`</v></c></row></sheetData></worksheet>`), "longer than"},
		{"rows backwards", hostile(t, `<worksheet><sheetData><row r="2"/><row r="1"/></sheetData></worksheet>`), "out of order"},
		{"far column", hostile(t, `<worksheet><sheetData><row r="1"><c r="ZZZZ1"><v>1</v></c></row></sheetData></worksheet>`), "out of order"},
		{"no such text", hostile(t, `<worksheet><sheetData><row r="1"><c t="s"><v>7</v></c></row></sheetData></worksheet>`), "not there"},
		{"ends early", hostile(t, `<worksheet><sheetData><row r="1"><c`), "in the middle"},
		{"bomb", hostile(t, `<worksheet><sheetData><row r="1">`+strings.Repeat(" ", 64<<20)+`</row></sheetData></worksheet>`), "unpacks to far more"},
		{"padding", hostile(t, `<worksheet><sheetData>`+manyRows(6000)+`</sheetData></worksheet>`), "unpacks to far more"},
		{"not a workbook", zipOf(t, map[string]string{"[Content_Types].xml": "<Types/>"}), "no Excel workbook"},
	} {
		_, _, err := read(t, input(tt.in), "")
		var f *Fault
		if !errors.As(err, &f) {
			t.Errorf("%s: %v, want a fault", tt.name, err)
			continue
		}
		if !strings.Contains(f.Reason, tt.want) || f.Mend == "" {
			t.Errorf("%s: %+v, want %q and what to do", tt.name, f, tt.want)
		}
	}
}

// TestSharedTexts refuses more shared texts than a table can have: each takes memory beside
// its bytes, so that a megabyte of short ones would fill it.
func TestSharedTexts(t *testing.T) {
	if testing.Short() {
		t.Skip("writes two million texts")
	}
	var b strings.Builder
	b.WriteString("<sst>")
	for i := range 2_100_000 {
		b.WriteString("<si><t>" + strconv.Itoa(i) + "</t></si>")
	}
	b.WriteString("</sst>")
	_, _, err := read(t, input(zipOf(t, map[string]string{
		"[Content_Types].xml":        "<Types/>",
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="a" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   `<worksheet><sheetData/></worksheet>`,
		"xl/sharedStrings.xml":       b.String(),
	})), "")
	var f *Fault
	if !errors.As(err, &f) || !strings.Contains(f.Reason, "too much text") {
		t.Errorf("got %v", err)
	}
}

func manyRows(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `<row r="%d"><c r="XFD%d"><v>%d</v></c></row>`, i+1, i+1, i*7919%10007)
	}
	return b.String()
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\"\"b\",c\r\n\"x\ny\";2", "sep=;\na;b", "\xFF\xFEa\x00,\x00b\x00", "\xEF\xBB\xBFa|b\r1|2", "a\tb\n\"", "M\xFCller,1\n", "\x00\x01"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) { pass(t, b) })
}

func FuzzWorkbook(f *testing.F) {
	f.Add(hostile(f, `<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>ok</t></is></c><c s="1"><v>46329</v></c></row></sheetData></worksheet>`))
	f.Add(hostile(f, `<!DOCTYPE x><worksheet/>`))
	f.Add(book(f, func(x *excelize.File) {
		must(f, x.SetSheetRow("Sheet1", "A1", &[]any{"name", 1, true, time.Unix(1e9, 0)}))
	}))
	f.Fuzz(func(t *testing.T, b []byte) { pass(t, b) })
}

func FuzzMarkup(f *testing.F) {
	for _, s := range []string{`<?xml version="1.0"?><a b="c" d='e'><x:f/>t&amp;&#65;</a>`, `<a><b></a>`, `<!-- -->`, `<`, `<a b=>`, `&#x110000;`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		in := input(b)
		m := newMarkup(in.Reader(), in.Limits)
		for range len(b) + 2 {
			if _, err := m.next(); err != nil {
				return
			}
			m.attr("b")
		}
		if len(b) > 0 {
			t.Fatal("more events than bytes")
		}
	})
}

// pass reads the bytes twice: whatever they are, both passes end and agree.
func pass(t *testing.T, b []byte) {
	in := input(b)
	in.Limits.Items = 1000
	Peek(b[:min(len(b), collect.HeadSize)], len(b) <= collect.HeadSize)
	s, err := Open(t.Context(), in, "")
	if err != nil {
		return
	}
	var counts [2]int
	for i := range counts {
		last := 0
		for r, err := range s.Rows(t.Context()) {
			if err != nil {
				break
			}
			if r.Line <= last || len(r.Cells) > MaxColumns {
				t.Fatalf("row of line %d after line %d, %d cells", r.Line, last, len(r.Cells))
			}
			last = r.Line
			counts[i]++
		}
	}
	if counts[0] != counts[1] {
		t.Fatalf("%d rows, then %d", counts[0], counts[1])
	}
}
