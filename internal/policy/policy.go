// Package policy decides goals from facts: it loads checks written as data,
// compiles their conditions, evaluates them on resources, and draws the state
// of each check and goal from the results.
//
// It is an engine: pure functions over its inputs, with time handed in. It
// knows neither where facts come from nor where results go.
//
// The five values of a result are never folded into one another: what could
// not be measured is neither a pass nor a fail, and the state of a goal is
// capped by how much of what is in scope was measured.
package policy

import (
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// Verdict is the value of one result.
type Verdict string

// The five values.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	NotApplicable Verdict = "not_applicable"
	NotMeasured   Verdict = "not_measured"
	Error         Verdict = "error"
)

// State is where a check or a goal stands.
type State string

// The states.
const (
	Met              State = "met"
	PartlyMet        State = "partly_met"
	NotMet           State = "not_met"
	StateNotMeasured State = "not_measured"
	StateNotApplies  State = "not_applicable"
)

// Role says how a check bears on its goal.
type Role string

// The roles. A deciding check must be met for its goal to be met, and a goal
// none of whose deciding checks was measured is not measured. A supporting
// check can keep a goal from being met and never makes it so.
const (
	Deciding   Role = "deciding"
	Supporting Role = "supporting"
)

// Severity ranks what a failure means.
type Severity string

// The severities, gravest first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Observed is a value that a result rests on.
type Observed struct {
	Name   string      `json:"name"`  // attribute
	Value  any         `json:"value"` // null where it was not measured
	Why    string      `json:"why,omitempty"`
	Origin fact.Origin `json:"origin"`
}

// Result is what one check says of one resource.
type Result struct {
	Check     string         `json:"check"`
	Kind      fact.Kind      `json:"kind"`
	Resource  string         `json:"resource"` // resource id
	Label     string         `json:"label"`
	Asset     string         `json:"asset,omitempty"`
	Verdict   Verdict        `json:"verdict"`
	Observed  []Observed     `json:"observed"`
	Expected  string         `json:"expected"`
	Why       string         `json:"why,omitempty"` // for not_measured and error always; for others where it helps
	Assurance fact.Assurance `json:"assurance"`     // the weakest it rests on
}

// Tally counts results by value.
type Tally struct {
	Pass          int `json:"pass"`
	Fail          int `json:"fail"`
	NotApplicable int `json:"not_applicable"`
	NotMeasured   int `json:"not_measured"`
	Error         int `json:"error"`
}

// Measured counts the results that say how it is.
func (t Tally) Measured() int { return t.Pass + t.Fail }

// InScope counts the results that should say how it is.
func (t Tally) InScope() int { return t.Pass + t.Fail + t.NotMeasured + t.Error }

// Coverage says how much of what is in scope was measured.
type Coverage struct {
	Measured int `json:"measured"`
	InScope  int `json:"in_scope"`
}

// Reason is why results are as they are, with how many share it. Count and text
// read as one: "19" and "not measured: disk encryption needs root". A count of
// 0 means the text stands alone.
type Reason struct {
	Text  string `json:"text"`
	Count int    `json:"count"`
}

// Outcome is what a check says of all its resources.
type Outcome struct {
	Check     *Check
	Settings  Settings // what it was decided by
	State     State
	Tally     Tally
	Assurance fact.Assurance // the weakest a pass or fail rests on
	Why       []Reason       // most frequent first; a count of 0 speaks of all resources
	Results   []Result       // sorted by resource id
	OldestAt  time.Time      // oldest observation a pass or fail rests on; zero if none
}
