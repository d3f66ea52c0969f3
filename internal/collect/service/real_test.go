package service_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service"
	"github.com/asepsis/asepsis/internal/collect/service/httpenum"
	"github.com/asepsis/asepsis/internal/collect/service/servertest"
)

// open lets everything be asked.
type open struct{}

func (open) Permit(netip.Addr) service.Permission { return service.Permission{Depth: service.Ask} }

func scanner(a *servertest.Authority) *service.Scanner {
	s := &service.Scanner{Gate: open{}, Now: time.Now, Rate: 5000}
	if a != nil {
		s.Roots = a.Pool
	}
	return s
}

// one asks a service on a port of loopback.
func one(t testing.TB, s *service.Scanner, port int, name string) service.Result {
	t.Helper()
	return at(t, s, servertest.Addr(port), name)
}

func at(t testing.TB, s *service.Scanner, addr netip.AddrPort, name string) service.Result {
	t.Helper()
	var out []service.Result
	err := s.Run(t.Context(), []service.Target{{Addr: addr, Service: name, Names: []string{"clinic.example"}}}, func(r service.Result) { out = append(out, r) })
	if err != nil || len(out) != 1 {
		t.Fatalf("%d results, error %v", len(out), err)
	}
	return out[0]
}

func is(b *bool, want bool) bool { return b != nil && *b == want }

// certificate makes an authority and a certificate of it in files that every
// server can read.
func certificate(t testing.TB) (a *servertest.Authority, cert, key string) {
	t.Helper()
	a = servertest.NewAuthority(t, "Root")
	cert, key = a.Files(t, servertest.Open(t), servertest.Wish{RSABits: 2048})
	return a, cert, key
}

func TestNginx(t *testing.T) {
	t.Parallel()
	a, cert, key := certificate(t)
	secure, clear := servertest.Nginx(t, cert, key,
		`add_header Strict-Transport-Security "max-age=31536000"; add_header X-Content-Type-Options nosniff; location / { return 200 "hello"; }`,
		`return 301 https://$host$request_uri;`)
	r := one(t, scanner(a), secure, "https")
	if r.Spoke != "https" || !is(r.Clear, false) || r.TLS == nil || !r.TLS.Chain.Trusted || r.HTTP == nil || r.HTTP.Status != 200 || r.HTTP.HSTS != 365*24*time.Hour {
		t.Fatalf("https: %+v %+v %+v", r, r.TLS, r.HTTP)
	}
	if slices.Contains(r.HTTP.Missing, httpenum.NoSniff) || !slices.Contains(r.HTTP.Missing, httpenum.ContentPolicy) {
		t.Errorf("missing headers: %v", r.HTTP.Missing)
	}
	if r = one(t, scanner(a), clear, "http"); r.Spoke != "http" || !is(r.Clear, false) || !r.HTTP.ToHTTPS || !is(r.Secure, false) {
		t.Errorf("redirect: %+v %+v", r, r.HTTP)
	}
	// Guessed wrong both ways.
	if r = one(t, scanner(a), secure, "http"); r.Spoke != "https" || r.TLS == nil {
		t.Errorf("a TLS port asked in clear: %+v", r)
	}
	if r = one(t, scanner(a), clear, "https"); r.Spoke != "http" || !is(r.Secure, false) {
		t.Errorf("a port in clear offered TLS: %+v", r)
	}
}

func TestPostfix(t *testing.T) {
	t.Parallel()
	a, cert, key := certificate(t)
	port, bare := servertest.Postfix(t, cert, key, "smtpd_tls_security_level = may")
	r := one(t, scanner(a), port, "smtp")
	if r.Spoke != "smtp" || r.Before == nil || !r.Before.Offers || r.Clear != nil || r.ClearWhy == "" || r.TLS == nil || !r.TLS.Chain.Trusted || !r.TLS.Chain.NameFits {
		t.Errorf("with TLS: %+v %+v %+v", r, r.Before, r.TLS)
	}
	r = one(t, scanner(a), bare, "smtp")
	if !is(r.Clear, true) || !is(r.Secure, false) || r.TLS != nil {
		t.Errorf("without TLS: %+v %+v", r, r.Before)
	}
}

