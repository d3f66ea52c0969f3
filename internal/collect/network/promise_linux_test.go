package network_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/internal/fingerprint"
	"github.com/asepsis/asepsis/test/netlab"
)

// Each test of this file holds one promise of docs/discovery.md against what is
// counted on the cable.

func cautious(rate float64) network.Scope {
	return network.Scope{Name: "lab", Nets: []network.Net{{Prefix: campus, Profile: network.Cautious, Rate: rate, Zone: "ward"}}}
}

func card(i int) fingerprint.MAC { return fingerprint.MAC(netlab.Card(i)) }

// TestCautiousConnectsOnly looks for anything but connections.
func TestCautiousConnectsOnly(t *testing.T) {
	t.Parallel()
	l := netlab.New(t, campus, 400)
	var payload atomic.Int64
	hospital(t, l, &payload)
	job := network.Job{Scope: cautious(20), Targets: []string{"10.77.0.2-10.77.0.8"}, Ports: []uint16{22, 80, 104, 23}}
	c := l.Count(t)
	var r *network.Run
	var err error
	l.Ask(t, func() { r, err = scanner().Run(t.Context(), plan(t, job)) })
	if err != nil {
		t.Fatal(err)
	}
	packets, lost := c.Stop()
	if lost > 0 || len(r.Hosts) == 0 {
		t.Fatalf("%d packets were not counted, %d hosts found: it proves nothing", lost, len(r.Hosts))
	}
	hosts := map[netip.Addr]int{}
	var last netip.Addr
	for _, p := range packets {
		switch {
		case p.ARP && p.Size != 42:
			t.Errorf("an ARP question of %d bytes for %s is not the system's", p.Size, p.To)
		case p.ARP:
		case p.Protocol != unix.IPPROTO_TCP:
			t.Errorf("a packet of protocol %d for %s", p.Protocol, p.To)
		case p.Payload > 0:
			t.Errorf("%d bytes were sent to %s", p.Payload, p.To)
		case p.SYN && p.To != last:
			hosts[p.To]++
			last = p.To
		}
	}
	for a, n := range hosts {
		if n > 1 {
			t.Errorf("%s was connected to in %d turns: two hosts at once", a, n)
		}
	}
	t.Logf("%d hosts asked one after the other, %d packets", len(hosts), len(packets))
}

// TestOutsideTheScope counts packets for addresses that nobody permitted.
func TestOutsideTheScope(t *testing.T) {
	l := netlab.New(t, campus, 400)
	var payload atomic.Int64
	hospital(t, l, &payload)
	permitted := netip.MustParsePrefix("10.77.1.0/24")
	job := network.Job{Scope: network.Scope{Name: "lab", Nets: []network.Net{
		{Prefix: permitted, Profile: network.Normal, Rate: 5000, HostRate: 5000},
		{Prefix: netip.MustParsePrefix("10.77.1.64/26"), Profile: network.Never},
	}}, Listen: 100 * time.Millisecond}
	c := l.Count(t)
	var r *network.Run
	var err error
	l.Ask(t, func() { r, err = scanner().Run(t.Context(), plan(t, job)) })
	if err != nil {
		t.Fatal(err)
	}
	packets, lost := c.Stop()
	if lost > 0 || len(packets) < 1000 || len(r.Hosts) < 50 {
		t.Fatalf("the counter saw %d packets and lost %d; %d hosts: it proves nothing", len(packets), lost, len(r.Hosts))
	}
	never := netip.MustParsePrefix("10.77.1.64/26")
	groups := 0
	for _, p := range packets {
		switch {
		case p.Protocol == unix.IPPROTO_IGMP:
			groups++ // the system joins the groups that are listened to
		case p.ARP && p.Size == 42 && p.To == l.Hosts[0]: // the system makes sure of a neighbor that asked for it
		case !permitted.Contains(p.To) || never.Contains(p.To):
			t.Fatalf("a packet of protocol %d (ARP %t) for %s", p.Protocol, p.ARP, p.To)
		}
	}
	t.Logf("%d packets, all of them for addresses that are permitted, and %d that join groups", len(packets), groups)
}

