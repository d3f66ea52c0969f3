package cyclonedx_test

import (
	"fmt"
	"testing"

	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/cyclonedx"
)

// Two makers' gateways are two products, and a program on two servers has two
// bills: in one stream the second would take the software of the first away.
func TestProductsStayApart(t *testing.T) {
	identity := func(maker, version, on string) string {
		t.Helper()
		in := collecttest.Input("bom.json", fmt.Appendf(nil, `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,
			"metadata":{"component":{"type":"application","name":"Gateway","version":%q,"publisher":%q}},
			"components":[{"type":"library","name":"lib","version":"1"}]}`, version, maker))
		if on != "" {
			in.Options = map[string]string{"asset": on}
		}
		p, err := cyclonedx.Importer{}.Parse(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		return p.Batch.Stream.ID + " " + p.Batch.Sightings[0].Keys[0].String()
	}
	first := identity("Contoso", "1", "")
	if second := identity("Fabrikam", "1", ""); second == first {
		t.Errorf("two makers' gateways are both %s", first)
	}
	if next := identity("Contoso", "2", ""); next != first {
		t.Errorf("the next version is %s, want %s as before", next, first)
	}
	if a, b := identity("Contoso", "1", "app-01"), identity("Contoso", "1", "app-02"); a == b {
		t.Errorf("the same program on two servers is %s on both", a)
	}
}
