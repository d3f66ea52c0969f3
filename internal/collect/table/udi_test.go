package table

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/collect/collecttest"
)

// TestUDI reads a hospital's own list: identifiers as scanned and as printed, one
// of a lot, one with a wrong check digit.
func TestUDI(t *testing.T) {
	const list = "Equipment Control Number,UDI,Model Number,Facility,Do Not Scan,Risk Level,IP Address\n" +
		"BME-1,(01)00812345678901(17)301231(21)P7,P-3000,Main campus,yes,Life support equipment,10.1.1.5; 10.1.1.6\n" +
		"BME-2,0100812345678901\x1d21P8,P-3000,Main campus,no,High risk,\n" +
		"BME-3,(01)00812345678901(10)LOT1,P-3000,,,,\n" +
		"BME-4,(01)00812345678902(21)P9,P-3000,,,,\n"
	in := collecttest.Input("equipment.csv", []byte(list))
	p, err := Importer{&assets}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	var got []string
	for _, s := range p.Batch.Sightings {
		got = append(got, fmt.Sprint(s.Keys, " ", s.Values["udi_di"], " ", s.Values["site"], " ", s.Values["fragile"], " ", s.Values["criticality"], " ", s.Values["model"], " ", s.Missing["udi_di"] != ""))
	}
	want := []string{
		"[serial:p7 udi:(01)00812345678901(21)p7 tag:bme-1 ip:10.1.1.5 ip:10.1.1.6] 00812345678901 Main campus true life_supporting P-3000 false",
		"[serial:p8 udi:(01)00812345678901(21)p8 tag:bme-2] 00812345678901 Main campus false clinical P-3000 false",
		"[tag:bme-3] 00812345678901 <nil> <nil> <nil> P-3000 false",
		"[tag:bme-4] <nil> <nil> <nil> <nil> P-3000 true",
	}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Errorf("row %d: got %s\nwant %s", i, strings.Join(got[i:min(i+1, len(got))], ""), want[i])
		}
	}
	if n := len(p.Batch.Notes); n != 2 {
		t.Errorf("%d notes, want one on the lot and one on the check digit: %v", n, p.Batch.Notes)
	}
}
