package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/table/grid"
)

// Importer reads one kind of table. The zero Importer reads tables whose kind
// shows only when the whole file is read, such as large workbooks, and asks
// where it does not show at all.
type Importer struct{ kind *Kind }

var _ collect.Importer = Importer{}

// Importers lists the importers of tables: one for each kind, and one for
// tables of unknown kind.
func Importers() []collect.Importer {
	ims := make([]collect.Importer, 0, 7)
	for _, k := range Kinds() {
		ims = append(ims, Importer{k})
	}
	return append(ims, Importer{})
}

// Format implements collect.Importer. The id names the table, not the
// container: csv/people is also the format of a workbook with the roster.
func (im Importer) Format() collect.Format {
	ext := []string{".csv", ".tsv", ".txt", ".xlsx"}
	if im.kind == nil {
		return collect.Format{
			ID: "xlsx", Title: "Table (CSV or Excel) of any of these kinds", Extensions: ext,
			Gives: "what its kind gives; the kind is found by the headers, or asked for", Stream: "import/<table>",
		}
	}
	stream := "import/" + im.kind.Name
	switch im.kind {
	case &accounts:
		stream += "/<directory>"
	case &assets, &vendors:
		stream += "/<its columns>"
	}
	return collect.Format{ID: "csv/" + im.kind.Name, Title: im.kind.Title + " (CSV or Excel)", Extensions: ext, Gives: im.kind.Gives, Stream: stream}
}

// Recognize implements collect.Importer.
func (im Importer) Recognize(name string, head []byte) int {
	// JSON and XML have no headers to look for, and looking takes a while.
	if t := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"); len(t) > 0 && (t[0] == '{' || t[0] == '<') {
		return 0
	}
	rows := grid.Peek(head, len(head) < collect.HeadSize)
	i, ok := headerOf(rows, nil)
	if ok {
		kind, score, lead := guessKind(rows[i].Cells)
		if score >= certainly && lead >= leads {
			if kind == im.kind {
				return 90
			}
			return 0
		}
	}
	if im.kind != nil {
		return 0
	}
	switch {
	case grid.IsWorkbook(head):
		return 50
	case ok && looksLikeTable(name, rows, i):
		return 10
	}
	return 0
}

// looksLikeTable reports text that is worth the question which table it is:
// named like one, or with several cells in every row.
func looksLikeTable(name string, rows []grid.Row, header int) bool {
	if c := strings.TrimSpace(rows[header].Cells[0]); c != "" && strings.ContainsRune("{[<", rune(c[0])) {
		return false
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".csv", ".tsv":
		return true
	}
	n := len(rows[header].Cells)
	for _, r := range rows[header:] {
		if len(r.Cells) != n {
			return false
		}
	}
	return n > 2 && len(rows) > header+1
}

// Parse implements collect.Importer. What it was not sure of it asks by a
// refusal with a mapping; the answer comes back as in.Table and in.Columns.
//
// Options: "sheet" names the sheet of a workbook, "dates" is mdy or dmy, "zone"
// names the time zone of times that have none, "directory" is where accounts
// live, "scanner_seconds" how soon after delivery a click is a mail scanner's.
func (im Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p, err := im.parse(ctx, in)
	if f, ok := errors.AsType[*grid.Fault](err); ok {
		return nil, &collect.Refusal{File: in.Name, Format: im.Format().ID, Faults: []collect.RowFault{{Line: f.Line, Reason: f.Reason, Mend: f.Mend}}}
	}
	if err != nil {
		return nil, safe.Refuse(in, im.Format().ID, err)
	}
	return p, nil
}

