package fingerprint

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/asepsis/asepsis/content/fingerprints"
	"github.com/asepsis/asepsis/internal/testshared"
)

// go test ./internal/fingerprint -run TestTableIsTheListing -update packs the
// listing again, after a newer one was put into the corpus.
var update = flag.Bool("update", false, "write the packed table of card makers")

type assignment struct {
	prefix uint64
	bits   int
	maker  string
}

// assignments reads the four registries of the IEEE. Where the listing names a
// prefix twice, the first stands.
func assignments(t testing.TB) []assignment {
	var out []assignment
	type key struct {
		prefix uint64
		bits   int
	}
	seen := map[key]bool{}
	for _, f := range []string{"oui", "mam", "oui36", "iab"} {
		b := testshared.Read(t, "corpora", "advisories", "fingerprints", "ieee-"+f+".csv.zst")
		r := csv.NewReader(bytes.NewReader(b))
		if _, err := r.Read(); err != nil {
			t.Fatal(err)
		}
		for {
			row, err := r.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			v, err := strconv.ParseUint(row[1], 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			a := assignment{v, 4 * len(row[1]), strings.Join(strings.Fields(row[2]), " ")}
			if k := (key{a.prefix, a.bits}); !seen[k] {
				seen[k] = true
				out = append(out, a)
			}
		}
	}
	return out
}

func pack(as []assignment) []byte {
	var names []string
	for _, a := range as {
		names = append(names, a.maker)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	b := []byte(magic)
	b = binary.AppendUvarint(b, uint64(len(names)))
	last := ""
	for _, n := range names {
		shared := 0
		for shared < min(len(n), len(last)) && n[shared] == last[shared] {
			shared++
		}
		b = binary.AppendUvarint(b, uint64(shared))
		b = binary.AppendUvarint(b, uint64(len(n)-shared))
		b = append(b, n[shared:]...)
		last = n
	}
	for _, bits := range spanBits {
		var of []assignment
		for _, a := range as {
			if a.bits == bits {
				of = append(of, a)
			}
		}
		slices.SortFunc(of, func(x, y assignment) int { return int(int64(x.prefix) - int64(y.prefix)) })
		b = binary.AppendUvarint(b, uint64(len(of)))
		at := uint64(0)
		for _, a := range of {
			b = binary.AppendUvarint(b, a.prefix-at)
			at = a.prefix
		}
		for _, a := range of {
			i, _ := slices.BinarySearch(names, a.maker)
			b = append(b, byte(i), byte(i>>8))
		}
	}
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<22))
	if err != nil {
		panic(err)
	}
	return e.EncodeAll(b, nil)
}

// TestTableIsTheListing looks up every assignment of the listing in the shipped
// table.
func TestTableIsTheListing(t *testing.T) {
	as := assignments(t)
	if *update {
		b := pack(as)
		if err := os.WriteFile(filepath.Join("..", "..", "content", "fingerprints", "oui.bin"), b, 0o644); err != nil {
			t.Fatal(err)
		}
		t.Logf("wrote %d bytes", len(b))
		return
	}
	wrong := 0
	for _, a := range as {
		v := a.prefix<<(48-a.bits) | 1 // an address inside the block
		m := MAC{byte(v >> 40), byte(v >> 32), byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}
		got, ok := listing().find(m)
		if longer := got.Bits > a.bits; longer {
			continue // the block's first address lies in a smaller block of its own
		}
		if !ok || got.Maker != a.maker || got.Bits != a.bits {
			if wrong++; wrong < 10 {
				t.Errorf("%s: got %+v, want %q of %d bits", m, got, a.maker, a.bits)
			}
		}
	}
	b, err := fingerprints.FS.ReadFile("oui.bin")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d assignments in %d bytes, %.2f bytes each; %d wrong", len(as), len(b), float64(len(b))/float64(len(as)), wrong)
	if len(b) > 600_000 {
		t.Errorf("the table takes %d bytes; the budget is 600,000", len(b))
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("not zstd"))
	f.Add(pack([]assignment{{0x001b44, 24, "SanDisk"}, {0x70b3d5f2f, 36, "TELEPLATFORMS"}, {0xb0c5caf, 28, "Private"}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		tab, err := unpack(b)
		if err != nil {
			return
		}
		tab.find(MAC{0, 0x1b, 0x44, 1, 2, 3})
		tab.find(MAC{0x70, 0xb3, 0xd5, 0xf2, 0xf0, 1})
	})
}

func BenchmarkUnpackListing(b *testing.B) {
	raw, err := fingerprints.FS.ReadFile("oui.bin")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(raw)), "bytes")
	for b.Loop() {
		if _, err := unpack(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCardMaker(b *testing.B) {
	listing()
	m := MAC{0x00, 0x1b, 0x44, 1, 2, 3}
	for b.Loop() {
		if _, ok := CardMaker(m); !ok {
			b.Fatal("SanDisk is not found")
		}
	}
}
