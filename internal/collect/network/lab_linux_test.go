package network_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/internal/fingerprint"
	"github.com/asepsis/asepsis/test/netlab"
)

var campus = netip.MustParsePrefix("10.77.0.0/22")

// hospital opens services on the hosts of a lab: 418 on 400 hosts, as in a
// campus where most devices have one.
func hospital(t testing.TB, l *netlab.Lab, payload *atomic.Int64) (services map[netip.AddrPort]bool) {
	t.Helper()
	services = map[netip.AddrPort]bool{}
	got := func(n int) { payload.Add(int64(n)) }
	kinds := []struct {
		port  uint16
		serve func(net.Conn)
	}{
		{22, netlab.SSH("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3")},
		{80, netlab.HTTP("Apache/2.4.57 (Debian)")},
		{445, netlab.Silent(got)},
		{23, netlab.Telnet("Lantronix UDS1100")},
		{104, netlab.Silent(got)},
		{11112, netlab.Silent(got)},
		{2575, netlab.Silent(got)},
		{3389, netlab.Silent(got)},
		{9100, netlab.Silent(got)},
	}
	open := func(a netip.Addr, i int) {
		k := kinds[i%len(kinds)]
		l.Listen(t, a, k.port, k.serve)
		services[netip.AddrPortFrom(a, k.port)] = true
	}
	for i, a := range l.Hosts {
		open(a, i)
		if i%22 == 0 && len(services) < len(l.Hosts)+18 {
			open(a, i+1)
		}
	}
	return services
}

