package app

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fingerprint"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/web/api"
)

// networkScope turns what people permitted into what discovery takes.
func networkScope(s api.DiscoveryScope) (network.Scope, error) {
	out := network.Scope{Name: s.Name}
	for _, text := range s.Networks {
		text = strings.TrimSpace(text)
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, aerr := netip.ParseAddr(text)
			if aerr != nil {
				return out, errs.Hint(errs.New(errs.Invalid, "network %.60q cannot be read", text), "write it as 10.20.0.0/22, or as 10.20.1.5 for one device")
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out.Nets = append(out.Nets, network.Net{Prefix: p, Profile: network.Profile(s.Profile), Rate: float64(s.Rate), Zone: s.Zone, Public: s.Public})
	}
	return out, nil
}

// beside puts a scope beside the others that are permitted: what another one
// says of a network inside it holds there. It refuses networks that another
// scope permits as well, or says are never to be searched.
func beside(s api.DiscoveryScope, others []api.DiscoveryScope) (network.Scope, error) {
	out, err := networkScope(s)
	if err != nil {
		return out, err
	}
	if err := out.Check(); err != nil {
		return out, err
	}
	mine := slices.Clone(out.Nets)
	for _, o := range others {
		if o.Name == s.Name {
			continue
		}
		theirs, err := networkScope(o)
		if err != nil {
			return out, err
		}
		for _, n := range theirs.Nets {
			for _, m := range mine {
				switch {
				case !m.Prefix.Overlaps(n.Prefix):
				case m.Profile == network.Never:
				case n.Profile == network.Never && n.Prefix.Bits() <= m.Prefix.Bits():
					return out, errs.Hint(errs.New(errs.Denied, "%s lies in %s, which %q says is never to be searched", m.Prefix, n.Prefix, o.Name), "if that has changed, change %q first", o.Name)
				case n.Prefix == m.Prefix:
					return out, errs.Hint(errs.New(errs.Conflict, "%s is permitted already, as %q", m.Prefix, o.Name), "change %q, or leave it out here", o.Name)
				case n.Prefix.Bits() > m.Prefix.Bits() && !slices.ContainsFunc(out.Nets, func(x network.Net) bool { return x.Prefix == n.Prefix }):
					why := fmt.Sprintf("it is permitted apart, as %q (%s)", o.Name, o.Profile)
					if n.Profile == network.Never {
						why = fmt.Sprintf("%q says never to search it", o.Name)
					}
					out.Nets = append(out.Nets, network.Net{Prefix: n.Prefix, Profile: network.Never, Why: why})
				}
			}
		}
	}
	return out, nil
}

// checkScope refuses a scope that could never be searched, with what mends it.
func (a *App) checkScope(ctx context.Context, tid string, s api.DiscoveryScope) error {
	others, err := a.ScopesOf(ctx, tid)
	if err != nil {
		return err
	}
	if _, err := beside(s, others); err != nil {
		return err
	}
	if _, err = portsOf(s); err != nil {
		return err
	}
	_, err = a.snmpOf(tid, s)
	return err
}

func portsOf(s api.DiscoveryScope) ([]uint16, error) {
	var out []uint16
	for _, p := range s.Ports {
		if p < 1 || p > 1<<16-1 {
			return nil, errs.Hint(errs.New(errs.Invalid, "there is no port %d", p), "ports are 1 to 65535")
		}
		out = append(out, uint16(p))
	}
	return out, nil
}

// planOf holds a scope against what is permitted and against the devices that
// must not be touched. It sends nothing.
func (a *App) planOf(ctx context.Context, tid string, s api.DiscoveryScope) (*network.Plan, *liveGuard, error) {
	all, err := a.ScopesOf(ctx, tid)
	if err != nil {
		return nil, nil, err
	}
	n, err := beside(s, all)
	if err != nil {
		return nil, nil, err
	}
	ports, err := portsOf(s)
	if err != nil {
		return nil, nil, err
	}
	now, err := a.guard(ctx, tid, all)
	if err != nil {
		return nil, nil, err
	}
	guard := &liveGuard{}
	guard.list.Store(now)
	job := network.Job{Scope: n, Guard: guard, Ports: ports, Listen: network.DefaultListen}
	if job.SNMP, err = a.snmpOf(tid, s); err != nil {
		return nil, nil, err
	}
	if s.Names {
		job.Names = nameServer(guard)
	}
	p, err := network.NewPlan(job)
	return p, guard, err
}

// liveGuard is the do-not-touch list of a search, which marks made meanwhile
// are added to.
type liveGuard struct {
	list atomic.Pointer[network.DoNotTouch]
}

// Forbids implements network.Guard.
func (g *liveGuard) Forbids(addr netip.Addr, mac fingerprint.MAC) (string, bool) {
	return g.list.Load().Forbids(addr, mac)
}

// Lost implements network.Guard.
func (g *liveGuard) Lost() []network.Untouchable { return g.list.Load().Lost() }

// How often a search asks what is permitted and what is recorded of devices, and
// how often this machine's neighbors, which nothing announces.
const (
	relook = time.Second
	relist = 5 * time.Second
)

// permission is what a search began with.
type permission struct {
	all  []api.DiscoveryScope
	own  api.DiscoveryScope
	plan string
}

// watch holds a search against what is permitted and marked by now, until ctx
// ends. Marks are put into its list. It is ended where its own permission was
// changed, where another one took a part of its networks away, where a mark on a
// device whose address nobody knows would refuse it, and where that cannot be asked.
func (a *App) watch(ctx context.Context, t *tenant, p permission, g *liveGuard, end context.CancelCauseFunc) {
	tick := time.NewTicker(relook)
	defer tick.Stop()
	_, known, err := a.standing(ctx, t)
	if err != nil {
		end(err)
		return
	}
	listed := a.now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		all, version, err := a.standing(ctx, t)
		changed := err == nil && !reflect.DeepEqual(all, p.all)
		if err == nil && (changed || version != known || a.now().Sub(listed) >= relist) {
			known, listed = version, a.now()
			err = a.renew(ctx, t.ID(), all, p, g)
			p.all = all
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			end(err)
			return
		}
	}
}

