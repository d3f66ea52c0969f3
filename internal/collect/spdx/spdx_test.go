package spdx_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/spdx"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/testshared"
)

const jsonDoc = `{
  "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "ehr-4.2", "documentNamespace": "https://example.org/ehr",
  "creationInfo": {"created": "2026-03-01T12:00:00Z", "creators": ["Tool: sbom-1.0"]},
  "packages": [
    {"SPDXID": "SPDXRef-ehr", "name": "ehr", "versionInfo": "4.2", "supplier": "Organization: Example Health (info@example.org)", "downloadLocation": "NOASSERTION", "primaryPackagePurpose": "APPLICATION"},
    {"SPDXID": "SPDXRef-os", "name": "debian", "versionInfo": "12.5", "downloadLocation": "NONE", "primaryPackagePurpose": "OPERATING_SYSTEM"},
    {"SPDXID": "SPDXRef-ssl", "name": "libssl3", "versionInfo": "3.0.11-1~deb12u2", "downloadLocation": "NONE", "sourceInfo": "built package from: openssl 3.0.11-1~deb12u2",
     "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64"},
       {"referenceCategory": "SECURITY", "referenceType": "http://spdx.org/rdf/references/cpe23Type", "referenceLocator": "cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*"}]},
    {"SPDXID": "SPDXRef-lib", "name": "core", "versionInfo": "17.0.1", "downloadLocation": "NONE",
     "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/%40angular/core@17.0.1"}]},
    {"SPDXID": "SPDXRef-words", "name": "Radio firmware", "versionInfo": "NOASSERTION", "downloadLocation": "NONE"},
    {"SPDXID": "SPDXRef-tool", "name": "gcc", "versionInfo": "12", "downloadLocation": "NONE"}
  ],
  "relationships": [
    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-ehr"},
    {"spdxElementId": "SPDXRef-ehr", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-ssl"},
    {"spdxElementId": "SPDXRef-tool", "relationshipType": "BUILD_TOOL_OF", "relatedSpdxElement": "SPDXRef-ehr"}
  ]
}
`

const tagDoc = `# the same as tags and values
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: ehr-4.2
DocumentNamespace: https://example.org/ehr
Creator: Tool: sbom-1.0
Created: 2026-03-01T12:00:00Z

PackageName: ehr
SPDXID: SPDXRef-ehr
PackageVersion: 4.2
PackageSupplier: Organization: Example Health (info@example.org)
PackageDownloadLocation: NOASSERTION
PackageCopyrightText: <text>Copyright
PackageName: not a package, but text
</text>
PrimaryPackagePurpose: APPLICATION

PackageName: debian
SPDXID: SPDXRef-os
PackageVersion: 12.5
PrimaryPackagePurpose: OPERATING-SYSTEM

PackageName: libssl3
SPDXID: SPDXRef-ssl
PackageVersion: 3.0.11-1~deb12u2
PackageSourceInfo: <text>built package from: openssl 3.0.11-1~deb12u2</text>
ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64
ExternalRef: SECURITY cpe23Type cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*

PackageName: core
SPDXID: SPDXRef-lib
PackageVersion: 17.0.1
ExternalRef: PACKAGE-MANAGER purl pkg:npm/%40angular/core@17.0.1

PackageName: Radio firmware
SPDXID: SPDXRef-words
PackageVersion: NOASSERTION

PackageName: gcc
SPDXID: SPDXRef-tool
PackageVersion: 12

FileName: ./etc/passwd
SPDXID: SPDXRef-file

Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-ehr
Relationship: SPDXRef-ehr CONTAINS SPDXRef-ssl
Relationship: SPDXRef-tool BUILD_TOOL_OF SPDXRef-ehr
`

