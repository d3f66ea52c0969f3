package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// The groups devices announce themselves in.
var (
	groupMDNS = net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: 5353}
	groupSSDP = net.UDPAddr{IP: net.IPv4(239, 255, 255, 250), Port: 1900}
)

// DefaultListen is how long a run listens before it sends anything.
const DefaultListen = 10 * time.Second

// Bounds of what listeners keep, against those who shout.
const (
	maxHeardHosts   = 8192
	maxHeardPackets = 1 << 17
	maxHeardSignals = 48
)

// freshTable is how old a proof of presence in the table of neighbors may be.
const freshTable = 10 * time.Minute

// overheard is what a device said without being asked.
type overheard struct {
	by string // mdns, ssdp, table
	at time.Time
	said
	mac fingerprint.MAC
}

// ears listens to the announcements of the networks this machine is part of.
// It sends nothing to any device; the system tells switches and routers that it
// joins the groups (IGMP).
type ears struct {
	now   func() time.Time
	wants func(netip.Addr) bool
	conns []*net.UDPConn
	wg    sync.WaitGroup

	mu   sync.Mutex
	from map[netip.Addr]*overheard // guarded by mu
	left int                       // packets that are still read; guarded by mu
}

// openEars opens the ears on the interfaces of the links. What cannot be opened is
// said in the notes; the rest is heard.
func openEars(ls []link, now func() time.Time, wants func(netip.Addr) bool) (*ears, []Note) {
	e := &ears{now: now, wants: wants, from: map[netip.Addr]*overheard{}, left: maxHeardPackets}
	var notes []Note
	done := map[string]bool{}
	for _, l := range ls {
		if done[l.name] || !l.addr.Is4() {
			continue
		}
		done[l.name] = true
		ifi, err := net.InterfaceByName(l.name)
		if err != nil || ifi.Flags&net.FlagMulticast == 0 {
			continue
		}
		for by, group := range map[string]*net.UDPAddr{"mdns": &groupMDNS, "ssdp": &groupSSDP} {
			c, err := net.ListenMulticastUDP("udp4", ifi, group)
			if err != nil {
				notes = append(notes, Note{"listening", fmt.Sprintf("announcements by %s on %s could not be heard: %s", by, l.name, shortText(err.Error(), 200))})
				continue
			}
			e.conns = append(e.conns, c)
			e.wg.Go(func() { e.hear(c, by) })
		}
	}
	slices.SortFunc(notes, func(a, b Note) int { return strings.Compare(a.Why, b.Why) })
	return e, notes
}

func (e *ears) hear(c *net.UDPConn, by string) {
	b := make([]byte, 9000)
	for {
		n, from, err := c.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		e.take(by, from.Addr().Unmap(), b[:n])
	}
}

// take keeps what one packet says.
func (e *ears) take(by string, from netip.Addr, b []byte) {
	if !e.wants(from) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.left--; e.left < 0 {
		return
	}
	var s said
	ok := false
	if by == "mdns" {
		s, ok = readMDNS(b, from)
	} else {
		s, ok = readSSDP(b)
	}
	if !ok {
		return
	}
	h := e.from[from]
	if h == nil {
		if len(e.from) >= maxHeardHosts {
			return
		}
		h = &overheard{by: by}
		e.from[from] = h
	}
	h.at = e.now()
	for _, n := range s.names {
		if !slices.Contains(h.names, n) && len(h.names) < 4 {
			h.names = append(h.names, n)
		}
	}
	for _, sig := range s.signals {
		if !slices.Contains(h.signals, sig) && len(h.signals) < maxHeardSignals {
			h.signals = append(h.signals, sig)
		}
	}
}

// close ends the listening and returns what was heard.
func (e *ears) close() map[netip.Addr]*overheard {
	for _, c := range e.conns {
		_ = c.Close()
	}
	e.wg.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.from
}

// first takes what is known without sending anything, before anything is sent:
// it opens the ears and waits a while.
func (r *running) first(ctx context.Context) {
	if r.plan.job.Listen <= 0 {
		return
	}
	var near []link
	for _, l := range r.links {
		if slices.ContainsFunc(r.plan.parts, func(pt part) bool { return pt.net.Prefix.Overlaps(l.prefix) }) {
			near = append(near, l)
		}
	}
	if len(near) == 0 {
		if slices.ContainsFunc(r.plan.parts, func(pt part) bool { return !pt.net.Prefix.Addr().IsLoopback() }) {
			r.note("listening", "this machine is part of none of the networks, so announcements of their devices do not reach it: bring DHCP leases or a router's ARP table under Imports")
		}
		return
	}
	var notes []Note
	wanted := r.plan.addresses()
	r.ears, notes = openEars(near, r.Now, func(a netip.Addr) bool { return wanted[a] })
	for _, n := range notes {
		r.note(n.What, n.Why)
	}
	r.tell("listen", true)
	sleep(ctx, r.plan.job.Listen)
}

// addresses is the set of addresses of the plan.
func (p *Plan) addresses() map[netip.Addr]bool {
	out := make(map[netip.Addr]bool, p.Addresses())
	for _, pt := range p.parts {
		for _, a := range pt.addrs {
			out[a] = true
		}
	}
	return out
}

// hearsay adds what was learnt without asking: to devices that answered, and
// devices that did not, or were not asked.
func (r *running) hearsay() {
	if r.ears == nil {
		return
	}
	all := r.ears.close()
	if ns, err := Neighbours(r.Now()); err == nil {
		cards := make(map[netip.Addr]fingerprint.MAC, len(ns))
		for _, n := range ns {
			cards[n.Addr] = n.MAC
		}
		shared := sharedCards(cards)
		for _, n := range ns {
			if shared[n.MAC] > 0 || n.Static || n.Confirmed.Before(r.started.Add(-freshTable)) || !r.ears.wants(n.Addr) {
				continue
			}
			if h := all[n.Addr]; h != nil {
				h.mac = n.MAC
			} else {
				all[n.Addr] = &overheard{by: "table", at: n.Confirmed, mac: n.MAC}
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.out.Hosts {
		h := &r.out.Hosts[i]
		if x := all[h.Addr]; x != nil {
			h.hear(x)
			delete(all, h.Addr)
		}
	}
	for a, x := range all {
		n, _ := r.plan.job.Scope.Of(a)
		h := Host{Addr: a, MAC: x.mac, Zone: n.Zone, Profile: n.Profile, By: x.by, SeenAt: x.at.UTC()}
		h.hear(x)
		r.out.Hosts = append(r.out.Hosts, h)
	}
}

func (h *Host) hear(x *overheard) {
	for _, n := range x.names {
		if !slices.Contains(h.Names, n) {
			h.Names = append(h.Names, n)
		}
	}
	h.Heard = x.signals
}

// passive reports whether the device was met without being asked.
func (h *Host) passive() bool { return h.By == "mdns" || h.By == "ssdp" || h.By == "table" }
