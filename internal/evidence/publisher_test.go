package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/evidence/evidencetest"
	"github.com/asepsis/asepsis/ledger"
)

func TestPublish(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	p := w.publisher()
	h, err := p.Publish(ctx)
	if w.must(err); h != (evidence.Head{}) {
		t.Errorf("head of an empty log: %+v", h)
	}
	w.holds()
	for _, n := range []int{1, 1, 3, 250, 1, 1, 300, 1} {
		w.append(n)
		h, err := p.Publish(ctx)
		w.must(err)
		r := w.holds()
		if r.Published != h.Size || r.Entries != h.Size {
			t.Fatalf("head at %d; checked %d, %d of them published", h.Size, r.Entries, r.Published)
		}
		again, err := p.Publish(ctx)
		if w.must(err); again != h {
			t.Errorf("with nothing new the head moved from %+v to %+v", h, again)
		}
	}
	r := w.holds()
	if r.Batches == 0 || r.Assessments == 0 || r.Events == 0 || len(r.Notes) > 0 {
		t.Errorf("report %+v", r)
	}
	// One partial bundle is left, and no partial tile of a full one.
	names, err := w.files.List("tile")
	w.must(err)
	bundles := 0
	for _, n := range names {
		if strings.HasPrefix(n, "tile/entries/") && strings.Contains(n, ".p/") {
			bundles++
		}
		if full, _, ok := strings.Cut(n, ".p/"); ok && slices.Contains(names, full) {
			t.Errorf("%s is needless", n)
		}
	}
	if bundles != 1 {
		t.Errorf("%d partial bundles in %q", bundles, names)
	}
}

// TestUnpublished checks that entries behind the head are looked at as well.
func TestUnpublished(t *testing.T) {
	w := newWorld(t)
	w.append(10)
	_, err := w.publisher().Publish(context.Background())
	w.must(err)
	published := w.holds().Published
	w.append(5)
	r := w.holds()
	if r.Published != published || r.Entries <= published || len(r.Notes) != 1 {
		t.Errorf("report %+v", r)
	}
}

// scenario takes a log over all that can happen in one publication: a bundle
// and a tile become full, partial ones are replaced.
func scenario(w *world) (before func(), publish func() error) {
	before = func() {
		w.append(180)
		_, err := w.publisher().Recover(context.Background())
		w.must(err)
		w.append(100)
	}
	publish = func() error { _, err := w.publisher().Publish(context.Background()); return err }
	return before, publish
}

// TestFailEachStep fails every step of a publication, before and after its
// effect, by error and by death, and starts up again.
func TestFailEachStep(t *testing.T) {
	w := newWorld(t)
	before, publish := scenario(w)
	before()
	w.faults.Arm(0, false, false)
	w.must(publish())
	steps := w.faults.Taken()
	if !slices.Contains(steps, "swing") || !slices.Contains(steps, "write checkpoint") || len(steps) < 8 {
		t.Fatalf("steps %q", steps)
	}
	for n := 1; n <= len(steps); n++ {
		for _, after := range []bool{false, true} {
			for _, kill := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d %s after=%v kill=%v", n, steps[n-1], after, kill), func(t *testing.T) {
					w := newWorld(t)
					before, publish := scenario(w)
					before()
					w.faults.Arm(n, after, kill)
					if err := publish(); !errors.Is(err, evidencetest.ErrInjected) {
						t.Fatalf("error %v, want the injected one", err)
					}
					w.faults.Disarm()
					w.append(3)
					h, err := w.publisher().Recover(context.Background())
					w.must(err)
					if r := w.holds(); r.Published != r.Entries || r.Published != h.Size || len(r.Notes) > 0 {
						t.Errorf("report %+v, head %+v", r, h)
					}
				})
			}
		}
	}
}

// TestSamePublisherGoesOn fails a step and publishes again with the publisher
// that is already running.
func TestSamePublisherGoesOn(t *testing.T) {
	w := newWorld(t)
	p := w.publisher()
	for n := 1; n < 60; n++ {
		w.append(1 + n%4*40)
		w.faults.Arm(1+n%9, n%2 == 0, false)
		_, _ = p.Publish(context.Background())
		w.faults.Disarm()
		_, err := p.Publish(context.Background())
		w.must(err)
	}
	w.holds()
}

// TestKillLoop kills the process at a random step, a hundred times, while it
// appends and publishes. Nothing acknowledged is lost, and the log never forks.
func TestKillLoop(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	w := newWorld(t)
	var sizes []int64
	var roots []ledger.Hash
	acknowledged := 0
	for range 100 {
		w.faults.Arm(1+rnd.IntN(25), rnd.IntN(2) == 0, true)
		p := w.publisher()
		for {
			var err error
			for range 1 + rnd.IntN(40) {
				if err = w.appendOne(); err != nil {
					break
				}
				acknowledged++
			}
			if err != nil {
				break
			}
			if _, err := p.Publish(context.Background()); err != nil {
				break
			}
		}
		w.faults.Disarm()
		h, err := w.publisher().Recover(context.Background())
		w.must(err)
		sizes, roots = append(sizes, h.Size), append(roots, h.Root)
	}
	r := w.holds()
	if r.Entries < int64(acknowledged) {
		t.Errorf("%d were acknowledged and %d are there", acknowledged, r.Entries)
	}
	// Every head that was ever published is the beginning of the last.
	size, root := sizes[len(sizes)-1], roots[len(roots)-1]
	src := ledger.Tiles{Size: size, Root: root, Read: func(t ledger.Tile) ([]byte, error) { return w.files.Read(t.Path()) }}
	for i, s := range sizes {
		proof, err := ledger.ProveConsistency(size, s, src)
		w.must(err)
		w.must(ledger.VerifyConsistency(proof, size, root, s, roots[i]))
	}
}

