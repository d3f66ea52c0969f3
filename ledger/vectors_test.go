package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// The vectors in testdata are described in docs/formats/ledger.md. They are
// written with -update and otherwise compared, and read as a stranger would.
var update = flag.Bool("update", false, "write the vectors in testdata")

// vector compares a file of testdata with what it should hold, or writes it.
func vector(t *testing.T, name string, want []byte) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: the file has %d bytes and differs from the %d we write", name, len(got), len(want))
	}
}

func vectorJSON(t *testing.T, name string, v any) {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	vector(t, name, b.Bytes())
}

type canonicalVector struct {
	In    string `json:"in"`
	Out   string `json:"out,omitempty"`
	Error bool   `json:"error,omitempty"` // must be refused
}

func TestCanonicalVectors(t *testing.T) {
	var vs []canonicalVector
	for _, in := range []string{
		`{}`, ` [ 1 , { } , [ ] ] `, `{"b":1,"a":2,"":3,"aa":4}`, `{"\ud83d\ude00":1,"\ufb33":2,"\u20ac":3,"\r":4}`,
		`"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"`, `"<>&\u2028\u007f"`, `-0`, `4.50`, `2e-3`, `1E30`, `1e20`, `1e21`, `0.0000001`, `9007199254740992`,
		`0.1000000000000000055511151231257827`, `9007199254740993`, `1e309`, `{"a":1,"a":1}`, `"\ud800"`, `[1,]`, `01`, `NaN`,
	} {
		v := canonicalVector{In: in}
		out, err := Canonicalize([]byte(in))
		if v.Out, v.Error = string(out), err != nil; err != nil {
			v.Out = ""
		}
		vs = append(vs, v)
	}
	vectorJSON(t, "canonical.json", vs)
}

// logEntry is entry i of the log in testdata/log.
func logEntry(t testing.TB, i int) []byte {
	t.Helper()
	at := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Second)
	b, err := Statement{Tenant: "tn_1", Kind: "parameter", At: at, Actor: "us_1", Body: map[string]any{"name": "example.value", "to": fmt.Sprint(i)}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const logSize = 260

type inclusionVector struct {
	Index int64  `json:"index"`
	Leaf  Hash   `json:"leaf"`
	Proof []Hash `json:"proof"`
}

type consistencyVector struct {
	OldSize int64  `json:"old_size"`
	OldRoot Hash   `json:"old_root"`
	Proof   []Hash `json:"proof"`
}

type proofVectors struct {
	Size        int64               `json:"size"`
	Root        Hash                `json:"root"`
	Inclusion   []inclusionVector   `json:"inclusion"`
	Consistency []consistencyVector `json:"consistency"`
}

// list makes an empty proof an empty list, for readers that have no null.
func list(p []Hash) []Hash { return append([]Hash{}, p...) }

// TestLogVectors writes a whole log: entries, tiles, key and checkpoint.
func TestLogVectors(t *testing.T) {
	s, _, skey, vkey := testKey(t, "asepsis/tn_1")
	var f Frontier
	var bundle []byte
	var leaves []Hash
	put := func(tile Tile, hs []Hash) { vector(t, "log/"+tile.Path(), AppendTile(nil, hs)) }
	for i := range logSize {
		e := logEntry(t, i)
		var err error
		if bundle, err = AppendEntry(bundle, e); err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, LeafHash(e))
		f.Append(LeafHash(e), put)
		if n := i + 1; n%TileWidth == 0 || n == logSize {
			tile := Tile{Entries, int64(i / TileWidth), i%TileWidth + 1}
			vector(t, "log/"+tile.Path(), bundle)
			bundle = nil
		}
	}
	f.Partial(put)
	msg, err := Checkpoint{Origin: "asepsis/tn_1", Size: f.Size(), Root: f.Root()}.Sign(s)
	if err != nil {
		t.Fatal(err)
	}
	vector(t, "log/checkpoint", msg)
	vector(t, "log/ledger.pub", []byte(vkey+"\n"))
	vector(t, "ledger.key", []byte(skey+"\n"))

	v := proofVectors{Size: logSize, Root: f.Root()}
	for _, i := range []int64{0, 1, 128, 255, 256, 259} {
		p, err := ProveInclusion(logSize, i, Leaves(leaves))
		if err != nil {
			t.Fatal(err)
		}
		v.Inclusion = append(v.Inclusion, inclusionVector{i, leaves[i], list(p)})
	}
	for _, n := range []int64{1, 2, 7, 128, 255, 256, 257, 260} {
		p, err := ProveConsistency(logSize, n, Leaves(leaves))
		if err != nil {
			t.Fatal(err)
		}
		v.Consistency = append(v.Consistency, consistencyVector{n, mth(leaves[:n]), list(p)})
	}
	vectorJSON(t, "proofs.json", v)
}

