package udi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/udi"
)

func day(s string) time.Time {
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		panic(err)
	}
	return t
}

// The first of each agency are the examples of FDA's table "UDI formats by
// FDA-accredited issuing agency" (version 1.3). That of HIBCC ends in C there,
// which is not its check character: over the characters before it, that is H.
func TestParse(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want udi.UDI
	}{
		{"(01)51022222233336(11)141231(17)150707(10)A213B1(21)1234", udi.UDI{Agency: udi.GS1, DI: "51022222233336", Lot: "A213B1", Serial: "1234", Made: day("2014-12-31"), Expires: day("2015-07-07")}},
		{"015102222223333611141231171507071" + "0A213B1\x1d211234", udi.UDI{Agency: udi.GS1, DI: "51022222233336", Lot: "A213B1", Serial: "1234", Made: day("2014-12-31"), Expires: day("2015-07-07")}},
		{"]d20151022222233336\x1d211234", udi.UDI{Agency: udi.GS1, DI: "51022222233336", Serial: "1234"}},
		{"(01)51022222233336(17)160200(21)A(2)B", udi.UDI{Agency: udi.GS1, DI: "51022222233336", Serial: "A(2)B", Expires: day("2016-02-29")}},
		{"(01) 51022222233336 (21) 1234", udi.UDI{Agency: udi.GS1, DI: "51022222233336", Serial: "1234"}},
		{"01510222222333363102001234211234", udi.UDI{Agency: udi.GS1, DI: "51022222233336", Serial: "1234"}},
		{"51022222233336", udi.UDI{Agency: udi.GS1, DI: "51022222233336"}},
		{"036000291452", udi.UDI{Agency: udi.GS1, DI: "00036000291452"}},
		{"+H123PARTNO1234567890120/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202H", udi.UDI{
			Agency: udi.HIBCC, DI: "H123PARTNO1234567890120", Lot: "LOT123456789012345", Serial: "XYZ456789012345678", Expires: day("2020-02-02"), Made: day("2013-02-02"),
		}},
		{"+A123BJC5D6E71G", udi.UDI{Agency: udi.HIBCC, DI: "A123BJC5D6E71"}},
		{"=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123", udi.UDI{
			Agency: udi.ICCBBA, DI: "A9999XYZ100T0944", Serial: "000025", Donor: "A99971312345600", Lot: "XYZ123", Expires: day("2014-02-01"), Made: day("2013-02-01"),
		}},
	} {
		got, err := udi.Parse(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.in, diff)
		}
	}
}

// TestHIBCCDates goes through the forms of ANSI/HIBC 2.6, table 2.
func TestHIBCCDates(t *testing.T) {
	for part, want := range map[string]struct {
		expires   string
		lot, unit string
	}{
		"$$0220LOT7":           {"2020-02-29", "LOT7", ""},
		"$$2020320LOT7":        {"2020-02-03", "LOT7", ""},
		"$$3200203LOT7":        {"2020-02-03", "LOT7", ""},
		"$$420020316LOT7":      {"2020-02-03", "LOT7", ""},
		"$$520034LOT7":         {"2020-02-03", "LOT7", ""},
		"$$62003416LOT7":       {"2020-02-03", "LOT7", ""},
		"$$7LOT7":              {"", "LOT7", ""},
		"$$8241219LOT7":        {"2019-12-31", "LOT7", ""},
		"$$9000243200203LOT7":  {"2020-02-03", "LOT7", ""},
		"$$+3200203SER7":       {"2020-02-03", "", "SER7"},
		"$+SER7":               {"", "", "SER7"},
		"$LOT7":                {"", "LOT7", ""},
		"20034LOT7":            {"2020-02-03", "LOT7", ""},
		"$LOT7/SSER7":          {"", "LOT7", "SER7"},
		"$LOT7/14D20200203":    {"2020-02-03", "LOT7", ""},
		"$LOT7/Q100/16D201901": {"bad", "", ""},
		"$$3201345LOT7":        {"bad", "", ""},
	} {
		u, err := udi.Parse(withCheck("+A99912345/" + part))
		if want.expires == "bad" {
			if err == nil {
				t.Errorf("%s was taken as %+v", part, u)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", part, err)
			continue
		}
		got := ""
		if !u.Expires.IsZero() {
			got = u.Expires.Format("2006-01-02")
		}
		if got != want.expires || u.Lot != want.lot || u.Serial != want.unit || u.DI != "A99912345" {
			t.Errorf("%s: got %+v", part, u)
		}
	}
}

func withCheck(s string) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
	sum := 0
	for _, c := range s {
		sum += strings.IndexRune(alphabet, c)
	}
	return s + alphabet[sum%43:sum%43+1]
}

