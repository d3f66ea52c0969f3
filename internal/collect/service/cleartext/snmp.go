// Package cleartext recognizes services that carry everything in clear: by what
// they say by themselves, and, for SNMP, by whether they answer to a community
// that everybody knows.
package cleartext

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// DefaultCommunities lists what makers ship SNMP with. They are tried only where
// a person wants it: a community is a password of a kind.
func DefaultCommunities() []string { return []string{"public", "private"} }

// SNMPTime bounds one question; SNMPBytes its answer.
const (
	SNMPTime  = 1500 * time.Millisecond
	SNMPBytes = 8 << 10
)

// Versions of SNMP on the wire.
const (
	V1  = 0
	V2c = 1
)

// SNMP is a device's answer to a community.
type SNMP struct {
	Version     string `json:"version"` // v1 or v2c
	Description string `json:"description,omitempty"`
}

// Tags of SNMP, RFC 3416.
const (
	tagInteger  = 0x02
	tagOctets   = 0x04
	tagSequence = 0x30
	tagGet      = 0xa0
	tagResponse = 0xa2
)

// sysDescr is what a device says of itself, 1.3.6.1.2.1.1.1.0.
var sysDescr = []byte{0x06, 0x08, 0x2b, 6, 1, 2, 1, 1, 1, 0}

// AskSNMP reads the description of a device with a community. The error is that
// of a time that has run out where nothing answered, which a wrong community and
// no SNMP at all have in common.
func AskSNMP(c *wire.Conn, version int, community string) (*SNMP, error) {
	var id [4]byte
	_, _ = rand.Read(id[:]) // never fails, by its contract
	id[0] &= 0x7f
	id[0] |= 0x40 // a positive number of exactly four bytes
	if _, err := c.Write(request(version, community, id)); err != nil {
		return nil, err
	}
	for range 4 { // answers to others, or made up by others
		b := make([]byte, SNMPBytes)
		n, err := c.Read(b)
		if err != nil {
			return nil, err
		}
		if s, ok := parseSNMP(b[:n], version, id); ok {
			return s, nil
		}
	}
	return nil, wire.ErrProtocol
}

func ber(tag byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b := []byte{tag}
	if n < 128 {
		b = append(b, byte(n))
	} else {
		b = append(b, 0x82)
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func request(version int, community string, id [4]byte) []byte {
	variable := ber(tagSequence, sysDescr, []byte{5, 0})
	pdu := ber(tagGet, ber(tagInteger, id[:]), []byte{tagInteger, 1, 0}, []byte{tagInteger, 1, 0}, ber(tagSequence, variable))
	return ber(tagSequence, []byte{tagInteger, 1, byte(version)}, ber(tagOctets, []byte(community[:min(len(community), 255)])), pdu)
}

// parseSNMP reads a response to the request with the id.
func parseSNMP(b []byte, version int, id [4]byte) (*SNMP, bool) {
	tag, b, _, ok := wire.TakeBER(b)
	if !ok || tag != tagSequence {
		return nil, false
	}
	tag, v, b, ok := wire.TakeBER(b)
	if !ok || tag != tagInteger || len(v) != 1 || int(v[0]) != version {
		return nil, false
	}
	if tag, _, b, ok = wire.TakeBER(b); !ok || tag != tagOctets {
		return nil, false
	}
	if tag, b, _, ok = wire.TakeBER(b); !ok || tag != tagResponse {
		return nil, false
	}
	tag, v, b, ok = wire.TakeBER(b)
	if !ok || tag != tagInteger || string(v) != string(id[:]) {
		return nil, false
	}
	s := &SNMP{Version: map[int]string{V1: "v1", V2c: "v2c"}[version]}
	for range 2 { // error status and index: an error is an answer to the community too
		if _, _, b, ok = wire.TakeBER(b); !ok {
			return nil, false
		}
	}
	if _, b, _, ok = wire.TakeBER(b); !ok {
		return s, true
	}
	if _, b, _, ok = wire.TakeBER(b); !ok {
		return s, true
	}
	if _, _, b, ok = wire.TakeBER(b); !ok {
		return s, true
	}
	if tag, v, _, ok = wire.TakeBER(b); ok && tag == tagOctets {
		s.Description = wire.Printable(string(v), 120)
	}
	return s, true
}
