package fleet

import (
	"math/bits"
	"runtime"
	"slices"
	"sync"
)

// Holders appends the assets that have one of the components, each once, by
// tenant's segment.
func (x *Index) Holders(dst []Ref, ids ...ID) []Ref {
	x.ready()
	x.mu.RLock()
	defer x.mu.RUnlock()
	if len(ids) == 1 {
		return x.holdersOf(dst, ids[0])
	}
	starts, list := x.bySegment(ids)
	// Each worker takes a run of segments with as many look-ups as the others': their
	// order is that of the result.
	workers := min(runtime.GOMAXPROCS(0), 1+len(list)/perWorker)
	if workers == 1 {
		return x.holdersIn(dst, starts, list, 0, len(x.segments))
	}
	parts := make([][]Ref, workers)
	var wait sync.WaitGroup
	start := 0
	for w := range workers {
		to := len(x.segments)
		if w < workers-1 {
			to, _ = slices.BinarySearch(starts, uint32((w+1)*len(list)/workers))
		}
		from, to := start, min(to, len(x.segments))
		wait.Go(func() { parts[w] = x.holdersIn(nil, starts, list, from, to) })
		start = to
	}
	wait.Wait()
	for _, p := range parts {
		dst = append(dst, p...)
	}
	return dst
}

// perWorker is how many look-ups are worth a goroutine: each takes a third of a
// microsecond, and more where its segment is not in the processor's cache.
const perWorker = 1000

// bySegment returns the components to look for in each segment: those of segment
// s lie from starts[s] to starts[s+1]. A segment is then visited once, while
// it is at hand.
func (x *Index) bySegment(ids []ID) (starts []uint32, list []ID) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id ID) bool { return int(id) >= x.dict.len() })
	slices.Sort(ids)
	ids = slices.Compact(ids)
	starts = make([]uint32, len(x.segments)+1)
	var room, all []uint32
	ends := make([]int, len(ids))
	for i, id := range ids {
		room = x.where.find(room[:0], id)
		for _, s := range room {
			starts[s+1]++
		}
		all = append(all, room...)
		ends[i] = len(all)
	}
	for s := range x.segments {
		starts[s+1] += starts[s]
	}
	list = make([]ID, len(all))
	at := slices.Clone(starts)
	from := 0
	for i, id := range ids {
		for _, s := range all[from:ends[i]] {
			list[at[s]] = id
			at[s]++
		}
		from = ends[i]
	}
	return starts, list
}

func (x *Index) holdersIn(dst []Ref, starts []uint32, list []ID, from, to int) []Ref {
	for s := from; s < to; s++ {
		ids := list[starts[s]:starts[s+1]]
		if len(ids) == 0 || x.segments[s].data == nil {
			continue
		}
		var set bitset
		f := x.segments[s].data.finder()
		for _, id := range ids {
			if p, ok := f.find(id); ok {
				p.add(&set)
			}
		}
		dst = set.refs(dst, uint32(s))
	}
	return dst
}

func (x *Index) holdersOf(dst []Ref, id ID) []Ref {
	if int(id) >= x.dict.len() {
		return dst
	}
	var space [512]uint32
	list := x.where.find(space[:0], id)
	if len(x.where.later) > 0 {
		slices.Sort(list)
		list = slices.Compact(list)
	}
	for _, s := range list {
		p, ok := x.find(s, id)
		switch {
		case !ok:
		case p.kind == kindSet:
			var set bitset
			p.add(&set)
			dst = set.refs(dst, s)
		default:
			p.each(func(rank int) bool {
				dst = append(dst, ref(s, rank))
				return true
			})
		}
	}
	return dst
}

func ref(segment uint32, rank int) Ref { return Ref(segment<<rankBits | uint32(rank)) }

func (b *bitset) refs(dst []Ref, segment uint32) []Ref {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			dst = append(dst, ref(segment, i<<6+bits.TrailingZeros64(w)))
		}
	}
	return dst
}

func (x *Index) find(number uint32, id ID) (posting, bool) {
	if s := x.segments[number].data; s != nil {
		return s.find(id)
	}
	return posting{}, false
}

// ready packs the directory where that is due.
func (x *Index) ready() {
	x.mu.RLock()
	due := x.where.loaded || x.where.packed == nil
	x.mu.RUnlock()
	if !due {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.where.pack(x.segments, x.dict.len())
}

// Asset returns the tenant and the name of an asset.
func (x *Index) Asset(r Ref) (tenant, name string) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := uint32(r) >> rankBits
	if int(s) >= len(x.segments) || x.segments[s].data == nil {
		return "", ""
	}
	h := &x.segments[s]
	return x.tenants[h.tenant].name, h.data.name(int(r & (maxAssets - 1)))
}

// ByTenant counts assets by tenant.
func (x *Index) ByTenant(refs []Ref) map[string]int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	counts := make([]int, len(x.tenants))
	for _, r := range refs {
		if s := uint32(r) >> rankBits; int(s) < len(x.segments) && x.segments[s].data != nil {
			counts[x.segments[s].tenant]++
		}
	}
	out := make(map[string]int)
	for i, n := range counts {
		if n > 0 {
			out[x.tenants[i].name] = n
		}
	}
	return out
}

// Size counts what the index holds.
type Size struct {
	Tenants, Assets, Components int
	Bytes                       int // of all segments
	DirectoryBytes              int
}

// Size counts what the index holds.
func (x *Index) Size() Size {
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := Size{Tenants: len(x.tenants), Components: x.dict.len(), DirectoryBytes: len(x.where.packed) + 8*len(x.where.starts)}
	for i := range x.segments {
		if d := x.segments[i].data; d != nil {
			s.Assets += d.assets()
			s.Bytes += len(d)
		}
	}
	return s
}
