package nfdump_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/flows"
	"github.com/asepsis/asepsis/internal/collect/flows/nfdump"
	"github.com/asepsis/asepsis/internal/segment"
)

const (
	long = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt\n" +
		"2026-11-25 08:00:00,2026-11-25 08:00:03,3.000,10.20.1.1,10.30.1.5,50000,443,TCP,...AP.SF,0,0,9,1200,0,0\n" +
		"2026-11-25 08:00:00,2026-11-25 08:00:03,3.000,10.30.1.5,10.20.1.1,443,50000,TCP,...AP.SF,0,0,9,9000,0,0\n" +
		"2026-11-25 08:00:00,2026-11-25 08:00:00,0.000,10.20.1.1,10.30.1.6,50001,23,TCP,......S.,0,0,1,40,0,0\n" +
		"2026-11-25 08:00:00,2026-11-25 08:00:00,0.000,10.20.1.2,10.30.1.6,50002,22,TCP,......S.,0,0,1,40,0,0\n" +
		"2026-11-25 08:00:00,2026-11-25 08:00:00,0.000,10.30.1.6,10.20.1.2,22,50002,TCP,...A.R..,0,0,1,40,0,0\n" +
		"2026-11-25 08:00:00,2026-11-25 08:00:00,0.000,10.20.1.3,10.30.1.6,50003,514,UDP,........,0,0,1,90,0,0\n" +
		"Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n6,10410,22,1,1,1\n"
	short = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n" +
		"2026-11-25 08:00:00.250,00:00:03.000,TCP,10.20.1.1,50000,10.30.1.5,443,9,1200,1\n"
	both = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,inPackets,inBytes,outPackets,outBytes,flows\n" +
		"2026-11-25 08:00:00.250,3.000,TCP,10.20.1.1,50000,10.30.1.5,443,9,1200,9,9000,1\n"
)

func read(t testing.TB, data string, take func(*segment.Flow) error) (flows.Stats, error) {
	t.Helper()
	return nfdump.Reader{}.Read(context.Background(), collecttest.Input("nf.csv", []byte(data)), take)
}

// TestMatrix folds the export: two directions are one connection, and a request
// that nobody answered, or that was refused, is none.
func TestMatrix(t *testing.T) {
	for name, tt := range map[string]struct {
		data string
		want [5]uint64 // answered, one way, refused, unanswered, bytes back
	}{
		"long":  {long, [5]uint64{1, 1, 0, 2, 9000}},
		"short": {short, [5]uint64{0, 1, 0, 0, 0}},
		"both":  {both, [5]uint64{1, 0, 0, 0, 9000}},
	} {
		f, err := segment.New(segment.Plan{Zones: []segment.Zone{
			{Name: "a", Kind: segment.User, Networks: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}},
			{Name: "b", Kind: segment.Medical, Networks: []netip.Prefix{netip.MustParsePrefix("10.30.0.0/16")}},
		}}, nil, segment.Options{Now: collecttest.Now})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Watch(segment.Source{Name: "router"}); err != nil {
			t.Fatal(err)
		}
		if _, err := read(t, tt.data, f.Add); err != nil {
			t.Fatal(err)
		}
		var got [5]uint64
		for _, c := range f.Matrix().Cells {
			if c.From == "b" && len(c.Rows) > 0 {
				t.Errorf("%s: an answer became a connection of its own: %+v", name, c.Rows)
			}
			for _, r := range c.Rows {
				got[0] += r.Answered
				got[1] += r.OneWay
				got[2] += r.Refused
				got[3] += r.Unanswered
				got[4] += r.Back
			}
		}
		if name == "long" {
			got[4] -= 40 // the refusal's own packet
		}
		if got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
		if n := (nfdump.Reader{}).Recognize("x", []byte(tt.data)); n != 95 {
			t.Errorf("%s: sure to %d", name, n)
		}
	}
	for _, f := range collecttest.Foreign() {
		if n := (nfdump.Reader{}).Recognize(f.Name, f.Data[:min(len(f.Data), collect.HeadSize)]); n > 0 {
			t.Errorf("%s: sure to %d", f.Name, n)
		}
	}
}

func TestTimes(t *testing.T) {
	_, err := read(t, short, func(f *segment.Flow) error {
		if !f.Start.Equal(time.Date(2026, 11, 25, 8, 0, 0, 250_000_000, time.UTC)) || f.Duration != 3*time.Second {
			t.Errorf("%+v", f)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct{ old, new, want string }{
		"address":  {"10.20.1.1,50000", "10.20.1.256,50000", `nf.csv: line 2: column "source address"`},
		"port":     {"443", "x", `column "destination port"`},
		"bytes":    {"1200", "1.2 M", `column "bytes"`},
		"duration": {"00:00:03.000", "00:99:03", `column "duration"`},
		"time":     {"2026-11-25 08", "25.11.2026 08", `column "first seen"`},
		"few":      {",9,1200,1", "", "fewer cells"},
		"headers":  {"firstSeen", "first", "below no headers"},
	} {
		if _, err := read(t, strings.Replace(short, tt.old, tt.new, 1), func(*segment.Flow) error { return nil }); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{long, short, both} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := read(t, string(data), func(*segment.Flow) error { return nil }); err == nil && s.Flows == 0 {
			t.Error("nothing was read, and nobody told")
		}
	})
}
