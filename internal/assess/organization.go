package assess

import (
	"slices"

	"github.com/asepsis/asepsis/internal/fact"
)

// deriveOrganization counts what is known and finds when things were last
// done. The organization exists even where no fact speaks of it.
func deriveOrganization(s *fact.Set, org Organization) []*fact.Resource {
	rs := s.Resources[fact.KindOrganization]
	if len(rs) == 0 {
		rs = []*fact.Resource{{Kind: fact.KindOrganization, ID: "organization", Values: make(map[string]fact.Value)}}
	}
	for _, r := range rs {
		ownSettings(r, org)
		count := func(name string, of []*fact.Resource, none string) {
			if len(of) == 0 {
				missing(r, name, none)
				return
			}
			var seen span
			for _, x := range of {
				seen.add(newest(x))
			}
			set(r, name, int64(len(of)), seen.origin("derived: counted"))
		}
		count("people", working(s.Resources[fact.KindPerson]), noRoster)
		count("accounts", s.Resources[fact.KindAccount], "no accounts were imported")
		count("assets", s.Resources[fact.KindAsset], "no asset is known")
		count("vendors", s.Resources[fact.KindVendor], "no list of vendors was imported")
		deriveDirectoryAccounts(r, s.Resources[fact.KindAccount])
		deriveLast(r, s)
		deriveOpenFindings(r, s.Resources[fact.KindActivity])
		deriveDiscovery(r, s)
	}
	return rs
}

// working returns the people on the roster without those who have left.
func working(people []*fact.Resource) []*fact.Resource {
	return slices.DeleteFunc(roster(people), func(p *fact.Resource) bool {
		active, known := p.Get("active").(bool)
		return known && !active
	})
}

// ownSettings states what the organization said of itself at set-up, where no
// fact does.
func ownSettings(r *fact.Resource, org Organization) {
	o := fact.Origin{Stream: "settings", Title: "organization settings", Assurance: fact.Attested}
	state := func(name string, v any, given bool) {
		if _, have := r.Values[name]; given && !have {
			set(r, name, v, o)
		}
	}
	state("name", org.Name, org.Name != "")
	state("kind", org.Kind, org.Kind != "")
	state("ccn", org.CCN, org.CCN != "")
	state("state", org.State, org.State != "")
	state("beds", int64(org.Beds), org.Beds > 0)
}

// deriveDiscovery compares what the network shows with what the inventory
// lists.
func deriveDiscovery(r *fact.Resource, s *fact.Set) {
	var seen span
	devices, unknown, undecided := int64(0), int64(0), false
	for _, a := range s.Resources[fact.KindAsset] {
		v, ok := a.Values["network_seen_at"]
		if in, known := a.Get("in_scope").(bool); !ok || known && !in {
			continue
		}
		devices++
		seen.add(v.Origin)
		switch known := a.Get("known").(type) {
		case bool:
			if !known {
				unknown++
			}
		default:
			undecided = true
		}
	}
	if devices == 0 {
		missing(r, "network_devices", noNetworkScan)
		missing(r, "network_devices_unknown", noNetworkScan)
		return
	}
	set(r, "network_devices", devices, seen.origin("derived: devices seen on the network, counted"))
	if undecided {
		missing(r, "network_devices_unknown", "no inventory was imported")
		return
	}
	set(r, "network_devices_unknown", unknown, seen.origin("derived from the network scans and the inventory"))
}
