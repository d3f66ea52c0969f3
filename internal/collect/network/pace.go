package network

import (
	"net/netip"
	"sync"
	"time"
)

// Pace keeps the rates of searches that are under way at once. Where their
// networks overlap, a packet waits for the rates of all of them: two searches of one
// network send together what the slower of them permits. The zero value is ready;
// methods may be called from many goroutines.
type Pace struct {
	mu    sync.Mutex
	lanes []*lane // guarded by mu
}

// lane is the rate of one network, for as long as searches of it run.
type lane struct {
	prefix netip.Prefix
	rate   float64
	users  int
	bucket *bucket
}

// join takes part in the rates of the networks that hold or lie in this one.
// Leave it with the function that is returned.
func (p *Pace) join(n Net) (leave func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.lanes {
		if l.prefix == n.Prefix && l.rate == n.rate() {
			l.users++
			return func() { p.leave(l) }
		}
	}
	burst := 1
	if n.Profile == Normal {
		burst = max(1, int(n.rate()/100)) // ten milliseconds' worth: timers are no finer
	}
	l := &lane{prefix: n.Prefix, rate: n.rate(), users: 1, bucket: newBucket(n.rate(), burst)}
	p.lanes = append(p.lanes, l)
	return func() { p.leave(l) }
}

func (p *Pace) leave(l *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.users--; l.users > 0 {
		return
	}
	for i := range p.lanes {
		if p.lanes[i] == l {
			p.lanes = append(p.lanes[:i], p.lanes[i+1:]...)
			return
		}
	}
}

// take takes n packets to the address from all rates it is under, or from none and
// says how long to wait.
func (p *Pace) take(a netip.Addr, now time.Time, n int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var wait time.Duration
	for _, l := range p.lanes {
		if l.prefix.Contains(a) {
			wait = max(wait, l.bucket.wait(now))
		}
	}
	if wait > 0 {
		return wait
	}
	p.spend(a, now, n)
	return 0
}

// charge takes n packets that have left already.
func (p *Pace) charge(a netip.Addr, now time.Time, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spend(a, now, n)
}

func (p *Pace) spend(a netip.Addr, now time.Time, n int) {
	for _, l := range p.lanes {
		if l.prefix.Contains(a) {
			l.bucket.charge(now, n)
		}
	}
}
