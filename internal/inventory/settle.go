package inventory

import (
	"slices"
)

func (w *World) newHome() *home {
	h := &home{id: w.newID()}
	h.group = &group{root: h, homes: []*home{h}}
	w.homes[h.id] = h
	w.changes.Homes = append(w.changes.Homes, h.id)
	return h
}

// settle puts a sighting into a group and returns the home its facts go to:
// that of the stream's record there, or else the one that shares most with it,
// so that undoing a link takes each source's records along.
func (w *World) settle(v *view, g *group, why Why, s signs) string {
	var rec *record
	most := -1
	for _, h := range g.homes {
		for _, r := range h.records {
			if r.Stream != v.Stream || r.batch == w.batch {
				continue
			}
			n := 0
			for _, k := range v.keys {
				if holds(r.keys, k.k) {
					n += 1 << (nTypes - k.k.t)
				}
			}
			if n > most {
				rec, most = r, n
			}
		}
	}
	if rec != nil && w.belongsElsewhere(v, g, rec) {
		rec = nil
	}
	if rec == nil {
		rec = w.newRecord(v, g)
		if rec.Why = why; why.Grade != First {
			w.recordWhy(v, g, &rec.Why, &s)
		}
	}
	rec.batch = w.batch
	rec.First, rec.Last = min(rec.First, v.At), max(rec.Last, v.At)
	if v.Maker != "" {
		rec.Maker = v.Maker
		rec.home.group.maker = withMaker(rec.home.group.maker, v.maker)
	}
	fresh := false
	for _, k := range v.keys {
		var isNew bool
		if rec.keys, isNew = add(rec.keys, k.k, v.At, v.At); isNew {
			w.changes.Keys = append(w.changes.Keys, HolderKey{rec.At, k.k.key})
			rec.address = rec.address && !listed(k.k)
		}
		fresh = w.hold(rec.home, k.k, v.At, v.At) || fresh
	}
	w.prune(rec)
	if !rec.dirty {
		rec.dirty = true
		w.changes.Records = append(w.changes.Records, &rec.Record)
	}
	if fresh {
		w.recheck(rec.home.group)
	}
	return rec.At
}

// belongsElsewhere reports that a home which the sighting's stream has not spoken
// of yet shares more with the sighting than that of the record: then the two
// were merged, and undoing it must find each source's records where they belong.
func (w *World) belongsElsewhere(v *view, g *group, rec *record) bool {
	if len(g.homes) == 1 {
		return false
	}
	own := rec.home.shares(v)
	for _, h := range g.homes {
		if h != rec.home && w.records[place{h.id, v.Stream}] == nil && h.shares(v) > own {
			return true
		}
	}
	return false
}

// shares weighs what proves identity that a sighting has in common with a record
// of a home: the one it has most in common with.
func (h *home) shares(v *view) int {
	most := 0
	for _, r := range h.records {
		n := 0
		for _, k := range v.keys {
			if k.k.t <= iTag && k.k.grade > useless && holds(r.keys, k.k) {
				n += 1 << (nTypes - k.k.t)
			}
		}
		most = max(most, n)
	}
	return most
}

// newRecord makes the record of a stream in a group.
func (w *World) newRecord(v *view, g *group) *record {
	best, most := g.root, -1
	for _, h := range g.homes {
		if w.records[place{h.id, v.Stream}] != nil {
			continue
		}
		n := 0
		for _, r := range h.records {
			for _, k := range v.keys {
				if k.k.t < iIP && holds(r.keys, k.k) {
					n += 1 << (nTypes - k.k.t)
				}
			}
		}
		if n > most {
			best, most = h, n
		}
	}
	if most < 0 {
		// The stream speaks of the device twice: a second card, a second line. What
		// it says is kept under a home of its own.
		best = w.newHome()
		w.beginLink(best, g, Certain, Evidence{For: []string{"the same source saw it twice"}, Score: 1})
		w.unite(best.group, g)
	}
	r := &record{Record: Record{At: best.id, Stream: v.Stream, First: v.At, Last: v.At}, home: best, address: true}
	best.records = append(best.records, r)
	w.records[place{best.id, v.Stream}] = r
	return r
}

