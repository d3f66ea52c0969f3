package assess

import (
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// FixTimes are the days that the organization gives itself to mend a finding,
// by severity: on systems that the internet can reach, and elsewhere.
type FixTimes struct {
	Exposed, Inside map[string]int64
}

// FixTimes reads the times from the parameters of the checks that hold people
// to them, so that a day shown to be mended by is the day the check counts.
func (r Rules) FixTimes() FixTimes {
	t := FixTimes{Exposed: make(map[string]int64), Inside: make(map[string]int64)}
	for severity, id := range map[string]string{
		"critical": "vulnerabilities-critical-in-time", "high": "vulnerabilities-high-in-time", "medium": "vulnerabilities-medium-in-time",
	} {
		c, ok := r.Checks.Check(id)
		if !ok {
			continue
		}
		params := r.Params.For(c).Params
		if d, ok := params["exposed_days"].(int64); ok {
			t.Exposed[severity] = d
		}
		if d, ok := params["inside_days"].(int64); ok {
			t.Inside[severity] = d
		}
	}
	return t
}

// by returns the day a finding is to be mended by. What no source says to be
// reachable from the internet gets the shorter time, as the checks have it.
func (t FixTimes) by(r *fact.Resource) (time.Time, bool) {
	first := r.When("first_seen_at")
	severity := r.Text("severity")
	days, ok := t.Exposed[severity]
	if facing, known := r.Get("internet_facing").(bool); known && !facing {
		days, ok = t.Inside[severity]
	}
	var by time.Time
	if ok && !first.IsZero() {
		by = first.AddDate(0, 0, int(days))
	}
	if due := r.When("known_exploited_due_at"); !due.IsZero() && (by.IsZero() || due.Before(by)) {
		by = due
	}
	return by, !by.IsZero()
}

// Urgency states of each finding the day it is to be mended by, and how soon
// that is by CISA's decision tree. The set is one that [Derive] made.
func Urgency(s *fact.Set, times FixTimes) {
	assets := make(map[string]*fact.Resource, len(s.Resources[fact.KindAsset]))
	for _, a := range s.Resources[fact.KindAsset] {
		assets[a.ID] = a
	}
	for _, r := range s.Resources[fact.KindVulnerability] {
		o := from("derived from its severity, its age and CISA's catalog", newest(r))
		if by, ok := times.by(r); ok {
			set(r, "fix_by_at", by, o)
		} else {
			missing(r, "fix_by_at", "no time is set for its severity")
		}
		set(r, "decision", decide(r, assets[r.Asset]), from("derived by CISA's decision tree (SSVC)", newest(r)))
	}
}
