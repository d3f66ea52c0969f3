package sector

import (
	"bytes"
	"slices"

	"github.com/goccy/go-yaml"

	"github.com/asepsis/asepsis/internal/errs"
)

// Preset is a kind of organization to start from: what it usually is, and what
// to think of when its numbers are read.
type Preset struct {
	Kind   string `yaml:"kind"` // critical_access, community, clinic, health_system
	Title  string `yaml:"title"`
	Doc    string `yaml:"doc"`
	Beds   int    `yaml:"beds"`   // typical
	People int    `yaml:"people"` // typical
	Assets int    `yaml:"assets"` // typical

	Scope      []string `yaml:"scope"`      // what usually counts
	Parameters []string `yaml:"parameters"` // notes on the thresholds
}

// Kinds lists the kinds of organization.
func Kinds() []string { return []string{"critical_access", "community", "clinic", "health_system"} }

// ParsePresets reads the presets, one of each kind. Unknown keys are refused.
// Errors are of kind errs.Invalid.
func ParsePresets(data []byte) ([]Preset, error) {
	var ps []Preset
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&ps); err != nil {
		return nil, errs.New(errs.Invalid, "read presets: %w", err)
	}
	for i, p := range ps {
		switch {
		case !slices.Contains(Kinds(), p.Kind):
			return nil, errs.New(errs.Invalid, "preset %d: kind %q is not known", i+1, p.Kind)
		case slices.ContainsFunc(ps[:i], func(q Preset) bool { return q.Kind == p.Kind }):
			return nil, errs.New(errs.Invalid, "preset %d: kind %q is there twice", i+1, p.Kind)
		case p.Title == "" || p.Doc == "" || len(p.Scope) == 0:
			return nil, errs.New(errs.Invalid, "preset %s: needs a title, a doc and a scope", p.Kind)
		case p.Beds < 0 || p.People < 1 || p.Assets < 1:
			return nil, errs.New(errs.Invalid, "preset %s: beds, people and assets must be counts", p.Kind)
		}
	}
	if len(ps) != len(Kinds()) {
		return nil, errs.New(errs.Invalid, "%d presets, want one for each of %v", len(ps), Kinds())
	}
	return ps, nil
}
