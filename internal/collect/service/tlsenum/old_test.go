package tlsenum_test

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect/service/servertest"
	"github.com/asepsis/asepsis/internal/collect/service/tlsenum"
)

// oldServer starts a server of Java that speaks what OpenSSL is built without.
func oldServer(t testing.TB, protocols, suites string) int {
	t.Helper()
	java := servertest.Program(t, "java")
	dir := t.TempDir()
	cert, key := servertest.NewAuthority(t, "Root").Files(t, dir, servertest.Wish{RSABits: 1024})
	store := filepath.Join(dir, "store.p12")
	out, err := exec.Command(servertest.Program(t, "openssl"), "pkcs12", "-export", "-in", cert, "-inkey", key, "-out", store, "-passout", "pass:changeit", "-name", "server").CombinedOutput()
	if err != nil {
		t.Fatalf("make a key store: %v\n%s", err, out)
	}
	port := servertest.Port(t)
	servertest.Start(t, port, java, "-Xshare:auto", "-XX:TieredStopAtLevel=1", "testdata/OldServer.java", strconv.Itoa(port), store, "changeit", protocols, suites)
	return port
}

// oldSuites are by Java's names what a device of 1999 had, with IANA's in order.
var oldSuites = map[string]string{
	"SSL_RSA_WITH_RC4_128_SHA":              "TLS_RSA_WITH_RC4_128_SHA",
	"SSL_RSA_WITH_RC4_128_MD5":              "TLS_RSA_WITH_RC4_128_MD5",
	"SSL_RSA_WITH_DES_CBC_SHA":              "TLS_RSA_WITH_DES_CBC_SHA",
	"SSL_RSA_WITH_3DES_EDE_CBC_SHA":         "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
	"SSL_DHE_RSA_WITH_DES_CBC_SHA":          "TLS_DHE_RSA_WITH_DES_CBC_SHA",
	"SSL_RSA_EXPORT_WITH_RC4_40_MD5":        "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
	"SSL_RSA_EXPORT_WITH_DES40_CBC_SHA":     "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA",
	"SSL_DH_anon_EXPORT_WITH_RC4_40_MD5":    "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5",
	"SSL_DH_anon_WITH_RC4_128_MD5":          "TLS_DH_anon_WITH_RC4_128_MD5",
	"SSL_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA": "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA",
	"SSL_RSA_WITH_NULL_MD5":                 "TLS_RSA_WITH_NULL_MD5",
	"SSL_RSA_WITH_NULL_SHA":                 "TLS_RSA_WITH_NULL_SHA",
	"TLS_RSA_WITH_AES_128_CBC_SHA":          "TLS_RSA_WITH_AES_128_CBC_SHA",
	"SSL_DH_anon_EXPORT_WITH_DES40_CBC_SHA": "TLS_DH_anon_EXPORT_WITH_DES40_CBC_SHA",
	"TLS_DHE_RSA_WITH_AES_128_CBC_SHA":      "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
	"SSL_DHE_RSA_WITH_3DES_EDE_CBC_SHA":     "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
}

func TestServerOf1999(t *testing.T) {
	t.Parallel()
	var java, iana []string
	for j, i := range oldSuites {
		java, iana = append(java, j), append(iana, i)
	}
	port := oldServer(t, "SSLv3,TLSv1", strings.Join(java, ","))
	r := ask(t, port, tlsenum.Options{})
	if got := versions(r); got != "ssl3 1.0" {
		t.Errorf("versions %s", got)
	}
	sorted := suites(&tlsenum.Report{Suites: named(iana)})
	if d := cmp.Diff(sorted, suites(r)); d != "" {
		t.Errorf("suites (-want +got):\n%s", d)
	}
	strong := 0
	for _, s := range r.Suites {
		if s.Weak == "" {
			strong++
		}
	}
	if strong != 1 || len(r.Weak()) != len(iana)-1 { // DHE with AES alone
		t.Errorf("%d suites without a weakness, %d weak", strong, len(r.Weak()))
	}
	if r.Chain == nil || r.Chain.KeyBits != 1024 {
		t.Errorf("chain %+v (%s)", r.Chain, r.NoChain)
	}
}

func TestSSL3Alone(t *testing.T) {
	t.Parallel()
	port := oldServer(t, "SSLv3", "SSL_RSA_WITH_RC4_128_SHA")
	r := ask(t, port, tlsenum.Options{})
	if versions(r) != "ssl3" || r.Chosen.Name() != "TLS_RSA_WITH_RC4_128_SHA" || r.Chain == nil {
		t.Errorf("versions %s, chosen %s, chain %+v (%s)", versions(r), r.Chosen.Name(), r.Chain, r.NoChain)
	}
}

func named(names []string) []tlsenum.Accepted {
	var out []tlsenum.Accepted
	for _, n := range names {
		out = append(out, tlsenum.Accepted{Name: n})
	}
	return out
}
