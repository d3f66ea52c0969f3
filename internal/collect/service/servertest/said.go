package servertest

import (
	"bytes"
	"net"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// said is a connection on which a server has said something and then hangs up.
type said struct {
	in  *bytes.Reader
	out bytes.Buffer
}

// Said returns a connection on which the other side says the bytes and hangs up,
// and what is told it.
func Said(b []byte) (c net.Conn, told *bytes.Buffer) {
	s := &said{in: bytes.NewReader(b)}
	return s, &s.out
}

// Bounds are those of tests with [Said].
var Bounds = wire.Limits{Time: time.Minute, Bytes: 1 << 20}

func (s *said) Read(p []byte) (int, error)       { return s.in.Read(p) }
func (s *said) Write(p []byte) (int, error)      { return s.out.Write(p) }
func (s *said) Close() error                     { return nil }
func (s *said) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *said) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *said) SetDeadline(time.Time) error      { return nil }
func (s *said) SetReadDeadline(time.Time) error  { return nil }
func (s *said) SetWriteDeadline(time.Time) error { return nil }
