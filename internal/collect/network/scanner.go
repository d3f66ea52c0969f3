package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fingerprint"
)

// Scanner carries plans out. It may be used for one run at a time; it keeps
// nothing between runs.
type Scanner struct {
	// Now is the clock. It must be there.
	Now func() time.Time
	// Jitter gives numbers from 0 up to 1 that make the pauses between packets
	// uneven. Nil sends at even pauses.
	Jitter func() float64
	// Checkpoints keeps how far a run came. Nil means that a stopped run begins anew.
	Checkpoints Checkpoints
	// Progress is called about four times a second and at the end, from one
	// goroutine at a time. Nil is allowed.
	Progress func(Progress)
}

// Run carries a plan out, or goes on with it where a checkpoint of it is kept.
//
// It ends within a second after ctx. What it learnt until then is in the Run it
// returns beside the error of ctx, which is not Complete.
func (s *Scanner) Run(ctx context.Context, p *Plan) (*Run, error) {
	r := &running{Scanner: s, plan: p, started: s.Now(), noted: map[string]bool{}}
	r.out = &Run{Scope: p.job.Scope.Name, Plan: p.ID, StartedAt: r.started.UTC(), Ports: p.ports, Addresses: p.Addresses(), Covered: p.rows()}
	for _, n := range p.Notes {
		r.note(n.What, n.Why)
	}
	if err := r.resume(ctx); err != nil {
		return nil, err
	}
	var err error
	if r.links, err = links(); err != nil {
		r.note("networks of this machine", err.Error()+": connections only")
	}
	r.first(ctx)
	r.tell("who", true)
	for i := range p.parts {
		if err = r.part(ctx, &p.parts[i]); err != nil {
			break
		}
	}
	r.end(ctx)
	if ctx.Err() != nil && !r.out.Complete {
		return r.out, ctx.Err()
	}
	return r.out, err
}

// running is one run under way.
type running struct {
	*Scanner
	plan    *Plan
	started time.Time
	links   []link
	ears    *ears // nil where nothing is heard
	packets atomic.Int64
	noted   map[string]bool

	mu        sync.Mutex
	out       *Run                // guarded by mu
	finished  map[netip.Addr]bool // guarded by mu
	probes    int                 // guarded by mu
	untouched map[netip.Addr]string
	told      time.Time // guarded by mu
	saved     time.Time // guarded by mu
	saving    error
	phase     string
	before    int // addresses that an earlier run had finished
}

// part asks one network of the scope.
func (r *running) part(ctx context.Context, pt *part) error {
	g := newGate(r.plan.job.Guard, pt.net, r.Now, r.Jitter, &r.packets)
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, u := range g.left() {
			r.untouched[u.Addr] = u.Why
		}
	}()
	r.mu.Lock()
	var todo []netip.Addr
	for _, a := range pt.addrs {
		if !r.finished[a] && !r.own(a) {
			todo = append(todo, a)
		}
	}
	r.mu.Unlock()
	if len(todo) < len(pt.addrs) {
		for _, a := range pt.addrs {
			if r.own(a) {
				r.note("this machine", "its own addresses are left out: the host collector knows more of it")
				r.finish(&target{addr: a}, pt.net)
			}
		}
	}
	for len(todo) > 0 && ctx.Err() == nil {
		n := min(len(todo), chunk)
		if err := r.chunk(ctx, g, todo[:n]); err != nil {
			return err
		}
		todo = todo[n:]
	}
	return ctx.Err()
}

// chunk is how many addresses are asked who is there before the ports of those
// that answered are.
const chunk = 1024

// card looks up the hardware address of a device that has just answered, in a
// network this machine is part of. The zero address where nobody can tell.
func (r *running) card(a netip.Addr) fingerprint.MAC {
	if !slices.ContainsFunc(r.links, func(l link) bool { return l.prefix.Contains(a) }) {
		return fingerprint.MAC{}
	}
	ns, err := Neighbours(r.Now())
	if err != nil {
		return fingerprint.MAC{}
	}
	for _, n := range ns {
		if n.Addr == a {
			return n.MAC
		}
	}
	return fingerprint.MAC{}
}

func (r *running) own(a netip.Addr) bool {
	return slices.ContainsFunc(r.links, func(l link) bool { return l.addr == a })
}

