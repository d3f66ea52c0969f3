package vuln

import (
	"slices"

	"github.com/asepsis/asepsis/internal/advisory"
)

// weigh holds what was found against the statements of others about the same
// component: a flaw that somebody clears moves from Hits or Open to Cleared. The
// document of a flaw may cover many; a hit stays as long as one of them stands.
func (j *judging) weigh() {
	if len(j.statements) == 0 {
		return
	}
	a := j.answer
	a.Hits = j.clear(a.Hits)
	a.Open = j.clear(a.Open)
	a.Open = slices.DeleteFunc(a.Open, j.answered)
}

// answered reports whether a statement that something is being looked into was
// answered by another, for each of its flaws.
func (j *judging) answered(h Hit) bool {
	if h.Reason != Investigating {
		return false
	}
	var a, b [32]Flaw
	flaws := j.db.Flaws(a[:0], h.Advisory)
	for _, f := range flaws {
		if !slices.ContainsFunc(j.answer.Cleared, func(c Hit) bool {
			return (c.Flaw == 0 || c.Flaw == f) && slices.Contains(j.db.Names(b[:0], c.Advisory), f)
		}) {
			return false
		}
	}
	return true
}

func (j *judging) clear(hits []Hit) []Hit {
	db, a := j.db, j.answer
	var space [64]Flaw
	kept := hits[:0]
	for _, h := range hits {
		if h.Reason == Investigating {
			kept = append(kept, h)
			continue
		}
		flaws := db.Flaws(space[:0], h.Advisory)
		cleared := 0
		from := len(a.Cleared)
		for _, f := range flaws {
			row, ok := j.best(f, h.Advisory, len(flaws) == 1)
			if !ok {
				continue
			}
			switch db.row(row).status() {
			case advisory.NotAffected, advisory.Fixed:
				cleared++
				c := h
				c.Statement, c.Flaw, c.Reason = row+1, f, Stated
				a.Cleared = append(a.Cleared, c)
			default:
			}
		}
		switch {
		case cleared == 0 || cleared < len(flaws):
			kept = append(kept, h)
		case len(flaws) > 1 && same(a.Cleared[from:]):
			a.Cleared = a.Cleared[:from+1]
			a.Cleared[from].Flaw = 0
		}
	}
	return kept
}

// same reports whether one statement clears all.
func same(hits []Hit) bool {
	for _, h := range hits {
		if h.Statement != hits[0].Statement {
			return false
		}
	}
	return true
}

// best returns the statement that counts for a flaw: the one about a component
// inside of a product before that about it everywhere, one about a version before
// one about all, then the newest. Where the advisory is about one flaw alone, a
// statement may name it by any of the advisory's names.
func (j *judging) best(f Flaw, adv uint32, alone bool) (row uint32, ok bool) {
	bestRank, bestTime := -1, uint32(0)
	for _, s := range j.statements {
		r := j.db.row(s)
		if !j.db.speaksOf(r.advisory, f, adv, alone) {
			continue
		}
		rank := 0
		if r.flags&rowWithin != 0 {
			rank += 2
		}
		if r.low != 0 || r.high != 0 {
			rank++
		}
		at := j.db.adv(r.advisory).modified
		if rank > bestRank || rank == bestRank && at > bestTime {
			bestRank, bestTime, row, ok = rank, at, s, true
		}
	}
	return row, ok
}

// speaksOf reports whether a statement is about a flaw of an advisory.
func (db *DB) speaksOf(statement uint32, f Flaw, adv uint32, alone bool) bool {
	var a, b [32]Flaw
	theirs := db.Names(a[:0], statement)
	if slices.Contains(theirs, f) {
		return true
	}
	if !alone {
		return false
	}
	return slices.ContainsFunc(db.Names(b[:0], adv), func(n Flaw) bool { return slices.Contains(theirs, n) })
}
