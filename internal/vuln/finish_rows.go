package vuln

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
)

// packages writes packages, rows and what rows refer to, and returns how many
// rows there are.
func (w *writer) packages() int {
	ecosystems := w.listEcosystems()
	type ref struct {
		hash uint64
		eco  uint16
		item uint32
		at   uint32 // among the rows of the item
		row  *draft
	}
	seeds := make([]uint64, len(w.ecosystems))
	for i, e := range w.ecosystems {
		seeds[i] = hash(0, []byte(e))
	}
	var refs []ref
	for i := range w.items {
		for j := range w.items[i].rows {
			d := &w.items[i].rows[j]
			e := ecosystems[d.ecosystem]
			refs = append(refs, ref{hash(seeds[e], []byte(d.name)), e, uint32(i), uint32(j), d})
		}
	}
	// Rows of one advisory were put in order when it came in. Most differ by the hash: what
	// is compared after it is not worked out before.
	slices.SortFunc(refs, func(a, b ref) int {
		if a.hash != b.hash {
			return cmp.Compare(a.hash, b.hash)
		}
		return cmp.Or(cmp.Compare(a.eco, b.eco), strings.Compare(a.row.name, b.row.name), cmp.Compare(a.item, b.item), cmp.Compare(a.at, b.at))
	})
	var pkgs, rows, prints []byte
	var hashes []uint64
	var print uint64
	in := newInterner(w)
	for i, r := range refs {
		if i == 0 || refs[i-1].hash != r.hash || refs[i-1].eco != r.eco || refs[i-1].row.name != r.row.name {
			pkgs = binary.LittleEndian.AppendUint64(pkgs, r.hash)
			pkgs = binary.LittleEndian.AppendUint32(pkgs, w.place(w.strs))
			pkgs = binary.LittleEndian.AppendUint32(pkgs, uint32(i))
			hashes = append(hashes, r.hash)
			w.strs = binary.LittleEndian.AppendUint16(w.strs, r.eco)
			w.strs = appendText(w.strs, r.row.name)
			if i > 0 {
				prints = binary.LittleEndian.AppendUint64(prints, print)
			}
			print = 0
		}
		print = r.row.print(print, &w.items[r.item])
		rows = in.row(r.item, r.row).put(rows)
	}
	if len(refs) > 0 {
		prints = binary.LittleEndian.AppendUint64(prints, print)
	}
	pkgs = binary.LittleEndian.AppendUint64(pkgs, ^uint64(0))
	pkgs = binary.LittleEndian.AppendUint32(pkgs, 0)
	pkgs = binary.LittleEndian.AppendUint32(pkgs, uint32(len(refs)))
	w.sections[secPackages], w.sections[secBuckets] = pkgs, buckets(hashes)
	w.sections[secRows], w.sections[secPrints], w.sections[secStrings] = rows, prints, w.strs
	w.sections[secBounds], w.sections[secSets], w.sections[secExtras] = in.bounds, in.sets, in.extraSection()
	return len(refs)
}

// print folds all that a row says into a hash, so that two files agree on a
// package's prints exactly when they say the same of it.
func (d *draft) print(seed uint64, it *item) uint64 {
	b := appendText(nil, it.source)
	b = appendText(b, it.id)
	if d.flags&rowStatement != 0 { // the newest statement counts
		b = binary.LittleEndian.AppendUint64(b, uint64(it.modified.Unix()))
	}
	for _, n := range it.names {
		b = appendText(b, n)
	}
	b = binary.LittleEndian.AppendUint32(b, d.flags)
	for _, v := range append([]bound{d.low, d.high}, d.set...) {
		b = appendText(appendText(b, v.key), v.version)
	}
	return hash(seed, append(b, d.extra...))
}

func (w *writer) listEcosystems() map[string]uint16 {
	seen := make(map[string]uint16)
	for i := range w.items {
		for j := range w.items[i].rows {
			seen[w.items[i].rows[j].ecosystem] = 0
		}
	}
	for e := range seen {
		w.ecosystems = append(w.ecosystems, e)
	}
	slices.Sort(w.ecosystems)
	if len(w.ecosystems) > 1<<16 {
		w.fail(errs.New(errs.Limited, "more than %d ecosystems", 1<<16))
		return seen
	}
	for i, e := range w.ecosystems {
		seen[e] = uint16(i)
	}
	return seen
}

// buckets says where the packages begin whose hashes have the same upper bits:
// as many bits as leave about four packages to a bucket.
func buckets(hashes []uint64) []byte {
	width := max(bits.Len(uint(len(hashes)))-2, 0)
	out := make([]byte, 0, 4<<width+4)
	next := 0
	for b := range uint64(1) << width {
		for next < len(hashes) && hashes[next]>>(64-width) < b {
			next++
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(next))
	}
	return binary.LittleEndian.AppendUint32(out, uint32(len(hashes)))
}

// interner writes each bound, set and extra once.
type interner struct {
	w       *writer
	bounds  []byte
	boundAt map[bound]uint32
	sets    []byte
	setAt   map[string]uint32
	extras  []string
	extraNo map[string]uint32
}

func newInterner(w *writer) *interner {
	return &interner{w: w, bounds: []byte{0}, boundAt: make(map[bound]uint32), setAt: make(map[string]uint32), extraNo: make(map[string]uint32)}
}

func (in *interner) bound(b bound) uint32 {
	if b.version == "" {
		return 0
	}
	at, ok := in.boundAt[b]
	if !ok {
		at = in.w.place(in.bounds)
		in.boundAt[b] = at
		in.bounds = appendText(appendText(in.bounds, b.key), b.version)
	}
	return at
}

func (in *interner) set(list []bound) uint32 {
	var b []byte
	for _, v := range list {
		b = binary.LittleEndian.AppendUint32(b, in.bound(v))
	}
	at, ok := in.setAt[string(b)]
	if !ok {
		at = in.w.place(in.sets) / 4
		in.setAt[string(b)] = at
		in.sets = append(in.sets, b...)
	}
	return at
}

func (in *interner) extra(e string) uint32 {
	if e == "" {
		return 0
	}
	n, ok := in.extraNo[e]
	if !ok {
		in.extras = append(in.extras, e)
		n = uint32(len(in.extras))
		in.extraNo[e] = n
		if n > maxExtras {
			in.w.fail(errs.New(errs.Limited, "more than %d different conditions", maxExtras))
		}
	}
	return n
}

func (in *interner) row(item uint32, d *draft) row {
	r := row{advisory: item, flags: d.flags | in.extra(d.extra)<<extraShift}
	if d.flags&rowSet != 0 {
		r.low, r.high = in.set(d.set), uint32(len(d.set))
		return r
	}
	r.low, r.high = in.bound(d.low), in.bound(d.high)
	return r
}

// extraSection is the number of extras, where each begins, and the extras.
func (in *interner) extraSection() []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(in.extras)))
	at := uint32(4 + 4*len(in.extras))
	for _, e := range in.extras {
		out = binary.LittleEndian.AppendUint32(out, at)
		at += uint32(len(e))
	}
	for _, e := range in.extras {
		out = append(out, e...)
	}
	return out
}
