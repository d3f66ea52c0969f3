package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
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

// networkScope turns what people permitted into what discovery takes.
func networkScope(s api.DiscoveryScope) (network.Scope, error) {
	out := network.Scope{Name: s.Name}
	for _, text := range s.Networks {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, aerr := netip.ParseAddr(text)
			if aerr != nil {
				return out, errs.Hint(errs.New(errs.Invalid, "network %.60q cannot be read", text), "write it as 10.20.0.0/22")
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out.Nets = append(out.Nets, network.Net{Prefix: p, Profile: network.Profile(s.Profile), Rate: float64(s.Rate), Zone: s.Zone})
	}
	return out, nil
}

// window returns the hours in which a network may be searched, from and to in
// minutes of the day; equal ones mean any hour.
func window(s api.DiscoveryScope) (from, to int, err error) {
	parse := func(text string) int {
		if text == "" || err != nil {
			return 0
		}
		at, perr := time.Parse("15:04", text)
		if perr != nil {
			err = errs.Hint(errs.New(errs.Invalid, "hour %.20q cannot be read", text), "write it as 01:00")
		}
		return at.Hour()*60 + at.Minute()
	}
	return parse(s.From), parse(s.To), err
}

// due reports whether a scope's next search may begin.
func due(s api.DiscoveryScope, last, now time.Time) bool {
	every, err := time.ParseDuration(s.Every)
	if err != nil || every < time.Hour || s.Profile == string(network.Never) || now.Sub(last) < every-10*time.Minute {
		return false
	}
	from, to, err := window(s)
	if err != nil {
		return false
	}
	local := now.Local()
	minute := local.Hour()*60 + local.Minute()
	switch {
	case from == to:
		return true
	case from < to:
		return minute >= from && minute < to
	}
	return minute >= from || minute < to // over midnight
}

// guard asks before every packet whether a device must not be touched: those
// marked as fragile in the inventory.
func (a *App) guard(ctx context.Context, tid string) (network.Guard, error) {
	v, err := a.view(ctx, tid)
	if err != nil {
		return nil, err
	}
	neighbors, err := network.Neighbours(a.now())
	if err != nil {
		neighbors = nil // without the table, a device known by its card alone has no address, which refuses the run
	}
	var devices []network.Untouchable
	for _, r := range v.inUse() {
		if !r.True("fragile") {
			continue
		}
		u := network.Untouchable{Name: r.Label(), Why: "marked as not to be probed"}
		ips, _ := r.Get("ips").([]string)
		for _, s := range ips {
			if ip, err := netip.ParseAddr(s); err == nil {
				u.Addrs = append(u.Addrs, ip)
			}
		}
		macs, _ := r.Get("macs").([]string)
		for _, s := range macs {
			if m, ok := fingerprint.ParseMAC(s); ok {
				u.MACs = append(u.MACs, m)
			}
		}
		devices = append(devices, u)
	}
	return network.NewDoNotTouch(devices, nil, neighbors), nil
}

// run is what is kept of a search.
type run struct {
	api.DiscoveryRun
	Found *network.Run `json:"result,omitempty"`
}

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
	n, err := networkScope(*scope)
	if err != nil {
		return nil, err
	}
	guard, err := a.guard(ctx, tid)
	if err != nil {
		return nil, err
	}
	job := network.Job{Scope: n, Guard: guard}
	for _, p := range scope.Ports {
		if p > 0 && p < 1<<16 {
			job.Ports = append(job.Ports, uint16(p))
		}
	}
	plan, err := network.NewPlan(job)
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
	r := &run{DiscoveryRun: api.DiscoveryRun{
		ID: id.New(id.Run, a.now()), Scope: name, State: "running", BegunAt: a.now().UTC(), Changes: []api.DeviceChange{}, Notes: []api.Note{},
	}}
	if err := putRun(ctx, t, r); err != nil {
		return nil, err
	}
	return a.start(ctx, tid, discovery, func(ctx context.Context, step func(string)) (string, error) {
		within, done := a.cutOff(ctx, jobKey(tid, discovery))
		defer done()
		err := a.search(within, t, plan, r, step)
		ended := a.now().UTC()
		r.EndedAt = &ended
		if r.State = "done"; err != nil {
			r.State, r.Error = "failed", errs.Public(err)
			if errors.Is(err, context.Canceled) {
				r.State = "stopped"
			}
		}
		if perr := putRun(ctx, t, r); perr != nil || err != nil {
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
	s := network.Scanner{Now: a.now, Jitter: rand.Float64, Checkpoints: sqlstore.Progress{Tenant: t.Tenant}, Progress: func(p network.Progress) {
		step(fmt.Sprintf("searching %s: %d of %d addresses, %d found", r.Scope, p.Addresses, p.Of, p.Found))
	}}
	before, err := lastRun(ctx, t, r.Scope, r.ID)
	if err != nil {
		return err
	}
	found, err := s.Run(ctx, plan)
	if found == nil {
		return err
	}
	r.Found = found
	r.Looked, r.Left, r.DiscoveryRun.Found = found.Addresses-found.Unfinished, len(found.Untouched), len(found.Hosts)
	for _, n := range found.Notes {
		r.Notes = append(r.Notes, api.Note{What: n.What, Why: n.Why, Source: r.Scope})
	}
	if err != nil {
		return err
	}
	if before != nil {
		r.Changes = changesOfRuns(before, found)
	}
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
		if r.State == "running" && !searching {
			r.State = "stopped" // the program ended before it did; the next one goes on from there
		}
		out = append(out, r.DiscoveryRun)
	}
	return out, nil
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
		if len(rows) > 0 {
			last = rows[0].BegunAt
		}
		if !due(s, last, a.now()) || a.searching(tid) {
			continue
		}
		if _, err := a.discover(ctx, tid, "schedule", s.Name); err != nil {
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
