package feed

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/internal/vuln"
)

// TestEveryByte changes each byte of a small feed in turn, and cuts it at each
// length: none is taken.
func TestEveryByte(t *testing.T) {
	key, verifier := testKey(t)
	b := build(t, write(t, map[string][]byte{"a": []byte(osvLamp)}), key, testNow())
	keys := []note.Verifier{verifier}
	v, err := verify(b.Data, keys)
	if err != nil {
		t.Fatal(err)
	}
	if v.ID != idFromName(b.Name) || v.Key != "feed.example.org" || !v.Built.Equal(testNow()) || v.Manifest.Records != 1 {
		t.Errorf("verified %+v", v)
	}
	data := bytes.Clone(b.Data)
	for i := range data {
		data[i] ^= 1 << (i % 8)
		if _, err := verify(data, keys); err == nil || errs.HintOf(err) == "" {
			t.Fatalf("with byte %d of %d changed: %v", i, len(data), err)
		}
		data[i] = b.Data[i]
	}
	for n := 0; n < len(data); n += 7 {
		if _, err := verify(data[:n], keys); err == nil {
			t.Fatalf("the first %d of %d bytes are taken", n, len(data))
		}
	}
}

// TestSectionIsNamed tells in which section a changed byte lies.
func TestSectionIsNamed(t *testing.T) {
	key, verifier := testKey(t)
	b := build(t, write(t, sources(t)), key, testNow())
	container, _, err := unseal(b.Data)
	if err != nil {
		t.Fatal(err)
	}
	file, err := vuln.OpenFile(container)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range file.Sections() {
		if s.Length == 0 {
			continue
		}
		data := bytes.Clone(b.Data)
		data[s.Offset+s.Length/2] ^= 4
		_, err := verify(data, []note.Verifier{verifier})
		if err == nil || !strings.Contains(err.Error(), "section "+s.Name+" ") {
			t.Errorf("with a byte of %s changed: %v", s.Name, err)
		}
	}
}

func TestKeysThatAreNotTrusted(t *testing.T) {
	key, verifier := testKey(t)
	_, other := testKey(t)
	dir := write(t, map[string][]byte{"a": []byte(osvLamp)})
	signed, unsigned := build(t, dir, key, testNow()), build(t, dir, nil, testNow())
	for name, c := range map[string]struct {
		data []byte
		keys []note.Verifier
		want string
	}{
		"not signed":  {unsigned.Data, []note.Verifier{verifier}, "not signed"},
		"no keys":     {signed.Data, nil, "no key is trusted"},
		"another key": {signed.Data, []note.Verifier{other}, "not one of a trusted key"},
		"not a feed":  {[]byte("hello"), []note.Verifier{verifier}, "not a whole feed file"},
	} {
		if _, err := verify(c.data, c.keys); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	path := filepath.Join(t.TempDir(), "feed")
	if err := os.WriteFile(path, signed.Data, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(path, []note.Verifier{other, verifier}); err != nil {
		t.Errorf("with the key among others: %v", err)
	}
	wrong := filepath.Join(t.TempDir(), unsigned.Name)
	if err := os.WriteFile(wrong, signed.Data, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(wrong, []note.Verifier{verifier}); err == nil || !strings.Contains(err.Error(), "another SHA-256") {
		t.Errorf("under another's name: %v", err)
	}
}

func TestKeys(t *testing.T) {
	signer, public, err := NewKey("feed.example.org")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := NewKey("two words"); err == nil {
		t.Error("a name with a blank is taken")
	}
	s, err := ParseSigner(secret.New(signer.Reveal() + "\n"))
	if err != nil || s.Name() != "feed.example.org" {
		t.Fatalf("%v, %v", s, err)
	}
	keys, err := ParseKeys("# ours\n\n" + public + " # added by Ann, by phone\n")
	if err != nil || len(keys) != 1 || keys[0].KeyHash() != s.KeyHash() {
		t.Fatalf("%v, %v", keys, err)
	}
	if _, err := ParseKeys("\nnothing\n"); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v, want the line named", err)
	}
	if _, err := ParseSigner(secret.New("x")); err == nil || strings.Contains(err.Error(), "x:") {
		t.Errorf("got %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	b := build(f, write(f, map[string][]byte{"a": []byte(osvLamp)}), nil, testNow())
	_, verifier := testKey(f)
	f.Add(b.Data)
	f.Add([]byte("\x00\x00\x00\x00NOTE"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := verify(data, []note.Verifier{verifier}); err == nil {
			t.Error("bytes that nobody signed are taken")
		}
		if feed, err := open(data); err == nil {
			if _, err := feed.Status(testNow(), DefaultCadence()); err != nil && errs.Is(err, errs.Internal) {
				t.Error(err)
			}
		}
	})
}
