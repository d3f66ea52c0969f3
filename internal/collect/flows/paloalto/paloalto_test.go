package paloalto_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/flows"
	"github.com/asepsis/asepsis/internal/collect/flows/paloalto"
	"github.com/asepsis/asepsis/internal/segment"
)

// line has the fields of PAN-OS 8.1 with values of our own.
const line = `1,2026/11/25 06:00:01,0071,TRAFFIC,end,2049,2026/11/25 06:00:01,10.20.4.31,203.0.113.9,198.51.100.1,203.0.113.9,"out, all",,,ssl,vsys1,trust,untrust,ethernet1/2,ethernet1/1,fwd,2026/11/25 06:00:01,77,1,50000,443,61000,443,0x400053,tcp,allow,2412,1188,1224,33,2026/11/25 05:59:00,60,any,0,1,0x0,United States,United States,0,17,16,tcp-fin,0,0,0,0,,fw1,from-policy`

func read(t testing.TB, data string) ([]segment.Flow, flows.Stats, error) {
	t.Helper()
	in := collecttest.Input("pa.csv", []byte(data))
	in.Options = map[string]string{"time_zone": "America/Chicago"}
	var out []segment.Flow
	s, err := paloalto.Reader{}.Read(context.Background(), in, func(f *segment.Flow) error {
		out = append(out, *f)
		return nil
	})
	return out, s, err
}

func TestRead(t *testing.T) {
	want := segment.Flow{
		Duration: time.Minute, Proto: segment.TCP, Outcome: segment.Answered, Out: 1188, Back: 1224, Running: true, ID: flows.ID([]byte("0071"), []byte("vsys1"), []byte("77")),
		From: netip.MustParseAddrPort("10.20.4.31:50000"), To: netip.MustParseAddrPort("203.0.113.9:443"), NATFrom: netip.MustParseAddrPort("198.51.100.1:61000"),
	}
	for name, data := range map[string]string{
		"plain":  line + "\n",
		"syslog": "<14>Nov 25 06:00:01 fw1 " + line + "\n" + "Nov 25 06:00:01 fw1 1,2026/11/25 06:00:01,0071,SYSTEM,general\n",
		"export": "Domain,Receive Time,Serial #,Type,Threat/Content Type\n" + line + "\n",
	} {
		got, _, err := read(t, data)
		if err != nil || len(got) != 1 || !got[0].Start.Equal(time.Date(2026, 11, 25, 11, 59, 0, 0, time.UTC)) {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		got[0].Start = time.Time{}
		if got[0] != want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got[0], want)
		}
		if n := (paloalto.Reader{}).Recognize("x", []byte(data)); n != 95 {
			t.Errorf("%s: sure to %d", name, n)
		}
	}
	for _, f := range collecttest.Foreign() {
		if n := (paloalto.Reader{}).Recognize(f.Name, f.Data[:min(len(f.Data), collect.HeadSize)]); n > 0 {
			t.Errorf("%s: sure to %d", f.Name, n)
		}
	}
}

func TestOutcomes(t *testing.T) {
	const quiet = "2412,1188,0,33,2026/11/25 05:59:00,60,any,0,1,0x0,United States,United States,0,17,0,"
	const loud = "2412,1188,1224,33,2026/11/25 05:59:00,60,any,0,1,0x0,United States,United States,0,17,16,"
	for name, tt := range map[string]struct {
		change []string
		want   segment.Outcome
	}{
		"drop":        {[]string{"TRAFFIC,end", "TRAFFIC,drop"}, segment.Blocked},
		"reset":       {[]string{"tcp,allow", "tcp,reset-both"}, segment.Blocked},
		"incomplete":  {[]string{",ssl,", ",incomplete,", loud, quiet}, segment.Unanswered},
		"half":        {[]string{",ssl,", ",incomplete,"}, segment.HalfOpen},
		"start":       {[]string{"TRAFFIC,end", "TRAFFIC,start", loud, quiet}, segment.Answered},
		"udp":         {[]string{"tcp,allow", "udp,allow"}, segment.Answered},
		"udp one way": {[]string{"tcp,allow", "udp,allow", loud, quiet}, segment.OneWay},
	} {
		l := line
		for i := 0; i < len(tt.change); i += 2 {
			if !strings.Contains(l, tt.change[i]) {
				t.Fatalf("%s: the line has no %q", name, tt.change[i])
			}
			l = strings.Replace(l, tt.change[i], tt.change[i+1], 1)
		}
		if got, _, err := read(t, l+"\n"); err != nil || got[0].Outcome != tt.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	dnat := strings.Replace(line, "198.51.100.1,203.0.113.9", "10.20.4.31,10.30.1.5", 1)
	if got, _, err := read(t, strings.Replace(dnat, "61000,443", "50000,8443", 1)+"\n"); err != nil || got[0].NATTo.String() != "10.30.1.5:8443" || got[0].NATFrom.IsValid() {
		t.Errorf("%+v, %v", got, err)
	}
	ping := strings.NewReplacer(",ssl,", ",ping,", "tcp,allow", "icmp,allow").Replace(line)
	if got, _, err := read(t, ping+"\n"); err != nil || got[0].To.Port() != 8 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct{ old, new, want string }{
		"address": {"10.20.4.31", "10.20.4.331", `pa.csv: line 2: column "source address": the value is "10.20.4.331"`},
		"bytes":   {"1188", "-1", `column "bytes sent"`},
		"time":    {"2026/11/25 05:59:00", "yesterday", `column "start time"`},
		"quote":   {`"out, all"`, `"out, all`, "quote is not closed"},
		"few":     {"tcp,allow", "tcp\n", "fewer fields"},
		"cut off": {"from-policy\n", "from-pol", "cut off"},
	} {
		if _, _, err := read(t, line+"\n"+strings.Replace(line+"\n", tt.old, tt.new, 1)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(line + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, s, err := read(t, string(data)); err == nil && s.Flows == 0 {
			t.Error("nothing was read, and nobody told")
		}
	})
}
