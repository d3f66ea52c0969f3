package starttls

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// maxMessage bounds a message of a binary protocol before TLS begins.
const maxMessage = 64 << 10

// askPostgreSQL sends the SSLRequest of PostgreSQL's protocol: length 8, code 80877103.
func askPostgreSQL(c *wire.Conn) (offers bool, err error) {
	if err := c.Say("\x00\x00\x00\x08\x04\xd2\x16\x2f"); err != nil {
		return false, err
	}
	b, err := c.Full(1)
	switch {
	case err != nil:
		return false, err
	case b[0] == 'S':
		return true, nil
	case b[0] == 'N':
		return false, nil
	}
	return false, wire.ErrProtocol
}

// clientSSL is the capability bit by which both sides of MySQL's protocol agree on TLS.
const clientSSL = 0x0800

// mysqlGreeting is what a MySQL or MariaDB server says first.
type mysqlGreeting struct {
	product string
	tls     bool
}

// readMySQL reads the greeting packet: three bytes of length, a sequence number,
// protocol 10, the version, thread id, salt, and the lower half of what it can do.
func readMySQL(c *wire.Conn) (mysqlGreeting, error) {
	head, err := c.Full(4)
	if err != nil {
		return mysqlGreeting{}, err
	}
	n := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	if n == 0 || n > maxMessage || head[3] != 0 {
		return mysqlGreeting{}, wire.ErrProtocol
	}
	b, err := c.Full(n)
	if err != nil {
		return mysqlGreeting{}, err
	}
	if b[0] == 0xff && n > 3 { // it refuses us, and says why
		return mysqlGreeting{}, wire.Refused("it answered: " + wire.Printable(string(b[3:]), 120))
	}
	end := bytes.IndexByte(b, 0)
	if b[0] != 10 || end < 2 || end > 200 {
		return mysqlGreeting{}, wire.ErrProtocol
	}
	g := mysqlGreeting{product: mysqlProduct(string(b[1:end]))}
	at := end + 1 + 4 + 8 + 1
	if at+2 > len(b) {
		return g, wire.ErrProtocol
	}
	g.tls = binary.LittleEndian.Uint16(b[at:])&clientSSL != 0
	return g, nil
}

func mysqlProduct(version string) string {
	version = wire.Printable(version, 60)
	if v, ok := strings.CutPrefix(version, "5.5.5-"); ok && strings.Contains(v, "MariaDB") {
		version = v // MariaDB puts an old version before its own
	}
	if strings.Contains(version, "MariaDB") {
		return "MariaDB " + version
	}
	return "MySQL " + version
}

// beginMySQL answers the greeting with a request for TLS. Nobody signs in.
func beginMySQL(c *wire.Conn) error {
	g, err := readMySQL(c)
	switch {
	case err != nil:
		return err
	case !g.tls:
		return ErrNotOffered
	}
	req := make([]byte, 36)
	req[0], req[3] = 32, 1
	binary.LittleEndian.PutUint32(req[4:], clientSSL|0x0200|0x8000) // TLS, protocol 4.1, secure connection
	binary.LittleEndian.PutUint32(req[8:], 1<<24)
	req[12] = 33
	return c.Say(string(req))
}

// Security protocols of RDP, MS-RDPBCGR section 2.2.1.1.1.
const (
	rdpStandard = 0
	rdpTLS      = 1
	rdpHybrid   = 2 // CredSSP: network level authentication
)

// Reasons of RDP's refusals, MS-RDPBCGR section 2.2.1.2.2.
const (
	rdpNeedsTLS    = 1
	rdpNeedsHybrid = 5
)

// rdpAnswer is how a server answered a request to connect.
type rdpAnswer struct {
	selected uint32
	failed   uint32 // reason of a refusal, 0 for none
}

// askRDP asks a terminal server to connect with the security protocols named.
// It sends no cookie and no name.
func askRDP(c *wire.Conn, protocols uint32) (rdpAnswer, error) {
	req := []byte{3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0}
	binary.LittleEndian.PutUint32(req[15:], protocols)
	if err := c.Say(string(req)); err != nil {
		return rdpAnswer{}, err
	}
	head, err := c.Full(4)
	if err != nil {
		return rdpAnswer{}, err
	}
	n := int(binary.BigEndian.Uint16(head[2:]))
	if head[0] != 3 || n < 11 || n > 512 {
		return rdpAnswer{}, wire.ErrProtocol
	}
	b, err := c.Full(n - 4)
	switch {
	case err != nil:
		return rdpAnswer{}, err
	case b[1] != 0xd0: // not a connection confirm
		return rdpAnswer{}, wire.ErrProtocol
	case len(b) < 15: // servers before Windows XP SP2 know nothing of a choice
		return rdpAnswer{}, nil
	}
	v := binary.LittleEndian.Uint32(b[11:])
	switch b[7] {
	case 2:
		return rdpAnswer{selected: v}, nil
	case 3:
		return rdpAnswer{failed: max(v, 1)}, nil
	}
	return rdpAnswer{}, wire.ErrProtocol
}

// ShowRDP finds out which security a terminal server asks for: with three
// connections, each closed after the server's choice.
func ShowRDP(open func() (*wire.Conn, error)) (Look, error) {
	ask := func(protocols uint32) (rdpAnswer, error) {
		c, err := open()
		if err != nil {
			return rdpAnswer{}, err
		}
		defer c.Close()
		return askRDP(c, protocols)
	}
	var l Look
	both, err := ask(rdpTLS | rdpHybrid)
	if err != nil {
		return l, err
	}
	l.Offers = both.failed == 0 && both.selected != rdpStandard
	if !l.Offers {
		l.NLA = no()
		l.Why = "it uses RDP's own encryption, which does not prove who the server is"
		return l, nil
	}
	tls, err := ask(rdpTLS)
	switch {
	case err != nil:
		return l, nil //nolint:nilerr // what was learnt stands; the rest stays unknown
	case tls.failed == rdpNeedsHybrid:
		l.NLA = yes()
	case tls.failed == 0:
		l.NLA = no()
	}
	standard, err := ask(rdpStandard)
	switch {
	case err != nil:
		l.Why = "whether it insists on TLS: " + wire.Why(err)
	case standard.failed == rdpNeedsTLS || standard.failed == rdpNeedsHybrid:
		l.Clear = no()
	default:
		l.Why = "it also takes connections with RDP's own encryption, which does not prove who the server is"
	}
	return l, nil
}
