package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/asepsis/asepsis/content/fingerprints"
	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fingerprint"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/web/api"
)

// run is what is kept of a search.
type run struct {
	api.DiscoveryRun
	Found *network.Run `json:"result,omitempty"`
	// CutOff says that its hours ended before it did, so that it goes on in the next.
	CutOff bool `json:"cut_off,omitempty"`
	// SeenAt is when the program that carries it out last wrote of it.
	SeenAt time.Time `json:"seen_at,omitzero"`
}

// silence is how long a search that runs may not be heard of: after it, the
// program that carried it out has ended without saying so.
const silence = time.Minute

// alive reports whether some program, perhaps another one on this data folder,
// carries the search out.
func (r *run) alive(now time.Time) bool { return r.State == "running" && now.Sub(r.SeenAt) < silence }

// Discover implements api.Inventory.
func (a inventory) Discover(ctx context.Context, who access.Caller, scope string) (*api.Job, error) {
	return a.discover(ctx, who.Tenant(), who.Name(), scope)
}

// discover searches a permitted network in the background. What it found is
// stored as any source's, and the goals are decided anew.
func (a *App) discover(ctx context.Context, tid, by, name string) (*api.Job, error) {
	scopes, err := a.ScopesOf(ctx, tid)
	if err != nil {
		return nil, err
	}
	var scope *api.DiscoveryScope
	for i := range scopes {
		if scopes[i].Name == name {
			scope = &scopes[i]
		}
	}
	if scope == nil {
		return nil, errs.Hint(errs.New(errs.NotFound, "no network is permitted as %.60q", name), "permit one first, with who permitted it")
	}
	if scope.Profile == string(network.Never) {
		return nil, errs.Hint(errs.New(errs.Denied, "%q is never to be searched", name), "if that has changed, give it another profile first")
	}
	plan, guard, err := a.planOf(ctx, tid, *scope)
	if err != nil {
		return nil, err
	}
	if a.searching(tid) {
		return nil, errs.Hint(errs.New(errs.Conflict, "a network is being searched already"), "wait until it is done")
	}
	t, err := a.tenant(tid)
	if err != nil {
		return nil, err
	}
	if err := a.elsewhere(ctx, t); err != nil {
		return nil, err
	}
	r := &run{SeenAt: a.now().UTC(), DiscoveryRun: api.DiscoveryRun{
		ID: id.New(id.Run, a.now()), Scope: name, State: "running", BegunAt: a.now().UTC(), Changes: []api.DeviceChange{}, Notes: []api.Note{},
	}}
	if err := putRun(ctx, t, r); err != nil {
		return nil, err
	}
	return a.start(ctx, tid, discovery, func(ctx context.Context, step func(string)) (string, error) {
		within, done := a.cutOff(ctx, jobKey(tid, discovery))
		defer done()
		if until, open := hours(*scope, a.now()); by == scheduled && open && !until.IsZero() {
			var end context.CancelFunc
			within, end = context.WithTimeout(within, until.Sub(a.now()))
			defer end()
		}
		within, refuse := context.WithCancelCause(within)
		go a.watch(within, t, permission{all: scopes, own: *scope, plan: plan.ID}, guard, refuse)
		err := a.search(within, t, plan, r, step)
		cause := context.Cause(within)
		refuse(nil)
		ended := a.now().UTC()
		r.EndedAt = &ended
		if r.State = "done"; err != nil {
			r.State, r.Error = "failed", errs.Public(err)
			switch {
			case cause != nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded):
				r.State, r.Error = "stopped", errs.Public(cause)
			case errors.Is(err, context.DeadlineExceeded):
				r.State, r.Error, r.CutOff = "stopped", "its hours ended; it goes on where it was when they begin again", true
			case errors.Is(err, context.Canceled):
				r.State, r.Error = "stopped", "it was stopped; the next search goes on where it was"
			}
		}
		perr := putRun(ctx, t, r)
		if r.State == "stopped" {
			return "", perr
		}
		if perr != nil || err != nil {
			return "", errors.Join(err, perr)
		}
		step("deciding the goals")
		out, err := a.AssessNow(ctx, tid, by, "search of "+name)
		if err != nil {
			return "", err
		}
		return out.Row.ID, nil
	}), nil
}

