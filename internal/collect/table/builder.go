package table

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/table/cell"
	"github.com/asepsis/asepsis/internal/collect/table/grid"
	"github.com/asepsis/asepsis/internal/fact"
)

// taker turns the rows of one kind of table into facts.
type taker interface {
	// take receives one row that has no faults. What it finds wrong it adds to
	// the row's faults.
	take(r *row) error
	// done adds the facts to the batch.
	done()
}

// builder reads the rows of a table and hands them to its kind.
type builder struct {
	in       collect.Input
	kind     *Kind
	headers  []string
	fields   []*Field // by column
	dates    []cell.Dates
	observed time.Time
	info     grid.Info

	batch  *fact.Batch
	faults *safe.Faults
	taker  taker

	rows     int
	examples int
	beyond   int            // cells to the right of the last header
	words    map[string]int // words of a Choice that mean nothing to us, by field and word
	order    []string       // of words
}

// maxText is the longest text that is kept of a cell, in characters.
const maxText = 1000

func newBuilder(in collect.Input, kind *Kind, headers []string, fields []*Field, info grid.Info) (*builder, error) {
	format := "csv/" + kind.Name
	b := &builder{
		in: in, kind: kind, headers: headers, fields: fields, info: info,
		observed: in.Observed(time.Time{}),
		faults:   safe.NewFaults(in, format),
		words:    make(map[string]int),
	}
	b.batch = &fact.Batch{
		Stream:     fact.Stream{ID: "import/" + kind.Name, Title: strings.ToLower(kind.Title[:1]) + kind.Title[1:], Snapshot: in.Complete},
		Assurance:  fact.Imported,
		ObservedAt: b.observed,
		File:       &fact.File{Name: in.Name, Format: format, Size: in.Size},
	}
	if strings.HasPrefix(kind.Title, "HR") {
		b.batch.Stream.Title = kind.Title
	}
	dates := cell.Dates{Base1904: info.Base1904}
	if name := in.Options["zone"]; name != "" {
		zone, err := time.LoadLocation(name)
		if err != nil {
			return nil, &grid.Fault{Reason: fmt.Sprintf("there is no time zone %.40q", name), Mend: `give a name such as "America/Chicago"`}
		}
		dates.Zone = zone
	}
	b.dates = make([]cell.Dates, len(fields))
	for i := range b.dates {
		b.dates[i] = dates
	}
	b.taker = kind.build(b)
	if info.Encoding == "windows-1252" {
		b.note("encoding", "the file is not in UTF-8 and was read as Windows-1252; check names with accents")
	}
	return b, nil
}

func (b *builder) note(what, why string) {
	b.batch.Notes = append(b.batch.Notes, fact.Note{What: what, Why: why})
}

// data calls f with every row below the headers that holds data.
func (b *builder) data(ctx context.Context, sheet grid.Sheet, header int, f func(grid.Row) error) error {
	for r, err := range sheet.Rows(ctx) {
		if err != nil {
			return err
		}
		if r.Line <= header || r.Blank() || comment(r) || example(r) {
			continue
		}
		if err := f(r); err != nil {
			return err
		}
	}
	return nil
}

