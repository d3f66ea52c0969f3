package vuln_test

import (
	"testing"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/vulntest"
)

// TestMakersOfAdvisories holds the marks of other makers against every version that
// Debian's and AlmaLinux's advisories name as mended: those are the
// distributions' own.
func TestMakersOfAdvisories(t *testing.T) {
	list, sources := vulntest.OSV(t)
	file, _ := vulntest.Compile(t, list, sources...)
	db := vulntest.Open(t, file)
	own := map[string]bool{ // packages of AlmaLinux that were built without its mark
		"libmodulemd1": true, "subscription-manager-migration-data": true,
	}
	var a vuln.Answer
	seen, wrong := 0, 0
	for _, v := range list {
		if v.Source != "osv/Debian" && v.Source != "osv/AlmaLinux" {
			continue
		}
		for _, p := range v.Products {
			c := fact.Component{Ecosystem: "deb", Name: p.Package.Name, Distro: "debian-" + after(p.Package.Ecosystem)}
			if v.Source == "osv/AlmaLinux" {
				c.Ecosystem, c.Distro = "rpm", "almalinux-"+after(p.Package.Ecosystem)
			}
			for _, r := range p.Ranges {
				if r.Fixed == "" {
					continue
				}
				seen++
				c.Version = r.Fixed
				if db.Judge(&c, &a); a.Reason == vuln.OtherMaker && !own[c.Name] {
					if wrong++; wrong < 20 {
						t.Errorf("%s of %s %s is taken for another maker's, and %s names it", c.Version, c.Distro, c.Name, v.ID)
					}
				}
			}
		}
	}
	if seen < 50_000 {
		t.Errorf("%d versions only", seen)
	}
	t.Logf("%d versions, %d taken for others'", seen, wrong)
}

func after(ecosystem string) string {
	for i := range len(ecosystem) {
		if ecosystem[i] == ':' {
			return ecosystem[i+1:]
		}
	}
	return ""
}
