package sqlstore

import (
	"fmt"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/inventory/inventorytest"
)

// worldBatches makes the batches of a generated world. Each sighting states
// what such a source states beside the keys.
func worldBatches(c inventorytest.Config) []*fact.Batch {
	var out []*fact.Batch
	for _, d := range inventorytest.Generate(c) {
		b := &fact.Batch{Stream: fact.Stream{ID: d.Stream, Title: d.Stream}, Assurance: fact.Imported}
		for i, s := range d.Sightings {
			at := time.UnixMicro(s.At).UTC()
			if at.After(b.ObservedAt) {
				b.ObservedAt = at
			}
			vs := fact.Values{"network_seen_at": at}
			if s.Maker != "" {
				vs["manufacturer"] = s.Maker
			}
			b.Sightings = append(b.Sightings, fact.Sighting{Ref: fmt.Sprint(i), Keys: s.Keys, ObservedAt: at, Values: vs})
		}
		out = append(out, b)
	}
	return out
}

// BenchmarkIngestWorld stores the sightings of worlds, a source's day at a time,
// each day with its ledger entry. The last day is counted apart: by then every
// device is known.
func BenchmarkIngestWorld(b *testing.B) {
	for _, devices := range []int{5_000, 20_000, 50_000} {
		b.Run(fmt.Sprintf("%d_devices", devices), func(b *testing.B) {
			batches := worldBatches(inventorytest.Config{Seed: 1, Devices: devices, Days: 6, Trouble: true})
			var total, last int
			var all, end time.Duration
			for b.Loop() {
				b.StopTimer()
				_, tn := openTest(b)
				b.StartTimer()
				for i, d := range batches {
					begun := time.Now()
					if _, err := tn.Ingest(b.Context(), d, Delivery{Actor: "test", Now: d.ObservedAt}); err != nil {
						b.Fatal(err)
					}
					took := time.Since(begun)
					all += took
					total += len(d.Sightings)
					if i >= len(batches)-4 {
						end += took
						last += len(d.Sightings)
					}
				}
			}
			b.ReportMetric(float64(total)/all.Seconds(), "sightings/s")
			b.ReportMetric(float64(last)/end.Seconds(), "last-day-sightings/s")
		})
	}
}
