package probe

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var now = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)

// authority makes certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Authority"}, NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(2, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := x509.ParseCertificate(der)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &authority{cert, key, pool}
}

// leaf makes a server certificate with an RSA key, which every suite can use.
func (a *authority) leaf(t *testing.T, notAfter time.Time) tls.Certificate {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "ehr.test"}, DNSNames: []string{"ehr.test"},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: notAfter, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// serve runs f for each connection to a port of loopback.
func serve(t *testing.T, f func(net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(5 * time.Second))
				f(c)
			}()
		}
	}()
	return netip.MustParseAddrPort(l.Addr().String())
}

func serveTLS(t *testing.T, cfg *tls.Config) netip.AddrPort {
	return serve(t, func(c net.Conn) { _ = tls.Server(c, cfg).Handshake() })
}

func ask(t *testing.T, p Prober, target Target) Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	p.Now = now
	return p.One(ctx, target)
}

func TestTLSOfGoServers(t *testing.T) {
	a := newAuthority(t)
	good := a.leaf(t, now.AddDate(1, 0, 0))
	for _, tt := range []struct {
		name     string
		cfg      *tls.Config
		versions []string
		weak     []string
	}{
		{"modern", &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{good}}, []string{"1.2", "1.3"}, nil},
		{"only the newest", &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{good}}, []string{"1.3"}, nil},
		{
			"old and weak",
			&tls.Config{
				MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{good},
				CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_RC4_128_SHA},
			},
			[]string{"1.0", "1.1", "1.2"},
			[]string{"TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_RC4_128_SHA"},
		},
		{
			"asks who we are",
			&tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.pool},
			[]string{"1.2", "1.3"},
			nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ask(t, Prober{Roots: a.pool}, Target{Addr: serveTLS(t, tt.cfg)})
			if got.TLS == nil {
				t.Fatalf("no TLS seen: %+v", got)
			}
			if diff := cmp.Diff(tt.versions, got.TLS.Versions); diff != "" {
				t.Errorf("versions (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.weak, got.TLS.Weak); diff != "" {
				t.Errorf("weak suites (-want +got):\n%s", diff)
			}
			if !got.TLS.Trusted || got.TLS.Chain[0].Subject.CommonName != "ehr.test" {
				t.Errorf("trusted %v (%s), chain %v", got.TLS.Trusted, got.TLS.TrustErr, got.TLS.Chain)
			}
		})
	}
}

func TestTrust(t *testing.T) {
	a := newAuthority(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{a.leaf(t, now.AddDate(0, -1, 0))}}
	addr := serveTLS(t, cfg)
	if got := ask(t, Prober{Roots: a.pool}, Target{Addr: addr}); got.TLS == nil || !got.TLS.Trusted {
		t.Errorf("expiry is reported by itself and does not spoil the chain: %+v", got.TLS)
	}
	if got := ask(t, Prober{Roots: x509.NewCertPool()}, Target{Addr: addr}); got.TLS == nil || got.TLS.Trusted || got.TLS.TrustErr == "" {
		t.Errorf("a chain to nobody is trusted: %+v", got.TLS)
	}
}

