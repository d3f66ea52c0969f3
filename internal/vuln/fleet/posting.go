package fleet

import (
	"encoding/binary"
	"math/bits"
)

// A posting is the assets that have one component. In a segment it follows the
// distance to the component before it:
//
//   - one asset: 16 times its rank, plus kindOne
//   - many of the segment's: kindSet, and a bit set with one bit for each asset
//   - else: 16 times the length, plus width, and the gaps between ranks in Rice's
//     code: a gap's upper bits as so many ones and a zero, then its lower bits, width
//     of them; bits are taken from the lowest of each byte up. Ones fill the last byte.
//
// Half of the components of a real segment are on one asset, and gaps have five to
// eight bits, where whole bytes would take a quarter more memory for the whole index.
// A bit set is read forty times as fast as gaps, so it is taken already where it
// is not twice as long: the components that many assets have are what a new
// advisory waits for.
type posting struct {
	distance ID
	kind     byte
	one      int
	data     []byte
	size     int // bytes it takes, with the distance
}

const (
	maxRice = 9 // greatest width
	kindOne = 14
	kindSet = 15
)

// riceWidth is the number of lower bits that suits n gaps among assets: about
// log2 of 0.69 times the mean gap.
func riceWidth(assets, n int) int {
	return min(max(bits.Len(uint(assets*11/(16*n)))-1, 0), maxRice)
}

// posting writes the ranks of one component.
func (e *encoder) posting(assets int) {
	if len(e.ranks) == 1 {
		e.postings = binary.AppendUvarint(e.postings, uint64(e.ranks[0])<<4|kindOne)
		return
	}
	set := (assets + 7) / 8
	width := riceWidth(assets, len(e.ranks))
	if n := riceLen(e.ranks, width); n*2 < set {
		e.postings = binary.AppendUvarint(e.postings, uint64(n)<<4|uint64(width))
		e.postings = appendRice(e.postings, e.ranks, width)
		return
	}
	e.postings = append(e.postings, kindSet)
	from := len(e.postings)
	e.postings = append(e.postings, make([]byte, set)...)
	for _, r := range e.ranks {
		e.postings[from+int(r>>3)] |= 1 << (r & 7)
	}
}

// riceLen returns how many bytes the gaps take.
func riceLen(ranks []uint16, width int) int {
	n, last := len(ranks)*(width+1), -1
	for _, r := range ranks {
		n += (int(r) - last - 1) >> width
		last = int(r)
	}
	return (n + 7) / 8
}

func appendRice(b []byte, ranks []uint16, width int) []byte {
	var acc uint64
	n, last := 0, -1
	drain := func() {
		for ; n >= 8; n -= 8 {
			b = append(b, byte(acc))
			acc >>= 8
		}
	}
	for _, r := range ranks {
		gap := int(r) - last - 1
		last = int(r)
		for q := gap >> width; q > 0; {
			k := min(q, 32)
			acc |= (1<<k - 1) << n
			n += k
			q -= k
			drain()
		}
		n++ // the zero
		acc |= uint64(gap&(1<<width-1)) << n
		n += width
		drain()
	}
	if n > 0 {
		b = append(b, byte(acc)|^byte(0)<<n)
	}
	return b
}

// readHead reads what stands before a posting's data: its distance, and the number
// that holds kind and length. It returns how many bytes both take, 0 if they are damaged.
//
// A search reads dozens of heads for each posting it is after, so the common ones
// are read at once: a distance of one or two bytes, and a number as short. The rank of
// an asset takes two already.
func readHead(b []byte) (distance ID, h uint64, size int) {
	if len(b) >= 4 {
		v := uint64(binary.LittleEndian.Uint32(b))
		d, n := v&0x7f, 1
		if v&0x80 != 0 {
			d, n = d|v>>1&0x3f80, 2
		}
		long := v&0x8080 == 0x8080 // a distance of three bytes or more
		v >>= 8 * n
		if !long {
			switch {
			case v&0x80 == 0:
				return ID(d), v & 0x7f, n + 1
			case v&0x8000 == 0 && n+2 <= 4:
				return ID(d), v&0x7f | v>>1&0x3f80, n + 2
			}
		}
	}
	d, w := binary.Uvarint(b)
	if w <= 0 || d > 1<<32-1 {
		return 0, 0, 0
	}
	h, v := binary.Uvarint(b[w:])
	if v <= 0 {
		return 0, 0, 0
	}
	return ID(d), h, w + v
}

// skip returns how large a posting is and its distance, without its data; a size of 0
// is that of a damaged one.
func skip(b []byte, set int) (distance ID, size int) {
	distance, h, size := readHead(b)
	switch {
	case size == 0 || h&15 == kindOne:
		return distance, size
	case h&15 == kindSet:
		size += set
	case h>>4 > uint64(len(b)):
		return 0, 0
	default:
		size += int(h >> 4)
	}
	if size > len(b) {
		return 0, 0
	}
	return distance, size
}

