package dhcp_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/dhcp"
	"github.com/asepsis/asepsis/internal/fact"
)

// The suite says that it is noon of November 25, 2026.
const isc = `# The format of this file is documented in the dhcpd.leases(5) manual page.
# This lease file was written by isc-dhcp-4.4.3
authoring-byte-order little-endian;

lease 10.20.4.31 {
  starts 3 2026/11/25 08:00:00;
  ends 3 2026/11/25 20:00:00;
  cltt 3 2026/11/25 09:00:00;
  binding state active;
  next binding state free;
  hardware ethernet 0:1b:44:11:3a:b7;
  uid "\001\000\033D\021:\267";
  set vendor-class-identifier = "MSFT 5.0";
  set parameter-request-list = "1,3,6,15,31,33,43,44,46,47,119,121,249,252";
  client-hostname "RAD-WS-01";
}
lease 10.20.4.32 {
  starts epoch 1763000000; # Thu Nov 13 02:13:20 2025
  ends epoch 1763043200; # Thu Nov 13 14:13:20 2025
  binding state free;
  hardware ethernet 00:1b:44:11:3a:c1;
  client-hostname "old-laptop";
}
lease 10.20.4.33 {
  starts 2 2026/11/24 08:00:00;
  ends 2 2026/11/24 09:00:00;
  binding state expired;
  hardware ethernet 00:1b:44:11:3a:d1;
}
lease 10.20.4.33 {
  starts 3 2026/11/25 10:00:00;
  ends never;
  binding state active;
  hardware ethernet 00:1b:44:11:3a:d2;
  vendor-class-identifier "Philips-IntelliVue";
}
lease 10.20.4.40 {
  starts 2 2026/11/24 08:00:00;
  ends never;
  binding state abandoned;
}
failover peer "dhcp" state {
  my state normal at 3 2026/11/25 08:00:00;
}
ia-na "\001\000\000\000\000\003\000\001\000\033D\021:\340" {
  cltt 3 2026/11/25 07:00:00;
  iaaddr 2001:db8::31 {
    binding state active;
    preferred-life 3600;
    max-life 7200;
    ends 3 2026/11/25 13:00:00;
  }
}
`

const keaCSV = `address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id
10.20.5.10,00:1b:44:11:3b:01,01:00:1b:44:11:3b:01,4000,1795610000,1,0,0,pump-7.hospital.example.,0,,0
10.20.5.11,00:1b:44:11:3b:02,,4000,1795000000,1,0,0,front&#x2cdesk,0,,0
10.20.5.12,00:1b:44:11:3b:03,,4000,1795610000,1,0,0,,0,,0
10.20.5.12,00:1b:44:11:3b:03,,0,1795606500,1,0,0,,0,,0
10.20.5.13,,,86400,1795610000,1,0,0,,1,,0
`

const keaCSV6 = `address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source,pool_id
2001:db8::10,00:01:00:01:2a:2b:2c:2d:00:1b:44:11:3b:09,4000,1795610000,1,3000,0,7,128,0,0,v6-host,,0,,1,2,0
2001:db8:1::,00:02:00:00:ab:11:01:02:03:04,4000,1795610000,1,3000,2,7,56,0,0,,,0,,,,0
`

const keaJSON = `[{"arguments": {"leases": [
 {"client-id": "01:00:1b:44:11:3b:01", "cltt": 1795606000, "fqdn-fwd": false, "hostname": "pump-7", "hw-address": "00:1b:44:11:3b:01", "ip-address": "10.20.5.10", "state": 0, "subnet-id": 1, "valid-lft": 4000}
]}, "result": 0, "text": "1 IPv4 lease(s) found."}]`

const dnsmasq = `1795620000 00:1b:44:11:3c:01 10.20.6.10 lab-analyzer 01:00:1b:44:11:3c:01
0 00:1b:44:11:3c:02 10.20.6.11 * *
1795600000 06-00:1b:44:11:3c:03 10.20.6.12 gone ff:00:00:00:01:00:03:00:01:00:1b:44:11:3c:03
duid 00:01:00:01:2a:2b:2c:2d:00:1b:44:11:3c:fe
1795620000 123456 2001:db8::20 lab-analyzer 00:03:00:01:00:1b:44:11:3c:01
`

