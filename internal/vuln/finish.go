package vuln

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/errs"
)

// Finish writes the sections of all that was added. The compiler is used up.
func (c *Compiler) Finish(b *Builder) (Report, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rep := Report{In: c.in, Refused: c.refused}
	slices.SortFunc(rep.Refused, func(a, b advisory.Refused) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			strings.Compare(a.Record, b.Record), strings.Compare(a.Why, b.Why))
	})
	kept := inOrder(c.items)
	rep.Kept, rep.Replaced = len(kept), len(c.items)-len(kept)
	w := writer{items: kept, sources: c.sources, refused: rep.Refused, sections: make(map[string][]byte)}
	// Documents take longest and need nothing of the others.
	packed := packDocuments(kept)
	w.strings()
	w.advisories()
	rep.Rows = w.packages()
	w.index()
	w.coverage()
	if err := w.documents(packed); err != nil {
		return Report{}, err
	}
	if err := w.tables(c); err != nil {
		return Report{}, err
	}
	if w.err != nil {
		return Report{}, w.err
	}
	for name, data := range w.sections {
		if err := b.Add(name, data); err != nil {
			return Report{}, err
		}
	}
	c.items = nil
	return rep, nil
}

// inOrder returns the items by source and id, of each the one that was changed last.
// Pointers are sorted, and what seldom decides is compared only where it does.
func inOrder(items []item) []item {
	order := make([]*item, len(items))
	for i := range items {
		order[i] = &items[i]
	}
	slices.SortFunc(order, func(a, b *item) int {
		if n := strings.Compare(a.source, b.source); n != 0 {
			return n
		}
		if n := strings.Compare(a.id, b.id); n != 0 {
			return n
		}
		return cmp.Or(b.modified.Compare(a.modified), slices.Compare(a.doc, b.doc), slices.CompareFunc(a.rows, b.rows, compareDrafts))
	})
	kept := make([]item, 0, len(order))
	for i, it := range order {
		if i == 0 || it.source != order[i-1].source || it.id != order[i-1].id {
			kept = append(kept, *it)
		}
	}
	return kept
}

// writer turns sorted items into sections.
type writer struct {
	items   []item
	sources map[string]Source
	refused []advisory.Refused

	flaws      map[string]Flaw // names that are no CVEs
	strs       []byte
	sourceList []string
	ecosystems []string
	sections   map[string][]byte
	err        error // the first
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// place returns where the next byte of a section lies.
func (w *writer) place(b []byte) uint32 {
	if uint64(len(b)) > math.MaxUint32 {
		w.fail(errs.New(errs.Limited, "the feed is too large for one file"))
		return 0
	}
	return uint32(len(b))
}

// strings writes the names that are no CVEs, sorted: their places have the
// order of the names, by which the index finds them.
func (w *writer) strings() {
	seen := make(map[string]struct{})
	var list []string
	for i := range w.items {
		for _, n := range w.items[i].names {
			if CVEFlaw(n) != 0 {
				continue
			}
			if _, ok := seen[n]; !ok {
				seen[n] = struct{}{}
				list = append(list, n)
			}
		}
	}
	slices.Sort(list)
	w.flaws = make(map[string]Flaw, len(list))
	w.strs = append(w.strs, 0)
	for _, n := range list {
		at := w.place(w.strs)
		if at > maxNumber {
			w.fail(errs.New(errs.Limited, "the feed has too many names of advisories"))
			return
		}
		w.flaws[n] = Flaw(named<<flawBits | at)
		w.strs = appendText(w.strs, n)
	}
}

func (w *writer) flaw(name string) Flaw {
	if f := CVEFlaw(name); f != 0 {
		return f
	}
	return w.flaws[name]
}

// advisories writes one entry for each, and the lists of their flaws.
func (w *writer) advisories() {
	var advs, flaws, sources []byte
	number := make(map[string]uint32)
	n := uint32(0)
	for i := range w.items {
		it := &w.items[i]
		s, ok := number[it.source]
		if !ok {
			s = uint32(len(w.sourceList))
			number[it.source] = s
			w.sourceList = append(w.sourceList, it.source)
			sources = appendText(sources, it.source)
		}
		if s > advSource {
			w.fail(errs.New(errs.Limited, "more than %d sources", advSource+1))
		}
		if it.withdrawn {
			s |= advWithdrawn
		}
		var at uint32
		if u := it.modified.Unix(); u > 0 && u < math.MaxUint32 {
			at = uint32(u)
		}
		advs = adv{w.flaw(it.id), n, s, at}.put(advs)
		for _, f := range w.namesOf(it) {
			flaws = binary.LittleEndian.AppendUint32(flaws, uint32(f))
			n++
		}
	}
	w.sections[secAdvisories] = adv{flaws: n}.put(advs)
	w.sections[secFlaws], w.sections[secSources] = flaws, sources
}

// manyNames is from how many names on a list of them is no longer looked through.
const manyNames = 64

// namesOf returns an advisory's flaws and then its other names: where there are
// CVEs they are the flaws, else its own name is the one flaw it has.
func (w *writer) namesOf(it *item) []Flaw {
	out := make([]Flaw, 0, len(it.names))
	for _, f := range it.flaws {
		out = append(out, w.flaw(f))
	}
	has := func(f Flaw) bool { return slices.Contains(out, f) }
	if len(it.names) > manyNames {
		seen := make(map[Flaw]bool, len(it.names))
		for _, f := range out {
			seen[f] = true
		}
		has = func(f Flaw) bool {
			was := seen[f]
			seen[f] = true
			return was
		}
	}
	for _, n := range it.names {
		if f := w.flaw(n); !has(f) {
			out = append(out, f)
		}
	}
	return out
}

// index writes which advisories a name leads to: the names in order, where the
// list of each begins, and the lists.
func (w *writer) index() {
	type pair struct {
		flaw Flaw
		adv  uint32
	}
	var pairs []pair
	for i := range w.items {
		for _, n := range w.items[i].names {
			pairs = append(pairs, pair{w.flaw(n), uint32(i)})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.flaw, b.flaw), cmp.Compare(a.adv, b.adv)) })
	var keys, starts, lists []byte
	n := uint32(0)
	for i, p := range pairs {
		if i == 0 || pairs[i-1].flaw != p.flaw {
			keys = binary.LittleEndian.AppendUint32(keys, uint32(p.flaw))
			starts = binary.LittleEndian.AppendUint32(starts, n)
		}
		lists = binary.LittleEndian.AppendUint32(lists, p.adv)
		n++
	}
	starts = binary.LittleEndian.AppendUint32(starts, n)
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(keys)/4))
	out = append(out, keys...)
	out = append(out, starts...)
	w.sections[secIndex] = append(out, lists...)
}
