package fleet

import (
	"slices"
	"strings"
	"sync"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
)

// Ref names an asset for as long as its tenant's lists do not change:
// [Index.Asset] tells which it is.
type Ref uint32

// Index is the fleet. Its methods may be called from many goroutines.
type Index struct {
	mu sync.RWMutex // guards all below

	dict     *dictionary
	tenants  []tenant
	byName   map[string]int
	segments []held
	free     []uint32 // numbers of segments that are no more
	where    directory
	outcomes outcomes
	db       *vuln.DB // nil before the first judgment
	feed     string

	storage     Storage      // nil: in memory only
	checkpoints uint64       // how many were written
	packs       map[pack]int // length of each

	encoders sync.Pool
}

// tenant is one organization: its assets are dealt to 1<<width segments by
// a hash of their names, so that a segment stays small.
type tenant struct {
	name     string
	width    uint
	segments []uint32
}

type held struct {
	tenant int
	data   segment
	at     place
}

// maxWidth bounds a tenant to a billion assets.
const maxWidth = 20

// New returns an empty index in memory.
func New() *Index {
	x := &Index{dict: newDictionary(), byName: make(map[string]int), outcomes: newOutcomes(), packs: make(map[pack]int)}
	x.encoders.New = func() any { return new(encoder) }
	return x
}

// Component returns the number of a component, new or known. A new one is
// judged at once where a feed is in force. Who fills an index does well to give the
// components of one package one after the other: they are then found together.
func (x *Index) Component(c *fact.Component) (ID, error) {
	text := appendComponent(nil, c)
	x.mu.Lock()
	defer x.mu.Unlock()
	id, isNew, err := x.dict.add(text)
	if err != nil || !isNew {
		return id, err
	}
	if err := x.append(record{kind: recComponent, id: id, text: text}); err != nil {
		return 0, err
	}
	x.outcomes.grow(x.dict.len())
	if x.db != nil {
		var a vuln.Answer
		x.outcomes.set(id, judge(nil, x.db, c, &a))
	}
	return id, nil
}

// Components returns how many different components there are.
func (x *Index) Components() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.dict.len()
}

// Lookup returns the component of a number.
func (x *Index) Lookup(id ID) (fact.Component, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if int(id) >= x.dict.len() {
		return fact.Component{}, false
	}
	return x.dict.component(id), true
}

// Load replaces all that is known of a tenant. It is the way to fill an index;
// tenants can be loaded side by side.
func (x *Index) Load(name string, assets []Asset) error {
	assets = slices.Clone(assets)
	sortAssets(assets)
	if err := x.checkAssets(name, assets); err != nil {
		return err
	}
	t := tenant{name: name, width: widthFor(assets)}
	enc := x.encoders.Get().(*encoder)
	defer x.encoders.Put(enc)
	data := t.encode(enc, assets)
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.append(record{kind: recLoad, tenant: name, width: t.width, segments: data}); err != nil {
		return err
	}
	x.install(t, data)
	return nil
}

// Put replaces what is known of one asset. It is durable when it returns.
func (x *Index) Put(name string, a Asset) error { return x.change(name, a, false) }

// Remove forgets an asset. It is no error if there is none.
func (x *Index) Remove(name, asset string) error {
	return x.change(name, Asset{Name: asset}, true)
}

func (x *Index) change(name string, a Asset, remove bool) error {
	if err := x.checkAssets(name, []Asset{a}); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.append(record{kind: recPut, tenant: name, asset: a, remove: remove}); err != nil {
		return err
	}
	x.put(name, a, remove)
	return nil
}

// put changes one segment. The caller holds mu.
func (x *Index) put(name string, a Asset, remove bool) {
	enc := x.encoders.Get().(*encoder)
	defer x.encoders.Put(enc)
	n, ok := x.byName[name]
	if !ok {
		if remove {
			return
		}
		t := tenant{name: name}
		x.install(t, t.encode(enc, []Asset{a}))
		return
	}
	t := &x.tenants[n]
	number := t.segments[bucket(a.Name, t.width)]
	old := x.segments[number].data
	if rank, ok := old.rank(a.Name); ok && !remove {
		ids := slices.Clone(a.Components)
		slices.Sort(ids)
		x.segments[number].data = enc.replace(old, rank, slices.Compact(ids))
		x.changed(number, old, a)
		return
	}
	assets := old.decode()
	at, found := slices.BinarySearchFunc(assets, a, func(e, a Asset) int { return strings.Compare(e.Name, a.Name) })
	switch {
	case found && remove:
		assets = slices.Delete(assets, at, at+1)
	case found:
		assets[at] = a
	case remove:
		return
	default:
		assets = slices.Insert(assets, at, a)
	}
	if len(assets) > maxAssets {
		x.split(n, assets, number, enc)
		return
	}
	x.segments[number].data = enc.encode(assets)
	x.changed(number, old, a)
}

