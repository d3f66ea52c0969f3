package network

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// bucket spaces packets so that no more than rate a second leave, after at most
// burst at once. It keeps the moment from which the next packet is due, so what
// was sent beyond a permission (the end of a connection) is paid back by waiting.
// It is guarded by the lock of its [Pace].
type bucket struct {
	each  time.Duration // between two packets
	slack time.Duration // how far packets may run ahead
	due   time.Time
}

func newBucket(rate float64, burst int) *bucket {
	each := max(time.Duration(float64(time.Second)/rate), 1)
	return &bucket{each: each, slack: each * time.Duration(max(burst-1, 0))}
}

// wait says how long until a packet may leave; 0 if it may now.
func (b *bucket) wait(now time.Time) time.Duration {
	if b.due.Before(now) {
		return 0
	}
	return max(b.due.Sub(now)-b.slack, 0)
}

// charge takes n packets.
func (b *bucket) charge(now time.Time, n int) {
	if b.due.Before(now) {
		b.due = now
	}
	b.due = b.due.Add(time.Duration(n) * b.each)
}

// packetsPerOpen is what an open port costs beyond the first packet: the answer
// to its greeting and the two that end the connection.
const packetsPerOpen = 3

// gate is the one place packets pass through. It asks the do-not-touch list and
// keeps the rate of a network.
type gate struct {
	guard  Guard
	net    Net
	pace   *Pace
	leave  func()
	each   time.Duration // between two packets
	now    func() time.Time
	jitter func() float64

	packets   *atomic.Int64
	mu        sync.Mutex
	untouched map[netip.Addr]string // guarded by mu
	pause     time.Time             // drawn once for each packet, guarded by mu
	drawn     bool                  // guarded by mu
}

// newGate opens the gate of a network; close it.
func newGate(guard Guard, n Net, pace *Pace, now func() time.Time, jitter func() float64, packets *atomic.Int64) *gate {
	return &gate{
		guard: guard, net: n, pace: pace, leave: pace.join(n), each: max(time.Duration(float64(time.Second)/n.rate()), 1),
		now: now, jitter: jitter, packets: packets, untouched: map[netip.Addr]string{},
	}
}

// close ends the network's part in the rates.
func (g *gate) close() { g.leave() }

// ask asks for n packets to the address now. It returns how long to wait if the
// rate does not permit them yet, and forbidden if nothing may ever be sent.
func (g *gate) ask(addr netip.Addr, mac fingerprint.MAC, n int) (wait time.Duration, forbidden bool) {
	now := g.now()
	if wait = g.draw(now); wait > 0 {
		return wait, false
	}
	if wait = g.pace.take(addr, now, n); wait > 0 {
		return wait, false
	}
	g.mu.Lock()
	g.drawn = false
	g.mu.Unlock()
	// Asked last, so that what was listed during the wait holds.
	if g.forbids(addr, mac) {
		return 0, true
	}
	g.packets.Add(int64(n))
	return 0, false
}

// draw adds an uneven pause before a packet, so that probes of many runs do not
// fall together. It only ever slows down.
func (g *gate) draw(now time.Time) time.Duration {
	if g.jitter == nil {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.drawn {
		g.drawn = true
		g.pause = now.Add(time.Duration(g.jitter() / 2 * float64(g.each)))
	}
	return max(g.pause.Sub(now), 0)
}

func (g *gate) forbids(addr netip.Addr, mac fingerprint.MAC) bool {
	why, yes := g.guard.Forbids(addr, mac)
	if yes {
		g.mu.Lock()
		g.untouched[addr] = why
		g.mu.Unlock()
	}
	return yes
}

// charge counts packets to an address that left without asking.
func (g *gate) charge(addr netip.Addr, n int) {
	g.packets.Add(int64(n))
	g.pace.charge(addr, g.now(), n)
}

// wait blocks until n packets may leave to the address. It returns false if
// nothing may be sent, or if the context ended.
func (g *gate) wait(ctx context.Context, addr netip.Addr, mac fingerprint.MAC, n int) bool {
	for ctx.Err() == nil {
		w, forbidden := g.ask(addr, mac, n)
		switch {
		case forbidden:
			return false
		case w == 0:
			return true
		}
		sleep(ctx, w)
	}
	return false
}

func (g *gate) left() []Untouched {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Untouched, 0, len(g.untouched))
	for a, why := range g.untouched {
		out = append(out, Untouched{a, why})
	}
	slices.SortFunc(out, func(a, b Untouched) int { return a.Addr.Compare(b.Addr) })
	return out
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
