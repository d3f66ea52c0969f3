package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fingerprint"
	"github.com/asepsis/asepsis/internal/secret"
)

// agent is a device that answers questions as a test wants, without a network.
type agent struct {
	answer func(q *gosnmp.SnmpPacket) []gosnmp.SnmpPDU // nil answers nothing
	raw    [][]byte                                    // answered as they are, before the others
	next   [][]byte
	asked  int
}

func (a *agent) Write(b []byte) (int, error) {
	a.asked++
	if len(a.raw) > 0 {
		a.next, a.raw = append(a.next, a.raw[0]), a.raw[1:]
		return len(b), nil
	}
	if a.answer == nil {
		return len(b), nil
	}
	q, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(b)
	if err != nil {
		return 0, err
	}
	c := &gosnmp.GoSNMP{Version: gosnmp.Version2c, Community: "c", MaxOids: 60}
	c.SetRequestID(q.RequestID - 1)
	out, err := c.SnmpEncodePacket(gosnmp.GetResponse, a.answer(q), 0, 0)
	if err != nil {
		return 0, err
	}
	a.next = append(a.next, out)
	return len(b), nil
}

func (a *agent) Read(b []byte) (int, error) {
	if len(a.next) == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(b, a.next[0])
	a.next = a.next[1:]
	return n, nil
}

func (a *agent) Close() error                     { return nil }
func (a *agent) LocalAddr() net.Addr              { return &net.UDPAddr{} }
func (a *agent) RemoteAddr() net.Addr             { return &net.UDPAddr{} }
func (a *agent) SetDeadline(time.Time) error      { return nil }
func (a *agent) SetReadDeadline(time.Time) error  { return nil }
func (a *agent) SetWriteDeadline(time.Time) error { return nil }

// converseWith talks to an agent through a gate that lets everything pass but
// what is listed.
func converseWith(t testing.TB, a *agent, guard Guard, packets *atomic.Int64) *talk {
	t.Helper()
	now := time.Unix(1000, 0)
	n := Net{Prefix: netip.MustParsePrefix("10.20.0.0/24"), Profile: Normal, Rate: 20000, HostRate: 20000}
	g := newGate(guard, n, &Pace{}, func() time.Time { now = now.Add(time.Millisecond); return now }, nil, packets)
	c, err := converseAt(t.Context(), g, &SNMPAccess{Version: SNMPv2c, Community: secret.New("c")}, netip.MustParseAddr("127.0.0.1"), fingerprint.MAC{}, 9)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.conn.Close()
	c.conn.Conn, c.conn.addr = a, addr("10.20.0.7")
	return c
}

func nothing() Guard { return NewDoNotTouch(nil, nil, nil) }

// table answers questions for more rows from a function of the row.
func table(row func(n int) gosnmp.SnmpPDU) func(*gosnmp.SnmpPacket) []gosnmp.SnmpPDU {
	n := 0
	return func(q *gosnmp.SnmpPacket) []gosnmp.SnmpPDU {
		if q.PDUType != gosnmp.GetBulkRequest {
			return []gosnmp.SnmpPDU{{Name: q.Variables[0].Name, Type: gosnmp.NoSuchObject}}
		}
		var out []gosnmp.SnmpPDU
		for range snmpRows {
			n++
			out = append(out, row(n))
		}
		return out
	}
}

