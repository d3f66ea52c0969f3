package policy

import (
	"cmp"
	"slices"
	"strings"
)

// slack forgives what a division of small whole numbers loses.
const slack = 1e-9

// StateOf draws the state of a check from its tally. docs/formats/assessment.md
// gives the same rules in words.
func StateOf(t Tally, minCoverage, passShare, floor float64) State {
	inScope, measured := t.InScope(), t.Measured()
	switch {
	case inScope == 0 && t.NotApplicable > 0:
		return StateNotApplies
	case measured == 0:
		return StateNotMeasured
	}
	coverage := float64(measured) / float64(inScope)
	share := float64(t.Pass) / float64(measured)
	enough := coverage+slack >= floor
	if share+slack >= passShare {
		switch {
		case coverage+slack >= minCoverage:
			return Met
		case enough:
			return PartlyMet
		}
		return StateNotMeasured
	}
	if t.Pass > 0 && enough {
		return PartlyMet
	}
	return NotMet
}

// Measured reports whether a state says how it is.
func (s State) Measured() bool { return s == Met || s == PartlyMet || s == NotMet }

// Standing is what a goal's state and score are drawn from, one for each of its
// checks.
type Standing struct {
	Role        Role
	State       State
	Tally       Tally
	MinCoverage float64
}

// GoalState draws a goal's state from its checks. Those that do not apply are
// left out.
func GoalState(checks []Standing) State {
	var applicable, deciding, measured, notMet, met int
	for _, c := range checks {
		if c.State == StateNotApplies {
			continue
		}
		applicable++
		if c.Role == Deciding && c.State.Measured() {
			deciding++
		}
		if c.State.Measured() {
			measured++
		}
		switch c.State {
		case Met:
			met++
		case NotMet:
			notMet++
		default:
		}
	}
	switch {
	case applicable == 0 && len(checks) > 0:
		return StateNotApplies
	case deciding == 0:
		return StateNotMeasured
	case met == applicable:
		return Met
	case notMet == measured:
		return NotMet
	}
	return PartlyMet
}

// GoalScore is the score of a goal, 0 to 100: the mean over its measured
// deciding checks of the share that passes, lowered in proportion where
// coverage is short of what the check asks. ok is false where none was
// measured; there is no score then.
func GoalScore(checks []Standing) (score float64, ok bool) {
	sum, n := 0.0, 0
	for _, c := range checks {
		if c.Role != Deciding || !c.State.Measured() {
			continue
		}
		share := float64(c.Tally.Pass) / float64(c.Tally.Measured())
		if c.MinCoverage > 0 {
			coverage := float64(c.Tally.Measured()) / float64(c.Tally.InScope())
			share *= min(1, coverage/c.MinCoverage)
		}
		sum += share
		n++
	}
	if n == 0 {
		return 0, false
	}
	return 100 * sum / float64(n), true
}

// SortReasons puts the most frequent first, then by text.
func SortReasons(rs []Reason) {
	slices.SortFunc(rs, func(a, b Reason) int { return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text)) })
}

// Rank orders severities: 0 is the gravest.
func (s Severity) Rank() int {
	switch s {
	case Critical:
		return 0
	case High:
		return 1
	case Medium:
		return 2
	default:
		return 3
	}
}
