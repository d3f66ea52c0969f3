package network

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// ChangeKind says how a device differs between two runs.
type ChangeKind string

// The kinds of change.
const (
	Appeared   ChangeKind = "new"
	Gone       ChangeKind = "gone"
	Moved      ChangeKind = "moved"       // the same hardware address at another address
	Replaced   ChangeKind = "replaced"    // another hardware address at the same address
	PortOpened ChangeKind = "port_opened" // on a device that was there before
	PortClosed ChangeKind = "port_closed"
)

// Change is one difference between two runs.
type Change struct {
	Kind ChangeKind      `json:"kind"`
	Addr netip.Addr      `json:"addr"`
	From netip.Addr      `json:"from,omitzero"` // where a moved device was
	MAC  fingerprint.MAC `json:"mac,omitzero"`
	Was  fingerprint.MAC `json:"was,omitzero"` // the hardware address that was replaced
	Port uint16          `json:"port,omitempty"`
	Name string          `json:"name,omitempty"`
}

// String says it in words.
func (c Change) String() string {
	who := c.Addr.String()
	if c.Name != "" {
		who = c.Name + " (" + who + ")"
	}
	switch c.Kind {
	case Appeared:
		return who + " is new"
	case Gone:
		return who + " did not answer any more"
	case Moved:
		return fmt.Sprintf("%s was at %s before", who, c.From)
	case Replaced:
		return fmt.Sprintf("%s is another device: its hardware address was %s and is %s", who, c.Was, c.MAC)
	case PortOpened:
		return fmt.Sprintf("%s has port %d open, which it had not", who, c.Port)
	case PortClosed:
		return fmt.Sprintf("%s has port %d closed, which was open", who, c.Port)
	}
	return who
}

// Diff compares two runs. It speaks only of what both looked at: a port that one
// run did not ask, an address left alone or not reached in time, and a port that
// did not answer at all are no change.
func Diff(before, after *Run) []Change {
	d := differ{before: before, after: after, old: byAddr(before), now: byAddr(after)}
	d.left = map[netip.Addr]bool{}
	for _, r := range []*Run{before, after} {
		for _, u := range r.Untouched {
			d.left[u.Addr] = true
		}
	}
	d.oldMAC, d.nowMAC = byMAC(before), byMAC(after)
	for i := range after.Hosts {
		d.forward(&after.Hosts[i])
	}
	for i := range before.Hosts {
		d.backward(&before.Hosts[i])
	}
	slices.SortStableFunc(d.out, func(a, b Change) int {
		return cmp.Or(a.Addr.Compare(b.Addr), strings.Compare(string(a.Kind), string(b.Kind)), cmp.Compare(a.Port, b.Port))
	})
	return d.out
}

type differ struct {
	before, after  *Run
	old, now       map[netip.Addr]*Host
	oldMAC, nowMAC map[fingerprint.MAC]*Host
	left           map[netip.Addr]bool
	out            []Change
}

func byAddr(r *Run) map[netip.Addr]*Host {
	m := make(map[netip.Addr]*Host, len(r.Hosts))
	for i := range r.Hosts {
		m[r.Hosts[i].Addr] = &r.Hosts[i]
	}
	return m
}

// byMAC finds devices by hardware addresses that identify one device. One that is
// seen at several addresses cannot be said to have moved.
func byMAC(r *Run) map[fingerprint.MAC]*Host {
	m := map[fingerprint.MAC]*Host{}
	twice := map[fingerprint.MAC]bool{}
	for i := range r.Hosts {
		h := &r.Hosts[i]
		if !fingerprint.KindOf(h.MAC).Identifies() {
			continue
		}
		if _, ok := m[h.MAC]; ok {
			twice[h.MAC] = true
		}
		m[h.MAC] = h
	}
	for k := range twice {
		delete(m, k)
	}
	return m
}

func (d *differ) add(c Change, h *Host) {
	c.Addr, c.MAC = h.Addr, h.MAC
	if len(h.Names) > 0 {
		c.Name = h.Names[0]
	}
	d.out = append(d.out, c)
}

// forward looks at a host of the newer run.
func (d *differ) forward(h *Host) {
	o, same := d.old[h.Addr], true
	if o != nil && !o.MAC.IsZero() && !h.MAC.IsZero() && o.MAC != h.MAC {
		same = false
	}
	moved, ok := d.oldMAC[h.MAC]
	if ok && d.nowMAC[h.MAC] == h && moved.Addr != h.Addr {
		d.add(Change{Kind: Moved, From: moved.Addr}, h)
		d.ports(moved, h)
		return
	}
	switch {
	case o == nil:
		// What an unfinished run did not see may have been there.
		if d.before.Complete && d.before.covers(h.Addr) && (!d.left[h.Addr] || h.passive()) {
			d.add(Change{Kind: Appeared}, h)
		}
	case !same:
		d.add(Change{Kind: Replaced, Was: o.MAC}, h)
	default:
		d.ports(o, h)
	}
}

// backward looks at a host of the older run for one that is gone.
func (d *differ) backward(o *Host) {
	// What was only heard may be silent today.
	if d.now[o.Addr] != nil || !d.after.Complete || d.left[o.Addr] || o.passive() || !d.after.covers(o.Addr) {
		return
	}
	if h, ok := d.nowMAC[o.MAC]; ok && d.oldMAC[o.MAC] == o && h.Addr != o.Addr {
		return // it moved
	}
	d.add(Change{Kind: Gone}, o)
}

func (d *differ) ports(o, h *Host) {
	for _, p := range h.Open {
		if slices.Contains(d.before.Ports, p.Number) && !has(o, p.Number) && o.Silent == 0 && o.Asked >= len(d.before.Ports) {
			d.add(Change{Kind: PortOpened, Port: p.Number}, h)
		}
	}
	for _, p := range o.Open {
		if slices.Contains(d.after.Ports, p.Number) && !has(h, p.Number) && h.Silent == 0 && h.Asked >= len(d.after.Ports) {
			d.add(Change{Kind: PortClosed, Port: p.Number}, h)
		}
	}
}

func has(h *Host, n uint16) bool {
	return slices.ContainsFunc(h.Open, func(p Port) bool { return p.Number == n })
}
