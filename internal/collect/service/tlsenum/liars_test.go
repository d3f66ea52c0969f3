package tlsenum_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service/servertest"
	"github.com/asepsis/asepsis/internal/collect/service/tlsenum"
	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// helloOf reads a hello off the wire and returns its version and suites.
func helloOf(c net.Conn) (version uint16, suites []uint16) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(c, head); err != nil {
		return 0, nil
	}
	b := make([]byte, binary.BigEndian.Uint16(head[3:]))
	if _, err := io.ReadFull(c, b); err != nil || len(b) < 40 {
		return 0, nil
	}
	version = binary.BigEndian.Uint16(b[4:])
	b = b[4+2+32:]
	b = b[1+int(b[0]):]
	n := int(binary.BigEndian.Uint16(b)) / 2
	for i := range n {
		suites = append(suites, binary.BigEndian.Uint16(b[2+2*i:]))
	}
	return version, suites
}

func record(kind byte, data []byte) []byte {
	return append([]byte{kind, 3, 3, byte(len(data) >> 8), byte(len(data))}, data...)
}

// serverHello is a hello of a server, as one record.
func serverHello(version, suite uint16) []byte {
	b := binary.BigEndian.AppendUint16(nil, version)
	b = append(b, make([]byte, 33)...)
	b = binary.BigEndian.AppendUint16(b, suite)
	b = append(b, 0)
	return record(22, append([]byte{2, 0, 0, byte(len(b))}, b...))
}

func forever(c net.Conn, b []byte) {
	for {
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

func TestLiarsAreLeft(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		serve func(net.Conn)
		why   string // of the error; empty where a report is expected
		check func(*tlsenum.Report) bool
	}{
		{"says nothing", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, "it did not answer in time", nil},
		{"ends at once", func(net.Conn) {}, "hung up when it was offered TLS", nil},
		{"resets", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }, "", nil},
		{"endless banner", func(c net.Conn) { forever(c, []byte("220 welcome to the machine ")) }, "in clear: smtp or ftp", nil},
		{"endless letters", func(c net.Conn) { forever(c, []byte(strings.Repeat("A", 1000))) }, "something else than TLS", nil},
		{"web server", func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, "in clear: http", nil},
		{"one byte at a time", func(c net.Conn) {
			for {
				if _, err := c.Write([]byte{22}); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}, "", nil},
		{"record longer than any", func(c net.Conn) {
			helloOf(c)
			_, _ = c.Write([]byte{22, 3, 3, 0xff, 0xff})
			forever(c, make([]byte, 1000))
		}, "something else than TLS", nil},
		{"empty records without end", func(c net.Conn) { helloOf(c); forever(c, record(22, nil)) }, "something else than TLS", nil},
		{"warnings without end", func(c net.Conn) { helloOf(c); forever(c, record(21, []byte{1, 112})) }, "something else than TLS", nil},
		{"a suite not offered", func(c net.Conn) { helloOf(c); _, _ = c.Write(serverHello(0x0303, 0xc0ff)) }, "which it was not offered", nil},
		{"takes all it is offered", func(c net.Conn) {
			v, suites := helloOf(c)
			if v != 0 && len(suites) > 0 {
				_, _ = c.Write(serverHello(v, suites[0]))
			}
		}, "", func(r *tlsenum.Report) bool {
			return strings.Contains(r.Incomplete, "more than could be looked at") && r.Connections == 60 && len(r.Versions) >= 4
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr := servertest.Serve(t, tt.serve)
			start := time.Now()
			r, err := tlsenum.Enumerate(t.Context(), servertest.Dial(addr), tlsenum.Options{
				Now: servertest.Now, EachTime: 400 * time.Millisecond, Time: 3 * time.Second, Connections: 60,
			})
			if took := time.Since(start); took > 6*time.Second {
				t.Errorf("took %v", took)
			}
			switch {
			case tt.check != nil:
				if err != nil || !tt.check(r) {
					t.Errorf("report %+v, error %v", r, err)
				}
			case err == nil:
				t.Errorf("it was believed: %+v", r)
			case !strings.Contains(wire.Why(err), tt.why):
				t.Errorf("why %q, want %q", wire.Why(err), tt.why)
			}
		})
	}
}

// TestCertificateBombs: a real TLS server that sends thousands of certificates
// or ten megabytes of them is known by its versions, and what was not read is
// said.
func TestCertificateBombs(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	cert := a.TLS(t, servertest.Wish{})
	for name, n := range map[string]int{"2,000 certificates": 2000, "10 MB": 10 << 20 / len(cert.Certificate[0])} {
		t.Run(name, func(t *testing.T) {
			bomb := cert
			for range n {
				bomb.Certificate = append(bomb.Certificate, cert.Certificate[0])
			}
			addr := servertest.Serve(t, func(c net.Conn) {
				_ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{bomb}, MaxVersion: tls.VersionTLS12}).Handshake()
			})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r, err := tlsenum.Enumerate(t.Context(), servertest.Dial(addr), tlsenum.Options{Now: servertest.Now, Brief: true})
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if versions(r) != "1.2" || r.Chain != nil || !strings.Contains(r.NoChain, "list of certificates of") {
				t.Errorf("versions %s, chain %+v, why not %q", versions(r), r.Chain, r.NoChain)
			}
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 200<<20 {
				t.Errorf("the heap grew by %d bytes", grown)
			}
		})
	}
}

