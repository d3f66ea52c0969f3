package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// connectTime is how long a connection may take to open.
const connectTime = 2 * time.Second

// run is one scan under way.
type run struct {
	*Scanner
	pace    *pace
	started time.Time
	of      int
}

// inTurn orders targets so that services of one device are spread over the scan
// and few of them are asked at a time. Those of networks with a pace of their own
// come last, lest the others wait for them.
func inTurn(ts []Target, gate Gate) []Target {
	nth := map[netip.Addr]int{}
	slow := map[netip.Addr]int{}
	type placed struct {
		slow, n int
		t       Target
	}
	out := make([]placed, 0, len(ts))
	for _, t := range ts {
		a := t.Addr.Addr().Unmap()
		if _, known := slow[a]; !known {
			slow[a] = 0
			if gate.Permit(a).Rate > 0 {
				slow[a] = 1
			}
		}
		t.Addr = netip.AddrPortFrom(a, t.Addr.Port())
		out = append(out, placed{slow[a], nth[a], t})
		nth[a]++
	}
	slices.SortStableFunc(out, func(a, b placed) int { return cmp.Or(a.slow-b.slow, a.n-b.n) })
	list := make([]Target, 0, len(out))
	for _, p := range out {
		list = append(list, p.t)
	}
	return list
}

// Rest returns the targets that have no result yet: what is left to ask after a
// scan was stopped.
func Rest(ts []Target, have []Result) []Target {
	type service struct {
		addr      netip.AddrPort
		transport string
	}
	of := func(t Target) service {
		return service{netip.AddrPortFrom(t.Addr.Addr().Unmap(), t.Addr.Port()), cmp.Or(t.Transport, "tcp")}
	}
	done := map[service]bool{}
	for _, r := range have {
		done[of(r.Target)] = true
	}
	return slices.DeleteFunc(slices.Clone(ts), func(t Target) bool { return done[of(t)] })
}

func (r *run) all(ctx context.Context, ts []Target, each func(Result)) error {
	work := make(chan Target)
	done := make(chan Result)
	var wg sync.WaitGroup
	for range min(atOnce, max(len(ts), 1)) {
		wg.Go(func() {
			for t := range work {
				if res, ok := r.one(ctx, t); ok {
					done <- res
				}
			}
		})
	}
	go func() {
		defer close(work)
		for _, t := range ts {
			select {
			case work <- t:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() {
		wg.Wait()
		close(done)
	}()
	n := 0
	for res := range done {
		n++
		each(res)
		r.tell(n)
	}
	return ctx.Err()
}

func (r *run) tell(n int) {
	if r.Progress == nil {
		return
	}
	p := Progress{Done: n, Of: r.of, Connections: r.pace.opened(), Elapsed: r.Now().Sub(r.started)}
	if n > 0 && n < r.of {
		p.Left = p.Elapsed / time.Duration(n) * time.Duration(r.of-n)
	}
	r.Progress(p)
}

// asking is one service being asked.
type asking struct {
	*run
	Result
	mu     sync.Mutex
	denied string        // why nothing more may be sent, once that is so
	took   bool          // it has taken a connection
	spent  time.Duration // with connections open, or being opened
}

// one asks a service. It returns false where the scan was stopped before the
// service could be asked to the end.
func (r *run) one(ctx context.Context, t Target) (Result, bool) {
	a := &asking{run: r, Result: Result{Target: t, At: r.Now().UTC()}}
	if t.Transport == "" {
		a.Transport = "tcp"
	}
	a.ask(ctx)
	if ctx.Err() != nil {
		return Result{}, false
	}
	if a.denied != "" {
		// What may not be asked is not spoken of, also where the mark came on the way.
		a.Result = Result{Target: a.Target, At: a.At, Outcome: Left, Why: a.denied, Connections: a.Connections}
	}
	return a.Result, true
}

// dial opens one connection to the service, when it is its turn.
func (a *asking) dial(ctx context.Context) (net.Conn, error) {
	return a.reach(ctx, Ask)
}

// reach opens a connection for something as deep as need.
func (a *asking) reach(ctx context.Context, need Depth) (net.Conn, error) {
	addr := a.Addr.Addr()
	a.mu.Lock()
	over := a.spent >= perService
	a.mu.Unlock()
	if over {
		return nil, wire.Refused("it took more time than one service is given")
	}
	release, err := a.pace.slot(ctx, addr)
	if err != nil {
		return nil, err
	}
	p := a.Gate.Permit(addr)
	if p.Depth >= need {
		if err := a.pace.turn(ctx, p.Network, p.Rate); err != nil {
			release()
			return nil, err
		}
		// Asked last, so that what was listed during the wait holds.
		p = a.Gate.Permit(addr)
	}
	if p.Depth < need {
		release()
		a.mu.Lock()
		a.denied = p.Why
		a.mu.Unlock()
		return nil, wire.Refused(p.Why)
	}
	start := a.Now()
	end := sync.OnceFunc(func() {
		release()
		a.mu.Lock()
		a.spent += a.Now().Sub(start)
		a.mu.Unlock()
	})
	d := net.Dialer{Timeout: connectTime, KeepAlive: -1}
	c, err := d.DialContext(ctx, a.Transport, a.Addr.String())
	a.mu.Lock()
	a.Connections++
	a.took = a.took || err == nil
	a.mu.Unlock()
	if err != nil {
		end()
		return nil, fmt.Errorf("connect to %s: %w", a.Addr, err)
	}
	return &held{c, end}, nil
}

// held gives the device's room back when it is closed.
type held struct {
	net.Conn
	end func()
}

func (h *held) Close() error {
	defer h.end()
	return h.Conn.Close()
}

// fail says how asking ended where nothing was learnt.
func (a *asking) fail(err error) {
	a.Why = wire.Why(err)
	switch {
	case a.took, wire.Hung(err):
		a.Outcome = Failed
	case wire.TimedOut(err), errors.Is(err, context.DeadlineExceeded):
		a.Outcome = Silent
		a.Why = "it did not take a connection in time"
	case wire.Declined(err):
		a.Outcome = Closed
	default:
		a.Outcome = Silent
	}
}
