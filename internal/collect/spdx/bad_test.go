package spdx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/spdx"
	"github.com/asepsis/asepsis/internal/fact"
)

// large makes a document of n packages, each of which depends on the next and the
// last on the first.
func large(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "all", "packages": [`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"SPDXID": "SPDXRef-%d", "name": "part-%d", "versionInfo": "1.%d.0", "downloadLocation": "NOASSERTION", "checksums": [{"algorithm": "SHA1", "checksumValue": "e6b1000b94e835ffd37f4c6dcbdad43f4b48a02a"}],`+
			`"externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/part-%d@1.%d.0"}]}`, i, i, i%50, i, i%50)
	}
	b.WriteString(`], "relationships": [`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"spdxElementId": "SPDXRef-%d", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "SPDXRef-%d"}`, i, (i+1)%n)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// largeTags is the same as tags and values.
func largeTags(n int) []byte {
	var b bytes.Buffer
	b.WriteString("SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: all\n")
	for i := range n {
		fmt.Fprintf(&b, "\nPackageName: part-%d\nSPDXID: SPDXRef-%d\nPackageVersion: 1.%d.0\nExternalRef: PACKAGE-MANAGER purl pkg:npm/part-%d@1.%d.0\nRelationship: SPDXRef-%d DEPENDS_ON SPDXRef-%d\n", i, i, i%50, i, i%50, i, (i+1)%n)
	}
	return b.Bytes()
}

func TestLarge(t *testing.T) {
	const n = 300_000
	for name, doc := range map[string][]byte{"large.spdx.json": large(n), "large.spdx": largeTags(n)} {
		var p *collect.Parsed
		var err error
		grown := collecttest.Peak(func() { p, err = spdx.Importer{}.Parse(context.Background(), collecttest.Input(name, doc)) })
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d MB, %d MB of memory", name, len(doc)>>20, grown>>20)
		if p.Rows != n || len(p.Batch.Components) != n {
			t.Errorf("%s: %d packages and %d components, want %d", name, p.Rows, len(p.Batch.Components), n)
		}
		// Packages are kept until the relationships at the end say what they are.
		if grown > 512<<20 {
			t.Errorf("%s: took %d MB for a file of %d MB", name, grown>>20, len(doc)>>20)
		}
	}
}

func BenchmarkLarge(b *testing.B) {
	for name, doc := range map[string][]byte{"json": large(300_000), "tags": largeTags(300_000)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (spdx.Importer{}).Parse(context.Background(), collecttest.Input("large."+name, doc)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func packages(list ...string) []byte {
	var b strings.Builder
	b.WriteString(`{"spdxVersion": "SPDX-2.2", "name": "all", "packages": [`)
	for i, p := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"SPDXID": "SPDXRef-%d", %s}`, i, p)
	}
	b.WriteString("]}")
	return []byte(b.String())
}

// TestOddPackages checks that dirty names and versions are taken as they stand, and
// that a package URL which names nothing leaves the package known by its name.
func TestOddPackages(t *testing.T) {
	ref := func(locator string) string {
		return `"externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "` + locator + `"}]`
	}
	p, err := parse(t, "x.json", packages(
		`"name": "Core", `+ref("PKG:NPM/%40Angular/core@17"),
		`"name": "Django", `+ref("pkg:PyPI/Django_Rest.Framework@3.0"),
		`"name": "twice encoded", `+ref("pkg:deb/debian/libstdc%2B%2B6@12?arch=amd64"),
		`"name": "half encoded", `+ref("pkg:generic/a%zz@1"),
		`"name": "no url", "versionInfo": "2024-01-31", `+ref("npm:left-pad@1"),
		`"name": "no name", "versionInfo": "1", `+ref("pkg:npm/@1"),
		`"name": "htop", "supplier": "Organization: Fedora Project", `+ref("pkg:rpm/almalinux/htop@3-1.el9?distro=almalinux-9"),
		`"name": "hash", "versionInfo": "e6b1000b94e835ffd37f4c6dcbdad43f4b48a02a"`,
		`"name": "empty", "versionInfo": ""`,
		`"name": "none", "versionInfo": "NOASSERTION"`,
		`"name": "two", `+strings.Replace(ref("pkg:npm/a@1"), "]", `, {"referenceType": "purl", "referenceLocator": "pkg:npm/a@1?repository_url=x"}, {"referenceType": "purl", "referenceLocator": "pkg:npm/b@1"}]`, 1),
	), collect.RefuseFile)
	if err != nil {
		t.Fatal(err)
	}
	g := func(name, version string) fact.Component {
		return fact.Component{Asset: "all", Ecosystem: "generic", Name: name, Version: version}
	}
	if d := cmp.Diff([]fact.Component{
		{Asset: "all", Ecosystem: "npm", Name: "@Angular/core", Version: "17", PURL: "PKG:NPM/%40Angular/core@17"},
		{Asset: "all", Ecosystem: "pypi", Name: "django-rest-framework", Version: "3.0", PURL: "pkg:PyPI/Django_Rest.Framework@3.0"},
		{Asset: "all", Ecosystem: "deb", Name: "libstdc++6", Version: "12", Arch: "amd64", PURL: "pkg:deb/debian/libstdc%2B%2B6@12?arch=amd64"},
		{Asset: "all", Ecosystem: "generic", Name: "a%zz", Version: "1", PURL: "pkg:generic/a%zz@1"},
		g("no url", "2024-01-31"), g("no name", "1"),
		{Asset: "all", Ecosystem: "rpm", Name: "htop", Version: "3-1.el9", Distro: "almalinux-9", PURL: "pkg:rpm/almalinux/htop@3-1.el9?distro=almalinux-9&vendor=Fedora%20Project"},
		g("hash", "e6b1000b94e835ffd37f4c6dcbdad43f4b48a02a"), g("empty", ""), g("none", ""),
		{Asset: "all", Ecosystem: "npm", Name: "a", Version: "1", PURL: "pkg:npm/a@1"},
		{Asset: "all", Ecosystem: "npm", Name: "b", Version: "1", PURL: "pkg:npm/b@1"},
	}, p.Batch.Components); d != "" {
		t.Error(d)
	}
	if n := p.Batch.Notes; len(n) != 1 || n[0].What != "2 components" || !strings.Contains(n[0].Why, "package URL cannot be read") {
		t.Errorf("got %+v", n)
	}
}

