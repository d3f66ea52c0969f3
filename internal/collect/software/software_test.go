package software_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/software"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
)

const dpkgStatus = `Package: base-files
Status: install ok installed
Architecture: amd64
Version: 12.4+deb12u5

Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc
Version: 2.36-9+deb12u10
Description: GNU C Library
 Version: not a field

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

`

const dpkgList = `Desired=Unknown/Install/Remove/Purge/Hold
| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)
||/ Name           Version         Architecture Description
+++-==============-===============-============-=================================
ii  base-files     12ubuntu4.6     amd64        Debian base system miscellaneous files
hi  libssl3:amd64  3.0.2-0ubuntu1  amd64        Secure Sockets Layer toolkit
rc  old            1.0             amd64        removed
`

const apk = `C:Q1abc=
P:alpine-release
V:3.20.1-r0
A:x86_64
o:alpine-base

C:Q1def=
P:libcrypto3
V:3.3.1-r0
A:x86_64
o:openssl
F:usr
R:lib

`

const rpmQuery = "rocky-release\t0\t9.4\t1.7.el9\tnoarch\trocky-release-9.4-1.7.el9.src.rpm\n" +
	"bind-libs\t32\t9.16.23\t18.el9_4.6\tx86_64\tbind-9.16.23-18.el9_4.6.src.rpm\n" +
	"gpg-pubkey\t0\t350d275d\t6279464b\t(none)\t(none)\n"

const rpmVendors = "almalinux-release\t0\t9.4\t1.el9\tx86_64\talmalinux-release-9.4-1.el9.src.rpm\tAlmaLinux\n" +
	"htop\t0\t3.2.1\t1.el9\tx86_64\thtop-3.2.1-1.el9.src.rpm\tFedora Project\n"

const uninstall = "#TYPE Selected.System.Management.Automation.PSCustomObject\r\n" +
	`"DisplayName","DisplayVersion","Publisher","InstallDate"` + "\r\n" +
	`"7-Zip 23.01 (x64)","23.01","Igor Pavlov",""` + "\r\n" +
	`"Security Update for Microsoft Office 2016 (KB5002138)","","Microsoft",""` + "\r\n" +
	`"","1.0","",""` + "\r\n"

const hotfix = "\"PSComputerName\",\"HotFixID\",\"Description\",\"InstalledOn\"\n\"WS-1\",\"KB5031356\",\"Security Update\",\"10/11/2023\"\n\"WS-2\",\"KB5030180\",\"Update\",\"9/13/2023\"\n\"WS-1\",\"KB5030180\",\"Update\",\"9/13/2023\"\n"

const winget = "\r   - \r                                        \rName                 Id                    Version      Available Source\n" +
	"-----------------------------------------------------------------------\n" +
	"7-Zip 23.01 (x64)    7zip.7zip             23.01        24.08     winget\n" +
	"A very long name of… Vendor.Product        > 1.2        1.3       winget\n" +
	"2 upgrades available.\n"

const wingetExport = `{"$schema": "https://aka.ms/winget-packages.schema.2.0.json", "Sources": [{"Packages": [{"PackageIdentifier": "7zip.7zip", "Version": "23.01"}], "SourceDetails": {"Name": "winget"}}]}`

const profiler = `{"SPApplicationsDataType": [{"_name": "Safari", "version": "17.2.1", "path": "/Applications/Safari.app"}],
"SPHardwareDataType": [{"serial_number": "C02ABC123DEF", "machine_model": "Mac14,2", "platform_UUID": "A"}],
"SPSoftwareDataType": [{"os_version": "macOS 14.2.1 (23C71)", "local_host_name": "front-desk"}]}`

func sample(name, data string) collecttest.Sample {
	return collecttest.Sample{Name: name, Data: []byte(data), Options: map[string]string{"asset": "ehr-db-01.hospital.example"}}
}

// whole tells a cut behind a line, which no list shows.
func whole(data string) func([]byte) bool {
	return func(cut []byte) bool {
		return len(cut) > 0 && cut[len(cut)-1] == '\n' && strings.HasPrefix(data, string(cut))
	}
}

