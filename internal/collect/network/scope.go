// Package network discovers devices by asking the network itself. It is off
// unless somebody asks for it, it stays inside the networks that the scope
// permits, it keeps to the rate of each of them, and it sends nothing at all to
// a device that is on the do-not-touch list.
//
// The order of caution: passive sources first (the table of neighbors, and what
// devices announce by mDNS and SSDP), then active discovery by [Scanner.Run] with
// the profile the scope gives a network.
// Clinical networks get [Cautious]: plain TCP connections, one host at a time, a
// few packets a second, nothing sent over the connection.
package network

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/asepsis/asepsis/internal/errs"
)

// Profile says how a network may be asked.
type Profile string

// The profiles.
const (
	// Never permits nothing: the network is named so that nobody adds it by accident.
	Never Profile = "never"
	// Cautious opens plain TCP connections to one host at a time, a few packets a
	// second, and closes them without sending a byte. For clinical networks.
	Cautious Profile = "cautious"
	// Normal sweeps with ARP or ICMP, connects to many hosts at once, and reads
	// what services say.
	Normal Profile = "normal"
)

// Rates in packets a second where the scope names none, and the most a cautious
// network may be given: medical devices have been reported to hang at rates that
// office machines do not notice.
const (
	DefaultCautiousRate = 4
	MaxCautiousRate     = 20
	DefaultNormalRate   = 500
	MaxNormalRate       = 20000
	DefaultHostRate     = 50
	MinRate             = 0.1
)

// Net is a network that may be asked, and how.
type Net struct {
	Prefix  netip.Prefix `json:"prefix"             yaml:"prefix"`
	Profile Profile      `json:"profile"            yaml:"profile"`
	// Rate is packets a second for the network; 0 means the profile's default.
	Rate float64 `json:"rate,omitempty"      yaml:"rate,omitempty"`
	// HostRate is packets a second for each host; 0 means the profile's default.
	HostRate float64 `json:"host_rate,omitempty" yaml:"host_rate,omitempty"`
	Zone     string  `json:"zone,omitempty"      yaml:"zone,omitempty"`
	// Public permits addresses of the internet, which belong to somebody else unless
	// the organization owns them.
	Public bool `json:"public,omitempty" yaml:"public,omitempty"`
	// Why says for people why a network is never to be asked.
	Why string `json:"why,omitempty" yaml:"why,omitempty"`
}

// Scope is what discovery may ask. The smallest network that holds an address
// decides, so a cautious ward can lie inside a normal campus.
type Scope struct {
	Name string `json:"name"     yaml:"name"` // names the stream: network/<name>
	Nets []Net  `json:"networks" yaml:"networks"`
}

// Check returns an error of kind errs.Invalid with every fault of the scope, or
// nil. An empty scope is a fault: discovery is off until somebody permits it.
func (s Scope) Check() error {
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if s.Name == "" {
		bad("the scope has no name: give it one, such as main")
	}
	if len(s.Nets) == 0 {
		bad("the scope permits no network: list those that may be asked, such as {prefix: 10.20.0.0/22, profile: cautious}")
	}
	seen := map[netip.Prefix]bool{}
	for i, n := range s.Nets {
		at := fmt.Sprintf("network %d (%s)", i+1, n.Prefix)
		switch {
		case !n.Prefix.IsValid():
			bad("network %d: the prefix is missing: write it as 10.20.0.0/22", i+1)
			continue
		case n.Prefix != n.Prefix.Masked():
			bad("%s: the address is not the network's first: write %s", at, n.Prefix.Masked())
		case seen[n.Prefix]:
			bad("%s: it is listed twice: keep one", at)
		}
		seen[n.Prefix] = true
		if err := n.addresses(); err != nil && n.Profile != Never {
			bad("%s: %w", at, err)
		}
		switch n.Profile {
		case Never:
		case Normal:
			if n.Rate > MaxNormalRate {
				bad("%s: %g packets a second is more than any network needs: at most %d", at, n.Rate, MaxNormalRate)
			}
		case Cautious:
			if n.Rate > MaxCautiousRate {
				bad("%s: %g packets a second is too fast for a cautious network: at most %d", at, n.Rate, MaxCautiousRate)
			}
		default:
			bad("%s: profile %q: want normal, cautious or never", at, n.Profile)
		}
		for _, r := range []float64{n.Rate, n.HostRate} {
			switch {
			case r < 0 || r != r:
				bad("%s: a rate below zero: leave it out for the default", at)
			case r > 0 && r < MinRate:
				bad("%s: %g packets a second would never end: at least %g, or leave it out for the default", at, r, MinRate)
			}
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return errs.New(errs.Invalid, "discovery scope: %w", joined(faults))
}

// Of returns the smallest network of the scope that holds the address.
func (s Scope) Of(a netip.Addr) (Net, bool) {
	best := Net{}
	found := false
	a = a.Unmap()
	for _, n := range s.Nets {
		if n.Prefix.Contains(a) && (!found || n.Prefix.Bits() > best.Prefix.Bits()) {
			best, found = n, true
		}
	}
	return best, found
}

// rate returns the packets a second of the network.
func (n Net) rate() float64 {
	switch {
	case n.Rate > 0:
		return n.Rate
	case n.Profile == Cautious:
		return DefaultCautiousRate
	}
	return DefaultNormalRate
}

func (n Net) hostRate() float64 {
	r := n.HostRate
	if r <= 0 {
		r = DefaultHostRate
	}
	return min(r, n.rate())
}

// Prefixes lists the networks that may be asked, in order.
func (s Scope) Prefixes() []netip.Prefix {
	var out []netip.Prefix
	for _, n := range s.Nets {
		if n.Profile != Never {
			out = append(out, n.Prefix)
		}
	}
	slices.SortFunc(out, func(a, b netip.Prefix) int { return a.Compare(b) })
	return out
}
