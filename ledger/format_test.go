package ledger

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTilePaths(t *testing.T) {
	for path, want := range map[string]Tile{
		"tile/0/000":                  {0, 0, 256},
		"tile/0/000.p/5":              {0, 0, 5},
		"tile/0/x001/234.p/5":         {0, 1234, 5},
		"tile/7/x001/x234/067":        {7, 1234067, 256},
		"tile/entries/x001/234":       {Entries, 1234, 256},
		"tile/entries/999.p/255":      {Entries, 999, 255},
		"tile/entries/x001/000.p/255": {Entries, 1000, 255},
	} {
		if got := want.Path(); got != path {
			t.Errorf("%+v: got %s, want %s", want, got, path)
		}
		if got, err := ParsePath(path); err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", path, got, err, want)
		}
	}
	for _, path := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/8/000", "tile/-1/000", "tile/data/000",
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/05", "tile/0/000.p/", "tile/0/000.p", "tile/0/000.p/1/2", "tile/0/x000/001", "tile/0/001/002", "tile/0/x001",
		"tile/0/+01", "tile/0/x001/x002", "/tile/0/000", "tile/0/000/", "tile/0/../000", "tile/0/" + strings.Repeat("x999/", 6) + "999", "tile/0/\u0661\u0661\u0661",
	} {
		if got, err := ParsePath(path); err == nil {
			t.Errorf("%q: got %+v, want an error", path, got)
		}
	}
}

// TestTilesOf has the example of tlog-tiles: a tree of 70,000.
func TestTilesOf(t *testing.T) {
	count := map[string]int{}
	var partial []string
	for tile := range TilesOf(70_000) {
		if tile.Full() {
			count[strings.Split(tile.Path(), "/")[1]]++
		} else {
			partial = append(partial, tile.Path())
		}
	}
	if count["0"] != 273 || count["1"] != 1 || count["entries"] != 273 || count["2"] != 0 {
		t.Errorf("full tiles %v", count)
	}
	if want := []string{"tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"}; !slices.Equal(partial, want) {
		t.Errorf("partial tiles %q, want %q", partial, want)
	}
	if got := slices.Collect(TilesOf(0)); len(got) > 0 {
		t.Errorf("tiles of the empty tree: %v", got)
	}
}

