package inventory

import (
	"math"
	"net/netip"
	"slices"
)

// byAddress finds who had the sighting's address at the time.
func (w *World) byAddress(v *view, moves *renumbering) (*group, signs) {
	var best *group
	nearest, tie := int64(math.MaxInt64), false
	for _, k := range v.keys {
		if k.k.t != iIP {
			continue
		}
		for _, h := range k.k.homes {
			g := h.group
			if g == best || g.batch == w.batch && !v.address {
				continue
			}
			at, ok := span(g, k.k)
			if !ok {
				continue
			}
			d := distance(k, at)
			if d > window(g, k.k) || w.renumbered(k.k, at.last, v.At) || w.opposed(v, g) {
				continue
			}
			switch {
			case d < nearest || d == nearest && best != nil && lone(best) && !lone(g):
				best, nearest, tie = g, d, false
			case d == nearest && best != nil && g.top() != best.top() && !(lone(g) && !lone(best)):
				tie = true
			}
		}
	}
	if best == nil || tie {
		return nil, signs{}
	}
	return best, w.signs(v, best)
}

// window is for how long an address is evidence of a group that had it.
func window(g *group, k *keyInfo) int64 {
	if lone(g) {
		return loneAddressWindow
	}
	return max(addressWindow, listedWindow(g, k))
}

// listedWindow is for how long an address is evidence that a list gives for a
// device, as one that was set by hand, and that nobody else was seen at. A list
// knows neither the machine id nor the hardware address; what does saw the
// address at a moment.
func listedWindow(g *group, k *keyInfo) int64 {
	for _, h := range k.homes {
		if h.group.top() != g.top() && !lone(h.group) {
			return 0
		}
	}
	for _, h := range g.homes {
		for _, r := range h.records {
			if !r.address && holds(r.keys, k) && !slices.ContainsFunc(r.keys, func(o held) bool { return o.k.t == iMachine || o.k.t == iMAC }) {
				return fixedAddressWindow
			}
		}
	}
	return 0
}

// opposed reports that something of a sighting speaks against a group that had
// its address.
func (w *World) opposed(v *view, g *group) bool {
	for _, o := range g.top().all(nil) {
		if s := w.signs(v, o); s.has(s.diff, iMachine, iSerial, iUDI, iCloud, iMAC, iTag) || s.renamed() || s.domain || s.makers {
			return true
		}
	}
	// An adapter's address is somebody's who may be another.
	return slices.ContainsFunc(v.keys, func(k held) bool { return k.k.t == iMAC && !holds(g.keys, k.k) && lone(g) })
}

func span(g *group, k *keyInfo) (held, bool) {
	for i := range g.keys {
		if g.keys[i].k == k {
			return g.keys[i], true
		}
	}
	return held{}, false
}

// lone reports that nothing but addresses is known of an asset.
func lone(g *group) bool {
	return len(g.kids) == 0 && g.parent == nil && !slices.ContainsFunc(g.keys, func(k held) bool { return k.k.t != iIP })
}

func (w *World) relateAddress(v *view, g *group) {
	if !hasOwn(g) && len(named(v.keys)) == 0 {
		return
	}
	for _, k := range v.keys {
		if k.k.t != iIP || len(k.k.homes) < 2 {
			continue
		}
		for _, h := range k.k.homes {
			o := h.group
			if o == g || !lone(o) || o.batch == w.batch && !v.address || w.areApart(g, o) {
				continue
			}
			at, _ := span(o, k.k)
			if distance(k, at) > max(addressWindow, listedWindow(g, k.k)) || w.renumbered(k.k, at.last, v.At) {
				continue
			}
			w.link(g, o, Evidence{For: []string{"same address " + k.k.key.Value + ", seen near in time"}, Score: 0.8})
		}
	}
}

// renumbering notices that a network changed its addresses: then who had an
// address there before says nothing about who has it now.
type renumbering struct {
	world *World
	nets  map[netip.Prefix]*moves
}

type moves struct {
	stayed, moved int
	first         int64
}

// renumberedFrom is how many devices of a network must have moved at once, and
// more than stayed.
const renumberedFrom = 5

// note counts a device that was known by more than its address.
func (r *renumbering) note(v *view, g *group, isNew bool) {
	if isNew {
		return
	}
	has, same := false, false
	for _, k := range v.keys {
		if k.k.t == iIP {
			has = true
			if at, ok := span(g, k.k); ok && at.first < v.At {
				same = true
			}
		}
	}
	if !has {
		return
	}
	for i := range g.keys {
		k := &g.keys[i]
		if k.k.t != iIP || k.first >= v.At || v.At-k.last > 7*day && !same {
			continue
		}
		net := network(k.k)
		m := r.nets[net]
		if m == nil {
			m = new(moves)
			if r.nets == nil {
				r.nets = make(map[netip.Prefix]*moves)
			}
			r.nets[net] = m
		}
		if same {
			m.stayed++
			continue
		}
		if m.moved++; m.first == 0 || v.At < m.first {
			m.first = v.At
		}
		if m.moved >= renumberedFrom && m.moved > m.stayed {
			r.world.renumberedNets[net] = max(r.world.renumberedNets[net], m.first)
		}
	}
}

// renumbered reports that the network of an address changed its addresses
// between two moments.
func (w *World) renumbered(k *keyInfo, before, after int64) bool {
	if len(w.renumberedNets) == 0 {
		return false
	}
	at := w.renumberedNets[network(k)]
	return before < at && at <= after
}

// network is the part of a network that is usually given addresses as one: 256
// of IPv4, a /64 of IPv6.
func network(k *keyInfo) netip.Prefix {
	a, err := netip.ParseAddr(k.key.Value)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
