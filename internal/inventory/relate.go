package inventory

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// join makes one asset of two groups that a sighting has keys of both of, where
// nothing tells them apart.
func (w *World) join(v *view, g *group, c *candidate) {
	g, o := w.homes[g.root.id].group, w.homes[c.root.id].group
	if g == o || w.areApart(g, o) {
		return
	}
	s := signsOf(g.keys, o.keys)
	s.makers = otherMaker(g.maker, o.maker)
	hard := s.has(s.diff, iCloud, iUDI, iSerial) || s.makers && !c.has(c.eq, iSerial)
	switch {
	case hard && !c.has(c.eq, iSerial, iCloud, iUDI, iMachine):
		return // a dock's address, or a tag that was moved on: it joins nothing
	case hard, s.has(s.diff, iMachine) && s.has(s.cross, iMachine), o.batch == w.batch && !v.address && c.batch == w.batch:
		e := w.explain(g.keys, g.maker, o, &s, false)
		e.For = append([]string{"one sighting of " + w.title(v.Stream) + " has keys of both: " + keyList(v.keys, g, o)}, e.For...)
		w.ask(g, o, e)
		return
	}
	e := w.explain(v.keys, v.maker, o, &c.signs, false)
	e.For = append([]string{"one sighting of " + w.title(v.Stream) + " on " + onDay(v.At) + " has keys of both: " + keyList(v.keys, g, o)}, e.For...)
	e.Score = max(e.Score, 0.95)
	w.merge(g, o, e)
}

// keyList names the keys by which a sighting is of two groups.
func keyList(keys []held, gs ...*group) string {
	var out []string
	for _, g := range gs {
		for i := range keys {
			if k := keys[i].k; k.t <= iTag && k.grade > useless && holds(g.keys, k) {
				if text := said[k.t] + " " + k.key.Value; !slices.Contains(out, text) {
					out = append(out, text)
				}
				break
			}
		}
	}
	return strings.Join(out, " and ")
}

// merge links two groups for certain. The older goes on.
func (w *World) merge(a, b *group, e Evidence) {
	if a.root.id > b.root.id {
		a, b = b, a
	}
	above := b.parent
	if above != nil {
		w.unlink(b, Evidence{For: []string{"it is certain now"}, Score: 1})
	}
	for p := a; p.parent != nil; p = p.parent {
		if p.parent == b {
			w.unlink(p, Evidence{For: []string{"it is certain now"}, Score: 1})
			break
		}
	}
	for _, k := range b.kids {
		k.parent = a
	}
	a.kids = append(a.kids, b.kids...)
	b.kids = nil
	w.begin1(b.root, a, Certain, e)
	w.unite(b, a)
	if above != nil && above != a && above.top() != a.top() {
		w.link(a.top(), above.top(), Evidence{For: []string{"what was merged into it was linked by name"}, Score: 0.8})
	}
	w.recheck(a)
}

// link makes two assets one by a likely link.
func (w *World) link(a, b *group, e Evidence) {
	a, b = a.top(), b.top()
	if a == b {
		return
	}
	if a.root.id > b.root.id {
		a, b = b, a
	}
	b.parent = a
	a.kids = append(a.kids, b)
	w.begin1(b.root, a, Likely, e)
}

// unlink ends the likely link of a group.
func (w *World) unlink(g *group, e Evidence) {
	g.parent.kids = slices.DeleteFunc(g.parent.kids, func(o *group) bool { return o == g })
	g.parent = nil
	w.end1(g.root, e)
}

// recheck ends likely links that what was learnt about a group contradicts.
func (w *World) recheck(g *group) {
	top := g.top()
	if top == g && len(g.kids) == 0 {
		return
	}
	for _, o := range top.all(nil) {
		if o == g || o.top() != g.top() {
			continue
		}
		why := contradiction(g, o)
		if why == "" {
			continue
		}
		end := g
		if g.parent == nil || under(o, g) {
			for end = o; end.parent != g && end.parent != nil; end = end.parent {
			}
		}
		w.unlink(end, Evidence{Against: []string{why}})
	}
	w.crowd(g.top())
}

