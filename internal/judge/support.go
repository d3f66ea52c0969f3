package judge

import (
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln/eol"
)

// supportTable returns the dates of support of the feed, or nil where it has none.
func (e *feedEngine) supportTable() *eol.Table {
	e.supportOnce.Do(func() {
		section := e.db.Section(eol.Section)
		if section == nil {
			return
		}
		if t, err := eol.Open(section); err == nil {
			e.support = t
		}
	})
	return e.support
}

// SystemSupport implements Engine.
func (e *feedEngine) SystemSupport(a *fact.Resource, now time.Time) (Support, bool) {
	t := e.supportTable()
	name := a.Text("os_name")
	if t == nil || name == "" {
		return Support{}, false
	}
	id, _, _ := strings.Cut(strings.ToLower(name), " ")
	return e.supportOf(t.System(eol.System{ID: id, Name: name, Version: a.Text("os_version"), Build: a.Text("os_build")}, now))
}

// SoftwareSupport implements Engine.
func (e *feedEngine) SoftwareSupport(c *fact.Component, now time.Time) (Support, bool) {
	t := e.supportTable()
	if t == nil || c.PURL == "" && c.CPE == "" {
		return Support{}, false
	}
	return e.supportOf(t.Component(eol.Component{PURL: c.PURL, CPE: c.CPE, Version: c.Version}, now))
}

// supportOf says nothing where the table is older than it may be, but for what had ended
// by then: makers do not take that back.
func (e *feedEngine) supportOf(a eol.Answer) (Support, bool) {
	if a.State == eol.NotKnown || a.State != eol.Ended && e.stale["support"] != "" {
		return Support{}, false
	}
	return Support{
		Product: strings.TrimSpace(a.Title + " " + a.Cycle), Ends: a.Ends, Extended: a.Extended, Ended: a.State == eol.Ended, Say: a.Why,
	}, true
}
