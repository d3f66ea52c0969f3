package network_test

import (
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