func plan(t testing.TB, job network.Job) *network.Plan {
	t.Helper()
	if job.Guard == nil {
		job.Guard = network.NewDoNotTouch(nil, nil, nil)
	}
	p, err := network.NewPlan(job)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func normal(rate float64) network.Scope {
	return network.Scope{Name: "lab", Nets: []network.Net{{Prefix: campus, Profile: network.Normal, Rate: rate, HostRate: rate, Zone: "lab"}}}
}

func scanner() *network.Scanner { return &network.Scanner{Now: time.Now} }

func found(r *network.Run) map[netip.AddrPort]network.Port {
	out := map[netip.AddrPort]network.Port{}
	for _, h := range r.Hosts {
		for _, p := range h.Open {
			out[netip.AddrPortFrom(h.Addr, p.Number)] = p
		}
	}
	return out
}

// TestFindsEverything looks at a /22 with 400 live addresses and 418 services.
func TestFindsEverything(t *testing.T) {
	l := netlab.New(t, campus, 400)
	var payload atomic.Int64
	services := hospital(t, l, &payload)
	var r *network.Run
	var err error
	l.Ask(t, func() {
		r, err = scanner().Run(t.Context(), plan(t, network.Job{Scope: normal(20000)}))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d hosts, %d services, %d packets, %s", len(r.Hosts), len(found(r)), r.Packets, r.EndedAt.Sub(r.StartedAt))
	if len(r.Hosts) != len(l.Hosts) || !r.Complete {
		t.Errorf("found %d of %d hosts, complete %t", len(r.Hosts), len(l.Hosts), r.Complete)
	}
	for i, h := range r.Hosts[:min(len(r.Hosts), len(l.Hosts))] {
		if h.Addr != l.Hosts[i] || h.By != "arp" || h.MAC.IsZero() || h.Zone != "lab" {
			t.Fatalf("host %d is %+v, want %s by ARP", i, h, l.Hosts[i])
		}
	}
	got := found(r)
	for s := range services {
		if _, ok := got[s]; !ok {
			t.Errorf("service %s was not found", s)
		}
	}
	if len(got) != len(services) {
		t.Errorf("found %d services of %d", len(got), len(services))
	}
	want := map[uint16]string{22: "ssh", 80: "http", 23: "telnet", 104: "", 445: ""}
	for ap, p := range got {
		if w, ok := want[ap.Port()]; ok && p.Service != w {
			t.Errorf("%s says it is %q, want %q", ap, p.Service, w)
		}
		if ap.Port() == 22 && (len(p.Said) != 1 || p.Said[0].Value != "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3") {
			t.Errorf("%s said %+v", ap, p.Said)
		}
		if ap.Port() == 23 && (len(p.Said) != 1 || p.Said[0].Source != fingerprint.Telnet || p.Said[0].Value != "Lantronix UDS1100  login:") {
			t.Errorf("%s said %+v", ap, p.Said)
		}
	}
	if n := payload.Load(); n != 0 {
		t.Errorf("%d bytes were sent to DICOM, HL7, SMB, RDP or printers; none may be", n)
	}
}

// TestTouchesNothingListed counts packets on the other side of the cable.
func TestTouchesNothingListed(t *testing.T) {
	l := netlab.New(t, campus, 100)
	var payload atomic.Int64
	hospital(t, l, &payload)
	fragile := []netip.Addr{l.Hosts[3], l.Hosts[50], l.Hosts[99], campus.Addr().Next().Next().Next()}
	ward := netip.MustParsePrefix("10.77.2.0/26")
	job := network.Job{
		Scope: normal(20000),
		Guard: network.NewDoNotTouch([]network.Untouchable{{Name: "infusion pump 14", Addrs: fragile, Why: "marked fragile"}}, []netip.Prefix{ward}, nil),
	}
	c := l.Count(t)
	var r *network.Run
	var err error
	l.Ask(t, func() { r, err = scanner().Run(t.Context(), plan(t, job)) })
	if err != nil {
		t.Fatal(err)
	}
	packets, lost := c.Stop()
	if lost > 0 || len(packets) < 1000 {
		t.Fatalf("the counter saw %d packets and lost %d: it proves nothing", len(packets), lost)
	}
	for _, p := range packets {
		if slices.Contains(fragile, p.To) || ward.Contains(p.To) {
			t.Fatalf("a packet for %s was sent (ARP %t)", p.To, p.ARP)
		}
	}
	for _, h := range r.Hosts {
		if slices.Contains(fragile, h.Addr) || ward.Contains(h.Addr) {
			t.Errorf("%s must not be touched and is in the result", h.Addr)
		}
	}
	if len(r.Untouched) != len(fragile)+62 && len(r.Untouched) != len(fragile)+64 {
		t.Errorf("%d addresses are said to be left alone, want %d", len(r.Untouched), len(fragile)+64)
	}
	t.Logf("%d packets sent, none for %d listed addresses", len(packets), len(r.Untouched))
}

// TestKeepsTheRate counts packets in every second of a run, for both profiles.
func TestKeepsTheRate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		net    network.Net
		target string
		most   int // packets in any second, as seen on the cable
	}{
		// The packets that end a connection are paid for afterwards, so a second can
		// have those of the connections at its edge on top.
		{"cautious", network.Net{Prefix: campus, Profile: network.Cautious, Rate: 15}, "10.77.0.2-10.77.0.4", 15 + 4},
		{"normal", network.Net{Prefix: campus, Profile: network.Normal, Rate: 300, HostRate: 300}, "10.77.0.0/25", 330},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := netlab.New(t, campus, 400)
			var payload atomic.Int64
			hospital(t, l, &payload)
			job := network.Job{Scope: network.Scope{Name: "lab", Nets: []network.Net{tt.net}}, Targets: []string{tt.target}, Ports: []uint16{80, 22, 104, 445, 443, 2575, 11112}}
			c := l.Count(t)
			var r *network.Run
			var err error
			l.Ask(t, func() { r, err = scanner().Run(t.Context(), plan(t, job)) })
			if err != nil {
				t.Fatal(err)
			}
			packets, _ := c.Stop()
			var own []netlab.Packet // ARP that the system sends for a connection is counted apart
			arps, bytes := 0, 0
			for _, p := range packets {
				if p.ARP && tt.net.Profile == network.Cautious {
					arps++
					continue
				}
				bytes += p.Payload
				own = append(own, p)
			}
			busiest := netlab.Busiest(own, time.Second)
			t.Logf("%d hosts, %d packets charged, %d counted, %d ARP of the system, at most %d in a second", len(r.Hosts), r.Packets, len(own), arps, busiest)
			if busiest > tt.most {
				t.Errorf("%d packets in one second, at most %d are permitted", busiest, tt.most)
			}
			if span := own[len(own)-1].At.Sub(own[0].At); float64(len(own)) > tt.net.Rate*(span.Seconds()+1) {
				t.Errorf("%d packets in %s are more than %g a second", len(own), span, tt.net.Rate)
			}
			if tt.net.Profile == network.Cautious && bytes > 0 {
				t.Errorf("%d bytes were sent over connections in a cautious network", bytes)
			}
			if len(r.Hosts) == 0 {
				t.Error("no host was found")
			}
		})
	}
}

