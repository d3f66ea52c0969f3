package device

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/vuln"
)

// Section is the name of the section in the feed file.
const Section = "devices"

// The section is a version byte, a list of texts, each once, and the statements. A
// statement refers to texts by place: the advisory, its source, title and flaws, maker,
// product, models and version as written, sector, status and remedy, and the day of the
// advisory.
const sectionVersion = 1

const maxItems = 1 << 22

// Statement is what one advisory says of one product.
type Statement struct {
	Advisory string // ICSMA-24-200-01; of one flaw of several, with # and the flaw
	Source   string
	Title    string
	Flaws    []string
	Vendor   string
	Product  string
	Models   []string
	Version  string
	Sector   string // medical, industrial, recall
	Status   advisory.Status
	Remedy   string
	Unread   bool
	Modified time.Time
}

// Compiler collects what advisories say of devices. Its methods may be called at once
// from many goroutines.
type Compiler struct {
	mu   sync.Mutex
	list []Statement
}

// NewCompiler returns an empty compiler.
func NewCompiler() *Compiler { return &Compiler{} }

// Add takes the devices of an advisory; others it leaves alone. It keeps nothing of a.
func (c *Compiler) Add(a *advisory.Advisory) {
	if !a.Withdrawn.IsZero() {
		return
	}
	var list []Statement
	for i := range a.Products {
		p := &a.Products[i]
		if p.Device == nil {
			continue
		}
		modified := a.Modified
		if modified.IsZero() {
			modified = a.Published
		}
		list = append(list, Statement{
			Advisory: a.ID, Source: a.Source, Title: a.Title, Flaws: a.Flaws(), Vendor: p.Device.Vendor, Product: p.Device.Name,
			Models: slices.Clone(p.Device.Models), Version: p.Device.Version, Sector: p.Device.Sector, Status: p.Status, Remedy: p.Remedy,
			Unread: p.Unread != "", Modified: modified,
		})
	}
	c.mu.Lock()
	c.list = append(c.list, list...)
	c.mu.Unlock()
}

// Finish adds the section, if there is anything in it.
func (c *Compiler) Finish(b *vuln.Builder) error {
	if data := c.Encode(); data != nil {
		return b.Add(Section, data)
	}
	return nil
}

// Encode returns the section, or nil where no device was added. The same advisories give
// the same bytes, in whatever order they came.
func (c *Compiler) Encode() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return encode(c.list)
}

func encode(list []Statement) []byte {
	if len(list) == 0 {
		return nil
	}
	at := map[string]uint64{"": 0}
	var texts []byte
	n := uint64(1)
	place := func(b []byte, s string) []byte {
		if len(s) > maxText {
			s = strings.ToValidUTF8(s[:maxText], "")
		}
		i, ok := at[s]
		if !ok {
			i = n
			at[s] = i
			n++
			texts = append(binary.AppendUvarint(texts, uint64(len(s))), s...)
		}
		return binary.AppendUvarint(b, i)
	}
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Product, b.Product), cmp.Compare(a.Advisory, b.Advisory), cmp.Compare(a.Version, b.Version),
			cmp.Compare(a.Status, b.Status), cmp.Compare(a.Source, b.Source), slices.Compare(a.Models, b.Models), slices.Compare(a.Flaws, b.Flaws), cmp.Compare(a.Remedy, b.Remedy))
	})
	sorted = slices.CompactFunc(sorted, func(a, b Statement) bool {
		return a.Advisory == b.Advisory && a.Vendor == b.Vendor && a.Product == b.Product && a.Version == b.Version && a.Status == b.Status &&
			slices.Equal(a.Models, b.Models) && slices.Equal(a.Flaws, b.Flaws)
	})
	var body []byte
	body = binary.AppendUvarint(body, uint64(len(sorted)))
	for i := range sorted {
		s := &sorted[i]
		for _, t := range [...]string{s.Advisory, s.Source, s.Title, s.Vendor, s.Product, s.Version, s.Sector, s.Remedy} {
			body = place(body, t)
		}
		for _, l := range [...][]string{s.Flaws, s.Models} {
			body = binary.AppendUvarint(body, uint64(len(l)))
			for _, t := range l {
				body = place(body, t)
			}
		}
		flags := byte(s.Status) << 1
		if s.Unread {
			flags |= 1
		}
		body = append(body, flags)
		body = binary.AppendUvarint(body, uint64(max(s.Modified.Unix(), 0)))
	}
	out := binary.AppendUvarint([]byte{sectionVersion}, n-1)
	return append(append(out, texts...), body...)
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

// decode reads a section.
func decode(section []byte) ([]Statement, error) {
	if len(section) == 0 {
		return nil, errs.Hint(errs.New(errs.NotFound, "the feed holds no advisories about devices"), "add CISA's advisories in CSAF to the sources of the feed and build it again")
	}
	if section[0] != sectionVersion {
		return nil, errs.Hint(errs.New(errs.Unsupported, "the advisories about devices are of version %d, this program reads version %d", section[0], sectionVersion),
			"build the feed again, or update the program")
	}
	r := &reader{b: section[1:]}
	texts := make([]string, 1, 1024)
	for range r.count(1) {
		n := r.number()
		if r.bad || n > maxText || n > uint64(len(r.b)) {
			r.bad = true
			break
		}
		texts = append(texts, string(bytes.ToValidUTF8(r.b[:n], nil)))
		r.b = r.b[n:]
	}
	text := func() string {
		i := r.number()
		if r.bad || i >= uint64(len(texts)) {
			r.bad = true
			return ""
		}
		return texts[i]
	}
	list := make([]Statement, r.count(12))
	for i := range list {
		s := &list[i]
		for _, to := range [...]*string{&s.Advisory, &s.Source, &s.Title, &s.Vendor, &s.Product, &s.Version, &s.Sector, &s.Remedy} {
			*to = text()
		}
		for _, to := range [...]*[]string{&s.Flaws, &s.Models} {
			n := r.count(1)
			for range n {
				*to = append(*to, text())
			}
		}
		if r.bad || len(r.b) == 0 {
			r.bad = true
			break
		}
		s.Unread = r.b[0]&1 == 1
		if s.Status = advisory.Status(r.b[0] >> 1); s.Status > advisory.Unsupported {
			s.Status = advisory.UnderInvestigation // neither clears nor convicts
		}
		r.b = r.b[1:]
		if at := r.number(); at > 0 && at < 1<<40 {
			s.Modified = time.Unix(int64(at), 0).UTC()
		}
	}
	if r.bad || len(r.b) > 0 {
		return nil, errs.Hint(errs.New(errs.Invalid, "the advisories about devices in the feed file are damaged"), "fetch or build it again")
	}
	return list, nil
}