func (im Importer) parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	sheet, err := grid.Open(ctx, in, in.Options["sheet"])
	if err != nil {
		return nil, err
	}
	var first []grid.Row
	for r, err := range sheet.Rows(ctx) {
		if err != nil {
			return nil, err
		}
		if first = append(first, r); len(first) == headerRows {
			break
		}
	}
	confirmed := confirm(&in, first)
	kind, err := im.kindOf(in, first, sheet.Info())
	if err != nil {
		return nil, err
	}
	at, ok := headerOf(first, kind)
	if !ok {
		return nil, &grid.Fault{Reason: "the table has no headers", Mend: "write the names of the columns into the first row; the template shows them"}
	}
	head := first[at]
	headers := trimRow(head.Cells)
	if err := twice(headers, head.Line); err != nil {
		return nil, err
	}
	mapping, fields := kind.match(headers, in.Columns)
	format := "csv/" + kind.Name
	if err := ask(in, format, kind, &mapping, head.Line, sample(first[at+1:], len(headers))); err != nil {
		return nil, err
	}
	b, err := newBuilder(in, kind, headers, fields, sheet.Info())
	if err != nil {
		return nil, err
	}
	if !confirmed.IsZero() {
		b.note("columns", "read as a person confirmed on "+confirmed.Format("2 January 2006"))
	}
	if at > 0 && slices.ContainsFunc(first[:at], func(r grid.Row) bool { return !r.Blank() && !comment(r) }) {
		b.note("headers", fmt.Sprintf("taken from line %d; what stands above it was left out", head.Line))
	}
	if err := b.survey(ctx, sheet, head.Line); err != nil {
		return nil, err
	}
	if err := b.read(ctx, sheet, head.Line); err != nil {
		return nil, err
	}
	skipped, err := b.faults.Done()
	if err != nil {
		return nil, withMapping(err, &mapping)
	}
	if b.rows == 0 {
		return nil, b.nothing()
	}
	b.finish()
	return &collect.Parsed{Batch: b.batch, Rows: b.rows, Skipped: skipped, Mapping: &mapping}, nil
}

// confirm takes over how a person had a table with these headers read before, and
// returns when that was; the zero time where nobody did, or where the person says now.
func confirm(in *collect.Input, first []grid.Row) time.Time {
	if in.Confirmed == nil || in.Table != "" || len(in.Columns) > 0 {
		return time.Time{}
	}
	i, ok := headerOf(first, nil)
	if !ok {
		return time.Time{}
	}
	c, ok := in.Confirmed(trimRow(first[i].Cells))
	if !ok {
		return time.Time{}
	}
	if _, known := KindOf(c.Table); !known {
		return time.Time{} // of a newer program
	}
	in.Table, in.Columns = c.Table, c.Columns
	return c.At
}

// withMapping lets the person see how the columns were read when rows are refused.
func withMapping(err error, m *collect.Mapping) error {
	if r, ok := errors.AsType[*collect.Refusal](err); ok {
		shown := *m
		r.Mapping = &shown
	}
	return err
}

// kindOf decides which table it is: what the person said, else what the headers say.
func (im Importer) kindOf(in collect.Input, first []grid.Row, info grid.Info) (*Kind, error) {
	if in.Table != "" {
		k, ok := KindOf(in.Table)
		if !ok {
			return nil, &grid.Fault{Reason: fmt.Sprintf("there is no table %.40q", in.Table), Mend: "choose one of " + kindNames()}
		}
		return k, nil
	}
	i, ok := headerOf(first, nil)
	if !ok {
		return nil, &grid.Fault{Reason: "the table is empty", Mend: "export it again; in a workbook, name the sheet that holds the table"}
	}
	kind, score, lead := guessKind(first[i].Cells)
	switch {
	case score >= certainly && lead >= leads, score > 0 && kind == im.kind:
		return kind, nil
	case im.kind != nil && score == 0:
		return im.kind, nil // chosen by the caller: the mapping says what is missing
	}
	reason := "the headers do not show which table this is"
	if info.Container == "xlsx" && len(info.Sheets) > 1 {
		reason += fmt.Sprintf(" (sheet %q of %s)", info.Name, strings.Join(quoted(info.Sheets), ", "))
	}
	r := &collect.Refusal{File: in.Name, Format: im.Format().ID, Faults: []collect.RowFault{{
		Line: first[i].Line, Reason: reason, Mend: "say which: " + kindNames(),
	}}}
	m := collect.Mapping{Unsure: true, Why: "which table is it?"}
	if kind != nil {
		m, _ = kind.match(trimRow(first[i].Cells), nil)
		m.Unsure, m.Why = true, reason
	} else {
		for _, h := range trimRow(first[i].Cells) {
			m.Columns = append(m.Columns, collect.Column{Header: strings.TrimSpace(h), Match: matchNone})
		}
	}
	fillSamples(&m, sample(first[i+1:], len(m.Columns)))
	r.Mapping = &m
	return nil, r
}