// TestLogAsAStranger reads the log in testdata with nothing but its files and
// the key, and verifies all that can be.
func TestLogAsAStranger(t *testing.T) {
	dir := os.DirFS(filepath.Join("testdata", "log"))
	read := func(name string) []byte {
		b, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	v, err := note.NewVerifier(string(bytes.TrimSuffix(read("ledger.pub"), []byte("\n"))))
	if err != nil {
		t.Fatal(err)
	}
	cp, err := OpenCheckpoint(read("checkpoint"), v)
	if err != nil {
		t.Fatal(err)
	}
	src := Tiles{Size: cp.Size, Root: cp.Root, Read: func(t Tile) ([]byte, error) { return fs.ReadFile(dir, t.Path()) }}
	files, entries := 0, int64(0)
	var last time.Time
	for tile := range TilesOf(cp.Size) {
		files++
		if tile.Level != Entries {
			continue
		}
		es, err := ParseBundle(tile, read(tile.Path()))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range es {
			p, err := ProveInclusion(cp.Size, entries, src)
			if err != nil {
				t.Fatal(err)
			}
			if err := VerifyInclusion(p, cp.Size, cp.Root, entries, LeafHash(e)); err != nil {
				t.Fatal(err)
			}
			s, err := ParseStatement(e)
			if err != nil || s.At.Before(last) {
				t.Fatalf("entry %d: %+v, %v", entries, s, err)
			}
			last = s.At
			entries++
		}
	}
	if entries != logSize || files != 5 {
		t.Errorf("%d entries in %d files", entries, files)
	}
	var pv proofVectors
	b, err := os.ReadFile(filepath.Join("testdata", "proofs.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &pv); err != nil {
		t.Fatal(err)
	}
	for _, p := range pv.Inclusion {
		if err := VerifyInclusion(p.Proof, cp.Size, cp.Root, p.Index, p.Leaf); err != nil {
			t.Error(err)
		}
	}
	for _, p := range pv.Consistency {
		if err := VerifyConsistency(p.Proof, cp.Size, cp.Root, p.OldSize, p.OldRoot); err != nil {
			t.Error(err)
		}
	}
}

type commitmentVector struct {
	Check      string `json:"check"`
	Resource   string `json:"resource"`
	Result     string `json:"result"` // the bytes committed to
	Salt       string `json:"salt"`   // hex
	Commitment Hash   `json:"commitment"`
	Proof      []Hash `json:"proof"`
}

type commitmentVectors struct {
	Secret  string             `json:"secret"` // hex
	Root    Hash               `json:"root"`
	Results []commitmentVector `json:"results"` // in the order of the tree
}

func TestCommitmentVectors(t *testing.T) {
	secret := bytes.Repeat([]byte{0xab}, 32)
	v := commitmentVectors{Secret: hex.EncodeToString(secret)}
	var cs []Hash
	for _, r := range []string{"ad:alice", "ad:bob", "ad:zoë"} {
		b, err := Canonical(map[string]any{"check": "mfa-privileged", "resource": r, "verdict": "pass"})
		if err != nil {
			t.Fatal(err)
		}
		salt := Salt(secret, "mfa-privileged", r, b)
		cs = append(cs, Commit(salt, b))
		v.Results = append(v.Results, commitmentVector{"mfa-privileged", r, string(b), hex.EncodeToString(salt[:]), cs[len(cs)-1], nil})
	}
	v.Root = CommitmentRoot(cs)
	for i := range v.Results {
		p, err := ProveCommitment(cs, int64(i))
		if err != nil {
			t.Fatal(err)
		}
		v.Results[i].Proof = list(p)
	}
	vectorJSON(t, "commitments.json", v)
}

type treeVectors struct {
	Leaves []string `json:"leaves"` // base64; the entries, not their hashes
	Roots  []Hash   `json:"roots"`  // of the first 0, 1, 2, … of them
}

func TestTreeVectors(t *testing.T) {
	var v treeVectors
	for _, l := range ctLeaves {
		v.Leaves = append(v.Leaves, base64.StdEncoding.EncodeToString(unhex(t, l)))
	}
	for _, r := range ctRoots {
		v.Roots = append(v.Roots, Hash(unhex(t, r)))
	}
	vectorJSON(t, "rfc6962.json", v)
}
