package table

import (
	"testing"

	"github.com/asepsis/asepsis/internal/fact"
)

// Whoever left a cell empty is told so. "No source covers it" would send them to
// look for a file that they have already brought.
func TestEmptyCellsAreTheReason(t *testing.T) {
	const empty = "the file leaves it empty"
	p := mustParse(t, "name,reaches_phi,verified,sbom_received,vulnerability_notice,contract_ends\n"+
		"Acme,yes,,,,\nBeta,yes,never,2026-05-04,yes,2027-01-01\n")
	want := map[string]map[string]string{
		"acme": {"verified_at": empty, "sbom_received_at": empty, "vulnerability_notice": empty},
		"beta": {"verified_at": `the file gives no date but "never"`},
	}
	for _, f := range p.Batch.Facts {
		if f.Kind != fact.KindVendor {
			continue
		}
		for _, attr := range []string{"verified_at", "sbom_received_at", "vulnerability_notice"} {
			if got := f.Missing[attr]; got != want[f.Key][attr] {
				t.Errorf("%s of %s: %q, want %q", attr, f.Key, got, want[f.Key][attr])
			}
		}
		// A contract without an end is one that runs on, not one we know nothing of.
		if why, ok := f.Missing["contract_ends_at"]; ok {
			t.Errorf("the end of the contract of %s is missing: %s", f.Key, why)
		}
	}
}
