package apitest

import (
	"context"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/web/api"
)

// PlanDiscovery implements api.Inventory.
func (f *Fake) PlanDiscovery(_ context.Context, who access.Caller, s api.DiscoveryScope) (*api.DiscoveryPlan, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return &api.DiscoveryPlan{
		Addresses: 1021, Ports: []int{443, 80, 22}, Least: 1800, Most: 3600, Left: 1,
		Networks:  []api.PlannedNetwork{{Network: s.Networks[0], Profile: "cautious", Addresses: 1021, Rate: 4, HostRate: 4, AtOnce: 1}},
		LeftAlone: []api.Note{{What: "10.20.1.9", Why: "infusion pump 14: marked as not to be probed"}}, Excluded: []api.Note{}, Missing: []api.Note{},
	}, nil
}

// StopDiscovery implements api.Inventory.
func (f *Fake) StopDiscovery(_ context.Context, who access.Caller) error { return f.done(who) }
