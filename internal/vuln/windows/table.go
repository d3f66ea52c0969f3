package windows

import (
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
)

// Table is an opened section. It is not changed and may be used by many goroutines.
type Table struct {
	texts    []string
	kbs      []string
	over     [][]uint32 // what each update replaces, directly
	flaws    []string
	at       []time.Time
	severity []string
	sets     [][]uint32
	products []string // folded, sorted
	rows     [][]row
}

type row struct{ kb, component, build, set uint32 } // kb 0 is none, else its place and one

// Open reads a section. Damaged bytes are refused and take no more memory than a fixed
// multiple of their length.
func Open(section []byte) (*Table, error) {
	if len(section) == 0 {
		return nil, errs.Hint(errs.New(errs.NotFound, "the feed holds no table of Windows updates"), "add Microsoft's table to the sources of the feed and build it again")
	}
	if section[0] != sectionVersion {
		return nil, errs.Hint(errs.New(errs.Unsupported, "the table of Windows updates is of version %d, this program reads version %d", section[0], sectionVersion),
			"build the feed again, or update the program")
	}
	r := &reader{b: section[1:]}
	t := &Table{texts: r.sorted(), kbs: r.sorted()}
	t.over = make([][]uint32, len(t.kbs))
	for i := range t.over {
		t.over[i] = r.numbers(len(t.kbs))
	}
	t.flaws = r.sorted()
	t.at, t.severity = make([]time.Time, len(t.flaws)), make([]string, len(t.flaws))
	for i := range t.flaws {
		t.at[i] = timeOf(uint64(r.number()))
		t.severity[i] = severities[r.below(len(severities))]
	}
	t.sets = make([][]uint32, r.count())
	for i := range t.sets {
		t.sets[i] = r.numbers(len(t.flaws))
	}
	t.products = r.sorted()
	t.rows = make([][]row, len(t.products))
	for i := range t.rows {
		t.rows[i] = make([]row, r.count())
		for j := range t.rows[i] {
			t.rows[i][j] = row{
				uint32(r.below(len(t.kbs) + 1)), uint32(r.below(len(t.texts))), uint32(r.below(len(t.texts))), uint32(r.below(len(t.sets))),
			}
		}
		if r.bad {
			break
		}
	}
	if r.bad || len(r.b) > 0 {
		return nil, errDamaged
	}
	return t, nil
}

// Products lists the products the table knows, in lower case.
func (t *Table) Products() []string { return slices.Clone(t.products) }

// Size counts products, updates and flaws.
func (t *Table) Size() (products, updates, flaws int) {
	return len(t.products), len(t.kbs), len(t.flaws)
}

// Knows reports whether the table has an update.
func (t *Table) Knows(kb string) bool {
	_, ok := slices.BinarySearch(t.kbs, KB(kb))
	return ok
}

// covered returns, for each update of the table, whether an installed one is it or
// replaces it, directly or through others.
func (t *Table) covered(installed []string) []bool {
	have := make([]bool, len(t.kbs))
	var open []uint32
	for _, kb := range installed {
		if i, ok := slices.BinarySearch(t.kbs, KB(kb)); ok && !have[i] {
			have[i] = true
			open = append(open, uint32(i))
		}
	}
	t.spread(have, open)
	return have
}

// spread marks everything that the open ones replace.
func (t *Table) spread(have []bool, open []uint32) {
	for len(open) > 0 {
		i := open[len(open)-1]
		open = open[:len(open)-1]
		for _, old := range t.over[i] {
			if !have[old] {
				have[old] = true
				open = append(open, old)
			}
		}
	}
}

// KB brings the number of an update to the form of the table: digits alone. What is
// no number, such as the name of a service pack, stays as it is.
func KB(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 2 && strings.EqualFold(s[:2], "KB") {
		s = s[2:]
		// KB893803v2 and KB2393802_x64 are that update in another package.
		if i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }); i > 0 {
			s = s[:i]
		}
	}
	return s
}

// fold brings names of products to the form in which they are compared.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
