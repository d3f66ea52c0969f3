package inventory

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
)

var t0 = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// ids counts homes up, so that later ones sort after earlier ones.
func ids() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("as_%07d", n) }
}

// sight makes a sighting of "type value" pairs, days after t0.
func sight(t testing.TB, stream string, days float64, pairs ...string) Sighting {
	t.Helper()
	s := Sighting{Stream: stream, At: Micros(t0.Add(time.Duration(days * 24 * float64(time.Hour))))}
	for _, p := range pairs {
		typ, v, _ := strings.Cut(p, " ")
		if typ == "maker" {
			s.Maker = v
			continue
		}
		k, ok := asset.NewKey(asset.KeyType(typ), v)
		if !ok {
			t.Fatalf("no key %s", p)
		}
		s.Keys = append(s.Keys, k)
	}
	return s
}

// placeAll places each sighting as a delivery of its own and returns the asset
// of each at the end.
func placeAll(t testing.TB, w *World, ss ...Sighting) []string {
	t.Helper()
	homes := make([]string, len(ss))
	for i := range ss {
		p, err := w.Place(t.Context(), ss[i:i+1])
		if err != nil {
			t.Fatal(err)
		}
		homes[i] = p[0].Home
	}
	for i, h := range homes {
		homes[i] = w.AssetOf(h)
	}
	return homes
}

