package app

import (
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/config"
	"github.com/asepsis/asepsis/internal/demo"
)

// openBench opens an empty data folder.
func openBench(tb testing.TB) *App {
	tb.Helper()
	c := config.Default()
	c.DataDir = tb.TempDir()
	a, err := Open(tb.Context(), Options{Config: c, Log: slog.New(slog.DiscardHandler), Now: time.Now, Version: "test"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := a.Close(); err != nil {
			tb.Error(err)
		}
	})
	return a
}

// BenchmarkDemoFill makes the demonstration hospital with its history.
func BenchmarkDemoFill(b *testing.B) {
	for b.Loop() {
		a := openBench(b)
		if _, err := a.fillHospital(b.Context(), demo.Hospital(1, time.Now()), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecide loads and decides the demonstration hospital's stored facts,
// all checks.
func BenchmarkDecide(b *testing.B) {
	a := openBench(b)
	now := time.Now().UTC()
	tid, err := a.fillHospital(b.Context(), demo.Hospital(1, now, demo.Latest()), nil)
	if err != nil {
		b.Fatal(err)
	}
	t, err := a.tenant(tid)
	if err != nil {
		b.Fatal(err)
	}
	r, err := a.rules()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, err := a.decide(b.Context(), t, r, now); err != nil {
			b.Fatal(err)
		}
	}
	reportMemory(b)
}

// BenchmarkHospitals decides many hospitals of one database, one after the
// other: time must grow with their number and memory must not.
func BenchmarkHospitals(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			if testing.Short() && n > 10 {
				b.Skip("storing a hundred hospitals takes a while")
			}
			a := openBench(b)
			now := time.Now().UTC()
			var ids []string
			for i := range n {
				tid, err := a.fillHospital(b.Context(), demo.Hospital(uint64(i+1), now, demo.Latest()), nil)
				if err != nil {
					b.Fatal(err)
				}
				ids = append(ids, tid)
			}
			r, err := a.rules()
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				for _, tid := range ids {
					t, err := a.tenant(tid)
					if err != nil {
						b.Fatal(err)
					}
					if _, _, _, err := a.decide(b.Context(), t, r, now); err != nil {
						b.Fatal(err)
					}
				}
			}
			reportMemory(b)
		})
	}
}

// reportMemory reports what the process holds after the run.
func reportMemory(b *testing.B) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MB-held")
	b.ReportMetric(float64(m.Sys)/(1<<20), "MB-from-system")
}
