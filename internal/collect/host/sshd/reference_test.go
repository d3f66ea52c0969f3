package sshd

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAgainstTheServer gives configurations to sshd itself and compares what
// it makes of them with what we do.
func TestAgainstTheServer(t *testing.T) {
	const server = "/usr/sbin/sshd"
	if _, err := os.Stat(server); err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and an installed OpenSSH server")
	}
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Skipf("ssh-keygen: %v: %s", err, out)
	}
	banner, _ := exec.CommandContext(t.Context(), server, "-V").CombinedOutput()
	version, ok := ParseVersion(string(banner))
	if !ok {
		t.Skipf("sshd does not tell its version: %s", banner)
	}
	extra := filepath.Join(dir, "extra.conf")
	if err := os.WriteFile(extra, []byte("PasswordAuthentication no\nPermitRootLogin no\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, config := range []string{
		"",
		"KbdInteractiveAuthentication no\nUsePAM yes\nX11Forwarding yes\n",
		"PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin without-password\n",
		"PasswordAuthentication no\nChallengeResponseAuthentication yes\nUsePAM yes\n",
		"Include " + extra + "\nPasswordAuthentication yes\nPermitRootLogin yes\n",
		"PermitRootLogin=forced-commands-only\nPermitEmptyPasswords yes\n",
		"AuthenticationMethods publickey,password\n",
		"Ciphers +3des-cbc,aes128-cbc\nMACs hmac-sha2-256,hmac-md5\nKexAlgorithms +diffie-hellman-group1-sha1\nHostKeyAlgorithms +ssh-rsa\nPubkeyAcceptedAlgorithms +ssh-rsa\n",
		"Ciphers -aes128-cbc\nKexAlgorithms ^diffie-hellman-group14-sha1\n",
		"Match User nobody\nPasswordAuthentication yes\n",
	} {
		file := filepath.Join(dir, "sshd_config")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		// The server wants its run folder even to check; a mount of our own
		// gives it one without touching the machine's.
		out, err := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "-c",
			`mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && exec "$0" "$@"`, server, "-T", "-f", file, "-h", key).Output()
		if err != nil {
			t.Logf("%q: %v", config, err)
			continue
		}
		ran++
		want := FromTest(ParseTest(out), version)
		got := Parse([]byte(config), func(pattern string) [][]byte {
			b, err := os.ReadFile(pattern)
			if err != nil {
				return nil
			}
			return [][]byte{b}
		}).Effective(version)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-the server +ours):\n%s", config, diff)
		}
	}
	if ran == 0 {
		t.Skip("sshd -T gives no answer here")
	}
}
