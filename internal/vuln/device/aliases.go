package device

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/asepsis/asepsis/internal/errs"
)

// Limits of tables and texts.
const (
	maxText  = 1000
	maxTable = 1 << 20
)

// Aliases are the curated names of makers and products. They are not changed once
// loaded.
type Aliases struct {
	makers   map[string]string   // by key of a name: the maker's id
	names    map[string]string   // by id: how we call it
	also     map[string][]string // by id: makers of the same house
	products map[string][]string // by advisory and product as named: what it is
	generic  map[string]bool
	kinds    map[string]bool
}

type makersFile struct {
	Source []string `yaml:"source"`
	AsOf   string   `yaml:"as_of"`
	Makers []struct {
		ID    string   `yaml:"id"`
		Name  string   `yaml:"name"`
		Names []string `yaml:"names"`
		Also  []string `yaml:"also"`
	} `yaml:"makers"`
}

type productsFile struct {
	Source   []string `yaml:"source"`
	AsOf     string   `yaml:"as_of"`
	Products []struct {
		Advisory string   `yaml:"advisory"`
		Named    string   `yaml:"named"`
		Is       []string `yaml:"is"`
	} `yaml:"products"`
	Words []string `yaml:"words"`
	Kinds []string `yaml:"kinds"`
}

// LoadAliases reads makers.yaml and products.yaml, strictly, and reports every fault.
func LoadAliases(files fs.FS) (*Aliases, error) {
	var m makersFile
	var p productsFile
	for name, to := range map[string]any{"makers.yaml": &m, "products.yaml": &p} {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, errs.New(errs.Internal, "names of devices: %w", err)
		}
		if len(b) > maxTable {
			return nil, errs.New(errs.Limited, "%s is larger than %d bytes", name, maxTable)
		}
		if err := yaml.UnmarshalWithOptions(b, to, yaml.Strict()); err != nil {
			return nil, errs.New(errs.Invalid, "%s: %w", name, err)
		}
	}
	a := &Aliases{
		makers: make(map[string]string), names: make(map[string]string), also: make(map[string][]string),
		products: make(map[string][]string), generic: make(map[string]bool), kinds: make(map[string]bool),
	}
	var faults []string
	for _, k := range m.Makers {
		if k.ID == "" || k.Name == "" || a.names[k.ID] != "" {
			faults = append(faults, fmt.Sprintf("maker %q has no name or comes twice", k.ID))
		}
		a.names[k.ID] = k.Name
		a.also[k.ID] = k.Also
		for _, n := range append([]string{k.Name}, k.Names...) {
			key := makerKey(n)
			if other := a.makers[key]; key == "" || other != "" && other != k.ID {
				faults = append(faults, fmt.Sprintf("name %q of maker %s is empty or that of %s", n, k.ID, other))
			}
			a.makers[key] = k.ID
		}
	}
	for id, also := range a.also {
		for _, o := range also {
			if a.names[o] == "" {
				faults = append(faults, fmt.Sprintf("maker %s goes with %s, which is not listed", id, o))
			}
		}
	}
	for _, w := range p.Words {
		for _, g := range words(w) {
			a.generic[g] = true
		}
	}
	for _, w := range p.Kinds {
		for _, g := range words(w) {
			a.kinds[g] = true
		}
	}
	for _, k := range p.Products {
		if k.Advisory == "" || k.Named == "" || len(k.Is) == 0 {
			faults = append(faults, fmt.Sprintf("product %q of %s says nothing", k.Named, k.Advisory))
		}
		a.products[productKey(k.Advisory, k.Named)] = k.Is
	}
	if len(faults) > 0 {
		slices.Sort(faults)
		return nil, errs.New(errs.Invalid, "names of devices: %s", strings.Join(faults, "; "))
	}
	return a, nil
}

func productKey(advisory, named string) string {
	return strings.ToUpper(advisory) + "\x00" + squash(named)
}

// Maker returns the id of a maker, and whether it is one of the table. Others get an id
// made of their name, so that an unknown maker is still the same as itself.
func (a *Aliases) Maker(name string) (id string, known bool) {
	key := makerKey(name)
	if id, ok := a.makers[key]; ok {
		return id, true
	}
	// "Philips Healthcare Informatics" is a Philips: what a name begins with.
	fields := strings.Fields(key)
	for n := len(fields) - 1; n > 0; n-- {
		if id, ok := a.makers[strings.Join(fields[:n], " ")]; ok && len(strings.Join(fields[:n], " ")) >= 4 {
			return id, true
		}
	}
	return key, false
}

// makersOf returns the makers an advisory's vendor names: one, or several with commas
// and "and" between them.
func (a *Aliases) makersOf(vendor string) []string {
	if id, ok := a.makers[makerKey(vendor)]; ok {
		return []string{id}
	}
	var ids []string
	for part := range strings.SplitSeq(strings.ReplaceAll(strings.ReplaceAll(vendor, " and ", ","), ";", ","), ",") {
		if makerKey(part) == "" {
			continue
		}
		if id, known := a.Maker(part); known && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		if id, _ := a.Maker(vendor); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// MakerName returns how we call a maker.
func (a *Aliases) MakerName(id string) string {
	if n := a.names[id]; n != "" {
		return n
	}
	return id
}
