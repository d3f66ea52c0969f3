// Package apitest fakes what the API reads and does: one small, believable
// hospital in memory. Tests and the development server of the pages use it.
package apitest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/web/api"
)

// Fake implements api.Reader, api.Actions and api.Catalog over one generated
// organization. It belongs to the tenant that sets it up first; every other
// tenant finds nothing, as with the real thing.
type Fake struct {
	now  func() time.Time
	hub  *api.Hub
	step time.Duration // between the steps of a faked assessment

	mu        sync.Mutex
	tenant    string // guarded by mu, like all that follows
	org       api.Organization
	version   int
	job       *api.Job
	resources map[string][]*api.ResourceDetail // by kind, sorted by label
	results   map[string][]api.ResultDetail    // by check
	checks    []api.CheckDetail
	goals     []api.GoalDetail
	history   []api.AssessmentSummary // newest first
	imports   []api.ImportDetail      // newest first
	params    []api.Parameter
	lastCheck *api.LedgerCheck
}

var (
	_ api.Reader  = (*Fake)(nil)
	_ api.Actions = (*Fake)(nil)
	_ api.Catalog = (*Fake)(nil)
)

// New returns a fake for the tenant. Progress of what it pretends to run goes to
// hub, one message each step.
func New(tenant string, now func() time.Time, hub *api.Hub, step time.Duration) *Fake {
	f := &Fake{
		now: now, hub: hub, step: step, tenant: tenant,
		org: api.Organization{ID: tenant, Name: "Cedar Ridge Memorial Hospital", Kind: "critical_access", CCN: "171399", State: "KS", Beds: 25},
	}
	g := &generator{rnd: rand.New(rand.NewPCG(7, 20)), now: now().UTC().Truncate(time.Minute)} //nolint:gosec // made-up data
	f.resources = g.resources()
	f.results, f.checks = g.checks(f.resources)
	f.goals = g.goals(f.checks)
	f.history = g.history(f.goals)
	f.imports = g.imports()
	f.params = parametersOf(f.checks)
	return f
}

// mine locks the fake for a caller of its tenant.
func (f *Fake) mine(who access.Caller) (unlock func(), err error) {
	f.mu.Lock()
	if who.Tenant() != f.tenant {
		f.mu.Unlock()
		return nil, errs.New(errs.NotFound, "there are no records of this organization")
	}
	return f.mu.Unlock, nil
}

// changed makes a new version and tells whoever looks on. The lock is held.
func (f *Fake) changed() {
	f.version++
	f.hub.Publish(f.tenant, api.Event{Type: "changed", Version: fmt.Sprint(f.version)})
}
