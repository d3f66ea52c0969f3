package native

import (
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// IsNodeWG reports whether the keys of a document are those of the working group's
// records of npm packages.
func IsNodeWG(has func(key string) bool) bool {
	return has("module_name") && has("vulnerable_versions")
}

// ReadNodeWG reads a record of an npm package.
func ReadNodeWG(b []byte, to record.Sink) {
	s := jscan.New(b)
	a := advisory.Advisory{Source: NodeWG}
	var name, vulnerable, id string
	sc := advisory.Score{By: "nodejs-wg"}
	s.Object(func(key []byte) {
		switch string(key) {
		case "id":
			id = s.Brief()
		case "created_at":
			if at := record.Time(s.Brief()); a.Published.IsZero() {
				a.Published = at
			}
		case "publish_date":
			if at := record.Time(s.Brief()); !at.IsZero() {
				a.Published = at
			}
		case "updated_at":
			a.Modified = record.Time(s.Brief())
		case "title":
			a.Title = record.Cut(s.Brief(), record.MaxText)
		case "module_name":
			name = s.Brief()
		case "cves":
			a.Aliases = s.Texts()
		case "vulnerable_versions":
			vulnerable = s.Brief()
		case "overview":
			a.Details = record.Cut(s.Brief(), record.MaxText)
		case "references":
			if s.Kind() == jscan.Array {
				a.References = s.Texts()
			}
		case "cvss_vector":
			if v := s.Brief(); strings.HasPrefix(v, "CVSS:") {
				sc.Vector = v
			}
		case "cvss_score":
			if n := number(s.Brief()); n > 0 && n <= 10 {
				sc.Base = n
			}
		}
	})
	if id != "" {
		a.ID = "npm-wg-" + record.Cut(id, 40)
	}
	if !end(s, NodeWG, a.ID, to) {
		return
	}
	if name == "" || id == "" {
		to.Refuse(NodeWG, 0, a.ID, "it names no package, or has no id")
		return
	}
	if sc.Base > 0 || sc.Vector != "" {
		a.Scores = []advisory.Score{sc}
	}
	p := advisory.Product{Package: &advisory.Package{Ecosystem: "npm", Name: name}}
	npmRanges(&p, vulnerable, "")
	a.Products = []advisory.Product{p}
	to.Advisory(&a)
	to.Done(NodeWG)
}

func number(s string) float64 {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		return 0
	}
	return n
}

// npmRanges reads which versions are vulnerable, less those that are patched.
func npmRanges(p *advisory.Product, vulnerable, patched string) {
	set, ok := npmSyntax(vulnerable)
	if ok && patched != "" {
		var good intervals
		if good, ok = npmSyntax(patched); ok {
			set = set.minus(good)
		}
	}
	if ok {
		p.Ranges, ok = set.ranges()
	}
	switch {
	case !ok:
		p.Ranges = nil
		p.Unread = record.Cut("versions "+vulnerable+" less "+patched, 300)
	case len(p.Ranges) == 0:
		p.Status = advisory.NotAffected // what is vulnerable is patched: nothing is left
		p.Unread = "no version is left of those it names"
	}
}

// IsNodeCore reports whether the keys of a document are those of the working group's
// records of Node.js itself.
func IsNodeCore(has func(key string) bool) bool {
	return has("vulnerable") && has("cve") && (has("ref") || has("overview") || has("description"))
}

// ReadNodeCore reads a record of Node.js.
func ReadNodeCore(b []byte, to record.Sink) {
	s := jscan.New(b)
	a := advisory.Advisory{Source: NodeCore}
	var vulnerable, patched, description, severity string
	s.Object(func(key []byte) {
		switch string(key) {
		case "cve":
			a.Covers = s.Texts()
		case "ref":
			if l := s.Brief(); l != "" {
				a.References = []string{l}
			}
		case "vulnerable":
			vulnerable = s.Brief()
		case "patched":
			patched = s.Brief()
		case "description":
			description = s.Brief()
		case "overview":
			a.Details = record.Cut(s.Brief(), record.MaxText)
		case "severity":
			severity = strings.ToLower(s.Brief())
		}
	})
	id := ""
	if len(a.Covers) > 0 {
		id = a.Covers[0]
	} else { // a few have no CVE: their words are all that tells them apart
		if description == "" {
			description = a.Details
		}
		id = strings.Join(strings.Fields(record.Cut(description, 80)), "-")
	}
	a.ID = record.Cut("nodejs-core/"+id+"/"+vulnerable+" less "+patched, 190)
	if !end(s, NodeCore, a.ID, to) {
		return
	}
	if id == "" {
		to.Refuse(NodeCore, 0, "", "nothing names it")
		return
	}
	if a.Title = record.Cut(description, 200); a.Details == "" {
		a.Details = record.Cut(description, record.MaxText)
	}
	if severity != "" && severity != "unknown" {
		a.Scores = []advisory.Score{{Severity: severity, By: "nodejs"}}
	}
	p := advisory.Product{CPE: &advisory.CPE{Part: 'a', Vendor: "nodejs", Product: "node.js", Version: "*", Update: "*", Edition: "*", Target: "*"}}
	npmRanges(&p, vulnerable, patched)
	a.Products = []advisory.Product{p}
	to.Advisory(&a)
	to.Done(NodeCore)
}

