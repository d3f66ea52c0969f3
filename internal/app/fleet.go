package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/store/fleetstore"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/vuln/fleet"
)

// installed is the index of what is installed in all organizations of the data
// folder. A server keeps it open: when a feed lands it says in milliseconds whom
// it concerns, and those are judged before the others. It is never the only
// witness: each organization's own judging reads the store, and once a day the
// index is compared with the store.
type installed struct {
	mu       sync.Mutex
	index    *fleet.Index       // nil where no server runs, guarded by mu
	dir      *fleetstore.Dir    // guarded by mu
	lock     io.Closer          // guarded by mu
	ids      map[int64]fleet.ID // by the store's number of a component, guarded by mu
	held     map[string]int64   // organization → the newest batch it is held by, guarded by mu
	verified time.Time          // guarded by mu
}

const (
	landEvery   = 5 * time.Second // how often it is looked whether a feed landed
	verifyEvery = 24 * time.Hour
)

// openFleet opens the index for this program alone. Where another holds it, the
// feed is still seen, and everybody is judged in the order of the list.
func (a *App) openFleet(ctx context.Context) error {
	dir := filepath.Join(a.cfg.DataDir, "fleet")
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock, err := durable.Lock(filepath.Join(dir, "lock"))
	if err != nil {
		return err
	}
	files := filepath.Join(dir, "index")
	store, index, err := openIndex(files)
	if err != nil {
		// All of it is in the database: a damaged index is thrown away and filled anew.
		a.log.WarnContext(ctx, "the index of what is installed is damaged and is made anew", "error", err)
		if err := os.RemoveAll(files); err != nil {
			return errors.Join(err, lock.Close())
		}
		if store, index, err = openIndex(files); err != nil {
			return errors.Join(err, lock.Close())
		}
	}
	// The feed it was judged by is put at hand again: what comes new is held
	// against it, and the next one only where it differs.
	if db := a.database(); db != nil && index.Feed() == db.ID() {
		if _, err := index.Judge(db); err != nil {
			return errors.Join(err, store.Close(), lock.Close())
		}
	}
	in := &a.installed
	in.mu.Lock()
	defer in.mu.Unlock()
	in.index, in.dir, in.lock = index, store, lock
	in.ids, in.held = make(map[int64]fleet.ID), make(map[string]int64)
	size := index.Size()
	a.log.DebugContext(ctx, "the index of what is installed is open", "organizations", size.Tenants, "assets", size.Assets, "components", size.Components)
	return nil
}

// closeFleet writes the index down and gives it up.
func (a *App) closeFleet() error {
	in := &a.installed
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.index == nil {
		return nil
	}
	err := errors.Join(in.index.Checkpoint(), in.dir.Close(), in.lock.Close())
	in.index, in.dir, in.lock, in.ids, in.held = nil, nil, nil, nil, nil
	return err
}

func openIndex(dir string) (*fleetstore.Dir, *fleet.Index, error) {
	store, err := fleetstore.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	index, err := fleet.Open(store)
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return store, index, nil
}

// keepInstalled tells the index what an organization has by its newest batch.
// The index serves order, not truth, so a fault is logged and holds nothing up.
func (a *App) keepInstalled(ctx context.Context, tid string, seq int64, read func() (*judge.Inventory, error)) {
	in := &a.installed
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.index == nil || in.held[tid] == seq && seq != 0 {
		return
	}
	inv, err := read()
	if err != nil {
		return // whoever judges reads it too, and says so
	}
	assets, err := in.assets(inv)
	if err == nil {
		err = in.index.Load(tid, assets)
	}
	if err != nil {
		a.log.ErrorContext(ctx, "the index of what is installed was not brought up to date", "organization", tid, "error", err)
		return
	}
	in.held[tid] = seq
}

// assets returns an inventory in the numbers of the index. The caller holds in.mu.
func (in *installed) assets(inv *judge.Inventory) ([]fleet.Asset, error) {
	fresh := slices.DeleteFunc(slices.Collect(maps.Keys(inv.Components)), func(id int64) bool {
		_, known := in.ids[id]
		return known
	})
	// What belongs together is numbered together; it is then found together.
	slices.SortFunc(fresh, func(a, b int64) int {
		x, y := inv.Components[a], inv.Components[b]
		return cmp.Or(cmp.Compare(x.Ecosystem, y.Ecosystem), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Version, y.Version), cmp.Compare(a, b))
	})
	for _, id := range fresh {
		c := inv.Components[id]
		n, err := in.index.Component(&c)
		if err != nil {
			return nil, err
		}
		in.ids[id] = n
	}
	software := inv.Software()
	out := make([]fleet.Asset, 0, len(software))
	for _, name := range slices.Sorted(maps.Keys(software)) {
		ids := make([]fleet.ID, 0, len(software[name]))
		for _, id := range software[name] {
			if n, ok := in.ids[id]; ok {
				ids = append(ids, n)
			}
		}
		slices.Sort(ids)
		out = append(out, fleet.Asset{Name: name, Components: slices.Compact(ids)})
	}
	return out, nil
}

