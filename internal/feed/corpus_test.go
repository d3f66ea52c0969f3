package feed

import (
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/testshared"
)

// BenchmarkBuildOSV builds a feed of the corpus's OSV records.
func BenchmarkBuildOSV(b *testing.B) { benchmarkBuild(b, "corpora", "advisories", "osv") }

func benchmarkBuild(b *testing.B, elem ...string) {
	dir := testshared.Path(b, elem...)
	key, _ := testKey(b)
	var last *Built
	for b.Loop() {
		last = build(b, dir, key, testNow())
	}
	b.ReportMetric(float64(len(last.Data))/1e6, "MB")
	b.ReportMetric(float64(last.Report.Manifest.Records), "records")
	b.ReportMetric(float64(last.Report.Compiled.Rows), "rows")
}

// counted is what the corpus holds, counted by other means than the readers: the
// documents of a file, the lines of a table.
var counted = map[string]struct{ records, refused int }{
	"osv":     {35_861, 0},
	"cve":     {44_130, 0},
	"nvd":     {32_184, 0},
	"kev":     {1_404, 0},
	"epss":    {18 + 3, 0},
	"eol":     {464 + 403, 0},
	"debian":  {5_406 + 3_534 + 55, 1}, // a package named by a pattern
	"vex":     {59, 0},
	"csaf":    {144 + 2_235 + 4 + 30 + 265, 1},
	"native":  {1_381 + 1_592 + 467 + 171 + 1_268, 2}, // two indexes
	"windows": {608_740 + 160, 0},
}

// TestCorpus reads all advisories of the shared corpus and loses none.
func TestCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("it reads half a gigabyte")
	}
	for name, want := range counted {
		t.Run(name, func(t *testing.T) {
			dir := testshared.Path(t, "corpora", "advisories", name)
			b, err := Build(t.Context(), Sources{Paths: []string{dir}}, Options{Now: testNow()})
			if err != nil {
				t.Fatal(err)
			}
			r := &b.Report
			if r.Manifest.Records != want.records || len(r.Refused) != want.refused {
				t.Errorf("%d records and %d refused, want %d and %d", r.Manifest.Records, len(r.Refused), want.records, want.refused)
				for i, x := range r.Refused {
					if i < 20 {
						t.Logf("refused %+v", x)
					}
				}
			}
			if c := r.Compiled; c.In != c.Kept+c.Replaced+len(c.Refused) || len(c.Refused) != len(r.Refused) {
				t.Errorf("compiled: %d in, %d kept, %d replaced, %d refused of %d", c.In, c.Kept, c.Replaced, len(c.Refused), len(r.Refused))
			}
			t.Logf("%d bytes, %d advisories, %d replaced, %d rows", len(b.Data), r.Compiled.Kept, r.Compiled.Replaced, r.Compiled.Rows)
			for _, s := range r.Manifest.Sources {
				t.Logf("%s: %d records, %d refused, partial %v %s", s.Name, s.Records, s.Refused, s.Partial, s.PartialWhy)
			}
			for _, u := range r.Manifest.Unused {
				t.Logf("unused %+v", u)
			}
		})
	}
}

// BenchmarkBuildAll builds a feed of all advisories of the corpus.
func BenchmarkBuildAll(b *testing.B) { benchmarkBuild(b, "corpora", "advisories") }

// BenchmarkOpen opens the feed of the corpus's OSV records.
func BenchmarkOpen(b *testing.B) {
	dir := testshared.Path(b, "corpora", "advisories", "osv")
	key, verifier := testKey(b)
	out := b.TempDir()
	if err := Publish(out, build(b, dir, key, testNow()), 1); err != nil {
		b.Fatal(err)
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			f, err := OpenCurrent(out)
			if err != nil {
				b.Fatal(err)
			}
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		path, err := Current(out)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := Verify(path, []note.Verifier{verifier}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
