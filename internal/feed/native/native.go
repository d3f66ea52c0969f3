// Package native reads advisories of language communities in their own forms, where
// they say what OSV does not have: RubySec, FriendsOfPHP, the Node.js security working
// group (packages and Node.js itself), and Retire.js. The first three are YAML files at
// home; they are read as JSON, one document each.
package native

import (
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/record"
	"github.com/asepsis/asepsis/internal/pkgver"
)

// Names of the sources.
const (
	Ruby     = "rubysec"
	PHP      = "friendsofphp"
	NodeWG   = "nodejs-wg"
	NodeCore = "nodejs-core"
	Retire   = "retirejs"
)

// IsRuby reports whether the keys of a document are those of RubySec.
func IsRuby(has func(key string) bool) bool {
	return (has("gem") || has("engine")) && (has("title") || has("description")) && !has("module_name")
}

// end refuses what is broken and says whether it is not.
func end(s *jscan.Scanner, source, id string, to record.Sink) bool {
	err := s.End()
	if err == nil {
		return true
	}
	line := 0
	if f, ok := err.(*jscan.Fault); ok && f.Line > 1 {
		line = f.Line
	}
	to.Refuse(source, line, id, err.Error())
	return false
}

// ReadRuby reads a record of RubySec.
func ReadRuby(b []byte, to record.Sink) {
	s := jscan.New(b)
	var a advisory.Advisory
	var gem, engine, file, osvdb, url string
	var patched, unaffected []string
	s.Object(func(key []byte) {
		switch string(key) {
		case "gem":
			gem = s.Brief()
		case "engine":
			engine = s.Brief()
		case "_file":
			file = s.Brief()
		case "cve":
			if v := s.Brief(); v != "" {
				a.Aliases = append(a.Aliases, "CVE-"+strings.TrimPrefix(v, "CVE-"))
			}
		case "ghsa":
			if v := s.Brief(); v != "" {
				a.Aliases = append(a.Aliases, "GHSA-"+strings.TrimPrefix(v, "GHSA-"))
			}
		case "osvdb":
			osvdb = s.Brief()
		case "url":
			url = s.Brief()
		case "title":
			a.Title = record.Cut(s.Brief(), record.MaxText)
		case "description":
			a.Details = record.Cut(s.Brief(), record.MaxText)
		case "date":
			a.Published = record.Time(s.Brief())
			a.Modified = a.Published
		case "cvss_v3", "cvss_v4", "cvss_v2":
			if n := s.Float(); n > 0 && n <= 10 {
				a.Scores = append(a.Scores, advisory.Score{Base: n, By: "rubysec"})
			}
		case "patched_versions":
			patched = s.Texts()
		case "unaffected_versions":
			unaffected = s.Texts()
		case "related":
			related(s, &a)
		}
	})
	a.Source = Ruby
	name := gem
	if name == "" {
		name = engine
	}
	a.ID = rubyID(name, file, osvdb, a.Aliases)
	if !end(s, Ruby, a.ID, to) {
		return
	}
	if name == "" || a.ID == "" {
		to.Refuse(Ruby, 0, a.ID, "it names no gem, or nothing names it")
		return
	}
	if url != "" {
		a.References = append([]string{url}, a.References...)
	}
	p := advisory.Product{}
	switch {
	case gem != "":
		p.Package = &advisory.Package{Ecosystem: "RubyGems", Name: gem}
	case engine == "ruby":
		p.CPE = &advisory.CPE{Part: 'a', Vendor: "ruby-lang", Product: "ruby", Version: "*", Update: "*", Edition: "*", Target: "*"}
	default:
		p.CPE = &advisory.CPE{Part: 'a', Vendor: engine, Product: engine, Version: "*", Update: "*", Edition: "*", Target: "*"}
	}
	good := append(slices.Clone(patched), unaffected...)
	if len(good) > 0 {
		set, ok := parseAll(pkgver.Gem, good, gemSyntax)
		if ok {
			p.Ranges, ok = set.complement().ranges()
		}
		if !ok {
			p.Unread = record.Cut("all but "+strings.Join(good, "; "), 300)
		} else if len(p.Ranges) == 0 {
			p.Status = advisory.NotAffected // the good versions are all there are
		}
	}
	a.Products = []advisory.Product{p}
	to.Advisory(&a)
	to.Done(Ruby)
}

