package spf

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/mail"
)

// Ending is what a domain's record says of machines it does not name.
type Ending string

// The endings, weakest first. EndBroken is no ending: the record cannot be used.
const (
	EndNone     Ending = "none"     // there is no record
	EndBroken   Ending = "broken"   // receivers cannot use it (permerror)
	EndPassAll  Ending = "pass_all" // anybody may send
	EndNeutral  Ending = "neutral"
	EndSoftFail Ending = "softfail"
	EndFail     Ending = "fail"
)

// Code names a kind of problem.
type Code string

// The problems. Those of the first block break the record.
const (
	SeveralRecords Code = "several_records"  // RFC 7208 section 4.5
	BadSyntax      Code = "syntax"           // section 4.6
	TooManyLookups Code = "too_many_lookups" // section 4.6.4
	TooManyVoids   Code = "too_many_voids"   // section 4.6.4
	TooManyHosts   Code = "too_many_hosts"   // section 4.6.4: more than 10 MX
	NoRecordThere  Code = "no_record_there"  // section 5.2 and 6.1: include or redirect of a domain without one
	Loop           Code = "loop"             // an include or redirect that comes back

	Everybody   Code = "everybody"    // lets any machine send
	Wide        Code = "wide"         // lets a network send that is larger than a mail service needs
	UsesPTR     Code = "ptr"          // section 5.5: should not be used
	Unreachable Code = "unreachable"  // section 5.1: terms behind all, which nobody reads
	Long        Code = "long"         // section 3.4: the answer may not fit a packet
	VoidLookup  Code = "void_look_up" // a term that leads nowhere
)

// Problem is something wrong, or unwise, in a record.
type Problem struct {
	Code   Code
	Domain string // whose record it is in
	Term   string // "" for the record as a whole
	Why    string // for people
	Breaks bool   // receivers cannot use the record
	Own    bool   // in a record of the domain itself, not of a service it includes
}

// Reading is what a domain's record says.
type Reading struct {
	Domain string
	Record string // "" where there is none, or several
	Ends   Ending
	// Lookups is how many terms ask DNS when no term matches, over all records it
	// leads to. More than 10 break it.
	Lookups int
	// Voids is how many of those look-ups bring nothing. More than 2 break it.
	Voids int
	// Networks are the addresses it lets send, where they can be told without a
	// message: ip4 and ip6 in all its records.
	Networks []netip.Prefix
	// Includes are the domains whose records it takes in, or goes on with, in order.
	Includes []string
	Problems []Problem
	// SendsNothing says that it names nobody: "v=spf1 -all".
	SendsNothing bool
	// Depends says that a term needs the message to be looked up (a macro), so that
	// Voids counts less than there may be.
	Depends bool
	// Unread are the look-ups nobody answered, so that the reading is not whole.
	Unread []error
}

// Broken reports whether receivers cannot use the record.
func (r *Reading) Broken() bool {
	return slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Breaks })
}

// IPv4 is how many IPv4 addresses the networks hold together.
func (r *Reading) IPv4() uint64 {
	var n uint64
	l := slices.Clone(r.Networks)
	slices.SortFunc(l, func(a, b netip.Prefix) int { return a.Bits() - b.Bits() })
	for i, p := range l {
		if p.Addr().Is4() && !slices.ContainsFunc(l[:i], func(q netip.Prefix) bool { return q.Addr().Is4() && q.Contains(p.Addr()) }) {
			n += 1 << (32 - p.Bits())
		}
	}
	return n
}

const (
	// maxRead and maxAsked bound the records that are read and the questions that
	// are asked. A record in use leads to some 20.
	maxRead, maxAsked = 50, 200
	// wide4 and wide6 are the largest networks a domain lets send itself without
	// being asked about it: 65,536 addresses, or what a provider is given.
	wide4, wide6 = 16, 32
	maxPacket    = 450 // RFC 7208 section 3.4
	maxNetworks  = 5000
)

// Read reads the record of a domain and those it leads to. Its error says that
// DNS did not answer for the domain itself.
func Read(ctx context.Context, dns mail.DNS, domain string) (*Reading, error) {
	r := &reader{ctx: ctx, dns: dns, out: &Reading{Domain: domain}}
	txt, err := mail.Exists(dns.TXT(ctx, domain))
	if err != nil {
		return nil, err
	}
	text, n := pick(txt)
	switch {
	case n == 0:
		r.out.Ends = EndNone
		return r.out, nil
	case n > 1:
		r.problem(domain, "", SeveralRecords, "the domain has %d SPF records; receivers then use none", n)
		r.out.Ends = EndBroken
		return r.out, nil
	}
	r.out.Record = text
	r.read = 1
	end := r.record(domain, text, nil)
	r.limits(domain)
	r.out.Ends = end.ends
	if end.everybody {
		r.out.Ends = EndPassAll
	}
	if r.out.Broken() {
		r.out.Ends = EndBroken
	}
	return r.out, nil
}

