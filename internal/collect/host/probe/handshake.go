package probe

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"time"
)

type offer uint8

const (
	direct offer = iota // TLS was spoken at once
	yes                 // the protocol's request to begin TLS was granted
	no                  // it was not
)

// hello is the outcome of one handshake.
type hello struct {
	accepted bool // the server sent its certificate, whatever came after
	version  uint16
	cipher   uint16
	chain    []*x509.Certificate
	offered  offer
	plain    string // it answered in this protocol instead
	alert    string // it refused in TLS words
	product  string
	err      error
}

func (p Prober) shake(ctx context.Context, conn net.Conn, t Target, oldest, newest uint16, suites []uint16) hello {
	return p.handshake(ctx, conn, t, oldest, newest, suites, "")
}

func (p Prober) shakeNamed(ctx context.Context, conn net.Conn, t Target, name string) hello {
	return p.handshake(ctx, conn, t, tls.VersionTLS10, tls.VersionTLS13, nil, name)
}

func (p Prober) handshake(ctx context.Context, conn net.Conn, t Target, oldest, newest uint16, suites []uint16, name string) hello {
	var h hello
	setDeadline(ctx, conn, handshakeTimeout)
	if t.StartTLS != "" {
		ok, product, err := startTLS(conn, t.StartTLS)
		h.product = product
		if err != nil && !ok {
			h.err = err
			if !timedOut(err) {
				h.offered = no
			}
			return h
		}
		if !ok {
			h.offered = no
			return h
		}
		h.offered = yes
	}
	if suites == nil {
		suites = allSuites()
	}
	c := tls.Client(conn, &tls.Config{
		ServerName: name,
		MinVersion: oldest, MaxVersion: newest, CipherSuites: suites,
		InsecureSkipVerify: true, //nolint:gosec // the point is to look at what is there, also where it is bad; the chain is judged below
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			h.chain = h.chain[:0]
			for _, der := range raw {
				if crt, err := x509.ParseCertificate(der); err == nil {
					h.chain = append(h.chain, crt)
				}
			}
			h.accepted = true
			return nil
		},
		// A server may ask who we are; we have no name to give, and it has
		// shown its own by then.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &tls.Certificate{}, nil },
	})
	h.err = c.HandshakeContext(ctx)
	st := c.ConnectionState()
	if h.err == nil {
		h.accepted = true
		h.version, h.cipher = st.Version, st.CipherSuite
		return h
	}
	if h.accepted && oldest == newest {
		h.version = oldest
	}
	var header tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errors.As(h.err, &header) && h.offered == direct:
		h.plain = plainProtocol(header.RecordHeader[:])
	case errors.As(h.err, &op) && op.Op == "remote error":
		h.alert = strings.TrimPrefix(op.Err.Error(), "tls: ")
	}
	return h
}

// plainProtocol tells what answered our TLS greeting in clear.
func plainProtocol(head []byte) string {
	switch {
	case strings.HasPrefix(string(head), "HTTP/"), strings.HasPrefix(string(head), "<html"), strings.HasPrefix(string(head), "<!DOC"):
		return "http"
	case strings.HasPrefix(string(head), "SSH-"):
		return "ssh"
	}
	return ""
}

func allSuites() []uint16 {
	var ids []uint16
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		ids = append(ids, s.ID)
	}
	return ids
}

// weakSuites are those with a broken cipher (RC4: RFC 7465; 3DES: SP 800-131A
// rev 2, CVE-2016-2183) and those without forward secrecy (SP 800-52 rev 2,
// section 3.3.1: RSA key transport is to be phased out). The library speaks no
// NULL, EXPORT or anonymous suites, so those cannot be seen.
func weakSuites() []uint16 {
	var ids []uint16
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if strings.Contains(s.Name, "_RC4_") || strings.Contains(s.Name, "_3DES_") || strings.HasPrefix(s.Name, "TLS_RSA_") {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

var versionNames = map[uint16]string{
	tls.VersionTLS10: "1.0", tls.VersionTLS11: "1.1", tls.VersionTLS12: "1.2", tls.VersionTLS13: "1.3",
}

// examine asks a port that speaks TLS for every version and for weak suites.
func (p Prober) examine(ctx context.Context, t Target, first hello) *TLS {
	out := &TLS{Chain: first.chain}
	var accepted []uint16
	newest := first
	for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13} {
		h := first
		if v != first.version {
			h = p.again(ctx, t, v, nil)
		}
		if !h.accepted {
			continue
		}
		accepted = append(accepted, v)
		out.Versions = append(out.Versions, versionNames[v])
		if h.cipher != 0 {
			newest = h
		}
	}
	if len(out.Versions) == 0 && first.version != 0 {
		out.Versions = []string{versionNames[first.version]}
	}
	if newest.cipher != 0 {
		out.Cipher = tls.CipherSuiteName(newest.cipher)
	}
	weak := map[string]bool{}
	for _, v := range accepted {
		if v == tls.VersionTLS13 {
			continue
		}
		for suites := weakSuites(); len(suites) > 0; {
			h := p.again(ctx, t, v, suites)
			if h.err != nil || h.cipher == 0 || !slices.Contains(suites, h.cipher) {
				break
			}
			weak[tls.CipherSuiteName(h.cipher)] = true
			suites = slices.DeleteFunc(suites, func(id uint16) bool { return id == h.cipher })
		}
	}
	for name := range weak {
		out.Weak = append(out.Weak, name)
	}
	slices.Sort(out.Weak)
	out.Trusted, out.TrustErr = p.trust(out.Chain)
	return out
}

// again asks with one version. A busy machine may be late once; that must not
// look like a version it does not speak.
func (p Prober) again(ctx context.Context, t Target, version uint16, suites []uint16) hello {
	h := p.once(ctx, t, version, suites)
	if !h.accepted && timedOut(h.err) && ctx.Err() == nil {
		h = p.once(ctx, t, version, suites)
	}
	return h
}

func (p Prober) once(ctx context.Context, t Target, version uint16, suites []uint16) hello {
	conn, err := dial(ctx, t.Addr)
	if err != nil {
		return hello{err: err}
	}
	defer conn.Close()
	name := ""
	if len(t.Names) > 0 {
		name = t.Names[0]
	}
	return p.handshake(ctx, conn, t, version, version, suites, name)
}

// trust reports whether a chain leads to a trusted authority. A certificate
// that has only expired is judged as of its last day, because expiry is
// reported by itself.
func (p Prober) trust(chain []*x509.Certificate) (ok bool, problem string) {
	if len(chain) == 0 {
		return false, "it sent no certificate that can be read"
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	leaf := chain[0]
	at := p.Now
	if at.After(leaf.NotAfter) {
		at = leaf.NotAfter.Add(-time.Second)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: p.Roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err == nil {
		return true, ""
	}
	return false, cmp.Or(printable(strings.TrimPrefix(err.Error(), "x509: ")), "it is not trusted")
}
