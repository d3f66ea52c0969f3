package network_test

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/internal/fingerprint"
	"github.com/asepsis/asepsis/test/netlab"
)

// What hospitals have between an office and a ward: a router, and a firewall that
// drops, refuses, or answers for everybody.

var ward = netip.MustParsePrefix("10.77.0.0/24")

func of(prefix netip.Prefix, rate float64) network.Scope {
	return network.Scope{Name: "lab", Nets: []network.Net{{Prefix: prefix, Profile: network.Normal, Rate: rate, HostRate: rate, Zone: "lab"}}}
}

// search runs a job in the lab and counts what leaves.
func search(t *testing.T, l *netlab.Lab, job network.Job, before func() error) (*network.Run, []netlab.Packet) {
	t.Helper()
	c := l.CountBefore(t)
	var r *network.Run
	var err error
	l.Ask(t, func() {
		if before != nil {
			if err = before(); err != nil {
				return
			}
		}
		r, err = scanner().Run(t.Context(), plan(t, job))
	})
	if err != nil {
		t.Fatal(err)
	}
	packets, lost := c.Stop()
	if lost > 0 {
		t.Fatalf("the counter lost %d packets: it proves nothing", lost)
	}
	return r, packets
}

// noted finds a note that says all of the words.
func noted(r *network.Run, words ...string) bool {
	return slices.ContainsFunc(r.Notes, func(n network.Note) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(n.What+": "+n.Why, w) })
	})
}

// devices lists the addresses that a run states.
func devices(r *network.Run) []netip.Addr {
	var out []netip.Addr
	for _, h := range r.Hosts {
		out = append(out, h.Addr)
	}
	return out
}

// servers opens a port on every device of the lab.
func servers(t *testing.T, l *netlab.Lab) {
	t.Helper()
	for i, a := range l.Hosts {
		l.Listen(t, a, []uint16{22, 80, 104, 9100}[i%4], netlab.SSH("SSH-2.0-OpenSSH_9.2p1"))
	}
}

// TestBeyondARouter looks at devices that no ARP reaches, with each right to ping.
func TestBeyondARouter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		before func() error
		by     string
		pings  bool
	}{
		{"with an unprivileged socket", nil, "icmp", true},
		{"with a raw socket", func() error { return noPingGroup() }, "icmp", true},
		{"without a right", func() error {
			if err := noPingGroup(); err != nil {
				return err
			}
			return dropRaw()
		}, "tcp", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			near := netip.MustParsePrefix("10.77.0.0/25")
			l := netlab.NewRouted(t, near, 60)
			servers(t, l)
			fragile := l.Hosts[7]
			job := network.Job{Scope: of(near, 5000), Guard: network.NewDoNotTouch([]network.Untouchable{{Name: "pump", Addrs: []netip.Addr{fragile}, Why: "marked fragile"}}, nil, nil)}
			r, packets := search(t, l, job, tt.before)
			want := slices.DeleteFunc(slices.Clone(l.Hosts), func(a netip.Addr) bool { return a == fragile })
			want = append(want, near.Addr().Next()) // the router itself answers too
			slices.SortFunc(want, netip.Addr.Compare)
			if got := devices(r); !slices.Equal(got, want) || len(r.Alike) > 0 {
				t.Errorf("found %d of %d devices; alike %v", len(got), len(want), r.Alike)
			}
			pings := 0
			for _, p := range packets {
				switch {
				case p.To == fragile:
					t.Fatalf("a packet of protocol %d for the pump", p.Protocol)
				case p.ARP && p.To.Is4() && p.To != netip.MustParseAddr("10.66.0.1") && p.To != l.Asker:
					t.Errorf("ARP for %s, beyond the router", p.To)
				case p.Protocol == unix.IPPROTO_ICMP:
					pings++
					if b := p.To.As4()[3]; b == 0 || b == 255 {
						t.Errorf("a ping for %s, which may be the broadcast address of a smaller network", p.To)
					}
				}
			}
			if (pings > 0) != tt.pings {
				t.Errorf("%d pings", pings)
			}
			for _, h := range r.Hosts {
				if !h.MAC.IsZero() || h.By != tt.by {
					t.Fatalf("%s was met by %s, and is said to have the card %s, which nobody can see", h.Addr, h.By, h.MAC)
				}
			}
			if !tt.pings && !noted(r, "ICMP", "no right to send ICMP", "ping_group_range", "connecting") {
				t.Errorf("that it may not ping is not said: %v", r.Notes)
			}
			t.Logf("%d devices, %d packets of which %d pings, %s", len(r.Hosts), len(packets), pings, r.EndedAt.Sub(r.StartedAt))
		})
	}
}

func noPingGroup() error {
	if err := os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("1 0"), 0o644); err != nil {
		return fmt.Errorf("take the right to ping away: %w", err)
	}
	return nil
}

