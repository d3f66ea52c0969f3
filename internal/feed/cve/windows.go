package cve

import (
	"regexp"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
)

var (
	windowsName  = regexp.MustCompile(`^Windows (Server )?[0-9]`)
	windowsBuild = regexp.MustCompile(`^(10\.0|6\.[0-3])\.[0-9]{4,5}\.[0-9]{1,5}$`)
)

// windows adds the builds that Microsoft says mend a flaw, in the names of its table of
// updates: the table says which update mends it, and the build whether the machine runs
// it.
func (r *reader) windows(a *affected) {
	name := strings.Join(strings.Fields(a.product), " ")
	if !strings.EqualFold(a.vendor, "microsoft") || !windowsName.MatchString(name) {
		return
	}
	for _, v := range a.versions {
		if v.status != "affected" || !windowsBuild.MatchString(v.lessThan) {
			continue
		}
		for _, product := range windowsProducts(name, a.platforms) {
			if len(r.a.Products) >= maxProducts {
				r.s.Fail("it names more than %d products", maxProducts)
				return
			}
			r.a.Products = append(r.a.Products, advisory.Product{Windows: &advisory.WindowsUpdate{Product: product, FixedBuild: v.lessThan}})
		}
	}
}

// windowsProducts are the names in Microsoft's table of a product on its platforms. A
// server of 2012 and later has one name for all.
func windowsProducts(name string, platforms []string) []string {
	if strings.Contains(name, " for ") || strings.HasPrefix(name, "Windows Server ") && !strings.HasPrefix(name, "Windows Server 2008") {
		return []string{name}
	}
	if strings.HasPrefix(name, "Windows Server 2008") {
		return nil // its table has service packs in the name; the record puts them elsewhere
	}
	var out []string
	for _, p := range platforms {
		switch p {
		case "x64-based Systems", "32-bit Systems", "ARM64-based Systems":
			out = append(out, name+" for "+p)
		}
	}
	return out
}
