package vuln

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/errs"
)

// What is known of a CVE beside its advisories lies in tables by CVE: a number of
// rows, then rows of a fixed length that begin with the [Flaw], in order.
const (
	epssLen   = 12 // flaw, score and percentile in 100,000ths of 24 bits each, day
	pointsLen = 8  // flaw, day, points, nothing
	kevLen    = 8  // flaw, place of the entry behind the rows
)

// day counts days from 1980 in 16 bits; 0 is unknown.
func day(t time.Time) uint16 {
	d := (t.Unix()-epoch)/86400 + 1
	if t.IsZero() || d < 1 || d > math.MaxUint16 {
		return 0
	}
	return uint16(d)
}

func dayTime(d uint16) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return time.Unix((int64(d)-1)*86400+epoch, 0).UTC()
}

// tables writes the tables.
func (w *writer) tables(c *Compiler) error {
	w.sections[secEPSS] = table(c.likelihood, func(l *advisory.Likelihood) (string, time.Time) { return l.CVE, l.At }, epssLen,
		func(b []byte, l *advisory.Likelihood) []byte {
			b = append24(append24(b, l.Score), l.Percentile)
			return binary.LittleEndian.AppendUint16(b, day(l.At))
		})
	w.sections[secPoints] = table(c.points, func(p *advisory.Points) (string, time.Time) { return p.CVE, p.At }, pointsLen,
		func(b []byte, p *advisory.Points) []byte {
			b = binary.LittleEndian.AppendUint16(b, day(p.At))
			return append(b, packPoints(p), 0)
		})
	var entries []byte
	w.sections[secExploited] = table(c.exploited, func(e *advisory.Exploited) (string, time.Time) { return e.CVE, e.Added }, kevLen,
		func(b []byte, e *advisory.Exploited) []byte {
			b = binary.LittleEndian.AppendUint32(b, w.place(entries))
			entries = appendExploited(entries, e)
			return b
		})
	w.sections[secExploited] = append(w.sections[secExploited], entries...)
	if !c.catalog {
		delete(w.sections, secExploited) // no catalog is not the same as an empty one
	}
	if w.err != nil {
		return errs.New(errs.Internal, "write tables: %w", w.err)
	}
	return nil
}

// table sorts entries by CVE, keeps the newest of each, and writes them.
func table[T any](list []T, key func(*T) (string, time.Time), length int, put func([]byte, *T) []byte) []byte {
	type entry struct {
		flaw Flaw
		at   time.Time
		n    int
	}
	var es []entry
	for i := range list {
		id, at := key(&list[i])
		if f := CVEFlaw(id); f != 0 {
			es = append(es, entry{f, at, i})
		}
	}
	slices.SortStableFunc(es, func(a, b entry) int { return cmp.Or(cmp.Compare(a.flaw, b.flaw), b.at.Compare(a.at)) })
	es = slices.CompactFunc(es, func(a, b entry) bool { return a.flaw == b.flaw })
	out := make([]byte, 4, 4+len(es)*length)
	binary.LittleEndian.PutUint32(out, uint32(len(es)))
	for _, e := range es {
		out = binary.LittleEndian.AppendUint32(out, uint32(e.flaw))
		out = put(out, &list[e.n])
	}
	return out
}

// find returns the row of a flaw, without the flaw, and what lies behind the rows.
func find(b []byte, length int, f Flaw) (row, rest []byte) {
	n := uint64(u32(b, 0))
	if f == 0 || n > uint64(len(b))/uint64(length) || 4+n*uint64(length) > uint64(len(b)) {
		return nil, nil
	}
	rows := b[4 : 4+n*uint64(length)]
	lo, hi := 0, int(n)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		switch k := Flaw(binary.LittleEndian.Uint32(rows[mid*length:])); {
		case k == f:
			return rows[mid*length+4 : (mid+1)*length], b[4+n*uint64(length):]
		case k < f:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return nil, nil
}

func append24(b []byte, share float64) []byte {
	n := uint32(math.Round(min(max(share, 0), 1) * 100000))
	return append(b, byte(n), byte(n>>8), byte(n>>16))
}

func read24(b []byte) float64 {
	return float64(uint32(b[0])|uint32(b[1])<<8|uint32(b[2])<<16) / 100000
}

var (
	exploitations = [...]string{"", "none", "poc", "active"}
	impacts       = [...]string{"", "partial", "total"}
)

func packPoints(p *advisory.Points) byte {
	e := max(slices.Index(exploitations[:], strings.ToLower(p.Exploitation)), 0)
	i := max(slices.Index(impacts[:], strings.ToLower(p.TechnicalImpact)), 0)
	b := byte(e) | byte(i)<<2
	if p.Automatable {
		b |= 1 << 4
	}
	return b
}

func appendExploited(b []byte, e *advisory.Exploited) []byte {
	b = appendText(b, shorten(e.Name, maxTitle))
	b = appendText(b, shorten(e.Vendor, maxTitle))
	b = appendText(b, shorten(e.Product, maxTitle))
	b = appendText(b, shorten(e.Action, maxDetails))
	b = appendTime(appendTime(b, e.Added), e.Due)
	if e.Ransomware {
		return append(b, 1)
	}
	return append(b, 0)
}

// Exploited returns the entry of a flaw in the catalog of those known to be
// exploited. Where the file holds no catalog, [DB.HasExploited] says so.
func (db *DB) Exploited(f Flaw) (advisory.Exploited, bool) {
	row, entries := find(db.kev, kevLen, f)
	if row == nil {
		return advisory.Exploited{}, false
	}
	at := binary.LittleEndian.Uint32(row)
	if uint64(at) > uint64(len(entries)) {
		return advisory.Exploited{}, false
	}
	r := reader{entries[at:]}
	return advisory.Exploited{
		CVE: db.Name(f), Name: r.text(), Vendor: r.text(), Product: r.text(), Action: r.text(),
		Added: r.time(), Due: r.time(), Ransomware: r.number() == 1,
	}, true
}

// HasExploited reports whether the file holds the catalog of flaws known to be
// exploited. Without it, nobody knows whether a flaw is.
func (db *DB) HasExploited() bool { return db.kev != nil }

// Likelihood returns how likely the flaw is to be exploited within 30 days.
func (db *DB) Likelihood(f Flaw) (advisory.Likelihood, bool) {
	row, _ := find(db.epss, epssLen, f)
	if row == nil {
		return advisory.Likelihood{}, false
	}
	return advisory.Likelihood{
		CVE: db.Name(f), Score: read24(row), Percentile: read24(row[3:]), At: dayTime(binary.LittleEndian.Uint16(row[6:])),
	}, true
}

// Points returns the decision points of the flaw.
func (db *DB) Points(f Flaw) (advisory.Points, bool) {
	row, _ := find(db.points, pointsLen, f)
	if row == nil {
		return advisory.Points{}, false
	}
	return advisory.Points{
		CVE: db.Name(f), At: dayTime(binary.LittleEndian.Uint16(row)),
		Exploitation: exploitations[row[2]&3], TechnicalImpact: impacts[min(int(row[2]>>2&3), len(impacts)-1)], Automatable: row[2]>>4&1 == 1,
	}, true
}
