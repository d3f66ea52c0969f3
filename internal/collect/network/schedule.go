package network

import (
	"fmt"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
)

// Schedule says when discovery may run by itself: on some days, within hours of
// the hospital's own time. It is data; somebody else waits.
type Schedule struct {
	// Days are mon, tue, …, sun. None means every day. A window that goes past
	// midnight belongs to the day it begins on.
	Days []string `json:"days,omitempty" yaml:"days,omitempty"`
	From string   `json:"from"           yaml:"from"`            // 22:00
	To   string   `json:"to"             yaml:"to"`              // 05:00; the same as from means any hour
	Zone string   `json:"zone,omitempty"  yaml:"zone,omitempty"` // America/Chicago; Local is the server's own; none means UTC
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

var everyDay = [7]bool{true, true, true, true, true, true, true}

type window struct {
	days     [7]bool
	from, to int // minutes of the day
	loc      *time.Location
}

func (s Schedule) parse() (window, error) {
	w := window{loc: time.UTC}
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, d := range s.Days {
		i := slices.Index(weekdays, d)
		if i < 0 {
			bad("day %q: want mon, tue, wed, thu, fri, sat or sun", d)
			continue
		}
		w.days[i] = true
	}
	if len(s.Days) == 0 {
		w.days = everyDay
	}
	var ok bool
	if w.from, ok = minutes(s.From); !ok {
		bad("from %q: write the time as 22:00", s.From)
	}
	if w.to, ok = minutes(s.To); !ok {
		bad("to %q: write the time as 05:00", s.To)
	}
	if s.Zone != "" {
		loc, err := time.LoadLocation(s.Zone)
		if err != nil {
			bad("zone %q: write it as America/Chicago", s.Zone)
		} else {
			w.loc = loc
		}
	}
	if len(faults) > 0 {
		return w, errs.New(errs.Invalid, "schedule: %w", joined(faults))
	}
	return w, nil
}

func minutes(s string) (int, bool) {
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil
}

// Check returns an error of kind errs.Invalid with every fault, or nil.
func (s Schedule) Check() error {
	_, err := s.parse()
	return err
}

// Open reports whether a run may be under way at the moment, and until when: a
// run that is not done by then is stopped and goes on in the next window. The clock
// on the wall decides, so where clocks change, an hour that does not exist is no
// hour to run in, and one that comes twice is permitted twice.
func (s Schedule) Open(at time.Time) (until time.Time, open bool) {
	w, err := s.parse()
	if err != nil || !w.holds(at) {
		return time.Time{}, false
	}
	if w.from == w.to && w.days == everyDay {
		return time.Time{}, true
	}
	// Minute by minute: clocks change at minutes, and a window has few of them.
	for t := at.Truncate(time.Minute); ; {
		if t = t.Add(time.Minute); !w.holds(t) || t.Sub(at) > longest {
			return t.UTC(), true
		}
	}
}

// longest bounds how far the end of a window is looked for: the days of a week.
const longest = 8 * 24 * time.Hour

// holds reports whether the clock on the wall shows a time of the window.
func (w window) holds(t time.Time) bool {
	local := t.In(w.loc)
	minute := local.Hour()*60 + local.Minute()
	today, before := w.days[local.Weekday()], w.days[(local.Weekday()+6)%7]
	switch {
	case w.from == w.to && w.from == 0:
		return today
	case w.from < w.to:
		return today && minute >= w.from && minute < w.to
	}
	return today && minute >= w.from || before && minute < w.to
}
