package eol

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/vuln"
)

// Section is the name of the section in the feed file.
const Section = "eol"

// The section is a version byte, the number of products, and each product: its slug,
// title, category, identifiers and cycles. A cycle is its name, code name, newest
// version, the days of its release, of the end of support and of extended support, and
// whether it ended on a day nobody noted. Texts have their length before them, days
// count from 1980, and 0 is none.
const sectionVersion = 1

const (
	maxText  = 500
	dayZero  = 315532800 // 1980-01-01
	maxDays  = 100_000
	maxItems = 1 << 20
)

// Add compiles cycles and adds them as a section, if there are any.
func Add(b *vuln.Builder, cycles []advisory.Cycle) error {
	if data := Encode(cycles); data != nil {
		return b.Add(Section, data)
	}
	return nil
}

// Encode returns the section of cycles, nil for none. The same cycles give the same
// bytes, in whatever order they come. Where a cycle comes twice, from the pages and
// the release data of one project, the one with an end of support counts.
func Encode(cycles []advisory.Cycle) []byte {
	if len(cycles) == 0 {
		return nil
	}
	type product struct {
		slug, title, category string
		ids                   []string
		cycles                map[string]advisory.Cycle
	}
	products := make(map[string]*product)
	for i := range cycles {
		c := &cycles[i]
		slug := short(strings.ToLower(c.Product))
		if slug == "" || c.Cycle == "" {
			continue
		}
		p := products[slug]
		if p == nil {
			p = &product{slug: slug, cycles: make(map[string]advisory.Cycle)}
			products[slug] = p
		}
		p.title, p.category = max(p.title, short(c.Title)), max(p.category, short(c.Category))
		p.ids = append(p.ids, c.Identifiers...)
		name := short(strings.ToLower(c.Cycle))
		if old, ok := p.cycles[name]; !ok || weight(c) > weight(&old) || weight(c) == weight(&old) && c.Latest > old.Latest {
			p.cycles[name] = *c
		}
	}
	list := make([]*product, 0, len(products))
	for _, p := range products {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *product) int { return cmp.Compare(a.slug, b.slug) })
	b := binary.AppendUvarint([]byte{sectionVersion}, uint64(len(list)))
	for _, p := range list {
		b = text(text(text(b, p.slug), p.title), p.category)
		slices.Sort(p.ids)
		p.ids = slices.Compact(p.ids)
		b = binary.AppendUvarint(b, uint64(len(p.ids)))
		for _, id := range p.ids {
			b = text(b, id)
		}
		names := make([]string, 0, len(p.cycles))
		for n := range p.cycles {
			names = append(names, n)
		}
		slices.Sort(names)
		b = binary.AppendUvarint(b, uint64(len(names)))
		for _, n := range names {
			c := p.cycles[n]
			b = text(text(text(b, n), c.Codename), c.Latest)
			for _, t := range [...]time.Time{c.Released, c.SupportEnds, c.ExtendedEnds} {
				b = binary.AppendUvarint(b, dayOf(t))
			}
			if c.Ended {
				b = append(b, 1)
			} else {
				b = append(b, 0)
			}
		}
	}
	return b
}

// weight is how much a cycle says about its end.
func weight(c *advisory.Cycle) int {
	n := 0
	for _, t := range [...]time.Time{c.SupportEnds, c.ExtendedEnds} {
		if !t.IsZero() {
			n++
		}
	}
	if c.Ended {
		n++
	}
	return n
}

func short(s string) string {
	if len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}

func text(b []byte, s string) []byte {
	s = short(s)
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func dayOf(t time.Time) uint64 {
	if d := (t.Unix()-dayZero)/86400 + 1; !t.IsZero() && d > 0 && d < maxDays {
		return uint64(d)
	}
	return 0
}

type reader struct {
	b   []byte
	bad bool
}

func (r *reader) number() uint64 {
	n, w := binary.Uvarint(r.b)
	if r.bad || w <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[w:]
	return n
}

// count reads the length of a list whose items take size bytes each at the least.
func (r *reader) count(size int) int {
	n := r.number()
	if n > maxItems || n > uint64(len(r.b)/size) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.number()
	if r.bad || n > maxText || n > uint64(len(r.b)) {
		r.bad = true
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *reader) day() time.Time {
	d := r.number()
	if d == 0 || d >= maxDays {
		r.bad = r.bad || d >= maxDays
		return time.Time{}
	}
	return time.Unix((int64(d)-1)*86400+dayZero, 0).UTC()
}

// Open reads a section. Damaged bytes are refused.
func Open(section []byte) (*Table, error) {
	if len(section) == 0 {
		return nil, errs.Hint(errs.New(errs.NotFound, "the feed holds no dates of the end of support"), "add the data of endoflife.date to the sources of the feed and build it again")
	}
	if section[0] != sectionVersion {
		return nil, errs.Hint(errs.New(errs.Unsupported, "the dates of the end of support are of version %d, this program reads version %d", section[0], sectionVersion),
			"build the feed again, or update the program")
	}
	r := &reader{b: section[1:]}
	t := &Table{bySlug: make(map[string]*product), byID: make(map[string][]*product)}
	for range r.count(5) {
		p := &product{slug: r.text(), title: r.text(), category: r.text()}
		for range r.count(1) {
			if key := identifier(r.text()); key != "" && !slices.Contains(t.byID[key], p) {
				t.byID[key] = append(t.byID[key], p)
			}
		}
		p.cycles = make([]cycle, r.count(7))
		for i := range p.cycles {
			c := &p.cycles[i]
			c.name, c.codename, c.latest = r.text(), r.text(), r.text()
			c.released, c.ends, c.extended = r.day(), r.day(), r.day()
			c.ended = r.number() == 1
		}
		if r.bad {
			break
		}
		t.bySlug[p.slug] = p
	}
	if r.bad || len(r.b) > 0 {
		return nil, errs.Hint(errs.New(errs.Invalid, "the dates of the end of support in the feed file are damaged"), "fetch or build it again")
	}
	return t, nil
}