// related reads addresses; what else is related is other flaws.
func related(s *jscan.Scanner, a *advisory.Advisory) {
	s.Object(func(key []byte) {
		if string(key) == "url" {
			a.References = append(a.References, s.Texts()...)
		}
	})
}

// rubyID names a record as RubySec's own tools do: by its file, else by what
// others call it.
func rubyID(name, file, osvdb string, aliases []string) string {
	if file != "" {
		file = strings.TrimSuffix(strings.TrimSuffix(file, ".yml"), ".yaml")
		file = strings.TrimPrefix(strings.TrimPrefix(file, "gems/"), "rubies/")
		return record.Cut("rubysec/"+file, 190)
	}
	id := ""
	switch {
	case len(aliases) > 0:
		id = aliases[0]
	case osvdb != "":
		id = "OSVDB-" + osvdb
	default:
		return ""
	}
	return record.Cut("rubysec/"+name+"/"+id, 190)
}

// IsPHP reports whether the keys of a document are those of FriendsOfPHP.
func IsPHP(has func(key string) bool) bool { return has("branches") && has("reference") }

// ReadPHP reads a record of FriendsOfPHP.
func ReadPHP(b []byte, to record.Sink) {
	s := jscan.New(b)
	a := advisory.Advisory{Source: PHP}
	var reference, file, cve string
	type branch struct {
		versions []string
	}
	var branches []branch
	s.Object(func(key []byte) {
		switch string(key) {
		case "title":
			a.Title = record.Cut(s.Brief(), record.MaxText)
		case "link":
			if l := s.Brief(); l != "" {
				a.References = []string{l}
			}
		case "cve":
			cve = strings.TrimSpace(s.Brief())
		case "reference":
			reference = s.Brief()
		case "_file":
			file = s.Brief()
		case "branches":
			s.Object(func([]byte) {
				var br branch
				s.Object(func(key []byte) {
					switch string(key) {
					case "time":
						at := record.Time(s.Brief())
						if a.Published.IsZero() || !at.IsZero() && at.Before(a.Published) {
							a.Published = at
						}
						if at.After(a.Modified) {
							a.Modified = at
						}
					case "versions":
						br.versions = s.Texts()
					}
				})
				branches = append(branches, br)
			})
		}
	})
	name, ok := strings.CutPrefix(reference, "composer://")
	if cve != "" {
		a.Aliases = []string{cve}
	}
	switch {
	case file != "":
		a.ID = record.Cut("friendsofphp/"+strings.TrimSuffix(strings.TrimSuffix(file, ".yaml"), ".yml"), 190)
	case cve != "" && name != "":
		a.ID = record.Cut("friendsofphp/"+name+"/"+cve, 190)
	case name != "" && len(a.References) > 0:
		a.ID = record.Cut("friendsofphp/"+name+"/"+a.References[0], 190)
	}
	if !end(s, PHP, a.ID, to) {
		return
	}
	if !ok || name == "" || a.ID == "" {
		to.Refuse(PHP, 0, a.ID, "it names no package of Composer, or nothing names it")
		return
	}
	p := advisory.Product{Package: &advisory.Package{Ecosystem: "Packagist", Name: name}}
	var unread []string
	for _, br := range branches {
		v, ok := record.ParseVersions(strings.Join(br.versions, ", "))
		if !ok {
			unread = append(unread, strings.Join(br.versions, ", "))
			continue
		}
		p.Ranges, p.Versions = append(p.Ranges, v.Ranges...), append(p.Versions, v.Versions...)
	}
	p.Unread = record.Cut(strings.Join(unread, "; "), 300)
	if len(branches) == 0 {
		p.Unread = "it names no versions"
	}
	a.Products = []advisory.Product{p}
	to.Advisory(&a)
	to.Done(PHP)
}
