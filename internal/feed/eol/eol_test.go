package eol

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
	"github.com/asepsis/asepsis/internal/feed/record/recordtest"
)

const front = `{"title": "Lamp OS", "category": "os", "permalink": "/lampos", "identifiers": [{"cpe": "cpe:/o:lamps:lampos"}, {"repology": "lamp"}],
 "releases": [{"releaseCycle": "2", "codename": "Bright", "releaseDate": "2023-01-01", "eol": "2026-01-01", "eoes": "2028-01-01", "latest": "2.4", "latestReleaseDate": "2024-01-01"},
  {"releaseCycle": "1", "eol": true}, {"releaseCycle": "3", "eol": false}, {"latest": "x"}]}`

const data = `{"releases": {"2": {"name": "2", "releaseDate": "2023-01-01", "eol": "2026-01-01"}}, "versions": {"2.4": {"name": "2.4", "date": "2024-01-01"}}}`

const api = `{"schema_version": "1.2.0", "generated_at": "2024-05-06T00:00:00Z", "result": [{"name": "lampos", "label": "Lamp OS", "category": "os",
 "identifiers": [{"type": "cpe", "id": "cpe:/o:lamps:lampos"}], "releases": [{"name": "2", "releaseDate": "2023-01-01", "isEol": true, "eolFrom": "2026-01-01", "latest": {"name": "2.4"}}]}]}`

func TestRead(t *testing.T) {
	two := advisory.Cycle{Product: "lampos", Cycle: "2", Released: record.Time("2023-01-01"), SupportEnds: record.Time("2026-01-01")}
	titled := two
	titled.Title, titled.Category, titled.Identifiers, titled.Latest = "Lamp OS", "os", []string{"cpe:/o:lamps:lampos"}, "2.4"
	whole := titled
	whole.Codename, whole.ExtendedEnds, whole.Identifiers = "Bright", record.Time("2028-01-01"), []string{"cpe:/o:lamps:lampos", "repology:lamp"}
	bare := advisory.Cycle{Product: "lampos", Title: "Lamp OS", Category: "os", Identifiers: whole.Identifiers}
	one, three := bare, bare
	one.Cycle, one.Ended, three.Cycle = "1", true, "3"
	for name, c := range map[string]struct {
		doc     string
		want    []advisory.Cycle
		refused int
	}{
		"front matter": {front, []advisory.Cycle{whole, one, three}, 1},
		"release data": {data, []advisory.Cycle{two}, 0},
		"api":          {api, []advisory.Cycle{titled}, 0},
	} {
		s := new(recordtest.Sink)
		Read([]byte(c.doc), "lampos.json", s)
		s.Check(t)
		if d := cmp.Diff(c.want, s.Cycles); d != "" || len(s.Refused) != c.refused || s.Read[record.EndOfLife] != 1 {
			t.Errorf("%s: read %v, refused %+v, (-want +got)\n%s", name, s.Read, s.Refused, d)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, d := range [...]string{front, data, api} {
		f.Add([]byte(d), "lampos.json")
	}
	f.Fuzz(func(t *testing.T, b []byte, file string) {
		s := new(recordtest.Sink)
		Read(b, file, s)
		s.Check(t)
	})
}