// TestTablesOfLiars walks tables that do not end, go back, stand still, or are of
// another kind.
func TestTablesOfLiars(t *testing.T) {
	const column = "1.3.6.1.2.1.17.4.3.1.2"
	for _, tt := range []struct {
		name string
		row  func(n int) gosnmp.SnmpPDU
		rows int
		want errs.Kind
	}{
		{"without an end", func(n int) gosnmp.SnmpPDU {
			return gosnmp.SnmpPDU{Name: fmt.Sprintf(".%s.%d", column, n), Type: gosnmp.Integer, Value: n}
		}, 5000, errs.Limited},
		{"standing still", func(int) gosnmp.SnmpPDU {
			return gosnmp.SnmpPDU{Name: "." + column + ".7", Type: gosnmp.Integer, Value: 1}
		}, 1, errs.Invalid},
		{"going back", func(n int) gosnmp.SnmpPDU {
			return gosnmp.SnmpPDU{Name: fmt.Sprintf(".%s.%d", column, 1000-n), Type: gosnmp.Integer, Value: 1}
		}, 1, errs.Invalid},
		{"another table", func(n int) gosnmp.SnmpPDU {
			return gosnmp.SnmpPDU{Name: fmt.Sprintf(".1.3.6.1.2.1.17.4.3.1.20.%d", n), Type: gosnmp.Integer, Value: 1}
		}, 0, 0},
		{"the end", func(int) gosnmp.SnmpPDU { return gosnmp.SnmpPDU{Name: "." + column, Type: gosnmp.EndOfMibView} }, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var packets atomic.Int64
			a := &agent{answer: table(tt.row)}
			rows := 0
			err := converseWith(t, a, nothing(), &packets).walk(column, 5000, func([]uint32, gosnmp.SnmpPDU) { rows++ })
			if rows != tt.rows || (err == nil) != (tt.want == 0) || err != nil && !errs.Is(err, tt.want) {
				t.Errorf("%d rows, %v; want %d of kind %v", rows, err, tt.rows, tt.want)
			}
			if int(packets.Load()) != a.asked || a.asked > 5000/snmpRows+2 {
				t.Errorf("%d packets are counted, %d were sent", packets.Load(), a.asked)
			}
		})
	}
}

// TestWhatDevicesSay reads answers as agents give them, good ones and odd ones.
func TestWhatDevicesSay(t *testing.T) {
	long := strings.Repeat("long ", 2000)
	a := &agent{answer: func(q *gosnmp.SnmpPacket) []gosnmp.SnmpPDU {
		if q.PDUType == gosnmp.GetBulkRequest {
			return []gosnmp.SnmpPDU{
				{Name: "." + entityClass + ".1", Type: gosnmp.Integer, Value: 11}, {Name: "." + entityClass + ".2", Type: gosnmp.Integer, Value: 3},
				{Name: ".1.3.6.1.2.1.47.1.1.1.1.6.1", Type: gosnmp.Integer, Value: 1},
			}
		}
		var out []gosnmp.SnmpPDU
		for _, v := range q.Variables {
			switch strings.TrimPrefix(v.Name, ".") {
			case "1.3.6.1.2.1.1.1.0":
				v.Type, v.Value = gosnmp.OctetString, long
			case "1.3.6.1.2.1.1.2.0":
				v.Type, v.Value = gosnmp.ObjectIdentifier, ".1.3.6.1.4.1.318.1.3.27"
			case "1.3.6.1.2.1.1.5.0":
				v.Type, v.Value = gosnmp.OctetString, "ups\x1b[31m-\xffroom\r\n1\x00"
			case "1.3.6.1.2.1.1.7.0":
				v.Type, v.Value = gosnmp.Integer, 72
			case "1.3.6.1.2.1.47.1.1.1.1.11.2":
				v.Type, v.Value = gosnmp.OctetString, "5A1234T56789"
			default:
				v.Type, v.Value = gosnmp.NoSuchObject, nil
			}
			out = append(out, v)
		}
		return out
	}}
	var packets atomic.Int64
	i, err := converseWith(t, a, nothing(), &packets).identify(&SNMPAccess{Version: SNMPv2c})
	if err != nil {
		t.Fatal(err)
	}
	if i.ObjectID != "1.3.6.1.4.1.318.1.3.27" || i.Name != "ups[31m-room  1" || i.Serial != "5A1234T56789" || len(i.Descr) > maxSNMPText || i.relays() || !i.Clear {
		t.Errorf("it is read as %+v", i)
	}
	if packets.Load() != 3 {
		t.Errorf("%d packets for the question, the parts and the chassis", packets.Load())
	}
}

// TestMarkedWhileItIsRead lists the device in the middle of its table.
func TestMarkedWhileItIsRead(t *testing.T) {
	guard := &later{}
	var packets atomic.Int64
	a := &agent{answer: table(func(n int) gosnmp.SnmpPDU {
		if n == 3*snmpRows {
			guard.listed = true
		}
		return gosnmp.SnmpPDU{Name: fmt.Sprintf(".1.2.%d", n), Type: gosnmp.Integer, Value: n}
	})}
	err := converseWith(t, a, guard, &packets).walk("1.2", 5000, func([]uint32, gosnmp.SnmpPDU) {})
	if !errors.Is(err, errLeft) || a.asked != 3 {
		t.Errorf("%d packets, %v", a.asked, err)
	}
}

