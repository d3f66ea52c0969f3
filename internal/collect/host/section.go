package host

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/pkgdb"
	"github.com/asepsis/asepsis/internal/fact"
)

// ref names the machine within its batch.
const ref = "host"

// machine is what every step reads from. It is not changed after New.
type machine struct {
	opts   Options
	tree   Tree
	runner Runner
	now    time.Time
	root   bool // we run as root
	// dpkg returns the installed packages of Debian and its kin; the file is
	// read once for all steps.
	dpkg func() ([]pkgdb.Package, error)
	// programs returns what runs, as of the first call: all steps see the same.
	programs func() running
}

// section collects what one step found.
type section struct {
	identity   string // what the stream is named by
	keys       []asset.Key
	values     fact.Values
	missing    map[string]string
	facts      []fact.Fact
	components []fact.Component
	notes      []fact.Note
}

func newSection() *section {
	return &section{values: fact.Values{}, missing: map[string]string{}}
}

// set states an attribute of the machine; a list keeps its order.
func (s *section) set(name string, v any) {
	s.values[name] = v
	delete(s.missing, name)
}

// setText states a string unless it is empty.
func (s *section) setText(name, v string) {
	if v != "" {
		s.set(name, v)
	}
}

// miss says why attributes of the machine have no value.
func (s *section) miss(why string, names ...string) {
	for _, n := range names {
		if _, ok := s.values[n]; !ok {
			s.missing[n] = why
		}
	}
}

// note says what could not be seen, or in part.
func (s *section) note(what, why string) { s.notes = append(s.notes, fact.Note{What: what, Why: why}) }

// key adds an identity key if the value identifies anything.
func (s *section) key(t asset.KeyType, value string) bool {
	k, ok := asset.NewKey(t, value)
	if ok {
		s.keys = append(s.keys, k)
	}
	return ok
}

func (s *section) fact(k fact.Kind, key string, vs fact.Values, missing map[string]string) {
	for name := range vs {
		delete(missing, name)
	}
	if len(missing) == 0 {
		missing = nil
	}
	s.facts = append(s.facts, fact.Fact{Kind: k, Key: key, Asset: ref, Values: vs, Missing: missing})
}

func (s *section) join(o *section) {
	s.identity = cmp.Or(s.identity, o.identity)
	s.keys = append(s.keys, o.keys...)
	maps.Copy(s.values, o.values)
	maps.Copy(s.missing, o.missing)
	s.facts = append(s.facts, o.facts...)
	s.components = append(s.components, o.components...)
	s.notes = append(s.notes, o.notes...)
}

func sortComponents(cs []fact.Component) []fact.Component {
	slices.SortFunc(cs, func(a, b fact.Component) int {
		return cmp.Or(cmp.Compare(a.Ecosystem, b.Ecosystem), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Arch, b.Arch))
	})
	return slices.CompactFunc(cs, func(a, b fact.Component) bool {
		return a.Ecosystem == b.Ecosystem && a.Name == b.Name && a.Version == b.Version && a.Arch == b.Arch
	})
}

func dedupeNotes(ns []fact.Note) []fact.Note {
	slices.SortStableFunc(ns, func(a, b fact.Note) int { return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Why, b.Why)) })
	return slices.Compact(ns)
}

// sorted returns a sorted list without repetitions, never nil.
func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	out = slices.Compact(out)
	if out == nil {
		out = []string{}
	}
	return out
}

// timeOf returns a value that is a time, or the zero time.
func timeOf(v any) time.Time {
	t, _ := v.(time.Time)
	return t
}