// TestWithoutRights takes the right to send raw packets away from the thread.
func TestWithoutRights(t *testing.T) {
	near := netip.MustParsePrefix("10.78.0.0/24")
	l := netlab.NewDevices(t, near, 100)
	var payload atomic.Int64
	services := hospital(t, l, &payload)
	var r *network.Run
	var err error
	var missing []network.Note
	c := l.Count(t)
	l.Ask(t, func() {
		if err = os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("1 0"), 0o644); err != nil {
			return
		}
		if err = dropRaw(); err != nil {
			return
		}
		p := plan(t, network.Job{Scope: network.Scope{Name: "lab", Nets: []network.Net{{Prefix: near, Profile: network.Normal, Rate: 20000, HostRate: 20000}}}})
		missing = p.Rights()
		r, err = scanner().Run(t.Context(), p)
	})
	if err != nil {
		t.Fatal(err)
	}
	packets, _ := c.Stop()
	for _, notes := range [][]network.Note{missing, r.Notes} {
		for _, what := range []string{"ARP", "ICMP"} {
			i := slices.IndexFunc(notes, func(n network.Note) bool { return n.What == what })
			if i < 0 || !strings.Contains(notes[i].Why, "no right to send "+what) || !strings.Contains(notes[i].Why, "cap_net_raw") || !strings.Contains(notes[i].Why, "connecting") {
				t.Errorf("that %s was not possible, and what would mend it, is not said: %v", what, notes)
			}
		}
	}
	for _, p := range packets {
		if p.ARP && p.Size != 42 || !p.ARP && p.Protocol == unix.IPPROTO_ICMP {
			t.Fatalf("a raw packet was sent: %+v", p)
		}
	}
	if len(r.Hosts) != 100 || len(found(r)) != len(services) || !r.Complete {
		t.Errorf("by connecting, %d of 100 hosts and %d of %d services were found", len(r.Hosts), len(found(r)), len(services))
	}
	for _, h := range r.Hosts {
		if h.By != "tcp" || h.MAC.IsZero() {
			t.Fatalf("%s was met by %s, with the card %s", h.Addr, h.By, h.MAC)
		}
	}
	t.Logf("%d hosts by connecting, in %s", len(r.Hosts), r.EndedAt.Sub(r.StartedAt))
}

// dropRaw gives up CAP_NET_RAW for the thread of the caller.
func dropRaw() error {
	h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var d [2]unix.CapUserData
	if err := unix.Capget(&h, &d[0]); err != nil {
		return fmt.Errorf("read the capabilities: %w", err)
	}
	for _, set := range []*uint32{&d[0].Effective, &d[0].Permitted, &d[0].Inheritable} {
		*set &^= 1 << unix.CAP_NET_RAW
	}
	return unix.Capset(&h, &d[0])
}

