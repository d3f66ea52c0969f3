package syscollector_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/syscollector"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
)

const message = `{"metadata":{"module":"syscollector","mode":"ModuleDelta","option":"VDFirst"},"items":[
{"seq":0,"operation":"Upsert","index":"wazuh-states-inventory-packages","data":{"package":{"architecture":"amd64","name":"libssl1.1","source":"openssl","type":"deb","version":"1.1.1n-0+deb10u6"},"state":{"modified_at":"2026-05-20T10:02:56.074Z"}}},
{"seq":1,"operation":"Upsert","index":"wazuh-states-inventory-system","data":{"host":{"hostname":"ehr-db-01","os":{"name":"Debian GNU/Linux","version":"10 (buster)","platform":"debian","major":"10"}}}},
{"seq":2,"operation":"Upsert","index":"wazuh-states-inventory-interfaces","data":{"interface":{"name":"eth0"},"host":{"mac":["00:1b:44:11:3a:b7"]}}},
{"seq":3,"operation":"Upsert","index":"wazuh-states-inventory-networks","data":{"interface":{"name":"eth0"},"network":{"ip":["10.20.9.5"]}}},
{"seq":4,"operation":"Upsert","index":"wazuh-states-inventory-ports","data":{"interface":{"state":"listening"},"network":{"transport":"tcp"},"process":{"name":"memcached","pid":507},"source":{"ip":["127.0.0.1"],"port":11211}}},
{"seq":5,"operation":"Upsert","index":"wazuh-states-inventory-users","data":{"user":{"name":"bin","id":"2","full_name":"bin","shell":"/usr/sbin/nologin","groups":["bin"],"password":{"status":"locked"}}}},
{"seq":6,"operation":"Upsert","index":"wazuh-states-inventory-groups","data":{"group":{"name":"adm"}}}
]}
`

const api = `{"data": {"affected_items": [
 {"scan": {"id": 0, "time": "2026/05/20 08:56:35"}, "name": "7-Zip 23.01 (x64)", "version": "23.01", "vendor": "Igor Pavlov", "architecture": "x86_64", "format": "win", "agent_id": "001"},
 {"scan": {"id": 0, "time": "2026/05/20 08:56:35"}, "hotfix": "KB5031356", "agent_id": "001"},
 {"scan": {"id": 0, "time": "2026/05/20 08:56:35"}, "os": {"name": "Microsoft Windows 10 Pro", "version": "10.0.19045", "build": "19045", "platform": "windows"}, "hostname": "NURSE-07", "agent_id": "001"},
 {"scan": {"id": 0, "time": "2026/05/20 08:56:35"}, "board_serial": "5CG1234XYZ", "agent_id": "001"},
 {"scan": {"id": 0, "time": "2026/05/20 08:56:35"}, "local": {"ip": "0.0.0.0", "port": 3389}, "protocol": "tcp", "state": "listening", "process": "svchost.exe", "agent_id": "001"}
], "total_affected_items": 5}, "message": "All specified syscollector information was returned", "error": 0}
`

const v4 = `{"type":"dbsync_osinfo","operation":"INSERTED","data":{"hostname":"lab-1","os_name":"Rocky Linux","os_platform":"rocky","os_major":"9","os_minor":"4","os_version":"9.4"}}
{"type":"dbsync_packages","operation":"INSERTED","data":{"name":"bash","version":"5.1.8-6.el9","format":"rpm","architecture":"x86_64"}}
{"type":"dbsync_packages","operation":"INSERTED","data":{"name":"htop","version":"3.2.1-1.el9","format":"rpm","architecture":"x86_64","vendor":"Fedora Project"}}
{"type":"dbsync_packages","operation":"DELETED","data":{"name":"telnet","version":"0.17","format":"rpm","architecture":"x86_64"}}
{"type":"hotfix","ID":1,"timestamp":"2026/05/20 08:56:35","hotfix":"KB4456655"}
`

