package cve

import (
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// affected is an entry of a container's list of products.
type affected struct {
	collection, pkg, purl, repo string
	vendor, product             string
	platforms                   []string
	cpes                        []string
	status                      string // of versions that are not listed
	versions                    []version
}

type version struct {
	version, status, lessThan, lessThanOrEqual, kind string
	changes                                          []change
}

type change struct{ at, status string }

func (r *reader) affected() {
	s := r.s
	var a affected
	s.Object(func(key []byte) {
		switch string(key) {
		case "collectionURL":
			a.collection = s.Brief()
		case "packageName":
			a.pkg = s.Brief()
		case "packageURL":
			a.purl = s.Brief()
		case "repo":
			a.repo = s.Brief()
		case "vendor":
			a.vendor = s.Brief()
		case "product":
			a.product = s.Brief()
		case "platforms":
			a.platforms = s.Texts()
		case "cpes":
			a.cpes = s.Texts()
		case "defaultStatus":
			a.status = strings.ToLower(s.Brief())
		case "versions":
			s.Array(func() {
				if len(a.versions) > maxProducts {
					s.Fail("it lists more than %d versions", maxProducts)
					return
				}
				a.versions = append(a.versions, r.version())
			})
		}
	})
	if s.Failed() {
		return
	}
	if len(r.a.Products)+len(a.cpes) > maxProducts {
		s.Fail("it names more than %d products", maxProducts)
		return
	}
	r.products(&a)
	r.windows(&a)
}

func (r *reader) version() version {
	s := r.s
	var v version
	s.Object(func(key []byte) {
		switch string(key) {
		case "version":
			v.version = strings.TrimSpace(s.Brief())
		case "status":
			v.status = strings.ToLower(s.Brief())
		case "lessThan":
			v.lessThan = strings.TrimSpace(s.Brief())
		case "lessThanOrEqual":
			v.lessThanOrEqual = strings.TrimSpace(s.Brief())
		case "versionType":
			v.kind = strings.ToLower(s.Brief())
		case "changes":
			s.Array(func() {
				var c change
				s.Object(func(key []byte) {
					switch string(key) {
					case "at":
						c.at = strings.TrimSpace(s.Brief())
					case "status":
						c.status = strings.ToLower(s.Brief())
					}
				})
				v.changes = append(v.changes, c)
			})
		}
	})
	return v
}

// products adds what an entry says in terms of CPE names and packages. An entry
// that has neither names its product in words; the record's text tells it to people.
func (r *reader) products(a *affected) {
	said, ok := a.understood()
	if !ok {
		return // nothing of it is affected
	}
	for _, name := range a.cpes {
		c, ok := record.ParseCPE(name)
		if !ok {
			continue
		}
		p := advisory.Product{CPE: &c, Unread: said.unread}
		if c.Version == "*" || c.Version == "-" {
			p.Ranges, p.Versions = said.Ranges, said.Versions.Versions
			c.Version = "*"
			if !said.All && len(p.Ranges)+len(p.Versions) == 0 && p.Unread == "" {
				p.Unread = "no version is named"
			}
		} else {
			p.Unread = ""
		}
		r.a.Products = append(r.a.Products, p)
	}
	if k := a.asPackage(); k != nil && (said.All || len(said.Ranges)+len(said.Versions.Versions) > 0 || said.unread != "") {
		r.a.Products = append(r.a.Products, advisory.Product{Package: k, Ranges: said.Ranges, Versions: said.Versions.Versions, Unread: said.unread})
	}
}

// collections are the addresses of package collections whose names are those of
// an ecosystem.
var collections = [...]struct{ url, ecosystem string }{
	{"registry.npmjs.org", "npm"},
	{"npmjs.com", "npm"},
	{"pypi.", "PyPI"},
	{"repo.maven.apache.org", "Maven"},
	{"repo1.maven.org", "Maven"},
	{"packagist.org", "Packagist"},
	{"rubygems.org", "RubyGems"},
	{"crates.io", "crates.io"},
	{"nuget.org", "NuGet"},
	{"pkg.go.dev", "Go"},
	{"hex.pm", "Hex"},
	{"pub.dev", "Pub"},
}

func (a *affected) asPackage() *advisory.Package {
	if a.pkg == "" || a.collection == "" {
		return nil
	}
	for _, c := range collections {
		if strings.Contains(a.collection, c.url) {
			name := a.pkg
			if c.ecosystem == "Maven" {
				name = strings.Replace(name, "/", ":", 1)
			}
			return &advisory.Package{Ecosystem: c.ecosystem, Name: name, PURL: a.purl}
		}
	}
	return nil
}

// said is what an entry says of versions.
type said struct {
	record.Versions
	unread string
}

// maxWords bounds how many versions in words are shown.
const maxWords = 50

// understood turns the list of versions into those that are affected. It returns
// false where none is.
func (a *affected) understood() (said, bool) {
	var out said
	var words []string
	unaffected := 0
	for i := range a.versions {
		v := &a.versions[i]
		switch v.status {
		case "affected":
			if !v.add(&out.Versions) {
				words = record.AddOnce(words, v.words(), maxWords)
			}
		case "unaffected":
			unaffected++
		default:
			words = record.AddOnce(words, "unknown for "+v.version, maxWords)
		}
	}
	if a.status == "affected" {
		// All but what is listed as unaffected: the usual form is "from the mended
		// version on", which is the end of a range.
		switch {
		case unaffected == 0 && len(a.versions) == 0:
			out.All = true
		case unaffected > 0 && !a.complement(&out.Versions):
			words = append(words, "all but some versions")
		}
	} else if len(out.Ranges)+len(out.Versions.Versions) == 0 && !out.All && len(words) == 0 && (unaffected > 0 || a.status == "unaffected") {
		return out, false
	}
	if len(words) > 0 {
		out.unread = record.Cut(strings.Join(words, "; "), 300)
	}
	return out, true
}

// complement reads "unaffected from X on", alone or with ranges that were mended.
func (a *affected) complement(to *record.Versions) bool {
	var open []string
	for _, v := range a.versions {
		if v.status != "unaffected" {
			continue
		}
		end := v.lessThan + v.lessThanOrEqual
		version, ok := plain(v.version)
		if !ok || end != "*" {
			return false
		}
		open = append(open, version)
	}
	if len(open) != 1 {
		return false // which of several branches a version is of cannot be told
	}
	to.Ranges = append(to.Ranges, advisory.Range{Fixed: open[0]})
	return true
}

// add adds the versions that an affected entry means; false where they are in words.
func (v *version) add(to *record.Versions) bool {
	kind := advisory.ByEcosystem
	switch v.kind {
	case "git":
		kind = advisory.ByGit
	case "semver":
		kind = advisory.BySemVer
	}
	from, fromOK := plain(v.version)
	if isBeginning(v.version) {
		from, fromOK = "", true
	}
	if v.lessThan == "" && v.lessThanOrEqual == "" {
		switch {
		case strings.EqualFold(v.version, "all") || v.version == "*" || strings.EqualFold(v.version, "all versions"):
			to.All = true
			return true
		case isBeginning(v.version) && v.version != "0":
			return false // "n/a", "unspecified"
		case fromOK && v.version != "0":
			to.Versions = append(to.Versions, from)
			return true
		}
		// GitHub writes "< 1.2.3" and ">= 1, < 2" into the version itself.
		p, ok := record.ParseVersions(v.version)
		if ok {
			to.All = to.All || p.All
			to.Ranges = append(to.Ranges, p.Ranges...)
			to.Versions = append(to.Versions, p.Versions...)
		}
		return ok
	}
	if !fromOK {
		return false
	}
	g := advisory.Range{Kind: kind, Introduced: from}
	var ok bool
	switch {
	case v.lessThan == "*" || v.lessThanOrEqual == "*":
		ok = true
	case v.lessThan != "":
		g.Fixed, ok = plain(v.lessThan)
	default:
		g.LastAffected, ok = plain(v.lessThanOrEqual)
	}
	if !ok {
		return false
	}
	to.Ranges = append(to.Ranges, v.cut(g)...)
	return true
}

// cut takes out of a range what was mended on the way.
func (v *version) cut(g advisory.Range) []advisory.Range {
	var list []advisory.Range
	open := true
	for _, c := range v.changes {
		at, ok := plain(c.at)
		switch {
		case !ok:
		case c.status == "unaffected" && open:
			part := g
			part.Fixed, part.LastAffected = at, ""
			list = append(list, part)
			open = false
		case c.status == "affected" && !open:
			g.Introduced, open = at, true
		}
	}
	if open {
		list = append(list, g)
	}
	return list
}

func (v *version) words() string {
	return record.Cut(strings.TrimSpace(v.version+" "+v.lessThan+v.lessThanOrEqual), 100)
}

func isBeginning(s string) bool {
	switch strings.ToLower(s) {
	case "", "0", "*", "unspecified", "n/a", "unknown", "-", "none":
		return true
	}
	return false
}

// plain reports whether a text is a version rather than words.
func plain(s string) (string, bool) {
	v, ok := record.ParseVersions(s)
	if !ok || len(v.Versions) != 1 {
		return "", false
	}
	return v.Versions[0], true
}
