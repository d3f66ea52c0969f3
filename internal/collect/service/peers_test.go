package service_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service"
	"github.com/asepsis/asepsis/internal/collect/service/servertest"
	"github.com/asepsis/asepsis/internal/collect/service/tlsenum"
)

// answer is what a tool says of a server.
type answer struct {
	versions []string
	suites   []string // IANA names, of all versions
	took     time.Duration
}

// TestPeers asks the same servers with sslscan, nmap and testssl.sh, and prints
// where they agree with us. It takes minutes, so it is asked for by
// ASEPSIS_PEERS=1.
func TestPeers(t *testing.T) {
	if os.Getenv("ASEPSIS_PEERS") == "" {
		t.Skip("the comparison with other tools takes minutes: set ASEPSIS_PEERS=1")
	}
	a, cert, key := certificate(t)
	ecCert, ecKey := a.Files(t, servertest.Open(t), servertest.Wish{})
	openssl := func(cert, key string, args ...string) int {
		port := servertest.Port(t)
		servertest.Start(t, port, servertest.Program(t, "openssl"), append([]string{
			"s_server", "-accept", "127.0.0.1:" + strconv.Itoa(port), "-cert", cert, "-key", key, "-www", "-quiet",
		}, args...)...)
		return port
	}
	nginx, _ := servertest.Nginx(t, cert, key, `location / { return 200 "hello"; }`, "")
	plain, secure := servertest.OpenLDAP(t, cert, key)
	imap, _, _ := servertest.Dovecot(t, cert, key)
	database, _ := servertest.PostgreSQL(t, cert, key)
	mail, _ := servertest.Postfix(t, cert, key, "smtpd_tls_security_level = may")
	for _, s := range []struct {
		name, service, start string
		port                 int
	}{
		{"OpenSSL as it ships, RSA", "https", "", openssl(cert, key)},
		{"OpenSSL, every suite and version it is built with", "https", "", openssl(cert, key, "-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")},
		{"OpenSSL, TLS 1.2 and P-256 only", "https", "", openssl(ecCert, ecKey, "-tls1_2")},
		{"OpenSSL, TLS 1.3 only", "https", "", openssl(ecCert, ecKey, "-tls1_3")},
		{"OpenSSL, TLS 1.0 and 1.1 only", "https", "", openssl(cert, key, "-cipher", "DEFAULT:@SECLEVEL=0", "-no_tls1_2", "-no_tls1_3")},
		{"Java, SSL 3.0 and TLS 1.0, RC4, DES, export", "https", "", javaServer(t, cert, key)},
		{"nginx as it ships", "https", "", nginx},
		{"OpenLDAP with GnuTLS, LDAPS", "ldaps", "", secure},
		{"OpenLDAP with GnuTLS, StartTLS", "ldap", "ldap", plain},
		{"Postfix, STARTTLS", "smtp", "smtp", mail},
		{"Dovecot, STARTTLS", "imap", "imap", imap},
		{"PostgreSQL", "postgresql", "postgres", database},
	} {
		t.Run(s.name, func(t *testing.T) {
			start := time.Now()
			r := one(t, &service.Scanner{Gate: open{}, Now: time.Now, Roots: a.Pool}, s.port, s.service)
			if r.TLS == nil {
				t.Fatalf("%+v", r)
			}
			ours := answer{took: time.Since(start)}
			for _, v := range r.TLS.Versions {
				ours.versions = append(ours.versions, v.String())
			}
			for _, x := range r.TLS.Suites {
				ours.suites = append(ours.suites, x.Name)
			}
			slices.Sort(ours.suites)
			row := fmt.Sprintf("| %s | %s | %d | %.2f s, %d |", s.name, strings.Join(ours.versions, " "), len(ours.suites), ours.took.Seconds(), r.Connections)
			for _, peer := range []func(*testing.T, int, string) (answer, bool){sslscan, nmap, testssl} {
				theirs, ok := peer(t, s.port, s.start)
				if !ok {
					row += " cannot ask |"
					continue
				}
				row += " " + compare(ours, theirs) + " |"
			}
			t.Log("ROW " + row)
		})
	}
}

func javaServer(t *testing.T, cert, key string) int {
	t.Helper()
	java := servertest.Program(t, "java")
	store := filepath.Join(servertest.Open(t), "store.p12")
	if out, err := exec.Command(servertest.Program(t, "openssl"), "pkcs12", "-export", "-in", cert, "-inkey", key, "-out", store, "-passout", "pass:changeit").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	port := servertest.Port(t)
	servertest.Start(t, port, java, "-XX:TieredStopAtLevel=1", "tlsenum/testdata/OldServer.java", strconv.Itoa(port), store, "changeit", "SSLv3,TLSv1",
		"SSL_RSA_WITH_RC4_128_SHA,SSL_RSA_WITH_RC4_128_MD5,SSL_RSA_WITH_DES_CBC_SHA,SSL_RSA_WITH_3DES_EDE_CBC_SHA,SSL_RSA_EXPORT_WITH_RC4_40_MD5,SSL_DHE_RSA_WITH_DES_CBC_SHA,SSL_RSA_WITH_NULL_SHA,SSL_DH_anon_WITH_RC4_128_MD5")
	return port
}

