//go:build !unix

package feed

import (
	"os"

	"github.com/asepsis/asepsis/internal/errs"
)

// mapFile reads a file whole. A mapped file cannot be removed on Windows, which
// would keep old feeds from being tidied away.
func mapFile(path string) ([]byte, func() error, error) {
	b, err := readSmall(path, maxFile)
	if os.IsNotExist(err) {
		return nil, nil, errs.New(errs.NotFound, "open the feed file: %w", err)
	}
	if err != nil {
		return nil, nil, errs.New(errs.Invalid, "read the feed file: %w", err)
	}
	return b, func() error { return nil }, nil
}
