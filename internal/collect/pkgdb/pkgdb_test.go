package pkgdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/testshared"
)

func TestParseDpkg(t *testing.T) {
	const status = `Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc
Version: 2.36-9+deb12u10
Conffiles:
 /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
Description: GNU C Library
 Version: not a field, since it continues the line above

Package: bash
Status: hold ok installed
Architecture: amd64
Version: 5.2.15-2+b7
Source: bash (5.2.15-2)

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: no-version
Status: install ok installed
`
	want := []Package{
		{Name: "libc6", Version: "2.36-9+deb12u10", Arch: "amd64", Source: "glibc"},
		{Name: "bash", Version: "5.2.15-2+b7", Arch: "amd64", Source: "bash", SourceVersion: "5.2.15-2", Held: true},
	}
	if diff := cmp.Diff(want, ParseDpkg([]byte(status))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseDpkgOfARealMachine(t *testing.T) {
	b := testshared.Read(t, "corpora", "inventories", "hosts", "debian12-build-machine", "dpkg-status.zst")
	ps := ParseDpkg(b)
	if want := strings.Count(string(b), "\nStatus: install ok installed"); len(ps) != want {
		t.Errorf("%d packages, the file has %d that are installed", len(ps), want)
	}
	for _, p := range ps {
		if p.Name == "" || p.Version == "" || p.Arch == "" {
			t.Errorf("incomplete: %+v", p)
		}
	}
}

func TestParseApk(t *testing.T) {
	const db = "C:Q1abc=\nP:musl\nV:1.2.5-r0\nA:x86_64\no:musl\n\nP:libcrypto3\nV:3.3.2-r0\nA:x86_64\no:openssl\nF:usr/lib\n\nP:broken\n"
	want := []Package{
		{Name: "musl", Version: "1.2.5-r0", Arch: "x86_64"},
		{Name: "libcrypto3", Version: "3.3.2-r0", Arch: "x86_64", Source: "openssl"},
	}
	if diff := cmp.Diff(want, ParseApk([]byte(db))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseRPM(t *testing.T) {
	const out = "openssl-libs\t1\t3.0.7\t24.el9\tx86_64\topenssl-3.0.7-24.el9.src.rpm\n" +
		"bash\t0\t5.1.8\t6.el9\tx86_64\tbash-5.1.8-6.el9.src.rpm\n" +
		"gpg-pubkey\t0\t8483c65d\t5ccc5b19\t(none)\t(none)\n" +
		"java-1.8.0-openjdk\t1\t1.8.0.402.b06\t2.el9\tx86_64\tjava-1.8.0-openjdk-1.8.0.402.b06-2.el9.src.rpm\nnonsense\n" +
		"htop\t0\t3.2.1\t1.el9\tx86_64\thtop-3.2.1-1.el9.src.rpm\tFedora Project\nzip\t0\t3.0\t35.el9\tx86_64\tzip-3.0-35.el9.src.rpm\t(none)\n"
	want := []Package{
		{Name: "openssl-libs", Version: "1:3.0.7-24.el9", Arch: "x86_64", Source: "openssl", SourceVersion: "3.0.7-24.el9"},
		{Name: "bash", Version: "5.1.8-6.el9", Arch: "x86_64"},
		{Name: "java-1.8.0-openjdk", Version: "1:1.8.0.402.b06-2.el9", Arch: "x86_64"},
		{Name: "htop", Version: "3.2.1-1.el9", Arch: "x86_64", Vendor: "Fedora Project"},
		{Name: "zip", Version: "3.0-35.el9", Arch: "x86_64"},
	}
	if diff := cmp.Diff(want, ParseRPM([]byte(out))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for distro, want := range map[string]string{
		"almalinux-9": "pkg:rpm/almalinux/htop@3.2.1-1.el9?arch=x86_64&distro=almalinux-9&vendor=Fedora%20Project",
		"fedora-40":   "pkg:rpm/almalinux/htop@3.2.1-1.el9?arch=x86_64&distro=fedora-40",
	} {
		if got := ParseRPM([]byte(out))[3].Component("a", "rpm", "almalinux", distro).PURL; got != want {
			t.Errorf("on %s: %s", distro, got)
		}
	}
}

var versions = []struct {
	a, b string
	want int
}{
	{"1.0", "1.0", 0},
	{"1.0", "1.0-0", 0},
	{"1.0~rc1", "1.0", -1},
	{"1.0~~", "1.0~", -1},
	{"1.0~~a", "1.0~", -1},
	{"1:0.1", "9.9", 1},
	{"1.10", "1.9", 1},
	{"2.36-9+deb12u10", "2.36-9+deb12u9", 1},
	{"1.0a", "1.0+", -1},
	{"1.0.0", "1.0", 1},
	{"0:5", "5", 0},
	{"1.0-1", "1.0-1+b1", -1},
	{"9.2p1-2+deb12u3", "9.2p1-2+deb12u5", -1},
	{"007", "7", 0},
	{"18446744073709551616", "18446744073709551615", 1},
}

func TestCompareDeb(t *testing.T) {
	dpkg, err := exec.LookPath("dpkg")
	for _, v := range versions {
		if got := CompareDeb(v.a, v.b); got != v.want {
			t.Errorf("CompareDeb(%q, %q) = %d, want %d", v.a, v.b, got, v.want)
		}
		if got := CompareDeb(v.b, v.a); got != -v.want {
			t.Errorf("CompareDeb(%q, %q) = %d, want %d", v.b, v.a, got, -v.want)
		}
		if err == nil { // the reference says the same of our table
			op := map[int]string{-1: "lt", 0: "eq", 1: "gt"}[v.want]
			if err := exec.CommandContext(t.Context(), dpkg, "--compare-versions", v.a, op, v.b).Run(); err != nil {
				t.Errorf("dpkg does not agree that %q %s %q", v.a, op, v.b)
			}
		}
	}
}

func TestRelease(t *testing.T) {
	r := ParseRelease([]byte("Origin: Debian\nLabel: Debian-Security\nSuite: oldstable-security\nCodename: bookworm-security\n" +
		"Date: Mon, 23 Nov 2026 11:22:37 UTC\nNotAutomatic: yes\nButAutomaticUpgrades: yes\nSHA256:\n Suite: no\n"))
	if !r.Security() || r.priority() != 100 || r.Date.Day() != 23 {
		t.Errorf("%+v: security %v, priority %d", r, r.Security(), r.priority())
	}
	if (Release{Suite: "jammy-updates", Codename: "jammy", Label: "Ubuntu"}).Security() {
		t.Error("updates are not security updates")
	}
}

func TestUpgrades(t *testing.T) {
	installed := []Package{
		{Name: "openssl", Version: "3.0.11-1", Arch: "amd64"},
		{Name: "vim", Version: "9.0", Arch: "amd64", Held: true},
		{Name: "tzdata", Version: "2024a", Arch: "all"},
		{Name: "libx", Version: "1", Arch: "i386"},
		{Name: "kept", Version: "5", Arch: "amd64"},
	}
	u := NewUpgrades(installed, "amd64")
	add := func(rel Release, list string) {
		t.Helper()
		if err := u.Add(strings.NewReader(list), rel); err != nil {
			t.Fatal(err)
		}
	}
	add(Release{Suite: "stable"}, "Package: openssl\nVersion: 3.0.14-1\nArchitecture: amd64\n\nPackage: vim\nArchitecture: amd64\nVersion: 9.1\n\n"+
		"Package: libx\nVersion: 2\nArchitecture: amd64\n\nPackage: kept\nVersion: 4\nArchitecture: amd64\n")
	add(Release{Suite: "stable-security"}, "Package: openssl\nVersion: 3.0.13-1\nArchitecture: amd64\n\nPackage: tzdata\nVersion: 2024b\nArchitecture: amd64")
	add(Release{Suite: "experimental", NotAutomatic: true}, "Package: kept\nVersion: 9\nArchitecture: amd64\n")
	add(Release{Suite: "backports", NotAutomatic: true, ButAutomaticUpgrades: true}, "Package: openssl\nVersion: 3.5\nArchitecture: amd64\n")
	all, security, held := u.Pending()
	if all != 3 || security != 2 || held != 1 {
		t.Errorf("pending %d, security %d, held %d; want 3, 2, 1", all, security, held)
	}
	u.Each(func(p Package, v string, _ bool) {
		if p.Name == "openssl" && v != "3.0.14-1" {
			t.Errorf("openssl goes to %s: a backport never beats the release itself", v)
		}
	})
}

func TestAptConf(t *testing.T) {
	got := ParseAptConf([]byte("APT::Periodic::Update-Package-Lists \"1\"; // yes\nAPT { Periodic { Unattended-Upgrade \"1\"; }; # c\n };\n/* A \"b\"; */\nDPkg::Options { \"--force\"; };\n\"open"))
	want := map[string]string{"apt::periodic::update-package-lists": "1", "apt::periodic::unattended-upgrade": "1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// frame builds an LZ4 frame of the given blocks; a block that is true is stored as it is.
func frame(flags byte, blocks ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, lz4Magic)
	b = append(b, 0x40|flags, 0x40, 0)
	for _, blk := range blocks {
		b = append(b, blk...)
	}
	return append(b, 0, 0, 0, 0)
}

func stored(s string) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(s))|1<<31), s...)
}

func packed(raw ...byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(raw))), raw...)
}

