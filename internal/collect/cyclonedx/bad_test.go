package cyclonedx_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/fact"
)

// forms writes a bill of the components in both forms.
func forms(components [][3]string) map[string]string {
	var j, x strings.Builder
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;")
	for i, c := range components {
		if i > 0 {
			j.WriteByte(',')
		}
		fmt.Fprintf(&j, `{"type": "library", "bom-ref": "c%d", "name": %q, "version": %q`, i, c[0], c[1])
		fmt.Fprintf(&x, `<component type="library" bom-ref="c%d"><name>%s</name><version>%s</version>`, i, escape.Replace(c[0]), escape.Replace(c[1]))
		if c[2] != "" {
			fmt.Fprintf(&j, `, "purl": %q`, c[2])
			fmt.Fprintf(&x, `<purl>%s</purl>`, escape.Replace(c[2]))
		}
		j.WriteByte('}')
		x.WriteString("</component>")
	}
	return map[string]string{
		"x.json": `{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"type": "device", "name": "all"}}, "components": [` + j.String() + `]}`,
		"x.xml":  `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><metadata><component type="device"><name>all</name></component></metadata><components>` + x.String() + `</components></bom>`,
	}
}

// TestOddComponents checks that dirty names and versions are taken as they stand,
// and that a package URL which names nothing leaves the component known by its name.
func TestOddComponents(t *testing.T) {
	for name, doc := range forms([][3]string{
		{"Core", "", "PKG:NPM/%40Angular/core@17"},
		{"Django", "", "pkg:PyPI/Django_Rest.Framework@3.0"},
		{"encoded", "", "pkg:deb/debian/libstdc%2B%2B6@12?arch=amd64&distro=bookworm"},
		{"half encoded", "", "pkg:generic/a%zz@1"},
		{"no url", "2024-01-31", "npm:left-pad@1"},
		{"no name", "1", "pkg:npm/@1"},
		{"hash", "e6b1000b94e835ffd37f4c6dcbdad43f4b48a02a", ""},
		{"empty", "", ""},
		{"empty", "", ""},
	}) {
		p, err := parse(t, name, []byte(doc), collect.RefuseFile)
		if err != nil {
			t.Fatal(name, err)
		}
		g := func(name, version string) fact.Component {
			return fact.Component{Asset: "all", Ecosystem: "generic", Name: name, Version: version}
		}
		if d := cmp.Diff([]fact.Component{
			{Asset: "all", Ecosystem: "npm", Name: "@Angular/core", Version: "17", PURL: "PKG:NPM/%40Angular/core@17"},
			{Asset: "all", Ecosystem: "pypi", Name: "django-rest-framework", Version: "3.0", PURL: "pkg:PyPI/Django_Rest.Framework@3.0"},
			{Asset: "all", Ecosystem: "deb", Name: "libstdc++6", Version: "12", Arch: "amd64", Distro: "debian-12", PURL: "pkg:deb/debian/libstdc%2B%2B6@12?arch=amd64&distro=bookworm"},
			{Asset: "all", Ecosystem: "generic", Name: "a%zz", Version: "1", PURL: "pkg:generic/a%zz@1"},
			g("no url", "2024-01-31"), g("no name", "1"), g("hash", "e6b1000b94e835ffd37f4c6dcbdad43f4b48a02a"), g("empty", ""),
		}, p.Batch.Components); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		var notes []string
		for _, n := range p.Batch.Notes {
			notes = append(notes, n.What+": "+n.Why)
		}
		if d := cmp.Diff([]string{"2 components: the package URL cannot be read; known by name only", "1 component left out: listed twice"}, notes); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestDuplicates checks that a reference given twice is refused with its place, and
// that both components are kept where the person wants what is right.
func TestDuplicates(t *testing.T) {
	for name, doc := range forms([][3]string{{"a", "1", ""}, {"b", "1", ""}}) {
		doc = strings.ReplaceAll(doc, "c1", "c0")
		_, err := parse(t, name, []byte(doc), collect.RefuseFile)
		if r, ok := errors.AsType[*collect.Refusal](err); !ok || r.Faults[0].Column != "bom-ref" || !strings.Contains(err.Error(), "given twice") {
			t.Errorf("%s: got %v", name, err)
		}
		p, err := parse(t, name, []byte(doc), collect.SkipRows)
		if err != nil || len(p.Batch.Components) != 2 || len(p.Skipped) != 1 {
			t.Errorf("%s: %v, %+v", name, err, p)
		}
	}
}

// TestCut checks that a bill cut anywhere is refused, even where faults are to be
// left out: half a bill looks like a whole one with less in it.
func TestCut(t *testing.T) {
	for name, doc := range forms([][3]string{{"a", "1", "pkg:npm/a@1"}, {"b", "2", ""}}) {
		for n := range len(doc) {
			if _, err := parse(t, name, []byte(doc[:n]), collect.SkipRows); err == nil {
				t.Fatalf("%s is taken although it ends at byte %d of %d", name, n, len(doc))
			}
		}
	}
}

// TestOwnWords checks what only our own bills say.
func TestOwnWords(t *testing.T) {
	p, err := parse(t, "x.json", []byte(`{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"type": "device", "name": "all"}}, "components": [
		{"type": "operating-system", "name": "Contoso OS", "version": "12", "properties": [{"name": "asepsis:not_software", "value": "operating system"}]},
		{"type": "application", "name": "a", "properties": [{"name": "asepsis:cpe", "value": "cpe:2.3:a:con toso:x"}]}]}`), collect.RefuseFile)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]fact.Component{{Asset: "all", Ecosystem: "generic", Name: "a", CPE: "cpe:2.3:a:con toso:x"}}, p.Batch.Components); d != "" {
		t.Error(d)
	}
}