const graphDoc = `{
  "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
  "@graph": [
    {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2026-03-01T12:00:00Z"},
    {"type": "software_Package", "spdxId": "urn:ehr", "name": "ehr", "software_packageVersion": "4.2", "suppliedBy": "urn:maker", "software_primaryPurpose": "application"},
    {"type": "Organization", "spdxId": "urn:maker", "name": "Example Health"},
    {"type": "software_Package", "spdxId": "urn:os", "name": "debian", "software_packageVersion": "12.5", "software_primaryPurpose": "operatingSystem"},
    {"type": "software_Package", "spdxId": "urn:ssl", "name": "libssl3", "software_packageVersion": "3.0.11-1~deb12u2", "software_sourceInfo": "built package from: openssl 3.0.11-1~deb12u2",
     "software_packageUrl": "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64",
     "externalIdentifier": [{"type": "ExternalIdentifier", "externalIdentifierType": "cpe23", "identifier": "cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*"}]},
    {"type": "software_Package", "spdxId": "urn:lib", "name": "core", "software_packageVersion": "17.0.1", "software_packageUrl": "pkg:npm/%40angular/core@17.0.1"},
    {"type": "software_Package", "spdxId": "urn:words", "name": "Radio firmware"},
    {"type": "software_Package", "spdxId": "urn:tool", "name": "gcc", "software_packageVersion": "12"},
    {"type": "SpdxDocument", "spdxId": "urn:doc", "name": "ehr-4.2", "rootElement": ["urn:bom"]},
    {"type": "software_Sbom", "spdxId": "urn:bom", "rootElement": ["urn:ehr"]},
    {"type": "Relationship", "spdxId": "urn:r1", "relationshipType": "contains", "from": "urn:ehr", "to": ["urn:ssl"]},
    {"type": "LifecycleScopedRelationship", "spdxId": "urn:r2", "relationshipType": "usesTool", "scope": "build", "from": "urn:ehr", "to": ["urn:tool"]}
  ]
}
`

func TestConformanceJSON(t *testing.T) {
	collecttest.Run(t, collecttest.Suite{
		Importer: spdx.Importer{}, Samples: []collecttest.Sample{{Name: "ehr.spdx.json", Data: []byte(jsonDoc)}, {Name: "ehr.spdx3.json", Data: []byte(graphDoc)}}, Text: true,
		Open: `{"spdxVersion": "SPDX-2.3", "packages": [{"name": "`, Nest: `{"packages": [`,
		Floods: map[string]collecttest.Generated{
			"relationships": {Head: `{"spdxVersion": "SPDX-2.3", "relationships": [{}`, Unit: `,{"spdxElementId": "a########", "relationshipType": "CONTAINS", "relatedSpdxElement": "b########"}`, Tail: "]}"},
			"files":         {Head: `{"spdxVersion": "SPDX-2.3", "files": [{}`, Unit: `,{"SPDXID": "f########"}`, Tail: "]}"},
			"references":    {Head: `{"spdxVersion": "SPDX-2.3", "packages": [{"name": "a", "SPDXID": "a", "externalRefs": [{}`, Unit: `,{"referenceType": "purl", "referenceLocator": "pkg:npm/a@########"}`, Tail: "]}]}"},
			"keys":          {Head: `{"spdxVersion": "SPDX-2.3"`, Unit: `,"k########":1`, Tail: "}"},
		},
		HeapMB: 256, // two million relationships are two million ids
	})
}

func TestConformanceTags(t *testing.T) {
	collecttest.Run(t, collecttest.Suite{
		Importer: spdx.Importer{}, Samples: []collecttest.Sample{{Name: "ehr.spdx", Data: []byte(tagDoc)}},
		Open: "SPDXVersion: SPDX-2.3\nPackageName: ", Nest: "<text>",
		// A document of tags has no end: cut between two of them, it is a smaller one.
		CutMayPass: func(cut []byte) bool { return strings.Contains(string(cut), "SPDXVersion: SPDX-2.3") },
		Floods: map[string]collecttest.Generated{
			"lines": {Head: "SPDXVersion: SPDX-2.3\n", Unit: "PackageComment: ########\n"},
			"files": {Head: "SPDXVersion: SPDX-2.3\n", Unit: "FileName: ########\n"},
		},
	})
}

