package fleet

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"github.com/asepsis/asepsis/internal/errs"
)

// A checkpoint writes blobs under names of its own, then the root that names
// them, then removes what no root names any more: until the root is swung, the
// last checkpoint and its log are whole. Segments lie many together in packs; a pack
// stays as long as half of it is in use, then what is left of it moves on.
const (
	blobRoot       = "root"
	blobDictionary = "dictionary-"
	blobOutcomes   = "outcomes-"
	blobPack       = "pack-"
	packSize       = 16 << 20
)

// pack names a blob of segments: by the checkpoint that wrote it, and which of
// that one's it is.
type pack struct{ checkpoint, number uint64 }

// place is where a segment lies on the disk; zero where it changed since.
type place struct {
	pack   pack
	offset int
}

func blobName(kind string, n, checkpoint uint64) string {
	return kind + strconv.FormatUint(checkpoint, 10) + "-" + strconv.FormatUint(n, 10)
}

func (p pack) blob() string { return blobName(blobPack, p.number, p.checkpoint) }

// Open reads an index from its storage, which it uses from then on. What the
// log holds beyond the last checkpoint is done again.
func Open(storage Storage) (*Index, error) {
	x := New()
	if err := x.read(storage); err != nil {
		return nil, fmt.Errorf("open the fleet index: %w", err)
	}
	x.outcomes.grow(x.dict.len())
	if err := storage.Records(x.replay); err != nil {
		return nil, fmt.Errorf("open the fleet index: %w", err)
	}
	x.outcomes.grow(x.dict.len())
	x.storage = storage
	return x, nil
}

// Keep writes an index that was built in memory to an empty storage, which it
// uses from then on.
func (x *Index) Keep(storage Storage) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.storage != nil {
		return errs.New(errs.Conflict, "the fleet index has a storage already")
	}
	x.storage = storage
	if err := x.checkpoint(); err != nil {
		x.storage = nil
		return fmt.Errorf("write the fleet index: %w", err)
	}
	return nil
}

func (x *Index) read(storage Storage) error {
	b, err := storage.Read(blobRoot)
	if errs.Is(err, errs.NotFound) {
		return nil // a new one
	}
	if err != nil {
		return err
	}
	s := source{b: b}
	x.checkpoints = s.number()
	if err := x.readDictionary(storage); err != nil {
		return err
	}
	if err := x.readOutcomes(storage); err != nil {
		return err
	}
	return x.readTenants(storage, &s)
}

func (x *Index) readDictionary(storage Storage) error {
	b, err := storage.Read(blobName(blobDictionary, 0, x.checkpoints))
	if err != nil {
		return err
	}
	for s := (source{b: b}); len(s.b) > 0; {
		text := s.bytes()
		if _, ok := readComponent(text); s.bad || !ok {
			return damaged()
		}
		if _, isNew, err := x.dict.add(text); err != nil || !isNew {
			return damaged()
		}
	}
	x.outcomes.grow(x.dict.len())
	return nil
}

func (x *Index) readOutcomes(storage Storage) error {
	b, err := storage.Read(blobName(blobOutcomes, 0, x.checkpoints))
	if err != nil {
		return err
	}
	s := source{b: b}
	x.feed = string(s.bytes())
	texts := make([][]byte, min(s.number(), uint64(len(s.b))))
	for i := range texts {
		texts[i] = s.bytes()
	}
	for id := range x.dict.len() {
		n := s.number()
		if s.bad || n >= uint64(len(texts)) {
			return damaged()
		}
		x.outcomes.set(ID(id), texts[n])
	}
	return nil
}

func (x *Index) readTenants(storage Storage, s *source) error {
	total := s.number()
	if total > 1<<(32-rankBits) {
		return damaged()
	}
	x.segments = make([]held, total)
	for i := range x.segments {
		x.segments[i].tenant = -1
	}
	packs := make(map[pack][]byte)
	for len(s.b) > 0 {
		t := tenant{name: string(s.bytes()), width: uint(s.number())}
		if _, twice := x.byName[t.name]; s.bad || t.name == "" || t.width > maxWidth || twice {
			return damaged()
		}
		for range 1 << t.width {
			n := s.number()
			at := place{pack{s.number(), s.number()}, int(s.number())}
			length := s.number()
			if s.bad || n >= total || x.segments[n].data != nil {
				return damaged()
			}
			data, ok := packs[at.pack]
			if !ok {
				var err error
				if data, err = storage.Read(at.pack.blob()); err != nil {
					return err
				}
				packs[at.pack] = data
				x.packs[at.pack] = len(data)
			}
			if at.offset < 0 || at.offset > len(data) || length > uint64(len(data)-at.offset) {
				return damaged()
			}
			d := segment(data[at.offset : at.offset+int(length) : at.offset+int(length)])
			if err := d.checkBelow(x.dict.len()); err != nil {
				return err
			}
			x.segments[n] = held{tenant: len(x.tenants), data: d, at: at}
			t.segments = append(t.segments, uint32(n))
		}
		x.byName[t.name] = len(x.tenants)
		x.tenants = append(x.tenants, t)
	}
	for n := range x.segments {
		if x.segments[n].data == nil {
			x.free = append(x.free, uint32(n))
		}
	}
	x.where.loaded = true
	return nil
}

