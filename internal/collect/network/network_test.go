package network

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/fingerprint"
)

var campus = Scope{Name: "main", Nets: []Net{
	{Prefix: netip.MustParsePrefix("10.20.0.0/22"), Profile: Normal, Zone: "campus"},
	{Prefix: netip.MustParsePrefix("10.20.1.0/24"), Profile: Cautious, Zone: "ward"},
	{Prefix: netip.MustParsePrefix("10.20.2.0/26"), Profile: Never, Zone: "theaters"},
	{Prefix: netip.MustParsePrefix("fd00:20::/110"), Profile: Normal},
}}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func mac(t testing.TB, s string) fingerprint.MAC {
	t.Helper()
	m, ok := fingerprint.ParseMAC(s)
	if !ok {
		t.Fatalf("%s is no hardware address", s)
	}
	return m
}

func nobody() Guard { return NewDoNotTouch(nil, nil, nil) }

func TestPlanStaysInside(t *testing.T) {
	for _, tt := range []struct {
		name    string
		targets []string
		want    string // in the refusal; "" means it is accepted
		n       int
	}{
		{"one", []string{"10.20.0.5"}, "", 1},
		{"range", []string{"10.20.0.250-10.20.1.3"}, "", 6 + 3}, // .1.0 is the ward's network address
		{"short range", []string{"10.20.0.10-19"}, "", 10},
		{"twice", []string{"10.20.0.5", "10.20.0.4-6"}, "", 3},
		{"all of the range but the first and last address and the theaters", []string{"10.20.0.0/22"}, "", 1024 - 2 - 2 - 64},
		{"outside", []string{"10.99.0.0/24"}, "add {prefix: 10.99.0.0/24, profile: cautious} to the networks of the scope", 0},
		{"partly outside", []string{"10.20.0.0/21"}, "10.20.4.0 is outside the scope main, which permits 10.20.0.0/22, 10.20.1.0/24, fd00:20::/110", 0},
		{"outside, one", []string{"192.168.1.1"}, "{prefix: 192.168.1.1/32, profile: cautious}", 0},
		{"never", []string{"10.20.2.5"}, "never to be asked", 0},
		{"not masked", []string{"10.20.0.5/22"}, "write 10.20.0.0/22, or 10.20.0.5 for the one device", 0},
		{"nonsense", []string{"ward 3"}, "write an address as 10.20.1.5", 0},
		{"backwards", []string{"10.20.1.9-10.20.1.2"}, "the end of the range", 0},
		{"too many", []string{"10.20.0.0/22", "fd00:20::/110"}, "ask in parts", 0},
		{"IPv6", []string{"fd00:20::17"}, "", 1},
		{"edge of a network", []string{"10.20.1.255"}, "no address a device can have", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := NewPlan(Job{Scope: campus, Targets: tt.targets, Guard: nobody()})
			switch {
			case tt.want == "" && err != nil:
				t.Fatal(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Fatalf("error %v, want one that says %q", err, tt.want)
			case err != nil:
				if k := errs.KindOf(err); k == errs.Internal {
					t.Errorf("the refusal has no kind: %v", err)
				}
				return
			}
			if p.Addresses() != tt.n {
				t.Errorf("%d addresses, want %d", p.Addresses(), tt.n)
			}
		})
	}
}

func TestSmallestNetworkDecides(t *testing.T) {
	p, err := NewPlan(Job{Scope: campus, Targets: []string{"10.20.0.0/22"}, Guard: nobody()})
	if err != nil {
		t.Fatal(err)
	}
	for _, pt := range p.parts {
		for _, a := range pt.addrs {
			if n, _ := campus.Of(a); n.Prefix != pt.net.Prefix || n.Profile == Never {
				t.Fatalf("%s is asked as part of %s", a, pt.net.Prefix)
			}
		}
	}
	if len(p.Notes) != 1 || !strings.Contains(p.Notes[0].Why, "64 addresses were left alone") {
		t.Errorf("notes are %v", p.Notes)
	}
	if _, err := NewPlan(Job{Scope: campus, Targets: []string{"10.20.0.5"}}); err == nil {
		t.Error("a plan without a do-not-touch list is accepted")
	}
	if _, err := NewPlan(Job{Guard: nobody()}); err == nil {
		t.Error("discovery without a scope is accepted")
	}
	least, most := p.Estimate()
	if least <= 0 || most <= least {
		t.Errorf("estimate %s to %s", least, most)
	}
}

