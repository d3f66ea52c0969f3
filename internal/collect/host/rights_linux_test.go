package host

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// nobody is the user without rights of every Linux machine.
const nobody = 65534

// TestWithoutRights collects as a user without rights, by running this test's
// own program as one, and checks that what needs root is named and not made up.
func TestWithoutRights(t *testing.T) {
	if out := os.Getenv("HOST_TEST_UNPRIVILEGED"); out != "" {
		b, err := New(Options{}).Collect(t.Context(), time.Now(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range b.Validate() {
			t.Error(err)
		}
		j, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(out, j, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root to give up")
	}
	// A folder that the other user may enter; those of the test are root's alone.
	dir, err := os.MkdirTemp("", "asepsis-rights")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // it holds a copy of this test for a moment
		t.Fatal(err)
	}
	program := filepath.Join(dir, "host.test")
	copyFile(t, os.Args[0], program)
	out := filepath.Join(dir, "batch.json")
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestWithoutRights$")
	cmd.Env = []string{"HOST_TEST_UNPRIVILEGED=" + out, "PATH=/usr/bin:/bin", "TMPDIR=" + dir}
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("as nobody: %v\n%s", err, said)
	}
	j, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var b fact.Batch
	if err := json.Unmarshal(j, &b); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/etc/shadow"); err != nil {
		t.Skip("this machine has no shadow file")
	}
	var notes []string
	for _, n := range b.Notes {
		notes = append(notes, n.What+": "+n.Why)
	}
	t.Logf("notes:\n%s", strings.Join(notes, "\n"))
	if !strings.Contains(strings.Join(notes, "\n"), "/etc/shadow: needs root") {
		t.Error("no note says that the shadow file needs root")
	}
	for _, f := range b.Facts {
		if f.Kind != fact.KindAccount {
			continue
		}
		if v, ok := f.Values["password_hash"]; ok {
			t.Errorf("%s: password hash %v was made up", f.Key, v)
		}
		if f.Key == "root" && !strings.Contains(f.Missing["password_hash"], "needs root") {
			t.Errorf("root: %v", f.Missing)
		}
	}
	m := b.Sightings[0]
	if v, ok := m.Values["firewall_active"]; ok && v == false {
		t.Error("a firewall that cannot be read is not an absent one")
	}
	for attr, reason := range m.Missing {
		t.Logf("%s: %s", attr, reason)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
