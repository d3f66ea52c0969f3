package network

import (
	"net/netip"
	"strconv"

	"github.com/gosnmp/gosnmp"

	"github.com/asepsis/asepsis/internal/fingerprint"
)

// Sighted is a device that a switch or a router has in its tables. Nothing was
// sent to it.
type Sighted struct {
	MAC    fingerprint.MAC `json:"mac"`
	Addrs  []netip.Addr    `json:"addrs,omitempty"`
	Switch string          `json:"switch"` // whose table it is
	Port   string          `json:"port,omitempty"`
	// Learned says that the switch heard it within minutes; a table of addresses
	// alone keeps what is gone.
	Learned bool `json:"learned,omitempty"`
}

// The tables: of addresses (RFC 4293, 2011), of bridges with and without VLANs
// (RFC 4188, 4363), of their ports, and of the ports' names (RFC 2863).
const (
	tableNetToMedia = "1.3.6.1.2.1.4.22.1.2"
	tableNetToPhys  = "1.3.6.1.2.1.4.35.1.4"
	tableVLANPort   = "1.3.6.1.2.1.17.7.1.2.2.1.2"
	tableVLANStatus = "1.3.6.1.2.1.17.7.1.2.2.1.3"
	tableBridgePort = "1.3.6.1.2.1.17.4.3.1.2"
	tableBridgeHow  = "1.3.6.1.2.1.17.4.3.1.3"
	tableBasePort   = "1.3.6.1.2.1.17.1.4.1.2"
	tableIfName     = "1.3.6.1.2.1.31.1.1.1.1"
)

// uplink is how many devices a port may have to be a place. More hang on it by
// another switch.
const uplink = 4

// learned is the state of an entry that a bridge heard (dot1dTpFdbStatus).
const learned = 3

// relays reports whether the device passes packets of others on (sysServices of
// RFC 3418: layers 2 and 3), so that its tables are worth reading.
func (i *SNMPInfo) relays() bool { return i.services&(1<<1|1<<2) != 0 }

// tables reads what a switch or a router knows of others.
func (t *talk) tables(of string) ([]Sighted, error) {
	b := &board{of: of, at: map[fingerprint.MAC]*Sighted{}}
	err := t.walk(tableNetToMedia, maxTableRows, func(index []uint32, v gosnmp.SnmpPDU) {
		if len(index) == 5 { // interface and address
			b.address(v, byteOf(index[1:]))
		}
	})
	if err == nil {
		err = t.walk(tableNetToPhys, maxTableRows, func(index []uint32, v gosnmp.SnmpPDU) {
			if len(index) > 3 && len(index) == 3+int(min(index[2], 16)) { // interface, type, length, address
				b.address(v, byteOf(index[3:]))
			}
		})
	}
	if err == nil {
		err = t.ports(b)
	}
	return b.list(), err // what was read until a fault counts
}

// ports reads at which port of a switch devices were heard.
func (t *talk) ports(b *board) error {
	port, how := map[string]int{}, map[string]int{}
	for _, table := range [][2]string{{tableVLANPort, tableVLANStatus}, {tableBridgePort, tableBridgeHow}} {
		for i, into := range []map[string]int{port, how} {
			if i > 0 && len(port) == 0 {
				break
			}
			if err := t.walk(table[i], maxTableRows, func(index []uint32, v gosnmp.SnmpPDU) {
				if n := len(index); n == 6 || n == 7 { // with VLANs, their number comes first
					if m, ok := macOf(byteOf(index[n-6:])); ok {
						into[m.String()] = number(v)
					}
				}
			}); err != nil {
				return err
			}
		}
		if len(port) > 0 {
			break
		}
	}
	if len(port) == 0 {
		return nil
	}
	faces, names := map[int]int{}, map[int]string{}
	if err := t.walk(tableBasePort, maxTableRows, func(index []uint32, v gosnmp.SnmpPDU) {
		if len(index) == 1 {
			faces[int(index[0])] = number(v)
		}
	}); err != nil {
		return err
	}
	if err := t.walk(tableIfName, maxTableRows, func(index []uint32, v gosnmp.SnmpPDU) {
		if len(index) == 1 {
			names[int(index[0])] = shortText(text(v), 60)
		}
	}); err != nil {
		return err
	}
	many := map[int]int{}
	for m, p := range port {
		if how[m] == learned {
			many[p]++
		}
	}
	for text, p := range port {
		m, _ := fingerprint.ParseMAC(text)
		if how[text] != learned || p == 0 {
			continue // the switch's own, or entered by a person
		}
		s := b.get(m)
		if s == nil {
			continue
		}
		s.Learned = true
		if many[p] > uplink {
			continue
		}
		if s.Port = names[faces[p]]; s.Port == "" {
			s.Port = "port " + strconv.Itoa(p)
		}
	}
	return nil
}

// board gathers the rows of one device's tables by hardware address.
type board struct {
	of    string
	at    map[fingerprint.MAC]*Sighted
	order []fingerprint.MAC
}

func (b *board) get(m fingerprint.MAC) *Sighted {
	if s := b.at[m]; s != nil {
		return s
	}
	if len(b.order) >= maxTableRows {
		return nil
	}
	s := &Sighted{MAC: m, Switch: b.of}
	b.at[m] = s
	b.order = append(b.order, m)
	return s
}

func (b *board) address(v gosnmp.SnmpPDU, addr []byte) {
	card, ok := v.Value.([]byte)
	if !ok {
		return
	}
	m, ok := macOf(card)
	if !ok {
		return
	}
	a, ok := netip.AddrFromSlice(addr)
	if a = a.Unmap(); !ok || a.IsMulticast() || a.IsUnspecified() || a.IsLoopback() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return
	}
	if s := b.get(m); s != nil && len(s.Addrs) <= manyAddresses {
		for _, x := range s.Addrs {
			if x == a {
				return
			}
		}
		s.Addrs = append(s.Addrs, a)
	}
}

// list returns the rows. Of a card with more addresses than a device has, which
// stands in for others, the addresses say nothing.
func (b *board) list() []Sighted {
	out := make([]Sighted, 0, len(b.order))
	for _, m := range b.order {
		s := *b.at[m]
		if len(s.Addrs) > manyAddresses {
			s.Addrs = nil
		}
		out = append(out, s)
	}
	return out
}

// macOf reads a hardware address that can be one device's.
func macOf(b []byte) (fingerprint.MAC, bool) {
	if len(b) != 6 || b[0]&1 != 0 {
		return fingerprint.MAC{}, false
	}
	m := fingerprint.MAC(b)
	return m, fingerprint.KindOf(m).Identifies()
}

// byteOf turns numbers of an index into bytes; none where one is too large.
func byteOf(index []uint32) []byte {
	out := make([]byte, 0, len(index))
	for _, n := range index {
		if n > 255 {
			return nil
		}
		out = append(out, byte(n))
	}
	return out
}
