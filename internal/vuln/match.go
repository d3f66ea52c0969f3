package vuln

import (
	"strings"
)

// Match tells what a hit stands for.
func (db *DB) Match(h Hit) Match {
	r := db.row(h.Row)
	eco, name := db.packageOf(h.Row)
	id, source := db.IDOf(r.advisory)
	m := Match{
		Advisory: db.Name(id), Source: source, Package: string(name), Status: r.status().String(),
		Range: db.rangeOf(r), Likely: h.Likely,
	}
	if int(eco) < len(db.ecosystems) {
		m.Ecosystem = db.ecosystems[eco].name
	}
	if h.Flaw != 0 {
		m.Flaws = []string{db.Name(h.Flaw)}
	} else {
		for _, f := range db.Flaws(nil, r.advisory) {
			m.Flaws = append(m.Flaws, db.Name(f))
		}
	}
	if r.flags&rowHighIn == 0 {
		m.Fixed = m.Range.To
	}
	x := db.extra(r.flags)
	m.Needs, m.Remedy, m.Module, m.Unread, m.Basis = x.needs, x.remedy, x.module, x.unread, x.basis
	if h.Statement != 0 {
		s := db.statement(h.Statement - 1)
		m.Statement = &s
	}
	return m
}

// Terms returns the range of a hit alone.
func (db *DB) Terms(h Hit) Range { return db.rangeOf(db.row(h.Row)) }

func (db *DB) statement(i uint32) Statement {
	r := db.row(i)
	x := db.extra(r.flags)
	id, source := db.IDOf(r.advisory)
	return Statement{
		Advisory: db.Name(id), Source: source, Status: r.status().String(),
		Justification: x.justification, Within: x.within, Range: db.rangeOf(r),
	}
}

func (db *DB) rangeOf(r row) Range {
	if r.flags&rowSet != 0 {
		return Range{Listed: true}
	}
	_, low := boundAt(db.bounds, r.low)
	_, high := boundAt(db.bounds, r.high)
	return Range{From: string(low), FromAfter: r.flags&rowLowOut != 0, To: string(high), ToWith: r.flags&rowHighIn != 0}
}

// String says the range in words: "1.0 and later, before 1.2.3".
func (r Range) String() string {
	if r.Listed {
		return "listed versions"
	}
	var parts []string
	switch {
	case r.From != "" && r.FromAfter:
		parts = append(parts, "later than "+r.From)
	case r.From != "":
		parts = append(parts, r.From+" and later")
	}
	switch {
	case r.To != "" && r.ToWith:
		parts = append(parts, "up to "+r.To)
	case r.To != "":
		parts = append(parts, "before "+r.To)
	}
	if len(parts) == 0 {
		return "all versions"
	}
	return strings.Join(parts, ", ")
}

// Products lists what an advisory says of which packages, a line for each row.
// It reads the whole table of rows, which takes about a millisecond for each
// half million.
func (db *DB) Products(advisory uint32, most int) []Match {
	var out []Match
	for i := range uint32(len(db.rows) / rowLen) {
		if db.row(i).advisory != advisory {
			continue
		}
		if len(out) == most {
			break
		}
		out = append(out, db.Match(Hit{Advisory: advisory, Row: i}))
	}
	return out
}
