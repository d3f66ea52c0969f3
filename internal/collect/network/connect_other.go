//go:build !linux

package network

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// run carries the sweep out with the dialer of the standard library.
func (s *sweep) run(ctx context.Context) error {
	var attempts, readings groups
	defer readings.wait()
	defer attempts.wait()
	for ctx.Err() == nil {
		t, number, wait, more := s.next()
		switch {
		case !more:
			return ctx.Err()
		case t == nil:
			sleep(ctx, min(wait, pollAgain/10))
			continue
		}
		attempts.run(ctx, nil, func() {
			d := net.Dialer{Timeout: connectTimeout}
			c, err := d.DialContext(ctx, "tcp", netip.AddrPortFrom(t.addr, number).String())
			if err != nil {
				s.done(t, number, outcomeOf(err))
				return
			}
			if !s.done(t, number, opened) {
				_ = c.Close()
				return
			}
			readings.run(ctx, c, func() { s.learnt(t, s.read(t, number, c)) })
		})
	}
	return ctx.Err()
}

func outcomeOf(err error) outcome {
	text := err.Error()
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), strings.Contains(text, "refused"):
		return closed
	case strings.Contains(text, "unreachable"), strings.Contains(text, "no route"):
		return unreachable
	case strings.Contains(text, "too many open files"), strings.Contains(text, "lacked sufficient buffer"):
		return starved
	}
	return silent
}