// TestMovedFragileDevice gives a fragile device another address than the
// inventory knows. With ARP it is sent no packet of IP; without, the answer to
// the first connection gives it away, and no byte is sent to it.
func TestMovedFragileDevice(t *testing.T) {
	for _, raw := range []bool{true, false} {
		t.Run(map[bool]string{true: "with ARP", false: "by connecting"}[raw], func(t *testing.T) {
			l := netlab.NewDevices(t, netip.MustParsePrefix("10.78.0.0/26"), 30)
			for i, a := range l.Hosts {
				l.Listen(t, a, 80, netlab.HTTP(fmt.Sprint("device ", i)))
				l.Listen(t, a, 22, netlab.SSH("SSH-2.0-OpenSSH_9.2p1"))
			}
			pump := l.Hosts[7]
			guard := network.NewDoNotTouch([]network.Untouchable{{
				Name: "infusion pump 14", Addrs: []netip.Addr{netip.MustParseAddr("10.78.0.62")}, MACs: []fingerprint.MAC{card(7)}, Why: "marked fragile",
			}}, nil, nil)
			job := network.Job{Guard: guard, Scope: network.Scope{Name: "lab", Nets: []network.Net{{Prefix: l.Prefix, Profile: network.Normal, Rate: 5000, HostRate: 5000}}}}
			c := l.Count(t)
			var r *network.Run
			var err error
			l.Ask(t, func() {
				if !raw {
					if err = errors.Join(os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("1 0"), 0o644), dropRaw()); err != nil {
						return
					}
				}
				r, err = scanner().Run(t.Context(), plan(t, job))
			})
			if err != nil {
				t.Fatal(err)
			}
			packets, _ := c.Stop()
			ip, bytes := 0, 0
			for _, p := range packets {
				if p.To == pump && !p.ARP {
					ip++
					bytes += p.Payload
				}
			}
			if bytes > 0 || raw && ip > 0 || ip > 3 {
				t.Errorf("%d packets with %d bytes were sent to the pump", ip, bytes)
			}
			if len(r.Hosts) != 29 || slices.ContainsFunc(r.Hosts, func(h network.Host) bool { return h.Addr == pump }) {
				t.Errorf("%d hosts are stated, want the 29 others", len(r.Hosts))
			}
			if !slices.ContainsFunc(r.Untouched, func(u network.Untouched) bool {
				return u.Addr == pump && u.Why == "infusion pump 14: marked fragile"
			}) {
				t.Errorf("the pump is not listed as left alone: %v", r.Untouched)
			}
			t.Logf("%d packets of IP to the pump at its new address, %d bytes", ip, bytes)
		})
	}
}

