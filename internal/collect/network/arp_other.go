//go:build !linux

package network

import (
	"context"
	"net/netip"

	"github.com/asepsis/asepsis/internal/errs"
)

func (a *arp) sweep(context.Context, []netip.Addr) (map[netip.Addr]answer, error) {
	return nil, errs.New(errs.Unsupported, "ARP questions are sent on Linux only")
}
