package network

import (
	"context"
	"errors"
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
	// Pace keeps the rates of all searches that share it. Nil means that this one
	// knows of no other.
	Pace *Pace
	// Progress is called about four times a second and at the end, from one
	// goroutine at a time. Nil is allowed.
	Progress func(Progress)
}

// Run carries a plan out, or goes on with it where a checkpoint of it is kept.
//
// It ends within a second after ctx. What it learnt until then is in the Run it
// returns beside the error of ctx, which is not Complete.
func (s *Scanner) Run(ctx context.Context, p *Plan) (*Run, error) {
	r := &running{Scanner: s, plan: p, started: s.Now(), noted: map[string]bool{}, unread: map[string]int{}, pace: s.Pace}
	if r.pace == nil {
		r.pace = &Pace{}
	}
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
	pace    *Pace
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
	tally     tally
	unread    map[string]int // devices that refused SNMP, by why; guarded by mu
	standing  bool           // something on the way answers in this part
}

// tally counts how the addresses of a part that have no device ended.
type tally struct{ silent, nowhere, alive int }

// part asks one network of the scope.
func (r *running) part(ctx context.Context, pt *part) error {
	g := newGate(r.plan.job.Guard, pt.net, r.pace, r.Now, r.Jitter, &r.packets)
	defer g.close()
	defer r.discern(pt)
	defer r.leave(g)
	r.mu.Lock()
	var todo []netip.Addr
	for _, a := range pt.addrs {
		if !r.finished[a] && !r.own(a) && !r.edge(a) {
			todo = append(todo, a)
		}
	}
	r.mu.Unlock()
	if len(todo) < len(pt.addrs) {
		for _, a := range pt.addrs {
			switch {
			case r.own(a):
				r.note("this machine", "its own addresses are left out: the host collector knows more of it")
				r.finish(&target{addr: a}, pt.net)
			case r.edge(a):
				r.finish(&target{addr: a}, pt.net)
			}
		}
	}
	r.tally, r.standing = tally{}, false
	for len(todo) > 0 && ctx.Err() == nil {
		n := wholeBlocks(todo, r.chunkOf(pt.net))
		if err := r.chunk(ctx, g, pt, todo[:n]); err != nil {
			return err
		}
		todo = todo[n:]
	}
	if ctx.Err() == nil {
		r.mute(pt)
	}
	return ctx.Err()
}

// leave takes down what was left alone so far.
func (r *running) leave(g *gate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range g.left() {
		r.untouched[u.Addr] = u.Why
	}
}

// How many addresses are asked who is there before the ports of those that
// answered are. Where there is no ARP, connections tell, and what is learnt of a
// few hundred decides how the next ones are asked.
const (
	chunkNear     = 1024
	chunkFar      = 256
	chunkCautious = 128
)

func (r *running) chunkOf(n Net) int {
	switch {
	case n.Profile == Cautious:
		return chunkCautious
	case slices.ContainsFunc(r.links, func(l link) bool { return l.prefix.Overlaps(n.Prefix) }):
		return chunkNear
	}
	return chunkFar
}

// wholeBlocks says how many of the addresses to take so that no block is cut,
// unless it is larger than what is wanted.
func wholeBlocks(todo []netip.Addr, want int) int {
	if len(todo) <= want {
		return len(todo)
	}
	for n := want; n > want/2; n-- {
		if block(todo[n-1]) != block(todo[n]) {
			return n
		}
	}
	return want
}

// mute says that nothing answered in a network beyond a router, and what that may
// mean: no answer is not the same as no device.
func (r *running) mute(pt *part) {
	c := r.tally
	if c.alive > 0 || c.silent+c.nowhere == 0 || r.heard(pt) || slices.ContainsFunc(r.links, func(l link) bool { return l.prefix.Overlaps(pt.net.Prefix) }) {
		return
	}
	why := "a firewall on the way may drop what is asked"
	if c.nowhere > c.silent {
		why = "the network says that they cannot be reached: a firewall refuses what is asked, or a router does not know the way"
	}
	r.note(pt.net.Prefix.String(), fmt.Sprintf("not one of %s answered, beyond a router; %s. It is not said that no device is there. "+
		"Let this machine through, search from inside that network, or bring its router's ARP table or DHCP leases under Imports", plural(c.silent+c.nowhere, "address", "addresses"), why))
}

// heard reports whether an earlier run, which this one goes on with, found a
// device in the part.
func (r *running) heard(pt *part) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.out.Hosts, func(h Host) bool { return pt.net.Prefix.Contains(h.Addr) })
}

