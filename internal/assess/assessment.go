// Package assess decides the goals of an organization from its stored facts and
// keeps what it decided.
//
// An assessment is a pure function of the facts as they were known at a moment,
// the content (goals, checks, parameters) and that moment. Run again on the
// same three it gives the same bytes, and nothing new is kept.
package assess

import (
	"time"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
)

// SchemaV1 names the JSON form of an assessment, docs/formats/assessment.md.
const SchemaV1 = "asepsis/assessment/v1"

// Level is how far an organization has come.
type Level string

// The levels.
const (
	Unmeasured Level = "unmeasured" // no goal was measured
	Partial    Level = "partial"    // some goals were, and not all essential ones are met
	Essential  Level = "essential"  // all essential goals are met
	Enhanced   Level = "enhanced"   // all twenty are
)

// Organization is whom an assessment is about.
type Organization struct {
	ID    string `json:"id"` // tenant id
	Name  string `json:"name"`
	Kind  string `json:"kind"` // critical_access, community, clinic, health_system
	CCN   string `json:"ccn,omitempty"`
	State string `json:"state,omitempty"`
	Beds  int    `json:"beds,omitempty"`
}

// Assessment says where an organization stood at a moment.
type Assessment struct {
	Schema       string       `json:"schema"`
	ID           string       `json:"id"`
	AsOf         time.Time    `json:"as_of"`
	Organization Organization `json:"organization"`
	Demo         bool         `json:"demo,omitempty"` // generated data; every rendering says so
	Level        Level        `json:"level"`
	// Score is the mean over the measured goals, 0 to 100; null where none was
	// measured. It is only shown beside GoalsMeasured.
	Score         *float64           `json:"score"`
	GoalsMeasured int                `json:"goals_measured"`
	GoalsMet      int                `json:"goals_met"`
	Content       Content            `json:"content"`
	Resources     map[fact.Kind]int  `json:"resources"` // how many were known
	Goals         []Goal             `json:"goals"`     // by number
	Unread        []fact.SourcedNote `json:"unread"`    // what could not be read, and why
	// Digest is over everything the results say; two assessments with the same
	// digest say the same.
	Digest string `json:"digest"`
}

// Content says which rules an assessment was made by.
type Content struct {
	Version    string `json:"version"`    // of the product
	Checks     string `json:"checks"`     // SHA-256 of goals and checks, hex
	Parameters string `json:"parameters"` // SHA-256 of the parameters in force, hex
}

// Goal is where one goal stands.
type Goal struct {
	ID        string          `json:"id"`
	Number    int             `json:"number"`
	Tier      string          `json:"tier"` // essential, enhanced
	Title     string          `json:"title"`
	State     policy.State    `json:"state"`
	Score     *float64        `json:"score"`
	Coverage  policy.Coverage `json:"coverage"`  // results of all its checks
	Assurance fact.Assurance  `json:"assurance"` // the weakest its verdict rests on
	Why       []policy.Reason `json:"why"`
	Checks    []Check         `json:"checks"`
}

// Check is what one check says of all resources it looks at.
type Check struct {
	ID       string          `json:"id"`
	Title    string          `json:"title"`
	Resource fact.Kind       `json:"resource"`
	Role     policy.Role     `json:"role"`
	Severity policy.Severity `json:"severity"`
	State    policy.State    `json:"state"`
	policy.Tally
	Coverage  policy.Coverage `json:"coverage"`
	Assurance fact.Assurance  `json:"assurance"`
	Why       []policy.Reason `json:"why"`
	// MinCoverage, PassShare and CoverageFloor are what State was drawn by.
	MinCoverage   float64 `json:"min_coverage"`
	PassShare     float64 `json:"pass_share"`
	CoverageFloor float64 `json:"coverage_floor"`
	// Needs says what to bring where nothing could be measured.
	Needs    string    `json:"needs,omitempty"`
	Own      bool      `json:"own,omitempty"`      // added by the organization
	OldestAt time.Time `json:"oldest_at,omitzero"` // oldest observation a pass or fail rests on
}

// Kept is an assessment with the results behind it.
type Kept struct {
	Assessment Assessment
	// Results by check id, each sorted by resource.
	Results map[string][]policy.Result
	// FactsSeq is the newest batch it rests on.
	FactsSeq int64
}
