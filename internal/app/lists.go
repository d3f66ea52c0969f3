package app

import (
	"cmp"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/web/api"
)

// kindList is what the lists and searches of one kind of resource need again and
// again: of 50,000 devices none of it can be worked out for each letter typed.
// Resources are named by their place in rs.
type kindList struct {
	schema *fact.Schema
	rs     []*fact.Resource

	texts   memo[[]string]           // what the list's own search looks in
	hits    memo[[]searchable]       // what the search over everything looks in
	keys    memo[[]string]           // labels in the order people read them
	ranks   memo[[]int32]            // place of each by its label
	places  memo[map[string]int32]   // ranks by id
	facets  memo[[]api.Facet]        // of all
	on      memo[map[string][]int32] // what lives on an asset
	orders  memos[string, []int32]   // by what the list is sorted by
	columns memos[string, *column]   // by attribute
}

// searchable is what the search over everything knows of a resource, in lower case.
type searchable struct{ label, id, text string }

// mostOrders bounds how many orders of a list are kept: there are as many as
// attributes, and two are all that anybody uses at a time.
const mostOrders = 8

// list returns the lists of a kind.
func (v *view) list(schema *fact.Schema) *kindList {
	return v.lists.of(schema.Kind, 64).must(func() *kindList {
		return &kindList{schema: schema, rs: v.set.Resources[schema.Kind]}
	})
}

// kind returns the lists of a kind of which we know that it is one.
func (v *view) kind(k fact.Kind) *kindList {
	schema, _ := fact.SchemaOf(k)
	return v.list(schema)
}

// text returns what the search of a list with its usual columns looks in.
func (l *kindList) text() []string {
	return l.texts.must(func() []string {
		out := make([]string, len(l.rs))
		for i, r := range l.rs {
			out[i] = textOf(r, columnsOf[l.schema.Kind])
		}
		return out
	})
}

// everything returns what the search over everything looks in.
func (l *kindList) everything() []searchable {
	return l.hits.must(func() []searchable {
		out := make([]searchable, len(l.rs))
		for i, r := range l.rs {
			out[i] = searchable{strings.ToLower(r.Label()), strings.ToLower(speakingID(r)), strings.ToLower(searchText(r))}
		}
		return out
	})
}

// labels returns the key of each label, see naturalKey.
func (l *kindList) labels() []string {
	return l.keys.must(func() []string {
		out := make([]string, len(l.rs))
		for i, r := range l.rs {
			out[i] = naturalKey(r.Label())
		}
		return out
	})
}

// rank returns the place of each resource among all by its label, and then its id.
func (l *kindList) rank() []int32 {
	return l.ranks.must(func() []int32 {
		keys, order := l.labels(), l.natural()
		slices.SortFunc(order, func(a, b int32) int {
			return cmp.Or(cmp.Compare(keys[a], keys[b]), cmp.Compare(l.rs[a].ID, l.rs[b].ID))
		})
		out := make([]int32, len(order))
		for at, i := range order {
			out[i] = int32(at) //nolint:gosec // a list of more than two billion does not fit here
		}
		return out
	})
}

// rankOf returns the place of each resource by its id.
func (l *kindList) rankOf() map[string]int32 {
	return l.places.must(func() map[string]int32 {
		rank := l.rank()
		out := make(map[string]int32, len(rank))
		for i, r := range l.rs {
			out[r.ID] = rank[i]
		}
		return out
	})
}

// natural lists all places.
func (l *kindList) natural() []int32 {
	out := make([]int32, len(l.rs))
	for i := range out {
		out[i] = int32(i) //nolint:gosec // as above
	}
	return out
}

// order returns all resources sorted by an attribute or the label. What has no
// value comes last either way: one sorts to find values.
func (l *kindList) order(by string) ([]int32, error) {
	name, down := strings.CutPrefix(by, "-")
	if name == "" {
		name = "label"
	}
	if _, ok := l.schema.Attr(name); !ok && name != "label" {
		return nil, unknownAttribute(l.schema, name)
	}
	return l.orders.of(by, mostOrders).must(func() []int32 {
		rank, order := l.rank(), l.natural()
		if name == "label" {
			for i, at := range rank {
				order[at] = int32(i) //nolint:gosec // as above
			}
			if down {
				slices.Reverse(order)
			}
			return order
		}
		type keyed struct {
			v   any
			key string
		}
		vs := make([]keyed, len(l.rs))
		for i, r := range l.rs {
			x := r.Get(name)
			switch x.(type) {
			case string, []string:
				vs[i] = keyed{x, naturalKey(valueText(x))}
			default:
				vs[i] = keyed{v: x}
			}
		}
		slices.SortFunc(order, func(a, b int32) int {
			x, y := &vs[a], &vs[b]
			if (x.v == nil) != (y.v == nil) {
				return cmp.Compare(boolInt(x.v == nil), boolInt(y.v == nil))
			}
			c := cmp.Compare(x.key, y.key)
			if x.key == "" || y.key == "" {
				c = compareValues(x.v, y.v)
			}
			if down {
				c = -c
			}
			return cmp.Or(c, cmp.Compare(rank[a], rank[b]))
		})
		return order
	}), nil
}

// facetsOfAll counts the values of all.
func (l *kindList) facetsOfAll() []api.Facet {
	return l.facets.must(func() []api.Facet { return l.count(l.natural()) })
}

// count counts the values of some.
func (l *kindList) count(of []int32) []api.Facet {
	out := []api.Facet{}
	for _, f := range facetsOf[l.schema.Kind] {
		out = append(out, l.facet(of, f))
	}
	return out
}

// column is an attribute of all resources. Values repeat, so each is written once
// and named by its place: counting and filtering compare numbers.
type column struct {
	texts []string // see columnText
	of    []int32  // of each resource, its place in texts
}

// column returns an attribute of all.
func (l *kindList) column(name string) *column {
	return l.columns.of(name, 2*mostOrders).must(func() *column {
		c := &column{of: make([]int32, len(l.rs))}
		places := make(map[string]int32)
		for i, r := range l.rs {
			text := columnText(r, name)
			at, ok := places[text]
			if !ok {
				at = int32(len(c.texts)) //nolint:gosec // no more than resources
				places[text] = at
				c.texts = append(c.texts, text)
			}
			c.of[i] = at
		}
		return c
	})
}

// onAsset lists what lives on an asset.
func (l *kindList) onAsset(asset string) []int32 {
	return l.on.must(func() map[string][]int32 {
		out := make(map[string][]int32)
		for i, r := range l.rs {
			if r.Asset != "" {
				out[r.Asset] = append(out[r.Asset], int32(i)) //nolint:gosec // as above
			}
		}
		return out
	})[asset]
}

// naturalKey returns a text whose bytes are in the order in which people read
// the texts: without case, and ws-9 before ws-10. Each number is written with
// its length in front.
func naturalKey(s string) string {
	s = strings.ToLower(s)
	var b strings.Builder
	b.Grow(len(s) + 4)
	for s != "" {
		n := digits(s)
		if n == 0 {
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		number := strings.TrimLeft(s[:n], "0")
		b.WriteByte('0') // against anything but a number it stands as a number does
		b.WriteByte(byte(min(len(number), 255)))
		b.WriteString(number)
		s = s[n:]
	}
	return b.String()
}

// natural compares texts as people do, see naturalKey.
func natural(a, b string) int { return cmp.Compare(naturalKey(a), naturalKey(b)) }

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
