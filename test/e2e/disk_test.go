//go:build linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFullDisk fills the disk under the data folder. An import that says it
// failed has changed nothing and says why; one that says it is done is in as a
// whole, even where it filled the disk to the last page. With room again
// everything goes on.
func TestFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk to fill")
	}
	needsTime(t)
	mount := t.TempDir()
	if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=16m,mode=0700"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(mount, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	f := folder{t, filepath.Join(mount, "data")}
	f.must("import", write(t, "small.csv", roster("Small", 10)))
	batches, people := 1, 10

	// enough tries an import with so many pages free and says whether it got in.
	ballast := filepath.Join(mount, "ballast")
	files := 0
	const most, page = 1200, 4096
	enough := func(pages int64) bool {
		t.Helper()
		large := write(t, "large.csv", roster(letters(files), most))
		files++
		fill(t, mount, ballast, pages*page)
		a := f.run("import", large)
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		switch {
		case a.code == 0:
			batches, people = batches+1, people+most
		case a.code != 1 || !strings.Contains(a.stderr, "the disk is full") || !strings.Contains(a.stderr, "free some space and try again"):
			t.Errorf("with %d pages free the import exited %d\n%s%s", pages, a.code, a.stdout, a.stderr)
		}
		if b, p := count(t, f); b != batches || p != people {
			t.Fatalf("with %d pages free and exit %d: %d files with %d people are in, want %d with %d\n%s", pages, a.code, b, p, batches, people, a.stderr)
		}
		f.holds()
		return a.code == 0
	}
	// The point at which it just fits is found by halving, then walked up to page
	// by page: there it runs out of room in the last steps.
	if enough(0) || enough(2) {
		t.Error("an import succeeded on a disk that was full")
	}
	low, high := int64(2), int64(1024)
	if !enough(high) {
		t.Fatalf("%d pages are not enough for an import", high)
	}
	for high-low > 4 {
		if mid := (low + high) / 2; enough(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	for pages := low - 2; pages <= high+4; pages++ {
		enough(pages)
	}
	t.Logf("an import needs about %d pages; %d were tried", high, files)
}

// fill takes all room but so much of a disk.
func fill(t *testing.T, mount, name string, free int64) {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(mount, &st); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, make([]byte, int64(st.Bavail)*st.Bsize-free), 0o600); err != nil {
		t.Fatal(err)
	}
}