// partition names assets by the first sighting of them: 0 0 1 0.
func partition(of []string) string {
	var seen []string
	var b strings.Builder
	for i, a := range of {
		n := slices.Index(seen, a)
		if n < 0 {
			n = len(seen)
			seen = append(seen, a)
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprint(&b, n)
	}
	return b.String()
}

// TestRules holds each rule against sightings in the order given.
func TestRules(t *testing.T) {
	for _, tt := range []struct {
		name  string
		ss    []Sighting
		want  string
		asked int
	}{
		{"a shared serial joins", []Sighting{
			sight(t, "a", 0, "serial B7-1001", "ip 10.0.0.5"), sight(t, "b", 40, "serial b7-1001", "ip 10.9.9.9"),
		}, "0 0", 0},
		{"a hardware address joins whatever the name", []Sighting{
			sight(t, "a", 0, "mac 00:1b:44:11:3a:b7", "name nurse-07"), sight(t, "a", 9, "mac 001b44113ab7", "name renamed-07"),
		}, "0 0", 0},
		{"an address joins near in time", []Sighting{
			sight(t, "dhcp", 0, "mac 00:1b:44:11:3a:b7", "ip 10.0.0.5"), sight(t, "scan", 0.3, "ip 10.0.0.5"), sight(t, "scan", 5, "ip 10.0.0.5"),
		}, "0 0 1", 0},
		{"an address with another serial is another device", []Sighting{
			sight(t, "a", 0, "serial B7-1001", "ip 10.0.0.5"), sight(t, "a", 0.1, "serial B7-2002", "ip 10.0.0.5"),
		}, "0 1", 0},
		{"an address with another name is another device", []Sighting{
			sight(t, "a", 0, "mac 00:1b:44:11:3a:b7", "name nurse-07", "ip 10.0.0.9"), sight(t, "b", 0.1, "ip 10.0.0.9", "name guest-tablet"),
		}, "0 1", 0},
		{"a name joins a list and the network", []Sighting{
			sight(t, "cmdb", 0, "tag A-77", "name ehr-db-01"), sight(t, "scan", 1, "name ehr-db-01", "mac 00:1b:44:11:3a:b8", "ip 10.0.0.7"),
		}, "0 0", 0},
		{"a full name has the short one", []Sighting{
			sight(t, "cmdb", 0, "serial XJ9000123", "name ehr-db-01"), sight(t, "scan", 1, "fqdn ehr-db-01.hospital.example", "ip 10.0.0.7"),
		}, "0 0", 0},
		{"the same name in two domains is two devices", []Sighting{
			sight(t, "a", 0, "mac 00:1b:44:11:3a:b7", "fqdn ws-01.north.example"), sight(t, "a", 1, "mac 00:1c:44:11:3a:b7", "fqdn ws-01.south.example"),
		}, "0 1", 0},
		{"re-imaging keeps serial and card and changes machine id and name", []Sighting{
			sight(t, "osquery", 0, "machine aaaa1111", "serial 5CG1234ABC", "mac 3c:52:82:00:00:01", "name old-01"),
			sight(t, "osquery", 9, "machine bbbb2222", "serial 5CG1234ABC", "mac 3c:52:82:00:00:01", "name new-01"),
		}, "0 0", 0},
		{"a clone shares the machine id and has another card and name", []Sighting{
			sight(t, "osquery", 0, "machine aaaa1111", "mac 00:50:56:a1:00:01", "name app-01"),
			sight(t, "osquery", 1, "machine aaaa1111", "mac 00:50:56:a1:00:02", "name app-02"),
			sight(t, "osquery", 2, "machine aaaa1111", "mac 00:50:56:a1:00:01", "name app-01"),
			sight(t, "dhcp", 2, "mac 00:50:56:a1:00:02", "name app-02"),
		}, "0 1 0 1", 0},
		{"a clone of a physical image has another serial", []Sighting{
			sight(t, "osquery", 0, "machine aaaa1111", "serial 5CG1234ABC"), sight(t, "osquery", 1, "machine aaaa1111", "serial 5CG1234ABD"),
		}, "0 1", 0},
		{"one serial of two makers is asked", []Sighting{
			sight(t, "cmdb", 0, "serial 100234567", "maker Philips"), sight(t, "biomed", 0, "serial 100234567", "maker B. Braun"),
		}, "0 1", 1},
		{"one serial of one maker under two of its names joins", []Sighting{
			sight(t, "cmdb", 0, "serial 5CG1234ABC", "maker HP Inc."), sight(t, "osquery", 0, "serial 5CG1234ABC", "maker Hewlett-Packard"),
		}, "0 0", 0},
		{"a short serial alone is asked", []Sighting{
			sight(t, "a", 0, "serial 1001"), sight(t, "b", 0, "serial 1001"),
		}, "0 1", 1},
		{"a dock's address is not a laptop's", []Sighting{
			sight(t, "osquery", 0, "serial 5CG1234ABC", "mac 3c:52:82:00:00:01", "mac 48:2a:e3:00:00:09", "name lap-1"),
			sight(t, "osquery", 1, "serial 5CG1234ABD", "mac 3c:52:82:00:00:02", "mac 48:2a:e3:00:00:09", "name lap-2"),
			sight(t, "dhcp", 2, "mac 48:2a:e3:00:00:09", "name lap-2"), sight(t, "dhcp", 3, "mac 48:2a:e3:00:00:09", "name lap-1"),
		}, "0 1 1 0", 0},
		{"a USB adapter's address is nobody's", []Sighting{
			sight(t, "dhcp", 0, "mac 00:0e:c6:00:00:01", "name lap-1"), sight(t, "dhcp", 1, "mac 00:0e:c6:00:00:01", "name lap-2"),
			sight(t, "osquery", 2, "serial 5CG1234ABD", "name lap-2"),
		}, "0 1 1", 0},
		{"a virtual router is none of its routers", []Sighting{
			sight(t, "arp", 0, "mac 00:00:5e:00:01:0a", "ip 10.0.0.1"), sight(t, "arp", 0.1, "mac 00:00:5e:00:01:0a", "ip 10.9.0.1"),
		}, "0 1", 0},
		{"wired and wireless card under one name", []Sighting{
			sight(t, "dhcp", 0, "mac 3c:52:82:00:00:01", "name lap-nurse-3", "ip 10.1.0.3"), sight(t, "dhcp", 1, "mac a4:c3:f0:00:00:02", "name lap-nurse-3", "ip 10.2.0.3"),
		}, "0 0", 0},
		{"what an agent says later ends a likely link", []Sighting{
			sight(t, "dhcp", 0, "mac 3c:52:82:00:00:01", "name lap-nurse-3"), sight(t, "dhcp", 1, "mac a4:c3:f0:00:00:02", "name lap-nurse-3"),
			sight(t, "osquery", 2, "serial 5CG1234ABC", "mac 3c:52:82:00:00:01", "name lap-nurse-3"),
			sight(t, "osquery", 3, "serial 5CG1234ABD", "mac a4:c3:f0:00:00:02", "name lap-nurse-3"),
		}, "0 1 0 1", 0},
		{"two pumps of one model with one default name are asked", []Sighting{
			sight(t, "dhcp", 0, "mac 00:07:a8:00:00:01", "name infusomat-space"), sight(t, "dhcp", 0.5, "mac 00:07:a8:00:40:02", "name infusomat-space"),
		}, "0 1", 1},
		{"a late sighting with keys of both joins two assets", []Sighting{
			sight(t, "cmdb", 0, "serial 5CG1234ABC"), sight(t, "dhcp", 1, "mac 3c:52:82:00:00:01"),
			sight(t, "osquery", 2, "serial 5CG1234ABC", "mac 3c:52:82:00:00:01"),
		}, "0 0 0", 0},
		{"a device identifier alone is a model", []Sighting{
			sight(t, "fda", 0, "udi 00885403215349"), sight(t, "fda", 1, "udi 00885403215349"),
		}, "0 0", 0},
		{"a card that was replaced", []Sighting{
			sight(t, "osquery", 0, "machine aaaa1111", "serial 5CG1234ABC", "mac 3c:52:82:00:00:01", "name ws-01"),
			sight(t, "osquery", 5, "machine aaaa1111", "serial 5CG1234ABC", "mac 3c:52:82:00:00:77", "name ws-01"),
			sight(t, "dhcp", 6, "mac 3c:52:82:00:00:77"),
		}, "0 0 0", 0},
		{"a name given again after years is asked", []Sighting{
			sight(t, "osquery", 0, "serial 5CG1234ABC", "name ws-01"), sight(t, "dhcp", 900, "mac 3c:52:82:00:00:77", "name ws-01"),
		}, "0 1", 1},
		{"an asset tag on two serials is asked", []Sighting{
			sight(t, "cmdb", 0, "serial 5CG1234ABC", "tag H-00123"), sight(t, "cmdb2", 1, "serial 5CG1234ABD", "tag H-00123"),
		}, "0 1", 1},
		{"two devices of one lot are told apart by their serial numbers", []Sighting{
			sight(t, "a", 0, "udi (01)00885403215349(10)LOT7", "serial FDR-9001"), sight(t, "b", 0, "udi (01)00885403215349(10)LOT7", "serial FDR-9002"),
		}, "0 1", 0},
		{"one unit's UDI in two spellings", []Sighting{
			sight(t, "a", 0, "udi (01)00885403215349(21)SN77"), sight(t, "b", 0, "udi 010088540321534921SN77"),
		}, "0 0", 0},
		{"a list that states an address by hand", []Sighting{
			sight(t, "cmdb", 0, "serial B7-10010", "ip 10.1.2.3"), sight(t, "scan", 60, "ip 10.1.2.3"),
		}, "0 0", 0},
		{"a cloud instance is itself whatever its image's machine id", []Sighting{
			sight(t, "cloud", 0, "cloud i-0ab1", "machine aaaa1111"), sight(t, "cloud", 0, "cloud i-0ab2", "machine aaaa1111"), sight(t, "osquery", 1, "cloud i-0ab2", "name x-9"),
		}, "0 1 1", 0},
		{"containers share what their runtime gives them", []Sighting{
			sight(t, "a", 0, "machine aaaa1111", "mac 02:42:ac:11:00:02"), sight(t, "a", 0, "machine bbbb2222", "mac 02:42:ac:11:00:02"),
		}, "0 1", 0},
		{"nothing shared is new", []Sighting{sight(t, "a", 0, "name fresh-1"), sight(t, "a", 0, "name fresh-2")}, "0 1", 0},
	} {
		w := NewWorld(nil, ids(), nil)
		got := partition(placeAll(t, w, tt.ss...))
		if asked := len(w.Take().Asked); got != tt.want || asked != tt.asked {
			t.Errorf("%s: got %q and %d questions, want %q and %d", tt.name, got, asked, tt.want, tt.asked)
		}
	}
}