// compare says where two answers agree.
func compare(ours, theirs answer) string {
	slices.Sort(theirs.suites)
	theirs.suites = slices.Compact(theirs.suites)
	var only []string
	for _, s := range theirs.suites {
		if !slices.Contains(ours.suites, s) {
			only = append(only, "+"+s)
		}
	}
	for _, s := range ours.suites {
		if !slices.Contains(theirs.suites, s) {
			only = append(only, "-"+s)
		}
	}
	what := "the same"
	if len(only) > 0 {
		what = strings.Join(only, " ")
	}
	if !slices.Equal(ours.versions, theirs.versions) {
		what += "; versions " + strings.Join(theirs.versions, " ")
	}
	return fmt.Sprintf("%s, %.1f s", what, theirs.took.Seconds())
}

var order = []string{"ssl3", "1.0", "1.1", "1.2", "1.3"}

func sorted(vs map[string]bool) []string {
	return slices.SortedFunc(maps.Keys(vs), func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
}

var versionNames = map[string]string{
	"SSLv3": "ssl3", "TLSv1.0": "1.0", "TLSv1.1": "1.1", "TLSv1.2": "1.2", "TLSv1.3": "1.3",
	"ssl3": "ssl3", "tls1": "1.0", "tls1_1": "1.1", "tls1_2": "1.2", "tls1_3": "1.3",
}

func sslscan(t *testing.T, port int, start string) (answer, bool) {
	args := []string{"--xml=-", "--no-colour", "--no-heartbleed", "--no-groups", "--no-renegotiation", "--no-fallback", "--no-compression", "--sleep=0"}
	switch start {
	case "":
	case "postgres":
		args = append(args, "--starttls-psql")
	default:
		args = append(args, "--starttls-"+start)
	}
	begin := time.Now()
	out, _ := exec.Command(servertest.Program(t, "sslscan"), append(args, "127.0.0.1:"+strconv.Itoa(port))...).Output()
	a := answer{took: time.Since(begin)}
	vs := map[string]bool{}
	for _, m := range regexp.MustCompile(`<cipher [^>]*sslversion="([^"]+)"[^>]*id="0x([0-9A-Fa-f]+)"`).FindAllStringSubmatch(string(out), -1) {
		vs[versionNames[m[1]]] = true
		n, _ := strconv.ParseUint(m[2], 16, 16)
		a.suites = append(a.suites, tlsenum.Suite(n).Name())
	}
	a.versions = sorted(vs)
	return a, len(a.suites) > 0
}

func nmap(t *testing.T, port int, start string) (answer, bool) {
	begin := time.Now()
	args := []string{"-Pn", "-n", "-p", strconv.Itoa(port), "--script", "+ssl-enum-ciphers", "127.0.0.1"}
	if start != "" {
		// It begins TLS only where it knows the service, which it tells by asking.
		args = append([]string{"-sV", "--version-light"}, args...)
	}
	out, _ := exec.Command(servertest.Program(t, "nmap"), args...).Output()
	a := answer{took: time.Since(begin)}
	vs := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		line = strings.Trim(line, "| _\n\r")
		if v := versionNames[strings.TrimSuffix(strings.TrimSpace(line), ":")]; v != "" {
			vs[v] = true
		}
		if name, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(name, "TLS_") {
			a.suites = append(a.suites, strings.Replace(name, "TLS_AKE_WITH_", "TLS_", 1))
		}
	}
	a.versions = sorted(vs)
	return a, len(a.suites) > 0
}

func testssl(t *testing.T, port int, start string) (answer, bool) {
	begin := time.Now()
	file := filepath.Join(t.TempDir(), "out.json")
	args := []string{"--quiet", "--color", "0", "--warnings", "batch", "--mapping", "iana", "--jsonfile", file, "-p", "-E"}
	if start != "" {
		args = append(args, "-t", start)
	}
	cmd := exec.Command(servertest.Program(t, "testssl"), append(args, "127.0.0.1:"+strconv.Itoa(port))...)
	out, _ := cmd.CombinedOutput()
	a := answer{took: time.Since(begin)}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Logf("testssl: %s", out)
		return a, false
	}
	var rows []struct{ ID, Finding string }
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Logf("testssl: %v\n%s", err, out)
		return a, false
	}
	vs := map[string]bool{}
	for _, r := range rows {
		if i := strings.Index(r.ID, "_x"); strings.HasPrefix(r.ID, "cipher-") && i > 0 {
			vs[versionNames[strings.TrimPrefix(r.ID[:i], "cipher-")]] = true
			n, _ := strconv.ParseUint(r.ID[i+2:], 16, 16)
			a.suites = append(a.suites, tlsenum.Suite(n).Name())
		}
	}
	a.versions = sorted(vs)
	return a, len(a.suites) > 0
}
