package table

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
)

// exampleRefusals are the refusals of files with one thing wrong each.
func exampleRefusals(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, x := range []struct{ name, text string }{
		{"roster.csv", "Employee ID,Email,Email,Hire Date\n1,a@x.org,b@x.org,2020-01-01\n"},
		{"roster.csv", "Name,Hire Date,Termination Date,Job Title\nAnn,2020-01-01,,Nurse\n"},
		{"roster.csv", "Employee ID,Email,Termination Date,Hiredate1\n1,a@x.org,,2020-01-01\n"},
		{"roster.csv", "Employee ID,Email,Title,Hire Date\n1,a@x.org,Nurse,2020-01-01\n2,b@x.org,Nurse,31/31/2020\n"},
		{"roster.csv", "Employee ID,Email,Title,Hire Date\n1,a@x.org,Nurse,2020-01-01\n2,b@x.o"},
		{"roster.csv", "Employee ID,Email,Title,Hire Date\n1,a@x.org,Nurse,2020-01-01\n1,a@x.org,Surgeon,2020-01-01\n"},
		{"list.csv", "Color,Shape,Weight\nred,round,3\n"},
		{"roster.csv", "Employee ID,Email,Title,Hire Date\n1,\"a@x.org,Nurse,2020-01-01\n"},
	} {
		in := collecttest.Input(x.name, []byte(x.text))
		im, err := collect.Recognize(Importers(), in)
		if err != nil {
			t.Fatal(err)
		}
		if x.name == "roster.csv" {
			in.Table = "people"
		}
		_, err = im.Parse(context.Background(), in)
		out = append(out, refusal(t, err).Error())
	}
	return out
}

func TestRefusals(t *testing.T) {
	got := exampleRefusals(t)
	for i, want := range []string{
		`line 1: columns B and C are both called "Email"`,
		`no column is known as employee_id or email`,
		`would take "Hiredate1" as started`,
		`line 3: column "Hire Date": "31/31/2020" is not a date`,
		`line 3: the row has 2 cells`,
		`column "Title": line 2 is about the same`,
		`do not show which table`,
		`line 2: a quoted cell begins here`,
	} {
		if !strings.Contains(got[i], want) {
			t.Errorf("got  %s\nwant %s", got[i], want)
		}
	}
}

func TestEveryFaultIsListed(t *testing.T) {
	text := "Employee ID,Email,Hire Date,Termination Date\n" +
		"1,a@x.org,2020-01-01,\n" +
		"2,not an address,2020-01-01,\n" +
		"3,c@x.org,yesterday,\n" +
		",,2020-01-01,\n" +
		"5,e@x.org,2022-01-01,2021-01-01\n" +
		"6,f@x.org,2020-01-01,\n"
	_, err := parse(t, text)
	r := refusal(t, err)
	var lines []int
	for _, f := range r.Faults {
		lines = append(lines, f.Line)
		if f.Reason == "" || f.Mend == "" {
			t.Errorf("%+v lacks the reason or what to do", f)
		}
	}
	if fmt.Sprint(lines) != "[3 4 5 6]" || r.Mapping == nil {
		t.Errorf("faults in lines %v, mapping %v; want 3 to 6 and the mapping", lines, r.Mapping)
	}
	p := mustParse(t, text, func(in *collect.Input) { in.OnFault = collect.SkipRows })
	if p.Rows != 6 || len(p.Skipped) != 4 || len(p.Batch.Facts) != 2 {
		t.Errorf("skipping: %d rows, %d skipped, %d facts; want 6, 4, 2", p.Rows, len(p.Skipped), len(p.Batch.Facts))
	}
	_, err = parse(t, text, func(in *collect.Input) { in.Limits.Findings = 2 })
	if r := refusal(t, err); len(r.Faults) != 2 || r.More == 0 {
		t.Errorf("with a limit of 2 faults: %d listed, %d more", len(r.Faults), r.More)
	}
}

func TestAnswers(t *testing.T) {
	// A guess is confirmed, a column is chosen, another is left out.
	text := "Pers.Nr,Hiredate1,Email,Termination Date\n17,2020-01-02,a@x.org,\n"
	_, err := parse(t, text, func(in *collect.Input) { in.Table = "people" })
	r := refusal(t, err)
	if r.Mapping == nil || !r.Mapping.Unsure || r.Mapping.Columns[1].Field != "started" || r.Mapping.Columns[1].Match != matchGuess ||
		len(r.Mapping.Columns[1].Sample) != 1 || r.Mapping.Columns[1].Sample[0] != "2020-01-02" {
		t.Fatalf("the question: %+v", r.Mapping)
	}
	p := mustParse(t, text, func(in *collect.Input) {
		in.Table = "people"
		in.Columns = map[string]string{"Pers.Nr": "employee_id", "Hiredate1": "started", "Email": ""}
	})
	if got, want := facts(p.Batch), `person 17 {"employee_id":"17","started_at":"2020-01-02T00:00:00Z"}`+"\n"; got != want {
		t.Errorf("answered:\n got %s\nwant %s", got, want)
	}
	_, err = parse(t, text, func(in *collect.Input) {
		in.Table = "people"
		in.Columns = map[string]string{"Pers.Nr": "shoe_size", "Hiredate1": "started"}
	})
	if r := refusal(t, err); !strings.Contains(r.Faults[0].Reason, "shoe_size") {
		t.Errorf("an answer that names no field: %v", r)
	}
	_, err = parse(t, "Color,Shape\nred,round\n", func(in *collect.Input) { in.Table = "furniture" })
	if r := refusal(t, err); !strings.Contains(r.Faults[0].Reason, "furniture") {
		t.Errorf("a table that is none: %v", r)
	}
	// Which table it is, is asked; the answer may name a table that lacks columns.
	_, err = parse(t, "Name,Email\nAnn,a@x.org\n")
	if r := refusal(t, err); r.Mapping == nil || !strings.Contains(r.Faults[0].Mend, "people") {
		t.Errorf("an ambiguous table: %v", r)
	}
	if p := mustParse(t, "Name,Email\nAnn,a@x.org\n", func(in *collect.Input) { in.Table = "people" }); len(p.Batch.Facts) != 1 {
		t.Errorf("answered with people: %s", facts(p.Batch))
	}
}

func TestOptionsAreChecked(t *testing.T) {
	roster := "Employee ID,Hire Date\n1,03/04/2020\n"
	phish := "Email,Clicked At,Delivered At,Campaign\na@x.org,,2026-01-02,C\n"
	for _, x := range []struct{ text, option, value string }{
		{roster, "dates", "ymd"}, {roster, "zone", "Mars/Olympus"}, {phish, "scanner_seconds", "soon"},
	} {
		_, err := parse(t, x.text, option(x.option, x.value))
		if r := refusal(t, err); r.Faults[0].Mend == "" {
			t.Errorf("%s=%s: %v", x.option, x.value, r)
		}
	}
	p := mustParse(t, "Employee ID,Hire Date\n1,03/04/2020 08:00\n", option("dates", "dmy"), option("zone", "America/Chicago"))
	if got, want := facts(p.Batch), `person 1 {"employee_id":"1","started_at":"2020-04-03T13:00:00Z"}`+"\n"; got != want {
		t.Errorf("got %s want %s", got, want)
	}
}
