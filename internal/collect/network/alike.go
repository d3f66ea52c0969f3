package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// Alike says that something on the way answers for the addresses of a network,
// whether a device is there or not: a firewall that refuses or takes every
// connection, a web proxy that nobody is told of, a router that answers pings. The
// addresses that show nothing of their own are not stated as devices.
type Alike struct {
	Prefix    netip.Prefix `json:"prefix"`
	Addresses int          `json:"addresses"` // that show nothing of their own
	Of        int          `json:"of"`        // addresses asked in the network
	How       string       `json:"how"`
}

// Bounds of what counts as answering alike. Real networks have gaps: addresses
// that nobody uses, computers that are off, firewalls of their own. That nearly all
// of a block do the same, without one, is the way's doing. Where connections are
// only refused, and no ping, no open port, no hardware address says that a device
// is there, half of the block is enough.
const (
	minAlike   = 64 // addresses; fewer may all be real
	alikeAll   = 0.95
	alikeHalf  = 0.5
	blockBits4 = 24
	blockBits6 = 120
)

// block is the part of a network that is judged as one.
func block(a netip.Addr) netip.Prefix {
	bits := blockBits4
	if a.Is6() {
		bits = blockBits6
	}
	p, _ := a.Prefix(bits) // the bits are within both kinds of address
	return p
}

// verdict is what is found of one block.
type verdict struct {
	alike bool
	ports []uint16 // that the way answers
	drop  map[netip.Addr]bool
	how   string
}

// judge looks for answers that are the way's. The hosts are those of one block,
// of which so many addresses were asked; before says how many more of it were
// found to answer alike already.
func judge(hosts []*Host, asked, before int) verdict {
	v := verdict{drop: map[netip.Addr]bool{}}
	var far []*Host // who have no hardware address of their own
	for _, h := range hosts {
		if h.MAC.IsZero() && !h.passive() {
			far = append(far, h)
		}
	}
	if len(far) == 0 || len(far)+before < minAlike {
		return v
	}
	v.ports = wayPorts(far, asked, before)
	var refusing, bare []*Host
	for _, h := range far {
		if slices.ContainsFunc(h.Open, func(p Port) bool { return !slices.Contains(v.ports, p.Number) }) || h.SNMP != nil {
			continue
		}
		bare = append(bare, h)
		if h.By == byTCP {
			refusing = append(refusing, h)
		}
	}
	var said []string
	if len(v.ports) > 0 {
		said = append(said, "takes connections to "+portList(v.ports))
	}
	switch {
	case len(bare) > 0 && len(bare)+before >= minAlike && share(len(bare)+before, asked+before) >= alikeAll:
		if len(bare) > len(refusing) {
			said = append(said, "answers pings")
		} else if len(v.ports) == 0 {
			said = append(said, "refuses connections")
		}
	case len(refusing) > 0 && len(refusing)+before >= minAlike && (len(v.ports) > 0 || share(len(refusing)+before, asked+before) >= alikeHalf):
		bare = refusing
		if len(v.ports) == 0 {
			said = append(said, "refuses connections")
		}
	case len(v.ports) > 0:
		bare = refusing
	default:
		return verdict{}
	}
	v.alike = true
	for _, h := range bare {
		v.drop[h.Addr] = true
	}
	v.how = "something on the way " + strings.Join(said, " and ") + " for every address"
	return v
}

func share(n, of int) float64 { return float64(n) / float64(max(of, 1)) }

