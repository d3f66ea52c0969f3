//go:build linux

package netlab

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Packet is one packet that reached the living end.
type Packet struct {
	At        time.Time
	To        netip.Addr // the address it is for; of an ARP question, the address asked for
	ARP       bool       // also a question of IPv6 for a neighbor
	Broadcast bool
	Protocol  byte // of IP: 1 ICMP, 2 IGMP, 6 TCP, 17 UDP
	SYN       bool // a first packet of a connection
	Payload   int  // bytes of TCP or UDP payload
	Size      int  // of the whole frame: the system asks ARP in 42 bytes
}

// Counter records every packet that arrives at the living end, before anything
// there could drop it.
type Counter struct {
	mu      sync.Mutex
	packets []Packet // guarded by mu
	lost    int      // guarded by mu; packets the system did not keep for us
	stop    chan struct{}
	done    chan struct{}
}

// Count starts counting. Stop ends it.
func (l *Lab) Count(t testing.TB) *Counter { t.Helper(); return l.count(t, l.living, "v1") }

// CountBefore counts what reaches the router from the asking end, before a
// firewall there could drop it.
func (l *Lab) CountBefore(t testing.TB) *Counter { t.Helper(); return l.count(t, l.others[0], "a1") }

// count counts what arrives at an interface of a namespace.
func (l *Lab) count(t testing.TB, ns, at string) *Counter {
	t.Helper()
	c := &Counter{stop: make(chan struct{}), done: make(chan struct{})}
	var fd int
	l.In(t, ns, func() {
		var err error
		all := uint16(unix.ETH_P_ALL)
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, int(all<<8|all>>8))
		if err != nil {
			t.Errorf("open a packet socket: %v", err)
			return
		}
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20)
		i, err := net.InterfaceByName(at)
		if err == nil {
			err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all<<8 | all>>8, Ifindex: i.Index})
		}
		if err != nil {
			t.Errorf("count at %s: %v", at, err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	go c.run(fd)
	t.Cleanup(func() { c.Stop() })
	return c
}

func (c *Counter) run(fd int) {
	defer close(c.done)
	defer unix.Close(fd)
	b := make([]byte, 2048)
	for {
		n, from, err := unix.Recvfrom(fd, b, 0)
		if err != nil {
			select {
			case <-c.stop:
				if s, err := unix.GetsockoptTpacketStats(fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
					c.mu.Lock()
					c.lost = int(s.Drops)
					c.mu.Unlock()
				}
				return
			default:
			}
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 10)
			continue
		}
		ll, ok := from.(*unix.SockaddrLinklayer)
		if !ok || ll.Pkttype == unix.PACKET_OUTGOING || ll.Hatype == unix.ARPHRD_LOOPBACK {
			continue
		}
		if p, ok := read(b[:n]); ok {
			p.At = time.Now()
			p.Broadcast = ll.Pkttype == unix.PACKET_BROADCAST
			c.mu.Lock()
			c.packets = append(c.packets, p)
			c.mu.Unlock()
		}
	}
}

func read(b []byte) (Packet, bool) {
	if len(b) < 14+20 {
		return Packet{}, false
	}
	switch binary.BigEndian.Uint16(b[12:]) {
	case unix.ETH_P_ARP:
		if len(b) < 14+28 {
			return Packet{}, false
		}
		return Packet{To: netip.AddrFrom4([4]byte(b[38:42])), ARP: true, Size: len(b)}, true
	case unix.ETH_P_IP:
		p := Packet{To: netip.AddrFrom4([4]byte(b[30:34])), Protocol: b[23], Size: len(b)}
		head := 14 + int(b[14]&15)*4
		total := 14 + int(binary.BigEndian.Uint16(b[16:]))
		if b[23] == unix.IPPROTO_TCP && len(b) > head+12 {
			p.Payload = max(total-head-int(b[head+12]>>4)*4, 0)
			p.SYN = len(b) > head+13 && b[head+13]&0x12 == 0x02
		}
		if b[23] == unix.IPPROTO_UDP {
			p.Payload = max(total-head-8, 0)
		}
		return p, true
	case unix.ETH_P_IPV6:
		if len(b) < 14+40 {
			return Packet{}, false
		}
		p := Packet{To: netip.AddrFrom16([16]byte(b[38:54])), Protocol: b[20], Size: len(b)}
		rest := b[54:]
		switch {
		case p.Protocol == unix.IPPROTO_TCP && len(rest) > 13:
			p.Payload = max(int(binary.BigEndian.Uint16(b[18:]))-int(rest[12]>>4)*4, 0)
			p.SYN = rest[13]&0x12 == 0x02
		case p.Protocol == unix.IPPROTO_UDP:
			p.Payload = max(int(binary.BigEndian.Uint16(b[18:]))-8, 0)
		case p.Protocol == unix.IPPROTO_ICMPV6 && len(rest) >= 24 && rest[0] == 135: // a neighbor is asked for
			p.ARP, p.To = true, netip.AddrFrom16([16]byte(rest[8:24]))
		}
		return p, true
	}
	return Packet{}, false
}

// Stop ends the counting and returns what arrived, in order, and how many
// packets went uncounted.
func (c *Counter) Stop() (packets []Packet, lost int) {
	select {
	case <-c.stop:
	default:
		time.Sleep(20 * time.Millisecond) // what is on the cable arrives
		close(c.stop)
	}
	<-c.done
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.packets), c.lost
}

// So returns what arrived so far.
func (c *Counter) So() []Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.packets)
}

// To counts the packets for an address.
func To(packets []Packet, a netip.Addr) int {
	n := 0
	for _, p := range packets {
		if p.To == a {
			n++
		}
	}
	return n
}

// Busiest returns the most packets within any span of the duration.
func Busiest(packets []Packet, d time.Duration) int {
	most, first := 0, 0
	for i := range packets {
		for packets[i].At.Sub(packets[first].At) > d {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
