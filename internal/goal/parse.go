package goal

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// The two files of a catalog beside those of the goals.
const (
	sourcesFile    = "sources.yaml"
	frameworksFile = "frameworks.yaml"
)

// Parse reads a catalog: one file a goal, named after it, with sources.yaml
// and frameworks.yaml beside them, all at the top of fsys.
//
// A catalog with faults is refused whole; the error is then a [Faults] with
// every fault of every file. Any other error is of the file system.
func Parse(fsys fs.FS) (*Catalog, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list goals: %w", err)
	}
	p := builder{numbers: make(map[int]bool)}
	for _, name := range []string{sourcesFile, frameworksFile} {
		if !slices.Contains(names, name) {
			p.faults = append(p.faults, Fault{File: name, Line: 1, Column: 1, Message: "the file is missing"})
		}
	}
	// Sources and frameworks go first: goals refer to them.
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read goals: %w", err)
		}
		r := &reader{file: name, faults: &p.faults}
		body := r.body(data)
		if body == nil {
			continue
		}
		switch name {
		case sourcesFile:
			p.readSources(r, body)
		case frameworksFile:
			p.readFrameworks(r, body)
		default:
			p.readGoal(r, body, strings.TrimSuffix(path.Base(name), ".yaml"))
		}
	}
	p.whole()
	if len(p.faults) > 0 {
		p.faults.sort()
		return nil, p.faults
	}
	return &p.catalog, nil
}

func rank(name string) int {
	switch name {
	case sourcesFile:
		return 0
	case frameworksFile:
		return 1
	}
	return 2
}

type builder struct {
	catalog Catalog
	faults  Faults
	numbers map[int]bool // of goals seen
}

func (p *builder) readSources(r *reader, body ast.Node) {
	for _, f := range r.fields(body, "the list of sources") {
		s := Source{ID: f.key}
		if !slugSyntax.MatchString(f.key) {
			r.bad(f.at, "source %q must be lower-case words joined by hyphens", f.key)
		}
		got := r.keys(f.value, f.at, "source "+f.key, map[string]func(field){
			"title": func(f field) { s.Title = r.str(f) },
			"url": func(f field) {
				if s.URL = r.str(f); s.URL != "" && !strings.HasPrefix(s.URL, "https://") {
					r.bad(f.value, "url must begin with https://")
				}
			},
			"as_of": func(f field) {
				if s.AsOf = r.str(f); s.AsOf != "" && !dateSyntax.MatchString(s.AsOf) {
					r.bad(f.value, "as_of must be a date such as 2026-11-23")
				}
			},
		})
		r.need(f.at, "source "+f.key, got, "title", "url", "as_of")
		p.catalog.Sources = append(p.catalog.Sources, s)
	}
	slices.SortFunc(p.catalog.Sources, func(a, b Source) int { return cmp.Compare(a.ID, b.ID) })
}

func (p *builder) readFrameworks(r *reader, body ast.Node) {
	for _, f := range r.fields(body, "the list of frameworks") {
		q := Requirements{ID: Framework(f.key)}
		if !slices.Contains(Frameworks(), q.ID) {
			r.bad(f.at, "framework %q is not known; use one of %v", f.key, Frameworks())
		}
		what := "framework " + f.key
		got := r.keys(f.value, f.at, what, map[string]func(field){
			"title":  func(f field) { q.Title = r.str(f) },
			"about":  func(f field) { q.About = r.str(f) },
			"status": func(f field) { q.Status = word(r, f, InForce, Proposed, Voluntary, Superseded) },
			"source": func(f field) {
				q.Source = r.str(f)
				p.knownSource(r, f.value, q.Source)
			},
			"titles": func(f field) {
				q.Titles = make(map[string]string)
				for _, t := range r.fields(f.value, "titles") {
					if !ValidID(q.ID, t.key) {
						r.bad(t.at, "%q is not written as an id of %s", t.key, q.ID)
					}
					q.Titles[t.key] = r.str(t)
				}
			},
		})
		r.need(f.at, what, got, "title", "about", "status", "source")
		if q.ID == HIPAA2025 && q.Status != Proposed {
			r.bad(f.at, "%s is a proposal; its status must be proposed until a final rule is published under another id", q.ID)
		}
		p.catalog.Frameworks = append(p.catalog.Frameworks, q)
	}
	order := Frameworks()
	slices.SortStableFunc(p.catalog.Frameworks, func(a, b Requirements) int {
		return cmp.Compare(slices.Index(order, a.ID), slices.Index(order, b.ID))
	})
	for _, want := range order {
		if _, ok := p.catalog.Framework(want); !ok {
			r.bad(nil, "framework %s is missing", want)
		}
	}
}