const indexer = `{"hits": {"hits": [{"_index": "wazuh-states-inventory-packages-wazuh", "_source": {"agent": {"id": "002", "name": "db-2"}, "package": {"name": "curl", "version": "7.88.1", "type": "deb", "architecture": "amd64"}}}]}}
`

func TestSuite(t *testing.T) {
	for name, data := range map[string]string{"message": message, "api": api, "version 4": v4, "indexer": indexer} {
		t.Run(name, func(t *testing.T) {
			collecttest.Run(t, collecttest.Suite{
				Importer: syscollector.Importer{}, Samples: []collecttest.Sample{{Name: "inventory.json", Data: []byte(data)}}, Text: true,
				CutMayPass: func(cut []byte) bool {
					return cut[len(cut)-1] == '\n' && name == "version 4" || len(cut) < len(data) && data[len(cut)] == '\n' && name == "version 4"
				},
			})
		})
	}
}

func TestFlood(t *testing.T) {
	collecttest.Run(t, collecttest.Suite{
		Importer: syscollector.Importer{}, Samples: []collecttest.Sample{{Name: "inventory.json", Data: []byte(message)}}, Text: true, HeapMB: 256,
		Open: `{"metadata":{"module":"`, Nest: `","a":{"b":"`,
		Floods: map[string]collecttest.Generated{
			"packages": {Head: `{"items":[`, Unit: `{"index":"wazuh-states-inventory-packages","data":{"package":{"name":"p########","version":"1","type":"deb"}}},`, Tail: "{}]}"},
			"agents":   {Head: `{"data":{"affected_items":[`, Unit: `{"agent_id":"########","scan":{"id":0},"hotfix":"KB5031356"},`, Tail: "{}]}}"},
			"keys":     {Head: `{"items":[{`, Unit: `"k########":1,`, Tail: `"z":1}]}`},
		},
	})
}

func parse(t *testing.T, data string, options ...string) *collect.Parsed {
	t.Helper()
	in := collecttest.Input("inventory.json", []byte(data))
	in.Options = map[string]string{}
	for i := 0; i < len(options); i += 2 {
		in.Options[options[i]] = options[i+1]
	}
	p, err := syscollector.Importer{}.Parse(context.Background(), in)
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
			case "name", "macs", "ips", "serial":
			default:
				out = append(out, fmt.Sprintf("  %s %v", a, s.Values[a]))
			}
		}
	}
	for _, f := range b.Facts {
		line := fmt.Sprintf("  %s %s", f.Kind, f.Key)
		for _, a := range slices.Sorted(maps.Keys(f.Values)) {
			switch a {
			case "exposed", "process", "interactive", "privileged", "type", "password_empty":
				line += fmt.Sprintf(" %s=%v", a, f.Values[a])
			}
		}
		out = append(out, line)
	}
	for _, c := range b.Components {
		out = append(out, strings.TrimSpace("  "+c.PURL+" "+c.Source))
	}
	return out
}

