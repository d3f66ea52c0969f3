package cyclonedx_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/cyclonedx"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
)

const jsonBOM = `{
  "bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", "version": 1,
  "metadata": {
    "timestamp": "2026-03-01T12:00:00Z",
    "component": {"type": "application", "group": "org.example", "name": "ehr", "version": "4.2", "supplier": {"name": "Example Health"}}
  },
  "components": [
    {"type": "operating-system", "name": "debian", "version": "12.5"},
    {"type": "library", "bom-ref": "a", "name": "libssl3", "version": "3.0.11-1", "purl": "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&upstream=openssl",
     "hashes": [{"alg": "SHA-1", "content": "e6b1000b94e835ffd37f4c6dcbdad43f4b48a02a"}],
     "components": [{"type": "library", "name": "core", "group": "@angular", "version": "17.0.1", "purl": "pkg:npm/%40angular/core@17.0.1"}]},
    {"type": "library", "name": "bash", "purl": "pkg:rpm/redhat/bash@5.1.8-9.el9?arch=x86_64&epoch=1&upstream=bash-5.1.8-9.el9.src.rpm&distro=rhel-9.4"},
    {"type": "library", "name": "log4j-core", "group": "org.apache.logging.log4j", "version": "2.17.1", "purl": "pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1?type=jar"},
    {"type": "firmware", "name": "Radio", "version": "2"},
    {"type": "file", "name": "/etc/passwd"},
    {"type": "library", "name": "junit", "scope": "excluded"},
    {"type": "library", "name": "libssl3", "version": "3.0.11-1", "purl": "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&upstream=openssl"}
  ],
  "vulnerabilities": [{"id": "CVE-2021-44228"}]
}
`

const xmlBOM = `<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.4" serialNumber="urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79" version="1">
  <metadata><timestamp>2026-03-01T12:00:00Z</timestamp>
    <component type="application" bom-ref="x"><supplier><name>Example Health</name></supplier><group>org.example</group><name>ehr</name><version>4.2</version></component>
  </metadata>
  <components>
    <component type="operating-system"><name>debian</name><version>12.5</version></component>
    <component type="library" bom-ref="a"><name>libssl3</name><version>3.0.11-1</version>
      <hashes><hash alg="SHA-1">e6b1000b94e835ffd37f4c6dcbdad43f4b48a02a</hash></hashes>
      <purl>pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&amp;upstream=openssl</purl>
      <components><component type="library"><group>@angular</group><name>core</name><version>17.0.1</version><purl>pkg:npm/%40angular/core@17.0.1</purl></component></components>
    </component>
    <component type="library"><name>bash</name><purl>pkg:rpm/redhat/bash@5.1.8-9.el9?arch=x86_64&amp;epoch=1&amp;upstream=bash-5.1.8-9.el9.src.rpm&amp;distro=rhel-9.4</purl></component>
    <component type="library"><group>org.apache.logging.log4j</group><name>log4j-core</name><version>2.17.1</version><purl>pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1?type=jar</purl></component>
    <component type="firmware"><name>Radio</name><version>2</version></component>
    <component type="file"><name>/etc/passwd</name></component>
    <component type="library"><name>junit</name><scope>excluded</scope></component>
    <component type="library"><name>libssl3</name><version>3.0.11-1</version><purl>pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&amp;upstream=openssl</purl></component>
  </components>
  <vulnerabilities><vulnerability><id>CVE-2021-44228</id></vulnerability></vulnerabilities>
</bom>
`

