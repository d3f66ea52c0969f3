package device

import (
	"regexp"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
)

// Index holds the statements ready to be matched. It is not changed and may be used by
// many goroutines.
type Index struct {
	aliases *Aliases
	list    []entry
	byMaker map[string][]int
	byDI    map[string][]int // recalls name device identifiers among their models
}

// entry is a statement with what it is recognized by.
type entry struct {
	Statement
	makers   []string
	names    []name // ways to write the product
	numbers  []string
	spans    []span
	versions Versions
	house    string // its makers as one text
}

// name is a product's name as words, without its maker and generic words.
type name struct {
	text string
	all  []string
	own  []string // sorted, each once
	kind []string // words that say what kind of thing it is
	lead string   // the first of its own words
	// joined is all of it as one word.
	joined string
	part   bool // one of several names joined by slashes
}

// Open reads a section and prepares it with a table of names.
func Open(section []byte, aliases *Aliases) (*Index, error) {
	list, err := decode(section)
	if err != nil {
		return nil, err
	}
	return newIndex(list, aliases), nil
}

func newIndex(list []Statement, aliases *Aliases) *Index {
	ix := &Index{aliases: aliases, byMaker: make(map[string][]int), byDI: make(map[string][]int)}
	for _, s := range list {
		e := entry{Statement: s, makers: aliases.makersOf(s.Vendor), versions: ParseVersions(s.Version)}
		// "Welch Allyn Connex Spot Monitor" of Hillrom is what Welch Allyn's label says.
		if m := aliases.leading(s.Product); m != "" && !slices.Contains(e.makers, m) {
			e.makers = append(e.makers, m)
		}
		e.house = strings.Join(e.makers, "\x00")
		if s.Unread && s.Version == "" {
			e.versions = Versions{words: true, text: s.Product}
		}
		for _, t := range aliases.variants(s.Advisory, s.Product) {
			n := aliases.name(t, e.makers)
			n.part = t != s.Product && strings.Contains(s.Product, "/") && !strings.Contains(t, "/") && !slices.Contains(aliases.products[productKey(baseID(s.Advisory), s.Product)], t)
			e.names = append(e.names, n)
			e.numbers = append(e.numbers, modelNumbers(t)...)
			e.spans = append(e.spans, spans(t)...)
		}
		for _, m := range s.Models {
			e.numbers = append(e.numbers, squash(m))
		}
		e.numbers = append(e.numbers, e.versions.Models...)
		e.numbers = append(e.numbers, versionModels(s.Version)...)
		e.numbers = slices.DeleteFunc(e.numbers, func(s string) bool { return len(s) < 3 })
		slices.Sort(e.numbers)
		e.numbers = slices.Compact(e.numbers)
		i := len(ix.list)
		ix.list = append(ix.list, e)
		for _, m := range e.makers {
			ix.byMaker[m] = append(ix.byMaker[m], i)
		}
		if s.Sector == recalled {
			for _, m := range s.Models {
				ix.byDI[squash(m)] = append(ix.byDI[squash(m)], i)
			}
		}
	}
	return ix
}

// baseID is the id of an advisory without the flaw behind #.
func baseID(id string) string {
	id, _, _ = strings.Cut(id, "#")
	return id
}

// versionModels are model numbers that a version statement names: "v8.x model 35700BAX2".
func versionModels(s string) []string {
	if !strings.Contains(strings.ToLower(s), "model") {
		return nil
	}
	_, rest, _ := strings.Cut(strings.ToLower(s), "model")
	return modelNumbers("model" + rest)
}

// Len counts the statements.
func (ix *Index) Len() int { return len(ix.list) }

// Statements lists what the index holds, for pages and counts.
func (ix *Index) Statements() []Statement {
	out := make([]Statement, len(ix.list))
	for i := range ix.list {
		out[i] = ix.list[i].Statement
	}
	return out
}

// acronym is a short name in parentheses: (PIC iX), (CVSM).
var acronym = regexp.MustCompile(`\(([A-Z]{2,6}(?: ?i?[A-Z]{1,3})?)\)`)

// leading returns the maker of the table that a product's name begins with, or "".
func (a *Aliases) leading(product string) string {
	fields := strings.Fields(product)
	for n := min(3, len(fields)-1); n > 0; n-- {
		key := makerKey(strings.Join(fields[:n], " "))
		if id := a.makers[key]; id != "" && (len(key) >= 4 || n == 1 && strings.ToUpper(fields[0]) == fields[0] && len(key) >= 2) {
			return id
		}
	}
	return ""
}

// variants are the ways an inventory may name an advisory's product: as it is, without
// what stands in parentheses, each of several joined by slashes, and those of the table.
func (a *Aliases) variants(advisoryID, product string) []string {
	for _, not := range [...]string{", not including", ", excluding"} {
		if i := strings.Index(strings.ToLower(product), not); i > 0 {
			product = product[:i] // what it is not about names nothing
		}
	}
	out := []string{product}
	for _, m := range acronym.FindAllStringSubmatch(product, 5) {
		out = append(out, m[1])
	}
	bare := product
	for {
		i := strings.IndexByte(bare, '(')
		if i < 0 {
			break
		}
		j := strings.IndexByte(bare[i:], ')')
		if j < 0 {
			bare = bare[:i]
			break
		}
		bare = bare[:i] + " " + bare[i+j+1:]
	}
	for _, end := range [...]string{" used with ", " running on ", " with installed ", " integrated with "} {
		if i := strings.Index(strings.ToLower(bare), end); i > 0 {
			bare = bare[:i]
		}
	}
	if bare = strings.TrimSpace(bare); bare != product && bare != "" {
		out = append(out, bare)
	}
	if parts := strings.Split(bare, "/"); len(parts) > 1 && len(parts) < 12 {
		for _, p := range parts {
			if p = strings.TrimSpace(p); len(squash(p)) >= 4 {
				out = append(out, p)
			}
		}
	}
	out = append(out, a.products[productKey(baseID(advisoryID), product)]...)
	return out
}

// name brings a product's name to the words it is compared by.
func (a *Aliases) name(text string, makers []string) name {
	n := name{text: text, all: words(text)}
	n.joined = strings.Join(n.all, "")
	skip := make(map[string]bool)
	rest := n.all
	for _, m := range makers {
		// The maker's whole name before the product's goes with its single letters.
		if mw := words(a.MakerName(m)); len(mw) > 0 && len(mw) < len(n.all) && slices.Equal(n.all[:len(mw)], mw) {
			rest = n.all[len(mw):]
		}
		// B. Braun and i-SENS leave letters that products use too.
		for _, w := range words(a.MakerName(m)) {
			if len(w) < 2 {
				continue
			}
			skip[w] = true
		}
	}
	for _, w := range rest {
		switch {
		case skip[w] || a.generic[w]:
		case a.kinds[w]:
			n.kind = append(n.kind, w)
		default:
			n.own = append(n.own, w)
		}
	}
	if len(n.own) == 0 { // all it has are generic words; then they must do
		n.own = slices.Clone(n.all)
	}
	if len(n.own) > 0 {
		n.lead = n.own[0]
	}
	slices.Sort(n.own)
	n.own = slices.Compact(n.own)
	return n
}

// clears reports whether a statement clears rather than convicts.
func clears(s advisory.Status) bool { return s == advisory.NotAffected || s == advisory.Fixed }
