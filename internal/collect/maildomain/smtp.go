package maildomain

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

const (
	maxReplyLine = 4 << 10 // RFC 5321 section 4.5.3.1.5 says 512
	maxReply     = 100     // lines
)

// talk speaks SMTP (RFC 5321, RFC 3207) as far as the certificate.
func (p *Probe) talk(ctx context.Context, now time.Time, conn net.Conn, h *Host) {
	if at, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(at) // where it cannot be set, the context closes the connection
	}
	r := bufio.NewReaderSize(conn, maxReplyLine)
	code, lines, err := reply(r)
	if err != nil || code != 220 {
		h.Unreached = greeting(code, lines, err)
		return
	}
	name := p.HELO
	if name == "" {
		name = "asepsis.invalid"
	}
	code, lines, err = command(conn, r, "EHLO "+name)
	switch {
	case err != nil || code != 250 && code != 500 && code != 502:
		h.Unreached = greeting(code, lines, err)
		return
	case code != 250 || !offers(lines, "STARTTLS"):
		h.Fault = "it does not offer encryption (STARTTLS)"
		_, _, _ = command(conn, r, "QUIT") // it is polite, and nothing depends on it
		return
	}
	if code, lines, err = command(conn, r, "STARTTLS"); err != nil || code != 220 {
		h.Fault = "it offers encryption and then refuses it"
		if err != nil {
			h.Fault, h.Unreached = "", greeting(code, lines, err)
		}
		return
	}
	if r.Buffered() > 0 {
		h.Fault = "it sends more in clear after it agreed to encrypt"
		return
	}
	// The certificate is judged below, to say everything that is wrong with it, and
	// old versions are spoken to see them.
	t := tls.Client(conn, &tls.Config{ServerName: h.Name, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}) //nolint:gosec // nothing secret is sent
	if err := t.HandshakeContext(ctx); err != nil {
		var e net.Error
		if ctx.Err() != nil || errors.As(err, &e) && e.Timeout() {
			h.Unreached = "it did not finish setting up encryption in time"
			return
		}
		h.Fault = "it offers encryption that cannot be set up"
		return
	}
	cs := t.ConnectionState()
	h.Version, h.NotAfter = version(cs.Version), cs.PeerCertificates[0].NotAfter
	h.CertFaults, h.Unjudged = p.judge(&cs, h.Name, now)
	if cs.Version < tls.VersionTLS12 {
		h.Outdated = "it speaks TLS " + h.Version + " at best, which RFC 8996 retired"
	}
	_, _ = fmt.Fprint(t, "QUIT\r\n") // as above
}

func greeting(code int, lines []string, err error) string {
	var e net.Error
	switch {
	case errors.As(err, &e) && e.Timeout(), errors.Is(err, net.ErrClosed):
		return "it answered too slowly"
	case err != nil:
		return "what it sent is no mail server's answer"
	}
	text := ""
	if len(lines) > 0 {
		text = ": " + clean(lines[len(lines)-1])
	}
	return fmt.Sprintf("it does not talk to us (%d%s)", code, text)
}

// clean makes a stranger's words safe to show.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	if len(s) > 120 {
		s = s[:120] + "…"
	}
	return s
}

func offers(lines []string, extension string) bool {
	for _, l := range lines[min(1, len(lines)):] {
		word, _, _ := strings.Cut(strings.TrimSpace(l), " ")
		if strings.EqualFold(word, extension) {
			return true
		}
	}
	return false
}

func command(conn net.Conn, r *bufio.Reader, line string) (int, []string, error) {
	if _, err := fmt.Fprintf(conn, "%s\r\n", line); err != nil {
		return 0, nil, err
	}
	return reply(r)
}

// reply reads an answer of one or more lines.
func reply(r *bufio.Reader) (code int, lines []string, err error) {
	for range maxReply {
		b, err := r.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		line := strings.TrimRight(string(b), "\r\n")
		if len(line) < 3 || strings.Trim(line[:3], "0123456789") != "" || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
			return 0, nil, errors.New("no reply code")
		}
		n := int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
		if code != 0 && n != code {
			return 0, nil, errors.New("two reply codes in one answer")
		}
		code = n
		if len(line) == 3 {
			return code, append(lines, ""), nil
		}
		lines = append(lines, line[4:])
		if line[3] == ' ' {
			return code, lines, nil
		}
	}
	return 0, nil, errors.New("an answer without end")
}
