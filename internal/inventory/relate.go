package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// relation is what a name or an address makes of two groups.
type relation struct {
	top *group // the asset
	via *group // the group of it that has the name
	signs
	ok  bool // nothing speaks against it
	ask bool // else: a person could say
	why string
}

// likely compares keys with a whole asset that has the same name.
func (w *World) likely(keys []held, maker string, g, via *group) relation {
	r := relation{top: via.top(), via: via, ok: true}
	r.signs = signsOf(keys, via.keys)
	against := func(ask bool, format string, args ...any) {
		if r.ok {
			r.ok, r.ask, r.why = false, ask, fmt.Sprintf(format, args...)
		}
	}
	own, theirs := cards(keys), 0
	gap := r.gap
	for _, o := range r.top.all(nil) {
		s := r.signs
		if o != via {
			s = signsOf(keys, o.keys)
		}
		for _, t := range [...]int{iCloud, iUDI, iSerial, iMachine, iTag} {
			if s.has(s.diff, t) {
				against(t == iMachine || t == iTag, "%s", differing(t, keys, o.keys))
			}
		}
		if otherMaker(maker, o.maker) {
			against(true, "different makers: %s and %s", maker, o.maker)
		}
		if s.domain {
			against(false, "different domains: %s and %s", values(iFQDN, keys), values(iFQDN, o.keys))
		}
		if s.gap >= 0 && (gap < 0 || s.gap < gap) {
			gap = s.gap
		}
		if g != nil && w.listedTwice(g, o) {
			against(false, "the same list has them as two")
		}
		theirs += cards(o.keys)
		if s.has(s.diff, iMAC) {
			w.otherCards(keys, o, &s, against)
		}
	}
	r.gap = gap
	switch total := own + theirs; {
	case g != nil && w.areApart(g, r.top):
		against(false, "a person said that they are two")
	case r.has(r.diff, iMAC) && own > 0 && theirs > 0 && total > mostCards:
		against(false, "%d network cards were seen under this name", total)
	case !r.near && gap > nameWindow:
		against(true, "the name was last seen %d days apart; names are given again", gap/day)
	}
	return r
}

// otherCards decides whether two lists of hardware addresses can be the cards
// of one machine, seen one by one.
func (w *World) otherCards(keys []held, o *group, s *signs, against func(ask bool, format string, args ...any)) {
	for i := range keys {
		a := keys[i].k
		if a.t != iMAC || a.grade != full {
			continue
		}
		for j := range o.keys {
			b := o.keys[j].k
			if b.t != iMAC || b.grade != full {
				continue
			}
			switch {
			case a.mac == fingerprint.MACRandom && b.mac == fingerprint.MACRandom:
				// A phone that shows another address in each network.
			case a.mac == fingerprint.MACVirtual || b.mac == fingerprint.MACVirtual:
				against(true, "different virtual hardware addresses: %s and %s", a.key.Value, b.key.Value)
			case maker24(a.key) == maker24(b.key) && !adjacent(a.key.Value, b.key.Value):
				against(true, "two network cards of one maker, as in two devices of one model: %s and %s", a.key.Value, b.key.Value)
			}
		}
	}
	if s.gap > cardsWindow {
		against(true, "different hardware addresses, seen %d days apart under the name", s.gap/day)
	}
}

// adjacent reports that two hardware addresses are near in number, as the cards
// of one board are.
func adjacent(a, b string) bool {
	x, ok := fingerprint.ParseMAC(a)
	y, ok2 := fingerprint.ParseMAC(b)
	if !ok || !ok2 {
		return false
	}
	n := func(m fingerprint.MAC) int { return int(m[3])<<16 | int(m[4])<<8 | int(m[5]) }
	d := n(x) - n(y)
	return -4 <= d && d <= 4
}

// listedTwice reports that one list, of the kind that names devices, had both
// in one delivery.
func (w *World) listedTwice(a, b *group) bool {
	for _, h := range a.homes {
		for _, r := range h.records {
			if r.address {
				continue
			}
			for _, o := range b.homes {
				for _, q := range o.records {
					if q.Stream == r.Stream && !q.address && (r.batch != 0 && q.batch == r.batch || abs(q.Last-r.Last) < second) {
						return true
					}
				}
			}
		}
	}
	return false
}