// IsRetire reports whether a document is a repository of Retire.js: libraries with
// their vulnerabilities.
func IsRetire(raw []byte) bool {
	s := jscan.New(raw)
	is := false
	s.Object(func([]byte) {
		if s.Kind() == jscan.Object {
			s.Object(func(key []byte) { is = is || string(key) == "vulnerabilities" })
		}
		s.Fail("seen enough")
	})
	return is
}

// ReadRetire reads a repository of Retire.js. A record is a vulnerability of a library.
func ReadRetire(b []byte, to record.Sink) {
	s := jscan.New(b)
	last := ""
	s.Object(func(key []byte) {
		library := string(key)
		last = library
		if s.Kind() != jscan.Object {
			return
		}
		npm := library
		var found []retired
		s.Object(func(key []byte) {
			switch string(key) {
			case "npmname":
				if n := s.Brief(); n != "" {
					npm = n
				}
			case "vulnerabilities":
				s.Array(func() {
					if len(found) == maxRetired {
						s.Fail("a library has more than %d flaws", maxRetired)
						return
					}
					found = append(found, readRetired(s))
				})
			}
		})
		if s.Failed() {
			return
		}
		if library == "" {
			s.Fail("a library has no name")
			return
		}
		for i := range found {
			found[i].give(library, npm, i, to)
		}
	})
	end(s, Retire, last, to)
}

// maxRetired bounds the flaws of a library, which are held until its name is known. The
// library with most has some 40.
const maxRetired = 10_000

type retired struct {
	a                advisory.Advisory
	from, below, bug string
	summary, ghsa    string
	excluded         []string
}

func readRetired(s *jscan.Scanner) retired {
	var r retired
	s.Object(func(key []byte) {
		switch string(key) {
		case "atOrAbove":
			r.from = s.Brief()
		case "below":
			r.below = s.Brief()
		case "excludes":
			r.excluded = s.Texts()
		case "severity":
			if w := strings.ToLower(s.Brief()); w != "" {
				r.a.Scores = []advisory.Score{{Severity: w, By: "retirejs"}}
			}
		case "cwe":
			r.a.CWEs = s.Texts()
		case "info":
			r.a.References = s.Texts()
		case "identifiers":
			s.Object(func(key []byte) {
				switch string(key) {
				case "summary":
					r.summary = s.Brief()
				case "CVE":
					r.a.Aliases = append(r.a.Aliases, s.Texts()...)
				case "githubID":
					r.ghsa = s.Brief()
				case "bug", "issue", "PR", "retid":
					if v := s.Brief(); r.bug == "" {
						r.bug = v
					}
				}
			})
		}
	})
	return r
}

func (r *retired) give(library, npm string, n int, to record.Sink) {
	if r.ghsa != "" {
		r.a.Aliases = append(r.a.Aliases, r.ghsa)
	}
	id := ""
	switch {
	case len(r.a.Aliases) > 0:
		id = r.a.Aliases[0]
	case r.bug != "":
		id = r.bug
	default:
		id = strconv.Itoa(n + 1)
	}
	r.a.ID = record.Cut("retirejs/"+library+"/"+id+"/"+r.from+"-"+r.below, 190)
	r.a.Source, r.a.Title = Retire, record.Cut(r.summary, 500)
	p := advisory.Product{Package: &advisory.Package{Ecosystem: "npm", Name: npm}}
	switch {
	case r.below == "" && r.from == "":
		p.Unread = "it names no versions"
	default:
		p.Ranges = []advisory.Range{{Introduced: r.from, Fixed: r.below}}
	}
	if len(r.excluded) > 0 {
		p.Unread = record.Cut("all but "+strings.Join(r.excluded, ", "), 300)
	}
	r.a.Products = []advisory.Product{p}
	to.Advisory(&r.a)
	to.Done(Retire)
}
