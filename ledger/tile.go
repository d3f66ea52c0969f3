package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	// TileHeight is how many levels of the tree a tile spans.
	TileHeight = 8
	// TileWidth is how many hashes, or entries, a full tile holds.
	TileWidth = 1 << TileHeight
	// Entries is the Level of an entry bundle.
	Entries = -1
	// maxLevel is the highest that 63 bits of size can reach.
	maxLevel = 7
)

// Tile names a tile of hashes, or a bundle of entries.
type Tile struct {
	Level int   // 0 holds leaf hashes; Entries holds the entries themselves
	Index int64 // within the level
	Width int   // 1 to TileWidth; less than that is a partial tile
}

// Full reports whether the tile is complete, and so never changes again.
func (t Tile) Full() bool { return t.Width == TileWidth }

// Path returns where tlog-tiles puts the tile: "tile/0/x001/234",
// "tile/entries/000.p/5". Path elements are separated by slashes.
func (t Tile) Path() string {
	level := "entries"
	if t.Level != Entries {
		level = strconv.Itoa(t.Level)
	}
	n := fmt.Sprintf("%03d", t.Index%1000)
	for i := t.Index / 1000; i > 0; i /= 1000 {
		n = fmt.Sprintf("x%03d/%s", i%1000, n)
	}
	if t.Full() {
		return "tile/" + level + "/" + n
	}
	return fmt.Sprintf("tile/%s/%s.p/%d", level, n, t.Width)
}

// ParsePath reads what Path returns and nothing else.
func ParsePath(path string) (Tile, error) {
	bad := fmt.Errorf("tile path %.60q is malformed", path)
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || len(path) > 64 {
		return Tile{}, bad
	}
	level, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return Tile{}, bad
	}
	t := Tile{Level: Entries, Width: TileWidth}
	if level != "entries" {
		var err error
		if t.Level, err = strconv.Atoi(level); err != nil || t.Level < 0 || t.Level > maxLevel {
			return Tile{}, bad
		}
	}
	if n, w, ok := strings.Cut(rest, ".p/"); ok {
		var err error
		if t.Width, err = strconv.Atoi(w); err != nil || t.Width < 1 || t.Width >= TileWidth {
			return Tile{}, bad
		}
		rest = n
	}
	for e := range strings.SplitSeq(rest, "/") {
		n, err := strconv.ParseUint(strings.TrimPrefix(e, "x"), 10, 16)
		if err != nil || n > 999 || t.Index > 1<<53 {
			return Tile{}, bad
		}
		t.Index = t.Index*1000 + int64(n)
	}
	if t.Path() != path {
		return Tile{}, bad
	}
	return t, nil
}

// TilesOf calls yield for every tile and bundle that a tree of a size has,
// level by level, entries first, until yield returns false.
func TilesOf(size int64) func(yield func(Tile) bool) {
	return func(yield func(Tile) bool) {
		for level := Entries; level <= maxLevel; level++ {
			n := size >> (TileHeight * max(level, 0))
			for i := range n / TileWidth {
				if !yield(Tile{level, i, TileWidth}) {
					return
				}
			}
			if w := int(n % TileWidth); w > 0 && !yield(Tile{level, n / TileWidth, w}) {
				return
			}
		}
	}
}

// AppendTile writes the hashes of a tile one after the other.
func AppendTile(dst []byte, hashes []Hash) []byte {
	for _, h := range hashes {
		dst = append(dst, h[:]...)
	}
	return dst
}

// ParseTile reads the hashes of a tile. A tile of another length than its width
// asks for is refused.
func ParseTile(t Tile, data []byte) ([]Hash, error) {
	if t.Level < 0 || len(data) != t.Width*HashSize {
		return nil, fmt.Errorf("%s: %d bytes, want %d", t.Path(), len(data), t.Width*HashSize)
	}
	hs := make([]Hash, t.Width)
	for i := range hs {
		hs[i] = Hash(data[i*HashSize:])
	}
	return hs, nil
}

// AppendEntry writes an entry of a bundle: its length in two bytes, big-endian,
// then its bytes.
func AppendEntry(dst, entry []byte) ([]byte, error) {
	if len(entry) > MaxEntry {
		return nil, fmt.Errorf("an entry of %d bytes, at most %d fit", len(entry), MaxEntry)
	}
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(entry))), entry...), nil
}

// ParseBundle splits a bundle into its entries, which share its memory. It must
// hold just as many as its width says, and nothing else.
func ParseBundle(t Tile, data []byte) ([][]byte, error) {
	if t.Level != Entries {
		return nil, errors.New("a tile of hashes is no bundle of entries")
	}
	es := make([][]byte, 0, t.Width)
	for range t.Width {
		if len(data) < 2 {
			return nil, fmt.Errorf("%s: ends after %d entries", t.Path(), len(es))
		}
		n := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+n {
			return nil, fmt.Errorf("%s: ends inside entry %d", t.Path(), len(es))
		}
		es = append(es, data[2:2+n:2+n])
		data = data[2+n:]
	}
	if len(data) > 0 {
		return nil, fmt.Errorf("%s: %d bytes follow its entries", t.Path(), len(data))
	}
	return es, nil
}
