package network

import (
	"container/heap"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// outcome is how an attempt to connect ended.
type outcome uint8

const (
	opened      outcome = iota // the port took the connection
	closed                     // the host refused it: it is there
	silent                     // nothing came back in time
	unreachable                // the network says that nobody is there, or that it may not be reached
	starved                    // this machine had no room for one more connection
)

// connectTimeout is how long an attempt may take. It is below one second so that
// the system sends its greeting once only: a repetition would not be counted
// against the rate.
const connectTimeout = 900 * time.Millisecond

// target is a host whose ports are asked.
type target struct {
	addr  netip.Addr
	mac   fingerprint.MAC
	known bool   // it has answered already
	by    string // how, where it has: arp or icmp

	next     int      // index of the next port
	again    []uint16 // ports this machine had no room for
	place    int      // in the line, from 1; 0 if it is not in it
	ended    bool
	left     bool // it must not be touched, as was learnt on the way
	flying   int  // attempts and readings under way
	asked    int
	silent   int
	nowhere  int // attempts the network refused
	answered bool
	over     bool // no more ports are asked
	open     []Port
	due      time.Time
	seenAt   time.Time
}

// alive reports whether the host is known to be there.
func (t *target) alive() bool { return t.known || t.answered }

// limits says how many may be under way at once.
type limits struct {
	hosts   int // hosts begun and not finished
	perHost int
	total   int
}

func limitsOf(p Profile) limits {
	if p == Normal {
		return limits{hosts: 128, perHost: 8, total: 512} // few enough that hosts are finished one after the other
	}
	return limits{1, 1, 1} // one connection to one host at a time
}

// sweep decides which port of which host is asked next. It sends nothing itself.
type sweep struct {
	gate   *gate
	ports  []uint16
	who    int // ports after which an address that never answered is given up
	limits limits
	each   time.Duration // between packets to one host
	now    func() time.Time
	// read takes a connection that was opened and says what it learnt. It is called
	// from its own goroutine; nil means that connections are closed at once.
	read func(t *target, number uint16, c net.Conn) Port
	// card looks an address up in this machine's table of neighbors; the zero MAC
	// where it is not there. Nil where hardware addresses are known already.
	card func(netip.Addr) fingerprint.MAC
	// tells reports whether card can know an address once it has answered.
	tells func(netip.Addr) bool
	// finished is called once for each host, in the order they end.
	finished func(*target)

	mu      sync.Mutex
	ready   byDue
	queue   []*target // not begun
	begun   int       // hosts begun and not finished
	flying  int
	reading int
	starved int
	noWay   int // attempts that this machine itself knew no way for
	sent    int
}

func newSweep(g *gate, ports []uint16, targets []*target, now func() time.Time) *sweep {
	return &sweep{
		gate: g, ports: ports, who: min(whoTries(g.net.Profile), len(ports)), limits: limitsOf(g.net.Profile),
		each: time.Duration(float64(time.Second) / g.net.hostRate()), now: now, queue: targets,
	}
}

// next returns an attempt to begin. If none may begin yet it says when to ask
// again; more is false when the sweep is over.
func (s *sweep) next() (t *target, number uint16, wait time.Duration, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for {
		for len(s.queue) > 0 && s.begun < s.limits.hosts {
			t, s.queue = s.queue[0], s.queue[1:]
			s.begun++
			t.due = now
			s.settle(t)
		}
		if s.flying >= s.limits.total {
			return nil, 0, pollAgain, true
		}
		if len(s.ready) == 0 {
			return nil, 0, pollAgain, s.flying > 0
		}
		t = s.ready[0]
		if wait = t.due.Sub(now); wait > 0 {
			return nil, 0, wait, true
		}
		packets := 1
		if t.next == 0 {
			packets++ // the system asks for the hardware address first
		}
		wait, forbidden := s.gate.ask(t.addr, t.mac, packets)
		if wait > 0 {
			return nil, 0, wait, true
		}
		if forbidden {
			t.forget()
			s.settle(t)
			continue
		}
		if n := len(t.again); n > 0 {
			number, t.again = t.again[n-1], t.again[:n-1]
		} else {
			number = s.ports[t.next]
			t.next++
		}
		t.flying++
		s.flying++
		s.sent++
		t.due = now.Add(s.each)
		heap.Fix(&s.ready, 0)
		s.settle(t)
		return t, number, 0, true
	}
}

// pollAgain is how long to wait where only an answer can change something.
const pollAgain = 100 * time.Millisecond

// settle puts the host in line or takes it out, and ends it when all is done.
// The lock is held.
func (s *sweep) settle(t *target) {
	if t.next >= len(s.ports) && len(t.again) == 0 {
		t.over = true
	}
	switch wanted := !t.over && t.flying < s.limits.perHost && s.mayGoOn(t); {
	case wanted && t.place == 0:
		heap.Push(&s.ready, t)
	case !wanted && t.place > 0:
		heap.Remove(&s.ready, t.place-1)
	}
	// A port that found no room comes back, so a host ends with its last attempt.
	if t.over && t.flying == 0 && !t.ended {
		t.ended = true
		s.begun--
		if s.finished != nil {
			s.finished(t)
		}
	}
}

// mayGoOn holds an address that has not answered to the first few ports until
// those have ended, so that empty addresses cost little.
//
// Where an answer gives the hardware address away, and nobody knows it yet, the
// first attempt goes alone: it may show that the device must not be touched.
func (s *sweep) mayGoOn(t *target) bool {
	if s.tells != nil && t.mac.IsZero() && !t.alive() && t.next == 1 && t.flying > 0 && s.tells(t.addr) {
		return false
	}
	return t.alive() || t.next < s.who || t.flying == 0
}

// done takes the outcome of an attempt. It reports whether the connection is to
// be read; then [sweep.learnt] ends the attempt.
func (s *sweep) done(t *target, number uint16, o outcome) (read bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o == opened {
		s.gate.charge(t.addr, packetsPerOpen)
	}
	if t.left {
		t.flying--
		s.flying--
		s.settle(t)
		return false
	}
	switch o {
	case opened:
		t.answer(s.now())
		t.asked++
		if s.recognized(t) {
			break
		}
		if s.read != nil && known[number].way != leave {
			s.reading++
			s.settle(t)
			return true
		}
		t.open = append(t.open, Port{Number: number})
	case closed:
		t.answer(s.now())
		t.asked++
		s.recognized(t)
	case silent:
		t.asked++
		t.silent++
	case unreachable:
		t.asked++
		t.nowhere++
		// A firewall may refuse single ports in the network's words. Where nothing has
		// answered, the word is taken that nobody is there.
		if !t.alive() {
			t.over = true
		} else {
			t.silent++
		}
	case starved:
		if s.starved++; s.starved < maxStarved {
			t.again = append(t.again, number)
			t.over = false
			t.due = s.now().Add(pollAgain)
			if t.place > 0 {
				heap.Fix(&s.ready, t.place-1)
			}
		} else {
			t.silent++
		}
	}
	t.flying--
	s.flying--
	if !t.alive() && t.silent+t.nowhere >= s.who {
		t.over, t.again = true, nil
	}
	s.settle(t)
	return false
}

// recognized looks up the hardware address that the first answer taught this
// machine, and reports whether it is one that must not be touched: a listed
// device that has moved to another address. It is sent nothing more, above all no
// byte over a connection. The lock is held.
func (s *sweep) recognized(t *target) bool {
	if t.mac.IsZero() && s.card != nil && !t.over {
		t.mac = s.card(t.addr)
	}
	if t.mac.IsZero() || !s.gate.forbids(t.addr, t.mac) {
		return false
	}
	t.forget()
	return true
}

// forget drops what was learnt of a host that must not be touched: nothing is
// said of what is left alone.
func (t *target) forget() {
	t.left, t.over, t.again = true, true, nil
	t.open, t.known, t.answered = nil, false, false
}

// maxStarved bounds how often this machine may lack room before ports count as
// not asked.
const maxStarved = 1000

// learnt ends an attempt whose connection was read.
func (s *sweep) learnt(t *target, p Port) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !t.left {
		t.open = append(t.open, p)
	}
	t.flying--
	s.flying--
	s.reading--
	s.settle(t)
}

func (t *target) answer(at time.Time) {
	t.answered = true
	if t.seenAt.IsZero() {
		t.seenAt = at
	}
}

// byDue is the line of hosts, the one that may be asked first in front.
type byDue []*target

func (b byDue) Len() int           { return len(b) }
func (b byDue) Less(i, j int) bool { return b[i].due.Before(b[j].due) }
func (b byDue) Swap(i, j int) {
	b[i], b[j] = b[j], b[i]
	b[i].place, b[j].place = i+1, j+1
}

func (b *byDue) Push(x any) {
	t := x.(*target) //nolint:forcetypeassert,errcheck // only targets are pushed
	*b = append(*b, t)
	t.place = len(*b)
}

func (b *byDue) Pop() any {
	old := *b
	t := old[len(old)-1]
	*b = old[:len(old)-1]
	t.place = 0
	return t
}