// beginLink starts a link of a home to a group.
func (w *World) beginLink(h *home, to *group, grade Grade, e Evidence) {
	l := Link{Home: h.id, Target: to.root.id, Grade: grade}
	w.links[h.id] = l
	w.into[l.Target] = append(w.into[l.Target], l)
	w.changes.Links = append(w.changes.Links, LinkChange{Link: l, Evidence: e})
}

// endLink ends the link of a home.
func (w *World) endLink(h *home, e Evidence) {
	l := w.links[h.id]
	delete(w.links, h.id)
	w.into[l.Target] = slices.DeleteFunc(w.into[l.Target], func(o Link) bool { return o.Home == h.id && o.Stream == "" })
	w.changes.Links = append(w.changes.Links, LinkChange{Link: l, Ended: true, Evidence: e})
}

// recordWhy notes by what a stream's first sighting came to a group.
func (w *World) recordWhy(v *view, g *group, why *Why, s *signs) {
	for t, k := range s.by {
		if k == nil {
			continue
		}
		why.Keys = append(why.Keys, k.key)
		if why.Stream == "" {
			why.Stream, why.Seen = g.lastSeen(k)
		}
		if t <= iTag && len(why.Keys) == 3 {
			break
		}
	}
}

// lastSeen returns which stream saw a key of the group last, and when.
func (g *group) lastSeen(k *keyInfo) (string, int64) {
	stream, at := "", int64(0)
	for _, h := range g.homes {
		for _, r := range h.records {
			for i := range r.keys {
				if r.keys[i].k == k && (stream == "" || r.keys[i].last > at) {
					stream, at = r.Stream, r.keys[i].last
				}
			}
		}
	}
	return stream, at
}

// most bounds how many keys of a type a record keeps; the newest stay.
var most = [nTypes]int{iMachine: 8, iSerial: 8, iUDI: 8, iCloud: 8, iMAC: 64, iTag: 8, iFQDN: 8, iName: 8, iIP: 8}

// prune forgets the oldest keys of a record where there are too many of a type,
// as the addresses of years.
func (w *World) prune(r *record) {
	if len(r.keys) <= 8 {
		return
	}
	var n [nTypes]int
	for i := range r.keys {
		n[r.keys[i].k.t]++
	}
	for t := range n {
		for ; n[t] > most[t]; n[t]-- {
			oldest := -1
			for i := range r.keys {
				if int(r.keys[i].k.t) == t && (oldest < 0 || r.keys[i].last < r.keys[oldest].last) {
					oldest = i
				}
			}
			w.drop(r, oldest)
		}
	}
}

func (w *World) drop(r *record, i int) {
	k := r.keys[i].k
	r.keys = slices.Delete(r.keys, i, i+1)
	if w.heldAt(r.At, k) {
		return
	}
	kept := false
	for _, o := range r.home.records {
		kept = kept || holds(o.keys, k)
	}
	w.changes.Dropped = append(w.changes.Dropped, HolderKey{r.At, k.key})
	if kept {
		return
	}
	k.homes = slices.DeleteFunc(k.homes, func(h *home) bool { return h == r.home })
	g := r.home.group
	for _, h := range g.homes {
		for _, o := range h.records {
			if holds(o.keys, k) {
				return
			}
		}
	}
	g.keys = slices.DeleteFunc(g.keys, func(h held) bool { return h.k == k })
}

// heldAt reports whether a record that is kept under a home has a key, wherever
// its facts belong by now.
func (w *World) heldAt(id string, k *keyInfo) bool {
	if h := w.homes[id]; h != nil {
		for _, r := range h.records {
			if r.At == id && holds(r.keys, k) {
				return true
			}
		}
	}
	for p := range w.moved {
		if p.home == id {
			if r := w.records[p]; r != nil && holds(r.keys, k) {
				return true
			}
		}
	}
	return false
}