func TestRefused(t *testing.T) {
	for _, in := range []string{
		"", " ", "pump 7", "(01)51022222233337(21)1", "51022222233337", "(21)1234", "(01)5102222223333", "(01)51022222233336(17)151301",
		"(01)51022222233336(21)", "(01)51022222233336(10)" + strings.Repeat("A", 21), "(01", "+A123BJC5D6E71H", "+A123bJC5D6E71G", "+", "+AG",
		"=/A9999XYZ100T09",
		"+H123PARTNO1234567890120/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202C", "=,000025", "==", "=/A9999XYZ100T0944=>014999", strings.Repeat("0", 300), "0151022222233336ZZ1234", "0151022222233336" + "1",
	} {
		if u, err := udi.Parse(in); err == nil {
			t.Errorf("%q was taken as %+v", in, u)
		}
	}
}

func TestParseDI(t *testing.T) {
	for in, want := range map[string]string{
		"00844588018923": "GS1 00844588018923", "844588018923": "GS1 00844588018923", "H123PARTNO1234567890120": "HIBCC H123PARTNO1234567890120",
		"a9999xyz100t0944": "ICCBBA A9999XYZ100T0944", "(01)00844588018923": "GS1 00844588018923", "+A123BJC5D6E71G": "HIBCC A123BJC5D6E71",
		"00844588018924": "", "12345": "", "pump seven": "", "": "",
	} {
		a, di, err := udi.ParseDI(in)
		got := strings.TrimSpace(string(a) + " " + di)
		if err != nil {
			got = ""
		}
		if got != want {
			t.Errorf("%q: got %q (%v), want %q", in, got, err, want)
		}
	}
}

func TestUnit(t *testing.T) {
	one, err := udi.Parse("(01)51022222233336(17)150707(10)A213B1(21)1234")
	if err != nil {
		t.Fatal(err)
	}
	two, err := udi.Parse("0151022222233336211234\x1d17150707")
	if err != nil {
		t.Fatal(err)
	}
	if one.Unit() != two.Unit() || one.Unit() != "(01)51022222233336(21)1234" {
		t.Errorf("the same device has two names: %s, %s", one.Unit(), two.Unit())
	}
	if lot, _ := udi.Parse("(01)51022222233336(10)A213B1"); lot.Unit() != "" {
		t.Error("a lot is taken for a unit")
	}
}

// FuzzParse holds that what is read has a device identifier, and that a GS1 code
// printed from its parts is read as the same device.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"(01)51022222233336(21)1234", "0151022222233336\x1d211234", "+A123BJC5D6E71G", "=/A9999XYZ100T0944=,000025", "]d2", "$$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, _, _ = udi.ParseDI(s)
		u, err := udi.Parse(s)
		if err != nil {
			return
		}
		if u.DI == "" || u.Agency == "" {
			t.Fatalf("%q gives %+v", s, u)
		}
		if u.Agency == udi.GS1 && u.Serial != "" && !strings.ContainsAny(u.Serial, "()") {
			again, err := udi.Parse(u.Unit())
			if err != nil || again.DI != u.DI || again.Serial != u.Serial {
				t.Fatalf("%q gives %+v, and again %+v, %v", s, u, again, err)
			}
		}
	})
}