// under reports that a group is below another in the tree.
func under(o, g *group) bool {
	for ; o != nil; o = o.parent {
		if o == g {
			return true
		}
	}
	return false
}

// crowd ends all likely links of an asset that has more cards than a machine:
// its name is one that several devices have.
func (w *World) crowd(top *group) {
	if len(top.kids) == 0 {
		return
	}
	all := top.all(nil)
	n := 0
	for _, g := range all {
		n += cards(g.keys)
	}
	if n <= mostCards || slices.ContainsFunc(all, func(g *group) bool { return cards(g.keys) > 1 }) {
		return
	}
	for _, g := range all[1:] {
		if cards(g.keys) > 0 && g.parent != nil {
			w.unlink(g, Evidence{Against: []string{fmt.Sprintf("%d network cards were seen under this name: several devices have it", n)}})
		}
	}
}

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

func (w *World) areApart(a, b *group) bool {
	if len(w.apart) == 0 {
		return false
	}
	return inPairs(w.apart, a.top(), b.top())
}

func inPairs(pairs map[[2]string]bool, a, b *group) bool {
	as, bs := a.all(nil), b.all(nil)
	for _, x := range as {
		for _, y := range bs {
			for _, h := range x.homes {
				for _, o := range y.homes {
					if pairs[pair(h.id, o.id)] {
						return true
					}
				}
			}
		}
	}
	return false
}

// ask notes a doubt, once for two assets.
func (w *World) ask(a, b *group, e Evidence) {
	a, b = a.top(), b.top()
	if a == b || w.areApart(a, b) || len(w.asked) > 0 && inPairs(w.asked, a, b) {
		return
	}
	p := pair(a.root.id, b.root.id)
	w.asked[p] = true
	w.changes.Asked = append(w.changes.Asked, Doubt{A: p[0], B: p[1], Evidence: e})
}

// weight is how much a type of key says for or against.
var weight = [nTypes]float64{iMachine: 2, iSerial: 3, iUDI: 3, iCloud: 4, iMAC: 2, iTag: 2, iFQDN: 1.2, iName: 1, iIP: 0.5}

// explain says in sentences what speaks for and against.
func (w *World) explain(keys []held, maker string, g *group, s *signs, twice bool) Evidence {
	var e Evidence
	sum := 0.0
	for t, k := range s.by {
		if k == nil || t == iName && s.by[iFQDN] != nil {
			continue
		}
		text := "same " + said[t] + " " + k.key.Value
		if stream, at := g.lastSeen(k); stream != "" {
			text += fmt.Sprintf(", seen by %s on %s", w.title(stream), onDay(at))
		}
		worth := weight[t]
		if s.common&(1<<t) != 0 && s.eq&(1<<t) == 0 {
			text += ", which other devices have too"
			worth /= 3
		} else if k.grade == weak && t <= iTag {
			_, why, _ := gradeOf(k.key)
			text += ", " + why
			worth /= 3
		}
		e.For = append(e.For, text)
		sum += worth
	}
	for t := range nTypes {
		if s.diff&(1<<t) == 0 || t == iFQDN && s.has(s.diff, iName) || (t == iFQDN || t == iName) && s.named() {
			continue
		}
		e.Against = append(e.Against, differing(t, keys, g.keys))
		sum -= weight[t] / 2
	}
	if s.makers {
		e.Against = append(e.Against, fmt.Sprintf("different makers: %s and %s", maker, g.maker))
		sum -= 2
	}
	if s.domain {
		e.Against = append(e.Against, "different domains")
		sum--
	}
	if s.cross != 0 {
		e.Against = append(e.Against, "both were seen in the same period")
		sum--
	}
	if twice {
		e.Against = append(e.Against, "one list has them as two")
		sum -= 2
	}
	e.Score = math.Round(100/(1+math.Exp(-sum))) / 100
	return e
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
