package inventory

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fingerprint"
)

// World is the part of an inventory that is in memory: what sightings so far
// made it read from its [Source], and all that was placed since. It is not safe
// for use from many goroutines.
type World struct {
	source Source // nil: the world is all there is
	newID  func() string
	title  func(stream string) string

	keys    map[asset.Key]*keyInfo
	homes   map[string]*home
	records map[place]*record
	links   map[string]Link   // home → what it is part of, whole
	moved   map[place]string  // record → home it was split off to
	into    map[string][]Link // target → links that stand
	apart   map[[2]string]bool
	asked   map[[2]string]bool
	begun   bool // links and pairs were read

	batch          int32
	renumberedNets map[netip.Prefix]int64 // networks → when they changed their addresses: those seen before prove nothing
	changes        Changes

	makers map[string]string // as stated → in one form

	seen  []held // scratch
	cands []*group
}

type place struct{ home, stream string }

// keyInfo is a key with all homes that hold it.
type keyInfo struct {
	key     asset.Key
	t       uint8
	grade   grade
	mac     fingerprint.MACKind
	fetched bool
	more    *keyInfo // what follows from it: the short name of a full one, the unit of a UDI
	homes   []*home
}

type held struct {
	k           *keyInfo
	first, last int64
}

// home is a place of records.
type home struct {
	id      string
	group   *group
	records []*record
}

type record struct {
	Record
	keys    []held
	home    *home
	batch   int32 // that touched it last
	dirty   bool
	address bool // it has none of the keys that lists of devices have, only those of the network
}

// group is a set of homes that are certainly one device. Likely links make a
// tree of groups, whose top is the asset.
type group struct {
	root   *home
	homes  []*home
	keys   []held // of all records, with the first and the last time
	maker  string
	parent *group
	kids   []*group
	batch  int32 // that placed a sighting here
}

func (g *group) top() *group {
	for g.parent != nil {
		g = g.parent
	}
	return g
}

// all appends the group and those linked below it.
func (g *group) all(to []*group) []*group {
	to = append(to, g)
	for _, k := range g.kids {
		to = k.all(to)
	}
	return to
}

// NewWorld returns a world over what a source keeps; a nil source keeps
// nothing. newID mints the ids of homes, ascending. title names a stream for
// people; nil leaves its id.
func NewWorld(source Source, newID func() string, title func(stream string) string) *World {
	if title == nil {
		title = func(s string) string { return s }
	}
	return &World{
		source: source, newID: newID, title: title,
		keys: make(map[asset.Key]*keyInfo), homes: make(map[string]*home), records: make(map[place]*record),
		links: make(map[string]Link), moved: make(map[place]string), into: make(map[string][]Link),
		apart: make(map[[2]string]bool), asked: make(map[[2]string]bool), makers: make(map[string]string),
		renumberedNets: make(map[netip.Prefix]int64),
	}
}

// Size counts the homes in memory.
func (w *World) Size() int { return len(w.homes) }

// Take returns what changed since it was called last. Its records are good until
// the next sighting is placed.
func (w *World) Take() Changes {
	c := w.changes
	for _, r := range c.Records {
		rec := w.records[place{r.At, r.Stream}]
		rec.dirty = false
		r.Keys = r.Keys[:0]
		for _, k := range rec.keys {
			r.Keys = append(r.Keys, Held{k.k.key, k.first, k.last})
		}
	}
	w.changes = Changes{}
	return c
}

// AssetOf returns the asset that a home in memory is part of.
func (w *World) AssetOf(id string) string {
	if h := w.homes[id]; h != nil {
		return h.group.top().root.id
	}
	return id
}

func pair(a, b string) [2]string {
	if a > b {
		a, b = b, a
	}
	return [2]string{a, b}
}

// Apart says that a person decided that two homes are not one device.
func (w *World) Apart(a, b string) { w.apart[pair(a, b)] = true }

// info returns what is known of a key.
func (w *World) info(k asset.Key) *keyInfo {
	i := w.keys[k]
	if i == nil {
		t, ok := typeIndex(k.Type)
		if !ok {
			return nil
		}
		i = &keyInfo{key: k, t: t, fetched: w.source == nil}
		i.grade, _, i.mac = gradeOf(k)
		w.keys[k] = i
		if m, ok := follows(k); ok && m != k {
			i.more = w.info(m)
		}
	}
	return i
}

// maker brings the name of a maker to one form.
func (w *World) maker(s string) string {
	if s == "" {
		return ""
	}
	m, ok := w.makers[s]
	if !ok {
		if len(w.makers) > 10_000 {
			clear(w.makers) // somebody's list has free text there
		}
		m = makerOf(s)
		w.makers[s] = m
	}
	return m
}

// add puts a key into a list, or widens the time it was seen.
func add(hs []held, k *keyInfo, first, last int64) ([]held, bool) {
	for i := range hs {
		if hs[i].k == k {
			hs[i].first, hs[i].last = min(hs[i].first, first), max(hs[i].last, last)
			return hs, false
		}
	}
	return append(hs, held{k, first, last}), true
}

