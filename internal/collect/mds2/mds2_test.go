package mds2_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/list"
	"github.com/asepsis/asepsis/internal/collect/mds2"
	"github.com/asepsis/asepsis/internal/fact"
)

// The forms are made up, laid out as makers fill in the published ones: of 2019 with the
// columns of standards behind the answer, of 2013 with the labels above their values.
var form2019 = [][]string{
	{"Manufacturer Disclosure Statement for Medical Device Security -- MDS2"},
	{"DOC-1", "Manufacturer Name", "", "Northwind Medical, Inc."},
	{"DOC-2", "Device Description", "", "Syringe pump"},
	{"DOC-3", "Device Model", "", "Drift 400, Drift 410"},
	{"DOC-4", "Document ID", "", "NW-0815"},
	{"DOC-7", "Document Release Date", "", "2024-03-20"},
	{"DOC-9", "ISAO: Is the manufacturer part of an Information Sharing and Analysis Organization?", "", "Yes"},
	{"Question ID", "Question", "", "Answer", "See note", "IEC TR 80001-2-2:2012", "NIST SP 800-53 Rev. 4", "ISO 27002:2013"},
	{"AUTOMATIC LOGOFF (ALOF)"},
	{"ALOF-1", "Can people be signed out by the device after a while?", "", "No", "", "Section 5.1, ALOF", "AC-12", "None"},
	{"AUDT-1", "Does it write logs of its own?", "", "N/A", ""},
	{"AUDT-2", "Are events recorded?", "", "Yes", "Note 1", "Section 5.2", "AU-1", "A.12.4.1"},
	{"AUTH-1", "Does it keep people out?", "", "YES "},
	{"CSUP-1", "Does it hold software that needs updates?", "", "Yes"},
	{"CSUP-2.1", "Does its documentation say how owners install updates?", "", "no"},
	{"CSUP-2.3", "Can it be updated from afar?", "", "No"},
	{"CSUP-3.1", "The same of firmware?", "", "No."},
	{"CSUP-3.3", "The same from afar?", "", "No (planned)"},
	{"CSUP-8", "Does it update itself?", "", "No"},
	{"MLDP-1", "Can it host software?", "", "Yes"},
	{"MLDP-2", "Does it support anti-malware?", "", "See Note", "The hospital may add it after asking us"},
	{"MLDP-3", "Are there compensating controls?", "", "No"},
	{"MLDP-4", "Does it run an allow list?", "", "No"},
	{"MPII-2", "Does it keep patient data?", "", "No"},
	{"STCF-1", "Can it encrypt data at rest?", "", "No"},
	{"SAHD-12", "Can unapproved software be installed without tools?", "", "Yes"},
	{"SHAD-15", "Can it stop access to the boot loader?", "", "Yes"},
	{"PLOK-2", "Are its parts secured?", "", "maybe"},
	{"PLOK-3", "Is there a key?", "", ""},
	{"RMOT-1", "Does it permit remote service?", "", "Yes"},
	{"RMOT-1.1", "Can the owner start it?: No"},
	{"RMOT-1.2", "Is there a light?", "", "No"},
}

var form2013 = [][]string{
	{"Manufacturer Disclosure Statement for Medical Device Security – MDS2"},
	{"DEVICE DESCRIPTION"},
	{"Device Category", "Manufacturer", "Document ID", "Document Release Date"},
	{"Monitor", "Contoso Healthcare", "CH-77", "5/14/2016"},
	{"Device Model", "", "Software Revision", "Software Release Date"},
	{"Vista 9", "", "B.02", "2016"},
	{"MANAGEMENT OF PRIVATE DATA", "", "Yes, No, N/A, or See Note", "Note #"},
	{"A", "Can this device hold private data?", "Yes", "__"},
	{"C.2", "Does it keep private data on disk?", "Yes", "__"},
	{"1", "AUTOMATIC LOGOFF (ALOF)", "Yes, No, N/A, or See Note", "Note #"},
	{"1-1", "Can people be signed out by the device?", "Yes", "__"},
	{"2-1", "Can it write an audit trail?", "No", "__"},
	{"3-1", "Does it keep people out?", "See Note", "3"},
	{"3-2", "Are there roles?", "Yes", ""},
	{"5-1", "Can updates be applied as they come?", "No", "__"},
	{"5-1.1", "Can they be applied from afar?", "N/A", "__"},
	{"10-1", "Does it support anti-malware?", "No", ""},
	{"12-1", "Does it know its users?", "", ""},
	{"17-1", "Can it encrypt data at rest?", "No", ""},
	{"18-1", "Is data sent by a cable of its own only?", "No", ""},
	{"18-2", "Is data encrypted before it is sent?", "Yes", ""},
}

