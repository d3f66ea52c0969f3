package app

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/fact"
)

func file(name, text string) collect.Input {
	return collect.Input{Name: name, R: strings.NewReader(text), Size: int64(len(text))}
}

// TestTheSameExportNextMonth: a list of devices whose headers do not say what it
// is, is asked about once.
func TestTheSameExportNextMonth(t *testing.T) {
	ctx := t.Context()
	a := openBench(t)
	p, err := a.Default(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	first := "Gerät,Nr,Raum\nPUMP-1,SN-48151623,ICU\n"
	_, err = a.Bring(ctx, p.ID, "test", file("october.csv", first), "", false)
	if r, ok := errors.AsType[*collect.Refusal](err); !ok || r.Mapping == nil {
		t.Fatalf("got %v, want the question which columns these are", err)
	}
	in := file("october.csv", first)
	in.Table, in.Columns = "assets", map[string]string{"Gerät": "name", "Nr": "serial", "Raum": "location"}
	if _, err := a.Bring(ctx, p.ID, "test", in, "", false); err != nil {
		t.Fatal(err)
	}
	// Another order of the columns, other rows.
	got, err := a.Bring(ctx, p.ID, "test", file("november.csv", "Nr,Gerät,Raum\nSN-48151624,PUMP-2,ER\n"), "", false)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(got.Parsed.Batch.Notes, func(n fact.Note) bool { return n.What == "columns" }) {
		t.Errorf("nothing says that the columns were confirmed before: %+v", got.Parsed.Batch.Notes)
	}
	set := loaded(t, a, p.ID)
	for _, r := range set.Resources[fact.KindAsset] {
		if r.Label() == "PUMP-2" && r.Text("location") == "ER" && strings.EqualFold(r.Text("serial"), "SN-48151624") {
			return
		}
	}
	t.Errorf("the second month's device is not there: %d assets", len(set.Resources[fact.KindAsset]))
}

// TestCatalogReachesDevices: what the FDA's catalog says of a model is said of the
// device whose identifier the inventory knows, and of no other.
func TestCatalogReachesDevices(t *testing.T) {
	ctx := t.Context()
	a := openBench(t)
	p, err := a.Default(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	const catalog = `{"results": [{"brand_name": "Pump 3000", "version_or_model_number": "P-3000", "company_name": "CONTOSO MEDICAL, INC.",
 "identifiers": [{"id": "00844588018923", "type": "Primary", "issuing_agency": "GS1"}], "gmdn_terms": [{"name": "General-purpose infusion pump", "definition": "x"}]}]}`
	if _, err := a.Bring(ctx, p.ID, "test", file("gudid.json", catalog), "", false); err == nil || !strings.Contains(err.Error(), "UDI") {
		t.Errorf("a catalog of no device of ours: %v", err)
	}
	devices := "name,serial number,udi-di\nICU-PUMP-07,8100-552071,00844588018923\nICU-PUMP-08,8100-552072,\n"
	if _, err := a.Bring(ctx, p.ID, "test", file("devices.csv", devices), "", false); err != nil {
		t.Fatal(err)
	}
	got, err := a.Bring(ctx, p.ID, "test", file("gudid.json", catalog), "", false)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got.Parsed.Batch.Sightings); n != 1 {
		t.Fatalf("%d devices, want 1", n)
	}
	set := loaded(t, a, p.ID)
	if n := len(set.Resources[fact.KindAsset]); n != 2 {
		t.Errorf("%d assets, want the two of the list", n)
	}
	for _, r := range set.Resources[fact.KindAsset] {
		want := map[string]string{"ICU-PUMP-07": "CONTOSO MEDICAL, INC.", "ICU-PUMP-08": ""}[r.Label()]
		if r.Text("manufacturer") != want {
			t.Errorf("%s: made by %q, want %q", r.Label(), r.Text("manufacturer"), want)
		}
	}
}

func loaded(t *testing.T, a *App, tid string) *fact.Set {
	t.Helper()
	tn, err := a.tenant(tid)
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := tn.Load(t.Context(), time.Now().UTC())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestBillOfNothing: a bill of materials that suddenly lists nothing does not take away
// what the last one listed.
func TestBillOfNothing(t *testing.T) {
	ctx := t.Context()
	a := openBench(t)
	p, err := a.Default(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	bill := func(components string) collect.Input {
		return file("bill.cdx.json", `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"component":{"type":"application","name":"server"}},"components":[`+components+`]}`)
	}
	var parts []string
	for _, n := range []string{"a", "b", "c", "d", "e"} {
		parts = append(parts, `{"type":"library","name":"`+n+`","purl":"pkg:golang/example.org/`+n+`@v1.0.0"}`)
	}
	if _, err := a.Bring(ctx, p.ID, "test", bill(strings.Join(parts, ",")), "", false); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Bring(ctx, p.ID, "test", bill(""), "", false); err == nil || !strings.Contains(err.Error(), "lists no software, and the last one listed 5") {
		t.Errorf("an empty bill: %v", err)
	}
	if _, err := a.Bring(ctx, p.ID, "test", bill(parts[0]), "", false); err != nil {
		t.Errorf("a smaller bill: %v", err)
	}
}
