package judge_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/fact"
)

// recalls has the shape that openFDA documents for device/recall; what it says is made up.
const recalls = `{"meta": {"last_updated": "2026-11-20", "results": {"skip": 0, "limit": 3, "total": 3}}, "results": [
 {"product_res_number": "Z-0101-2026", "event_date_initiated": "2026-09-01", "recall_status": "Open, Classified", "recalling_firm": "Northwind Medical, Inc.", "reason_for_recall": "The pump may stop without an alarm.",
  "action": "Update the software.", "product_description": "Drift 400 Syringe Pump, Model Number: NW-400, software version 4.1 and earlier", "code_info": "UDI-DI: 00884838091498; All serial numbers"},
 {"product_res_number": "Z-0102-2026", "event_date_initiated": "2026-09-03", "recall_status": "Open, Classified", "recalling_firm": "Northwind Medical, Inc.", "reason_for_recall": "Wrong label.",
  "product_description": "Calm Monitor, REF: CM-9", "code_info": "Serial Numbers: 10001, 10002, 10003"},
 {"product_res_number": "Z-0103-2025", "event_date_initiated": "2025-01-03", "event_date_terminated": "2026-02-01", "recall_status": "Terminated", "recalling_firm": "Northwind Medical, Inc.", "reason_for_recall": "Old.",
  "product_description": "Breeze Ventilator", "code_info": "All units"}]}`

// TestRecallsReachTheInventory takes recalls from a file to the devices of an inventory.
func TestRecallsReachTheInventory(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "device-recall-0001-of-0001.json"), []byte(recalls), 0o600); err != nil {
		t.Fatal(err)
	}
	e := engineOf(t, dir)
	if e.Feed().Devices {
		t.Error("recalls alone count as advisories about devices: a device that none names would have nothing to compare")
	}
	for name, tt := range map[string]struct {
		values         fact.Values
		certain, check string // numbers of recalls
		reason         string
	}{
		"model and version":        {fact.Values{"manufacturer": "Northwind Medical", "model": "Drift 400 Syringe Pump", "version": "4.0"}, "Z-0101-2026", "", "version"},
		"mended version":           {fact.Values{"manufacturer": "Northwind Medical", "model": "Drift 400 Syringe Pump", "version": "4.2"}, "", "", ""},
		"model number":             {fact.Values{"manufacturer": "NORTHWIND MEDICAL INC", "model": "Pump", "model_number": "NW-400", "version": "4.1"}, "Z-0101-2026", "", "model number"},
		"version not known":        {fact.Values{"manufacturer": "Northwind Medical", "model": "Drift 400 Syringe Pump"}, "", "Z-0101-2026", ""},
		"device identifier":        {fact.Values{"manufacturer": "An importer", "model": "Something", "udi_di": "00884838091498", "version": "3.9"}, "Z-0101-2026", "", "00884838091498"},
		"another device":           {fact.Values{"manufacturer": "Northwind Medical", "model": "Drift 900", "version": "1.0"}, "", "", ""},
		"another maker":            {fact.Values{"manufacturer": "Contoso", "model": "Drift 400 Syringe Pump", "version": "4.0"}, "", "", ""},
		"limited to serials":       {fact.Values{"manufacturer": "Northwind Medical", "model": "Calm Monitor", "model_number": "CM-9"}, "", "Z-0102-2026", ""},
		"limited, with a version":  {fact.Values{"manufacturer": "Northwind Medical", "model": "Calm Monitor", "version": "1.0"}, "", "Z-0102-2026", ""},
		"a recall that was closed": {fact.Values{"manufacturer": "Northwind Medical", "model": "Breeze Ventilator"}, "", "", ""},
	} {
		tt.values["class"] = "medical_device"
		a := &fact.Resource{Kind: fact.KindAsset, ID: "a", Values: make(map[string]fact.Value)}
		for n, v := range tt.values {
			a.Values[n] = fact.Value{V: v}
		}
		ms, checks := e.Device(a)
		var certain, check, reasons []string
		for _, m := range ms {
			certain, reasons = append(certain, m.Flaw), append(reasons, m.Reason)
			if m.Likely {
				t.Errorf("%s: %s is likely alone: %s", name, m.Flaw, m.Reason)
			}
		}
		for _, c := range checks {
			check, reasons = append(check, c.Advisory), append(reasons, c.Reason)
		}
		if strings.Join(certain, " ") != tt.certain || strings.Join(check, " ") != tt.check || !strings.Contains(strings.Join(reasons, " "), tt.reason) {
			t.Errorf("%s: certain %v, to check %v (%q), want %q and %q", name, certain, check, reasons, tt.certain, tt.check)
		}
	}
	if f, ok := e.Flaw("Z-0101-2026"); !ok || f.Title == "" {
		t.Errorf("the recall has no title: %+v", f)
	}
}