// fetch reads what is kept about keys, and the whole assets that hold them.
func (w *World) fetch(ctx context.Context, keys []asset.Key) error {
	if w.source == nil {
		return nil
	}
	if !w.begun {
		if err := w.begin(ctx); err != nil {
			return err
		}
	}
	var missing []asset.Key
	for _, k := range keys {
		for i := w.info(k); i != nil; i = i.more {
			if !i.fetched {
				i.fetched = true
				missing = append(missing, i.key)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	ids, err := w.source.Holders(ctx, missing)
	if err != nil {
		return fmt.Errorf("look up keys: %w", err)
	}
	return w.load(ctx, ids)
}

func (w *World) begin(ctx context.Context) error {
	links, err := w.source.Links(ctx)
	if err != nil {
		return fmt.Errorf("read links: %w", err)
	}
	apart, asked, err := w.source.Pairs(ctx)
	if err != nil {
		return fmt.Errorf("read decisions: %w", err)
	}
	for _, l := range links {
		if l.Stream == "" {
			w.links[l.Home] = l
		} else {
			w.moved[place{l.Home, l.Stream}] = l.Target
		}
		w.into[l.Target] = append(w.into[l.Target], l)
	}
	for _, p := range apart {
		w.apart[pair(p[0], p[1])] = true
	}
	for _, p := range asked {
		w.asked[pair(p[0], p[1])] = true
	}
	w.begun = true
	return nil
}

// load reads homes with all that they are linked to.
func (w *World) load(ctx context.Context, ids []string) error {
	var todo []string
	mark := func(id string) {
		if w.homes[id] == nil {
			w.homes[id] = &home{id: id}
			todo = append(todo, id)
		}
	}
	for _, id := range ids {
		mark(id)
	}
	for i := 0; i < len(todo); i++ {
		if l, ok := w.links[todo[i]]; ok {
			mark(l.Target)
		}
		for _, l := range w.into[todo[i]] {
			mark(l.Home)
		}
	}
	// What was split off lives elsewhere than its facts.
	for p, target := range w.moved {
		if h := w.homes[p.home]; h != nil && w.homes[target] == nil {
			mark(target)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	slices.Sort(todo)
	rs, err := w.source.Records(ctx, todo)
	if err != nil {
		return fmt.Errorf("read records: %w", err)
	}
	for _, id := range todo {
		h := w.homes[id]
		h.group = &group{root: h, homes: []*home{h}}
	}
	slices.SortFunc(rs, func(a, b Record) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Stream, b.Stream)) })
	for i := range rs {
		at := rs[i].At
		if to, ok := w.moved[place{at, rs[i].Stream}]; ok {
			at = to
		}
		w.enter(w.homes[at], &rs[i])
	}
	for _, id := range todo {
		if l, ok := w.links[id]; ok && l.Grade != Likely {
			w.unite(w.homes[id].group, w.homes[l.Target].group)
		}
	}
	for _, id := range todo {
		if l, ok := w.links[id]; ok && l.Grade == Likely {
			child, parent := w.homes[id].group, w.homes[l.Target].group
			if child.parent == nil && child != parent && parent.top() != child {
				child.parent = parent
				parent.kids = append(parent.kids, child)
			}
		}
	}
	return nil
}

// enter puts a record that was read into a home.
func (w *World) enter(h *home, r *Record) {
	rec := &record{Record: *r, home: h, address: true}
	rec.Record.Keys = nil
	for _, k := range r.Keys {
		i := w.info(k.Key)
		if i == nil {
			continue
		}
		rec.keys, _ = add(rec.keys, i, k.First, k.Last)
		rec.address = rec.address && !listed(i)
		w.hold(h, i, k.First, k.Last)
	}
	h.records = append(h.records, rec)
	w.records[place{r.At, r.Stream}] = rec
	h.group.maker = withMaker(h.group.maker, makerOf(r.Maker))
}

// listed reports a key as lists of devices have them, that the network does not show.
func listed(i *keyInfo) bool { return i.t != iMAC && i.t <= iTag && i.grade > useless }

// hold makes a home a holder of a key. It reports whether its group is new to it.
func (w *World) hold(h *home, i *keyInfo, first, last int64) bool {
	if !slices.Contains(i.homes, h) {
		i.homes = append(i.homes, h)
	}
	var fresh bool
	h.group.keys, fresh = add(h.group.keys, i, first, last)
	return fresh
}

// unite makes the homes of two groups one group under the second's root.
func (w *World) unite(from, to *group) {
	if from == to {
		return
	}
	for _, h := range from.homes {
		h.group = to
	}
	to.homes = append(to.homes, from.homes...)
	for _, k := range from.keys {
		to.keys, _ = add(to.keys, k.k, k.first, k.last)
	}
	to.maker = withMaker(to.maker, from.maker)
	to.batch = max(to.batch, from.batch)
}

// holders returns the groups that hold a key, each once.
func holders(k *keyInfo, to []*group) []*group {
	for _, h := range k.homes {
		if !slices.Contains(to, h.group) {
			to = append(to, h.group)
		}
	}
	return to
}

// shared reports whether several assets hold a key, so that it tells none of
// them from the others.
func shared(k *keyInfo) bool {
	if len(k.homes) < 2 {
		return false
	}
	first := k.homes[0].group.top()
	for _, h := range k.homes[1:] {
		if h.group.top() != first {
			return true
		}
	}
	return false
}

// follows returns what follows from a key: the short name that a full name
// begins with, and the unit that a UDI names, however written.
func follows(k asset.Key) (asset.Key, bool) {
	switch k.Type {
	case asset.FQDN:
		short, _, _ := strings.Cut(k.Value, ".")
		return asset.NewKey(asset.Name, short)
	case asset.UDI:
		return asset.NewKey(asset.UDI, unitOf(k.Value))
	}
	return asset.Key{}, false
}
