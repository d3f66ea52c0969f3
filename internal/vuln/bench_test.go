package vuln_test

import (
	"testing"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// BenchmarkOpen opens a file of all shared OSV records.
func BenchmarkOpen(b *testing.B) {
	list, sources := vulntest.OSV(b)
	file, _ := vulntest.Compile(b, list, sources...)
	for b.Loop() {
		if _, err := vuln.Open(file); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompile compiles all shared OSV records, which were read before.
func BenchmarkCompile(b *testing.B) {
	list, sources := vulntest.OSV(b)
	size, rows := 0, 0
	for b.Loop() {
		file, rep := vulntest.Compile(b, list, sources...)
		size, rows = len(file), rep.Rows
	}
	b.ReportMetric(float64(size)/1e6, "MB")
	b.ReportMetric(float64(rows), "rows")
}

// BenchmarkChanged finds the one advisory that a file has more than another.
func BenchmarkChanged(b *testing.B) {
	list, sources := vulntest.OSV(b)
	file, _ := vulntest.Compile(b, list, sources...)
	old := vulntest.Open(b, file)
	file, _ = vulntest.Compile(b, append(list, &advisory.Advisory{ID: "NEW-1", Source: "osv/PyPI", Products: []advisory.Product{product("PyPI", "requests", "0..9")}}), sources...)
	now := vulntest.Open(b, file)
	for b.Loop() {
		if c := vuln.Changed(old, now); len(c.Keys) != 1 {
			b.Fatalf("%d packages changed", len(c.Keys))
		}
	}
}

// BenchmarkDocument reads one document.
func BenchmarkDocument(b *testing.B) {
	db := vulntest.SharedOSV(b)
	i := uint32(0)
	for b.Loop() {
		i = (i + 7919) % uint32(db.Advisories())
		if _, err := db.Document(i); err != nil {
			b.Fatal(err)
		}
	}
}
