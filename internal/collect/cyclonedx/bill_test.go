package cyclonedx_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/collecttest"
	"github.com/asepsis/asepsis/internal/collect/cyclonedx"
	"github.com/asepsis/asepsis/internal/fact"
)

func TestNamesOfComponents(t *testing.T) {
	p, err := parse(t, "x.json", []byte(`{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"type": "device", "name": "Pump"}},
		"components": [
			{"type": "library", "name": "openssl", "version": "1.1.1k", "cpe": "cpe:2.3:a:openssl:openssl:1.1.1k:*:*:*:*:*:*:*", "components": [
				{"type": "library", "name": "zlib", "version": "1.2.11", "components": [{"type": "library", "name": "inner", "version": "1"}]}]},
			{"type": "library", "name": "a", "version": "1", "cpe": "none", "purl": "PKG:NPM/%40Angular/core@17"},
			{"type": "library", "name": "b", "version": "1", "purl": "npm:broken"},
			{"type": "library", "name": "htop", "version": "3-1.el9", "publisher": "Fedora Project", "purl": "pkg:rpm/almalinux/htop@3-1.el9?distro=almalinux-9"},
			{"type": "library", "name": "bash", "version": "5-1.el9", "publisher": "AlmaLinux", "purl": "pkg:rpm/almalinux/bash@5-1.el9?distro=almalinux-9"},
			{"type": "application", "name": "agent", "version": "7", "properties": [{"name": "asepsis:whole", "value": "true"},
				{"name": "asepsis:ecosystem", "value": "windows"}, {"name": "asepsis:version", "value": "7"}, {"name": "asepsis:arch", "value": "x86"}]}],
		"dependencies": [{"ref": "a", "dependsOn": ["b"]}, {"ref": "b", "dependsOn": ["a"]}],
		"vulnerabilities": [{"id": "CVE-2024-1", "analysis": {"state": "not_affected"}}, {"id": "CVE-2024-2", "analysis": {"state": "not_affected"}}, {"id": "CVE-2024-3"}]}`), collect.RefuseFile)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]fact.Component{
		{Asset: "Pump", Ecosystem: "generic", Name: "inner", Version: "1"},
		{Asset: "Pump", Ecosystem: "generic", Name: "zlib", Version: "1.2.11"},
		{Asset: "Pump", Ecosystem: "generic", Name: "openssl", Version: "1.1.1k", CPE: "cpe:2.3:a:openssl:openssl:1.1.1k:*:*:*:*:*:*:*"},
		{Asset: "Pump", Ecosystem: "npm", Name: "@Angular/core", Version: "17", PURL: "PKG:NPM/%40Angular/core@17"},
		{Asset: "Pump", Ecosystem: "generic", Name: "b", Version: "1"},
		{Asset: "Pump", Ecosystem: "rpm", Name: "htop", Version: "3-1.el9", Distro: "almalinux-9", PURL: "pkg:rpm/almalinux/htop@3-1.el9?distro=almalinux-9&vendor=Fedora%20Project"},
		{Asset: "Pump", Ecosystem: "rpm", Name: "bash", Version: "5-1.el9", Distro: "almalinux-9", PURL: "pkg:rpm/almalinux/bash@5-1.el9?distro=almalinux-9"},
		{Asset: "Pump", Ecosystem: "windows", Name: "agent", Version: "7", Arch: "x86"},
	}, p.Batch.Components); d != "" {
		t.Error(d)
	}
	want := []string{"1 component", "2 vulnerabilities in the bill, not affected, says the maker", "1 vulnerability in the bill, not judged by the maker"}
	var got []string
	for _, n := range p.Batch.Notes {
		got = append(got, n.What)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestXMLHasCPEs checks that the XML form loses nothing of it.
func TestXMLHasCPEs(t *testing.T) {
	p, err := parse(t, "x.xml", []byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component type="library"><name>openssl</name><version>1</version>
		<cpe>cpe:2.3:a:openssl:openssl:1:*:*:*:*:*:*:*</cpe></component></components>
		<vulnerabilities><vulnerability><id>CVE-2024-1</id><analysis><state>exploitable</state></analysis></vulnerability></vulnerabilities></bom>`), collect.RefuseFile)
	if err != nil {
		t.Fatal(err)
	}
	if c := p.Batch.Components; len(c) != 1 || c[0].CPE == "" {
		t.Errorf("got %+v", c)
	}
	if n := p.Batch.Notes; len(n) != 2 || n[1].What != "1 vulnerability in the bill, exploitable, says the maker" {
		t.Errorf("got %+v", n)
	}
}

// large makes a bill of n components, each of which depends on the next and the
// last on the first.
func large(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"type": "application", "name": "all"}}, "components": [`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type": "library", "bom-ref": "c%d", "name": "part-%d", "version": "1.%d.0", "purl": "pkg:npm/part-%d@1.%d.0", "hashes": [{"alg": "SHA-1", "content": "e6b1000b94e835ffd37f4c6dcbdad43f4b48a02a"}]}`, i, i, i%50, i, i%50)
	}
	b.WriteString(`], "dependencies": [`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"ref": "c%d", "dependsOn": ["c%d"]}`, i, (i+1)%n)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

func TestLarge(t *testing.T) {
	const n = 300_000
	doc := large(n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p, err := cyclonedx.Importer{}.Parse(context.Background(), collecttest.Input("large.json", doc))
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if p.Rows != n+1 || len(p.Batch.Components) != n {
		t.Errorf("%d rows and %d components, want %d", p.Rows, len(p.Batch.Components), n)
	}
	if held := (after.HeapAlloc - before.HeapAlloc) >> 20; after.HeapAlloc > before.HeapAlloc && held > 256 {
		t.Errorf("%d MB are held for a file of %d MB", held, len(doc)>>20)
	}
}

func BenchmarkLarge(b *testing.B) {
	doc := large(300_000)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := (cyclonedx.Importer{}).Parse(context.Background(), collecttest.Input("large.json", doc)); err != nil {
			b.Fatal(err)
		}
	}
}