// landed is what a feed that came in force says anew.
type landed struct {
	feed       string
	components int            // of which it says something else than the one before
	concerned  map[string]int // organization → its assets that have one of them
	took       time.Duration
}

// land looks whether another feed is in force than the one the index was judged
// by, and if so judges the index. It returns nil where nothing landed.
func (a *App) land(ctx context.Context) *landed {
	db := a.database()
	in := &a.installed
	in.mu.Lock()
	defer in.mu.Unlock()
	if db == nil || in.index == nil || in.index.Feed() == db.ID() {
		return nil
	}
	begun := a.now()
	changed, err := in.index.Judge(db)
	if err != nil {
		a.log.ErrorContext(ctx, "what is installed everywhere was not held against the new feed at once; each organization still is", "error", err)
		return nil
	}
	ids := make([]fleet.ID, len(changed))
	for i, c := range changed {
		ids[i] = c.Component
	}
	l := &landed{feed: db.ID(), components: len(changed), concerned: in.index.ByTenant(in.index.Holders(nil, ids...))}
	l.took = a.now().Sub(begun)
	return l
}

// feedLanded decides anew everywhere after a feed came in force, beginning with
// whom it concerns most.
func (a *App) feedLanded(ctx context.Context) {
	l := a.land(ctx)
	if l == nil {
		return
	}
	assets := 0
	for _, n := range l.concerned {
		assets += n
	}
	a.log.InfoContext(ctx, "a feed is in force", "feed", l.feed, "components", l.components, "assets", assets, "organizations", len(l.concerned), "took", l.took)
	ps, err := a.db.Profiles(ctx)
	if err != nil {
		a.log.ErrorContext(ctx, "organizations could not be listed", "error", err)
		return
	}
	slices.SortStableFunc(ps, func(x, y sqlstore.Profile) int { return l.concerned[y.ID] - l.concerned[x.ID] })
	for _, p := range ps {
		a.start(ctx, p.ID, "assessment", func(ctx context.Context, step func(string)) (string, error) {
			step("holding the software against new advisories")
			out, err := a.AssessNow(ctx, p.ID, access.Command(p.ID, "schedule").Name(), "new advisories")
			if err != nil {
				return "", err
			}
			return out.Row.ID, nil
		})
	}
}

// verifyInstalled compares the index with the store once a day, bit for bit, and
// fills it anew where it differs.
func (a *App) verifyInstalled(ctx context.Context, now time.Time) {
	in := &a.installed
	in.mu.Lock()
	defer in.mu.Unlock()
	db := a.database()
	if in.index == nil || db == nil || in.index.Feed() != db.ID() || now.Sub(in.verified) < verifyEvery {
		return
	}
	ps, err := a.db.Profiles(ctx)
	if err != nil || slices.ContainsFunc(ps, func(p sqlstore.Profile) bool { _, held := in.held[p.ID]; return !held }) {
		return // not all were judged since the start; it is done when they are
	}
	in.verified = now
	all, err := a.installedNow(ctx, ps, now)
	if err != nil {
		a.log.ErrorContext(ctx, "what is installed could not be read to verify its index", "error", err)
		return
	}
	differences, err := in.index.Verify(db, maps.All(all))
	if err != nil {
		a.log.ErrorContext(ctx, "the index of what is installed could not be verified", "error", err)
		return
	}
	for _, d := range differences {
		a.log.WarnContext(ctx, "the index of what is installed differs from the inventory, and is filled anew", "organization", d.Tenant, "asset", d.Asset, "difference", d.What)
		if err := in.index.Load(d.Tenant, all[d.Tenant]); err != nil {
			a.log.ErrorContext(ctx, "the index of what is installed was not filled anew", "organization", d.Tenant, "error", err)
		}
	}
	if err := in.index.Checkpoint(); err != nil {
		a.log.ErrorContext(ctx, "the index of what is installed was not written down", "error", err)
	}
}

// installedNow returns what each organization has by its newest judging, as the
// store knows it. The caller holds a.installed.mu.
func (a *App) installedNow(ctx context.Context, ps []sqlstore.Profile, now time.Time) (map[string][]fleet.Asset, error) {
	all := make(map[string][]fleet.Asset, len(ps))
	for _, p := range ps {
		t, err := a.tenant(p.ID)
		if err != nil {
			return nil, err
		}
		inv, err := a.inventory(ctx, t, now)
		if err != nil {
			return nil, fmt.Errorf("organization %s: %w", p.ID, err)
		}
		if all[p.ID], err = a.installed.assets(inv); err != nil {
			return nil, err
		}
	}
	return all, nil
}