const windowsCSV = `#TYPE Microsoft.Management.Infrastructure.CimInstance#root/Microsoft/Windows/DHCP/DhcpServerv4Lease
"IPAddress","ScopeId","AddressState","ClientId","HostName","LeaseExpiryTime","NapStatus"
"10.20.7.10","10.20.7.0","Active","00-1b-44-11-3d-01","NURSE-07.hospital.example","11/26/2026 8:00:00 AM","FullAccess"
"10.20.7.11","10.20.7.0","InactiveReservation","00-1b-44-11-3d-02","spare-printer","","FullAccess"
"10.20.7.12","10.20.7.0","Expired","00-1b-44-11-3d-03","visitor","11/20/2026 8:00:00 AM","FullAccess"
"10.20.7.13","10.20.7.0","ActiveReservation","00-1b-44-11-3d-04","pacs-01","","FullAccess"
`

const windowsXML = `<?xml version="1.0" encoding="utf-8"?>
<DHCPServer><MajorVersion>6</MajorVersion><IPv4><Scopes><Scope><ScopeId>10.20.7.0</ScopeId>
<Reservations><Reservation><Name>spare</Name><IPAddress>10.20.7.11</IPAddress><ClientId>00-1b-44-11-3d-02</ClientId></Reservation></Reservations>
<Leases><Lease><IPAddress>10.20.7.10</IPAddress><ClientId>00-1b-44-11-3d-01</ClientId><HostName>NURSE-07</HostName><LeaseExpiryTime>2026-11-26 08:00:00Z</LeaseExpiryTime><AddressState>Active</AddressState></Lease>
<Lease><IPAddress>10.20.7.13</IPAddress><ClientId>00-1b-44-11-3d-04</ClientId><HostName>pacs-01</HostName><LeaseExpiryTime>1601-01-01 00:00:00Z</LeaseExpiryTime><AddressState>Active</AddressState></Lease>
</Leases></Scope></Scopes></IPv4></DHCPServer>`

const audit = "\t\tMicrosoft DHCP Service Activity Log\r\n\r\nEvent ID  Meaning\r\n00\tThe log was started.\r\n10\tA new IP address was leased to a client.\r\n\r\n" +
	"ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,Probationtime, CorrelationID,Dhcid,VendorClass(Hex),VendorClass(ASCII),UserClass(Hex),UserClass(ASCII),RelayAgentInformation,DnsRegError.\r\n" +
	"00,11/25/26,00:00:01,Started,,,,,0,6,,,,,,,,,0\r\n" +
	"10,11/25/26,08:00:02,Assign,10.20.7.20,NURSE-08.hospital.example,001B44113D11,,2222,0,,,,0x4D53465420352E30,MSFT 5.0,,,,0\r\n" +
	"11,11/25/26,09:30:00,Renew,10.20.7.20,NURSE-08.hospital.example,001B44113D11,,2223,0,,,,,MSFT 5.0,,,,0\r\n" +
	"12,11/25/26,09:40:00,Release,10.20.7.21,gone.hospital.example,001B44113D12,,2224,0,,,,,,,,,0\r\n" +
	"17,11/25/26,09:50:00,DNS record not deleted,10.20.7.22,,001B44113D13,,0,6,,,,,,,,,0\r\n" +
	"24,11/25/26,10:00:00,Database Cleanup Begin,,,,,0,6,,,,,,,,,0\r\n"

const netsh = `Changed the current scope context to 10.20.7.0 scope.

Type : N - NONE, D - DHCP B - BOOTP, U - UNSPECIFIED, R - RESERVATION IP
============================================================================================
IP Address      - Subnet Mask    - Unique ID           - Lease Expires        -Type -Name
============================================================================================

10.20.7.10      - 255.255.255.0  - 00-1b-44-11-3d-01   -11/26/2026 8:00:00 AM    -D  -  NURSE-07.hospital.example
10.20.7.11      - 255.255.255.0  - 00-1b-44-11-3d-02   - INACTIVE                -D  -  spare-printer

No of Clients(version 4): 2 in the Scope : 10.20.7.0.
`

