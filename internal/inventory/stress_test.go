package inventory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/asepsis/asepsis/internal/asset"
)

// kept is a working source: it keeps what changes say, as a store does.
type kept struct {
	records map[place]Record
	holders map[asset.Key][]string
	links   map[string]Link
	asked   [][2]string
	homes   map[string]bool
}

func newKept() *kept {
	return &kept{records: map[place]Record{}, holders: map[asset.Key][]string{}, links: map[string]Link{}, homes: map[string]bool{}}
}

func (k *kept) keep(t testing.TB, c Changes) {
	t.Helper()
	for _, h := range c.Homes {
		if k.homes[h] {
			t.Fatalf("home %s is new twice", h)
		}
		k.homes[h] = true
	}
	for _, r := range c.Records {
		r := *r
		r.Keys = slices.Clone(r.Keys)
		k.records[place{r.At, r.Stream}] = r
	}
	for _, h := range c.Keys {
		if !slices.Contains(k.holders[h.Key], h.Home) {
			k.holders[h.Key] = append(k.holders[h.Key], h.Home)
		}
	}
	for _, h := range c.Dropped {
		k.holders[h.Key] = slices.DeleteFunc(k.holders[h.Key], func(s string) bool { return s == h.Home })
	}
	for _, l := range c.Links {
		_, had := k.links[l.Home]
		switch {
		case l.Ended != had:
			t.Fatalf("link of %s: ended %v, was there %v", l.Home, l.Ended, had)
		case l.Ended:
			delete(k.links, l.Home)
		default:
			k.links[l.Home] = l.Link
		}
	}
	for _, d := range c.Asked {
		k.asked = append(k.asked, [2]string{d.A, d.B})
	}
}

func (k *kept) Links(context.Context) ([]Link, error) {
	var out []Link
	for _, l := range k.links {
		out = append(out, l)
	}
	return out, nil
}

func (k *kept) Pairs(context.Context) (apart, asked [][2]string, err error) {
	return nil, k.asked, nil
}

func (k *kept) Holders(_ context.Context, keys []asset.Key) ([]string, error) {
	var out []string
	for _, key := range keys {
		out = append(out, k.holders[key]...)
	}
	return out, nil
}

func (k *kept) Records(_ context.Context, homes []string) ([]Record, error) {
	var out []Record
	for _, r := range k.records {
		if slices.Contains(homes, r.At) {
			out = append(out, r)
		}
	}
	return out, nil
}

// asset follows links, and fails where they go in a circle.
func (k *kept) asset(t testing.TB, home string) string {
	t.Helper()
	for range len(k.links) + 1 {
		l, ok := k.links[home]
		if !ok {
			return home
		}
		home = l.Target
	}
	t.Fatalf("links go in a circle at %s", home)
	return ""
}

// randomBatch draws from so few keys that everything collides.
func randomBatch(r *rand.Rand, day int) []Sighting {
	values := map[asset.KeyType][]string{
		asset.Machine: {"m1", "m2", "m3"}, asset.Serial: {"SN1000001", "SN1000002", "SN1000003", "77"}, asset.Cloud: {"i-1", "i-2"},
		asset.UDI: {"(01)00885403215349(21)A1", "(01)00885403215349(21)A2", "(01)00885403215349(10)L"}, asset.Tag: {"H-001", "H-002", "1"},
		asset.MAC:  {"3c:52:82:00:00:01", "3c:52:82:00:00:02", "a4:c3:f0:00:00:01", "00:50:56:00:00:01", "da:a1:19:00:00:01", "00:0e:c6:00:00:01", "00:00:5e:00:01:01"},
		asset.FQDN: {"ws-1.a.example", "ws-1.b.example", "ws-2.a.example"}, asset.Name: {"ws-1", "ws-2", "ws-3", "printer"},
		asset.IP: {"10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::1"},
	}
	stream := []string{"a", "b", "c", "d"}[r.IntN(4)]
	var out []Sighting
	for range 1 + r.IntN(4) {
		s := Sighting{Stream: stream, At: Micros(t0) + int64(day)*int64(24*3600e6) + int64(r.IntN(3600))*1e6, Maker: []string{"", "", "HP", "Dell"}[r.IntN(4)]}
		for _, typ := range typeNames {
			for r.IntN(10) < 3 {
				vs := values[typ]
				if k, ok := asset.NewKey(typ, vs[r.IntN(len(vs))]); ok && !slices.Contains(s.Keys, k) {
					s.Keys = append(s.Keys, k)
				}
			}
		}
		if len(s.Keys) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// TestCollisions brings sightings with keys from so few that all of them
// collide, and after each compares the world with what was kept of it, and now
// and then goes on from a world that is read again.
func TestCollisions(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 5)) //nolint:gosec // chance needs no secrets
		newID := ids()
		k := newKept()
		w := NewWorld(k, newID, nil)
		for n := range 120 {
			batch := randomBatch(r, n/4)
			placed, err := w.Place(t.Context(), batch)
			if err != nil {
				t.Fatal(err)
			}
			k.keep(t, w.Take())
			taken := make(map[string]int)
			for i, p := range placed {
				if j, twice := taken[p.Home]; twice {
					t.Fatalf("seed %d, batch %d: sightings %d and %d have one record: %+v", seed, n, i, j, batch)
				}
				taken[p.Home] = i
				if got := k.asset(t, p.Home); got != p.Asset {
					t.Fatalf("seed %d, batch %d: sighting %d is of %s; by what is kept it is of %s", seed, n, i, p.Asset, got)
				}
			}
			for h := range k.homes {
				if got, want := k.asset(t, h), w.AssetOf(h); got != want && w.homes[h] != nil {
					t.Fatalf("seed %d, batch %d: %s is part of %s; by what is kept of %s", seed, n, h, want, got)
				}
			}
			if r.IntN(8) == 0 {
				w = NewWorld(k, newID, nil)
			}
		}
	}
}

// FuzzPlace brings sightings with any keys. Nothing may panic, hang, or be lost.
func FuzzPlace(f *testing.F) {
	f.Add("serial", "5CG1", "mac", "00:1b:44:11:3a:b7", "HP")
	f.Add("udi", "(01)00885403215349(21)A1", "fqdn", "a.b.c", "")
	f.Add("ip", "fe80::1%eth0", "name", "10-0-0-5", "\xff")
	f.Fuzz(func(t *testing.T, typ1, v1, typ2, v2, maker string) {
		w := NewWorld(nil, ids(), nil)
		var keys []asset.Key
		for _, p := range [][2]string{{typ1, v1}, {typ2, v2}} {
			if k, ok := asset.NewKey(asset.KeyType(p[0]), p[1]); ok {
				keys = append(keys, k)
			}
		}
		for n := range 3 {
			p, err := w.Place(t.Context(), []Sighting{{Stream: fmt.Sprint(n % 2), Keys: keys, At: int64(n), Maker: maker}})
			if err != nil || len(p) != 1 || p[0].Asset == "" {
				t.Fatalf("placed %v, %v", p, err)
			}
		}
	})
}
