package fortinet_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/flows"
	"github.com/asepsis/asepsis/internal/collect/flows/fortinet"
	"github.com/asepsis/asepsis/internal/segment"
)

// line is a line as FortiOS 7.4 writes it, with other values.
const line = `date=2026-11-25 time=06:00:00 devname="fw1" devid="FG100" eventtime=1795608000000000000 tz="-0600" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" srcip=10.20.4.31 srcport=50000 srcintf="port1" dstip=203.0.113.9 dstport=443 dstintf="port2" sessionid=77 proto=6 action="close" policyid=1 service="HTTPS" trandisp="snat" transip=198.51.100.1 transport=61000 app="a \"quoted\" name=x" duration=60 sentbyte=1188 rcvdbyte=1224 sentpkt=17 rcvdpkt=16`

func read(t testing.TB, data string, options ...string) ([]segment.Flow, flows.Stats, error) {
	t.Helper()
	in := collecttest.Input("fw.log", []byte(data))
	in.Options = map[string]string{}
	for i := 0; i < len(options); i += 2 {
		in.Options[options[i]] = options[i+1]
	}
	var out []segment.Flow
	s, err := fortinet.Reader{}.Read(context.Background(), in, func(f *segment.Flow) error {
		out = append(out, *f)
		return nil
	})
	return out, s, err
}

func TestRead(t *testing.T) {
	const event = `date=2026-11-25 time=06:00:00 logid="0100032001" type="event" msg="Admin login"` + "\n"
	want := segment.Flow{
		Duration: time.Minute, Proto: segment.TCP, Outcome: segment.Answered, Out: 1188, Back: 1224, Running: true, ID: flows.ID([]byte("FG100"), []byte("root"), []byte("77")),
		From: netip.MustParseAddrPort("10.20.4.31:50000"), To: netip.MustParseAddrPort("203.0.113.9:443"), NATFrom: netip.MustParseAddrPort("198.51.100.1:61000"),
	}
	start := time.Unix(1795608000-60, 0)
	noEvent := strings.Replace(line, "eventtime=1795608000000000000 ", "", 1)
	for name, tt := range map[string]struct {
		data    string
		options []string
	}{
		"plain":       {event + line + "\n", nil},
		"syslog":      {"<189>" + line + "\n" + event, nil},
		"relayed":     {"Nov 25 06:00:00 10.0.0.1 " + line + "\n", nil},
		"seconds":     {strings.Replace(line, "1795608000000000000", "1795608000", 1) + "\n", nil},
		"own clock":   {noEvent + "\n", nil},
		"stated zone": {strings.Replace(noEvent, `tz="-0600" `, "", 1) + "\n", []string{"time_zone", "America/Chicago"}},
	} {
		got, _, err := read(t, tt.data, tt.options...)
		if err != nil || len(got) != 1 || !got[0].Start.Equal(start) {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		got[0].Start = time.Time{}
		if got[0] != want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got[0], want)
		}
		if n := (fortinet.Reader{}).Recognize("x", []byte(tt.data)); n != 95 {
			t.Errorf("%s: sure to %d", name, n)
		}
	}
	for _, f := range collecttest.Foreign() {
		if n := (fortinet.Reader{}).Recognize(f.Name, f.Data[:min(len(f.Data), collect.HeadSize)]); n > 0 {
			t.Errorf("%s: sure to %d", f.Name, n)
		}
	}
}

func TestOutcomes(t *testing.T) {
	for _, tt := range []struct {
		action              string
		proto, back, packet int
		want                segment.Outcome
	}{
		{"deny", 6, 0, 0, segment.Blocked},
		{"server-rst", 6, 40, 1, segment.Refused},
		{"server-rst", 6, 1719, 6, segment.Answered},
		{"timeout", 6, 0, 0, segment.Unanswered},
		{"accept", 17, 0, 0, segment.OneWay},
		{"accept", 17, 80, 1, segment.Answered},
		{"accept", 6, 500, 9, segment.Answered}, // a long session, written in between
	} {
		l := strings.NewReplacer(`"close"`, `"`+tt.action+`"`, "proto=6", fmt.Sprint("proto=", tt.proto), "rcvdbyte=1224", fmt.Sprint("rcvdbyte=", tt.back), "rcvdpkt=16", fmt.Sprint("rcvdpkt=", tt.packet)).Replace(line)
		if got, _, err := read(t, l+"\n"); err != nil || got[0].Outcome != tt.want {
			t.Errorf("%+v: %+v, %v", tt, got, err)
		}
	}
	ping := strings.NewReplacer("proto=6", "proto=1", `"HTTPS"`, `"PING"`).Replace(line)
	if got, _, err := read(t, ping+"\n"); err != nil || got[0].To.Port() != 8 {
		t.Errorf("%+v, %v", got, err)
	}
	dnat := strings.NewReplacer("transip=198.51.100.1 transport=61000", "tranip=10.30.1.5 tranport=8443").Replace(line)
	if got, _, err := read(t, dnat+"\n"); err != nil || got[0].NATTo.String() != "10.30.1.5:8443" || got[0].NATFrom.IsValid() {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct{ old, new, want string }{
		"address": {"srcip=10.20.4.31", "srcip=10.20.4.331", `fw.log: line 2: column "srcip": the value is "10.20.4.331"`},
		"proto":   {"proto=6", "proto=six", `column "proto"`},
		"bytes":   {"sentbyte=1188", "sentbyte=-1", `column "sentbyte"`},
		"nat":     {"transip=198.51.100.1", "transip=x", `column "transip"`},
		"time":    {"eventtime=1795608000000000000", "eventtime=now", `column "eventtime"`},
		"quote":   {`vd="root"`, `vd="root`, "key=value"},
		"cut off": {"rcvdpkt=16\n", "rcvdpkt=1", "cut off"},
	} {
		if _, _, err := read(t, line+"\n"+strings.Replace(line+"\n", tt.old, tt.new, 1)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	if _, _, err := read(t, line+"\n", "time_zone", "Mars/Olympus"); err == nil || !strings.Contains(err.Error(), "not known") {
		t.Error(err)
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