type reader struct {
	ctx   context.Context //nolint:containedctx // lives no longer than the call that made it
	dns   mail.DNS
	out   *Reading
	read  int
	asked int
	full  bool // reading stopped at a bound
}

// end is what one record comes to.
type end struct {
	ends      Ending
	everybody bool // some term of it passes any machine
}

func (r *reader) problem(domain, term string, code Code, format string, args ...any) {
	p := Problem{Code: code, Domain: domain, Term: term, Why: fmt.Sprintf(format, args...), Own: domain == r.out.Domain}
	switch code {
	case SeveralRecords, BadSyntax, TooManyLookups, TooManyVoids, TooManyHosts, NoRecordThere, Loop:
		p.Breaks = true
	case Everybody, Wide, UsesPTR, Unreachable, Long, VoidLookup:
	}
	if len(r.out.Problems) < 100 && !slices.Contains(r.out.Problems, p) {
		r.out.Problems = append(r.out.Problems, p)
	}
}

func (r *reader) limits(domain string) {
	if r.full {
		r.problem(domain, "", TooManyLookups, "it leads on without end: reading stopped after %d look-ups; receivers follow at most %d", r.out.Lookups, MaxLookups)
	} else if r.out.Lookups > MaxLookups {
		r.problem(domain, "", TooManyLookups, "it needs %d look-ups; receivers follow at most %d", r.out.Lookups, MaxLookups)
	}
	if r.out.Voids > MaxVoids {
		r.problem(domain, "", TooManyVoids, "%d of its look-ups bring nothing; receivers stop after %d", r.out.Voids, MaxVoids)
	}
}

// record reads one record. path are the domains that led to it.
func (r *reader) record(domain, text string, path []string) end {
	rec, err := Parse(text)
	if err != nil {
		r.problem(domain, "", BadSyntax, "%v", err)
		return end{ends: EndBroken}
	}
	if len(text) > maxPacket {
		r.problem(domain, "", Long, "the record is %d characters long; answers that do not fit a packet are lost on some networks", len(text))
	}
	path = append(slices.Clone(path), strings.ToLower(domain))
	out := end{ends: EndNeutral}
	for i := range rec.Terms {
		t := &rec.Terms[i]
		if t.Mechanism == "all" {
			r.all(domain, rec, i, &out)
			if len(path) == 1 {
				r.out.SendsNothing = i == 0 && t.Qualifier == Fail
			}
			return out
		}
		if r.term(domain, t, path) && t.Qualifier == Pass {
			out.everybody = true
		}
	}
	if rec.redirect == nil {
		return out
	}
	r.out.Lookups++
	to, ok := rec.redirect.fixed()
	if !ok {
		if to, ok = same(rec.redirect, domain); !ok {
			r.out.Depends = true
			return out
		}
	}
	next, got := r.follow(domain, rec.redirectText, to, path)
	if !got {
		return out
	}
	next.everybody = next.everybody || out.everybody
	return next
}

func (r *reader) all(domain string, rec *Record, i int, out *end) {
	t := &rec.Terms[i]
	switch t.Qualifier {
	case Pass:
		out.ends, out.everybody = EndPassAll, true
		r.problem(domain, t.Text, Everybody, "it lets any machine in the world send")
	case Fail:
		out.ends = EndFail
	case SoftFail:
		out.ends = EndSoftFail
	case Neutral, None, TempError, PermError:
	}
	if rest := len(rec.Terms) - 1 - i; rest > 0 || rec.redirect != nil {
		r.problem(domain, t.Text, Unreachable, "what stands behind %s is never read", t.Text)
	}
}

// term reads one mechanism and reports whether it passes any machine.
func (r *reader) term(domain string, t *Term, path []string) bool {
	if t.Mechanism == "ip4" || t.Mechanism == "ip6" {
		return r.network(domain, t)
	}
	r.out.Lookups++
	if t.Mechanism == "ptr" {
		r.problem(domain, t.Text, UsesPTR, "ptr is slow and unsafe; RFC 7208 says not to use it")
		return false
	}
	name, ok := domain, true
	if t.target != nil {
		if name, ok = t.target.fixed(); !ok {
			name, ok = same(t.target, domain)
		}
	}
	if !ok {
		r.out.Depends = true
		return false
	}
	if t.Mechanism == "include" {
		got, ok := r.follow(domain, t.Text, name, path)
		return ok && got.everybody
	}
	return r.hosts(domain, t, name)
}

