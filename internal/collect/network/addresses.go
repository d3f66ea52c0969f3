package network

import (
	"fmt"
	"math/bits"
	"net/netip"
)

// addresses says what is wrong with asking the network address by address, or
// nil: too many of them, or addresses that no device of an organization has.
func (n Net) addresses() error {
	p := n.Prefix
	switch hostBits := p.Addr().BitLen() - p.Bits(); {
	case p.Bits() == 0:
		return fmt.Errorf("that is every address there is: list the networks of the organization, such as 10.20.0.0/22")
	case p.Addr().Is4() && hostBits > bits.Len(MaxAddresses-1):
		return fmt.Errorf("it holds %s addresses, and one search looks at %s at most: list the networks that are in use, such as %s",
			thousands(1<<hostBits), thousands(MaxAddresses), netip.PrefixFrom(p.Addr(), 22))
	case p.Addr().Is6() && hostBits > bits.Len(MaxAddresses-1):
		return fmt.Errorf("an IPv6 network of that size cannot be searched address by address, at any rate: list single addresses or ranges up to a /%d; "+
			"the devices of a /64 are found by its router's table of neighbors, DHCPv6 leases or Zeek logs under Imports", 128-bits.Len(MaxAddresses-1))
	}
	a := p.Addr()
	switch {
	case a.IsMulticast():
		return fmt.Errorf("these are addresses of groups, which no device has: leave it out")
	case a.IsUnspecified(), a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return fmt.Errorf("no device has this address: leave it out")
	case n.Public, own(p):
		return nil
	}
	return fmt.Errorf("these are addresses of the internet, which belong to others unless your organization owns them: " +
		"leave it out, or say that they are yours (--public on the command line, the box on the page)")
}

// private are the networks that organizations use inside: RFC 1918, 3927, 6598,
// 4193 and 4291, and the machine itself.
var private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("::1/128"),
}

// own reports whether a network lies inside one that is used inside alone.
func own(p netip.Prefix) bool {
	for _, in := range private {
		if in.Contains(p.Addr()) && in.Bits() <= p.Bits() {
			return true
		}
	}
	return false
}

// thousands writes a number as people read it: 16,777,216.
func thousands(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(uint64(n)) + " " + many
}
