package network

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
)

// MaxAddresses bounds one run. A campus of 65,000 addresses is four times below
// it; what is larger is asked in parts.
const MaxAddresses = 1 << 18

// Plan is a job that was held against its scope: what will be asked, and how.
// Making one sends nothing.
type Plan struct {
	ID    string // the same targets, ports and scope have the same plan
	job   Job
	ports []uint16
	parts []part
	Notes []Note
}

// part is what lies in one network of the scope.
type part struct {
	net   Net
	addrs []netip.Addr
}

// NewPlan holds the job against its scope. It refuses, with what would mend it,
// a target outside the scope, one in a network that is never to be asked, and
// one that may hold a device of the do-not-touch list whose address is unknown.
func NewPlan(job Job) (*Plan, error) {
	if job.Guard == nil {
		return nil, errs.New(errs.Invalid, "discovery needs a do-not-touch list; an empty one is allowed, none is not")
	}
	if err := job.Scope.Check(); err != nil {
		return nil, err
	}
	if job.SNMP != nil {
		if err := job.SNMP.Check(); err != nil {
			return nil, err
		}
	}
	p := &Plan{job: job}
	if err := p.setPorts(job.Ports); err != nil {
		return nil, err
	}
	ranges, err := p.ranges()
	if err != nil {
		return nil, err
	}
	if err := p.spread(ranges); err != nil {
		return nil, err
	}
	if err := p.refuseLost(); err != nil {
		return nil, err
	}
	p.ID = p.hash()
	return p, nil
}

func (p *Plan) setPorts(ports []uint16) error {
	if len(ports) == 0 {
		p.ports = slices.Clone(DefaultPorts)
		return nil
	}
	for _, n := range ports {
		if n == 0 {
			return errs.New(errs.Invalid, "port 0 cannot be connected to: leave it out")
		}
		if !slices.Contains(p.ports, n) {
			p.ports = append(p.ports, n)
		}
	}
	return nil
}

// span is a range of addresses, both ends included.
type span struct {
	first, last netip.Addr
	text        string
	whole       bool // a network: its first and last address are no host's
}

func (p *Plan) ranges() ([]span, error) {
	var out []span
	if len(p.job.Targets) == 0 {
		for _, n := range p.job.Scope.Nets {
			if n.Profile != Never {
				out = append(out, prefixSpan(n.Prefix))
			}
		}
		if len(out) == 0 {
			return nil, errs.New(errs.Invalid, "every network of the scope %s is marked never: there is nothing to ask", p.job.Scope.Name)
		}
		return out, nil
	}
	var faults []error
	for _, t := range p.job.Targets {
		s, err := parseTarget(t)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		out = append(out, s)
	}
	if len(faults) > 0 {
		return nil, errs.New(errs.Invalid, "%w", joined(faults))
	}
	return out, nil
}

// parseTarget reads 10.20.0.0/22, 10.20.1.5 or 10.20.1.10-10.20.1.40; the end of
// a range may be its last number alone.
func parseTarget(text string) (span, error) {
	t := strings.TrimSpace(text)
	bad := func(mend string) (span, error) {
		return span{}, errs.New(errs.Invalid, "target %.60q: %s", text, mend)
	}
	if strings.Contains(t, "/") {
		n, err := netip.ParsePrefix(t)
		if err != nil {
			return bad("write a network as 10.20.0.0/22")
		}
		if n != n.Masked() {
			return bad("the address is not the network's first: write " + n.Masked().String() + ", or " + n.Addr().String() + " for the one device")
		}
		return prefixSpan(n), nil
	}
	from, to, isRange := strings.Cut(t, "-")
	first, err := netip.ParseAddr(strings.TrimSpace(from))
	if err != nil || first.Zone() != "" {
		return bad("write an address as 10.20.1.5, a range as 10.20.1.10-10.20.1.40, a network as 10.20.0.0/22")
	}
	first = first.Unmap()
	if !isRange {
		return span{first: first, last: first, text: t}, nil
	}
	to = strings.TrimSpace(to)
	if first.Is4() && !strings.Contains(to, ".") {
		to = first.String()[:strings.LastIndexByte(first.String(), '.')+1] + to
	}
	last, err := netip.ParseAddr(to)
	if err != nil || last.Unmap().Less(first) || last.Unmap().Is4() != first.Is4() {
		return bad("the end of the range is no address at or after its beginning: write 10.20.1.10-10.20.1.40")
	}
	return span{first: first, last: last.Unmap(), text: t}, nil
}

func prefixSpan(n netip.Prefix) span {
	last := n.Addr()
	b := last.AsSlice()
	for bit := n.Bits(); bit < len(b)*8; bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	last, _ = netip.AddrFromSlice(b)
	return span{first: n.Addr(), last: last, text: n.String(), whole: n.Addr().Is4() && n.Bits() <= 30}
}

