package feed

import (
	"time"

	"github.com/asepsis/asepsis/internal/vuln"
)

// Cadence says after how long a source of a kind is stale. A kind is the part of a
// source's name before the slash; "" is for all that are not named.
type Cadence map[string]time.Duration

// DefaultCadence is a week for what names flaws, as HHS's practices have critical
// ones mended within two, and a quarter for dates of support.
func DefaultCadence() Cadence {
	const day = 24 * time.Hour
	return Cadence{"": 7 * day, "kev": 7 * day, "epss": 7 * day, "endoflife": 90 * day, "debian": 7 * day, "msrc": 31 * day}
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
	Ecosystems []vuln.Coverage `json:"ecosystems,omitempty"`
}

// Missing is a source that the feed does not have at all, and what follows.
type Missing struct {
	Source string `json:"source"`
	Effect string `json:"effect"`
}

// Status says what the feed holds at a time. A clock that stands before the feed was
// built makes nothing fresh: ages are then zero, and a warning says so.
func (f *Feed) Status(now time.Time, cadence Cadence) (Status, error) {
	cov, err := f.DB.Coverage()
	if err != nil {
		return Status{}, err
	}
	m := f.Manifest
	st := Status{ID: f.ID, Built: m.Built, Age: max(now.Sub(m.Built), 0), Records: m.Records, Refused: m.Refused, Unused: len(m.Unused)}
	if now.Before(m.Built) {
		st.Warnings = append(st.Warnings, "This machine's clock stands before the time the feed was built. Set the clock; ages cannot be told.")
	}
	have := make(map[string]bool)
	stale := 0
	for _, s := range m.Sources {
		if s.Name == "unknown" || s.Name == "unreadable" || s.Name == "changed" {
			continue
		}
		x := SourceStatus{Source: s, StaleAfter: cadence.of(s.Name)}
		x.Age = max(now.Sub(s.Snapshot), 0)
		x.Stale = s.Snapshot.IsZero() || x.Age > x.StaleAfter
		if s.Snapshot.IsZero() {
			x.Age = 0
		}
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
	if stale > 0 {
		st.Warnings = append(st.Warnings, "Some sources are older than they may be. What depends on them counts as not assessed until the feed is updated.")
	}
	return st, nil
}
