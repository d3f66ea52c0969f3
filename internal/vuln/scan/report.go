package scan

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
)

// Report judges a bill of materials and writes what was found as JSON: what
// was affected, by which advisory and which versions; what nobody knows, with the
// reason; the advisories once each, with what they say; and totals. Components
// that are not affected are counted only.
func Report(r io.Reader, w io.Writer, db *vuln.DB, limits Limits) (Totals, error) {
	rep := newReporter(w, db)
	totals, err := CycloneDX(r, db, limits, rep.component)
	if err != nil {
		return totals, err
	}
	return totals, rep.finish(totals)
}

// ReportList judges components that an importer read, and writes what [Report] writes.
func ReportList(list []fact.Component, w io.Writer, db *vuln.DB, limits Limits) (Totals, error) {
	fact.DoubtSources(list)
	rep := newReporter(w, db)
	t := Totals{Why: make(map[vuln.Reason]int)}
	var a vuln.Answer
	for i := range list {
		db.Judge(&list[i], &a)
		limits.doubt(&a)
		t.count(&a)
		if err := rep.component(&list[i], &a); err != nil {
			return t, err
		}
	}
	return t, rep.finish(t)
}

func newReporter(w io.Writer, db *vuln.DB) *reporter {
	rep := &reporter{db: db, w: bufio.NewWriterSize(w, 64<<10), seen: make([]uint64, db.Advisories()/64+1)}
	rep.open()
	return rep
}

func (r *reporter) finish(t Totals) error {
	if err := r.advisories(); err != nil {
		return err
	}
	r.close(t)
	return r.w.Flush()
}

// reporter writes JSON by hand where there is much of it: reflection over
// thousands of findings takes longer than finding them.
type reporter struct {
	db   *vuln.DB
	w    *bufio.Writer
	b    []byte
	n    int
	seen []uint64 // advisories that were named, one bit each
}

func (r *reporter) open() {
	r.b = append(r.b, `{"feed":"`...)
	r.b = append(r.b, r.db.ID()...)
	r.b = append(r.b, `","built_at":"`...)
	r.b = r.db.BuiltAt().AppendFormat(r.b, time.RFC3339)
	r.b = append(r.b, `","components":[`...)
	_, _ = r.w.Write(r.b) // an error stays with the writer
	r.b = r.b[:0]         // where nothing is listed, nobody else writes it
}

func (r *reporter) component(c *fact.Component, a *vuln.Answer) error {
	if a.Verdict == vuln.NotAffected && len(a.Cleared) == 0 {
		return nil
	}
	b := r.b
	if r.n++; r.n > 1 {
		b = append(b, ',')
	}
	b = append(b, "\n{\"name\":"...)
	b = quote(b, c.Name)
	b = field(b, "version", c.Version)
	b = field(b, "purl", c.PURL)
	b = field(b, "cpe", c.CPE)
	b = field(b, "ecosystem", a.Ecosystem)
	b = field(b, "verdict", a.Verdict.String())
	b = field(b, "reason", a.Reason.String())
	if a.BySource {
		b = field(b, "source", c.Source)
		b = field(b, "source_version", c.SourceVersion)
	}
	b = r.hits(b, "affected", a.Hits)
	b = r.hits(b, "cleared", a.Cleared)
	b = r.hits(b, "open", a.Open)
	b = append(b, '}')
	_, err := r.w.Write(b)
	r.b = b[:0]
	return err
}

func (r *reporter) hits(b []byte, name string, hits []vuln.Hit) []byte {
	if len(hits) == 0 {
		return b
	}
	b = append(b, ",\""...)
	b = append(b, name...)
	b = append(b, "\":["...)
	for i, h := range hits {
		if i > 0 {
			b = append(b, ',')
		}
		r.seen[h.Advisory/64] |= 1 << (h.Advisory % 64)
		b = r.hit(b, h)
	}
	return append(b, ']')
}

func (r *reporter) hit(b []byte, h vuln.Hit) []byte {
	m := r.db.Terms(h)
	id, source := r.db.IDOf(h.Advisory)
	b = append(b, `{"advisory":`...)
	b = r.name(b, id)
	b = field(b, "by", source)
	b = append(b, `,"flaws":[`...)
	if h.Flaw != 0 {
		b = r.name(b, h.Flaw)
	} else {
		var space [32]vuln.Flaw
		for i, f := range r.db.Flaws(space[:0], h.Advisory) {
			if i > 0 {
				b = append(b, ',')
			}
			b = r.name(b, f)
		}
	}
	b = append(b, ']')
	b = field(b, "from", m.From)
	b = field(b, "to", m.To)
	b = flag(b, "from_after", m.FromAfter)
	b = flag(b, "to_with", m.ToWith)
	b = flag(b, "listed", m.Listed)
	b = flag(b, "likely", h.Likely)
	if !m.ToWith {
		b = field(b, "fixed", m.To)
	}
	b = field(b, "reason", h.Reason.String())
	if h.Statement != 0 {
		s := r.db.Match(h).Statement
		b = field(b, "stated_by", s.Advisory)
		b = field(b, "stated", s.Status)
		b = field(b, "justification", s.Justification)
	}
	return append(b, '}')
}

