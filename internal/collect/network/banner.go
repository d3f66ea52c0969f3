package network

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// Bounds of one reading: whoever talks without end, or one byte a second, is
// left after them.
const (
	readTimeout = 2 * time.Second        // the whole conversation
	readGap     = 250 * time.Millisecond // silence after the first words ends a greeting
	maxGreeting = 2 << 10
	maxHeaders  = 8 << 10
)

// Packets a conversation costs beyond the opening and the end of the connection.
const (
	packetsListen = 2
	packetsHead   = 4
	packetsHello  = 10
)

// reader reads what services say, in normal networks only.
type bannerReader struct {
	ctx  context.Context //nolint:containedctx // lives as long as one sweep
	gate *gate
}

// read takes an open connection and says what the service gave away. It sends
// nothing, a request for headers, or an offer of TLS, as the port permits.
func (r *bannerReader) read(t *target, number uint16, c net.Conn) Port {
	p := Port{Number: number, Asked: true}
	_ = c.SetDeadline(deadlineIn(readTimeout))
	switch known[number].way {
	case listen:
		r.gate.charge(t.addr, packetsListen)
		p.greeting(take(c, maxGreeting))
	case head:
		if r.gate.wait(r.ctx, t.addr, t.mac, packetsHead) {
			p.headers(c, t.addr.String())
		}
	case hello:
		if r.gate.wait(r.ctx, t.addr, t.mac, packetsHello) {
			p.greetTLS(r.ctx, c, t.addr.String())
		}
	default:
	}
	return p
}

// deadlineIn turns a duration into the moment that sockets want: they compare
// it with the machine's clock, so no other clock would do.
func deadlineIn(d time.Duration) time.Time {
	return time.Now().Add(d) //nolint:forbidigo // socket deadlines are kept by the kernel against the real clock
}

// take reads a greeting: until it is long enough, ends, or falls silent. The
// deadline that is set already bounds the whole, however slowly bytes come.
func take(c net.Conn, most int) []byte {
	whole := deadlineIn(readTimeout)
	b := make([]byte, 0, 512)
	buf := make([]byte, 512)
	for len(b) < most {
		n, err := c.Read(buf)
		b = append(b, buf[:n]...)
		if err != nil {
			break
		}
		gap := deadlineIn(readGap)
		if whole.Before(gap) {
			gap = whole
		}
		_ = c.SetReadDeadline(gap)
	}
	return b[:min(len(b), most)]
}

// greeting reads what a service said by itself.
func (p *Port) greeting(b []byte) {
	if len(b) == 0 {
		return
	}
	switch {
	case bytes.HasPrefix(b, []byte("SSH-")):
		p.Service = "ssh"
		p.say(fingerprint.SSH, firstLine(b))
	case bytes.HasPrefix(b, []byte("RFB 00")):
		p.Service = "vnc"
		p.Product = firstLine(b)
	case p.Number == 23 && (b[0] == telnetCommand || printable(b)):
		p.Service = "telnet"
		p.say(fingerprint.Telnet, telnetText(b))
	case bytes.HasPrefix(b, []byte("220")):
		line := greetingText(b)
		p.Service = "ftp"
		s := fingerprint.FTP
		if p.Number == 25 || p.Number == 587 || strings.Contains(strings.ToUpper(line), "SMTP") {
			p.Service, s = "smtp", fingerprint.SMTP
		}
		p.say(s, line)
	case bytes.HasPrefix(b, []byte("+OK")):
		p.Service = "pop3"
	case bytes.HasPrefix(b, []byte("* OK")):
		p.Service = "imap"
	case p.Number == 3306 && len(b) > 5 && (b[4] == 10 || b[4] == 0xff):
		p.Service = "mysql"
		if v, _, ok := bytes.Cut(b[5:], []byte{0}); ok && b[4] == 10 && printable(v) {
			p.Product = "MySQL " + string(v[:min(len(v), 60)])
		}
	}
}