// changed notes that a segment was written anew with an asset's components.
func (x *Index) changed(number uint32, old segment, a Asset) {
	x.segments[number].at = place{}
	for _, c := range a.Components {
		if _, had := old.find(c); !had {
			x.where.add(c, number)
		}
	}
}

// split deals a tenant's assets to twice as many segments, as often as needed.
func (x *Index) split(n int, assets []Asset, number uint32, enc *encoder) {
	for _, s := range x.tenants[n].segments {
		if s != number {
			assets = append(assets, x.segments[s].data.decode()...)
		}
	}
	sortAssets(assets)
	t := tenant{name: x.tenants[n].name, width: widthFor(assets)}
	x.install(t, t.encode(enc, assets))
}

// install puts a tenant in the place of what was known of it.
func (x *Index) install(t tenant, data []segment) {
	n, ok := x.byName[t.name]
	if !ok {
		n = len(x.tenants)
		x.byName[t.name] = n
		x.tenants = append(x.tenants, tenant{name: t.name})
	}
	for _, s := range x.tenants[n].segments {
		x.segments[s] = held{tenant: -1}
		x.free = append(x.free, s)
	}
	t.segments = make([]uint32, len(data))
	for i, d := range data {
		var s uint32
		if k := len(x.free); k > 0 {
			s, x.free = x.free[k-1], x.free[:k-1]
			x.segments[s] = held{tenant: n, data: d}
		} else {
			s = uint32(len(x.segments))
			x.segments = append(x.segments, held{tenant: n, data: d})
		}
		t.segments[i] = s
		x.where.addSegment(s, d)
	}
	x.tenants[n] = t
}

// encode deals sorted assets to segments.
func (t *tenant) encode(enc *encoder, assets []Asset) []segment {
	if t.width == 0 {
		return []segment{enc.encode(assets)}
	}
	parts := make([][]Asset, 1<<t.width)
	for _, a := range assets {
		b := bucket(a.Name, t.width)
		parts[b] = append(parts[b], a)
	}
	out := make([]segment, len(parts))
	for i, p := range parts {
		out[i] = enc.encode(p)
	}
	return out
}

// widthFor returns into how many segments assets are dealt: the fewest, by
// powers of two, of which none is full.
func widthFor(assets []Asset) uint {
	for width := uint(0); ; width++ {
		count := make([]int, 1<<width)
		full := false
		for i := range assets {
			b := bucket(assets[i].Name, width)
			if count[b]++; count[b] > maxAssets {
				full = true
				break
			}
		}
		if !full {
			return width
		}
	}
}

// bucket returns the segment an asset is dealt to: the upper bits of FNV-1a,
// stirred so that short names reach them.
func bucket(name string, width uint) uint32 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	h *= 0x9e3779b97f4a7c15
	if width == 0 {
		return 0
	}
	return uint32(h >> (64 - width))
}

func (x *Index) checkAssets(tenant string, assets []Asset) error {
	if tenant == "" || len(tenant) > maxName {
		return errs.New(errs.Invalid, "tenant %.60q has no name that can be kept", tenant)
	}
	x.mu.RLock()
	top := x.dict.len()
	x.mu.RUnlock()
	for i := range assets {
		if n := assets[i].Name; n == "" || len(n) > maxName {
			return errs.New(errs.Invalid, "asset %.60q has no name that can be kept", n)
		}
		if i > 0 && assets[i-1].Name == assets[i].Name {
			return errs.New(errs.Invalid, "asset %.60q is given twice", assets[i].Name)
		}
		for _, c := range assets[i].Components {
			if int(c) >= top {
				return errs.New(errs.Invalid, "asset %.60q has component %d, which nobody added", assets[i].Name, c)
			}
		}
	}
	return nil
}
