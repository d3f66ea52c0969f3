package zeek_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/flows"
	"github.com/asepsis/asepsis/internal/collect/flows/zeek"
	"github.com/asepsis/asepsis/internal/segment"
	"github.com/asepsis/asepsis/internal/testshared"
)

const fieldNames = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents"

// log writes rows as Zeek's ASCII writer does (docs.zeek.org, log formats).
func log(path string, rows ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t%s\n#fields\t%s\n", path, strings.ReplaceAll(fieldNames, " ", "\t"))
	for _, r := range rows {
		fmt.Fprintln(&b, strings.ReplaceAll(r, "|", "\t"))
	}
	return b.String() + "#close\t2026-11-25-09-00-00\n"
}

func row(proto, state, history string, out, back string) string {
	return "1795600000.123456|C1|10.20.4.31|50000|10.20.9.5|8|" + proto + "|-|1.5|" + out + "|" + back + "|" + state + "|T|T|0|" + history + "|1|60|" + back + "|40|-"
}

func read(t testing.TB, data string, skip bool) ([]segment.Flow, flows.Stats, error) {
	t.Helper()
	in := collecttest.Input("conn.log", []byte(data))
	if skip {
		in.OnFault = collect.SkipRows
	}
	var out []segment.Flow
	s, err := zeek.Reader{}.Read(context.Background(), in, func(f *segment.Flow) error {
		out = append(out, *f)
		return nil
	})
	return out, s, err
}

func TestOutcomes(t *testing.T) {
	for _, tt := range []struct {
		proto, state, history, out, back string
		want                             segment.Outcome
		none                             bool
	}{
		{"tcp", "SF", "ShADadfF", "10", "20", segment.Answered, false},
		{"tcp", "RSTO", "ShADaR", "10", "20", segment.Answered, false},
		{"tcp", "RSTO", "ShR", "0", "0", segment.HalfOpen, false}, // a SYN scan that found an open port
		{"tcp", "S1", "Sh", "0", "0", segment.HalfOpen, false},
		{"tcp", "S0", "S", "-", "-", segment.Unanswered, false},
		{"tcp", "REJ", "Sr", "0", "0", segment.Refused, false},
		{"tcp", "SHR", "^hCcdafA", "0", "5", segment.Answered, false},
		{"tcp", "RSTRH", "^hr", "0", "0", segment.HalfOpen, false},
		{"tcp", "OTH", "DadA", "10", "20", segment.Answered, false},
		{"tcp", "OTH", "D", "10", "0", segment.OneWay, false},
		{"tcp", "OTH", "R", "0", "0", 0, true},
		{"udp", "SF", "Dd", "10", "20", segment.Answered, false},
		{"udp", "S0", "D", "10", "0", segment.OneWay, false},
		{"icmp", "OTH", "-", "10", "0", segment.Unanswered, false},
		{"icmp", "OTH", "-", "10", "20", segment.Answered, false},
		{"unknown_transport", "OTH", "-", "10", "20", 0, true},
	} {
		got, s, err := read(t, log("conn", row(tt.proto, tt.state, tt.history, tt.out, tt.back)), false)
		if tt.none {
			if len(got) != 0 || err == nil {
				t.Errorf("%+v: %+v, %v", tt, got, err)
			}
			continue
		}
		if err != nil || len(got) != 1 || got[0].Outcome != tt.want || s.Flows != 1 {
			t.Errorf("%+v: %+v, %+v, %v", tt, got, s, err)
		}
	}
}

func TestForms(t *testing.T) {
	want := segment.Flow{
		Start: time.Unix(1795600000, 123456000), Duration: 1500 * time.Millisecond, Proto: segment.TCP, Outcome: segment.Answered, Out: 10, Back: 20, Running: true,
		From: netip.MustParseAddrPort("10.20.4.31:50000"), To: netip.MustParseAddrPort("10.20.9.5:8"), ID: flows.ID([]byte("C1")),
	}
	const rest = `"uid":"C1","proto":"tcp","duration":1.5,"orig_bytes":10,"resp_bytes":20,"conn_state":"SF","history":"ShAD","tunnel_parents":[],"x":{"y":[1,{"z":"}\""}]}}`
	const ends = `"id.orig_h":"10.20.4.31","id.orig_p":50000,"id.resp_h":"10.20.9.5","id.resp_p":8,`
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, log("conn", row("tcp", "SF", "ShAD", "10", "20")))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"text":         log("conn", row("tcp", "SF", "ShAD", "10", "20")),
		"long":         log("conn_long", row("tcp", "SF", "ShAD", "10", "20")),
		"packed":       packed.String(),
		"json":         `{"ts":1795600000.123456,` + ends + rest + "\n",
		"corelight":    `{"_path":"conn","_write_ts":"2026-11-25T08:00:00.0Z","ts":"2026-11-25T09:46:40.123456Z",` + ends + rest + "\n",
		"object":       `{"ts":1795600000.123456,"id":{"orig_h":"10.20.4.31","orig_p":50000,"resp_h":"10.20.9.5","resp_p":8},` + rest,
		"with another": `{"_path":"dns","ts":1}` + "\n" + `{ "_path" : "conn" , "ts" : 1795600000.123456 , ` + ends + rest + "\n",
	} {
		got, _, err := read(t, data, false)
		if err != nil || len(got) != 1 || !got[0].Start.Equal(want.Start) {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		got[0].Start = want.Start
		if got[0] != want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got[0], want)
		}
		if n := (zeek.Reader{}).Recognize("x", []byte(data)); n < 90 && name != "with another" {
			t.Errorf("%s: sure to %d", name, n)
		}
	}
	for _, f := range collecttest.Foreign() {
		if n := (zeek.Reader{}).Recognize(f.Name, f.Data[:min(len(f.Data), collect.HeadSize)]); n > 0 && f.Format != "zeek" {
			t.Errorf("%s: sure to %d", f.Name, n)
		}
	}
}

