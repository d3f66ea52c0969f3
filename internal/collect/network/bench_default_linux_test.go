package network_test

import (
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/test/netlab"
)

// BenchmarkDefaults searches networks of the lab as somebody does who sets
// nothing: the profile's own rate, the ports that ship. Packets are counted on
// the cable. One run is one look at the network, so -benchtime=1x is enough.
func BenchmarkDefaults(b *testing.B) {
	for _, bb := range []struct {
		name    string
		prefix  string
		live    int
		profile network.Profile
	}{
		{"normal/24", "10.77.0.0/24", 100, network.Normal},
		{"normal/22", "10.77.0.0/22", 400, network.Normal},
		{"cautious/28", "10.77.0.0/28", 4, network.Cautious},
	} {
		b.Run(bb.name, func(b *testing.B) {
			prefix := netip.MustParsePrefix(bb.prefix)
			l := netlab.New(b, prefix, bb.live)
			var payload atomic.Int64
			hospital(b, l, &payload)
			c := l.Count(b)
			p := plan(b, network.Job{Scope: network.Scope{Name: "lab", Nets: []network.Net{{Prefix: prefix, Profile: bb.profile}}}})
			o := p.Outline()
			for b.Loop() {
				var r *network.Run
				var err error
				l.Ask(b, func() { r, err = scanner().Run(b.Context(), p) })
				if err != nil || len(r.Hosts) != bb.live {
					b.Fatalf("%d of %d hosts, %v", len(r.Hosts), bb.live, err)
				}
				took := r.EndedAt.Sub(r.StartedAt).Seconds()
				b.ReportMetric(float64(r.Packets)/took, "packets/s")
			}
			b.ReportMetric(o.Least.Seconds(), "outlined_least_s")
			b.ReportMetric(o.Most.Seconds(), "outlined_most_s")
			packets, _ := c.Stop()
			b.ReportMetric(float64(netlab.Busiest(packets, time.Second)), "busiest_second")
		})
	}
}

// BenchmarkOutline says what a search of the largest network would do.
func BenchmarkOutline(b *testing.B) {
	job := network.Job{Scope: network.Scope{Name: "lab", Nets: []network.Net{{Prefix: netip.MustParsePrefix("10.0.0.0/14"), Profile: network.Normal}}}, Guard: network.NewDoNotTouch(nil, nil, nil)}
	for b.Loop() {
		p, err := network.NewPlan(job)
		if err != nil {
			b.Fatal(err)
		}
		p.Outline()
	}
}