// TestFirewalls puts what stands between into the router: nothing of it may become
// a device, and devices that can be seen are.
func TestFirewalls(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		put    func(l *netlab.Lab, t *testing.T, allow string)
		direct int // devices that can be seen
		says   []string
	}{
		{"drops all", func(l *netlab.Lab, t *testing.T, allow string) {
			l.Firewall(t, "table ip f {\n chain c { type filter hook forward priority 0; policy drop; }\n}\n")
		}, 1, nil}, // the router itself answers
		{"drops all, the router too", func(l *netlab.Lab, t *testing.T, allow string) {
			l.Firewall(t, "table ip f {\n chain c { type filter hook prerouting priority -300; ip daddr "+ward.String()+" drop; }\n}\n")
		}, 0, []string{ward.String(), "not one of", "may drop"}},
		{"refuses in the network's words", func(l *netlab.Lab, t *testing.T, allow string) {
			l.Firewall(t, "table ip f {\n chain c { type filter hook input priority 0; ip daddr "+ward.String()+" reject with icmp type admin-prohibited; }\n chain d { type filter hook forward priority 0; ip daddr "+ward.String()+" reject with icmp type admin-prohibited; }\n}\n")
		}, 0, []string{ward.String(), "not one of", "refuses what is asked"}},
		{"refuses as a closed port does", func(l *netlab.Lab, t *testing.T, allow string) {
			l.Firewall(t, "table ip f {\n chain c { type filter hook forward priority 0; ip daddr "+allow+" accept; ip saddr "+allow+" accept; ip protocol icmp drop; meta l4proto tcp reject with tcp reset; }\n}\n")
		}, 21, []string{"refuses connections for every address", "not stated as devices"}},
		{"refuses ports by ICMP", func(l *netlab.Lab, t *testing.T, allow string) {
			l.Firewall(t, "table ip f {\n chain c { type filter hook forward priority 0; ip daddr "+allow+" accept; ip saddr "+allow+" accept; ip protocol icmp drop; meta l4proto tcp reject with icmp type port-unreachable; }\n}\n")
		}, 21, []string{"refuses connections for every address"}},
		{"takes every connection", func(l *netlab.Lab, t *testing.T, allow string) { l.AnswerAll(t, true) }, 0, []string{"takes connections to", "answers pings for every address"}},
		{"is the address of everybody", func(l *netlab.Lab, t *testing.T, allow string) { l.AnswerAll(t, false) }, 0, []string{"answers pings for every address"}},
		{"takes connections to the web", func(l *netlab.Lab, t *testing.T, allow string) { l.Intercept(t, "80, 443") }, 61, []string{"takes connections to ports 80, 443 for every address"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := netlab.NewRouted(t, ward, 60)
			servers(t, l)
			var some []string
			for _, a := range l.Hosts[:20] {
				some = append(some, a.String())
			}
			tt.put(l, t, "{ "+strings.Join(some, ", ")+" }") // the devices that the firewall lets through
			r, packets := search(t, l, network.Job{Scope: of(ward, 20000)}, nil)
			if len(r.Hosts) != tt.direct || !r.Complete {
				t.Errorf("%d devices are stated, want %d: %v", len(r.Hosts), tt.direct, r.Alike)
				for _, h := range r.Hosts {
					t.Logf("%s by %s: %d asked, %d silent, %d open", h.Addr, h.By, h.Asked, h.Silent, len(h.Open))
				}
			}
			if len(tt.says) > 0 && !noted(r, tt.says...) {
				t.Errorf("it is not said that %q: %v", tt.says, r.Notes)
			}
			b, err := r.Batch(nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(b.Sightings) != tt.direct {
				t.Errorf("%d assets are stated", len(b.Sightings))
			}
			t.Logf("%d devices, %d packets in %s: %v", len(r.Hosts), len(packets), r.EndedAt.Sub(r.StartedAt).Round(time.Millisecond), r.Alike)
		})
	}
}

// TestProxyARP has a router answer every ARP question: the devices behind it are
// found, the empty addresses are not, and nobody is given the router's card.
func TestProxyARP(t *testing.T) {
	t.Parallel()
	for _, profile := range []network.Profile{network.Normal, network.Cautious} {
		t.Run(string(profile), func(t *testing.T) {
			t.Parallel()
			prefix := netip.MustParsePrefix("10.77.0.0/25")
			l := netlab.NewProxied(t, prefix, 60)
			servers(t, l)
			job := network.Job{Scope: of(prefix, 5000)}
			want := len(l.Hosts) + 1
			if profile == network.Cautious {
				job.Scope = network.Scope{Name: "lab", Nets: []network.Net{{Prefix: prefix, Profile: profile, Rate: 20}}}
				for _, a := range l.Hosts[:18] {
					job.Targets = append(job.Targets, a.String())
				}
				job.Ports, want = []uint16{104}, 18
			}
			r, packets := search(t, l, job, nil)
			if len(r.Hosts) != want {
				t.Errorf("%d devices are stated, want %d", len(r.Hosts), want)
			}
			for _, h := range r.Hosts {
				if !h.MAC.IsZero() {
					t.Fatalf("%s is said to have the card %s, which is the router's", h.Addr, h.MAC)
				}
			}
			if !noted(r, "one device answers for", "a router that stands in") {
				t.Errorf("it is not said: %v", r.Notes)
			}
			t.Logf("%d devices, %d packets, %s", len(r.Hosts), len(packets), r.EndedAt.Sub(r.StartedAt))
		})
	}
}

