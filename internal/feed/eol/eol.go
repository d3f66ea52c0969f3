// Package eol reads when products stop getting security updates, as the project
// endoflife.date publishes it: the front matter of its product pages, its release data,
// and the answers of its API.
package eol

import (
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/record"
)

const source = record.EndOfLife

// Is reports whether the keys of a document are those of a product's page, of
// release data, or of an answer of the API.
func Is(has func(key string) bool) bool {
	return has("releases") && (has("title") || has("permalink") || has("versions") || has("_product")) ||
		has("schema_version") && has("result") && !has("id")
}

// Read reads a document of any of these forms. Release data does not say of which
// product it is: file is the name of its file, which does.
func Read(b []byte, file string, to record.Sink) {
	r := reader{s: jscan.New(b), to: to}
	slug, _, _ := strings.Cut(file, ".")
	api := false
	r.s.Object(func(key []byte) {
		switch k := string(key); k {
		case "result":
			api = true
			switch r.s.Kind() {
			case jscan.Array:
				r.s.Array(r.product)
			default:
				r.product()
			}
		case "generated_at", "last_modified":
			to.Dated(source, record.Time(r.s.Brief()))
		}
	})
	if !api && !r.s.Failed() {
		r.s.Reset(b)
		r.slug = slug
		r.product()
	}
	if err := r.s.End(); err != nil {
		line := 0
		if f, ok := err.(*jscan.Fault); ok && f.Line > 1 {
			line = f.Line
		}
		to.Refuse(source, line, r.slug, err.Error())
	}
}

type reader struct {
	s    *jscan.Scanner
	to   record.Sink
	slug string
}

// dated notes the date of a release: the latest is when the source was last known
// to be kept up.
func (r *reader) dated(at time.Time) time.Time {
	r.to.Dated(source, at)
	return at
}

const maxCycles = 5000

// product reads one product with its releases.
func (r *reader) product() {
	s := r.s
	p := advisory.Cycle{Product: r.slug}
	var cycles []advisory.Cycle
	s.Object(func(key []byte) {
		switch string(key) {
		case "name", "_product":
			p.Product = s.Brief()
		case "permalink":
			if l := strings.Trim(s.Brief(), "/"); l != "" {
				p.Product = l
			}
		case "title", "label":
			p.Title = record.Cut(s.Brief(), 200)
		case "category":
			p.Category = s.Brief()
		case "identifiers":
			if s.Kind() == jscan.Array {
				s.Array(func() { p.Identifiers = r.identifier(p.Identifiers) })
			}
		case "releases":
			switch s.Kind() {
			case jscan.Array:
				s.Array(func() { cycles = append(cycles, r.cycle("")) })
			case jscan.Object:
				s.Object(func(key []byte) {
					name := string(key)
					cycles = append(cycles, r.cycle(name))
				})
			}
			if len(cycles) > maxCycles {
				s.Fail("it has more than %d releases", maxCycles)
			}
		}
	})
	if s.Failed() {
		return
	}
	if p.Product == "" {
		r.to.Refuse(source, 0, p.Title, "it does not say of which product it is")
		return
	}
	for _, c := range cycles {
		if c.Cycle == "" {
			r.to.Refuse(source, 0, p.Product, "a release has no name")
			continue
		}
		c.Product, c.Title, c.Category, c.Identifiers = p.Product, p.Title, p.Category, p.Identifiers
		r.to.Cycle(c)
	}
	r.to.Done(source)
}

// identifier reads {"cpe": "…"} of the pages, or {"type": "cpe", "id": "…"} of the API.
func (r *reader) identifier(to []string) []string {
	s := r.s
	kind, id := "", ""
	s.Object(func(key []byte) {
		switch k := string(key); k {
		case "type":
			kind = s.Brief()
		case "id":
			id = s.Brief()
		default:
			kind, id = k, s.Brief()
		}
	})
	if id == "" || len(to) > 1000 {
		return to
	}
	if kind == "repology" {
		id = "repology:" + id
	}
	return append(to, record.Cut(id, 500))
}

func (r *reader) cycle(name string) advisory.Cycle {
	s := r.s
	c := advisory.Cycle{Cycle: name}
	s.Object(func(key []byte) {
		switch string(key) {
		case "releaseCycle", "name":
			c.Cycle = s.Brief()
		case "codename":
			c.Codename = s.Brief()
		case "releaseDate":
			c.Released = r.dated(record.Time(s.Brief()))
		case "latestReleaseDate":
			r.dated(record.Time(s.Brief()))
		case "eol", "eolFrom":
			at, ended := date(s)
			if !at.IsZero() {
				c.SupportEnds = at
			}
			c.Ended = c.Ended || ended
		case "isEol":
			if s.True() {
				c.Ended = true
			}
		case "eoes", "eoesFrom", "extendedSupport":
			if at, _ := date(s); !at.IsZero() {
				c.ExtendedEnds = at
			}
		case "latest":
			if s.Kind() == jscan.Object {
				s.Object(func(key []byte) {
					if string(key) == "name" {
						c.Latest = s.Brief()
					}
				})
				return
			}
			c.Latest = s.Brief()
		}
	})
	// Ended stands for an end without a date; with one, the date says more.
	if !c.SupportEnds.IsZero() {
		c.Ended = false
	}
	return c
}

// date reads a date, or true where something has ended on a day nobody noted.
func date(s *jscan.Scanner) (time.Time, bool) {
	if s.Kind() == jscan.Bool {
		return time.Time{}, s.True()
	}
	return record.Time(s.Brief()), false
}
