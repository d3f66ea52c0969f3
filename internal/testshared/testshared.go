// Package testshared finds the shared corpus that lies beside the repository on
// the machines where Asepsis is developed. Tests that want it skip elsewhere.
package testshared

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Path returns the path of a file or folder of the corpus, or skips the test.
// The environment variable ASEPSIS_SHARED names another place to look.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	for _, root := range roots(t) {
		p := filepath.Join(append([]string{root}, elem...)...)
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	t.Skipf("the shared corpus has no %s here; set ASEPSIS_SHARED to where it lies", filepath.Join(elem...))
	return ""
}

// Read returns a file of the corpus, decompressed where its name ends in .zst,
// or skips the test.
func Read(t testing.TB, elem ...string) []byte {
	t.Helper()
	p := Path(t, elem...)
	b, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(p) != ".zst" {
		return b
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if b, err = d.DecodeAll(b, nil); err != nil {
		t.Fatal(err)
	}
	return b
}

func roots(t testing.TB) []string {
	if dir := os.Getenv("ASEPSIS_SHARED"); dir != "" {
		return []string{dir}
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var rs []string
	for {
		rs = append(rs, filepath.Join(dir, "shared"))
		up := filepath.Dir(dir)
		if up == dir {
			return rs
		}
		dir = up
	}
}
