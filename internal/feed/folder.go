package feed

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/errs"
)

// In a feed folder, files lie under the name that carries their SHA-256, and one
// small file names the one in force. Files are never changed; a reader that has one
// open keeps it, whatever happens to the folder.
const (
	currentFile   = "current"
	downloadsName = "downloads"
)

// Current returns the path of the feed in force in a folder. The error is of kind
// errs.NotFound where there is none.
func Current(dir string) (string, error) {
	b, err := readSmall(filepath.Join(dir, currentFile), 1024)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errs.Hint(errs.New(errs.NotFound, "there is no feed yet"), "build one or fetch one; until then software is not assessed")
	}
	if err != nil {
		return "", errs.New(errs.Internal, "read which feed is in force: %w", err)
	}
	name := strings.TrimSpace(string(b))
	if idFromName(name) == "" {
		return "", errs.Hint(errs.New(errs.Invalid, "the file that says which feed is in force is damaged"), "fetch or build the feed again")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		return "", errs.Hint(errs.New(errs.NotFound, "the feed in force is missing: %s", name), "fetch or build it again")
	}
	return path, nil
}

// OpenCurrent opens the feed in force.
func OpenCurrent(dir string) (*Feed, error) {
	path, err := Current(dir)
	if err != nil {
		return nil, err
	}
	return Open(path)
}

// Kept is a feed file of a folder.
type Kept struct {
	ID      string
	Path    string
	Built   time.Time
	Size    int64
	Current bool
	Damaged string // why it cannot be opened; ""
}

// List returns the feeds a folder keeps, the newest first.
func List(dir string) ([]Kept, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, errs.New(errs.Internal, "list feeds: %w", err)
	}
	current, _ := Current(dir) // none is an answer too
	var kept []Kept
	for _, e := range entries {
		id := idFromName(e.Name())
		if id == "" {
			continue
		}
		k := Kept{ID: id, Path: filepath.Join(dir, e.Name())}
		k.Current = k.Path == current
		if st, err := e.Info(); err == nil {
			k.Size = st.Size()
		}
		f, err := Open(k.Path)
		if err != nil {
			k.Damaged = err.Error()
		} else {
			k.Built = f.Manifest.Built
			_ = f.Close() // it was only read
		}
		kept = append(kept, k)
	}
	slices.SortFunc(kept, func(a, b Kept) int {
		if c := b.Built.Compare(a.Built); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return kept, nil
}

// Publish writes a built feed into a folder, puts it in force there, and removes all
// but the last keep of the others. The folder may be served by any web server, or
// copied: [Update] takes it.
func Publish(dir string, b *Built, keep int) error {
	if err := durable.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	err := durable.CreateFile(filepath.Join(dir, b.Name), b.Data, 0o644)
	if err != nil && !errors.Is(err, fs.ErrExist) { // of the same name is of the same content
		return err
	}
	return enforce(dir, b.Name, keep)
}

// Use puts a feed that the folder keeps in force again. What it is, is not
// checked: [Verify] does.
func Use(dir, id string) error {
	name := namePrefix + id + nameSuffix
	if idFromName(name) == "" {
		return errs.Hint(errs.New(errs.Invalid, "%.80q is not the name of a feed", id), "list the feeds that are kept")
	}
	if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
		return errs.Hint(errs.New(errs.NotFound, "no feed %.12s… is kept", id), "list the feeds that are kept")
	}
	return enforce(dir, name, -1)
}

// enforce swaps the pointer and tidies. A negative keep leaves all.
func enforce(dir, name string, keep int) error {
	if err := durable.WriteFile(filepath.Join(dir, currentFile), []byte(name+"\n"), 0o644); err != nil {
		return err
	}
	if keep < 0 {
		return nil
	}
	kept, err := List(dir)
	if err != nil {
		return err
	}
	others := 0
	for _, k := range kept {
		if filepath.Base(k.Path) == name {
			continue
		}
		if others++; others > keep {
			// A file that is open elsewhere on Windows stays until the next time.
			_ = os.Remove(k.Path)
		}
	}
	return nil
}