func (r *running) chunk(ctx context.Context, g *gate, addrs []netip.Addr) error {
	targets := make([]*target, 0, len(addrs))
	if g.net.Profile == Normal {
		var err error
		if targets, err = r.who(ctx, g, addrs); err != nil {
			return err
		}
	} else {
		for _, a := range addrs {
			targets = append(targets, &target{addr: a})
		}
	}
	r.mu.Lock()
	r.phase = "ports"
	r.mu.Unlock()
	s := newSweep(g, inOrder(r.plan.ports), targets, r.Now)
	s.card = r.card
	if g.net.Profile == Normal && !r.plan.job.NoBanners {
		s.read = (&bannerReader{ctx: ctx, gate: g}).read
	}
	before := 0
	s.finished = func(t *target) {
		if ctx.Err() == nil {
			r.finish(t, g.net)
		}
		r.mu.Lock()
		r.probes += s.sent - before
		r.mu.Unlock()
		before = s.sent
		r.tell("ports", false)
		r.save(ctx, false)
	}
	err := s.run(ctx)
	if s.starved >= maxStarved {
		r.note("ports", "this machine had no room for so many connections: some ports were not asked; raise its limit of open files")
	}
	if err != nil {
		return err
	}
	return r.names(ctx)
}

// who finds out which addresses have a device, and leaves out those that have
// none. Where neither ARP nor ICMP can tell, all stay in and connecting tells.
func (r *running) who(ctx context.Context, g *gate, addrs []netip.Addr) ([]*target, error) {
	r.mu.Lock()
	r.phase = "who"
	r.mu.Unlock()
	var far []netip.Addr
	near := map[int][]netip.Addr{}
	for _, a := range addrs {
		if i := slices.IndexFunc(r.links, func(l link) bool { return l.prefix.Contains(a) && !l.mac.IsZero() && a.Is4() }); i >= 0 {
			near[i] = append(near[i], a)
		} else {
			far = append(far, a)
		}
	}
	var out []*target
	for i, as := range near {
		got, err := (&arp{gate: g, via: r.links[i], now: r.Now, sent: func(int) { r.tell("who", false) }}).sweep(ctx, as)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errs.Is(err, errs.Denied), errs.Is(err, errs.Unsupported):
			r.note("ARP", fmt.Sprintf("%s; %s: devices were looked for by connecting, and hardware addresses come from this machine's table", err, errs.HintOf(err)))
			far = append(far, as...)
			continue
		case err != nil:
			r.note("ARP", err.Error()+": the devices of this network were looked for by connecting")
			far = append(far, as...)
			continue
		}
		out = append(out, r.met(got, as, g)...)
	}
	more, err := r.echo(ctx, g, far)
	return append(out, more...), err
}

// met makes targets of those that answered by ARP.
func (r *running) met(got map[netip.Addr]answer, asked []netip.Addr, g *gate) []*target {
	var out []*target
	shared := map[fingerprint.MAC]int{}
	for _, a := range asked {
		an, ok := got[a]
		if !ok {
			r.finish(&target{addr: a}, g.net)
			continue
		}
		if an.two {
			r.note(a.String(), "two devices claim this address: one of them has it wrong, or lies")
		}
		shared[an.mac]++
		out = append(out, &target{addr: a, mac: an.mac, known: true, by: "arp", seenAt: an.at})
	}
	for m, n := range shared {
		if n > manyAddresses {
			r.note(m.String(), fmt.Sprintf("one device answers for %d addresses: a router that stands in for others, or a trap; the addresses need not be devices", n))
		}
	}
	return out
}

// manyAddresses is how many addresses of one hardware address are noted. Servers
// have a handful.
const manyAddresses = 16

// echo asks addresses of other networks by ICMP. Those that do not answer stay in,
// because many computers do not answer it: a few connections decide.
func (r *running) echo(ctx context.Context, g *gate, addrs []netip.Addr) ([]*target, error) {
	if len(addrs) == 0 {
		return nil, nil
	}
	got, err := (&echo{gate: g, now: r.Now, sent: func(int) { r.tell("who", false) }}).sweep(ctx, addrs)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		r.note("ICMP", fmt.Sprintf("%s; %s: devices were looked for by connecting only", err, errs.HintOf(err)))
	}
	out := make([]*target, 0, len(addrs))
	for _, a := range addrs {
		at, ok := got[a]
		out = append(out, &target{addr: a, known: ok, by: "icmp", seenAt: at})
	}
	return out, nil
}

// finish notes what was learnt of an address. It is called once for each.
func (r *running) finish(t *target, n Net) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished[t.addr] = true
	if !t.alive() {
		return
	}
	h := Host{Addr: t.addr, MAC: t.mac, Zone: n.Zone, Profile: n.Profile, By: "tcp", SeenAt: t.seenAt.UTC(), Open: t.open, Asked: t.asked, Silent: t.silent}
	if t.known {
		h.By = t.by
	}
	slices.SortFunc(h.Open, func(a, b Port) int { return int(a.Number) - int(b.Number) })
	r.out.Hosts = append(r.out.Hosts, h)
}

