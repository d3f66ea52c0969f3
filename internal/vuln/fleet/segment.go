package fleet

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
)

// ID is the number of a component in the dictionary.
type ID uint32

// Asset is an asset with what is installed on it.
type Asset struct {
	Name       string
	Components []ID
}

// A segment holds up to maxAssets assets of one tenant in one run of bytes:
//
//	number of assets, of entries, length of the names, of the postings (32 bits each)
//	entries: of every stride-th component its number, then of each its place in the postings
//	(32 bits each): a search reads numbers alone, which lie in few lines of the cache
//	names of the assets, in order, each with its length before it
//	postings: for each component, in order, how much larger it is than the last,
//	and the assets that have it, see posting
//
// The rank of an asset is its place among the names. The same assets and lists
// give the same bytes.
type segment []byte

const (
	segHead   = 16
	stride    = 32
	maxAssets = 1024 // ranks have 10 bits in a Ref
	rankBits  = 10
	maxName   = 200
)

// encoder builds segments; its memory is used again.
type encoder struct {
	pairs, other []uint64
	ranks        []uint16
	postings     []byte
	firsts       []uint32 // of each entry
	places       []uint32
	last         ID
	n            int
}

// encode makes a segment. The assets must be sorted by name, no two the same.
func (e *encoder) encode(assets []Asset) segment {
	e.pairs = e.pairs[:0]
	names := 0
	top := ID(0)
	for rank := range assets {
		names += len(assets[rank].Name) + uvarintLen(uint64(len(assets[rank].Name)))
		for _, c := range assets[rank].Components {
			e.pairs = append(e.pairs, uint64(c)<<16|uint64(rank))
			top = max(top, c)
		}
	}
	e.sort(top)
	e.begin()
	for i := 0; i < len(e.pairs); {
		c := ID(e.pairs[i] >> 16)
		e.ranks = e.ranks[:0]
		for ; i < len(e.pairs) && ID(e.pairs[i]>>16) == c; i++ {
			if r := uint16(e.pairs[i]); len(e.ranks) == 0 || e.ranks[len(e.ranks)-1] != r {
				e.ranks = append(e.ranks, r)
			}
		}
		e.component(c)
		e.posting(len(assets))
	}
	s := e.head(len(assets), names)
	for i := range assets {
		s = binary.AppendUvarint(s, uint64(len(assets[i].Name)))
		s = append(s, assets[i].Name...)
	}
	return append(s, e.postings...)
}

// replace makes the segment in which one asset has other components, given in
// order. It writes what encode would, without unpacking the other assets.
func (e *encoder) replace(s segment, rank int, ids []ID) segment {
	assets := s.assets()
	e.begin()
	add := func(c ID) {
		e.component(c)
		e.ranks = append(e.ranks[:0], uint16(rank))
		e.posting(assets)
	}
	s.components(func(c ID, p posting) {
		for ; len(ids) > 0 && ids[0] < c; ids = ids[1:] {
			add(ids[0])
		}
		want := len(ids) > 0 && ids[0] == c
		if want {
			ids = ids[1:]
		}
		e.ranks = e.ranks[:0]
		has := p.has(rank)
		if has == want {
			e.component(c)
			e.postings = p.appendTo(e.postings)
			return
		}
		p.each(func(r int) bool {
			if want && r > rank && (len(e.ranks) == 0 || int(e.ranks[len(e.ranks)-1]) < rank) {
				e.ranks = append(e.ranks, uint16(rank))
			}
			if r != rank {
				e.ranks = append(e.ranks, uint16(r))
			}
			return true
		})
		if want && (len(e.ranks) == 0 || int(e.ranks[len(e.ranks)-1]) < rank) {
			e.ranks = append(e.ranks, uint16(rank))
		}
		if len(e.ranks) > 0 {
			e.component(c)
			e.posting(assets)
		}
	})
	for _, c := range ids {
		add(c)
	}
	_, names, _ := s.parts()
	out := e.head(assets, len(names))
	return append(append(out, names...), e.postings...)
}

func (e *encoder) begin() {
	e.postings, e.firsts, e.places, e.last, e.n = e.postings[:0], e.firsts[:0], e.places[:0], 0, 0
}

