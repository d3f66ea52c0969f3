package csaf

import (
	"strings"

	"github.com/asepsis/asepsis/internal/feed/record"
)

// product is a product of the tree: what leads to it, and how it may be recognized.
type product struct {
	id, name  string
	vendor    string
	product   string // name of the product, without its version
	version   string // as written
	versions  bool   // the version is a range
	platform  *product
	cpe, purl string
	models    []string
	skus      []string
	hashes    int
	component *product // of a relationship: what is inside of platform
}

type relation struct {
	component, platform string
	full                product
	category            string
}

// place is where a branch hangs.
type place struct{ vendor, product, version, rangeOf, rest string }

func (r *reader) tree() {
	s := r.s
	s.Object(func(key []byte) {
		switch string(key) {
		case "branches":
			r.branches(place{}, 0)
		case "full_product_names":
			s.Array(func() {
				p := r.fullName()
				p.product = p.name
				r.keep(p)
			})
		case "product_groups":
			s.Array(func() {
				var id string
				var ids []string
				s.Object(func(key []byte) {
					switch string(key) {
					case "group_id":
						id = s.Brief()
					case "product_ids":
						ids = s.Texts()
					}
				})
				if id != "" {
					r.groups[id] = ids
				}
			})
		case "relationships":
			s.Array(func() {
				var rel relation
				s.Object(func(key []byte) {
					switch string(key) {
					case "category":
						rel.category = s.Brief()
					case "product_reference":
						rel.component = s.Brief()
					case "relates_to_product_reference":
						rel.platform = s.Brief()
					case "full_product_name":
						rel.full = r.fullName()
					}
				})
				if len(r.relations) < maxProducts {
					r.relations = append(r.relations, rel)
				}
			})
		}
	})
}

func (r *reader) keep(p product) {
	if p.id == "" {
		return
	}
	if len(r.products) > maxProducts {
		r.s.Fail("it names more than %d products", maxProducts)
		return
	}
	r.products[p.id] = &p
}

// branches reads a list of branches. Category and name may come after the branches
// they hold for, so a branch's bytes are read twice: first for these.
func (r *reader) branches(at place, depth int) {
	s := r.s
	s.Array(func() {
		here, p := at, product{}
		var category, name string
		var inner [][]byte
		s.Object(func(key []byte) {
			switch string(key) {
			case "category":
				category = s.Brief()
			case "name":
				name = s.Brief()
			case "product":
				p = r.fullName()
			case "branches":
				inner = append(inner, s.Value())
			}
		})
		if s.Failed() {
			return
		}
		switch category {
		case "vendor":
			here.vendor = name
		case "product_name":
			here.product = name
		case "product_version":
			here.version, here.rangeOf = name, ""
		case "product_version_range":
			here.rangeOf, here.version = name, ""
		case "product_family":
			if here.product == "" {
				here.rest = strings.TrimSpace(here.rest + " " + name)
			}
		case "architecture", "language", "legacy", "specification", "host_name", "patch_level", "service_pack":
			here.rest = strings.TrimSpace(here.rest + " " + name)
		}
		if p.id != "" {
			p.vendor, p.product = here.vendor, here.product
			if p.product == "" {
				p.product = here.rest
			}
			if p.product == "" {
				p.product = p.name
			}
			p.version = here.version
			if here.rangeOf != "" {
				p.version, p.versions = here.rangeOf, true
			}
			r.keep(p)
		}
		for _, b := range inner {
			sub := reader{s: newScanner(b), products: r.products}
			sub.branches(here, depth+1)
			if err := sub.s.End(); err != nil {
				s.Fail("%s", err.Error())
				return
			}
		}
	})
}

// fullName reads a full product name with its helpers.
func (r *reader) fullName() product {
	s := r.s
	var p product
	s.Object(func(key []byte) {
		switch string(key) {
		case "name":
			p.name = s.Brief()
		case "product_id":
			p.id = s.Brief()
		case "product_identification_helper":
			s.Object(func(key []byte) {
				switch string(key) {
				case "cpe":
					p.cpe = s.Brief()
				case "purl":
					p.purl = s.Brief()
				case "purls": // CSAF 2.1
					if l := s.Texts(); len(l) > 0 {
						p.purl = l[0]
					}
				case "model_numbers":
					p.models = limited(s.Texts())
				case "skus":
					p.skus = limited(s.Texts())
				case "hashes":
					s.Array(func() {
						p.hashes++
						s.Skip()
					})
				}
			})
		}
	})
	return p
}

func limited(l []string) []string { return l[:min(len(l), 1000)] }

// relate makes products of the relationships: one thing inside of, or on, another.
func (r *reader) relate() {
	// A relationship may build on another one that comes later; a few rounds
	// resolve what is not a circle.
	for range 4 {
		again := false
		for i := range r.relations {
			rel := &r.relations[i]
			if rel.full.id == "" || r.products[rel.full.id] != nil {
				continue
			}
			c, p := r.products[rel.component], r.products[rel.platform]
			if c == nil || p == nil {
				again = true
				continue
			}
			full := rel.full
			full.component, full.platform = c, p
			full.vendor, full.product, full.version, full.versions = c.vendor, c.product, c.version, c.versions
			if full.purl == "" {
				full.purl = c.purl
			}
			if len(full.models) == 0 {
				full.models = c.models
			}
			if full.purl == "" && full.cpe == "" {
				full.cpe = c.cpe
			}
			r.keep(full)
		}
		if !again {
			return
		}
	}
}

// platformEcosystem is the ecosystem of a package that is part of a platform with a
// CPE name, as Red Hat writes it; "" where there is none.
func (p *product) platformEcosystem() (ecosystem string, ok bool) {
	for at, n := p.platform, 0; at != nil && n < 4; at, n = at.platform, n+1 {
		c, ok := record.ParseCPE(at.cpe)
		if !ok {
			continue
		}
		if c.Vendor == "redhat" && (c.Product == "enterprise_linux" || strings.HasPrefix(c.Product, "rhel_")) && c.Version != "*" {
			// Extended support has versions of its own counting: what mends 9.2 there is
			// lower than what lacks the mend in 9.4.
			return "Red Hat:" + c.Product + ":" + c.Version, true
		}
		return "", true // another product of its maker
	}
	return "", false
}
