package systeminfo_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/list"
	"github.com/asepsis/asepsis/internal/collect/systeminfo"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
)

const listing = "\r\nHost Name:                 LAB-07\r\nOS Name:                   Microsoft Windows Server 2019 Standard\r\nOS Version:                10.0.17763 N/A Build 17763\r\n" +
	"OS Manufacturer:           Microsoft Corporation\r\nOS Configuration:          Member Server\r\nSystem Manufacturer:       Dell Inc.\r\nSystem Model:              PowerEdge R640\r\n" +
	"System Type:               x64-based PC\r\nProcessor(s):              1 Processor(s) Installed.\r\n                           [01]: Intel64 Family 6 Model 85\r\n" +
	"System Locale:             en-us;English (United States)\r\nDomain:                    lab.hospital.example\r\n" +
	"Hotfix(s):                 4 Hotfix(s) Installed.\r\n                           [01]: KB4486553\r\n                           [02]: 4470788\r\n                           [03]: {7A068575-C5DB-43D9-BE20-3895D0C69B17}\r\n                           [04]: KB4482887\r\n" +
	"Network Card(s):           2 NIC(s) Installed.\r\n                           [01]: Broadcom NetXtreme\r\n                                 Connection Name: Ethernet\r\n                                 IP address(es)\r\n" +
	"                                 [01]: 10.20.30.40\r\n                                 [02]: fe80::1\r\n                           [02]: VMware Virtual Ethernet Adapter for VMnet8\r\n                                 IP address(es)\r\n                                 [01]: 192.168.145.1\r\n"

const csvListing = `"Host Name","OS Name","OS Version","OS Manufacturer","OS Configuration","System Manufacturer","System Model","System Type","Domain","Hotfix(s)","Network Card(s)"
"WS-1","Microsoft Windows 10 Pro","10.0.19045 N/A Build 19045","Microsoft Corporation","Standalone Workstation","To be filled by O.E.M.","To be filled by O.E.M.","x64-based PC","WORKGROUP","2 Hotfix(s) Installed.,[01]: KB5031356,[02]: KB5030841","1 NIC(s) Installed.,[01]: Realtek,      Connection Name: Ethernet,      [01]: 10.20.4.7"
`

const qfe = "Caption                                     CSName  Description      FixComments  HotFixID   InstallDate  InstalledBy          InstalledOn  Name  ServicePackInEffect  Status  \r\r\n" +
	"http://support.microsoft.com/?kbid=2919355  DC-1    Update                        KB2919355               NT AUTHORITY\\SYSTEM  3/18/2014                                       \r\r\n" +
	"                                            DC-1                                  File 1                                                             KB2937220                    \r\r\n" +
	"                                            DC-1                                  File 1                                                                                          \r\r\n"

const getHotFix = "\r\nSource        Description      HotFixID      InstalledBy          InstalledOn\r\n------        -----------      --------      -----------          -----------\r\n" +
	"PACS-2        Update           KB5029923     NT AUTHORITY\\SYSTEM  9/13/2023 12:00:00 AM\r\nPACS-2        Security Update  KB5030219     NT AUTHORITY\\SYSTEM  9/13/2023 12:00:00 AM\r\n\r\n"

func utf16(s string) []byte {
	b, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(s))
	if err != nil {
		panic(err)
	}
	return b
}

func parse(t *testing.T, data []byte, options map[string]string) *collect.Parsed {
	t.Helper()
	in := collecttest.Input("out.txt", data)
	in.Options = options
	p, err := systeminfo.Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	return p
}