// component writes which component the next posting is of.
func (e *encoder) component(c ID) {
	if e.n%stride == 0 {
		e.firsts, e.places = append(e.firsts, uint32(c)), append(e.places, uint32(len(e.postings)))
		e.last = c
	}
	e.postings = binary.AppendUvarint(e.postings, uint64(c-e.last))
	e.last = c
	e.n++
}

// head makes the segment up to its names.
func (e *encoder) head(assets, names int) segment {
	s := make(segment, segHead, segHead+8*len(e.firsts)+names+len(e.postings))
	binary.LittleEndian.PutUint32(s, uint32(assets))
	binary.LittleEndian.PutUint32(s[4:], uint32(len(e.firsts)))
	binary.LittleEndian.PutUint32(s[8:], uint32(names))
	binary.LittleEndian.PutUint32(s[12:], uint32(len(e.postings)))
	for _, list := range [...][]uint32{e.firsts, e.places} {
		for _, v := range list {
			s = binary.LittleEndian.AppendUint32(s, v)
		}
	}
	return s
}

// sort orders the pairs by component. Ranks came in order, and stay so: each
// pass over eleven bits keeps what the last left.
func (e *encoder) sort(top ID) {
	const width = 11
	e.other = slices.Grow(e.other[:0], len(e.pairs))[:len(e.pairs)]
	for shift := 16; shift == 16 || top>>(shift-16) > 0; shift += width {
		var count [1 << width]uint32
		for _, p := range e.pairs {
			count[p>>shift&(1<<width-1)]++
		}
		at := uint32(0)
		for i, n := range count {
			count[i] = at
			at += n
		}
		for _, p := range e.pairs {
			d := p >> shift & (1<<width - 1)
			e.other[count[d]] = p
			count[d]++
		}
		e.pairs, e.other = e.other, e.pairs
	}
}

func uvarintLen(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }

// parts returns the parts of a segment that check found whole.
func (s segment) parts() (e entries, names, postings []byte) {
	n, l := int(binary.LittleEndian.Uint32(s[4:])), int(binary.LittleEndian.Uint32(s[8:]))
	at := segHead + 8*n
	return entries{s[segHead : segHead+4*n], s[segHead+4*n : at]}, s[at : at+l], s[at+l:]
}

// entries say where the postings of every stride-th component begin.
type entries struct{ firsts, places []byte }

func (e entries) len() int { return len(e.firsts) / 4 }

func (e entries) first(i int) ID { return ID(binary.LittleEndian.Uint32(e.firsts[4*i:])) }

func (e entries) place(i int) int { return int(binary.LittleEndian.Uint32(e.places[4*i:])) }

func (s segment) assets() int { return int(binary.LittleEndian.Uint32(s)) }

// check walks a segment that was read from outside and returns an error unless
// every part of it is whole. That it is written in the one way encode writes is for
// Verify to tell.
func (s segment) check() error {
	bad := errs.Hint(errs.New(errs.Invalid, "a segment of the fleet index is damaged"), "rebuild the index from the inventory")
	if len(s) < segHead {
		return bad
	}
	assets := binary.LittleEndian.Uint32(s)
	total := uint64(segHead) + 8*uint64(binary.LittleEndian.Uint32(s[4:])) +
		uint64(binary.LittleEndian.Uint32(s[8:])) + uint64(binary.LittleEndian.Uint32(s[12:]))
	if assets > maxAssets || total != uint64(len(s)) {
		return bad
	}
	entries, names, postings := s.parts()
	last := ""
	for i := range assets {
		n, w := binary.Uvarint(names)
		if w <= 0 || n > maxName || n > uint64(len(names)-w) {
			return bad
		}
		name := string(names[w : w+int(n)])
		if i > 0 && name <= last {
			return bad
		}
		last, names = name, names[w+int(n):]
	}
	if len(names) != 0 {
		return bad
	}
	n := 0
	for at, c := 0, ID(0); at < len(postings); n++ {
		if n%stride == 0 { // an entry says which component it is, and where
			e := n / stride
			if e >= entries.len() || entries.place(e) != at {
				return bad
			}
			first := entries.first(e)
			if n > 0 && first <= c {
				return bad
			}
			c = first
		}
		p, ok := readPosting(postings[at:], int(assets))
		if !ok || (n%stride == 0) != (p.distance == 0) || !p.whole(int(assets)) {
			return bad
		}
		if p.distance > ^ID(0)-c {
			return bad
		}
		c += p.distance
		at += p.size
	}
	if (n+stride-1)/stride != entries.len() {
		return bad
	}
	return nil
}

