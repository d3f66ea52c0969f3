package ledger

import (
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// The leaves and answers that Certificate Transparency's own implementations
// are tested with (google/certificate-transparency, merkletree tests).
var (
	ctLeaves = []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	ctRoots  = []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func ctHashes(t *testing.T) []Hash {
	t.Helper()
	var hs []Hash
	for _, l := range ctLeaves {
		hs = append(hs, LeafHash(unhex(t, l)))
	}
	return hs
}

func TestKnownRoots(t *testing.T) {
	var f Frontier
	for n, want := range ctRoots {
		if got := f.Root(); hex.EncodeToString(got[:]) != want {
			t.Errorf("root of %d: got %x, want %s", n, got, want)
		}
		if n < len(ctLeaves) {
			f.Append(LeafHash(unhex(t, ctLeaves[n])), nil)
		}
	}
}

func TestKnownProofs(t *testing.T) {
	hs := Leaves(ctHashes(t))
	for _, c := range []struct {
		size, index int64
		want        []string
	}{
		{1, 0, nil},
		{8, 0, []string{
			"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
		}},
		{8, 5, []string{
			"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
			"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
			"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		}},
		{3, 2, []string{"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
		{5, 1, []string{
			"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
		}},
	} {
		p, err := ProveInclusion(c.size, c.index, hs)
		if err != nil || !slices.Equal(hexes(p), c.want) {
			t.Errorf("inclusion of %d in %d: got %q, %v; want %q", c.index, c.size, hexes(p), err, c.want)
		}
		root := Hash(unhex(t, ctRoots[c.size]))
		if err := VerifyInclusion(p, c.size, root, c.index, hs[c.index]); err != nil {
			t.Error(err)
		}
	}
	for _, c := range []struct {
		size, old int64
		want      []string
	}{
		{8, 1, []string{
			"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
		}},
		{8, 6, []string{
			"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
			"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
			"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		}},
		{5, 2, []string{
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
		}},
		{4, 4, nil},
	} {
		p, err := ProveConsistency(c.size, c.old, hs)
		if err != nil || !slices.Equal(hexes(p), c.want) {
			t.Errorf("consistency of %d and %d: got %q, %v; want %q", c.old, c.size, hexes(p), err, c.want)
		}
		if err := VerifyConsistency(p, c.size, Hash(unhex(t, ctRoots[c.size])), c.old, Hash(unhex(t, ctRoots[c.old]))); err != nil {
			t.Error(err)
		}
	}
}

func hexes(hs []Hash) []string {
	var out []string
	for _, h := range hs {
		out = append(out, hex.EncodeToString(h[:]))
	}
	return out
}

// mth is RFC 6962, 2.1 word by word, the oracle for everything quicker.
func mth(hs []Hash) Hash {
	if len(hs) == 1 {
		return hs[0]
	}
	k := 1
	for k*2 < len(hs) {
		k *= 2
	}
	return NodeHash(mth(hs[:k]), mth(hs[k:]))
}

func manyLeaves(n int) []Hash {
	hs := make([]Hash, n)
	for i := range hs {
		hs[i] = LeafHash(fmt.Appendf(nil, "entry %d", i))
	}
	return hs
}

// memory keeps tiles by path, as a folder would.
type memory map[string][]byte

func (m memory) read(t Tile) ([]byte, error) {
	b, ok := m[t.Path()]
	if !ok {
		return nil, fmt.Errorf("no %s", t.Path())
	}
	return b, nil
}

func (m memory) put(t Tile, hs []Hash) { m[t.Path()] = AppendTile(nil, hs) }

// TestFrontier compares the frontier with the definition, resumes it from its
// own tiles at each size, and proves from tiles alone.
func TestFrontier(t *testing.T) {
	const n = 3*TileWidth + 7
	hs := manyLeaves(n)
	tiles := memory{}
	f := &Frontier{}
	for i, h := range hs {
		f.Append(h, tiles.put)
		f.Partial(tiles.put)
		size := int64(i + 1)
		if i < 70 || i%101 == 0 || size%TileWidth < 2 {
			if got, want := f.Root(), mth(hs[:size]); got != want {
				t.Fatalf("root of %d: got %s, want %s", size, got, want)
			}
			for tile := range TilesOf(size) {
				if _, ok := tiles[tile.Path()]; !ok && tile.Level != Entries {
					t.Fatalf("a tree of %d needs %s", size, tile.Path())
				}
			}
		}
		var err error
		if f, err = ResumeFrontier(size, tiles.read); err != nil {
			t.Fatal(err)
		}
	}
	src := Tiles{Size: n, Root: f.Root(), Read: tiles.read}
	for _, i := range []int64{0, 1, 255, 256, 511, 700, n - 1} {
		p, err := ProveInclusion(n, i, src)
		if err != nil {
			t.Fatal(err)
		}
		if err := VerifyInclusion(p, n, f.Root(), i, hs[i]); err != nil {
			t.Error(err)
		}
		old := i + 1
		if p, err = ProveConsistency(n, old, src); err != nil {
			t.Fatal(err)
		}
		if err := VerifyConsistency(p, n, f.Root(), old, mth(hs[:old])); err != nil {
			t.Error(err)
		}
	}
	tiles["tile/0/001"][40] ^= 1
	if _, err := ProveInclusion(n, 300, src); err == nil {
		t.Error("a proof was made from a changed tile")
	}
}

// TestFrontierHigh grows a frontier over a full tile of level 1.
func TestFrontierHigh(t *testing.T) {
	if testing.Short() {
		t.Skip("65,600 hashes")
	}
	const n = TileWidth*TileWidth + 60
	hs := manyLeaves(n)
	var f Frontier
	full := map[int]int{}
	for _, h := range hs {
		f.Append(h, func(tile Tile, hashes []Hash) {
			full[tile.Level]++
			if len(hashes) != TileWidth || !tile.Full() {
				t.Fatalf("%s has %d hashes", tile.Path(), len(hashes))
			}
		})
	}
	if full[0] != TileWidth || full[1] != 1 || f.Root() != mth(hs) {
		t.Errorf("full tiles %v, root %s; want 256 and 1, %s", full, f.Root(), mth(hs))
	}
}

// TestProofsRefused changes each part of good proofs.
func TestProofsRefused(t *testing.T) {
	hs := manyLeaves(13)
	root := mth(hs)
	p, err := ProveInclusion(13, 6, Leaves(hs))
	if err != nil {
		t.Fatal(err)
	}
	bad := Hash{1}
	for name, err := range map[string]error{
		"root":  VerifyInclusion(p, 13, bad, 6, hs[6]),
		"leaf":  VerifyInclusion(p, 13, root, 6, hs[7]),
		"index": VerifyInclusion(p, 13, root, 7, hs[6]),
		"size":  VerifyInclusion(p, 6, root, 6, hs[6]),
		"short": VerifyInclusion(p[1:], 13, root, 6, hs[6]),
		"long":  VerifyInclusion(append(slices.Clone(p), bad), 13, root, 6, hs[6]),
		"below": VerifyInclusion(p, 13, root, -1, hs[6]),
		"huge":  VerifyInclusion(make([]Hash, 70), 1<<62, root, 6, hs[6]),
	} {
		if err == nil {
			t.Errorf("inclusion with another %s holds", name)
		}
	}
	if p, err = ProveConsistency(13, 6, Leaves(hs)); err != nil {
		t.Fatal(err)
	}
	old := mth(hs[:6])
	empty := (&Frontier{}).Root()
	for name, err := range map[string]error{
		"root":      VerifyConsistency(p, 13, bad, 6, old),
		"old root":  VerifyConsistency(p, 13, root, 6, bad),
		"old size":  VerifyConsistency(p, 13, root, 7, old),
		"shrinking": VerifyConsistency(p, 6, root, 13, old),
		"nothing":   VerifyConsistency(nil, 13, root, 6, old),
		"empty":     VerifyConsistency(nil, 13, root, 0, bad),
		"negative":  VerifyConsistency(nil, 13, root, -1, empty),
		"filled":    VerifyConsistency(p, 13, root, 0, empty),
	} {
		if err == nil {
			t.Errorf("consistency with another %s holds", name)
		}
	}
	if err := VerifyConsistency(nil, 13, root, 0, empty); err != nil {
		t.Error(err)
	}
	if _, err := ProveInclusion(13, 13, Leaves(hs)); err == nil {
		t.Error("an entry beyond the end was proven")
	}
	if _, err := ProveInclusion(14, 12, Leaves(hs)); err == nil {
		t.Error("a tree beyond the leaves was proven")
	}
	if _, err := ProveConsistency(13, 14, Leaves(hs)); err == nil {
		t.Error("a smaller tree was proven to hold a larger one")
	}
}

// TestAgainstTlog compares with the tree of the Go checksum database.
func TestAgainstTlog(t *testing.T) {
	var stored []Hash
	read := tlog.HashReaderFunc(func(xs []int64) ([]Hash, error) {
		out := make([]Hash, len(xs))
		for i, x := range xs {
			out[i] = stored[x]
		}
		return out, nil
	})
	var f Frontier
	for i, h := range manyLeaves(600) {
		more, err := tlog.StoredHashesForRecordHash(int64(i), h, read)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
		f.Append(h, nil)
		want, err := tlog.TreeHash(int64(i+1), read)
		if err != nil || f.Root() != want {
			t.Fatalf("root of %d: got %s, want %s (%v)", i+1, f.Root(), want, err)
		}
	}
}