func TestForms(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		whole      bool
		want       []string
	}{
		{"message", message, true, []string{
			"ip:10.20.9.5 mac:00:1b:44:11:3a:b7 name:ehr-db-01", "  os_family linux", "  os_name Debian GNU/Linux 10 (buster)", "  os_version 10 (buster)", "  packages 1",
			"  endpoint 127.0.0.1:11211/tcp exposed=false process=memcached", "  account bin interactive=false password_empty=false privileged=false type=system",
			"pkg:deb/debian/libssl1.1@1.1.1n-0%2Bdeb10u6?arch=amd64&distro=debian-10 openssl",
		}},
		{"api", api, true, []string{
			"name:nurse-07 serial:5cg1234xyz", "  os_build 19045", "  os_family windows", "  os_name Microsoft Windows 10 Pro 10.0.19045", "  os_version 10.0.19045", "  packages 1", "  windows_updates [KB5031356]",
			"  endpoint 3389/tcp exposed=true process=svchost.exe", "pkg:generic/7-Zip%2023.01%20%28x64%29@23.01",
		}},
		{"version 4", v4, false, []string{
			"name:lab-1", "  os_family linux", "  os_name Rocky Linux 9.4", "  os_version 9.4", "  windows_updates [KB4456655]", "pkg:rpm/rocky/bash@5.1.8-6.el9?arch=x86_64&distro=rocky-9.4",
			"pkg:rpm/rocky/htop@3.2.1-1.el9?arch=x86_64&distro=rocky-9.4&vendor=Fedora%20Project",
		}},
		{"indexer", indexer, true, []string{"name:db-2", "  packages 1", "pkg:deb/curl@7.88.1?arch=amd64"}},
	} {
		p := parse(t, tt.data)
		if diff := cmp.Diff(tt.want, show(p.Batch)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if p.Batch.Stream.PerAsset != tt.whole {
			t.Errorf("%s: stream %+v", tt.name, p.Batch.Stream)
		}
	}
}

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		data, want string
		options    map[string]string
	}{
		"no machine":    {strings.Join(strings.Split(message, "\n")[:2], "\n") + "{}]}", "does not say which machine", nil},
		"cut":           {message[:400], "ends before", nil},
		"no asset":      {message, "names no asset", map[string]string{"asset": "serial:unknown"}},
		"another thing": {`{"a": 1}`, "holds no inventory", nil},
	} {
		in := collecttest.Input("x", []byte(tt.data))
		in.Options = tt.options
		_, err := syscollector.Importer{}.Parse(context.Background(), in)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func TestNotOurs(t *testing.T) {
	const finding = `{"template-id":"x","info":{"name":"x"},"type":"network","host":"10.0.0.1","timestamp":"2026-05-20T08:56:35Z"}`
	if n := (syscollector.Importer{}).Recognize("nuclei.json", []byte(finding)); n != 0 {
		t.Errorf("sure to %d of a finding of nuclei", n)
	}
}

// TestCorpus reads messages that Wazuh's own tests send.
func TestCorpus(t *testing.T) {
	for _, tt := range []struct {
		file              string
		packages          int
		accounts, sockets int
		changes           bool
	}{
		{"vd_first_debian.json.zst", 400, 0, 0, false},
		{"vd_sync_debian.json", 1, 0, 0, true},
		{"syscollector_sync_debian.json.zst", 0, 0, 0, true},
		{"syscollector_sync_windows.json.zst", 0, 0, 0, true},
	} {
		data := testshared.Read(t, "corpora", "inventories", "hosts", "wazuh-syscollector", tt.file)
		if n := (syscollector.Importer{}).Recognize(tt.file, data[:min(len(data), collect.HeadSize)]); n != 95 && n != 93 {
			t.Errorf("%s: sure to %d", tt.file, n)
		}
		p := parse(t, string(data), "asset", "host-1", "distro", "debian-10")
		deb := 0
		for _, c := range p.Batch.Components {
			if c.Ecosystem == "deb" {
				deb++
				if c.Distro != "debian-10" || !strings.HasPrefix(c.PURL, "pkg:deb/debian/") {
					t.Errorf("%s: %+v", tt.file, c)
				}
			}
		}
		if want := strings.Count(string(data), `"type":"deb"`); deb != want || deb < tt.packages {
			t.Errorf("%s: %d packages, the file has %d", tt.file, deb, want)
		}
		if got := p.Batch.Stream.ID == "import/wazuh/changes"; got != tt.changes {
			t.Errorf("%s: %+v", tt.file, p.Batch.Stream)
		}
		kinds := map[fact.Kind]int{}
		for _, f := range p.Batch.Facts {
			kinds[f.Kind]++
		}
		t.Logf("%s: %d pieces, %d components, %v, %v", tt.file, p.Rows, len(p.Batch.Components), kinds, p.Batch.Sightings[0].Keys)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{message, api, v4, indexer} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		collecttest.Fuzz(t, syscollector.Importer{}, "inventory.json", data)
		in := collecttest.Input("x", data)
		in.Options = map[string]string{"asset": "x-1"}
		if p, err := (syscollector.Importer{}).Parse(context.Background(), in); err == nil {
			collecttest.CheckBatch(t, p, in)
		}
	})
}
