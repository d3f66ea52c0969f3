package grid

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
)

// Bounds of a workbook. Real ones stay far below: a hundred entries, a ratio of
// ten to twenty.
const (
	maxEntries = 5000
	maxRatio   = 400 // of an entry larger than freeBytes
	freeBytes  = 8 << 20
	maxShared  = 96 << 20 // bytes of shared texts, which must be held
	perShared  = 48       // what each takes beside its bytes
	maxPadding = 64 << 20 // cells of all rows, empty ones included
)

// workbook is one sheet of an Excel workbook. Formulas are not computed and
// links not followed: a cell is what it showed when the file was saved.
type workbook struct {
	in     collect.Input
	info   Info
	files  map[string]*zip.File
	part   string   // of the sheet
	shared []string // texts that cells refer to
	styles []style
	bytes  int64 // decompressed so far, over all parts of the pass
}

func openWorkbook(in collect.Input, want string) (*workbook, error) {
	zr, err := zip.NewReader(in.R, in.Size)
	if err != nil {
		return nil, &Fault{Reason: "the workbook is damaged or cut short", Mend: "save it again in Excel, or download it again"}
	}
	if len(zr.File) > maxEntries {
		return nil, &Fault{Reason: fmt.Sprintf("the workbook has %d parts; no table needs more than %d", len(zr.File), maxEntries), Mend: "copy the table into a new workbook"}
	}
	w := &workbook{in: in, info: Info{Container: "xlsx"}, files: make(map[string]*zip.File, len(zr.File))}
	for _, f := range zr.File {
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
		if f.UncompressedSize64 > freeBytes && f.UncompressedSize64/max(f.CompressedSize64, 1) > maxRatio {
			return nil, bomb()
		}
		if _, twice := w.files[name]; twice {
			return nil, &Fault{Reason: "the workbook holds a part twice", Mend: "open it in Excel and save it anew"}
		}
		w.files[name] = f
	}
	if err := w.readBook(want); err != nil {
		return nil, err
	}
	if err := w.readShared(); err != nil {
		return nil, err
	}
	if err := w.readStyles(); err != nil {
		return nil, err
	}
	return w, nil
}

func bomb() error {
	return &Fault{Reason: "the workbook unpacks to far more than it should", Mend: "copy the table into a new workbook"}
}

func (w *workbook) Info() Info { return w.info }

// open returns the part's markup. It returns nil where there is no such part.
func (w *workbook) open(name string) (*markup, func(), error) {
	f, ok := w.files[strings.ToLower(name)]
	if !ok {
		return nil, nil, nil
	}
	rc, err := f.Open()
	if err != nil {
		return nil, nil, &Fault{Reason: "a part of the workbook cannot be unpacked", Mend: "open it in Excel and save it anew"}
	}
	r := &budget{r: rc, w: w, packed: int64(f.CompressedSize64)}
	return newMarkup(r, w.in.Limits), func() { _ = rc.Close() }, nil
}

// budget counts what was unpacked, whatever the archive claims.
type budget struct {
	r      io.Reader
	w      *workbook
	packed int64
	n      int64
}

func (b *budget) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	b.w.bytes += int64(n)
	if b.w.bytes > b.w.in.Limits.Bytes || b.n > freeBytes && b.n/max(b.packed, 1) > maxRatio {
		return 0, bomb()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = &Fault{Reason: "a part of the workbook cannot be unpacked", Mend: "open it in Excel and save it anew"}
	}
	return n, err
}

// readBook finds the sheet: the named one, or the first that is shown.
func (w *workbook) readBook(want string) error {
	targets, err := w.relations()
	if err != nil {
		return err
	}
	m, done, err := w.open("xl/workbook.xml")
	if err != nil {
		return err
	}
	if m == nil {
		return &Fault{Reason: "it is no Excel workbook", Mend: "save it as .xlsx or .csv"}
	}
	defer done()
	type sheet struct{ name, id string }
	var all, shown []sheet
	for {
		ev, err := m.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch {
		case ev != start:
		case m.is("workbookPr"):
			v := m.attr("date1904")
			w.info.Base1904 = v == "1" || v == "true"
		case m.is("sheet"):
			s := sheet{m.attr("name"), m.attr("id")}
			if len(all) >= maxEntries {
				return bomb()
			}
			all = append(all, s)
			if state := m.attr("state"); state == "" || state == "visible" {
				shown = append(shown, s)
				w.info.Sheets = append(w.info.Sheets, s.name)
			}
		}
	}
	if len(shown) == 0 {
		shown = all
	}
	if len(shown) == 0 {
		return &Fault{Reason: "the workbook has no sheet", Mend: "open it in Excel and save it anew"}
	}
	pick := shown[0]
	if want != "" {
		found := false
		for _, s := range all {
			if strings.EqualFold(strings.TrimSpace(s.name), strings.TrimSpace(want)) {
				pick, found = s, true
				break
			}
		}
		if !found {
			return &Fault{Reason: fmt.Sprintf("the workbook has no sheet %.60q", want), Mend: "it has: " + strings.Join(w.info.Sheets, ", ")}
		}
	}
	w.info.Name = pick.name
	w.part = targets[pick.id]
	if w.part == "" {
		w.part = "xl/worksheets/sheet1.xml"
	}
	if _, ok := w.files[strings.ToLower(w.part)]; !ok {
		return &Fault{Reason: fmt.Sprintf("the sheet %.60q is not in the workbook", pick.name), Mend: "open it in Excel and save it anew"}
	}
	return nil
}

