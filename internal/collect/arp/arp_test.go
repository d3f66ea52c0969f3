package arp_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/arp"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/fact"
)

const neigh = `10.20.4.1 dev eth0 lladdr 00:00:5e:00:01:0a router REACHABLE
10.20.4.31 dev eth0 lladdr 00:1b:44:11:3a:b7 REACHABLE
10.20.4.32 dev eth0 lladdr 00:1b:44:11:3a:c1 STALE
10.20.4.33 dev eth0  FAILED
10.20.4.34 dev eth0  INCOMPLETE
10.20.4.35 dev eth0 lladdr 00:1b:44:11:3a:c5 PERMANENT
2001:db8::31 dev eth0 lladdr 00:1b:44:11:3a:b7 ref 1 used 5/3/1 probes 1 DELAY
fe80::1 dev eth0 lladdr 00:1b:44:11:3a:01 router STALE
224.0.0.22 dev eth0 lladdr 01:00:5e:00:00:16 NOARP
`

const neighJSON = `[{"dst":"10.20.4.31","dev":"eth0","lladdr":"00:1b:44:11:3a:b7","state":["REACHABLE"]},{"dst":"10.20.4.33","dev":"eth0","state":["FAILED"]}]`

const proc = `IP address       HW type     Flags       HW address            Mask     Device
10.20.4.31       0x1         0x2         00:1b:44:11:3a:b7     *        eth0
10.20.4.33       0x1         0x0         00:00:00:00:00:00     *        eth0
10.20.4.35       0x1         0x6         00:1b:44:11:3a:c5     *        eth0
`

const linuxN = "Address                  HWtype  HWaddress           Flags Mask            Iface\npacs-01                  ether   00:1b:44:11:3a:c9   C                     eth0\n10.20.4.31               ether   00:1b:44:11:3a:b7   C                     eth0\n10.20.4.33                       (incomplete)                              eth0\n"

const bsd = `? (10.20.4.31) at 0:1b:44:11:3a:b7 on en0 ifscope [ethernet]
pump-7.hospital.example (10.20.4.40) at 0:1b:44:11:3a:d1 on en0 ifscope [ethernet]
? (10.20.4.33) at (incomplete) on en0 ifscope [ethernet]
? (224.0.0.251) at 1:0:5e:0:0:fb on en0 ifscope permanent [ethernet]
`

const windows = "\r\nInterface: 10.20.4.5 --- 0x4\r\n  Internet Address      Physical Address      Type\r\n  10.20.4.31            00-1b-44-11-3a-b7     dynamic   \r\n  10.20.4.255           ff-ff-ff-ff-ff-ff     static    \r\n  224.0.0.22            01-00-5e-00-00-16     static    \r\n"

const ios = `core-sw-1#show ip arp
Protocol  Address          Age (min)  Hardware Addr   Type   Interface
Internet  10.20.4.1               -   0011.2233.4401  ARPA   Vlan10
Internet  10.20.5.1               -   0011.2233.4401  ARPA   Vlan20
Internet  10.20.4.31             35   001b.4411.3ab7  ARPA   Vlan10
Internet  10.20.4.33              0   Incomplete      ARPA
core-sw-1#show mac address-table
          Mac Address Table
-------------------------------------------

Vlan    Mac Address       Type        Ports
----    -----------       --------    -----
 All    0100.0ccc.cccc    STATIC      CPU
  10    001b.4411.3ab7    DYNAMIC     Gi1/0/12
  10    001b.4411.3ac1    DYNAMIC     Gi1/0/48
  10    001b.4411.3ac2    DYNAMIC     Gi1/0/48
  10    001b.4411.3ac3    DYNAMIC     Gi1/0/48
  10    001b.4411.3ac4    DYNAMIC     Gi1/0/48
  20    001b.4411.3ac5    DYNAMIC     Gi1/0/48
Total Mac Addresses for this criterion: 6
`

const nxos = `Flags: * - Adjacencies learnt on non-active FHRP router
IP ARP Table for context default
Total number of entries: 2
Address         Age       MAC Address     Interface       Flags
10.20.4.31      00:12:00  001b.4411.3ab7  Vlan10
10.20.4.33      00:00:05  INCOMPLETE      Vlan10
   VLAN     MAC Address      Type      age     Secure NTFY Ports
---------+-----------------+--------+---------+------+----+------------------
*   10     001b.4411.3ab7   dynamic  0         F      F    Eth1/12
G    -     0011.2233.4401   static   -         F      F    sup-eth1(R)
`