func TestConformanceJSON(t *testing.T) {
	collecttest.Run(t, collecttest.Suite{
		Importer: cyclonedx.Importer{}, Samples: []collecttest.Sample{{Name: "ehr.cdx.json", Data: []byte(jsonBOM)}}, Text: true,
		Open: `{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"name": "`, Nest: `{"components": [`,
		Floods: map[string]collecttest.Generated{
			"properties":   {Head: `{"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"properties": [{"name": "a"}`, Unit: `,{"name": "########"}`, Tail: "]}}"},
			"dependencies": {Head: `{"bomFormat": "CycloneDX", "specVersion": "1.5", "dependencies": [{"ref": "a"}`, Unit: `,{"ref": "########", "dependsOn": ["a"]}`, Tail: "]}"},
			"keys":         {Head: `{"bomFormat": "CycloneDX", "specVersion": "1.5"`, Unit: `,"k########":1`, Tail: "}"},
			"files":        {Head: `{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"type": "file", "name": "a"}`, Unit: `,{"type": "file", "name": "f########"}`, Tail: "]}"},
		},
	})
	t.Run("components all the way down", func(t *testing.T) {
		doc := `{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [` + strings.Repeat(`{"components": [`, 1_000_000)
		if _, err := (cyclonedx.Importer{}).Parse(context.Background(), collecttest.Input("x.json", []byte(doc))); err == nil || !strings.Contains(err.Error(), "nested") {
			t.Errorf("got %v", err)
		}
	})
}

func TestConformanceXML(t *testing.T) {
	collecttest.Run(t, collecttest.Suite{
		Importer: cyclonedx.Importer{}, Samples: []collecttest.Sample{{Name: "ehr.cdx.xml", Data: []byte(xmlBOM)}}, Text: true, XMLRoot: "bom",
		Open: `<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component type="library"><name>`, Nest: "<a>",
	})
}

func parse(t testing.TB, name string, data []byte, on collect.OnFault) (*collect.Parsed, error) {
	t.Helper()
	in := collecttest.Input(name, data)
	in.OnFault = on
	p, err := cyclonedx.Importer{}.Parse(context.Background(), in)
	if err == nil {
		collecttest.CheckBatch(t, p, in)
	}
	return p, err
}

func TestSample(t *testing.T) {
	a, err := parse(t, "ehr.cdx.json", []byte(jsonBOM), collect.RefuseFile)
	if err != nil {
		t.Fatal(err)
	}
	b, err := parse(t, "ehr.cdx.xml", []byte(xmlBOM), collect.RefuseFile)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a, b); d != "" {
		t.Errorf("JSON and XML differ: %s", d)
	}
	const ref = "org.example/ehr"
	want := []fact.Component{
		{Asset: ref, Ecosystem: "generic", Name: "debian", Version: "12.5"},
		{
			Asset: ref, Ecosystem: "npm", Name: "@angular/core", Version: "17.0.1", PURL: "pkg:npm/%40angular/core@17.0.1",
		},
		{
			Asset: ref, Ecosystem: "deb", Name: "libssl3", Version: "3.0.11-1~deb12u2", Source: "openssl", Arch: "amd64", Distro: "debian-12",
			PURL: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&upstream=openssl",
		},
		{
			Asset: ref, Ecosystem: "rpm", Name: "bash", Version: "1:5.1.8-9.el9", Source: "bash", SourceVersion: "5.1.8-9.el9", Arch: "x86_64", Distro: "rhel-9.4",
			PURL: "pkg:rpm/redhat/bash@5.1.8-9.el9?arch=x86_64&epoch=1&upstream=bash-5.1.8-9.el9.src.rpm&distro=rhel-9.4",
		},
		{
			Asset: ref, Ecosystem: "maven", Name: "org.apache.logging.log4j:log4j-core", Version: "2.17.1",
			PURL: "pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1?type=jar",
		},
		{Asset: ref, Ecosystem: "generic", Name: "Radio", Version: "2"},
	}
	if d := cmp.Diff(want, a.Batch.Components); d != "" {
		t.Error(d)
	}
	s := a.Batch.Sightings[0]
	if d := cmp.Diff(fact.Values{
		"name": "org.example/ehr", "class": "application", "manufacturer": "Example Health", "version": "4.2", "packages": int64(6),
		"os_name": "debian 12.5", "os_version": "12.5",
	}, s.Values); d != "" || s.Keys[0].String() != "tag:sbom:example-health/org.example-ehr" {
		t.Error(s.Keys, d)
	}
	if a.Batch.Stream.ID != "import/cyclonedx/example-health/org.example-ehr" || !a.Batch.ObservedAt.Equal(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("stream %+v at %s", a.Batch.Stream, a.Batch.ObservedAt)
	}
}