func TestLZ4(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte
		want string
		err  bool
	}{
		{"stored", frame(0x20, stored("hello")), "hello", false},
		{"match that overlaps itself", frame(0x20, packed(0x14, 'a', 1, 0, 0x10, 'b')), "aaaaaaaaab", false},
		{"match into the block before", frame(0, stored("abcdefgh"), packed(0x04, 8, 0, 0x10, '!')), "abcdefghabcdefgh!", false},
		{"two frames", append(frame(0x20, stored("x")), frame(0x20, stored("y"))...), "xy", false},
		{"match before the start", frame(0x20, packed(0x14, 'a', 9, 0)), "", true},
		{"cut", frame(0x20, stored("hello"))[:12], "", true},
		{"no frame", []byte("Package: x"), "", true},
		{"empty", nil, "", false},
	} {
		got, err := io.ReadAll(NewLZ4Reader(bytes.NewReader(tt.in)))
		if (err != nil) != tt.err || !tt.err && string(got) != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

// TestLZ4AgainstApt reads the lists of this machine with apt's own reader too.
func TestLZ4AgainstApt(t *testing.T) {
	const helper = "/usr/lib/apt/apt-helper"
	lists, _ := filepath.Glob("/var/lib/apt/lists/*_Packages.lz4")
	if _, err := os.Stat(helper); err != nil || len(lists) == 0 {
		t.Skip("this machine keeps no lists of apt in LZ4")
	}
	for _, name := range lists {
		want, err := exec.CommandContext(t.Context(), helper, "cat-file", name).Output()
		if err != nil {
			t.Skipf("apt-helper: %v", err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(NewLZ4Reader(f))
		_ = f.Close()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; apt reads %d", filepath.Base(name), len(got), err, len(want))
		}
	}
}

func TestParseSums(t *testing.T) {
	got := ParseSums([]byte("d41d8cd98f00b204e9800998ecf8427e  usr/bin/sudo\nshort  x\nd41d8cd98f00b204e9800998ecf8427e\nzz1d8cd98f00b204e9800998ecf8427e  usr/bin/no\n"))
	if len(got) != 1 || got[0].Path != "/usr/bin/sudo" || got[0].MD5[0] != 0xd4 {
		t.Errorf("%+v", got)
	}
}

func TestParseVerify(t *testing.T) {
	got, unreadable := ParseVerify([]byte("S.5....T.  c /etc/sudoers\n..5....T.    /usr/bin/sudo\nmissing     /usr/sbin/sshd\n" +
		"missing   d /usr/share/doc/x\n.......T.    /usr/bin/ssh\n..?......    /usr/libexec/openssh/ssh-keysign\nmissing     /root/x (Permission denied)\npackage foo is not installed\n"))
	want := []Change{{"/usr/bin/sudo", "content"}, {"/usr/sbin/sshd", "missing"}}
	if diff := cmp.Diff(want, got); diff != "" || unreadable != 2 {
		t.Errorf("unreadable %d, want 2; (-want +got):\n%s", unreadable, diff)
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte("Package: a\nStatus: install ok installed\nVersion: 1:2-3\nSource: b (4)\n\nP:x\nV:1\n"))
	f.Add([]byte("a\t1\t2\t3\tx\ta-2-3.src.rpm\n..5......  /x\nd41d8cd98f00b204e9800998ecf8427e  x\nAPT { A \"1\"; };"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ps := append(append(ParseDpkg(b), ParseApk(b)...), ParseRPM(b)...)
		for _, p := range ps {
			if p.Name == "" || p.Version == "" {
				t.Fatalf("package without name or version: %+v", p)
			}
		}
		ParseSums(b)
		ParseVerify(b)
		ParseAptConf(b)
		ParseRelease(b)
		if err := NewUpgrades(ps, "amd64").Add(bytes.NewReader(b), Release{}); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzLZ4(f *testing.F) {
	f.Add(frame(0, stored("abcdefgh"), packed(0x04, 8, 0, 0x10, '!')))
	f.Add(frame(0x2C, packed(0xFF, 255, 0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := io.Copy(io.Discard, io.LimitReader(NewLZ4Reader(bytes.NewReader(b)), 1<<26))
		if err != nil && !errors.Is(err, errLZ4) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("after %d bytes: %v", n, err)
		}
	})
}

func FuzzCompareDeb(f *testing.F) {
	for _, v := range versions {
		f.Add(v.a, v.b)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if x, y := CompareDeb(a, b), CompareDeb(b, a); x != -y {
			t.Fatalf("%q against %q is %d, and the other way %d", a, b, x, y)
		}
		if CompareDeb(a, a) != 0 {
			t.Fatalf("%q is not equal to itself", a)
		}
	})
}

func TestPURL(t *testing.T) {
	for _, tt := range []struct{ eco, ns, name, version, arch, distro, want string }{
		{"deb", "debian", "libstdc++6", "1:12.2.0-14+deb12u1", "amd64", "debian-12", "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12"},
		{"rpm", "almalinux", "bind", "32:9.16.23-18.el9", "x86_64", "almalinux-9", "pkg:rpm/almalinux/bind@9.16.23-18.el9?arch=x86_64&distro=almalinux-9&epoch=32"},
		{"golang", "golang.org/x", "net", "v0.1.0", "", "", "pkg:golang/golang.org/x/net@v0.1.0"},
		{"generic", "", "7-Zip 23.01 (x64)", "23.01", "", "", "pkg:generic/7-Zip%2023.01%20%28x64%29@23.01"},
	} {
		if got := PURL(tt.eco, tt.ns, tt.name, tt.version, tt.arch, tt.distro); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

// BenchmarkParseDpkg reads the status file of a Debian 12 machine with 795 packages.
func BenchmarkParseDpkg(b *testing.B) {
	data := testshared.Read(b, "corpora", "inventories", "hosts", "debian12-build-machine", "dpkg-status.zst")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, p := range ParseDpkg(data) {
			n += len(p.Component("a", "deb", "debian", "debian-12").PURL)
		}
		if n == 0 {
			b.Fatal("nothing was read")
		}
	}
}