func TestOpenLDAP(t *testing.T) {
	t.Parallel()
	a, cert, key := certificate(t)
	plain, secure := servertest.OpenLDAP(t, cert, key)
	r := one(t, scanner(a), plain, "ldap")
	if r.Spoke != "ldap" || !is(r.Clear, true) || !is(r.Secure, true) || r.TLS == nil || !r.TLS.Chain.Trusted {
		t.Errorf("ldap: %+v %+v", r, r.TLS)
	}
	if r = one(t, scanner(a), secure, "ldaps"); r.Spoke != "ldaps" || !is(r.Clear, false) || r.TLS == nil {
		t.Errorf("ldaps: %+v", r)
	}
	plain, _ = servertest.OpenLDAP(t, cert, key, "security ssf=128")
	if r = one(t, scanner(a), plain, "ldap"); !is(r.Clear, false) || r.TLS == nil {
		t.Errorf("a directory that insists on TLS: %+v", r)
	}
	plain, _ = servertest.OpenLDAP(t, "", "")
	if r = one(t, scanner(a), plain, "ldap"); !is(r.Clear, true) || !is(r.Secure, false) || r.TLS != nil {
		t.Errorf("a directory without TLS: %+v", r)
	}
}

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	a, cert, key := certificate(t)
	secure, bare := servertest.PostgreSQL(t, cert, key)
	r := one(t, scanner(a), secure, "postgresql")
	if r.Spoke != "postgresql" || r.Clear != nil || r.ClearWhy == "" || r.TLS == nil || !r.TLS.Chain.Trusted {
		t.Errorf("with TLS: %+v %+v", r, r.TLS)
	}
	if r = one(t, scanner(a), bare, "postgresql"); !is(r.Clear, true) || !is(r.Secure, false) {
		t.Errorf("without TLS: %+v", r)
	}
}

func TestDovecot(t *testing.T) {
	t.Parallel()
	a, cert, key := certificate(t)
	imap, pop3, imaps := servertest.Dovecot(t, cert, key, "disable_plaintext_auth = no")
	for port, name := range map[int]string{imap: "imap", pop3: "pop3"} {
		if r := one(t, scanner(a), port, name); r.Spoke != name || !is(r.Clear, true) || r.TLS == nil || !r.TLS.Chain.Trusted || r.Product != "Dovecot" {
			t.Errorf("%s that takes passwords in clear: %+v %+v", name, r, r.Before)
		}
	}
	if r := one(t, scanner(a), imaps, "imaps"); !is(r.Clear, false) || r.TLS == nil {
		t.Errorf("imaps: %+v", r)
	}
	imap, pop3, _ = servertest.Dovecot(t, cert, key, "ssl = required")
	for port, name := range map[int]string{imap: "imap", pop3: "pop3"} {
		elsewhere := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 2}), uint16(port))
		if r := at(t, scanner(a), elsewhere, name); !is(r.Clear, false) || r.TLS == nil {
			t.Errorf("%s that insists on TLS: %+v %+v", name, r, r.Before)
		}
	}
}

func TestMariaDB(t *testing.T) {
	t.Parallel()
	a, cert, key := certificate(t)
	r := one(t, scanner(a), servertest.MariaDB(t, cert, key), "mysql")
	if r.Spoke != "mysql" || r.Clear != nil || r.TLS == nil || !r.TLS.Chain.Trusted || r.TLS.Incomplete != "" || r.Connections > 49 {
		t.Errorf("with TLS: %+v %+v", r, r.TLS)
	}
}

func TestXRDP(t *testing.T) {
	t.Parallel()
	a, cert, key := certificate(t)
	r := one(t, scanner(a), servertest.XRDP(t, cert, key, "tls"), "rdp")
	if r.Spoke != "rdp" || r.TLS == nil || !is(r.Before.NLA, false) {
		t.Errorf("tls: %+v %+v %+v", r, r.Before, r.TLS)
	}
	if r = one(t, scanner(a), servertest.XRDP(t, cert, key, "rdp"), "rdp"); r.TLS != nil || !is(r.Secure, false) || !is(r.Before.NLA, false) {
		t.Errorf("rdp: %+v %+v", r, r.Before)
	}
}

