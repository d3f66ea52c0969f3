package maildomain

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// lab holds the servers that stand behind the addresses of the test's zones.
type lab struct {
	t     testing.TB
	at    map[string]string // address in DNS → the server's own
	roots *x509.CertPool
	ca    *x509.Certificate
	key   *ecdsa.PrivateKey
}

func newLab(t testing.TB) *lab {
	l := &lab{t: t, at: map[string]string{}, roots: x509.NewCertPool()}
	l.key = l.newKey()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Authority"}, NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &l.key.PublicKey, l.key)
	if err != nil {
		t.Fatal(err)
	}
	if l.ca, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	l.roots.AddCert(l.ca)
	return l
}

func (l *lab) newKey() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		l.t.Fatal(err)
	}
	return k
}

// cert makes a certificate of the lab's authority, or of itself.
func (l *lab) cert(until time.Time, self bool, names ...string) tls.Certificate {
	key := l.newKey()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: names[0]}, NotBefore: until.AddDate(-1, 0, 0), NotAfter: until,
		DNSNames: names, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	parent, signer := l.ca, l.key
	if self {
		parent, signer = tmpl, key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, signer)
	if err != nil {
		l.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// listen runs a server behind an address of the zones.
func (l *lab) listen(address string, serve func(net.Conn)) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); serve(c) }() //nolint:errcheck // a test's server
		}
	}()
	l.at[address] = ln.Addr().String()
}

func (l *lab) dial(ctx context.Context, network, address string) (net.Conn, error) {
	to, ok := l.at[address]
	if !ok {
		return nil, errors.New("connection refused")
	}
	d := net.Dialer{}
	return d.DialContext(ctx, network, to)
}

func (l *lab) probe() *Probe { return &Probe{Dial: l.dial, Roots: l.roots, Timeout: 2 * time.Second} }

// smtp is a mail server. Answers replace those to the commands it is told.
type smtp struct {
	cert    tls.Certificate
	oldest  uint16
	newest  uint16
	plain   bool
	answers map[string]string // greeting, EHLO, STARTTLS
}

func (s smtp) serve(c net.Conn) {
	say := func(what, usual string) {
		if a, ok := s.answers[what]; ok {
			usual = a
		}
		_, _ = io.WriteString(c, usual)
	}
	say("greeting", "220-mx.example ESMTP\r\n220 ready\r\n")
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch word, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.ToUpper(word) {
		case "EHLO":
			usual := "250-mx.example\r\n250-SIZE 1000\r\n250-starttls\r\n250 8BITMIME\r\n"
			if s.plain {
				usual = "250-mx.example\r\n250 SIZE STARTTLS\r\n"
			}
			say("EHLO", usual)
		case "STARTTLS":
			say("STARTTLS", "220 go ahead\r\n")
			t := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{s.cert}, MinVersion: max(s.oldest, tls.VersionTLS10), MaxVersion: s.newest}) //nolint:gosec // an old server
			if t.Handshake() == nil {
				_, _ = io.Copy(io.Discard, t)
			}
			return
		case "QUIT":
			_, _ = io.WriteString(c, "221 bye\r\n")
			return
		default:
			_, _ = io.WriteString(c, "502 no\r\n")
		}
	}
}

// web is the server of a policy behind an address of the zones.
func (l *lab) web(address string, cert tls.Certificate, h http.HandlerFunc) {
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	l.t.Cleanup(s.Close)
	l.at[address] = s.Listener.Addr().String()
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/mta-sts.txt" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, body)
	}
}

func endless(c net.Conn, unit string) {
	for {
		if _, err := fmt.Fprint(c, unit); err != nil {
			return
		}
	}
}
