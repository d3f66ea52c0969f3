package segment

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// halves are the bytes of an address as two numbers.
func halves(a netip.Addr) (uint64, uint64) {
	b := a.As16()
	return binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:])
}

// mix makes one number of two, in which every bit depends on every bit.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9E3779B97F4A7C15, b^0xD1B54A32D192ED03)
	hi, lo = bits.Mul64(hi^lo^0x8BB84B93962EACC9, 0x2D358DCCAA6C78A5)
	return hi ^ lo
}

// key is the same number for both directions of a connection.
func key(seed uint64, p Proto, a, b netip.AddrPort) uint64 {
	x, y := end(seed, a), end(seed, b)
	if x > y {
		x, y = y, x
	}
	return mix(mix(x, y), uint64(p)^seed) | 1 // 0 is an empty slot
}

func end(seed uint64, a netip.AddrPort) uint64 {
	hi, lo := halves(a.Addr())
	return mix(mix(hi^seed, lo), uint64(a.Port()))
}

// conn is a connection that was counted.
type conn struct {
	key        uint64
	id         uint64
	start, end int64 // microseconds
	out, back  uint64
	row        *row
	source     uint16
	outcome    Outcome
	scan       bool // counted as part of a scan
	verdict    uint8
	forward    bool // the end that hashes lower opened it
}

const ways = 4

// conns remembers connections in a table of fixed size, so that a second sight of
// one is known for what it is. Where a place is needed, the one that ended
// longest ago is forgotten.
type conns struct {
	slots     []conn
	mask      uint64
	forgotten uint64
}

func newConns(most int) *conns {
	n := 1 << bits.Len(uint(max(most, ways*2)-1))
	return &conns{slots: make([]conn, n), mask: uint64(n/ways - 1)}
}

func (c *conns) bucket(k uint64) []conn {
	i := (k >> 1 & c.mask) * ways
	return c.slots[i : i+ways]
}

// find returns the connection with the key for which same holds.
func (c *conns) find(k uint64, same func(*conn) bool) *conn {
	b := c.bucket(k)
	for i := range b {
		if b[i].key == k && same(&b[i]) {
			return &b[i]
		}
	}
	return nil
}

func (c *conns) put(n conn) *conn {
	b := c.bucket(n.key)
	at := 0
	for i := range b {
		if b[i].key == 0 {
			at = i
			break
		}
		if b[i].end < b[at].end {
			at = i
		}
	}
	if b[at].key != 0 {
		c.forgotten++
	}
	b[at] = n
	return &b[at]
}
