package feed

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/errs"
)

// maxFiles bounds the files of a build. A checkout of the largest public source
// has some 300,000.
const maxFiles = 2_000_000

// file is a file to be read.
type file struct {
	path string // to open
	name string // for people: relative to the folder that was given
	dir  string // the folder it lies in, for people
	size int64
}

// list returns the files below the paths given, the largest first: readers
// then end at about the same time. Hidden files and folders, such as those of
// Git, are left out.
func list(paths []string) ([]file, error) {
	if len(paths) == 0 {
		return nil, errs.Hint(errs.New(errs.Invalid, "no source is named"), "name a folder or a file to read")
	}
	var files []file
	for _, root := range paths {
		base := filepath.Dir(filepath.Clean(root))
		// A link to a folder is meant as the folder; links within are not followed,
		// for they may lead in circles.
		if real, err := filepath.EvalSymlinks(root); err == nil && real != filepath.Clean(root) {
			root, base = real, filepath.Dir(real)
		}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := d.Name()
			if path != root && strings.HasPrefix(name, ".") || durable.Leftover(name) {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			st, err := os.Stat(path) // a link to a file counts as the file
			if err != nil || !st.Mode().IsRegular() {
				return err
			}
			rel, err := filepath.Rel(base, path)
			if err != nil {
				return err
			}
			rel = filepath.ToSlash(rel)
			dir, _ := splitPath(rel)
			files = append(files, file{path: path, name: rel, dir: dir, size: st.Size()})
			if len(files) > maxFiles {
				return errs.New(errs.Limited, "there are more than %d files", maxFiles)
			}
			return nil
		})
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, errs.Hint(errs.New(errs.NotFound, "there is no %s", root), "name a folder or a file that exists")
		case err != nil:
			return nil, errs.New(errs.KindOf(err), "list sources: %w", err)
		}
	}
	slices.SortFunc(files, func(a, b file) int {
		if a.size != b.size {
			if a.size > b.size {
				return -1
			}
			return 1
		}
		return strings.Compare(a.path, b.path)
	})
	files = slices.CompactFunc(files, func(a, b file) bool { return a.path == b.path })
	if len(files) == 0 {
		return nil, errs.Hint(errs.New(errs.NotFound, "there are no files in %s", strings.Join(paths, ", ")), "fetch the sources first")
	}
	return files, nil
}

func splitPath(name string) (dir, base string) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return "", name
	}
	return name[:i], name[i+1:]
}
