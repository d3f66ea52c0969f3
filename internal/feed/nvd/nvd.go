// Package nvd reads CVE records in the JSON format 2.0 of the National Vulnerability
// Database: pages of its API, yearly files, single records, and records that hold only
// configurations, as those who correct them publish.
package nvd

import (
	"fmt"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// Names of the sources: the database itself, and corrections to it.
const (
	Source    = "nvd"
	Overrides = "nvd-overrides"
)

const (
	maxMatches = 100_000 // of one record
	maxNodes   = 10_000
)

// Is reports whether the keys of a document are those of a page, of a record or of a
// correction.
func Is(has func(key string) bool) bool {
	return has("vulnerabilities") && (has("format") && has("version") || has("resultsPerPage")) ||
		has("cve_items") ||
		has("cve") && (has("_annotation") || !has("epss") && !has("vulnerable") && !has("gem") && !has("reference") && !has("engine") && !has("branches")) ||
		has("id") && has("configurations") || has("id") && has("sourceIdentifier") && has("vulnStatus")
}

// Read reads a page or a record.
func Read(b []byte, to record.Sink) {
	s := jscan.New(b)
	var page bool
	var have, stated int
	s.Object(func(key []byte) {
		switch string(key) {
		case "timestamp":
			if at := record.Time(s.Brief()); !at.IsZero() {
				to.Dated(Source, at)
			}
		case "vulnerabilities":
			page = true
			s.Array(func() {
				have++
				one(s.Value(), to)
			})
		case "resultsPerPage":
			stated = int(s.Float())
		case "cve_items":
			page = true
			s.Array(func() { one(s.Value(), to) })
		}
	})
	if err := s.End(); err != nil {
		line := 0
		if f, ok := err.(*jscan.Fault); ok && f.Line > 1 {
			line = f.Line
		}
		to.Refuse(Source, line, "", err.Error())
		return
	}
	switch {
	case !page:
		one(b, to)
	case have < stated:
		to.Refuse(Source, 0, "", fmt.Sprintf("the page says that it has %d records, and has %d; fetch it again", stated, have))
	}
}

// one reads a record, wrapped in "cve" or not.
func one(b []byte, to record.Sink) {
	if len(b) == 0 {
		return // the page is broken, which is said of it
	}
	r := reader{s: jscan.New(b), source: Source}
	r.wrapped()
	switch err := r.s.End(); {
	case err != nil:
		to.Refuse(r.source, 0, r.a.ID, err.Error())
	case r.a.ID == "":
		to.Refuse(r.source, 0, "", "it has no id")
	default:
		r.a.Source = r.source
		if strings.EqualFold(r.status, "Rejected") {
			r.a.Withdrawn = r.a.Modified
			if r.a.Withdrawn.IsZero() {
				r.a.Withdrawn = record.Time("1999-01-01")
			}
		}
		to.Advisory(&r.a)
		to.Done(r.source)
	}
}

type reader struct {
	s       *jscan.Scanner
	a       advisory.Advisory
	source  string
	status  string
	matches int
}

func (r *reader) wrapped() {
	s := r.s
	s.Object(func(key []byte) {
		switch k := string(key); k {
		case "cve":
			if s.Kind() == jscan.Object {
				s.Object(func(key []byte) { r.field(string(key)) })
			}
		case "_annotation":
			r.source = Overrides
			r.annotation()
		default:
			r.field(k)
		}
	})
}

// annotation is where corrections say of what they are.
func (r *reader) annotation() {
	s := r.s
	s.Object(func(key []byte) {
		switch string(key) {
		case "cve_id":
			r.a.ID = s.Text()
		case "description":
			r.a.Details = record.Cut(s.Brief(), record.MaxText)
		case "modified":
			r.a.Modified = record.Time(s.Brief())
		case "published":
			r.a.Published = record.Time(s.Brief())
		case "references":
			if s.Kind() == jscan.Array {
				r.a.References = s.Texts()
			}
		}
	})
}

func (r *reader) field(key string) {
	s := r.s
	switch key {
	case "id":
		r.a.ID = s.Text()
	case "published":
		r.a.Published = record.Time(s.Brief())
	case "lastModified":
		r.a.Modified = record.Time(s.Brief())
	case "vulnStatus":
		r.status = s.Brief()
	case "descriptions":
		s.Array(func() {
			var lang, value string
			s.Object(func(key []byte) {
				switch string(key) {
				case "lang":
					lang = s.Brief()
				case "value":
					value = s.Text()
				}
			})
			if r.a.Details == "" || lang == "en" {
				r.a.Details = record.Cut(value, record.MaxText)
			}
		})
	case "metrics":
		s.Object(func([]byte) {
			if s.Kind() == jscan.Array {
				s.Array(r.metric)
			}
		})
	case "weaknesses":
		s.Array(func() {
			s.Object(func(key []byte) {
				if string(key) != "description" {
					return
				}
				s.Array(func() {
					s.Object(func(key []byte) {
						if string(key) == "value" {
							if w := s.Brief(); strings.HasPrefix(w, "CWE-") {
								r.a.CWEs = record.AddOnce(r.a.CWEs, w, record.MaxCWEs)
							}
						}
					})
				})
			})
		})
	case "references":
		s.Array(func() {
			s.Object(func(key []byte) {
				if string(key) == "url" {
					r.a.References = record.AddOnce(r.a.References, s.Brief(), record.MaxReferences)
				}
			})
		})
	case "configurations":
		s.Array(r.configuration)
	}
}

func (r *reader) metric() {
	s := r.s
	var sc advisory.Score
	s.Object(func(key []byte) {
		switch string(key) {
		case "source":
			if sc.By = strings.ToLower(s.Brief()); sc.By == "nvd@nist.gov" {
				sc.By = "nvd"
			}
		case "baseSeverity": // of version 2 it stands here
			if w := s.Brief(); sc.Severity == "" {
				sc.Severity = strings.ToLower(w)
			}
		case "cvssData":
			s.Object(func(key []byte) {
				switch string(key) {
				case "vectorString":
					sc.Vector = s.Brief()
				case "baseScore":
					sc.Base = s.Float()
				case "baseSeverity":
					sc.Severity = strings.ToLower(s.Brief())
				}
			})
		}
	})
	if sc.Vector != "" || sc.Base > 0 {
		r.a.Scores = append(r.a.Scores, sc)
	}
}
