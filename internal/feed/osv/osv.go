// Package osv reads advisories in the form of the Open Source Vulnerability
// schema, of every ecosystem and every version of the schema.
//
// A record that speaks of several ecosystems becomes one advisory for each, with
// the same id: so "the whole of PyPI" stays a statement about one source, though
// some of its records also name packages of npm.
package osv

import (
	"cmp"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// maxAffected bounds the products of one record. The largest public one has
// some 7,000.
const maxAffected = 50_000

const (
	maxGroups = 100 // ecosystems of one record; each becomes an advisory
	maxUnread = 20  // reasons why ranges of a product could not be read
)

// Is reports whether the keys of a document are those of an OSV record.
func Is(has func(key string) bool) bool {
	return has("id") && (has("affected") || has("modified") && (has("schema_version") || has("withdrawn") || has("aliases")))
}

// Read reads one record.
func Read(b []byte, to record.Sink) {
	r := reader{s: jscan.New(b)}
	r.record()
	err := r.s.End()
	switch {
	case err != nil:
		line := 0
		if f, ok := err.(*jscan.Fault); ok && f.Line > 1 {
			line = f.Line
		}
		to.Refuse(r.source(), line, r.a.ID, err.Error())
	case r.a.ID == "":
		to.Refuse(r.source(), 0, "", "it has no id")
	default:
		r.give(to)
		to.Done(r.source())
	}
}

type reader struct {
	s                 *jscan.Scanner
	a                 advisory.Advisory
	related, upstream []string
	severity          string // database_specific's word
	groups            []group
}

// group is what a record says of one ecosystem.
type group struct {
	base     string
	products []advisory.Product
	scores   []advisory.Score
}

func (r *reader) source() string {
	if len(r.groups) > 0 {
		return "osv/" + r.groups[0].base
	}
	return "osv/" + database(r.a.ID)
}

// database is the part of an id that names who gave it.
func database(id string) string {
	d, _, ok := strings.Cut(id, "-")
	if !ok || d == "" || len(d) > 16 {
		return "other"
	}
	return d
}

func (r *reader) record() {
	s := r.s
	s.Object(func(key []byte) {
		switch string(key) {
		case "id":
			r.a.ID = s.Text()
		case "modified":
			r.a.Modified = record.Time(s.Brief())
		case "published":
			r.a.Published = record.Time(s.Brief())
		case "withdrawn":
			r.a.Withdrawn = record.Time(s.Brief())
		case "aliases":
			r.a.Aliases = s.Texts()
		case "related":
			r.related = s.Texts()
		case "upstream":
			r.upstream = s.Texts()
		case "summary":
			r.a.Title = record.Cut(s.Text(), record.MaxText)
		case "details":
			r.a.Details = string(cut(s.Bytes()))
		case "severity":
			r.a.Scores = r.scores(r.a.Scores)
		case "affected":
			n := 0
			s.Array(func() {
				if n++; n > maxAffected {
					s.Fail("it names more than %d products", maxAffected)
					return
				}
				r.affected()
			})
		case "references":
			s.Array(func() {
				s.Object(func(key []byte) {
					if string(key) == "url" {
						if u := s.Text(); u != "" {
							r.a.References = append(r.a.References, u)
						}
					}
				})
			})
		case "database_specific":
			r.databaseSpecific()
		}
	})
}

func cut(b []byte) []byte {
	if len(b) <= record.MaxText {
		return b
	}
	return []byte(record.Cut(string(b), record.MaxText))
}

func (r *reader) scores(list []advisory.Score) []advisory.Score {
	s := r.s
	if s.Kind() == jscan.String { // a word, as some writers have it
		if w := strings.ToLower(s.Text()); w != "" {
			list = append(list, advisory.Score{Severity: w})
		}
		return list
	}
	s.Array(func() {
		var kind, score string
		s.Object(func(key []byte) {
			switch string(key) {
			case "type":
				kind = s.Brief()
			case "score":
				score = s.Brief()
			}
		})
		switch {
		case score == "":
		case strings.HasPrefix(kind, "CVSS"):
			list = append(list, advisory.Score{Vector: score})
		default:
			list = append(list, advisory.Score{Severity: strings.ToLower(score)})
		}
	})
	return list
}

// databaseSpecific reads what several databases write there alike.
func (r *reader) databaseSpecific() {
	s := r.s
	if s.Kind() != jscan.Object {
		return
	}
	s.Object(func(key []byte) {
		switch string(key) {
		case "severity":
			r.severity = strings.ToLower(s.Brief())
		case "cwe_ids":
			if s.Kind() == jscan.Array {
				r.a.CWEs = s.Texts()
			}
		}
	})
}

func (r *reader) affected() {
	s := r.s
	var p advisory.Product
	var k advisory.Package
	var scores []advisory.Score
	var repo string
	var ranges []eventRange
	s.Object(func(key []byte) {
		switch string(key) {
		case "package":
			s.Object(func(key []byte) {
				switch string(key) {
				case "ecosystem":
					k.Ecosystem = s.Text()
				case "name":
					k.Name = s.Text()
				case "purl":
					k.PURL = s.Text()
				}
			})
		case "ranges":
			s.Array(func() {
				g := r.eventRange()
				if g.repo != "" {
					repo = g.repo
				}
				ranges = append(ranges, g)
			})
		case "versions":
			p.Versions = s.Texts()
		case "severity":
			scores = r.scores(nil)
		case "ecosystem_specific", "database_specific":
			if s.Kind() == jscan.Object {
				s.Object(func(key []byte) {
					if string(key) == "severity" && s.Kind() == jscan.String {
						if w := strings.ToLower(s.Text()); r.severity == "" {
							r.severity = w
						}
					}
				})
			}
		}
	})
	if s.Failed() {
		return
	}
	if k.Name == "" && k.Ecosystem == "" {
		if repo == "" { // it names neither a package nor where its code lies
			return
		}
		k = advisory.Package{Ecosystem: "GIT", Name: repo}
	}
	if k.Name == "" || k.Ecosystem == "" { // the package URL may say it
		from, _, _ := record.FromPURL(k.PURL)
		k.Name, k.Ecosystem = cmp.Or(k.Name, from.Name), cmp.Or(k.Ecosystem, from.Ecosystem)
	}
	if k.Name == "" || k.Ecosystem == "" {
		s.Fail("a package has no name or no ecosystem")
		return
	}
	var unread []string
	for i := range ranges {
		var u string
		if p.Ranges, u = ranges[i].pair(p.Ranges, k.Ecosystem); u != "" {
			unread = record.AddOnce(unread, u, maxUnread)
		}
	}
	if len(p.Ranges) == 0 && len(p.Versions) == 0 && len(unread) == 0 {
		unread = append(unread, "it names no versions")
	}
	p.Unread = strings.Join(unread, "; ")
	p.Package = &k
	base, _, _ := strings.Cut(k.Ecosystem, ":")
	if base == "" {
		base = "other"
	}
	i := slices.IndexFunc(r.groups, func(g group) bool { return g.base == base })
	if i < 0 {
		if i = len(r.groups); i == maxGroups {
			s.Fail("it speaks of more than %d ecosystems", maxGroups)
			return
		}
		r.groups = append(r.groups, group{base: base})
	}
	g := &r.groups[i]
	g.products = append(g.products, p)
	if len(g.scores) == 0 {
		g.scores = scores
	}
}

// distributions write the flaws that an advisory mends into related; the
// databases of languages put there what is only alike.
var distributions = [...]string{
	"AlmaLinux", "Rocky Linux", "Red Hat", "SUSE", "openSUSE", "Debian", "Ubuntu", "Mageia", "openEuler",
	"Photon OS", "Azure Linux", "Alpine", "Wolfi", "Chainguard", "MinimOS", "Alpaquita", "BellSoft Hardened Containers",
}

func (r *reader) give(to record.Sink) {
	if r.severity != "" {
		r.a.Scores = append(r.a.Scores, advisory.Score{Severity: r.severity})
	}
	by := strings.ToLower(database(r.a.ID))
	own := r.a.Scores
	if len(r.groups) == 0 {
		r.groups = append(r.groups, group{base: database(r.a.ID)})
	}
	for i := range r.groups {
		g := &r.groups[i]
		a := r.a
		a.Source = "osv/" + g.base
		a.Products = g.products
		a.Covers = r.upstream
		if len(r.upstream) == 0 && slices.Contains(distributions[:], g.base) {
			a.Covers = r.related
		}
		a.Scores = slices.Clone(own)
		if !slices.ContainsFunc(own, func(s advisory.Score) bool { return s.Vector != "" }) {
			a.Scores = append(slices.Clone(g.scores), own...)
		}
		for j := range a.Scores {
			a.Scores[j].By = by
		}
		to.Advisory(&a)
	}
}
