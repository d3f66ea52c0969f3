package sector_test

import (
	"strings"
	"testing"

	"github.com/asepsis/asepsis/content"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/sector"
)

const heading = "ccn\tname\tcity\tcounty\tstate\ttype\tbeds\trural\n"

const few = "# comment\n" + heading +
	"010001\tSOUTHEAST HEALTH MEDICAL CENTER\tDOTHAN\tHOUSTON\tAL\tacute\t420\tno\n" +
	"041301\tST. MARY'S HOSPITAL & CLINIC\tJONESBORO\tCRAIGHEAD\tAR\tcritical_access\t25\tyes\n" +
	"041302\tSAINT MARY HOSPITAL\tLITTLE ROCK\tPULASKI\tAR\tacute\t\t\n" +
	"01019F\tMARY GENERAL VA MEDICAL CENTER\tST MARYVILLE\tHOUSTON\tAL\tveterans\t\tno\n"

func TestSearch(t *testing.T) {
	d, err := sector.Parse([]byte(few))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		query string
		limit int
		want  string // CCNs
	}{
		{"st mary", 10, "041302 041301 01019F"}, // then by name; the last has "st mary…" in its town
		{"Saint Mary's", 10, "041301"},
		{"saint MARY hosp", 10, "041302 041301"},
		{"st. marys hospital and clinic", 10, "041301"},
		{"mary jonesboro", 10, "041301"},
		{"mary ar", 10, "041302 041301"},
		{"04130", 10, "041301 041302"},
		{"01019f", 10, "01019F"},
		{"mary", 1, "01019F"},
		{"ospital", 10, ""}, // only the start of a word counts
		{"  ", 10, ""},
		{"mary", 0, ""},
		{"houston", 10, "01019F 010001"},
	} {
		var got []string
		for _, h := range d.Search(tc.query, tc.limit) {
			got = append(got, h.CCN)
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("Search(%q, %d) = %s, want %s", tc.query, tc.limit, s, tc.want)
		}
	}
}

func TestParseKeepsWhatIsNotKnown(t *testing.T) {
	d, err := sector.Parse([]byte(few))
	if err != nil {
		t.Fatal(err)
	}
	h, ok := d.Find("041302")
	if !ok || h.Beds != 0 || h.Rural != sector.Unknown || h.Kind() != "community" {
		t.Errorf("041302 = %+v, %v", h, ok)
	}
	if h, ok = d.Find(" 041301 "); !ok || h.Beds != 25 || h.Rural != sector.Yes || h.Kind() != "critical_access" || h.City != "JONESBORO" {
		t.Errorf("041301 = %+v, %v", h, ok)
	}
	if _, ok := d.Find("0413"); ok {
		t.Error("found a hospital by half a CCN")
	}
}

func TestParseFaults(t *testing.T) {
	for name, tc := range map[string]struct{ data, want string }{
		"empty":       {"", "the list of hospitals is empty"},
		"heading":     {"ccn\tname\n", "line 1: columns must be"},
		"columns":     {heading + "010001\tX\n", "line 2: 2 columns, want 8"},
		"ccn":         {heading + "1\tX\t\t\tAL\tacute\t\t\n", "line 2: needs a CCN"},
		"beds":        {heading + "010001\tX\t\t\tAL\tacute\tmany\t\n", `line 2: beds "many"`},
		"rural":       {heading + "010001\tX\t\t\tAL\tacute\t\tmaybe\n", `line 2: rural "maybe"`},
		"endless row": {heading + strings.Repeat("x", 1<<20), "token too long"},
	} {
		_, err := sector.Parse([]byte(tc.data))
		if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: err = %v, want %q", name, err, tc.want)
		}
	}
}

func shipped(t testing.TB) *sector.Directory {
	t.Helper()
	data, err := content.FS.ReadFile("organizations/hospitals.tsv")
	if err != nil {
		t.Fatal(err)
	}
	d, err := sector.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestShippedHospitals(t *testing.T) {
	d := shipped(t)
	if d.Len() != 5421 {
		t.Errorf("%d hospitals, want 5421", d.Len())
	}
	if h, ok := d.Find("010001"); !ok || h.City != "DOTHAN" || h.Beds != 420 {
		t.Errorf("010001 = %+v, %v", h, ok)
	}
	if hs := d.Search("southeast health medical center", 5); len(hs) == 0 || hs[0].CCN != "010001" {
		t.Errorf("by name: %+v", hs)
	}
}

func TestShippedPresets(t *testing.T) {
	data, err := content.FS.ReadFile("organizations/presets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ps, err := sector.ParsePresets(data)
	if err != nil {
		t.Fatal(err)
	}
	if ps[0].Kind != "critical_access" || ps[0].Beds != 25 {
		t.Errorf("first preset = %+v", ps[0])
	}
	for _, bad := range []string{"- kind: x\n", "- kind: clinic\n  colour: red\n", "[]", "kind: clinic"} {
		if _, err := sector.ParsePresets([]byte(bad)); !errs.Is(err, errs.Invalid) {
			t.Errorf("ParsePresets(%q) = %v, want an error of kind invalid", bad, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(few), "st mary")
	f.Add([]byte(heading), "")
	f.Fuzz(func(t *testing.T, data []byte, query string) {
		d, err := sector.Parse(data)
		if err != nil {
			return
		}
		if hs := d.Search(query, 5); len(hs) > 5 {
			t.Fatalf("%d hospitals, want at most 5", len(hs))
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	d := shipped(b)
	for b.Loop() {
		if len(d.Search("st mary hosp", 20)) == 0 {
			b.Fatal("nothing found")
		}
	}
}