// TestFaults checks that what is wrong is refused with its place, and that what is
// right is kept where the person says so.
func TestFaults(t *testing.T) {
	good := `"name": "a", "versionInfo": "1"`
	for name, tt := range map[string]struct {
		doc, why string
		keep     int // components with SkipRows; -1 where the whole is refused
	}{
		"duplicate id":    {`{"spdxVersion": "SPDX-2.3", "name": "x", "packages": [{"SPDXID": "a", ` + good + `}, {"SPDXID": "a", "name": "b"}]}`, `the SPDXID "a" is given twice`, 1},
		"no id":           {`{"spdxVersion": "SPDX-2.3", "name": "x", "packages": [{` + good + `}, {"SPDXID": "b", "name": "b"}]}`, `package "a" has no SPDXID`, 1},
		"no name":         {`{"spdxVersion": "SPDX-2.3", "name": "x", "packages": [{"SPDXID": "b"}]}`, `package "b" has no name`, 0},
		"bad time":        {`{"spdxVersion": "SPDX-2.3", "name": "x", "creationInfo": {"created": "yesterday"}, "packages": [{"SPDXID": "a", ` + good + `}]}`, `"yesterday" is no date with time`, 1},
		"cut":             {string(packages(good, good))[:80], "", -1},
		"version to come": {`{"spdxVersion": "SPDX-4.0", "packages": []}`, "SPDX 2.3 JSON", -1},
		"no version":      {`{"SPDXID": "SPDXRef-DOCUMENT", "packages": []}`, "in which version", -1},
		"tags, cut text":  {"SPDXVersion: SPDX-2.3\nPackageName: a\nPackageComment: <text>never\nends", "line 3: a text does not end", -1},
		"tags, two ids":   {"SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: a\nPackageName: b\nSPDXID: a\n", "line 4: column \"SPDXID\": the SPDXID \"a\" is given twice", 1},
		"tags, no tag":    {"SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: a\nwhat is this\n", "line 4: \"what is this\" is no tag with a value", 1},
		"tags, half":      {"SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: a\nExternalRef: SECURITY cpe23Type\n", "line 4: column \"ExternalRef\"", 1},
	} {
		_, err := parse(t, "x", []byte(tt.doc), collect.RefuseFile)
		if _, ok := errors.AsType[*collect.Refusal](err); !ok || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s: got %v, want %s", name, err, tt.why)
		}
		p, err := parse(t, "x", []byte(tt.doc), collect.SkipRows)
		switch {
		case tt.keep < 0:
			if err == nil {
				t.Errorf("%s: taken in part", name)
			}
		case err != nil || len(p.Batch.Components) != tt.keep || len(p.Skipped) != 1:
			t.Errorf("%s: %v, %+v", name, err, p)
		}
	}
}

// TestCycles checks that packages which contain each other, and themselves, end.
func TestCycles(t *testing.T) {
	doc := strings.Replace(string(packages(`"name": "a"`, `"name": "b"`)), "]}", `], "relationships": [
		{"spdxElementId": "SPDXRef-0", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-1"},
		{"spdxElementId": "SPDXRef-1", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-0"},
		{"spdxElementId": "SPDXRef-1", "relationshipType": "GENERATED_FROM", "relatedSpdxElement": "SPDXRef-1"},
		{"spdxElementId": "SPDXRef-9", "relationshipType": "BUILD_TOOL_OF", "relatedSpdxElement": "SPDXRef-0"},
		{"spdxElementId": "SPDXRef-0", "relationshipType": "DESCRIBED_BY", "relatedSpdxElement": "SPDXRef-DOCUMENT"}]}`, 1)
	p, err := parse(t, "x.json", []byte(doc), collect.RefuseFile)
	if err != nil || len(p.Batch.Components) != 1 || p.Batch.Components[0].Name != "b" || p.Batch.Sightings[0].Ref != "a" {
		t.Errorf("got %v, %+v", err, p)
	}
}

func FuzzParse(f *testing.F) {
	for _, doc := range []string{jsonDoc, tagDoc, graphDoc} {
		f.Add([]byte(doc))
	}
	f.Add(packages(`"name": "two", "externalRefs": [{"referenceType": "asepsis", "referenceLocator": "whole=true&name=x&not_software=asset"}]`))
	f.Add([]byte("SPDXVersion: SPDX-2.2\rPackageName: <text>a</text>\rSPDXID: a\r"))
	f.Fuzz(func(t *testing.T, data []byte) { collecttest.Fuzz(t, spdx.Importer{}, "x.spdx", data) })
}
