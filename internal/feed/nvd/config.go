package nvd

import (
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// configuration is nodes that hold together (AND) or one by one (OR).
type configuration struct {
	and    bool
	negate bool
	nodes  []node
}

type node struct {
	and     bool
	negate  bool
	matches []match
}

type match struct {
	vulnerable bool
	cpe        advisory.CPE
	name       string
	product    advisory.Product
}

// configuration reads one and adds the products that are vulnerable in it, with
// what must be present beside them.
func (r *reader) configuration() {
	s := r.s
	var c configuration
	s.Object(func(key []byte) {
		switch string(key) {
		case "operator":
			c.and = strings.EqualFold(s.Brief(), "AND")
		case "negate":
			c.negate = s.True()
		case "nodes":
			s.Array(func() {
				if len(c.nodes) == maxNodes {
					s.Fail("a configuration has more than %d nodes", maxNodes)
					return
				}
				c.nodes = append(c.nodes, r.node())
			})
		}
	})
	if s.Failed() {
		return
	}
	for i := range c.nodes {
		var others [][]string
		if c.and {
			others = c.needs(i)
		}
		n := &c.nodes[i]
		for j := range n.matches {
			m := &n.matches[j]
			if !m.vulnerable {
				continue
			}
			p := m.product
			k := m.cpe
			k.Needs = others
			if n.and { // each of the others in the node must be there
				k.Needs = append([][]string(nil), others...)
				for o := 0; o < len(n.matches) && len(k.Needs) < maxNeeds; o++ {
					if o != j {
						k.Needs = append(k.Needs, []string{n.matches[o].name})
					}
				}
			}
			p.CPE = &k
			if c.negate || n.negate {
				p.Unread = "it holds where something is not installed"
			}
			r.a.Products = append(r.a.Products, p)
		}
	}
}

// maxNeeds bounds the names of one group that are kept, any one of which is enough, and
// the groups. Without a bound, n products that need each other would be n² names.
const maxNeeds = 20

// needs returns what the nodes beside i ask for.
func (c *configuration) needs(i int) [][]string {
	var groups [][]string
	for o := range c.nodes {
		if o == i {
			continue
		}
		n := &c.nodes[o]
		if len(groups) >= maxNeeds {
			break
		}
		if n.and {
			for _, m := range n.matches[:min(len(n.matches), maxNeeds)] {
				groups = append(groups, []string{m.name})
			}
			continue
		}
		var g []string
		for _, m := range n.matches {
			if len(g) < maxNeeds {
				g = append(g, m.name)
			}
		}
		if len(g) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

func (r *reader) node() node {
	s := r.s
	var n node
	s.Object(func(key []byte) {
		switch string(key) {
		case "operator":
			n.and = strings.EqualFold(s.Brief(), "AND")
		case "negate":
			n.negate = s.True()
		case "cpeMatch":
			s.Array(func() {
				if r.matches++; r.matches > maxMatches {
					s.Fail("it names more than %d products", maxMatches)
					return
				}
				if m, ok := r.match(); ok {
					n.matches = append(n.matches, m)
				}
			})
		}
	})
	return n
}

// match reads a product with its versions. A name that says nothing, as corrections
// write to say that no product is affected, is left out.
func (r *reader) match() (match, bool) {
	s := r.s
	m := match{vulnerable: true}
	var g advisory.Range
	s.Object(func(key []byte) {
		switch string(key) {
		case "vulnerable":
			m.vulnerable = s.True()
		case "criteria", "cpe23Uri":
			m.name = s.Brief()
		case "versionStartIncluding":
			g.Introduced = s.Brief()
		case "versionStartExcluding":
			g.Introduced, g.AfterIntroduced = s.Brief(), true
		case "versionEndIncluding":
			g.LastAffected = s.Brief()
		case "versionEndExcluding":
			g.Fixed = s.Brief()
		}
	})
	var ok bool
	if m.cpe, ok = record.ParseCPE(m.name); !ok || m.cpe.Vendor == "null" && m.cpe.Product == "null" {
		return m, false
	}
	m.name = strings.TrimRight(m.name, ":*")
	if g != (advisory.Range{}) {
		m.product.Ranges = []advisory.Range{g}
	}
	return m, true
}
