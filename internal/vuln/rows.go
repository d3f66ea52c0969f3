package vuln

import (
	"bytes"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/pkgver"
)

// The pseudo-ecosystems of CPE names, by their part.
const cpeEcosystem = "cpe:"

// appendRows adds the rows of a product. Products that are matched elsewhere
// (devices, updates of Windows) have none here.
func appendRows(rows []draft, p *advisory.Product, statement bool) []draft {
	d := draft{flags: uint32(p.Status) & rowStatus}
	x := extra{justification: p.Justification, remedy: p.Remedy}
	if statement {
		d.flags |= rowStatement
	}
	var versions []string
	switch {
	case p.Package != nil:
		k := p.Package
		d.ecosystem = canonicalEcosystem(k.Ecosystem)
		if d.ecosystem == "" {
			d.ecosystem = purlType(k.PURL)
		}
		if d.ecosystem == "" || k.Name == "" {
			return rows
		}
		d.name = string(appendName(nil, []byte(d.ecosystem), k.Name))
		x.module, x.arch, x.within = k.Module, arch(k.Arch), k.Within
		if k.Within != "" {
			d.flags |= rowWithin
		}
		versions = p.Versions
	case p.CPE != nil:
		k := p.CPE
		if k.Vendor == "" || k.Product == "" {
			return rows
		}
		d.ecosystem = cpeEcosystem + string(rune(k.Part))
		d.name = cpeName(k.Vendor, k.Product)
		x.update, x.edition, x.target = anyAsEmpty(k.Update), anyAsEmpty(k.Edition), anyAsEmpty(k.Target)
		if len(k.Needs) > 0 {
			d.flags |= rowNeeds
			var groups []string
			for _, g := range k.Needs {
				groups = append(groups, strings.Join(g[:min(len(g), 3)], " or "))
			}
			x.needs = strings.Join(groups, ", and ")
		}
		versions = p.Versions
		if k.Version != "*" && k.Version != "" && (k.Version != "-" || k.Part != 'h') {
			versions = append(slices.Clone(versions), k.Version)
		}
	default:
		return rows
	}
	if p.Unread != "" {
		u := d
		u.flags |= rowUnread
		xu := x
		xu.unread = p.Unread
		u.extra = xu.encode()
		rows = append(rows, u)
		if len(p.Ranges) == 0 && len(versions) == 0 {
			return rows
		}
	}
	d.extra = x.encode()
	return appendRanges(rows, d, x, p.Ranges, versions)
}

// maxHeld bounds how many times a listed version is held against a range. Beyond it
// versions are listed that a range holds too, which says the same in more bytes.
const maxHeld = 10_000_000

// appendRanges adds a row for each range and one for the listed versions that no
// range holds.
func appendRanges(rows []draft, d draft, x extra, ranges []advisory.Range, versions []string) []draft {
	if len(ranges) == 0 && len(versions) == 0 {
		return append(rows, d)
	}
	e := newEncoder(d.ecosystem)
	from, commits := len(rows), false
	for i := range ranges {
		g := &ranges[i]
		if g.Kind == advisory.ByGit {
			commits = true
			continue
		}
		r := d
		if g.Introduced != "" && g.Introduced != "0" {
			r.low = e.bound(g.Introduced)
			if g.AfterIntroduced {
				r.flags |= rowLowOut
			}
		}
		switch {
		case g.Fixed != "":
			r.high = e.bound(g.Fixed)
		case g.LastAffected != "":
			r.high = e.bound(g.LastAffected)
			r.flags |= rowHighIn
		}
		rows = append(rows, r)
	}
	own := rows[from:]
	if len(own)*len(versions) > maxHeld {
		own = nil
	}
	var set []bound
	for _, v := range versions {
		b := e.bound(v)
		if !slices.ContainsFunc(own, func(r draft) bool { return e.holds(r, b) }) {
			set = append(set, b)
		}
	}
	switch {
	case len(set) > 0:
		slices.SortFunc(set, compareBounds)
		d.set = slices.CompactFunc(set, func(a, b bound) bool { return compareBounds(a, b) == 0 })
		d.flags |= rowSet
		rows = append(rows, d)
	case commits && len(own) == 0 && len(versions) == 0:
		x.unread = "commits of its repository"
		d.extra = x.encode()
		d.flags |= rowUnread
		rows = append(rows, d)
	}
	return rows
}

// holds reports whether a range has a version in it for certain.
func (e encoder) holds(r draft, b bound) bool {
	if r.low.version != "" {
		c, ok := e.compare(b, r.low)
		if !ok || c < 0 || c == 0 && r.flags&rowLowOut != 0 {
			return false
		}
	}
	if r.high.version == "" {
		return true
	}
	c, ok := e.compare(b, r.high)
	return ok && (c < 0 || c == 0 && r.flags&rowHighIn != 0)
}

func (e encoder) compare(a, b bound) (int, bool) {
	if a.key != "" && b.key != "" {
		return strings.Compare(a.key, b.key), true
	}
	if !e.known {
		return 0, false
	}
	c, err := pkgver.Compare(e.scheme, a.version, b.version)
	return c, err == nil
}

// encoder makes bounds of one ecosystem.
type encoder struct {
	scheme pkgver.Scheme
	known  bool
}

func newEncoder(ecosystem string) encoder {
	if strings.HasPrefix(ecosystem, cpeEcosystem) {
		return encoder{pkgver.Generic, true}
	}
	s, ok := pkgver.SchemeOf(ecosystem)
	return encoder{s, ok}
}

func (e encoder) bound(v string) bound {
	if !e.known {
		return bound{version: v}
	}
	key, err := pkgver.AppendKey(nil, e.scheme, v)
	if err != nil {
		return bound{version: v}
	}
	return bound{string(key), v}
}

// arch returns an architecture, or nothing for packages of all.
func arch(a string) string {
	switch a {
	case "all", "any", "noarch", "source", "src", "*":
		return ""
	}
	return a
}

func anyAsEmpty(s string) string {
	if s == "*" || s == "-" {
		return ""
	}
	return s
}

// purlType returns the type of a package URL, which stands for the ecosystem of
// products that are of none of OSV's, such as container images.
func purlType(p string) string {
	rest, ok := strings.CutPrefix(p, "pkg:")
	if !ok {
		return ""
	}
	t, _, ok := strings.Cut(strings.TrimLeft(rest, "/"), "/")
	if !ok {
		return ""
	}
	return strings.ToLower(t)
}

// cpeName is the name under which a CPE's product is found.
func cpeName(vendor, product string) string {
	b := appendLower(nil, vendor)
	b = append(b, ':')
	return string(bytes.ReplaceAll(appendLower(b, product), []byte("\\"), nil))
}
