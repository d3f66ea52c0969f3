// Package tlsenum asks a server which versions of SSL and TLS it accepts, with
// which cipher suites, and who it says it is.
//
// Which suites a server accepts is found out with hellos of our own, because a
// library that is safe to use cannot offer what is broken. Each hello offers one
// version; the server's choice is taken off the list and the rest is offered
// again, until it refuses. No key is ever agreed on that way: the connection is
// closed after the server's hello. One ordinary handshake by crypto/tls shows
// the certificates as a present-day client sees them.
package tlsenum

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// Bounds where the options name none.
const (
	DefaultConnections = 200
	DefaultTime        = 20 * time.Second
	// EachTime and EachBytes bound one connection.
	EachTime  = 3 * time.Second
	EachBytes = MaxCertificates + 64<<10
)

// Options say how a server is asked.
type Options struct {
	// Names are what the server is called. It is asked for the first that is no
	// address, and its certificate is held against all.
	Names []string
	// Now is when certificates are judged. It must be set.
	Now time.Time
	// Roots are the authorities that are trusted; nil means this machine's.
	Roots *x509.CertPool
	// Begin asks for TLS inside another protocol on a new connection, and returns
	// when the next byte belongs to TLS. Nil speaks TLS at once.
	Begin func(*wire.Conn) error
	// Brief looks for weak suites and the chosen one alone, with few connections.
	Brief bool
	// Connections bounds how many are opened; Time how long it all takes; EachTime
	// how long one of them. 0 is the default.
	Connections int
	Time        time.Duration
	EachTime    time.Duration
}

// Accepted is a suite that the server agreed to.
type Accepted struct {
	Suite   Suite   `json:"suite"`
	Version Version `json:"version"`        // newest in which it was agreed on
	Weak    string  `json:"weak,omitempty"` // why it does not protect
	Name    string  `json:"name"`           // IANA name
}

// Report is how a server speaks TLS.
type Report struct {
	// Versions it accepts, oldest first.
	Versions []Version `json:"versions"`
	// Unsure are versions of which it is not known whether it accepts them, with the
	// reason in Why.
	Unsure []Version `json:"unsure,omitempty"`
	Why    string    `json:"why,omitempty"`
	// Chosen is the suite it takes from a present-day client, in its newest version.
	Chosen Suite `json:"chosen,omitempty"`
	// Suites it accepts: weak ones of any version, all others of its newest version
	// before 1.3 and of 1.3.
	Suites []Accepted `json:"suites,omitempty"`
	// Incomplete is why there may be suites that are not listed; empty if they all are.
	Incomplete string `json:"incomplete,omitempty"`
	// Brief says that suites without a weakness were not looked for.
	Brief bool `json:"brief,omitempty"`
	// DHBits is the length of the smallest group that it uses for ephemeral
	// Diffie-Hellman; 0 where it used none.
	DHBits int `json:"dh_bits,omitempty"`
	// Chain is nil where it showed no certificate that can be read; NoChain is why.
	Chain       *Chain `json:"chain,omitempty"`
	NoChain     string `json:"no_chain,omitempty"`
	Connections int    `json:"connections"`
}

// Weak lists the weak suites that the server accepts, by name.
func (r *Report) Weak() []string {
	out := []string{}
	for _, a := range r.Suites {
		if a.Weak != "" {
			out = append(out, a.Name)
		}
	}
	slices.Sort(out)
	return out
}

// Plain is the error for a service that answers in clear.
type Plain struct{ Protocol string } // "" where nobody can tell what it spoke

func (p *Plain) Error() string {
	if p.Protocol == "" {
		return "it answered something else than TLS"
	}
	return "it answered in clear: " + p.Protocol
}

// Reason says it for people.
func (p *Plain) Reason() string { return p.Error() }

// Refusal is the error for a server that speaks TLS but agreed to nothing.
type Refusal struct{ Alert string }

func (r *Refusal) Error() string {
	if r.Alert == "" {
		return "it speaks TLS but agreed to no version and no suite"
	}
	return "it speaks TLS but refused every offer: " + r.Alert
}

// Reason says it for people.
func (r *Refusal) Reason() string { return r.Error() }

// Enumerate asks a server. The error is a *[Plain] where it speaks something
// else, a *[Refusal] where it would speak TLS but not with us, and otherwise why
// it could not be asked: [wire.Why] says it in words. It returns soon after ctx
// ends, and within the options' bounds whatever the server does.
func Enumerate(ctx context.Context, dial wire.Dial, o Options) (*Report, error) {
	if o.Connections <= 0 {
		o.Connections = DefaultConnections
	}
	if o.Time <= 0 {
		o.Time = DefaultTime
	}
	if o.EachTime <= 0 {
		o.EachTime = EachTime
	}
	ctx, cancel := context.WithTimeout(ctx, o.Time)
	defer cancel()
	e := &enum{Options: o, dial: dial, report: &Report{Brief: o.Brief}, found: map[Suite]bool{}}
	for _, n := range o.Names {
		if _, err := netip.ParseAddr(n); err != nil && validName(n) {
			e.name = strings.ToLower(strings.TrimSuffix(n, "."))
			break
		}
	}
	return e.run(ctx)
}

// validName reports whether a server can be asked for a name.
func validName(n string) bool {
	if n == "" || len(n) > 253 {
		return false
	}
	for _, r := range n {
		if r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return true
}

// ordinary shows the certificates by an ordinary handshake. It returns the
// version and suite that were agreed on, if any.
func (e *enum) ordinary(ctx context.Context) (v Version, s Suite, err error) {
	c, err := e.open(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	var raw [][]byte
	sent := 0
	t := tls.Client(c, &tls.Config{
		ServerName: e.name, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS13, CipherSuites: librarySuites(),
		// The curves of today alone: a hello with a post-quantum key does not fit one
		// packet, and old servers do not wait for the second.
		CurvePreferences:   []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
		InsecureSkipVerify: true, //nolint:gosec // the point is to see what is there, also where it is bad; judge judges it
		VerifyPeerCertificate: func(rs [][]byte, _ [][]*x509.Certificate) error {
			sent = len(rs)
			for _, r := range rs[:min(sent, MaxChain)] {
				raw = append(raw, slices.Clone(r))
			}
			return nil
		},
		// A server may ask who we are; we have no name to give, and it has shown its own by then.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &tls.Certificate{}, nil },
	})
	err = t.HandshakeContext(ctx)
	if len(raw) > 0 {
		if e.report.Chain, err = judge(raw, sent, e.Roots, e.Now, e.Names); err != nil {
			e.report.NoChain = wire.Why(err)
		}
	}
	if len(raw) == 0 && err != nil {
		e.report.NoChain = wire.Why(err) // our own reader may still see one
	}
	st := t.ConnectionState()
	if st.HandshakeComplete {
		_ = t.Close()
		return Version(st.Version), Suite(st.CipherSuite), nil
	}
	var header tls.RecordHeaderError
	if errors.As(err, &header) && len(raw) == 0 {
		if header.RecordHeader[0] != recordAlert && header.RecordHeader[0] != recordHandshake || header.RecordHeader[1] != 3 {
			return 0, 0, &Plain{plainProtocol(header.RecordHeader[:])}
		}
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		e.alert = strings.TrimPrefix(op.Err.Error(), "tls: ")
		return 0, 0, nil
	}
	if wire.TimedOut(err) && len(raw) == 0 {
		return 0, 0, err
	}
	return 0, 0, nil // whatever it was, our own hellos will tell
}

func librarySuites() []uint16 {
	var ids []uint16
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		ids = append(ids, s.ID)
	}
	return ids
}
