package probe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
)

// maxReply bounds what a server may say before TLS begins.
const maxReply = 16 << 10

var errReply = errors.New("it answered something else than the protocol says")

// startTLS asks for TLS inside a protocol. It returns whether the server
// agreed, and the software it named while greeting. Nothing is read beyond the
// server's agreement, since the next byte belongs to TLS.
func startTLS(conn net.Conn, protocol string) (ok bool, product string, err error) {
	l := lines{conn: conn}
	switch protocol {
	case "smtp":
		greeting, code, err := l.reply()
		_, product = Recognize([]byte(greeting))
		if err != nil || code != "220" {
			return false, product, err
		}
		if err := l.say("EHLO localhost\r\n"); err != nil {
			return false, product, err
		}
		abilities, code, err := l.reply()
		if err != nil || code != "250" || !strings.Contains(strings.ToUpper(abilities), "STARTTLS") {
			return false, product, err
		}
		return l.ask("STARTTLS\r\n", "220", product)
	case "ftp":
		if _, code, err := l.reply(); err != nil || code != "220" {
			return false, "", err
		}
		return l.ask("AUTH TLS\r\n", "234", "")
	case "imap":
		if s, err := l.line(); err != nil || !strings.HasPrefix(s, "* ") {
			return false, "", err
		}
		if err := l.say("a1 STARTTLS\r\n"); err != nil {
			return false, "", err
		}
		for range 20 { // untagged answers may come first
			s, err := l.line()
			if err != nil {
				return false, "", err
			}
			if rest, tagged := strings.CutPrefix(s, "a1 "); tagged {
				return strings.HasPrefix(strings.ToUpper(rest), "OK"), "", nil
			}
		}
		return false, "", errReply
	case "pop3":
		if s, err := l.line(); err != nil || !strings.HasPrefix(s, "+OK") {
			return false, "", err
		}
		if err := l.say("STLS\r\n"); err != nil {
			return false, "", err
		}
		s, err := l.line()
		return err == nil && strings.HasPrefix(s, "+OK"), "", err
	case "ldap":
		return ldapStartTLS(conn)
	case "postgres":
		// SSLRequest of the PostgreSQL protocol: length 8, code 80877103.
		if _, err := conn.Write([]byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}); err != nil {
			return false, "", err
		}
		var b [1]byte
		_, err := io.ReadFull(conn, b[:])
		return err == nil && b[0] == 'S', "", err
	case "mysql":
		return mysqlStartTLS(conn)
	}
	return false, "", errReply
}

// lines reads byte by byte, so that nothing of TLS is swallowed.
type lines struct {
	conn net.Conn
	read int
}

func (l *lines) say(s string) error {
	_, err := l.conn.Write([]byte(s))
	return err
}

func (l *lines) line() (string, error) {
	var b bytes.Buffer
	for {
		var c [1]byte
		if _, err := io.ReadFull(l.conn, c[:]); err != nil {
			return b.String(), err
		}
		if l.read++; l.read > maxReply {
			return "", errReply
		}
		if c[0] == '\n' {
			return strings.TrimRight(b.String(), "\r"), nil
		}
		b.WriteByte(c[0])
	}
}

// reply reads an answer of one or more lines in the style of SMTP and FTP:
// "250-…" goes on, "250 …" ends.
func (l *lines) reply() (text, code string, err error) {
	for {
		s, err := l.line()
		if err != nil {
			return text, code, err
		}
		if text != "" {
			text += "\n"
		}
		text += s
		if len(s) < 3 {
			return text, "", errReply
		}
		if code = s[:3]; len(s) == 3 || s[3] != '-' {
			return text, code, nil
		}
	}
}

func (l *lines) ask(request, want, product string) (bool, string, error) {
	if err := l.say(request); err != nil {
		return false, product, err
	}
	_, code, err := l.reply()
	return err == nil && code == want, product, err
}

// ldapStartTLS sends the extended request of RFC 4511, section 4.14, and reads
// its result code.
func ldapStartTLS(conn net.Conn) (ok bool, product string, err error) {
	const oid = "1.3.6.1.4.1.1466.20037"
	req := append([]byte{0x30, byte(7 + len(oid)), 0x02, 0x01, 0x01, 0x77, byte(2 + len(oid)), 0x80, byte(len(oid))}, oid...)
	if _, err := conn.Write(req); err != nil {
		return false, "", err
	}
	var head [2]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return false, "", err
	}
	n := int(head[1])
	if head[1]&0x80 != 0 { // long form
		var more [4]byte
		k := int(head[1] & 0x7f)
		if k == 0 || k > 4 {
			return false, "", errReply
		}
		if _, err := io.ReadFull(conn, more[4-k:]); err != nil {
			return false, "", err
		}
		n = int(binary.BigEndian.Uint32(more[:]))
	}
	if head[0] != 0x30 || n > maxReply || n < 0 {
		return false, "", errReply
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(conn, body); err != nil {
		return false, "", err
	}
	// The message id comes first, then the extended response, which begins with an enumerated result code.
	i := bytes.IndexByte(body, 0x78)
	if i < 0 || i+4 > len(body) {
		return false, "", nil
	}
	rest := body[i:]
	j := bytes.Index(rest, []byte{0x0a, 0x01})
	return j >= 0 && j+2 < len(rest) && rest[j+2] == 0, "", nil
}

// clientSSL is the capability bit by which both sides of MySQL's protocol agree on TLS.
const clientSSL = 0x0800

// mysqlStartTLS reads the server's greeting and sends an SSL request packet.
func mysqlStartTLS(conn net.Conn) (ok bool, product string, err error) {
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return false, "", err
	}
	n := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	if n == 0 || n > maxReply {
		return false, "", errReply
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(conn, body); err != nil {
		return false, "", err
	}
	product, ok = mysqlVersion(append(head[:], body...))
	if !ok {
		return false, "", errReply
	}
	end := bytes.IndexByte(body, 0)
	at := end + 1 + 4 + 8 + 1 // after the version: thread id, salt, filler
	if at+2 > len(body) || binary.LittleEndian.Uint16(body[at:])&clientSSL == 0 {
		return false, product, nil
	}
	req := make([]byte, 36)
	req[0], req[3] = 32, 1
	binary.LittleEndian.PutUint32(req[4:], clientSSL|0x0200|0x8000) // TLS, protocol 4.1, secure connection
	binary.LittleEndian.PutUint32(req[8:], 1<<24)
	req[12] = 33
	_, err = conn.Write(req)
	return err == nil, product, err
}

// mysqlVersion reads the version out of a greeting packet: three bytes of
// length, a sequence number 0, protocol 10, then the version.
func mysqlVersion(packet []byte) (string, bool) {
	if len(packet) < 7 || packet[3] != 0 || packet[4] != 10 {
		return "", false
	}
	end := bytes.IndexByte(packet[5:], 0)
	if end <= 0 || end > 100 {
		return "", false
	}
	v := string(packet[5 : 5+end])
	if v[0] < '0' || v[0] > '9' {
		return "", false
	}
	return "MySQL " + printable(v), true
}