// relations maps the ids of the workbook's parts to their names. Those outside
// the workbook are left out.
func (w *workbook) relations() (map[string]string, error) {
	m, done, err := w.open("xl/_rels/workbook.xml.rels")
	if err != nil || m == nil {
		return nil, err
	}
	defer done()
	targets := make(map[string]string)
	for {
		ev, err := m.next()
		if errors.Is(err, io.EOF) {
			return targets, nil
		}
		if err != nil {
			return nil, err
		}
		if ev != start || !m.is("Relationship") || strings.EqualFold(m.attr("TargetMode"), "External") {
			continue
		}
		t := m.attr("Target")
		if strings.HasPrefix(t, "/") {
			t = strings.TrimPrefix(path.Clean(t), "/")
		} else {
			t = path.Join("xl", t)
		}
		if len(targets) < maxEntries {
			targets[m.attr("Id")] = t
		}
	}
}

func (w *workbook) readShared() error {
	m, done, err := w.open("xl/sharedStrings.xml")
	if err != nil || m == nil {
		return err
	}
	defer done()
	var cur []byte
	inText, skip := false, 0
	held := 0
	for {
		ev, err := m.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch ev {
		case start:
			switch {
			case m.is("si"):
				cur = cur[:0]
			case m.is("rPh"): // how the text is pronounced
				skip++
			case m.is("t"):
				inText = true
			}
		case text:
			if inText && skip == 0 {
				if len(cur)+len(m.text) > w.in.Limits.Field {
					return &Fault{Reason: fmt.Sprintf("a cell is longer than %d kB", w.in.Limits.Field>>10), Mend: "shorten it, or leave the column out"}
				}
				cur = append(cur, m.text...)
			}
		case end:
			switch {
			case m.is("t"):
				inText = false
			case m.is("rPh"):
				skip--
			case m.is("si"):
				held += len(cur) + perShared
				if held > maxShared {
					return &Fault{Reason: "the workbook holds too much text", Mend: "bring the table as CSV, or split it"}
				}
				w.shared = append(w.shared, string(cur))
			}
		}
	}
}

// Rows implements Sheet.
func (w *workbook) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		w.bytes = 0
		m, done, err := w.open(w.part)
		if err != nil {
			yield(Row{}, err)
			return
		}
		defer done()
		r := sheetReader{w: w, m: m}
		for {
			row, err := r.next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Row{}, faultAt(r.line, err))
				return
			}
			if r.rows > w.in.Limits.Items+1 {
				yield(Row{}, &Fault{Line: row.Line, Reason: fmt.Sprintf("the table has more than %d rows", w.in.Limits.Items), Mend: "split the file"})
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// sheetReader reads the rows of one sheet.
type sheetReader struct {
	w      *workbook
	m      *markup
	line   int
	rows   int
	padded int
}

func (r *sheetReader) next(ctx context.Context) (Row, error) {
	m := r.m
	for {
		ev, err := m.next()
		if err != nil {
			return Row{}, err
		}
		if ev != start || !m.is("row") {
			continue
		}
		if r.rows++; r.rows%512 == 0 {
			if err := ctx.Err(); err != nil {
				return Row{}, err
			}
		}
		line := r.line + 1
		if s := m.attr("r"); s != "" {
			if line, err = strconv.Atoi(s); err != nil || line <= r.line || line > 1<<24 {
				return Row{}, m.fault("its rows are out of order")
			}
		}
		r.line = line
		return r.row()
	}
}

// row reads the cells of a row whose start was read.
func (r *sheetReader) row() (Row, error) {
	m := r.m
	row := Row{Line: r.line}
	depth := m.depth
	var (
		kind     string
		styleNo  int
		col      = -1
		value    []byte
		inValue  bool
		inInline int
	)
	for {
		ev, err := m.next()
		if errors.Is(err, io.EOF) {
			return Row{}, m.fault("it ends in the middle of a row")
		}
		if err != nil {
			return Row{}, err
		}
		switch ev {
		case start:
			switch {
			case m.is("c"):
				col++
				if ref := m.attr("r"); ref != "" {
					c, ok := column(ref)
					if !ok || c < col {
						return Row{}, m.fault("its cells are out of order")
					}
					col = c
				}
				if col >= MaxColumns {
					return Row{}, m.fault("a row has more than %d cells", MaxColumns)
				}
				kind = m.attr("t")
				styleNo, _ = strconv.Atoi(m.attr("s")) // no style is style 0
				value = value[:0]
			case m.is("v"), m.is("t") && inInline > 0:
				inValue = true
			case m.is("is"):
				inInline++
			}
		case text:
			if inValue {
				if len(value)+len(m.text) > r.w.in.Limits.Field {
					return Row{}, &Fault{Line: r.line, Reason: fmt.Sprintf("a cell is longer than %d kB", r.w.in.Limits.Field>>10), Mend: "shorten it, or leave the column out"}
				}
				value = append(value, m.text...)
			}
		case end:
			switch {
			case m.is("v"), m.is("t"):
				inValue = false
			case m.is("is"):
				inInline--
			case m.is("c"):
				s, err := r.w.show(kind, styleNo, string(value))
				if err != nil {
					return Row{}, err
				}
				if s == "" {
					continue
				}
				for len(row.Cells) < col {
					row.Cells = append(row.Cells, "")
				}
				row.Cells = append(row.Cells, s)
			case m.is("row") && m.depth < depth:
				if r.padded += len(row.Cells); r.padded > maxPadding {
					return Row{}, bomb()
				}
				return row, nil
			}
		}
	}
}

// column reads the letters of a reference such as BC12.
func column(ref string) (int, bool) {
	n := 0
	for i := 0; i < len(ref); i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			return n - 1, i > 0
		}
		if n = n*26 + int(c-'A') + 1; n > MaxColumns {
			return 0, false
		}
	}
	return n - 1, n > 0
}