// standing reads what is permitted, and the version of what is recorded.
func (a *App) standing(ctx context.Context, t *tenant) ([]api.DiscoveryScope, sqlstore.Version, error) {
	all, err := a.ScopesOf(ctx, t.ID())
	if err != nil {
		return nil, sqlstore.Version{}, err
	}
	version, err := t.Version(ctx)
	version.Entries = 0 // sign-ins and the like say nothing of devices
	return all, version, err
}

// renew makes the list of a search anew, or says why it must end.
func (a *App) renew(ctx context.Context, tid string, all []api.DiscoveryScope, p permission, g *liveGuard) error {
	i := slices.IndexFunc(all, func(s api.DiscoveryScope) bool { return s.Name == p.own.Name })
	if i < 0 {
		return errs.New(errs.Denied, "its permission was taken back")
	}
	if !reflect.DeepEqual(all[i], p.own) {
		return errs.New(errs.Denied, "its permission was changed; the next search goes by it")
	}
	plan, now, err := a.planOf(ctx, tid, all[i])
	if err != nil {
		return err
	}
	if plan.ID != p.plan {
		return errs.New(errs.Denied, "another permission took a part of its networks; the next search goes by it")
	}
	g.list.Store(now.list.Load())
	return nil
}

// PlanDiscovery implements api.Inventory.
func (a inventory) PlanDiscovery(ctx context.Context, who access.Caller, s api.DiscoveryScope) (*api.DiscoveryPlan, error) {
	if s.Name == "" {
		s.Name = "not named yet"
	}
	p, _, err := a.planOf(ctx, who.Tenant(), s)
	if err != nil {
		return nil, err
	}
	o := p.Outline()
	out := &api.DiscoveryPlan{
		Addresses: o.Addresses, Ports: []int{}, Networks: []api.PlannedNetwork{}, Left: len(o.Left),
		Least: int((o.Least + network.DefaultListen).Seconds()), Most: int((o.Most + network.DefaultListen).Seconds()),
		SNMP: s.SNMP.String(), LeftAlone: leftAlone(o.Left), Excluded: networkNotes(o.Notes), Missing: networkNotes(p.Rights()),
	}
	for _, port := range o.Ports {
		out.Ports = append(out.Ports, int(port))
	}
	for _, n := range o.Networks {
		out.Networks = append(out.Networks, api.PlannedNetwork{
			Network: n.Prefix.String(), Profile: string(n.Profile), Zone: n.Zone, Addresses: n.Addresses, Rate: n.Rate, HostRate: n.HostRate, AtOnce: n.AtOnce,
		})
	}
	return out, nil
}