// wayPorts lists ports that nearly every address of a block takes connections
// to, saying the same; and, where half of the block takes connections to more than
// half of all ports, as no device does, those.
func wayPorts(hosts []*Host, asked, before int) []uint16 {
	open := map[uint16]int{}
	said := map[uint16]map[string]int{}
	absurd := map[uint16]int{}
	many := 0
	for _, h := range hosts {
		odd := h.Asked >= 6 && len(h.Open)*2 > h.Asked
		if odd {
			many++
		}
		for _, p := range h.Open {
			open[p.Number]++
			if said[p.Number] == nil {
				said[p.Number] = map[string]int{}
			}
			said[p.Number][p.words()]++
			if odd {
				absurd[p.Number]++
			}
		}
	}
	var out []uint16
	for n, k := range open {
		most := 0
		for _, c := range said[n] {
			most = max(most, c)
		}
		same := share(most, k) >= alikeAll
		all := k+before >= minAlike && share(k, asked) >= alikeAll
		half := many >= minAlike/4 && many+before >= minAlike && share(many+before, asked+before) >= alikeHalf && share(absurd[n], many) >= alikeAll
		if same && (all || half) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// words is what a port said, to compare it with what others say. Certificates that
// are made for each device differ.
func (p *Port) words() string {
	var b strings.Builder
	b.WriteString(p.Service)
	for _, s := range p.Said {
		b.WriteByte(0)
		b.WriteString(s.Value)
	}
	if p.Certificate != nil {
		fmt.Fprint(&b, "\x00", p.Certificate.Subject, p.Certificate.NotAfter)
	}
	return b.String()
}

func portList(ports []uint16) string {
	if len(ports) > 6 {
		return fmt.Sprintf("%d ports", len(ports))
	}
	word := "port "
	if len(ports) > 1 {
		word = "ports "
	}
	var out []string
	for _, p := range ports {
		out = append(out, fmt.Sprint(p))
	}
	return word + strings.Join(out, ", ")
}

// discern takes out of the outcome what something on the way answered in the
// place of devices of the part, and says so.
func (r *running) discern(pt *part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := map[netip.Prefix]int{}
	for _, a := range pt.addrs {
		if _, left := r.untouched[a]; !left && r.finished[a] {
			asked[block(a)]++
		}
	}
	for _, a := range r.out.Alike { // judged before
		asked[block(a.Prefix.Addr())] -= a.Addresses
	}
	var hosts []*Host
	for i := range r.out.Hosts {
		if h := &r.out.Hosts[i]; pt.net.Prefix.Contains(h.Addr) {
			hosts = append(hosts, h)
		}
	}
	drop := r.alike(pt.net, hosts, asked)
	r.out.Hosts = slices.DeleteFunc(r.out.Hosts, func(h Host) bool { return drop[h.Addr] })
}

// alike judges the blocks that the hosts are in, takes what is the way's from
// them, and returns those of which nothing is left. The lock is held.
func (r *running) alike(n Net, hosts []*Host, asked map[netip.Prefix]int) (drop map[netip.Addr]bool) {
	cards := map[netip.Addr]fingerprint.MAC{}
	of := map[netip.Prefix][]*Host{}
	for _, h := range hosts {
		cards[h.Addr] = h.MAC
		of[block(h.Addr)] = append(of[block(h.Addr)], h)
	}
	shared := sharedCards(cards)
	for m, k := range shared {
		r.noteShared(m, k)
	}
	for _, h := range hosts {
		if shared[h.MAC] > 0 {
			h.MAC = fingerprint.MAC{}
		}
	}
	drop = map[netip.Addr]bool{}
	for b, hosts := range of {
		v := judge(hosts, asked[b], r.alikeBefore(smaller(b, n.Prefix)))
		if !v.alike {
			continue
		}
		for _, h := range hosts {
			if h.MAC.IsZero() {
				h.Open = slices.DeleteFunc(h.Open, func(p Port) bool { return slices.Contains(v.ports, p.Number) })
			}
		}
		for a := range v.drop {
			drop[a] = true
		}
		r.addAlike(Alike{Prefix: smaller(b, n.Prefix), Addresses: len(v.drop), How: v.how})
	}
	return drop
}

// alikeBefore says how many addresses of a network were found to answer alike
// already. The lock is held.
func (r *running) alikeBefore(p netip.Prefix) int {
	n := 0
	for _, a := range r.out.Alike {
		if a.Prefix == p {
			n += a.Addresses
		}
	}
	return n
}

// addAlike adds to what is known of a network. The lock is held.
func (r *running) addAlike(a Alike) {
	for i := range r.out.Alike {
		if o := &r.out.Alike[i]; o.Prefix == a.Prefix && o.How == a.How {
			o.Addresses += a.Addresses
			return
		}
	}
	r.out.Alike = append(r.out.Alike, a)
}

func (r *running) noteShared(m fingerprint.MAC, n int) {
	r.noteLocked(m.String(), fmt.Sprintf("one device answers for %d addresses: a router that stands in for what is behind it, or a trap. "+
		"Its hardware address is taken for none of them, and they were asked as those beyond a router are", n))
}

// smaller returns the network of the two that lies in the other.
func smaller(a, b netip.Prefix) netip.Prefix {
	if a.Bits() < b.Bits() {
		return b
	}
	return a
}

// sayAlike joins what was found of blocks to one sentence for each way of
// answering.
func (r *running) sayAlike() {
	slices.SortFunc(r.out.Alike, func(a, b Alike) int { return a.Prefix.Compare(b.Prefix) })
	type sum struct {
		first     netip.Prefix
		nets, n   int
		addresses int
	}
	sums := map[string]*sum{}
	var order []string
	if len(r.out.Alike) == 0 {
		return
	}
	asked := r.askedBy()
	for i := range r.out.Alike {
		r.out.Alike[i].Of = asked[r.out.Alike[i].Prefix]
	}
	for _, a := range r.out.Alike {
		s := sums[a.How]
		if s == nil {
			s = &sum{first: a.Prefix}
			sums[a.How] = s
			order = append(order, a.How)
		}
		s.nets++
		s.n += a.Addresses
		s.addresses += a.Of
	}
	for _, how := range order {
		s := sums[how]
		what := s.first.String()
		if s.nets > 1 {
			what += fmt.Sprintf(" and %d more", s.nets-1)
		}
		r.note(what, fmt.Sprintf("%s: a firewall, a web proxy or a trap. %s of %s show nothing of their own and are not stated as devices. "+
			"Search from inside that network, or bring its router's ARP table or DHCP leases under Imports", how, thousands(uint64(s.n)), plural(s.addresses, "address", "addresses")))
	}
}

// askedBy counts the addresses that were asked, by the network they are judged in.
// The lock is held.
func (r *running) askedBy() map[netip.Prefix]int {
	n := map[netip.Prefix]int{}
	for _, pt := range r.plan.parts {
		for _, a := range pt.addrs {
			if _, left := r.untouched[a]; !left && r.finished[a] {
				n[smaller(block(a), pt.net.Prefix)]++
			}
		}
	}
	return n
}

// sharedCards lists hardware addresses that have more addresses than a device
// has: routers that stand in for what is behind them.
func sharedCards(cards map[netip.Addr]fingerprint.MAC) map[fingerprint.MAC]int {
	n := map[fingerprint.MAC]int{}
	for _, m := range cards {
		if !m.IsZero() {
			n[m]++
		}
	}
	for m, k := range n {
		if k <= manyAddresses {
			delete(n, m)
		}
	}
	return n
}
