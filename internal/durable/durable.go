// Package durable writes files that are still there, and whole, after the
// power fails.
//
// A file is written beside its place, brought to the disk, moved into place,
// and the folder is brought to the disk too. A reader therefore sees the old
// file or the new one and never a part, and what a function reported as done
// is done for good. What a crash leaves beside the files, [Sweep] removes.
package durable

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A temporary file is named prefix, random text, suffix, and lies in the folder
// of the file it is going to be.
const (
	prefix = ".durable-"
	suffix = ".tmp"
)

// file is what a write needs of an open file.
type file interface {
	io.WriteCloser
	Sync() error
}

// system is what can fail. Tests put in one that does.
type system struct {
	create  func(name string, perm fs.FileMode) (file, error)
	replace func(from, to string) error // durable once syncDir returns
	place   func(from, to string) error // as replace, but fs.ErrExist if there is a file
	remove  func(name string) error
	mkdir   func(name string, perm fs.FileMode) error
	syncDir func(dir string) error
}

func real() system {
	return system{
		create: func(name string, perm fs.FileMode) (file, error) {
			return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		},
		replace: replace,
		place:   place,
		remove:  os.Remove,
		mkdir:   os.Mkdir,
		syncDir: syncDir,
	}
}

// WriteFile makes name a file with the data and permissions, replacing one
// that is there. The folder must exist. On error the old file is untouched,
// unless it was only the last step that failed: bringing the folder to the disk.
func WriteFile(name string, data []byte, perm fs.FileMode) error {
	sys := real()
	return sys.write(name, data, perm, sys.replace)
}

// CreateFile is WriteFile for a file that must not be there yet: else the error
// is fs.ErrExist, also where two programs try at once.
func CreateFile(name string, data []byte, perm fs.FileMode) error {
	sys := real()
	return sys.write(name, data, perm, sys.place)
}

func (sys system) write(name string, data []byte, perm fs.FileMode, move func(from, to string) error) (err error) {
	tmp := filepath.Join(filepath.Dir(name), prefix+rand.Text()+suffix)
	f, err := sys.create(tmp, perm)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = move(tmp, name)
	}
	if err != nil {
		// The file stays as it was. If even this fails, Sweep finds it.
		_ = sys.remove(tmp)
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := sys.syncDir(filepath.Dir(name)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// MkdirAll makes a folder and those above it that are missing, each durable
// before the next.
func MkdirAll(dir string, perm fs.FileMode) error { return real().mkdirAll(dir, perm) }

func (sys system) mkdirAll(dir string, perm fs.FileMode) error {
	dir = filepath.Clean(dir)
	if st, err := os.Stat(dir); err == nil {
		if st.IsDir() {
			return nil
		}
		return fmt.Errorf("make folder %s: a file is in the way", dir)
	}
	up := filepath.Dir(dir)
	if up != dir {
		if err := sys.mkdirAll(up, perm); err != nil {
			return err
		}
	}
	if err := sys.mkdir(dir, perm); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make folder %s: %w", dir, err)
	}
	if err := sys.syncDir(up); err != nil {
		return fmt.Errorf("make folder %s: %w", dir, err)
	}
	return nil
}

// Remove removes a file or an empty folder, for good. It is no error if there
// is none.
func Remove(name string) error { return real().removeFile(name) }

func (sys system) removeFile(name string) error {
	err := sys.remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = sys.syncDir(filepath.Dir(name))
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}

// Sweep removes what writes that a crash cut short have left in a folder and
// below it, and returns how many files that were. Files changed at or after
// the time given are left alone: another program may be writing them.
func Sweep(dir string, before time.Time) (int, error) {
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || !Leftover(d.Name()) {
			return nil
		}
		st, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was moved into place as we looked
		}
		if err != nil {
			return err
		}
		if !st.ModTime().Before(before) {
			return nil
		}
		n++
		return Remove(path)
	})
	if err != nil {
		return n, fmt.Errorf("remove leftovers in %s: %w", dir, err)
	}
	return n, nil
}

// Leftover reports whether a file of the base name is one that a write has not
// moved into place.
func Leftover(name string) bool {
	return strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix)
}
