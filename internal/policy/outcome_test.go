package policy

import (
	"math"
	"testing"
)

func TestStateOf(t *testing.T) {
	for _, tt := range []struct {
		name                 string
		tally                Tally
		minCov, share, floor float64
		want                 State
	}{
		{"nothing known", Tally{}, 0.95, 1, 0.25, StateNotMeasured},
		{"nothing measured", Tally{NotMeasured: 5}, 0.95, 1, 0.25, StateNotMeasured},
		{"nothing measured, no coverage asked", Tally{NotMeasured: 5}, 0, 0, 0, StateNotMeasured},
		{"only errors", Tally{Error: 5}, 0.95, 1, 0.25, StateNotMeasured},
		{"none applies", Tally{NotApplicable: 9}, 0.95, 1, 0.25, StateNotApplies},
		{"none applies but some are not known to", Tally{NotApplicable: 9, NotMeasured: 1}, 0.95, 1, 0.25, StateNotMeasured},
		{"all pass", Tally{Pass: 20, NotApplicable: 9}, 0.95, 1, 0.25, Met},
		{"just enough coverage", Tally{Pass: 19, NotMeasured: 1}, 0.95, 1, 0.25, Met},
		{"an error counts as not covered", Tally{Pass: 19, NotMeasured: 1, Error: 1}, 0.95, 1, 0.25, PartlyMet},
		{"too little coverage", Tally{Pass: 18, NotMeasured: 2}, 0.95, 1, 0.25, PartlyMet},
		{"coverage on the floor", Tally{Pass: 1, NotMeasured: 3}, 0.95, 1, 0.25, PartlyMet},
		{"coverage below the floor", Tally{Pass: 1, NotMeasured: 4}, 0.95, 1, 0.25, StateNotMeasured},
		{"one fails", Tally{Pass: 19, Fail: 1}, 0.95, 1, 0.25, PartlyMet},
		{"one may fail", Tally{Pass: 19, Fail: 1}, 0.95, 0.95, 0.25, Met},
		{"a third of three, as shares round", Tally{Pass: 2, Fail: 1}, 0.95, 0.6666666666666667, 0.25, Met},
		{"all fail", Tally{Fail: 3}, 0.95, 1, 0.25, NotMet},
		{"one fails, the rest unseen", Tally{Fail: 1, NotMeasured: 99}, 0.95, 1, 0.25, NotMet},
		{"some pass below the floor", Tally{Pass: 1, Fail: 1, NotMeasured: 98}, 0.95, 1, 0.25, NotMet},
	} {
		if got := StateOf(tt.tally, tt.minCov, tt.share, tt.floor); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestGoalState(t *testing.T) {
	d := func(s State) Standing { return Standing{Role: Deciding, State: s} }
	s := func(st State) Standing { return Standing{Role: Supporting, State: st} }
	for _, tt := range []struct {
		name   string
		checks []Standing
		want   State
	}{
		{"no checks", nil, StateNotMeasured},
		{"all met", []Standing{d(Met), s(Met)}, Met},
		{"what does not apply is left out", []Standing{d(Met), d(StateNotApplies), s(StateNotApplies)}, Met},
		{"none applies", []Standing{d(StateNotApplies), s(StateNotApplies)}, StateNotApplies},
		{"no deciding check measured", []Standing{d(StateNotMeasured), s(Met)}, StateNotMeasured},
		{"no deciding check applies", []Standing{d(StateNotApplies), s(Met)}, StateNotMeasured},
		{"one deciding check not measured", []Standing{d(Met), d(StateNotMeasured)}, PartlyMet},
		{"a supporting check not measured", []Standing{d(Met), s(StateNotMeasured)}, PartlyMet},
		{"a supporting check not met", []Standing{d(Met), s(NotMet)}, PartlyMet},
		{"every measured check not met", []Standing{d(NotMet), d(StateNotMeasured), s(NotMet)}, NotMet},
		{"partly", []Standing{d(PartlyMet)}, PartlyMet},
		{"not met, but a supporting one is", []Standing{d(NotMet), s(Met)}, PartlyMet},
	} {
		if got := GoalState(tt.checks); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestGoalScore(t *testing.T) {
	if s, ok := GoalScore([]Standing{{Role: Deciding, State: StateNotMeasured}, {Role: Supporting, State: Met, Tally: Tally{Pass: 1}}}); ok {
		t.Errorf("a score of %v where no deciding check was measured", s)
	}
	s, ok := GoalScore([]Standing{
		{Role: Deciding, State: PartlyMet, Tally: Tally{Pass: 3, Fail: 1}, MinCoverage: 0.9},                  // 0.75
		{Role: Deciding, State: PartlyMet, Tally: Tally{Pass: 4, NotMeasured: 4, Error: 2}, MinCoverage: 0.8}, // 1 × 0.4/0.8
		{Role: Deciding, State: Met, Tally: Tally{Pass: 1}},                                                   // no coverage asked
		{Role: Supporting, State: NotMet, Tally: Tally{Fail: 9}},
	})
	if want := 100 * (0.75 + 0.5 + 1) / 3; !ok || math.Abs(s-want) > 1e-9 {
		t.Errorf("score %v, want %v", s, want)
	}
}
