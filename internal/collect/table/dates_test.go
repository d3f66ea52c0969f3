package table

import (
	"strings"
	"testing"
)

// One program writes all columns of a file in one order: where some show it,
// the others follow. An end read with the month first would keep a contract, or
// somebody's accounts, in force for months.
func TestColumnsShareTheOrderOfDates(t *testing.T) {
	for _, tt := range []struct {
		name, started, signed, want, note string
	}{
		{"day first", "25/12/2019", "", "2026-04-03", "as in the other columns"},
		{"month first", "12/25/2019", "", "2026-03-04", ""},
		{"nothing decides", "01/02/2019", "", "2026-03-04", "none decides"},
		{"the columns differ", "25/12/2019", "12/25/2019", "2026-03-04", "none decides"},
	} {
		text := "Vendor Name,PHI Access,Contract Start,BAA Date,Contract End\nAcme,Y," + tt.started + "," + tt.signed + ",03/04/2026\n"
		p := mustParse(t, text)
		if got := facts(p.Batch); !strings.Contains(got, `"contract_ends_at":"`+tt.want) {
			t.Errorf("%s: the end is not %s in\n%s", tt.name, tt.want, got)
		}
		var notes []string
		for _, n := range p.Batch.Notes {
			if n.What == "dates in Contract End" {
				notes = append(notes, n.Why)
			}
		}
		if got := strings.Join(notes, "; "); (tt.note == "") != (got == "") || !strings.Contains(got, tt.note) {
			t.Errorf("%s: note %q, want one with %q", tt.name, got, tt.note)
		}
	}
}
