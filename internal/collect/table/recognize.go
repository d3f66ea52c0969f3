package table

import (
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/table/grid"
)

// headerRows is how far down the headers may stand: some reports begin with a
// title and the date they were made.
const headerRows = 20

// score says how much a row looks like the headers of the kind. Only headers
// that are known count, never guesses. It is 0 where a need of the kind has no
// column.
// The row is folded, see foldRow.
func (k *Kind) score(row []string) int {
	ix := k.index()
	met := make(map[string]bool)
	seen := make(map[*Field]bool)
	n := 0
	for _, h := range row {
		x, ok := ix[h]
		if !ok || seen[x.field] || h == "" {
			continue
		}
		seen[x.field] = true
		n += 2 * x.field.Tell
		if x.rank == 0 {
			n++
		}
		if x.field.Need != "" {
			met[x.field.Need] = true
		}
	}
	if len(met) < len(k.needs()) {
		return 0
	}
	return n
}

// foldRow brings the cells of a row to the form in which headers are compared.
func foldRow(row []string) []string {
	out := make([]string, len(row))
	for i, h := range row {
		if h != "" {
			out[i] = squeeze(fold(h))
		}
	}
	return out
}

// guessKind finds the kind of table whose headers the row looks most like, and
// by how much it leads the next. No kind has nil.
func guessKind(row []string) (best *Kind, score, lead int) {
	second := 0
	folded := foldRow(row)
	for _, k := range Kinds() {
		switch n := k.score(folded); {
		case n > score:
			best, score, second = k, n, score
		case n > second:
			second = n
		}
	}
	return best, score, score - second
}

// leads is the lead and the score from which the kind of a table is beyond doubt.
const (
	leads     = 3
	certainly = 4
)

// headerOf finds the row of headers among the first rows: the one that a kind
// knows most of, else the first with more than one cell.
func headerOf(rows []grid.Row, kind *Kind) (int, bool) {
	best, at := 0, -1
	for i, r := range rows[:min(len(rows), headerRows)] {
		if comment(r) {
			continue
		}
		n := 0
		if kind != nil {
			n = known(kind, r.Cells)
		} else {
			_, n, _ = guessKind(r.Cells)
		}
		if n > best {
			best, at = n, i
		}
	}
	if at >= 0 {
		return at, true
	}
	for i, r := range rows[:min(len(rows), headerRows)] {
		filled := 0
		for _, c := range r.Cells {
			if strings.TrimSpace(c) != "" {
				filled++
			}
		}
		if filled > 1 && !comment(r) {
			return i, true
		}
	}
	i := slices.IndexFunc(rows, func(r grid.Row) bool { return !r.Blank() && !comment(r) })
	return i, i >= 0
}

// known counts the headers of a row that the kind knows.
func known(k *Kind, row []string) int {
	ix := k.index()
	n := 0
	for _, h := range row {
		if _, ok := ix[squeeze(fold(h))]; ok {
			n++
		}
	}
	return n
}

// comment reports a row that only explains: our templates begin with such rows.
func comment(r grid.Row) bool { return len(r.Cells) > 0 && strings.HasPrefix(r.Cells[0], "# ") }

// exampleMark begins the first cell of the example rows of our templates.
const exampleMark = "EXAMPLE: "

func example(r grid.Row) bool {
	for _, c := range r.Cells {
		if c = strings.TrimSpace(c); c != "" {
			return strings.HasPrefix(c, exampleMark)
		}
	}
	return false
}
