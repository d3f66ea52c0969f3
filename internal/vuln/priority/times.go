package priority

import (
	"slices"
	"time"
)

// Span is how long a finding was open.
type Span struct {
	From time.Time
	To   time.Time // zero: still open
}

// Durations say how long it takes to mend. Findings still open are not left out, which
// would make slow look fast: they count as mended no sooner than today (Kaplan and
// Meier's estimate).
type Durations struct {
	Fixed, Open int
	// Median and P90 are the times within which half and nine tenths are mended; not
	// known where that many never were.
	Median, P90           time.Duration
	MedianKnown, P90Known bool
	// OpenMedian and OpenOldest are ages of what is open.
	OpenMedian, OpenOldest time.Duration
}

// TimeToFix computes the distribution. Spans that begin after now, or end before they
// begin, count as of no length.
func TimeToFix(spans []Span, now time.Time) Durations {
	type ending struct {
		after time.Duration
		fixed bool
	}
	var d Durations
	ends := make([]ending, 0, len(spans))
	var open []time.Duration
	for _, s := range spans {
		e := ending{fixed: !s.To.IsZero() && !s.To.After(now)}
		if e.fixed {
			d.Fixed++
			e.after = max(s.To.Sub(s.From), 0)
		} else {
			d.Open++
			e.after = max(now.Sub(s.From), 0)
			open = append(open, e.after)
		}
		ends = append(ends, e)
	}
	slices.Sort(open)
	if len(open) > 0 {
		d.OpenMedian, d.OpenOldest = open[(len(open)-1)/2], open[len(open)-1]
	}
	// At one age, what is mended counts before what is only seen to be open.
	slices.SortFunc(ends, func(a, b ending) int {
		if a.after != b.after {
			return int(min(max(a.after-b.after, -1), 1))
		}
		return yesFirst(a.fixed, b.fixed)
	})
	left := 1.0 // share not yet mended
	for i := 0; i < len(ends); {
		n, at, risk := 0, ends[i].after, len(ends)-i
		for ; i < len(ends) && ends[i].after == at; i++ {
			if ends[i].fixed {
				n++
			}
		}
		left *= 1 - float64(n)/float64(risk)
		const tiny = 1e-9
		if n > 0 && !d.MedianKnown && left <= 0.5+tiny {
			d.Median, d.MedianKnown = at, true
		}
		if n > 0 && !d.P90Known && left <= 0.1+tiny {
			d.P90, d.P90Known = at, true
		}
	}
	return d
}
