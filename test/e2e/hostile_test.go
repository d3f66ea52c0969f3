//go:build unix

package e2e

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// mostMemory is what a hostile file may make the program take.
const mostMemory = 400 << 20

// TestHostileFiles gives the program what no honest tool writes. Each file is
// refused by name, with what to do about it and the line where lines mean
// something; nothing is changed; and memory stays bounded.
func TestHostileFiles(t *testing.T) {
	f := newFolder(t)
	f.must("import", write(t, "good.csv", roster("Good", 5)))
	nessus := `<?xml version="1.0"?>
<NessusClientData_v2>
<Report name="weekly">
<ReportHost name="10.0.0.5">
<HostProperties><tag name="host-ip">10.0.0.5</tag><tag name="HOST_END">Mon Nov 16 10:00:00 2026</tag></HostProperties>
<ReportItem port="443" svc_name="www" protocol="tcp" severity="2" pluginID="20007" pluginName="SSL Version 2"><description>x</description></ReportItem>
</ReportHost>
</Report>
</NessusClientData_v2>
`
	bom := `{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
"metadata": {"timestamp": "2026-11-16T10:00:00Z", "component": {"type": "operating-system", "name": "pump", "version": "4"}},
"components": [
{"type": "library", "name": "openssl", "version": "3.0.1", "purl": "pkg:generic/openssl@3.0.1"},
{"type": "library", "name": "zlib", "version": "1.2.11", "purl": "pkg:generic/zlib@1.2.11"}
]}
`
	f.must("import", "--dry-run", write(t, "whole.nessus", nessus))
	f.must("import", "--dry-run", write(t, "whole.cdx.json", bom))

	type file struct {
		name, path string
		says       []string // beside the name of the file
	}
	files := []file{
		{"entity bomb", write(t, "laughs.xml", bomb()), []string{"line"}},
		{"external entity", write(t, "external.xml", `<?xml version="1.0"?>
<!DOCTYPE NessusClientData_v2 [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<NessusClientData_v2><Report name="&x;"></Report></NessusClientData_v2>`), []string{"line 2"}},
		{"zip bomb", zipBomb(t), nil},
		{"one line of 200 MB", line(t, 200<<20), nil},
		{"a cell of 200 MB", cell(t, 200<<20), []string{"line 2"}},
		{"deep nesting", write(t, "deep.json", `{"bomFormat":"CycloneDX","specVersion":"1.6","components":`+strings.Repeat("[", 500_000)), []string{"deep"}},
		{"deep XML", write(t, "deep.nessus", "<NessusClientData_v2>"+strings.Repeat("<a>", 500_000)), []string{"deep"}},
		{"zero bytes", write(t, "zero.csv", "employee_id,name,email\n1,A\x00nn,a@example.org\n"), nil},
		{"zero bytes at the end", write(t, "late.csv", roster("Late", 5000)+"E1,A\x00nn,a@example.org,Nurse,2020-01-06,\n"), []string{"line 5002"}},
		{"only zero bytes", write(t, "zeros.bin", strings.Repeat("\x00", 4096)), nil},
		{"duplicate headers", write(t, "twice.csv", "employee_id,name,name,started_at\n1,Ann,Bob,2026-01-01\n"), []string{"name"}},
		{"dates of three styles", write(t, "dates.csv", "employee_id,name,started_at\n1,Ann,2026-01-31\n2,Bob,02/28/2026\n3,Cy,28/02/2026\n4,Di,3.2.26\n"), []string{"line", "started_at"}},
		{"an empty file", write(t, "empty.csv", ""), []string{"empty"}},
		{"a program", write(t, "program.exe", "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff"), []string{"import --formats"}},
		{"half a UTF-16 pair", write(t, "half.csv", "\xff\xfee\x00m\x00p\x00l\x00\x00\xd8"), nil},
	}
	for _, part := range []float64{0.35, 0.6, 0.9, 0.97} {
		for name, whole := range map[string]string{"cut.nessus": nessus, "cut.cdx.json": bom} {
			files = append(files, file{
				fmt.Sprintf("%s at %.0f %%", name, 100*part), write(t, name, whole[:int(part*float64(len(whole)))]), []string{"line"},
			})
		}
	}
	for _, c := range files {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			a := folder{t, f.dir}.run("import", c.path)
			if a.code != 1 {
				t.Errorf("exited %d\n%s%s", a.code, a.stdout, a.stderr)
			}
			for _, want := range append(c.says, filepath.Base(c.path)+" was refused; nothing was changed", ";") {
				if !strings.Contains(a.stderr, want) {
					t.Errorf("does not say %q:\n%s", want, a.stderr)
				}
			}
			if len(a.stderr) > 16<<10 {
				t.Errorf("says %d bytes of what was wrong", len(a.stderr))
			}
			if strings.Contains(a.stdout+a.stderr, "root:") {
				t.Errorf("a file of this machine got into the message:\n%s", a.stderr)
			}
			if a.peak > mostMemory {
				t.Errorf("took %d MB of memory, want at most %d", a.peak>>20, mostMemory>>20)
			}
			t.Logf("%d MB\n%s", a.peak>>20, a.stderr)
		})
	}
	if b, p := count(t, f); b != 1 || p != 5 {
		t.Errorf("%d files with %d people are in, want 1 with 5", b, p)
	}
	f.holds()
}

