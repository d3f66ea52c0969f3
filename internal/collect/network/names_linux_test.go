package network_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/asepsis/asepsis/internal/collect/network"
)

// nameServer answers questions for names on this machine itself.
func nameServer(t *testing.T, answer func(name string) []string) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(b[:n]) != nil || len(q.Questions) != 1 {
				continue
			}
			names := answer(q.Questions[0].Name.String())
			if names == nil {
				continue // silence
			}
			q.Response, q.Authoritative = true, true
			for _, s := range names {
				name, err := dnsmessage.NewName(s)
				if err != nil {
					continue
				}
				q.Answers = append(q.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 60}, Body: &dnsmessage.PTRResource{PTR: name}})
			}
			out, err := q.Pack()
			if err == nil {
				_, _ = c.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp4", c.LocalAddr().String())
	}}
}

// loopback is a network in which every address answers, on every machine.
func loopback(t *testing.T, names network.Resolver) *network.Run {
	t.Helper()
	r, err := scanner().Run(t.Context(), plan(t, network.Job{
		Scope:   network.Scope{Name: "lab", Nets: []network.Net{{Prefix: netip.MustParsePrefix("127.9.0.0/24"), Profile: network.Normal, Rate: 2000, HostRate: 2000}}},
		Targets: []string{"127.9.0.10-127.9.0.49"}, Ports: []uint16{1}, Names: names,
	}))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Hosts) != 40 {
		t.Fatalf("%d of 40 addresses answer", len(r.Hosts))
	}
	return r
}

// TestNames asks a name server, and takes no odd answer for a name.
func TestNames(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	r := loopback(t, nameServer(t, func(name string) []string {
		asked.Add(1)
		switch {
		case strings.HasPrefix(name, "10."):
			return []string{"ws1.hospital.example.", "ws1-old.hospital.example."}
		case strings.HasPrefix(name, "11."):
			return []string{"10.9.8.7.", strings.Repeat("a.", 40)}
		case strings.HasPrefix(name, "12."):
			var many []string
			for c := 'a'; c < 'm'; c++ {
				many = append(many, string(c)+".hospital.example.")
			}
			return many
		}
		return []string{}
	}))
	of := map[string][]string{}
	for _, h := range r.Hosts {
		of[h.Addr.String()] = h.Names
	}
	if got := of["127.9.0.10"]; !slices.Equal(got, []string{"ws1.hospital.example.", "ws1-old.hospital.example."}) {
		t.Errorf("names are %q", got)
	}
	if slices.Contains(of["127.9.0.11"], "10.9.8.7.") || len(of["127.9.0.12"]) > 5 || len(of["127.9.0.13"]) > 0 {
		t.Errorf("names are %q, %q and %q", of["127.9.0.11"], of["127.9.0.12"], of["127.9.0.13"])
	}
	if n := asked.Load(); n < 40 || n > 2*40 {
		t.Errorf("%d questions for 40 devices", n)
	}
}

// TestSilentNameServer asks one that never answers: devices stay without names,
// and the search ends soon.
func TestSilentNameServer(t *testing.T) {
	t.Parallel()
	at := time.Now()
	r := loopback(t, nameServer(t, func(string) []string { return nil }))
	if took := time.Since(at); took > 12*time.Second || !r.Complete || !noted(r, "names", "did not answer in time") {
		t.Errorf("it took %s, complete %t: %v", took, r.Complete, r.Notes)
	}
}