func TestScopeFaults(t *testing.T) {
	s := Scope{Nets: []Net{
		{},
		{Prefix: netip.MustParsePrefix("10.0.0.1/8"), Profile: "fast"},
		{Prefix: netip.MustParsePrefix("10.1.0.0/24"), Profile: Cautious, Rate: 500},
		{Prefix: netip.MustParsePrefix("10.1.0.0/24"), Profile: Normal, Rate: -1},
	}}
	err := s.Check()
	if !errs.Is(err, errs.Invalid) {
		t.Fatal(err)
	}
	for _, want := range []string{"no name", "the prefix is missing", "write 10.0.0.0/8", `profile "fast"`, "too fast for a cautious network: at most 20", "listed twice", "below zero"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said in: %v", want, err)
		}
	}
}

// TestAddressesNobodyShouldAsk refuses what cannot be meant, each with a mend.
func TestAddressesNobodyShouldAsk(t *testing.T) {
	for _, tt := range []struct {
		net  Net
		want string // in the refusal; "" means it is accepted
	}{
		{Net{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Profile: Normal}, "every address there is: list the networks of the organization"},
		{Net{Prefix: netip.MustParsePrefix("::/0"), Profile: Normal}, "every address there is"},
		{Net{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Profile: Cautious}, "16,777,216 addresses, and one search looks at 262,144 at most: list the networks that are in use, such as 10.0.0.0/22"},
		{Net{Prefix: netip.MustParsePrefix("10.0.0.0/13"), Profile: Normal}, "524,288 addresses"},
		{Net{Prefix: netip.MustParsePrefix("10.0.0.0/14"), Profile: Normal}, ""},
		{Net{Prefix: netip.MustParsePrefix("fd12::/64"), Profile: Normal}, "IPv6 network of that size cannot be searched address by address"},
		{Net{Prefix: netip.MustParsePrefix("2001:db8::/64"), Profile: Normal, Public: true}, "DHCPv6 leases or Zeek logs under Imports"},
		{Net{Prefix: netip.MustParsePrefix("fd12::/112"), Profile: Normal}, ""},
		{Net{Prefix: netip.MustParsePrefix("8.8.8.0/24"), Profile: Normal}, "addresses of the internet, which belong to others unless your organization owns them"},
		{Net{Prefix: netip.MustParsePrefix("8.8.8.0/24"), Profile: Normal, Public: true}, ""},
		{Net{Prefix: netip.MustParsePrefix("8.8.8.0/24"), Profile: Never}, ""},
		{Net{Prefix: netip.MustParsePrefix("172.16.0.0/14"), Profile: Normal}, ""},
		{Net{Prefix: netip.MustParsePrefix("172.32.0.0/24"), Profile: Normal}, "addresses of the internet"},
		{Net{Prefix: netip.MustParsePrefix("192.160.0.0/14"), Profile: Normal}, "addresses of the internet"},
		{Net{Prefix: netip.MustParsePrefix("224.0.0.0/24"), Profile: Normal, Public: true}, "addresses of groups"},
		{Net{Prefix: netip.MustParsePrefix("0.0.0.0/32"), Profile: Normal}, "no device has this address"},
		{Net{Prefix: netip.MustParsePrefix("10.0.0.0/24"), Profile: Normal, Rate: 0.001}, "would never end"},
		{Net{Prefix: netip.MustParsePrefix("10.0.0.0/24"), Profile: Normal, Rate: 1e6}, "more than any network needs: at most 20000"},
	} {
		err := Scope{Name: "main", Nets: []Net{tt.net}}.Check()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s, %s: %v, want %q", tt.net.Prefix, tt.net.Profile, err, tt.want)
		}
	}
}

