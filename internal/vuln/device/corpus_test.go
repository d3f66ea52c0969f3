package device_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/content/devices"
	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/csaf"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/device"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// sink keeps the advisories of a reader.
type sink struct {
	t    testing.TB
	list []advisory.Advisory
}

func (s *sink) Advisory(a *advisory.Advisory) { s.list = append(s.list, *a) }
func (*sink) Exploited(advisory.Exploited)    {}
func (*sink) Likelihood(advisory.Likelihood)  {}
func (*sink) Points(advisory.Points)          {}
func (*sink) Cycle(advisory.Cycle)            {}
func (*sink) Dated(string, time.Time)         {}
func (*sink) Done(string)                     {}
func (s *sink) Refuse(source string, line int, id, why string) {
	s.t.Errorf("%s %s refused: %s", source, id, why)
}

func read(t testing.TB, file string) []advisory.Advisory {
	s := &sink{t: t}
	for line := range bytes.Lines(testshared.Read(t, "corpora", "advisories", "csaf", file)) {
		csaf.Read(line, s)
	}
	return s.list
}

func aliases(t testing.TB) *device.Aliases {
	t.Helper()
	a, err := device.LoadAliases(devices.FS)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func index(t testing.TB, lists ...[]advisory.Advisory) *device.Index {
	t.Helper()
	c := device.NewCompiler()
	for _, l := range lists {
		for i := range l {
			c.Add(&l[i])
		}
	}
	section := c.Encode()
	ix, err := device.Open(section, aliases(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d statements in %d bytes", ix.Len(), len(section))
	return ix
}

// TestEveryMedicalProductIsReached makes up an asset for each product of the medical
// advisories, with the names people give such things, and asks for the advisory.
func TestEveryMedicalProductIsReached(t *testing.T) {
	icsma := read(t, "icsma-medical.jsonl.zst")
	ix := index(t, icsma)
	a := aliases(t)
	products := make(map[string]bool)
	unknown := make(map[string]bool)
	grades := make(map[string]map[string]int)
	for i := range icsma {
		id, _, _ := strings.Cut(icsma[i].ID, "#")
		for _, p := range icsma[i].Products {
			d := p.Device
			if d == nil {
				t.Fatalf("%s: a product without a device", id)
			}
			products[id+"|"+d.Vendor+"|"+d.Name+"|"+d.Version] = true
			if _, known := a.Maker(d.Vendor); !known && !strings.Contains(d.Vendor, ",") && !strings.Contains(d.Vendor, " and ") {
				unknown[d.Vendor] = true
			}
			bare, _, _ := strings.Cut(d.Name, " (")
			for form, x := range map[string]device.Asset{
				"its own names":            {Manufacturer: d.Vendor, Model: d.Name},
				"in capitals":              {Manufacturer: strings.ToUpper(d.Vendor), Model: strings.ToUpper(d.Name)},
				"with the maker before it": {Manufacturer: d.Vendor, Model: a.MakerName(first(a, d.Vendor)) + " " + d.Name},
				"another spelling":         {Manufacturer: a.MakerName(first(a, d.Vendor)) + ", Inc.", Model: d.Name},
				"without parentheses":      {Manufacturer: d.Vendor, Model: bare},
			} {
				hit := false
				for _, m := range ix.Match(x, nil, now) {
					if m.Advisory == id {
						hit = true
						if len(m.Reasons) < 2 {
							t.Errorf("%s %s: reasons %q do not say enough", id, d.Name, m.Reasons)
						}
						if m.Verdict == vuln.NotAffected {
							t.Errorf("%s %s: not affected, without a version: %q", id, d.Name, m.Reasons)
						}
						if grades[form] == nil {
							grades[form] = make(map[string]int)
						}
						grades[form][m.Grade.String()]++
					}
				}
				if !hit {
					t.Errorf("%s: %s of %s is not reached by %s (%q, %q)", id, d.Name, d.Vendor, form, x.Manufacturer, x.Model)
				}
			}
		}
	}
	for v := range unknown {
		t.Errorf("maker %s is not in the table", v)
	}
	t.Logf("%d products by advisory, maker, name and version", len(products))
	for form, g := range grades {
		t.Logf("%s: %v", form, g)
	}
}

func first(a *device.Aliases, vendor string) string {
	if id, known := a.Maker(vendor); known {
		return id
	}
	part, _, _ := strings.Cut(strings.ReplaceAll(vendor, " and ", ","), ",")
	id, _ := a.Maker(part)
	return id
}