func csv(rows [][]string) []byte {
	var b bytes.Buffer
	for _, r := range rows {
		for i, c := range r {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(c, `"`, `""`) + `"`)
		}
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

// xlsx writes the form on the second sheet, as some makers do.
func xlsx(t testing.TB, rows [][]string) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetCellStr("Sheet1", "A1", "How to read this form"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.NewSheet("MDS2 Worksheet"); err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		for j, c := range r {
			if err := f.SetCellStr("MDS2 Worksheet", fmt.Sprintf("%c%d", 'A'+j, i+1), c); err != nil {
				t.Fatal(err)
			}
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parse(t *testing.T, name string, data []byte, options map[string]string) *collect.Parsed {
	t.Helper()
	in := collecttest.Input(name, data)
	in.Options = options
	p, err := mds2.Importer{}.Parse(context.Background(), in)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	collecttest.CheckBatch(t, p, in)
	return p
}

func TestForms(t *testing.T) {
	want2019 := fact.Values{
		"type": "mds2", "title": "MDS2 of Northwind Medical, Inc. Drift 400, Drift 410", "manufacturer": "Northwind Medical, Inc.",
		"models": []string{"Drift 400", "Drift 410"}, "published_at": time.Date(2024, 3, 20, 0, 0, 0, 0, time.UTC),
		// No patient data is kept, so encryption at rest is not asked of it; what is open
		// about malware and locks stays open.
		"lacks": []string{"ALOF", "CSUP", "INSTALL", "RMOT"},
	}
	want2013 := fact.Values{
		"type": "mds2", "title": "MDS2 of Contoso Healthcare Vista 9", "manufacturer": "Contoso Healthcare", "models": []string{"Vista 9"}, "version": "B.02",
		"published_at": time.Date(2016, 5, 14, 0, 0, 0, 0, time.UTC), "lacks": []string{"AUDT", "CSUP", "MLDP", "STCF"},
	}
	for name, tt := range map[string]struct {
		rows  [][]string
		want  fact.Values
		open  []string
		never []string
	}{
		"2019": {form2019, want2019, []string{"MLDP", "PLOK", "CONN", "DTBK"}, []string{"ALOF", "STCF", "AUDT", "AUTH", "RMOT"}},
		"2013": {form2013, want2013, []string{"PAUT", "DTBK", "EMRG"}, []string{"AUTH", "ALOF", "TXCF", "CONN", "MPII", "MFA"}},
	} {
		for form, data := range map[string][]byte{"csv": csv(tt.rows), "xlsx": xlsx(t, tt.rows)} {
			t.Run(name+" "+form, func(t *testing.T) {
				if n := (mds2.Importer{}).Recognize("form."+form, data[:min(len(data), collect.HeadSize)]); n < 90 {
					t.Errorf("sure to %d", n)
				}
				p := parse(t, "form."+form, data, nil)
				if len(p.Batch.Facts) != 1 || len(p.Batch.Sightings) != 0 {
					t.Fatalf("%d facts, %d sightings", len(p.Batch.Facts), len(p.Batch.Sightings))
				}
				got := p.Batch.Facts[0].Values
				open, _ := got["unanswered"].([]string)
				delete(got, "unanswered")
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
				for _, id := range tt.open {
					if !slices.Contains(open, id) {
						t.Errorf("%s is not listed as unanswered: %v", id, open)
					}
				}
				for _, id := range tt.never {
					if slices.Contains(open, id) {
						t.Errorf("%s is listed as unanswered", id)
					}
				}
			})
		}
	}
	notes := fmt.Sprint(parse(t, "form.csv", csv(form2019), nil).Batch.Notes)
	for _, want := range []string{"The hospital may add it after asking us", "maybe", "not answered"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note says %q: %s", want, notes)
		}
	}
}

// TestNoAnswerIsNoNo takes every answer out: nothing is lacking, everything is open.
func TestNoAnswerIsNoNo(t *testing.T) {
	for _, rows := range [][][]string{form2019, form2013} {
		var silent [][]string
		for _, r := range rows {
			r = slices.Clone(r)
			for i := range r {
				switch strings.ToLower(strings.Trim(r[i], " .")) {
				case "yes", "no", "n/a", "see note", "no (planned)", "maybe":
					r[i] = ""
				}
				r[i] = strings.TrimSuffix(r[i], ": No")
			}
			silent = append(silent, r)
		}
		f := parse(t, "silent.csv", csv(silent), nil).Batch.Facts[0]
		if v, ok := f.Values["lacks"]; ok || f.Missing["lacks"] == "" {
			t.Errorf("a form without answers lacks %v, missing %q", v, f.Missing["lacks"])
		}
	}
}

func TestAnswersAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		"Yes": "has", "YES.": "has", "y": "has", "Yes, see manual": "has", "Yes (optional)": "has", "No": "lacks", "n": "lacks", "NO - planned": "lacks", "No (see note 4)": "lacks",
		"N/A": "not", "n/a.": "not", "NA": "not", "Not applicable": "not", "Not Applicable, no screen": "not",
		"See Note": "open", "See Notes 3": "open", "see note #4": "open", "": "open", "-": "open", "__": "open", "Yes/No": "open", "Yes No": "open", "unknown": "open", "No operating system is used here": "open",
	} {
		rows := slices.Clone(form2019)
		for i, r := range rows {
			if r[0] == "ALOF-1" {
				r = slices.Clone(r)
				r[3] = text
				rows[i] = r
			}
		}
		v := parse(t, "form.csv", csv(rows), nil).Batch.Facts[0].Values
		lacks, open := v["lacks"].([]string), v["unanswered"].([]string)
		got := "has"
		switch {
		case slices.Contains(lacks, "ALOF"):
			got = "lacks"
		case slices.Contains(open, "ALOF"):
			got = "open"
		}
		if want == "not" {
			want = "has" // neither lacking nor open
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestOddLayouts(t *testing.T) {
	// Everything of a question in one cell, as some makers publish it.
	glued := [][]string{
		{"Manufacturer Disclosure Statement for Medical Device Security"}, {"DOC-1:Manufacturer Name:Fabrikam Devices"}, {`DOC-3:Device Model:"R1, R2"`}, {"DOC-7:Document Release Date:2026-03-20"},
	}
	for i := range 12 {
		glued = append(glued, []string{fmt.Sprintf("PAUT-%d", i+1), "Does it do the thing asked about here?: No", ""})
	}
	f := parse(t, "glued.csv", csv(glued), nil).Batch.Facts[0]
	if got := f.Values; got["manufacturer"] != "Fabrikam Devices" || !slices.Equal(got["models"].([]string), []string{"R1", "R2"}) || !slices.Contains(got["lacks"].([]string), "LOCKOUT") {
		t.Errorf("%v", got)
	}
	// Excel made dates of the numbers of the edition of 2013.
	dated := slices.Clone(form2013)
	for i, r := range dated {
		r = slices.Clone(r)
		switch r[0] {
		case "1-1":
			r[0], r[2] = "2026-01-01", "No"
		case "2-1":
			r[0] = "1-Feb"
		case "10-1":
			r[0] = "10/1/2026"
		}
		dated[i] = r
	}
	if got := parse(t, "dated.csv", csv(dated), nil).Batch.Facts[0].Values["lacks"]; !slices.Equal(got.([]string), []string{"ALOF", "AUDT", "CSUP", "MLDP", "STCF"}) {
		t.Errorf("dates: %v", got)
	}
	// Two answers to one question are none.
	twice := append(slices.Clone(form2019), []string{"ALOF-1", "Again: can people be signed out?", "", "Yes"})
	v := parse(t, "twice.csv", csv(twice), nil).Batch.Facts[0].Values
	if slices.Contains(v["lacks"].([]string), "ALOF") || !slices.Contains(v["unanswered"].([]string), "ALOF") {
		t.Errorf("twice: %v", v)
	}
}

func TestOptionsNameTheDevice(t *testing.T) {
	rows := slices.DeleteFunc(slices.Clone(form2019), func(r []string) bool { return r[0] == "DOC-1" || r[0] == "DOC-3" })
	var refusal *collect.Refusal
	_, err := mds2.Importer{}.Parse(context.Background(), collecttest.Input("form.csv", csv(rows)))
	if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "manufacturer") {
		t.Errorf("got %v, want a refusal that asks for the maker", err)
	}
	f := parse(t, "form.csv", csv(rows), map[string]string{"manufacturer": "Tailspin", "model": "T-1000", "version": "4.2"}).Batch.Facts[0]
	if f.Values["manufacturer"] != "Tailspin" || f.Values["version"] != "4.2" || f.Key != "mds2:tailspin~t-1000" {
		t.Errorf("%+v", f)
	}
}

func TestTemplates(t *testing.T) {
	for _, name := range mds2.Templates() {
		b, err := mds2.WriteTemplate(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := (mds2.Importer{}).Recognize(name, b[:min(len(b), collect.HeadSize)]); n < 90 {
			t.Errorf("%s: sure to %d", name, n)
		}
		if _, err := (mds2.Importer{}).Parse(context.Background(), collecttest.Input(name, b)); err == nil {
			t.Errorf("%s: taken although nothing is filled in", name)
		}
	}
	b, err := mds2.WriteTemplate("mds2-2019.csv")
	if err != nil {
		t.Fatal(err)
	}
	filled := string(b)
	for from, to := range map[string]string{
		"DOC-1,Manufacturer Name,": "DOC-1,Manufacturer Name,Northwind", "DOC-3,Device Model,": "DOC-3,Device Model,Drift 400", ",Software Version,": ",Software Version,4.1",
	} {
		if !strings.Contains(filled, from) {
			t.Fatalf("the template has no %q:\n%s", from, filled)
		}
		filled = strings.Replace(filled, from, to, 1)
	}
	for line := range strings.Lines(filled) {
		if id, _, _ := strings.Cut(line, ","); id == "ALOF-1" || id == "SGUD-1" {
			filled = strings.Replace(filled, line, strings.Replace(line, ",,", ",No,", 1), 1)
		}
	}
	v := parse(t, "filled.csv", []byte(filled), nil).Batch.Facts[0].Values
	if !slices.Equal(v["lacks"].([]string), []string{"ALOF", "SGUD"}) || v["version"] != "4.1" || v["manufacturer"] != "Northwind" {
		t.Errorf("%v", v)
	}
	if _, err := mds2.WriteTemplate("mds2-1999.csv"); err == nil {
		t.Error("there is a template of 1999")
	}
}

// TestSurest holds all importers against the forms: this one has to be the surest.
func TestSurest(t *testing.T) {
	for _, rows := range [][][]string{form2019, form2013} {
		for name, data := range map[string][]byte{"form.csv": csv(rows), "form.xlsx": xlsx(t, rows)} {
			im, err := collect.Recognize(list.Importers(), collecttest.Input(name, data))
			if err != nil || im.Format().ID != "mds2" {
				t.Errorf("%s: %v, %v", name, im, err)
			}
		}
	}
}

func TestImporter(t *testing.T) {
	for _, rows := range [][][]string{form2019, form2013} {
		collecttest.Run(t, collecttest.Suite{
			Importer: mds2.Importer{},
			Samples:  []collecttest.Sample{{Name: "form.csv", Data: csv(rows)}},
			// A form whose last answers are cut off is a form with questions left open.
			CutMayPass: func(cut []byte) bool { return bytes.Count(cut, []byte("\n")) >= 14 },
			HeapMB:     96,
		})
	}
	collecttest.Run(t, collecttest.Suite{
		Importer: mds2.Importer{}, Samples: []collecttest.Sample{{Name: "form.xlsx", Data: xlsx(t, form2019)}}, HeapMB: 96,
		CutMayPass: func([]byte) bool { return false },
	})
}

func FuzzParse(f *testing.F) {
	for _, rows := range [][][]string{form2019, form2013} {
		f.Add(csv(rows))
		f.Add(xlsx(f, rows))
	}
	f.Add([]byte("ALOF-1,\"x?\",\"Yes\nNo\"\n1-1,,No\nA,b,c"))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := collecttest.Input("form", b)
		in.Limits.Bytes, in.Limits.Items = 1<<20, 5000
		mds2.Importer{}.Recognize("form", b)
		p, err := mds2.Importer{}.Parse(context.Background(), in)
		var r *collect.Refusal
		switch {
		case err == nil:
			collecttest.CheckBatch(t, p, in)
		case !errors.As(err, &r):
			t.Errorf("%v is no refusal", err)
		}
	})
}
