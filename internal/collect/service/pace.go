package service

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// DefaultRate is new connections a second of a whole scan.
const DefaultRate = 200

// perHost is how many connections one device has open at a time.
const perHost = 2

// pace spaces connections: so many a second for the scan, so many for each
// network, and few at once for each device.
type pace struct {
	now func() time.Time

	mu    sync.Mutex
	whole bucket
	nets  map[netip.Prefix]*bucket
	hosts map[netip.Addr]chan struct{}
	count int
}

// bucket keeps the moment from which the next connection is due.
type bucket struct {
	each  time.Duration
	slack time.Duration // how far connections may run ahead
	due   time.Time
}

// burst is how many connections may leave at once: timers are no finer than
// about a hundredth of a second.
func newBucket(rate float64) bucket {
	each := time.Duration(float64(time.Second) / rate)
	return bucket{each: each, slack: each * time.Duration(max(int(rate/100)-1, 0))}
}

// wait returns how long the next connection has to wait.
func (b *bucket) wait(now time.Time) time.Duration {
	if b.due.Before(now) {
		b.due = now
	}
	return max(b.due.Sub(now)-b.slack, 0)
}

func (b *bucket) take() { b.due = b.due.Add(b.each) }

func newPace(rate float64, now func() time.Time) *pace {
	if rate <= 0 {
		rate = DefaultRate
	}
	return &pace{now: now, whole: newBucket(rate), nets: map[netip.Prefix]*bucket{}, hosts: map[netip.Addr]chan struct{}{}}
}

// turn waits until a connection may be opened to the address.
func (p *pace) turn(ctx context.Context, n netip.Prefix, rate float64) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		d := p.ask(n, rate)
		if d == 0 {
			return nil
		}
		t := time.NewTimer(d)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

func (p *pace) ask(n netip.Prefix, rate float64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	d := p.whole.wait(now)
	var own *bucket
	if rate > 0 {
		if own = p.nets[n]; own == nil {
			b := newBucket(rate)
			own = &b
			p.nets[n] = own
		}
		d = max(d, own.wait(now))
	}
	if d > 0 {
		return d
	}
	p.whole.take()
	if own != nil {
		own.take()
	}
	p.count++
	return 0
}

// slot waits until the device has room for one more connection, and returns what
// gives the room back.
func (p *pace) slot(ctx context.Context, a netip.Addr) (release func(), err error) {
	p.mu.Lock()
	c := p.hosts[a]
	if c == nil {
		c = make(chan struct{}, perHost)
		p.hosts[a] = c
	}
	p.mu.Unlock()
	select {
	case c <- struct{}{}:
		return sync.OnceFunc(func() { <-c }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// opened counts the connections opened so far.
func (p *pace) opened() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}
