package access

import "net/netip"

// Address is the class of the network address that a request came from. The
// audit trail keeps the class and not the address, which may name a person.
type Address string

// The classes.
const (
	Loopback     Address = "loopback"
	Private      Address = "private"
	PublicNet    Address = "public"
	LocalCommand Address = "local_command"
	Unknown      Address = "unknown"
)

// ClassOf returns the class of an address.
func ClassOf(a netip.Addr) Address {
	a = a.Unmap()
	switch {
	case !a.IsValid():
		return Unknown
	case a.IsLoopback():
		return Loopback
	case a.IsPrivate(), a.IsLinkLocalUnicast():
		return Private
	}
	return PublicNet
}

// block returns what rate limits count by: an IPv4 address, or the /64 that an
// IPv6 host can choose its addresses from.
func block(a netip.Addr) string {
	a = a.Unmap()
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