func TestFTP(t *testing.T) {
	t.Parallel()
	a, cert, key := certificate(t)
	r := one(t, scanner(a), servertest.FTP(t), "ftp")
	if r.Spoke != "ftp" || !is(r.Clear, true) || !is(r.Secure, false) {
		t.Errorf("plain: %+v", r)
	}
	r = one(t, scanner(a), servertest.FTP(t, "ssl_enable=YES", "rsa_cert_file="+cert, "rsa_private_key_file="+key, "require_ssl_reuse=NO"), "ftp")
	if r.TLS == nil || !r.TLS.Chain.Trusted || r.Clear != nil {
		t.Errorf("with TLS: %+v", r)
	}
}

func TestTelnet(t *testing.T) {
	t.Parallel()
	addr := servertest.Serve(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "\xff\xfd\x18\xff\xfb\x01\r\nWard printer\r\nlogin: ")
		_, _ = io.Copy(io.Discard, c)
	})
	for _, name := range []string{"telnet", ""} {
		if r := at(t, scanner(nil), addr, name); r.Spoke != "telnet" || !is(r.Clear, true) || r.Connections != 1 {
			t.Errorf("%+v", r)
		}
	}
}

func TestOpenSSH(t *testing.T) {
	t.Parallel()
	r := one(t, scanner(nil), servertest.OpenSSH(t, []string{"ed25519"}, "PasswordAuthentication no", "KbdInteractiveAuthentication no"), "ssh")
	if takes, known := r.SSH.Passwords(); r.Spoke != "ssh" || takes || !known || !is(r.Clear, false) {
		t.Errorf("keys only: %+v %+v", r, r.SSH)
	}
	// Nobody told what it is: it greets first.
	r = one(t, scanner(nil), servertest.OpenSSH(t, []string{"ed25519"}, "PasswordAuthentication yes"), "")
	if takes, known := r.SSH.Passwords(); !takes || !known {
		t.Errorf("passwords: %+v %+v", r, r.SSH)
	}
}

func TestDICOM(t *testing.T) {
	t.Parallel()
	a, cert, key := certificate(t)
	r := one(t, scanner(a), servertest.DICOM(t), "dicom")
	if r.Spoke != "dicom" || !is(r.Clear, true) || r.DICOM == nil || !r.DICOM.Accepted || !r.DICOM.Echo || r.Product == "" {
		t.Errorf("in clear: %+v %+v", r, r.DICOM)
	}
	r = one(t, scanner(a), servertest.DICOM(t, "--refuse"), "dicom")
	if !is(r.Clear, true) || r.DICOM == nil || r.DICOM.Accepted || r.DICOM.Rejected == "" {
		t.Errorf("one that refuses all: %+v %+v", r, r.DICOM)
	}
	r = one(t, scanner(a), servertest.DICOM(t, "+tls", key, cert, "-ic"), "dicom")
	if r.TLS == nil || !is(r.Clear, false) || r.Spoke != "dicom" || r.DICOM == nil || !r.DICOM.Echo {
		t.Errorf("inside TLS: %+v %+v %+v", r, r.DICOM, r.TLS)
	}
}

func TestSNMP(t *testing.T) {
	t.Parallel()
	port := servertest.SNMP(t, "private")
	s := scanner(nil)
	target := []service.Target{{Addr: servertest.Addr(port), Transport: "udp", Service: "snmp"}}
	var r service.Result
	run := func() {
		if err := s.Run(context.WithoutCancel(t.Context()), target, func(x service.Result) { r = x }); err != nil {
			t.Fatal(err)
		}
	}
	if run(); r.Outcome != service.Left || r.Connections != 0 {
		t.Errorf("unasked: %+v", r)
	}
	s.SNMP = true
	if run(); r.Community != "private" || !is(r.Clear, true) || r.SNMP == nil || r.SNMP.Version != "v2c" || r.Product != "Ward printer, third floor" {
		t.Errorf("asked: %+v %+v", r, r.SNMP)
	}
}

func TestHL7(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	r := one(t, scanner(a), int(listener(t, nil).Port()), "hl7")
	if r.Spoke != "hl7" || !is(r.Clear, true) || r.HL7 == nil || !r.HL7.Message || r.Product != "LAB" || r.HL7.Version != "2.5.1" {
		t.Errorf("in clear: %+v %+v", r, r.HL7)
	}
	cert := a.TLS(t, servertest.Wish{})
	r = one(t, scanner(a), int(listener(t, &cert).Port()), "hl7")
	if !is(r.Clear, false) || r.TLS == nil || r.HL7 != nil {
		t.Errorf("inside TLS: %+v %+v", r, r.TLS)
	}
}
