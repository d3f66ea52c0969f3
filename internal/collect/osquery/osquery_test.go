package osquery_test

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
	"github.com/asepsis/asepsis/internal/collect/osquery"
	"github.com/asepsis/asepsis/internal/fact"
)

// The logs are written by hand after osquery's documentation of logging and its
// published schema: no log of a real fleet was at hand.
func entry(query, rest string) string {
	return fmt.Sprintf(`{"name":%q,"hostIdentifier":"8A3C0A6E-0001-4B6E-9C2D-00000000A001","calendarTime":"Wed Nov 25 08:00:00 2026 UTC","unixTime":1795593600,"epoch":0,"decorations":{"hostname":"rad-ws-01","host_uuid":"x"},%s}`+"\n", query, rest)
}

var differential = entry("pack_inventory_system_info", `"counter":0,"numerics":false,"columns":{"hostname":"rad-ws-01.hospital.example","computer_name":"RAD-WS-01","uuid":"4C4C4544-0000","hardware_vendor":"Dell Inc.","hardware_model":"OptiPlex 7090","hardware_serial":"5CG1234XYZ","cpu_brand":"x"},"action":"added"`) +
	entry("pack_inventory_os_version", `"counter":0,"columns":{"name":"Ubuntu","version":"22.04.3 LTS (Jammy Jellyfish)","major":"22","minor":"4","patch":"0","build":"","platform":"ubuntu","platform_like":"debian"},"action":"added"`) +
	entry("pack_inventory_deb_packages", `"counter":0,"columns":{"name":"libssl3","version":"3.0.2-0ubuntu1.9","source":"openssl","arch":"amd64","revision":"0ubuntu1.9","status":"install ok installed","maintainer":"x"},"action":"added"`) +
	entry("pack_inventory_deb_packages", `"counter":0,"columns":{"name":"telnetd","version":"0.17","source":"","arch":"amd64","revision":"","status":"install ok installed","maintainer":"x"},"action":"added"`) +
	entry("pack_inventory_deb_packages", `"counter":1,"columns":{"name":"telnetd","version":"0.17","source":"","arch":"amd64","revision":"","status":"install ok installed","maintainer":"x"},"action":"removed"`) +
	entry("listening", `"counter":0,"columns":{"pid":"500","port":"22","protocol":"6","family":"2","address":"0.0.0.0","process_name":"sshd"},"action":"added"`) +
	entry("listening", `"counter":0,"columns":{"pid":"501","port":"631","protocol":"6","family":"2","address":"127.0.0.1"},"action":"added"`) +
	entry("nics", `"counter":0,"columns":{"interface":"eth0","mac":"00:1b:44:11:3a:b7"},"action":"added"`) +
	entry("weather", `"counter":0,"columns":{"sky":"blue"},"action":"added"`)

const snapshot = `{"snapshot":[{"name":"7-Zip 23.01 (x64)","version":"23.01","identifying_number":"","install_location":"C:\\Program Files"}],"action":"snapshot","name":"programs","hostIdentifier":"NURSE-07","calendarTime":"x","unixTime":1795593600,"epoch":0,"counter":0}
{"snapshot":[{"hotfix_id":"KB5031356","csname":"NURSE-07"},{"hotfix_id":"KB5030180","csname":"NURSE-07"}],"action":"snapshot","name":"patches","hostIdentifier":"NURSE-07","unixTime":1795593600}
{"snapshot":[{"drive_letter":"C:","protection_status":"1","conversion_status":"1","encryption_method":"XTS-AES 128"},{"drive_letter":"D:","protection_status":"0","conversion_status":"0"}],"action":"snapshot","name":"bitlocker","hostIdentifier":"NURSE-07","unixTime":1795593600}
{"snapshot":[{"type":"Antivirus","name":"Example AV","state":"On","signatures_up_to_date":"1","remediation_path":""},{"type":"Firewall","name":"Windows Firewall","state":"On","signatures_up_to_date":"1","remediation_path":""}],"action":"snapshot","name":"protection","hostIdentifier":"NURSE-07","unixTime":1795593600}
{"snapshot":[{"name":"Microsoft Windows 11 Enterprise","version":"10.0.22631","build":"22631","platform":"windows"}],"action":"snapshot","name":"os","hostIdentifier":"NURSE-07","unixTime":1795593600}
{"snapshot":[{"uid":"500","username":"Administrator","type":"local","directory":"C:\\Users\\Administrator","shell":"C:\\Windows\\system32\\cmd.exe"}],"action":"snapshot","name":"users","hostIdentifier":"NURSE-07","unixTime":1795593600}
`

