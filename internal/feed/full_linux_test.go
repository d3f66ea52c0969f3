package feed

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"
)

// TestDiskFull updates on a file system without room, by download and from a folder. The
// old feed stays in force, and once there is room the update works.
func TestDiskFull(t *testing.T) {
	key, verifier := testKey(t)
	keys := []note.Verifier{verifier}
	sources := write(t, map[string][]byte{"a": []byte(records(20_000, "PyPI", "PYSEC", "GHSA"))})
	old := build(t, write(t, map[string][]byte{"a": []byte(osvLamp)}), key, testNow())
	next := build(t, sources, key, testNow().AddDate(0, 0, 1))
	folder := publish(t, next)
	s := serveTLS(t, folder)
	for name, from := range map[string]string{"download": s.URL + "/", "folder": folder} {
		t.Run(name, func(t *testing.T) {
			mount := t.TempDir()
			if err := unix.Mount("tmpfs", mount, "tmpfs", 0, "size=400k"); err != nil {
				t.Skipf("a small file system cannot be mounted here: %v", err)
			}
			defer func() { _ = unix.Unmount(mount, unix.MNT_DETACH) }()
			dir := filepath.Join(mount, "feed")
			if err := Publish(dir, old, 3); err != nil {
				t.Fatal(err)
			}
			o := UpdateOptions{Trusted: keys, Now: testNow().AddDate(0, 0, 2), Client: s.Client()}
			for range 2 {
				_, err := Update(t.Context(), dir, from, o)
				if err == nil || !strings.Contains(err.Error(), "stays in force") || !strings.Contains(err.Error(), "no space") {
					t.Fatalf("without room: %v", err)
				}
				inForce(t, dir, old, keys)
			}
			if err := unix.Mount("tmpfs", mount, "tmpfs", unix.MS_REMOUNT, "size=64m"); err != nil {
				t.Fatal(err)
			}
			if _, err := Update(t.Context(), dir, from, o); err != nil {
				t.Fatalf("with room again: %v", err)
			}
			inForce(t, dir, next, keys)
			if left, err := os.ReadDir(dir); err != nil || len(left) > 4 {
				t.Errorf("left over: %v, %v", left, err)
			}
		})
	}
}
