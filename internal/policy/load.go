package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
)

// Load reads and compiles every check of the sources. Goals are the ids a
// check may name.
//
// Where anything is wrong it returns an error of kind errs.Invalid that is a
// [Faults] with every fault of every file, so that a person mends them in one
// go; no check is loaded then.
func Load(goals []string, sources ...Source) (*Catalog, error) {
	l := loader{goals: goals, ids: make(map[string]*Check)}
	sum := sha256.New()
	for _, src := range sources {
		names, err := checkFiles(src.FS)
		if err != nil {
			return nil, fmt.Errorf("list check files of %s: %w", src.Name, err)
		}
		for _, name := range names {
			data, err := readFile(src.FS, name)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", path.Join(src.Name, name), err)
			}
			fmt.Fprintf(sum, "%s %d %t\n", name, len(data), src.Own)
			sum.Write(data)
			l.file(src, name, data)
		}
	}
	if len(l.faults) > 0 {
		l.faults.sort()
		return nil, errs.Wrap(errs.Invalid, l.faults)
	}
	slices.SortFunc(l.checks, func(a, b *Check) int { return strings.Compare(a.ID, b.ID) })
	return &Catalog{checks: l.checks, digest: hex.EncodeToString(sum.Sum(nil))}, nil
}

// AsFaults returns the faults an error of this package holds, or nil.
func AsFaults(err error) Faults {
	if fs, ok := errors.AsType[Faults](err); ok {
		return fs
	}
	return nil
}

func checkFiles(fsys fs.FS) ([]string, error) {
	return yamlFiles(fsys, func(name string) bool { return !strings.HasSuffix(name, ".test.yaml") })
}

func yamlFiles(fsys fs.FS, want func(string) bool) ([]string, error) {
	es, err := fs.ReadDir(fsys, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range es {
		name := e.Name()
		if !e.IsDir() && !strings.HasPrefix(name, ".") && path.Ext(name) == ".yaml" && want(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// readFile reads one byte more than is accepted, so that what is too large is
// seen to be so and no more of it is held.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

type loader struct {
	goals  []string
	envs   environments
	ids    map[string]*Check
	checks []*Check
	faults Faults
}

func (l *loader) file(src Source, name string, data []byte) {
	d := &document{file: path.Join(src.Name, name)}
	defer func() { l.faults = append(l.faults, d.faults...) }()
	body := d.read(data)
	if body == nil {
		if len(d.faults) == 0 {
			d.badAt(1, 1, "", "the file is empty; it needs goal and checks")
		}
		return
	}
	top, ok := d.fields(body, "a check file", []string{"goal", "checks"})
	if !ok {
		return
	}
	goal := ""
	if e, ok := d.required(body, top, "goal"); ok {
		goal, _ = d.word(e.value, "goal", l.goals)
		if !src.Own && goal != "" && strings.TrimSuffix(name, ".yaml") != goal {
			d.bad(e.value, "checks of %s belong into %s.yaml", goal, goal)
		}
	}
	e, ok := d.required(body, top, "checks")
	if !ok {
		return
	}
	items, ok := d.list(e.value, "checks")
	if !ok {
		return
	}
	for _, it := range items {
		c := l.check(d, it, goal, src.Own)
		if c == nil {
			continue
		}
		if other, twice := l.ids[c.ID]; twice {
			d.badAt(c.Line, 1, "", "check %q is defined already, %s:%d", c.ID, other.File, other.Line)
			continue
		}
		l.ids[c.ID] = c
		l.checks = append(l.checks, c)
	}
}

func (d *document) required(at node, m map[string]entry, key string) (entry, bool) {
	e, ok := m[key]
	if !ok {
		d.bad(at, "%s is missing", key)
	}
	return e, ok
}

var (
	idForm     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	paramForm  = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	hicpForm   = regexp.MustCompile(`^\d{1,2}\.[SML]\.[A-Z]$`)
	threatForm = regexp.MustCompile(`^[a-z0-9]+([_-][a-z0-9]+)*$`)
	braces     = regexp.MustCompile(`\{([^{}]*)\}`)
)
