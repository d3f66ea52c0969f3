package device_test

import (
	"context"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/gudid"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/vuln/device"
)

// fda are the devices of the FDA's sample files.
func fda(t testing.TB) []device.Asset {
	var out []device.Asset
	for _, f := range []string{"openfda-device-udi-test.zip.zst", "test.xml"} {
		in := collecttest.Input(strings.TrimSuffix(f, ".zst"), testshared.Read(t, "corpora", "inventories", "devices", "fda-gudid", f))
		err := gudid.Read(context.Background(), in, nil, func(m gudid.Model) error {
			out = append(out, device.Asset{
				Manufacturer: m.Company, Model: m.Brand, ModelNumber: m.ModelNumber, DI: m.DI, Others: []string{m.Description},
			})
			return nil
		})
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
	}
	return out
}

// TestFalseMatches counts advisories that are brought up for devices they do not speak
// of: those of the FDA's sample, as they are and, which is harder, with the name of each
// maker that has advisories.
func TestFalseMatches(t *testing.T) {
	if testing.Short() {
		t.Skip("50,000 devices against all advisories take half a minute")
	}
	icsma, icsa := read(t, "icsma-medical.jsonl.zst"), read(t, "icsa-ot.jsonl.zst")
	ix := index(t, icsma, icsa)
	assets := fda(t)
	t.Logf("%d devices in the sample", len(assets))
	if len(assets) < 3 {
		t.Fatalf("the sample has %d devices", len(assets))
	}
	names := aliases(t)
	// As they are: a match can only be of the same maker, and is right where the brand is
	// one that the advisory names. What is called likely and is not would be listed here.
	right := map[string]string{
		"carestation": "ICSMA-19-190-01", "aestiva": "ICSMA-19-190-01", "aespire": "ICSMA-19-190-01", "aisys": "ICSMA-19-190-01", "avance": "ICSMA-19-190-01",
		"zoom": "ICSMA-17-292-01 ICSMA-21-273-01",
	}
	byMaker, wrong := 0, 0
	for _, a := range assets {
		if _, known := names.Maker(a.Manufacturer); !known {
			continue
		}
		byMaker++
		for _, m := range ix.Match(a, nil, now) {
			brand, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(a.Model, "®", "")), " ")
			if strings.Contains(right[brand], m.Advisory) {
				continue
			}
			wrong++
			t.Logf("%s %q: %s %q %s: %.200q", a.Manufacturer, a.Model, m.Advisory, m.Product, m.Grade, m.Reasons)
			if m.Grade > device.CheckByHand {
				t.Errorf("%s %q counts as affected by %s about %q: %q", a.Manufacturer, a.Model, m.Advisory, m.Product, m.Reasons)
			}
		}
	}
	t.Logf("%d devices of makers with advisories, %d matches with a product of another name", byMaker, wrong)
	makers := make(map[string]bool)
	for _, s := range ix.Statements() {
		id, known := names.Maker(s.Vendor)
		makers[names.MakerName(id)] = makers[names.MakerName(id)] || known
	}
	var some []device.Asset
	for i := 0; i < len(assets); i += 100 {
		some = append(some, assets[i])
	}
	assets = some
	tried, sure, matched := 0, 0, 0
	for _, a := range assets {
		for maker, known := range makers {
			if !known {
				continue
			}
			a.Manufacturer = maker
			tried++
			for _, m := range ix.Match(a, nil, now) {
				matched++
				if m.Grade > device.CheckByHand {
					sure++
					t.Logf("%s %q (%q): %s %q %s: %q", maker, a.Model, a.Others, m.Advisory, m.Product, m.Grade, m.Reasons)
				}
			}
		}
	}
	t.Logf("every hundredth, %d devices, %d pairs with another maker's name: %d matches, %d of them likely or certain", len(assets), tried, matched, sure)
	if sure > 0 {
		t.Errorf("%d devices count as affected by what is not about them", sure)
	}
	if matched*100 > tried {
		t.Errorf("%d of %d pairs are to be checked by hand for nothing, want at most one in a hundred", matched, tried)
	}
}

// TestWithinAMaker counts the advisories of one maker that are brought up for another
// product of the same maker, taking each product of the medical advisories as a device.
func TestWithinAMaker(t *testing.T) {
	icsma := read(t, "icsma-medical.jsonl.zst")
	ix := index(t, icsma)
	names := make(map[string]map[string]bool) // by product: advisories that name it
	vendor := make(map[string]string)
	a := aliases(t)
	for i := range icsma {
		id, _, _ := strings.Cut(icsma[i].ID, "#")
		for _, p := range icsma[i].Products {
			key := first(a, p.Device.Vendor) + "|" + strings.ToLower(p.Device.Name)
			if names[key] == nil {
				names[key] = make(map[string]bool)
			}
			names[key][id] = true
			vendor[key] = p.Device.Vendor
		}
	}
	own, near, sure := 0, 0, 0
	for key, ids := range names {
		_, name, _ := strings.Cut(key, "|")
		for _, m := range ix.Match(device.Asset{Manufacturer: vendor[key], Model: name}, nil, now) {
			switch {
			case ids[m.Advisory]:
				own++
			case m.Grade > device.CheckByHand:
				sure++
				t.Logf("%q: %s %q %s %q", name, m.Advisory, m.Product, m.Grade, m.Reasons)
			default:
				near++
			}
		}
	}
	t.Logf("%d products: %d matches by name, %d likely or certain by a near name, %d to check by a near name", len(names), own, sure, near)
}

// BenchmarkMatch matches one device against every advisory of CISA, medical and
// industrial.
func BenchmarkMatch(b *testing.B) {
	ix := index(b, read(b, "icsma-medical.jsonl.zst"), read(b, "icsa-ot.jsonl.zst"))
	a := device.Asset{Manufacturer: "Philips Healthcare", Model: "IntelliVue MX450", Version: "M.00.03"}
	b.ReportAllocs()
	for b.Loop() {
		ix.Match(a, nil, now)
	}
}

// BenchmarkOpen prepares every advisory of CISA.
func BenchmarkOpen(b *testing.B) {
	c := device.NewCompiler()
	for _, l := range [][]advisory.Advisory{read(b, "icsma-medical.jsonl.zst"), read(b, "icsa-ot.jsonl.zst")} {
		for i := range l {
			c.Add(&l[i])
		}
	}
	section, names := c.Encode(), aliases(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := device.Open(section, names); err != nil {
			b.Fatal(err)
		}
	}
}