// headers asks for the headers of the first page and reads them.
func (p *Port) headers(c net.Conn, host string) {
	if _, err := c.Write([]byte("HEAD / HTTP/1.0\r\nHost: " + host + "\r\nUser-Agent: asepsis-discovery\r\nConnection: close\r\n\r\n")); err != nil {
		return
	}
	b := take(c, maxHeaders)
	if !bytes.HasPrefix(b, []byte("HTTP/")) {
		p.greeting(b) // something else answers on this port
		return
	}
	p.Service = "http"
	for line := range bytes.Lines(b) {
		name, value, ok := strings.Cut(strings.TrimSpace(string(line)), ":")
		if !ok {
			if len(bytes.TrimSpace(line)) == 0 {
				break
			}
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "server":
			p.say(fingerprint.HTTPServer, value)
			p.Product = shortText(value, 100)
		case "www-authenticate":
			p.say(fingerprint.HTTPAuth, value)
		}
	}
}

// greetTLS offers TLS, notes the certificate, and asks for the headers inside.
func (p *Port) greetTLS(ctx context.Context, c net.Conn, host string) {
	t := tls.Client(c, &tls.Config{
		MinVersion: tls.VersionTLS10, InsecureSkipVerify: true, //nolint:gosec // the point is to see what is there, also where it is bad
		// A server may ask who we are; we have no name to give.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &tls.Certificate{}, nil },
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			p.TLS, p.Service = true, "tls"
			if len(raw) > 0 {
				if crt, err := x509.ParseCertificate(raw[0]); err == nil {
					p.certificate(crt)
				}
			}
			return nil
		},
	})
	if err := t.HandshakeContext(ctx); err != nil {
		return
	}
	p.headers(t, host)
	if p.Service == "http" {
		p.Service = "https"
	}
}

func (p *Port) certificate(c *x509.Certificate) {
	p.say(fingerprint.TLSSubject, c.Subject.String())
	p.Certificate = &Certificate{
		Subject: shortText(c.Subject.String(), 200), Issuer: shortText(c.Issuer.String(), 200), NotAfter: c.NotAfter.UTC(),
		SelfSigned: bytes.Equal(c.RawIssuer, c.RawSubject),
	}
	for _, n := range c.DNSNames[:min(len(c.DNSNames), 20)] {
		p.Certificate.Names = append(p.Certificate.Names, shortText(n, 100))
	}
}

// maxSaid bounds what is kept of one service.
const maxSaid = 400

func (p *Port) say(s fingerprint.Source, value string) {
	if value = shortText(value, maxSaid); value != "" {
		p.Said = append(p.Said, fingerprint.Signal{Source: s, Value: value, Port: p.Number})
	}
}

// shortText keeps what can be shown, on one line.
func shortText(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case r < ' ', r == 0x7f, r == 0xfffd:
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}

func firstLine(b []byte) string {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return shortText(string(line), maxSaid)
}

// greetingText joins the lines of a 220 greeting without their codes.
func greetingText(b []byte) string {
	var out []string
	for line := range bytes.Lines(b) {
		s := strings.TrimSpace(string(line))
		if len(s) > 4 && s[:3] == "220" {
			s = s[4:]
		} else if s == "220" {
			continue
		}
		out = append(out, s)
	}
	return shortText(strings.Join(out, " "), maxSaid)
}

const telnetCommand = 255

// telnetText leaves out the options a telnet server asks for (RFC 854). None of
// them is answered.
func telnetText(b []byte) string {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != telnetCommand {
			out = append(out, b[i])
			continue
		}
		if i+1 >= len(b) {
			break
		}
		switch c := b[i+1]; {
		case c == telnetCommand:
			out = append(out, c)
			i++
		case c == 250: // an option with parameters, up to IAC SE
			end := bytes.Index(b[i:], []byte{telnetCommand, 240})
			if end < 0 {
				return shortText(string(out), maxSaid)
			}
			i += end + 1
		case c >= 251:
			i += 2
		default:
			i++
		}
	}
	return shortText(string(out), maxSaid)
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\r' && c != '\n' && c != '\t' && c != 0x1b || c == 0x7f {
			return false
		}
	}
	return true
}
