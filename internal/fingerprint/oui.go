package fingerprint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/asepsis/asepsis/content/fingerprints"
)

// Block is an entry of the IEEE listing: the first bits of the hardware
// addresses that one maker gives out.
type Block struct {
	Maker string // as registered; "Private" where the maker did not want to be named
	Bits  int    // 24, 28 or 36
}

// table is the listing in memory: one sorted list of prefixes per length.
type table struct {
	names   []byte
	offsets []uint32 // of each name in names, and the end
	blocks  [3]span
}

// span holds the prefixes of one length in order, with the index of their maker.
type span struct {
	bits   int
	prefix []uint64
	maker  []uint16
}

var spanBits = [3]int{24, 28, 36}

// listing unpacks the shipped table once. It is part of the program: a fault in
// it is a fault of the program, and a test compares it with the listing.
var listing = sync.OnceValue(func() *table {
	b, err := fingerprints.FS.ReadFile("oui.bin")
	if err != nil {
		panic("fingerprint: " + err.Error())
	}
	t, err := unpack(b)
	if err != nil {
		panic("fingerprint: oui.bin: " + err.Error())
	}
	return t
})

// CardMaker returns the block of the IEEE listing that the address lies in. It
// returns false for addresses that nobody registered, among them all that are
// locally administered.
func CardMaker(m MAC) (Block, bool) {
	if m.IsZero() || m[0]&3 != 0 {
		return Block{}, false
	}
	return listing().find(m)
}

func (t *table) find(m MAC) (Block, bool) {
	v := uint64(m[0])<<40 | uint64(m[1])<<32 | uint64(m[2])<<24 | uint64(m[3])<<16 | uint64(m[4])<<8 | uint64(m[5])
	for i := len(t.blocks) - 1; i >= 0; i-- { // the longest first
		s := &t.blocks[i]
		if at, ok := slices.BinarySearch(s.prefix, v>>(48-s.bits)); ok {
			n := s.maker[at]
			return Block{Maker: string(t.names[t.offsets[n]:t.offsets[n+1]]), Bits: s.bits}, true
		}
	}
	return Block{}, false
}

// Limits of the packed table: far above what the IEEE has given out.
const (
	maxTable  = 16 << 20
	maxMakers = 1 << 16
	maxBlocks = 1 << 20
	maxName   = 1000
	magic     = "asepsis oui 1\n"
)

var errCut = errors.New("the table ends early")

// unpack reads the packed table: the names in order, each as what it shares with
// the one before, then for each length the differences of the prefixes and the
// number of each one's maker. All of it is zstd.
func unpack(b []byte) (*table, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxTable))
	if err != nil {
		return nil, fmt.Errorf("start unpacking: %w", err)
	}
	defer d.Close()
	if b, err = d.DecodeAll(b, nil); err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	r := reader{b: b}
	if string(r.take(len(magic))) != magic {
		return nil, errors.New("it is no table of card makers")
	}
	t := &table{}
	n := r.number(maxMakers)
	t.offsets = make([]uint32, 1, n+1)
	for range n {
		last := t.names[t.offsets[max(len(t.offsets)-2, 0)]:]
		shared := r.number(uint64(min(len(last), maxName)))
		t.names = append(t.names, last[:shared]...)
		t.names = append(t.names, r.take(int(r.number(maxName)))...)
		if len(t.names) > maxTable {
			return nil, errors.New("the names take too much room")
		}
		t.offsets = append(t.offsets, uint32(len(t.names)))
	}
	for i, bits := range spanBits {
		s := span{bits: bits}
		count := r.number(maxBlocks)
		s.prefix, s.maker = make([]uint64, 0, count), make([]uint16, 0, count)
		at := uint64(0)
		for range count {
			at += r.number(1 << 36)
			s.prefix = append(s.prefix, at)
		}
		for range count {
			low, high := r.take(1), r.take(1)
			if r.err != nil {
				return nil, r.err
			}
			id := uint16(low[0]) | uint16(high[0])<<8
			if uint64(id) >= n {
				return nil, fmt.Errorf("maker %d of %d", id, n)
			}
			s.maker = append(s.maker, id)
		}
		t.blocks[i] = s
	}
	if r.err == nil && len(r.b) > 0 {
		return nil, fmt.Errorf("%d bytes too many", len(r.b))
	}
	return t, r.err
}

// reader takes numbers and bytes off a slice; the first fault stays.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	if r.err != nil || n > len(r.b) {
		if r.err == nil {
			r.err = fmt.Errorf("%w: %w", errCut, io.ErrUnexpectedEOF)
		}
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) number(most uint64) uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.err = errCut
		return 0
	}
	if v > most {
		r.err = fmt.Errorf("a number of %d where at most %d can be", v, most)
		return 0
	}
	r.b = r.b[n:]
	return v
}
