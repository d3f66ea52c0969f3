package fleet

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sort"
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
//	entries: component, place in the postings (32 bits each), one for every stride components
//	names of the assets, in order, each with its length before it
//	postings: for each component, in order, how much larger it is than the last,
//	twice the length of what follows, plus one where that is a bit set, and the
//	assets that have it: as a bit set, or as the distances between their ranks
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
	entries      []uint32
	room         []byte
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
	e.postings, e.entries = e.postings[:0], e.entries[:0]
	last, n := ID(0), 0
	for i := 0; i < len(e.pairs); {
		c := ID(e.pairs[i] >> 16)
		e.ranks = e.ranks[:0]
		for ; i < len(e.pairs) && ID(e.pairs[i]>>16) == c; i++ {
			if r := uint16(e.pairs[i]); len(e.ranks) == 0 || e.ranks[len(e.ranks)-1] != r {
				e.ranks = append(e.ranks, r)
			}
		}
		if n%stride == 0 {
			e.entries = append(e.entries, uint32(c), uint32(len(e.postings)))
			last = c
		}
		e.postings = binary.AppendUvarint(e.postings, uint64(c-last))
		e.posting(len(assets))
		last = c
		n++
	}
	s := make(segment, segHead, segHead+4*len(e.entries)+names+len(e.postings))
	binary.LittleEndian.PutUint32(s, uint32(len(assets)))
	binary.LittleEndian.PutUint32(s[4:], uint32(len(e.entries)/2))
	binary.LittleEndian.PutUint32(s[8:], uint32(names))
	binary.LittleEndian.PutUint32(s[12:], uint32(len(e.postings)))
	for _, v := range e.entries {
		s = binary.LittleEndian.AppendUint32(s, v)
	}
	for i := range assets {
		s = binary.AppendUvarint(s, uint64(len(assets[i].Name)))
		s = append(s, assets[i].Name...)
	}
	return append(s, e.postings...)
}

// posting writes the ranks of one component in the shorter of the two forms.
func (e *encoder) posting(assets int) {
	e.room = e.room[:0]
	set := (assets + 7) / 8
	last := uint16(0)
	for _, r := range e.ranks {
		e.room = binary.AppendUvarint(e.room, uint64(r-last))
		last = r
	}
	if len(e.room) < set {
		e.postings = binary.AppendUvarint(e.postings, uint64(len(e.room))<<1)
		e.postings = append(e.postings, e.room...)
		return
	}
	e.postings = binary.AppendUvarint(e.postings, uint64(set)<<1|1)
	from := len(e.postings)
	e.postings = append(e.postings, make([]byte, set)...)
	for _, r := range e.ranks {
		e.postings[from+int(r>>3)] |= 1 << (r & 7)
	}
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
func (s segment) parts() (entries, names, postings []byte) {
	n, l := binary.LittleEndian.Uint32(s[4:]), binary.LittleEndian.Uint32(s[8:])
	at := segHead + 8*int(n)
	return s[segHead:at], s[at : at+int(l)], s[at+int(l):]
}

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
			e := n / stride * 8
			if e+8 > len(entries) || int(binary.LittleEndian.Uint32(entries[e+4:])) != at {
				return bad
			}
			first := ID(binary.LittleEndian.Uint32(entries[e:]))
			if n > 0 && first <= c {
				return bad
			}
			c = first
		}
		p, ok := readPosting(postings[at:])
		if !ok || (n%stride == 0) != (p.distance == 0) || !p.whole(int(assets)) {
			return bad
		}
		if p.distance > ^ID(0)-c {
			return bad
		}
		c += p.distance
		at += p.size
	}
	if (n+stride-1)/stride*8 != len(entries) {
		return bad
	}
	return nil
}

// posting is one component's assets.
type posting struct {
	distance ID
	set      bool
	data     []byte
	size     int // bytes it takes
}

