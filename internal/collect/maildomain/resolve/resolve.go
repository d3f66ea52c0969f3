// Package resolve asks DNS servers, carefully: every answer is held against its
// question, aliases are followed to a bound, what does not fit a packet comes by TCP,
// and what is no answer (a time-out, a failure, a referral of a server that does not
// serve the name) is an error and never "there is none".
//
// It asks recursive servers, those of the machine or those it is told, and keeps
// what they said as long as it lives: make one for a run, and a new one for the next.
package resolve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/mail"
)

const (
	// packet is the size of UDP answers that every network carries (DNS flag day 2020).
	packet     = 1232
	maxAliases = 8
	maxKept    = 20_000
	maxServers = 6
)

// Options say whom to ask.
type Options struct {
	// Servers are addresses, with a port where it is not 53. Empty means those of
	// the machine.
	Servers []string
	// Timeout is how long one question waits at one server; 0 means 3 s.
	Timeout time.Duration
	// Tries is how often all servers are asked; 0 means 2.
	Tries int
}

// Client is a [mail.DNS]. It is safe for concurrent use.
type Client struct {
	servers  []string
	udp, tcp dns.Client
	tries    int

	mu   sync.Mutex
	kept map[question]*answer // guarded by mu
}

var _ mail.DNS = (*Client)(nil)

type question struct {
	name string
	kind uint16
}

type answer struct {
	done chan struct{} // closed once the rest is set
	rrs  []dns.RR
	err  error
}

// New returns a client. It asks nobody yet.
func New(o Options) (*Client, error) {
	servers := o.Servers
	if len(servers) == 0 {
		var err error
		if servers, err = system(); err != nil {
			return nil, errs.Hint(errs.New(errs.Unsupported, "the machine's own DNS servers cannot be told: %w", err), "name the servers to ask")
		}
	}
	c := &Client{tries: o.Tries, kept: map[question]*answer{}}
	for _, s := range servers {
		at, err := server(s)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(c.servers, at) && len(c.servers) < maxServers {
			c.servers = append(c.servers, at)
		}
	}
	if len(c.servers) == 0 {
		return nil, errs.Hint(errs.New(errs.Unsupported, "this machine has no DNS server set"), "name the servers to ask")
	}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = 3 * time.Second
	}
	if c.tries <= 0 {
		c.tries = 2
	}
	c.udp = dns.Client{Net: "udp", Timeout: timeout, UDPSize: packet}
	c.tcp = dns.Client{Net: "tcp", Timeout: timeout}
	return c, nil
}

// Servers lists the servers that are asked.
func (c *Client) Servers() []string { return slices.Clone(c.servers) }

func server(s string) (string, error) {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.String(), nil
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return "", errs.Hint(errs.New(errs.Invalid, "%.60q is no address of a DNS server", s), "write an address such as 192.0.2.53, or 192.0.2.53:5353")
	}
	return net.JoinHostPort(a.String(), "53"), nil
}

// ask returns the records of a type at the end of a name's aliases. Who asks the
// same while it is asked waits for that answer.
func (c *Client) ask(ctx context.Context, name string, kind uint16) ([]dns.RR, error) {
	q := question{strings.ToLower(strings.TrimSuffix(name, ".")), kind}
	c.mu.Lock()
	a, ok := c.kept[q]
	if !ok {
		a = &answer{done: make(chan struct{})}
		if len(c.kept) < maxKept {
			c.kept[q] = a
		}
	}
	c.mu.Unlock()
	if !ok {
		a.rrs, a.err = c.follow(ctx, q)
		if ended(ctx) { // the next one may have more time
			c.mu.Lock()
			if c.kept[q] == a {
				delete(c.kept, q)
			}
			c.mu.Unlock()
		}
		close(a.done)
		return a.rrs, a.err
	}
	select {
	case <-a.done:
		return a.rrs, a.err
	case <-ctx.Done():
		return nil, unanswered(q, "the time ran out", ctx.Err())
	}
}

// ended reports whether ctx is over. A connection's own deadline, which is that of
// ctx, may come a moment sooner than ctx says so.
func ended(ctx context.Context) bool {
	if ctx.Err() != nil {
		return true
	}
	at, ok := ctx.Deadline()
	return ok && time.Until(at) < 5*time.Millisecond
}

func unanswered(q question, why string, err error) error {
	return &mail.Unanswered{Name: q.name, Type: dns.TypeToString[q.kind], Why: why, Err: err}
}

// follow asks for a name, and for what it is an alias of where the server does not
// do so itself.
func (c *Client) follow(ctx context.Context, q question) ([]dns.RR, error) {
	name := q.name
	seen := map[string]bool{name: true}
	for range maxAliases {
		m, err := c.exchange(ctx, question{name, q.kind})
		if err != nil {
			return nil, err
		}
		end, err := chase(m, name, seen, q)
		if err != nil {
			return nil, err
		}
		switch rrs := of(m, end, q.kind); {
		case len(rrs) > 0:
			return rrs, nil
		case m.Rcode == dns.RcodeNameError:
			return nil, mail.ErrNoName
		case end == name || m.RecursionAvailable:
			return nil, nil
		}
		name = end
	}
	return nil, unanswered(q, "its aliases lead on and on", nil)
}

