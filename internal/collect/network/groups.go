package network

import (
	"context"
	"net"
	"sync"
)

// groups runs readings. When the context ends, their connections are closed, so
// that none of them outlives a stop.
type groups struct{ wg sync.WaitGroup }

func (g *groups) run(ctx context.Context, c net.Conn, f func()) {
	g.wg.Go(func() {
		if c != nil {
			stop := context.AfterFunc(ctx, func() { _ = c.Close() })
			defer stop()
			defer c.Close()
		}
		f()
	})
}

func (g *groups) wait() { g.wg.Wait() }

// readings says how many connections are being read.
func (s *sweep) readings() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reading
}