// survey reads the table once to decide the order of day and month of each
// column with dates.
func (b *builder) survey(ctx context.Context, sheet grid.Sheet, header int) error {
	order, forced, err := orderOption(b.in.Options["dates"])
	if err != nil {
		return err
	}
	if forced {
		for i := range b.dates {
			b.dates[i].Order = order
		}
		return nil
	}
	var cols []int
	for i, f := range b.fields {
		if f != nil && (f.Type == Date || timed(f)) {
			cols = append(cols, i)
		}
	}
	if len(cols) == 0 {
		return nil
	}
	evidence := make([]cell.Evidence, len(b.fields))
	err = b.data(ctx, sheet, header, func(r grid.Row) error {
		for _, i := range cols {
			if i < len(r.Cells) {
				evidence[i].Add(strings.TrimSpace(r.Cells[i]))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// One program wrote the file: columns that show their order speak for those
	// that do not, unless they differ.
	var month, day bool
	for _, i := range cols {
		if o, decided := evidence[i].Order(); decided {
			month, day = month || o == cell.MonthFirst, day || o == cell.DayFirst
		}
	}
	for _, i := range cols {
		e := &evidence[i]
		o, decided := e.Order()
		switch {
		case decided && o == cell.DayFirst:
			b.note("dates in "+b.headers[i], fmt.Sprintf("read as day/month/year, as %s can only be read so", count(e.DayFirst, "date")))
		case decided || e.Either == 0:
		case day && !month:
			o = cell.DayFirst
			b.note("dates in "+b.headers[i], fmt.Sprintf("%s can be read in two ways: read as day/month/year, as in the other columns", count(e.Either, "date")))
		case month && !day:
		default:
			b.note("dates in "+b.headers[i], fmt.Sprintf("%s, such as %s, can be read in two ways and none decides: read as month/day/year. Choose the order when importing if that is wrong", count(e.Either, "date"), e.Sample))
		}
		b.dates[i].Order = o
	}
	return nil
}

// timed reports a text field that may hold a date instead of a yes.
func timed(f *Field) bool {
	switch f.Name {
	case "opened", "clicked", "submitted", "reported", "bounced":
		return f.Type == Text
	}
	return false
}

func orderOption(s string) (o cell.Order, forced bool, err error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "":
		return cell.MonthFirst, false, nil
	case "mdy", "us", "m/d/y", "month-first":
		return cell.MonthFirst, true, nil
	case "dmy", "eu", "d/m/y", "day-first":
		return cell.DayFirst, true, nil
	}
	return 0, false, &grid.Fault{Reason: fmt.Sprintf("there is no order of dates %.20q", s), Mend: "choose mdy (month first) or dmy (day first)"}
}

// read converts every row and hands it on.
func (b *builder) read(ctx context.Context, sheet grid.Sheet, header int) error {
	for r, err := range sheet.Rows(ctx) {
		if err != nil {
			return err
		}
		switch {
		case r.Line <= header || r.Blank() || comment(r):
			continue
		case example(r):
			b.examples++
			continue
		}
		b.rows++
		if err := b.row(r); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) row(g grid.Row) error {
	r := &row{b: b, line: g.Line, vals: make(map[string]any, len(b.fields))}
	n := len(b.headers)
	switch {
	case b.info.Container == "csv" && len(g.Cells) != n && len(trimRow(g.Cells)) > n || b.info.Container == "csv" && len(g.Cells) < n:
		if err := r.fault("", fmt.Sprintf("the row has %d cells where the headers have %d", len(g.Cells), n), "look for a missing or extra separator, or a quote that is never closed; the file may be cut short"); err != nil {
			return err
		}
	case len(g.Cells) > n:
		for _, c := range g.Cells[n:] {
			if strings.TrimSpace(c) != "" {
				b.beyond++
			}
		}
	}
	if !r.bad {
		for i, f := range b.fields {
			if f == nil {
				continue
			}
			s := ""
			if i < len(g.Cells) {
				s = strings.TrimSpace(g.Cells[i])
			}
			if err := r.set(i, f, s); err != nil {
				return err
			}
		}
	}
	if r.bad {
		return nil
	}
	return b.taker.take(r)
}

// row is one row as it is converted.
type row struct {
	b       *builder
	line    int
	vals    map[string]any // by field
	missing map[string]string
	bad     bool
}

// fault notes something wrong with the row; the row is then not taken.
func (r *row) fault(field, reason, mend string) error {
	r.bad = true
	col := field
	for i, f := range r.b.fields {
		if f != nil && f.Name == field {
			col = r.b.headers[i]
		}
	}
	return r.b.faults.Add(r.line, strings.TrimSpace(col), reason, mend)
}

// set converts a cell.
func (r *row) set(col int, f *Field, s string) error {
	if f.Type == Date {
		return r.date(col, f, s)
	}
	if cell.Blank(s) && !(f.Type == Choice && s != "") && !(f.Type == Bool && s == "-") {
		if f.Say && f.Attr != "" {
			r.miss(f.Attr, "the file leaves it empty")
		}
		if f.Type == List && strings.EqualFold(s, "none") {
			r.vals[f.Name] = []string{}
		}
		return nil
	}
	var v any
	var err error
	switch f.Type {
	case Text:
		t := clean(s)
		if len(t) > maxText && utf8.RuneCountInString(t) > maxText {
			return r.fault(f.Name, fmt.Sprintf("is longer than %d characters", maxText), "shorten it")
		}
		v = t
	case List:
		split := f.split
		if split == nil {
			split = cell.List
		}
		l := split(clean(s))
		if len(l) > maxText {
			return r.fault(f.Name, fmt.Sprintf("lists more than %d values", maxText), "shorten it")
		}
		v = l
	case Bool:
		v, err = cell.Bool(s)
	case Int:
		v, err = cell.Int(s)
	case Hours:
		v, err = cell.Hours(s)
	case Choice:
		return r.choice(f, s)
	case Date:
	}
	if err != nil {
		return r.fault(f.Name, fmt.Sprintf("%q %v", shorten(s, 40), err), mend(f))
	}
	r.vals[f.Name] = v
	return nil
}

func (r *row) date(col int, f *Field, s string) error {
	t, err := r.b.dates[col].Parse(s)
	if err != nil {
		return r.fault(f.Name, fmt.Sprintf("%q %v", shorten(s, 40), err), dateMend(r.b.dates[col].Order))
	}
	if t.IsZero() {
		switch {
		case !f.Say || f.Attr == "":
		case cell.Blank(s):
			r.miss(f.Attr, "the file leaves it empty")
		default:
			r.miss(f.Attr, fmt.Sprintf("the file gives no date but %q", shorten(s, 40)))
		}
		return nil
	}
	// A day of tolerance, for zones and for clocks.
	if f.Past && t.After(r.b.in.Now.Add(24*time.Hour)) {
		return r.fault(f.Name, fmt.Sprintf("%q has not come yet", shorten(s, 40)), "correct the date, or choose the order of day and month")
	}
	r.vals[f.Name] = t
	return nil
}

func dateMend(o cell.Order) string {
	if o == cell.DayFirst {
		return "write it as 2026-11-03, or as 03/11/2026 (this column has the day first)"
	}
	return "write it as 2026-11-03, or as 11/03/2026"
}

// choice keeps one of a few words.
func (r *row) choice(f *Field, s string) error {
	w := fold(s)
	if w == "" {
		w = strings.ToLower(s)
	}
	for _, o := range f.Choices {
		if w == fold(o.Value) {
			r.vals[f.Name] = o.Value
			return nil
		}
		if slices.Contains(o.Words, w) {
			r.vals[f.Name] = o.Value
			return nil
		}
	}
	if cell.Blank(s) {
		return nil
	}
	if !f.Loose {
		return r.fault(f.Name, fmt.Sprintf("%q is none of %s", shorten(s, 40), choices(f)), mend(f))
	}
	r.b.unknown(f.Name, shorten(s, 40))
	if f.Attr != "" {
		r.miss(f.Attr, fmt.Sprintf("the file says %q, which is none of %s", shorten(s, 40), choices(f)))
	}
	return nil
}

// unknown counts a word that means nothing to us, for a note.
func (b *builder) unknown(field, word string) {
	key := field + "\x00" + word
	if b.words[key] > 0 || len(b.order) < 1000 {
		if b.words[key]++; b.words[key] == 1 {
			b.order = append(b.order, key)
		}
	}
}

func choices(f *Field) string {
	var vs []string
	for _, o := range f.Choices {
		vs = append(vs, o.Value)
	}
	return strings.Join(vs, ", ")
}

func mend(f *Field) string {
	switch f.Type {
	case Bool:
		return "write yes or no, or leave it empty"
	case Int:
		return "write a whole number, such as 12"
	case Hours:
		return `write hours, or a number with its unit, such as "72 hours" or "3 days"`
	case Choice:
		return "write one of them, or leave it empty"
	}
	return "correct it, or leave it empty"
}

// miss says why an attribute has no value.
func (r *row) miss(attr, why string) {
	if r.missing == nil {
		r.missing = make(map[string]string)
	}
	r.missing[attr] = why
}

func (r *row) text(field string) string    { s, _ := r.vals[field].(string); return s }
func (r *row) time(field string) time.Time { t, _ := r.vals[field].(time.Time); return t }

// yes returns a yes-or-no field and whether the row has it.
func (r *row) yes(field string) (v, ok bool) { v, ok = r.vals[field].(bool); return v, ok }

// fullName returns the name, or puts it together.
func (r *row) fullName(field string) string {
	if s := r.text(field); s != "" {
		return s
	}
	return strings.TrimSpace(r.text("first_name") + " " + r.text("last_name"))
}

// column returns where the field stands, or -1.
func (b *builder) column(field string) int {
	for i, f := range b.fields {
		if f != nil && f.Name == field {
			return i
		}
	}
	return -1
}

// part tells tables of one kind apart that come from different systems: the list
// of devices of biomedical engineering and that of the tool that manages laptops
// each say what the other cannot, and must not take it back. Tables with the
// same columns are one source. What two sources both say, the newer decides.
func (b *builder) part() string {
	switch b.kind.Name {
	case "assets", "vendors":
		var attrs []string
		for _, f := range b.fields {
			if f != nil {
				attrs = append(attrs, f.Name)
			}
		}
		slices.Sort(attrs)
		sum := sha256.Sum256([]byte(strings.Join(slices.Compact(attrs), "\n")))
		return "/" + hex.EncodeToString(sum[:4])
	case "people":
		if !b.any("ended", "status") {
			return "/details" // a list of addresses does not say that nobody has left
		}
	}
	return ""
}

// any reports whether one of the fields has a column.
func (b *builder) any(fields ...string) bool {
	return slices.ContainsFunc(fields, func(f string) bool { return b.column(f) >= 0 })
}

// values returns the attributes that fields state as they are.
func (r *row) values() fact.Values {
	vs := make(fact.Values, len(r.vals)+4)
	for _, f := range r.b.fields {
		if f == nil || f.Attr == "" {
			continue
		}
		if v, ok := r.vals[f.Name]; ok {
			vs[f.Attr] = v
		}
	}
	return vs
}

// clean takes out what no text of a table needs: control characters and bytes
// that are no text.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if !strings.ContainsFunc(s, control) {
		return s
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if control(r) {
			return ' '
		}
		return r
	}, s))
}

