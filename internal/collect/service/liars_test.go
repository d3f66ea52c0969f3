package service_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service"
	"github.com/asepsis/asepsis/internal/collect/service/servertest"
)

// tlsServer is a server of the library; each is called for each connection.
func tlsServer(t testing.TB, cert tls.Certificate, each func()) netip.AddrPort {
	t.Helper()
	conf := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	return servertest.Serve(t, func(c net.Conn) {
		if each != nil {
			each()
		}
		s := tls.Server(c, conf)
		if s.Handshake() == nil {
			_, _ = s.Read(make([]byte, 1000))
			_, _ = io.WriteString(s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		}
	})
}

// protocols are all that are asked.
var protocols = []string{
	"http", "https", "ssh", "telnet", "smtp", "imap", "pop3", "ftp", "ldap", "postgresql", "mysql", "rdp", "dicom", "dicom-tls", "hl7", "ldaps", "",
}

// liars do what no real server does, to whoever asks.
var liars = map[string]func(net.Conn){
	"says nothing": func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
	"ends at once": func(net.Conn) {},
	"resets":       func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) },
	"letters":      func(c net.Conn) { endless(c, strings.Repeat("A", 4096)) },
	"lines":        func(c net.Conn) { endless(c, strings.Repeat("220-welcome to this machine\r\n", 100)) },
	"imap lines":   func(c net.Conn) { endless(c, "* OK hello\r\n") },
	"ssh lines":    func(c net.Conn) { endless(c, "this is not the banner yet\r\n") },
	"zeros":        func(c net.Conn) { endless(c, strings.Repeat("\x00", 4096)) },
	"ones":         func(c net.Conn) { endless(c, strings.Repeat("\xff", 4096)) },
	"headers":      func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"); endless(c, "X-More: and more\r\n") },
	"long lengths": func(c net.Conn) { _, _ = io.WriteString(c, "\x30\x84\x7f\xff\xff\xff"); endless(c, "more") },
	"frame":        func(c net.Conn) { _, _ = io.WriteString(c, "\x0bMSH|"); endless(c, "patient|") },
	"association":  func(c net.Conn) { _, _ = io.WriteString(c, "\x02\x00\x7f\xff\xff\xff"); endless(c, "more") },
	"one at a time": func(c net.Conn) {
		for {
			if _, err := c.Write([]byte("2")); err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	},
}

func endless(c net.Conn, s string) {
	for {
		if _, err := io.WriteString(c, s); err != nil {
			return
		}
	}
}

// TestLiarsAreLeft asks every liar in every protocol at once: the scan ends in
// the time of the slowest, in bounded memory, and nothing a liar says is
// believed further than it goes.
func TestLiarsAreLeft(t *testing.T) {
	t.Parallel()
	var targets []service.Target
	for _, serve := range liars {
		addr := servertest.Serve(t, serve)
		for _, p := range protocols {
			targets = append(targets, service.Target{Addr: addr, Service: p})
		}
	}
	// Each from an address of its own, so that none waits for another.
	for i := range targets {
		targets[i].Addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 1, byte(i)}), targets[i].Addr.Port())
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := map[string]int{}
	s := &service.Scanner{Gate: open{}, Now: time.Now, Rate: 2000, Unknown: true}
	liarsEverywhere(t, targets)
	start := time.Now()
	err := s.Run(t.Context(), targets, func(r service.Result) {
		got[string(r.Outcome)]++
		if r.Outcome != service.Asked && r.Why == "" {
			t.Errorf("%s %s: %s without a reason", r.Addr, r.Service, r.Outcome)
		}
		if r.TLS != nil || r.SSH != nil && r.SSH.Methods != nil || r.DICOM != nil {
			t.Errorf("%s %s: believed: %+v", r.Addr, r.Service, r)
		}
		for _, text := range []string{r.Why, r.Product, r.TLSWhy, r.ClearWhy} {
			if len(text) > 400 {
				t.Errorf("%s %s: %d letters of a liar were kept", r.Addr, r.Service, len(text))
			}
		}
	})
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 120*time.Second {
		t.Errorf("took %v", took)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 100<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	t.Logf("%d services of liars in %v: %v", len(targets), time.Since(start).Round(time.Millisecond), got)
}

// liarsEverywhere does nothing where loopback has all of 127.0.0.0/8, and skips
// the test where it has one address alone.
func liarsEverywhere(t *testing.T, ts []service.Target) {
	t.Helper()
	c, err := net.DialTimeout("tcp", ts[0].Addr.String(), 2*time.Second)
	if err != nil {
		t.Skip("this system has one loopback address only")
	}
	_ = c.Close()
}

