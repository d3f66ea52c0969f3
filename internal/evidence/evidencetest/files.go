package evidencetest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Files is a folder in memory. It implements evidence.Files. Like a real one
// under a power loss, it holds a file whole or not at all.
type Files struct {
	Faults *Faults // may be nil

	mu    sync.Mutex
	files map[string][]byte // guarded by mu
}

// NewFiles returns an empty folder whose writes fail as faults say.
func NewFiles(f *Faults) *Files { return &Files{Faults: f, files: map[string][]byte{}} }

// Read implements evidence.Files.
func (f *Files) Read(name string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, ok := f.files[name]
	if !ok {
		return nil, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
	}
	return bytes.Clone(b), nil
}

// Write implements evidence.Files.
func (f *Files) Write(name string, data []byte) error {
	if !fs.ValidPath(name) {
		return fmt.Errorf("write %q: not a name", name)
	}
	return f.Faults.step("write "+name, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.files[name] = bytes.Clone(data)
		return nil
	})
}

// Remove implements evidence.Files.
func (f *Files) Remove(name string) error {
	return f.Faults.step("remove "+name, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		for n := range f.files {
			if strings.HasPrefix(n, name+"/") {
				return errors.New("remove " + name + ": the folder is not empty")
			}
		}
		delete(f.files, name)
		return nil
	})
}

// List implements evidence.Files.
func (f *Files) List(folder string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for _, n := range slices.Sorted(maps.Keys(f.files)) {
		if folder == "." || strings.HasPrefix(n, folder+"/") {
			names = append(names, n)
		}
	}
	return names, nil
}

// Change changes a file as somebody might who has the disk; nil removes it.
func (f *Files) Change(name string, change func([]byte) []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b := change(bytes.Clone(f.files[name])); b != nil {
		f.files[name] = b
	} else {
		delete(f.files, name)
	}
}
