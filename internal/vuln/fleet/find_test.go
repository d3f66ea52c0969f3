package fleet

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// TestReadHead holds the quick way of reading a head against the plain one, for every
// length of both numbers and at the very end of the bytes.
func TestReadHead(t *testing.T) {
	numbers := []uint64{0, 1, 127, 128, 129, 1<<14 - 1, 1 << 14, 1<<21 - 1, 1 << 21, 1<<28 + 5, 1<<32 - 1}
	for _, d := range numbers {
		for _, h := range numbers {
			b := binary.AppendUvarint(binary.AppendUvarint(nil, d), h)
			for pad := range 4 {
				gotD, gotH, size := readHead(append(bytes.Clone(b), bytes.Repeat([]byte{0xff}, pad)...))
				if uint64(gotD) != d || gotH != h || size != len(b) {
					t.Errorf("%d, %d with %d bytes behind: %d, %d of %d bytes, want %d", d, h, pad, gotD, gotH, size, len(b))
				}
			}
			for cut := range len(b) {
				if _, _, size := readHead(b[:cut]); size != 0 {
					t.Errorf("%d, %d cut to %d bytes: read %d", d, h, cut, size)
				}
			}
		}
	}
	b := binary.AppendUvarint(binary.AppendUvarint(nil, 1<<32), 1)
	if _, _, size := readHead(b); size != 0 {
		t.Error("a distance of more than 32 bits is read")
	}
}

// BenchmarkFind looks in one segment for the components of packages of growing size,
// spread over all that the segment has.
func BenchmarkFind(b *testing.B) {
	var e encoder
	s := e.encode(hospital())
	var all []ID
	s.components(func(c ID, _ posting) { all = append(all, c) })
	for b.Loop() {
		f := s.finder()
		for i := 0; i < len(all); i += 41 {
			if _, ok := f.find(all[i]); !ok {
				b.Fatal("a component is not found")
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64((len(all)+40)/41), "ns/component")
}
