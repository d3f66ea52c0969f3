package gudid_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/gudid"
)

// units is an inventory of three devices: two of one model, one of a model that
// the catalog does not hold.
func units(t testing.TB) map[string][]collect.Unit {
	t.Helper()
	unit := func(id, serial string) collect.Unit {
		k, ok := asset.NewKey(asset.Serial, serial)
		if !ok {
			t.Fatal(serial)
		}
		return collect.Unit{ID: id, Keys: []asset.Key{k}}
	}
	return map[string][]collect.Unit{
		"00844588018923": {unit("a1", "CONTOSO-000117"), unit("a2", "CONTOSO-000118")},
		"00012345678905": {unit("a3", "OTHER-000001")},
	}
}

func TestModelsReachTheirDevices(t *testing.T) {
	for name, data := range map[string][]byte{
		"delimited in a ZIP file": packed(t, "device.txt", device, "gmdnTerms.txt", terms, "productCodes.txt", codes),
		"openFDA":                 []byte(openfda),
	} {
		t.Run(name, func(t *testing.T) {
			in := collecttest.Input("catalog", data)
			in.Units = units(t)
			p, err := gudid.Importer{}.Parse(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			collecttest.CheckBatch(t, p, in)
			if len(p.Batch.Sightings) != 2 {
				t.Fatalf("%d devices, want the two of the model", len(p.Batch.Sightings))
			}
			for i, s := range p.Batch.Sightings {
				if s.Ref != []string{"a1", "a2"}[i] || len(s.Keys) != 1 || s.Values["manufacturer"] != "CONTOSO MEDICAL, INC." || s.Values["model"] != "Pump 3000" || s.Values["gmdn_term"] != "General-purpose infusion pump" {
					t.Errorf("device %d: %+v", i, s)
				}
			}
			if len(p.Batch.Notes) != 1 || !strings.Contains(p.Batch.Notes[0].Why, "of 1 devices") {
				t.Errorf("notes: %+v, want the device whose identifier the file does not hold", p.Batch.Notes)
			}
		})
	}
}

// A package's identifier on a device leads to the model in it.
func TestAPackageLeadsToItsModel(t *testing.T) {
	in := collecttest.Input("catalog.json", []byte(openfda))
	in.Units = map[string][]collect.Unit{"00844868017264": units(t)["00012345678905"]}
	p, err := gudid.Importer{}.Parse(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Batch.Sightings) != 1 || p.Batch.Sightings[0].Values["udi_di"] != "00844868017264" {
		t.Errorf("%+v", p.Batch.Sightings)
	}
}

func TestNoDeviceToSpeakOf(t *testing.T) {
	_, err := gudid.Importer{}.Parse(t.Context(), collecttest.Input("catalog.json", []byte(openfda)))
	if r, ok := errors.AsType[*collect.Refusal](err); !ok || !strings.Contains(r.Error(), "UDI") {
		t.Errorf("got %v, want a refusal that says to bring devices first", err)
	}
}

func FuzzImporter(f *testing.F) {
	f.Add(packed(f, "device.txt", device, "gmdnTerms.txt", terms, "productCodes.txt", codes))
	f.Add([]byte(openfda))
	f.Add([]byte(device))
	f.Fuzz(func(t *testing.T, data []byte) { collecttest.Fuzz(t, known{units(t)}, "catalog", data) })
}

// known gives an importer the inventory, as the program does.
type known struct{ units map[string][]collect.Unit }

func (known) Format() collect.Format                 { return gudid.Importer{}.Format() }
func (known) Recognize(name string, head []byte) int { return gudid.Recognize(name, head) }

func (k known) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	in.Units = k.units
	return gudid.Importer{}.Parse(ctx, in)
}
