package vuln

import (
	"encoding/binary"
	"slices"
)

// Change is what differs between two files, as far as it can change an answer.
type Change struct {
	// Keys of packages of which the files say different things, in order; see [Keys].
	Keys []uint64
	// Ecosystems, without their releases, of which one file holds more than the other.
	Ecosystems []string
}

// Changed compares two files. What neither names in Keys nor in Ecosystems has the
// same answers by both. A nil old file is one that holds nothing.
func Changed(old, now *DB) Change {
	var c Change
	if old == nil {
		old = &DB{}
	}
	i, k := 0, 0
	for i < old.packages || k < now.packages {
		a, b := old.keyAt(i), now.keyAt(k)
		at := min(a, b)
		var was, is uint64
		i, was = old.printsOf(i, at)
		k, is = now.printsOf(k, at)
		if was != is {
			c.Keys = append(c.Keys, at)
		}
	}
	for _, e := range old.ecosystems {
		if n, ok := now.byName[e.name]; !ok || now.ecosystems[n].whole != e.whole {
			c.Ecosystems = append(c.Ecosystems, baseOf(e.name))
		}
	}
	for _, e := range now.ecosystems {
		if _, ok := old.byName[e.name]; !ok {
			c.Ecosystems = append(c.Ecosystems, baseOf(e.name))
		}
	}
	slices.Sort(c.Ecosystems)
	c.Ecosystems = slices.Compact(c.Ecosystems)
	return c
}

// keyAt returns the key of package i, or the greatest beyond the end.
func (db *DB) keyAt(i int) uint64 {
	if i >= db.packages {
		return ^uint64(0)
	}
	return binary.LittleEndian.Uint64(db.pkgs[i*pkgLen:])
}

// printsOf folds the prints of all packages of a key, and returns what follows.
func (db *DB) printsOf(i int, key uint64) (next int, print uint64) {
	for ; i < db.packages && db.keyAt(i) == key; i++ {
		print = fold(print^key, binary.LittleEndian.Uint64(db.prints[i*8:])|1)
	}
	return i, print
}
