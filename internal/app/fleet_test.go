package app

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/demo"
	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// TestFeedLandsOnAllHospitals puts a feed with one more advisory in force over
// two hospitals: the index names whom it concerns, and each hospital's own
// judging, which reads the store, names the same.
func TestFeedLandsOnAllHospitals(t *testing.T) {
	ctx := t.Context()
	a := openBench(t)
	now := time.Now().UTC()
	var tids []string
	for seed := range uint64(2) {
		tid, err := a.fillHospital(ctx, demo.Hospital(seed+1, now, demo.Latest()), nil)
		if err != nil {
			t.Fatal(err)
		}
		tids = append(tids, tid)
	}
	of := func(list []advisory.Advisory) *vuln.DB {
		var ptrs []*advisory.Advisory
		for i := range list {
			ptrs = append(ptrs, &list[i])
		}
		file, _ := vulntest.Compile(t, ptrs, vuln.Source{Name: "demonstration", Snapshot: now})
		return vulntest.Open(t, file)
	}
	list := demo.Advisories(now)
	a.feeds.demonstrate(of(list), now)
	if err := a.openFleet(ctx); err != nil {
		t.Fatal(err)
	}
	if err := a.openFleet(ctx); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("a second program opened the index: %v", err)
	}
	judgeAllAgain := func() {
		t.Helper()
		if err := a.judgeAll(ctx); err != nil {
			t.Fatal(err)
		}
	}
	judgeAllAgain()
	if l := a.land(ctx); l == nil || len(l.concerned) != 2 {
		t.Fatalf("the first feed: %+v, want both hospitals concerned", l)
	}
	if l := a.land(ctx); l != nil {
		t.Errorf("the same feed landed twice: %+v", l)
	}

	more := list[0]
	more.ID, more.Title = "DEMO-2026-0999", "Shell: a line runs twice"
	more.Products = slices.Clone(more.Products)
	p := *more.Products[0].Package
	p.Name = "bash"
	more.Products[0].Package = &p
	more.Products[0].Ranges = []advisory.Range{{Introduced: "0", Fixed: "999"}}
	a.feeds.demonstrate(of(append(list, more)), now)
	l := a.land(ctx)
	if l == nil {
		t.Fatal("the new feed did not land")
	}
	judgeAllAgain()
	for _, tid := range tids {
		f, err := a.FlawOf(ctx, tid, more.ID)
		if err != nil {
			t.Fatal(err)
		}
		if f.AffectedAll == 0 || f.AffectedAll != l.concerned[tid] {
			t.Errorf("hospital %s: the index names %d assets, its own judging %d", tid, l.concerned[tid], f.AffectedAll)
		}
	}

	t.Run("it is the same after a restart", func(t *testing.T) {
		if err := a.closeFleet(); err != nil {
			t.Fatal(err)
		}
		if err := a.openFleet(ctx); err != nil {
			t.Fatal(err)
		}
		if l := a.land(ctx); l != nil {
			t.Errorf("a feed landed that was in force before: %+v", l)
		}
		verified(t, ctx, a, now)
	})
	t.Run("a damaged one is made anew", func(t *testing.T) {
		if err := a.closeFleet(); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(a.cfg.DataDir, "fleet", "index", "*.blob"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files of the index: %v", err)
		}
		for _, f := range files {
			if err := os.WriteFile(f, []byte("damaged"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.openFleet(ctx); err != nil {
			t.Fatal(err)
		}
		if l := a.land(ctx); l == nil {
			t.Error("the new index was not judged")
		}
		judgeAllAgain()
		verified(t, ctx, a, now)
	})
	t.Run("a difference is found and mended", func(t *testing.T) {
		judgeAllAgain() // it is compared once every hospital was judged since the start
		if err := a.installed.index.Load(tids[0], nil); err != nil {
			t.Fatal(err)
		}
		a.installed.verified = time.Time{}
		a.verifyInstalled(ctx, now)
		verified(t, ctx, a, now)
	})
}

// verified compares the index with the store.
func verified(t *testing.T, ctx context.Context, a *App, now time.Time) {
	t.Helper()
	ps, err := a.db.Profiles(ctx)
	if err != nil {
		t.Fatal(err)
	}
	all, err := a.installedNow(ctx, ps, now)
	if err != nil {
		t.Fatal(err)
	}
	d, err := a.installed.index.Verify(a.database(), maps.All(all))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range d {
		t.Error(x)
	}
	if len(all) != 2 {
		t.Errorf("%d hospitals were compared, want 2", len(all))
	}
}
