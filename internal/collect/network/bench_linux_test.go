package network_test

import (
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/test/netlab"
)

// BenchmarkDiscovery looks at a /22 with 400 live addresses as fast as it can:
// for one port, which is little more than the ARP sweep, and for the default ones.
func BenchmarkDiscovery(b *testing.B) {
	for _, tt := range []struct {
		name  string
		ports []uint16
	}{{"ARP and one port", []uint16{1}}, {"37 ports", nil}} {
		b.Run(tt.name, func(b *testing.B) {
			l := netlab.New(b, campus, 400)
			var payload atomic.Int64
			hospital(b, l, &payload)
			for b.Loop() {
				var r *network.Run
				var err error
				l.Ask(b, func() {
					r, err = scanner().Run(b.Context(), plan(b, network.Job{Scope: normal(20000), Ports: tt.ports, NoBanners: true}))
				})
				if err != nil || len(r.Hosts) != 400 {
					b.Fatal(len(r.Hosts), err)
				}
			}
		})
	}
}

// BenchmarkAnsweredForAll searches a /16 in which a router answers for each of
// 65,534 addresses, at the highest rate.
func BenchmarkAnsweredForAll(b *testing.B) {
	wide := netip.MustParsePrefix("10.80.0.0/16")
	for range b.N {
		l := netlab.NewRouted(b, wide, 50)
		l.AnswerAll(b, false)
		var r *network.Run
		var err error
		l.Ask(b, func() {
			r, err = scanner().Run(b.Context(), plan(b, network.Job{Scope: network.Scope{Name: "lab", Nets: []network.Net{{Prefix: wide, Profile: network.Normal, Rate: network.MaxNormalRate, HostRate: network.MaxNormalRate}}}}))
		})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(r.Hosts)), "devices")
		b.ReportMetric(float64(len(r.Alike)), "networks-alike")
		b.ReportMetric(float64(r.Packets), "packets")
	}
}
