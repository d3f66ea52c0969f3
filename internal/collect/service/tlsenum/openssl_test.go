package tlsenum_test

import (
	"flag"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect/service/servertest"
	"github.com/asepsis/asepsis/internal/collect/service/tlsenum"
)

// TestMain runs more tests at a time than there are processors: they wait for
// servers to start, and compute little.
func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8")
	m.Run()
}

// sServer starts OpenSSL's test server with the certificate.
func sServer(t testing.TB, cert, key string, args ...string) int {
	t.Helper()
	port := servertest.Port(t)
	servertest.Start(t, port, servertest.Program(t, "openssl"), append([]string{
		"s_server", "-accept", "127.0.0.1:" + strconv.Itoa(port), "-cert", cert, "-key", key, "-www", "-quiet",
	}, args...)...)
	return port
}

func ask(t testing.TB, port int, o tlsenum.Options) *tlsenum.Report {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = servertest.Now
	}
	r, err := tlsenum.Enumerate(t.Context(), servertest.Dial(servertest.Addr(port)), o)
	if err != nil {
		t.Fatalf("ask: %v", err)
	}
	return r
}

func versions(r *tlsenum.Report) string {
	var out []string
	for _, v := range r.Versions {
		out = append(out, v.String())
	}
	return strings.Join(out, " ")
}

func suites(r *tlsenum.Report) []string {
	out := []string{}
	for _, a := range r.Suites {
		out = append(out, a.Name)
	}
	slices.Sort(out)
	return out
}

func TestGoodServer(t *testing.T) {
	t.Parallel()
	root := servertest.NewAuthority(t, "Clinic Root")
	between := root.Below(t, "Clinic Issuing")
	cert, key := between.Files(t, t.TempDir(), servertest.Wish{Names: []string{"clinic.example", "www.clinic.example"}}, between)
	chain := cert // the file has both; s_server sends the first of -cert and those of -cert_chain
	port := sServer(t, cert, key, "-cert_chain", chain, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305")
	r := ask(t, port, tlsenum.Options{Names: []string{"www.clinic.example"}, Roots: root.Pool})
	if got := versions(r); got != "1.2" {
		t.Errorf("versions %s", got)
	}
	want := []string{"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"}
	if d := cmp.Diff(want, suites(r)); d != "" {
		t.Errorf("suites (-want +got):\n%s", d)
	}
	if len(r.Weak()) != 0 || r.Incomplete != "" {
		t.Errorf("weak %v, incomplete %q", r.Weak(), r.Incomplete)
	}
	c := r.Chain
	if c == nil || !c.Trusted || !c.NameFits || c.SelfSigned || c.KeyType != "ecdsa" || c.KeyBits != 256 || c.Sent < 2 ||
		c.Subject != "CN=clinic.example" || c.Issuer != "CN=Clinic Issuing" || c.Signature != "ECDSA-SHA256" {
		t.Errorf("chain %+v", c)
	}
}

func TestOldVersions(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	cert, key := a.Files(t, t.TempDir(), servertest.Wish{RSABits: 2048})
	port := sServer(t, cert, key, "-cipher", "ALL@SECLEVEL=0")
	r := ask(t, port, tlsenum.Options{Roots: a.Pool, Brief: true})
	if got := versions(r); got != "1.0 1.1 1.2 1.3" {
		t.Errorf("versions %s", got)
	}
	if !slices.Contains(r.Weak(), "TLS_RSA_WITH_AES_128_CBC_SHA") || r.Chosen.Name() != "TLS_AES_128_GCM_SHA256" {
		t.Errorf("weak %v, chosen %s", r.Weak(), r.Chosen.Name())
	}
}

// TestSuitesAgainstOpenSSL compares every suite found with the list that OpenSSL
// itself says the server was set up with.
func TestSuitesAgainstOpenSSL(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	cert, key := a.Files(t, t.TempDir(), servertest.Wish{RSABits: 2048})
	for name, list := range map[string]string{
		"as shipped":       "DEFAULT",
		"null":             "eNULL+aRSA:@SECLEVEL=0",
		"anonymous":        "aNULL:@SECLEVEL=0",
		"camellia and old": "CAMELLIA+aRSA:SEED+aRSA:IDEA:@SECLEVEL=0",
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"-cipher", list, "-no_tls1_3"}
			if strings.Contains(list, "SECLEVEL=0") {
				args = append(args, "-dhparam", dhFile(t))
			}
			port := sServer(t, cert, key, args...)
			r := ask(t, port, tlsenum.Options{})
			want := openSSLSuites(t, list)
			if d := cmp.Diff(want, suites(r)); d != "" {
				t.Errorf("suites (-openssl +ours):\n%s", d)
			}
			for _, s := range r.Suites {
				if strings.Contains(s.Name, "NULL") && s.Weak != "no encryption" || strings.Contains(s.Name, "anon") && s.Weak == "" {
					t.Errorf("%s: weak %q", s.Name, s.Weak)
				}
			}
		})
	}
}

