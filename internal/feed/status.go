package feed

import (
	"fmt"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/vuln"
)

// Cadence says after how long a source of a kind is stale. A kind is the part of a
// source's name before the slash; "" is for all that are not named.
type Cadence map[string]time.Duration

// Times says after how long sources are stale, as an installation sets it.
type Times struct {
	Advisories, Devices, Windows, Support time.Duration
}

// Cadence returns the times by kind of source.
func (t Times) Cadence() Cadence {
	return Cadence{"": t.Advisories, "csaf": t.Devices, "recalls": t.Devices, "msrc": t.Windows, "endoflife": t.Support}
}

// DefaultCadence is what an installation starts with; package policy says why.
func DefaultCadence() Cadence {
	const day = 24 * time.Hour
	return Times{Advisories: 7 * day, Devices: 7 * day, Windows: 31 * day, Support: 90 * day}.Cadence()
}

// clockSlack is how far clocks may lie apart.
const clockSlack = 24 * time.Hour

// longUnused is after how long without a new feed the clock is rather wrong.
const longUnused = 365 * 24 * time.Hour

// Clock says what is wrong with a clock by which a feed built at a time is from the
// future, or very old; "" where nothing is. behind is set where no age can be told.
func Clock(built, now time.Time) (wrong string, behind bool) {
	const form = "2 January 2006"
	switch {
	case now.Before(built.Add(-clockSlack)):
		return fmt.Sprintf("this machine's clock says %s, and the feed was built on %s: set the clock; until then no age can be told", now.UTC().Format(form), built.Format(form)), true
	case now.Sub(built) > longUnused:
		return fmt.Sprintf("this machine's clock says %s, and the feed was built on %s: set the clock, or bring a newer feed", now.UTC().Format(form), built.Format(form)), false
	}
	return "", false
}

func (c Cadence) of(source string) time.Duration {
	kind := source
	for i := range len(source) {
		if source[i] == '/' {
			kind = source[:i]
			break
		}
	}
	if d, ok := c[kind]; ok {
		return d
	}
	return c[""]
}

// Status says what a feed holds and how far it can be relied on.
type Status struct {
	ID       string         `json:"id"`
	Built    time.Time      `json:"built"`
	Age      time.Duration  `json:"age"`
	Records  int            `json:"records"`
	Refused  int            `json:"refused"`
	Unused   int            `json:"unused"` // files
	Sources  []SourceStatus `json:"sources"`
	Missing  []Missing      `json:"missing,omitempty"`
	Warnings []string       `json:"warnings,omitempty"` // sentences for people
}

// SourceStatus is the state of one source.
type SourceStatus struct {
	Source
	Age time.Duration `json:"age"`
	// Stale says that it is older than its cadence, or of unknown age. What depends
	// on it is then not assessed.
	Stale      bool            `json:"stale"`
	StaleAfter time.Duration   `json:"stale_after"`
	Why        string          `json:"why,omitempty"` // it is stale, for people
	Ecosystems []vuln.Coverage `json:"ecosystems,omitempty"`
}

// Missing is a source that the feed does not have at all, and what follows.
type Missing struct {
	Source string `json:"source"`
	Effect string `json:"effect"`
}

// Status says what the feed holds at a time. A clock that stands before the feed was
// built makes nothing fresh: no age can be told, so all of it is stale, and a warning
// says that it is the clock.
func (f *Feed) Status(now time.Time, cadence Cadence) (Status, error) {
	cov, err := f.DB.Coverage()
	if err != nil {
		return Status{}, err
	}
	m := f.Manifest
	st := Status{ID: f.ID, Built: m.Built, Age: max(now.Sub(m.Built), 0), Records: m.Records, Refused: m.Refused, Unused: len(m.Unused)}
	wrong, behind := Clock(m.Built, now)
	if wrong != "" {
		st.Warnings = append(st.Warnings, strings.ToUpper(wrong[:1])+wrong[1:]+".")
	}
	have := make(map[string]bool)
	stale := 0
	for _, s := range m.Sources {
		if s.Name == "unknown" || s.Name == "unreadable" || s.Name == "changed" {
			continue
		}
		x := SourceStatus{Source: s, StaleAfter: cadence.of(s.Name)}
		x.Age = max(now.Sub(s.Snapshot), 0)
		switch {
		case behind:
			x.Why = wrong
		case s.Snapshot.IsZero():
			x.Age, x.Why = 0, "nobody says how old it is"
		case s.Snapshot.After(now.Add(clockSlack)):
			x.Why = "it is dated " + s.Snapshot.Format("2 January 2006") + ", which is to come"
		case x.Age > x.StaleAfter && wrong != "":
			x.Why = wrong
		case x.Age > x.StaleAfter:
			x.Why = fmt.Sprintf("it is of %s, older than %s", s.Snapshot.Format("2 January 2006"), days(x.StaleAfter))
		}
		x.Stale = x.Why != ""
		if x.Stale && !s.Partial {
			stale++
		}
		for _, c := range cov {
			if c.Source == s.Name {
				x.Ecosystems = append(x.Ecosystems, c)
			}
		}
		st.Sources = append(st.Sources, x)
		kind := s.Name
		for i := range len(kind) {
			if kind[i] == '/' {
				kind = kind[:i]
				break
			}
		}
		have[kind] = have[kind] || s.Records > 0
	}
	for _, want := range []Missing{
		{"osv", "software of language ecosystems and of Linux distributions is not assessed"},
		{"kev", "nobody knows from this feed which flaws are being exploited; deadlines that depend on it cannot be set"},
		{"epss", "how likely flaws are to be exploited is not known"},
		{"csaf", "medical and industrial devices are not assessed"},
		{"msrc", "updates missing on Windows are not assessed"},
		{"endoflife", "whether systems are still supported is not assessed"},
		{"nvd", "software known only by its CPE name is not assessed"},
	} {
		if !have[want.Source] {
			st.Missing = append(st.Missing, want)
		}
	}
	if stale > 0 && !behind {
		st.Warnings = append(st.Warnings, "Some sources are older than they may be. What depends on them counts as not assessed until the feed is updated.")
	}
	return st, nil
}

// days says a window for people.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d%day != 0:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	case d == day:
		return "a day"
	}
	return fmt.Sprintf("%d days", d/day)
}
