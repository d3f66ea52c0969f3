package msrc

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
	"github.com/asepsis/asepsis/internal/feed/record/recordtest"
)

const head = `"DatePosted","CVE","BulletinKB","Title","AffectedProduct","AffectedComponent","Severity","Impact","Supersedes","Exploits"` + "\r\n"

const lines = head +
	`"20240501","CVE-2099-1000","5000001","Lamp ""stays"" on","Windows Lamp 1","Bulb","Critical","Elevation of Privilege","4000001;4000002",` + "\r\n" +
	`"20240501","CVE-2099-1000","5000001","Lamp ""stays"" on","Windows Lamp 1","Bulb","Critical","Elevation of Privilege","4000003",` + "\r\n" +
	`"20240502","","5000002","Two` + "\r\n\r\n" + `lines","Windows Lamp 2","","Important","",` + `"",` + "\r\n" +
	`"20240502","CVE-2099-1001","Release Notes","App","Lamp for Android","","Low","","",` + "\r\n" +
	`"20240502","CVE-2099-1002","5"` + "\r\n" +
	`"20240502","CVE-2099-1003","5","t","","","","","",` + "\r\n"

func TestRead(t *testing.T) {
	s := new(recordtest.Sink)
	if !Is([]byte(lines)) {
		t.Error("the table is not recognized")
	}
	if err := Read(strings.NewReader(lines), s); err != nil {
		t.Fatal(err)
	}
	s.Check(t)
	at := record.Time("20240501")
	want := []advisory.Advisory{
		{
			ID: "CVE-2099-1000", Source: Source, Title: `Lamp "stays" on`, Published: at, Modified: at,
			Scores: []advisory.Score{{Severity: "critical", By: "microsoft"}},
			Products: []advisory.Product{{Windows: &advisory.WindowsUpdate{
				Product: "Windows Lamp 1", Component: "Bulb", KB: "5000001", Supersedes: []string{"4000001", "4000002", "4000003"}, Impact: "Elevation of Privilege",
			}}},
		},
		{
			ID: "KB5000002", Source: Source, Title: "Two\n\nlines", Published: record.Time("20240502"), Modified: record.Time("20240502"),
			Scores:   []advisory.Score{{Severity: "important", By: "microsoft"}},
			Products: []advisory.Product{{Windows: &advisory.WindowsUpdate{Product: "Windows Lamp 2", KB: "5000002"}}},
		},
		{
			ID: "CVE-2099-1001", Source: Source, Title: "App", Published: record.Time("20240502"), Modified: record.Time("20240502"),
			Scores:   []advisory.Score{{Severity: "low", By: "microsoft"}},
			Products: []advisory.Product{{Windows: &advisory.WindowsUpdate{Product: "Lamp for Android"}}},
		},
	}
	if d := cmp.Diff(want, s.Advisories); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	var refused []int
	for _, r := range s.Refused {
		refused = append(refused, r.Line)
	}
	if s.Read[Source] != 4 || !cmp.Equal(refused, []int{8, 9}) {
		t.Errorf("read %v, refused lines %v: %+v", s.Read, refused, s.Refused)
	}
}

func TestCorrections(t *testing.T) {
	s := new(recordtest.Sink)
	doc := head + "# Service packs\n" + `"20150407","CVE-2099-1000","2919355","Lamp 8.1","Windows Lamp 8","","Critical","","2883200",""` + "\n"
	if err := Read(strings.NewReader(doc), s); err != nil || len(s.Advisories) != 1 || s.Advisories[0].Source != Corrections {
		t.Errorf("got %+v, %v; want a source of its own", s.Advisories, err)
	}
}

func TestOpenQuotes(t *testing.T) {
	s := new(recordtest.Sink)
	doc := head + `"20240501","CVE-2099-1000","1` + "\n" + strings.Repeat("x\n", 20_000) + `"20240501","CVE-2099-1001","1","t","p","","","","",` + "\n"
	if err := Read(strings.NewReader(doc), s); err != nil {
		t.Fatal(err)
	}
	if s.Read[Source] != 1 || len(s.Refused) < 8000 || s.Advisories[0].ID != "CVE-2099-1001" {
		t.Errorf("read %v, %d refused; want what follows an open quote to be read again", s.Read, len(s.Refused))
	}
}

func TestOtherTable(t *testing.T) {
	for _, doc := range []string{"a,b,c\n1,2,3\n", strings.Repeat("x", 300<<10)} {
		if err := Read(strings.NewReader(doc), new(recordtest.Sink)); err == nil {
			t.Errorf("%.20q is taken as the table", doc)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(lines))
	f.Add([]byte(head + "# x\n\"a\",\"\"\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := new(recordtest.Sink)
		if err := Read(bytes.NewReader(b), s); err != nil && err.Error() == "" {
			t.Error("an error without a text")
		}
		s.Check(t)
	})
}