// openSSLSuites lists what a server with an RSA key can agree on in TLS 1.2.
func openSSLSuites(t *testing.T, list string) []string {
	t.Helper()
	out, err := exec.Command(servertest.Program(t, "openssl"), "ciphers", "-stdname", "-s", "-tls1_2", list).Output()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^(TLS_\S+)`).FindAllString(string(out), -1) {
		if !strings.Contains(m, "ECDSA") && !strings.Contains(m, "PSK") && !strings.Contains(m, "SRP") && !strings.Contains(m, "DSS") && strings.Contains(m, "_WITH_") {
			names = append(names, m)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// dhFile is a group of 1,024 bits: RFC 2409's second, so that nothing has to be computed.
func dhFile(t *testing.T) string {
	t.Helper()
	return servertest.Write(t, t.TempDir(), "dh.pem", `-----BEGIN DH PARAMETERS-----
MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR
Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL
/1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC
-----END DH PARAMETERS-----
`)
}

func TestShortDiffieHellmanGroup(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	cert, key := a.Files(t, t.TempDir(), servertest.Wish{RSABits: 2048})
	port := sServer(t, cert, key, "-cipher", "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", "-no_tls1_3", "-dhparam", dhFile(t))
	if r := ask(t, port, tlsenum.Options{}); r.DHBits != 1024 {
		t.Errorf("a group of %d bits, want 1024", r.DHBits)
	}
}

// TestFieldsOfRFC7919: GnuTLS uses Diffie-Hellman with those alone who offer these
// fields.
func TestFieldsOfRFC7919(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	cert, key := a.Files(t, servertest.Open(t), servertest.Wish{RSABits: 2048})
	_, port := servertest.OpenLDAP(t, cert, key, "TLSCipherSuite NONE:+VERS-TLS1.2:+DHE-RSA:+AES-128-GCM:+AEAD:+SIGN-ALL:+COMP-NULL:+GROUP-FFDHE2048:+CTYPE-ALL")
	r := ask(t, port, tlsenum.Options{})
	if versions(r) != "1.2" || !slices.Equal(suites(r), []string{"TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"}) || r.DHBits != 2048 {
		t.Errorf("versions %s, suites %v, a field of %d bits", versions(r), suites(r), r.DHBits)
	}
}

// TestChoosesWhatItCannotUse: Dovecot without parameters for Diffie-Hellman
// chooses such a suite all the same, and hangs up. What it can do stands.
func TestChoosesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	cert, key := a.Files(t, servertest.Open(t), servertest.Wish{RSABits: 2048})
	_, _, imaps := servertest.Dovecot(t, cert, key, "ssl_cipher_list = DHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CAMELLIA256-SHA384:ECDHE-ARIA256-GCM-SHA384",
		"ssl_prefer_server_ciphers = yes", "ssl_min_protocol = TLSv1.2")
	r := ask(t, imaps, tlsenum.Options{})
	got := slices.DeleteFunc(suites(r), func(s string) bool { return !strings.Contains(s, "_WITH_") })
	want := []string{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384"}
	if d := cmp.Diff(want, got); d != "" || versions(r) != "1.2 1.3" {
		t.Errorf("versions %s, suites (-want +got):\n%s", versions(r), d)
	}
}

func TestBadCertificates(t *testing.T) {
	t.Parallel()
	root := servertest.NewAuthority(t, "Clinic Root")
	between := root.Below(t, "Clinic Issuing")
	for _, tt := range []struct {
		name  string
		by    *servertest.Authority
		wish  servertest.Wish
		check func(*tlsenum.Chain) bool
	}{
		{"expired", root, servertest.Wish{NotAfter: servertest.Now.Add(-24 * time.Hour)}, func(c *tlsenum.Chain) bool {
			return c.Trusted && c.NotAfter.Equal(servertest.Now.Add(-24*time.Hour))
		}},
		{"wrong name", root, servertest.Wish{Names: []string{"other.example"}}, func(c *tlsenum.Chain) bool {
			return c.Trusted && !c.NameFits && c.NameAsked == "clinic.example"
		}},
		{"small key", root, servertest.Wish{RSABits: 1024}, func(c *tlsenum.Chain) bool { return c.KeyType == "rsa" && c.KeyBits == 1024 }},
		{"self-signed", root, servertest.Wish{Self: true}, func(c *tlsenum.Chain) bool {
			return c.SelfSigned && !c.Trusted && c.Problem == "it issued itself"
		}},
		{"chain missing", between, servertest.Wish{}, func(c *tlsenum.Chain) bool {
			return !c.Trusted && !c.SelfSigned && strings.Contains(c.Problem, "no further than CN=Clinic Issuing") && c.Sent == 1
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cert, key := tt.by.Files(t, t.TempDir(), tt.wish)
			port := sServer(t, cert, key, "-cipher", "DEFAULT:@SECLEVEL=0")
			r := ask(t, port, tlsenum.Options{Names: []string{"clinic.example"}, Roots: root.Pool, Brief: true})
			if r.Chain == nil || !tt.check(r.Chain) {
				t.Errorf("chain %+v (%s)", r.Chain, r.NoChain)
			}
		})
	}
}

// TestWeakSignatures: certificates that the library refuses to make are made by
// OpenSSL.
func TestWeakSignatures(t *testing.T) {
	t.Parallel()
	openssl := servertest.Program(t, "openssl")
	for digest, want := range map[string]string{"md5": "MD5-RSA", "sha1": "SHA1-RSA", "sha256": "SHA256-RSA"} {
		dir := t.TempDir()
		cert, key := dir+"/cert.pem", dir+"/key.pem"
		out, err := exec.Command(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-"+digest, "-subj", "/CN=old", "-days", "10", "-keyout", key, "-out", cert).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		r := ask(t, sServer(t, cert, key, "-cipher", "DEFAULT:@SECLEVEL=0"), tlsenum.Options{Brief: true})
		if r.Chain == nil || r.Chain.Signature != want || r.Chain.WeakSignature != (digest != "sha256") || r.Chain.Trusted {
			t.Errorf("%s: %+v (%s)", digest, r.Chain, r.NoChain)
		}
	}
}

func TestUnknownAuthorityIsNamed(t *testing.T) {
	t.Parallel()
	theirs := servertest.NewAuthority(t, "Device Maker Root")
	cert, key := theirs.Files(t, t.TempDir(), servertest.Wish{}, theirs)
	port := sServer(t, cert, key, "-cert_chain", cert)
	r := ask(t, port, tlsenum.Options{Roots: servertest.NewAuthority(t, "Ours").Pool, Brief: true})
	if r.Chain == nil || r.Chain.Trusted || !strings.Contains(r.Chain.Problem, "CN=Device Maker Root, which this machine does not trust") {
		t.Errorf("chain %+v", r.Chain)
	}
}

// TestClientCertificateWanted: a server that lets nobody in without a
// certificate of ours still shows how it speaks TLS.
func TestClientCertificateWanted(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	cert, key := a.Files(t, t.TempDir(), servertest.Wish{})
	for _, only := range []string{"-tls1_2", "-tls1_3"} {
		port := sServer(t, cert, key, "-Verify", "2", "-verify_return_error", only)
		r := ask(t, port, tlsenum.Options{Roots: a.Pool, Brief: true})
		if versions(r) != strings.ReplaceAll(strings.TrimPrefix(only, "-tls"), "_", ".") || r.Chain == nil || !r.Chain.Trusted {
			t.Errorf("%s: versions %s, chain %+v", only, versions(r), r.Chain)
		}
	}
}
