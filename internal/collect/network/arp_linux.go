package network

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fingerprint"
)

// quiet is how long to listen after the last question of a round. Wired devices
// answer within a millisecond or two; sleeping wireless ones take longer, and the
// second round wakes them.
const (
	quietFirst = 120 * time.Millisecond
	quietLast  = 250 * time.Millisecond
)

func (a *arp) sweep(ctx context.Context, addrs []netip.Addr) (map[netip.Addr]answer, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, int(htons(unix.ETH_P_ARP)))
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return nil, errs.Hint(errs.New(errs.Denied, "no right to send ARP"), "%s", mendARP)
	} else if err != nil {
		return nil, fmt.Errorf("open a packet socket: %w", err)
	}
	defer unix.Close(fd)
	to := unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ARP), Ifindex: a.via.index, Halen: 6, Addr: [8]byte{255, 255, 255, 255, 255, 255}}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ARP), Ifindex: a.via.index}); err != nil {
		return nil, fmt.Errorf("bind to %s: %w", a.via.name, err)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<20)
	r := round{arp: a, fd: fd, to: &to, asked: make(map[netip.Addr]bool, len(addrs)), got: map[netip.Addr]answer{}}
	for n, quiet := range []time.Duration{quietFirst, quietLast} {
		for _, addr := range addrs {
			if _, ok := r.got[addr]; ok {
				continue
			}
			if err := r.ask(ctx, addr); err != nil {
				return r.got, err
			}
		}
		if len(r.got) == len(r.asked) && n == 0 {
			break
		}
		r.listen(ctx, quiet)
	}
	return r.got, ctx.Err()
}

type round struct {
	*arp
	fd    int
	to    unix.Sockaddr
	asked map[netip.Addr]bool
	got   map[netip.Addr]answer
	n     int
}

// ask sends one question as soon as the gate permits it; answers are taken while
// it waits.
func (r *round) ask(ctx context.Context, addr netip.Addr) error {
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait, forbidden := r.gate.ask(addr, fingerprint.MAC{}, 1)
		if forbidden {
			return nil
		}
		if wait == 0 {
			break
		}
		r.listen(ctx, wait)
	}
	r.asked[addr] = true
	frame := question(r.via, addr)
	for tries := 0; ; tries++ {
		err := unix.Sendto(r.fd, frame, 0, r.to)
		if err == nil {
			break
		}
		if tries > 50 || !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("ask by ARP on %s: %w", r.via.name, err)
		}
		r.listen(ctx, time.Millisecond)
	}
	r.n++
	if r.sent != nil {
		r.sent(r.n)
	}
	if r.n%32 == 0 {
		r.take()
	}
	return nil
}

// listen takes answers until the time is over. It looks at the context often
// enough for a stop to be heard.
func (r *round) listen(ctx context.Context, d time.Duration) {
	until := r.now().Add(d)
	for ctx.Err() == nil {
		left := until.Sub(r.now())
		if left <= 0 {
			return
		}
		ms := int(min(left, 50*time.Millisecond)/time.Millisecond) + 1
		if left < time.Millisecond {
			ms = 0
			sleep(ctx, left)
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN}}, ms)
		if n > 0 && err == nil {
			r.take()
		}
	}
}

// take reads the answers that have come.
func (r *round) take() {
	var b [128]byte
	for range 4096 { // a flood must not keep us from going on
		n, err := unix.Read(r.fd, b[:])
		if err != nil || n <= 0 {
			return
		}
		addr, mac, ok := heard(b[:n])
		if !ok || !r.asked[addr] {
			continue // nobody asked for it: other machines' talk, or a lie
		}
		if r.gate.forbids(addr, mac) {
			delete(r.got, addr)
			continue
		}
		old, known := r.got[addr]
		switch {
		case !known:
			r.got[addr] = answer{mac: mac, at: r.now()}
		case old.mac != mac:
			old.two = true
			r.got[addr] = old
		}
	}
}

// question is the Ethernet frame that asks who has an address (RFC 826).
func question(via link, addr netip.Addr) []byte {
	b := make([]byte, 0, 60)
	b = append(b, 255, 255, 255, 255, 255, 255)
	b = append(b, via.mac[:]...)
	b = append(b, 0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, 1)
	b = append(b, via.mac[:]...)
	from, to := via.addr.As4(), addr.As4()
	b = append(b, from[:]...)
	b = append(b, 0, 0, 0, 0, 0, 0)
	b = append(b, to[:]...)
	return b[:60] // the shortest frame Ethernet has; the rest is zeros
}

// heard reads who says of itself to have which address. Both answers and
// questions say so.
func heard(b []byte) (netip.Addr, fingerprint.MAC, bool) {
	const head = 14
	if len(b) < head+28 || binary.BigEndian.Uint16(b[12:]) != unix.ETH_P_ARP {
		return netip.Addr{}, fingerprint.MAC{}, false
	}
	p := b[head:]
	if binary.BigEndian.Uint16(p) != 1 || binary.BigEndian.Uint16(p[2:]) != 0x0800 || p[4] != 6 || p[5] != 4 {
		return netip.Addr{}, fingerprint.MAC{}, false
	}
	if op := binary.BigEndian.Uint16(p[6:]); op != 1 && op != 2 {
		return netip.Addr{}, fingerprint.MAC{}, false
	}
	mac := fingerprint.MAC(p[8:14])
	addr := netip.AddrFrom4([4]byte(p[14:18]))
	if addr.IsUnspecified() || mac.IsZero() || mac[0]&1 != 0 {
		return netip.Addr{}, fingerprint.MAC{}, false
	}
	return addr, mac, true
}

func htons(v uint16) uint16 { return v<<8 | v>>8 }