const juniper = `MAC Address       Address         Name                      Interface               Flags
00:1b:44:11:3a:b7 10.20.4.31      10.20.4.31                ge-0/0/0.0              none
00:1b:44:11:3a:d1 10.20.4.40      pump-7.hospital.example   ge-0/0/1.0              none
`

const walk = `IP-MIB::ipNetToMediaPhysAddress.2.10.20.4.31 = STRING: 0:1b:44:11:3a:b7
.1.3.6.1.2.1.4.22.1.2.2.10.20.4.40 = Hex-STRING: 00 1B 44 11 3A D1 
IP-MIB::ipNetToPhysicalPhysAddress.2.ipv4."10.20.4.41" = STRING: 0:1b:44:11:3a:d2
IP-MIB::ipNetToMediaType.2.10.20.4.31 = INTEGER: dynamic(3)
`

// whole tells a cut between two lines, or before the end of one.
func whole(data string) func(cut []byte) bool {
	return func(cut []byte) bool { return cut[len(cut)-1] == '\n' || data[len(cut)] == '\n' }
}

func atLine(cut []byte) bool { return len(cut) > 0 && cut[len(cut)-1] == '\n' }

// screen tells a cut that a table copied from a screen cannot show: between two
// lines, or in the words behind the addresses of the last.
func screen(cut []byte) bool {
	last := string(cut[bytes.LastIndexByte(cut, '\n')+1:])
	if strings.TrimSpace(last) == "" || strings.HasSuffix(last, "#") {
		return true
	}
	for _, behind := range []string{" ARPA", " DYNAMIC ", " STATIC ", " on e", " dynamic", " static", " C ", "(incomplete)"} {
		if strings.Contains(last, behind) {
			return true
		}
	}
	return false
}

func TestSuite(t *testing.T) {
	for name, s := range map[string]struct {
		data string
		text bool
		cut  func([]byte) bool
	}{
		"ip neigh": {neigh, false, whole(neigh)}, "json": {neighJSON, true, nil}, "proc": {proc, false, atLine}, "linux -n": {linuxN, false, screen},
		"bsd": {bsd, false, screen}, "windows": {windows, false, screen}, "ios": {ios, false, screen},
		"walk": {walk, false, atLine},
	} {
		t.Run(name, func(t *testing.T) {
			collecttest.Run(t, collecttest.Suite{
				Importer: arp.Importer{}, Samples: []collecttest.Sample{{Name: "table.txt", Data: []byte(s.data)}}, Text: s.text, CutMayPass: s.cut,
			})
		})
	}
}

func TestFlood(t *testing.T) {
	collecttest.Run(t, collecttest.Suite{
		Importer: arp.Importer{}, Samples: []collecttest.Sample{{Name: "table.txt", Data: []byte(neigh)}}, CutMayPass: whole(neigh),
		Floods: map[string]collecttest.Generated{
			"noise":     {Head: neigh, Unit: "noise ######## noise, and more of it than anybody wants to read in a day\n"},
			"addresses": {Unit: "10.20.4.31 dev eth0 lladdr 00:1b:44:11:3a:b7 REACHABLE\n"},
		},
	})
}

func parse(t *testing.T, data string, options ...string) *collect.Parsed {
	t.Helper()
	in := collecttest.Input("table", []byte(data))
	in.Options = map[string]string{}
	for i := 0; i < len(options); i += 2 {
		in.Options[options[i]] = options[i+1]
	}
	p, err := arp.Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	return p
}

