package maildomain

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/mail/mailtest"
)

// postfix starts a real mail server behind an address of the zones. It needs root, as
// Postfix itself does.
func (l *lab) postfix(address, security string, names ...string) {
	l.t.Helper()
	program, err := exec.LookPath("postfix")
	if err != nil {
		if program = "/usr/sbin/postfix"; !there(program) {
			l.t.Skip("postfix is not installed; install Debian's package postfix to run this test")
		}
	}
	owner, err := user.Lookup("postfix")
	if err != nil || os.Getuid() != 0 {
		l.t.Skip("Postfix starts only as root and with its own user")
	}
	// Its parts run as others, who must be able to get here.
	dir, err := os.MkdirTemp("", "pf")
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	etc := filepath.Join(dir, "etc")
	for _, d := range []string{dir, etc, filepath.Join(dir, "q"), filepath.Join(dir, "data")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			l.t.Fatal(err)
		}
		if err := os.Chmod(d, 0o755); err != nil { //nolint:gosec // as above
			l.t.Fatal(err)
		}
	}
	uid, err := strconv.Atoi(owner.Uid)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(dir, "data"), uid, -1); err != nil {
		l.t.Fatal(err)
	}
	port := freePort(l.t)
	l.write(filepath.Join(etc, "main.cf"), strings.ReplaceAll(`compatibility_level = 3.6
queue_directory = DIR/q
data_directory = DIR/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_protocols = ipv4
myhostname = `+names[0]+`
mydestination =
local_recipient_maps =
alias_maps =
maillog_file = DIR/log
maillog_file_prefixes = DIR
smtpd_tls_chain_files = DIR/etc/chain.pem
smtpd_tls_security_level = `+security+"\n", "DIR", dir))
	l.write(filepath.Join(etc, "master.cf"), fmt.Sprintf(`127.0.0.1:%d inet n - n - - smtpd
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
`, port))
	cert := l.cert(now.AddDate(0, 2, 0), false, names...)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		l.t.Fatal(err)
	}
	l.write(filepath.Join(etc, "chain.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))+
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})))
	cmd := exec.CommandContext(context.Background(), program, "-c", etc, "start-fg")
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		_ = exec.CommandContext(context.Background(), program, "-c", etc, "abort").Run()
		_ = cmd.Wait()
	})
	at := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for range 100 {
		if c, err := net.DialTimeout("tcp", at, time.Second); err == nil {
			_ = c.Close()
			l.at[address] = at
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log")) // shown where there is one
	l.t.Fatalf("postfix does not answer:\n%s", log)
}

func there(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func (l *lab) write(file, text string) {
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

func freePort(t testing.TB) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // a test's
	return ln.Addr().(*net.TCPAddr).Port
}

// TestPostfix meets the mail server that most hospitals' gateways are made of.
func TestPostfix(t *testing.T) {
	t.Parallel()
	for security, want := range map[string]string{"may": "", "none": "it does not offer encryption (STARTTLS)"} {
		t.Run(security, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.postfix("192.0.2.25:25", security, "mx.good.test")
			z := &mailtest.Zone{Addrs: map[string][]netip.Addr{"mx.good.test": {netip.MustParseAddr("192.0.2.25")}, "mx.other.test": {netip.MustParseAddr("192.0.2.25")}}}
			p := l.probe()
			p.Timeout = 10 * time.Second
			h := p.host(context.Background(), now, z, "mx.good.test")
			if h.Unreached != "" || h.Fault != want || len(h.CertFaults) > 0 || want == "" && h.Version != "1.3" {
				t.Errorf("got %+v", h)
			}
			if want != "" {
				return
			}
			if h := p.host(context.Background(), now, z, "mx.other.test"); len(h.CertFaults) != 1 || !strings.Contains(h.CertFaults[0], "other names") {
				t.Errorf("by another name: got %+v", h)
			}
		})
	}
}
