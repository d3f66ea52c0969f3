package evidence

import (
	"github.com/asepsis/asepsis/ledger"
)

// The files of a published log beside its tiles.
const (
	checkpointFile = "checkpoint" // the signed head
	publicFile     = "ledger.pub" // the key that verifies it
)

// Files is the folder a log is published in. Names are relative, with slashes.
// durable.Dir is the one to use.
type Files interface {
	// Read returns a file whole; the error wraps fs.ErrNotExist if there is none.
	Read(name string) ([]byte, error)
	// Write makes a file, and the folders it lies in, or replaces it whole. When
	// it returns nil, the file survives a power loss; when it does not, the old
	// file or the new one is there.
	Write(name string, data []byte) error
	// Remove removes a file or an empty folder, if there is one.
	Remove(name string) error
	// List returns the names of all files in a folder and below it, in order.
	List(folder string) ([]string, error)
}

// tiles reads tiles for package ledger.
func tiles(f Files) func(t ledger.Tile) ([]byte, error) {
	return func(t ledger.Tile) ([]byte, error) { return f.Read(t.Path()) }
}