func control(r rune) bool {
	return unicode.IsControl(r) || r == '\u202e' || r == '\u2066' || r == '\u2067'
}

// nothing refuses a table without data.
func (b *builder) nothing() error {
	if b.examples > 0 {
		return &grid.Fault{Reason: "the file holds nothing but the template's example rows", Mend: "put your own rows in their place"}
	}
	return &grid.Fault{Reason: "the table has headers and no rows", Mend: "export it again with its rows"}
}

// finish adds what concerns the table as a whole.
func (b *builder) finish() {
	b.batch.Stream.ID += b.part()
	b.taker.done()
	if b.examples > 0 {
		b.note("example rows", fmt.Sprintf("%s of the template left out", count(b.examples, "example row")))
	}
	if b.beyond > 0 {
		b.note("columns without a header", fmt.Sprintf("%s to the right of the last header left out", count(b.beyond, "cell")))
	}
	const most = 10
	for _, key := range b.order[:min(len(b.order), most)] {
		field, word, _ := strings.Cut(key, "\x00")
		f, _ := b.kind.Field(field)
		b.note(field, fmt.Sprintf("%s with %q, which is none of %s; left out there", count(b.words[key], "row"), word, choices(f)))
	}
	if n := len(b.order) - most; n > 0 {
		b.note("unknown words", fmt.Sprintf("%s not understood and left out", count(n, "more word")))
	}
}