func show(s fact.Sighting) string {
	var keys []string
	for _, k := range s.Keys {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	out := strings.Join(keys, " ")
	if at, ok := s.Values["network_seen_at"].(time.Time); ok {
		out += " seen " + at.Format("15:04")
	}
	if s.Missing["network_seen_at"] != "" {
		out += " seen ?"
	}
	if v := s.Values["switch_port"]; v != nil {
		out += fmt.Sprintf(" at %v", v)
	}
	if v := s.Values["class"]; v != nil {
		out += fmt.Sprintf(" %v", v)
	}
	return out
}

func TestSightings(t *testing.T) {
	const ws = "ip:10.20.4.31 mac:00:1b:44:11:3a:b7"
	for _, tt := range []struct {
		name, data string
		want       []string
	}{
		{"ip neigh", neigh, []string{"ip:10.20.4.31 ip:2001:db8::31 mac:00:1b:44:11:3a:b7 seen 12:00", "ip:10.20.4.32 mac:00:1b:44:11:3a:c1 seen ?", "mac:00:1b:44:11:3a:01 seen ?"}},
		{"json", neighJSON, []string{ws + " seen 12:00"}},
		{"proc", proc, []string{ws + " seen ?"}},
		{"linux -n", linuxN, []string{"mac:00:1b:44:11:3a:c9 name:pacs-01 seen ?", ws + " seen ?"}},
		{"bsd", bsd, []string{ws + " seen 12:00", "fqdn:pump-7.hospital.example ip:10.20.4.40 mac:00:1b:44:11:3a:d1 name:pump-7 seen 12:00"}},
		{"windows", windows, []string{ws + " seen 12:00"}},
		{"ios", ios, []string{
			"ip:10.20.4.1 ip:10.20.5.1 mac:00:11:22:33:44:01 name:core-sw-1 seen 12:00 network_device", ws + " seen 12:00 at core-sw-1 Gi1/0/12",
			"mac:00:1b:44:11:3a:c1 seen 12:00", "mac:00:1b:44:11:3a:c2 seen 12:00", "mac:00:1b:44:11:3a:c3 seen 12:00", "mac:00:1b:44:11:3a:c4 seen 12:00", "mac:00:1b:44:11:3a:c5 seen 12:00",
		}},
		{"nx-os", nxos, []string{ws + " seen 12:00 at Eth1/12"}},
		{"juniper", juniper, []string{ws + " seen 12:00", "fqdn:pump-7.hospital.example ip:10.20.4.40 mac:00:1b:44:11:3a:d1 name:pump-7 seen 12:00"}},
		{"snmp", walk, []string{ws + " seen 12:00", "ip:10.20.4.40 mac:00:1b:44:11:3a:d1 seen 12:00", "ip:10.20.4.41 mac:00:1b:44:11:3a:d2 seen 12:00"}},
	} {
		p := parse(t, tt.data)
		var got []string
		for _, s := range p.Batch.Sightings {
			got = append(got, show(s))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestAge holds that an entry that the router heard of 35 minutes ago was seen then.
func TestAge(t *testing.T) {
	p := parse(t, "Internet  10.20.4.31             35   001b.4411.3ab7  ARPA   Vlan10\n", "device", "core-sw-1")
	if got := show(p.Batch.Sightings[0]) + " " + p.Batch.Stream.ID; got != "ip:10.20.4.31 mac:00:1b:44:11:3a:b7 seen 11:25 import/arp/core-sw-1" {
		t.Errorf("got %s", got)
	}
}

func TestProxyKeepsNoAddress(t *testing.T) {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "10.20.9.%d dev eth0 lladdr 00:1b:44:11:3a:01 REACHABLE\n", i+1)
	}
	p := parse(t, b.String())
	if s := p.Batch.Sightings[0]; len(s.Keys) != 1 || s.Values["ips"] != nil {
		t.Errorf("a router took the addresses of others: %v", s.Keys)
	}
	if len(p.Batch.Notes) == 0 {
		t.Error("there is no note")
	}
}

func TestNotes(t *testing.T) {
	p := parse(t, neigh)
	for _, want := range []string{"2 addresses", "1 entry", "1 hardware address", "2 devices"} {
		if !slices.ContainsFunc(p.Batch.Notes, func(n fact.Note) bool { return n.What == want }) {
			t.Errorf("no note on %s: %v", want, p.Batch.Notes)
		}
	}
}

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct{ data, want string }{
		"cut":   {neigh + "10.20.4.50 dev eth0 lladdr 00:1b:44", "line 10: the line"},
		"form":  {neigh + "10.20.4.50 is there\n", "line 10: the line"},
		"none":  {"nothing of the kind\n", "no neighbor table"},
		"snmp":  {walk + "IP-MIB::ipNetToMediaPhysAddress.2.10.20.4.31 = STRING: 0:1b\n", "line 5"},
		"ended": {strings.TrimSuffix(proc, "\n"), "cut off"},
	} {
		_, err := arp.Importer{}.Parse(context.Background(), collecttest.Input("x", []byte(tt.data)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{neigh, neighJSON, proc, linuxN, bsd, windows, ios, nxos, juniper, walk} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { collecttest.Fuzz(t, arp.Importer{}, "table", data) })
}

// BenchmarkIOS reads a table of 20,000 entries.
func BenchmarkIOS(b *testing.B) {
	var w bytes.Buffer
	for i := range 20_000 {
		fmt.Fprintf(&w, "Internet  10.%d.%d.%d   %d   001b.44%02x.%02x%02x  ARPA   Vlan10\n", i>>16, i>>8&255, i&255, i%240, i>>16, i>>8&255, i&255)
	}
	b.SetBytes(int64(w.Len()))
	for b.Loop() {
		if _, err := (arp.Importer{}).Parse(context.Background(), collecttest.Input("table", w.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
