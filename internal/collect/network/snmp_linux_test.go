package network_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/internal/fingerprint"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/test/netlab"
)

const (
	printerConf = `rocommunity lab-read
sysdescr HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD153,EEPROM JSI24090012,PID:HP LaserJet M607
sysname npi-ward3
syslocation Ward 3, nurse station
sysobjectid .1.3.6.1.4.1.11.2.3.9.1
override .1.3.6.1.2.1.43.5.1.1.17.1 octet_str "PHB7F12345"
`
	switchConf = `createUser reader SHA-256 "authentic-pass" AES "private-pass"
rouser reader priv
sysdescr Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE11, RELEASE SOFTWARE (fc3)
sysname sw-icu-1
sysobjectid .1.3.6.1.4.1.9.1.1208
sysservices 6
override .1.3.6.1.2.1.47.1.1.1.1.5.1001 integer 3
override .1.3.6.1.2.1.47.1.1.1.1.11.1001 octet_str "FOC1234X5YZ"
override .1.3.6.1.2.1.47.1.1.1.1.12.1001 octet_str "Cisco"
override .1.3.6.1.2.1.47.1.1.1.1.13.1001 octet_str "WS-C2960-24TT-L"
override .1.3.6.1.2.1.17.1.4.1.2.12 integer 10112
override .1.3.6.1.2.1.17.1.4.1.2.24 integer 10124
override .1.3.6.1.2.1.31.1.1.1.1.10112 octet_str "Gi1/0/12"
override .1.3.6.1.2.1.31.1.1.1.1.10124 octet_str "Gi1/0/24"
`
)

// fdb is a bridge's table as lines of a configuration: devices at ports.
func fdb(at map[int][]fingerprint.MAC) string {
	var b strings.Builder
	for port, macs := range at {
		for _, m := range macs {
			index := fmt.Sprintf("%d.%d.%d.%d.%d.%d", m[0], m[1], m[2], m[3], m[4], m[5])
			fmt.Fprintf(&b, "override .1.3.6.1.2.1.17.4.3.1.2.%s integer %d\noverride .1.3.6.1.2.1.17.4.3.1.3.%s integer 3\n", index, port, index)
		}
	}
	return b.String()
}

func reading(ports ...uint16) network.Job {
	return network.Job{Ports: ports, Scope: network.Scope{Name: "lab", Nets: []network.Net{{Prefix: netip.MustParsePrefix("10.78.0.0/26"), Profile: network.Normal, Rate: 500, HostRate: 200}}}}
}

