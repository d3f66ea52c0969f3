package nmap_test

import (
	"context"
	_ "embed"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/nmap"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
)

//go:embed testdata/tls.xml
var tlsScan []byte

const sample = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<!-- Nmap 7.93 scan as: nmap -sS -sV -oX x.xml 10.20.0.0/24 -->
<nmaprun scanner="nmap" args="nmap -sS -sV --script-args smbpassword=hunter2 -oX x.xml 10.20.0.0/24" start="1790000000" version="7.93" xmloutputversion="1.05">
<scaninfo type="syn" protocol="tcp" numservices="1000" services="1-1000"/>
<host starttime="1790000000" endtime="1790000100"><status state="up" reason="arp-response"/>
<address addr="10.20.0.30" addrtype="ipv4"/><address addr="00:1B:21:AA:BB:01" addrtype="mac" vendor="Intel Corporate"/>
<hostnames><hostname name="pump-30.example.org" type="PTR"/></hostnames>
<ports><extraports state="closed" count="994"/>
<port protocol="tcp" portid="23"><state state="open" reason="syn-ack"/><service name="telnet" method="probed" conf="10"/></port>
<port protocol="tcp" portid="104"><state state="open" reason="syn-ack"/><service name="tcpwrapped" method="probed" conf="8"/></port>
<port protocol="tcp" portid="2575"><state state="open" reason="syn-ack"/><service name="hl7" method="probed" conf="10"/></port>
<port protocol="tcp" portid="443"><state state="open" reason="syn-ack"/><service name="http" product="nginx" version="1.18.0" tunnel="ssl" method="probed" conf="10"/></port>
<port protocol="tcp" portid="25"><state state="open" reason="syn-ack"/><service name="smtp" method="probed" conf="10"/></port>
<port protocol="tcp" portid="8080"><state state="open" reason="syn-ack"/><service name="http-proxy" method="table" conf="3"/></port>
<port protocol="tcp" portid="22"><state state="closed" reason="reset"/></port>
</ports>
<os><osmatch name="HP LaserJet printer" accuracy="100"><osclass type="printer" vendor="HP" osfamily="embedded" accuracy="100"/></osmatch></os>
</host>
<host><status state="down" reason="no-response"/><address addr="10.20.0.31" addrtype="ipv4"/></host>
<host><status state="up" reason="user-set"/><address addr="10.20.0.32" addrtype="ipv4"/><ports><extraports state="filtered" count="1000"/></ports></host>
<runstats><finished time="1790000200" exit="success"/><hosts up="2" down="1" total="3"/></runstats>
</nmaprun>
`

func TestConformance(t *testing.T) {
	collecttest.Run(t, collecttest.Suite{
		Importer: nmap.Importer{},
		Samples:  []collecttest.Sample{{Name: "scan.xml", Data: []byte(sample)}, {Name: "tls.xml", Data: tlsScan}},
		Text:     true, XMLRoot: "nmaprun",
		Open: "<nmaprun scanner='nmap'><host><hostscript><script id='nbstat'><elem>", Nest: "<table>",
		Floods: map[string]collecttest.Generated{
			"addresses":    {Head: "<nmaprun><host><status state='up'/>", Unit: "<address addr='fd00::########' addrtype='ipv6'/>", Tail: "</host></nmaprun>"},
			"names":        {Head: "<nmaprun><host><status state='up'/><address addr='10.0.0.1'/><hostnames>", Unit: "<hostname name='h########.x' type='PTR'/>", Tail: "</hostnames></host></nmaprun>"},
			"ports":        {Head: "<nmaprun><host><status state='up'/><address addr='10.0.0.1'/><ports>", Unit: "<port portid='1' protocol='tcp'><state state='open'/></port>", Tail: "</ports></host></nmaprun>"},
			"matches":      {Head: "<nmaprun><host><status state='up'/><os>", Unit: "<osmatch name='########' accuracy='1'><osclass/></osmatch>", Tail: "</os></host></nmaprun>"},
			"scripts":      {Head: "<nmaprun><host><status state='up'/><hostscript>", Unit: "<script id='nbstat'><elem key='########'>x</elem></script>", Tail: "</hostscript></host></nmaprun>"},
			"script parts": {Head: "<nmaprun><host><status state='up'/><hostscript><script id='nbstat'>", Unit: "<elem key='########'>x</elem>", Tail: "</script></hostscript></host></nmaprun>"},
			"silent hosts": {Head: "<nmaprun>", Unit: "<host><status state='down'/></host>", Tail: "</nmaprun>"},
		},
	})
}

func parse(t testing.TB, name string, data []byte) *collect.Parsed {
	t.Helper()
	in := collecttest.Input(name, data)
	p, err := nmap.Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	return p
}

func endpoints(b *fact.Batch) map[string]fact.Fact {
	m := map[string]fact.Fact{}
	for _, f := range b.Facts {
		if f.Kind == fact.KindEndpoint {
			m[f.Key] = f
		}
	}
	return m
}

func activities(b *fact.Batch) (fs []fact.Fact) {
	for _, f := range b.Facts {
		if f.Kind == fact.KindActivity {
			fs = append(fs, f)
		}
	}
	return fs
}

func TestSample(t *testing.T) {
	p := parse(t, "scan.xml", []byte(sample))
	b := p.Batch
	if len(b.Sightings) != 1 || p.Rows != 3 || !b.Stream.Snapshot || b.Stream.Title != "nmap scan of 10.20.0.0/24" {
		t.Fatalf("%d hosts of %d, stream %+v", len(b.Sightings), p.Rows, b.Stream)
	}
	if s := fmt.Sprintf("%+v", b); strings.Contains(s, "hunter2") {
		t.Error("a password of the command line is in the batch")
	}
	at := time.Unix(1790000100, 0).UTC()
	want := fact.Values{
		"ips": []string{"10.20.0.30"}, "macs": []string{"00:1b:21:aa:bb:01"}, "mac_vendor": "Intel Corporate", "name": "pump-30", "fqdn": "pump-30.example.org",
		"os_name": "HP LaserJet printer", "os_family": "other", "class": "printer", "network_seen_at": at, "last_seen_at": at,
		"clear_text_services": []string{"telnet", "hl7"},
	}
	if d := cmp.Diff(want, b.Sightings[0].Values); d != "" {
		t.Error(d)
	}
	es := endpoints(b)
	for key, want := range map[string]struct {
		service any
		clear   any
	}{
		"23/tcp": {"telnet", true}, "2575/tcp": {"hl7", true}, "443/tcp": {"https", false},
		"104/tcp": {nil, nil}, "25/tcp": {"smtp", nil}, "8080/tcp": {"http", nil},
	} {
		f, ok := es[key]
		if !ok || f.Values["service"] != want.service || f.Values["clear_text"] != want.clear || f.Values["exposed"] != true {
			t.Errorf("%s: %+v", key, f)
		}
		if want.clear == nil && f.Missing["clear_text"] == "" {
			t.Errorf("%s: no reason why it is not known to be in clear", key)
		}
	}
	if len(es) != 6 {
		t.Errorf("%d endpoints, want the 6 open ports", len(es))
	}
	scan := activities(b)
	wantScan := fact.Values{
		"type": "network_discovery", "title": "nmap scan of 10.20.0.0/24", "performed_at": time.Unix(1790000200, 0).UTC(),
		"performer": "nmap 7.93", "scope": "internal", "assets": int64(1), "credentialed": false,
	}
	if len(scan) != 1 || cmp.Diff(wantScan, scan[0].Values) != "" {
		t.Error(cmp.Diff(wantScan, scan[0].Values))
	}
	if len(b.Notes) != 1 || !strings.Contains(b.Notes[0].Why, "-Pn") {
		t.Errorf("notes %+v", b.Notes)
	}
}

func TestTLS(t *testing.T) {
	f := endpoints(parse(t, "tls.xml", tlsScan).Batch)["18443/tcp"]
	want := fact.Values{
		"port": int64(18443), "transport": "tcp", "address": "10.20.0.8", "service": "https", "product": "OpenSSL s_server -www httpd",
		"tls": true, "clear_text": false, "tls_versions": []string{"1.0", "1.1", "1.2", "1.3"}, "tls_oldest": "1.0", "tls_newest": "1.3",
		"tls_weak_ciphers": []string{"TLS_ECDH_anon_WITH_AES_128_CBC_SHA"},
		"cert_subject":     "portal.example.org", "cert_issuer": "portal.example.org", "cert_names": []string{"portal.example.org", "www.example.org"},
		"cert_not_after": time.Date(2026, 12, 25, 2, 54, 11, 0, time.UTC), "cert_self_signed": true, "cert_signature": "SHA256-RSA",
		"cert_key_type": "rsa", "cert_key_bits": int64(2048),
	}
	if d := cmp.Diff(want, f.Values); d != "" {
		t.Error(d)
	}
	if f.Missing["exposed"] == "" {
		t.Error("a machine that scanned itself is called exposed")
	}
}

// TestCorpus reads real runs and compares with what the files' own summaries say.
func TestCorpus(t *testing.T) {
	for _, c := range []struct {
		name               string
		hosts, open, notes int
		snapshot           bool
	}{
		{"dradis-nse-01.xml", 1, 18, 0, true},
		{"issue12411.xml", 2, 4, 0, true},
		{"issue4406.xml", 1, 25, 0, true},
		{"lab-nm_sn.xml", 401, 0, 1, false},
		{"lab-nm_sv.xml", 108, 209, 1, true},
		{"lab-nm_1000.xml.zst", 217, 368, 1, true},
		{"nmap_0port.xml", 0, 0, 1, true},
		{"nmap_script_vulners.xml", 1, 1, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := parse(t, c.name, testshared.Read(t, "corpora", "inventories", "scans", "nmap", c.name))
			b := p.Batch
			if n := len(endpoints(b)); len(b.Sightings) != c.hosts || b.Stream.Snapshot != c.snapshot || len(b.Notes) != c.notes {
				t.Errorf("%d hosts, %d endpoints, snapshot %v, notes %+v", len(b.Sightings), n, b.Stream.Snapshot, b.Notes)
			}
			n := 0
			for _, f := range b.Facts {
				if f.Kind == fact.KindEndpoint {
					n++
				}
			}
			if n != c.open {
				t.Errorf("%d endpoints, want %d", n, c.open)
			}
		})
	}
}

// TestSharedMAC reads a scan in which one hardware address answers for 400
// hosts. They must stay 400.
func TestSharedMAC(t *testing.T) {
	b := parse(t, "lab-nm_sn.xml", testshared.Read(t, "corpora", "inventories", "scans", "nmap", "lab-nm_sn.xml")).Batch
	for _, s := range b.Sightings {
		if len(s.Keys) != 1 || s.Keys[0].Type != "ip" {
			t.Fatalf("%s is identified by %v", s.Ref, s.Keys)
		}
	}
}

func TestInterrupted(t *testing.T) {
	whole := strings.Replace(sample, "<runstats><finished time=\"1790000200\" exit=\"success\"/><hosts up=\"2\" down=\"1\" total=\"3\"/></runstats>\n", "", 1)
	b := parse(t, "x.xml", []byte(whole)).Batch
	if b.Stream.Snapshot || len(b.Notes) != 2 || b.ObservedAt.Unix() != 1790000100 {
		t.Errorf("without its end: %+v %+v", b.Stream, b.Notes)
	}
	cut := strings.Replace(whole, "</nmaprun>\n", "", 1)
	in := collecttest.Input("x.xml", []byte(cut))
	if _, err := (nmap.Importer{}).Parse(context.Background(), in); err == nil {
		t.Error("a file that was cut off is taken without asking")
	}
	in.OnFault = collect.SkipRows
	p, err := nmap.Importer{}.Parse(context.Background(), in)
	if err != nil || len(p.Batch.Sightings) != 1 || len(p.Skipped) != 1 || p.Batch.Stream.Snapshot {
		t.Errorf("got %v, %+v", err, p)
	}
	// Inside a host there is no telling what is missing.
	in = collecttest.Input("x.xml", []byte(cut[:strings.Index(cut, "<os>")]))
	in.OnFault = collect.SkipRows
	if _, err := (nmap.Importer{}).Parse(context.Background(), in); err == nil {
		t.Error("a file that was cut inside a host is taken")
	}
}

// TestStreamOfCommand says which runs count as the same recurring scan.
func TestStreamOfCommand(t *testing.T) {
	id := func(args string) string {
		s := strings.Replace(sample, "nmap -sS -sV --script-args smbpassword=hunter2 -oX x.xml 10.20.0.0/24", args, 1)
		return parse(t, "x.xml", []byte(s)).Batch.Stream.ID
	}
	a, b, c := id("nmap -sV -oX a.xml 10.0.0.0/8"), id("nmap -v -sV -oA b 10.0.0.0/8"), id("nmap -sV -oX a.xml 10.1.0.0/16")
	if a != b || a == c {
		t.Errorf("got %s, %s, %s", a, b, c)
	}
}

// TestOwnRun scans this machine's own address, where nmap is installed.
func TestOwnRun(t *testing.T) {
	path, err := exec.LookPath("nmap")
	if err != nil {
		t.Skip("nmap is not installed")
	}
	addr := ownAddress(t)
	out := filepath.Join(t.TempDir(), "own.xml")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if b, err := exec.CommandContext(ctx, path, "-n", "-sT", "-T4", "-p", "1-50", "-oX", out, addr).CombinedOutput(); err != nil {
		t.Skipf("nmap could not run here: %v %s", err, b)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	in := collecttest.Input("own.xml", data)
	in.Now = time.Now()
	p, err := nmap.Importer{}.Parse(context.Background(), in)
	if err != nil || len(p.Batch.Sightings) != 1 {
		t.Fatalf("got %v, %+v", err, p)
	}
	collecttest.CheckBatch(t, p, in)
}

func ownAddress(t *testing.T) string {
	t.Helper()
	b, err := exec.Command("hostname", "-I").Output()
	if err != nil {
		t.Skip("the machine's addresses cannot be told")
	}
	for f := range strings.FieldsSeq(string(b)) {
		if a, err := netip.ParseAddr(f); err == nil && a.Is4() {
			return f
		}
	}
	t.Skip("the machine has no address but loopback")
	return ""
}

func BenchmarkParse(b *testing.B) {
	data := testshared.Read(b, "corpora", "inventories", "scans", "nmap", "lab-nm_1000.xml.zst")
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := (nmap.Importer{}).Parse(context.Background(), collecttest.Input("x.xml", data)); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add(tlsScan)
	for _, x := range collecttest.Foreign() {
		f.Add(x.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { collecttest.Fuzz(t, nmap.Importer{}, "x.xml", data) })
}
