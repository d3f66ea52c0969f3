package network

import (
	"fmt"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
)

// Schedule says when discovery may run by itself: on some days, within hours of
// the hospital's own time, every so often. It is data; somebody else waits.
type Schedule struct {
	// Days are mon, tue, …, sun. None means every day. A window that goes past
	// midnight belongs to the day it begins on.
	Days []string `json:"days,omitempty" yaml:"days,omitempty"`
	From string   `json:"from"           yaml:"from"` // 22:00
	To   string   `json:"to"             yaml:"to"`   // 05:00; the same as from means the whole day
	// Every is the time from one start to the next, at least a minute; 0 means once
	// in each window.
	Every time.Duration `json:"every,omitempty" yaml:"every,omitempty"`
	Zone  string        `json:"zone,omitempty"  yaml:"zone,omitempty"` // America/Chicago; none means UTC
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

type window struct {
	days     [7]bool
	from, to int // minutes of the day
	loc      *time.Location
	every    time.Duration
}

func (s Schedule) parse() (window, error) {
	w := window{loc: time.UTC, every: s.Every}
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
		w.days = [7]bool{true, true, true, true, true, true, true}
	}
	var ok bool
	if w.from, ok = minutes(s.From); !ok {
		bad("from %q: write the time as 22:00", s.From)
	}
	if w.to, ok = minutes(s.To); !ok {
		bad("to %q: write the time as 05:00", s.To)
	}
	if s.Every < 0 || s.Every > 0 && s.Every < time.Minute {
		bad("every %s: at least 1m, or leave it out to run once in each window", s.Every)
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

// Next returns the first moment after now at which a run may start. Last is when
// the newest run started; zero if there was none.
func (s Schedule) Next(now, last time.Time) (time.Time, error) {
	w, err := s.parse()
	if err != nil {
		return time.Time{}, err
	}
	earliest := now
	if w.every > 0 && !last.IsZero() {
		if t := last.Add(w.every); t.After(earliest) {
			earliest = t
		}
	}
	local := earliest.In(w.loc)
	// From the day before, whose window may reach into this one.
	for d := -1; d <= 8; d++ {
		open, end := w.on(local.Year(), local.Month(), local.Day()+d)
		if open.IsZero() || !end.After(earliest) {
			continue
		}
		start := open
		if earliest.After(open) {
			start = earliest
		}
		if w.every == 0 && !last.IsZero() && !last.Before(open) && last.Before(end) {
			continue // it ran in this window
		}
		return start.UTC(), nil
	}
	return time.Time{}, errs.New(errs.Invalid, "schedule: no window opens within a week: check its days and hours")
}

// Open reports whether a run may be under way at the moment, and until when: a
// run that is not done by then is stopped and goes on in the next window.
func (s Schedule) Open(at time.Time) (until time.Time, open bool) {
	w, err := s.parse()
	if err != nil {
		return time.Time{}, false
	}
	local := at.In(w.loc)
	for d := -1; d <= 0; d++ {
		from, end := w.on(local.Year(), local.Month(), local.Day()+d)
		if !from.IsZero() && !at.Before(from) && at.Before(end) {
			return end.UTC(), true
		}
	}
	return time.Time{}, false
}

// on returns the window that begins on a day, in the hospital's own time, so that
// it keeps its hours when clocks change.
func (w window) on(year int, month time.Month, day int) (from, to time.Time) {
	noon := time.Date(year, month, day, 12, 0, 0, 0, w.loc)
	if !w.days[noon.Weekday()] {
		return time.Time{}, time.Time{}
	}
	y, m, d := noon.Date()
	from = time.Date(y, m, d, w.from/60, w.from%60, 0, 0, w.loc)
	if w.to <= w.from {
		d++
	}
	return from, time.Date(y, m, d, w.to/60, w.to%60, 0, 0, w.loc)
}
