// Package msrc reads the table of Microsoft's security updates that the Security Update
// Guide is exported to: which update mends which flaw of which product, and which older
// updates it replaces. It has some 600,000 lines; corrections to what replaces what
// come in files of the same form.
package msrc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// Names of the sources: the table, and corrections.
const (
	Source      = "msrc"
	Corrections = "msrc/corrections"
)

// Limits of a table.
const (
	maxLine  = 64 << 10
	maxLines = 5_000_000
)

// Is reports whether a text begins as the table does.
func Is(head []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), []byte("\n"))
	return bytes.Contains(line, []byte("BulletinKB")) && bytes.Contains(line, []byte("AffectedProduct")) && bytes.Contains(line, []byte("CVE"))
}

// columns says where each of the columns that are read stands.
type columns struct{ date, cve, kb, title, product, component, severity, impact, supersedes int }

func findColumns(names []string) (columns, error) {
	at := func(name string) int { return slices.Index(names, name) }
	c := columns{
		at("DatePosted"), at("CVE"), at("BulletinKB"), at("Title"), at("AffectedProduct"), at("AffectedComponent"),
		at("Severity"), at("Impact"), at("Supersedes"),
	}
	if c.cve < 0 || c.kb < 0 || c.product < 0 {
		return c, errors.New("its columns are not those of the table of updates")
	}
	return c, nil
}

// maxOpen bounds a record that runs over several lines, in quotes.
const maxOpen = 16 << 10

// Read reads a table. Lines of one flaw become one advisory.
func Read(r io.Reader, to record.Sink) error {
	in := bufio.NewReaderSize(r, 256<<10)
	t := table{to: to, words: make(map[string]string), flaws: make(map[string]*flaw), nameless: make(map[string]string)}
	var open []byte // a record whose quotes are not closed yet
	from := 0       // the line it began in
	for n := 1; ; n++ {
		line, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if n > maxLines {
			return fmt.Errorf("it has more than %d lines", maxLines)
		}
		line = bytes.TrimRight(line, "\r\n")
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		switch {
		case len(open) > 0:
			open = append(append(open, '\n'), line...)
			line = open
		case len(bytes.TrimSpace(line)) == 0:
			line = nil
		case line[0] == '#':
			t.corrections = true // people write them, and say what for
			line = nil
		default:
			from = n
		}
		if len(line) > 0 {
			cells, closed := t.split(t.cells[:0], line)
			t.cells = cells
			switch {
			case closed:
				open = open[:0]
				if e := t.line(from, cells); e != nil {
					return e
				}
			case len(line) > maxOpen || err != nil:
				for k := from; k <= n; k++ {
					t.refuse(k, "", "its quotes do not match")
				}
				open = open[:0]
			case len(open) == 0:
				open = append(open, line...)
			}
		}
		if err != nil {
			t.end()
			return nil
		}
	}
}

func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || len(line) > maxLine {
		return nil, fmt.Errorf("longer than %d bytes", maxLine)
	}
	return line, err
}

type table struct {
	to record.Sink
	// corrections says that the table is one that people keep beside Microsoft's: it
	// has remarks between its lines.
	corrections bool

	columns columns
	width   int
	cells   []string          // of the line that is read
	words   map[string]string // each text once: there are few thousand of them
	flaws   map[string]*flaw
	order   []*flaw

	nameless map[string]string // by day and title: what stands for the name of a flaw
}

// flaw gathers the lines of one CVE, or of one update that names none.
type flaw struct {
	a     advisory.Advisory
	lines int
	last  *advisory.WindowsUpdate

	replaced map[string]bool // what last replaces, once a second line speaks of it
}

// split cuts a line into cells: in quotes, which are doubled within, or not.
func (t *table) split(cells []string, line []byte) ([]string, bool) {
	for {
		if len(line) > 0 && line[0] == '"' {
			i := bytes.IndexByte(line[1:], '"')
			if i < 0 {
				return cells, false
			}
			cell, rest := line[1:1+i], line[2+i:]
			if len(rest) > 0 && rest[0] == '"' { // a quote within
				var ok bool
				if cell, rest, ok = doubled(line[1:]); !ok {
					return cells, false
				}
			}
			cells = append(cells, t.word(cell))
			if len(rest) == 0 {
				return cells, true
			}
			if rest[0] != ',' {
				return cells, false
			}
			line = rest[1:]
			continue
		}
		cell, rest, more := bytes.Cut(line, []byte(","))
		cells = append(cells, t.word(bytes.TrimSpace(cell)))
		if !more {
			return cells, true
		}
		line = rest
	}
}

