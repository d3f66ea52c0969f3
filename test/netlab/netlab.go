//go:build linux

// Package netlab builds a hospital's network out of network namespaces on one
// machine, for tests and measurements: one end for who asks, one end with
// hundreds of addresses and services, and a counter of every packet in between.
// Nothing leaves the machine.
package netlab

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Lab is a pair of namespaces joined by a virtual cable.
type Lab struct {
	Prefix netip.Prefix // the network
	Asker  netip.Addr   // the address of the asking end
	Hosts  []netip.Addr // addresses that answer
	asking string       // names of the namespaces
	living string
	others []string // namespaces between the two

	mu     sync.Mutex
	closes []func() // guarded by mu
}

// New builds a lab with the given number of live addresses, spread over the
// network, ten to a card as on servers with many names, and no services. It skips
// the test where the machine does not permit namespaces.
func New(t testing.TB, prefix netip.Prefix, live int) *Lab {
	t.Helper()
	l := build(t, prefix)
	l.plug(t, live, 10)
	return l
}

// spread returns addresses at even distances, so that empty ones are everywhere.
func (l *Lab) spread(n int) []netip.Addr {
	size := 1 << (l.Prefix.Addr().BitLen() - l.Prefix.Bits())
	step := max((size-4)/n, 1)
	out := make([]netip.Addr, 0, n)
	for a := l.Asker.Next(); len(out) < n; {
		out = append(out, a)
		for range step {
			a = a.Next()
		}
	}
	return out
}

// batch carries out commands of ip at the living end.
func (l *Lab) batch(t testing.TB, commands string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ip", "-n", l.living, "-batch", "-")
	cmd.Stdin = strings.NewReader(commands)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the living end: %v: %s", err, out)
	}
}

// build makes the two namespaces, the cable and the asking end.
func build(t testing.TB, prefix netip.Prefix) *Lab {
	t.Helper()
	l := named(t, prefix)
	run := func(args ...string) { t.Helper(); ip(t, args...) }
	l.namespaces(t)
	run("link", "add", "name", "v0", "netns", l.asking, "type", "veth", "peer", "name", "v1", "netns", l.living)
	first := prefix.Addr().Next()
	l.Asker = first
	at := []string{"-n", l.asking, "addr", "add", first.String() + "/" + fmt.Sprint(prefix.Bits()), "dev", "v0"}
	if prefix.Addr().Is6() {
		at = append(at, "nodad")
	}
	run(at...)
	run("-n", l.asking, "link", "set", "v0", "up")
	run("-n", l.living, "link", "set", "v1", "up")

	// Small machines would otherwise lose neighbors and refuse floods of resets.
	l.In(t, l.asking, func() { tune(t) })
	l.In(t, l.living, func() { tune(t) })
	return l
}

// named gives a lab its names, or skips the test where none can be built.
func named(t testing.TB, prefix netip.Prefix) *Lab {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("network namespaces are a thing of Linux")
	}
	if os.Geteuid() != 0 {
		t.Skip("this test builds network namespaces and needs root; run it as root or below unshare -Urn")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("this test needs the program ip (iproute2)")
	}
	id := fmt.Sprintf("%d-%d", os.Getpid(), serial.Add(1))
	return &Lab{Prefix: prefix, asking: "ask" + id, living: "live" + id}
}

// serial tells the labs of one process apart.
var serial atomic.Int64 //nolint:gochecknoglobals // names of namespaces are of the whole machine

// namespaces makes the lab's namespaces, and takes them away after the test.
func (l *Lab) namespaces(t testing.TB) {
	t.Helper()
	for i, ns := range append([]string{l.asking, l.living}, l.others...) {
		ip(t, "netns", "add", ns)
		if i == 0 {
			t.Cleanup(l.close)
		}
		ip(t, "-n", ns, "link", "set", "lo", "up")
		if l.Prefix.Addr().Is4() {
			// Systems look for routers of IPv6 by themselves, which is nobody's search.
			l.In(t, ns, func() {
				for _, which := range []string{"all", "default"} {
					write(t, "/proc/sys/net/ipv6/conf/"+which+"/disable_ipv6", "1")
				}
			})
		}
	}
}

// ip runs the program ip, and skips the test where the machine does not permit it.
func ip(t testing.TB, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ip", args...).CombinedOutput()
	if err == nil {
		return
	}
	if strings.Contains(string(out), "not permitted") || strings.Contains(string(out), "denied") {
		t.Skipf("this machine does not permit network namespaces: ip %s: %s", strings.Join(args, " "), out)
	}
	t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
}

func tune(t testing.TB) {
	for f, v := range map[string]string{
		"/proc/sys/net/ipv4/icmp_ratelimit":   "0",
		"/proc/sys/net/ipv4/ping_group_range": "0 2147483647",
	} {
		if err := os.WriteFile(f, []byte(v), 0o644); err != nil {
			t.Logf("%s: %v", f, err)
		}
	}
	for _, f := range []string{"gc_thresh1", "gc_thresh2", "gc_thresh3"} { // shared by all namespaces where it is writable at all
		_ = os.WriteFile("/proc/sys/net/ipv4/neigh/default/"+f, []byte("8192"), 0o644)
	}
}

// Ask runs f on a thread in the asking namespace. Goroutines that f starts are
// elsewhere; sockets made on the thread of f stay in the namespace.
func (l *Lab) Ask(t testing.TB, f func()) {
	t.Helper()
	l.In(t, l.asking, f)
}

// Names returns the names of the asking and the living namespace, for programs
// that are run in them by ip netns exec.
func (l *Lab) Names() (asking, living string) { return l.asking, l.living }

// In runs f on a thread of its own in a namespace.
func (l *Lab) In(t testing.TB, ns string, f func()) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := enter(ns)
		done <- err
		if err == nil {
			f()
		}
	}()
	if err := <-done; err != nil {
		t.Fatalf("enter the namespace %s: %v", ns, err)
	}
	<-done
}

// Enter moves the thread of the caller into a namespace. The caller locks its
// goroutine to the thread first.
func Enter(ns string) error { return enter(ns) }

func enter(ns string) error {
	f, err := os.Open("/var/run/netns/" + ns)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Setns(int(f.Fd()), unix.CLONE_NEWNET)
}

// Listen opens a port on an address of the living end and serves each
// connection with serve.
func (l *Lab) Listen(t testing.TB, addr netip.Addr, port uint16, serve func(net.Conn)) {
	t.Helper()
	var ln net.Listener
	var err error
	l.In(t, l.living, func() {
		ln, err = net.Listen("tcp", netip.AddrPortFrom(addr, port).String())
	})
	if err != nil {
		t.Fatal(err)
	}
	l.later(func() { _ = ln.Close() })
	go accept(ln, serve)
}

func accept(ln net.Listener, serve func(net.Conn)) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(time.Minute))
			serve(c)
		}()
	}
}

func (l *Lab) later(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closes = append(l.closes, f)
}

func (l *Lab) close() {
	l.mu.Lock()
	fs := l.closes
	l.closes = nil
	l.mu.Unlock()
	for _, f := range fs {
		f()
	}
	for _, ns := range append([]string{l.asking, l.living}, l.others...) {
		_ = exec.Command("ip", "netns", "del", ns).Run() //nolint:noctx // cleaning up after the test's context
	}
}
