// Package servertest starts real servers on loopback for tests of how services
// are asked, and liars that no real server is.
package servertest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// Program returns the path of a program, or skips the test with a plain message.
func Program(t testing.TB, name string) string {
	t.Helper()
	if p, err := exec.LookPath(name); err == nil {
		return p
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/libexec", "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/17/bin"} {
		if p := filepath.Join(dir, name); exists(p) {
			return p
		}
	}
	t.Skipf("%s is not installed here, so it cannot be asked", name)
	return ""
}

func exists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}

// Port returns a port of loopback that was free a moment ago.
func Port(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Addr is a port of loopback.
func Addr(port int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
}

// Dial opens connections to a port of loopback.
func Dial(addr netip.AddrPort) wire.Dial {
	return func(ctx context.Context) (net.Conn, error) {
		d := net.Dialer{Timeout: 2 * time.Second}
		return d.DialContext(ctx, "tcp", addr.String())
	}
}

// output keeps the end of what a server writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.b.Len() > 64<<10 {
		o.b.Reset()
	}
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// Start runs a server until the test ends and waits until it takes connections
// on the port. What it wrote is logged where it does not.
func Start(t testing.TB, port int, name string, args ...string) {
	t.Helper()
	StartEnv(t, port, nil, name, args...)
}

// StartEnv is [Start] with more of an environment.
func StartEnv(t testing.TB, port int, env []string, name string, args ...string) {
	t.Helper()
	var out output
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	ownGroup(cmd)
	in, err := cmd.StdinPipe() // servers that read commands wait for some
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		endGroup(cmd)
		_ = in.Close()
		<-exited
	})
	for range 400 {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
		if err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-exited:
			t.Fatalf("%s ended at once:\n%s", name, out.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("%s takes no connection on port %d:\n%s", name, port, out.String())
}

// Serve answers each connection with serve until the test ends. It listens on
// all addresses of loopback, of which it returns the first.
func Serve(t testing.TB, serve func(net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if a, ok := netip.AddrFromSlice(c.LocalAddr().(*net.TCPAddr).IP.To4()); !ok || !a.IsLoopback() {
				_ = c.Close() // nobody else's business
				continue
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return Addr(l.Addr().(*net.TCPAddr).Port)
}

// Write makes a file of a test.
func Write(t testing.TB, dir, name, text string) string {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}
