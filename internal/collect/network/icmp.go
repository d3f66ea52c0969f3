package network

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fingerprint"
)

// echo asks IPv4 addresses for an ICMP echo, once, and once more where nothing
// came back. It takes an unprivileged socket where the system has one, else a raw
// one.
type echo struct {
	gate *gate
	now  func() time.Time
	sent func(int)
}

// quietEcho is how long to listen after the last question: far sites take longer
// than the machine next door.
const quietEcho = 600 * time.Millisecond

const protocolICMP = 1

func (e *echo) sweep(ctx context.Context, addrs []netip.Addr) (map[netip.Addr]time.Time, error) {
	c, raw, err := listenICMP()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()

	type heard struct {
		addr netip.Addr
		at   time.Time
	}
	answers := make(chan heard, 1024)
	mark := uint64(os.Getpid())<<32 | uint64(addrHash(addrs))
	go func() {
		defer close(answers)
		b := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				var ne net.Error
				if errors.As(err, &ne) && ne.Timeout() {
					continue
				}
				return
			}
			if a, ok := replied(b[:n], from, mark); ok {
				answers <- heard{a, e.now()}
			}
		}
	}()
	got := map[netip.Addr]time.Time{}
	asked := make(map[netip.Addr]bool, len(addrs))
	take := func(d time.Duration, all bool) {
		t := time.NewTimer(d)
		defer t.Stop()
		for !all || len(got) < len(asked) {
			select {
			case h, ok := <-answers:
				if !ok {
					return
				}
				if asked[h.addr] {
					got[h.addr] = h.at
				}
			case <-t.C:
				return
			case <-ctx.Done():
				return
			}
		}
	}
	n := 0
	for range 2 {
		for i, a := range addrs {
			if _, ok := got[a]; ok || !a.Is4() {
				continue
			}
			for {
				wait, forbidden := e.gate.ask(a, fingerprint.MAC{}, 1)
				if forbidden || ctx.Err() != nil {
					break
				}
				if wait > 0 {
					take(wait, false)
					continue
				}
				asked[a] = true
				if err := send(c, raw, a, i, mark); err != nil && n == 0 && len(got) == 0 && errors.Is(err, os.ErrPermission) {
					return nil, errs.New(errs.Denied, "no right to send ICMP: %w", err)
				}
				if n++; e.sent != nil {
					e.sent(n)
				}
				break
			}
			if ctx.Err() != nil {
				return got, ctx.Err()
			}
		}
		take(quietEcho, true)
		if len(got) == len(asked) {
			break
		}
	}
	return got, ctx.Err()
}

// What gives the rights that are missing.
const (
	mendARP  = "run as root, or give the program the capability cap_net_raw"
	mendICMP = mendARP + " (on Linux, permitting its group in net.ipv4.ping_group_range is enough)"
)

func listenICMP() (c *icmp.PacketConn, raw bool, err error) {
	if c, err = icmp.ListenPacket("udp4", "0.0.0.0"); err == nil {
		return c, false, nil
	}
	if c, err = icmp.ListenPacket("ip4:icmp", "0.0.0.0"); err == nil {
		return c, true, nil
	}
	return nil, false, errs.Hint(errs.New(errs.Denied, "no right to send ICMP"), "%s", mendICMP)
}

func send(c *icmp.PacketConn, raw bool, a netip.Addr, seq int, mark uint64) error {
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: int(uint16(mark)), Seq: seq & 0xffff, Data: binary.BigEndian.AppendUint64(nil, mark)}}
	b, err := m.Marshal(nil)
	if err != nil {
		return fmt.Errorf("write an echo request: %w", err)
	}
	var to net.Addr = &net.UDPAddr{IP: a.AsSlice()}
	if raw {
		to = &net.IPAddr{IP: a.AsSlice()}
	}
	_, err = c.WriteTo(b, to)
	return err //nolint:wrapcheck // looked at by the caller alone
}

// replied reads an echo reply of this sweep. Other programs' replies come through
// a raw socket too; the mark tells them apart.
func replied(b []byte, from net.Addr, mark uint64) (netip.Addr, bool) {
	m, err := icmp.ParseMessage(protocolICMP, b)
	if err != nil || m.Type != ipv4.ICMPTypeEchoReply {
		return netip.Addr{}, false
	}
	body, ok := m.Body.(*icmp.Echo)
	if !ok || len(body.Data) < 8 || binary.BigEndian.Uint64(body.Data) != mark {
		return netip.Addr{}, false
	}
	var ip net.IP
	switch f := from.(type) {
	case *net.UDPAddr:
		ip = f.IP
	case *net.IPAddr:
		ip = f.IP
	}
	a, ok := netip.AddrFromSlice(ip)
	return a.Unmap(), ok
}

func addrHash(addrs []netip.Addr) uint32 {
	h := uint32(2166136261)
	for _, a := range addrs {
		for _, b := range a.AsSlice() {
			h = (h ^ uint32(b)) * 16777619
		}
	}
	return h
}
