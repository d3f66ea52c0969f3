package inventory

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
)

// view is a sighting as it is compared.
type view struct {
	*Sighting
	keys    []held
	maker   string
	strong  bool // it has a key that proves identity by itself
	address bool // it has none of the keys that lists of devices have
	macs    int  // hardware addresses of its own cards
}

func (w *World) view(s *Sighting) *view {
	v := &view{Sighting: s, keys: w.seen[:0], maker: w.maker(s.Maker), address: true}
	for _, k := range s.Keys {
		for i := w.info(k); i != nil; i = i.more {
			v.keys, _ = add(v.keys, i, s.At, s.At)
			v.strong = v.strong || i.t <= iTag && i.grade > passed
			v.address = v.address && !listed(i)
		}
	}
	slices.SortStableFunc(v.keys, func(a, b held) int { return cmp.Compare(a.k.t, b.k.t) })
	v.macs = cards(v.keys)
	w.seen = v.keys
	return v
}

// Place finds or makes the asset of each sighting. All are of one stream and
// came together: two of them are two devices, unless they are of the kind that
// shows a device's cards one by one. The outcome does not depend on their order.
func (w *World) Place(ctx context.Context, batch []Sighting) ([]Placed, error) {
	w.batch++
	var keys []asset.Key
	if w.source != nil {
		for i := range batch {
			keys = append(keys, batch[i].Keys...)
		}
	}
	if err := w.fetch(ctx, keys); err != nil {
		return nil, err
	}
	out := make([]Placed, len(batch))
	moves := renumbering{world: w}
	for _, i := range placingOrder(batch) {
		out[i] = w.place(&batch[i], &moves)
	}
	// A later sighting of the batch may have joined what an earlier one came to.
	for i := range out {
		out[i].Asset = w.AssetOf(out[i].Home)
	}
	return out, nil
}

// placingOrder puts sightings that prove most first, so that those that say
// little find what they can be held against.
func placingOrder(batch []Sighting) []int {
	type place struct {
		rank, n int
		least   string
	}
	ps := make([]place, len(batch))
	for i := range batch {
		p := place{rank: nTypes, n: i}
		for _, k := range batch[i].Keys {
			switch r := k.Type.Rank(); {
			case r < p.rank, r == p.rank && k.Value < p.least:
				p.rank, p.least = r, k.Value
			}
		}
		ps[i] = p
	}
	slices.SortFunc(ps, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(batch[a.n].At, batch[b.n].At), strings.Compare(a.least, b.least), cmp.Compare(a.n, b.n))
	})
	order := make([]int, len(ps))
	for i, p := range ps {
		order[i] = p.n
	}
	return order
}

// candidate is a group that a sighting may be of.
type candidate struct {
	*group
	signs
	verdict verdict
}

// strength orders candidates: by the strongest key in common, then by how many.
func (c *candidate) strength() int {
	n, best := 0, nTypes
	for t := range nTypes {
		if c.eq&(1<<t) != 0 {
			n++
			best = min(best, t)
		}
	}
	return (nTypes-best)*16 + n
}

func (w *World) place(s *Sighting, moves *renumbering) Placed {
	v := w.view(s)
	var sames, doubts []candidate
	for _, g := range w.candidates(v) {
		c := candidate{group: g}
		c.signs = w.signs(v, g)
		switch c.verdict = w.judge(&c.signs, v, g); {
		case c.verdict == same && w.dock(v, &c):
		case c.verdict == same:
			sames = append(sames, c)
		case c.verdict == doubtful:
			doubts = append(doubts, c)
		}
	}
	slices.SortStableFunc(sames, func(a, b candidate) int {
		return cmp.Or(-cmp.Compare(a.strength(), b.strength()), strings.Compare(a.root.id, b.root.id))
	})
	p := Placed{Grade: Certain}
	var g *group
	switch {
	case len(sames) > 0:
		g = sames[0].group
		p.Home = w.settle(v, g, Why{Grade: Certain, At: v.At}, sames[0].signs)
	case !v.strong:
		var sg signs
		if g, sg = w.weakly(v, moves); g != nil {
			p.Grade = Likely
			p.Home = w.settle(v, g, Why{Grade: Likely, At: v.At}, sg)
		}
	}
	if g == nil {
		h := w.newHome()
		g = h.group
		p.New, p.Grade = true, First
		p.Home = w.settle(v, g, Why{Grade: First, At: v.At}, signs{})
	}
	moves.note(v, g, p.New)
	for i := 1; i < len(sames); i++ {
		w.join(v, g, &sames[i])
	}
	g = w.homes[p.Home].group // joining may have moved it
	if r := w.records[place{p.Home, v.Stream}]; r != nil {
		g = r.home.group
	}
	for i := range doubts {
		if doubts[i].group != g {
			w.ask(g, doubts[i].group, w.explain(v.keys, v.maker, doubts[i].group, &doubts[i].signs, doubts[i].batch == w.batch))
		}
	}
	g.batch = w.batch
	w.relate(v, g)
	p.Asset = g.top().root.id
	return p
}

// signs compares a sighting with a group.
func (w *World) signs(v *view, g *group) signs {
	s := signsOf(v.keys, g.keys)
	s.makers = otherMaker(v.maker, g.maker)
	return s
}

// candidates lists the groups that hold a key of the sighting which may prove identity.
func (w *World) candidates(v *view) []*group {
	out := w.cands[:0]
	for _, k := range v.keys {
		if k.k.t <= iTag && k.k.grade > useless {
			out = holders(k.k, out)
		}
	}
	w.cands = out
	return out
}

// dock reports that a sighting that only shares a hardware address with a group
// is likelier of another machine: one of its name is known, with keys of its
// own, so the address is of something that both were plugged into.
func (w *World) dock(v *view, c *candidate) bool {
	if !c.renamed() || c.has(c.eq, iMachine, iSerial, iCloud, iUDI, iTag) {
		return false
	}
	for _, k := range v.keys {
		if k.k.t != iFQDN && k.k.t != iName || k.k.grade == useless || len(k.k.homes) > 8 {
			continue
		}
		for _, h := range k.k.homes {
			if o := h.group; o.top() != c.top() && hasOwn(o) {
				if s := w.signs(v, o); !s.has(s.diff, iMachine, iSerial, iCloud, iUDI) {
					return true
				}
			}
		}
	}
	return false
}

// hasOwn reports that something is known of a group that proves identity.
func hasOwn(g *group) bool {
	return slices.ContainsFunc(g.keys, func(k held) bool { return k.k.t <= iTag && k.k.grade == full })
}
