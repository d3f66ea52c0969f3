package segment

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
)

// Kind says what a zone is for.
type Kind string

// The kinds of zone. Medical zones come first wherever zones are listed.
const (
	Medical    Kind = "medical"    // devices that touch or watch patients
	Clinical   Kind = "clinical"   // servers of care: records, images, laboratory
	Server     Kind = "server"     // other servers
	Management Kind = "management" // administration of machines and networks
	Building   Kind = "building"   // heating, doors, cameras
	User       Kind = "user"       // workstations
	Vendor     Kind = "vendor"     // remote service of makers
	Perimeter  Kind = "perimeter"  // servers that the internet may reach
	Guest      Kind = "guest"      // patients' and visitors' own devices
	Translated Kind = "translated" // addresses that others hide behind (NAT)
	Other      Kind = "other"
)

var kinds = []Kind{Medical, Clinical, Server, Management, Building, User, Vendor, Perimeter, Guest, Translated, Other}

// The zones that every plan has besides its own. Their names are reserved.
const (
	Elsewhere = "elsewhere" // private addresses that belong to no zone
	Internet  = "internet"  // public addresses that belong to no zone
)

// Zone is a part of the network that is meant to be apart.
type Zone struct {
	Name    string `json:"name"`
	Purpose string `json:"purpose,omitempty"`
	Kind    Kind   `json:"kind"`
	// Networks may overlap those of other zones: the longest prefix decides.
	Networks []netip.Prefix `json:"networks,omitempty"`
	// VLANs place addresses that no network and no selector holds.
	VLANs []uint16 `json:"vlans,omitempty"`
	// Assets places single devices by what the inventory says of them, before any network.
	Assets []Selector `json:"assets,omitempty"`
	// Isolated says that devices of the zone must not talk to each other either.
	Isolated bool `json:"isolated,omitempty"`
}

// Selector picks assets by a label that the caller's [Assets] gives them.
type Selector struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Service is a range of ports of a protocol. High 0 means Low alone; a service
// without ports is every port. For ICMP the port is the message type.
type Service struct {
	Proto Proto  `json:"proto"`
	Low   uint16 `json:"low,omitempty"`
	High  uint16 `json:"high,omitempty"`
}

func (s Service) holds(p Proto, port uint16) bool {
	if s.Proto != p {
		return false
	}
	return s.Low == 0 && s.High == 0 || s.Low <= port && port <= max(s.Low, s.High)
}

// Rule opens a way from one zone to another.
type Rule struct {
	From     string    `json:"from"`
	To       string    `json:"to"`
	Services []Service `json:"services"`
	Why      string    `json:"why"`
	By       string    `json:"by"`             // who answers for it
	Until    time.Time `json:"until,omitzero"` // the rule ends then; zero means it does not
}

// Plan is the intended matrix.
type Plan struct {
	Zones []Zone `json:"zones"`
	Rules []Rule `json:"rules"`
}

const (
	maxZones    = 100
	maxNetworks = 10_000
	maxRules    = 10_000
)

// Validate returns every fault of a plan as an error of kind errs.Invalid, nil
// where there is none.
func (p Plan) Validate() []error {
	var out []error
	bad := func(format string, args ...any) { out = append(out, errs.New(errs.Invalid, format, args...)) }
	if len(p.Zones) == 0 || len(p.Zones) > maxZones {
		bad("the plan has %d zones; it needs 1 to %d", len(p.Zones), maxZones)
	}
	if len(p.Rules) > maxRules {
		bad("the plan has %d rules; at most %d are read", len(p.Rules), maxRules)
	}
	names := map[string]bool{Elsewhere: true, Internet: true}
	nets, vlans := map[netip.Prefix]string{}, map[uint16]string{}
	for i, z := range p.Zones {
		name := fold(z.Name)
		switch {
		case name == "":
			bad("zone %d has no name", i+1)
		case len(z.Name) > 100:
			bad("the name of zone %d is longer than 100 bytes", i+1)
		case name == Elsewhere || name == Internet:
			bad("zone %d is called %q, a name that every plan has already; call it otherwise", i+1, z.Name)
		case names[name]:
			bad("two zones are called %q", z.Name)
		}
		names[name] = true
		if !known(z.Kind) {
			bad("zone %q is of kind %q; the kinds are %s", z.Name, z.Kind, kindList())
		}
		if len(z.Networks)+len(z.VLANs)+len(z.Assets) == 0 {
			bad("zone %q holds nothing; give it networks, VLANs or assets", z.Name)
		}
		for _, n := range z.Networks {
			switch m := plain(n); {
			case !n.IsValid():
				bad("zone %q has a network that is none; write it like 10.20.4.0/24", z.Name)
			case nets[m] != "":
				bad("network %s is in the zones %q and %q; leave it in one", m, nets[m], z.Name)
			default:
				nets[m] = z.Name
			}
		}
		for _, v := range z.VLANs {
			switch {
			case v == 0 || v > 4094:
				bad("zone %q has the VLAN %d; VLANs are 1 to 4094", z.Name, v)
			case vlans[v] != "":
				bad("VLAN %d is in the zones %q and %q; leave it in one", v, vlans[v], z.Name)
			default:
				vlans[v] = z.Name
			}
		}
	}
	if len(nets) > maxNetworks {
		bad("the plan has %d networks; at most %d are read", len(nets), maxNetworks)
	}
	for i, r := range p.Rules {
		for _, e := range []string{r.From, r.To} {
			if !names[fold(e)] {
				bad("rule %d names the zone %q, which the plan does not have", i+1, e)
			}
		}
		if len(r.Services) == 0 {
			bad("rule %d, %s to %s, opens nothing; name a service", i+1, r.From, r.To)
		}
		for _, s := range r.Services {
			if s.High != 0 && s.High < s.Low {
				bad("rule %d, %s to %s: the ports %d to %d run backwards", i+1, r.From, r.To, s.Low, s.High)
			}
		}
		if strings.TrimSpace(r.Why) == "" || strings.TrimSpace(r.By) == "" {
			bad("rule %d, %s to %s, lacks why it is needed or who answers for it", i+1, r.From, r.To)
		}
	}
	return out
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func known(k Kind) bool {
	for _, have := range kinds {
		if have == k {
			return true
		}
	}
	return false
}

func kindList() string {
	var b strings.Builder
	for i, k := range kinds {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, string(k))
	}
	return b.String()
}

// plain is a network without host bits, IPv4 as IPv4.
func plain(n netip.Prefix) netip.Prefix {
	if n.Addr().Is4In6() && n.Bits() >= 96 {
		n = netip.PrefixFrom(n.Addr().Unmap(), n.Bits()-96)
	}
	return n.Masked()
}