// elsewhere refuses a search while another program on the same data folder, such
// as the server beside a command, carries one out: two would send at twice the
// rate that was permitted.
func (a *App) elsewhere(ctx context.Context, t *tenant) error {
	rows, err := t.DiscoveryRuns(ctx, "", 20)
	if err != nil {
		return err
	}
	for _, row := range rows {
		var r run
		if err := json.Unmarshal(row.Body, &r); err != nil {
			return fmt.Errorf("read a search: %w", err)
		}
		if r.alive(a.now()) {
			return errs.Hint(errs.New(errs.Conflict, "%q is being searched by another program on this data folder, such as the server", r.Scope), "wait until it is done; if that program was killed, wait a minute")
		}
	}
	return nil
}

func putRun(ctx context.Context, t *tenant, r *run) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write the search: %w", err)
	}
	row := sqlstore.DiscoveryRun{ID: r.ID, Scope: r.Scope, BegunAt: r.BegunAt, Body: b}
	if r.EndedAt != nil {
		row.EndedAt = *r.EndedAt
	}
	return t.PutDiscoveryRun(ctx, row)
}

// search carries a plan out and stores what it found.
func (a *App) search(ctx context.Context, t *tenant, plan *network.Plan, r *run, step func(string)) error {
	told := a.now()
	s := network.Scanner{Now: a.now, Jitter: rand.Float64, Pace: &a.pace, Checkpoints: sqlstore.Progress{Tenant: t.Tenant}, Progress: func(p network.Progress) {
		if p.Phase == "listen" {
			step("listening to what devices announce, before anything is sent")
			return
		}
		step(fmt.Sprintf("searching %s: %d of %d addresses, %d found", r.Scope, p.Addresses, p.Of, p.Found))
		if now := a.now(); now.Sub(told) > 2*time.Second {
			told, r.SeenAt, r.Looked, r.DiscoveryRun.Found = now, now.UTC(), p.Addresses, p.Found
			_ = putRun(context.WithoutCancel(ctx), t, r) // only what a page shows meanwhile
		}
	}}
	before, err := lastRun(ctx, t, r.Scope, r.ID)
	if err != nil {
		return err
	}
	found, stopped := s.Run(ctx, plan)
	if found == nil {
		return stopped
	}
	r.Found = found
	r.Looked, r.Left, r.DiscoveryRun.Found = found.Addresses-found.Unfinished-len(found.Untouched), len(found.Untouched), len(found.Hosts)
	r.LeftAlone = leftAlone(found.Untouched)
	for _, n := range found.Notes {
		r.Notes = append(r.Notes, api.Note{What: n.What, Why: n.Why, Source: r.Scope})
	}
	if before != nil && stopped == nil {
		r.Changes = changesOfRuns(before, found)
	}
	// What was found until a stop is kept as well: those devices are there.
	if stopped == nil || len(found.Hosts) > 0 {
		if err := a.keepFound(ctx, t, found); err != nil {
			return errors.Join(stopped, err)
		}
	}
	return stopped
}

// keepFound stores the devices of a search.
func (a *App) keepFound(ctx context.Context, t *tenant, found *network.Run) error {
	e, err := fingerprint.Load(fingerprints.FS)
	if err != nil {
		return err
	}
	b, err := found.Batch(e, nil)
	if err != nil {
		return err
	}
	t.running.Lock()
	defer t.running.Unlock()
	ctx = context.WithoutCancel(ctx) // what was found is kept, whoever stops us now
	if _, err := t.Ingest(ctx, &b, sqlstore.Delivery{Actor: "discovery", Now: a.now()}); err != nil {
		return fmt.Errorf("store what was found: %w", err)
	}
	a.publish(ctx, t.ID())
	return nil
}

// lastRun returns the newest search of a scope that was finished, or nil.
func lastRun(ctx context.Context, t *tenant, scope, but string) (*network.Run, error) {
	rows, err := t.DiscoveryRuns(ctx, scope, 20)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		var r run
		if err := json.Unmarshal(row.Body, &r); err != nil {
			return nil, fmt.Errorf("read a search: %w", err)
		}
		if r.ID != but && r.State == "done" && r.Found != nil && r.Found.Complete {
			return r.Found, nil
		}
	}
	return nil, nil //nolint:nilnil // there was none before
}

