package proc

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1615 1 0 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000   105        0 1616 1 0 100 0 0 10 0
   2: 0100007F:A2C4 0100007F:0277 01 00000000:00000000 00:00000000 00000000     0        0 1700 1 0 20 4 30 10 -1
   3: broken
`

const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:0277 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 9 1 0 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 10 1 0 100 0 0 10 0
`

func TestParseSockets(t *testing.T) {
	zero4 := netip.MustParseAddrPort("0.0.0.0:0")
	zero6 := netip.MustParseAddrPort("[::]:0")
	want := []Socket{
		{netip.MustParseAddrPort("127.0.0.1:631"), zero4, Listen, 0, 1615},
		{netip.MustParseAddrPort("0.0.0.0:22"), zero4, Listen, 105, 1616},
		{netip.MustParseAddrPort("[::1]:631"), zero6, Listen, 0, 9},
		{netip.MustParseAddrPort("127.0.0.1:8080"), zero6, Listen, 0, 10},
	}
	got := append(ParseSockets([]byte(tcp), Listen), ParseSockets([]byte(tcp6), Listen)...)
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n, ok := SocketInode("socket:[1615]"); !ok || n != 1615 {
		t.Errorf("inode %d, %v", n, ok)
	}
	if _, ok := SocketInode("/dev/null"); ok {
		t.Error("a file is no socket")
	}
}

func TestParseMounts(t *testing.T) {
	got := ParseMounts([]byte("27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n30 27 0:50 /@home /home\\040dir rw - btrfs /dev/mapper/x rw\nshort\n"))
	want := []Mount{
		{"254:0", "/", "/", []string{"rw", "relatime"}, "ext4", "/dev/vda"},
		{"0:50", "/@home", "/home dir", []string{"rw"}, "btrfs", "/dev/mapper/x"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSmallFiles(t *testing.T) {
	if got := ParseSwaps([]byte("Filename Type Size Used Priority\n/dev/dm-2 partition 1024 0 -2\n")); len(got) != 1 || got[0].Bytes != 1<<20 {
		t.Errorf("swaps %+v", got)
	}
	got := ParseAssignments([]byte("# c\nNAME=\"Debian \\\"GNU\\\"\"\nID=debian # c\nexport X='a b'\nEMPTY=\n"))
	if diff := cmp.Diff(map[string]string{"NAME": `Debian "GNU"`, "ID": "debian", "X": "a b", "EMPTY": ""}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	as := ParseIfInet6([]byte("fd000000000000000000000000000002 02 40 00 80 eth0\nfd000000000000000000000000000003 02 40 00 01 eth0\n"))
	if len(as) != 2 || as[0].Temporary || !as[1].Temporary {
		t.Errorf("addresses %+v", as)
	}
	if n, ok := BootTime([]byte("cpu 1\nbtime 1700000000\n")); !ok || n != 1700000000 {
		t.Errorf("boot %d", n)
	}
	hosts := []byte("127.0.0.1 localhost\n127.0.1.1 ehr-db-01.example.org ehr-db-01 # me\n")
	if n := HostName(hosts, "ehr-db-01"); n != "ehr-db-01.example.org" {
		t.Errorf("name %q", n)
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte(tcp))
	f.Add([]byte(tcp6))
	f.Add([]byte("27 1 254:0 / /\\04 rw - ext4 /dev/vda rw\nA=\"\\\n/dev/x partition 99999999999999999999\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ParseSockets(b, Listen)
		ParseMounts(b)
		ParseSwaps(b)
		ParseIfInet6(b)
		ParseAssignments(b)
		BootTime(b)
		HostName(b, "x")
		SocketInode(string(b))
	})
}
