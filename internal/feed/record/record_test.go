package record

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/advisory"
)

func TestTime(t *testing.T) {
	for s, want := range map[string]string{
		"2024-10-01T12:13:14Z":          "2024-10-01T12:13:14Z",
		"2024-10-31T12:13:14Z":          "2024-10-31T12:13:14Z",
		"2024-10-01T12:13:14.5Z":        "2024-10-01T12:13:14.5Z",
		"2024-10-01T12:13:14":           "2024-10-01T12:13:14Z",
		"2024-10-01T12:13:14.123456":    "2024-10-01T12:13:14.123456Z",
		"2024-10-01T12:13:14+02:00":     "2024-10-01T10:13:14Z",
		"2024-10-01":                    "2024-10-01T00:00:00Z",
		"20240229":                      "2024-02-29T00:00:00Z",
		"2024-07-12T17:54:37.39-03:00":  "2024-07-12T20:54:37.39Z",
		"0001-01-01T00:00:00Z":          "0001-01-01T00:00:00Z",
		"2024-02-30T00:00:00Z":          "0001-01-01T00:00:00Z",
		"yesterday":                     "0001-01-01T00:00:00Z",
		"":                              "0001-01-01T00:00:00Z",
		"2024-13-01T00:00:00Z":          "0001-01-01T00:00:00Z",
		"2024-10-01T12:13:14.Z":         "0001-01-01T00:00:00Z",
		"2009-05-05 02:00:00 Z":         "0001-01-01T00:00:00Z",
		"2009-05-05 02:00:00":           "2009-05-05T02:00:00Z",
		"9999-01-01T00:00:00.000000000": "9999-01-01T00:00:00Z",
	} {
		if got := Time(s).Format(time.RFC3339Nano); got != want {
			t.Errorf("Time(%q) = %s, want %s", s, got, want)
		}
	}
}

func TestCPE(t *testing.T) {
	for s, want := range map[string]*advisory.CPE{
		`cpe:2.3:a:vendor:pro\:duct\!:1.2:*:*:*:*:node.js:*:*`: {Part: 'a', Vendor: "vendor", Product: "pro:duct!", Version: "1.2", Update: "*", Edition: "*", Target: "node.js"},
		"cpe:/o:Microsoft:windows_10":                          {Part: 'o', Vendor: "microsoft", Product: "windows_10", Version: "*", Update: "*", Edition: "*", Target: "*"},
		"cpe:/a:x:a%3ab:1":                                     {Part: 'a', Vendor: "x", Product: "a:b", Version: "1", Update: "*", Edition: "*", Target: "*"},
		"cpe:2.3:a:*:b:1":                                      nil,
		"cpe:2.3:x:a:b:1":                                      nil,
		"pkg:npm/x":                                            nil,
	} {
		got, ok := ParseCPE(s)
		if ok != (want != nil) || ok && !cmp.Equal(got, *want) {
			t.Errorf("ParseCPE(%q) = %+v, %v, want %+v", s, got, ok, want)
		}
	}
}

func TestVersions(t *testing.T) {
	type r = advisory.Range
	for s, want := range map[string]*Versions{
		"vers:all/*":                   {All: true},
		"vers:generic/>=1.0|<2.0":      {Ranges: []r{{Introduced: "1.0", Fixed: "2.0"}}},
		"vers:generic/<1|>=2|<=3|=5":   {Ranges: []r{{Fixed: "1"}, {Introduced: "2", LastAffected: "3"}}, Versions: []string{"5"}},
		"vers:generic/!=1":             nil,
		"vers:all/>=V7.80<V9.40":       {Ranges: []r{{Introduced: "7.80", Fixed: "9.40"}}},
		"vers:all/<V1.1":               {Ranges: []r{{Fixed: "1.1"}}},
		"vers:/<1":                     nil,
		"All versions < V1.3":          {Ranges: []r{{Fixed: "1.3"}}},
		"> V1.1 and < V1.3.2":          {Ranges: []r{{Introduced: "1.1", AfterIntroduced: true, Fixed: "1.3.2"}}},
		"All versions only with lamps": nil,
		"2131 and 2141":                nil,
		"<= 9.33":                      {Ranges: []r{{LastAffected: "9.33"}}},
		"< B.06.18":                    {Ranges: []r{{Fixed: "B.06.18"}}},
		">= 1.0, < 1.2 || 2.0":         {Ranges: []r{{Introduced: "1.0", Fixed: "1.2"}}, Versions: []string{"2.0"}},
		">1.0 <=2.0":                   {Ranges: []r{{Introduced: "1.0", AfterIntroduced: true, LastAffected: "2.0"}}},
		"1.1.7.333 | 2.1.1.3069":       {Versions: []string{"1.1.7.333", "2.1.1.3069"}},
		"Version 4.2":                  {Versions: []string{"4.2"}},
		"v1.2.3":                       {Versions: []string{"1.2.3"}},
		"1.2 and prior":                {Ranges: []r{{LastAffected: "1.2"}}},
		"Versions prior to v3.1":       {Ranges: []r{{Fixed: "3.1"}}},
		"2.0 or later":                 {Ranges: []r{{Introduced: "2.0"}}},
		"distributed < april 1, 2018":  nil,
		">= 1, 2":                      nil,
		"all versions of the software": nil,
		"":                             nil,
		"R2 SP1":                       nil,
		"< 1 || all":                   nil,
	} {
		got, ok := ParseVersions(s)
		if ok != (want != nil) || ok && !cmp.Equal(got, *want) {
			t.Errorf("ParseVersions(%q) = %+v, %v, want %+v", s, got, ok, want)
		}
	}
}

// FuzzWords feeds the small parsers of texts; they must not panic, and a date
// that is understood must be written the same way again.
func FuzzWords(f *testing.F) {
	for _, s := range []string{"vers:generic/>=1.0|<2.0", "cpe:/a:x:a%3ab:1", "2024-10-01T12:13:14.5Z", `cpe:2.3:a:\`, "≤ 1", "<"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, ok := ParseVersions(s); ok && !v.All && len(v.Ranges)+len(v.Versions) == 0 {
			t.Errorf("ParseVersions(%q) is understood and says nothing", s)
		}
		if c, ok := ParseCPE(s); ok && (c.Vendor == "" || c.Product == "") {
			t.Errorf("ParseCPE(%q) names nothing: %+v", s, c)
		}
		if at := Time(s); !at.IsZero() && !Time(at.Format(time.RFC3339Nano)).Equal(at) {
			t.Errorf("Time(%q) = %v, which is read as another time", s, at)
		}
	})
}