// Checkpoint writes what changed and empties the log. A crash in the middle
// loses nothing: before the root is swung, the last checkpoint and the log
// stand; after it, doing the records of the log again changes nothing.
func (x *Index) Checkpoint() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.storage == nil {
		return nil
	}
	if err := x.checkpoint(); err != nil {
		return fmt.Errorf("write the fleet index: %w", err)
	}
	return nil
}

func (x *Index) checkpoint() error {
	// Each try has names of its own: one that failed may have swung the root.
	x.checkpoints++
	now := x.checkpoints
	places, packs, err := x.writePacks(now)
	if err != nil {
		return err
	}
	keep := map[string]bool{blobRoot: true}
	for p := range packs {
		keep[p.blob()] = true
	}
	for _, b := range [...]struct {
		kind string
		data []byte
	}{{blobDictionary, x.encodeDictionary()}, {blobOutcomes, x.encodeOutcomes()}} {
		name := blobName(b.kind, 0, now)
		keep[name] = true
		if err := x.storage.Write(name, b.data); err != nil {
			return err
		}
	}
	if err := x.storage.Write(blobRoot, x.encodeRoot(now, places)); err != nil {
		return err
	}
	x.packs = packs
	for n := range x.segments {
		x.segments[n].at = places[n]
	}
	if err := x.storage.Truncate(); err != nil {
		return err
	}
	return x.sweep(keep)
}

// writePacks writes the segments that changed, and those of packs that are
// mostly out of use, and returns where each lies now.
func (x *Index) writePacks(now uint64) (places []place, packs map[pack]int, err error) {
	used := make(map[pack]int)
	for n := range x.segments {
		used[x.segments[n].at.pack] += len(x.segments[n].data)
	}
	places, packs = make([]place, len(x.segments)), make(map[pack]int)
	current := pack{checkpoint: now}
	var b []byte
	flush := func() error {
		if len(b) == 0 {
			return nil
		}
		packs[current] = len(b)
		err := x.storage.Write(current.blob(), b)
		b = b[:0]
		current.number++
		return err
	}
	for n := range x.segments {
		h := &x.segments[n]
		at := h.at
		switch {
		case h.data == nil:
			continue
		case at != place{} && used[at.pack]*2 >= x.packs[at.pack]:
			places[n] = at
			packs[at.pack] = x.packs[at.pack]
			continue
		}
		if len(b) > 0 && len(b)+len(h.data) > packSize {
			if err := flush(); err != nil {
				return nil, nil, err
			}
		}
		places[n] = place{current, len(b)}
		b = append(b, h.data...)
	}
	return places, packs, flush()
}

func (x *Index) encodeRoot(now uint64, places []place) []byte {
	b := binary.AppendUvarint(nil, now)
	b = binary.AppendUvarint(b, uint64(len(x.segments)))
	for i := range x.tenants {
		t := &x.tenants[i]
		b = appendBytes(b, t.name)
		b = binary.AppendUvarint(b, uint64(t.width))
		for _, n := range t.segments {
			at := places[n]
			for _, v := range [...]uint64{uint64(n), at.pack.checkpoint, at.pack.number, uint64(at.offset), uint64(len(x.segments[n].data))} {
				b = binary.AppendUvarint(b, v)
			}
		}
	}
	return b
}

func (x *Index) encodeDictionary() []byte {
	var b []byte
	for id := range x.dict.len() {
		b = appendBytes(b, x.dict.at(ID(id)))
	}
	return b
}

func (x *Index) encodeOutcomes() []byte {
	b := appendBytes(nil, x.feed)
	b = binary.AppendUvarint(b, uint64(len(x.outcomes.texts)))
	for _, t := range x.outcomes.texts {
		b = appendBytes(b, t)
	}
	for _, n := range x.outcomes.of {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// sweep removes the blobs that the root does not name.
func (x *Index) sweep(keep map[string]bool) error {
	names, err := x.storage.Names()
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if !keep[name] {
			if err := x.storage.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}