// TestReadsByCommunity reads a printer by version 2c: what it says becomes facts,
// a fragile device with the same agent is sent nothing, and no packet carries a
// community that was not given.
func TestReadsByCommunity(t *testing.T) {
	t.Parallel()
	l := netlab.NewDevices(t, netip.MustParsePrefix("10.78.0.0/26"), 6)
	printer, pump, other := l.Hosts[1], l.Hosts[2], l.Hosts[3]
	l.SNMPD(t, printer, printerConf)
	l.SNMPD(t, pump, printerConf)
	l.SNMPD(t, other, strings.Replace(printerConf, "lab-read", "another", 1))
	job := reading(443)
	job.Guard = network.NewDoNotTouch([]network.Untouchable{{Name: "pump", Addrs: []netip.Addr{pump}, Why: "marked fragile"}}, nil, nil)
	job.SNMP = &network.SNMPAccess{Version: network.SNMPv2c, Community: secret.New("lab-read")}
	c := l.Count(t)
	var r *network.Run
	var err error
	l.Ask(t, func() { r, err = scanner().Run(t.Context(), plan(t, job)) })
	if err != nil {
		t.Fatal(err)
	}
	packets, lost := c.Stop()
	udp := map[netip.Addr]int{}
	counted := 0
	for _, p := range packets {
		if p.To == pump {
			t.Fatalf("a packet of protocol %d for the pump", p.Protocol)
		}
		if p.Protocol == unix.IPPROTO_UDP {
			udp[p.To]++
			counted++
		}
	}
	// One question to the printer, and one for a chassis it may have; those who are
	// silent are asked twice.
	if lost > 0 || udp[printer] < 1 || udp[printer] > 3 || udp[other] != 2 || counted > 3+2*4 {
		t.Errorf("packets by SNMP: %v", udp)
	}
	i := slices.IndexFunc(r.Hosts, func(h network.Host) bool { return h.Addr == printer })
	if i < 0 || r.Hosts[i].SNMP == nil || r.Hosts[i].SNMP.Serial != "PHB7F12345" || r.Hosts[i].SNMP.Name != "npi-ward3" {
		t.Fatalf("of the printer was read %+v", r.Hosts[max(i, 0)].SNMP)
	}
	b, err := r.Batch(fingerprint.Default(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range b.Sightings {
		if s.Ref != printer.String() {
			continue
		}
		for attr, want := range map[string]any{"serial": "PHB7F12345", "location": "Ward 3, nurse station", "device_kind": "printer", "manufacturer": "HP"} {
			if s.Values[attr] != want {
				t.Errorf("%s is stated as %v, want %v", attr, s.Values[attr], want)
			}
		}
	}
	t.Logf("%d packets by SNMP: %v", counted, udp)
}

// TestReadsSwitches reads a switch by version 3 with privacy: where devices hang,
// and those that answer nothing.
func TestReadsSwitches(t *testing.T) {
	t.Parallel()
	l := netlab.NewDevices(t, netip.MustParsePrefix("10.78.0.0/26"), 6)
	quiet := fingerprint.MAC{0x00, 0x09, 0xfb, 0x11, 0x22, 0x33} // never answers here: behind another network
	many := []fingerprint.MAC{card(3), card(4), {0, 0x1b, 0x44, 1, 1, 1}, {0, 0x1b, 0x44, 1, 1, 2}, {0, 0x1b, 0x44, 1, 1, 3}}
	sw := l.Hosts[0]
	l.SNMPD(t, sw, switchConf+fdb(map[int][]fingerprint.MAC{12: {card(2), quiet}, 24: many}))
	for _, tt := range []struct {
		name   string
		access network.SNMPAccess
		reads  bool
		says   string
	}{
		{"with the user", network.SNMPAccess{Version: network.SNMPv3, User: "reader", Auth: "sha256", AuthKey: secret.New("authentic-pass"), Privacy: "aes", PrivKey: secret.New("private-pass")}, true, ""},
		{"with a wrong password", network.SNMPAccess{Version: network.SNMPv3, User: "reader", Auth: "sha256", AuthKey: secret.New("authentic-pasS"), Privacy: "aes", PrivKey: secret.New("private-pass")}, false, "did not know the user, or not with this password"},
		{"with another user", network.SNMPAccess{Version: network.SNMPv3, User: "somebody", Auth: "sha256", AuthKey: secret.New("authentic-pass"), Privacy: "aes", PrivKey: secret.New("private-pass")}, false, "did not know the user, or not with this password"},
		{"without privacy", network.SNMPAccess{Version: network.SNMPv3, User: "reader", Auth: "sha256", AuthKey: secret.New("authentic-pass")}, false, "refused what was asked"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			job := reading(443)
			job.SNMP = &tt.access
			var r *network.Run
			var err error
			l.Ask(t, func() { r, err = scanner().Run(t.Context(), plan(t, job)) })
			if err != nil {
				t.Fatal(err)
			}
			if !tt.reads {
				if !noted(r, "SNMP", tt.says) || len(r.Sighted) > 0 {
					t.Errorf("it is not said that devices %s: %v", tt.says, r.Notes)
				}
				return
			}
			i := slices.IndexFunc(r.Hosts, func(h network.Host) bool { return h.Addr == sw })
			if i < 0 || r.Hosts[i].SNMP == nil || r.Hosts[i].SNMP.Serial != "FOC1234X5YZ" || r.Hosts[i].SNMP.Model != "WS-C2960-24TT-L" || r.Hosts[i].SNMP.Clear {
				t.Fatalf("of the switch was read %+v, notes %v", r.Hosts[max(i, 0)].SNMP, r.Notes)
			}
			b, err := r.Batch(fingerprint.Default(), nil)
			if err != nil {
				t.Fatal(err)
			}
			ports := map[string]any{}
			for _, s := range b.Sightings {
				ports[s.Ref] = s.Values["switch_port"]
				if s.Ref == sw.String() && s.Values["device_kind"] != "switch" {
					t.Errorf("the switch is taken for %v", s.Values["device_kind"])
				}
			}
			if at := "sw-icu-1 Gi1/0/12"; ports[l.Hosts[2].String()] != at || ports[quiet.String()] != at {
				t.Errorf("places are %v", ports)
			}
			if ports[l.Hosts[3].String()] != nil {
				t.Errorf("a port with five devices is an uplink, not a place: %v", ports)
			}
			if _, stated := ports[many[2].String()]; !stated {
				t.Errorf("a device that only the switch knows is not stated: %v", ports)
			}
			t.Logf("%d sightings of the switch's tables, %d packets", len(r.Sighted), r.Packets)
		})
	}
}
