package wire_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service/servertest"
	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

func TestEndInBytes(t *testing.T) {
	raw, _ := servertest.Said([]byte(strings.Repeat("x", 1000)))
	c := wire.Bound(t.Context(), raw, wire.Limits{Time: time.Minute, Bytes: 100})
	b, err := io.ReadAll(c)
	if len(b) != 100 || !errors.Is(err, wire.ErrTooMuch) {
		t.Errorf("%d bytes, error %v", len(b), err)
	}
	raw, _ = servertest.Said([]byte("a line\r\nwithout an end and " + strings.Repeat("long", 100)))
	c = wire.Bound(t.Context(), raw, wire.Limits{Time: time.Minute, Bytes: 1000})
	if s, err := c.Line(50); s != "a line" || err != nil {
		t.Errorf("%q, %v", s, err)
	}
	if _, err := c.Line(50); !errors.Is(err, wire.ErrTooMuch) {
		t.Errorf("a line without an end: %v", err)
	}
}

func TestEndInTime(t *testing.T) {
	addr := servertest.Serve(t, func(c net.Conn) {
		for {
			if _, err := c.Write([]byte("x")); err != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	c, err := wire.Open(t.Context(), servertest.Dial(addr), wire.Limits{Time: 200 * time.Millisecond, Bytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Time{}) // what a library does after its handshake moves no end
	start := time.Now()
	_, err = io.Copy(io.Discard, c)
	if took := time.Since(start); !wire.TimedOut(err) || took > 5*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	if wire.Why(err) != "it did not answer in time" {
		t.Errorf("why %q", wire.Why(err))
	}
	ctx, cancel := context.WithCancel(t.Context())
	c2, err := wire.Open(ctx, servertest.Dial(addr), wire.Limits{Time: time.Hour, Bytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	defer c2.Close()
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err = io.Copy(io.Discard, c2); !wire.TimedOut(err) {
		t.Errorf("after its context ended: %v", err)
	}
}

func TestListen(t *testing.T) {
	addr := servertest.Serve(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "220 hello")
		_, _ = io.Copy(io.Discard, c)
	})
	c, err := wire.Open(t.Context(), servertest.Dial(addr), wire.Limits{Time: 5 * time.Second, Bytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if said, hung := c.Listen(2*time.Second, 50*time.Millisecond, 100); string(said) != "220 hello" || hung {
		t.Errorf("%q, hung up %t", said, hung)
	}
	raw, _ := servertest.Said([]byte("bye"))
	if said, hung := wire.Bound(t.Context(), raw, servertest.Bounds).Listen(time.Second, time.Second, 100); string(said) != "bye" || !hung {
		t.Errorf("%q, hung up %t", said, hung)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		" Postfix\r\n": "Postfix", "\x1b[31mred": "[31mred", "a\u202eb": "ab", "caf\xc3\xa9": "café", "half \xc3": "half", strings.Repeat("é", 50): strings.Repeat("é", 10),
	} {
		if got := wire.Printable(in, 20); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzTakeBER(f *testing.F) {
	for _, s := range []string{"\x30\x03\x02\x01\x01", "\x30\x84\xff\xff\xff\xff", "\x04\x81\x80", "\x30\x80"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, body, rest, ok := wire.TakeBER(b)
		if ok && len(body)+len(rest)+2 > len(b) {
			t.Fatalf("%d bytes hold %d and %d", len(b), len(body), len(rest))
		}
	})
}