func TestOptions(t *testing.T) {
	in := collecttest.Input("pump.json", []byte(strings.Replace(jsonBOM, `"type": "application", "group"`, `"type": "device", "group"`, 1)))
	p, err := cyclonedx.Importer{}.Parse(context.Background(), in)
	if err != nil || p.Batch.Sightings[0].Missing["class"] == "" {
		t.Errorf("a device of unknown kind: %v, %+v", err, p)
	}
	in.Options = map[string]string{"class": "medical_device", "vendor": "Example  Health"}
	p, err = cyclonedx.Importer{}.Parse(context.Background(), in)
	if err != nil || p.Batch.Sightings[0].Values["class"] != "medical_device" || p.Batch.Facts[0].Key != "example health" {
		t.Errorf("got %v, %+v", err, p)
	}
	collecttest.CheckBatch(t, p, in)
	in.Options = map[string]string{"asset": "serial:SN-1"}
	p, err = cyclonedx.Importer{}.Parse(context.Background(), in)
	if err != nil || p.Batch.Sightings[0].Keys[0].String() != "serial:sn-1" {
		t.Errorf("got %v, %+v", err, p)
	}
}

// lenient are faults of the official suite that are taken on purpose. Names of
// licenses and unknown extra fields change nothing that is read, and vendors'
// files have both; to refuse those would keep the rest of the file out.
func lenient(name string) bool {
	return strings.HasPrefix(name, "invalid-license-id-1") || strings.HasPrefix(name, "invalid-metadata-license-") ||
		strings.HasPrefix(name, "invalid-metadata-distribution-")
}

