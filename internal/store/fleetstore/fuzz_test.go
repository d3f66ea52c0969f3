package fleetstore

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/vuln/fleet"
)

// FuzzLog opens a log of any bytes: it is cut where it stops being whole, what is
// written then follows what was whole, and the index takes it or says that it is
// damaged.
func FuzzLog(f *testing.F) {
	dir := f.TempDir()
	d := open(f, dir)
	for _, r := range []string{"one", "", strings.Repeat("three", 100)} {
		if err := d.Append([]byte(r)); err != nil {
			f.Fatal(err)
		}
	}
	whole, err := os.ReadFile(filepath.Join(dir, logName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add([]byte("\xff\xff\xff\x3f\x00\x00\x00\x00 a length that lies"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		name := filepath.Join(dir, logName)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		kept, err := os.ReadFile(name)
		if err != nil || !bytes.HasPrefix(b, kept) {
			t.Fatalf("%d bytes were kept of %d, %v; want the first of them", len(kept), len(b), err)
		}
		want := append(records(t, d), "next")
		if err := d.Append([]byte("next")); err != nil {
			t.Fatal(err)
		}
		if got := records(t, d); strings.Join(got, "\x00") != strings.Join(want, "\x00") {
			t.Fatalf("got %q, want %q", got, want)
		}
		if _, err := fleet.Open(d); err != nil && err.Error() == "" {
			t.Error("an error without a text")
		}
	})
}
