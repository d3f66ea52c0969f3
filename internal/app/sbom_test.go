package app

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/cyclonedx"
	"github.com/asepsis/asepsis/internal/collect/spdx"
	"github.com/asepsis/asepsis/internal/demo"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/sbom"
)

// TestAssetSBOM writes the bills of a whole hospital and reads them back: each has
// all the software that the asset has, and an answer on each open weakness.
func TestAssetSBOM(t *testing.T) {
	a := openBench(t)
	tid, err := a.fillHospital(t.Context(), demo.Hospital(1, time.Now().UTC(), demo.Latest()), nil)
	if err != nil {
		t.Fatal(err)
	}
	inv, who := a.Inventory(), access.Command(tid, "test")
	v, err := a.view(t.Context(), tid)
	if err != nil {
		t.Fatal(err)
	}
	flaws := make(map[string]int)
	for _, r := range v.set.Resources[fact.KindVulnerability] {
		if r.Text("status") != "fixed" && r.Text("severity") != "info" {
			flaws[r.Asset]++
		}
	}
	bills, components, answers := 0, 0, 0
	for _, r := range v.set.Resources[fact.KindAsset] {
		want, err := v.tenant.Software(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(want) == 0 && flaws[r.ID] == 0 && bills > 20 {
			continue // enough of those that have nothing
		}
		var cdx, spd bytes.Buffer
		if err := inv.AssetSBOM(t.Context(), who, r.ID, sbom.CycloneDX, &cdx); err != nil {
			t.Fatal(err)
		}
		if err := inv.AssetSBOM(t.Context(), who, r.ID, sbom.SPDX, &spd); err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{"cyclonedx": cdx.Bytes(), "spdx": spd.Bytes()} {
			in := collecttest.Input("bom.json", data)
			parse := cyclonedx.Importer{}.Parse
			if name == "spdx" {
				parse = spdx.Importer{}.Parse
			}
			p, err := parse(t.Context(), in)
			if err != nil {
				t.Fatalf("%s of %s: %v", name, r.Label(), err)
			}
			if got := p.Batch.Components; len(got) != len(want) {
				t.Errorf("%s of %s: %d components come back of %d", name, r.Label(), len(got), len(want))
			}
		}
		var doc struct {
			Vulnerabilities []struct {
				ID       string
				Analysis struct{ State string }
			}
		}
		if err := json.Unmarshal(cdx.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		if n := len(doc.Vulnerabilities); n < flaws[r.ID] {
			t.Errorf("%s: %d answers on %d weaknesses", r.Label(), n, flaws[r.ID])
		}
		bills++
		components += len(want)
		answers += len(doc.Vulnerabilities)
		if strings.Contains(cdx.String(), `"mac:`) || strings.Contains(cdx.String(), `"ip:`) || strings.Contains(cdx.String(), `"machine:`) {
			t.Errorf("%s: its bill tells of the network", r.Label())
		}
	}
	t.Logf("%d bills with %d components and %d answers", bills, components, answers)
	if components < 50 || answers < 50 {
		t.Error("the demonstration has too little software to show anything")
	}
	if err := inv.AssetSBOM(t.Context(), who, "nobody", sbom.SPDX, io.Discard); !errs.Is(err, errs.NotFound) {
		t.Errorf("an asset that is not there: %v", err)
	}
	if err := inv.AssetSBOM(t.Context(), who, v.set.Resources[fact.KindAsset][0].ID, "swid", io.Discard); !errs.Is(err, errs.Invalid) {
		t.Errorf("a format that is not there: %v", err)
	}
}