const batch = `{"diffResults":{"added":[{"name":"bash","version":"5.1.8","release":"6.el9","epoch":"0","arch":"x86_64","source":"bash-5.1.8-6.el9.src.rpm","sha1":"x"},{"name":"bind-libs","version":"9.16.23","release":"18.el9","epoch":"32","arch":"x86_64","source":"bind-9.16.23-18.el9.src.rpm","sha1":"x"}],"removed":""},"name":"pack/Global/rpm_packages","hostIdentifier":"lab-srv-1","unixTime":1795593600,"epoch":0,"counter":7}
`

var vendors = entry("pack_inventory_os_version", `"counter":0,"columns":{"name":"AlmaLinux","version":"9.4","major":"9","minor":"4","platform":"almalinux","platform_like":"rhel"},"action":"added"`) +
	entry("pack_inventory_rpm_packages", `"counter":0,"columns":{"name":"bash","version":"5.1.8","release":"9.el9","epoch":"0","arch":"x86_64","source":"bash-5.1.8-9.el9.src.rpm","vendor":"AlmaLinux","package_group":"x"},"action":"added"`) +
	entry("pack_inventory_rpm_packages", `"counter":0,"columns":{"name":"htop","version":"3.2.1","release":"1.el9","epoch":"0","arch":"x86_64","source":"htop-3.2.1-1.el9.src.rpm","vendor":"Fedora Project","package_group":"x"},"action":"added"`)

const dump = `{"system_info": [{"hostname": "front-desk", "hardware_serial": "C02ABC123DEF", "hardware_vendor": "Apple Inc.", "hardware_model": "Mac14,2"}],
 "os_version": [{"name": "macOS", "version": "14.2.1", "build": "23C71", "platform": "darwin"}],
 "apps": [{"name": "Safari.app", "bundle_short_version": "17.2.1", "bundle_identifier": "com.apple.Safari"}],
 "disk_encryption": [{"name": "/dev/disk3s1", "encrypted": "1", "type": "APFS Encryption", "filevault_status": "on"}],
 "users": [{"uid": "501", "username": "ann", "shell": "/bin/zsh", "directory": "/Users/ann", "description": "Ann Lee"}, {"uid": "0", "username": "root", "shell": "/bin/sh", "directory": "/var/root"}],
 "uptime": [{"days": "3", "total_seconds": "260000"}],
 "alf": [{"global_state": "1"}]}
`

const rows = `[
  {"name":"requests","version":"2.31.0","path":"/usr/lib/python3"},
  {"name":"Jinja2","version":"3.1.2","path":"/usr/lib/python3"}
]
`

const distributed = `{"queries": {"fleet_software": [{"name": "curl", "version": "7.88.1-10+deb12u5", "type": "Package (deb)", "source": "deb_packages", "arch": "amd64"}], "fleet_system_info": [{"hostname": "db-1", "hardware_serial": "ABC123", "cpu_brand": "x"}]}, "statuses": {"fleet_software": 0}}
`

func whole(data string) func([]byte) bool {
	return func(cut []byte) bool { return cut[len(cut)-1] == '\n' || data[len(cut)] == '\n' }
}