// TestOtherEncodings brings honest tables as Excel on Windows saves them.
func TestOtherEncodings(t *testing.T) {
	f := newFolder(t)
	text := "employee_id,name,email,started_at\r\n1,Ann Müller,a@example.org,2020-01-06\r\n"
	units := utf16.Encode([]rune("\ufeff" + text))
	le, be := make([]byte, 0, 2*len(units)), make([]byte, 0, 2*len(units))
	for _, u := range units {
		le, be = append(le, byte(u), byte(u>>8)), append(be, byte(u>>8), byte(u))
	}
	for name, b := range map[string]string{
		"utf16le.csv": string(le), "utf16be.csv": string(be), "bom.csv": "\ufeff" + text,
		"tabs.csv": string(bytes.ReplaceAll(le, []byte(",\x00"), []byte("\t\x00"))),
	} {
		a := f.must("import", "--dry-run", "--json", write(t, name, b))
		if !strings.Contains(a.stdout, "Ann Müller") || !strings.Contains(a.stdout, `"added": 1`) {
			t.Errorf("%s: %s", name, a.stdout)
		}
	}
}

// bomb is the billion laughs, in the clothes of a scan.
func bomb() string {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\"?>\n<!DOCTYPE NessusClientData_v2 [\n<!ENTITY l0 \"lol\">\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "<!ENTITY l%d %q>\n", i, strings.Repeat(fmt.Sprintf("&l%d;", i-1), 10))
	}
	b.WriteString("]>\n<NessusClientData_v2><Report name=\"x\">&l9;</Report></NessusClientData_v2>\n")
	return b.String()
}

// zipBomb is a workbook of a megabyte whose one sheet has more than a gigabyte.
func zipBomb(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bomb.xlsx")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(out)
	add := func(name, head string, fill []byte, times int) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, head); err != nil {
			t.Fatal(err)
		}
		for range times {
			if _, err := w.Write(fill); err != nil {
				t.Fatal(err)
			}
		}
	}
	add("[Content_Types].xml", `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`, nil, 0)
	add("_rels/.rels", `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`, nil, 0)
	add("xl/_rels/workbook.xml.rels", `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`, nil, 0)
	add("xl/workbook.xml", `<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="People" sheetId="1" r:id="rId1"/></sheets></workbook>`, nil, 0)
	row := []byte(`<row><c t="inlineStr"><is><t>` + strings.Repeat("a", 1<<20) + `</t></is></c></row>`)
	add("xl/worksheets/sheet1.xml", `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row><c t="inlineStr"><is><t>employee_id</t></is></c><c t="inlineStr"><is><t>name</t></is></c></row>`, row, 1200)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// line is a CSV of one line that never ends.
func line(t *testing.T, size int) string {
	return repeated(t, "line.csv", "employee_id,name,", "a", size)
}

// cell is a CSV whose second line is one cell in quotes.
func cell(t *testing.T, size int) string {
	return repeated(t, "cell.csv", "employee_id,name,email\n1,\"", "a", size)
}

func repeated(t *testing.T, name, head, unit string, size int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(out, head); err != nil {
		t.Fatal(err)
	}
	block := []byte(strings.Repeat(unit, 1<<20))
	for range size >> 20 {
		if _, err := out.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