func TestBundles(t *testing.T) {
	entries := [][]byte{{}, []byte("a"), bytes.Repeat([]byte("b"), MaxEntry)}
	var b []byte
	for _, e := range entries {
		var err error
		if b, err = AppendEntry(b, e); err != nil {
			t.Fatal(err)
		}
	}
	tile := Tile{Entries, 0, 3}
	got, err := ParseBundle(tile, b)
	if err != nil || !slices.EqualFunc(got, entries, bytes.Equal) {
		t.Errorf("got %d entries, %v", len(got), err)
	}
	if _, err := AppendEntry(nil, make([]byte, MaxEntry+1)); err == nil {
		t.Error("an entry that is too long was written")
	}
	for name, c := range map[string]struct {
		t Tile
		b []byte
	}{
		"fewer": {Tile{Entries, 0, 2}, b}, "more": {Tile{Entries, 0, 4}, b}, "short": {tile, b[:len(b)-1]},
		"nothing": {tile, nil}, "half a length": {Tile{Entries, 0, 1}, []byte{0}}, "hashes": {Tile{0, 0, 3}, b},
	} {
		if _, err := ParseBundle(c.t, c.b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := ParseTile(Tile{0, 0, 2}, make([]byte, 63)); err == nil {
		t.Error("a tile that is too short was read")
	}
	if _, err := ParseTile(tile, make([]byte, 96)); err == nil {
		t.Error("a bundle was read as a tile of hashes")
	}
}

func TestStatements(t *testing.T) {
	at := time.Date(2026, 11, 25, 3, 4, 5, 6789, time.FixedZone("", -6*3600))
	s := Statement{Tenant: "tn_1", Kind: "parameter", At: at, Actor: "us_1", Body: map[string]any{"name": "a.b", "to": "0.95"}}
	b, err := s.Encode()
	if want := `{"actor":"us_1","at":"2026-11-25T09:04:05.000006Z","body":{"name":"a.b","to":"0.95"},"kind":"parameter","schema":"asepsis/statement/v1","tenant":"tn_1"}`; err != nil || string(b) != want {
		t.Fatalf("got %s, %v; want %s", b, err, want)
	}
	got, err := ParseStatement(b)
	if err != nil || !got.At.Equal(at.Truncate(time.Microsecond)) || got.Tenant != "tn_1" || got.Kind != "parameter" || got.Actor != "us_1" || fmt.Sprintf("%s", got.Body) != `{"name":"a.b","to":"0.95"}` {
		t.Errorf("got %+v, %v", got, err)
	}
	text := string(b)
	for name, bad := range map[string]string{
		"space":          strings.Replace(text, ":", ": ", 1),
		"order":          strings.Replace(text, `"actor":"us_1","at":"2026-11-25T09:04:05.000006Z"`, `"at":"2026-11-25T09:04:05.000006Z","actor":"us_1"`, 1),
		"another schema": strings.Replace(text, "/v1", "/v2", 1),
		"another member": strings.Replace(text, `"actor"`, `"aa":1,"actor"`, 1),
		"other case":     strings.Replace(text, `"actor"`, `"Actor"`, 1),
		"no tenant":      strings.Replace(text, `"tn_1"`, `""`, 1),
		"no actor":       strings.Replace(text, `"actor":"us_1",`, ``, 1),
		"no kind":        strings.Replace(text, `"parameter"`, `""`, 1),
		"no body":        strings.Replace(text, `"body":{"name":"a.b","to":"0.95"},`, ``, 1),
		"body a list":    strings.Replace(text, `{"name":"a.b","to":"0.95"}`, `[]`, 1),
		"body null":      strings.Replace(text, `{"name":"a.b","to":"0.95"}`, `null`, 1),
		"coarse time":    strings.Replace(text, ".000006Z", "Z", 1),
		"fine time":      strings.Replace(text, ".000006Z", ".000006000Z", 1),
		"offset":         strings.Replace(text, ".000006Z", ".000006+00:00", 1),
		"no such day":    strings.Replace(text, "11-25", "11-31", 1),
		"twice":          text + text,
		"nothing":        "",
		"a list":         "[]",
	} {
		if bad == text {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := ParseStatement([]byte(bad)); err == nil {
			t.Errorf("%s: %s was read", name, bad)
		}
	}
	s.Body = map[string]any{"long": strings.Repeat("a", MaxEntry)}
	if _, err := s.Encode(); err == nil {
		t.Error("a statement longer than an entry was written")
	}
	s.Body = []int{1}
	if _, err := s.Encode(); err == nil {
		t.Error("a body that is a list was written")
	}
	s.Body = map[string]any{"x": func() {}}
	if _, err := s.Encode(); err == nil {
		t.Error("a body that is no JSON was written")
	}
}

func TestCommitments(t *testing.T) {
	secret := bytes.Repeat([]byte{7}, 32)
	var cs []Hash
	var results [][]byte
	for i := range 11 {
		r := fmt.Appendf(nil, `{"resource":"r%d","verdict":"pass"}`, i)
		results = append(results, r)
		cs = append(cs, Commit(Salt(secret, "mfa", fmt.Sprintf("r%d", i), r), r))
	}
	root := CommitmentRoot(cs)
	for i, r := range results {
		p, err := ProveCommitment(cs, int64(i))
		if err != nil {
			t.Fatal(err)
		}
		o := Opening{Result: r, Salt: Salt(secret, "mfa", fmt.Sprintf("r%d", i), r), Index: int64(i), Size: 11, Proof: p}
		if err := o.Verify(root); err != nil {
			t.Error(err)
		}
		o.Result = bytes.Replace(r, []byte("pass"), []byte("fail"), 1)
		if err := o.Verify(root); err == nil {
			t.Error("another result was taken for the committed one")
		}
		o.Result, o.Index = r, int64(i+1)%11
		if err := o.Verify(root); err == nil {
			t.Error("a result was taken for one at another place")
		}
	}
	if _, err := ProveCommitment(cs, 11); err == nil {
		t.Error("a commitment beyond the end was proven")
	}
	// What divides the inputs of a salt cannot be moved.
	if Salt(secret, "ab", "c", nil) == Salt(secret, "a", "bc", nil) {
		t.Error("two pairs of check and resource share a salt")
	}
	if Salt(secret, "a", "b", results[0]) == Salt(secret, "a", "b", results[1]) {
		t.Error("two results share a salt")
	}
	if Salt(secret, "a", "b", nil) == Salt(secret[1:], "a", "b", nil) {
		t.Error("two secrets share a salt")
	}
	if got, want := CommitmentRoot(nil).String(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; got != want {
		t.Errorf("root of none: got %s, want %s", got, want)
	}
}

func FuzzParseStatement(f *testing.F) {
	f.Add([]byte(`{"actor":"us_1","at":"2026-11-25T09:04:05.000006Z","body":{"a":1},"kind":"k","schema":"asepsis/statement/v1","tenant":"t"}`))
	f.Add([]byte(`{"actor":"us_1","at":"2026-11-25T09:04:05.000006Z","body":{},"kind":"k","schema":"asepsis/statement/v1","tenant":"t","x":1}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := ParseStatement(in)
		if err != nil {
			return
		}
		out, err := s.Encode()
		if err != nil || !bytes.Equal(out, in) {
			t.Fatalf("%q was read, and is written as %q (%v)", in, out, err)
		}
	})
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"tile/0/000", "tile/entries/x001/234.p/5", "tile/7/x001/x234/067", "tile/0/x000/001", "tile/0/000.p/256"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if tile, err := ParsePath(in); err == nil && tile.Path() != in {
			t.Fatalf("%q was read as %+v, whose path is %q", in, tile, tile.Path())
		}
	})
}

func FuzzParseBundle(f *testing.F) {
	f.Add([]byte{0, 1, 'a', 0, 0}, 2)
	f.Add([]byte{0, 5, 'a'}, 1)
	f.Add([]byte{}, 0)
	f.Fuzz(func(t *testing.T, in []byte, width int) {
		if width < 0 || width > TileWidth {
			return
		}
		es, err := ParseBundle(Tile{Entries, 0, width}, in)
		if err != nil {
			return
		}
		var out []byte
		for _, e := range es {
			if out, err = AppendEntry(out, e); err != nil {
				t.Fatal(err)
			}
		}
		if len(es) != width || !bytes.Equal(out, in) {
			t.Fatalf("%x was read as %d entries, which are written as %x", in, len(es), out)
		}
	})
}