func TestSuite(t *testing.T) {
	opts := map[string]string{"asset": "host-1", "table": "python_packages"}
	for name, data := range map[string]string{"differential": differential, "snapshot": snapshot, "batch": batch, "dump": dump, "distributed": distributed} {
		t.Run(name, func(t *testing.T) {
			collecttest.Run(t, collecttest.Suite{
				Importer: osquery.Importer{}, Samples: []collecttest.Sample{{Name: "osqueryd.results.log", Data: []byte(data)}}, Text: true, CutMayPass: whole(data),
			})
		})
	}
	t.Run("rows", func(t *testing.T) {
		packages := strings.NewReplacer("requests", "libssl3", `"path"`, `"revision"`).Replace(rows)
		collecttest.Run(t, collecttest.Suite{
			Importer: osquery.Importer{}, Samples: []collecttest.Sample{{Name: "rows.json", Data: []byte(packages), Options: opts}}, Text: true,
			Open: `[{"name":"`, Nest: `","x":[{"a":"`, HeapMB: 256,
			Floods: map[string]collecttest.Generated{
				"rows":    {Head: `[{"name":"a","version":"1","revision":"1"}`, Unit: `,{"name":"p########","version":"1","revision":"1"}`, Tail: "]"},
				"keys":    {Head: `[{"name":"a","version":"1","revision":"1"`, Unit: `,"k########":"v"`, Tail: "}]"},
				"entries": {Unit: `{"name":"deb_packages","hostIdentifier":"h########","unixTime":1795593600,"columns":{"name":"a","version":"1"},"action":"added","counter":0}` + "\n"},
			},
		})
	})
}

func parse(t *testing.T, data string, options ...string) *collect.Parsed {
	t.Helper()
	in := collecttest.Input("results.log", []byte(data))
	in.Options = map[string]string{}
	for i := 0; i < len(options); i += 2 {
		in.Options[options[i]] = options[i+1]
	}
	p, err := osquery.Importer{}.Parse(context.Background(), in)
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
		out = append(out, strings.Join(keys, " "))
		for _, a := range slices.Sorted(maps.Keys(s.Values)) {
			switch a {
			case "fqdn", "name", "macs", "ips", "serial", "manufacturer":
			default:
				out = append(out, fmt.Sprintf("  %s %v", a, s.Values[a]))
			}
		}
		for _, f := range b.Facts {
			line := fmt.Sprintf("  %s %s", f.Kind, f.Key)
			for _, a := range slices.Sorted(maps.Keys(f.Values)) {
				switch a {
				case "exposed", "process", "encrypted", "encryption", "interactive", "privileged", "type":
					line += fmt.Sprintf(" %s=%v", a, f.Values[a])
				}
			}
			out = append(out, line)
		}
	}
	for _, c := range b.Components {
		line := "  " + c.PURL
		if c.Source != "" {
			line += " from " + c.Source
		}
		out = append(out, line)
	}
	return out
}

