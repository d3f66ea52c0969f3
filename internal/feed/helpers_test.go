package feed

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/mod/sumdb/note"
)

func testNow() time.Time { return time.Date(2026, 11, 25, 6, 0, 0, 0, time.UTC) }

func testKey(t testing.TB) (note.Signer, note.Verifier) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, "feed.example.org")
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

// write lays out a folder of sources.
func write(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sources")
	for name, data := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func zipped(t testing.TB, files ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f[0])
		if err == nil {
			_, err = w.Write([]byte(f[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstded(t testing.TB, s string) []byte {
	t.Helper()
	e, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	return e.EncodeAll([]byte(s), nil)
}

const (
	osvLamp = `{"id":"PYSEC-2099-1","modified":"2026-11-20T10:00:00Z","aliases":["CVE-2099-1000"],"summary":"Lamp stays on","affected":[{"package":{"ecosystem":"PyPI","name":"lamp"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.1"}]}]}]}`
	osvBulb = `{"id":"PYSEC-2099-2","modified":"2026-11-21T10:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"bulb"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}`
	kevOne  = `{"catalogVersion":"2026.11.24","dateReleased":"2026-11-24T10:00:00Z","count":1,"vulnerabilities":[{"cveID":"CVE-2099-1000","dateAdded":"2026-11-24","dueDate":"2026-12-15"}]}`
	epssTwo = "#model_version:v2026.06.15,score_date:2026-11-24T12:00:00Z\ncve,epss,percentile\nCVE-2099-1000,0.5,0.9\nCVE-2099-1001,2,0.9\n"
	pump    = `{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","title":"Pump","publisher":{"name":"CISA"},"tracking":{"id":"ICSMA-99-001-01","current_release_date":"2026-11-01T00:00:00Z"}},"product_tree":{"branches":[{"category":"vendor","name":"Lamp Medical","branches":[{"category":"product_name","name":"Pump","branches":[{"category":"product_version_range","name":"< 2.0","product":{"product_id":"P1","name":"Pump"}}]}]}]},"vulnerabilities":[{"cve":"CVE-2099-1002","product_status":{"known_affected":["P1"]}}]}`
	lampOS  = `{"title":"Lamp OS","category":"os","permalink":"/lampos","releases":[{"releaseCycle":"2","releaseDate":"2026-10-01","eol":"2027-01-01"}]}`
	kbTable = `"DatePosted","CVE","BulletinKB","Title","AffectedProduct","AffectedComponent","Severity","Impact","Supersedes","Exploits"` + "\n" +
		`"20261101","CVE-2099-1003","5000001","Lamp","Windows Server 2019","","Critical","Spoofing","4000001",` + "\n"
	vexOne = `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://lamp.example.org/1","author":"Lamp","timestamp":"2026-11-01T00:00:00Z","statements":[{"vulnerability":{"name":"CVE-2099-1000"},"products":["pkg:pypi/lamp@1.0"],"status":"not_affected","justification":"component_not_present"}]}`
	dsaOne = "[29 Mar 2023] DSA-5380-1 lamp - security update\n\t{CVE-2099-1000}\n\t[bullseye] - lamp 1.0-1\n"
)

// sources is a folder with one of most kinds, packed in most ways, and with what
// goes wrong.
func sources(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"osv/all.zip":             zipped(t, [2]string{"PYSEC-2099-1.json", osvLamp}, [2]string{"PYSEC-2099-2.json", osvBulb}),
		"osv/lines.zst":           zstded(t, osvLamp+"\n"+`{"id":"PYSEC-2099-3","affected":7}`+"\n\n"+`{"strange":1}`+"\n"+osvBulb+"\n{\"id\": \"cut"),
		"one.txt":                 []byte("\xef\xbb\xbf" + osvLamp),
		"list.json":               []byte("[" + osvLamp + ",\n" + osvBulb + "]"),
		"kev":                     []byte(kevOne),
		"epss.csv.gz":             gzipped(t, epssTwo),
		"csaf/a.json":             []byte(pump),
		"vex/v.json":              []byte(vexOne),
		"eol/products.jsonl":      []byte(lampOS + "\n" + lampOS + "\n"),
		"windows/definitions.zip": zipped(t, [2]string{"CVEs.csv", kbTable}),
		"debian/list":             []byte(dsaOne),
		"README.md":               []byte("# Sources\n"),
		"broken.json":             []byte(`{"id": "X", "affected": [`),
		"asepsis.json":            []byte(`{"asepsis_source": {"fetched": "2026-11-23T00:00:00Z"}}`),
		"empty":                   nil,
	}
}

func build(t testing.TB, dir string, key note.Signer, now time.Time) *Built {
	t.Helper()
	b, err := Build(t.Context(), Sources{Paths: []string{dir}}, Options{Now: now, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
