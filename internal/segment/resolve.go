package segment

import (
	"net/netip"
	"slices"
	"time"
)

const (
	noZone    = -1
	cacheSize = 1 << 14
)

// resolver finds the zone of an address.
type resolver struct {
	zones   []string // by index: the plan's, then elsewhere, then internet
	kinds   []Kind
	alone   []bool
	nets    map[netip.Prefix]int
	bits4   []int // lengths of prefixes that occur, longest first
	bits6   []int
	vlans   map[uint16]int
	picks   map[Selector]int
	assets  Assets
	cache   []place
	outside int // index of elsewhere; internet is the next
}

// place is where an address belongs, for as long as it does.
type place struct {
	addr        netip.Addr
	zone        int
	asset       string
	net         netip.Prefix
	from, until time.Time
}

func newResolver(p Plan, assets Assets) *resolver {
	r := &resolver{nets: map[netip.Prefix]int{}, vlans: map[uint16]int{}, picks: map[Selector]int{}, assets: assets, cache: make([]place, cacheSize)}
	for i, z := range p.Zones {
		r.zones, r.kinds, r.alone = append(r.zones, z.Name), append(r.kinds, z.Kind), append(r.alone, z.Isolated)
		for _, n := range z.Networks {
			n = plain(n)
			r.nets[n] = i
			if bits := &r.bits6; true {
				if n.Addr().Is4() {
					bits = &r.bits4
				}
				if !slices.Contains(*bits, n.Bits()) {
					*bits = append(*bits, n.Bits())
				}
			}
		}
		for _, v := range z.VLANs {
			r.vlans[v] = i
		}
		for _, s := range z.Assets {
			if _, taken := r.picks[s]; !taken {
				r.picks[s] = i
			}
		}
	}
	for _, b := range [][]int{r.bits4, r.bits6} {
		slices.SortFunc(b, func(a, b int) int { return b - a })
	}
	r.outside = len(r.zones)
	r.zones, r.kinds, r.alone = append(r.zones, Elsewhere, Internet), append(r.kinds, Other, Other), append(r.alone, false, false)
	return r
}

// find returns where an address belonged at a moment; the zone is noZone where
// neither an asset nor a network says.
func (r *resolver) find(a netip.Addr, at time.Time) place {
	c := &r.cache[mix(halves(a))%cacheSize]
	if c.addr == a && (c.from.IsZero() || !at.Before(c.from)) && (c.until.IsZero() || at.Before(c.until)) {
		return *c
	}
	*c = place{addr: a, zone: noZone}
	bits := r.bits6
	if a.Is4() {
		bits = r.bits4
	}
	for _, n := range bits {
		p, err := a.Prefix(n)
		if err != nil {
			continue
		}
		if z, ok := r.nets[p]; ok {
			c.zone, c.net = z, p
			break
		}
	}
	if r.assets == nil {
		return *c
	}
	t := r.assets.At(a, at)
	c.asset, c.from, c.until = t.Asset.ID, t.From, t.Until
	best := noZone
	for label, value := range t.Asset.Labels {
		// Zones are in the plan's order: the first that picks the asset has it.
		if z, ok := r.picks[Selector{Label: label, Value: value}]; ok && (best == noZone || z < best) {
			best = z
		}
	}
	if best != noZone {
		c.zone = best
	}
	return *c
}

// outer is the zone of an address that no zone holds.
func (r *resolver) outer(a netip.Addr) int {
	if a.IsPrivate() || shared.Contains(a) {
		return r.outside
	}
	return r.outside + 1
}

// shared is address space that no one reaches from outside (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// group reports an address that no single device has, or that no router passes on.
func group(a netip.Addr) bool {
	return a.IsMulticast() || a.IsUnspecified() || a.IsLoopback() || a.IsLinkLocalUnicast() || a == broadcast
}

var broadcast = netip.MustParseAddr("255.255.255.255")

// directed reports the broadcast address of a network, which for the devices in it
// is as good as 255.255.255.255 (RFC 919).
func directed(a netip.Addr, n netip.Prefix) bool {
	return n.IsValid() && n.Addr().Is4() && n.Bits() <= 30 && !n.Contains(a.Next()) && n.Contains(a)
}
