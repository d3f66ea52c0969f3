package maildomain

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/mail/mailtest"
	"github.com/asepsis/asepsis/internal/mail/sts"
)

// TestHosts meets mail servers of every kind. None of them keeps it longer than the
// time it was given, and what it cannot know is not held against the domain.
func TestHosts(t *testing.T) {
	l := newLab(t)
	later := now.AddDate(0, 3, 0)
	good := l.cert(later, false, "mx.example")
	for _, tt := range []struct {
		name      string
		serve     func(net.Conn)
		unreached string // part of it
		fault     string
		cert      string
	}{
		{"good", smtp{cert: good}.serve, "", "", ""},
		{"good, a star", smtp{cert: l.cert(later, false, "*.example")}.serve, "", "", ""},
		{"no encryption", smtp{plain: true}.serve, "", "does not offer", ""},
		{"no extensions at all", smtp{answers: map[string]string{"EHLO": "502 what?\r\n"}}.serve, "", "does not offer", ""},
		{"takes its word back", smtp{answers: map[string]string{"STARTTLS": "454 not now\r\n"}}.serve, "", "then refuses", ""},
		{"injects", smtp{answers: map[string]string{"STARTTLS": "220 go\r\n250 and this\r\n"}}.serve, "", "more in clear", ""},
		{"cannot", func(c net.Conn) {
			smtp{cert: good, answers: map[string]string{"STARTTLS": "220 go\r\n"}}.serve(&brokenTLS{Conn: c})
		}, "", "cannot be set up", ""},
		{"TLS 1.1", smtp{cert: good, newest: tls.VersionTLS11}.serve, "", "", ""},
		{"expired", smtp{cert: l.cert(now.AddDate(0, 0, -3), false, "mx.example")}.serve, "", "", "expired on 2026-11-22"},
		{"not yet", smtp{cert: l.cert(now.AddDate(1, 0, 7), false, "mx.example")}.serve, "", "", "valid from 2026-12-02"},
		{"other name", smtp{cert: l.cert(later, false, "mail.other.example.net")}.serve, "", "", "other names"},
		{"of itself", smtp{cert: l.cert(later, true, "mx.example")}.serve, "", "", "issued by itself"},
		{"of a stranger", smtp{cert: newLab(t).cert(later, false, "mx.example")}.serve, "", "", "not trusted"},
		{"everything wrong", smtp{cert: l.cert(now.AddDate(0, 0, -3), true, "x.example.net")}.serve, "", "", "expired|other names|issued by itself"},
		{"refuses strangers", smtp{answers: map[string]string{"greeting": "554 \x1b[31mgo away\r\n"}}.serve, "(554: [31mgo away)", "", ""},
		{"refuses our name", smtp{answers: map[string]string{"EHLO": "550 who?\r\n"}}.serve, "(550: who?)", "", ""},
		{"silent", func(c net.Conn) { time.Sleep(5 * time.Second) }, "too slowly", "", ""},
		{"silent later", smtp{answers: map[string]string{"EHLO": ""}}.serve, "too slowly", "", ""},
		{"silent in TLS", func(c net.Conn) { smtp{answers: map[string]string{}}.serve(&muteTLS{Conn: c}) }, "in time", "", ""},
		{"hangs up", func(net.Conn) {}, "no mail server's answer", "", ""},
		{"a web server", func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, "no mail server's answer", "", ""},
		{"an endless banner", func(c net.Conn) { endless(c, "220-more and more\r\n") }, "no mail server's answer", "", ""},
		{"an endless line", func(c net.Conn) { endless(c, strings.Repeat("x", 1000)) }, "no mail server's answer", "", ""},
		{"endless extensions", smtp{answers: map[string]string{"EHLO": strings.Repeat("250-X\r\n", 200)}}.serve, "no mail server's answer", "", ""},
		{"two codes", smtp{answers: map[string]string{"EHLO": "250-a\r\n251 b\r\n"}}.serve, "no mail server's answer", "", ""},
		{"a drop at a time", func(c net.Conn) {
			for range 100 {
				time.Sleep(100 * time.Millisecond)
				if _, err := io.WriteString(c, "2"); err != nil {
					return
				}
			}
		}, "too slowly", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			own := newLab(t)
			own.roots = l.roots
			own.listen("192.0.2.25:25", tt.serve)
			z := &mailtest.Zone{Addrs: map[string][]netip.Addr{"mx.example": {netip.MustParseAddr("192.0.2.25")}}}
			p := own.probe()
			p.Timeout = time.Second
			start := time.Now()
			h := p.host(context.Background(), now, z, "mx.example")
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %s", took)
			}
			if (tt.unreached == "") != (h.Unreached == "") || !strings.Contains(h.Unreached, tt.unreached) {
				t.Errorf("unreached %q, want %q", h.Unreached, tt.unreached)
			}
			if (tt.fault == "") != (h.Fault == "") || !strings.Contains(h.Fault, tt.fault) {
				t.Errorf("fault %q, want %q", h.Fault, tt.fault)
			}
			got := strings.Join(h.CertFaults, "|")
			for want := range strings.SplitSeq(tt.cert, "|") {
				if (tt.cert == "") != (got == "") || !strings.Contains(got, want) {
					t.Errorf("certificate %q, want %q", got, tt.cert)
				}
			}
			if old := tt.name == "TLS 1.1"; old != (h.Outdated != "") {
				t.Errorf("outdated: %q", h.Outdated)
			}
			if encrypted := tt.fault == "" && tt.unreached == ""; encrypted != (h.Version != "") || encrypted != !h.NotAfter.IsZero() {
				t.Errorf("got TLS %q until %s", h.Version, h.NotAfter)
			}
		})
	}
}

