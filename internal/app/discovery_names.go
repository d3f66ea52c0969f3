package app

import (
	"context"
	"net"
	"net/netip"

	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fingerprint"
)

// nameServer asks this machine's own name server for names of what was found.
// Where the name server itself must not be touched, it is asked nothing.
func nameServer(guard network.Guard) network.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, proto, address string) (net.Conn, error) {
		if at, err := netip.ParseAddrPort(address); err == nil {
			if why, no := guard.Forbids(at.Addr(), fingerprint.MAC{}); no {
				return nil, errs.New(errs.Denied, "the name server must not be touched: %s", why)
			}
		}
		return (&net.Dialer{}).DialContext(ctx, proto, address)
	}}
}