func parse(t testing.TB, name string, data []byte, on collect.OnFault) (*collect.Parsed, error) {
	t.Helper()
	in := collecttest.Input(name, data)
	in.OnFault = on
	p, err := spdx.Importer{}.Parse(t.Context(), in)
	if err == nil {
		collecttest.CheckBatch(t, p, in)
	}
	return p, err
}

// TestForms checks that the three forms of one document say the same.
func TestForms(t *testing.T) {
	const ref = "ehr"
	want := []fact.Component{
		{Asset: ref, Ecosystem: "generic", Name: "debian", Version: "12.5"},
		{
			Asset: ref, Ecosystem: "deb", Name: "libssl3", Version: "3.0.11-1~deb12u2", Source: "openssl", SourceVersion: "3.0.11-1~deb12u2", Arch: "amd64", Distro: "debian-12",
			PURL: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64", CPE: "cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*",
		},
		{Asset: ref, Ecosystem: "npm", Name: "@angular/core", Version: "17.0.1", PURL: "pkg:npm/%40angular/core@17.0.1"},
		{Asset: ref, Ecosystem: "generic", Name: "Radio firmware"},
	}
	for name, doc := range map[string]string{"x.spdx.json": jsonDoc, "x.spdx": tagDoc, "x.spdx3.json": graphDoc} {
		p, err := parse(t, name, []byte(doc), collect.RefuseFile)
		if err != nil {
			t.Fatal(name, err)
		}
		if d := cmp.Diff(want, p.Batch.Components); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if p.Rows != 6 {
			t.Errorf("%s: %d packages, want 6", name, p.Rows)
		}
		s := p.Batch.Sightings[0]
		if d := cmp.Diff(fact.Values{
			"name": "ehr", "class": "application", "manufacturer": "Example Health", "version": "4.2", "packages": int64(4), "os_name": "debian 12.5", "os_version": "12.5",
		}, s.Values); d != "" || s.Keys[0].String() != "tag:sbom:example-health/ehr" {
			t.Error(name, s.Keys, d)
		}
		if p.Batch.Stream.ID != "import/spdx/example-health/ehr" || !p.Batch.ObservedAt.Equal(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: stream %+v at %s", name, p.Batch.Stream, p.Batch.ObservedAt)
		}
		var notes []string
		for _, n := range p.Batch.Notes {
			notes = append(notes, n.What+": "+n.Why)
		}
		if d := cmp.Diff([]string{"1 component left out: only built, tested or developed with"}, notes); d != "" {
			t.Error(name, d)
		}
	}
}

