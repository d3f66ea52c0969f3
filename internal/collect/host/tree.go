package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile bounds what is read of one file unless the caller says otherwise.
// Configuration files and package databases of real machines stay well below.
const maxFile = 64 << 20

// Tree reads files below a root, as if the root were "/": an absolute symbolic
// link in a captured tree leads back into the tree, never to the machine that
// reads it. Names are slash-separated and absolute.
type Tree struct{ root string }

// NewTree returns the tree below root; "" and "/" are the machine itself.
func NewTree(root string) Tree {
	if root == "" {
		root = "/"
	}
	return Tree{root: filepath.Clean(root)}
}

// Live reports whether the tree is the machine that runs us.
func (t Tree) Live() bool { return t.root == "/" }

var errLoop = errors.New("too many symbolic links")

// resolve turns a name of the tree into a path of the machine, with symbolic
// links followed inside the tree. The last element need not exist.
func (t Tree) resolve(name string) (string, error) {
	name = path.Clean("/" + name)
	if t.Live() {
		return name, nil
	}
	done, rest := "/", strings.Split(strings.TrimPrefix(name, "/"), "/")
	for links := 0; len(rest) > 0; {
		next := path.Join(done, rest[0])
		rest = rest[1:]
		full := filepath.Join(t.root, filepath.FromSlash(next))
		fi, err := os.Lstat(full)
		if err != nil || fi.Mode()&fs.ModeSymlink == 0 {
			done = next
			continue
		}
		if links++; links > 40 {
			return "", &fs.PathError{Op: "open", Path: name, Err: errLoop}
		}
		to, err := os.Readlink(full)
		if err != nil {
			return "", err
		}
		if !path.IsAbs(to) {
			to = path.Join(done, to)
		}
		rest = append(strings.Split(strings.TrimPrefix(path.Clean(to), "/"), "/"), rest...)
		done = "/"
	}
	return filepath.Join(t.root, filepath.FromSlash(done)), nil
}

// Open opens a regular file. Devices, pipes and folders are refused, so that
// a pipe somebody left in a configuration folder cannot hold us up.
func (t Tree) Open(name string) (*os.File, error) {
	p, err := t.resolve(name)
	if err != nil {
		return nil, err
	}
	fi, err := os.Stat(p)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	return os.Open(p)
}

// Read reads a file of at most maxFile bytes.
func (t Tree) Read(name string) ([]byte, error) { return t.ReadMax(name, maxFile) }

// ReadMax reads a file that may have at most limit bytes.
func (t Tree) ReadMax(name string, limit int64) ([]byte, error) {
	f, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", name, limit)
	}
	return b, nil
}

// Line returns a one-line file without surrounding space, or "".
func (t Tree) Line(name string) string {
	b, err := t.ReadMax(name, 64<<10)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// Stat describes what a name leads to.
func (t Tree) Stat(name string) (fs.FileInfo, error) {
	p, err := t.resolve(name)
	if err != nil {
		return nil, err
	}
	return os.Stat(p)
}

// lstat describes a name without following it, if it is a link.
func (t Tree) lstat(name string) (fs.FileInfo, error) {
	dir, err := t.resolve(path.Dir(name))
	if err != nil {
		return nil, err
	}
	return os.Lstat(filepath.Join(dir, path.Base(name)))
}

// Exists reports whether a name leads to something.
func (t Tree) Exists(name string) bool {
	_, err := t.Stat(name)
	return err == nil
}

// Dir lists the names in a folder, sorted.
func (t Tree) Dir(name string) ([]string, error) {
	p, err := t.resolve(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// Glob returns the names that match a pattern, sorted. Only elements of a
// pattern that hold a wildcard are listed, so each folder is read once.
func (t Tree) Glob(pattern string) []string {
	found := []string{"/"}
	for elem := range strings.SplitSeq(strings.Trim(path.Clean("/"+pattern), "/"), "/") {
		var next []string
		for _, dir := range found {
			if !strings.ContainsAny(elem, "*?[") {
				if p := path.Join(dir, elem); t.Exists(p) {
					next = append(next, p)
				}
				continue
			}
			names, _ := t.Dir(dir)
			for _, n := range names {
				if ok, _ := path.Match(elem, n); ok {
					next = append(next, path.Join(dir, n))
				}
			}
		}
		found = next
	}
	return found
}

// Link returns where a symbolic link of the tree points, as written.
func (t Tree) Link(name string) (string, error) {
	dir, err := t.resolve(path.Dir(name))
	if err != nil {
		return "", err
	}
	return os.Readlink(filepath.Join(dir, path.Base(name)))
}
