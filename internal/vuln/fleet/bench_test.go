package fleet

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// hospital makes 500 assets with 300 components each, of 20,000 of which few
// are common.
func hospital() []Asset {
	r := rand.New(rand.NewPCG(1, 2))
	assets := make([]Asset, 500)
	for i := range assets {
		assets[i].Name = fmt.Sprintf("as_%026d", i)
		for range 300 {
			f := r.Float64()
			assets[i].Components = append(assets[i].Components, ID(600000*f*f*f*f))
		}
	}
	return assets
}

func BenchmarkSegmentEncode(b *testing.B) {
	assets := hospital()
	var e encoder
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n = len(e.encode(assets))
	}
	b.ReportMetric(float64(n)/150_000, "B/instance")
}

func BenchmarkSegmentDecode(b *testing.B) {
	var e encoder
	s := e.encode(hospital())
	for b.Loop() {
		s.decode()
	}
}

func BenchmarkPut(b *testing.B) {
	x := New()
	for n := range 600000 {
		c := component(n)
		if _, err := x.Component(&c); err != nil {
			b.Fatal(err)
		}
	}
	assets := hospital()
	if err := x.Load("t", assets); err != nil {
		b.Fatal(err)
	}
	x.Holders(nil, 1)
	i := 0
	for b.Loop() {
		i++
		if err := x.Put("t", Asset{assets[i%500].Name, assets[i*7%500].Components}); err != nil {
			b.Fatal(err)
		}
	}
}
