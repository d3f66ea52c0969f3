package scan_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/scan"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// BenchmarkCycloneDX reads and judges the lists that the comparison with other
// tools rests on, against all shared OSV records.
func BenchmarkCycloneDX(b *testing.B) {
	db := vulntest.SharedOSV(b)
	for _, list := range []string{"lang-shared", "deb11-shared"} {
		raw := testshared.Read(b, "corpora", "inventories", "bench", list+".cdx.json.zst")
		b.Run(list, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				t, err := scan.CycloneDX(bytes.NewReader(raw), db, scan.Limits{}, nil)
				if err != nil {
					b.Fatal(err)
				}
				n = t.Components
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "components/s")
		})
		b.Run(list+"/report", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := scan.Report(bytes.NewReader(raw), io.Discard, db, scan.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkJudge judges the components alone.
func BenchmarkJudge(b *testing.B) {
	db := vulntest.SharedOSV(b)
	for _, list := range []string{"lang-shared", "deb11-shared"} {
		raw := testshared.Read(b, "corpora", "inventories", "bench", list+".cdx.json.zst")
		var cs []fact.Component
		if _, err := scan.CycloneDX(bytes.NewReader(raw), db, scan.Limits{}, func(c *fact.Component, _ *vuln.Answer) error {
			cs = append(cs, *c)
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		b.Run(list, func(b *testing.B) {
			b.ReportAllocs()
			var a vuln.Answer
			for b.Loop() {
				for i := range cs {
					db.Judge(&cs[i], &a)
				}
			}
			b.ReportMetric(float64(len(cs))*float64(b.N)/b.Elapsed().Seconds(), "components/s")
		})
	}
}
