package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/asepsis/asepsis/internal/collect/maildomain/dnstest"
	"github.com/asepsis/asepsis/internal/collect/maildomain/resolve"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/mail"
)

// client is one that waits for servers that never answer no longer than a test should.
func client(t testing.TB, servers ...string) *resolve.Client {
	return patient(t, 400*time.Millisecond, servers...)
}

func patient(t testing.TB, timeout time.Duration, servers ...string) *resolve.Client {
	t.Helper()
	c, err := resolve.New(resolve.Options{Servers: servers, Timeout: timeout, Tries: 2})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// zone holds what is right and what is wrong.
var zone = func() string {
	var b strings.Builder
	b.WriteString(`
@        IN TXT   "v=spf1 mx " "-all"
@        IN MX    20 mx2
@        IN MX    10 mx1
mx1      IN A     192.0.2.25
mx1      IN AAAA  2001:db8::25
mx2      IN A     192.0.2.26
odd      IN TXT   "quote \" backslash \\ byte \200 semicolon \;"
alias    IN CNAME alias2
alias2   IN CNAME mx1
nowhere  IN CNAME not.there.test.
loop     IN CNAME loop2
loop2    IN CNAME loop
self     IN CNAME self
away     IN CNAME name.other.test.
null     IN MX    0 .
a.deep   IN A     192.0.2.1
*.wild   IN TXT   "wild"
`)
	for i := range 12 {
		fmt.Fprintf(&b, "c%d IN CNAME c%d\n", i, i+1)
	}
	b.WriteString("c12 IN A 192.0.2.99\n")
	for i := range 90 { // far more than a packet holds
		fmt.Fprintf(&b, "large IN TXT \"%03d %s\"\n", i, strings.Repeat("x", 200))
	}
	fmt.Fprintf(&b, "long IN TXT %s\n", strings.Repeat("\""+strings.Repeat("y", 250)+"\" ", 20))
	return b.String()
}()

func zones() map[string]string {
	return map[string]string{
		".":                    "lame.test. IN NS ns.lame.test.\nns.lame.test. IN A 127.0.0.254\n", // nobody is there
		"good.test":            zone,
		"other.test":           "name IN A 192.0.2.77\n",
		"2.0.192.in-addr.arpa": "25 IN PTR mx1.good.test.\n25 IN PTR another.test.\n",
	}
}

// TestServers asks BIND, and Unbound in front of it, the same questions.
func TestServers(t *testing.T) {
	bind := dnstest.BIND(t, zones())
	unbound := dnstest.Unbound(t, bind)
	for kind, at := range map[string]string{"bind": bind, "unbound": unbound} {
		t.Run(kind, func(t *testing.T) {
			questions(t, patient(t, 3*time.Second, at))
			var u *mail.Unanswered
			if l, err := client(t, at).TXT(context.Background(), "a.lame.test"); !errors.As(err, &u) {
				t.Errorf("a zone that nobody serves: got %q, %v", l, err)
			}
		})
	}
}

func questions(t *testing.T, c *resolve.Client) {
	ctx := context.Background()
	addr := netip.MustParseAddr
	text := func(name string) ([]string, error) { return c.TXT(ctx, name) }
	a := func(name string) ([]string, error) {
		l, err := c.A(ctx, name)
		var out []string
		for _, x := range l {
			out = append(out, x.String())
		}
		return out, err
	}
	for _, tt := range []struct {
		name string
		ask  func(string) ([]string, error)
		want []string
		none bool // no such name
	}{
		{"good.test", text, []string{"v=spf1 mx -all"}, false},
		{"GOOD.test.", text, []string{"v=spf1 mx -all"}, false},
		{"odd.good.test", text, []string{"quote \" backslash \\ byte \xc8 semicolon ;"}, false},
		{"any.wild.good.test", text, []string{"wild"}, false},
		{"mx1.good.test", text, nil, false},
		{"deep.good.test", text, nil, false}, // an empty name between
		{"none.good.test", text, nil, true},
		{"none.at.all", text, nil, true},
		{"mx1.good.test", a, []string{"192.0.2.25"}, false},
		{"alias.good.test", a, []string{"192.0.2.25"}, false},
		{"away.good.test", a, []string{"192.0.2.77"}, false},
		{"nowhere.good.test", a, nil, true},
		{"alias.good.test", text, nil, false},
	} {
		got, err := tt.ask(tt.name)
		if !slices.Equal(got, tt.want) || errors.Is(err, mail.ErrNoName) != tt.none || err != nil && !tt.none {
			t.Errorf("%s: got %q, %v, want %q, no such name %t", tt.name, got, err, tt.want, tt.none)
		}
	}
	if l, err := c.MX(ctx, "good.test"); err != nil || !slices.Equal(l, []mail.MX{{Preference: 10, Host: "mx1.good.test"}, {Preference: 20, Host: "mx2.good.test"}}) {
		t.Errorf("MX: got %v, %v", l, err)
	}
	if l, err := c.MX(ctx, "null.good.test"); err != nil || !slices.Equal(l, []mail.MX{{}}) {
		t.Errorf("null MX: got %v, %v", l, err)
	}
	if l, err := c.AAAA(ctx, "mx1.good.test"); err != nil || !slices.Equal(l, []netip.Addr{addr("2001:db8::25")}) {
		t.Errorf("AAAA: got %v, %v", l, err)
	}
	if l, err := c.PTR(ctx, addr("192.0.2.25")); err != nil || !slices.Equal(l, []string{"another.test", "mx1.good.test"}) {
		t.Errorf("PTR: got %v, %v", l, err)
	}
	if l, err := c.PTR(ctx, addr("::ffff:192.0.2.25")); err != nil || len(l) != 2 {
		t.Errorf("PTR of a mapped address: got %v, %v", l, err)
	}
	if _, err := c.PTR(ctx, addr("192.0.2.99")); !errors.Is(err, mail.ErrNoName) {
		t.Errorf("PTR of nobody: got %v", err)
	}
	// By TCP, because no packet holds it.
	if l, err := c.TXT(ctx, "large.good.test"); err != nil || len(l) != 90 || len(l[0]) != 204 {
		t.Errorf("a large answer: got %d records, %v", len(l), err)
	}
	if l, err := c.TXT(ctx, "long.good.test"); err != nil || len(l) != 1 || len(l[0]) != 5000 {
		t.Errorf("a long record: got %d, %v", len(l), err)
	}
	for _, name := range []string{"loop.good.test", "self.good.test"} {
		var u *mail.Unanswered
		if l, err := c.A(ctx, name); !errors.As(err, &u) || u.Name != name || u.Type != "A" {
			t.Errorf("%s: got %v, %v", name, l, err)
		}
	}
}

func reply(w dns.ResponseWriter, q *dns.Msg, change func(*dns.Msg)) {
	m := new(dns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = true
	change(m)
	_ = w.WriteMsg(m) // the client may be gone
}

func rr(s string) dns.RR {
	r, err := dns.NewRR(s)
	if err != nil {
		panic(err)
	}
	return r
}

// TestMisbehaving has servers that do what they must not. None of it is "there is none".
func TestMisbehaving(t *testing.T) {
	tcp := func(w dns.ResponseWriter) bool { return w.RemoteAddr().Network() == "tcp" }
	for name, tt := range map[string]struct {
		h   dns.HandlerFunc
		why string
	}{
		"silent": {func(dns.ResponseWriter, *dns.Msg) {}, "no answer from"},
		"failing": {func(w dns.ResponseWriter, q *dns.Msg) {
			reply(w, q, func(m *dns.Msg) { m.Rcode = dns.RcodeServerFailure })
		}, "SERVFAIL"},
		"refusing": {func(w dns.ResponseWriter, q *dns.Msg) { reply(w, q, func(m *dns.Msg) { m.Rcode = dns.RcodeRefused }) }, "REFUSED"},
		"not able": {func(w dns.ResponseWriter, q *dns.Msg) {
			reply(w, q, func(m *dns.Msg) { m.Rcode = dns.RcodeNotImplemented })
		}, "NOTIMP"},
		"lame": {func(w dns.ResponseWriter, q *dns.Msg) { reply(w, q, func(m *dns.Msg) { m.RecursionAvailable = false }) }, "does not serve"},
		"pointing elsewhere": {func(w dns.ResponseWriter, q *dns.Msg) {
			reply(w, q, func(m *dns.Msg) { m.Ns = []dns.RR{rr("test. 60 IN NS ns.elsewhere.")} })
		}, "does not serve"},
		"answering another question": {func(w dns.ResponseWriter, q *dns.Msg) {
			reply(w, q, func(m *dns.Msg) {
				m.Question[0].Name = "other.test."
				m.Answer = []dns.RR{rr("other.test. 60 IN TXT x")}
			})
		}, "another question"},
		"cutting off": {func(w dns.ResponseWriter, q *dns.Msg) { reply(w, q, func(m *dns.Msg) { m.Truncated = true }) }, "cut its answer off"},
		"cut off, silent by TCP": {func(w dns.ResponseWriter, q *dns.Msg) {
			if !tcp(w) {
				reply(w, q, func(m *dns.Msg) { m.Truncated = true })
			}
		}, "no answer from"},
		"garbage": {func(w dns.ResponseWriter, q *dns.Msg) {
			b := make([]byte, 40)
			b[0], b[1], b[2], b[5] = byte(q.Id>>8), byte(q.Id), 0x80, 9 // nine questions in 40 bytes
			_, _ = w.Write(b)
		}, "cannot be read"},
		"aliases in a circle": {func(w dns.ResponseWriter, q *dns.Msg) {
			to := map[string]string{"a.test.": "b.test.", "b.test.": "a.test."}[q.Question[0].Name]
			reply(w, q, func(m *dns.Msg) {
				m.RecursionAvailable, m.Authoritative = false, true
				m.Answer = []dns.RR{rr(q.Question[0].Name + " 60 IN CNAME " + to)}
			})
		}, "circle"},
		"aliases without end": {func(w dns.ResponseWriter, q *dns.Msg) {
			reply(w, q, func(m *dns.Msg) {
				m.RecursionAvailable, m.Authoritative = false, true
				m.Answer = []dns.RR{rr(q.Question[0].Name + " 60 IN CNAME x." + q.Question[0].Name)}
			})
		}, "on and on"},
		"many aliases in one answer": {func(w dns.ResponseWriter, q *dns.Msg) {
			reply(w, q, func(m *dns.Msg) {
				m.Answer = []dns.RR{rr("a.test. 60 IN CNAME n0.test.")}
				for i := range 300 {
					m.Answer = append(m.Answer, rr(fmt.Sprintf("n%d.test. 60 IN CNAME n%d.test.", i, i+1)))
				}
			})
		}, "on and on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := client(t, dnstest.Serve(t, tt.h))
			start := time.Now()
			l, err := c.TXT(context.Background(), "a.test")
			var u *mail.Unanswered
			if !errors.As(err, &u) || !strings.Contains(u.Why, tt.why) || u.Name == "" || u.Type != "TXT" {
				t.Errorf("got %q, %v, want %q", l, err, tt.why)
			}
			if errors.Is(err, mail.ErrNoName) || time.Since(start) > 5*time.Second {
				t.Errorf("after %s: %v", time.Since(start), err)
			}
		})
	}
}

func TestHelpsItself(t *testing.T) {
	answer := func(w dns.ResponseWriter, q *dns.Msg) {
		reply(w, q, func(m *dns.Msg) { m.Answer = []dns.RR{rr("a.test. 60 IN TXT yes")} })
	}
	for name, h := range map[string]func(n int32) dns.HandlerFunc{
		"the first packet is lost": func(n int32) dns.HandlerFunc {
			if n == 1 {
				return func(dns.ResponseWriter, *dns.Msg) {}
			}
			return answer
		},
		"the server fails once": func(n int32) dns.HandlerFunc {
			if n == 1 {
				return func(w dns.ResponseWriter, q *dns.Msg) {
					reply(w, q, func(m *dns.Msg) { m.Rcode = dns.RcodeServerFailure })
				}
			}
			return answer
		},
		"the server is older than EDNS": func(int32) dns.HandlerFunc {
			return func(w dns.ResponseWriter, q *dns.Msg) {
				if q.IsEdns0() != nil {
					reply(w, q, func(m *dns.Msg) { m.Rcode = dns.RcodeFormatError })
					return
				}
				answer(w, q)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			c := client(t, dnstest.Serve(t, func(w dns.ResponseWriter, q *dns.Msg) { h(n.Add(1))(w, q) }))
			if l, err := c.TXT(context.Background(), "a.test"); err != nil || !slices.Equal(l, []string{"yes"}) {
				t.Errorf("got %q, %v", l, err)
			}
		})
	}
}

func TestSecondServer(t *testing.T) {
	dead, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := dead.LocalAddr().String()
	_ = dead.Close()
	good := dnstest.Serve(t, func(w dns.ResponseWriter, q *dns.Msg) {
		reply(w, q, func(m *dns.Msg) { m.Answer = []dns.RR{rr("a.test. 60 IN TXT yes")} })
	})
	if l, err := client(t, at, good).TXT(context.Background(), "a.test"); err != nil || len(l) != 1 {
		t.Errorf("got %q, %v", l, err)
	}
	_, err = client(t, at).TXT(context.Background(), "a.test")
	if why := mail.Why(err); !strings.Contains(why, "nothing listens") {
		t.Errorf("got %q", why)
	}
}

// TestKeeps asks one thing many times at once: the server is asked once.
func TestKeeps(t *testing.T) {
	var n atomic.Int32
	c := client(t, dnstest.Serve(t, func(w dns.ResponseWriter, q *dns.Msg) {
		n.Add(1)
		time.Sleep(50 * time.Millisecond)
		reply(w, q, func(m *dns.Msg) { m.Answer = []dns.RR{rr("a.test. 60 IN TXT yes")} })
	}))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if l, err := c.TXT(context.Background(), "A.test."); err != nil || len(l) != 1 {
				t.Errorf("got %q, %v", l, err)
			}
		})
	}
	wg.Wait()
	if n.Load() != 1 {
		t.Errorf("asked %d times", n.Load())
	}
}