func TestSuite(t *testing.T) {
	for name, s := range map[string]struct {
		data string
		json bool
	}{
		"dpkg status": {dpkgStatus, false}, "dpkg -l": {dpkgList, false}, "apk": {apk, false}, "rpm": {rpmQuery, false}, "rpm with vendors": {rpmVendors, false},
		"dpkg-query":      {"bash\t5.2.15-2+b7\tamd64\tbash\t5.2.15-2\nlibc6:amd64\t2.36-9\tamd64\tglibc\t2.36-9\n", false},
		"rpm names":       {"bash-5.1.8-6.el9.x86_64\ngpg-pubkey-350d275d-6279464b\nglibc-common-2.34-60.el9.x86_64\n", false},
		"system_profiler": {profiler, true}, "winget export": {wingetExport, true},
		"programs as JSON": {`[{"DisplayName": "7-Zip", "DisplayVersion": "23.01"}, {"DisplayName": "R", "DisplayVersion": null}]`, true},
	} {
		t.Run(name, func(t *testing.T) {
			collecttest.Run(t, collecttest.Suite{
				Importer: software.Importer{}, Samples: []collecttest.Sample{sample("list.txt", s.data)}, Text: s.json, CutMayPass: whole(s.data),
			})
		})
	}
}

// TestLooseForms are tables that people paste: a cut in a cell leaves a whole table.
func TestLooseForms(t *testing.T) {
	for name, data := range map[string]string{"uninstall": uninstall, "winget": winget} {
		t.Run(name, func(t *testing.T) {
			collecttest.Run(t, collecttest.Suite{
				Importer: software.Importer{}, Samples: []collecttest.Sample{sample("list.csv", data)},
				CutMayPass: func(cut []byte) bool { return strings.Contains(string(cut), "23.0") },
			})
		})
	}
	t.Run("hotfix", func(t *testing.T) {
		collecttest.Run(t, collecttest.Suite{
			Importer: software.Importer{}, Samples: []collecttest.Sample{{Name: "kb.csv", Data: []byte(hotfix)}},
			CutMayPass: func(cut []byte) bool {
				return strings.Contains(string(cut), "/2023") || strings.Contains(string(cut), "KB5031356\",\"Security Update\",")
			},
		})
	})
}

func parse(t *testing.T, data string, options ...string) *collect.Parsed {
	t.Helper()
	in := collecttest.Input("list", []byte(data))
	in.Options = map[string]string{}
	for i := 0; i < len(options); i += 2 {
		in.Options[options[i]] = options[i+1]
	}
	p, err := software.Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	return p
}

func TestComponents(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		want       []string
	}{
		{"dpkg status", dpkgStatus, []string{"pkg:deb/debian/base-files@12.4%2Bdeb12u5?arch=amd64&distro=debian-12", "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12 from glibc"}},
		{"dpkg -l", dpkgList, []string{"pkg:deb/ubuntu/base-files@12ubuntu4.6?arch=amd64&distro=ubuntu-22.04", "pkg:deb/ubuntu/libssl3@3.0.2-0ubuntu1?arch=amd64&distro=ubuntu-22.04"}},
		{"apk", apk, []string{"pkg:apk/alpine/alpine-release@3.20.1-r0?arch=x86_64&distro=alpine-3.20 from alpine-base", "pkg:apk/alpine/libcrypto3@3.3.1-r0?arch=x86_64&distro=alpine-3.20 from openssl"}},
		{"rpm", rpmQuery, []string{"pkg:rpm/rocky/rocky-release@9.4-1.7.el9?arch=noarch&distro=rocky-9.4", "pkg:rpm/rocky/bind-libs@9.16.23-18.el9_4.6?arch=x86_64&distro=rocky-9.4&epoch=32 from bind 9.16.23-18.el9_4.6"}},
		{"rpm with vendors", rpmVendors, []string{"pkg:rpm/almalinux/almalinux-release@9.4-1.el9?arch=x86_64&distro=almalinux-9.4", "pkg:rpm/almalinux/htop@3.2.1-1.el9?arch=x86_64&distro=almalinux-9.4&vendor=Fedora%20Project"}},
		{"dpkg-query", "bash\t5.2.15-2+b7\tamd64\tbash\t5.2.15-2\nvim\t\t\t\t\n", []string{"pkg:deb/bash@5.2.15-2%2Bb7?arch=amd64 from bash 5.2.15-2"}},
		{"uninstall", uninstall, []string{"pkg:generic/7-Zip%2023.01%20%28x64%29@23.01"}},
		{"winget", winget, []string{"pkg:generic/7-Zip%2023.01%20%28x64%29@23.01", "pkg:generic/Vendor.Product@1.2"}},
		{"winget export", wingetExport, []string{"pkg:generic/7zip.7zip@23.01"}},
		{"profiler", profiler, []string{"pkg:generic/Safari@17.2.1"}},
	} {
		p := parse(t, tt.data, "asset", "ehr-db-01")
		var got []string
		for _, c := range p.Batch.Components {
			s := c.PURL
			if c.Source != "" {
				s = strings.TrimSpace(s + " from " + c.Source + " " + c.SourceVersion)
			}
			got = append(got, s)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if n := p.Batch.Sightings[0].Values["packages"]; n != int64(len(got)) || !p.Batch.Stream.Snapshot {
			t.Errorf("%s: packages is %v, stream %+v", tt.name, n, p.Batch.Stream)
		}
	}
}

