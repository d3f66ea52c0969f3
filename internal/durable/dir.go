package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Dir is a folder whose files are written durably. Names are relative, with
// slashes, and cannot lead out of it. Its methods may be called at once.
type Dir struct{ root string }

// OpenDir returns the folder, making it if it is missing.
func OpenDir(path string) (Dir, error) {
	if err := MkdirAll(path, 0o755); err != nil {
		return Dir{}, err
	}
	return Dir{path}, nil
}

func (d Dir) path(name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", fmt.Errorf("file %q: the name leads out of its folder", name)
	}
	return filepath.Join(d.root, filepath.FromSlash(name)), nil
}

// Write makes a file and the folders it lies in. See [WriteFile].
func (d Dir) Write(name string, data []byte) error {
	p, err := d.path(name)
	if err != nil {
		return err
	}
	if err := MkdirAll(filepath.Dir(p), 0o755); err != nil {
		return err
	}
	return WriteFile(p, data, 0o644)
}

// Read returns a file whole; the error wraps fs.ErrNotExist if there is none.
func (d Dir) Read(name string) ([]byte, error) {
	p, err := d.path(name)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(p)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return b, nil
}

// Remove removes a file or an empty folder, if there is one. After a power loss
// it may be there again: nothing is removed here that must be gone, and syncing
// would double the cost.
func (d Dir) Remove(name string) error {
	p, err := d.path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove: %w", err)
	}
	return nil
}

// List returns the names of all files in a folder and below it, in order; none
// if there is no such folder. Leftovers of cut-short writes are not among them.
func (d Dir) List(folder string) ([]string, error) {
	p, err := d.path(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	err = filepath.WalkDir(p, func(path string, e fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if e.IsDir() || Leftover(e.Name()) {
			return nil
		}
		rel, err := filepath.Rel(d.root, path)
		if err != nil {
			return err
		}
		names = append(names, filepath.ToSlash(rel))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", folder, err)
	}
	return names, nil
}