// TestOneHostAtATime checks the order of packets in a cautious network.
func TestOneHostAtATime(t *testing.T) {
	t.Parallel()
	l := netlab.New(t, campus, 400)
	var payload atomic.Int64
	hospital(t, l, &payload)
	c := l.Count(t)
	var err error
	l.Ask(t, func() {
		_, err = scanner().Run(t.Context(), plan(t, network.Job{
			Scope: network.Scope{Name: "lab", Nets: []network.Net{{Prefix: campus, Profile: network.Cautious, Rate: 20}}}, Targets: []string{"10.77.0.2-10.77.0.8"}, Ports: []uint16{22, 80, 104, 445},
		}))
	})
	if err != nil {
		t.Fatal(err)
	}
	packets, _ := c.Stop()
	var order []netip.Addr
	for _, p := range packets {
		if !p.ARP && (len(order) == 0 || order[len(order)-1] != p.To) {
			order = append(order, p.To)
		}
	}
	// The other side may still end its half of a connection when the next host is
	// asked; the acknowledgment of that is the system's.
	seen := map[netip.Addr]int{}
	for _, a := range order {
		seen[a]++
	}
	for a, n := range seen {
		if n > 1 {
			t.Errorf("%s was returned to %d times: %v", a, n, order)
		}
	}
	if len(seen) < 2 {
		t.Fatalf("only %v was asked", order)
	}
}

// TestStopsSoon stops a run in the middle of its work, and goes on later.
func TestStopsSoonAndGoesOn(t *testing.T) {
	l := netlab.New(t, campus, 400)
	var payload atomic.Int64
	services := hospital(t, l, &payload)
	kept := &memory{}
	s := scanner()
	s.Checkpoints = kept
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stopped time.Time
	s.Progress = func(p network.Progress) {
		if p.Found > 50 && stopped.IsZero() {
			stopped = time.Now()
			cancel()
		}
	}
	job := network.Job{Scope: normal(4000)}
	var r *network.Run
	var err error
	l.Ask(t, func() { r, err = s.Run(ctx, plan(t, job)) })
	if took := time.Since(stopped); err == nil || r.Complete || took > time.Second {
		t.Fatalf("stopped after %s: error %v, complete %t", took, err, r.Complete)
	}
	first := len(r.Hosts)
	if first == 0 || first == 400 || kept.b == nil {
		t.Fatalf("%d hosts were found before the stop, checkpoint of %d bytes", first, len(kept.b))
	}
	c := l.Count(t)
	s.Progress = nil
	job.Scope = normal(20000) // the rest need not go as slowly
	l.Ask(t, func() { r, err = s.Run(t.Context(), plan(t, job)) })
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Hosts) != 400 || len(found(r)) != len(services) || !r.Complete || r.ResumedAt.IsZero() {
		t.Errorf("after going on: %d hosts, %d services, complete %t", len(r.Hosts), len(found(r)), r.Complete)
	}
	packets, _ := c.Stop()
	again := 0
	for _, h := range r.Hosts[:first] {
		again += netlab.To(packets, h.Addr)
	}
	t.Logf("%d hosts before the stop; %d packets after it", first, len(packets))
	if kept.b != nil {
		t.Error("the checkpoint is kept after a complete run")
	}
}

type memory struct{ b []byte }

func (m *memory) Load(context.Context, string) ([]byte, error)     { return m.b, nil }
func (m *memory) Save(_ context.Context, _ string, b []byte) error { m.b = b; return nil }
func (m *memory) Drop(context.Context, string) error               { m.b = nil; return nil }

// TestLiarsCannotStall puts hosts into the network that drip, flood and reset.
func TestLiarsCannotStall(t *testing.T) {
	l := netlab.New(t, campus, 60)
	for i, a := range l.Hosts {
		switch i % 6 {
		case 0:
			l.Listen(t, a, 22, netlab.Drip(100*time.Millisecond))
		case 1:
			l.Listen(t, a, 80, netlab.Endless)
		case 2:
			l.Listen(t, a, 23, netlab.Drip(time.Hour))
		case 3:
			l.Listen(t, a, 443, netlab.Drip(50*time.Millisecond))
			l.Listen(t, a, 8443, netlab.Endless)
		case 4:
			for _, p := range network.DefaultPorts {
				l.Listen(t, a, p, netlab.Reset)
			}
		case 5:
			l.Listen(t, a, 22, netlab.SSH("SSH-2.0-OpenSSH_9.2p1"))
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var r *network.Run
	var err error
	l.Ask(t, func() { r, err = scanner().Run(ctx, plan(t, network.Job{Scope: normal(20000)})) })
	if err != nil {
		t.Fatal(err)
	}
	took := r.EndedAt.Sub(r.StartedAt)
	t.Logf("%d hosts, %d services in %s", len(r.Hosts), len(found(r)), took)
	if len(r.Hosts) != 60 {
		t.Errorf("%d of 60 hosts were found", len(r.Hosts))
	}
	honest := 0
	for _, p := range found(r) {
		if p.Service == "ssh" {
			honest++
		}
		for _, s := range p.Said {
			if len(s.Value) > 512 {
				t.Errorf("%d bytes of a banner were kept", len(s.Value))
			}
		}
	}
	if honest != 10 {
		t.Errorf("%d of 10 honest servers were read", honest)
	}
}
