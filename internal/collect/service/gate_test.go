package service_test

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/internal/collect/service"
	"github.com/asepsis/asepsis/internal/collect/service/servertest"
)

// rules makes a gate of discovery's own scope and do-not-touch list, as the
// program does.
func rules(scope network.Scope, guard network.Guard, device func(netip.Addr) service.Device) service.Rules {
	return service.Rules{
		Within: func(a netip.Addr) (service.Network, bool) {
			n, ok := scope.Of(a)
			return service.Network{Prefix: n.Prefix, Profile: string(n.Profile), Rate: n.Rate, Why: n.Why}, ok
		},
		Guard: guard, Device: device,
	}
}

// witness counts connections and what was sent over them.
type witness struct {
	addr        netip.AddrPort
	connections atomic.Int64
	bytes       atomic.Int64
}

func watch(t *testing.T) *witness {
	w := &witness{}
	w.addr = servertest.Serve(t, func(c net.Conn) {
		w.connections.Add(1)
		n, _ := c.Read(make([]byte, 1000))
		w.bytes.Add(int64(n))
	})
	return w
}

func TestGateOfDiscovery(t *testing.T) {
	t.Parallel()
	home := netip.MustParsePrefix("127.0.0.0/8")
	addr := netip.MustParseAddr("127.0.0.1")
	normal := network.Scope{Name: "main", Nets: []network.Net{{Prefix: home, Profile: network.Normal}}}
	cautious := network.Scope{Name: "main", Nets: []network.Net{{Prefix: home, Profile: network.Normal}, {Prefix: netip.PrefixFrom(addr, 32), Profile: network.Cautious}}}
	never := network.Scope{Name: "main", Nets: []network.Net{{Prefix: home, Profile: network.Never, Why: "the lab of the university"}}}
	other := network.Scope{Name: "main", Nets: []network.Net{{Prefix: netip.MustParsePrefix("10.0.0.0/24"), Profile: network.Normal}}}
	none := network.NewDoNotTouch(nil, nil, nil)
	fragile := network.NewDoNotTouch([]network.Untouchable{{Name: "pump 14", Addrs: []netip.Addr{addr}, Why: "marked fragile"}}, nil, nil)
	is := func(d service.Device) func(netip.Addr) service.Device {
		return func(netip.Addr) service.Device { return d }
	}
	for _, tt := range []struct {
		name    string
		gate    service.Gate
		outcome service.Outcome
		why     string
		sent    bool
	}{
		{"asked", rules(normal, none, nil), service.Failed, "", true},
		{"outside", rules(other, none, nil), service.Left, "outside the networks", false},
		{"never", rules(never, none, nil), service.Left, "the lab of the university", false},
		{"fragile", rules(normal, fragile, nil), service.Left, "pump 14: marked fragile", false},
		{"fragile and marked safe", rules(normal, fragile, is(service.Device{Safe: true})), service.Left, "pump 14: marked fragile", false},
		{"medical", rules(normal, none, is(service.Device{Medical: true})), service.Touched, "medical device", false},
		{"medical and safe", rules(normal, none, is(service.Device{Medical: true, Safe: true})), service.Failed, "", true},
		{"cautious", rules(cautious, none, nil), service.Touched, "cautious network", false},
		{"cautious and safe", rules(cautious, none, is(service.Device{Safe: true})), service.Failed, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, name := range []string{"https", "http", "ldap", "postgresql", "dicom", "hl7"} {
				w := watch(t)
				r := at(t, &service.Scanner{Gate: hurried{tt.gate}, Now: time.Now}, w.addr, name)
				if r.Outcome != tt.outcome || !strings.Contains(r.Why, tt.why) {
					t.Errorf("%s: %s (%s), want %s (%s)", name, r.Outcome, r.Why, tt.outcome, tt.why)
				}
				time.Sleep(10 * time.Millisecond) // the witness reads what had been sent
				n, b := w.connections.Load(), w.bytes.Load()
				switch {
				case tt.sent != (b > 0):
					t.Errorf("%s: %d bytes were sent", name, b)
				case tt.outcome == service.Left && n != 0:
					t.Errorf("%s: %d connections to what must be left", name, n)
				case tt.outcome == service.Touched && n != 1:
					t.Errorf("%s: %d connections, want one", name, n)
				}
			}
		})
	}
}

