package evidence_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/secret"
)

// TestOnDisk publishes into a real folder and checks it.
func TestOnDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger", tenant)
	files, err := durable.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	for range 3 {
		w.append(110)
		_, err := evidence.NewPublisher(w.store, files, w.keys).Recover(context.Background())
		w.must(err)
	}
	c := w.checker()
	c.Files = files
	r, err := c.Check(context.Background())
	w.must(err)
	if !r.Good() || r.Published != r.Entries || len(r.Notes) > 0 {
		t.Errorf("report %+v", r)
	}
	if n, err := durable.Sweep(dir, time.Now().Add(time.Hour)); err != nil || n != 0 {
		t.Errorf("%d leftovers, %v", n, err)
	}
}

// BenchmarkPublish appends so many entries and publishes them to a disk, with
// every write synced.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			files, err := durable.OpenDir(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			w := newWorld(b)
			p := evidence.NewPublisher(w.store, files, w.keys)
			d := evidence.FileImported("us_1", evidence.File{File: fact.File{Name: "roster.csv", Format: "csv/people"}, Import: "im_1", Batch: 1, Rows: 310})
			for b.Loop() {
				for range n {
					w.must(w.store.Append(w.now, nil, d))
				}
				if _, err := p.Publish(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

func BenchmarkSeal(b *testing.B) {
	d := evidence.FileImported("us_1", evidence.File{File: fact.File{Name: "roster.csv", Format: "csv/people"}, Import: "im_1", Batch: 1, Rows: 310})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Seal(tenant, 7, start, start); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommit commits to the results of a check over 430 assets.
func BenchmarkCommit(b *testing.B) {
	key := secret.New(strings.Repeat("k", 32))
	two := testResults("mfa-a")
	var rs []policy.Result
	for i := range 430 {
		r := two[i%2]
		r.Resource = fmt.Sprintf("as_%03d", i)
		rs = append(rs, r)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := evidence.Commit(key, rs); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	w := newWorld(b)
	d := evidence.FileImported("us_1", evidence.File{File: fact.File{Name: "roster.csv", Format: "csv/people"}, Import: "im_1", Batch: 1, Rows: 310})
	const n = 20_000
	for range n {
		w.must(w.store.Append(w.now, nil, d))
	}
	_, err := w.publisher().Publish(context.Background())
	w.must(err)
	for b.Loop() {
		w.holds()
	}
	b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "entries/s")
}
