// Package sector knows the hospitals of the United States, to look one up by
// name or number, and the kinds of organization one can start from.
package sector

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
)

// Hospital is a hospital that CMS lists.
type Hospital struct {
	CCN    string // CMS certification number: six digits, or five and an F for federal ones
	Name   string // as CMS writes it
	City   string
	County string
	State  string // two letters
	Type   string // acute, critical_access, psychiatric, children, rural_emergency, veterans, defense, long_term
	Beds   int    // 0: not known
	Rural  Answer
}

// Answer is yes, no or not known. The zero value is not known.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota
	Yes
	No
)

// Kind is the kind of organization a hospital is, in the words of the
// organization's facts.
func (h Hospital) Kind() string {
	if h.Type == "critical_access" {
		return "critical_access"
	}
	return "community"
}

// Directory is a list of hospitals that can be searched. It does not change
// and may be used at once from many goroutines.
type Directory struct {
	rows []row
}

// row is a hospital with its words, each behind a blank so that the start of a
// word can be found by a plain search.
type row struct {
	Hospital
	name  string // " st mary hospital"
	place string // " jonesboro craighead ar"
}

var columns = []string{"ccn", "name", "city", "county", "state", "type", "beds", "rural"}

// Parse reads a list of hospitals: tab-separated columns under a heading,
// lines that begin with # are comments. Errors are of kind errs.Invalid and
// name the line.
func Parse(data []byte) (*Directory, error) {
	d := &Directory{rows: make([]row, 0, bytes.Count(data, []byte{'\n'}))}
	sc := bufio.NewScanner(bytes.NewReader(data))
	headed := false
	for n := 1; sc.Scan(); n++ {
		line := sc.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		cells := strings.Split(line, "\t")
		if !headed {
			if !slices.Equal(cells, columns) {
				return nil, errs.New(errs.Invalid, "line %d: columns must be %s", n, strings.Join(columns, ", "))
			}
			headed = true
			continue
		}
		h, err := parseRow(cells)
		if err != nil {
			return nil, errs.New(errs.Invalid, "line %d: %w", n, err)
		}
		d.rows = append(d.rows, row{h, words(h.Name), words(h.City + " " + h.County + " " + h.State)})
	}
	if err := sc.Err(); err != nil {
		return nil, errs.New(errs.Invalid, "read hospitals: %w", err)
	}
	if !headed {
		return nil, errs.New(errs.Invalid, "the list of hospitals is empty")
	}
	return d, nil
}

func parseRow(cells []string) (Hospital, error) {
	if len(cells) != len(columns) {
		return Hospital{}, fmt.Errorf("%d columns, want %d", len(cells), len(columns))
	}
	h := Hospital{CCN: cells[0], Name: cells[1], City: cells[2], County: cells[3], State: cells[4], Type: cells[5]}
	if len(h.CCN) != 6 || h.Name == "" || len(h.State) != 2 {
		return h, fmt.Errorf("needs a CCN of six characters, a name and a state of two letters")
	}
	if cells[6] != "" {
		beds, err := strconv.Atoi(cells[6])
		if err != nil || beds < 1 {
			return h, fmt.Errorf("beds %q is not a number above 0", cells[6])
		}
		h.Beds = beds
	}
	switch cells[7] {
	case "yes":
		h.Rural = Yes
	case "no":
		h.Rural = No
	case "":
	default:
		return h, fmt.Errorf("rural %q must be yes, no or empty", cells[7])
	}
	return h, nil
}

// Len is how many hospitals there are.
func (d *Directory) Len() int { return len(d.rows) }

// Find returns the hospital with a CCN.
func (d *Directory) Find(ccn string) (Hospital, bool) {
	ccn = strings.ToUpper(strings.TrimSpace(ccn))
	for i := range d.rows {
		if d.rows[i].CCN == ccn {
			return d.rows[i].Hospital, true
		}
	}
	return Hospital{}, false
}

// Search returns up to limit hospitals, best first: those whose CCN begins with
// the query, or in which every word of the query begins a word of the name,
// city, county or state. Case, punctuation and the two spellings of Saint,
// Mount and Fort make no difference.
func (d *Directory) Search(query string, limit int) []Hospital {
	terms := strings.Fields(words(query))
	if len(terms) == 0 || limit < 1 {
		return nil
	}
	for i, t := range terms {
		terms[i] = " " + t
	}
	whole := strings.Join(terms, "")
	ccn := strings.ToUpper(strings.TrimSpace(query))
	type hit struct{ rank, at int }
	var hits []hit
	for i := range d.rows {
		if rank, ok := d.rows[i].rank(ccn, whole, terms); ok {
			hits = append(hits, hit{rank, i})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		x, y := &d.rows[a.at], &d.rows[b.at]
		if a.rank == 0 && b.rank == 0 {
			return cmp.Compare(x.CCN, y.CCN)
		}
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(x.name, y.name), cmp.Compare(x.CCN, y.CCN))
	})
	hits = hits[:min(limit, len(hits))]
	out := make([]Hospital, len(hits))
	for i, h := range hits {
		out[i] = d.rows[h.at].Hospital
	}
	return out
}

// rank says how well a hospital answers; smaller is better.
func (r *row) rank(ccn, whole string, terms []string) (int, bool) {
	if strings.HasPrefix(r.CCN, ccn) {
		return 0, true
	}
	inName := 0
	for _, t := range terms {
		switch {
		case strings.Contains(r.name, t):
			inName++
		case !strings.Contains(r.place, t):
			return 0, false
		}
	}
	switch {
	case r.name == whole:
		return 1, true
	case strings.HasPrefix(r.name, whole):
		return 2, true
	case inName == len(terms):
		return 3, true
	}
	return 4 + len(terms) - inName, true
}

// spellings are words that are written in two ways.
var spellings = map[string]string{"saint": "st", "sainte": "ste", "mount": "mt", "fort": "ft"}

// words lower-cases a text and keeps letters and digits, with a blank before
// each word. Apostrophes join: St. Mary's is found as "st marys".
func words(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	var word strings.Builder
	flush := func() {
		if word.Len() == 0 {
			return
		}
		w := word.String()
		word.Reset()
		if short, ok := spellings[w]; ok {
			w = short
		}
		b.WriteByte(' ')
		b.WriteString(w)
	}
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r > 0x7f && r != '’':
			word.WriteRune(r)
		case r == '\'' || r == '’':
		case r == '&':
			flush()
			word.WriteString("and")
			flush()
		default:
			flush()
		}
	}
	flush()
	return b.String()
}