func TestStopped(t *testing.T) {
	t.Parallel()
	addr := servertest.Serve(t, liars["says nothing"])
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var targets []service.Target
	for range 20 {
		targets = append(targets, service.Target{Addr: addr, Service: "https"})
	}
	start, n := time.Now(), 0
	err := (&service.Scanner{Gate: open{}, Now: time.Now}).Run(ctx, targets, func(service.Result) { n++ })
	if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > time.Second || n != 0 {
		t.Errorf("%v after %v, %d results of services that were not asked to the end", err, took, n)
	}
}

func TestGoesOnWhereItWas(t *testing.T) {
	quiet, quick := servertest.Serve(t, liars["says nothing"]), servertest.Serve(t, liars["ends at once"])
	targets := []service.Target{{Addr: quick, Service: "https"}, {Addr: quiet, Service: "https"}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var have []service.Result
	s := &service.Scanner{Gate: open{}, Now: time.Now}
	if err := s.Run(ctx, targets, func(r service.Result) { have = append(have, r); cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	rest := service.Rest(targets, have)
	if len(have) != 1 || len(rest) != 1 || rest[0].Addr != quiet {
		t.Errorf("done %v, left %v", have, rest)
	}
}

// TestTLSWhereItIsNotExpected: LDAPS on the port of LDAP, and a database that
// has locked us out is not asked again.
func TestTLSWhereItIsNotExpected(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	r := at(t, scanner(a), tlsServer(t, a.TLS(t, servertest.Wish{}), nil), "ldap")
	if r.TLS == nil || r.Spoke != "tls" || !is(r.Clear, false) {
		t.Errorf("TLS at once: %+v", r)
	}
	blocked := servertest.Serve(t, func(c net.Conn) { _, _ = io.WriteString(c, "\x0f\x00\x00\x00\xff\x6a\x04Host blocked") })
	if r = at(t, scanner(a), blocked, "mysql"); r.Outcome != service.Failed || r.Why != "it answered: Host blocked" || r.Connections != 1 {
		t.Errorf("locked out: %+v", r)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	addr := servertest.Serve(t, liars["ends at once"])
	var told []service.Progress
	s := &service.Scanner{Gate: open{}, Now: time.Now, Rate: 5000, Progress: func(p service.Progress) { told = append(told, p) }}
	targets := []service.Target{{Addr: addr, Service: "ssh"}, {Addr: addr, Service: "telnet"}, {Addr: addr, Service: "http"}}
	if err := s.Run(t.Context(), targets, func(service.Result) {}); err != nil {
		t.Fatal(err)
	}
	if len(told) != 3 || told[0].Done != 1 || told[0].Of != 3 || told[2].Done != 3 || told[2].Connections < 3 || told[2].Left != 0 {
		t.Errorf("%+v", told)
	}
}

// TestTimeOfOneService: by a clock on which every connection takes long, a
// service is left after its time, with what was learnt of it.
func TestTimeOfOneService(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	addr := tlsServer(t, a.TLS(t, servertest.Wish{}), nil)
	var clock atomic.Int64
	s := scanner(a)
	s.Now = func() time.Time { return servertest.Now.Add(time.Duration(clock.Add(1)) * 5 * time.Second) }
	r := at(t, s, addr, "https")
	if r.TLS == nil || r.Connections > 12 || r.TLS.Incomplete != "it took more time than one service is given" && r.TLS.Why == "" {
		t.Errorf("%+v %+v", r, r.TLS)
	}
}

func TestNobodyThere(t *testing.T) {
	if r := one(t, scanner(nil), servertest.Port(t), "https"); r.Outcome != service.Closed || r.Why == "" {
		t.Errorf("%+v", r)
	}
}

func TestQuietService(t *testing.T) {
	t.Parallel()
	addr := servertest.Serve(t, liars["says nothing"])
	r := at(t, scanner(nil), addr, "")
	if r.Outcome != service.Failed || r.TLSWhy == "" || !strings.Contains(r.Why, "nothing was sent to it") || r.Connections != 1 {
		t.Errorf("%+v", r)
	}
	a := servertest.NewAuthority(t, "Root")
	hidden := tlsServer(t, a.TLS(t, servertest.Wish{}), nil)
	s := scanner(a)
	s.Unknown = true
	if r = at(t, s, hidden, ""); r.TLS == nil || r.Spoke != "tls" || !is(r.Clear, false) {
		t.Errorf("TLS at an unknown port: %+v", r)
	}
	for _, name := range []string{"raw-printer", "modbus", "smb"} {
		w := watch(t)
		if r = at(t, s, w.addr, name); r.Outcome != service.Left || w.connections.Load() != 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