const netshDump = "Dhcp Server \\\\dc01 add scope 10.20.7.0 255.255.255.0 \"Ward\" \"\"\r\nDhcp Server \\\\dc01 Scope 10.20.7.0 Add reservedip 10.20.7.11 001b44113d02 \"spare\" \"\" \"BOTH\"\r\n"

// balanced tells a cut between leases, which no file shows.
func balanced(cut []byte) bool {
	n := 0
	for line := range bytes.Lines(cut) {
		if i := bytes.IndexByte(line, '#'); i >= 0 {
			line = append(line[:i:i], ';')
		}
		n += bytes.Count(line, []byte("{")) - bytes.Count(line, []byte("}"))
	}
	last := bytes.TrimSpace(cut)
	if i := bytes.LastIndexByte(last, '\n'); i >= 0 {
		last = bytes.TrimSpace(last[i+1:])
	}
	return n == 0 && (bytes.HasSuffix(last, []byte("}")) || bytes.HasPrefix(last, []byte("#")) || bytes.HasSuffix(last, []byte(";")))
}

func atLine(cut []byte) bool { return len(cut) > 0 && cut[len(cut)-1] == '\n' }

func TestSuite(t *testing.T) {
	for name, s := range map[string]struct {
		data string
		text bool
		root string
		cut  func([]byte) bool
	}{
		"isc": {isc, false, "", balanced}, "kea csv": {keaCSV, false, "", atLine}, "kea csv v6": {keaCSV6, false, "", atLine}, "kea json": {keaJSON, true, "", nil},
		"dnsmasq": {dnsmasq, false, "", atLine}, "windows csv": {windowsCSV, false, "", func(cut []byte) bool { return atLine(cut) || bytes.HasSuffix(cut, []byte(`FullAccess"`)) }},
		"windows xml": {windowsXML, true, "DHCPServer", nil}, "audit": {audit, false, "", atLine},
		"netsh": {netsh, false, "", func(cut []byte) bool { return bytes.Contains(cut, []byte("AM    -D")) }},
	} {
		t.Run(name, func(t *testing.T) {
			collecttest.Run(t, collecttest.Suite{
				Importer: dhcp.Importer{}, Samples: []collecttest.Sample{{Name: "leases", Data: []byte(s.data)}}, Text: s.text, XMLRoot: s.root, CutMayPass: s.cut,
			})
		})
	}
}

// TestFloods gives a lease a name of a gigabyte, and a million nested blocks.
func TestFloods(t *testing.T) {
	collecttest.Run(t, collecttest.Suite{
		Importer: dhcp.Importer{}, Samples: []collecttest.Sample{{Name: "leases", Data: []byte(isc)}}, CutMayPass: balanced,
		Open: "lease 10.0.0.1 {\n  client-hostname \"", Nest: "\"; on commit {\n \"",
		Floods: map[string]collecttest.Generated{
			"statements": {Head: "lease 10.0.0.1 {\n", Unit: "  set x######## = \"y\";\n", Tail: "}\n"},
			"events":     {Head: audit, Unit: "10,11/25/26,08:00:02,Assign,10.20.7.20,n########.example,001B44113D11,,2222,0,,,,,,,,,0\r\n"},
		},
	})
}

func parse(t *testing.T, data string, options ...string) *collect.Parsed {
	t.Helper()
	in := collecttest.Input("leases", []byte(data))
	in.Options = map[string]string{}
	for i := 0; i < len(options); i += 2 {
		in.Options[options[i]] = options[i+1]
	}
	p, err := dhcp.Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	return p
}