// readPosting reads a posting of a segment with so many assets.
func readPosting(b []byte, assets int) (posting, bool) {
	d, h, from := readHead(b)
	if from == 0 {
		return posting{}, false
	}
	p := posting{distance: d, kind: byte(h & 15)}
	length := h >> 4
	switch p.kind {
	case kindOne:
		p.one, p.size = int(min(length, maxAssets)), from
		return p, true
	case kindSet:
		length = uint64(assets+7) / 8
	}
	if length > uint64(len(b)-from) {
		return posting{}, false
	}
	p.size = from + int(length)
	p.data = b[from:p.size]
	return p, true
}

// appendTo writes the posting without the distance.
func (p posting) appendTo(b []byte) []byte {
	switch p.kind {
	case kindOne:
		return binary.AppendUvarint(b, uint64(p.one)<<4|kindOne)
	case kindSet:
		return append(append(b, kindSet), p.data...)
	}
	b = binary.AppendUvarint(b, uint64(len(p.data))<<4|uint64(p.kind))
	return append(b, p.data...)
}

// whole reports whether the ranks are below the number of assets, and there is
// one at least.
func (p posting) whole(assets int) bool {
	if p.kind > maxRice && p.kind < kindOne {
		return false
	}
	n, ok := 0, true
	p.each(func(rank int) bool {
		n++
		ok = ok && rank < assets
		return ok
	})
	return ok && n > 0
}

// each calls f with every rank, in order, until it returns false.
func (p posting) each(f func(rank int) bool) {
	switch p.kind {
	case kindOne:
		f(p.one)
	case kindSet:
		for i, b := range p.data {
			for ; b != 0; b &= b - 1 {
				if !f(i<<3 + bits.TrailingZeros8(b)) {
					return
				}
			}
		}
	default:
		p.rice(f)
	}
}

func (p posting) rice(f func(rank int) bool) {
	var acc uint64
	width, n, at, rank := int(p.kind), 0, 0, -1
	for {
		gap := 0
		for {
			for ; n <= 56 && at < len(p.data); at++ {
				acc |= uint64(p.data[at]) << n
				n += 8
			}
			ones := bits.TrailingZeros64(^acc)
			if ones < n {
				gap += ones
				acc >>= ones + 1
				n -= ones + 1
				break
			}
			if at == len(p.data) || gap > maxAssets {
				return // what fills the last byte
			}
			gap += n
			acc, n = 0, 0
		}
		for ; n <= 56 && at < len(p.data); at++ {
			acc |= uint64(p.data[at]) << n
			n += 8
		}
		if n < width {
			return
		}
		rank += gap<<width | int(acc&(1<<width-1)) + 1
		acc >>= width
		n -= width
		if !f(rank) {
			return
		}
	}
}

// has reports whether an asset has the component.
func (p posting) has(rank int) bool {
	switch p.kind {
	case kindOne:
		return p.one == rank
	case kindSet:
		return rank>>3 < len(p.data) && p.data[rank>>3]>>(rank&7)&1 == 1
	}
	found := false
	p.rice(func(r int) bool {
		found = r == rank
		return r < rank
	})
	return found
}

// bitset is the assets of a segment.
type bitset [maxAssets / 64]uint64

// add puts the assets that have a component into a set.
func (p posting) add(to *bitset) {
	switch p.kind {
	case kindOne:
		to[p.one>>6&(len(to)-1)] |= 1 << (p.one & 63)
		return
	case kindSet:
	default:
		p.addRice(to)
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

// addRice is rice without a call for each rank: a common package has millions.
func (p posting) addRice(to *bitset) {
	var acc uint64
	width, n, at, rank := uint(p.kind)&15, uint(0), 0, -1
	mask := uint64(1)<<width - 1
	for {
		if n <= 24 {
			if len(p.data)-at >= 4 {
				acc |= uint64(binary.LittleEndian.Uint32(p.data[at:])) << (n & 63)
				n += 32
				at += 4
			} else {
				for ; at < len(p.data); at++ {
					acc |= uint64(p.data[at]) << (n & 63)
					n += 8
				}
			}
		}
		ones := uint(bits.TrailingZeros64(^acc))
		if ones+1+width > n {
			if at == len(p.data) && ones == n && n < 8 {
				return // what fills the last byte
			}
			p.rice(func(rank int) bool { // a gap longer than the window: rare
				to[rank>>6&(len(to)-1)] |= 1 << (rank & 63)
				return true
			})
			return
		}
		rank += int(ones<<width|uint(acc>>(ones+1)&mask)) + 1
		acc >>= ones + 1 + width
		n -= ones + 1 + width
		to[rank>>6&(len(to)-1)] |= 1 << (rank & 63)
	}
}