// TestEnds ends with its context, and does not keep what an ended one came to.
func TestEnds(t *testing.T) {
	var quick atomic.Bool
	c := client(t, dnstest.Serve(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if quick.Load() {
			reply(w, q, func(m *dns.Msg) { m.Answer = []dns.RR{rr("a.test. 60 IN TXT yes")} })
		}
	}))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.TXT(ctx, "a.test"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	quick.Store(true)
	if l, err := c.TXT(context.Background(), "a.test"); err != nil || len(l) != 1 {
		t.Errorf("later: got %q, %v", l, err)
	}
}

func TestServersTyped(t *testing.T) {
	c := client(t, "192.0.2.53", "192.0.2.53:53", "2001:db8::53", "[2001:db8::53]:5353", " 192.0.2.54 ")
	if got := c.Servers(); !slices.Equal(got, []string{"192.0.2.53:53", "[2001:db8::53]:53", "[2001:db8::53]:5353", "192.0.2.54:53"}) {
		t.Errorf("got %v", got)
	}
	if _, err := resolve.New(resolve.Options{Servers: []string{"dns.example.org"}}); !errs.Is(err, errs.Invalid) || errs.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
}

// TestSystem takes the servers of this machine, or says that it has none.
func TestSystem(t *testing.T) {
	c, err := resolve.New(resolve.Options{})
	if err != nil {
		if !errs.Is(err, errs.Unsupported) || errs.HintOf(err) == "" {
			t.Errorf("got %v", err)
		}
		return
	}
	for _, s := range c.Servers() {
		if _, err := netip.ParseAddrPort(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}
