package feed

import (
	"bytes"

	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/osv"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// kind is a kind of JSON document.
type kind struct {
	name string
	is   func(d *document) bool
	read func(b []byte, to record.Sink) // nil: known, and of no use here
	why  string                         // for those of no use
}

// kinds are tried in order. What tells one from the others stands in its package.
func kinds() []kind {
	return []kind{
		{name: "OSV", is: func(d *document) bool { return osv.Is(d.has) }, read: osv.Read},
	}
}

// document is a JSON document of which the keys are known.
type document struct {
	keys [][]byte
	raw  []byte
}

// look reads the keys of an object, stepping over the values.
func (d *document) look(b []byte) error {
	d.keys, d.raw = d.keys[:0], b
	s := jscan.New(b)
	if s.Kind() != jscan.Object {
		s.Skip()
		return s.End()
	}
	s.Object(func(key []byte) {
		if len(d.keys) < 64 {
			d.keys = append(d.keys, bytes.Clone(key))
		}
	})
	return s.End()
}

func (d *document) has(key string) bool {
	for _, k := range d.keys {
		if string(k) == key {
			return true
		}
	}
	return false
}
