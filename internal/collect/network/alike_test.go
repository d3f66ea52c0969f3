package network

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// TestAlike holds blocks of a /24 against what is taken for the way's doing. Real
// networks, also full ones, stay.
func TestAlike(t *testing.T) {
	at := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 20, 3, byte(i + 1)}) }
	host := func(i int, by string, silent int, open ...Port) *Host {
		return &Host{Addr: at(i), By: by, Asked: 37, Silent: silent, Open: open}
	}
	said := func(n uint16, words string) Port {
		return Port{Number: n, Service: "https", Said: []fingerprint.Signal{{Source: fingerprint.TLSSubject, Value: words}}, Certificate: &Certificate{Subject: words, NotAfter: time.Unix(0, 0)}}
	}
	for _, tt := range []struct {
		name  string
		asked int
		n     int // addresses that answer
		host  func(i int) *Host
		left  int // that stay
	}{
		{"a quarter of the addresses, ping alone", 254, 64, func(i int) *Host { return host(i, byICMP, 37) }, 64},
		{"a full pool of leases, ping alone", 254, 230, func(i int) *Host { return host(i, byICMP, 37) }, 230},
		{"every address, ping alone", 254, 254, func(i int) *Host { return host(i, byICMP, 37) }, 0},
		{"a third refuses, no ping comes through", 254, 85, func(i int) *Host { return host(i, byTCP, 0) }, 85},
		{"every address refuses", 254, 254, func(i int) *Host { return host(i, byTCP, 0) }, 0},
		{"two thirds refuse, as a firewall with limits", 254, 170, func(i int) *Host { return host(i, byTCP, 20) }, 0},
		{"a full pool of computers with file sharing", 254, 230, func(i int) *Host { return host(i, byICMP, 30, Port{Number: 445}, Port{Number: 135}) }, 230},
		{"every address a telephone with its own certificate", 254, 254, func(i int) *Host { return host(i, byTCP, 30, said(443, fmt.Sprint("CN=SEP0004F2", i))) }, 254},
		{"every address the same page", 254, 254, func(i int) *Host { return host(i, byTCP, 30, said(443, "CN=gateway")) }, 0},
		{"half of the addresses take everything", 254, 140, func(i int) *Host {
			h := host(i, byTCP, 0)
			for _, p := range DefaultPorts[:30] {
				h.Open = append(h.Open, Port{Number: p})
			}
			return h
		}, 0},
		{"few addresses, all alike", 40, 40, func(i int) *Host { return host(i, byTCP, 0) }, 40},
		{"every address, with cards of their own", 254, 254, func(i int) *Host {
			h := host(i, byARP, 0)
			h.MAC = fingerprint.MAC{0, 0x1b, 0x44, 0, 0, byte(i)}
			return h
		}, 254},
		{"every address refuses, some say more", 254, 254, func(i int) *Host {
			switch {
			case i < 10:
				return host(i, byTCP, 0, Port{Number: 104})
			case i < 15:
				h := host(i, byTCP, 0)
				h.SNMP = &SNMPInfo{Descr: "a printer"}
				return h
			}
			return host(i, byTCP, 0)
		}, 15},
	} {
		var hosts []*Host
		for i := range tt.n {
			hosts = append(hosts, tt.host(i))
		}
		v := judge(hosts, tt.asked, 0)
		if left := tt.n - len(v.drop); left != tt.left || v.alike != (left < tt.n) {
			t.Errorf("%s: %d of %d stay, want %d (%s)", tt.name, left, tt.n, tt.left, v.how)
		}
	}
}