func (r *running) note(what, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if key := what + "\x00" + why; !r.noted[key] && len(r.noted) < maxNotes {
		r.noted[key] = true
		r.out.Notes = append(r.out.Notes, Note{what, why})
	}
}

// maxNotes bounds what liars can make us write down.
const maxNotes = 200

// names asks for the names of hosts that have none yet, a few at once. A name
// server that does not answer costs a bounded time, not the run.
func (r *running) names(ctx context.Context) error {
	res := r.plan.job.Names
	if res == nil {
		return ctx.Err()
	}
	r.mu.Lock()
	var todo []int
	for i := range r.out.Hosts {
		if h := &r.out.Hosts[i]; h.Names == nil && !h.named {
			h.named = true
			todo = append(todo, i)
		}
	}
	r.mu.Unlock()
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	var failed atomic.Int64
	for _, i := range todo {
		if ctx.Err() != nil || failed.Load() >= giveUpNames {
			break
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			one, cancel := context.WithTimeout(ctx, nameTimeout)
			defer cancel()
			r.mu.Lock()
			addr := r.out.Hosts[i].Addr.String()
			r.mu.Unlock()
			names, err := res.LookupAddr(one, addr)
			if err != nil {
				if one.Err() != nil {
					failed.Add(1)
				}
				return
			}
			var kept []string
			for _, n := range names[:min(len(names), 5)] {
				if n = shortText(n, 255); n != "" && net.ParseIP(n) == nil {
					kept = append(kept, n)
				}
			}
			r.mu.Lock()
			r.out.Hosts[i].Names = kept
			r.mu.Unlock()
		})
	}
	wg.Wait()
	if failed.Load() >= giveUpNames {
		r.note("names", "the name server did not answer in time: hosts stay without names")
	}
	return ctx.Err()
}

const (
	nameTimeout = 2 * time.Second
	giveUpNames = 16
)

// end puts the outcome in order.
func (r *running) end(ctx context.Context) {
	r.mu.Lock()
	o := r.out
	slices.SortFunc(o.Hosts, func(a, b Host) int { return a.Addr.Compare(b.Addr) })
	for a, why := range r.untouched {
		o.Untouched = append(o.Untouched, Untouched{a, why})
	}
	slices.SortFunc(o.Untouched, func(a, b Untouched) int { return a.Addr.Compare(b.Addr) })
	o.EndedAt = r.Now().UTC()
	o.Packets += int(r.packets.Load())
	o.Unfinished = o.Addresses - len(r.finished)
	o.Complete = o.Unfinished <= 0 && ctx.Err() == nil
	r.mu.Unlock()
	if o.Complete {
		r.drop(ctx)
	} else {
		r.save(context.WithoutCancel(ctx), true)
	}
	r.hearsay() // after the checkpoint: what was heard is heard anew the next time
	slices.SortFunc(o.Hosts, func(a, b Host) int { return a.Addr.Compare(b.Addr) })
	r.tables(o)
	r.tell("done", true)
}

// tables adds hardware addresses from this machine's own table to hosts that were
// met by connecting: the system had to learn them for that.
func (r *running) tables(o *Run) {
	if !slices.ContainsFunc(o.Hosts, func(h Host) bool { return h.MAC.IsZero() }) {
		return
	}
	ns, err := Neighbours(r.Now())
	if err != nil {
		return
	}
	at := map[netip.Addr]fingerprint.MAC{}
	for _, n := range ns {
		if !n.Confirmed.IsZero() && !n.Confirmed.Before(o.StartedAt) || n.Static {
			at[n.Addr] = n.MAC
		}
	}
	for i := range o.Hosts {
		if h := &o.Hosts[i]; h.MAC.IsZero() {
			h.MAC = at[h.Addr]
		}
	}
}

// tell reports progress, not more often than people can read.
func (r *running) tell(phase string, always bool) {
	if r.Progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Now()
	if !always && now.Sub(r.told) < 250*time.Millisecond {
		return
	}
	r.told = now
	o := r.out
	p := Progress{
		Phase: phase, Addresses: len(r.finished), Of: o.Addresses, Probes: int(r.packets.Load()), ProbeOf: 0,
		Found: len(o.Hosts), Elapsed: now.Sub(r.started),
	}
	for _, h := range o.Hosts {
		p.Open += len(h.Open)
	}
	if done := p.Addresses - r.before; done > 0 && p.Addresses < p.Of {
		p.Left = time.Duration(float64(p.Elapsed) / float64(done) * float64(p.Of-p.Addresses))
	}
	r.Progress(p)
}
