package feed

import (
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/testshared"
)

// BenchmarkBuildOSV builds a feed of the corpus's OSV records.
func BenchmarkBuildOSV(b *testing.B) {
	dir := testshared.Path(b, "corpora", "advisories", "osv")
	key, _ := testKey(b)
	var built *Built
	for b.Loop() {
		var err error
		if built, err = Build(b.Context(), Sources{Paths: []string{dir}}, Options{Now: testNow(), Key: key}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(built.Data))/1e6, "MB")
	b.ReportMetric(float64(built.Report.Manifest.Records), "records")
	b.ReportMetric(float64(built.Report.Compiled.Rows), "rows")
}

func summary(t testing.TB, r Report) {
	for _, s := range r.Manifest.Sources {
		t.Logf("%+v", s)
	}
	for i, s := range r.Refused {
		if i < 5000 {
			t.Logf("%+v", s)
		}
	}
	for _, s := range r.Manifest.Unused {
		t.Logf("%+v", s)
	}
	t.Logf("records %d refused %d; compiled in %d kept %d replaced %d refused %d rows %d", r.Manifest.Records, len(r.Refused), r.Compiled.In, r.Compiled.Kept, r.Compiled.Replaced, len(r.Compiled.Refused), r.Compiled.Rows)
}

func TestTry(t *testing.T) {
	dir := testshared.Path(t, "corpora", "advisories")
	key, _ := testKey(t)
	begun := time.Now()
	built, err := Build(t.Context(), Sources{Paths: []string{dir}}, Options{Now: testNow(), Key: key})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %v", len(built.Data), time.Since(begun))
	f, err := open(built.Data)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range f.DB.Sections() {
		t.Logf("section %-12s %d", s.Name, s.Length)
	}
	summary(t, built.Report)
}
