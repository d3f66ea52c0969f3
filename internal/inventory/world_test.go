package inventory_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/asepsis/asepsis/internal/inventory"
	"github.com/asepsis/asepsis/internal/inventory/inventorytest"
)

// TestGeneratedWorlds merges worlds full of trouble and counts.
func TestGeneratedWorlds(t *testing.T) {
	for seed := range uint64(4) {
		ds := inventorytest.Generate(inventorytest.Config{Seed: seed, Devices: 1000, Days: 30, Trouble: true})
		p, err := inventorytest.Place(t.Context(), ds)
		if err != nil {
			t.Fatal(err)
		}
		s := p.Score()
		t.Logf("seed %d: %d sightings, %s", seed, len(p.Homes), s)
		if s.Precision() < 0.99 || s.Recall() < 0.97 {
			t.Errorf("seed %d: %s; want at least 0.99 and 0.97", seed, s)
		}
	}
}

// names numbers the devices of a placement by when they were met first.
func names(assets []string) []int {
	seen := make(map[string]int)
	out := make([]int, len(assets))
	for i, a := range assets {
		n, ok := seen[a]
		if !ok {
			n = len(seen)
			seen[a] = n
		}
		out[i] = n
	}
	return out
}

// TestTheOrderDoesNotMatter brings a world without doubts in many orders.
func TestTheOrderDoesNotMatter(t *testing.T) {
	var all []inventory.Sighting
	var labels []int32
	for _, d := range inventorytest.Generate(inventorytest.Config{Seed: 7, Devices: 60, Days: 8}) {
		if d.Stream == "import/scan" {
			continue // an address alone is no certain thing
		}
		all = append(all, d.Sightings...)
		labels = append(labels, d.Devices...)
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	var first []int
	for seed := range uint64(40) {
		ds := make([]inventorytest.Delivery, len(order))
		for i, n := range order {
			ds[i] = inventorytest.Delivery{Stream: all[n].Stream, Sightings: all[n : n+1], Devices: labels[n : n+1]}
		}
		p, err := inventorytest.Place(t.Context(), ds)
		if err != nil {
			t.Fatal(err)
		}
		assets := make([]string, len(order))
		for i, a := range p.Assets() {
			assets[order[i]] = a
		}
		got := names(assets)
		switch {
		case first == nil:
			first = got
			if s := p.Score(); s.Wrong+s.Missed > 0 {
				t.Fatalf("a world without trouble: %s", s)
			}
		case !slices.Equal(first, got):
			i := slices.IndexFunc(got, func(int) bool { return true })
			for i = range got {
				if got[i] != first[i] {
					break
				}
			}
			t.Fatalf("order %d: sighting %d of %+v is of another asset; %s", seed, i, all[i], p.Score())
		}
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // an order needs no secrets
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
}

// TestBringingTheSameAgainChangesNothing brings a world twice.
func TestBringingTheSameAgainChangesNothing(t *testing.T) {
	ds := inventorytest.Generate(inventorytest.Config{Seed: 3, Devices: 200, Days: 10, Trouble: true})
	p, err := inventorytest.Place(t.Context(), ds)
	if err != nil {
		t.Fatal(err)
	}
	before := names(p.Assets())
	last := ds[len(ds)-5:]
	for range 3 {
		for _, d := range last {
			placed, err := p.World.Place(t.Context(), d.Sightings)
			if err != nil {
				t.Fatal(err)
			}
			for i := range placed {
				if placed[i].New {
					t.Errorf("%s: %+v is a new asset", d.Stream, d.Sightings[i])
				}
			}
		}
		c := p.World.Take()
		if len(c.Homes)+len(c.Links)+len(c.Asked)+len(c.Keys) > 0 {
			t.Errorf("the same again: %d homes, %d links, %d questions, %d keys", len(c.Homes), len(c.Links), len(c.Asked), len(c.Keys))
		}
	}
	if after := names(p.Assets()); !slices.Equal(before, after) {
		t.Error("the same again moved sightings")
	}
}

// BenchmarkMerge merges a million sightings of 50,000 devices, a source's day at
// a time, and then brings one more day.
func BenchmarkMerge(b *testing.B) {
	for _, devices := range []int{5_000, 50_000} {
		b.Run(strconv.Itoa(devices)+"_devices", func(b *testing.B) {
			ds := inventorytest.Generate(inventorytest.Config{Seed: 1, Devices: devices, Days: 6, Trouble: true})
			n := 0
			for _, d := range ds {
				n += len(d.Sightings)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				if _, err := inventorytest.Place(b.Context(), ds); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n), "sightings")
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "sightings/s")
		})
	}
}
