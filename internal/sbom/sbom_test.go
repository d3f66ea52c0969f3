package sbom_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/cyclonedx"
	"github.com/asepsis/asepsis/internal/collect/spdx"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/purl"
	"github.com/asepsis/asepsis/internal/sbom"
	"github.com/asepsis/asepsis/internal/testshared"
)

var made = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// software are components of every kind, with everything a package URL does not say.
func software() []fact.Component {
	return []fact.Component{
		{Ecosystem: "deb", Name: "libssl3", Version: "3.0.11-1~deb12u2", Source: "openssl", SourceVersion: "3.0.11-1~deb12u2", Arch: "amd64", Distro: "debian-12", PURL: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12"},
		{Ecosystem: "deb", Name: "gcc-12-base", Version: "12.2.0-14", Source: "gcc-12", Distro: "debian-12", PURL: "pkg:deb/debian/gcc-12-base@12.2.0-14?distro=debian-12"},
		{Ecosystem: "rpm", Name: "bash", Version: "1:5.1.8-9.el9", Source: "bash", SourceVersion: "5.1.8-9.el9", Arch: "x86_64", Distro: "rhel-9.4", PURL: "pkg:rpm/redhat/bash@5.1.8-9.el9?arch=x86_64&epoch=1&distro=rhel-9.4"},
		{Ecosystem: "npm", Name: "@angular/core", Version: "17.0.1", PURL: "PKG:NPM/%40Angular/core@17.0.1"},
		{Ecosystem: "maven", Name: "org.apache.logging.log4j:log4j-core", Version: "2.17.1", PURL: "pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1?type=jar"},
		{Ecosystem: "windows", Name: "Infusion \"Manager\" <Pro> & Söhne", Version: "7.2 (build 9)", Arch: "x86"},
		{Ecosystem: "generic", Name: "no version"},
		{Ecosystem: "generic", Name: "firmware", Version: "B.06.18", CPE: "cpe:2.3:o:contoso:pump_firmware:1.0:*:*:*:*:*:*:*"},
		{Ecosystem: "generic", Name: "odd cpe", Version: "2024-01-31", CPE: "cpe:2.3:a:con toso:x"},
		{Ecosystem: "generic", Name: "old cpe", Version: "e6b1000b94e835ffd37f4c6dcbdad43f4b48a02a", CPE: "cpe:/a:contoso:x:1"},
		{Ecosystem: "golang", Name: "github.com/Azure/azure-sdk-for-go", Version: "v68.0.0+incompatible", PURL: "pkg:golang/github.com/Azure/azure-sdk-for-go@v68.0.0+incompatible"},
	}
}

func bill(cs []fact.Component) *sbom.Bill {
	return &sbom.Bill{
		Made: made, Version: "1.0", By: "Example Hospital",
		Of: sbom.Asset{
			ID: "a1", Name: "pump-7", Class: asset.Medical, Manufacturer: "Contoso Medical", Model: "P100", Version: "4.1", System: "Contoso OS", SystemVer: "12",
			Keys: []asset.Key{{Type: asset.Serial, Value: "sn-1"}}, ListedAt: made.Add(-time.Hour), Software: sbom.List(cs),
			Unknown: []sbom.Unknown{{What: "installed packages", Why: "needs root"}},
		},
	}
}

func write(t testing.TB, format string, b *sbom.Bill) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := sbom.Write(&out, format, b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readers are our own, by format.
var readers = map[string]collect.Importer{sbom.CycloneDX: cyclonedx.Importer{}, sbom.SPDX: spdx.Importer{}}

func read(t testing.TB, format string, data []byte) *collect.Parsed {
	t.Helper()
	im := readers[format]
	if n := im.Recognize("bom.json", data[:min(len(data), collect.HeadSize)]); n < 90 {
		t.Errorf("our own %s is recognized with %d", format, n)
	}
	in := collecttest.Input("bom.json", data)
	p, err := im.Parse(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	collecttest.CheckBatch(t, p, in)
	return p
}

// plain brings a component into the form in which it comes back: of no asset, its
// package URL in canonical form without the source package that was added.
func plain(cs []fact.Component) []fact.Component {
	out := make([]fact.Component, 0, len(cs))
	for _, c := range cs {
		c.Asset = ""
		if u, err := purl.Parse(c.PURL); err != nil {
			c.PURL = ""
		} else {
			c.PURL = u.String()
			if i := strings.Index(c.PURL, "upstream="); i > 0 {
				_, rest, more := strings.Cut(c.PURL[i:], "&")
				if c.PURL = c.PURL[:i] + rest; !more {
					c.PURL = c.PURL[:len(c.PURL)-1]
				}
			}
		}
		out = append(out, c)
	}
	slices.SortFunc(out, sbom.Compare)
	return slices.Compact(out)
}

func TestRoundTrip(t *testing.T) {
	for format := range readers {
		p := read(t, format, write(t, format, bill(software())))
		if d := cmp.Diff(plain(software()), plain(p.Batch.Components)); d != "" {
			t.Errorf("%s: %s", format, d)
		}
		s := p.Batch.Sightings[0]
		if s.Values["name"] != "pump-7" || s.Values["manufacturer"] != "Contoso Medical" || s.Values["version"] != "4.1" || !p.Batch.ObservedAt.Equal(made) {
			t.Errorf("%s: the asset comes back as %+v", format, s.Values)
		}
	}
}

// TestUpstream checks that other programs find the source package.
func TestUpstream(t *testing.T) {
	out := string(write(t, sbom.CycloneDX, bill(software())))
	for _, want := range []string{
		`"purl":"pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl%403.0.11-1~deb12u2"`,
		`upstream=bash-5.1.8-9.el9.src.rpm`, `"purl":"pkg:npm/%40angular/core@17.0.1"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is not in it", want)
		}
	}
}

// TestDeterministic checks that the bytes follow from the content: not from the
// order in which components come, and the serial number not from the moment.
func TestDeterministic(t *testing.T) {
	for format := range readers {
		first := write(t, format, bill(software()))
		turned := software()
		slices.Reverse(turned)
		turned = append(turned, turned[3]) // and one of them twice
		if again := write(t, format, bill(turned)); !bytes.Equal(first, again) {
			t.Errorf("%s: another order gives other bytes: %s", format, cmp.Diff(string(first), string(again)))
		}
		later := bill(software())
		later.Made = made.Add(24 * time.Hour)
		if id(t, first) != id(t, write(t, format, later)) {
			t.Errorf("%s: the number changes with the moment", format)
		}
		changed := software()
		changed[2].Version += ".1"
		if id(t, first) == id(t, write(t, format, bill(changed))) {
			t.Errorf("%s: the number is the same for other software", format)
		}
	}
}

func id(t *testing.T, doc []byte) string {
	t.Helper()
	var d struct{ SerialNumber, DocumentNamespace string }
	if err := json.Unmarshal(doc, &d); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(d.SerialNumber+d.DocumentNamespace, "urn:uuid:") {
		t.Fatalf("no number: %+v", d)
	}
	return d.SerialNumber + d.DocumentNamespace
}

// TestRefs checks that all that is referred to is there, once.
func TestRefs(t *testing.T) {
	b := parts()
	b.Flaws = flaws()
	out := write(t, sbom.CycloneDX, b)
	var doc any
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	defined, used := map[string]int{}, []string{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				s, isText := x.(string)
				switch list, isList := x.([]any); {
				case k == "bom-ref":
					defined[s]++
				case k == "ref" && isText:
					used = append(used, s)
				case (k == "assemblies" || k == "dependencies") && isList:
					for _, e := range list {
						used = append(used, e.(string)) //nolint:errcheck // a test may panic
					}
				}
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(doc)
	for ref, n := range defined {
		if n > 1 {
			t.Errorf("%s is defined %d times", ref, n)
		}
	}
	for _, ref := range used {
		if defined[ref] == 0 {
			t.Errorf("%s is not defined", ref)
		}
	}
	if len(used) < 6 {
		t.Errorf("only %d references", len(used))
	}
	var s struct {
		Packages      []struct{ SPDXID string }
		Relationships []struct{ SPDXElementID, RelatedSPDXElement string }
	}
	if err := json.Unmarshal(write(t, sbom.SPDX, b), &s); err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{"SPDXRef-DOCUMENT": true, "NOASSERTION": true}
	for _, p := range s.Packages {
		if have[p.SPDXID] {
			t.Errorf("%s is given twice", p.SPDXID)
		}
		have[p.SPDXID] = true
	}
	for _, r := range s.Relationships {
		if !have[r.SPDXElementID] || !have[r.RelatedSPDXElement] {
			t.Errorf("%+v leads nowhere", r)
		}
	}
}

// parts is a bill of an organization with two assets that have the same software.
func parts() *sbom.Bill {
	a, c := bill(software()).Of, bill(software()).Of
	c.ID, c.Name, c.Unknown = "a2", "pump-8", nil
	return &sbom.Bill{Made: made, Version: "1.0", Of: sbom.Asset{ID: "org", Name: "Example Hospital"}, Parts: []sbom.Asset{a, c, {ID: "a3", Name: "bare", Class: asset.Server}}}
}

func flaws() []sbom.Flaw {
	cs := software()
	return []sbom.Flaw{
		{ID: "CVE-2023-5363", Aliases: []string{"DSA-5532-1", "odd alias"}, Severity: "high", Score: 7.5, Status: sbom.Affected, Response: "update", Fixed: "3.0.11-1~deb12u3", In: cs[:1], On: "a1"},
		{ID: "CVE-2023-5363", Status: sbom.NotAffected, Detail: "Disputed.", In: cs[1:2], On: "a1"},
		{ID: "ICSMA-24-001-01", On: "a1", Detail: "A person has to compare."},
		{ID: "scanner item 7", Severity: "unknown", Status: sbom.Affected, On: "a2"},
	}
}

func TestParts(t *testing.T) {
	for format := range readers {
		p := read(t, format, write(t, format, parts()))
		if d := cmp.Diff(plain(software()), plain(p.Batch.Components)); d != "" {
			t.Errorf("%s: %s", format, d)
		}
	}
}

func TestFlaws(t *testing.T) {
	b := bill(software())
	b.Flaws = flaws()
	out := write(t, sbom.CycloneDX, b)
	var doc struct {
		Components      []map[string]any
		Vulnerabilities []struct {
			ID       string
			Analysis struct{ State, Detail string }
			Affects  []struct{ Ref string }
		}
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	name := map[string]any{}
	for _, c := range doc.Components {
		if ref, ok := c["bom-ref"].(string); ok {
			name[ref] = c["name"]
		}
	}
	var got []string
	for _, v := range doc.Vulnerabilities {
		got = append(got, fmt.Sprint(v.ID, " ", v.Analysis.State, " ", name[v.Affects[0].Ref]))
	}
	if d := cmp.Diff([]string{
		"CVE-2023-5363 exploitable libssl3", "CVE-2023-5363 not_affected gcc-12-base", "ICSMA-24-001-01 in_triage <nil>", "scanner item 7 exploitable <nil>",
	}, got); d != "" {
		t.Error(d)
	}
	// SPDX has no room for them and must not change its number by them.
	if bytes.Contains(write(t, sbom.SPDX, b), []byte("CVE-")) {
		t.Error("SPDX speaks of a weakness")
	}
}

// TestUnknown checks that what nobody could read is said by the format's own means.
func TestUnknown(t *testing.T) {
	out := write(t, sbom.CycloneDX, bill(software()))
	var doc struct {
		Metadata     struct{ Component map[string]any }
		Compositions []struct {
			Aggregate                string
			Assemblies, Dependencies []string
		}
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	self := doc.Metadata.Component["bom-ref"]
	if c := doc.Compositions; len(c) != 2 || c[0].Aggregate != "incomplete" || c[0].Assemblies[0] != self || c[1].Aggregate != "unknown" || c[1].Dependencies[0] != self {
		t.Errorf("got %+v", c)
	}
	if !bytes.Contains(out, []byte(`{"name":"asepsis:unknown","value":"installed packages: needs root"}`)) {
		t.Error("it is not said why")
	}
	assessed := bill(software())
	assessed.Of.NotAssessed = func(c *fact.Component) string {
		if c.Ecosystem == "windows" {
			return "nobody speaks of it"
		}
		return ""
	}
	for format, want := range map[string]string{
		sbom.CycloneDX: `{"name":"asepsis:not_assessed","value":"nobody speaks of it"}`, sbom.SPDX: `"comment":"Its weaknesses are not assessed: nobody speaks of it"`,
	} {
		doc := write(t, format, assessed)
		if n := bytes.Count(doc, []byte(want)); n != 1 || id(t, doc) == id(t, write(t, format, bill(software()))) {
			t.Errorf("%s: it is said of %d components, want 1", format, n)
		}
		if d := cmp.Diff(plain(software()), plain(read(t, format, doc).Batch.Components)); d != "" {
			t.Errorf("%s: %s", format, d)
		}
	}
	// What is not known of weaknesses says nothing about the list of software.
	b := bill(software())
	b.Of.Unknown[0].Flaws = true
	if bytes.Contains(write(t, sbom.CycloneDX, b), []byte(`"incomplete"`)) {
		t.Error("the list is called incomplete for what is not known of weaknesses")
	}
	s := write(t, sbom.SPDX, bill(software()))
	if !bytes.Contains(s, []byte("Not known of pump-7: installed packages (needs root).")) || !bytes.Contains(s, []byte(`"relationshipType":"DEPENDS_ON","relatedSpdxElement":"NOASSERTION"`)) {
		t.Error("SPDX does not say what is not known")
	}
}

func TestRefuses(t *testing.T) {
	if err := sbom.Write(io.Discard, "swid", bill(nil)); !errs.Is(err, errs.Invalid) {
		t.Errorf("got %v", err)
	}
	cs := software()
	b := bill(nil)
	b.Of.Software = slices.Values(cs)
	if err := sbom.Write(io.Discard, sbom.SPDX, b); err == nil || !strings.Contains(err.Error(), "not in order") {
		t.Errorf("got %v", err)
	}
	if err := sbom.Write(&full{room: 3000}, sbom.CycloneDX, bill(many(5000))); err == nil || err.Error() != "no room" {
		t.Errorf("a full disk gives %v", err)
	}
}

// full is a disk with little room.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, fmt.Errorf("no room")
	}
	return len(p), nil
}

func many(n int) []fact.Component {
	return slices.Collect(stream(n))
}

// stream makes components as they are asked for, in order.
func stream(n int) iter.Seq[fact.Component] {
	return func(yield func(fact.Component) bool) {
		for i := range n {
			c := fact.Component{Ecosystem: "npm", Name: fmt.Sprintf("part-%06d", i), Version: "1.2.3"}
			c.PURL = "pkg:npm/" + c.Name + "@1.2.3"
			if !yield(c) {
				return
			}
		}
	}
}

// TestMemory checks that the size of a bill costs no memory.
func TestMemory(t *testing.T) {
	for format := range readers {
		b := bill(nil)
		b.Of.Software = stream(300_000)
		var n counter
		grown := collecttest.Peak(func() {
			if err := sbom.Write(&n, format, b); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%s: 300,000 components, %d MB, %d MB of memory", format, n>>20, grown>>20)
		if grown > 8<<20 {
			t.Errorf("%s: took %d MB", format, grown>>20)
		}
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

func BenchmarkWrite(b *testing.B) {
	for _, format := range []string{sbom.CycloneDX, sbom.SPDX} {
		b.Run(format, func(b *testing.B) {
			x := bill(nil)
			x.Of.Software = stream(300_000)
			var n counter
			for b.Loop() {
				n = 0
				if err := sbom.Write(&n, format, x); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(n))
		})
	}
}

// TestRealBills reads every bill of the corpus, writes it in both formats, and
// reads that: every component comes back, and the official schema takes it.
func TestRealBills(t *testing.T) {
	dir := testshared.Path(t, "corpora", "inventories")
	schemas := make(map[string]*jsonschema.Schema)
	for format := range readers {
		s, why := schema(t, format)
		if schemas[format] = s; s == nil {
			t.Logf("%s is not held against its schema: %s", format, why)
		}
	}
	files, components := 0, 0
	err := filepath.WalkDir(filepath.Join(dir, "sbom"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data := testshared.Read(t, append([]string{"corpora", "inventories"}, strings.Split(rel, string(filepath.Separator))...)...)
		name := strings.TrimSuffix(d.Name(), ".zst")
		for _, im := range readers {
			if im.Recognize(name, data[:min(len(data), collect.HeadSize)]) == 0 {
				continue
			}
			in := collecttest.Input(name, data)
			in.OnFault = collect.SkipRows
			p, err := im.Parse(t.Context(), in)
			if err != nil {
				t.Logf("%s is refused: %v", rel, err)
				continue
			}
			files++
			want := plain(p.Batch.Components)
			components += len(want)
			for format := range readers {
				out := write(t, format, bill(slices.Clone(p.Batch.Components)))
				if s := schemas[format]; s != nil {
					validate(t, s, rel+" as "+format, out)
				}
				got := plain(read(t, format, out).Batch.Components)
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s as %s: %d come back of %d: %.3000s", rel, format, len(got), len(want), d)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bills with %d components", files, components)
	if files < 50 || components < 20_000 {
		t.Errorf("only %d bills with %d components", files, components)
	}
}
