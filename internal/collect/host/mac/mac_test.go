package mac

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestOutputs(t *testing.T) {
	if p, v, b := Version([]byte("ProductName:\t\tmacOS\nProductVersion:\t\t14.5\nBuildVersion:\t\t23F79\n")); p != "macOS" || v != "14.5" || b != "23F79" {
		t.Errorf("%q %q %q", p, v, b)
	}
	got := ParsePlatform([]byte("+-o J314sAP  <class IOPlatformExpertDevice>\n    {\n      \"manufacturer\" = <\"Apple Inc.\">\n      \"IOPlatformUUID\" = \"AAAA-BB\"\n" +
		"      \"model\" = <\"MacBookPro18,3\">\n      \"IOPlatformSerialNumber\" = \"C02XYZ\"\n    }\n"))
	if want := (Platform{UUID: "AAAA-BB", Serial: "C02XYZ", Model: "MacBookPro18,3", Maker: "Apple Inc."}); got != want {
		t.Errorf("%+v", got)
	}
	for in, want := range map[string][2]bool{
		"FileVault is On.\n": {true, true}, "FileVault is Off.\n": {false, true}, "FileVault is On.\nEncryption in progress: Percent completed = 4\n": {false, true}, "": {false, false},
	} {
		if on, known := FileVault([]byte(in)); on != want[0] || known != want[1] {
			t.Errorf("FileVault(%q) = %v, %v", in, on, known)
		}
	}
	for in, want := range map[string][3]bool{
		"Firewall is enabled. (State = 1)\n": {true, false, true}, "Firewall is disabled. (State = 0)\n": {false, false, true},
		"Firewall is blocking all non-essential incoming connections. (State = 2)\n": {true, true, true}, "?": {false, false, false},
	} {
		if on, deny, known := Firewall([]byte(in)); on != want[0] || deny != want[1] || known != want[2] {
			t.Errorf("Firewall(%q) = %v, %v, %v", in, on, deny, known)
		}
	}
	if m := List([]byte("root   0\n_www  70\nana   501\n")); m["ana"] != "501" || len(m) != 3 {
		t.Errorf("%v", m)
	}
	if m := Members([]byte("GroupMembership: root ana\n")); len(m) != 2 || m[1] != "ana" {
		t.Errorf("%v", m)
	}
	want := []Port{{netip.IPv6Unspecified(), 22, "launchd"}, {netip.MustParseAddr("127.0.0.1"), 631, "cupsd"}, {netip.MustParseAddr("::1"), 631, "cupsd"}}
	if diff := cmp.Diff(want, Ports([]byte("p1\nclaunchd\nf3\nn*:22\np9\nccupsd\nn127.0.0.1:631\nn[::1]:631\nnbroken\n")), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzOutputs(f *testing.F) {
	f.Add([]byte("ProductName: x\n\"model\" = <\"y\">\nn*:1\nca\n"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		Version(b)
		ParsePlatform(b)
		FileVault(b)
		Firewall(b)
		List(b)
		Members(b)
		Ports(b)
	})
}
