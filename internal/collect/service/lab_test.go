package service_test

import (
	"bufio"
	"crypto/tls"
	"flag"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/collect/service/servertest"
)

// TestMain runs more tests at a time than there are processors: they wait for
// servers to start and for liars to be given up, and compute little.
func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8")
	m.Run()
}

// listener is a receiver of HL7 v2 as interface engines have one: it answers each
// frame with an acknowledgment, and one that holds no message with an error.
func listener(t testing.TB, cert *tls.Certificate) netip.AddrPort {
	t.Helper()
	return servertest.Serve(t, func(c net.Conn) {
		if cert != nil {
			c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12})
		}
		in := bufio.NewReader(c)
		for {
			frame, err := in.ReadString(0x1c)
			if err != nil {
				return
			}
			if b, err := in.ReadByte(); err != nil || b != '\r' || !strings.HasPrefix(frame, "\x0b") {
				return
			}
			code := "AA"
			if !strings.Contains(frame, "MSH|") {
				code = "AR"
			}
			_, _ = io.WriteString(c, "\x0bMSH|^~\\&|LAB|CLINIC|||20261125||ACK|1|P|2.5.1\rMSA|"+code+"|0\r\x1c\r")
		}
	})
}
