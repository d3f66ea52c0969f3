package vuln

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
)

// Source is what a feed builder knows of a source beyond its records.
type Source struct {
	Name string
	// Snapshot is when the source was fetched, or the date it states.
	Snapshot time.Time
	// Partial says that the source holds a part of its ecosystems, such as
	// single records: it can say that something is affected, but that it names
	// something not means nothing.
	Partial bool
}

// Coverage says what the feed holds of an ecosystem from a source.
type Coverage struct {
	Source    string    `json:"source"`
	Ecosystem string    `json:"ecosystem"` // "" for records that name no package
	Records   int       `json:"records"`   // advisories that speak of it
	Rows      int       `json:"rows"`      // package, range and status
	Withdrawn int       `json:"withdrawn,omitempty"`
	Refused   int       `json:"refused,omitempty"` // records of the source that could not be read
	Newest    time.Time `json:"newest,omitzero"`   // last change of a record
	Snapshot  time.Time `json:"snapshot,omitzero"`
	Partial   bool      `json:"partial,omitempty"`
}

// Report says what became of what was given: In is Kept and Replaced and the
// refused advisories together; Refused also lists entries of the tables by CVE.
type Report struct {
	In       int
	Kept     int
	Replaced int // a newer or equal record of the same source and name was kept
	Rows     int
	Refused  []advisory.Refused
}

// Compiler turns advisories into the sections of a feed file. Add, AddSource and
// Refuse may be called from many goroutines; what is written does not depend on
// their order.
type Compiler struct {
	mu      sync.Mutex
	items   []item
	sources map[string]Source
	refused []advisory.Refused
	in      int

	catalog    bool // the catalog of exploited flaws was there, be it empty
	exploited  []advisory.Exploited
	likelihood []advisory.Likelihood
	points     []advisory.Points
}

// NewCompiler returns an empty compiler.
func NewCompiler() *Compiler {
	return &Compiler{sources: make(map[string]Source)}
}

// AddSource states what is known of a source. Sources that nobody states are
// whole and of unknown date.
func (c *Compiler) AddSource(s Source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sources[s.Name] = s
}

// Refuse lists a record that could not be read.
func (c *Compiler) Refuse(r advisory.Refused) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in++
	c.refused = append(c.refused, r)
}

// Exploited adds entries of the catalog of flaws known to be exploited.
func (c *Compiler) Exploited(source string, list []advisory.Exploited) {
	addTable(c, &c.exploited, source, list, func(e *advisory.Exploited) string { return e.CVE })
	c.mu.Lock()
	c.catalog = true
	c.mu.Unlock()
}

// Likelihood adds scores of how likely flaws are to be exploited.
func (c *Compiler) Likelihood(source string, list []advisory.Likelihood) {
	addTable(c, &c.likelihood, source, list, func(l *advisory.Likelihood) string { return l.CVE })
}

// Points adds decision points of flaws.
func (c *Compiler) Points(source string, list []advisory.Points) {
	addTable(c, &c.points, source, list, func(p *advisory.Points) string { return p.CVE })
}

// addTable takes in the entries that name a CVE and refuses the others.
func addTable[T any](c *Compiler, to *[]T, source string, list []T, cve func(*T) string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range list {
		if id := cve(&list[i]); CVEFlaw(id) == 0 {
			c.refused = append(c.refused, advisory.Refused{Source: source, Line: i + 1, Record: shorten(id, maxID), Why: "it names no CVE"})
			continue
		}
		*to = append(*to, list[i])
	}
}

// maxID bounds the name of an advisory.
const maxID = 200

// Add takes an advisory in. It does not keep it.
func (c *Compiler) Add(a *advisory.Advisory) {
	why := ""
	switch {
	case a.ID == "":
		why = "it has no id"
	case len(a.ID) > maxID:
		why = "its id is too long"
	case a.Source == "":
		why = "it names no source"
	}
	if why != "" {
		c.Refuse(advisory.Refused{Source: a.Source, Record: shorten(a.ID, maxID), Why: why})
		return
	}
	it := newItem(a)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in++
	c.items = append(c.items, it)
}

// item is an advisory in the form it is written from.
type item struct {
	source, id string
	modified   time.Time
	withdrawn  bool
	flaws      []string // that a hit counts as
	names      []string // by which it is found: id, aliases, flaws
	rows       []draft
	doc        []byte
}

// draft is a row whose references are still texts.
type draft struct {
	ecosystem string
	name      string // normalized
	flags     uint32
	low, high bound
	set       []bound
	extra     string
}

type bound struct{ key, version string }

func newItem(a *advisory.Advisory) item {
	it := item{
		source: a.Source, id: a.ID, modified: a.Modified, withdrawn: !a.Withdrawn.IsZero(),
		flaws: a.Flaws(), doc: encodeDocument(a),
	}
	it.names = append(it.names, a.ID)
	it.names = append(it.names, it.flaws...)
	for _, list := range [...][]string{a.Aliases, a.Covers} {
		for _, n := range list {
			if n != "" && len(n) <= maxID {
				it.names = append(it.names, n)
			}
		}
	}
	slices.Sort(it.names)
	it.names = slices.Compact(it.names)
	if it.withdrawn {
		return it
	}
	statement := isStatement(a.Source)
	for i := range a.Products {
		it.rows = appendRows(it.rows, &a.Products[i], statement)
	}
	if !statement {
		it.rows = append(it.rows, sourceRows(a)...)
	}
	slices.SortFunc(it.rows, compareDrafts)
	it.rows = slices.CompactFunc(it.rows, func(a, b draft) bool { return compareDrafts(a, b) == 0 })
	return it
}

// isStatement reports whether a source states of products how they stand to
// flaws, so that it overrules what others derive from versions.
func isStatement(source string) bool {
	kind, _, _ := strings.Cut(source, "/")
	return kind == "vex" || kind == "openvex" || kind == "csaf"
}

func compareBounds(a, b bound) int {
	return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.version, b.version))
}

func compareDrafts(a, b draft) int {
	return cmp.Or(
		strings.Compare(a.ecosystem, b.ecosystem), strings.Compare(a.name, b.name),
		compareBounds(a.low, b.low), compareBounds(a.high, b.high),
		cmp.Compare(a.flags, b.flags), strings.Compare(a.extra, b.extra),
		slices.CompareFunc(a.set, b.set, compareBounds),
	)
}