// TestBombInsideEncryption: in TLS 1.3 the library reads the certificates, within
// its own bounds.
func TestBombInsideEncryption(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	bomb := a.TLS(t, servertest.Wish{})
	for range 2000 {
		bomb.Certificate = append(bomb.Certificate, a.Cert.Raw)
	}
	addr := servertest.Serve(t, func(c net.Conn) {
		_ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{bomb}, MinVersion: tls.VersionTLS13}).Handshake()
	})
	r, err := tlsenum.Enumerate(t.Context(), servertest.Dial(addr), tlsenum.Options{Now: servertest.Now})
	if err != nil || versions(r) != "1.3" || r.Chain != nil || !strings.Contains(r.NoChain, "exceeds maximum") {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestLongChain: as many certificates as are read without a lie, most of them
// beside the point.
func TestLongChain(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	cert := a.TLS(t, servertest.Wish{}, a)
	for range 300 {
		cert.Certificate = append(cert.Certificate, a.Cert.Raw)
	}
	addr := servertest.Serve(t, func(c net.Conn) {
		_ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}}).Handshake()
	})
	r, err := tlsenum.Enumerate(t.Context(), servertest.Dial(addr), tlsenum.Options{Now: servertest.Now, Brief: true, Roots: a.Pool})
	if err != nil {
		t.Fatal(err)
	}
	if r.Chain == nil || !r.Chain.Trusted || r.Chain.Sent != 302 {
		t.Errorf("chain %+v (%s)", r.Chain, r.NoChain)
	}
}

func TestServerThatWantsItsName(t *testing.T) {
	t.Parallel()
	a := servertest.NewAuthority(t, "Root")
	cert := a.TLS(t, servertest.Wish{})
	addr := servertest.Serve(t, func(c net.Conn) {
		_ = tls.Server(c, &tls.Config{MinVersion: tls.VersionTLS10, GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if h.ServerName != "clinic.example" {
				return nil, errors.New("no such name")
			}
			return &cert, nil
		}}).Handshake()
	})
	o := tlsenum.Options{Now: servertest.Now, Brief: true, Roots: a.Pool}
	_, err := tlsenum.Enumerate(t.Context(), servertest.Dial(addr), o)
	var refusal *tlsenum.Refusal
	if !errors.As(err, &refusal) || refusal.Alert == "" {
		t.Errorf("without a name: %v", err)
	}
	o.Names = []string{"127.0.0.1", "clinic.example"}
	if r, err := tlsenum.Enumerate(t.Context(), servertest.Dial(addr), o); err != nil || versions(r) != "1.0 1.1 1.2 1.3" {
		t.Errorf("with its name: %+v, %v", r, err)
	}
}

func TestStopsWithContext(t *testing.T) {
	t.Parallel()
	addr := servertest.Serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := tlsenum.Enumerate(ctx, servertest.Dial(addr), tlsenum.Options{Now: servertest.Now})
	if took := time.Since(start); err == nil || took > 2*time.Second {
		t.Errorf("error %v after %v", err, took)
	}
}
