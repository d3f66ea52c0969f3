package fleet

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
)

// dictionary numbers distinct components. What says where a component lies or
// who has it is no part of it.
type dictionary struct {
	text   []byte // the components, one after the other
	starts []uint32
	seed   maphash.Seed
	index  map[uint64]ID // by hash; the next hash on a collision

	keys   []keyed // of the first keyed components; the first sorted of them by key
	keyed  int
	sorted int

	bases  []uint32 // ecosystem of each component, without its release
	baseOf map[string]uint32
}

// keyed is a key of a component's packages; see [vuln.Keys].
type keyed struct {
	key uint64
	id  ID
}

func newDictionary() *dictionary {
	return &dictionary{starts: []uint32{0}, seed: maphash.MakeSeed(), index: make(map[uint64]ID), baseOf: make(map[string]uint32)}
}

func (d *dictionary) len() int { return len(d.starts) - 1 }

// fields are what tells components apart.
func fields(c *fact.Component) [9]*string {
	return [...]*string{&c.Ecosystem, &c.Name, &c.Version, &c.Source, &c.SourceVersion, &c.Arch, &c.PURL, &c.Distro, &c.CPE}
}

// maxField bounds a field of a component.
const maxField = 4096

func appendComponent(b []byte, c *fact.Component) []byte {
	for _, f := range fields(c) {
		s := *f
		if len(s) > maxField {
			s = s[:maxField]
		}
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// readComponent reads what appendComponent wrote.
func readComponent(b []byte) (c fact.Component, ok bool) {
	all := string(b)
	at := 0
	for _, f := range fields(&c) {
		n, w := binary.Uvarint(b[at:])
		if w <= 0 || n > uint64(len(b)-at-w) {
			return c, false
		}
		at += w
		*f = all[at : at+int(n)]
		at += int(n)
	}
	return c, at == len(b)
}

// add returns the number of a component, written by appendComponent, and
// whether it is new.
func (d *dictionary) add(text []byte) (ID, bool, error) {
	h := maphash.Bytes(d.seed, text)
	for ; ; h++ {
		id, ok := d.index[h]
		if !ok {
			break
		}
		if string(d.at(id)) == string(text) {
			return id, false, nil
		}
	}
	if len(d.text)+len(text) > math.MaxUint32 {
		return 0, false, errs.New(errs.Limited, "the fleet has too many different components")
	}
	id := ID(d.len())
	d.text = append(d.text, text...)
	d.starts = append(d.starts, uint32(len(d.text)))
	d.index[h] = id
	return id, true, nil
}

func (d *dictionary) at(id ID) []byte { return d.text[d.starts[id]:d.starts[id+1]] }

func (d *dictionary) component(id ID) fact.Component {
	c, _ := readComponent(d.at(id))
	return c
}

// takeKeys takes in the keys of components that came since the last time. Few wait
// at the end; many are sorted in.
func (d *dictionary) takeKeys() {
	var space [8]uint64
	for id := d.keyed; id < d.len(); id++ {
		c := d.component(ID(id))
		for _, k := range vuln.Keys(space[:0], &c) {
			d.keys = append(d.keys, keyed{k, ID(id)})
		}
		d.bases = append(d.bases, d.base(vuln.EcosystemOf(&c)))
	}
	d.keyed = d.len()
	const most = 1 << 14
	if len(d.keys)-d.sorted > most {
		slices.SortFunc(d.keys, func(a, b keyed) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id)) })
		d.sorted = len(d.keys)
	}
}

// base numbers ecosystems, their releases left out.
func (d *dictionary) base(ecosystem string) uint32 {
	name, _, _ := strings.Cut(ecosystem, ":")
	n, ok := d.baseOf[name]
	if !ok {
		n = uint32(len(d.baseOf))
		d.baseOf[strings.Clone(name)] = n
	}
	return n
}

// concerned returns the components that a change of the feed may concern, in
// order.
func (d *dictionary) concerned(c vuln.Change) []ID {
	d.takeKeys()
	var ids []ID
	sorted := d.keys[:d.sorted]
	for _, k := range c.Keys {
		i := sort.Search(len(sorted), func(i int) bool { return sorted[i].key >= k })
		for ; i < len(sorted) && sorted[i].key == k; i++ {
			ids = append(ids, sorted[i].id)
		}
	}
	for _, k := range d.keys[d.sorted:] {
		if _, ok := slices.BinarySearch(c.Keys, k.key); ok {
			ids = append(ids, k.id)
		}
	}
	if len(c.Ecosystems) > 0 {
		named := make([]bool, len(d.baseOf))
		for name, n := range d.baseOf {
			_, named[n] = slices.BinarySearch(c.Ecosystems, name)
		}
		// What has no ecosystem may have a CPE name, and what has both is asked for by
		// its CPE name where the feed does not speak of the ecosystem.
		if _, ok := slices.BinarySearch(c.Ecosystems, "cpe"); ok {
			return d.all()
		}
		for id, b := range d.bases {
			if named[b] {
				ids = append(ids, ID(id))
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (d *dictionary) all() []ID {
	ids := make([]ID, d.len())
	for i := range ids {
		ids[i] = ID(i)
	}
	return ids
}
