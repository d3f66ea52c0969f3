package network

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gosnmp/gosnmp"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fingerprint"
)

// Bounds of a conversation: whoever answers without end, backwards, or not at all
// is left after them.
const (
	snmpPort     = 161
	snmpTimeout  = time.Second
	snmpRetries  = 1
	snmpRows     = 25 // of a table in one answer: what fits a packet or two
	snmpWhole    = 90 * time.Second
	maxSNMPText  = 255
	maxSNMPParts = 128 // numbers of an object's name (RFC 2578, 3.5)
	maxTableRows = 1 << 16
)

// talk is a conversation with one device. Every packet of it passes the gate.
type talk struct {
	*gosnmp.GoSNMP
	conn *gated
}

// gated is a socket whose packets pass the gate: each waits for the rates, and
// none is sent once the device must not be touched.
type gated struct {
	net.Conn
	ctx  context.Context //nolint:containedctx // lives as long as one conversation
	gate *gate
	addr netip.Addr
	mac  fingerprint.MAC
	each time.Duration
	next time.Time
}

// errLeft says that nothing may be sent any more.
var errLeft = errors.New("it must not be touched")

func (g *gated) Write(b []byte) (int, error) {
	if wait := g.next.Sub(g.gate.now()); wait > 0 {
		sleep(g.ctx, wait)
	}
	if !g.gate.wait(g.ctx, g.addr, g.mac, 1) {
		return 0, errLeft
	}
	g.next = g.gate.now().Add(g.each)
	// The time to answer begins when the packet leaves, not when it began to wait.
	if err := g.SetDeadline(deadlineIn(snmpTimeout)); err != nil {
		return 0, err //nolint:wrapcheck // the library's own caller looks at it
	}
	return g.Conn.Write(b) //nolint:wrapcheck // the library's own caller looks at it
}

// converse opens a socket to the device. Nothing is sent yet.
func converse(ctx context.Context, g *gate, access *SNMPAccess, addr netip.Addr, mac fingerprint.MAC) (*talk, error) {
	return converseAt(ctx, g, access, addr, mac, snmpPort)
}

func converseAt(ctx context.Context, g *gate, access *SNMPAccess, addr netip.Addr, mac fingerprint.MAC, port uint16) (*talk, error) {
	c := access.client()
	c.Context, c.Target, c.Port = ctx, addr.String(), port
	if err := c.Connect(); err != nil {
		return nil, fmt.Errorf("open a socket: %w", err)
	}
	t := &talk{GoSNMP: c, conn: &gated{Conn: c.Conn, ctx: ctx, gate: g, addr: addr, mac: mac, each: seconds(1 / g.net.hostRate())}}
	c.Conn = t.conn
	return t, nil
}

// safely turns a panic over what a device sent into an error.
func safely(f func() (*gosnmp.SnmpPacket, error)) (p *gosnmp.SnmpPacket, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, errs.New(errs.Invalid, "its answer cannot be read")
		}
	}()
	switch p, err = f(); {
	case err != nil:
		return nil, err
	case p == nil:
		return nil, errs.New(errs.Invalid, "its answer is empty")
	case p.Error != gosnmp.NoError:
		return nil, errs.New(errs.Denied, "it refuses: %s", p.Error)
	}
	return p, nil
}

// get reads objects; those that the device has not are left out.
func (t *talk) get(oids []string) ([]gosnmp.SnmpPDU, error) {
	p, err := safely(func() (*gosnmp.SnmpPacket, error) { return t.Get(oids) })
	if err != nil {
		return nil, err
	}
	out := p.Variables[:0]
	for _, v := range p.Variables {
		if present(v) {
			out = append(out, v)
		}
	}
	return out, nil
}