// TestPlanOfManyNeverAddressesEnds names a network never to be asked that is too
// large to count.
func TestPlanOfManyNeverAddressesEnds(t *testing.T) {
	s := Scope{Name: "main", Nets: []Net{{Prefix: netip.MustParsePrefix("fd00::/16"), Profile: Never}, {Prefix: netip.MustParsePrefix("10.0.0.0/24"), Profile: Normal}}}
	if _, err := NewPlan(Job{Scope: s, Targets: []string{"fd00::/16"}, Guard: nobody()}); !errs.Is(err, errs.Limited) {
		t.Errorf("error %v, want a limit", err)
	}
}

func TestPlansOfDifferentTargetsDiffer(t *testing.T) {
	ids := map[string]string{}
	for _, targets := range [][]string{{"10.20.0.1-5", "10.20.0.20"}, {"10.20.0.1-4", "10.20.0.6", "10.20.0.20"}, {"10.20.0.1-5", "10.20.0.21"}} {
		p, err := NewPlan(Job{Scope: campus, Targets: targets, Guard: nobody()})
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := ids[p.ID]; twice {
			t.Errorf("%v has the plan of %s", targets, other)
		}
		ids[p.ID] = strings.Join(targets, " ")
	}
}

func TestOutline(t *testing.T) {
	g := NewDoNotTouch([]Untouchable{{Name: "pump 14", Addrs: []netip.Addr{addr("10.20.1.9")}, Why: "marked fragile"}}, nil, nil)
	p, err := NewPlan(Job{Scope: campus, Targets: []string{"10.20.0.0/22"}, Guard: g, Ports: []uint16{443, 80, 22, 104}})
	if err != nil {
		t.Fatal(err)
	}
	o := p.Outline()
	want := Outline{
		Addresses: 1024 - 2 - 2 - 64 - 1, Ports: []uint16{443, 80, 22, 104},
		Networks: []Part{
			{Prefix: campus.Nets[0].Prefix, Profile: Normal, Zone: "campus", Addresses: 1024 - 2 - 256 - 64, Rate: 500, HostRate: 50, AtOnce: 128},
			{Prefix: campus.Nets[1].Prefix, Profile: Cautious, Zone: "ward", Addresses: 253, Rate: 4, HostRate: 4, AtOnce: 1},
		},
		Left:  []Untouched{{addr("10.20.1.9"), "pump 14: marked fragile"}},
		Notes: []Note{{"10.20.2.0/26", "the scope says never: 64 addresses were left alone"}},
		Least: o.Least, Most: o.Most,
	}
	if d := cmp.Diff(want, o, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); d != "" {
		t.Error(d)
	}
	if o.Least < 9*time.Minute || o.Most < o.Least {
		t.Errorf("253 addresses one at a time take %s to %s, which is too short to be true", o.Least, o.Most)
	}
}

// TestMovedDeviceIsRecognized lets a listed device answer at an address nobody
// knew of: its hardware address, learnt from the answer, ends all contact.
func TestMovedDeviceIsRecognized(t *testing.T) {
	pump := mac(t, "00:1b:44:11:3a:b7")
	g := NewDoNotTouch([]Untouchable{{Name: "pump 14", Addrs: []netip.Addr{addr("10.20.1.9")}, MACs: []fingerprint.MAC{pump}, Why: "marked fragile"}}, nil, nil)
	for _, first := range []outcome{opened, closed} {
		now := time.Unix(1000, 0)
		var n atomic.Int64
		gt := newGate(g, Net{Prefix: campus.Nets[1].Prefix, Profile: Normal, Rate: 1000, HostRate: 1000}, &Pace{}, func() time.Time { now = now.Add(10 * time.Millisecond); return now }, nil, &n)
		tg := &target{addr: addr("10.20.1.77")}
		s := newSweep(gt, []uint16{80, 443, 22}, []*target{tg}, gt.now)
		s.card = func(netip.Addr) fingerprint.MAC { return pump }
		s.read = func(*target, uint16, net.Conn) Port { t.Error("a connection to it is read"); return Port{} }
		var ended []*target
		s.finished = func(t *target) { ended = append(ended, t) }
		got, number, _, _ := s.next()
		if got != tg {
			t.Fatal("nothing was begun")
		}
		if s.done(got, number, first) {
			t.Error("what it says would be read")
		}
		if again, _, _, more := s.next(); again != nil || more {
			t.Error("it is asked on")
		}
		if len(ended) != 1 || ended[0].alive() || len(gt.left()) != 1 || gt.left()[0].Why != "pump 14: marked fragile" {
			t.Errorf("ended %v, left alone %v", ended, gt.left())
		}
	}
}

