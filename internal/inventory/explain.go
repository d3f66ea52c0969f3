package inventory

import (
	"fmt"
	"math"
)

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
