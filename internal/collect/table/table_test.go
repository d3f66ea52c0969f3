package table

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/fact"
)

var update = flag.Bool("update", false, "write the golden files")

// parse reads the text as an importer chosen by recognition would.
func parse(t testing.TB, text string, edit ...func(*collect.Input)) (*collect.Parsed, error) {
	t.Helper()
	in := collecttest.Input("table.csv", []byte(text))
	for _, e := range edit {
		e(&in)
	}
	im, err := collect.Recognize(Importers(), in)
	if err != nil {
		t.Fatalf("not recognized: %v", err)
	}
	p, err := im.Parse(context.Background(), in)
	if err == nil {
		collecttest.CheckBatch(t, p, in)
	}
	return p, err
}

func mustParse(t testing.TB, text string, edit ...func(*collect.Input)) *collect.Parsed {
	t.Helper()
	p, err := parse(t, text, edit...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func option(k, v string) func(*collect.Input) {
	return func(in *collect.Input) {
		if in.Options == nil {
			in.Options = make(map[string]string)
		}
		in.Options[k] = v
	}
}

func refusal(t testing.TB, err error) *collect.Refusal {
	t.Helper()
	var r *collect.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("got %v, want a refusal", err)
	}
	return r
}

// facts writes what a batch says, a line an attribute.
func facts(b *fact.Batch) string {
	var s strings.Builder
	for _, x := range b.Sightings {
		for _, k := range x.Keys {
			fmt.Fprintf(&s, "asset %s key %s\n", x.Ref, k)
		}
		values(&s, "asset "+x.Ref, x.Values, x.Missing)
	}
	for _, f := range b.Facts {
		values(&s, fmt.Sprintf("%s %s", f.Kind, f.Key), f.Values, f.Missing)
	}
	return s.String()
}

func values(s *strings.Builder, at string, vs fact.Values, missing map[string]string) {
	b, err := vs.Encode()
	if err != nil {
		b = []byte(err.Error())
	}
	fmt.Fprintf(s, "%s %s\n", at, b)
	if len(missing) > 0 {
		fmt.Fprintf(s, "%s missing %v\n", at, missing)
	}
}

func TestKindsAreSound(t *testing.T) {
	for _, k := range Kinds() {
		schema, ok := fact.SchemaOf(k.kind)
		if !ok {
			t.Errorf("%s is about %q, which is no kind of resource", k.Name, k.kind)
			continue
		}
		own := make(map[string]string)
		for _, f := range k.Fields {
			if f.Doc == "" || f.Type == 0 {
				t.Errorf("%s.%s has no type or no text", k.Name, f.Name)
			}
			if (f.Type == Choice) != (len(f.Choices) > 0) {
				t.Errorf("%s.%s: choices belong to a choice", k.Name, f.Name)
			}
			for _, o := range f.Choices {
				for _, w := range o.Words {
					if w != fold(w) {
						t.Errorf("%s.%s: the word %q is not in its normal form %q", k.Name, f.Name, w, fold(w))
					}
				}
			}
			if have := own[squeeze(fold(f.Name))]; have != "" {
				t.Errorf("%s: %s and %s have the same header", k.Name, have, f.Name)
			}
			own[squeeze(fold(f.Name))] = f.Name
			if f.Attr == "" {
				continue
			}
			a, ok := schema.Attr(f.Attr)
			if !ok || a.Derived {
				t.Errorf("%s.%s states %s.%s, which no source can state", k.Name, f.Name, k.kind, f.Attr)
				continue
			}
			want := map[Type]fact.Type{Text: fact.String, List: fact.Strings, Bool: fact.Bool, Date: fact.Time, Int: fact.Int, Hours: fact.Int, Choice: fact.String}[f.Type]
			if a.Type != want {
				t.Errorf("%s.%s is read as %s and %s.%s is %s", k.Name, f.Name, f.Type, k.kind, f.Attr, a.Type)
			}
		}
	}
}

func TestTemplates(t *testing.T) {
	for _, tp := range Templates() {
		b, err := WriteTemplate(tp.Name)
		if err != nil {
			t.Fatal(err)
		}
		in := collecttest.Input(tp.Name, b)
		im, err := collect.Recognize(Importers(), in)
		if err != nil {
			t.Errorf("%s: %v", tp.Name, err)
			continue
		}
		if got, want := im.Format().ID, "csv/"+tp.Table; got != want {
			t.Errorf("%s is taken for %s, want %s", tp.Name, got, want)
		}
		_, err = im.Parse(t.Context(), in)
		if r := refusal(t, err); !strings.Contains(r.Faults[0].Reason, "example rows") {
			t.Errorf("%s as it is: %v, want a refusal that names the example rows", tp.Name, err)
		}
		if !strings.HasSuffix(tp.Name, ".csv") {
			continue
		}
		// The examples are good rows once the mark is gone: the documentation does not lie.
		in = collecttest.Input(tp.Name, bytes.ReplaceAll(b, []byte(exampleMark), nil))
		p, err := im.Parse(t.Context(), in)
		if err != nil {
			t.Errorf("%s with its examples as data: %v", tp.Name, err)
			continue
		}
		if p.Rows != 2 || p.Mapping.Unsure {
			t.Errorf("%s with its examples as data: %d rows, %+v", tp.Name, p.Rows, p.Mapping)
		}
		for _, c := range p.Mapping.Columns {
			if c.Match != matchExact {
				t.Errorf("%s: the header %s is matched by %s to %q", tp.Name, c.Header, c.Match, c.Field)
			}
		}
		// A real row beside them is taken, and they are not.
		real := bytes.Replace(b, []byte(exampleMark), nil, 1)
		p, err = im.Parse(t.Context(), collecttest.Input(tp.Name, real))
		if err != nil || p.Rows != 1 {
			t.Errorf("%s with one real row: %v", tp.Name, err)
		}
	}
	if _, err := WriteTemplate("nope.csv"); err == nil {
		t.Error("a template that is not there was written")
	}
}

func TestConformance(t *testing.T) {
	samples := map[string]string{
		"assets":   "Asset Tag,Serial Number,Hostname,Manufacturer,OS,IP Address,Status\nA1,SN100,ws-1,Fabrikam,Windows 11,10.0.0.1,In use\nA2,SN101,ws-2,Fabrikam,Windows 10,10.0.0.2,Retired\nA3,SN102,ws-3,Fabrikam,Windows 11,10.0.0.3,In use\n",
		"people":   "Employee ID,Name,Email,Hire Date,Termination Date\n1,Ann Lee,ann@example.org,2020-01-01,\n2,Bo Lee,bo@example.org,2021-02-03,2026-02-03\n",
		"accounts": "userPrincipalName,userDisplayName,isAdmin,isMfaRegistered,methodsRegistered\nann@example.org,Ann Lee,False,True,microsoftAuthenticatorPush;mobilePhone\nbo@example.org,Bo Lee,True,False,\n",
		"training": "User Email,Course Name,Completion Date,Status\nann@example.org,Awareness,2026-01-02,Completed\nbo@example.org,Awareness,,In Progress\n",
		"phishing": "Email,Campaign,Delivered At,Opened At,Clicked At,Reported At\nann@example.org,Spring,2026-04-02 09:00:00,2026-04-02 09:00:02,2026-04-02 09:00:03,\nbo@example.org,Spring,2026-04-02 09:00:00,,2026-04-02 11:00:03,\n",
		"vendors":  "Vendor Name,Service,PHI Access,BAA Signed,BAA Date,Breach Notification Time\nContoso,PACS,yes,yes,2024-01-02,72 hours\nFabrikam,Linen,no,,,\n",
	}
	for _, k := range Kinds() {
		csv := []byte(samples[k.Name])
		t.Run(k.Name, func(t *testing.T) {
			book, err := WriteTemplate(k.Name + ".xlsx")
			if err != nil {
				t.Fatal(err)
			}
			im := Importer{k}
			if n := im.Recognize(k.Name+".xlsx", book); n != 90 {
				t.Errorf("its own workbook is recognized with %d", n)
			}
			s := collecttest.Suite{
				Importer: im,
				Samples:  []collecttest.Sample{{Name: k.Name + ".csv", Data: csv}},
				// A table cut behind a cell is a shorter table; nothing in it tells.
				CutMayPass: func(cut []byte) bool {
					lines := bytes.Split(bytes.TrimRight(cut, "\r\n"), []byte("\n"))
					return len(lines) > 1 && bytes.Count(lines[len(lines)-1], []byte(",")) == bytes.Count(lines[0], []byte(","))
				},
			}
			if k == &people { // the reader is the same for all
				s.Open, s.Nest = string(csv), ","
			}
			collecttest.Run(t, s)
		})
	}
}

func TestDocs(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "imports-tables.md")
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const from, to = "<!-- columns: begin -->\n", "<!-- columns: end -->\n"
	head, rest, ok := strings.Cut(string(have), from)
	_, tail, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("%s lacks its marks", path)
	}
	want := head + from + "\n" + string(Reference()) + to + tail
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(have)); diff != "" {
		t.Errorf("%s is out of date; run go test ./internal/collect/table -update (-want +got):\n%s", path, diff)
	}
	// Every refusal that the document quotes is one that we give.
	quoted := regexp.MustCompile("(?m)^> (.+)$").FindAllStringSubmatch(tail, -1)
	if len(quoted) < 6 {
		t.Errorf("the document quotes %d refusals, want its examples", len(quoted))
	}
	given := strings.Join(exampleRefusals(t), "\n")
	for _, q := range quoted {
		if !strings.Contains(given, q[1]) {
			t.Errorf("the document quotes %q, which is none of\n%s", q[1], given)
		}
	}
}

