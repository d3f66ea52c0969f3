package judge

import (
	"slices"
	"strings"
	"time"
)

// Closed is a finding that went away.
type Closed struct {
	Flaw  string
	Since time.Time
}

// Carry dates the matches of now: one that was there before keeps its date, a
// new one gets at. It returns what was opened and what went away.
func Carry(now *Findings, before Findings, at time.Time) (opened int, closed []Closed) {
	slices.SortFunc(now.Matches, func(a, b Match) int { return strings.Compare(a.Flaw, b.Flaw) })
	was := make(map[string]time.Time, len(before.Matches))
	for _, m := range before.Matches {
		was[m.Flaw] = m.Since
	}
	for i := range now.Matches {
		m := &now.Matches[i]
		if since, ok := was[m.Flaw]; ok {
			m.Since = since
			delete(was, m.Flaw)
			continue
		}
		m.Since = at.UTC().Truncate(time.Microsecond)
		opened++
	}
	for flaw, since := range was {
		closed = append(closed, Closed{Flaw: flaw, Since: since})
	}
	slices.SortFunc(closed, func(a, b Closed) int { return strings.Compare(a.Flaw, b.Flaw) })
	return opened, closed
}
