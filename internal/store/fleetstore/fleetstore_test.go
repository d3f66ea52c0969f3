package fleetstore

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln/fleet"
)

func open(t testing.TB, dir string) *Dir {
	t.Helper()
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func records(t testing.TB, d *Dir) []string {
	t.Helper()
	var out []string
	if err := d.Records(func(r []byte) error {
		out = append(out, string(r))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLogCut cuts the log at every byte: what was written whole before the cut
// is there, nothing else, and the log goes on from there.
func TestLogCut(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	want := []string{"one", "", "three is longer"}
	for _, r := range want {
		if err := d.Append([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(filepath.Join(dir, logName))
	if err != nil {
		t.Fatal(err)
	}
	ends := []int{headLen + 3, 2*headLen + 3, len(whole)}
	for cut := range len(whole) + 1 {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, logName), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		n := 0
		for n < len(ends) && ends[n] <= cut {
			n++
		}
		d := open(t, dir)
		if got := records(t, d); !slices.Equal(got, want[:n]) {
			t.Fatalf("cut at %d: %q, want %q", cut, got, want[:n])
		}
		if err := d.Append([]byte("next")); err != nil {
			t.Fatal(err)
		}
		if got := records(t, open(t, dir)); !slices.Equal(got, append(slices.Clone(want[:n]), "next")) {
			t.Fatalf("cut at %d and written on: %q", cut, got)
		}
	}
	for flip := range whole {
		dir := t.TempDir()
		b := slices.Clone(whole)
		b[flip] ^= 0x40
		if err := os.WriteFile(filepath.Join(dir, logName), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := records(t, open(t, dir)); len(got) >= len(want) {
			t.Fatalf("byte %d changed, and all is read", flip)
		}
	}
}

func TestBlobs(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "a", "b"))
	if _, err := d.Read("none"); !errs.Is(err, errs.NotFound) {
		t.Errorf("error %v", err)
	}
	for _, name := range []string{"one", "two"} {
		if err := d.Write(name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Write("one", []byte("again")); err != nil {
		t.Fatal(err)
	}
	if b, err := d.Read("one"); err != nil || string(b) != "again" {
		t.Errorf("read %q, %v", b, err)
	}
	if err := d.Remove("two"); err != nil {
		t.Error(err)
	}
	if err := d.Remove("two"); err != nil {
		t.Errorf("removing what is not there: %v", err)
	}
	if names, err := d.Names(); err != nil || !slices.Equal(names, []string{"one"}) {
		t.Errorf("names %q, %v", names, err)
	}
	for _, name := range []string{"", "..", "a/b", `a\b`} {
		if d.Write(name, nil) == nil {
			t.Errorf("name %q is taken", name)
		}
	}
}

// TestIndex keeps an index on the disk, through changes, checkpoints and starts.
func TestIndex(t *testing.T) {
	dir := t.TempDir()
	x, err := fleet.Open(open(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		id, err := x.Component(&fact.Component{Ecosystem: "npm", Name: fmt.Sprintf("p%d", i), Version: "1"})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Put("hospital", fleet.Asset{Name: fmt.Sprintf("a%d", i%10), Components: []fleet.ID{id, 0}}); err != nil {
			t.Fatal(err)
		}
		if i%20 == 19 {
			if err := x.Checkpoint(); err != nil {
				t.Fatal(err)
			}
		}
	}
	y, err := fleet.Open(open(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(y.Holders(nil, 0)); n != 10 || y.Components() != 50 || len(y.Holders(nil, 49)) != 1 || len(y.Holders(nil, 20)) != 0 {
		t.Errorf("holders of 0: %d, of 49: %d, of 20: %d; components %d", n, len(y.Holders(nil, 49)), len(y.Holders(nil, 20)), y.Components())
	}
	if d, err := y.Verify(nil, nil); err != nil || len(d) > 0 {
		t.Errorf("differences %v, %v", d, err)
	}
}