func TestClearServices(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	greet := func(s string) netip.AddrPort {
		return serve(t, func(c net.Conn) { _, _ = io.WriteString(c, s); _, _ = io.Copy(io.Discard, c) })
	}
	for _, tt := range []struct {
		name  string
		addr  netip.AddrPort
		first bool
		want  Answer
	}{
		{"web server", netip.MustParseAddrPort(web.Listener.Addr().String()), false, Answer{Service: "http", Clear: "http"}},
		{"ssh where nobody expects it", greet("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), false, Answer{Service: "ssh", Product: "OpenSSH_9.2p1 Debian-2"}},
		{"telnet", greet("\xff\xfd\x18login: "), true, Answer{Service: "telnet", Clear: "telnet"}},
		{"ftp", greet("220 ready\r\n"), true, Answer{Service: "ftp", Clear: "ftp"}},
		{"something that talks", greet("hello there\n"), false, Answer{Clear: "unknown"}},
		{"hangs up", serve(t, func(net.Conn) {}), false, Answer{}},
		{"says nothing", serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), false, Answer{Unsure: "it did not answer a TLS greeting in time"}},
		{"says nothing and should", serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), true, Answer{Unsure: "it did not greet us in time"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, ask(t, Prober{}, Target{Addr: tt.addr, ServerFirst: tt.first})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	closed := serve(t, func(net.Conn) {})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		closed = netip.MustParseAddrPort(l.Addr().String())
		_ = l.Close()
	}
	if got := ask(t, Prober{}, Target{Addr: closed}); got.Unsure == "" {
		t.Errorf("a closed port: %+v", got)
	}
}

// TestNothingButGreetings records every byte that is sent to a silent port.
func TestNothingButGreetings(t *testing.T) {
	sent := make(chan []byte, 10)
	addr := serve(t, func(c net.Conn) {
		b, _ := io.ReadAll(c)
		sent <- b
	})
	ask(t, Prober{}, Target{Addr: addr})
	b := <-sent
	if len(b) < 6 || b[0] != 22 || b[5] != 1 {
		t.Errorf("the first bytes are %x: not a TLS handshake record with a client hello", b[:min(len(b), 6)])
	}
	if n := 5 + int(b[3])<<8 + int(b[4]); n != len(b) {
		t.Errorf("%d bytes were sent, the greeting has %d", len(b), n)
	}
}

// startTLSServer speaks just enough of a protocol to begin TLS.
func startTLSServer(t *testing.T, cfg *tls.Config, protocol string, offer bool) netip.AddrPort {
	t.Helper()
	return serve(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		line := func() string { s, _ := r.ReadString('\n'); return strings.TrimSpace(s) }
		say := func(f string, a ...any) { _, _ = fmt.Fprintf(c, f, a...) }
		read := func(n int) []byte { b := make([]byte, n); _, _ = io.ReadFull(r, b); return b }
		switch protocol {
		case "smtp":
			say("220 mail.test ESMTP Postfix (Debian)\r\n")
			if !strings.HasPrefix(line(), "EHLO") {
				return
			}
			if !offer {
				say("250-mail.test\r\n250 SIZE 1000\r\n")
				return
			}
			say("250-mail.test\r\n250-STARTTLS\r\n250 SIZE 1000\r\n")
			if line() != "STARTTLS" {
				return
			}
			say("220 go ahead\r\n")
		case "imap":
			say("* OK [CAPABILITY IMAP4rev1] ready\r\n")
			if line() != "a1 STARTTLS" || !offer {
				say("a1 BAD no\r\n")
				return
			}
			say("* CAPABILITY x\r\na1 OK begin\r\n")
		case "pop3":
			say("+OK ready <1.2@x>\r\n")
			if line() != "STLS" || !offer {
				say("-ERR no\r\n")
				return
			}
			say("+OK begin\r\n")
		case "ftp":
			say("220-hello\r\n220 ready\r\n")
			if line() != "AUTH TLS" || !offer {
				say("502 no\r\n")
				return
			}
			say("234 begin\r\n")
		case "ldap":
			req := read(31)
			if req[5] != 0x77 {
				return
			}
			code := byte(0)
			if !offer {
				code = 2
			}
			_, _ = c.Write([]byte{0x30, 12, 0x02, 0x01, 0x01, 0x78, 7, 0x0a, 0x01, code, 0x04, 0x00, 0x04, 0x00})
			if !offer {
				return
			}
		case "postgres":
			if b := read(8); b[7] != 0x2f || !offer {
				say("N")
				return
			}
			say("S")
		case "mysql":
			caps := byte(0x08)
			if !offer {
				caps = 0
			}
			body := append([]byte{10}, "8.0.36\x00"...)
			body = append(body, 1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0xff, caps|0xf7, 33, 2, 0, 0xff, 0xff)
			if !offer {
				body[len(body)-6] = 0xf7
			}
			_, _ = c.Write(append([]byte{byte(len(body)), 0, 0, 0}, body...))
			if !offer {
				return
			}
			read(36)
		}
		_ = tls.Server(buffered{c, r}, cfg).Handshake()
	})
}

// buffered lets TLS read what the line reader already holds.
type buffered struct {
	net.Conn
	r *bufio.Reader
}

func (b buffered) Read(p []byte) (int, error) { return b.r.Read(p) }

func TestStartTLS(t *testing.T) {
	a := newAuthority(t)
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{a.leaf(t, now.AddDate(1, 0, 0))}}
	for _, protocol := range []string{"smtp", "imap", "pop3", "ftp", "ldap", "postgres", "mysql"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			got := ask(t, Prober{Roots: a.pool}, Target{Addr: startTLSServer(t, cfg, protocol, true), StartTLS: protocol})
			if got.TLS == nil {
				t.Fatalf("on offer and not seen: %+v", got)
			}
			if diff := cmp.Diff([]string{"1.2", "1.3"}, got.TLS.Versions); diff != "" || !got.TLS.Trusted {
				t.Errorf("trusted %v, versions (-want +got):\n%s", got.TLS.Trusted, diff)
			}
			got = ask(t, Prober{}, Target{Addr: startTLSServer(t, cfg, protocol, false), StartTLS: protocol})
			if got.TLS != nil || got.Clear != protocol {
				t.Errorf("not on offer: %+v", got)
			}
		})
	}
}