// brokenTLS answers the first bytes of a handshake with something else.
type brokenTLS struct{ net.Conn }

func (b *brokenTLS) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if n > 0 && p[0] == 22 { // a handshake record
		_, _ = b.Conn.Write([]byte("what is this?\r\n"))
		return 0, io.EOF
	}
	return n, err
}

// muteTLS never answers a handshake.
type muteTLS struct{ net.Conn }

func (m *muteTLS) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	if n > 0 && p[0] == 22 {
		time.Sleep(5 * time.Second)
	}
	return n, err
}

func TestHostsNotReached(t *testing.T) {
	l := newLab(t)
	addr := netip.MustParseAddr
	l.listen("192.0.2.26:25", smtp{cert: l.cert(now.AddDate(0, 1, 0), false, "second.example")}.serve)
	z := &mailtest.Zone{
		Addrs: map[string][]netip.Addr{
			"refused.example": {addr("192.0.2.99")}, "second.example": {addr("192.0.2.99"), addr("192.0.2.26")},
			"local.example": {addr("127.0.0.1"), addr("::1"), addr("169.254.169.254")}, "six.example": {addr("2001:db8::1")},
		},
		Text: map[string][]string{"no-address.example": {"x"}},
		Dead: map[string]bool{"dead.example": true},
	}
	for name, want := range map[string]string{"refused.example": "(refused)", "six.example": "(refused)", "dead.example": "DNS did not answer"} {
		if h := l.probe().host(context.Background(), now, z, name); !strings.Contains(h.Unreached, want) || h.Fault != "" {
			t.Errorf("%s: got %+v", name, h)
		}
	}
	for _, name := range []string{"no-address.example", "nowhere.test", "local.example"} {
		if h := l.probe().host(context.Background(), now, z, name); !h.NoAddress || h.Unreached != "" {
			t.Errorf("%s: got %+v", name, h)
		}
	}
	if h := l.probe().host(context.Background(), now, z, "second.example"); h.Unreached != "" || h.Version != "1.3" || h.Address != addr("192.0.2.26") {
		t.Errorf("the second address: got %+v", h)
	}
}

