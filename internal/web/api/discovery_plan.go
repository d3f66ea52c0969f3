package api

import (
	"context"

	"github.com/asepsis/asepsis/internal/access"
)

// DiscoveryPlan says in advance what a search will do. Making one sends nothing.
type DiscoveryPlan struct {
	Addresses int              `json:"addresses" doc:"Addresses that will be asked"`
	Ports     []int            `json:"ports" doc:"TCP ports tried on what answers"`
	Networks  []PlannedNetwork `json:"networks"`
	Least     int              `json:"least_seconds" doc:"How long it takes where one address in ten has a device"`
	Most      int              `json:"most_seconds" doc:"How long it takes where every address has one"`
	Left      int              `json:"left" doc:"Addresses that will be sent nothing"`
	LeftAlone []Note           `json:"left_alone" doc:"Those addresses and why, at most 200"`
	Excluded  []Note           `json:"excluded" doc:"Networks inside that are not asked, and why"`
	SNMP      string           `json:"snmp,omitempty" doc:"How devices are asked what they are; left out, they are not"`
	Missing   []Note           `json:"missing" doc:"What this program has no right to do, and what would mend it"`
}

// PlannedNetwork is what a search will do in one network.
type PlannedNetwork struct {
	Network   string  `json:"network"`
	Profile   string  `json:"profile" enum:"normal,cautious"`
	Zone      string  `json:"zone,omitempty"`
	Addresses int     `json:"addresses"`
	Rate      float64 `json:"rate" doc:"Packets a second at most, to the whole network"`
	HostRate  float64 `json:"host_rate" doc:"Packets a second at most, to one device"`
	AtOnce    int     `json:"at_once" doc:"Devices asked at the same time at most"`
}

func (s *server) planDiscovery(ctx context.Context, who access.Caller, in *scopeInput) (*body[DiscoveryPlan], error) {
	return ref(s.inventory.PlanDiscovery(ctx, who, in.Body))
}

func (s *server) stopDiscovery(ctx context.Context, who access.Caller, _ *none) (*none, error) {
	return nil, s.inventory.StopDiscovery(ctx, who)
}
