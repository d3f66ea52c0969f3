package network

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// Guard knows what must not be touched. It is asked before every packet and
// every connection, so what is added while a run is under way holds at once.
// Methods are called from many goroutines.
type Guard interface {
	// Forbids reports whether a device must not be sent anything, and why. The
	// hardware address is zero where it is not known yet.
	Forbids(addr netip.Addr, mac fingerprint.MAC) (why string, yes bool)
	// Lost lists devices that must not be touched and whose address nobody knows,
	// so that Forbids cannot tell them by it. A run into a network that may hold
	// one of them is refused: nothing else keeps the promise of zero packets.
	Lost() []Untouchable
}

// Untouchable is a device that must not be sent anything.
type Untouchable struct {
	Name  string            `json:"name,omitempty"  yaml:"name,omitempty"` // for people: infusion pump 14, ward 3
	Addrs []netip.Addr      `json:"addrs,omitempty" yaml:"addrs,omitempty"`
	MACs  []fingerprint.MAC `json:"macs,omitempty"  yaml:"-"`
	// Within are the networks it can be in, where its address is not known.
	// Without them it can be in any.
	Within []netip.Prefix `json:"within,omitempty" yaml:"within,omitempty"`
	Why    string         `json:"why,omitempty"    yaml:"why,omitempty"` // marked fragile, life-supporting, …
}

func (u Untouchable) title() string {
	switch {
	case u.Name != "":
		return u.Name
	case len(u.Addrs) > 0:
		return u.Addrs[0].String()
	case len(u.MACs) > 0:
		return u.MACs[0].String()
	}
	return "a device without a name"
}

// DoNotTouch is a Guard made of a list that does not change. Make it with
// [NewDoNotTouch].
type DoNotTouch struct {
	byAddr map[netip.Addr]Untouchable
	byMAC  map[fingerprint.MAC]Untouchable
	nets   []refusedNet
	lost   []Untouchable
}

type refusedNet struct {
	prefix netip.Prefix
	why    string
}

// NewDoNotTouch makes a guard of the devices and of networks that are refused
// whole. The neighbors say which hardware address has which address now, so
// that a device known by its hardware address alone is found; nil is allowed.
func NewDoNotTouch(devices []Untouchable, nets []netip.Prefix, neighbors []Neighbour) *DoNotTouch {
	g := &DoNotTouch{byAddr: map[netip.Addr]Untouchable{}, byMAC: map[fingerprint.MAC]Untouchable{}}
	at := map[fingerprint.MAC][]netip.Addr{}
	for _, n := range neighbors {
		at[n.MAC] = append(at[n.MAC], n.Addr)
	}
	for _, u := range devices {
		known := len(u.Addrs) > 0
		for _, a := range u.Addrs {
			g.byAddr[a.Unmap().WithZone("")] = u
		}
		for _, m := range u.MACs {
			g.byMAC[m] = u
			for _, a := range at[m] {
				known = true
				g.byAddr[a.Unmap().WithZone("")] = u
			}
		}
		if !known {
			g.lost = append(g.lost, u)
		}
	}
	for _, p := range nets {
		g.nets = append(g.nets, refusedNet{p.Masked(), p.String() + " is on the do-not-touch list"})
	}
	return g
}

// Forbids implements [Guard].
func (g *DoNotTouch) Forbids(addr netip.Addr, mac fingerprint.MAC) (string, bool) {
	if u, ok := g.byAddr[addr.Unmap().WithZone("")]; ok {
		return u.reason(), true
	}
	if !mac.IsZero() {
		if u, ok := g.byMAC[mac]; ok {
			return u.reason(), true
		}
	}
	for _, n := range g.nets {
		if n.prefix.Contains(addr.Unmap()) {
			return n.why, true
		}
	}
	return "", false
}

// Lost implements [Guard].
func (g *DoNotTouch) Lost() []Untouchable { return slices.Clone(g.lost) }

func (u Untouchable) reason() string {
	why := u.Why
	if why == "" {
		why = "on the do-not-touch list"
	}
	return strings.TrimSpace(u.title() + ": " + why)
}

// mayHave reports whether the device, whose address is not known, can have this
// one.
func (u Untouchable) mayHave(a netip.Addr) bool {
	return len(u.Within) == 0 || slices.ContainsFunc(u.Within, func(p netip.Prefix) bool { return p.Contains(a) })
}
