package wire

import (
	"context"
	"crypto/tls"
	"slices"
	"strings"
)

// Secure opens a connection and begins TLS on it, whatever the server's
// certificate: who it is is judged elsewhere, and over this connection nothing
// is told that a false server must not know.
func Secure(ctx context.Context, dial Dial, name string, l Limits) (*Conn, error) {
	raw, err := Open(ctx, dial, Limits{Time: l.Time, Bytes: l.Bytes + 512<<10})
	if err != nil {
		return nil, err
	}
	var suites []uint16
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		suites = append(suites, s.ID)
	}
	t := tls.Client(raw, &tls.Config{
		ServerName: serverName(name), MinVersion: tls.VersionTLS10, CipherSuites: suites,
		CurvePreferences:     []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
		InsecureSkipVerify:   true, //nolint:gosec // see above
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &tls.Certificate{}, nil },
	})
	if err := t.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return Bound(ctx, t, l), nil
}

// serverName leaves out addresses, which a server is not asked for.
func serverName(n string) string {
	if n == "" || strings.Contains(n, ":") || n[len(n)-1] >= '0' && n[len(n)-1] <= '9' {
		return ""
	}
	return n
}
