package sbom_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/asepsis/asepsis/internal/fact"
)

// FuzzRoundTrip writes any component and reads it back from both formats.
func FuzzRoundTrip(f *testing.F) {
	for _, c := range software() {
		f.Add(c.Ecosystem, c.Name, c.Version, c.Source, c.SourceVersion, c.Arch, c.Distro, c.PURL, c.CPE)
	}
	f.Add("deb", "a", "1", "a b", "2", "", "", "pkg:deb/debian/a@1?upstream=c&distro=12#sub", "")
	f.Add("rpm", "a", "1:2", "a", "3-4", "", "", "pkg:rpm/x/a@2?epoch=1", "cpe:/a:b")
	f.Fuzz(func(t *testing.T, ecosystem, name, version, source, sourceVersion, arch, distro, url, cpe string) {
		c := fact.Component{Ecosystem: ecosystem, Name: name, Version: version, Source: source, SourceVersion: sourceVersion, Arch: arch, Distro: distro, PURL: url, CPE: cpe}
		all := strings.Join([]string{ecosystem, name, version, source, sourceVersion, arch, distro, url, cpe}, "/")
		// No source delivers such: the readers refuse what is not text, trim what is
		// around it, and take for a CPE name only what begins like one.
		if ecosystem == "" || name == "" || len(all) > 3000 || !utf8.ValidString(all) || strings.ContainsFunc(all, func(r rune) bool { return r < ' ' || r == utf8.RuneError || r == 0x7f }) ||
			version == "NOASSERTION" || version == "NONE" || version != strings.TrimSpace(version) || cpe != "" && !strings.HasPrefix(cpe, "cpe:2.3:") && !strings.HasPrefix(cpe, "cpe:/") {
			return
		}
		for format := range readers {
			got := read(t, format, write(t, format, bill([]fact.Component{c}))).Batch.Components
			if d := cmp.Diff(plain([]fact.Component{c}), plain(got)); d != "" {
				t.Errorf("%s: %s", format, d)
			}
		}
	})
}
