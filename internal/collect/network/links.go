package network

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// link is an interface of this machine with one of its networks.
type link struct {
	name   string
	index  int
	mac    fingerprint.MAC
	addr   netip.Addr
	prefix netip.Prefix
}

// links lists the networks this machine is part of.
func links() ([]link, error) {
	ifs, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list the network interfaces: %w", err)
	}
	var out []link
	for _, i := range ifs {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		l := link{name: i.Name, index: i.Index}
		if len(i.HardwareAddr) == 6 {
			l.mac = fingerprint.MAC(i.HardwareAddr)
		}
		for _, a := range addrs {
			n, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			ip, ok := netip.AddrFromSlice(n.IP)
			if !ok {
				continue
			}
			ones, _ := n.Mask.Size()
			l.addr = ip.Unmap()
			l.prefix = netip.PrefixFrom(l.addr, ones).Masked()
			out = append(out, l)
		}
	}
	return out, nil
}