func networkNotes(ns []network.Note) []api.Note {
	out := make([]api.Note, 0, len(ns))
	for _, n := range ns {
		out = append(out, api.Note{What: n.What, Why: n.Why})
	}
	return out
}

// mostLeftAlone bounds how many addresses that were left alone are named.
const mostLeftAlone = 200

func leftAlone(us []network.Untouched) []api.Note {
	out := []api.Note{}
	for _, u := range us[:min(len(us), mostLeftAlone)] {
		out = append(out, api.Note{What: u.Addr.String(), Why: strings.TrimPrefix(u.Why, u.Addr.String()+": ")})
	}
	return out
}

// schedule returns the hours in which a network may be searched: those of the
// server's own clock. Equal ones mean any hour.
func schedule(s api.DiscoveryScope) (network.Schedule, error) {
	w := network.Schedule{From: cmp.Or(s.From, "00:00"), To: cmp.Or(s.To, "00:00"), Zone: "Local"}
	if err := w.Check(); err != nil {
		return w, errs.Hint(errs.New(errs.Invalid, "the hours %.20q to %.20q cannot be read", s.From, s.To), "write them as 01:00 and 05:00")
	}
	return w, nil
}

// hours reports whether the moment is within the hours of a scope, and when they
// end; the zero time means never.
func hours(s api.DiscoveryScope, now time.Time) (until time.Time, open bool) {
	w, err := schedule(s)
	if err != nil {
		return time.Time{}, false
	}
	return w.Open(now)
}

// due reports whether a scope's next search may begin. One that was cut off by
// the end of its hours or of the program goes on as soon as its hours permit.
func due(s api.DiscoveryScope, last time.Time, cutOff bool, now time.Time) bool {
	every, err := time.ParseDuration(s.Every)
	if err != nil || every < time.Hour || s.Profile == string(network.Never) || !cutOff && now.Sub(last) < every-10*time.Minute {
		return false
	}
	_, open := hours(s, now)
	return open
}

// guard asks before every packet whether a device must not be touched: those
// marked as fragile in the inventory. One whose address nobody knows can be in
// the networks of its zone, or anywhere if it has none.
func (a *App) guard(ctx context.Context, tid string, scopes []api.DiscoveryScope) (*network.DoNotTouch, error) {
	v, err := a.view(ctx, tid)
	if err != nil {
		return nil, err
	}
	neighbors, err := network.Neighbours(a.now())
	if err != nil {
		neighbors = nil // without the table, a device known by its card alone has no address, which refuses the run
	}
	var devices []network.Untouchable
	for _, r := range v.inUse() {
		if !r.True("fragile") {
			continue
		}
		u := network.Untouchable{Name: r.Label(), Why: "marked as not to be probed"}
		ips, _ := r.Get("ips").([]string)
		for _, s := range ips {
			if ip, err := netip.ParseAddr(s); err == nil {
				u.Addrs = append(u.Addrs, ip)
			}
		}
		macs, _ := r.Get("macs").([]string)
		for _, s := range macs {
			if m, ok := fingerprint.ParseMAC(s); ok {
				u.MACs = append(u.MACs, m)
			}
		}
		zone, _ := r.Get("zone").(string)
		u.Within = zoned(scopes, zone)
		devices = append(devices, u)
	}
	return network.NewDoNotTouch(devices, nil, neighbors), nil
}

// zoned lists the networks of a zone.
func zoned(scopes []api.DiscoveryScope, zone string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range scopes {
		if zone == "" || !strings.EqualFold(s.Zone, zone) {
			continue
		}
		if n, err := networkScope(s); err == nil {
			for _, x := range n.Nets {
				out = append(out, x.Prefix)
			}
		}
	}
	return out
}
