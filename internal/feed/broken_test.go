package feed

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// goodFiles is one good file of each kind that is read, as people name them.
func goodFiles() map[string]string {
	return map[string]string{
		"osv.json":     osvLamp,
		"cve.json":     `{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2099-1004","state":"PUBLISHED","datePublished":"2026-11-01T00:00:00Z"},"containers":{"cna":{"descriptions":[{"lang":"en","value":"Lamp"}],"affected":[{"vendor":"lamp","product":"lamp","versions":[{"version":"1","status":"affected"}]}]}}}`,
		"nvd.json":     `{"resultsPerPage":1,"startIndex":0,"totalResults":1,"format":"NVD_CVE","version":"2.0","vulnerabilities":[{"cve":{"id":"CVE-2099-1005","descriptions":[{"lang":"en","value":"Lamp"}],"configurations":[{"nodes":[{"operator":"OR","cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:a:lamp:lamp:1.0:*:*:*:*:*:*:*"}]}]}]}}]}`,
		"kev.json":     kevOne,
		"epss.csv":     "#model_version:v2026.06.15,score_date:2026-11-24T12:00:00Z\ncve,epss,percentile\nCVE-2099-1000,0.5,0.9\n",
		"csaf.json":    pump,
		"vex.json":     vexOne,
		"eol.json":     lampOS,
		"windows.csv":  kbTable,
		"dsa.list":     dsaOne,
		"tracker.json": `{"lamp":{"CVE-2099-1006":{"description":"Lamp","releases":{"bookworm":{"status":"open","repositories":{"bookworm":"1.0-1"},"urgency":"not yet assigned"}}}}}`,
	}
}

// TestBroken breaks a file of each kind in many ways, beside a good one. Each is refused,
// listed as no feed, or read: none goes missing, and a good one never suffers.
func TestBroken(t *testing.T) {
	latin := func(s string) []byte { return bytes.ReplaceAll([]byte(s), []byte("amp"), []byte("\xe4mp\xff")) }
	wide := func(s string) []byte {
		b := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return b
	}
	ways := map[string]struct {
		damage func(s string) []byte
		refuse bool // it must be refused; else it may be read, refused or listed as no feed
	}{
		"cut":         {func(s string) []byte { return []byte(s[:len(s)*6/10]) }, true},
		"cut in gzip": {func(s string) []byte { g := gzipped(t, s); return g[:len(g)*6/10] }, true},
		"cut in zip":  {func(s string) []byte { z := zipped(t, [2]string{"a.json", s}); return z[:len(z)*6/10] }, true},
		"UTF-16":      {wide, true},
		"a web page":  {func(string) []byte { return []byte("<!DOCTYPE html><title>Sign in</title>") }, true},
		"empty":       {func(string) []byte { return nil }, true},
		"Latin-1":     {latin, false},
		"nested": {func(s string) []byte {
			return []byte(strings.Replace(s, "Lamp", `Lamp","deep":`+strings.Repeat(`[`, 10_000), 1))
		}, false},
		"huge field":  {func(s string) []byte { return []byte(strings.Replace(s, "Lamp", "Lamp"+strings.Repeat("x", 3<<20), 1)) }, false},
		"wrong types": {func(s string) []byte { return []byte(strings.NewReplacer(`[`, `{"a":`, `]`, `}`).Replace(s)) }, false},
		"texts as 7":  {func(s string) []byte { return []byte(strings.NewReplacer(`:"`, `:7,"x":"`).Replace(s)) }, false},
		"nulls": {func(s string) []byte {
			return []byte(strings.NewReplacer(`:[`, `:null,"x":[`, `:{`, `:null,"y":{`).Replace(s))
		}, false},
		"zeros":        {func(s string) []byte { return bytes.ReplaceAll([]byte(s), []byte(":"), []byte{0}) }, false},
		"bytes behind": {func(s string) []byte { return []byte(s + "\x00\x00{{{{") }, false},
	}
	const good = `{"id":"PYSEC-2097-1","modified":"2026-11-20T10:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"good"},"versions":["1"]}]}`
	for kind, doc := range goodFiles() {
		t.Run(kind, func(t *testing.T) {
			alone := build(t, write(t, map[string][]byte{kind: []byte(doc), "good.jsonl": []byte(good)}), nil, testNow())
			if m := alone.Report.Manifest; m.Records < 2 || m.Refused > 0 || len(m.Unused) > 0 {
				t.Fatalf("whole, it is not read: %d records, refused %+v, unused %+v", m.Records, alone.Report.Refused, m.Unused)
			}
			for way, w := range ways {
				data := w.damage(doc)
				if bytes.Equal(data, []byte(doc)) {
					continue
				}
				b := build(t, write(t, map[string][]byte{kind: data, "good.jsonl": []byte(good)}), nil, testNow())
				m := b.Report.Manifest
				told := m.Refused
				listed := false
				for _, r := range b.Report.Refused {
					listed = listed || strings.Contains(r.File, kind) && r.Why != ""
				}
				for _, u := range m.Unused {
					listed = listed || strings.Contains(u.File, kind) && u.Why != ""
				}
				switch {
				case sourceOf(m, "osv/PyPI").Records == 0:
					t.Errorf("%s: the good file suffers", way)
				case m.Records == 1 && !listed:
					t.Errorf("%s: it went missing in silence", way)
				case w.refuse && told == 0 && !textCut(kind, way):
					t.Errorf("%s: it is not refused, but unused %+v, with %d records", way, m.Unused, m.Records)
				}
				if told != len(b.Report.Refused) {
					t.Errorf("%s: %d refused, %d listed", way, told, len(b.Report.Refused))
				}
				f, err := open(b.Data)
				if err != nil {
					t.Fatal(err)
				}
				if st, err := f.Status(testNow(), DefaultCadence()); err != nil || st.Refused != told {
					t.Errorf("%s: the feed itself says %d refused, %v; want %d", way, st.Refused, err, told)
				}
			}
		})
	}
}

// textCut names what cannot be told from a whole: a list of lines may end at any line, and
// one whose name says nothing may be empty or a page.
func textCut(kind, way string) bool {
	return way == "cut" && !strings.HasSuffix(kind, ".json") || kind == "dsa.list"
}

// TestBombs: what unpacks to much more than it has, or holds a document that is too large,
// costs no more than its limits.
func TestBombs(t *testing.T) {
	entry := `{"id":"` + strings.Repeat("A", 64<<20) + `","affected":[]}` // a name of 64 MB packs to some 60 kB
	var tarred bytes.Buffer
	tw := tar.NewWriter(&tarred)
	for i := range 3 {
		data := gzipped(t, entry)
		if err := tw.WriteHeader(&tar.Header{Name: fmt.Sprintf("%d.json.gz", i), Size: int64(len(data)), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	b := build(t, write(t, map[string][]byte{"bomb.zip": zipped(t, [2]string{"a.json", entry}, [2]string{"zeros.json", strings.Repeat("\x00", 32<<20)}), "bomb.tar": tarred.Bytes(), "good.json": []byte(osvLamp)}), nil, testNow())
	m := b.Report.Manifest
	if m.Records != 1 || m.Refused != 2 { // each archive
		t.Errorf("%d records, refused %+v, unused %+v", m.Records, b.Report.Refused, m.Unused)
	}
	if len(b.Data) > 1<<20 {
		t.Errorf("the feed has %d bytes", len(b.Data))
	}
}