// DiscoveryRuns implements api.Inventory.
func (a inventory) DiscoveryRuns(ctx context.Context, who access.Caller) ([]api.DiscoveryRun, error) {
	t, err := a.tenant(who.Tenant())
	if err != nil {
		return nil, err
	}
	rows, err := t.DiscoveryRuns(ctx, "", 50)
	if err != nil {
		return nil, err
	}
	searching := a.searching(who.Tenant())
	out := []api.DiscoveryRun{}
	for _, row := range rows {
		var r run
		if err := json.Unmarshal(row.Body, &r); err != nil {
			return nil, fmt.Errorf("read a search: %w", err)
		}
		if r.State == "running" && !searching && !r.alive(a.now()) {
			r.State = "stopped" // the program ended before it did; the next one goes on from there
		}
		out = append(out, r.DiscoveryRun)
	}
	return out, nil
}

// scheduled is who begins the searches that are due.
const scheduled = "schedule"

// StopDiscovery implements api.Inventory.
func (a inventory) StopDiscovery(_ context.Context, who access.Caller) error {
	if !a.stopSearch(who.Tenant()) {
		return errs.New(errs.NotFound, "no network is being searched")
	}
	return nil
}

// stopSearch ends the search of an organization that runs, if one does.
func (a *App) stopSearch(tid string) bool {
	a.jobs.mu.Lock()
	defer a.jobs.mu.Unlock()
	stop := a.jobs.halt[jobKey(tid, discovery)]
	if stop != nil {
		stop()
	}
	return stop != nil
}

// stopSearchOf ends the search that runs if it is of the scope.
func (a *App) stopSearchOf(ctx context.Context, t *tenant, scope string) error {
	rows, err := t.DiscoveryRuns(ctx, scope, 1)
	if err != nil {
		return err
	}
	if len(rows) > 0 && rows[0].EndedAt.IsZero() {
		a.stopSearch(t.ID())
	}
	return nil
}

// searchDue begins the searches that are due.
func (a *App) searchDue(ctx context.Context, tid string) {
	scopes, err := a.ScopesOf(ctx, tid)
	if err != nil {
		a.log.ErrorContext(ctx, "permitted networks could not be read", "organization", tid, "error", err)
		return
	}
	t, err := a.tenant(tid)
	if err != nil {
		return
	}
	for _, s := range scopes {
		rows, err := t.DiscoveryRuns(ctx, s.Name, 1)
		if err != nil {
			a.log.ErrorContext(ctx, "searches could not be read", "organization", tid, "error", err)
			return
		}
		var last time.Time
		cut := false
		if len(rows) > 0 {
			var r run
			if err := json.Unmarshal(rows[0].Body, &r); err != nil {
				a.log.ErrorContext(ctx, "a search could not be read", "scope", s.Name, "error", err)
				continue
			}
			if r.alive(a.now()) {
				return
			}
			last, cut = r.BegunAt, r.CutOff || r.State == "running" // the program ended before it did
		}
		if !due(s, last, cut, a.now()) || a.searching(tid) {
			continue
		}
		if _, err := a.discover(ctx, tid, scheduled, s.Name); err != nil {
			a.log.ErrorContext(ctx, "a search could not begin", "scope", s.Name, "error", err)
		}
	}
}

// searchAll begins the searches that are due, of every organization but those
// of a demonstration.
func (a *App) searchAll(ctx context.Context) {
	ps, err := a.db.Profiles(ctx)
	if err != nil {
		a.log.ErrorContext(ctx, "organizations could not be listed", "error", err)
		return
	}
	for _, p := range ps {
		if !p.Demo {
			a.searchDue(ctx, p.ID)
		}
	}
}

// mostDifferences bounds how many differences of a search are kept for people.
const mostDifferences = 500

func changesOfRuns(before, now *network.Run) []api.DeviceChange {
	out := []api.DeviceChange{}
	for _, c := range network.Diff(before, now) {
		if len(out) == mostDifferences {
			break
		}
		out = append(out, api.DeviceChange{Change: string(c.Kind), Device: c.Addr.String(), Say: c.String()})
	}
	return out
}