func TestGenericImporter(t *testing.T) {
	book, err := WriteTemplate("vendors.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	collecttest.Run(t, collecttest.Suite{
		Importer: Importer{},
		Samples:  []collecttest.Sample{{Name: "vendors.xlsx", Data: realWorkbook(t)}},
		Foreign:  10, // it offers to ask about tables that nobody knows
	})
	if n := (Importer{}).Recognize("vendors.xlsx", book); n != 0 {
		t.Errorf("a workbook whose kind shows is left to its own importer, got %d", n)
	}
	if n := (Importer{}).Recognize("vendors.xlsx", book[:len(book)/2]); n != 50 {
		t.Errorf("a workbook of which only the beginning is at hand: %d, want 50", n)
	}
	p, err := (Importer{}).Parse(t.Context(), collecttest.Input("x.xlsx", realWorkbook(t)))
	if err != nil || p.Batch.File.Format != "csv/people" {
		t.Errorf("a workbook is what its headers say: %v", err)
	}
}

// realWorkbook is a roster under a title, too large for its kind to show in the
// first bytes.
func realWorkbook(t testing.TB) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	steps := []error{
		f.SetSheetRow("Sheet1", "A1", &[]any{"Headcount"}),
		f.SetSheetRow("Sheet1", "A3", &[]any{"Employee ID", "Name", "Email", "Hire Date", "Termination Date"}),
	}
	for i := range 3000 {
		hired := time.Date(2020, 1, 2+i, 0, 0, 0, 0, time.UTC)
		steps = append(steps, f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", 4+i), &[]any{1000 + i, fmt.Sprintf("P%dx%d Lee", i*i*7919, i), fmt.Sprintf("p%d@example.org", i*104729), hired}))
	}
	for _, err := range steps {
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bigRoster is a roster as CSV.
func bigRoster(rows int) []byte {
	var b bytes.Buffer
	b.WriteString("Employee ID,Name,Email,Job Title,Department,Worker Type,Manager,Hire Date,Termination Date,Status\n")
	for i := range rows {
		ended, status := "", "Active"
		if i%9 == 0 {
			ended, status = "10/31/2026", "Terminated"
		}
		fmt.Fprintf(&b, "%06d,\"Lee, Person %d\",person%d@example.org,Registered nurse,Med-surg,Employee,Kim Lee,%d/%d/2019,%s,%s\n", i, i, i, 1+i%12, 1+i%28, ended, status)
	}
	return b.Bytes()
}

func BenchmarkCSV100k(b *testing.B) {
	data := bigRoster(100_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := Importer{&people}.Parse(b.Context(), collecttest.Input("roster.csv", data))
		if err != nil || p.Rows != 100_000 {
			b.Fatal(err)
		}
	}
}

func BenchmarkRecognize(b *testing.B) {
	data := bigRoster(2000)[:collect.HeadSize]
	ims := Importers()
	for b.Loop() {
		for _, im := range ims {
			im.Recognize("roster.csv", data)
		}
	}
}

func FuzzTable(f *testing.F) {
	for i, x := range exports {
		f.Add(uint8(i), []byte(x.text))
	}
	for _, tp := range Templates() {
		b, err := WriteTemplate(tp.Name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(0), bytes.ReplaceAll(b, []byte(exampleMark), nil))
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		ims := Importers()
		collecttest.Fuzz(t, ims[int(which)%len(ims)], "table.csv", data)
	})
}

func FuzzHeaders(f *testing.F) {
	for _, s := range []string{"Employee ID|Email", "isMfaRegistered|2sv Enrolled [READ ONLY]", "Hiredate1|hire  date", "É|é|#", "_ISO8601|*||?", "email|E-Mail|e_mail"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		headers := strings.Split(s, "|")
		if len(headers) > 64 {
			return
		}
		for _, k := range Kinds() {
			m, fields := k.match(headers, nil)
			seen := make(map[string]bool)
			for i, c := range m.Columns {
				if (fields[i] == nil) != (c.Field == "") || (c.Match == matchNone) != (c.Field == "") {
					t.Fatalf("%q: column %d says %q by %s", s, i, c.Field, c.Match)
				}
				if c.Field != "" && seen[c.Field] {
					t.Fatalf("%q: two columns are %s", s, c.Field)
				}
				seen[c.Field] = true
			}
			for _, h := range headers {
				if once := fold(h); fold(once) != once {
					t.Fatalf("fold(%q) = %q, and again %q", h, once, fold(once))
				}
			}
		}
	})
}