// chase follows the aliases within one answer to the last name.
func chase(m *dns.Msg, name string, seen map[string]bool, q question) (string, error) {
	for {
		next := ""
		for _, rr := range m.Answer {
			if c, ok := rr.(*dns.CNAME); ok && strings.EqualFold(plain(c.Hdr.Name), name) {
				next = strings.ToLower(plain(c.Target))
			}
		}
		if next == "" || q.kind == dns.TypeCNAME {
			return name, nil
		}
		if seen[next] {
			return "", unanswered(q, "its aliases lead in a circle", nil)
		}
		if len(seen) > 4*maxAliases {
			return "", unanswered(q, "its aliases lead on and on", nil)
		}
		seen[next] = true
		name = next
	}
}

func of(m *dns.Msg, name string, kind uint16) []dns.RR {
	var out []dns.RR
	for _, rr := range m.Answer {
		if h := rr.Header(); h.Rrtype == kind && h.Class == dns.ClassINET && strings.EqualFold(plain(h.Name), name) {
			out = append(out, rr)
		}
	}
	return out
}

// exchange asks the servers one question until one answers.
func (c *Client) exchange(ctx context.Context, q question) (*dns.Msg, error) {
	var last error
	for try := range c.tries {
		for _, s := range c.servers {
			m, err := c.once(ctx, s, q, try > 0)
			if err == nil {
				return m, nil
			}
			last = err
			if ended(ctx) {
				return nil, unanswered(q, "the time ran out", cmp.Or(ctx.Err(), context.DeadlineExceeded))
			}
		}
	}
	return nil, last
}

// once asks one server. Where the first try got no answer, the second goes by TCP,
// which passes where large packets do not.
func (c *Client) once(ctx context.Context, server string, q question, again bool) (*dns.Msg, error) {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(strings.ReplaceAll(q.name, `\`, `\\`)), q.kind)
	m.SetEdns0(packet, false)
	client := &c.udp
	if again {
		client = &c.tcp
	}
	r, _, err := client.ExchangeContext(ctx, m, server)
	if err == nil && r.Rcode == dns.RcodeFormatError {
		m.Extra = nil // a server older than EDNS
		r, _, err = client.ExchangeContext(ctx, m, server)
	}
	if err == nil && r.Truncated && !again {
		r, _, err = c.tcp.ExchangeContext(ctx, m, server)
	}
	if err != nil {
		return nil, unanswered(q, problem(err, server, client.Timeout), err)
	}
	return r, check(r, m, q, server)
}

func problem(err error, server string, timeout time.Duration) string {
	var e net.Error
	switch {
	case errors.As(err, &e) && e.Timeout():
		return fmt.Sprintf("no answer from %s within %s", server, timeout)
	case strings.Contains(err.Error(), "refused"):
		return "nothing listens at " + server
	}
	return "what " + server + " sent cannot be read"
}

// check says whether a message is an answer to the question.
func check(r, asked *dns.Msg, q question, server string) error {
	switch {
	case !r.Response || len(r.Question) != 1 || r.Question[0].Qtype != q.kind || !strings.EqualFold(plain(r.Question[0].Name), plain(asked.Question[0].Name)):
		return unanswered(q, server+" answered another question", nil)
	case r.Truncated:
		return unanswered(q, server+" cut its answer off", nil)
	case r.Rcode == dns.RcodeServerFailure:
		return unanswered(q, server+" failed (SERVFAIL)", nil)
	case r.Rcode == dns.RcodeRefused:
		return unanswered(q, server+" refused to answer (REFUSED)", nil)
	case r.Rcode != dns.RcodeSuccess && r.Rcode != dns.RcodeNameError:
		return unanswered(q, server+" answered "+dns.RcodeToString[r.Rcode], nil)
	case len(r.Answer) == 0 && lame(r):
		return unanswered(q, server+" does not serve the name and asks nobody else", nil)
	}
	return nil
}

// lame reports whether an empty message is no answer: a server that neither serves
// the name nor asks others, or points elsewhere.
func lame(r *dns.Msg) bool {
	if r.Authoritative {
		return false
	}
	refers := false
	for _, rr := range r.Ns {
		switch rr.Header().Rrtype {
		case dns.TypeSOA:
			return false
		case dns.TypeNS:
			refers = true
		}
	}
	return refers || !r.RecursionAvailable
}

// plain is a name without the dot at its end and without the library's escapes, of
// which there are several for the same name.
func plain(name string) string { return unescape(strings.TrimSuffix(name, ".")) }