// TestSuite runs the official suite: what is valid is read, what is not is refused.
func TestSuite(t *testing.T) {
	dir := testshared.Path(t, "corpora", "conformance", "cyclonedx")
	read, refused, taken := 0, 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := d.Name()
		if ext := filepath.Ext(name); ext != ".json" && ext != ".xml" {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, perr := parse(t, name, data, collect.RefuseFile)
		switch {
		case strings.HasPrefix(name, "valid-"):
			read++
			if perr != nil {
				t.Errorf("%s: %v", name, perr)
			}
		case lenient(name):
			taken++
			if perr != nil {
				t.Errorf("%s is refused after all, for %v; it need not be excused", name, perr)
			}
		default:
			refused++
			if _, ok := errors.AsType[*collect.Refusal](perr); !ok {
				t.Errorf("%s: got %v, want a refusal", name, perr)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d read, %d refused, %d taken on purpose", read, refused, taken)
	if read < 350 || refused < 185 {
		t.Error("the suite is smaller than it was")
	}
}

// TestRealFiles reads bills of materials found in the wild and compares how many
// components they have with what a plain reader counts.
func TestRealFiles(t *testing.T) {
	dir := testshared.Path(t, "corpora", "inventories")
	n := 0
	for _, sub := range []string{"sbom", "bench", filepath.Join("scans", "cyclonedx")} {
		err := filepath.WalkDir(filepath.Join(dir, sub), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			data := testshared.Read(t, append([]string{"corpora", "inventories"}, strings.Split(rel, string(filepath.Separator))...)...)
			name := strings.TrimSuffix(d.Name(), ".zst")
			if (cyclonedx.Importer{}).Recognize(name, data[:min(len(data), collect.HeadSize)]) == 0 {
				if strings.Contains(string(data), `"bomFormat": "CycloneDX"`) {
					t.Errorf("%s is not recognized", rel)
				}
				return nil
			}
			n++
			p, err := parse(t, name, data, collect.RefuseFile)
			if err != nil {
				p, err = parse(t, name, data, collect.SkipRows)
				if err != nil {
					t.Errorf("%s: %v", rel, err)
					return nil
				}
				t.Logf("%s is read with faults left out: %v", rel, p.Skipped[0])
			}
			if want, ok := count(data); ok && want != p.Rows {
				t.Errorf("%s: %d components read, %d in it", rel, p.Rows, want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d files", n)
	if n < 60 {
		t.Errorf("only %d files were recognized", n)
	}
}

// count counts the components of a JSON file with nothing but encoding/json.
func count(data []byte) (int, bool) {
	type component struct {
		Components []json.RawMessage `json:"components"`
	}
	var doc struct {
		component
		Metadata struct {
			Component json.RawMessage `json:"component"`
		} `json:"metadata"`
	}
	if json.Unmarshal(data, &doc) != nil {
		return 0, false
	}
	var walk func(raw json.RawMessage) int
	walk = func(raw json.RawMessage) int {
		var c component
		if json.Unmarshal(raw, &c) != nil {
			return 0
		}
		n := 1
		for _, k := range c.Components {
			n += walk(k)
		}
		return n
	}
	n := 0
	if len(doc.Metadata.Component) > 0 {
		n += walk(doc.Metadata.Component)
	}
	for _, c := range doc.Components {
		n += walk(c)
	}
	return n, !strings.Contains(string(data), `"pedigree"`)
}

func TestRecognize(t *testing.T) {
	for doc, want := range map[string]bool{
		`{"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "x": `:                             true,
		`{"components": [{"bom-ref": "a", "name": "b", "type": "library", "version"`:                       true,
		`{"metadata": {"a": [1, {}]}, "version": 1, "bomFormat": "CycloneDX"`:                              true,
		`{"components": [{"type": "library", "name": "b", "purl": "pkg:npm/a"}], "bomFormat": "Other"}`:    false,
		`{"components": {"schemas": {"a": {"type": "object", "name": "x"}}}}`:                              false,
		`{"predicate": {"bomFormat": "CycloneDX"}}`:                                                        false,
		`<bom xmlns="urn:other"><a xmlns="http://cyclonedx.org/schema/bom/1.4"/></bom>`:                    false,
		`<?xml version="1.0"?><!-- x --><c:bom xmlns:c="http://cyclonedx.org/schema/bom/1.4" version="1">`: true,
	} {
		if got := (cyclonedx.Importer{}).Recognize("x", []byte(doc)) > 0; got != want {
			t.Errorf("%s: got %v, want %v", doc, got, want)
		}
	}
}

func TestSkipKeepsTheRest(t *testing.T) {
	bad := strings.Replace(jsonBOM, `"type": "firmware", "name": "Radio"`, `"type": "firmwear", "name": "Radio"`, 1)
	_, err := parse(t, "x.json", []byte(bad), collect.RefuseFile)
	var r *collect.Refusal
	if !errors.As(err, &r) || r.Faults[0].Line != 14 || r.Faults[0].Column != "type" {
		t.Errorf("got %v", err)
	}
	p, err := parse(t, "x.json", []byte(bad), collect.SkipRows)
	if err != nil || len(p.Skipped) != 1 || len(p.Batch.Components) != 5 {
		t.Errorf("got %v, %+v", err, p)
	}
	// A wrong hash is listed; the component it belongs to is software all the same.
	bad = strings.Replace(jsonBOM, "e6b1000b94e835ffd37f4c6dcbdad43f4b48a02a", "foo", 1)
	p, err = parse(t, "x.json", []byte(bad), collect.SkipRows)
	if err != nil || len(p.Skipped) != 1 || len(p.Batch.Components) != 6 {
		t.Errorf("got %v, %+v", err, p)
	}
}

func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 200 MB")
	}
	g := collecttest.Generated{
		Head: `{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"type": "file", "name": "x"}`,
		Unit: `,{"type": "library", "name": "n########", "version": "1.0", "purl": "pkg:npm/n########@1.0", "description": "` + strings.Repeat("words ", 300) + `"}`,
		Tail: "]}",
	}
	g.Units = (200 << 20) / int64(len(g.Unit))
	var p *collect.Parsed
	var err error
	grown := collecttest.Peak(func() { p, err = cyclonedx.Importer{}.Parse(context.Background(), g.Input("big.json")) })
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d components: %d MB", p.Rows, grown>>20)
	if most := int64(16<<20) + int64(p.Rows)*1024; grown > most {
		t.Errorf("took %d MB, want at most %d", grown>>20, most>>20)
	}
}

func BenchmarkParse(b *testing.B) {
	data := testshared.Read(b, "corpora", "inventories", "bench", "lang-shared.cdx.json.zst")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (cyclonedx.Importer{}).Parse(context.Background(), collecttest.Input("x.json", data)); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(jsonBOM))
	f.Add([]byte(xmlBOM))
	f.Fuzz(func(t *testing.T, data []byte) { collecttest.Fuzz(t, cyclonedx.Importer{}, "x.json", data) })
}
