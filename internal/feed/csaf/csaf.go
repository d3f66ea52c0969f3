// Package csaf reads security advisories in the Common Security Advisory Framework,
// 2.0 and 2.1, and its VEX profile: CISA's medical and industrial advisories first of
// all.
//
// A product becomes a package where it comes with a package URL, a CPE where it comes
// with a CPE name, and else a device in its maker's words. What versions it speaks of
// is kept as written; it is also read, where it can be read whole.
package csaf

import (
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// Limits of one document.
const (
	maxProducts   = 200_000
	maxStatements = 2_000_000 // product times vulnerability, and product times remark
	maxScores     = 100       // of one vulnerability
	maxReferences = 100
)

// Is reports whether the keys of a document are those of an advisory.
func Is(has func(key string) bool) bool {
	return has("document") && !has("spdxVersion") && !has("bomFormat")
}

// Read reads one document.
func Read(b []byte, to record.Sink) {
	r := reader{s: jscan.New(b), products: make(map[string]*product), groups: make(map[string][]string)}
	r.document()
	r.a.Source = r.sourceName()
	err := r.s.End()
	switch {
	case err != nil:
		line := 0
		if f, ok := err.(*jscan.Fault); ok && f.Line > 1 {
			line = f.Line
		}
		to.Refuse(r.a.Source, line, r.a.ID, err.Error())
		return
	case r.version == "":
		to.Refuse(r.a.Source, 0, r.a.ID, "it does not say which version of CSAF it is")
		return
	case !strings.HasPrefix(r.version, "2."):
		to.Refuse(r.a.Source, 0, r.a.ID, "it is of CSAF "+record.Cut(r.version, 20)+"; 2.0 and 2.1 are read here")
		return
	case r.a.ID == "":
		to.Refuse(r.a.Source, 0, "", "it has no tracking id")
		return
	}
	if why := r.give(to); why != "" {
		to.Refuse(r.a.Source, 0, r.a.ID, why)
		return
	}
	to.Done(r.a.Source)
}

type reader struct {
	s                            *jscan.Scanner
	a                            advisory.Advisory
	version, category, publisher string
	namespace                    string
	products                     map[string]*product
	groups                       map[string][]string // product ids by group
	vulns                        []vulnerability
	relations                    []relation
}

// sourceName tells medical from industrial advisories of CISA, and others by who
// published them.
func (r *reader) sourceName() string {
	id := strings.ToUpper(r.a.ID)
	switch {
	case strings.HasPrefix(id, "ICSMA-"):
		return "csaf/icsma"
	case strings.HasPrefix(id, "ICSA-"):
		return "csaf/icsa"
	}
	name := strings.ToLower(strings.TrimSpace(r.publisher))
	if name == "" {
		name = "other"
	}
	return "csaf/" + record.Cut(strings.ReplaceAll(name, "/", " "), 60)
}

// sector is what kind of devices an advisory speaks of.
func (r *reader) sector() string {
	switch r.a.Source {
	case "csaf/icsma":
		return "medical"
	case "csaf/icsa":
		return "industrial"
	}
	return ""
}

func (r *reader) document() {
	s := r.s
	s.Object(func(key []byte) {
		switch string(key) {
		case "document":
			s.Object(func(key []byte) { r.head(string(key)) })
		case "product_tree":
			r.tree()
		case "vulnerabilities":
			s.Array(r.vulnerability)
		}
	})
}

func (r *reader) head(key string) {
	s := r.s
	switch key {
	case "category":
		r.category = s.Brief()
	case "csaf_version":
		r.version = s.Brief()
	case "title":
		r.a.Title = record.Cut(s.Brief(), record.MaxText)
	case "publisher":
		s.Object(func(key []byte) {
			switch string(key) {
			case "name":
				r.publisher = s.Brief()
			case "namespace":
				r.namespace = s.Brief()
			}
		})
	case "references":
		r.references()
	case "aggregate_severity":
		s.Object(func(key []byte) {
			if string(key) == "text" {
				if w := strings.ToLower(s.Brief()); w != "" && len(w) < 40 {
					r.a.Scores = append(r.a.Scores, advisory.Score{Severity: w})
				}
			}
		})
	case "tracking":
		s.Object(func(key []byte) {
			switch string(key) {
			case "id":
				r.a.ID = s.Brief()
			case "initial_release_date":
				r.a.Published = record.Time(s.Brief())
			case "current_release_date":
				r.a.Modified = record.Time(s.Brief())
			}
		})
	}
}

func (r *reader) references() {
	s := r.s
	s.Array(func() {
		s.Object(func(key []byte) {
			if string(key) == "url" {
				r.a.References = record.AddOnce(r.a.References, s.Brief(), maxReferences)
			}
		})
	})
}

// give makes advisories of the vulnerabilities: those that say the same of the same
// products and are scored alike are one, so that what holds of one flaw is never said
// of another.
func (r *reader) give(to record.Sink) (refused string) {
	r.relate()
	type set struct {
		key   string
		vulns []*vulnerability
	}
	var sets []set
	place := make(map[string]int) // of sets, by key
	statements := 0
	for i := range r.vulns {
		v := &r.vulns[i]
		statements += r.expand(v)
		if statements > maxStatements {
			return "it makes more statements about products than can be kept"
		}
		key := v.key()
		j, ok := place[key]
		if !ok {
			j = len(sets)
			place[key] = j
			sets = append(sets, set{key: key})
		}
		sets[j].vulns = append(sets[j].vulns, v)
	}
	if len(sets) == 0 { // an advisory without flaws is still one that people look for
		to.Advisory(&r.a)
		return ""
	}
	named := make(map[string]bool)
	for i := range sets {
		a := r.a
		a.Scores = slices.Clone(r.a.Scores)
		a.References = slices.Clone(r.a.References)
		if len(sets) > 1 {
			a.Aliases = []string{r.a.ID}
			name := sets[i].vulns[0].name()
			if name == "" || named[name] {
				name = strings.TrimPrefix(name+"."+strconv.Itoa(i+1), ".")
			}
			named[name] = true
			a.ID += "#" + name
		}
		var texts []string
		for _, v := range sets[i].vulns {
			if n := v.name(); n != "" {
				a.Covers = append(a.Covers, n)
			}
			a.Scores = append(a.Scores, v.scores...)
			for _, w := range v.cwes {
				a.CWEs = record.AddOnce(a.CWEs, w, record.MaxCWEs)
			}
			if v.text != "" && len(texts) < 5 {
				texts = append(texts, v.text)
			}
			for _, u := range v.references {
				a.References = record.AddOnce(a.References, u, maxReferences)
			}
		}
		for j := range a.Scores {
			if a.Scores[j].By == "" {
				a.Scores[j].By = strings.TrimPrefix(r.a.Source, "csaf/")
			}
		}
		a.Details = record.Cut(strings.Join(texts, "\n\n"), record.MaxText)
		a.Products = r.asProducts(sets[i].vulns[0])
		to.Advisory(&a)
	}
	return ""
}