// walk reads a column of a table, at most so many rows of it. Rows come in the
// order of their index; one that does not ends the reading.
func (t *talk) walk(column string, most int, each func(index []uint32, v gosnmp.SnmpPDU)) error {
	at, last := "."+column, []uint32(nil)
	for rows := 0; rows < most; {
		p, err := safely(func() (*gosnmp.SnmpPacket, error) { return t.GetBulk([]string{at}, 0, snmpRows) })
		if err != nil {
			return err
		}
		if len(p.Variables) == 0 {
			return nil
		}
		for _, v := range p.Variables {
			rest, inside := strings.CutPrefix("."+strings.TrimPrefix(v.Name, "."), "."+column+".")
			if !inside || !present(v) {
				return nil
			}
			index, ok := numbers(rest)
			if !ok || !after(index, last) {
				return errs.New(errs.Invalid, "its table does not end")
			}
			each(index, v)
			at, last = "."+column+"."+rest, index
			if rows++; rows >= most {
				return errs.New(errs.Limited, "its table has more than %d rows", most)
			}
		}
	}
	return nil
}

func present(v gosnmp.SnmpPDU) bool {
	switch v.Type {
	case gosnmp.NoSuchObject, gosnmp.NoSuchInstance, gosnmp.EndOfMibView, gosnmp.Null:
		return false
	default:
		return true
	}
}

// numbers reads the end of an object's name.
func numbers(s string) ([]uint32, bool) {
	if strings.Count(s, ".") >= maxSNMPParts {
		return nil, false
	}
	var out []uint32
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, false
		}
		out = append(out, uint32(n))
	}
	return out, len(out) > 0
}

// after reports whether an index comes after another one.
func after(a, b []uint32) bool {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] > b[i]
		}
	}
	return len(a) > len(b)
}

// text reads a value that people read.
func text(v gosnmp.SnmpPDU) string {
	switch x := v.Value.(type) {
	case []byte:
		if !utf8.Valid(x) {
			x = []byte(strings.ToValidUTF8(string(x), ""))
		}
		return shortText(strings.TrimRight(string(x), "\x00"), maxSNMPText)
	case string:
		return shortText(x, maxSNMPText)
	case *big.Int:
		return x.String()
	case nil:
		return ""
	default:
		return shortText(fmt.Sprint(x), maxSNMPText)
	}
}

// number reads a whole number, not negative and below 2^31, or 0.
func number(v gosnmp.SnmpPDU) int {
	n := gosnmp.ToBigInt(v.Value)
	if n == nil || !n.IsInt64() || n.Int64() < 0 || n.Int64() > 1<<31-1 {
		return 0
	}
	return int(n.Int64())
}

// identify asks the device what it is. A device that does not answer, or not to
// what was given, is an error.
func (t *talk) identify(access *SNMPAccess) (*SNMPInfo, error) {
	var oids []string
	for _, o := range snmpObjects {
		oids = append(oids, o.oid)
	}
	vars, err := t.get(oids)
	if err != nil {
		return nil, err
	}
	i := &SNMPInfo{Version: access.Version, Clear: access.clear()}
	for _, o := range snmpObjects {
		i.fill(vars, o.oid, o.take)
	}
	if i.Serial == "" {
		t.chassis(i)
	}
	return i, nil
}

func (i *SNMPInfo) fill(vars []gosnmp.SnmpPDU, oid string, take func(*SNMPInfo, string)) {
	for _, v := range vars {
		if strings.TrimPrefix(v.Name, ".") == oid {
			if s := text(v); s != "" {
				take(i, s)
			}
			return
		}
	}
}

// chassis looks among the physical parts for the one that holds the others.
func (t *talk) chassis(i *SNMPInfo) {
	row := uint32(0)
	_ = t.walk(entityClass, maxEntityRows, func(index []uint32, v gosnmp.SnmpPDU) { // what was read until a fault counts
		if row == 0 && len(index) == 1 && number(v) == classChassis {
			row = index[0]
		}
	})
	if row == 0 {
		return
	}
	var oids []string
	for _, c := range entity {
		oids = append(oids, fmt.Sprintf("%s.%d", c.column, row))
	}
	vars, err := t.get(oids)
	if err != nil {
		return
	}
	for n, c := range entity {
		i.fill(vars, oids[n], c.take)
	}
}