func abs(n int64) int64 { return max(n, -n) }

// named lists the groups that hold one of the names, unless too many do.
func named(keys []held) []*group {
	var out []*group
	for i := range keys {
		if k := keys[i].k; (k.t == iName || k.t == iFQDN) && k.grade > useless && len(k.homes) <= 24 {
			out = holders(k, out)
		}
	}
	return out
}

// pick chooses among assets of one name. Where several could be it, the one seen
// at the same address or by far nearer in time is; else nobody knows.
func pick(rs []relation) (*relation, bool) {
	var ok []*relation
	for i := range rs {
		if rs[i].ok && !slices.ContainsFunc(ok, func(o *relation) bool { return o.top == rs[i].top }) {
			ok = append(ok, &rs[i])
		}
	}
	switch len(ok) {
	case 0:
		return nil, false
	case 1:
		return ok[0], false
	}
	slices.SortStableFunc(ok, func(a, b *relation) int {
		if a.near != b.near {
			if a.near {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.gap, b.gap), strings.Compare(a.top.root.id, b.top.root.id))
	})
	a, b := ok[0], ok[1]
	if a.near && !b.near || a.gap <= cardsWindow && b.gap > 2*cardsWindow {
		return a, false
	}
	return a, true
}

// weakly finds the asset of a sighting that has a name or an address alone.
func (w *World) weakly(v *view, moves *renumbering) (*group, signs) {
	if g := w.exactly(v); g != nil {
		return g, w.signs(v, g)
	}
	var rs []relation
	for _, g := range named(v.keys) {
		if g.batch == w.batch && !v.address {
			continue
		}
		rs = append(rs, w.likely(v.keys, v.maker, nil, g))
	}
	if r, several := pick(rs); r != nil && !several {
		return r.via, r.signs
	}
	if len(rs) > 0 {
		return nil, signs{} // what speaks against the names of it speaks against the address too
	}
	return w.byAddress(v, moves)
}

// exactly finds what the same stream saw under the very same keys, where those
// prove nothing: a virtual router, a device with the name it came with.
func (w *World) exactly(v *view) *group {
	for _, k := range v.keys {
		if k.k.t == iIP || k.k.grade > passed {
			continue
		}
		for _, h := range k.k.homes {
			for _, r := range h.records {
				if r.Stream == v.Stream && r.batch != w.batch && !slices.ContainsFunc(v.keys, func(k held) bool { return !holds(r.keys, k.k) }) {
					return h.group
				}
			}
		}
	}
	return nil
}

// relate links what a sighting made known to others of its name, and to what
// was seen at its address before anybody knew more.
func (w *World) relate(v *view, g *group) {
	w.relateNames(v, g)
	w.relateAddress(v, g)
}

func (w *World) relateNames(v *view, g *group) {
	var keys []held
	var maker string
	var rs []relation
	var tops []*group
	for _, o := range named(v.keys) {
		if o.top() == g.top() {
			continue
		}
		if keys == nil {
			keys, maker = whole(g.top())
		}
		rs = append(rs, w.likely(keys, maker, g, o))
		if !slices.Contains(tops, o.top()) {
			tops = append(tops, o.top())
		}
	}
	r, several := pick(rs)
	if r != nil && !several {
		w.link(g, r.top, w.explain(keys, maker, r.via, &r.signs, false))
		return
	}
	// Of one that has an asset of its name already nobody needs to ask, nor of a
	// name that many have.
	if len(tops) > 3 || g.parent != nil || len(g.kids) > 0 {
		return
	}
	for i := range rs {
		r := &rs[i]
		if !r.ok && !r.ask {
			continue
		}
		e := w.explain(keys, maker, r.via, &r.signs, false)
		if r.why != "" && !slices.Contains(e.Against, r.why) {
			e.Against = append([]string{r.why}, e.Against...)
		}
		w.ask(g, r.via, e)
	}
}

// whole returns the keys of an asset and its maker.
func whole(top *group) ([]held, string) {
	if len(top.kids) == 0 {
		return top.keys, top.maker
	}
	var keys []held
	maker := ""
	for _, g := range top.all(nil) {
		for _, k := range g.keys {
			keys, _ = add(keys, k.k, k.first, k.last)
		}
		maker = withMaker(maker, g.maker)
	}
	return keys, maker
}
