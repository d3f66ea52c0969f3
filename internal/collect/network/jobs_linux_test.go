package network_test

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/internal/fingerprint"
	"github.com/asepsis/asepsis/test/netlab"
)

// TestTwoSearchesAtOnce runs two searches of one network, as two organizations on
// one server could: together they send what one of them may.
func TestTwoSearchesAtOnce(t *testing.T) {
	l := netlab.NewDevices(t, campus, 100)
	for _, a := range l.Hosts {
		l.Listen(t, a, 22, netlab.SSH("SSH-2.0-OpenSSH_9.2p1"))
	}
	const rate = 300
	job := network.Job{Ports: []uint16{22, 80, 104}, Targets: []string{"10.77.0.0/25"}, Scope: network.Scope{Name: "lab", Nets: []network.Net{
		{Prefix: campus, Profile: network.Normal, Rate: rate, HostRate: rate},
	}}}
	var pace network.Pace
	c := l.Count(t)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			l.Ask(t, func() {
				s := scanner()
				s.Pace = &pace
				if _, err := s.Run(t.Context(), plan(t, job)); err != nil {
					t.Error(err)
				}
			})
		})
	}
	wg.Wait()
	packets, lost := c.Stop()
	var sent []netlab.Packet
	for _, p := range packets {
		if p.To.Is4() {
			sent = append(sent, p)
		}
	}
	busiest := netlab.Busiest(sent, time.Second)
	if lost > 0 || len(sent) < 500 || busiest > rate+rate/10 {
		t.Errorf("%d packets, at most %d in a second where %d are permitted; %d not counted", len(sent), busiest, rate, lost)
	}
	t.Logf("two searches, %d packets, at most %d in a second", len(sent), busiest)
}

// marks is a list that devices are added to while a search runs.
type marks struct {
	mu   sync.Mutex
	pump map[netip.Addr]time.Time // guarded by mu
}

func (m *marks) Forbids(a netip.Addr, _ fingerprint.MAC) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, yes := m.pump[a]
	return "pump: marked fragile", yes
}

func (m *marks) Lost() []network.Untouchable { return nil }

// TestMarkedWhileItRuns marks devices as fragile in the middle of a search: from
// then on nothing begins there, and what was learnt of it so far is not stated.
func TestMarkedWhileItRuns(t *testing.T) {
	l := netlab.NewDevices(t, netip.MustParsePrefix("10.78.0.0/24"), 100)
	var payload atomic.Int64
	hospital(t, l, &payload)
	guard := &marks{pump: map[netip.Addr]time.Time{}}
	s := scanner()
	at := time.Time{}
	s.Progress = func(p network.Progress) {
		if p.Probes < 500 || !at.IsZero() {
			return
		}
		guard.mu.Lock()
		defer guard.mu.Unlock()
		at = time.Now()
		for _, a := range l.Hosts {
			guard.pump[a] = at
		}
	}
	job := network.Job{Guard: guard, Scope: network.Scope{Name: "lab", Nets: []network.Net{{Prefix: l.Prefix, Profile: network.Normal, Rate: 400, HostRate: 100}}}, Ports: []uint16{443, 80, 22, 445, 104, 11112, 3389, 2575, 23, 9100}}
	c := l.Count(t)
	var r *network.Run
	var err error
	l.Ask(t, func() { r, err = s.Run(t.Context(), plan(t, job)) })
	if err != nil {
		t.Fatal(err)
	}
	packets, _ := c.Stop()
	begun := 0
	for _, p := range packets {
		if p.To.Is4() && p.At.After(at.Add(100*time.Millisecond)) && slices.Contains(l.Hosts, p.To) && (p.ARP || p.SYN || p.Payload > 0 || p.Protocol == unix.IPPROTO_ICMP) {
			begun++
		}
	}
	if at.IsZero() || begun > 0 {
		t.Errorf("%d packets began something with a device after it was marked", begun)
	}
	if len(r.Hosts) > 60 || len(r.Untouched) < 40 || !r.Complete {
		t.Errorf("%d devices are stated, %d are said to be left alone", len(r.Hosts), len(r.Untouched))
	}
	t.Logf("%d devices were done before the mark, %d are left alone after it", len(r.Hosts), len(r.Untouched))
}