// show writes a sighting in a line: its keys, when it was seen, and the rest.
func show(b *fact.Batch, s fact.Sighting) string {
	var keys []string
	for _, k := range s.Keys {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	out := strings.Join(keys, " ")
	if at, ok := s.Values["network_seen_at"].(time.Time); ok {
		out += " seen " + at.Format("01-02 15:04")
		if s.Values["last_seen_at"] != at {
			out += "?"
		}
	}
	if s.Missing["network_seen_at"] != "" {
		out += " seen ?"
	}
	for _, a := range slices.Sorted(maps.Keys(s.Values)) {
		if strings.HasPrefix(a, "dhcp_") {
			out += fmt.Sprintf(" %s=%v", strings.TrimPrefix(a, "dhcp_"), s.Values[a])
		}
	}
	return out
}

func all(p *collect.Parsed) []string {
	var out []string
	for _, s := range p.Batch.Sightings {
		out = append(out, show(p.Batch, s))
	}
	return out
}

func TestSightings(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		options    []string
		want       []string
	}{
		{"isc", isc, nil, []string{
			"ip:10.20.4.31 mac:00:1b:44:11:3a:b7 name:rad-ws-01 seen 11-25 09:00 fingerprint=1,3,6,15,31,33,43,44,46,47,119,121,249,252 vendor_class=MSFT 5.0",
			"mac:00:1b:44:11:3a:c1 name:old-laptop seen 11-13 02:13",
			"mac:00:1b:44:11:3a:d1 seen 11-24 08:00",
			"ip:10.20.4.33 mac:00:1b:44:11:3a:d2 seen 11-25 10:00 vendor_class=Philips-IntelliVue",
			"ip:2001:db8::31 mac:00:1b:44:11:3a:e0 seen 11-25 07:00",
		}},
		{"kea csv", keaCSV, nil, []string{
			"fqdn:pump-7.hospital.example ip:10.20.5.10 mac:00:1b:44:11:3b:01 name:pump-7 seen 11-25 11:26",
			"mac:00:1b:44:11:3b:02 name:front,desk seen 11-18 10:00",
			"mac:00:1b:44:11:3b:03 seen 11-25 11:26",
		}},
		{"kea csv v6", keaCSV6, nil, []string{"ip:2001:db8::10 mac:00:1b:44:11:3b:09 name:v6-host seen 11-25 11:26"}},
		{"kea json", keaJSON, nil, []string{"ip:10.20.5.10 mac:00:1b:44:11:3b:01 name:pump-7 seen 11-25 11:26"}},
		{"dnsmasq", dnsmasq, nil, []string{
			"ip:10.20.6.10 ip:2001:db8::20 mac:00:1b:44:11:3c:01 name:lab-analyzer seen ?",
			"ip:10.20.6.11 mac:00:1b:44:11:3c:02 seen ?",
			"mac:00:1b:44:11:3c:03 name:gone seen ?",
		}},
		{"dnsmasq, length known", dnsmasq, []string{"lease_hours", "12"}, []string{
			"ip:10.20.6.10 ip:2001:db8::20 mac:00:1b:44:11:3c:01 name:lab-analyzer seen 11-25 03:20",
			"ip:10.20.6.11 mac:00:1b:44:11:3c:02 seen ?",
			"mac:00:1b:44:11:3c:03 name:gone seen 11-24 21:46",
		}},
		{"windows csv", windowsCSV, []string{"lease_hours", "192", "zone", "America/Chicago"}, []string{
			"fqdn:nurse-07.hospital.example ip:10.20.7.10 mac:00:1b:44:11:3d:01 name:nurse-07 seen 11-18 14:00",
			"mac:00:1b:44:11:3d:03 name:visitor seen 11-12 14:00",
			"ip:10.20.7.13 mac:00:1b:44:11:3d:04 name:pacs-01 seen ?",
		}},
		{"windows xml", windowsXML, []string{"lease_hours", "192"}, []string{
			"ip:10.20.7.10 mac:00:1b:44:11:3d:01 name:nurse-07 seen 11-18 08:00",
			"ip:10.20.7.13 mac:00:1b:44:11:3d:04 name:pacs-01 seen ?",
		}},
		{"audit", audit, nil, []string{
			"fqdn:nurse-08.hospital.example ip:10.20.7.20 mac:00:1b:44:11:3d:11 name:nurse-08 seen 11-25 09:30 vendor_class=MSFT 5.0",
			"fqdn:gone.hospital.example mac:00:1b:44:11:3d:12 name:gone seen 11-25 09:40",
			"mac:00:1b:44:11:3d:13 seen ?",
		}},
		{"netsh", netsh, []string{"lease_hours", "192"}, []string{"fqdn:nurse-07.hospital.example ip:10.20.7.10 mac:00:1b:44:11:3d:01 name:nurse-07 seen 11-18 08:00"}},
		{"netsh dump", netshDump, nil, nil},
	} {
		p := parse(t, tt.data, tt.options...)
		if diff := cmp.Diff(tt.want, all(p)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if p.Batch.Stream.Snapshot {
			t.Errorf("%s: a device that is switched off is no less a device", tt.name)
		}
	}
}

// TestEndedLeaseIsNotNow holds that an old lease is no fresh sighting, also where
// only its end is known.
func TestEndedLeaseIsNotNow(t *testing.T) {
	for _, data := range []string{isc, dnsmasq, windowsCSV} {
		p := parse(t, data)
		for _, s := range p.Batch.Sightings {
			k := fmt.Sprint(s.Keys)
			if strings.Contains(k, "3a:c1") || strings.Contains(k, "3c:03") || strings.Contains(k, "3d:03") {
				if s.ObservedAt.IsZero() || collecttest.Now.Sub(s.ObservedAt) < time.Hour {
					t.Errorf("%s: an ended lease counts as seen at %v", k, s.ObservedAt)
				}
				if ips := s.Values["ips"]; ips != nil {
					t.Errorf("%s keeps the address %v of an ended lease", k, ips)
				}
			}
		}
	}
}

func TestNotes(t *testing.T) {
	for data, want := range map[string]string{isc: "address", netshDump: "reservation", windowsCSV: "1 reservation", keaCSV: "1 address"} {
		p := parse(t, data)
		if !slices.ContainsFunc(p.Batch.Notes, func(n fact.Note) bool { return strings.Contains(n.What, want) }) {
			t.Errorf("no note on %q: %v", want, p.Batch.Notes)
		}
	}
}

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct{ data, want string }{
		"address":     {"lease 10.0.0.300 {\n  starts 3 2026/11/25 08:00:00;\n}\nlease 10.0.0.1 {\n}\n", "line 1: the lease is of no address"},
		"time":        {"lease 10.0.0.1 {\n  starts 3 yesterday;\n}\n", `line 2: column "starts": the time cannot be read`},
		"quote":       {"lease 10.0.0.1 {\n  client-hostname \"x;\n}\n", "line 2: a quote is not closed"},
		"kea":         {strings.Replace(keaCSV, "4000,1795000000", "4000,soon", 1), "line 3: the line is no lease"},
		"dnsmasq":     {dnsmasq + "tomorrow x\n", "line 6: the line has not the five fields"},
		"windows":     {windowsCSV + "\"10.20.7.19\",\"10.20.7.0\"\n", "line 7: the line has not the 7 cells"},
		"no leases":   {strings.SplitAfter(keaCSV, "\n")[0], "no leases"},
		"kea refuses": {`[{"result": 1, "text": "no", "arguments": {"leases": [{"ip-address": "10.0.0.1", "cltt": 1, "valid-lft": 1}]}}]`, "an error"},
	} {
		_, err := dhcp.Importer{}.Parse(context.Background(), collecttest.Input("x", []byte(tt.data)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func TestServersApart(t *testing.T) {
	if id := parse(t, isc, "server", "DC 01").Batch.Stream.ID; id != "import/dhcp/dc-01" {
		t.Errorf("got %s", id)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{isc, keaCSV, keaCSV6, keaJSON, dnsmasq, windowsCSV, windowsXML, audit, netsh, netshDump} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { collecttest.Fuzz(t, dhcp.Importer{}, "leases", data) })
}

// BenchmarkISC reads 50,000 leases of ISC's server.
func BenchmarkISC(b *testing.B) {
	var w bytes.Buffer
	for i := range 50_000 {
		fmt.Fprintf(&w, "lease 10.%d.%d.%d {\n  starts 3 2026/11/25 08:00:00;\n  ends 3 2026/11/25 20:00:00;\n  cltt 3 2026/11/25 09:00:00;\n  binding state active;\n  hardware ethernet 00:1b:%02x:%02x:%02x:01;\n  client-hostname \"h%d\";\n}\n", i>>16, i>>8&255, i&255, i>>16, i>>8&255, i&255, i)
	}
	b.SetBytes(int64(w.Len()))
	for b.Loop() {
		if _, err := (dhcp.Importer{}).Parse(context.Background(), collecttest.Input("leases", w.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
