package fingerprint

import (
	"testing"
)

func TestRulesLoad(t *testing.T) {
	if n := Default().Rules(); n < 500 {
		t.Errorf("only %d rules were loaded", n)
	}
}

// lab holds made-up devices of a hospital and the class each is of. The cards are
// real prefixes of the makers; all the rest is invented after their manuals.
var lab = []struct {
	name  string
	class string
	mac   string
	tcp   []uint16
	sigs  []Signal
}{
	{"Windows PC", "workstation", "", []uint16{135, 139, 445, 3389}, []Signal{{Source: DHCPVendor, Value: "MSFT 5.0"}, {Source: DHCPOptions, Value: "1,3,6,15,31,33,43,44,46,47,119,121,249,252"}}},
	{"PC by name", "workstation", "", nil, []Signal{{Source: Hostname, Value: "DESKTOP-4F7K2QX"}}},
	{"laptop", "laptop", "", nil, []Signal{{Source: Hostname, Value: "LAPTOP-9QW3RT5Z"}}},
	{"MacBook", "laptop", "", nil, []Signal{{Source: MDNSInfo, Value: "model=MacBookPro18,3"}}},
	{"iMac", "workstation", "", nil, []Signal{{Source: MDNSInfo, Value: "model=iMac21,1"}}},
	{"iPhone", "mobile", "", []uint16{62078}, []Signal{{Source: Hostname, Value: "Anna's-iPhone"}}},
	{"Android", "mobile", "", nil, []Signal{{Source: DHCPVendor, Value: "android-dhcp-13"}}},
	{"iPad", "mobile", "", nil, []Signal{{Source: MDNSInfo, Value: "model=iPad13,8"}}},
	{"Vocera badge", "mobile", "", nil, []Signal{{Source: DHCPVendor, Value: "Vocera Badge"}}},
	{"domain controller", "server", "", []uint16{53, 135, 389, 445, 3389}, []Signal{{Source: Hostname, Value: "dc01.example.org"}}},
	{"SQL server", "server", "", []uint16{135, 445, 1433, 3389}, []Signal{{Source: SMBOS, Value: "Windows Server 2019 Standard 17763"}}},
	{"Debian web server", "server", "", []uint16{22, 80, 443}, []Signal{{Source: SSH, Value: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"}, {Source: HTTPServer, Value: "Apache/2.4.57 (Debian)"}}},
	{"ESXi", "server", "", []uint16{22, 443, 902}, []Signal{{Source: SNMPDescr, Value: "VMware ESXi 7.0.3 build-20328353 VMware, Inc. x86_64"}}},
	{"NetApp", "server", "", nil, []Signal{{Source: SNMPDescr, Value: "NetApp Release 9.10.1P8"}}},
	{"iDRAC", "server", "", []uint16{22, 80, 443, 5900}, []Signal{{Source: DHCPVendor, Value: "iDRAC"}}},
	{"iLO", "server", "", nil, []Signal{{Source: SSH, Value: "SSH-2.0-mpSSH_0.2.1"}}},
	{"Mirth engine", "server", "", []uint16{22, 2575, 6661, 8443}, []Signal{{Source: HL7App, Value: "MIRTH"}}},
	{"mail server", "server", "", []uint16{25, 443, 587}, []Signal{{Source: SMTP, Value: "mail.example.org Microsoft ESMTP MAIL Service ready"}}},
	{"IOS switch", "network_device", "", []uint16{22, 23, 80}, []Signal{{Source: SNMPDescr, Value: "Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE11, RELEASE SOFTWARE (fc3)"}}},
	{"NX-OS", "network_device", "", nil, []Signal{{Source: SNMPDescr, Value: "Cisco NX-OS(tm) n5000, Software (n5000-uk9), Version 5.2(1)N1(4)"}}},
	{"Palo Alto", "network_device", "", nil, []Signal{{Source: SNMPDescr, Value: "Palo Alto Networks PA-820 series firewall"}}},
	{"FortiGate", "network_device", "", nil, []Signal{{Source: TLSSubject, Value: "CN=FGT60FTK19000000,O=Fortinet Ltd."}}},
	{"Aruba AP", "network_device", "", nil, []Signal{{Source: DHCPVendor, Value: "ArubaAP"}}},
	{"Cisco AP", "network_device", "", nil, []Signal{{Source: DHCPVendor, Value: "Cisco AP C9120AXI-B"}}},
	{"UniFi AP", "network_device", "", nil, []Signal{{Source: SNMPDescr, Value: "UAP-AC-Pro-Gen2 6.0.21.13673"}}},
	{"ProCurve", "network_device", "", nil, []Signal{{Source: SNMPDescr, Value: "HP J9729A 2920-48G-POE+ Switch, revision WB.15.12.0015"}}},
	{"Lantronix", "network_device", "", []uint16{23, 10001}, []Signal{{Source: Telnet, Value: "Lantronix UDS1100"}}},
	{"Moxa", "network_device", "", []uint16{23, 4001}, []Signal{{Source: Telnet, Value: "Model name : NPort 5110A"}}},
	{"VRRP router", "network_device", "00:00:5e:00:01:0a", nil, nil},
	{"LaserJet", "printer", "", []uint16{80, 515, 631, 9100}, []Signal{{Source: SNMPDescr, Value: "HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD153,EEPROM JSI24090012,PID:HP LaserJet M607"}}},
	{"Lexmark", "printer", "", nil, []Signal{{Source: FTP, Value: "ET0021B7123456 Lexmark MS810 FTP Server NJ.APS.N254e ready."}}},
	{"Xerox", "printer", "", nil, []Signal{{Source: DHCPVendor, Value: "Mfg=Xerox;Typ=MFP;Mod=VersaLink C405;Ser=A;Loc=B"}}},
	{"Zebra", "printer", "", []uint16{9100}, []Signal{{Source: DHCPVendor, Value: "Zebra Technologies ZTC ZD421-203dpi ZPL"}}},
	{"Brother", "printer", "", nil, []Signal{{Source: Hostname, Value: "BRW0080921234AB"}}},
	{"printer by ports", "printer", "", []uint16{80, 515, 631, 9100}, nil},
	{"Ricoh", "printer", "", nil, []Signal{{Source: SNMPDescr, Value: "RICOH MP C3004 1.19 / RICOH Network Printer C model"}}},
	{"Cisco phone", "iot", "", nil, []Signal{{Source: DHCPVendor, Value: "Cisco Systems, Inc. IP Phone CP-8841"}}},
	{"Polycom phone", "iot", "", []uint16{80, 443, 5060}, []Signal{{Source: DHCPVendor, Value: "Polycom-VVX410"}}},
	{"Yealink phone", "iot", "", nil, []Signal{{Source: DHCPVendor, Value: "yealink"}}},
	{"Axis camera", "iot", "", []uint16{80, 554}, []Signal{{Source: DHCPVendor, Value: "AXIS,Network Camera,P3245-LV,10.12.130"}}},
	{"Hikvision", "iot", "", []uint16{80, 554, 8000}, []Signal{{Source: HTTPServer, Value: "App-webs/"}}},
	{"camera by port", "iot", "", []uint16{80, 554}, nil},
	{"Lenel door", "iot", "", nil, []Signal{{Source: SNMPDescr, Value: "LNL-2210 Intelligent Single Door Controller Firmware Version 1.17.6"}}},
	{"HID door", "iot", "", nil, []Signal{{Source: HTTPTitle, Value: "HID VertX EVO"}}},
	{"Niagara", "iot", "", []uint16{80, 1911}, []Signal{{Source: HTTPServer, Value: "Niagara Web Server/3.8"}}},
	{"Metasys", "iot", "", []uint16{80, 443}, []Signal{{Source: HTTPTitle, Value: "Metasys"}}},
	{"S7", "iot", "", []uint16{80, 102}, []Signal{{Source: SNMPDescr, Value: "Siemens, SIMATIC S7, CPU-1200, 6ES7 212-1BD30-0XB0"}}},
	{"APC", "iot", "", nil, []Signal{{Source: SNMPDescr, Value: "APC Web/SNMP Management Card (MB:v4.1.0 PF:v6.8.2 PN:apc_hw05_aos_682.bin MN:AP9631 HR:05)"}}},
	{"Roku", "iot", "", nil, []Signal{{Source: SSDP, Value: "Roku/9.2.0 UPnP/1.0 Roku/9.2.0"}}},
	{"CT by DICOM", "medical_device", "", []uint16{104}, []Signal{{Source: DICOMClass, Value: "1.3.12.2.1107.5.1.4"}, {Source: DICOMTitle, Value: "CT01"}}},
	{"GE MR", "medical_device", "", []uint16{4242}, []Signal{{Source: DICOMClass, Value: "1.2.840.113619.6.260"}, {Source: DICOMTitle, Value: "MR_ROOM2"}}},
	{"ultrasound", "medical_device", "", []uint16{104}, []Signal{{Source: DICOMClass, Value: "1.2.840.113663.1"}}},
	{"DICOM alone", "medical_device", "", []uint16{104}, nil},
	{"archive", "medical_device", "", []uint16{104, 1433, 11112, 443}, []Signal{{Source: Hostname, Value: "pacs01"}}},
	{"mammography", "medical_device", "", []uint16{104}, []Signal{{Source: DICOMClass, Value: "1.2.840.113681.2"}}},
	{"Alaris gateway", "medical_device", "", nil, []Signal{{Source: HL7App, Value: "ALARIS"}}},
	{"Sysmex", "medical_device", "", []uint16{2575}, []Signal{{Source: HL7App, Value: "XN-1000"}}},
	{"blood gas", "medical_device", "", []uint16{2575}, []Signal{{Source: HL7App, Value: "ABL90"}}},
	{"pump by name", "medical_device", "", nil, []Signal{{Source: Hostname, Value: "alaris-0412"}}},
	{"Omnicell", "medical_device", "", []uint16{135, 445}, []Signal{{Source: Hostname, Value: "pyxis-icu-2"}, {Source: HL7App, Value: "PYXIS"}}},
	{"IntelliVue", "medical_device", "", nil, []Signal{{Source: HTTPTitle, Value: "Philips IntelliVue MX800"}}},
	{"Windows CT", "medical_device", "", []uint16{104, 135, 445}, []Signal{{Source: DHCPVendor, Value: "MSFT 5.0"}, {Source: DICOMClass, Value: "1.2.392.200036.9116.2"}}},
}

// TestLab demands the right class for 95 in a hundred, and that a class is never
// stated with more confidence than its strongest evidence.
func TestLab(t *testing.T) {
	e := Default()
	right := 0
	for _, d := range lab {
		m, _ := ParseMAC(d.mac)
		a := e.Identify(Device{MAC: m, TCP: d.tcp, Scanned: len(d.tcp) > 0, Signals: d.sigs})
		if got := string(a.AssetClass()); got == d.class {
			right++
		} else {
			t.Logf("%s: class %s, want %s (%d %%, %v, against %v)", d.name, got, d.class, a.Class.Confidence, a.Class.Rules, a.Class.Against)
		}
		top := Confidence(0)
		for _, ev := range a.Evidence {
			top = max(top, ev.Confidence)
		}
		if a.Class.Confidence > top || a.Class.Known() && len(a.Why()) == 0 {
			t.Errorf("%s: class is %d %% sure, its evidence %d %%", d.name, a.Class.Confidence, top)
		}
	}
	t.Logf("class right for %d of %d made-up devices", right, len(lab))
	if right*100 < len(lab)*95 {
		t.Errorf("class right for %d of %d, want 95 %%", right, len(lab))
	}
}

func BenchmarkIdentify(b *testing.B) {
	e := Default()
	i := 0
	for b.Loop() {
		d := lab[i%len(lab)]
		e.Identify(Device{TCP: d.tcp, Scanned: true, Signals: d.sigs})
		i++
	}
}

func TestMACKinds(t *testing.T) {
	for s, want := range map[string]MACKind{
		"00:1b:44:11:3a:b7": MACUniversal, "00:0c:29:01:02:03": MACVirtual, "02:42:ac:11:00:02": MACContainer,
		"00:00:5e:00:01:01": MACVirtualRouter, "00:50:56:c0:00:08": MACPlaceholder, "da:a1:19:00:11:22": MACRandom,
		"01:00:5e:00:00:fb": MACGroup, "00:0e:c6:aa:bb:cc": MACAdapter, "": MACNone,
	} {
		m, _ := ParseMAC(s)
		if got := KindOf(m); got != want {
			t.Errorf("%s is %s, want %s", s, got, want)
		}
	}
}
