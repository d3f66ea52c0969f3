//go:build linux

package netlab

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// NewDevices builds a lab in which every live address is a device of its own,
// with a network card of its own, as in a real network. Devices can be switched
// off and given other addresses.
func NewDevices(t testing.TB, prefix netip.Prefix, live int) *Lab {
	t.Helper()
	l := build(t, prefix)
	l.plug(t, live, 1)
	return l
}

// plug gives the living end its devices, each with a card of its own that has so
// many addresses.
func (l *Lab) plug(t testing.TB, live, each int) {
	t.Helper()
	l.In(t, l.living, func() {
		// Each card answers for its own address alone.
		for f, v := range map[string]string{"arp_ignore": "1", "arp_announce": "2", "rp_filter": "0"} {
			if err := os.WriteFile("/proc/sys/net/ipv4/conf/all/"+f, []byte(v), 0o644); err != nil {
				t.Errorf("%s: %v", f, err)
			}
		}
	})
	var batch strings.Builder
	for i, a := range l.spread(live) {
		l.Hosts = append(l.Hosts, a)
		if i%each == 0 {
			fmt.Fprintf(&batch, "link add link v1 name m%d address %s type macvlan mode bridge\nlink set m%d up\n", i/each, Card(i/each), i/each)
		}
		fmt.Fprintf(&batch, "addr add %s/%d dev m%d%s\n", a, l.Prefix.Bits(), i/each, l.nodad())
	}
	if l.Prefix.Addr().Is4() {
		batch.WriteString("route add 224.0.0.0/4 dev m0\n")
	}
	l.batch(t, batch.String())
}

// nodad leaves out the second that IPv6 waits for others with the address.
func (l *Lab) nodad() string {
	if l.Prefix.Addr().Is6() {
		return " nodad"
	}
	return ""
}

// Card is the hardware address of the device with the number, of a maker of
// network cards.
func Card(i int) net.HardwareAddr {
	return net.HardwareAddr{0x00, 0x1b, 0x44, 0x27, byte(i >> 8), byte(i)}
}

// Off switches a device off, and On on again.
func (l *Lab) Off(t testing.TB, i int) { t.Helper(); l.batch(t, fmt.Sprintf("link set m%d down\n", i)) }

// On switches a device on.
func (l *Lab) On(t testing.TB, i int) {
	t.Helper()
	l.batch(t, fmt.Sprintf("link set m%d up\naddr replace %s/%d dev m%d\n", i, l.Hosts[i], l.Prefix.Bits(), i))
}

// Add plugs one more device in, at an address.
func (l *Lab) Add(t testing.TB, a netip.Addr) int {
	t.Helper()
	i := len(l.Hosts)
	l.Hosts = append(l.Hosts, a)
	l.batch(t, fmt.Sprintf("link add link v1 name m%d address %s type macvlan mode bridge\nlink set m%d up\naddr add %s/%d dev m%d\n", i, Card(i), i, a, l.Prefix.Bits(), i))
	return i
}

// Renumber gives every device the address of another one, as a DHCP server does
// that lost its leases overnight. Services that listen on an address stay at it.
func (l *Lab) Renumber(t testing.TB) {
	t.Helper()
	var batch strings.Builder
	for i := range l.Hosts {
		fmt.Fprintf(&batch, "addr flush dev m%d\n", i)
	}
	old := l.Hosts
	l.Hosts = make([]netip.Addr, len(old))
	for i := range old {
		l.Hosts[i] = old[(i+len(old)/3+1)%len(old)]
		fmt.Fprintf(&batch, "addr add %s/%d dev m%d\n", l.Hosts[i], l.Prefix.Bits(), i)
	}
	l.batch(t, batch.String())
	if out, err := exec.CommandContext(t.Context(), "ip", "-n", l.asking, "neigh", "flush", "all").CombinedOutput(); err != nil {
		t.Fatalf("forget the neighbors: %v: %s", err, out)
	}
}

// Shout sends one packet from a living address to a multicast group, as devices
// do that announce themselves.
func (l *Lab) Shout(t testing.TB, from netip.Addr, group string, payload []byte) {
	t.Helper()
	l.In(t, l.living, func() {
		c, err := net.DialUDP("udp4", &net.UDPAddr{IP: from.AsSlice()}, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(group)))
		if err != nil {
			t.Errorf("announce from %s: %v", from, err)
			return
		}
		defer c.Close()
		if _, err := c.Write(payload); err != nil {
			t.Errorf("announce from %s: %v", from, err)
		}
	})
}
