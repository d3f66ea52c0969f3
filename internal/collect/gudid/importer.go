package gudid

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
)

// Importer brings the catalog to the devices that carry one of its identifiers:
// of millions of records those few are kept.
type Importer struct{}

var _ collect.Catalog = Importer{}

const (
	streamID = "import/gudid"

	// How many times the limits of other files the whole catalog may have: what is
	// kept of it is bounded by the inventory.
	catalogRecords = 10
	catalogBytes   = 32
)

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "FDA's catalog of medical devices (GUDID: AccessGUDID, openFDA)", Extensions: []string{".zip", ".xml", ".txt", ".json"},
		Gives:  "manufacturer, model and kind of the devices whose UDI the inventory knows",
		Stream: streamID,
	}
}

// AboutModels implements [collect.Catalog].
func (Importer) AboutModels() {}

// Recognize implements collect.Importer.
func (Importer) Recognize(name string, head []byte) int { return Recognize(name, head) }

// Parse reads the records of the devices that are known.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	if len(in.Units) == 0 {
		return nil, collect.Refuse(in, format, 0, "no device of the inventory has an FDA device identifier, so the catalog says nothing of any",
			"bring your list of devices with a column for the UDI first")
	}
	// The catalog holds five million records, which pass by one after the other.
	in.Limits.Items *= catalogRecords
	in.Limits.Bytes *= catalogBytes
	models := make(map[string]Model)
	records := 0
	wanted := func(di string) bool {
		records++
		return len(in.Units[di]) > 0
	}
	err := Read(ctx, in, wanted, func(m Model) error {
		for _, di := range append([]string{m.DI}, m.Other...) {
			if len(in.Units[di]) > 0 {
				models[di] = m
			}
		}
		return nil
	})
	if err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	b := &fact.Batch{
		Stream:    fact.Stream{ID: streamID, Title: "FDA's catalog of medical devices", PerAsset: true},
		Assurance: fact.Imported, ObservedAt: in.Observed(time.Time{}),
	}
	unknown := 0
	for _, di := range slices.Sorted(maps.Keys(in.Units)) {
		m, ok := models[di]
		if !ok {
			unknown += len(in.Units[di])
			continue
		}
		for _, u := range in.Units[di] {
			v := m.Values()
			v["udi_di"] = di // the unit's own, where a package's was looked up
			b.Sightings = append(b.Sightings, fact.Sighting{Ref: u.ID, Keys: u.Keys, Values: v})
		}
	}
	if unknown > 0 {
		b.Notes = append(b.Notes, fact.Note{What: "FDA's catalog", Why: fmt.Sprintf("it holds no record of the identifiers of %d devices", unknown)})
	}
	return &collect.Parsed{Batch: b, Rows: records}, nil
}
