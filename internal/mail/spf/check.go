package spf

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/mail"
)

// check is one run of check_host over all records it leads to.
type check struct {
	ctx           context.Context //nolint:containedctx // lives no longer than the call that made it
	dns           mail.DNS
	req           Request
	local, sender string // of the mail address
	lookups       int
	voids         int
	name          string // of the machine, once it was asked for
}

// finding is what one record came to.
type finding struct {
	result Result
	why    string
	exp    spec   // of the record that decided
	domain string // of that record
}

// failure ends a check with a temperror or permerror.
type failure struct {
	result Result
	why    string
}

func (f *failure) Error() string { return f.why }

func broken(format string, args ...any) error {
	return &failure{PermError, fmt.Sprintf(format, args...)}
}

func unanswered(err error) error { return &failure{TempError, mail.Why(err)} }

// host evaluates the record of a domain.
func (c *check) host(domain string) finding {
	end := func(err error) finding {
		var f *failure
		if errors.As(err, &f) {
			return finding{result: f.result, why: f.why}
		}
		return finding{result: TempError, why: mail.Why(err)}
	}
	if !mail.Name(domain) {
		return finding{result: None, why: "no name that DNS knows"}
	}
	txt, err := mail.Exists(c.dns.TXT(c.ctx, domain))
	if err != nil {
		return end(unanswered(err))
	}
	text, n := pick(txt)
	switch {
	case n == 0:
		return finding{result: None, why: domain + " has no SPF record"}
	case n > 1:
		return end(broken("%s has %d SPF records", domain, n))
	}
	r, err := Parse(text)
	if err != nil {
		return end(broken("the record of %s cannot be read: %v", domain, err))
	}
	for i := range r.Terms {
		t := &r.Terms[i]
		hit, err := c.match(t, domain)
		if err != nil {
			return end(err)
		}
		if hit {
			return finding{result: t.Qualifier, why: t.Text + " of " + domain, exp: r.exp, domain: domain}
		}
	}
	if r.redirect == nil {
		return finding{result: Neutral, why: "no term of " + domain + " speaks of the sender"}
	}
	if err := c.count(); err != nil {
		return end(err)
	}
	f := c.host(c.target(r.redirect, domain))
	if f.result == None {
		return end(broken("%s leads to a domain without an SPF record", r.redirectText))
	}
	return f
}

// pick returns the SPF record among TXT records, and how many there are.
func pick(txt []string) (string, int) {
	found, n := "", 0
	for _, s := range txt {
		if Is(s) {
			if n++; n == 1 {
				found = s
			}
		}
	}
	return found, n
}

func (c *check) count() error {
	if c.lookups++; c.lookups > MaxLookups {
		c.lookups = MaxLookups
		return broken("more than %d terms ask DNS", MaxLookups)
	}
	return nil
}

func (c *check) void(nothing bool) error {
	if !nothing {
		return nil
	}
	if c.voids++; c.voids > MaxVoids {
		return broken("more than %d look-ups bring nothing", MaxVoids)
	}
	return nil
}

func (c *check) match(t *Term, domain string) (bool, error) {
	switch t.Mechanism {
	case "all":
		return true, nil
	case "ip4", "ip6":
		return t.Prefix.Masked().Contains(c.req.IP), nil
	}
	if err := c.count(); err != nil {
		return false, err
	}
	name := domain
	if t.target != nil {
		name = c.target(t.target, domain)
	}
	if t.Mechanism == "include" {
		return c.include(name)
	}
	if !mail.Name(name) {
		return false, nil // what cannot be asked about does not exist
	}
	switch t.Mechanism {
	case "a":
		return c.address(t, name)
	case "mx":
		return c.exchangers(t, name)
	case "ptr":
		return c.pointer(name)
	}
	return c.exists(name)
}

func (c *check) include(name string) (bool, error) {
	switch f := c.host(name); f.result {
	case Pass:
		return true, nil
	case TempError, PermError:
		return false, &failure{f.result, f.why}
	case None:
		return false, broken("%s is included and has no SPF record", name)
	case Fail, SoftFail, Neutral:
	}
	return false, nil
}

func (c *check) exists(name string) (bool, error) {
	found, err := c.dns.A(c.ctx, name)
	if err := c.void(mail.Void(found, err)); err != nil {
		return false, err
	}
	if found, err = mail.Exists(found, err); err != nil {
		return false, unanswered(err)
	}
	return len(found) > 0, nil
}

// addresses returns the addresses of a name, of the sender's kind.
func (c *check) addresses(name string) ([]netip.Addr, error) {
	ask := c.dns.AAAA
	if c.req.IP.Is4() {
		ask = c.dns.A
	}
	return ask(c.ctx, name)
}

