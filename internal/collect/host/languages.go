package host

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/host/lang"
	"github.com/asepsis/asepsis/internal/fact"
)

// languageRoots are where programs that do not come from the distribution
// usually lie. What the distribution's packages hold is known by the packages.
var languageRoots = []string{"/usr/local", "/opt", "/srv", "/app", "/var/www", "/usr/lib/node_modules", "/usr/share/java", "/var/lib/tomcat*/webapps", "/usr/bin", "/usr/sbin"}

// Limits of the walk.
const (
	maxWalkDepth   = 12
	maxWalkEntries = 150_000
	maxWalkFound   = 50_000
	maxMetadata    = 1 << 20
	maxArchive     = 512 << 20
)

// walk is one bounded search for packages of programming languages.
type walk struct {
	m       *machine
	far     far
	end     func() bool
	entries int
	found   map[lang.Component]bool
	cut     string
}

// languages looks for what was installed past the distribution's packager.
func languages(ctx context.Context, m *machine, s *section) {
	ctx, cancel := context.WithTimeout(ctx, m.opts.WalkTimeout)
	defer cancel()
	w := &walk{m: m, far: farMounts(m.tree), found: map[lang.Component]bool{}, end: func() bool { return ctx.Err() != nil }}
	for _, pattern := range languageRoots {
		if w.far.holds(pattern) {
			continue
		}
		for _, root := range m.tree.Glob(pattern) {
			if w.far.holds(root) {
				continue
			}
			if fi, err := m.tree.Stat(root); err == nil && fi.IsDir() {
				w.dir(root, 0)
			}
		}
	}
	if w.cut != "" {
		s.note("packages of programming languages", w.cut)
	}
	for c := range w.found {
		s.components = append(s.components, fact.Component{
			Asset: ref, Ecosystem: c.Ecosystem, Name: c.Name, Version: c.Version, PURL: languagePURL(c),
		})
	}
}

func languagePURL(c lang.Component) string {
	name, ns := c.Name, ""
	switch c.Ecosystem {
	case "npm", "golang":
		if i := strings.LastIndexByte(name, '/'); i > 0 {
			ns, name = name[:i], name[i+1:]
		}
	case "maven":
		if g, a, ok := strings.Cut(name, ":"); ok {
			ns, name = g, a
		}
	}
	return purl(c.Ecosystem, ns, name, c.Version, "", "")
}

// dir walks a folder. Symbolic links are not followed: what they lead to is
// found where it lies, and a loop costs nothing.
func (w *walk) dir(dir string, depth int) {
	if w.cut != "" {
		return
	}
	switch {
	case w.end():
		w.cut = "the search took longer than its time and was cut; some were not seen"
		return
	case depth > maxWalkDepth:
		return
	}
	names, err := w.m.tree.Dir(dir)
	if err != nil {
		return
	}
	for _, n := range names {
		if w.entries++; w.entries > maxWalkEntries || len(w.found) > maxWalkFound {
			w.cut = fmt.Sprintf("the search was cut after %d files; some were not seen", maxWalkEntries)
			return
		}
		w.entry(path.Join(dir, n), n, depth)
	}
}

func (w *walk) entry(p, name string, depth int) {
	if w.far[p] {
		return
	}
	fi, err := w.m.tree.lstat(p)
	if err != nil {
		return
	}
	switch {
	case fi.IsDir():
		switch {
		case strings.HasSuffix(name, ".dist-info"):
			w.python(p, "METADATA")
		case strings.HasSuffix(name, ".egg-info"):
			w.python(p, "PKG-INFO")
		case name == ".git" || name == "proc" || name == "__pycache__" || name == "testdata" || name == "locale":
		default:
			w.dir(p, depth+1)
		}
	case !fi.Mode().IsRegular():
	case strings.HasSuffix(name, ".egg-info"):
		w.add(lang.Python(w.read(p)))
	case name == "package.json" && nodeModule(p):
		w.add(lang.Node(w.read(p)))
	case strings.HasSuffix(name, ".jar"), strings.HasSuffix(name, ".war"), strings.HasSuffix(name, ".ear"):
		w.java(p, fi)
	case fi.Mode()&0o111 != 0 && fi.Size() > 500_000:
		w.golang(p) // the smallest Go program is larger than that
	}
}

// nodeModule reports whether a package.json lies where npm installs packages:
// in a folder right below node_modules, or below a scope there. Others are
// sources and test data.
func nodeModule(p string) bool {
	dir := path.Dir(path.Dir(p))
	if strings.HasPrefix(path.Base(dir), "@") {
		dir = path.Dir(dir)
	}
	return path.Base(dir) == "node_modules"
}

func (w *walk) read(p string) []byte {
	b, err := w.m.tree.ReadMax(p, maxMetadata)
	if err != nil {
		return nil
	}
	return b
}

func (w *walk) add(c lang.Component, ok bool) {
	if ok {
		w.found[c] = true
	}
}

// python leaves out what the distribution's packager put there.
func (w *walk) python(dir, file string) {
	switch strings.TrimSpace(string(w.read(dir + "/INSTALLER"))) {
	case "rpm", "debian", "dpkg", "apk":
		return
	}
	w.add(lang.Python(w.read(path.Join(dir, file))))
}

func (w *walk) java(p string, fi fs.FileInfo) {
	if fi.Size() > maxArchive {
		return
	}
	f, err := w.m.tree.Open(p)
	if err != nil {
		return
	}
	defer f.Close()
	for _, c := range lang.Java(f, fi.Size(), path.Base(p)) {
		w.found[c] = true
	}
}

func (w *walk) golang(p string) {
	f, err := w.m.tree.Open(p)
	if err != nil {
		return
	}
	defer f.Close()
	// Programs of other languages have no such section; asking for it costs a
	// few hundred bytes, while the library would search their data.
	var magic [4]byte
	if _, err := f.ReadAt(magic[:], 0); err != nil || !bytes.Equal(magic[:], []byte(elf.ELFMAG)) {
		return
	}
	e, err := elf.NewFile(f)
	if err != nil || e.Section(".go.buildinfo") == nil {
		return
	}
	for _, c := range lang.Go(f) {
		w.found[c] = true
	}
}