// TestNoWay permits a network that this machine has no route to.
func TestNoWay(t *testing.T) {
	t.Parallel()
	l := netlab.New(t, campus, 1)
	var r *network.Run
	var err error
	c := l.Count(t)
	l.Ask(t, func() {
		r, err = scanner().Run(t.Context(), plan(t, network.Job{Scope: network.Scope{Name: "lab", Nets: []network.Net{{Prefix: netip.MustParsePrefix("192.168.7.0/27"), Profile: network.Normal, Rate: 5000}}}}))
	})
	if err != nil {
		t.Fatal(err)
	}
	packets, _ := c.Stop()
	for _, p := range packets {
		if p.To.Is4() { // the system greets other machines of its own accord by IPv6
			t.Errorf("a packet of protocol %d for %s", p.Protocol, p.To)
		}
	}
	if !noted(r, "routes", "no way to addresses of 192.168.7.0/27", "sent nothing") {
		t.Errorf("it is not said: %v", r.Notes)
	}
}

// TestOwnAndBroadcastAddresses permits a larger network than the cable has: this
// machine's own address, and those that stand for all, are sent nothing.
func TestOwnAndBroadcastAddresses(t *testing.T) {
	t.Parallel()
	for _, profile := range []network.Profile{network.Normal, network.Cautious} {
		t.Run(string(profile), func(t *testing.T) {
			t.Parallel()
			l := netlab.NewDevices(t, netip.MustParsePrefix("10.78.0.0/28"), 5)
			c := l.Count(t)
			var r *network.Run
			var err error
			l.Ask(t, func() {
				r, err = scanner().Run(t.Context(), plan(t, network.Job{
					Scope:   network.Scope{Name: "lab", Nets: []network.Net{{Prefix: netip.MustParsePrefix("10.78.0.0/24"), Profile: profile, Rate: 20}}},
					Targets: []string{"10.78.0.0-10.78.0.15"}, Ports: []uint16{22},
				}))
			})
			if err != nil {
				t.Fatal(err)
			}
			packets, _ := c.Stop()
			for _, p := range packets {
				if p.To == l.Asker || p.To == l.Prefix.Addr() || p.To == netip.MustParseAddr("10.78.0.15") {
					t.Errorf("a packet of protocol %d (ARP %t) for %s", p.Protocol, p.ARP, p.To)
				}
			}
			if len(r.Hosts) != 5 || len(packets) < 10 || !noted(r, "this machine", "left out") {
				t.Errorf("%d devices, %d packets, %v", len(r.Hosts), len(packets), r.Notes)
			}
		})
	}
}

// TestIPv6 looks at a small network of IPv6: by connections alone, with hardware
// addresses from the system's table.
func TestIPv6(t *testing.T) {
	t.Parallel()
	l := netlab.NewDevices(t, netip.MustParsePrefix("fd00:77::/120"), 40)
	for _, a := range l.Hosts {
		l.Listen(t, a, 22, netlab.SSH("SSH-2.0-OpenSSH_9.2p1"))
	}
	pump := l.Hosts[5]
	c := l.Count(t)
	var r *network.Run
	var err error
	l.Ask(t, func() {
		r, err = scanner().Run(t.Context(), plan(t, network.Job{
			Scope: network.Scope{Name: "lab", Nets: []network.Net{{Prefix: l.Prefix, Profile: network.Normal, Rate: 2000, HostRate: 2000}}},
			Guard: network.NewDoNotTouch([]network.Untouchable{{Name: "pump", Addrs: []netip.Addr{pump}}}, nil, nil), Ports: []uint16{22, 80},
		}))
	})
	if err != nil {
		t.Fatal(err)
	}
	packets, _ := c.Stop()
	for _, p := range packets {
		if p.To == pump {
			t.Fatalf("a packet of protocol %d (question for a neighbor %t) for the pump", p.Protocol, p.ARP)
		}
	}
	if len(r.Hosts) != 39 || len(packets) < 200 || !noted(r, "IPv6", "not pinged") {
		t.Errorf("%d of 39 devices, %d packets, %v", len(r.Hosts), len(packets), r.Notes)
	}
	for i, h := range r.Hosts {
		if fingerprint.KindOf(h.MAC) == fingerprint.MACNone {
			t.Fatalf("%d: %s has no hardware address", i, h.Addr)
		}
	}
}
