// Package probe asks a listening port how it protects what passes through it.
//
// It connects, waits a moment for a greeting, and offers TLS. The only bytes it
// ever sends are a TLS greeting and, where the protocol has one, the fixed
// request to begin TLS. It never signs in and never sends a request.
package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// Limits of one probe.
const (
	dialTimeout      = 500 * time.Millisecond
	greetingTimeout  = 150 * time.Millisecond // a service that speaks first does so at once
	serverTimeout    = 600 * time.Millisecond // where the protocol says that it speaks first
	handshakeTimeout = 900 * time.Millisecond
	maxGreeting      = 4096
)

// Target is a port to ask.
type Target struct {
	Addr        netip.AddrPort
	ServerFirst bool   // the protocol lets the server speak first
	StartTLS    string // smtp, imap, pop3, ftp, ldap, postgres, mysql; "" offers TLS at once
	Names       []string
}

// Answer is what a port gave away.
type Answer struct {
	Service string // told from what it said; "" if nothing did
	Product string // software and version, from its greeting
	Clear   string // the protocol it spoke in clear, "" if none
	TLS     *TLS
	// Refused says that it speaks TLS but would not with us.
	Refused string
	// Unsure says why nothing can be said about TLS.
	Unsure string
}

// TLS is how a port speaks it.
type TLS struct {
	Versions []string // 1.0 to 1.3, oldest first
	Cipher   string   // chosen with the newest version
	Weak     []string // weak suites it accepts
	Chain    []*x509.Certificate
	// Trusted says that the chain leads to an authority the machine trusts,
	// whether or not it has expired.
	Trusted  bool
	TrustErr string // why not
}

// Prober asks ports.
type Prober struct {
	// Now is the time certificates are judged at.
	Now time.Time
	// Roots are the authorities that are trusted; nil means the system's.
	Roots *x509.CertPool
}

// maxAtOnce bounds the open connections.
const maxAtOnce = 32

// All asks every target at once and returns their answers in the same order.
// It ends with ctx; what was not answered by then is unsure.
func (p Prober) All(ctx context.Context, targets []Target) []Answer {
	answers := make([]Answer, len(targets))
	slots := make(chan struct{}, maxAtOnce)
	var wg sync.WaitGroup
	for i, t := range targets {
		wg.Go(func() {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
				answers[i] = p.One(ctx, t)
			case <-ctx.Done():
				answers[i] = Answer{Unsure: "there was no time left to ask it"}
			}
		})
	}
	wg.Wait()
	return answers
}

// One asks one target.
func (p Prober) One(ctx context.Context, t Target) Answer {
	conn, err := dial(ctx, t.Addr)
	if err != nil {
		return Answer{Unsure: unsure(err)}
	}
	defer conn.Close()
	var a Answer
	if t.StartTLS == "" {
		wait := greetingTimeout
		if t.ServerFirst {
			wait = serverTimeout
		}
		if greeting := listen(ctx, conn, wait); len(greeting) > 0 {
			a.Service, a.Product = Recognize(greeting)
			if a.Service != "ssh" {
				a.Clear = a.Service
				if a.Clear == "" {
					a.Clear = "unknown"
				}
			}
			return a
		}
		if t.ServerFirst {
			a.Unsure = "it did not greet us in time"
			return a
		}
	}
	hello := p.shake(ctx, conn, t, tls.VersionTLS10, tls.VersionTLS13, nil)
	a.Product = hello.product
	switch {
	case hello.plain != "":
		a.Service, a.Clear = hello.plain, hello.plain
		return a
	case hello.offered == no:
		a.Clear = t.StartTLS
		return a
	case !hello.accepted && hello.alert != "" && len(t.Names) > 0 && t.Names[0] != "":
		// It may want to hear a name first.
		if conn2, err := dial(ctx, t.Addr); err == nil {
			named := t
			named.Names = nil
			hello = p.shakeNamed(ctx, conn2, named, t.Names[0])
			_ = conn2.Close()
		}
	}
	if !hello.accepted {
		switch {
		case hello.alert != "":
			a.Refused = hello.alert
		case hello.err != nil && timedOut(hello.err):
			a.Unsure = "it did not answer a TLS greeting in time"
		case hello.offered == yes:
			a.Refused = "TLS was on offer and failed"
		}
		return a
	}
	a.TLS = p.examine(ctx, t, hello)
	return a
}

func dial(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	return d.DialContext(ctx, "tcp", addr.String())
}

// listen reads what a server says by itself.
func listen(ctx context.Context, conn net.Conn, wait time.Duration) []byte {
	setDeadline(ctx, conn, wait)
	b := make([]byte, maxGreeting)
	n, _ := conn.Read(b)
	return b[:n]
}

// setDeadline bounds the next exchange by the wait and by the context.
func setDeadline(ctx context.Context, conn net.Conn, wait time.Duration) {
	left := wait
	if at, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(at))
	}
	_ = conn.SetDeadline(deadlineIn(left))
}

// deadlineIn turns a duration into the moment that sockets want: they compare
// it with the machine's clock, so no other clock would do.
func deadlineIn(d time.Duration) time.Time {
	return time.Now().Add(d) //nolint:forbidigo // socket deadlines are kept by the kernel against the real clock
}

func timedOut(err error) bool {
	var ne net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Timeout()
}

func unsure(err error) string {
	switch {
	case timedOut(err):
		return "it did not take a connection in time"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "there was no time left to ask it"
	}
	return "it takes no connection from this machine"
}

// Recognize tells a protocol from a server's first words.
func Recognize(greeting []byte) (service, product string) {
	s := string(greeting[:min(len(greeting), maxGreeting)])
	line, _, _ := strings.Cut(s, "\n")
	line = printable(strings.TrimRight(line, "\r"))
	upper := strings.ToUpper(line)
	switch {
	case strings.HasPrefix(s, "SSH-"):
		if parts := strings.SplitN(line, "-", 3); len(parts) == 3 {
			product = parts[2]
		}
		return "ssh", product
	case strings.HasPrefix(s, "RFB "):
		return "vnc", ""
	case strings.HasPrefix(s, "* OK"), strings.HasPrefix(s, "* PREAUTH"):
		return "imap", ""
	case strings.HasPrefix(s, "+OK"):
		return "pop3", ""
	case strings.HasPrefix(s, "220") && (strings.Contains(upper, "SMTP") || strings.Contains(upper, "MAIL")):
		if _, after, ok := strings.Cut(line, "ESMTP "); ok {
			product, _, _ = strings.Cut(after, " ")
		}
		return "smtp", product
	case strings.HasPrefix(s, "220"):
		return "ftp", ""
	case strings.HasPrefix(s, "@RSYNCD:"):
		return "rsync", ""
	case strings.HasPrefix(s, "\xff\xfb"), strings.HasPrefix(s, "\xff\xfd"), strings.HasPrefix(s, "\xff\xfe"):
		return "telnet", ""
	case strings.HasPrefix(s, "HTTP/"):
		return "http", ""
	}
	if v, ok := mysqlVersion(greeting); ok {
		return "mysql", v
	}
	return "", ""
}

// printable drops control bytes, and cuts what is too long to be a name.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xFFFD {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), 200)]
}