// same expands a spec whose only macro is the domain itself.
func same(s spec, domain string) (string, bool) {
	for _, p := range s {
		if p.letter != 0 && p.letter != 'd' {
			return "", false
		}
	}
	c := &check{}
	return c.target(s, domain), true
}

func (r *reader) network(domain string, t *Term) bool {
	p := t.Prefix.Masked()
	if t.Qualifier == Pass && len(r.out.Networks) < maxNetworks {
		r.out.Networks = append(r.out.Networks, p)
	}
	four := p.Addr().Is4()
	switch {
	case t.Qualifier != Pass:
	case p.Bits() == 0:
		r.problem(domain, t.Text, Everybody, "it lets any machine in the world send")
		return true
	case domain != r.out.Domain: // a service's own networks are its business
	case four && p.Bits() < wide4:
		r.problem(domain, t.Text, Wide, "it lets %.0f addresses send", math.Pow(2, float64(32-p.Bits())))
	case !four && p.Bits() < wide6:
		r.problem(domain, t.Text, Wide, "it lets a network send that is larger than what a provider is given")
	}
	return false
}

// follow reads the record another one leads to.
func (r *reader) follow(domain, term, to string, path []string) (end, bool) {
	if slices.Contains(path, strings.ToLower(to)) {
		r.problem(domain, term, Loop, "it leads back to %s", to)
		return end{}, false
	}
	if r.read >= maxRead || r.asked >= maxAsked {
		r.full = true
		return end{}, false
	}
	r.read++
	r.asked++
	var txt []string
	if mail.Name(to) {
		var err error
		txt, err = r.dns.TXT(r.ctx, to)
		if mail.Void(txt, err) {
			r.out.Voids++
		}
		if txt, err = mail.Exists(txt, err); err != nil {
			r.out.Unread = append(r.out.Unread, err)
			return end{}, false
		}
	}
	text, n := pick(txt)
	switch {
	case n == 0:
		r.problem(domain, term, NoRecordThere, "%s has no SPF record", to)
		return end{}, false
	case n > 1:
		r.problem(to, "", SeveralRecords, "the domain has %d SPF records; receivers then use none", n)
		return end{}, false
	}
	if !slices.Contains(r.out.Includes, to) {
		r.out.Includes = append(r.out.Includes, to)
	}
	return r.record(to, text, path), true
}

// hosts looks up an a, mx or exists as far as that needs no message.
func (r *reader) hosts(domain string, t *Term, name string) bool {
	if !mail.Name(name) {
		r.problem(domain, t.Text, VoidLookup, "%s is no name that DNS knows", name)
		return false
	}
	if r.asked >= maxAsked {
		r.full = true
		return false
	}
	if own := domain == r.out.Domain && t.Qualifier == Pass; own && (t.bits4 > 0 && t.bits4 < wide4 || t.bits6 > 0 && t.bits6 < wide6) {
		r.problem(domain, t.Text, Wide, "it lets the whole network around each of these addresses send")
	}
	names := []string{name}
	if t.Mechanism == "mx" {
		r.asked++
		hosts, err := r.dns.MX(r.ctx, name)
		if !r.void(domain, t, mail.Void(hosts, err), err) {
			return false
		}
		if len(hosts) > maxHosts {
			r.problem(domain, t.Text, TooManyHosts, "%s has %d MX records; receivers follow at most %d", name, len(hosts), maxHosts)
			return false
		}
		names = names[:0]
		for _, h := range hosts {
			if mail.Name(h.Host) {
				names = append(names, h.Host)
			}
		}
	}
	every := false
	for _, n := range names {
		r.asked += 2
		a4, err := r.dns.A(r.ctx, n)
		nothing := mail.Void(a4, err)
		if nothing && t.Mechanism != "exists" {
			// A receiver asks for the sender's kind of address; a host of the other
			// kind alone is no dead end.
			var a6 []netip.Addr
			a6, err = r.dns.AAAA(r.ctx, n)
			nothing = mail.Void(a6, err)
		}
		// What exists asks about is the same for every machine here.
		open := t.Mechanism == "exists" || t.bits4 == 0 || t.bits6 == 0
		if r.void(domain, t, nothing, err) && open && t.Qualifier == Pass {
			r.problem(domain, t.Text, Everybody, "it lets any machine in the world send")
			every = true
		}
	}
	return every
}

// void counts a look-up that brought nothing and reports whether it brought something.
func (r *reader) void(domain string, t *Term, nothing bool, err error) bool {
	switch {
	case nothing:
		r.out.Voids++
		r.problem(domain, t.Text, VoidLookup, "it leads to nothing")
		return false
	case err != nil:
		r.out.Unread = append(r.out.Unread, err)
		return false
	}
	return true
}