func readPosting(b []byte) (posting, bool) {
	d, w := binary.Uvarint(b)
	if w <= 0 || d > 1<<32-1 {
		return posting{}, false
	}
	h, v := binary.Uvarint(b[w:])
	if v <= 0 || h>>1 > uint64(len(b)-w-v) {
		return posting{}, false
	}
	from := w + v
	return posting{ID(d), h&1 == 1, b[from : from+int(h>>1)], from + int(h>>1)}, true
}

// whole reports whether the ranks are in order and below the number of assets.
func (p posting) whole(assets int) bool {
	if p.set {
		return len(p.data) == (assets+7)/8 && (assets%8 == 0 || p.data[len(p.data)-1]>>(assets%8) == 0)
	}
	rank, first := uint64(0), true
	for b := p.data; len(b) > 0; first = false {
		d, w := binary.Uvarint(b)
		if w <= 0 || !first && d == 0 || d > maxAssets {
			return false
		}
		if rank += d; rank >= uint64(assets) {
			return false
		}
		b = b[w:]
	}
	return !first
}

// each calls f with every rank, in order.
func (p posting) each(f func(rank int)) {
	if p.set {
		for i, b := range p.data {
			for ; b != 0; b &= b - 1 {
				f(i<<3 + bits.TrailingZeros8(b))
			}
		}
		return
	}
	rank := 0
	for b := p.data; len(b) > 0; {
		if b[0] < 0x80 { // nearly always
			rank += int(b[0])
			b = b[1:]
		} else {
			d, w := binary.Uvarint(b)
			if w <= 0 {
				return
			}
			rank += int(d)
			b = b[w:]
		}
		f(rank)
	}
}

// bitset is the assets of a segment.
type bitset [maxAssets / 64]uint64

// add puts the assets that have a component into a set.
func (p posting) add(to *bitset) {
	if !p.set {
		p.each(func(rank int) { to[rank>>6&(len(to)-1)] |= 1 << (rank & 63) })
		return
	}
	b := p.data
	i := 0
	for ; len(b) >= 8 && i < len(to); i, b = i+1, b[8:] {
		to[i] |= binary.LittleEndian.Uint64(b)
	}
	for k, v := range b {
		if i < len(to) {
			to[i] |= uint64(v) << (8 * k)
		}
	}
}

// find returns the assets that have a component.
func (s segment) find(c ID) (posting, bool) {
	entries, _, postings := s.parts()
	n := len(entries) / 8
	i := sort.Search(n, func(i int) bool { return ID(binary.LittleEndian.Uint32(entries[i*8:])) > c })
	if i == 0 {
		return posting{}, false
	}
	at := ID(binary.LittleEndian.Uint32(entries[(i-1)*8:]))
	b := postings[binary.LittleEndian.Uint32(entries[(i-1)*8+4:]):]
	for range stride {
		if len(b) == 0 {
			break
		}
		p, ok := readPosting(b)
		if !ok {
			break
		}
		if at += p.distance; at >= c {
			return p, at == c
		}
		b = b[p.size:]
	}
	return posting{}, false
}

// components calls f with every component and its assets.
func (s segment) components(f func(c ID, p posting)) {
	entries, _, postings := s.parts()
	c := ID(0)
	for n := 0; len(postings) > 0; n++ {
		if n%stride == 0 && n/stride*8+4 <= len(entries) {
			c = ID(binary.LittleEndian.Uint32(entries[n/stride*8:]))
		}
		p, ok := readPosting(postings)
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
		p.each(func(r int) {
			counts[r]++
			total++
		})
	})
	all := make([]ID, total)
	for i, n := range counts {
		out[i].Components, all = all[:0:n], all[n:]
	}
	s.components(func(c ID, p posting) {
		p.each(func(r int) { out[r].Components = append(out[r].Components, c) })
	})
	return out
}

func sortAssets(assets []Asset) {
	slices.SortFunc(assets, func(a, b Asset) int { return strings.Compare(a.Name, b.Name) })
}
