package csaf

import (
	"cmp"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// asProducts turns the statements of a vulnerability into products.
func (r *reader) asProducts(v *vulnerability) []advisory.Product {
	out := make([]advisory.Product, 0, len(v.statements))
	remedies := r.sorted(v.remedies, "vendor_fix", "optional_patch", "mitigation", "workaround", "fix_planned", "no_fix_planned", "none_available")
	flags := r.sorted(v.flags, "component_not_present", "vulnerable_code_not_present",
		"vulnerable_code_not_in_execute_path", "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist")
	threats := r.sorted(v.threats, "impact")
	for _, st := range v.statements {
		p := r.products[st.product]
		if p == nil {
			// Named in a status and nowhere in the tree: the id is all there is.
			p = &product{id: st.product, name: st.product, product: st.product}
		}
		base := advisory.Product{Status: st.status}
		base.Remedy = remedies.of(st.product)
		if st.status == advisory.NotAffected {
			base.Justification = flags.of(st.product)
			if base.Justification == "" {
				base.Justification = threats.of(st.product)
			}
		}
		out = r.forms(out, base, p)
	}
	return out
}

// forms adds a product in each form that it can be recognized by.
func (r *reader) forms(out []advisory.Product, base advisory.Product, p *product) []advisory.Product {
	if k, version, ok := record.FromPURL(p.purl); ok {
		return append(out, r.asPackage(base, p, k, version))
	}
	if c, ok := record.ParseCPE(p.cpe); ok && p.component == nil {
		q := base
		q.CPE = &c
		if c.Version == "*" || c.Version == "-" {
			c.Version = "*"
			p.readVersions(&q)
		}
		out = append(out, q)
		if len(p.models) == 0 && r.sector() == "" {
			return out
		}
	}
	q := base
	d := &advisory.Device{
		Vendor: p.vendor, Name: p.deviceName(), Version: p.version, Sector: r.sector(),
		Models: append(append([]string(nil), p.models...), p.skus...),
	}
	q.Device = d
	p.readVersions(&q)
	return append(out, q)
}

// deviceName is the product's name; of something inside of something else, both.
func (p *product) deviceName() string {
	name := p.product
	if name == "" {
		name = p.name
	}
	if p.platform != nil && p.platform.product != "" && p.platform.product != name {
		name += " on " + strings.TrimSpace(p.platform.product+" "+p.platform.version)
	}
	return record.Cut(name, 400)
}

// asPackage gives a package its ecosystem and versions. A mended package of a
// distribution is mended from that version on.
func (r *reader) asPackage(q advisory.Product, p *product, k advisory.Package, version string) advisory.Product {
	if e, ok := p.platformEcosystem(); ok && strings.HasPrefix(k.PURL, "pkg:rpm/") {
		if e == "" { // an rpm in a product that is not the distribution itself
			e = "Red Hat"
			k.Within = p.inside()
			q.Unread = "it holds in " + record.Cut(p.platform.name, 200)
		}
		k.Ecosystem = e
	} else {
		k.Within = p.inside()
	}
	if k.Arch == "src" {
		k.Arch = ""
	}
	q.Package = &k
	switch {
	case version == "":
		if p.versions { // else the URL says that every version is meant
			p.readVersions(&q)
		}
	case q.Status == advisory.Fixed && strings.HasPrefix(k.PURL, "pkg:rpm/"):
		q.Ranges = []advisory.Range{{Introduced: version}}
	default:
		q.Versions = []string{version}
	}
	return q
}

// inside names the product inside of which a statement about a component holds: its
// package URL; of one that has none, what it is called, which is in no inventory, so
// that the statement clears nothing elsewhere. "" is for what is no component.
func (p *product) inside() string {
	var names []string
	for at, n := p.platform, 0; at != nil && n < 4; at, n = at.platform, n+1 {
		if at.purl != p.purl {
			names = append(names, cmp.Or(at.purl, at.cpe, at.name, at.id))
		}
	}
	return record.Cut(strings.Join(names, " in "), 400)
}

// readVersions reads the version statement, or says that it could not be read.
func (p *product) readVersions(q *advisory.Product) {
	text := strings.TrimSpace(p.version)
	if text == "" {
		// The product is named without a version: all of it, as written.
		if words(p.name) {
			q.Unread = "the version is in words: " + record.Cut(p.name, 200)
		}
		return
	}
	v, ok := record.ParseVersions(text)
	if !ok {
		q.Unread = "the version is in words: " + record.Cut(text, 200)
		return
	}
	q.Ranges, q.Versions = v.Ranges, v.Versions
}

// words reports whether a full name speaks of versions that its branch does not have.
func words(name string) bool {
	low := strings.ToLower(name)
	for _, w := range [...]string{"version", "prior to", " < ", "<=", "firmware v"} {
		if strings.Contains(low, w) && !strings.Contains(low, "all versions") {
			return true
		}
	}
	return false
}