type later struct{ listed bool }

func (g *later) Forbids(netip.Addr, fingerprint.MAC) (string, bool) {
	return "marked fragile", g.listed
}
func (g *later) Lost() []Untouchable { return nil }

func TestSNMPAccess(t *testing.T) {
	key := secret.New("long-enough-1")
	for _, tt := range []struct {
		a    SNMPAccess
		want string // in the refusal; "" means it is taken
	}{
		{SNMPAccess{Version: "2c", Community: secret.New("ward-read")}, ""},
		{SNMPAccess{Version: "2c"}, "no community"},
		{SNMPAccess{Version: "1", Community: secret.New("ward-read")}, "is not spoken"},
		{SNMPAccess{Version: "2c", Community: secret.New("ward-read"), User: "x"}, "has no user"},
		{SNMPAccess{Version: "3", User: "r", Auth: "sha256", AuthKey: key, Privacy: "aes", PrivKey: key}, ""},
		{SNMPAccess{Version: "3", User: "r", Auth: "sha256", AuthKey: key}, ""},
		{SNMPAccess{Version: "3", Auth: "sha256", AuthKey: key}, "no user"},
		{SNMPAccess{Version: "3", User: "r", AuthKey: key}, "how the user proves"},
		{SNMPAccess{Version: "3", User: "r", Auth: "sha256", AuthKey: secret.New("hunter2")}, "fewer than 8"},
		{SNMPAccess{Version: "3", User: "r", Auth: "sha", AuthKey: key, Privacy: "rot13", PrivKey: key}, "not known"},
		{SNMPAccess{Version: "3", User: "r", Auth: "sha", AuthKey: key, Privacy: "aes"}, "fewer than 8"},
		{SNMPAccess{Version: "3", User: "r", Auth: "sha", AuthKey: key, PrivKey: key}, "no way to use it"},
	} {
		err := tt.a.Check()
		if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%+v: %v, want %q", tt.a, err, tt.want)
		}
	}
}

// FuzzSNMPAnswer gives a device's answer any bytes.
func FuzzSNMPAnswer(f *testing.F) {
	c := &gosnmp.GoSNMP{Version: gosnmp.Version2c, Community: "c", MaxOids: 60}
	for _, v := range []gosnmp.SnmpPDU{
		{Name: ".1.3.6.1.2.1.1.1.0", Type: gosnmp.OctetString, Value: "HP ETHERNET"},
		{Name: ".1.3.6.1.2.1.4.22.1.2.3.10.20.0.9", Type: gosnmp.OctetString, Value: "\x00\x1b\x44\x11\x3a\xb7"},
		{Name: ".1.3.6.1.2.1.17.4.3.1.2.0.27.68.17.58.183", Type: gosnmp.Integer, Value: 12},
	} {
		c.SetRequestID(1<<31 - 1) // the next is 0, which is taken for an answer to any question
		b, err := c.SnmpEncodePacket(gosnmp.GetResponse, []gosnmp.SnmpPDU{v}, 0, 0)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var packets atomic.Int64
		c := converseWith(t, &agent{raw: slices.Repeat([][]byte{b}, 64)}, nothing(), &packets)
		c.Context = ctx
		if i, err := c.identify(&SNMPAccess{Version: SNMPv2c}); err == nil {
			for _, s := range []string{i.Descr, i.Name, i.Serial, i.ObjectID, i.Location} {
				if len(s) > maxSNMPText || strings.ContainsAny(s, "\x00\n\x1b") {
					t.Errorf("%q was kept", s)
				}
			}
		}
		seen, _ := c.tables("a switch")
		for _, s := range seen {
			if s.MAC.IsZero() || s.MAC[0]&1 != 0 || len(s.Addrs) > manyAddresses {
				t.Errorf("%+v was kept", s)
			}
		}
		if packets.Load() > 64 {
			t.Errorf("%d packets", packets.Load())
		}
	})
}