// TestManyPublishers lets several publishers and a writer work at once.
func TestManyPublishers(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			p := w.publisher()
			for {
				if _, err := p.Publish(context.Background()); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for range 30 {
		w.append(20)
	}
	close(done)
	wg.Wait()
	_, err := w.publisher().Recover(context.Background())
	w.must(err)
	if r := w.holds(); r.Published != r.Entries {
		t.Errorf("report %+v", r)
	}
}

// TestClockBack sets the clock back an hour: times stand still and do not run back.
func TestClockBack(t *testing.T) {
	w := newWorld(t)
	w.append(5)
	w.now = w.now.Add(-time.Hour)
	w.append(5)
	_, err := w.publisher().Publish(context.Background())
	w.must(err)
	w.holds()
	es, err := w.store.Entries(context.Background(), 0, 100)
	w.must(err)
	last := es[len(es)-1]
	if first := es[0]; last.At.Before(first.At) || last.At.After(first.At.Add(time.Minute)) {
		t.Errorf("the last entry is dated %s", last.At)
	}
}

// TestRefusals changes something before a publication: nothing of it is signed.
func TestRefusals(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		change func(w *world)
		hint   string
	}{
		"a new entry was changed": {change: func(w *world) {
			w.store.Tamper(func(s *evidencetest.Tampered) { s.Entries[len(s.Entries)-1].Statement[30] ^= 1 })
		}},
		"a published entry was changed with its hash": {change: func(w *world) {
			w.store.Tamper(func(s *evidencetest.Tampered) {
				s.Entries[3].Statement[30] ^= 1
				s.Entries[3].Leaf = ledger.LeafHash(s.Entries[3].Statement)
			})
		}},
		"entries were removed": {change: func(w *world) {
			w.store.Tamper(func(s *evidencetest.Tampered) { s.Entries = s.Entries[:5] })
		}, hint: "ledger check"},
		"a tile was changed": {change: func(w *world) {
			w.files.Change("tile/0/000.p/12", func(b []byte) []byte { b[7] ^= 1; return b })
		}, hint: "ledger check"},
		"the database is older than the folder": {change: func(w *world) {
			w.store.Tamper(func(s *evidencetest.Tampered) { s.Head = evidence.Head{} })
		}, hint: "backup"},
		"the checkpoint is another's": {change: func(w *world) {
			w.files.Change("checkpoint", func(b []byte) []byte { b[len(b)-5] ^= 1; return b })
		}, hint: "keys"},
		"the key is another's": {change: func(w *world) {
			w.files.Change("ledger.pub", func(b []byte) []byte { b[len(b)-5] ^= 1; return b })
		}, hint: "ledger.key"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.append(10)
			h, err := w.publisher().Publish(ctx)
			if w.must(err); h.Size != 12 {
				t.Fatalf("published %d", h.Size)
			}
			w.append(5)
			c.change(w)
			before, err := w.store.Head(ctx)
			w.must(err)
			_, err = w.publisher().Publish(ctx)
			if !errs.Is(err, errs.Conflict) || !strings.Contains(errs.HintOf(err), c.hint) {
				t.Errorf("error %v of kind %v, hint %q; want a conflict with %q", err, errs.KindOf(err), errs.HintOf(err), c.hint)
			}
			after, err := w.store.Head(ctx)
			if w.must(err); after != before {
				t.Error("the head moved")
			}
		})
	}
}

// TestLostFolder removes files, or all of them: they are made anew from the entries.
func TestLostFolder(t *testing.T) {
	ctx := context.Background()
	for _, lost := range []string{"", "tile/0/000", "tile/entries/001", "tile/1/000.p/2", "checkpoint"} {
		w := newWorld(t)
		w.append(500)
		_, err := w.publisher().Publish(ctx)
		w.must(err)
		names, err := w.files.List(".")
		w.must(err)
		removed := 0
		for _, n := range names {
			if lost == "" || n == lost {
				w.files.Change(n, func([]byte) []byte { return nil })
				removed++
			}
		}
		if removed == 0 {
			t.Fatalf("no %q in %q", lost, names)
		}
		if r := w.check(); r.Good() {
			t.Errorf("%q is missing and the check found nothing", lost)
		}
		w.append(1)
		_, err = w.publisher().Recover(ctx)
		w.must(err)
		w.holds()
	}
}

func TestPublishStops(t *testing.T) {
	w := newWorld(t)
	w.append(10)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.publisher().Publish(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	_, err := w.publisher().Recover(context.Background())
	w.must(err)
	w.holds()
}
