package ledger

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// testKey returns the key of a name that is made of the seed 0, 1, …, 31.
func testKey(t testing.TB, name string) (note.Signer, note.Verifier, string, string) {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(i)
	}
	pub, ok := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	if !ok {
		t.Fatal("no public key")
	}
	vkey, err := note.NewEd25519VerifierKey(name, pub)
	if err != nil {
		t.Fatal(err)
	}
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%s+%s", name, strings.Split(vkey, "+")[1], base64.StdEncoding.EncodeToString(append([]byte{1}, seed...)))
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return s, v, skey, vkey
}

func TestCheckpoint(t *testing.T) {
	s, v, _, _ := testKey(t, "asepsis/tn_1")
	c := Checkpoint{Origin: "asepsis/tn_1", Size: 70000, Root: LeafHash([]byte("x"))}
	msg, err := c.Sign(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := OpenCheckpoint(msg, v)
	if err != nil || got != c {
		t.Errorf("got %+v, %v; want %+v", got, err, c)
	}
	for i := range msg {
		bad := append([]byte(nil), msg...)
		bad[i] ^= 1
		if got, err := OpenCheckpoint(bad, v); err == nil {
			t.Errorf("byte %d was changed, and %+v was read", i, got)
		}
	}
	_, other, _, _ := testKey(t, "asepsis/tn_2")
	if _, err := OpenCheckpoint(msg, other); err == nil {
		t.Error("another log's key was taken")
	}
	if _, err := OpenCheckpoint(append(msg, strings.Repeat("x", maxCheckpoint)...), v); err == nil {
		t.Error("a checkpoint beyond the limit was read")
	}
	// A log may not sign for another origin with its own key.
	c.Origin = "asepsis/tn_2"
	if msg, err = c.Sign(s); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCheckpoint(msg, v); err == nil {
		t.Error("a checkpoint of another origin was taken")
	}
	// A witness adds a line; it is ignored by who does not know it.
	w, _, _, _ := testKey(t, "witness.example.org")
	c.Origin = "asepsis/tn_1"
	if msg, err = c.Sign(s, w); err != nil {
		t.Fatal(err)
	}
	if got, err := OpenCheckpoint(msg, v); err != nil || got != c {
		t.Errorf("got %+v, %v; want %+v", got, err, c)
	}
	for _, bad := range []Checkpoint{{Size: 1}, {Origin: "a\nb"}, {Origin: "a", Size: -1}} {
		if msg, err := bad.Sign(s); err == nil {
			t.Errorf("%+v was signed as %s", bad, msg)
		}
	}
}

func TestParseCheckpoint(t *testing.T) {
	good := "asepsis/tn_1\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
	c, err := ParseCheckpoint(good)
	if err != nil || c.Text() != good {
		t.Errorf("got %+v, %v", c, err)
	}
	if x, err := ParseCheckpoint(good + "an extension\n"); err != nil || x != c {
		t.Errorf("with an extension line: got %+v, %v", x, err)
	}
	for _, bad := range []string{
		"", "\n", "a\n1\n", "\n1\n" + c.Root.String() + "\n", good[:len(good)-1], good + "\n", good + "\nx\n",
		strings.Replace(good, "2085", "02085", 1), strings.Replace(good, "2085", "-2085", 1), strings.Replace(good, "2085", "+2085", 1), strings.Replace(good, "20852163", "99999999999999999999", 1),
		strings.Replace(good, "I=", "J=", 1), strings.Replace(good, "Cs", "", 1), strings.Replace(good, "jxq2I=", "jxq2I", 1),
	} {
		if got, err := ParseCheckpoint(bad); err == nil {
			t.Errorf("%q was read as %+v", bad, got)
		}
	}
}

func FuzzOpenCheckpoint(f *testing.F) {
	s, v, _, _ := testKey(f, "asepsis/tn_1")
	msg, err := Checkpoint{Origin: "asepsis/tn_1", Size: 3, Root: Hash{1}}.Sign(s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(msg)
	f.Add([]byte("asepsis/tn_1\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if c, err := OpenCheckpoint(in, v); err == nil && c.Size != 3 {
			t.Fatalf("a signature was forged: %q", in)
		}
		if c, err := ParseCheckpoint(string(in)); err == nil && !strings.HasPrefix(string(in), c.Text()) {
			t.Fatalf("%q was read as %q", in, c.Text())
		}
	})
}
