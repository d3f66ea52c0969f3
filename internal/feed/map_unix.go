//go:build unix

package feed

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/asepsis/asepsis/internal/errs"
)

// mapFile maps a file into memory for reading. The mapping holds the file's content
// also after the name was removed or given to another file.
func mapFile(path string) ([]byte, func() error, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, errs.New(errs.NotFound, "open the feed file: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, nil, errs.New(errs.Internal, "open the feed file: %w", err)
	}
	if st.Size() == 0 || st.Size() > maxFile || !st.Mode().IsRegular() {
		return nil, nil, errs.Hint(errs.New(errs.Invalid, "%s is not a feed file", path), "give the file that a feed build wrote")
	}
	b, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, errs.New(errs.Internal, "map the feed file into memory: %w", err)
	}
	return b, func() error { return unix.Munmap(b) }, nil
}
