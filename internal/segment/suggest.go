package segment

import (
	"cmp"
	"slices"
	"time"
)

// Draft is a rule that what was seen would need. It lacks why and who answers for
// it, so no plan takes it before a person has said both.
type Draft struct {
	Rule        Rule      `json:"rule"`
	Connections uint64    `json:"connections"`
	Pairs       uint64    `json:"pairs"`
	First       time.Time `json:"first,omitzero"`
	Last        time.Time `json:"last,omitzero"`
	// Doubts say why a person might rather close the way than open it.
	Doubts []string `json:"doubts"`
}

// Suggest drafts a rule for each forbidden service that was seen, those that no
// doubt is cast on first. Scans, attempts and ports without a name of their own
// are never drafted.
func Suggest(p Plan, m *Matrix) []Draft {
	kind := map[string]Kind{}
	for _, z := range p.Zones {
		kind[z.Name] = z.Kind
	}
	var out []Draft
	for _, c := range m.Cells {
		for _, r := range c.Rows {
			if r.State != ForbiddenSeen || r.Rest {
				continue
			}
			d := Draft{
				Rule:        Rule{From: c.From, To: c.To, Services: []Service{r.Service}},
				Connections: r.Answered + r.OneWay, Pairs: r.AllPairs, First: r.First, Last: r.Last,
			}
			d.Doubts = doubts(c, r, kind)
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b Draft) int {
		return cmp.Or(cmp.Compare(len(a.Doubts), len(b.Doubts)), cmp.Compare(b.Connections, a.Connections))
	})
	return out
}

func doubts(c Cell, r Row, kind map[string]Kind) []string {
	var out []string
	from, to := kind[c.From], kind[c.To]
	if to == Medical && (from == User || from == Guest || from == Other || from == "") {
		out = append(out, "it reaches medical devices from a zone that should not")
	}
	if c.From == Internet {
		out = append(out, "it comes from the internet")
	}
	if from == Guest && to != "" {
		out = append(out, "it comes from guests")
	}
	if c.From == Elsewhere || c.To == Elsewhere {
		out = append(out, "one end belongs to no zone: give its address a zone first")
	}
	if r.Service.Proto == TCP && slices.Contains([]uint16{21, 23, 512, 513, 514}, r.Service.Low) {
		out = append(out, "it is not encrypted and takes passwords")
	}
	if r.Service.High != 0 {
		out = append(out, "the ports are handed out as they come: find out which program it is")
	}
	if r.Answered == 0 {
		out = append(out, "nothing ever answered")
	}
	return out
}
