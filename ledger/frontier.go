package ledger

import (
	"crypto/sha256"
	"fmt"
	"slices"
)

// Frontier is the right edge of a tree: for each level of tiles, the hashes of
// the tile that is not full. It is all that is needed to append entries and to
// know the root. The zero value is the empty tree.
type Frontier struct {
	size  int64
	edges [][]Hash // edges[l] are the hashes of level l beyond its last full tile, fewer than TileWidth
}

// Size returns how many entries the tree has.
func (f *Frontier) Size() int64 { return f.size }

// Append adds an entry by its leaf hash. When a tile becomes full, full is
// called with it, lowest level first; full may be nil and must not keep data.
func (f *Frontier) Append(leaf Hash, full func(t Tile, hashes []Hash)) {
	f.size++
	h := leaf
	for l := 0; ; l++ {
		if l == len(f.edges) {
			f.edges = append(f.edges, nil)
		}
		f.edges[l] = append(f.edges[l], h)
		if len(f.edges[l]) < TileWidth {
			return
		}
		if full != nil {
			full(Tile{Level: l, Index: f.size>>(TileHeight*(l+1)) - 1, Width: TileWidth}, f.edges[l])
		}
		h = perfectRoot(f.edges[l])
		f.edges[l] = f.edges[l][:0]
	}
}

// Partial calls yield for each tile of the edge that is neither empty nor full.
func (f *Frontier) Partial(yield func(t Tile, hashes []Hash)) {
	for l, e := range f.edges {
		if len(e) > 0 {
			yield(Tile{Level: l, Index: f.size >> (TileHeight * (l + 1)), Width: len(e)}, e)
		}
	}
}

// Root returns the Merkle Tree Hash of RFC 6962, 2.1.
func (f *Frontier) Root() Hash {
	if f.size == 0 {
		return sha256.Sum256(nil)
	}
	// The tree is a row of perfect subtrees, each smaller than the one to its
	// left; the root folds them from the right.
	var row []Hash
	for _, rest := range slices.Backward(f.edges) {
		for n := TileWidth / 2; n > 0; n /= 2 {
			if len(rest)&n != 0 {
				row = append(row, perfectRoot(rest[:n]))
				rest = rest[n:]
			}
		}
	}
	root := row[len(row)-1]
	for i := len(row) - 2; i >= 0; i-- {
		root = NodeHash(row[i], root)
	}
	return root
}

// ResumeFrontier returns the frontier of a tree of a size, reading the partial
// tiles of its edge, and only those, with read.
func ResumeFrontier(size int64, read func(t Tile) ([]byte, error)) (*Frontier, error) {
	if size < 0 {
		return nil, fmt.Errorf("a tree of size %d", size)
	}
	f := &Frontier{size: size}
	for l := 0; size>>(TileHeight*l) > 0; l++ {
		f.edges = append(f.edges, nil)
		w := int(size >> (TileHeight * l) % TileWidth)
		if w == 0 {
			continue
		}
		t := Tile{Level: l, Index: size >> (TileHeight * (l + 1)), Width: w}
		b, err := read(t)
		if err != nil {
			return nil, err
		}
		if f.edges[l], err = ParseTile(t, b); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// perfectRoot returns the root over a power of two of hashes.
func perfectRoot(hs []Hash) Hash {
	if len(hs) == 1 {
		return hs[0]
	}
	return NodeHash(perfectRoot(hs[:len(hs)/2]), perfectRoot(hs[len(hs)/2:]))
}
