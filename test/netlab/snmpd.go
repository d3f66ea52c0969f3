//go:build linux

package netlab

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// SNMPD runs the agent of Net-SNMP at an address of the living end, or skips the
// test where the machine has none.
func (l *Lab) SNMPD(t testing.TB, at netip.Addr, conf string) {
	t.Helper()
	path, err := exec.LookPath("snmpd")
	if err != nil {
		if path = "/usr/sbin/snmpd"; !exists(path) {
			t.Skip("this test needs the program snmpd (Net-SNMP); on Debian it is in the package snmpd")
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "snmpd.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("ip", "netns", "exec", l.living, path, "-C", "-c", file, "-f", "-Lo", "-I", "-smux", "udp:"+at.String()+":161") //nolint:noctx // ended below
	cmd.Env = append(os.Environ(), "SNMP_PERSISTENT_DIR="+dir, "MIBS=")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		free := false
		l.In(t, l.living, func() { free = !bound(at) })
		if !free {
			return
		}
		if time.Now().After(deadline) {
			t.Skipf("snmpd does not run here: %s", out.String())
		}
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// bound reports whether somebody has the port of SNMP at the address.
func bound(a netip.Addr) bool {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return unix.Bind(fd, &unix.SockaddrInet4{Port: 161, Addr: a.As4()}) != nil
}