func TestTables(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		options    []string
		want       []string
	}{
		{"differential", differential, nil, []string{
			"fqdn:rad-ws-01.hospital.example mac:00:1b:44:11:3a:b7 name:rad-ws-01 serial:5cg1234xyz",
			"  model OptiPlex 7090", "  os_family linux", "  os_name Ubuntu 22.04.3 LTS (Jammy Jellyfish)", "  os_version 22.04.3 LTS (Jammy Jellyfish)", "  packages 1",
			"  endpoint 22/tcp exposed=true process=sshd", "  endpoint 127.0.0.1:631/tcp exposed=false",
			"  pkg:deb/ubuntu/libssl3@3.0.2-0ubuntu1.9?arch=amd64&distro=ubuntu-22.04 from openssl",
		}},
		{"snapshot", snapshot, nil, []string{
			"name:nurse-07", "  disk_encrypted false", "  endpoint_protection Example AV", "  endpoint_protection_running true", "  os_build 22631", "  os_family windows",
			"  os_name Microsoft Windows 11 Enterprise 10.0.22631", "  os_version 10.0.22631", "  packages 1", "  windows_updates [KB5030180 KB5031356]",
			"  volume C: encrypted=true encryption=bitlocker", "  volume D: encrypted=false encryption=none", "  account Administrator privileged=true",
			"  pkg:generic/7-Zip%2023.01%20%28x64%29@23.01",
		}},
		{"batch", batch, nil, []string{
			"name:lab-srv-1", "  pkg:rpm/bash@5.1.8-6.el9?arch=x86_64", "  pkg:rpm/bind-libs@9.16.23-18.el9?arch=x86_64&epoch=32 from bind",
		}},
		{"vendors", vendors, nil, []string{
			"name:rad-ws-01", "  os_family linux", "  os_name AlmaLinux 9.4", "  os_version 9.4", "  packages 2",
			"  pkg:rpm/almalinux/bash@5.1.8-9.el9?arch=x86_64&distro=almalinux-9.4", "  pkg:rpm/almalinux/htop@3.2.1-1.el9?arch=x86_64&distro=almalinux-9.4&vendor=Fedora%20Project",
		}},
		{"dump", dump, nil, []string{
			"name:front-desk serial:c02abc123def", "  disk_encrypted true", "  firewall_active true", "  firewall_kind pf", "  model Mac14,2", "  os_build 23C71", "  os_family macos",
			"  os_name macOS 14.2.1", "  os_version 14.2.1", "  packages 1", "  uptime_days 3",
			"  volume /dev/disk3s1 encrypted=true encryption=filevault", "  account ann interactive=true privileged=false", "  account root interactive=true privileged=true type=system",
			"  pkg:generic/Safari@17.2.1",
		}},
		{"rows", rows, []string{"asset", "serial:4711", "table", "python_packages"}, []string{"serial:4711", "  packages 2", "  pkg:pypi/requests@2.31.0", "  pkg:pypi/jinja2@3.1.2"}},
		{"distributed", distributed, nil, []string{"name:db-1 serial:abc123", "  packages 1", "  pkg:deb/curl@7.88.1-10%2Bdeb12u5?arch=amd64"}},
	} {
		if diff := cmp.Diff(tt.want, show(parse(t, tt.data, tt.options...).Batch)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestStreams holds that a log from the middle takes nothing back.
func TestStreams(t *testing.T) {
	if s := parse(t, snapshot).Batch.Stream; !s.PerAsset || s.Snapshot {
		t.Errorf("snapshots are whole for each machine they list: %+v", s)
	}
	p := parse(t, batch)
	if s := p.Batch.Stream; s.PerAsset || s.ID != "import/osquery/changes" {
		t.Errorf("changes are no whole: %+v", s)
	}
	if _, ok := p.Batch.Sightings[0].Values["packages"]; ok {
		t.Error("a list from the middle is counted")
	}
	if at := p.Batch.ObservedAt; at != time.Unix(1795593600, 0).UTC() {
		t.Errorf("observed at %v", at)
	}
}

func TestNewerSnapshotReplaces(t *testing.T) {
	later := strings.ReplaceAll(strings.SplitAfter(snapshot, "\n")[0], "7-Zip 23.01 (x64)", "7-Zip 24.08 (x64)")
	p := parse(t, strings.SplitAfter(snapshot, "\n")[0]+later)
	if len(p.Batch.Components) != 1 || !strings.Contains(p.Batch.Components[0].Name, "24.08") {
		t.Errorf("got %+v", p.Batch.Components)
	}
}

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct{ data, want string }{
		"no machine": {strings.NewReplacer(`"path"`, `"revision"`).Replace(rows), "which machine"},
		"status log": {`{"hostIdentifier":"h","calendarTime":"x","unixTime":"1","severity":"0","filename":"a.cpp","line":"1","message":"m","version":"5"}`, "holds no results"},
		"cut":        {differential[:len(differential)-20], "ends before"},
		"no rows":    {`{"snapshot":[],"action":"snapshot","name":"programs","hostIdentifier":"h"}`, "holds no rows"},
	} {
		_, err := osquery.Importer{}.Parse(context.Background(), collecttest.Input("x", []byte(tt.data)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{differential, snapshot, batch, dump, rows, distributed} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		collecttest.Fuzz(t, osquery.Importer{}, "results.log", data)
		in := collecttest.Input("x", data)
		in.Options = map[string]string{"asset": "x-1"}
		if p, err := (osquery.Importer{}).Parse(context.Background(), in); err == nil {
			collecttest.CheckBatch(t, p, in)
		}
	})
}

// BenchmarkDifferential reads a log of 50 machines with 1,000 packages each.
func BenchmarkDifferential(b *testing.B) {
	var w bytes.Buffer
	for i := range 50_000 {
		fmt.Fprintf(&w, `{"name":"deb_packages","hostIdentifier":"ws-%d","unixTime":1795593600,"counter":0,"columns":{"name":"p%d","version":"1.2-3","arch":"amd64","source":"","revision":"3"},"action":"added"}`+"\n", i/1000, i%1000)
	}
	b.SetBytes(int64(w.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (osquery.Importer{}).Parse(context.Background(), collecttest.Input("x", w.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