func (c *check) address(t *Term, name string) (bool, error) {
	found, err := c.addresses(name)
	if err := c.void(mail.Void(found, err)); err != nil {
		return false, err
	}
	if found, err = mail.Exists(found, err); err != nil {
		return false, unanswered(err)
	}
	bits := t.bits6
	if c.req.IP.Is4() {
		bits = t.bits4
	}
	for _, a := range found {
		if netip.PrefixFrom(a.Unmap(), bits).Masked().Contains(c.req.IP) {
			return true, nil
		}
	}
	return false, nil
}

func (c *check) exchangers(t *Term, name string) (bool, error) {
	hosts, err := c.dns.MX(c.ctx, name)
	if err := c.void(mail.Void(hosts, err)); err != nil {
		return false, err
	}
	if hosts, err = mail.Exists(hosts, err); err != nil {
		return false, unanswered(err)
	}
	if len(hosts) > maxHosts {
		return false, broken("%s has more than %d MX records", name, maxHosts)
	}
	for _, h := range hosts {
		if !mail.Name(h.Host) {
			continue
		}
		if hit, err := c.address(t, h.Host); hit || err != nil {
			return hit, err
		}
	}
	return false, nil
}

func (c *check) pointer(name string) (bool, error) {
	names, err := c.dns.PTR(c.ctx, c.req.IP)
	if err := c.void(mail.Void(names, err)); err != nil {
		return false, err
	}
	if err != nil {
		return false, nil //nolint:nilerr // RFC 7208 section 5.5: the mechanism does not match then
	}
	for _, n := range names[:min(len(names), maxHosts)] {
		if mail.Within(n, name) && c.validated(n) {
			return true, nil
		}
	}
	return false, nil
}

// validated reports whether a name leads back to the sender's address.
func (c *check) validated(name string) bool {
	found, err := c.addresses(name)
	if err != nil {
		return false
	}
	for _, a := range found {
		if a.Unmap() == c.req.IP {
			return true
		}
	}
	return false
}

// machine is the value of the macro p: a validated name of the sender.
func (c *check) machine(domain string) string {
	if c.name != "" {
		return c.name
	}
	c.name = "unknown"
	names, err := c.dns.PTR(c.ctx, c.req.IP)
	if err != nil {
		return c.name
	}
	best := 0
	for _, n := range names[:min(len(names), maxHosts)] {
		worth := 1
		switch {
		case strings.EqualFold(n, domain):
			worth = 3
		case mail.Within(n, domain):
			worth = 2
		}
		if worth > best && c.validated(n) {
			best, c.name = worth, n
		}
	}
	return c.name
}

func (c *check) value(letter byte, domain string) string {
	switch letter {
	case 's':
		return c.local + "@" + c.sender
	case 'l':
		return c.local
	case 'o':
		return c.sender
	case 'd':
		return domain
	case 'i':
		return dotted(c.req.IP)
	case 'p':
		return c.machine(domain)
	case 'h':
		return c.req.HELO
	case 'v':
		if c.req.IP.Is4() {
			return "in-addr"
		}
		return "ip6"
	case 'c':
		return c.req.IP.String()
	case 'r':
		if c.req.Receiver == "" {
			return "unknown"
		}
		return c.req.Receiver
	case 't':
		return strconv.FormatInt(c.req.Now.Unix(), 10)
	}
	return ""
}

// dotted writes an address for the macro i: an IPv6 address as 32 digits.
func dotted(a netip.Addr) string {
	if a.Is4() {
		return a.String()
	}
	const hex = "0123456789ABCDEF"
	b := a.As16()
	out := make([]byte, 0, 63)
	for i, x := range b {
		if i > 0 {
			out = append(out, '.')
		}
		out = append(out, hex[x>>4], '.', hex[x&15])
	}
	return string(out)
}

func (c *check) expand(s spec, domain string) string {
	var b strings.Builder
	for _, p := range s {
		if p.letter == 0 {
			b.WriteString(p.text)
			continue
		}
		v := p.transform(c.value(p.letter, domain))
		if p.escape {
			v = urlEscape(v)
		}
		b.WriteString(v)
	}
	return b.String()
}

// target expands a domain-spec. A name that is too long loses labels on its left.
func (c *check) target(s spec, domain string) string {
	name := strings.TrimSuffix(c.expand(s, domain), ".")
	for len(name) > 253 {
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			break
		}
		name = rest
	}
	return name
}

// explain fetches what a domain says to senders it refuses. Any fault leaves it out.
func (c *check) explain(exp spec, domain string) string {
	name := c.target(exp, domain)
	if !mail.Name(name) {
		return ""
	}
	txt, err := c.dns.TXT(c.ctx, name)
	if err != nil || len(txt) != 1 {
		return ""
	}
	s, err := parseSpec(txt[0], true)
	if err != nil {
		return ""
	}
	return c.expand(s, domain)
}