func TestPolicies(t *testing.T) {
	l := newLab(t)
	const good = "version: STSv1\nmode: enforce\nmx: mx.good.example\nmax_age: 604800\n"
	fits := l.cert(now.AddDate(0, 1, 0), false, "mta-sts.x.example")
	for _, tt := range []struct {
		name  string
		start func(*lab)
		mode  sts.Mode
		fault string
		err   string
	}{
		{"good", func(o *lab) { o.web("192.0.2.80:443", fits, text(good)) }, sts.Enforce, "", ""},
		{"misspelt", func(o *lab) { o.web("192.0.2.80:443", fits, text("version: STSv1\nmode: strict\n")) }, "", "strict", ""},
		{"too long", func(o *lab) { o.web("192.0.2.80:443", fits, text(strings.Repeat("x: y\n", 100_000))) }, "", "longer than", ""},
		{"a page", func(o *lab) {
			o.web("192.0.2.80:443", fits, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html></html>") })
		}, "", "text/plain", ""},
		{"not there", func(o *lab) { o.web("192.0.2.80:443", fits, http.NotFound) }, "", "HTTP 404", ""},
		{"elsewhere", func(o *lab) {
			o.web("192.0.2.80:443", fits, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
			})
		}, "", "elsewhere", ""},
		{"failing", func(o *lab) {
			o.web("192.0.2.80:443", fits, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		}, "", "", "for a while"},
		{"other name", func(o *lab) {
			o.web("192.0.2.80:443", l.cert(now.AddDate(0, 1, 0), false, "www.x.example"), text(good))
		}, "", "other names", ""},
		{"expired", func(o *lab) {
			o.web("192.0.2.80:443", l.cert(now.AddDate(0, 0, -1), false, "mta-sts.x.example"), text(good))
		}, "", "expired", ""},
		{"of itself", func(o *lab) {
			o.web("192.0.2.80:443", l.cert(now.AddDate(0, 1, 0), true, "mta-sts.x.example"), text(good))
		}, "", "not trusted", ""},
		{"not TLS", func(o *lab) {
			o.listen("192.0.2.80:443", func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 No\r\n\r\n") })
		}, "", "does not speak TLS", ""},
		{"refused", func(*lab) {}, "", "", "refused"},
		{"silent", func(o *lab) { o.listen("192.0.2.80:443", func(net.Conn) { time.Sleep(3 * time.Second) }) }, "", "", "no answer"},
		{"a drop at a time", func(o *lab) {
			o.web("192.0.2.80:443", fits, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				for range 50 {
					if _, err := io.WriteString(w, "x"); err != nil {
						return
					}
					w.(http.Flusher).Flush()
					time.Sleep(100 * time.Millisecond)
				}
			})
		}, "", "", "in time"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			own := newLab(t)
			own.roots = l.roots
			tt.start(own)
			z := &mailtest.Zone{Addrs: map[string][]netip.Addr{"mta-sts.x.example": {netip.MustParseAddr("192.0.2.80")}}}
			p := own.probe()
			p.Timeout = time.Second
			policy, fault, err := p.policy(context.Background(), now, z, "x.example")
			if (policy != nil) != (tt.mode != "") || policy != nil && policy.Mode != tt.mode {
				t.Errorf("policy %+v, want mode %q", policy, tt.mode)
			}
			if (fault == "") != (tt.fault == "") || !strings.Contains(fault, tt.fault) {
				t.Errorf("fault %q, want %q", fault, tt.fault)
			}
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(why(err), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
	z := &mailtest.Zone{Dead: map[string]bool{"mta-sts.dead.example": true}}
	if _, fault, err := l.probe().policy(context.Background(), now, z, "nowhere.example"); err != nil || !strings.Contains(fault, "no server") {
		t.Errorf("no server: got %q, %v", fault, err)
	}
	if _, fault, err := l.probe().policy(context.Background(), now, z, "dead.example"); fault != "" || !strings.Contains(why(err), "DNS did not answer") {
		t.Errorf("no answer: got %q, %v", fault, err)
	}
}

// FuzzReply gives any bytes as what a mail server answers.
func FuzzReply(f *testing.F) {
	for _, s := range []string{"220 ready\r\n", "250-a\r\n250-STARTTLS\r\n250 b\r\n", "250\n", "25", "999-\n\n", strings.Repeat("250-x\n", 200)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		code, lines, err := reply(bufio.NewReaderSize(bytes.NewReader(b), maxReplyLine))
		if (err == nil) != (code != 0 || len(lines) > 0) || len(lines) > maxReply || code > 999 {
			t.Fatalf("got %d, %q, %v", code, lines, err)
		}
		offers(lines, "STARTTLS")
		if s := greeting(code, lines, err); s == "" || len(s) > 300 {
			t.Errorf("said %q", s)
		}
	})
}
