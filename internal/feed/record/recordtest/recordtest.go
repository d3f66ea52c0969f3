// Package recordtest holds readers of feeds to what all of them promise.
package recordtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
)

// Sink keeps what a reader gives.
type Sink struct {
	Advisories []advisory.Advisory
	KEV        []advisory.Exploited
	EPSS       []advisory.Likelihood
	SSVC       []advisory.Points
	Cycles     []advisory.Cycle
	Read       map[string]int // records by source
	Dates      map[string]time.Time
	Refused    []advisory.Refused
}

var _ record.Sink = (*Sink)(nil)

// Advisory keeps an advisory.
func (s *Sink) Advisory(a *advisory.Advisory) { s.Advisories = append(s.Advisories, *a) }

// Exploited keeps an entry.
func (s *Sink) Exploited(e advisory.Exploited) { s.KEV = append(s.KEV, e) }

// Likelihood keeps a score.
func (s *Sink) Likelihood(l advisory.Likelihood) { s.EPSS = append(s.EPSS, l) }

// Points keeps decision points.
func (s *Sink) Points(p advisory.Points) { s.SSVC = append(s.SSVC, p) }

// Cycle keeps a release.
func (s *Sink) Cycle(c advisory.Cycle) { s.Cycles = append(s.Cycles, c) }

// Dated keeps the latest date.
func (s *Sink) Dated(source string, at time.Time) {
	if s.Dates == nil {
		s.Dates = make(map[string]time.Time)
	}
	if at.After(s.Dates[source]) {
		s.Dates[source] = at
	}
}

// Done counts a record.
func (s *Sink) Done(source string) {
	if s.Read == nil {
		s.Read = make(map[string]int)
	}
	s.Read[source]++
}

// Refuse keeps a refusal.
func (s *Sink) Refuse(source string, line int, id, why string) {
	s.Refused = append(s.Refused, advisory.Refused{Source: source, Line: line, Record: id, Why: why})
}

// Check tells what of a reader's promises was not kept.
func (s *Sink) Check(t testing.TB) {
	t.Helper()
	for i := range s.Advisories {
		if why := fault(&s.Advisories[i]); why != "" {
			t.Errorf("advisory %q of %q: %s", s.Advisories[i].ID, s.Advisories[i].Source, why)
		}
	}
	for _, r := range s.Refused {
		if r.Source == "" || r.Why == "" {
			t.Errorf("refused without source or reason: %+v", r)
		}
	}
	for _, l := range s.EPSS {
		if !(l.Score >= 0 && l.Score <= 1) {
			t.Errorf("a score of %v", l.Score)
		}
	}
	for _, c := range s.Cycles {
		if c.Product == "" || c.Cycle == "" {
			t.Errorf("a release without a name: %+v", c)
		}
	}
	read := 0
	for _, n := range s.Read {
		read += n
	}
	if read == 0 && len(s.Advisories)+len(s.KEV)+len(s.EPSS)+len(s.Cycles) > 0 && len(s.Refused) == 0 {
		t.Error("something was read and nothing was counted")
	}
}

func fault(a *advisory.Advisory) string {
	if a.ID == "" || a.Source == "" {
		return "it has no id or no source"
	}
	for i := range a.Products {
		p := &a.Products[i]
		forms := 0
		for _, is := range [...]bool{p.Package != nil, p.CPE != nil, p.Device != nil, p.Windows != nil} {
			if is {
				forms++
			}
		}
		switch {
		case forms != 1:
			return fmt.Sprintf("product %d has %d forms, want one", i, forms)
		case p.Package != nil && p.Package.Name == "" && p.Package.PURL == "":
			return fmt.Sprintf("product %d is a package without a name", i)
		case p.CPE != nil && (p.CPE.Vendor == "" || p.CPE.Product == ""):
			return fmt.Sprintf("product %d is a CPE that names nothing", i)
		case p.Status > advisory.Unsupported:
			return fmt.Sprintf("product %d has the status %d", i, p.Status)
		}
		for _, r := range p.Ranges {
			if r.Fixed != "" && r.LastAffected != "" {
				return fmt.Sprintf("product %d has a range with two ends", i)
			}
		}
	}
	return ""
}
