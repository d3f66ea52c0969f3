package inventory_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/asepsis/asepsis/internal/inventory/inventorytest"
)

// TestTruth merges the sightings labelled by hand and counts. What it prints is
// published in docs/inventory.md.
func TestTruth(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "test", "corpus", "merge", "sightings.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, err := inventorytest.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if l.Sightings < 300 || len(l.Devices) < 120 || len(l.Cases) < 15 {
		t.Fatalf("%d sightings of %d devices in %d cases; want 300, 120 and 15", l.Sightings, len(l.Devices), len(l.Cases))
	}
	p, err := inventorytest.Place(t.Context(), l.Deliveries)
	if err != nil {
		t.Fatal(err)
	}
	s := p.Score()
	t.Logf("%d sightings, %s", l.Sightings, s)
	if s.Precision() < 0.99 || s.Recall() < 0.97 {
		t.Errorf("%s; want at least 0.99 and 0.97", s)
	}
	for _, d := range p.Asked {
		t.Logf("asked: for %q, against %q, score %.2f", d.For, d.Against, d.Score)
	}
	assets := p.Assets()
	first := make(map[int32]string)
	holder := make(map[string]int32)
	for i, a := range assets {
		d := p.Labels[i]
		if was, ok := first[d]; !ok {
			first[d] = a
		} else if was != a {
			t.Logf("in two: %s, sighting %d", l.Devices[d], i)
		}
		if other, ok := holder[a]; ok && other != d {
			t.Logf("joined: %s and %s, sighting %d", l.Devices[other], l.Devices[d], i)
		}
		holder[a] = d
	}
}
