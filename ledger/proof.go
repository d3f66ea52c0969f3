package ledger

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// maxProof is the longest proof a tree of 63 bits can need.
const maxProof = 64

// VerifyInclusion reports whether the proof shows that the leaf is at index in
// the tree of the size with the root (RFC 6962, 2.1.1).
func VerifyInclusion(proof []Hash, size int64, root Hash, index int64, leaf Hash) error {
	if index < 0 || index >= size || len(proof) > maxProof {
		return fmt.Errorf("inclusion of entry %d in a tree of %d: malformed proof", index, size)
	}
	if err := tlog.CheckRecord(proof, size, root, index, leaf); err != nil {
		return fmt.Errorf("inclusion of entry %d in a tree of %d: %w", index, size, err)
	}
	return nil
}

// VerifyConsistency reports whether the proof shows that the tree of the old
// size and root is the beginning of the other (RFC 6962, 2.1.2). Every tree
// begins with the empty one, which needs an empty proof.
func VerifyConsistency(proof []Hash, size int64, root Hash, oldSize int64, oldRoot Hash) error {
	if oldSize < 0 || oldSize > size || len(proof) > maxProof {
		return fmt.Errorf("consistency of trees of %d and %d: malformed proof", oldSize, size)
	}
	if oldSize == 0 {
		if len(proof) > 0 || oldRoot != (&Frontier{}).Root() {
			return fmt.Errorf("consistency with the empty tree: malformed proof")
		}
		return nil
	}
	if err := tlog.CheckTree(proof, size, root, oldSize, oldRoot); err != nil {
		return fmt.Errorf("consistency of trees of %d and %d: %w", oldSize, size, err)
	}
	return nil
}

// Source gives the hashes that proofs are made of.
type Source interface {
	reader(size int64) tlog.HashReader
}

// ProveInclusion returns the proof that the entry at index is in the tree of the size.
func ProveInclusion(size, index int64, s Source) ([]Hash, error) {
	if index < 0 || index >= size {
		return nil, fmt.Errorf("prove entry %d of %d: no such entry", index, size)
	}
	p, err := tlog.ProveRecord(size, index, s.reader(size))
	if err != nil {
		return nil, fmt.Errorf("prove entry %d of %d: %w", index, size, err)
	}
	return p, nil
}

// ProveConsistency returns the proof that the tree of the old size is the
// beginning of the tree of the size.
func ProveConsistency(size, oldSize int64, s Source) ([]Hash, error) {
	if oldSize < 0 || oldSize > size {
		return nil, fmt.Errorf("prove tree %d in %d: no such tree", oldSize, size)
	}
	if oldSize == 0 {
		return nil, nil
	}
	p, err := tlog.ProveTree(size, oldSize, s.reader(size))
	if err != nil {
		return nil, fmt.Errorf("prove tree %d in %d: %w", oldSize, size, err)
	}
	return p, nil
}

// Leaves is a Source over the leaf hashes of a small tree.
type Leaves []Hash

func (l Leaves) reader(int64) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		out := make([]Hash, len(indexes))
		for i, x := range indexes {
			level, n := tlog.SplitStoredHashIndex(x)
			from, to := n<<level, (n+1)<<level
			if to > int64(len(l)) {
				return nil, fmt.Errorf("the tree has %d entries only", len(l))
			}
			out[i] = perfectRoot(l[from:to])
		}
		return out, nil
	})
}

// Tiles is a Source over the tiles of a log. The root is that of a checkpoint
// whose signature was verified; every tile that Read returns is checked against
// it before use, so Read may fetch from anywhere.
type Tiles struct {
	Size int64 // of the checkpoint
	Root Hash
	Read func(t Tile) ([]byte, error)
}

func (s Tiles) reader(int64) tlog.HashReader {
	return tlog.TileHashReader(tlog.Tree{N: s.Size, Hash: s.Root}, tileReader{s.Read})
}

// tileReader reads tiles for package tlog, which counts and names them alike
// but for the path.
type tileReader struct{ read func(Tile) ([]byte, error) }

func (r tileReader) Height() int                     { return TileHeight }
func (r tileReader) SaveTiles([]tlog.Tile, [][]byte) {}
func (r tileReader) ReadTiles(ts []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(ts))
	for i, t := range ts {
		var err error
		if out[i], err = r.read(Tile{Level: t.L, Index: t.N, Width: t.W}); err != nil {
			return nil, err
		}
	}
	return out, nil
}
