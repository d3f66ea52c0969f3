package fleet

import (
	"encoding/binary"
	"slices"
)

// directory says which segments may hold a component. It may name segments that
// no longer do, so asking it and then the segment is right; that it names all
// that do is the invariant.
//
// Lists are packed once, when first asked: for a fleet that was loaded, all at
// once. What comes later lies beside them until the next packing.
type directory struct {
	packed []byte
	starts []uint64 // by component; one more than there are
	later  map[ID][]uint32
	loaded bool // segments came that are not packed
	count  int  // of what came later
}

// maxLater is how much may lie beside the packed lists.
const maxLater = 4 << 20

// add notes that a segment holds a component.
func (d *directory) add(c ID, segment uint32) {
	if d.loaded {
		return
	}
	if d.later == nil {
		d.later = make(map[ID][]uint32)
	}
	d.later[c] = append(d.later[c], segment)
	if d.count++; d.count > maxLater {
		d.loaded = true
	}
}

// addSegment notes all that a segment holds. A few are noted one by one; many
// make it worth packing anew.
func (d *directory) addSegment(number uint32, s segment) {
	if d.packed == nil || d.loaded {
		d.loaded = true
		return
	}
	s.components(func(c ID, _ posting) { d.add(c, number) })
}

// pack writes the lists of all segments.
func (d *directory) pack(segments []held, components int) {
	if !d.loaded && d.packed != nil {
		return
	}
	*d = directory{starts: make([]uint64, components+1)}
	last := make([]uint32, components)
	// The first pass measures, the second writes.
	for number := range segments {
		if segments[number].data == nil {
			continue
		}
		segments[number].data.components(func(c ID, _ posting) {
			d.starts[c+1] += uint64(uvarintLen(uint64(uint32(number) - last[c])))
			last[c] = uint32(number)
		})
	}
	for i := range components {
		d.starts[i+1] += d.starts[i]
	}
	d.packed = make([]byte, d.starts[components])
	at := slices.Clone(d.starts[:components])
	clear(last)
	for number := range segments {
		if segments[number].data == nil {
			continue
		}
		segments[number].data.components(func(c ID, _ posting) {
			at[c] += uint64(binary.PutUvarint(d.packed[at[c]:], uint64(uint32(number)-last[c])))
			last[c] = uint32(number)
		})
	}
}

// find appends the segments that may hold a component.
func (d *directory) find(dst []uint32, c ID) []uint32 {
	if int(c)+1 < len(d.starts) {
		n := uint32(0)
		for b := d.packed[d.starts[c]:d.starts[c+1]]; len(b) > 0; {
			v, w := binary.Uvarint(b)
			if w <= 0 {
				break
			}
			n += uint32(v)
			dst = append(dst, n)
			b = b[w:]
		}
	}
	return append(dst, d.later[c]...)
}

// cursor walks all lists at once, segment by segment in order.
type cursor struct {
	d    *directory
	at   []uint64
	last []uint32
	on   []bool
}

func (d *directory) cursor() *cursor {
	n := max(len(d.starts)-1, 0)
	return &cursor{d: d, at: slices.Clone(d.starts), last: make([]uint32, n), on: make([]bool, n)}
}

// has reports whether the list of a component has a segment. Segments must be
// asked for in order.
func (c *cursor) has(id ID, segment uint32) bool {
	if int(id) >= len(c.last) {
		return false
	}
	for (!c.on[id] || c.last[id] < segment) && c.at[id] < c.d.starts[id+1] {
		v, w := binary.Uvarint(c.d.packed[c.at[id]:c.d.starts[id+1]])
		if w <= 0 {
			return false
		}
		c.on[id] = true
		c.at[id] += uint64(w)
		c.last[id] += uint32(v)
	}
	return c.on[id] && c.last[id] == segment
}
