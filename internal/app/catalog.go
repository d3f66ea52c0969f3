package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/asepsis/asepsis/content"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/list"
	"github.com/asepsis/asepsis/internal/collect/mds2"
	"github.com/asepsis/asepsis/internal/collect/table"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/sector"
	"github.com/asepsis/asepsis/internal/web/api"
)

// Catalog is what is the same for every organization.
type Catalog struct{}

var _ api.Catalog = Catalog{}

// FileFormats lists what can be imported, by id.
func FileFormats() []api.FileFormat { return Catalog{}.Formats() }

// Formats implements api.Catalog.
func (Catalog) Formats() []api.FileFormat {
	out := []api.FileFormat{}
	for _, f := range collect.Formats(list.Importers()) {
		ff := api.FileFormat{ID: f.ID, Title: f.Title, Extensions: f.Extensions, Gives: f.Gives}
		if name, ok := strings.CutPrefix(f.ID, "csv/"); ok {
			ff.Template = name + ".csv"
		}
		if f.ID == "mds2" {
			ff.Template = mds2.Templates()[0]
		}
		out = append(out, ff)
	}
	return out
}

// Fields implements api.Catalog.
func (Catalog) Fields(name string) []api.MappingField {
	out := []api.MappingField{}
	k, ok := table.KindOf(name)
	if !ok {
		return out
	}
	for _, f := range k.Fields {
		out = append(out, api.MappingField{Name: f.Name, Doc: f.Doc, Required: f.Need != ""})
	}
	return out
}

// Template implements api.Catalog.
func (Catalog) Template(name string) ([]byte, error) {
	if strings.HasPrefix(name, "mds2-") {
		return mds2.WriteTemplate(name)
	}
	return table.WriteTemplate(name)
}

// presets and hospitals are read once, when the set-up page first asks.
var (
	presets = sync.OnceValues(func() ([]sector.Preset, error) {
		b, err := content.FS.ReadFile("organizations/presets.yaml")
		if err != nil {
			return nil, err
		}
		return sector.ParsePresets(b)
	})
	hospitals = sync.OnceValues(func() (*sector.Directory, error) {
		b, err := content.FS.ReadFile("organizations/hospitals.tsv")
		if err != nil {
			return nil, err
		}
		return sector.Parse(b)
	})
)

// Presets implements api.Catalog.
func (Catalog) Presets() []api.Preset {
	out := []api.Preset{}
	ps, err := presets()
	if err != nil {
		return out // content's own test would have failed
	}
	for _, p := range ps {
		out = append(out, api.Preset{Kind: p.Kind, Title: p.Title, Doc: p.Doc, Beds: p.Beds})
	}
	return out
}

// Hospitals implements api.Catalog.
func (Catalog) Hospitals(q string, limit int) []api.Hospital {
	out := []api.Hospital{}
	d, err := hospitals()
	if err != nil {
		return out // content's own test would have failed
	}
	for _, h := range d.Search(q, limit) {
		city := h.City
		if city == "" && h.County != "" {
			city = h.County + " County"
		}
		out = append(out, api.Hospital{CCN: h.CCN, Name: h.Name, State: h.State, City: city, Kind: h.Kind(), Beds: h.Beds})
	}
	return out
}

// CheckContent loads the content as a server with the data folder would, and
// returns how many checks are in force.
func CheckContent(dataDir string) (int, error) {
	parameters, err := os.ReadFile(filepath.Join(dataDir, parametersFile))
	if err != nil && !os.IsNotExist(err) {
		return 0, errs.Wrap(errs.Denied, fmt.Errorf("read %s: %w", parametersFile, err))
	}
	own := os.DirFS(filepath.Join(dataDir, ownChecks))
	r, err := loadRules(own, parameters)
	if err != nil {
		return 0, err
	}
	return len(r.checks.Checks()), nil
}