// spread puts every address into the part of its network. The smallest network
// of the scope decides, address by address.
func (p *Plan) spread(ranges []span) error {
	at := map[netip.Prefix]int{}
	seen := map[netip.Addr]bool{}
	var outside, never []string
	skipped := map[netip.Prefix]int{}
	visited := 0
	for _, r := range ranges {
		asked, missing := 0, netip.Addr{}
		edge := map[netip.Addr]bool{}
		if r.whole {
			edge[r.first], edge[r.last] = true, true
		}
		for a := r.first; ; a = a.Next() {
			if visited++; len(seen) >= MaxAddresses || visited > 4*MaxAddresses {
				return errs.New(errs.Limited, "the targets hold more than %d addresses: ask in parts, such as one building at a time", MaxAddresses)
			}
			if n, ok := p.job.Scope.Of(a); !ok {
				if !edge[a] && !missing.IsValid() {
					missing = a
				}
			} else if n.Profile == Never {
				skipped[n.Prefix]++
			} else if !edge[a] && !seen[a] && !edgeOf(n.Prefix, a) {
				seen[a] = true
				asked++
				i, ok := at[n.Prefix]
				if !ok {
					i = len(p.parts)
					at[n.Prefix] = i
					p.parts = append(p.parts, part{net: n})
				}
				p.parts[i].addrs = append(p.parts[i].addrs, a)
			} else {
				asked++
			}
			if missing.IsValid() || a == r.last {
				break
			}
		}
		switch {
		case missing.IsValid():
			outside = append(outside, fmt.Sprintf("%s: %s is outside the scope %s, which permits %s. To permit it, add {prefix: %s, profile: cautious} to the networks of the scope; otherwise leave it out of the targets",
				r.text, missing, p.job.Scope.Name, prefixes(p.job.Scope.Prefixes()), suggest(r)))
		case asked == 0 && r.first == r.last || asked == 0 && len(skipped) > 0:
			never = append(never, r.text+": the scope marks this network as never to be asked. If that has changed, give it the profile cautious")
		}
	}
	if faults := slices.Concat(outside, never); len(faults) > 0 {
		return errs.New(errs.Denied, "discovery refuses %s", strings.Join(faults, "; "))
	}
	for n, count := range skipped {
		why := "the scope says never"
		if of, _ := p.job.Scope.Of(n.Addr()); of.Why != "" {
			why = of.Why
		}
		p.Notes = append(p.Notes, Note{What: n.String(), Why: fmt.Sprintf("%s: %s left alone", why, plural(count, "address was", "addresses were"))})
	}
	slices.SortFunc(p.Notes, func(a, b Note) int { return strings.Compare(a.What, b.What) })
	if len(p.parts) == 0 {
		return errs.New(errs.Invalid, "the targets hold no address a device can have")
	}
	for i := range p.parts {
		slices.SortFunc(p.parts[i].addrs, netip.Addr.Compare)
	}
	return nil
}

// edgeOf reports whether a is the first or last address of an IPv4 network,
// which stand for the network and for all of its devices.
func edgeOf(n netip.Prefix, a netip.Addr) bool {
	if !a.Is4() || n.Bits() > 30 {
		return false
	}
	s := prefixSpan(n)
	return a == s.first || a == s.last
}

func suggest(s span) string {
	if strings.Contains(s.text, "/") {
		return s.text
	}
	return netip.PrefixFrom(s.first, s.first.BitLen()).String()
}

func prefixes(ps []netip.Prefix) string {
	if len(ps) == 0 {
		return "nothing"
	}
	var out []string
	for i, p := range ps {
		if i == 8 {
			out = append(out, fmt.Sprintf("and %d more", len(ps)-i))
			break
		}
		out = append(out, p.String())
	}
	return strings.Join(out, ", ")
}

// refuseLost refuses networks that may hold a device that must not be touched
// and cannot be told by its address.
func (p *Plan) refuseLost() error {
	var faults []string
	for _, u := range p.job.Guard.Lost() {
		for _, pt := range p.parts {
			if !slices.ContainsFunc(pt.addrs, u.mayHave) {
				continue
			}
			faults = append(faults, fmt.Sprintf("%s must not be touched, and its address is not known, so it may be anywhere in %s: give its address, or say in which networks it can be, or leave %s out",
				u.title(), pt.net.Prefix, pt.net.Prefix))
			break
		}
	}
	if len(faults) == 0 {
		return nil
	}
	more := ""
	if n := len(faults) - 5; n > 0 {
		faults, more = faults[:5], fmt.Sprintf("; and %d more", n)
	}
	return errs.New(errs.Denied, "discovery refuses: %s%s", strings.Join(faults, "; "), more)
}

func (p *Plan) hash() string {
	h := sha256.New()
	fmt.Fprintln(h, p.job.Scope.Name, p.ports, p.job.NoBanners, p.job.SNMP != nil)
	for _, pt := range p.parts {
		fmt.Fprintln(h, pt.net.Prefix, pt.net.Profile, len(pt.addrs))
		// Every address: targets that begin and end alike may differ between.
		for _, a := range pt.addrs {
			b := a.As16()
			h.Write(b[:])
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:24]
}

// Addresses says how many addresses will be looked at.
func (p *Plan) Addresses() int {
	n := 0
	for _, pt := range p.parts {
		n += len(pt.addrs)
	}
	return n
}

// whoTries is how many ports are tried before an address counts as empty.
func whoTries(p Profile) int {
	if p == Cautious {
		return 3
	}
	return 6
}

// sweeps reports whether a network of the plan is asked by ARP or ICMP.
func (p *Plan) sweeps() bool {
	return slices.ContainsFunc(p.parts, func(pt part) bool { return pt.net.Profile == Normal })
}