func TestUpdates(t *testing.T) {
	p := parse(t, hotfix)
	if len(p.Batch.Sightings) != 2 || !p.Batch.Stream.PerAsset {
		t.Fatalf("got %+v", p.Batch)
	}
	if got := fmt.Sprint(p.Batch.Sightings[0].Values["windows_updates"], p.Batch.Sightings[0].Values["name"]); got != "[KB5030180 KB5031356]WS-1" {
		t.Errorf("got %s", got)
	}
	if _, ok := p.Batch.Sightings[0].Values["packages"]; ok {
		t.Error("a list of updates speaks of programs")
	}
	p = parse(t, uninstall, "asset", "serial:5CG1")
	s := p.Batch.Sightings[0]
	if fmt.Sprint(s.Values["windows_updates"], s.Keys, s.Values["serial"]) != "[KB5002138] [serial:5cg1]5CG1" {
		t.Errorf("got %v %v", s.Values, s.Keys)
	}
	if !slices.ContainsFunc(p.Batch.Notes, func(n fact.Note) bool { return n.What == "1 entry left out" }) {
		t.Errorf("the entry without a name is not noted: %v", p.Batch.Notes)
	}
}

func TestMacNamesItself(t *testing.T) {
	p := parse(t, profiler)
	if got := fmt.Sprint(p.Batch.Sightings[0].Keys, p.Batch.Sightings[0].Values["os_version"], p.Batch.Stream.ID); got != "[serial:c02abc123def name:front-desk]14.2.1import/software/c02abc123def/macos" {
		t.Errorf("got %s", got)
	}
}

func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct{ data, asset, want string }{
		"no machine":       {dpkgStatus, "", "does not say which machine"},
		"no asset":         {dpkgStatus, "serial:unknown", "names no asset"},
		"broken paragraph": {"Package: a\nStatus: install ok installed\n\n", "x-1", "no package, state or version"},
		"cut line":         {dpkgStatus + "Package: z", "x-1", "cut off"},
		"many machines":    {hotfix, "x-1", "2 machines"},
	} {
		in := collecttest.Input("list", []byte(tt.data))
		in.Options = map[string]string{"asset": tt.asset}
		_, err := software.Importer{}.Parse(context.Background(), in)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func TestRealMachine(t *testing.T) {
	data := testshared.Read(t, "corpora", "inventories", "hosts", "debian12-build-machine", "dpkg-status.zst")
	p := parse(t, string(data), "asset", "build")
	if n := strings.Count(string(data), "\nStatus: install ok installed"); len(p.Batch.Components) != n || n != 795 {
		t.Errorf("%d components, the file has %d", len(p.Batch.Components), n)
	}
	for _, c := range p.Batch.Components {
		if c.Distro != "debian-12" || c.PURL == "" {
			t.Fatalf("got %+v", c)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{dpkgStatus, dpkgList, apk, rpmQuery, uninstall, hotfix, winget, wingetExport, profiler, "bash-5.1.8-6.el9.x86_64\n", "bash\t5.2\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		collecttest.Fuzz(t, software.Importer{}, "list", data)
		in := collecttest.Input("list", data)
		in.Options = map[string]string{"asset": "x-1"}
		in.OnFault = collect.SkipRows
		if p, err := (software.Importer{}).Parse(context.Background(), in); err == nil {
			collecttest.CheckBatch(t, p, in)
		}
	})
}

// BenchmarkDpkgStatus reads the status file of a Debian 12 machine with 795
// packages, file in, batch out.
func BenchmarkDpkgStatus(b *testing.B) {
	data := testshared.Read(b, "corpora", "inventories", "hosts", "debian12-build-machine", "dpkg-status.zst")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		in := collecttest.Input("status", data)
		in.Options = map[string]string{"asset": "build"}
		if p, err := (software.Importer{}).Parse(context.Background(), in); err != nil || len(p.Batch.Components) != 795 {
			b.Fatal(err)
		}
	}
}