// edge reports whether an address stands for a network of this machine, or for
// all devices of it: no device has it, also where the permitted network is larger.
func (r *running) edge(a netip.Addr) bool {
	return slices.ContainsFunc(r.links, func(l link) bool { return edgeOf(l.prefix, a) })
}

// card looks up the hardware address of a device that has just answered, in a
// network this machine is part of. The zero address where nobody can tell.
func (r *running) card(a netip.Addr) fingerprint.MAC {
	if !r.near(a) {
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

// near reports whether an address is in a network this machine is part of.
func (r *running) near(a netip.Addr) bool {
	return slices.ContainsFunc(r.links, func(l link) bool { return l.prefix.Contains(a) })
}

func (r *running) own(a netip.Addr) bool {
	return slices.ContainsFunc(r.links, func(l link) bool { return l.addr == a })
}

func (r *running) chunk(ctx context.Context, g *gate, pt *part, addrs []netip.Addr) error {
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
	gone := make(map[netip.Addr]bool, len(addrs)) // by ARP
	for _, a := range addrs {
		gone[a] = r.finished[a]
	}
	r.mu.Unlock()
	ports := inOrder(r.plan.ports)
	var near, far []*target
	for _, t := range targets {
		if t.mac.IsZero() && (g.net.Profile == Normal || r.standing) {
			far = append(far, t)
		} else {
			near = append(near, t)
		}
	}
	if err := r.connect(ctx, g, ports, near, nil); err != nil {
		return err
	}
	if err := r.far(ctx, g, ports, far); err != nil {
		return err
	}
	if err := r.snmp(ctx, g, pt, addrs, gone); err != nil {
		return err
	}
	if g.net.Profile == Cautious {
		r.leave(g)
		r.discern(pt)
		r.mu.Lock()
		r.standing = slices.ContainsFunc(r.out.Alike, func(a Alike) bool { return pt.net.Prefix.Overlaps(a.Prefix) })
		r.mu.Unlock()
	}
	return r.names(ctx)
}

// far asks addresses that no ARP speaks for in two steps: the few ports that
// tell whether somebody is there, then, where it is not something on the way that
// answers for all, the others. So a firewall that takes every connection costs a
// few packets an address, not those of a device.
func (r *running) far(ctx context.Context, g *gate, ports []uint16, targets []*target) error {
	first := min(whoTries(g.net.Profile), len(ports))
	var alive []*target
	if err := r.connect(ctx, g, ports[:first], targets, func(t *target) bool {
		if t.alive() {
			alive = append(alive, t)
		}
		return t.alive()
	}); err != nil {
		return err
	}
	asked := map[netip.Prefix]int{}
	for _, t := range targets {
		if !t.left {
			asked[block(t.addr)]++
		}
	}
	hosts := make([]*Host, 0, len(alive))
	for _, t := range alive {
		hosts = append(hosts, t.host(g.net))
	}
	r.mu.Lock()
	drop := r.alike(g.net, hosts, asked)
	r.mu.Unlock()
	rest := alive[:0]
	for i, t := range alive {
		if drop[t.addr] {
			r.finish(&target{addr: t.addr}, g.net)
			continue
		}
		t.open = hosts[i].Open
		t.next, t.over, t.ended = 0, false, false
		rest = append(rest, t)
	}
	return r.connect(ctx, g, ports[first:], rest, nil)
}

// connect tries the ports of the targets and takes down what is learnt of those
// that keep does not claim for later.
func (r *running) connect(ctx context.Context, g *gate, ports []uint16, targets []*target, keep func(*target) bool) error {
	if len(targets) == 0 {
		return ctx.Err()
	}
	if len(ports) == 0 {
		for _, t := range targets {
			r.finish(t, g.net)
		}
		return ctx.Err()
	}
	s := newSweep(g, ports, targets, r.Now)
	s.card, s.tells = r.card, r.near
	if g.net.Profile == Normal && !r.plan.job.NoBanners {
		s.read = (&bannerReader{ctx: ctx, gate: g}).read
	}
	before := 0
	s.finished = func(t *target) {
		if ctx.Err() == nil && (keep == nil || !keep(t)) {
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
	if s.noWay > 0 {
		r.note("routes", "this machine has no way to addresses of "+g.net.Prefix.String()+", or a firewall of its own forbids it: they were sent nothing. Mend its routes or its firewall, or search from another machine")
	}
	return err
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
		met, behind := r.met(got, as, g)
		out = append(out, met...)
		far = append(far, behind...)
	}
	more, err := r.echo(ctx, g, far)
	return append(out, more...), err
}

// met makes targets of those that answered by ARP. Behind are addresses that one
// device answers for that has more of them than a device has: a router that stands
// in. Whether devices are there is asked as beyond any router.
func (r *running) met(got map[netip.Addr]answer, asked []netip.Addr, g *gate) (out []*target, behind []netip.Addr) {
	cards := make(map[netip.Addr]fingerprint.MAC, len(got))
	for a, an := range got {
		cards[a] = an.mac
	}
	shared := sharedCards(cards)
	r.mu.Lock()
	for m, n := range shared {
		r.noteShared(m, n)
	}
	r.mu.Unlock()
	for _, a := range asked {
		an, ok := got[a]
		switch {
		case !ok:
			r.finish(&target{addr: a}, g.net)
			continue
		case shared[an.mac] > 0:
			behind = append(behind, a)
			continue
		case an.two:
			r.note(a.String(), "two devices claim this address: one of them has it wrong, or lies")
		}
		out = append(out, &target{addr: a, mac: an.mac, known: true, by: byARP, seenAt: an.at})
	}
	return out, behind
}

// manyAddresses is how many addresses one device may have. Servers have a handful.
const manyAddresses = 16

// How a device is met.
const (
	byARP  = "arp"
	byICMP = "icmp"
	byTCP  = "tcp"
)

// echo asks addresses of other networks by ICMP. Those that do not answer stay in,
// because many computers do not answer it: a few connections decide.
func (r *running) echo(ctx context.Context, g *gate, addrs []netip.Addr) ([]*target, error) {
	if len(addrs) == 0 {
		return nil, nil
	}
	ping := make([]netip.Addr, 0, len(addrs))
	for _, a := range addrs {
		switch {
		case a.Is6():
			r.note("IPv6", "devices with IPv6 addresses are looked for by connecting alone: they are not pinged, and this program asks for no neighbors itself")
		case !r.near(a) && (a.As4()[3] == 0 || a.As4()[3] == 255):
			// It may be a smaller network's own or broadcast address there, which all of its
			// devices would answer. They answer no connection to it.
		default:
			ping = append(ping, a)
		}
	}
	var got map[netip.Addr]time.Time
	var err error
	if len(ping) > 0 {
		got, err = (&echo{gate: g, now: r.Now, sent: func(int) { r.tell("who", false) }}).sweep(ctx, ping)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		r.note("ICMP", fmt.Sprintf("%s; %s: devices were looked for by connecting only", err, errs.HintOf(err)))
	}
	out := make([]*target, 0, len(addrs))
	for _, a := range addrs {
		at, ok := got[a]
		out = append(out, &target{addr: a, known: ok, by: byICMP, seenAt: at})
	}
	return out, nil
}

// finish notes what was learnt of an address. It is called once for each.
func (r *running) finish(t *target, n Net) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished[t.addr] = true
	switch {
	case t.alive():
		r.tally.alive++
		r.out.Hosts = append(r.out.Hosts, *t.host(n))
	case t.nowhere > 0:
		r.tally.nowhere++
	case t.asked > 0:
		r.tally.silent++
	}
}

// host is what was learnt of a target.
func (t *target) host(n Net) *Host {
	h := &Host{Addr: t.addr, MAC: t.mac, Zone: n.Zone, Profile: n.Profile, By: byTCP, SeenAt: t.seenAt.UTC(), Open: slices.Clone(t.open), Asked: t.asked, Silent: t.silent}
	if t.known {
		h.By = t.by
	}
	slices.SortFunc(h.Open, func(a, b Port) int { return int(a.Number) - int(b.Number) })
	return h
}

func (r *running) note(what, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noteLocked(what, why)
}

// noteLocked is note where the lock is held.
func (r *running) noteLocked(what, why string) {
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
				// That there is no name is an answer; the context may still be open when its
				// time is over for the question.
				var no *net.DNSError
				if !errors.As(err, &no) || !no.IsNotFound {
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
		r.note("names", "the name server did not answer in time, or refused: devices stay without names")
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
	r.saySNMP()
	r.sayAlike()
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
	shared := sharedCards(at)
	for m, n := range shared {
		if slices.ContainsFunc(o.Hosts, func(h Host) bool { return at[h.Addr] == m }) {
			r.noteShared(m, n)
		}
	}
	for i := range o.Hosts {
		if h := &o.Hosts[i]; h.MAC.IsZero() && shared[at[h.Addr]] == 0 {
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
