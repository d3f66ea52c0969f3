package mds2_test

import (
	"context"
	"testing"

	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/mds2"
)

// BenchmarkParse reads the made-up form of 2019 as CSV.
func BenchmarkParse(b *testing.B) {
	data := csv(form2019)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (mds2.Importer{}).Parse(context.Background(), collecttest.Input("form.csv", data)); err != nil {
			b.Fatal(err)
		}
	}
}
