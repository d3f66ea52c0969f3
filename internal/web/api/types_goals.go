package api

import (
	"time"

	"github.com/asepsis/asepsis/internal/policy"
)

// GoalDetail is one goal with its checks and what it maps to.
type GoalDetail struct {
	GoalTile
	Outcome   string       `json:"outcome" doc:"What holds where the goal is met, in our words"`
	Assurance string       `json:"assurance" doc:"The weakest its verdict rests on; empty where nothing was measured"`
	Why       []Reason     `json:"why"`
	Checks    []CheckRow   `json:"checks"`
	Mappings  []Mapping    `json:"mappings"`
	History   []StatePoint `json:"history" doc:"Changes of state, oldest first"`
}

// StatePoint is a state that began at a moment.
type StatePoint struct {
	At    time.Time    `json:"at"`
	State policy.State `json:"state" enum:"met,partly_met,not_met,not_measured,not_applicable"`
	Score *float64     `json:"score"`
}

// Mapping ties a goal to a requirement of a framework or rule.
type Mapping struct {
	Framework  string `json:"framework" example:"hipaa_security_rule"`
	Title      string `json:"title" doc:"Name of the framework, for people"`
	ID         string `json:"id" doc:"Requirement" example:"164.312(d)"`
	Text       string `json:"text,omitempty" doc:"What it is about"`
	Basis      string `json:"basis" doc:"Who says so" example:"official crosswalk"`
	Confidence string `json:"confidence" enum:"high,medium,low"`
}

// CheckRow is one check as a list shows it.
type CheckRow struct {
	ID        string          `json:"id"`
	Goal      string          `json:"goal"`
	Title     string          `json:"title"`
	Resource  string          `json:"resource" doc:"Kind of resource it looks at"`
	Role      policy.Role     `json:"role" enum:"deciding,supporting"`
	Severity  policy.Severity `json:"severity" enum:"critical,high,medium,low"`
	State     policy.State    `json:"state" enum:"met,partly_met,not_met,not_measured,not_applicable"`
	Tally     Tally           `json:"tally"`
	Coverage  Coverage        `json:"coverage"`
	Assurance string          `json:"assurance"`
	Why       []Reason        `json:"why"`
	Needs     string          `json:"needs,omitempty" doc:"What to bring where nothing could be measured" example:"accounts"`
	OldestAt  *time.Time      `json:"oldest_at,omitempty" doc:"Oldest observation a pass or fail rests on"`
	Own       bool            `json:"own" doc:"Added by the organization"`
}

// CheckDetail is one check with what it asks and how it was set.
type CheckDetail struct {
	CheckRow
	GoalTitle    string         `json:"goal_title"`
	GoalNumber   int            `json:"goal_number"`
	Applies      string         `json:"applies,omitempty" doc:"Which resources are in scope, CEL"`
	Pass         string         `json:"pass" doc:"What passes, CEL"`
	Expected     string         `json:"expected" doc:"The same for people"`
	FreshWithin  string         `json:"fresh_within,omitempty" example:"30d"`
	MinCoverage  float64        `json:"min_coverage"`
	PassShare    float64        `json:"pass_share"`
	WhyItMatters string         `json:"why_it_matters"`
	Remediation  string         `json:"remediation"`
	HICP         []string       `json:"hicp"`
	Threats      []string       `json:"threats"`
	Params       []Parameter    `json:"params"`
	History      []CheckHistory `json:"history" doc:"One point an assessment, oldest first, at most 60"`
}

// CheckHistory is how a check stood at a past assessment.
type CheckHistory struct {
	At    time.Time    `json:"at"`
	State policy.State `json:"state" enum:"met,partly_met,not_met,not_measured,not_applicable"`
	Tally Tally        `json:"tally"`
}

// ResultRow is what a check says of one resource, as a list shows it.
type ResultRow struct {
	Resource  string         `json:"resource" doc:"Resource id"`
	Kind      string         `json:"kind"`
	Label     string         `json:"label"`
	Asset     *Ref           `json:"asset,omitempty" doc:"The asset it lives on"`
	Verdict   policy.Verdict `json:"verdict" enum:"pass,fail,not_applicable,not_measured,error"`
	Observed  string         `json:"observed" doc:"What was seen, in one line" example:"mfa_enabled: no"`
	Why       string         `json:"why,omitempty"`
	Assurance string         `json:"assurance"`
}

// Ref names a resource.
type Ref struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Label string `json:"label"`
}

// ResultDetail is what a check says of one resource, with where each value
// came from.
type ResultDetail struct {
	ResultRow
	Check       string          `json:"check"`
	CheckTitle  string          `json:"check_title"`
	Goal        string          `json:"goal"`
	Severity    policy.Severity `json:"severity" enum:"critical,high,medium,low"`
	Expected    string          `json:"expected"`
	Pass        string          `json:"pass" doc:"What passes, CEL"`
	Values      []Observed      `json:"values"`
	Remediation string          `json:"remediation"`
	AsOf        time.Time       `json:"as_of" doc:"The assessment it is of"`
}

// Observed is a value that a result rests on.
type Observed struct {
	Name   string  `json:"name" doc:"Attribute"`
	Doc    string  `json:"doc" doc:"What it is"`
	Value  any     `json:"value" doc:"null where it was not measured"`
	Why    string  `json:"why,omitempty" doc:"Why it was not"`
	Origin *Origin `json:"origin,omitempty"`
}

// Origin says where a value comes from.
type Origin struct {
	Stream     string    `json:"stream"`
	Title      string    `json:"title"`
	ObservedAt time.Time `json:"observed_at"`
	Assurance  string    `json:"assurance" doc:"attested, imported or measured; empty where the value counts facts and there are none"`
}
