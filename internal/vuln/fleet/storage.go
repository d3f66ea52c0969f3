package fleet

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/asepsis/asepsis/internal/errs"
)

// Storage is where an index lives. Only one index uses it at a time.
type Storage interface {
	// Append adds a record to the log. It is durable when it returns; a record
	// that was cut short by a crash is not read again.
	Append(record []byte) error
	// Records calls f with each record since the last Truncate, in order.
	Records(f func(record []byte) error) error
	// Truncate empties the log.
	Truncate() error
	// Write puts a blob in the place of one of the same name, whole and durable.
	// It does not keep data.
	Write(name string, data []byte) error
	// Read returns a blob; the error is of kind errs.NotFound if there is none.
	Read(name string) ([]byte, error)
	// Names lists the blobs.
	Names() ([]string, error)
	// Remove removes a blob. It is no error if there is none.
	Remove(name string) error
}

// The records of the log.
const (
	recComponent = 1 + iota // a component of the dictionary
	recPut                  // an asset's list, or its end
	recLoad                 // a tenant
	recFeed                 // a feed, and what it changed
)

type record struct {
	kind     byte
	id       ID
	text     []byte
	tenant   string
	asset    Asset
	remove   bool
	width    uint
	segments []segment
	feed     string
	ids      []ID
	texts    []uint32 // outcomes of ids, by number
	outcomes *outcomes
}

func appendBytes[T string | []byte | segment](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func (r *record) encode() []byte {
	b := []byte{r.kind}
	switch r.kind {
	case recComponent:
		b = binary.AppendUvarint(b, uint64(r.id))
		b = appendBytes(b, r.text)
	case recPut:
		b = appendBytes(appendBytes(b, r.tenant), r.asset.Name)
		if r.remove {
			return append(b, 1)
		}
		b = append(b, 0)
		ids := slices.Clone(r.asset.Components)
		slices.Sort(ids)
		b = appendIDs(b, slices.Compact(ids))
	case recLoad:
		b = appendBytes(b, r.tenant)
		b = binary.AppendUvarint(b, uint64(r.width))
		for _, s := range r.segments {
			b = appendBytes(b, s)
		}
	case recFeed:
		b = appendBytes(b, r.feed)
		b = appendIDs(b, r.ids)
		for _, t := range r.texts {
			b = appendBytes(b, r.outcomes.texts[t])
		}
	}
	return b
}

func appendIDs(b []byte, ids []ID) []byte {
	b = binary.AppendUvarint(b, uint64(len(ids)))
	last := ID(0)
	for _, id := range ids {
		b = binary.AppendUvarint(b, uint64(id-last))
		last = id
	}
	return b
}

// source reads what was written; after the first fault it reads nothing.
type source struct {
	b   []byte
	bad bool
}

func (s *source) number() uint64 {
	n, w := binary.Uvarint(s.b)
	if w <= 0 {
		s.b, s.bad = nil, true
		return 0
	}
	s.b = s.b[w:]
	return n
}

func (s *source) bytes() []byte {
	n := s.number()
	if n > uint64(len(s.b)) {
		s.b, s.bad = nil, true
		return nil
	}
	out := s.b[:n:n]
	s.b = s.b[n:]
	return out
}

func (s *source) ids(below int) []ID {
	n := s.number()
	if n > uint64(len(s.b)) {
		s.bad = true
		return nil
	}
	out := make([]ID, n)
	last := uint64(0)
	for i := range out {
		if last += s.number(); last >= uint64(below) {
			s.bad = true
			return nil
		}
		out[i] = ID(last)
	}
	return out
}

// append makes a record durable. The caller holds mu.
func (x *Index) append(r record) error {
	if x.storage == nil {
		return nil
	}
	if err := x.storage.Append(r.encode()); err != nil {
		return fmt.Errorf("write the fleet's log: %w", err)
	}
	return nil
}

var damaged = func() error {
	return errs.Hint(errs.New(errs.Invalid, "the log of the fleet index is damaged"), "rebuild the index from the inventory")
}

// replay does again what a record says. It may have been done already: a
// checkpoint that was cut short leaves records that the segments hold.
func (x *Index) replay(b []byte) error {
	if len(b) == 0 {
		return damaged()
	}
	s := source{b: b[1:]}
	switch b[0] {
	case recComponent:
		id, text := s.number(), s.bytes()
		if _, ok := readComponent(text); s.bad || !ok || id > uint64(x.dict.len()) {
			return damaged()
		}
		got, _, err := x.dict.add(text)
		if err != nil {
			return err
		}
		if uint64(got) != id {
			return damaged()
		}
		x.outcomes.grow(x.dict.len())
	case recPut:
		name, asset := string(s.bytes()), Asset{Name: string(s.bytes())}
		remove := s.number() == 1
		if !remove {
			asset.Components = s.ids(x.dict.len())
		}
		if s.bad || name == "" || len(name) > maxName || asset.Name == "" || len(asset.Name) > maxName {
			return damaged()
		}
		x.put(name, asset, remove)
	case recLoad:
		return x.replayLoad(&s)
	case recFeed:
		feed := string(s.bytes())
		for _, id := range s.ids(x.dict.len()) {
			x.outcomes.set(id, s.bytes())
		}
		if s.bad {
			return damaged()
		}
		x.feed = feed
	default:
		return damaged()
	}
	return nil
}

func (x *Index) replayLoad(s *source) error {
	t := tenant{name: string(s.bytes()), width: uint(s.number())}
	if s.bad || t.name == "" || len(t.name) > maxName || t.width > maxWidth {
		return damaged()
	}
	data := make([]segment, 1<<t.width)
	for i := range data {
		data[i] = slices.Clone(s.bytes())
		if s.bad {
			return damaged()
		}
		if err := data[i].checkBelow(x.dict.len()); err != nil {
			return err
		}
	}
	x.install(t, data)
	return nil
}

// checkBelow is check for a segment all of whose components are in the
// dictionary.
func (s segment) checkBelow(components int) error {
	if err := s.check(); err != nil {
		return err
	}
	ok := true
	s.components(func(c ID, _ posting) { ok = ok && int(c) < components })
	if !ok {
		return damaged()
	}
	return nil
}