func TestDoNotTouch(t *testing.T) {
	pump := mac(t, "00:1b:44:11:3a:b7")
	g := NewDoNotTouch([]Untouchable{
		{Name: "pump 14", Addrs: []netip.Addr{addr("10.20.0.9")}, MACs: []fingerprint.MAC{pump}, Why: "marked fragile"},
		{Name: "ventilator", MACs: []fingerprint.MAC{mac(t, "00:1b:44:11:3a:b8")}},
		{Name: "lost", MACs: []fingerprint.MAC{mac(t, "00:1b:44:11:3a:b9")}, Within: []netip.Prefix{netip.MustParsePrefix("10.20.1.0/24")}},
	}, []netip.Prefix{netip.MustParsePrefix("10.20.3.0/25")}, []Neighbour{{Addr: addr("10.20.0.77"), MAC: mac(t, "00:1b:44:11:3a:b8")}})
	for _, tt := range []struct {
		addr string
		mac  fingerprint.MAC
		want string
	}{
		{"10.20.0.9", fingerprint.MAC{}, "pump 14: marked fragile"},
		{"::ffff:10.20.0.9", fingerprint.MAC{}, "pump 14: marked fragile"},
		{"10.20.0.200", pump, "pump 14: marked fragile"}, // it moved
		{"10.20.0.77", fingerprint.MAC{}, "ventilator: on the do-not-touch list"},
		{"10.20.3.9", fingerprint.MAC{}, "10.20.3.0/25 is on the do-not-touch list"},
		{"10.20.3.129", fingerprint.MAC{}, ""},
		{"10.20.0.10", mac(t, "00:1b:44:11:3a:00"), ""},
	} {
		if why, yes := g.Forbids(addr(tt.addr), tt.mac); why != tt.want || yes != (tt.want != "") {
			t.Errorf("%s %s: %q, want %q", tt.addr, tt.mac, why, tt.want)
		}
	}
	if _, err := NewPlan(Job{Scope: campus, Targets: []string{"10.20.1.0/24"}, Guard: g}); err == nil || !strings.Contains(err.Error(), "lost must not be touched, and its address is not known") {
		t.Errorf("the ward may hold a device that must not be touched: %v", err)
	}
	if _, err := NewPlan(Job{Scope: campus, Targets: []string{"10.20.0.10"}, Guard: g}); err != nil {
		t.Errorf("the lost device cannot be there: %v", err)
	}
}

func TestPaceKeepsTheRates(t *testing.T) {
	ward, now := Net{Prefix: netip.MustParsePrefix("10.20.1.0/24"), Profile: Cautious, Rate: 10}, time.Unix(1000, 0)
	in, beside := addr("10.20.1.7"), addr("10.20.3.7")
	seconds := func(p *Pace, to ...netip.Addr) map[netip.Addr]int {
		sent := map[netip.Addr]int{}
		for range 10_000 { // ten seconds in steps of a millisecond
			for _, a := range to {
				if p.take(a, now, 1) == 0 {
					if sent[a]++; sent[a]%10 == 0 {
						p.charge(a, now, 3)
						sent[a] += 3
					}
				}
			}
			now = now.Add(time.Millisecond)
		}
		return sent
	}
	var p Pace
	leave := p.join(ward)
	if n := seconds(&p, in)[in]; n < 95 || n > 104 {
		t.Errorf("%d packets in ten seconds at ten a second", n)
	}
	second := p.join(ward) // another search of the same network
	wide := p.join(Net{Prefix: netip.MustParsePrefix("10.20.0.0/22"), Profile: Normal, Rate: 1000})
	n := seconds(&p, in, in, beside)
	if n[in] < 95 || n[in] > 104 || n[beside] < 9000 {
		t.Errorf("two searches sent %d packets in ten seconds at ten a second, and %d to the network beside it", n[in], n[beside])
	}
	leave()
	if n := seconds(&p, in)[in]; n > 104 {
		t.Errorf("%d packets after one of the two ended", n)
	}
	second()
	if n := seconds(&p, in)[in]; n < 9000 || len(p.lanes) != 1 {
		t.Errorf("%d packets in ten seconds at a thousand a second; %d rates are kept", n, len(p.lanes))
	}
	now = now.Add(time.Minute)
	burst := 0
	for p.take(in, now, 1) == 0 {
		burst++
	}
	if burst != 10 {
		t.Errorf("%d packets at once, want the burst of 10", burst)
	}
	wide()
}

