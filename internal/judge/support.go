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
	return supportOf(t.System(eol.System{ID: id, Name: name, Version: a.Text("os_version"), Build: a.Text("os_build")}, now))
}

// SoftwareSupport implements Engine.
func (e *feedEngine) SoftwareSupport(c *fact.Component, now time.Time) (Support, bool) {
	t := e.supportTable()
	if t == nil || c.PURL == "" && c.CPE == "" {
		return Support{}, false
	}
	return supportOf(t.Component(eol.Component{PURL: c.PURL, CPE: c.CPE, Version: c.Version}, now))
}

func supportOf(a eol.Answer) (Support, bool) {
	if a.State == eol.NotKnown {
		return Support{}, false
	}
	return Support{
		Product: strings.TrimSpace(a.Title + " " + a.Cycle), Ends: a.Ends, Extended: a.Extended, Ended: a.State == eol.Ended, Say: a.Why,
	}, true
}