// find returns the assets that have a component.
func (s segment) find(c ID) (posting, bool) {
	f := s.finder()
	return f.find(c)
}

// finder looks for components of one segment, which are given in order: those
// of a package often lie together, and then nothing is searched twice.
type finder struct {
	entries  entries
	postings []byte
	assets   int

	entry int // that the last look-up ended at; -1 before the first
	left  int // postings of the entry that were not looked at
	at    ID  // component of the last posting that was
	rest  []byte
}

func (s segment) finder() finder {
	entries, _, postings := s.parts()
	return finder{entries: entries, postings: postings, assets: s.assets(), entry: -1}
}

func (f *finder) find(c ID) (posting, bool) {
	n := f.entries.len()
	if next := f.entry + 1; next < n && f.entries.first(next) <= c {
		lo, hi := next, n // lo begins at or before c, hi after it
		for hi-lo > 1 {
			if mid := int(uint(lo+hi) >> 1); f.entries.first(mid) <= c {
				lo = mid
			} else {
				hi = mid
			}
		}
		f.entry, f.left, f.at = lo, stride, f.entries.first(lo)
		f.rest = f.postings[f.entries.place(lo):]
	}
	set := (f.assets + 7) / 8
	for ; f.left > 0 && len(f.rest) > 0; f.left-- {
		distance, size := skip(f.rest, set)
		if size == 0 {
			break
		}
		if f.at+distance > c {
			return posting{}, false // it stays for the next
		}
		f.at += distance
		if f.at == c {
			p, ok := readPosting(f.rest, f.assets)
			f.rest = f.rest[size:]
			f.left--
			return p, ok
		}
		f.rest = f.rest[size:]
	}
	return posting{}, false
}

// components calls f with every component and its assets.
func (s segment) components(f func(c ID, p posting)) {
	entries, _, postings := s.parts()
	c, assets := ID(0), s.assets()
	for n := 0; len(postings) > 0; n++ {
		if n%stride == 0 && n/stride < entries.len() {
			c = entries.first(n / stride)
		}
		p, ok := readPosting(postings, assets)
		if !ok {
			return
		}
		c += p.distance
		f(c, p)
		postings = postings[p.size:]
	}
}

// name returns the name of an asset.
func (s segment) name(rank int) string {
	_, names, _ := s.parts()
	for i := 0; len(names) > 0; i++ {
		n, w := binary.Uvarint(names)
		if i == rank {
			return string(names[w : w+int(n)])
		}
		names = names[w+int(n):]
	}
	return ""
}

// rank returns the rank of an asset.
func (s segment) rank(name string) (int, bool) {
	_, names, _ := s.parts()
	for i := 0; len(names) > 0; i++ {
		n, w := binary.Uvarint(names)
		if string(names[w:w+int(n)]) == name {
			return i, true
		}
		names = names[w+int(n):]
	}
	return 0, false
}

// decode returns the assets with their components, in order.
func (s segment) decode() []Asset {
	out := make([]Asset, s.assets())
	_, names, _ := s.parts()
	for i := range out {
		n, w := binary.Uvarint(names)
		out[i].Name = string(names[w : w+int(n)])
		names = names[w+int(n):]
	}
	counts := make([]int, len(out))
	total := 0
	s.components(func(_ ID, p posting) {
		p.each(func(r int) bool {
			counts[r]++
			total++
			return true
		})
	})
	all := make([]ID, total)
	for i, n := range counts {
		out[i].Components, all = all[:0:n], all[n:]
	}
	s.components(func(c ID, p posting) {
		p.each(func(r int) bool {
			out[r].Components = append(out[r].Components, c)
			return true
		})
	})
	return out
}

func sortAssets(assets []Asset) {
	slices.SortFunc(assets, func(a, b Asset) int { return strings.Compare(a.Name, b.Name) })
}
