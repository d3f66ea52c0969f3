package maildomain

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/mail"
)

// Probe connects to mail servers and fetches MTA-STS policies. Each server gets one
// connection and no mail.
type Probe struct {
	// Dial opens a connection; nil means the network's own.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are the authorities that are trusted; nil means the machine's.
	Roots *x509.CertPool
	// HELO is how we call ourselves to mail servers; "" means "asepsis.invalid".
	HELO string
	// Timeout is the most time for one server; 0 means 30 s, since many let
	// strangers wait.
	Timeout time.Duration
}

// Host is what a mail server showed.
type Host struct {
	Name      string
	Address   netip.Addr // the one that was reached
	NoAddress bool       // DNS knows no address of it that could be connected to
	Unreached string     // why nothing is known of it, for people
	Fault     string     // why mail to it is not encrypted, for people; "" where it is
	Version   string     // of TLS: 1.2, 1.3
	Outdated  string     // what is wrong with that version, for people
	NotAfter  time.Time  // end of its certificate
	// CertFaults are why its certificate does not fit. Unjudged says why that is not known.
	CertFaults []string
	Unjudged   string
}

func (p *Probe) timeout() time.Duration {
	if p.Timeout > 0 {
		return p.Timeout
	}
	return 30 * time.Second
}

func (p *Probe) dial(ctx context.Context, addr netip.Addr, port uint16) (net.Conn, error) {
	at := netip.AddrPortFrom(addr, port).String()
	if p.Dial != nil {
		return p.Dial(ctx, "tcp", at)
	}
	d := net.Dialer{}
	return d.DialContext(ctx, "tcp", at)
}

// reachable returns the addresses of a name that may be connected to. A name in DNS
// that points back at this machine is no mail server of anybody.
func reachable(ctx context.Context, dns mail.DNS, name string) ([]netip.Addr, error) {
	a, err := mail.Exists(dns.A(ctx, name))
	six, err6 := mail.Exists(dns.AAAA(ctx, name))
	var out []netip.Addr
	for _, list := range [][]netip.Addr{a, six} {
		for i, x := range list {
			if i < 2 && !x.IsLoopback() && !x.IsUnspecified() && !x.IsMulticast() && !x.IsLinkLocalUnicast() {
				out = append(out, x)
			}
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	if err := errors.Join(err, err6); err != nil {
		return nil, first(err)
	}
	return nil, nil
}

// host connects to a mail server, asks for encryption, and looks at its certificate.
func (p *Probe) host(ctx context.Context, now time.Time, dns mail.DNS, name string) Host {
	h := Host{Name: name}
	ctx, cancel := context.WithTimeout(ctx, p.timeout())
	defer cancel()
	addrs, err := reachable(ctx, dns, name)
	if err != nil {
		h.Unreached = mail.Why(err)
		return h
	}
	if len(addrs) == 0 {
		h.NoAddress = true
		return h
	}
	var conn net.Conn
	for _, a := range addrs {
		h.Address = a
		if conn, err = p.try(ctx, a, len(addrs)); err == nil {
			break
		}
	}
	if err != nil {
		h.Unreached = "no connection to its port 25 (" + reason(err) + "); many networks let nobody out there, so look from where your mail leaves"
		return h
	}
	defer conn.Close() //nolint:errcheck // nothing was written that could be lost
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	p.talk(ctx, now, conn, &h)
	return h
}

// try connects to one of several addresses, and leaves time for the others.
func (p *Probe) try(ctx context.Context, a netip.Addr, of int) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout()/time.Duration(of+1))
	defer cancel()
	return p.dial(ctx, a, 25)
}

func reason(err error) string {
	var e net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &e) && e.Timeout():
		return "no answer"
	case strings.Contains(err.Error(), "refused"):
		return "refused"
	case strings.Contains(err.Error(), "unreachable"), strings.Contains(err.Error(), "no route"):
		return "no way there"
	}
	return "failed"
}

// judge says what is wrong with a certificate, each fault on its own.
func (p *Probe) judge(cs *tls.ConnectionState, name string, now time.Time) (faults []string, unjudged string) {
	leaf := cs.PeerCertificates[0]
	at := now
	switch {
	case now.After(leaf.NotAfter):
		faults = append(faults, "its certificate expired on "+leaf.NotAfter.UTC().Format(time.DateOnly))
		at = leaf.NotAfter
	case now.Before(leaf.NotBefore):
		faults = append(faults, "its certificate is valid from "+leaf.NotBefore.UTC().Format(time.DateOnly)+" only")
		at = leaf.NotBefore
	}
	if err := leaf.VerifyHostname(name); err != nil {
		faults = append(faults, "its certificate is for other names")
	}
	roots := p.Roots
	if roots == nil {
		var err error
		if roots, err = x509.SystemCertPool(); err != nil || roots.Equal(x509.NewCertPool()) {
			return faults, "this machine has no list of trusted authorities"
		}
	}
	between := x509.NewCertPool()
	for _, c := range cs.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at})
	var unknown x509.UnknownAuthorityError
	switch {
	case err == nil:
	case errors.As(err, &unknown) && string(leaf.RawIssuer) == string(leaf.RawSubject):
		faults = append(faults, "its certificate is issued by itself")
	case errors.As(err, &unknown):
		faults = append(faults, "its certificate is of an authority that is not trusted")
	default:
		faults = append(faults, "its certificate cannot be verified")
	}
	return faults, ""
}

func version(v uint16) string {
	switch v {
	case tls.VersionTLS10:
		return "1.0"
	case tls.VersionTLS11:
		return "1.1"
	case tls.VersionTLS12:
		return "1.2"
	case tls.VersionTLS13:
		return "1.3"
	}
	return fmt.Sprintf("%#04x", v)
}
