package app

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/web/api"
)

// How far ahead Today warns.
const (
	soonDue     = 7 * 24 * time.Hour
	soonEnding  = 14 * 24 * time.Hour
	mostNamings = 3
)

// alerts are what cannot wait, gravest first: days that passed, flaws that are
// exploited, what came since the assessment before, what is about to end.
func (v *view) alerts() []api.Alert {
	out := []api.Alert{}
	add := func(id, tone, link, text string, n int) {
		if n > 0 {
			out = append(out, api.Alert{ID: id, Tone: tone, Text: text, Link: link, Count: n})
		}
	}
	var past, exploited, due, fresh tally
	var oldest time.Time
	since := v.at
	if v.previous != nil {
		since = v.previous.Assessment.AsOf
	}
	assets := v.inUse()
	for _, r := range v.set.Resources[fact.KindVulnerability] {
		if assets[r.Asset] == nil || !open(r) {
			continue
		}
		if r.True("known_exploited") {
			exploited.add(r)
		}
		switch by := r.When("fix_by_at"); {
		case by.IsZero():
		case by.Before(v.at):
			past.add(r)
			if oldest.IsZero() || by.Before(oldest) {
				oldest = by
			}
		case by.Sub(v.at) < soonDue:
			due.add(r)
		}
		if grave := r.Text("severity") == "critical" || r.Text("severity") == "high"; grave && r.When("first_seen_at").After(since) {
			fresh.add(r)
		}
	}
	const list = "/resources/vulnerability?f.status=open"
	add("past_due", "bad", "/vulnerabilities", fmt.Sprintf("%s past the day to mend %s by, on %s; the oldest since %s.",
		plural(past.findings, "finding is", "findings are"), itThem(past.findings), plural(len(past.assets), "device", "devices"), oldest.Format("2 January 2006")), past.findings)
	add("exploited", "bad", list+"&f.known_exploited=true", fmt.Sprintf("%s known to be exploited by attackers: %s.",
		plural(exploited.findings, "open finding is", "open findings are"), exploited.names()), exploited.findings)
	add("new", "warn", list, fmt.Sprintf("%s since the assessment before: %s.",
		plural(fresh.findings, "critical or high finding came", "critical or high findings came"), fresh.names()), fresh.findings)
	add("due_soon", "warn", "/vulnerabilities", fmt.Sprintf("%s to be mended within seven days.", plural(due.findings, "finding is", "findings are")), due.findings)
	if v.known == nil {
		return out
	}
	ending := 0
	for _, d := range v.known.Decisions {
		if d.Until.Sub(v.at) < soonEnding {
			ending++
		}
	}
	add("decisions_ending", "warn", "/vulnerabilities/decisions", fmt.Sprintf("%s within 14 days; what they cover then counts as open again.",
		plural(ending, "decision about findings ends", "decisions about findings end")), ending)
	if f := v.feed(); f != nil && f.Stale {
		add("feed_stale", "warn", "/feeds", fmt.Sprintf("The advisories are of %s; flaws published since are not known here.", f.BuiltAt.Format("2 January 2006")), 1)
	}
	return out
}

// tally counts findings, and names their flaws and assets.
type tally struct {
	findings int
	flaws    []string
	assets   map[string]bool
}

func (t *tally) add(r *fact.Resource) {
	t.findings++
	if f := called(r); !slices.Contains(t.flaws, f) {
		t.flaws = append(t.flaws, f)
	}
	if t.assets == nil {
		t.assets = make(map[string]bool)
	}
	t.assets[r.Asset] = true
}

// called names a finding for people: a scanner's own number says nothing.
func called(r *fact.Resource) string {
	f := flawOf(r)
	if title := r.Text("title"); title != "" && !strings.HasPrefix(f, "CVE-") && strings.Contains(f, ":") {
		return title
	}
	return f
}

// names lists a few of the flaws.
func (t *tally) names() string {
	slices.Sort(t.flaws)
	s := strings.Join(t.flaws[:min(len(t.flaws), mostNamings)], ", ")
	if n := len(t.flaws) - mostNamings; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	return s
}

func itThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}