func run() *Run {
	at := time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	all := []uint16{22, 80, 104, 443}
	m := func(last byte) fingerprint.MAC { return fingerprint.MAC{0, 0x1b, 0x44, 0x11, 0x3a, last} }
	return &Run{
		Scope: "Main Campus", Complete: true, Ports: all, StartedAt: at, EndedAt: at.Add(time.Minute),
		Hosts: []Host{
			{Addr: addr("10.20.0.5"), MAC: m(5), SeenAt: at, Asked: 4, Profile: Normal, By: "arp", Zone: "campus", Names: []string{"web1.example.org."}, Open: []Port{
				{Number: 22, Asked: true, Service: "ssh", Said: []fingerprint.Signal{{Source: fingerprint.SSH, Value: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", Port: 22}}},
				{Number: 80, Asked: true, Service: "http", Product: "Apache"},
				{Number: 104},
			}},
			{Addr: addr("10.20.0.6"), MAC: m(6), SeenAt: at, Asked: 4, Profile: Normal, By: "arp", Open: []Port{{Number: 443, TLS: true, Service: "https", Asked: true, Certificate: &Certificate{Subject: "CN=x", Issuer: "CN=x", SelfSigned: true, NotAfter: at}}}},
			{Addr: addr("10.20.1.7"), MAC: m(7), SeenAt: at, Asked: 4, Profile: Cautious, By: "tcp", Open: []Port{{Number: 104}}},
		},
		Untouched: []Untouched{{addr("10.20.0.9"), "pump 14: marked fragile"}},
		Notes:     []Note{{"ICMP", "no right"}},
	}
}

func TestBatch(t *testing.T) {
	b, err := run().Batch(nil, map[netip.Addr][]fingerprint.Signal{addr("10.20.1.7"): {{Source: fingerprint.DHCPVendor, Value: "MSFT 5.0"}}})
	if err != nil {
		t.Fatal(err)
	}
	if faults := b.Validate(); len(faults) > 0 {
		t.Fatal(faults)
	}
	if b.Stream.ID != "network/main-campus" || !b.Stream.PerAsset || b.Assurance != fact.Measured || len(b.Sightings) != 3 || len(b.Facts) != 5 {
		t.Fatalf("stream %+v, %d sightings, %d facts", b.Stream, len(b.Sightings), len(b.Facts))
	}
	s := b.Sightings[0]
	for _, k := range []string{"mac:00:1b:44:11:3a:05", "ip:10.20.0.5", "fqdn:web1.example.org"} {
		if !slices.ContainsFunc(s.Keys, func(x asset.Key) bool { return x.String() == k }) {
			t.Errorf("key %s is not among %v", k, s.Keys)
		}
	}
	if s.Values["zone"] != "campus" || s.Values["ssh_enabled"] != true || s.Values["mac_vendor"] == nil {
		t.Errorf("values are %v", s.Values)
	}
	byKey := map[string]fact.Fact{}
	for _, f := range b.Facts {
		byKey[f.Asset+" "+f.Key] = f
	}
	if f := byKey["10.20.0.5 80/tcp"]; f.Values["clear_text"] != true || f.Values["service"] != "http" {
		t.Errorf("http is %+v", f)
	}
	if f := byKey["10.20.0.6 443/tcp"]; f.Values["clear_text"] != false || f.Values["cert_self_signed"] != true {
		t.Errorf("https is %+v", f)
	}
	if f := byKey["10.20.1.7 104/tcp"]; f.Values["service"] != nil || !strings.Contains(f.Missing["service"], "commonly dicom") || !strings.Contains(f.Missing["service"], "cautious") {
		t.Errorf("dicom is %+v: a port number alone is no proof of a service", f)
	}
	if b.Sightings[2].Values["dhcp_vendor_class"] != "MSFT 5.0" {
		t.Errorf("what DHCP knows is lost: %v", b.Sightings[2].Values)
	}
	if len(b.Notes) != 2 || b.Notes[1].What != "1 address left alone" {
		t.Errorf("notes are %v", b.Notes)
	}
}

func TestDiff(t *testing.T) {
	before, after := run(), run()
	if d := Diff(before, after); len(d) != 0 {
		t.Fatalf("a run differs from itself: %v", d)
	}
	after.Hosts[0].Open = append(after.Hosts[0].Open[:2:2], Port{Number: 443}) // 104 closed, 443 opened
	after.Hosts[1].Addr = addr("10.20.0.66")                                   // moved
	after.Hosts[2].MAC[5] = 0x77                                               // replaced
	after.Hosts = append(after.Hosts, Host{Addr: addr("10.20.0.8"), Asked: 4})
	before.Hosts = append(before.Hosts, Host{Addr: addr("10.20.0.4"), Asked: 4}, Host{Addr: addr("10.20.0.9"), Asked: 4})
	var got []string
	for _, c := range Diff(before, after) {
		got = append(got, c.String())
	}
	want := []string{
		"10.20.0.4 did not answer any more",
		"web1.example.org. (10.20.0.5) has port 104 closed, which was open",
		"web1.example.org. (10.20.0.5) has port 443 open, which it had not",
		"10.20.0.8 is new",
		"10.20.0.66 was at 10.20.0.6 before",
		"10.20.1.7 is another device: its hardware address was 00:1b:44:11:3a:07 and is 00:1b:44:11:3a:77",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	after.Complete = false
	for _, c := range Diff(before, after) {
		if c.Kind == Gone {
			t.Errorf("%s: a run that did not end cannot say so", c)
		}
	}
	// A network that is no longer, or was not yet, part of the search is no change.
	before, after = run(), run()
	before.Covered = []Range{{addr("10.20.0.1"), addr("10.20.1.254")}}
	after.Covered = []Range{{addr("10.20.0.1"), addr("10.20.0.5")}, {addr("10.20.2.1"), addr("10.20.2.9")}}
	after.Hosts = append(after.Hosts[:1:1], Host{Addr: addr("10.20.2.7"), Asked: 4})
	if d := Diff(before, after); len(d) != 0 {
		t.Errorf("what only one of two runs looked at is called different: %v", d)
	}
	before, after = run(), run()
	after.Hosts[0].Open = nil
	after.Hosts[0].Silent = 3
	if d := Diff(before, after); len(d) != 0 {
		t.Errorf("ports that did not answer are no change: %v", d)
	}
}

// TestScheduleFollowsTheClockOnTheWall holds windows against days on which clocks
// change: 2027-03-14 has no 02:00 to 03:00 in Chicago, 2026-11-01 has 01:00 to 02:00
// twice.
func TestScheduleFollowsTheClockOnTheWall(t *testing.T) {
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	weekend := Schedule{Days: []string{"sat", "sun"}, From: "22:00", To: "05:00", Zone: "America/Chicago"}
	hours := func(from, to string) Schedule { return Schedule{From: from, To: to, Zone: "America/Chicago"} }
	for _, tt := range []struct {
		name  string
		s     Schedule
		at    string // in UTC
		until string // in UTC; "" means not open
	}{
		{"before the window", weekend, "2026-11-29 03:59", ""},
		{"at its beginning", weekend, "2026-11-29 04:00", "2026-11-29 11:00"}, // Saturday 22:00 in Chicago
		{"past midnight it is still Sunday's", weekend, "2026-11-30 10:59", "2026-11-30 11:00"},
		{"at its end", weekend, "2026-11-30 11:00", ""},
		{"Monday has none", weekend, "2026-12-01 05:00", ""},
		{"summer time begins within", hours("01:00", "05:00"), "2027-03-14 07:30", "2027-03-14 10:00"}, // 01:30 CST to 05:00 CDT, an hour less
		{"no such hours that day", hours("02:10", "02:50"), "2027-03-14 08:20", ""},
		{"nor an hour later", hours("02:10", "02:50"), "2027-03-14 07:50", ""},
		{"ends in the hour that is left out", hours("01:00", "02:30"), "2027-03-14 07:59", "2027-03-14 08:00"},
		{"not beyond it", hours("01:00", "02:30"), "2027-03-14 08:10", ""},
		{"summer time ends within", hours("00:30", "03:00"), "2026-11-01 05:40", "2026-11-01 09:00"}, // an hour more
		{"the hour that comes twice, first", hours("01:30", "01:45"), "2026-11-01 06:35", "2026-11-01 06:45"},
		{"between", hours("01:30", "01:45"), "2026-11-01 07:00", ""},
		{"second", hours("01:30", "01:45"), "2026-11-01 07:35", "2026-11-01 07:45"},
		{"seconds within", hours("01:30", "01:45"), "2026-11-02 07:44", "2026-11-02 07:45"},
		{"any hour", hours("00:00", "00:00"), "2026-11-01 07:35", "never"},
		{"from one evening to the next", hours("22:00", "22:00"), "2026-11-01 07:35", "never"},
	} {
		at, err := time.Parse("2006-01-02 15:04", tt.at)
		if err != nil {
			t.Fatal(err)
		}
		until, open := tt.s.Open(at)
		got := ""
		if open {
			if got = until.Format("2006-01-02 15:04"); until.IsZero() {
				got = "never"
			}
		}
		if got != tt.until {
			t.Errorf("%s: at %s open until %q, want %q", tt.name, at.In(chicago), got, tt.until)
		}
	}
	err = Schedule{Days: []string{"Monday"}, From: "25:00", To: "5", Zone: "Chicago"}.Check()
	for _, want := range []string{`day "Monday"`, `from "25:00"`, `to "5"`, `zone "Chicago"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not said in: %v", want, err)
		}
	}
}

func TestNeighborsAreNotSeenNow(t *testing.T) {
	now := time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	m := mac(t, "00:1b:44:11:3a:b7")
	b := Sightings([]Neighbour{
		{Addr: addr("10.20.0.5"), MAC: m, Confirmed: now.Add(-time.Hour)},
		{Addr: addr("10.20.0.6"), MAC: m, Confirmed: now.Add(-time.Minute)},
		{Addr: addr("10.20.0.7"), MAC: mac(t, "00:1b:44:11:3a:b8")},
		{Addr: addr("10.20.0.8"), MAC: mac(t, "00:1b:44:11:3a:b9"), Static: true, Confirmed: now},
	}, "Gateway", now)
	if f := b.Validate(); len(f) > 0 {
		t.Fatal(f)
	}
	if len(b.Sightings) != 1 || b.Sightings[0].Values["network_seen_at"] != now.Add(-time.Minute) || len(b.Notes) != 1 {
		t.Errorf("sightings %+v, notes %v", b.Sightings, b.Notes)
	}
}

func TestTelnetText(t *testing.T) {
	in := []byte{255, 253, 24, 255, 250, 24, 1, 255, 240, 'H', 'i', 255, 255, '!', 0, 13, 10, 255, 251}
	if got := telnetText(in); got != "Hi!" {
		t.Errorf("got %q", got)
	}
}

func FuzzGreeting(f *testing.F) {
	for _, s := range []string{"SSH-2.0-x\r\n", "220-a\r\n220 b\r\n", "\xff\xfd\x18\xff\xfalogin:", "RFB 003.008\n", "J\x00\x00\x00\n8.0.36\x00"} {
		f.Add([]byte(s), uint16(23))
	}
	f.Fuzz(func(t *testing.T, b []byte, n uint16) {
		p := Port{Number: n}
		p.greeting(b)
		for _, s := range p.Said {
			if len(s.Value) > maxSaid || strings.ContainsAny(s.Value, "\r\n\x00") {
				t.Errorf("%q was kept", s.Value)
			}
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add([]byte(`{"version":1,"finished":"AA==","hosts":[{"addr":"10.0.0.1","mac":"00:1b:44:11:3a:b7"}]}`))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _, _ = readProgress(b) })
}

func FuzzTarget(f *testing.F) {
	for _, s := range []string{"10.20.0.0/22", "10.20.1.10-40", "2001:db8::1-2001:db8::5", "-", "/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := parseTarget(s); err == nil && r.last.Less(r.first) {
			t.Errorf("%q ends before it begins", s)
		}
	})
}
