package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

var errInjected = errors.New("injected")

// failing returns the real system with its n-th step failing, and the steps
// taken so far. A step that fails has no effect, but for a write, of which half
// arrives, as on a full disk.
func failing(n int) (system, *[]string) {
	steps := &[]string{}
	step := func(name string) error {
		*steps = append(*steps, name)
		if len(*steps) == n {
			return errInjected
		}
		return nil
	}
	sys := real()
	inner := sys
	sys.create = func(name string, perm fs.FileMode) (file, error) {
		if err := step("create"); err != nil {
			return nil, err
		}
		f, err := inner.create(name, perm)
		return &failingFile{f, step}, err
	}
	sys.replace = func(from, to string) error {
		if err := step("replace"); err != nil {
			return err
		}
		return inner.replace(from, to)
	}
	sys.mkdir = func(name string, perm fs.FileMode) error {
		if err := step("mkdir"); err != nil {
			return err
		}
		return inner.mkdir(name, perm)
	}
	sys.syncDir = func(dir string) error {
		if err := step("sync folder"); err != nil {
			return err
		}
		return inner.syncDir(dir)
	}
	return sys, steps
}

type failingFile struct {
	file
	step func(string) error
}

func (f *failingFile) Write(b []byte) (int, error) {
	if err := f.step("write"); err != nil {
		n, _ := f.file.Write(b[:len(b)/2])
		return n, err
	}
	return f.file.Write(b)
}

func (f *failingFile) Sync() error {
	if err := f.step("sync"); err != nil {
		return err
	}
	return f.file.Sync()
}

func (f *failingFile) Close() error {
	if err := f.step("close"); err != nil {
		_ = f.file.Close()
		return err
	}
	return f.file.Close()
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	es, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range es {
		out = append(out, e.Name())
	}
	return out
}

// TestWriteFails fails each step in turn: the file is the old one or the new
// one, and nothing lies beside it.
func TestWriteFails(t *testing.T) {
	want := []string{"create", "write", "sync", "close", "replace", "sync folder"}
	for n := 1; n <= len(want)+1; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "a")
			if err := WriteFile(name, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			sys, steps := failing(n)
			err := sys.write(name, []byte("new one"), 0o600, sys.replace)
			if n > len(want) {
				if err != nil || !slices.Equal(*steps, want) {
					t.Fatalf("steps %q, error %v; want %q and none", *steps, err, want)
				}
				return
			}
			if !errors.Is(err, errInjected) {
				t.Fatalf("error %v, want the injected one", err)
			}
			content := "old"
			if want[n-1] == "sync folder" {
				content = "new one"
			}
			if got := read(t, name); got != content {
				t.Errorf("after failing %q the file holds %q, want %q", want[n-1], got, content)
			}
			if got := names(t, dir); len(got) != 1 {
				t.Errorf("after failing %q the folder holds %q", want[n-1], got)
			}
		})
	}
}

func TestWriteFileKeepsPermissions(t *testing.T) {
	name := filepath.Join(t.TempDir(), "key")
	if err := WriteFile(name, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Errorf("permissions %v, want 0600", st.Mode().Perm())
	}
}

func TestWriteFileNeedsItsFolder(t *testing.T) {
	err := WriteFile(filepath.Join(t.TempDir(), "no", "a"), nil, 0o600)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want fs.ErrNotExist", err)
	}
}

// TestCreateFileOnce starts many at once; one makes the file, and it holds what
// that one wrote.
func TestCreateFileOnce(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "key")
	errs := make([]error, 16)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = CreateFile(name, fmt.Appendf(nil, "%d", i), 0o600) })
	}
	wg.Wait()
	made := -1
	for i, err := range errs {
		switch {
		case err == nil && made >= 0:
			t.Fatalf("both %d and %d made the file", made, i)
		case err == nil:
			made = i
		case !errors.Is(err, fs.ErrExist):
			t.Errorf("error %v, want fs.ErrExist", err)
		}
	}
	if got := read(t, name); made < 0 || got != fmt.Sprint(made) {
		t.Errorf("%d made the file; it holds %q", made, got)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("the folder holds %q", got)
	}
}

func TestMkdirAllFails(t *testing.T) {
	for n := 1; n <= 5; n++ {
		dir := filepath.Join(t.TempDir(), "a", "b")
		sys, steps := failing(n)
		err := sys.mkdirAll(dir, 0o755)
		if n <= 4 && !errors.Is(err, errInjected) {
			t.Errorf("step %d: error %v", n, err)
		}
		if want := []string{"mkdir", "sync folder", "mkdir", "sync folder"}; n == 5 && (err != nil || !slices.Equal(*steps, want)) {
			t.Errorf("steps %q, error %v; want %q", *steps, err, want)
		}
		if err := MkdirAll(dir, 0o755); err != nil {
			t.Errorf("again after failing step %d: %v", n, err)
		}
	}
	name := filepath.Join(t.TempDir(), "file")
	if err := WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := MkdirAll(filepath.Join(name, "b"), 0o755); err == nil {
		t.Error("a folder was made inside a file")
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub")
	if err := MkdirAll(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	old, fresh := filepath.Join(sub, prefix+"A"+suffix), filepath.Join(dir, prefix+"B"+suffix)
	for _, name := range []string{old, fresh, filepath.Join(dir, "kept"), filepath.Join(sub, ".durable-kept")} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	for name, at := range map[string]time.Time{old: now.Add(-time.Hour), fresh: now} {
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	n, err := Sweep(dir, now.Add(-time.Minute))
	if err != nil || n != 1 {
		t.Fatalf("swept %d, %v; want 1", n, err)
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the old leftover is still there")
	}
	if got := names(t, dir); len(got) != 3 {
		t.Errorf("the folder holds %q", got)
	}
}

func TestRemove(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	if err := WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Remove(name); err != nil {
			t.Error(err)
		}
	}
}

func TestDir(t *testing.T) {
	d, err := OpenDir(filepath.Join(t.TempDir(), "x", "y"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"tile/0/000", "checkpoint", "tile/0/000.p/5"} {
		if err := d.Write(n, []byte(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(d.root, prefix+"A"+suffix), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := d.Read("tile/0/000.p/5")
	if err != nil || string(b) != "tile/0/000.p/5" {
		t.Errorf("read %q, %v", b, err)
	}
	got, err := d.List(".")
	if want := []string{"checkpoint", "tile/0/000", "tile/0/000.p/5"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("list %q, %v; want %q", got, err, want)
	}
	if got, err := d.List("none"); err != nil || len(got) != 0 {
		t.Errorf("list of a missing folder: %q, %v", got, err)
	}
	if _, err := d.Read("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read of a missing file: %v", err)
	}
	for _, n := range []string{"../a", "/a", "a/../../b", ""} {
		if err := d.Write(n, nil); err == nil {
			t.Errorf("wrote %q", n)
		}
	}
	if err := d.Remove("checkpoint"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Read("checkpoint"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read of a removed file: %v", err)
	}
}