// name writes the name of a flaw, which has no characters to escape but in a
// file that lies.
func (r *reporter) name(b []byte, f vuln.Flaw) []byte {
	if f.IsCVE() {
		b = append(b, '"')
		return append(r.db.AppendName(b, f), '"')
	}
	return quote(b, r.db.Name(f))
}

// paper is a document as the report has it.
type paper struct {
	ID         string               `json:"id"`
	Source     string               `json:"source"`
	Aliases    []string             `json:"aliases,omitempty"`
	Title      string               `json:"title,omitempty"`
	Details    string               `json:"details,omitempty"`
	Published  time.Time            `json:"published,omitzero"`
	Modified   time.Time            `json:"modified,omitzero"`
	Scores     []score              `json:"scores,omitempty"`
	CWEs       []string             `json:"cwes,omitempty"`
	References []string             `json:"references,omitempty"`
	Remedies   []string             `json:"remedies,omitempty"`
	Exploited  map[string]time.Time `json:"exploited_since,omitempty"`
	Likelihood map[string]float64   `json:"likelihood,omitempty"`
}

type score struct {
	Vector   string  `json:"vector,omitempty"`
	Base     float64 `json:"base,omitempty"`
	Severity string  `json:"severity,omitempty"`
	By       string  `json:"by,omitempty"`
}

// advisories writes what was named, once each.
func (r *reporter) advisories() error {
	var list []uint32
	for i, w := range r.seen {
		for k := range 64 {
			if w>>k&1 == 1 {
				list = append(list, uint32(i*64+k))
			}
		}
	}
	if _, err := r.w.WriteString("\n],\"advisories\":["); err != nil {
		return err
	}
	enc := json.NewEncoder(r.w)
	enc.SetEscapeHTML(false)
	first := true
	return r.db.Documents(list, func(n uint32, d vuln.Document) error {
		p := paper{
			ID: d.ID, Source: d.Source, Aliases: d.Aliases, Title: d.Title, Details: d.Details, Published: d.Published, Modified: d.Modified,
			CWEs: d.CWEs, References: d.References, Remedies: d.Remedies,
		}
		for _, s := range d.Scores {
			p.Scores = append(p.Scores, score(s))
		}
		for _, f := range r.db.Flaws(nil, n) {
			r.known(&p, f)
		}
		if !first {
			if err := r.w.WriteByte(','); err != nil {
				return err
			}
		}
		first = false
		return enc.Encode(p)
	})
}

func (r *reporter) known(p *paper, f vuln.Flaw) {
	if e, ok := r.db.Exploited(f); ok {
		if p.Exploited == nil {
			p.Exploited = make(map[string]time.Time)
		}
		p.Exploited[e.CVE] = e.Added
	}
	if l, ok := r.db.Likelihood(f); ok {
		if p.Likelihood == nil {
			p.Likelihood = make(map[string]float64)
		}
		p.Likelihood[l.CVE] = l.Score
	}
}

func (r *reporter) close(t Totals) {
	b := append(r.b[:0], "],\"totals\":{\"components\":"...)
	b = strconv.AppendInt(b, int64(t.Components), 10)
	for _, n := range [...]struct {
		name string
		n    int
	}{{"affected", t.Affected}, {"not_affected", t.NotAffected}, {"not_assessed", t.NotAssessed}} {
		b = append(b, ",\""...)
		b = append(append(b, n.name...), "\":"...)
		b = strconv.AppendInt(b, int64(n.n), 10)
	}
	var why []vuln.Reason
	for w := range t.Why {
		why = append(why, w)
	}
	slices.SortFunc(why, func(a, b vuln.Reason) int { return cmp.Compare(a, b) })
	b = append(b, ",\"why\":{"...)
	for i, w := range why {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(quote(b, w.String()), ':')
		b = strconv.AppendInt(b, int64(t.Why[w]), 10)
	}
	b = append(b, "}}}\n"...)
	_, _ = r.w.Write(b) // the error stays with the writer and comes from Flush
	r.b = b
}

func field(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, ",\""...)
	b = append(b, name...)
	b = append(b, "\":"...)
	return quote(b, value)
}

func flag(b []byte, name string, value bool) []byte {
	if !value {
		return b
	}
	b = append(b, ",\""...)
	b = append(b, name...)
	return append(b, "\":true"...)
}

// quote writes a JSON string. Nearly all need no escapes.
func quote(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			q, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...)
			}
			return append(b, q...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