// TestOtherForms checks that forms which are not read are recognized and refused
// with advice, not called unknown.
func TestOtherForms(t *testing.T) {
	for name, doc := range map[string]string{
		"x.rdf":  `<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:spdx="http://spdx.org/rdf/terms#"><spdx:SpdxDocument/></rdf:RDF>`,
		"x.yaml": "---\nspdxVersion: \"SPDX-2.3\"\nname: x\npackages: []\n",
	} {
		if (spdx.Importer{}).Recognize(name, []byte(doc)) < 50 {
			t.Errorf("%s is not recognized", name)
		}
		_, err := parse(t, name, []byte(doc), collect.SkipRows)
		if _, ok := errors.AsType[*collect.Refusal](err); !ok || !strings.Contains(err.Error(), "SPDX JSON") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestRecognize(t *testing.T) {
	for doc, want := range map[string]bool{
		`{"SPDXID": "SPDXRef-DOCUMENT", "x`:                                               true,
		`{"packages": [{"name": "a", "SPDXID": "SPDXRef-a", "versionInfo"`:                true,
		`{"sbom": {"spdxVersion": "SPDX-2.3"}}`:                                           true,
		`{"@context": "https://spdx.org/rdf/3.0.0/spdx-context.jsonld", "@graph": [`:      true,
		"\xef\xbb\xbf# a comment\r\n\r\nSPDXVersion: SPDX-2.2\r\n":                        true,
		`{"packages": [{"name": "a", "version": "1"}]}`:                                   false,
		`{"packages": {"": {"name": "SPDXID"}}}`:                                          false,
		`{"@context": "https://openvex.dev/ns/v0.2.0"}`:                                   false,
		"Our bills are in the format SPDXVersion: SPDX-2.2\n":                             false,
		`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><a/></rdf:RDF>`: false,
		`{"bomFormat": "CycloneDX", "components": [{"type": "library", "name": "SPDX"}]}`: false,
	} {
		if got := (spdx.Importer{}).Recognize("x", []byte(doc)) > 0; got != want {
			t.Errorf("%s: got %v, want %v", doc, got, want)
		}
	}
}

// cut are files of the corpus that are damaged, and where.
var cut = map[string]string{
	"istio-source.spdx":          "line 59827: a text does not end",
	"powershell-2.2.6.spdx.json": "line 2765: not well-formed JSON",
}

// TestRealFiles reads every SPDX file of the corpus, and compares how many packages
// it has with what a plain reader counts.
func TestRealFiles(t *testing.T) {
	dir := testshared.Path(t, "corpora", "inventories")
	files, packages, components := 0, 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data := testshared.Read(t, append([]string{"corpora", "inventories"}, strings.Split(rel, string(filepath.Separator))...)...)
		name := strings.TrimSuffix(d.Name(), ".zst")
		want, is := count(data)
		if (spdx.Importer{}).Recognize(name, data[:min(len(data), collect.HeadSize)]) == 0 {
			if is {
				t.Errorf("%s is not recognized", rel)
			}
			return nil
		}
		p, err := parse(t, name, data, collect.RefuseFile)
		if why := cut[name]; why != "" {
			if err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("%s is damaged: got %v, want %s", rel, err, why)
			}
			return nil
		}
		if err != nil {
			if p, err = parse(t, name, data, collect.SkipRows); err != nil {
				t.Errorf("%s: %v", rel, err)
				return nil
			}
			t.Logf("%s is read with faults left out: %v", rel, p.Skipped[0])
		}
		if want != p.Rows {
			t.Errorf("%s: %d packages read, %d in it", rel, p.Rows, want)
		}
		if p.Rows > 1 && len(p.Batch.Components) == 0 {
			t.Logf("%s: %d packages and no component: %v", rel, p.Rows, p.Batch.Notes)
		}
		files++
		packages += p.Rows
		components += len(p.Batch.Components)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files with %d packages, %d components", files, packages, components)
	if files < 60 || packages < 10_000 {
		t.Errorf("only %d files with %d packages", files, packages)
	}
}

// count counts the packages of a document with nothing but the standard library.
func count(data []byte) (n int, is bool) {
	text := string(data)
	if i := strings.Index(text, "SPDXVersion:"); i >= 0 && !strings.HasPrefix(strings.TrimSpace(text), "{") && (i == 0 || strings.Count(text[:i], "\n") < 5) {
		open := false
		for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r", "\n"), "\n") {
			if !open && strings.HasPrefix(strings.TrimSpace(line), "PackageName:") {
				n++
			}
			if i := strings.LastIndex(line, "<text>"); i >= 0 && !strings.Contains(line[i:], "</text>") {
				open = true
			} else if strings.Contains(line, "</text>") {
				open = false
			}
		}
		return n, true
	}
	type document struct {
		SPDXVersion string            `json:"spdxVersion"`
		Packages    []json.RawMessage `json:"packages"`
		Graph       []struct {
			Type string `json:"type"`
		} `json:"@graph"`
		Context any       `json:"@context"`
		SBOM    *document `json:"sbom"`
	}
	var doc document
	if json.Unmarshal(data, &doc) != nil {
		return 0, false
	}
	if doc.SBOM != nil && doc.SBOM.SPDXVersion != "" {
		doc = *doc.SBOM
	}
	context, ok := doc.Context.(string)
	is = doc.SPDXVersion != "" || ok && strings.Contains(context, "spdx.org/rdf/3")
	if !is {
		return 0, false
	}
	n = len(doc.Packages)
	for _, e := range doc.Graph {
		if strings.TrimPrefix(e.Type, "software_") == "Package" {
			n++
		}
	}
	return n, true
}
