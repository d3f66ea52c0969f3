//go:build linux

package netlab_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/fingerprint"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/test/netlab"
)

// TestAllAddressesChangeOvernight searches a network, gives every device the
// address of another, searches again, and stores both: each device is still
// itself, at its new address.
func TestAllAddressesChangeOvernight(t *testing.T) {
	t.Parallel()
	l := netlab.NewDevices(t, netip.MustParsePrefix("10.79.0.0/24"), 60)
	for i := range 20 {
		l.Listen(t, l.Hosts[i], 22, netlab.SSH("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"))
	}
	db, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "asepsis.db"), func(string) (secret.Text, error) {
		return secret.New("0123456789abcdef0123456789abcdef"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	day := time.Now().Add(-48 * time.Hour)
	if err := db.CreateTenant(t.Context(), sqlstore.Profile{Organization: assess.Organization{ID: "tn_lab", Name: "Lab", Kind: "community"}, CreatedAt: day}, "test"); err != nil {
		t.Fatal(err)
	}
	tenant := db.Tenant("tn_lab")
	search := func(at time.Time) *network.Run {
		t.Helper()
		p, err := network.NewPlan(network.Job{
			Scope: network.Scope{Name: "lab", Nets: []network.Net{{Prefix: l.Prefix, Profile: network.Normal, Rate: 5000, HostRate: 5000}}},
			Guard: network.NewDoNotTouch(nil, nil, nil), Ports: []uint16{22, 80},
		})
		if err != nil {
			t.Fatal(err)
		}
		shift := at.Sub(time.Now())
		var r *network.Run
		l.Ask(t, func() {
			r, err = (&network.Scanner{Now: func() time.Time { return time.Now().Add(shift) }}).Run(t.Context(), p)
		})
		if err != nil || len(r.Hosts) != len(l.Hosts) {
			t.Fatalf("%d of %d devices, %v", len(r.Hosts), len(l.Hosts), err)
		}
		b, err := r.Batch(fingerprint.Default(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tenant.Ingest(t.Context(), &b, sqlstore.Delivery{Actor: "discovery", Now: at.Add(time.Minute)}); err != nil {
			t.Fatal(err)
		}
		return r
	}
	assets := func() map[string][]string {
		t.Helper()
		set, _, err := tenant.Load(t.Context(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		out := map[string][]string{}
		for _, r := range set.Resources[fact.KindAsset] {
			macs, _ := r.Get("macs").([]string)
			ips, _ := r.Get("ips").([]string)
			out[r.ID] = append([]string{fmt.Sprint(macs)}, ips...)
		}
		return out
	}
	before := search(day.Add(time.Hour))
	first := assets()
	l.Renumber(t)
	after := search(day.Add(25 * time.Hour))
	second := assets()
	if len(first) != len(l.Hosts) || len(second) != len(l.Hosts) {
		t.Fatalf("%d devices are %d assets on the first day and %d on the second", len(l.Hosts), len(first), len(second))
	}
	for id, was := range first {
		is, ok := second[id]
		if !ok || is[0] != was[0] {
			t.Errorf("%s with the card %s is %v on the second day", id, was[0], is)
		} else if len(is) != 2 || is[1] == was[1] {
			t.Errorf("%s was at %v and is at %v", id, was[1:], is[1:])
		}
	}
	moved := 0
	for _, c := range network.Diff(before, after) {
		if c.Kind == network.Moved {
			moved++
		}
	}
	if moved != len(l.Hosts) {
		t.Errorf("%d of %d devices are said to have moved", moved, len(l.Hosts))
	}
}
