package purl

import "strings"

// vendors is how the header of an RPM names its maker, by distribution: the
// beginning, in lower case.
var vendors = map[string][]string{
	"almalinux":           {"almalinux"},
	"amzn":                {"amazon"},
	"azurelinux":          {"microsoft"},
	"centos":              {"centos", "red hat"},
	"fedora":              {"fedora"},
	"mariner":             {"microsoft"},
	"ol":                  {"oracle"},
	"opensuse":            {"opensuse", "suse"},
	"opensuse-leap":       {"opensuse", "suse"},
	"opensuse-tumbleweed": {"opensuse", "suse"},
	"oracle":              {"oracle"},
	"photon":              {"vmware", "broadcom"},
	"redhat":              {"red hat"},
	"rhel":                {"red hat"},
	"rocky":               {"rocky"},
	"sled":                {"suse"},
	"sles":                {"suse"},
	"suse":                {"suse"},
}

// ForeignVendor reports whether an RPM on a distribution (almalinux-9.4) is of
// another maker, by the vendor that its header or a bill of materials names. The packages
// of EPEL bear the marks of the distribution in their versions and the vendor
// Fedora Project; the distribution's advisories never speak of them.
func ForeignVendor(distro, vendor string) bool {
	vendor = strings.ToLower(strings.TrimSpace(vendor))
	name, _ := cutRelease(strings.ToLower(distro))
	own, known := vendors[name]
	if !known || vendor == "" || vendor == "(none)" || vendor == "noassertion" {
		return false
	}
	for _, v := range own {
		if strings.HasPrefix(vendor, v) {
			return false
		}
	}
	return true
}

// WithVendor adds the qualifier "vendor" to a package URL that has none. No
// specification has it; readers pass over qualifiers that they do not know.
func WithVendor(u, vendor string) string {
	p, err := Parse(u)
	if err != nil || p.Qualifier("vendor") != "" {
		return u
	}
	u, sub, hasSub := strings.Cut(u, "#")
	mark := "?"
	if strings.Contains(u, "?") {
		mark = "&"
	}
	u += mark + "vendor=" + string(appendEncoded(nil, strings.TrimSpace(vendor)))
	if hasSub {
		u += "#" + sub
	}
	return u
}