func (p *builder) readGoal(r *reader, body ast.Node, slug string) {
	var g Goal
	got := r.keys(body, body, "the goal", map[string]func(field){
		"id": func(f field) {
			if g.ID = r.str(f); g.ID != "" && g.ID != slug {
				r.bad(f.value, "id %q must be the name of the file, %q", g.ID, slug)
			}
		},
		"number": func(f field) {
			g.Number = r.integer(f)
			if g.Number < 1 || g.Number > Count {
				r.bad(f.value, "number must be from 1 to %d", Count)
				return
			}
			if p.numbers[g.Number] {
				r.bad(f.value, "number %d is taken by another goal", g.Number)
			}
			p.numbers[g.Number] = true
		},
		"tier":    func(f field) { g.Tier = word(r, f, Essential, Enhanced) },
		"title":   func(f field) { g.Title = r.str(f) },
		"short":   func(f field) { g.Short = r.str(f) },
		"outcome": func(f field) { g.Outcome = r.sentence(f) },
		"why":     func(f field) { g.Why = r.sentence(f) },
		"gap":     func(f field) { g.Gap = r.sentence(f) },
		"threats": func(f field) { g.Threats = r.strs(f) },
		"sources": func(f field) { g.Sources = p.sources(r, f) },
		"mappings": func(f field) {
			for _, m := range r.fields(f.value, "mappings") {
				g.Mappings = append(g.Mappings, p.mapping(r, m))
			}
			p.complete(r, f, g.Mappings)
		},
	})
	r.need(body, "the goal", got, "id", "number", "tier", "title", "short", "outcome", "why", "gap", "sources", "mappings")
	if want := Enhanced; g.Number > 0 {
		if g.Number <= EssentialCount {
			want = Essential
		}
		if g.Tier != "" && g.Tier != want {
			r.bad(body, "goal %d is %s", g.Number, want)
		}
	}
	order := Frameworks()
	slices.SortStableFunc(g.Mappings, func(a, b Mapping) int {
		return cmp.Compare(slices.Index(order, a.Framework), slices.Index(order, b.Framework))
	})
	p.catalog.Goals = append(p.catalog.Goals, g)
}

func (p *builder) mapping(r *reader, f field) Mapping {
	m := Mapping{Framework: Framework(f.key)}
	if !slices.Contains(Frameworks(), m.Framework) {
		r.bad(f.at, "framework %q is not known; use one of %v", f.key, Frameworks())
		return m
	}
	got := r.keys(f.value, f.at, f.key, map[string]func(field){
		"ids": func(f field) {
			m.IDs = r.strs(f)
			seq, ok := f.value.(*ast.SequenceNode)
			if !ok {
				return
			}
			titles, described := p.catalog.Framework(m.Framework)
			for _, v := range seq.Values {
				id, ok := text(v)
				switch {
				case !ok || id == "": // strs has said so
				case !ValidID(m.Framework, id):
					r.bad(v, "%q is not written as an id of %s", id, m.Framework)
				case described && titles.Titles != nil && titles.Titles[id] == "":
					r.bad(v, "%q has no title in %s under %s", id, frameworksFile, m.Framework)
				}
			}
		},
		"basis":      func(f field) { m.Basis = word(r, f, ByHHS, ByAnalyst) },
		"confidence": func(f field) { m.Confidence = word(r, f, High, Medium, Low) },
		"sources":    func(f field) { m.Sources = p.sources(r, f) },
	})
	r.need(f.at, f.key, got, "ids", "basis", "confidence", "sources")
	return m
}

// complete asks that a goal is mapped to every framework: a gap must be seen
// by whoever edits the file, not by whoever reads the page.
func (p *builder) complete(r *reader, f field, ms []Mapping) {
	for _, want := range Frameworks() {
		if !slices.ContainsFunc(ms, func(m Mapping) bool { return m.Framework == want }) {
			r.bad(f.at, "no mapping to %s", want)
		}
	}
}

func (p *builder) sources(r *reader, f field) []string {
	ids := r.strs(f)
	for _, id := range ids {
		p.knownSource(r, f.value, id)
	}
	return ids
}

func (p *builder) knownSource(r *reader, at ast.Node, id string) {
	if _, ok := p.catalog.Source(id); !ok && id != "" {
		r.bad(at, "source %q is not in %s", id, sourcesFile)
	}
}

// whole finishes the catalog and asks that no goal is missing.
func (p *builder) whole() {
	c := &p.catalog
	slices.SortStableFunc(c.Goals, func(a, b Goal) int { return cmp.Compare(a.Number, b.Number) })
	for n := 1; n <= Count; n++ {
		if !p.numbers[n] {
			p.faults = append(p.faults, Fault{File: ".", Line: 1, Column: 1, Message: fmt.Sprintf("goal %d is missing", n)})
		}
	}
	c.byID = make(map[string]int, len(c.Goals))
	for i := range c.Goals {
		c.byID[c.Goals[i].ID] = i
	}
}

// keys hands each key of a mapping to its reader, refuses those that have
// none, and returns which were there.
func (r *reader) keys(n, at ast.Node, what string, read map[string]func(field)) map[string]bool {
	got := make(map[string]bool)
	if n == nil {
		r.bad(at, "%s is empty", what)
		return got
	}
	for _, f := range r.fields(n, what) {
		got[f.key] = true
		set, ok := read[f.key]
		if !ok {
			r.bad(f.at, "%s has an unknown key %q", what, f.key)
			continue
		}
		set(f)
	}
	return got
}

func (r *reader) need(at ast.Node, what string, got map[string]bool, keys ...string) {
	for _, k := range keys {
		if !got[k] {
			r.bad(at, "%s has no %s", what, k)
		}
	}
}

// sentence reads a text that people see as it is: it ends like a sentence.
func (r *reader) sentence(f field) string {
	s := r.str(f)
	if s != "" && !strings.HasSuffix(s, ".") {
		r.bad(f.at, "%s must be a sentence that ends with a full stop", f.key)
	}
	return s
}
