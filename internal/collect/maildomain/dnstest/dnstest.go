// Package dnstest starts real DNS servers on loopback for tests: BIND with zones that
// a test writes, Unbound in front of it, and a server that does whatever a test wants,
// however wrong.
package dnstest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// head makes a zone of the records a test gives.
const head = "$TTL 60\n@ IN SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 60\n@ IN NS ns.invalid.\n"

// BIND starts named with the zones and the root zone, so that every name has an
// answer, and returns its address. What a test gives for the zone "." is added to the
// root. It skips the test where named is not installed.
func BIND(t testing.TB, zones map[string]string) string {
	t.Helper()
	named := program(t, "named", "bind9")
	dir := t.TempDir()
	at := free(t)
	var conf strings.Builder
	fmt.Fprintf(&conf, "options { directory %q; listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; pid-file none; "+
		"session-keyfile %q; dnssec-validation no; notify no; };\ncontrols { };\n", dir, at.Port(), filepath.Join(dir, "session.key"))
	all := map[string]string{".": "ns.invalid. IN A 127.0.0.1\n"}
	for name, text := range zones {
		all[name] += text
	}
	n := 0
	for name, text := range all {
		n++
		file := filepath.Join(dir, fmt.Sprintf("zone%d", n))
		if err := os.WriteFile(file, []byte(head+text), 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&conf, "zone %q { type primary; file %q; check-names ignore; };\n", name, file)
	}
	file := filepath.Join(dir, "named.conf")
	if err := os.WriteFile(file, []byte(conf.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, at, named, "-g", "-n", "1", "-c", file)
	return at.String()
}

// Unbound starts a recursive server that takes every name from the server at root. It
// skips the test where unbound is not installed.
func Unbound(t testing.TB, root string) string {
	t.Helper()
	unbound := program(t, "unbound", "unbound")
	dir := t.TempDir()
	at := free(t)
	conf := fmt.Sprintf(`server:
  interface: 127.0.0.1
  port: %d
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  directory: %q
  pidfile: ""
  num-threads: 1
  do-not-query-localhost: no
  module-config: "iterator"
  local-zone: "test." nodefault
  local-zone: "invalid." nodefault
  local-zone: "2.0.192.in-addr.arpa." nodefault
stub-zone:
  name: "."
  stub-addr: %s
`, at.Port(), dir, strings.Replace(root, ":", "@", 1))
	file := filepath.Join(dir, "unbound.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, at, unbound, "-d", "-c", file)
	return at.String()
}

// Serve starts a server on UDP and TCP that answers as the handler does.
func Serve(t testing.TB, h dns.HandlerFunc) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Skipf("no port is free for both UDP and TCP: %v", err)
	}
	for _, s := range []*dns.Server{{Listener: l, Handler: h}, {PacketConn: u, Handler: h}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go func() { _ = s.ActivateAndServe() }() // ends with the test's shutdown
		<-started
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	return l.Addr().String()
}

func program(t testing.TB, name, pkg string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/usr/local/sbin/"} {
		if p, err := exec.LookPath(dir + name); err == nil {
			return p
		}
	}
	t.Skipf("%s is not installed; install Debian's package %s to run this test", name, pkg)
	return ""
}

// free returns an address of loopback whose port is free for UDP and TCP.
func free(t testing.TB) netip.AddrPort {
	t.Helper()
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		u, uerr := net.ListenPacket("udp", l.Addr().String())
		at := netip.MustParseAddrPort(l.Addr().String())
		_ = l.Close()
		if uerr == nil {
			_ = u.Close()
			return at
		}
	}
	t.Fatal("no port is free for both UDP and TCP")
	return netip.AddrPort{}
}

// run starts a server, waits until it answers, and stops it with the test.
func run(t testing.TB, at netip.AddrPort, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }() // killed below, which is no news
	t.Cleanup(func() { cancel(); <-ended })
	m := new(dns.Msg)
	m.SetQuestion(".", dns.TypeSOA)
	for range 100 {
		select {
		case <-ended:
			t.Fatalf("%s ended at once:\n%s", name, out.String())
		default:
		}
		if r, _, err := (&dns.Client{Timeout: 200 * time.Millisecond}).Exchange(m, at.String()); err == nil && r.Rcode == dns.RcodeSuccess {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	cancel()
	<-ended
	t.Fatalf("%s does not answer at %s:\n%s", name, at, out.String())
}