func quoted(ss []string) []string {
	out := make([]string, len(ss))
	for i, s := range ss {
		out[i] = fmt.Sprintf("%.60q", s)
	}
	return out
}

func kindNames() string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
	}
	return strings.Join(names, ", ")
}

// ask refuses the file with the mapping where a person should confirm it.
func ask(in collect.Input, format string, kind *Kind, m *collect.Mapping, line int, samples [][]string) error {
	fillSamples(m, samples)
	used := make(map[string]bool)
	var guesses []string
	for _, c := range m.Columns {
		used[c.Field] = true
		if c.Match == matchGuess {
			guesses = append(guesses, fmt.Sprintf("%q as %s", c.Header, c.Field))
		}
	}
	var lacking []string
	needs := kind.needs()
	for _, need := range slices.Sorted(maps.Keys(needs)) {
		if !slices.ContainsFunc(needs[need], func(f string) bool { return used[f] }) {
			lacking = append(lacking, strings.Join(needs[need], " or "))
		}
	}
	if len(lacking) == 0 && len(guesses) == 0 {
		return unknownFields(in, kind)
	}
	m.Unsure = true
	f := collect.RowFault{Line: line}
	if len(lacking) > 0 {
		f.Reason = fmt.Sprintf("%s: no column is known as %s", kind.Title, strings.Join(lacking, "; nor as "))
		f.Mend = "say which column it is, or rename it; the template shows the names"
	} else {
		f.Reason = "not sure of every column: would take " + strings.Join(guesses, ", ")
		f.Mend = "confirm or correct the columns, and leave out those that do not belong"
	}
	m.Why = f.Reason
	return &collect.Refusal{File: in.Name, Format: format, Faults: []collect.RowFault{f}, Mapping: m}
}

// unknownFields refuses answers that name fields the table does not have.
func unknownFields(in collect.Input, kind *Kind) error {
	for _, h := range slices.Sorted(maps.Keys(in.Columns)) {
		name := in.Columns[h]
		if _, ok := kind.Field(name); !ok && name != "" {
			var all []string
			for _, f := range kind.Fields {
				all = append(all, f.Name)
			}
			return &grid.Fault{Reason: fmt.Sprintf("the column %.60q was mapped to %.40q, which the table does not have", h, name), Mend: "choose one of " + strings.Join(all, ", ")}
		}
	}
	return nil
}

// twice refuses a table two columns of which have the same header: which one is
// meant cannot be known.
func twice(headers []string, line int) error {
	at := make(map[string]int)
	for i, h := range headers {
		f := strings.ToLower(strings.Join(strings.Fields(h), " "))
		if f == "" {
			continue
		}
		if j, ok := at[f]; ok {
			return &grid.Fault{Line: line, Reason: fmt.Sprintf("columns %s and %s are both called %.60q", letters(j), letters(i), strings.TrimSpace(h)), Mend: "rename or delete one of them"}
		}
		at[f] = i
	}
	return nil
}

// letters names a column as spreadsheets do: A, B, …, Z, AA.
func letters(i int) string {
	s := ""
	for i++; i > 0; i = (i - 1) / 26 {
		s = string(rune('A'+(i-1)%26)) + s
	}
	return s
}

// trimRow leaves out the empty cells at the end.
func trimRow(cells []string) []string {
	n := len(cells)
	for n > 0 && strings.TrimSpace(cells[n-1]) == "" {
		n--
	}
	return cells[:n]
}

// sample returns up to three values of each column.
func sample(rows []grid.Row, n int) [][]string {
	out := make([][]string, n)
	for _, r := range rows {
		if comment(r) || example(r) {
			continue
		}
		for i, c := range r.Cells[:min(n, len(r.Cells))] {
			if c = strings.TrimSpace(c); c != "" && len(out[i]) < 3 {
				out[i] = append(out[i], shorten(c, 60))
			}
		}
	}
	return out
}

func fillSamples(m *collect.Mapping, samples [][]string) {
	for i := range m.Columns {
		m.Columns[i].Sample = []string{}
		if i < len(samples) && samples[i] != nil {
			m.Columns[i].Sample = samples[i]
		}
	}
}

// shorten cuts a text for display.
func shorten(s string, n int) string {
	s = strings.ToValidUTF8(s, "�")
	if rs := []rune(s); len(rs) > n {
		return string(rs[:n-1]) + "…"
	}
	return s
}
