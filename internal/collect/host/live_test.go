package host

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/asepsis/asepsis/internal/fact"
)

// TestThisMachine reads the machine the test runs on.
func TestThisMachine(t *testing.T) {
	start := time.Now()
	b, err := New(Options{}).Collect(t.Context(), start, nil)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	t.Logf("collected %d facts, %d components and %d notes in %v", len(b.Facts), len(b.Components), len(b.Notes), took.Round(time.Millisecond))
	for _, err := range b.Validate() {
		t.Error(err)
	}
	if took > 20*time.Second {
		t.Errorf("the collection took %v", took)
	}
	for _, n := range b.Notes {
		t.Logf("note: %s: %s", n.What, n.Why)
	}
	if testing.Verbose() {
		for name, v := range b.Sightings[0].Values {
			t.Logf("%s = %v", name, v)
		}
		for name, v := range b.Sightings[0].Missing {
			t.Logf("%s missing: %s", name, v)
		}
		for _, f := range b.Facts {
			if f.Kind != fact.KindAccount {
				t.Logf("%s %s: %v %v", f.Kind, f.Key, f.Values, f.Missing)
			}
		}
	}
}

// TestTwiceTheSame collects twice: without a change on the machine the facts
// are the same, so that storing them again says nothing new. Other programs
// open and close ports all the time, so ports are compared where the test owns
// them (TestSeesItsOwnServers) and on captured trees.
func TestTwiceTheSame(t *testing.T) {
	now := time.Now()
	var diff string
	for range 4 {
		var batches [2]*fact.Batch
		for i := range batches {
			b, err := New(Options{}).Collect(t.Context(), now, nil)
			if err != nil {
				t.Fatal(err)
			}
			b.Facts = slices.DeleteFunc(b.Facts, func(f fact.Fact) bool { return f.Kind == fact.KindEndpoint })
			for _, attr := range []string{"listening_services", "clear_text_services", "unneeded_services"} {
				delete(b.Sightings[0].Values, attr)
			}
			b.Notes = slices.DeleteFunc(b.Notes, func(n fact.Note) bool { return n.What == "programs that listen" || n.What == "TLS of listening ports" })
			batches[i] = b
		}
		if diff = cmp.Diff(batches[0], batches[1], cmpopts.EquateEmpty()); diff == "" {
			return
		}
	}
	t.Errorf("four times, two collections differed; the last time (-first +second):\n%s", diff)
}

// BenchmarkThisMachine is what docs/collectors/host.md gives as the cost.
func BenchmarkThisMachine(b *testing.B) {
	c := New(Options{})
	for b.Loop() {
		if _, err := c.Collect(b.Context(), time.Now(), nil); err != nil {
			b.Fatal(err)
		}
	}
}