// TestOpenSSL looks at servers of another library, good and bad.
func TestOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), openssl, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %s: %v\n%s", args[0], err, out)
		}
	}
	run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "30", "-subj", "/CN=pacs.test", "-addext", "subjectAltName=DNS:pacs.test")
	run("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "small.key", "-out", "small.pem", "-days", "30", "-sha1", "-subj", "/CN=old.test")
	for _, tt := range []struct {
		name     string
		args     []string
		versions []string
		weak     string // a suite that must be found
		bits     int
	}{
		{"self-signed and modern", []string{"-cert", "cert.pem", "-key", "key.pem"}, []string{"1.2", "1.3"}, "TLS_RSA_WITH_AES_128_GCM_SHA256", 2048},
		{"strict", []string{"-cert", "cert.pem", "-key", "key.pem", "-no_tls1_3", "-cipher", "ECDHE+AESGCM"}, []string{"1.2"}, "", 2048},
		{"small key and old versions", []string{"-cert", "small.pem", "-key", "small.key", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}, []string{"1.1"}, "TLS_RSA_WITH_AES_128_CBC_SHA", 1024},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr := opensslServer(t, openssl, dir, tt.args)
			got := ask(t, Prober{Roots: x509.NewCertPool()}, Target{Addr: addr})
			if got.TLS == nil {
				t.Fatalf("no TLS seen: %+v", got)
			}
			if diff := cmp.Diff(tt.versions, got.TLS.Versions); diff != "" {
				t.Errorf("versions (-want +got):\n%s", diff)
			}
			if tt.weak != "" && !slices.Contains(got.TLS.Weak, tt.weak) || tt.weak == "" && len(got.TLS.Weak) > 0 {
				t.Errorf("weak suites %v, want %q", got.TLS.Weak, tt.weak)
			}
			if got.TLS.Trusted {
				t.Error("a self-signed certificate is trusted")
			}
			if k, ok := got.TLS.Chain[0].PublicKey.(*rsa.PublicKey); !ok || k.N.BitLen() != tt.bits {
				t.Errorf("key %T, want RSA of %d bits", got.TLS.Chain[0].PublicKey, tt.bits)
			}
		})
	}
}

func opensslServer(t *testing.T, openssl, dir string, args []string) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddrPort(l.Addr().String())
	_ = l.Close()
	log, err := os.Create(filepath.Join(dir, "s_server.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.CommandContext(t.Context(), openssl, append([]string{"s_server", "-accept", addr.String(), "-quiet"}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 100 {
		if c, err := net.DialTimeout("tcp", addr.String(), 50*time.Millisecond); err == nil {
			_ = c.Close()
			return addr
		}
		time.Sleep(20 * time.Millisecond)
	}
	b, _ := os.ReadFile(log.Name())
	t.Fatalf("s_server did not start: %s", b)
	return addr
}

// TestAllEndsInTime asks ports that never answer, more than may be open at once.
func TestAllEndsInTime(t *testing.T) {
	addr := serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	start := time.Now()
	targets := make([]Target, 100)
	for i := range targets {
		targets[i].Addr = addr
	}
	for _, a := range (Prober{Now: now}).All(ctx, targets) {
		if a.Unsure == "" {
			t.Fatalf("silence was taken for an answer: %+v", a)
		}
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzRecognize(f *testing.F) {
	for _, s := range []string{"SSH-2.0-x", "220 x ESMTP y z", "\x4a\x00\x00\x00\x0a8.0\x00", "* OK", "+OK", "RFB 003.008\n", "\xff\xfb"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, product := Recognize(b)
		if strings.ContainsAny(product, "\x00\n\x1b") || len(product) > 300 {
			t.Fatalf("product %q", product)
		}
	})
}