func TestListings(t *testing.T) {
	for name, tt := range map[string]struct {
		data   []byte
		stream string
		want   fact.Values
	}{
		"list": {[]byte(listing), "import/systeminfo/lab-07/systeminfo", fact.Values{
			"name": "LAB-07", "fqdn": "lab-07.lab.hospital.example", "os_name": "Microsoft Windows Server 2019 Standard", "os_version": "10.0.17763", "os_build": "17763", "os_arch": "x64", "os_family": "windows",
			"class": "server", "manufacturer": "Dell Inc.", "model": "PowerEdge R640", "ips": []string{"10.20.30.40"}, "windows_updates": []string{"KB4470788", "KB4482887", "KB4486553"},
		}},
		"csv": {[]byte(csvListing), "import/systeminfo/ws-1/systeminfo", fact.Values{
			"name": "WS-1", "os_name": "Microsoft Windows 10 Pro", "os_version": "10.0.19045", "os_build": "19045", "os_arch": "x64", "os_family": "windows", "ips": []string{"10.20.4.7"},
			"windows_updates": []string{"KB5030841", "KB5031356"},
		}},
		"qfe":              {[]byte(qfe), "import/systeminfo/dc-1/updates", fact.Values{"name": "DC-1", "os_family": "windows", "windows_updates": []string{"KB2919355", "KB2937220"}}},
		"qfe in UTF-16":    {utf16(qfe), "import/systeminfo/dc-1/updates", fact.Values{"name": "DC-1", "os_family": "windows", "windows_updates": []string{"KB2919355", "KB2937220"}}},
		"qfe while busy":   {append([]byte("Please wait while WMIC is being installed."), utf16(qfe)[2:]...), "import/systeminfo/dc-1/updates", fact.Values{"name": "DC-1", "os_family": "windows", "windows_updates": []string{"KB2919355", "KB2937220"}}},
		"Get-HotFix":       {[]byte(getHotFix), "import/systeminfo/pacs-2/updates", fact.Values{"name": "PACS-2", "os_family": "windows", "windows_updates": []string{"KB5029923", "KB5030219"}}},
		"no updates":       {[]byte(strings.Replace(listing[:strings.Index(listing, "Hotfix(s)")], "LAB-07", "LAB-08", 1) + "Hotfix(s):                 N/A\r\n"), "import/systeminfo/lab-08/systeminfo", nil},
		"its own encoding": {bytes.ReplaceAll([]byte(listing), []byte("Broadcom"), []byte("Br\xffadcom")), "import/systeminfo/lab-07/systeminfo", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if n := (systeminfo.Importer{}).Recognize("x", tt.data); n < 90 {
				t.Errorf("sure to %d", n)
			}
			p := parse(t, tt.data, nil)
			if p.Batch.Stream.ID != tt.stream || !p.Batch.Stream.Snapshot || len(p.Batch.Sightings) != 1 {
				t.Fatalf("stream %+v, %d sightings", p.Batch.Stream, len(p.Batch.Sightings))
			}
			got := p.Batch.Sightings[0].Values
			if tt.want == nil {
				if name == "no updates" && len(got["windows_updates"].([]string)) != 0 {
					t.Errorf("updates %v, want none", got["windows_updates"])
				}
				return
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	// Windows XP names the files of updates alone: that is no list of updates.
	files := strings.NewReplacer("KB4486553", "File 1", "4470788", "File 1", "KB4482887", "File 2").Replace(listing)
	s := parse(t, []byte(files), nil).Batch.Sightings[0]
	if _, ok := s.Values["windows_updates"]; ok || s.Missing["windows_updates"] == "" {
		t.Errorf("files of updates are taken for updates: %v", s.Values["windows_updates"])
	}
	// systeminfo itself leaves out what its buffer does not hold.
	full := strings.NewReplacer("4 Hotfix(s)", "271 Hotfix(s)", "                           [04]: KB4482887", "                           [04]").Replace(listing)
	if s := parse(t, []byte(full), nil).Batch.Sightings[0]; s.Values["windows_updates"] != nil || !strings.Contains(s.Missing["windows_updates"], "leaves out 268 of its 271") {
		t.Errorf("a list that systeminfo cut: %v, %q", s.Values["windows_updates"], s.Missing["windows_updates"])
	}
	two := listing + strings.NewReplacer("LAB-07", "LAB-09", "10.20.30.40", "10.20.30.41").Replace(listing)
	if p := parse(t, []byte(two), nil); len(p.Batch.Sightings) != 2 || !p.Batch.Stream.PerAsset {
		t.Errorf("two listings: %d sightings, %+v", len(p.Batch.Sightings), p.Batch.Stream)
	}
}

func TestRefusals(t *testing.T) {
	short := listing[:strings.Index(listing, "                           [04]")]
	for name, tt := range map[string]struct{ data, want string }{
		"German":        {"Hostname:       OLI7-PC\r\nBetriebssystemname:     Microsoft Windows 7 Ultimate N\r\nBetriebssystemversion:     6.1.7601 Service Pack 1 Build 7601\r\nSystemtyp:      x64-based PC\r\nSystemgebietsschema:    de;Deutsch (Deutschland)\r\n", "systeminfo in German"},
		"unknown":       {"A:   PC\r\nB:     Windows\r\nC:     6.1.7601 X Build 7601\r\nD:      x64-based PC\r\n", "another language than English"},
		"cut":           {short, "cut short: it has 3 of 4"},
		"cut in a name": {strings.TrimSuffix(listing[:strings.Index(listing, "KB4482887")+7], "\r\n"), "cut short"},
		"before it":     {listing[:strings.Index(listing, "Hotfix(s)")], "cut short"},
		"no machine":    {strings.ReplaceAll(getHotFix, "PACS-2", "      "), "--option asset=HOSTNAME"},
		"twice":         {listing + listing, "stands in the file twice"},
	} {
		_, err := systeminfo.Importer{}.Parse(context.Background(), collecttest.Input("x", []byte(tt.data)))
		var r *collect.Refusal
		if !errors.As(err, &r) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want a refusal with %q", name, err, tt.want)
		}
	}
	p := parse(t, []byte(strings.ReplaceAll(getHotFix, "PACS-2", "      ")), map[string]string{"asset": "pacs-3"})
	if p.Batch.Stream.ID != "import/systeminfo/pacs-3/updates" {
		t.Errorf("stream %s", p.Batch.Stream.ID)
	}
}

// TestCorpus reads the listings of real machines: each is read whole, or refused by the
// language it is in.
func TestCorpus(t *testing.T) {
	dir := testshared.Path(t, "corpora", "inventories", "hosts", "windows-systeminfo")
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	languages := map[string]string{"_de_": "German", "_ru_systeminfo": "Russian", "zh-cn": "Chinese", "education_es_": "Spanish"}
	read := 0
	for _, f := range files {
		base := filepath.Base(f)
		if strings.HasSuffix(base, "_updates.txt") {
			continue // titles of updates on offer: not what is installed
		}
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if n := (systeminfo.Importer{}).Recognize(base, data[:min(len(data), collect.HeadSize)]); n < 85 {
			t.Errorf("%s: sure to %d", base, n)
		}
		in := collecttest.Input(base, data)
		in.Options = map[string]string{"asset": "machine-1"}
		p, err := systeminfo.Importer{}.Parse(context.Background(), in)
		foreign := ""
		for part, l := range languages {
			if strings.Contains(base, part) {
				foreign = l
			}
		}
		if foreign != "" {
			if err == nil || !strings.Contains(err.Error(), foreign) {
				t.Errorf("%s: got %v, want a refusal that names %s", base, err, foreign)
			}
			continue
		}
		if base == "srv_2012r2_x64_standard_ru_qfe.txt" { // somebody cut its last line
			if err == nil || !strings.Contains(err.Error(), "cut off") {
				t.Errorf("%s: got %v", base, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		read++
		collecttest.CheckBatch(t, p, in)
		for _, s := range p.Batch.Sightings {
			list, _ := s.Values["windows_updates"].([]string)
			t.Logf("%s: %v %v %v %v, %d updates %s", base, s.Values["os_name"], s.Values["os_version"], s.Values["os_build"], s.Values["os_arch"], len(list), s.Missing["windows_updates"])
			if !strings.HasSuffix(base, "_qfe.txt") && (s.Values["os_name"] == nil || s.Values["os_build"] == nil || s.Values["os_arch"] == nil) {
				t.Errorf("%s: something is missing in %v", base, s.Values)
			}
		}
	}
	if read < 25 {
		t.Errorf("%d listings were read", read)
	}
}

// TestSurest holds all importers against the listings: this one has to be the surest.
func TestSurest(t *testing.T) {
	for _, s := range []string{listing, csvListing, qfe, getHotFix} {
		im, err := collect.Recognize(list.Importers(), collecttest.Input("out.txt", []byte(s)))
		if err != nil || im.Format().ID != "systeminfo" {
			t.Errorf("%.40q: %v, %v", s, im, err)
		}
	}
	// Exports of updates belong to the lists of software.
	for _, s := range []string{"\r\n\r\nNode,Caption,CSName,Description,FixComments,HotFixID,InstallDate,InstalledBy,InstalledOn,Name,ServicePackInEffect,Status\r\nWS-1,http://x,WS-1,Update,,KB5031356,,X,10/1/2023,,,\r\n"} {
		im, err := collect.Recognize(list.Importers(), collecttest.Input("out.csv", []byte(s)))
		if err != nil || im.Format().ID != "software" {
			t.Errorf("%.40q: %v, %v", s, im, err)
		}
	}
}

func TestImporter(t *testing.T) {
	// Behind the list of updates a cut does no harm: what follows are network cards.
	whole := func(cut []byte) bool { return bytes.Contains(cut, []byte("KB4482887\r\n")) }
	collecttest.Run(t, collecttest.Suite{Importer: systeminfo.Importer{}, Samples: []collecttest.Sample{{Name: "list.txt", Data: []byte(listing)}}, CutMayPass: whole})
	collecttest.Run(t, collecttest.Suite{Importer: systeminfo.Importer{}, Samples: []collecttest.Sample{{Name: "list.csv", Data: []byte(csvListing)}}})
	// A table that is cut between two lines cannot be told from a shorter one.
	collecttest.Run(t, collecttest.Suite{Importer: systeminfo.Importer{}, Samples: []collecttest.Sample{{Name: "qfe.txt", Data: []byte(qfe)}}, CutMayPass: func(cut []byte) bool {
		return bytes.Count(cut, []byte("\n")) > 1 && (bytes.HasSuffix(cut, []byte("\n")) || bytes.HasSuffix(cut, []byte("\r")))
	}})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{listing, csvListing, qfe, getHotFix, "Please wait while WMIC is being installed.\nCaption HotFixID  InstalledBy InstalledOn\n"} {
		f.Add([]byte(s))
	}
	f.Add(utf16(qfe))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := collecttest.Input("x", b)
		in.Limits.Bytes = 1 << 20
		systeminfo.Importer{}.Recognize("x", b)
		p, err := systeminfo.Importer{}.Parse(context.Background(), in)
		var r *collect.Refusal
		switch {
		case err == nil:
			collecttest.CheckBatch(t, p, in)
		case !errors.As(err, &r):
			t.Errorf("%v is no refusal", err)
		}
	})
}
