package zeek_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/zeek"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
)

// tsv writes a log as Zeek's ASCII writer does (docs.zeek.org, log formats).
func tsv(path, fields string, rows ...string) string {
	f := strings.Fields(fields)
	types := make([]string, len(f))
	for i := range types {
		types[i] = "string"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t%s\n#open\t2026-11-25-08-00-00\n#fields\t%s\n#types\t%s\n", path, strings.Join(f, "\t"), strings.Join(types, "\t"))
	for _, r := range rows {
		fmt.Fprintln(&b, strings.Join(strings.Split(r, "|"), "\t"))
	}
	return b.String() + "#close\t2026-11-25-09-00-00\n"
}

const connFields = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents"

var conn = tsv("conn", connFields,
	"1795600000.123456|C1|10.20.4.31|50000|10.20.9.5|11112|tcp|dicom|1.0|10|10|SF|T|T|0|ShADadfF|5|500|5|500|(empty)",
	"1795600001.0|C2|10.20.4.31|50001|10.20.9.6|2575|tcp|hl7|1.0|10|10|SF|T|T|0|ShADadfF|5|500|5|500|-",
	"1795600002.0|C3|10.20.4.31|50002|10.20.9.99|80|tcp|-|-|-|-|S0|T|T|0|S|1|60|0|0|-",
	"1795600003.0|C4|10.20.4.31|50003|10.20.9.7|23|tcp|-|0.1|0|0|REJ|T|T|0|Sr|1|60|1|40|-",
	"1795600004.0|C5|10.20.4.31|50004|203.0.113.9|443|tcp|ssl|1.0|10|10|SF|T|F|0|ShADadfF|5|500|5|500|-",
	"1795600005.0|C6|198.51.100.7|50005|10.20.9.8|443|tcp|ssl|1.0|10|10|SF|F|T|0|ShADadfF|5|500|5|500|-",
	"1795600006.0|C7|198.51.100.7|50005|203.0.113.9|443|tcp|ssl|1.0|10|10|SF|F|F|0|ShADadfF|5|500|5|500|-",
	"1795600007.0|C8|10.20.4.31|50006|10.20.9.5|49152|tcp|dce_rpc|1.0|10|10|SF|T|T|0|ShADadfF|5|500|5|500|-",
	"1795600008.0|C9|10.20.4.31|50007|10.20.9.9|25|tcp|smtp,ssl|1.0|10|10|SF|T|T|0|ShADadfF|5|500|5|500|-",
)

var dhcpLog = tsv("dhcp", "ts uids client_addr server_addr mac host_name client_fqdn domain requested_addr assigned_addr lease_time client_message server_message msg_types duration client_software",
	"1795600000.0|C1|10.20.4.31|10.20.4.2|00:1b:44:11:3a:b7|RAD-WS-01|rad-ws-01.hospital.example|hospital.example|-|10.20.4.31|86400.0|-|-|REQUEST,ACK|0.1|MSFT 5.0",
	"1795600100.0|C2|-|-|00:1b:44:11:3a:c1|-|-|-|-|-|-|-|-|DISCOVER|0.1|-",
)

// mixed is a stream of several logs, as a shipper writes it.
const mixed = `{"_path":"ssl","_write_ts":"2026-11-25T08:00:00.000000Z","ts":"2026-11-25T08:00:00.000000Z","uid":"C1","id.orig_h":"10.20.4.31","id.orig_p":50000,"id.resp_h":"10.20.9.8","id.resp_p":443,"version":"TLSv10","cipher":"TLS_RSA_WITH_RC4_128_SHA","established":true,"cert_chain_fps":["aa"],"validation_status":"self signed certificate"}
{"_path":"x509","_write_ts":"2026-11-25T08:00:00.000000Z","ts":"2026-11-25T08:00:00.000000Z","fingerprint":"aa","certificate.subject":"CN=pacs-01","certificate.issuer":"CN=pacs-01","certificate.not_valid_after":"2027-03-11T12:15:02.000000Z","certificate.key_type":"rsa","certificate.key_length":2048,"certificate.sig_alg":"sha256WithRSAEncryption","san.dns":["pacs-01.hospital.example"]}
{"_path":"ntlm","_write_ts":"2026-11-25T08:00:00.000000Z","ts":"2026-11-25T08:00:01.000000Z","uid":"C2","id.orig_h":"10.20.4.31","id.orig_p":50001,"id.resp_h":"10.20.9.10","id.resp_p":445,"hostname":"RAD-WS-01","server_nb_computer_name":"FILES","server_dns_computer_name":"files.hospital.example","success":true}
{"_path":"rdp","ts":1795600002.5,"uid":"C3","id":{"orig_h":"10.20.4.31","orig_p":50002,"resp_h":"10.20.9.10","resp_p":3389},"result":"encrypted","security_protocol":"RDP","client_name":"RAD-WS-01"}
{"_path":"modbus","ts":1795600003.0,"uid":"C4","id.orig_h":"10.20.4.31","id.orig_p":50003,"id.resp_h":"10.20.9.11","id.resp_p":502,"tid":1,"unit":1,"func":"READ_COILS","pdu_type":"RESP"}
{"_path":"dns","ts":1795600004.0,"uid":"C5","id.orig_h":"10.20.4.31","id.orig_p":50004,"id.resp_h":"10.20.4.2","id.resp_p":53,"proto":"udp","query":"plc.hospital.example","qtype_name":"A","rcode_name":"NOERROR","rcode":0,"answers":["10.20.9.11"]}
{"_path":"software","ts":1795600005.0,"host":"10.20.9.8","host_p":80,"software_type":"HTTP::SERVER","name":"Apache","version.major":2,"version.minor":4,"version.minor2":6,"unparsed_version":"Apache/2.4.6"}
{"_path":"software","ts":1795600005.0,"host":"10.20.4.31","software_type":"HTTP::BROWSER","name":"Firefox","version.major":18,"unparsed_version":"x"}
{"_path":"weird","ts":1795600005.0,"uid":"C6","name":"x"}
`

func whole(data string) func([]byte) bool {
	return func(cut []byte) bool {
		return cut[len(cut)-1] == '\n' || data[len(cut)] == '\n' && data[0] == '{' || cut[bytes.LastIndexByte(cut, '\n')+1] == '#'
	}
}

func TestSuite(t *testing.T) {
	for name, data := range map[string]string{"conn.log": conn, "dhcp.log": dhcpLog, "mixed.json": mixed} {
		t.Run(name, func(t *testing.T) {
			collecttest.Run(t, collecttest.Suite{
				Importer: zeek.Importer{}, Samples: []collecttest.Sample{{Name: name, Data: []byte(data)}}, Text: data[0] == '{', CutMayPass: whole(data),
			})
		})
	}
}

// TestFloods gives a log of 48 MB whose every line is of another host, which is
// refused, and one whose every line is of another service of one host.
func TestFloods(t *testing.T) {
	unit := `{"_path":"conn","ts":1795600000.0,"uid":"C1","id.orig_h":"%s","id.orig_p":1,"id.resp_h":"fd00::1","id.resp_p":%s,"proto":"tcp","service":"http","conn_state":"SF"}` + "\n"
	collecttest.Run(t, collecttest.Suite{
		Importer: zeek.Importer{}, Samples: []collecttest.Sample{{Name: "conn.log", Data: []byte(conn)}}, CutMayPass: whole(conn), HeapMB: 256,
		Open: `{"_path":"conn","ts":1795600000.0,"uid":"`, Nest: `","a":{"b":"`,
		Floods: map[string]collecttest.Generated{
			"hosts":    {Unit: fmt.Sprintf(unit, "fd00::########", "80")},
			"services": {Unit: fmt.Sprintf(unit, "fd00::2", "########")},
			"names":    {Unit: `{"_path":"dns","ts":1795600004.0,"uid":"C5","id.orig_h":"10.20.4.31","id.orig_p":50004,"id.resp_h":"10.20.4.2","id.resp_p":53,"query":"n########.example","qtype_name":"A","rcode":0,"answers":["10.20.9.11"]}` + "\n"},
		},
	})
}

func parse(t testing.TB, name, data string, options ...string) *collect.Parsed {
	t.Helper()
	in := collecttest.Input(name, []byte(data))
	in.Options = map[string]string{}
	for i := 0; i < len(options); i += 2 {
		in.Options[options[i]] = options[i+1]
	}
	p, err := zeek.Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	return p
}

func show(b *fact.Batch) []string {
	var out []string
	for _, s := range b.Sightings {
		var keys []string
		for _, k := range s.Keys {
			keys = append(keys, k.String())
		}
		slices.Sort(keys)
		line := strings.Join(keys, " ")
		for _, a := range []string{"internet_facing", "rdp_nla", "dhcp_vendor_class"} {
			if v, ok := s.Values[a]; ok {
				line += fmt.Sprintf(" %s=%v", a, v)
			}
		}
		for _, f := range b.Facts {
			if f.Asset != s.Ref {
				continue
			}
			line += " | " + f.Key
			for _, a := range slices.Sorted(maps.Keys(f.Values)) {
				switch a {
				case "service", "clear_text", "tls_oldest", "tls_weak_ciphers", "cert_subject", "cert_not_after", "cert_self_signed", "product":
					v := f.Values[a]
					if at, ok := v.(time.Time); ok {
						v = at.Format("2006-01-02")
					}
					line += fmt.Sprintf(" %s=%v", a, v)
				}
			}
		}
		out = append(out, line)
	}
	return out
}

func TestConn(t *testing.T) {
	p := parse(t, "conn.log", conn)
	want := []string{
		"ip:10.20.4.31",
		"ip:10.20.9.5 | 11112/tcp clear_text=true service=dicom",
		"ip:10.20.9.6 | 2575/tcp clear_text=true service=hl7",
		"ip:10.20.9.7",
		"ip:10.20.9.8 internet_facing=true | 443/tcp clear_text=false service=https",
		"ip:10.20.9.9 | 25/tcp service=smtp",
	}
	if diff := cmp.Diff(want, show(p.Batch)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := p.Batch.Sightings[1].Values["network_seen_at"]; got != time.Unix(1795600007, 0).UTC() {
		t.Errorf("seen at %v", got)
	}
	if p.Batch.Stream.ID != "import/zeek/zeek/conn" || p.Rows != 6 {
		t.Errorf("%d rows of %s", p.Rows, p.Batch.Stream.ID)
	}
}

func TestLocalNetworks(t *testing.T) {
	p := parse(t, "conn.log", conn, "local", "203.0.113.0/24", "sensor", "Core 1")
	if diff := cmp.Diff([]string{"ip:203.0.113.9 internet_facing=true | 443/tcp clear_text=false service=https"}, show(p.Batch)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p.Batch.Stream.ID != "import/zeek/core-1/conn" {
		t.Errorf("got %s", p.Batch.Stream.ID)
	}
}

func TestDHCP(t *testing.T) {
	want := []string{
		"ip:10.20.4.2 | 67/udp service=dhcp",
		"fqdn:rad-ws-01.hospital.example ip:10.20.4.31 mac:00:1b:44:11:3a:b7 name:rad-ws-01 dhcp_vendor_class=MSFT 5.0",
		"mac:00:1b:44:11:3a:c1",
	}
	if diff := cmp.Diff(want, show(parse(t, "dhcp.log", dhcpLog).Batch)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMixed(t *testing.T) {
	p := parse(t, "all.json", mixed)
	want := []string{
		"ip:10.20.4.2 | 53/udp service=dns",
		"ip:10.20.4.31 name:rad-ws-01",
		"ip:10.20.9.8 | 80/tcp product=Apache 2.4.6 | 443/tcp cert_not_after=2027-03-11 cert_self_signed=true cert_subject=CN=pacs-01 clear_text=false service=https tls_oldest=1.0 tls_weak_ciphers=[TLS_RSA_WITH_RC4_128_SHA]",
		"fqdn:files.hospital.example ip:10.20.9.10 name:files rdp_nla=false | 445/tcp service=smb | 3389/tcp service=rdp",
		"fqdn:plc.hospital.example ip:10.20.9.11 name:plc | 502/tcp clear_text=true service=modbus",
	}
	if diff := cmp.Diff(want, show(p.Batch)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(p.Batch.Components) != 1 || p.Batch.Components[0].PURL != "pkg:generic/Apache@2.4.6" {
		t.Errorf("components %+v", p.Batch.Components)
	}
}

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct{ data, want string }{
		"cells":     {strings.Replace(conn, "|", "\t", 1) + "1\t2\n", "line 19: the line has not the 21 fields"},
		"time":      {strings.Replace(conn, "1795600000.123456", "today", 1), `line 9: column "ts": the time is "today"`},
		"json":      {mixed + "{\"ts\": }\n", "line 10: not well-formed"},
		"cut off":   {strings.TrimSuffix(conn[:strings.Index(conn, "#close")], "\n"), "cut off"},
		"no header": {"1795600000.123456\tC1\n", "below no headers"},
		"empty":     {tsv("conn", connFields), "has no lines"},
	} {
		_, err := zeek.Importer{}.Parse(context.Background(), collecttest.Input("x.log", []byte(tt.data)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

// TestNamesByFields reads JSON of Zeek itself, which does not say which log it is.
func TestNamesByFields(t *testing.T) {
	const one = `{"ts":1795600000.0,"uid":"C1","id.orig_h":"10.20.4.31","id.orig_p":1,"id.resp_h":"10.20.9.5","id.resp_p":80,"proto":"tcp","service":"http","orig_bytes":1,"conn_state":"SF"}` + "\n"
	for _, name := range []string{"conn.2026-11-25-08-00-00.log", "export.json"} {
		p := parse(t, name, one)
		if len(p.Batch.Sightings) != 2 || p.Batch.Stream.ID != "import/zeek/zeek/conn" {
			t.Errorf("%s: %d hosts of %s", name, len(p.Batch.Sightings), p.Batch.Stream.ID)
		}
	}
}

// TestCorpus reads every log of a contest's network and holds that the hosts are
// those that a plain count of the file gives, and that none is outside.
func TestCorpus(t *testing.T) {
	dir := testshared.Path(t, "corpora", "zeek-json")
	files, err := filepath.Glob(filepath.Join(dir, "*.gz"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		if n := (zeek.Importer{}).Recognize(name, data[:min(len(data), collect.HeadSize)]); n < 80 {
			t.Errorf("%s: sure to %d", name, n)
		}
		p := parse(t, name, string(data))
		for _, s := range p.Batch.Sightings {
			for _, ip := range s.Values["ips"].([]string) {
				if a := netip.MustParseAddr(ip); reports.Scope(a) != reports.Internal {
					t.Errorf("%s: %s is outside", name, ip)
				}
			}
		}
		rows, want := count(t, data)
		if want := reports.Count(rows, "line"); !slices.ContainsFunc(p.Batch.Notes, func(n fact.Note) bool { return n.What == want }) {
			t.Errorf("%s: not all of %s were read: %v", name, want, p.Batch.Notes)
		}
		switch name {
		case "known_services.json.gz", "ftp.json.gz", "rfb.json.gz", "smb_mapping.json.gz", "ntlm.json.gz", "smtp.json.gz":
			if len(p.Batch.Sightings) != want {
				t.Errorf("%s: %d hosts, the file names %d", name, len(p.Batch.Sightings), want)
			}
		}
		t.Logf("%s: %d lines, %d hosts, %d services, %d components", name, rows, len(p.Batch.Sightings), len(p.Batch.Facts), len(p.Batch.Components))
	}
}

// count counts lines and the private addresses that are named, plainly.
func count(t *testing.T, data []byte) (rows, hosts int) {
	t.Helper()
	in := collecttest.Input("x", data)
	r, err := lines.Open(context.Background(), in, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for {
		b, err := r.Next()
		if err != nil {
			return rows, len(seen)
		}
		rows++
		var v map[string]any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		for _, k := range []string{"host", "id.orig_h", "id.resp_h"} {
			if a, err := netip.ParseAddr(fmt.Sprint(v[k])); err == nil && reports.Scope(a) == reports.Internal && !a.IsLinkLocalUnicast() {
				seen[a.String()] = true
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{conn, dhcpLog, mixed} {
		f.Add([]byte(s))
		f.Add([]byte(strings.ReplaceAll(s, "2027-03-11T12:15:02.000000Z", "9999-12-31T23:59:59-23:59")))
	}
	f.Fuzz(func(t *testing.T, data []byte) { collecttest.Fuzz(t, zeek.Importer{}, "conn.log", data) })
}

// BenchmarkSSL reads 49,474 handshakes as JSON of a contest's network, unpacked
// before; BenchmarkConn 100,000 connections of 500 hosts as text.
func BenchmarkSSL(b *testing.B) {
	packed, err := os.ReadFile(testshared.Path(b, "corpora", "zeek-json", "ssl.json.gz"))
	if err != nil {
		b.Fatal(err)
	}
	r, err := lines.Open(context.Background(), collecttest.Input("x", packed), 1<<20)
	if err != nil {
		b.Fatal(err)
	}
	var data bytes.Buffer
	for {
		line, err := r.Next()
		if err != nil {
			break
		}
		data.Write(append(line, '\n'))
	}
	bench(b, "ssl.log", data.Bytes())
}

func BenchmarkConn(b *testing.B) {
	rows := make([]string, 100_000)
	for i := range rows {
		rows[i] = fmt.Sprintf("1795600000.123456|C%d|10.20.%d.%d|50000|10.20.9.5|443|tcp|ssl|1.0|10|10|SF|T|T|0|ShADadfF|5|500|5|500|(empty)", i, i%4, i%250)
	}
	bench(b, "conn.log", []byte(tsv("conn", connFields, rows...)))
}

func bench(b *testing.B, name string, data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (zeek.Importer{}).Parse(context.Background(), collecttest.Input(name, data)); err != nil {
			b.Fatal(err)
		}
	}
}
