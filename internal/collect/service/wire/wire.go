// Package wire bounds what a service that is asked can make us do: a
// connection has an end in time and in bytes, whatever the other side sends.
package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Dial opens one more connection to the service that is asked. It waits for its
// turn where connections are rationed, and fails where the device may no longer
// be asked.
type Dial func(ctx context.Context) (net.Conn, error)

// Limits bound one connection.
type Limits struct {
	Time  time.Duration // from now to its end
	Bytes int           // that are read
}

// ErrTooMuch is the error for a service that sent all that may be read of it and
// did not come to the point.
var ErrTooMuch = errors.New("it sent more than such an answer can have")

// ErrProtocol is the error for a service that answers in another way than its
// protocol says.
var ErrProtocol = errors.New("it answered something else than the protocol says")

// Conn is a connection with an end. One goroutine uses it at a time.
type Conn struct {
	net.Conn
	in   *bufio.Reader
	left int
	ends time.Time
	stop func() bool
}

// Open dials and bounds the connection. It also ends with ctx.
func Open(ctx context.Context, dial Dial, l Limits) (*Conn, error) {
	c, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	return Bound(ctx, c, l), nil
}

// Bound bounds a connection. Closing the result closes it.
func Bound(ctx context.Context, c net.Conn, l Limits) *Conn {
	b := &Conn{Conn: c, left: l.Bytes, ends: in(l.Time)}
	b.in = bufio.NewReaderSize(metered{b}, 4096)
	_ = c.SetDeadline(b.ends)
	b.stop = context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	return b
}

// in turns a duration into the moment that sockets want: they compare it with
// the machine's clock, so no other clock would do.
func in(d time.Duration) time.Time {
	return time.Now().Add(d) //nolint:forbidigo // socket deadlines are kept by the kernel against the real clock
}

// metered counts what is read off the socket.
type metered struct{ c *Conn }

func (m metered) Read(p []byte) (int, error) {
	if m.c.left <= 0 {
		return 0, ErrTooMuch
	}
	n, err := m.c.Conn.Read(p[:min(len(p), m.c.left)])
	m.c.left -= n
	return n, err
}

// Read reads within the limits.
func (c *Conn) Read(p []byte) (int, error) { return c.in.Read(p) }

// Close ends the connection.
func (c *Conn) Close() error {
	c.stop()
	return c.Conn.Close()
}

// SetDeadline is the other side's business of [tls.Conn] and the like: it never
// moves the end further away.
func (c *Conn) SetDeadline(t time.Time) error {
	if t.IsZero() || t.After(c.ends) {
		t = c.ends
	}
	return c.Conn.SetDeadline(t)
}

// SetReadDeadline is [Conn.SetDeadline] for reading.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if t.IsZero() || t.After(c.ends) {
		t = c.ends
	}
	return c.Conn.SetReadDeadline(t)
}

// Listen reads what the service says by itself: up to most bytes, until it has
// been silent for the gap or the wait is over. What it said may be empty; hung
// says that it ended the connection.
func (c *Conn) Listen(wait, gap time.Duration, most int) (said []byte, hung bool) {
	whole := in(wait)
	_ = c.SetReadDeadline(whole)
	b := make([]byte, 0, 256)
	buf := make([]byte, 512)
	for len(b) < most {
		n, err := c.in.Read(buf[:min(len(buf), most-len(b))])
		b = append(b, buf[:n]...)
		if err != nil {
			hung = Hung(err)
			break
		}
		next := in(gap)
		if whole.Before(next) {
			next = whole
		}
		_ = c.SetReadDeadline(next)
	}
	_ = c.SetReadDeadline(c.ends)
	return b, hung
}

// Say writes all of it.
func (c *Conn) Say(s string) error {
	_, err := io.WriteString(c.Conn, s)
	return err
}

// Full reads exactly n bytes, of which a caller makes sure that they are few.
func (c *Conn) Full(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(c.in, b)
	return b, err
}

// Line reads one line, without its end. A line longer than most is a fault.
func (c *Conn) Line(most int) (string, error) {
	var b strings.Builder
	for b.Len() <= most {
		x, err := c.in.ReadByte()
		if err != nil {
			return b.String(), err
		}
		if x == '\n' {
			return strings.TrimRight(b.String(), "\r"), nil
		}
		b.WriteByte(x)
	}
	return b.String(), ErrTooMuch
}

// TimedOut reports whether an error says that nothing came in time.
func TimedOut(err error) bool {
	var ne net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Timeout()
}

// Hung reports whether an error says that the other side ended the connection.
func Hung(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isAny(err, resets)
}

// Declined reports whether an error says that nothing listens there.
func Declined(err error) bool { return isAny(err, refusals) }

func isAny(err error, of []syscall.Errno) bool {
	return slices.ContainsFunc(of, func(e syscall.Errno) bool { return errors.Is(err, e) })
}

// Why says an error of a connection in words a person reads as the reason of
// what is not known: "it did not answer in time".
func Why(err error) string {
	var told interface{ Reason() string }
	switch {
	case err == nil:
		return ""
	case errors.As(err, &told):
		return told.Reason()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "there was no time left to ask it"
	case errors.Is(err, ErrTooMuch):
		return ErrTooMuch.Error() + ", so it was left"
	case errors.Is(err, ErrProtocol):
		return err.Error()
	case TimedOut(err):
		return "it did not answer in time"
	case Declined(err):
		return "it takes no connection from this machine"
	case isAny(err, unreachables):
		return "the network says that it cannot be reached"
	case Hung(err):
		return "it ended the connection without an answer"
	}
	return Printable(err.Error(), 160)
}

// Refused is a reason for which a connection was not opened, in words for people.
type Refused string

func (r Refused) Error() string { return string(r) }

// Reason returns it.
func (r Refused) Reason() string { return string(r) }

// Printable makes one line of what a service said: control bytes are dropped and
// it is cut to about n bytes.
func Printable(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xFFFD || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return strings.TrimSpace(s)
}