// doubled reads a cell in which quotes are doubled, from behind its first one.
func doubled(line []byte) (cell, rest []byte, ok bool) {
	for {
		i := bytes.IndexByte(line, '"')
		if i < 0 {
			return nil, nil, false
		}
		cell = append(cell, line[:i]...)
		if i+1 < len(line) && line[i+1] == '"' {
			cell = append(cell, '"')
			line = line[i+2:]
			continue
		}
		return cell, line[i+1:], true
	}
}

// word returns a text as a string, the same one each time.
func (t *table) word(b []byte) string {
	if s, ok := t.words[string(b)]; ok {
		return s
	}
	s := strings.ToValidUTF8(string(b), "\ufffd")
	if len(t.words) < 1<<20 {
		t.words[s] = s
	}
	return s
}

func (t *table) refuse(line int, id, why string) { t.to.Refuse(Source, line, id, why) }

func (t *table) line(n int, cells []string) error {
	if t.width == 0 {
		var err error
		if t.columns, err = findColumns(cells); err != nil {
			return err
		}
		t.width = len(cells)
		return nil
	}
	if len(cells) != t.width {
		t.refuse(n, "", fmt.Sprintf("it has %d cells, the first line has %d", len(cells), t.width))
		return nil
	}
	at := func(i int) string {
		if i < 0 {
			return ""
		}
		return cells[i]
	}
	c := &t.columns
	id, kb := flawID(at(c.cve)), strings.TrimPrefix(at(c.kb), "KB")
	if id == "" {
		// An update that names no flaw stands for one of its own. Those of one day and title
		// are the same for other systems, or a rollup and its security part alone.
		one := at(c.date) + " " + at(c.title)
		if t.nameless[one] == "" {
			t.nameless[one] = "KB" + kb
		}
		id = t.nameless[one]
	}
	if strings.ContainsAny(kb, " /") { // the name of a page of downloads, no update
		kb = ""
	}
	switch {
	case id == "KB":
		t.refuse(n, "", "it names neither a flaw nor an update")
		return nil
	case at(c.product) == "":
		t.refuse(n, id, "it names no product")
		return nil
	}
	f := t.flaws[id]
	if f == nil {
		f = &flaw{a: advisory.Advisory{ID: id, Title: at(c.title)}}
		if s := strings.ToLower(at(c.severity)); s != "" {
			f.a.Scores = []advisory.Score{{Severity: s, By: "microsoft"}}
		}
		t.flaws[id] = f
		t.order = append(t.order, f)
	}
	f.lines++
	if posted := record.Time(at(c.date)); !posted.IsZero() {
		if f.a.Published.IsZero() || posted.Before(f.a.Published) {
			f.a.Published = posted
		}
		if posted.After(f.a.Modified) {
			f.a.Modified = posted
		}
	}
	f.add(advisory.WindowsUpdate{
		Product: at(c.product), Component: at(c.component), KB: kb, Impact: at(c.impact),
	}, at(c.supersedes))
	return nil
}

var cveNumber = regexp.MustCompile(`(?i)^CVE-?([0-9]{4})-?([0-9]{4,7})(?:$|CVE|[^0-9])`)

// flawID reads the name of a flaw. A few lines of the table write it without dashes, in
// small letters or twice, and some have the word CVE alone: those name no flaw.
func flawID(s string) string {
	if m := cveNumber.FindStringSubmatch(s); m != nil {
		return "CVE-" + m[1] + "-" + m[2]
	}
	if strings.EqualFold(s, "CVE") {
		return ""
	}
	return s
}

// add adds an update. Lines that differ only in what they replace, as the table
// writes them, become one.
func (f *flaw) add(u advisory.WindowsUpdate, supersedes string) {
	var replaced []string
	for s := range strings.FieldsFuncSeq(supersedes, func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
		if s = strings.TrimPrefix(s, "KB"); s != "" && s != u.KB {
			replaced = append(replaced, s)
		}
	}
	if l := f.last; l != nil && l.Product == u.Product && l.Component == u.Component && l.KB == u.KB {
		if f.replaced == nil {
			f.replaced = make(map[string]bool, len(l.Supersedes))
			for _, s := range l.Supersedes {
				f.replaced[s] = true
			}
		}
		for _, s := range replaced {
			if !f.replaced[s] {
				f.replaced[s] = true
				l.Supersedes = append(l.Supersedes, s)
			}
		}
		return
	}
	u.Supersedes, f.replaced = replaced, nil
	f.last = &u
	f.a.Products = append(f.a.Products, advisory.Product{Windows: f.last})
}

// end gives the advisories. Each line is a record: those that became part of one
// advisory count with it.
func (t *table) end() {
	source := Source
	if t.corrections {
		source = Corrections
	}
	t.flaws, t.words = nil, nil
	for i, f := range t.order {
		t.order[i] = nil // the table is large: what was given may go
		f.a.Source = source
		t.to.Advisory(&f.a)
		for range f.lines {
			t.to.Done(source)
		}
	}
}
