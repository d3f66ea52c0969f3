// Package cve reads CVE records in the JSON format of the CVE program, version 5,
// with what CISA's enrichment adds in its own container: SSVC decision points, scores
// and CPE names.
package cve

import (
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// Source is the name of what is read here.
const Source = "cve"

// maxProducts bounds the products of one record, after its versions are taken apart.
// Kernel and browser records have some 5,000.
const maxProducts = 50_000

// Is reports whether the keys of a document are those of a CVE record.
func Is(has func(key string) bool) bool {
	return has("cveMetadata") && (has("containers") || has("dataType"))
}

// Read reads one record.
func Read(b []byte, to record.Sink) {
	r := reader{s: jscan.New(b)}
	r.record()
	if err := r.s.End(); err != nil {
		line := 0
		if f, ok := err.(*jscan.Fault); ok && f.Line > 1 {
			line = f.Line
		}
		to.Refuse(Source, line, r.a.ID, err.Error())
		return
	}
	if r.a.ID == "" {
		to.Refuse(Source, 0, "", "it has no CVE id")
		return
	}
	if strings.EqualFold(r.state, "REJECTED") && r.a.Withdrawn.IsZero() {
		r.a.Withdrawn = r.a.Modified
		if r.a.Withdrawn.IsZero() { // it was, at some time
			r.a.Withdrawn = record.Time("1999-01-01")
		}
	}
	r.a.Source = Source
	to.Advisory(&r.a)
	for _, p := range r.points {
		p.CVE = r.a.ID
		to.Points(p)
	}
	to.Done(Source)
}

type reader struct {
	s      *jscan.Scanner
	a      advisory.Advisory
	state  string
	points []advisory.Points
}

func (r *reader) record() {
	s := r.s
	s.Object(func(key []byte) {
		switch string(key) {
		case "cveMetadata":
			s.Object(func(key []byte) {
				switch string(key) {
				case "cveId":
					r.a.ID = s.Text()
				case "state":
					r.state = s.Text()
				case "datePublished":
					r.a.Published = record.Time(s.Brief())
				case "dateUpdated":
					r.a.Modified = record.Time(s.Brief())
				case "dateRejected":
					r.a.Withdrawn = record.Time(s.Brief())
				}
			})
		case "containers":
			s.Object(func(key []byte) {
				switch string(key) {
				case "cna":
					r.container()
				case "adp":
					s.Array(r.container)
				}
			})
		}
	})
}

// container reads what one organization says.
func (r *reader) container() {
	s := r.s
	by := ""
	from := len(r.a.Scores)
	s.Object(func(key []byte) {
		switch string(key) {
		case "providerMetadata":
			s.Object(func(key []byte) {
				if string(key) == "shortName" {
					by = strings.ToLower(s.Brief())
				}
			})
		case "title":
			// The program's own containers are titled with their names.
			if t := s.Text(); r.a.Title == "" && t != "CVE Program Container" && t != "CISA ADP Vulnrichment" {
				r.a.Title = record.Cut(t, record.MaxText)
			}
		case "descriptions", "rejectedReasons":
			if t := english(s); r.a.Details == "" {
				r.a.Details = record.Cut(t, record.MaxText)
			}
		case "references":
			s.Array(func() {
				s.Object(func(key []byte) {
					if string(key) != "url" {
						return
					}
					r.a.References = record.AddOnce(r.a.References, s.Text(), record.MaxReferences)
				})
			})
		case "problemTypes":
			s.Array(func() {
				s.Object(func(key []byte) {
					if string(key) == "descriptions" {
						s.Array(r.weakness)
					}
				})
			})
		case "metrics":
			s.Array(r.metric)
		case "affected":
			s.Array(r.affected)
		case "solutions", "workarounds":
			s.Skip()
		}
	})
	for i := from; i < len(r.a.Scores); i++ {
		r.a.Scores[i].By = by
	}
}

// english reads a list of texts with languages and returns the first English one,
// else the first.
func english(s *jscan.Scanner) string {
	best, found := "", false
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
		en := strings.HasPrefix(strings.ToLower(lang), "en")
		if best == "" || en && !found {
			best, found = value, en
		}
	})
	return best
}

func (r *reader) weakness() {
	s := r.s
	s.Object(func(key []byte) {
		switch string(key) {
		case "cweId":
			r.a.CWEs = record.AddOnce(r.a.CWEs, s.Brief(), record.MaxCWEs)
		}
	})
}

func (r *reader) metric() {
	s := r.s
	s.Object(func(key []byte) {
		switch k := string(key); {
		case strings.HasPrefix(k, "cvss"):
			var sc advisory.Score
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
			if sc != (advisory.Score{}) {
				r.a.Scores = append(r.a.Scores, sc)
			}
		case k == "other":
			r.ssvc()
		}
	})
}

// ssvc reads decision points. Other kinds of "other" metrics are stepped over.
func (r *reader) ssvc() {
	s := r.s
	var p advisory.Points
	is, automatable := false, false
	s.Object(func(key []byte) {
		switch string(key) {
		case "type":
			is = s.Brief() == "ssvc"
		case "content":
			if s.Kind() != jscan.Object {
				return
			}
			s.Object(func(key []byte) {
				switch string(key) {
				case "timestamp":
					p.At = record.Time(s.Brief())
				case "options":
					if s.Kind() != jscan.Array {
						return
					}
					s.Array(func() {
						s.Object(func(key []byte) {
							switch string(key) {
							case "Exploitation":
								p.Exploitation = strings.ToLower(s.Brief())
							case "Automatable":
								automatable = true
								p.Automatable = strings.EqualFold(s.Brief(), "yes")
							case "Technical Impact":
								p.TechnicalImpact = strings.ToLower(s.Brief())
							}
						})
					})
				}
			})
		}
	})
	if is && (p.Exploitation != "" || automatable) {
		r.points = append(r.points, p)
	}
}