// TestMarkDuringTheScan: a device that is marked while it is being asked gets no
// further connection, and nothing is said of it.
func TestMarkDuringTheScan(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	var mu sync.Mutex
	open, later := 0, 0
	addr := tlsServer(t, a.TLS(t, servertest.Wish{}), func() {
		mu.Lock()
		defer mu.Unlock()
		if open++; open > 3 {
			later++
		}
	})
	gate := gateFunc(func() service.Permission {
		mu.Lock()
		defer mu.Unlock()
		if open >= 3 {
			return service.Permission{Why: "marked fragile"}
		}
		return service.Permission{Depth: service.Ask}
	})
	r := at(t, &service.Scanner{Gate: gate, Now: time.Now}, addr, "https")
	mu.Lock()
	defer mu.Unlock()
	if r.Outcome != service.Left || r.Why != "marked fragile" || r.TLS != nil || r.Spoke != "" || later != 0 {
		t.Errorf("%+v, %d connections after the mark", r, later)
	}
}

// hurried takes the pace of a network away, which has a test of its own.
type hurried struct{ service.Gate }

func (h hurried) Permit(a netip.Addr) service.Permission {
	p := h.Gate.Permit(a)
	p.Rate = 0
	return p
}

func TestRates(t *testing.T) {
	none := network.NewDoNotTouch(nil, nil, nil)
	for _, tt := range []struct {
		net  network.Net
		want float64
	}{
		{network.Net{Profile: network.Normal}, 0}, // that of the scan
		{network.Net{Profile: network.Normal, Rate: 100}, 10},
		{network.Net{Profile: network.Cautious}, 0.4},
		{network.Net{Profile: network.Cautious, Rate: 20}, 2},
	} {
		tt.net.Prefix = netip.MustParsePrefix("10.0.0.0/24")
		p := rules(network.Scope{Name: "x", Nets: []network.Net{tt.net}}, none, nil).Permit(netip.MustParseAddr("10.0.0.9"))
		if p.Rate != tt.want {
			t.Errorf("%s at %g packets: %g connections a second, want %g", tt.net.Profile, tt.net.Rate, p.Rate, tt.want)
		}
	}
	if service.CautiousRate != network.DefaultCautiousRate {
		t.Error("a cautious network is faster here than in discovery")
	}
}

type gateFunc func() service.Permission

func (g gateFunc) Permit(netip.Addr) service.Permission { return g() }

// TestPace counts connections by the clock of a bubble: none of the services
// answers, so each costs one.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var times []time.Time
		gate := gateFunc(func() service.Permission { return service.Permission{Depth: service.Ask} })
		pace := service.PaceForTest(0, time.Now)
		for range 1000 {
			if err := pace(t.Context(), gate.Permit(netip.Addr{})); err != nil {
				t.Fatal(err)
			}
			times = append(times, time.Now())
		}
		for i := range times {
			n := 0
			for _, u := range times[i:] {
				if u.Sub(times[i]) < time.Second {
					n++
				}
			}
			if n > service.DefaultRate+2 {
				t.Fatalf("%d connections in one second", n)
			}
		}
		if took := times[999].Sub(times[0]); took < 4900*time.Millisecond || took > 5100*time.Millisecond {
			t.Errorf("1,000 connections took %v", took)
		}
		// A slow network has its own pace.
		start := time.Now()
		slow := service.Permission{Depth: service.Ask, Network: netip.MustParsePrefix("10.0.0.0/24"), Rate: 2}
		for range 10 {
			if err := pace(t.Context(), slow); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < 4500*time.Millisecond {
			t.Errorf("10 connections at two a second took %v", took)
		}
	})
}
