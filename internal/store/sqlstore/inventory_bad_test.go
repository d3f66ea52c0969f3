package sqlstore

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// TestOneListWithTwoDevicesOfOneSerial brings a list that has a serial number
// twice, as copied rows do: it is asked, and neither row is lost.
func TestOneListWithTwoDevicesOfOneSerial(t *testing.T) {
	db, tn := openTest(t)
	rows := []string{"a|serial B7-10010|mac 3c:52:82:00:00:01|name=PUMP-1", "b|serial B7-10010|mac 3c:52:82:00:00:02|name=PUMP-2"}
	in := bring(t, tn, t0, "cmdb", rows...)
	if in.NewAssets != 2 || in.Merges != 0 || in.Questions != 1 {
		t.Errorf("new assets %d, merges %d, questions %d; want 2, 0 and 1", in.NewAssets, in.Merges, in.Questions)
	}
	for d := range 3 { // the same again asks nothing anew and moves nothing
		if in := bring(t, tn, t0.Add(time.Duration(1+d)*day), "cmdb", rows[1-d%2], rows[d%2]); in.NewAssets+in.Merges+in.Questions != 0 {
			t.Errorf("day %d: %+v", d, in)
		}
	}
	want(t, "the list", assetsOf(t, tn, t0.Add(9*day)), []string{"PUMP-1: cmdb", "PUMP-2: cmdb"})
	// Another source with the serial number alone cannot say which of them it saw.
	in = bring(t, tn, t0.Add(9*day), "biomed", "x|serial B7-10010|name=PUMP-X")
	if in.Merges != 0 || len(assetsOf(t, tn, t0.Add(9*day))) < 2 {
		t.Errorf("a third sighting merged them: %+v %q", in, assetsOf(t, tn, t0.Add(9*day)))
	}
	checkLedger(t, db, tn)
}

// TestTheNetworkIsRenumberedOvernight gives every device the address that
// another had the day before.
func TestTheNetworkIsRenumberedOvernight(t *testing.T) {
	db, tn := openTest(t)
	lease := func(n, ip int) string {
		return fmt.Sprintf("d%d|mac 3c:52:82:00:%02x:01|name ws-%02d|ip 10.1.0.%d|name=WS-%02d", n, n, n, 10+ip, n)
	}
	scan := func(ip int) string { return fmt.Sprintf("s%d|ip 10.1.0.%d", ip, 10+ip) }
	const devices = 20
	all := func(f func(n int) string) (out []string) {
		for n := range devices {
			out = append(out, f(n))
		}
		return out
	}
	bring(t, tn, t0, "dhcp", all(func(n int) string { return lease(n, n) })...)
	bring(t, tn, t0.Add(time.Hour), "scan", all(scan)...)
	before := load(t, tn, t0.Add(time.Hour)).Resources[fact.KindAsset]
	if len(before) != devices {
		t.Fatalf("%d assets before, want %d", len(before), devices)
	}
	in := bring(t, tn, t0.Add(day), "dhcp", all(func(n int) string { return lease(n, (n+7)%devices) })...)
	if in.NewAssets != 0 || in.Merges != 0 || in.Questions != 0 {
		t.Errorf("the night: %+v", in)
	}
	bring(t, tn, t0.Add(day+time.Hour), "scan", all(scan)...)
	after := load(t, tn, t0.Add(day+time.Hour))
	if got := len(after.Resources[fact.KindAsset]); got != devices {
		t.Errorf("%d assets after the night, want %d", got, devices)
	}
	// What the scan saw at an address belongs to who has it now.
	for _, a := range after.Resources[fact.KindAsset] {
		var n int
		if _, err := fmt.Sscanf(a.Text("name"), "WS-%d", &n); err != nil {
			t.Errorf("asset %s is called %q", a.ID, a.Text("name"))
			continue
		}
		newest := ""
		var at time.Time
		for _, l := range must(tn.AssetLinks(t.Context(), a.ID))(t) {
			for _, k := range l.Keys {
				if l.Stream == "scan" && k.Last.After(at) {
					newest, at = k.Value, k.Last
				}
			}
		}
		if want := fmt.Sprintf("10.1.0.%d", 10+(n+7)%devices); newest != want {
			t.Errorf("WS-%02d was last scanned at %s, its address is %s", n, newest, want)
		}
	}
	checkLedger(t, db, tn)
}

// TestDocksAndClones brings two laptops that share a docking station by turns,
// and machines cloned from one image, by several sources and over a new start.
func TestDocksAndClones(t *testing.T) {
	db, tn := openTest(t)
	agent := func(n int, dock bool) string {
		s := fmt.Sprintf("l%d|serial 5CG1234AB%d|machine aaaa000%d|mac 3c:52:82:00:00:0%d|name lap-%d|name=LAP-%d", n, n, n, n, n, n)
		if dock {
			s += "|mac 48:2a:e3:00:00:09"
		}
		return s
	}
	clone := func(n int) string {
		return fmt.Sprintf("c%d|machine bbbb0001|mac 00:50:56:a1:00:0%d|name app-%d|name=APP-%d", n, n, n, n)
	}
	for d := range 6 {
		at := t0.Add(time.Duration(d) * day)
		on := d % 2
		bring(t, tn, at, "osquery", agent(1, on == 0), agent(2, on == 1), clone(1), clone(2), clone(3))
		bring(t, tn, at.Add(time.Hour), "dhcp", fmt.Sprintf("x|mac 48:2a:e3:00:00:09|name lap-%d|name=LAP-%d", 1+on, 1+on))
		if d == 3 {
			db.worlds = worlds{} // a process that starts anew
		}
	}
	want(t, "after six days", assetsOf(t, tn, t0.Add(9*day)), []string{
		"APP-1: osquery", "APP-2: osquery", "APP-3: osquery", "LAP-1: dhcp osquery", "LAP-2: dhcp osquery",
	})
	if ms := dump(t, db)["inventory_merges"]; ms != 0 {
		t.Errorf("%d merges of laptops at one dock and of clones", ms)
	}
	checkLedger(t, db, tn)
}

// TestAnImportOfNothingLeavesAll brings, for each kind of stream, a batch with
// nothing in it after one with much.
func TestAnImportOfNothingLeavesAll(t *testing.T) {
	for _, stream := range []fact.Stream{
		{ID: "s/snapshot", Title: "a complete list", Snapshot: true}, {ID: "s/part", Title: "a list of some"}, {ID: "s/per", Title: "scans", PerAsset: true},
	} {
		_, tn := openTest(t)
		b := seen(t, stream.ID, t0, "a|serial B7-10010", "b|serial B7-20020", "c|serial B7-30030")
		b.Stream = stream
		ingestTest(t, tn, b, t0)
		before := assetsOf(t, tn, t0)
		empty := &fact.Batch{Stream: stream, Assurance: fact.Imported, ObservedAt: t0.Add(day)}
		_, err := tn.Ingest(t.Context(), empty, Delivery{Actor: "test", Now: t0.Add(day)})
		if refused := err != nil; refused != stream.Snapshot {
			t.Errorf("%s with nothing in it: %v", stream.Title, err)
		}
		if after := assetsOf(t, tn, t0.Add(2*day)); !slices.Equal(before, after) || len(after) != 3 {
			t.Errorf("%s with nothing in it: %q were %q", stream.Title, after, before)
		}
	}
}