func TestFaults(t *testing.T) {
	good := row("tcp", "SF", "ShAD", "10", "20")
	for name, tt := range map[string]struct{ data, want string }{
		"address":   {log("conn", good, strings.Replace(good, "10.20.4.31", "10.20.4.331", 1)), `conn.log: line 8: column "id.orig_h": the value is "10.20.4.331"`},
		"port":      {log("conn", strings.Replace(good, "50000", "70000", 1)), `column "id.orig_p"`},
		"state":     {log("conn", strings.Replace(good, "|SF|", "|ZZ|", 1)), `column "conn_state"`},
		"bytes":     {log("conn", strings.Replace(good, "|10|", "|1x|", 1)), `column "orig_bytes"`},
		"time":      {log("conn", strings.Replace(good, "1795600000", "today", 1)), `column "ts"`},
		"cells":     {log("conn", good+"|more"), "has not the 21 fields"},
		"few":       {log("conn", "1|2"), "has not the 21 fields"},
		"json":      {`{"ts": }` + "\n", "not well-formed"},
		"headers":   {"1\t2\n", "below no headers"},
		"cut off":   {strings.TrimSuffix(log("conn", good, good)[:330], "\n"), "cut off"},
		"lacks":     {"#separator \\x09\n#fields\tts\tuid\n", "headers lack"},
		"other log": {log("dns", good), "tells of no connection"},
		"long line": {log("conn", good+strings.Repeat("x", 70_000)), "longer than"},
	} {
		if _, _, err := read(t, tt.data, false); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	got, s, err := read(t, log("conn", good, "1|2", good), true)
	if err != nil || len(got) != 2 || len(s.Skipped) != 1 || s.Skipped[0].Line != 8 {
		t.Errorf("%d flows, %+v, %v", len(got), s, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(log("conn", row("tcp", "SF", "ShAD", "10", "20"))))
	f.Add([]byte(`{"ts":1795600000.123456,"id":{"orig_h":"10.20.4.31","orig_p":1},"a":[{"b":"\\\""}]}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, s, err := read(t, string(data), true)
		if err == nil && s.Flows == 0 {
			t.Error("nothing was read, and nobody told")
		}
	})
}

// FuzzJSON holds that a line which is well-formed reads as encoding/json reads it.
func FuzzJSON(f *testing.F) {
	f.Add("10.1.2.3", uint16(80), "SF", "é\"\\x", true)
	f.Fuzz(func(t *testing.T, _ string, port uint16, state, noise string, before bool) {
		n, err := json.Marshal(map[string]any{"a": noise, "b": []any{noise, map[string]any{noise: nil}}})
		if err != nil || len(n) > 60_000 {
			return
		}
		mid := `"ts":1795600000.5,"id.orig_h":"10.1.2.3","id.orig_p":` + strconv.Itoa(int(port)) + `,"id.resp_h":"fd00::1","id.resp_p":9,"proto":"udp","conn_state":"SF","resp_bytes":7`
		line := `{` + mid + `,"noise":` + string(n) + `}`
		if before {
			line = `{"noise":` + string(n) + `,` + mid + `}`
		}
		got, _, err := read(t, line+"\n", false)
		if err != nil || len(got) != 1 || got[0].From != netip.AddrPortFrom(netip.MustParseAddr("10.1.2.3"), port) || got[0].Back != 7 {
			t.Errorf("%s: %+v, %v", line, got, err)
		}
	})
}

// real returns connection rows made of the handshakes and look-ups of a contest's
// network: their ends, times and ids are real, how they ended is made up.
func real(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, name := range []string{"ssl.json.gz", "dns.json.gz"} {
		file, err := os.Open(testshared.Path(t, "corpora", "zeek-json", name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		z, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		s := bufio.NewScanner(z)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			var v struct {
				TS    time.Time `json:"ts"`
				UID   string    `json:"uid"`
				From  string    `json:"id.orig_h"`
				FromP int       `json:"id.orig_p"`
				To    string    `json:"id.resp_h"`
				ToP   int       `json:"id.resp_p"`
				Proto string    `json:"proto"`
			}
			if err := json.Unmarshal(s.Bytes(), &v); err != nil {
				t.Fatal(err)
			}
			state, history, back := "SF", "ShADadfF", "5120"
			if v.Proto == "" {
				v.Proto = "tcp"
			} else {
				history = "Dd"
			}
			if len(out)%11 == 0 {
				state, history, back = "S0", "S", "0"
			}
			out = append(out, fmt.Sprintf("%d.%06d|%s|%s|%d|%s|%d|%s|-|0.25|612|%s|%s|T|T|0|%s|6|900|5|5400|-", v.TS.Unix(), v.TS.Nanosecond()/1000, v.UID, v.From, v.FromP, v.To, v.ToP, v.Proto, back, state, history))
		}
	}
	return out
}

// generated repeats the rows with other ids and times until size bytes are full.
func generated(t testing.TB, size int) []byte {
	rows := real(t)
	var b bytes.Buffer
	b.Grow(size + 1024)
	head, _, _ := strings.Cut(log("conn"), "#close")
	b.WriteString(head)
	for n := 0; b.Len() < size; n++ {
		r := rows[n%len(rows)]
		at, rest, _ := strings.Cut(r, ".")
		sec, err := strconv.Atoi(at)
		if err != nil {
			t.Fatal(err)
		}
		micro, rest, _ := strings.Cut(rest, "|")
		uid, rest, _ := strings.Cut(rest, "|")
		fmt.Fprintf(&b, "%d.%s\t%s%d\t%s\n", sec+n/len(rows)*3600, micro, uid, n/len(rows), strings.ReplaceAll(rest, "|", "\t"))
	}
	return b.Bytes()
}

func contest(t testing.TB) *segment.Fold {
	t.Helper()
	z := func(name string, k segment.Kind, nets ...string) segment.Zone {
		out := segment.Zone{Name: name, Kind: k}
		for _, n := range nets {
			out.Networks = append(out.Networks, netip.MustParsePrefix(n))
		}
		return out
	}
	f, err := segment.New(segment.Plan{Zones: []segment.Zone{
		z("teams", segment.Medical, "10.47.0.0/16"), z("red", segment.User, "10.128.0.0/9"), z("core", segment.Server, "10.0.0.0/16"),
	}, Rules: []segment.Rule{{From: "teams", To: "core", Services: []segment.Service{{Proto: segment.UDP, Low: 53}}, Why: "names", By: "test"}}},
		nil, segment.Options{Now: collecttest.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Watch(segment.Source{Name: "zeek", Between: []string{"teams", "red", "core"}}); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestReal folds the contest's connections and holds the matrix against a plain count.
func TestReal(t *testing.T) {
	rows := real(t)
	f := contest(t)
	s, err := zeek.Reader{}.Read(context.Background(), collecttest.Input("conn.log", []byte(log("conn", rows...))), f.Add)
	if err != nil || s.Flows != len(rows) {
		t.Fatalf("%+v of %d, %v", s, len(rows), err)
	}
	uids := map[string]bool{}
	for _, r := range rows {
		c := strings.Split(r, "|")
		if strings.HasPrefix(c[2], "10.47.") && strings.HasPrefix(c[4], "10.0.0.") && c[5] == "53" {
			uids[c[1]] = true
		}
	}
	m := f.Matrix()
	var have uint64
	for _, c := range m.Cells {
		if c.From != "teams" || c.To != "core" {
			continue
		}
		for _, r := range c.Rows {
			if r.Service.Low == 53 && r.Service.Proto == segment.UDP {
				have += r.Answered + r.OneWay + r.Unanswered
			}
		}
	}
	if have != uint64(len(uids)) || have == 0 {
		t.Errorf("%d look-ups are counted, %d have names of their own", have, len(uids))
	}
	t.Logf("%d rows, %+v, %d forbidden, %d scans", len(rows), m.Totals, m.Forbidden, len(m.Scans))
}

// BenchmarkMatrix reads connections of a contest's network, repeated to 128 MB
// (or ASEPSIS_BENCH_MB), into the matrix of zones.
func BenchmarkMatrix(b *testing.B) {
	size := 128
	if n, err := strconv.Atoi(os.Getenv("ASEPSIS_BENCH_MB")); err == nil {
		size = n
	}
	data := generated(b, size<<20)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var peak uint64
	for b.Loop() {
		f := contest(b)
		in := collecttest.Input("conn.log", data)
		in.Limits.Bytes = 4 << 30
		s, err := zeek.Reader{}.Read(context.Background(), in, f.Add)
		if err != nil {
			b.Fatal(err)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse-uint64(cap(data)))
		b.ReportMetric(float64(s.Flows), "flows")
	}
	b.ReportMetric(float64(peak>>20), "MB-heap")
}
