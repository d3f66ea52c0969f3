package fingerprint

import (
	"slices"
	"strings"
	"testing"
)

// TestCombinedRules gives each rule of several conditions a device that meets
// them all, and devices that each lack one: without its ports, with a port that
// must not be open, on another maker's card, with other words.
func TestCombinedRules(t *testing.T) {
	e := Default()
	words := map[Source][]string{}
	for _, l := range labels(t) {
		words[l.signal.Source] = append(words[l.signal.Source], l.signal.Value)
	}
	for _, d := range lab {
		for _, s := range d.sigs {
			words[s.Source] = append(words[s.Source], s.Value)
		}
	}
	n := 0
	for _, rules := range e.combine {
		for _, c := range rules {
			n++
			d, l := meets(t, e, c, words)
			if _, _, ok := l.allHold(c); !ok {
				t.Errorf("rule %q does not apply to a device made for it: ports %v, maker %v, words %v", c.id, d.TCP, l.maker, l.sigs)
				continue
			}
			for i := range c.conds {
				x := &c.conds[i]
				less := *l
				less.d = &Device{TCP: slices.Clone(d.TCP), Scanned: true}
				switch {
				case len(x.Ports) > 0:
					less.d.TCP = slices.DeleteFunc(less.d.TCP, func(p uint16) bool { return p == x.Ports[0] })
				case len(x.AnyPort) > 0:
					less.d.TCP = slices.DeleteFunc(less.d.TCP, func(p uint16) bool { return slices.Contains(x.AnyPort, p) })
				case len(x.NoPort) > 0:
					less.d.TCP = append(less.d.TCP, x.NoPort[0])
				case len(x.Maker) > 0:
					less.maker, less.makers = nil, nil
				case len(x.kinds) > 0:
					less.kind = MACGroup
				default:
					less.sigs = []sig{{Signal{Source: x.Source, Value: "nothing of the kind"}, "nothing of the kind"}}
				}
				if _, _, ok := less.allHold(c); ok {
					t.Errorf("rule %q applies without its condition %d", c.id, i+1)
				}
			}
		}
	}
	t.Logf("%d rules of several conditions", n)
}

// meets makes a device that meets every condition of the rule.
func meets(t *testing.T, e *Engine, c *compiled, words map[Source][]string) (*Device, *look) {
	t.Helper()
	d := &Device{Scanned: true}
	l := &look{d: d}
	for i := range c.conds {
		x := &c.conds[i]
		d.TCP = append(d.TCP, x.Ports...)
		if len(x.AnyPort) > 0 {
			// One that no other condition forbids.
			for _, p := range x.AnyPort {
				if !slices.ContainsFunc(c.conds, func(o test) bool { return slices.Contains(o.NoPort, p) }) {
					d.TCP = append(d.TCP, p)
					break
				}
			}
		}
		if len(x.Maker) > 0 {
			l.maker = &e.makers.list[e.makers.byName[x.Maker[0]]]
		}
		if len(x.kinds) > 0 {
			l.kind = x.kinds[0]
		}
		if x.re == nil && len(x.equals) == 0 {
			continue
		}
		for _, v := range slices.Concat(words[x.Source], x.equals) {
			s := sig{Signal{Source: x.Source, Value: v}, strings.ToLower(v)}
			if _, ok := x.holdsFor(&s); ok {
				l.sigs = append(l.sigs, s)
				break
			}
		}
	}
	return d, l
}
