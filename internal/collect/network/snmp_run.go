package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/gosnmp/gosnmp"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fingerprint"
)

// bySNMP is how a device is met that answered nothing else.
const bySNMP = "snmp"

// snmpAtOnce is how many devices are asked at the same time. Most wait for an
// answer that does not come.
const snmpAtOnce = 64

// maxSighted bounds what the tables of all switches may say together.
const maxSighted = 1 << 17

// snmp asks devices of a chunk what they are: those that answered, and, where no
// ARP tells that nobody is there, all others. It never asks in a cautious network.
func (r *running) snmp(ctx context.Context, g *gate, pt *part, addrs []netip.Addr, gone map[netip.Addr]bool) error {
	access := r.plan.job.SNMP
	if access == nil || g.net.Profile != Normal {
		return ctx.Err()
	}
	r.mu.Lock()
	r.phase = "snmp"
	at := map[netip.Addr]int{}
	for i := range r.out.Hosts {
		at[r.out.Hosts[i].Addr] = i
	}
	r.mu.Unlock()
	var wg sync.WaitGroup
	slots := make(chan struct{}, snmpAtOnce)
	for _, a := range addrs {
		i, known := at[a]
		if ctx.Err() != nil || gone[a] || known && r.asked(i) {
			continue
		}
		var mac fingerprint.MAC
		if known {
			mac = r.hostCard(i)
		} else {
			i = -1
		}
		slots <- struct{}{}
		one, cancel := context.WithTimeout(ctx, snmpWhole)
		t, err := converse(one, g, access, a, mac) // here, where all sockets of a run are opened
		if err != nil {
			r.note("SNMP", shortText(err.Error(), 200))
			cancel()
			<-slots
			continue
		}
		wg.Go(func() {
			defer func() { <-slots }()
			defer cancel()
			defer t.Close()
			r.ask(one, g, t, access, i)
			r.tell("snmp", false)
		})
	}
	wg.Wait()
	return ctx.Err()
}

// asked reports whether a host was asked already, by a run that this one goes on
// with.
func (r *running) asked(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Hosts[i].SNMP != nil
}

func (r *running) hostCard(i int) fingerprint.MAC {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Hosts[i].MAC
}

// ask asks one device, the host with the number or one that nothing else is known
// of, and takes down what it says.
func (r *running) ask(ctx context.Context, g *gate, t *talk, access *SNMPAccess, host int) {
	a, mac := t.conn.addr, t.conn.mac
	info, err := t.identify(access)
	if err != nil {
		if why := refusal(err); why != "" {
			r.mu.Lock()
			r.unread[why]++
			r.mu.Unlock()
		}
		return
	}
	if mac.IsZero() {
		if mac = r.card(a); !mac.IsZero() && g.forbids(a, mac) {
			return // a listed device that has moved; nothing is said of it
		}
	}
	var seen []Sighted
	if info.relays() {
		if seen, err = t.tables(firstOf(info.Name, a.String())); err != nil && ctx.Err() == nil {
			r.note("tables of "+firstOf(info.Name, a.String()), shortText(err.Error(), 200)+": what was read until then is kept")
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if host < 0 {
		r.out.Hosts = append(r.out.Hosts, Host{Addr: a, MAC: mac, Zone: g.net.Zone, Profile: g.net.Profile, By: bySNMP, SeenAt: r.Now().UTC()})
		host = len(r.out.Hosts) - 1
		r.tally.alive++
	}
	r.out.Hosts[host].SNMP = info
	if room := maxSighted - len(r.out.Sighted); len(seen) > room {
		seen = seen[:room]
	}
	r.out.Sighted = append(r.out.Sighted, seen...)
}

// refusal says what a device's refusal means; nothing for one that is silent,
// which may have no SNMP at all.
func refusal(err error) string {
	switch text := err.Error(); {
	case errs.Is(err, errs.Denied):
		return "refused what was asked: it may have to be read with privacy, or the user may read nothing there"
	case errs.Is(err, errs.Invalid):
		return "answered what cannot be read"
	case strings.Contains(text, "not authentic"), errors.Is(err, gosnmp.ErrUnknownUsername), errors.Is(err, gosnmp.ErrWrongDigest):
		return "did not know the user, or not with this password"
	case errors.Is(err, gosnmp.ErrUnknownSecurityLevel):
		return "wanted another way to prove or to encrypt"
	case errors.Is(err, gosnmp.ErrDecryption):
		return "did not take the key for privacy"
	}
	return ""
}

// saySNMP says what SNMP could not do, and puts places and cards that tables told
// of to the hosts that have none.
func (r *running) saySNMP() {
	o := r.out
	for why, n := range r.unread {
		r.noteLocked("SNMP", fmt.Sprintf("%s %s: look at what was given for this network", plural(n, "device", "devices"), why))
	}
	if r.plan.job.SNMP == nil {
		return
	}
	if !slices.ContainsFunc(o.Hosts, func(h Host) bool { return h.SNMP != nil }) {
		r.noteLocked("SNMP", "no device answered to what was given for this network")
	}
	if slices.ContainsFunc(r.plan.parts, func(pt part) bool { return pt.net.Profile == Cautious }) {
		r.noteLocked("SNMP", "devices of cautious networks are not asked: not one byte is sent to them")
	}
	cards := map[netip.Addr]fingerprint.MAC{}
	for _, s := range o.Sighted {
		for _, a := range s.Addrs {
			cards[a] = s.MAC
		}
	}
	for i := range o.Hosts {
		h := &o.Hosts[i]
		m := cards[h.Addr]
		if !h.MAC.IsZero() || m.IsZero() {
			continue
		}
		// A listed device that has moved beyond a router: only now its card is known.
		if why, no := r.plan.job.Guard.Forbids(h.Addr, m); no {
			o.Untouched = append(o.Untouched, Untouched{h.Addr, why + " (it has moved, as a router's table says; it was asked before that was known)"})
			continue
		}
		h.MAC = m
	}
}

func firstOf(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}
