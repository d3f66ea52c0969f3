package inventory

import (
	"fmt"
	"slices"
	"strings"
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
	w.beginLink(b.root, a, Certain, e)
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
	w.beginLink(b.root, a, Likely, e)
}

// unlink ends the likely link of a group.
func (w *World) unlink(g *group, e Evidence) {
	g.parent.kids = slices.DeleteFunc(g.parent.kids, func(o *group) bool { return o == g })
	g.parent = nil
	w.endLink(g.root, e)
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