// TestDifferencesBetweenRuns switches a device off, plugs one in, and exchanges
// two addresses.
func TestDifferencesBetweenRuns(t *testing.T) {
	t.Parallel()
	l := netlab.NewDevices(t, netip.MustParsePrefix("10.78.0.0/25"), 40)
	for i := range 10 {
		l.Listen(t, l.Hosts[i], 22, netlab.SSH("SSH-2.0-OpenSSH_9.2p1"))
	}
	look := func() *network.Run {
		t.Helper()
		var r *network.Run
		var err error
		l.Ask(t, func() {
			r, err = scanner().Run(t.Context(), plan(t, network.Job{
				Scope: network.Scope{Name: "lab", Nets: []network.Net{{Prefix: l.Prefix, Profile: network.Normal, Rate: 5000, HostRate: 5000}}}, Ports: []uint16{22, 80, 443},
			}))
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	before := look()
	if d := network.Diff(before, look()); len(d) != 0 {
		t.Fatalf("nothing was changed, and it says: %v", d)
	}
	l.Off(t, 20)
	fresh := netip.MustParseAddr("10.78.0.121")
	l.Add(t, fresh)
	l.Listen(t, l.Hosts[30], 443, netlab.Silent(nil))
	after := look()
	var got []string
	for _, c := range network.Diff(before, after) {
		got = append(got, c.String())
	}
	want := []string{
		l.Hosts[20].String() + " did not answer any more",
		l.Hosts[30].String() + " has port 443 open, which it had not",
		fresh.String() + " is new",
	}
	if !slices.Equal(got, want) {
		t.Errorf("differences are %q, want %q", got, want)
	}
	l.On(t, 20)
	got = nil
	for _, c := range network.Diff(after, look()) {
		got = append(got, c.String())
	}
	if want := []string{l.Hosts[20].String() + " is new"}; !slices.Equal(got, want) {
		t.Errorf("differences are %q, want %q", got, want)
	}
}

// TestStopsWithinASecond stops a run at every step of its work.
func TestStopsWithinASecond(t *testing.T) {
	l := netlab.New(t, campus, 400)
	for i, a := range l.Hosts {
		if i%2 == 0 {
			l.Listen(t, a, 22, netlab.Drip(100*time.Millisecond)) // readings are under way
		}
	}
	for _, tt := range []struct {
		name  string
		job   network.Job
		after time.Duration
	}{
		{"listening", network.Job{Scope: normal(500), Listen: time.Minute}, 200 * time.Millisecond},
		{"asking by ARP", network.Job{Scope: normal(200)}, 500 * time.Millisecond},
		{"connecting", network.Job{Scope: normal(3000)}, 1500 * time.Millisecond},
		{"reading", network.Job{Scope: normal(20000), Ports: []uint16{22}}, time.Second},
		{"one at a time", network.Job{Scope: cautious(0)}, 1200 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var stopped time.Time
			time.AfterFunc(tt.after, func() { stopped = time.Now(); cancel() })
			var r *network.Run
			var err error
			l.Ask(t, func() { r, err = scanner().Run(ctx, plan(t, tt.job)) })
			took := time.Since(stopped)
			if !errors.Is(err, context.Canceled) || r == nil || r.Complete || took > time.Second {
				t.Errorf("it ended %s after the stop with %v", took, err)
			}
			time.Sleep(100 * time.Millisecond) // the system sends what it held until a neighbor answers
			c := l.Count(t)
			time.Sleep(300 * time.Millisecond)
			packets, _ := c.Stop()
			for _, p := range packets {
				if p.SYN || p.Payload > 0 {
					t.Errorf("after the stop a packet for %s", p.To)
				}
			}
			t.Logf("ended %s after the stop", took)
		})
	}
}

// The environment that makes the test binary the child of a test.
const (
	childNamespace = "ASEPSIS_TEST_NAMESPACE"
	childFolder    = "ASEPSIS_TEST_FOLDER"
)

// TestChild is the run that [TestKilled] kills: it is no test of its own.
func TestChild(t *testing.T) {
	ns := os.Getenv(childNamespace)
	if ns == "" {
		t.Skip("runs as a child of TestKilled alone")
	}
	runtime.LockOSThread()
	if err := netlab.Enter(ns); err != nil {
		t.Fatal(err)
	}
	s := scanner()
	s.Checkpoints = folder(os.Getenv(childFolder))
	if _, err := s.Run(t.Context(), plan(t, network.Job{Scope: normal(3000)})); err != nil {
		t.Fatal(err)
	}
}

// folder keeps a checkpoint in a file.
type folder string

func (f folder) file() string { return filepath.Join(string(f), "progress") }

func (f folder) Load(context.Context, string) ([]byte, error) {
	b, err := os.ReadFile(f.file())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

func (f folder) Save(_ context.Context, _ string, b []byte) error {
	if err := os.WriteFile(f.file()+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(f.file()+".new", f.file())
}

func (f folder) Drop(context.Context, string) error { return os.Remove(f.file()) }

// TestKilled kills a run with signal 9 and goes on from its checkpoint.
func TestKilled(t *testing.T) {
	l := netlab.New(t, campus, 400)
	var payload atomic.Int64
	services := hospital(t, l, &payload)
	dir := t.TempDir()
	asking, _ := l.Names()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childNamespace+"="+asking, childFolder+"="+dir)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	var kept struct{ Hosts []network.Host }
	for deadline := time.Now().Add(time.Minute); len(kept.Hosts) < 50; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in a minute only %d hosts were kept", len(kept.Hosts))
		}
		b, err := os.ReadFile(folder(dir).file())
		if err != nil {
			continue
		}
		if err := json.Unmarshal(b, &kept); err != nil {
			t.Fatal(err)
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	if len(kept.Hosts) == 400 {
		t.Fatal("the run was over before it was killed")
	}
	s := scanner()
	s.Checkpoints = folder(dir)
	c := l.Count(t)
	var r *network.Run
	var err error
	l.Ask(t, func() { r, err = s.Run(t.Context(), plan(t, network.Job{Scope: normal(20000)})) })
	if err != nil {
		t.Fatal(err)
	}
	packets, _ := c.Stop()
	again := 0
	for _, h := range kept.Hosts {
		again += netlab.To(packets, h.Addr)
	}
	if again > 0 {
		t.Errorf("hosts that were done before the kill were sent %d packets again", again)
	}
	if len(r.Hosts) != 400 || len(found(r)) != len(services) || !r.Complete || r.ResumedAt.IsZero() {
		t.Errorf("after going on: %d hosts, %d of %d services, complete %t", len(r.Hosts), len(found(r)), len(services), r.Complete)
	}
	t.Logf("killed with %d of 400 hosts done; they were sent nothing again", len(kept.Hosts))
}

// TestListens lets devices announce themselves and be silent otherwise.
func TestListens(t *testing.T) {
	t.Parallel()
	l := netlab.New(t, campus, 20)
	printer, tv, pump := l.Hosts[1], l.Hosts[2], l.Hosts[3]
	guard := network.NewDoNotTouch([]network.Untouchable{{Name: "pump", Addrs: []netip.Addr{pump}, Why: "marked fragile"}}, nil, nil)
	job := network.Job{Guard: guard, Listen: 700 * time.Millisecond, Ports: []uint16{443}, Targets: []string{"10.77.0.0/24"}, Scope: normal(5000)}
	outside := l.Hosts[19]
	c := l.Count(t)
	time.AfterFunc(250*time.Millisecond, func() {
		l.Shout(t, printer, "224.0.0.251:5353", announcement(t, "npi0f0f0f", printer, "_ipp._tcp", "ty=HP LaserJet Pro M404"))
		l.Shout(t, pump, "224.0.0.251:5353", announcement(t, "pump3", pump, "_http._tcp", ""))
		l.Shout(t, outside, "224.0.0.251:5353", announcement(t, "other", outside, "_ipp._tcp", ""))
		l.Shout(t, tv, "239.255.255.250:1900", []byte("NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: urn:schemas-upnp-org:device:MediaRenderer:1\r\nNTS: ssdp:alive\r\nSERVER: SHP, UPnP/1.0, Samsung UPnP SDK/1.0\r\n\r\n"))
	})
	var r *network.Run
	var err error
	l.Ask(t, func() { r, err = scanner().Run(t.Context(), plan(t, job)) })
	if err != nil {
		t.Fatal(err)
	}
	packets, _ := c.Stop()
	if n := netlab.To(packets, pump); n > 0 {
		t.Errorf("%d packets were sent to a device that only announced itself", n)
	}
	by := map[netip.Addr]network.Host{}
	for _, h := range r.Hosts {
		by[h.Addr] = h
	}
	if _, ok := by[outside]; ok {
		t.Error("what was heard of a device outside the targets is stated")
	}
	p := by[printer]
	if !slices.Contains(p.Names, "npi0f0f0f") || !slices.Contains(p.Heard, fingerprint.Signal{Source: fingerprint.MDNSService, Value: "_ipp._tcp", Port: 631}) {
		t.Errorf("of the printer was heard %+v", p)
	}
	if a := fingerprint.Default().Identify(p.Device(nil)); a.Kind.Value != "printer" || a.Manufacturer.Value != "HP" {
		t.Errorf("the printer is taken for %+v of %+v", a.Kind, a.Manufacturer)
	}
	if h := by[tv]; len(h.Heard) != 2 {
		t.Errorf("of the television was heard %+v", h)
	}
	if h := by[pump]; h.By != "mdns" || h.Asked != 0 || !slices.Contains(h.Names, "pump3") {
		t.Errorf("the pump, which may only be heard, is %+v", h)
	}
}

func announcement(t *testing.T, host string, a netip.Addr, service, text string) []byte {
	t.Helper()
	name := func(s string) dnsmessage.Name {
		n, err := dnsmessage.NewName(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	instance := name("thing." + service + ".local.")
	m := dnsmessage.Message{Header: dnsmessage.Header{Response: true, Authoritative: true}, Answers: []dnsmessage.Resource{
		{Header: dnsmessage.ResourceHeader{Name: name(service + ".local."), Class: dnsmessage.ClassINET, TTL: 120}, Body: &dnsmessage.PTRResource{PTR: instance}},
		{Header: dnsmessage.ResourceHeader{Name: instance, Class: dnsmessage.ClassINET, TTL: 120}, Body: &dnsmessage.SRVResource{Port: 631, Target: name(host + ".local.")}},
		{Header: dnsmessage.ResourceHeader{Name: name(host + ".local."), Class: dnsmessage.ClassINET, TTL: 120}, Body: &dnsmessage.AResource{A: a.As4()}},
	}}
	if text != "" {
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: instance, Class: dnsmessage.ClassINET, TTL: 120}, Body: &dnsmessage.TXTResource{TXT: []string{text}}})
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}
