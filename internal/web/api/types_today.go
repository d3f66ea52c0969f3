package api

import (
	"time"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/policy"
)

// Organization is whom the records are about.
type Organization struct {
	ID    string `json:"id" doc:"Tenant id"`
	Name  string `json:"name"`
	Kind  string `json:"kind" enum:"critical_access,community,clinic,health_system"`
	CCN   string `json:"ccn,omitempty" doc:"CMS certification number"`
	State string `json:"state,omitempty" doc:"Two-letter code"`
	Beds  int    `json:"beds,omitempty" doc:"Staffed beds"`
}

// Coverage says how much of what is in scope was measured.
type Coverage struct {
	Measured int `json:"measured"`
	InScope  int `json:"in_scope"`
}

// Tally counts results by value.
type Tally struct {
	Pass          int `json:"pass"`
	Fail          int `json:"fail"`
	NotApplicable int `json:"not_applicable"`
	NotMeasured   int `json:"not_measured"`
	Error         int `json:"error"`
}

// Reason is why something is as it is, with how many results share it.
type Reason struct {
	Text  string `json:"text"`
	Count int    `json:"count"`
}

// GoalTile is one goal as the grid of twenty shows it.
type GoalTile struct {
	ID       string       `json:"id" example:"mfa"`
	Number   int          `json:"number" minimum:"1" maximum:"20"`
	Tier     string       `json:"tier" enum:"essential,enhanced"`
	Title    string       `json:"title"`
	State    policy.State `json:"state" enum:"met,partly_met,not_met,not_measured,not_applicable"`
	Score    *float64     `json:"score" doc:"0 to 100 over what was measured; null where nothing was"`
	Coverage Coverage     `json:"coverage"`
}

// Today is what the first page shows.
type Today struct {
	Organization   Organization       `json:"organization"`
	Demo           bool               `json:"demo" doc:"The data is generated; every page says so"`
	Level          assess.Level       `json:"level" enum:"unmeasured,partial,essential,enhanced"`
	Score          *float64           `json:"score" doc:"Mean over the measured goals, shown only beside goals_measured; null where none was measured"`
	GoalsMeasured  int                `json:"goals_measured"`
	GoalsMet       int                `json:"goals_met"`
	LastAssessment *AssessmentSummary `json:"last_assessment,omitempty" doc:"Left out until the first one is done"`
	RunningJob     *Job               `json:"running_job,omitempty" doc:"Left out where nothing runs"`
	Goals          []GoalTile         `json:"goals" doc:"All twenty, by number"`
	Alerts         []Alert            `json:"alerts" doc:"What cannot wait: days that passed, flaws that are exploited, what is about to end; gravest first"`
	Changes        []Change           `json:"changes" doc:"Since the assessment before, gravest first"`
	NextSteps      []NextStep         `json:"next_steps" doc:"What to do next, most useful first"`
	Gaps           []Gap              `json:"gaps" doc:"The five gaps that matter most"`
	Trend          []TrendPoint       `json:"trend" doc:"One point an assessment, oldest first, at most 60"`
	Sources        []Source           `json:"sources"`
}

// AssessmentSummary is one line of the history.
type AssessmentSummary struct {
	ID            string       `json:"id"`
	AsOf          time.Time    `json:"as_of"`
	Level         assess.Level `json:"level" enum:"unmeasured,partial,essential,enhanced"`
	Score         *float64     `json:"score"`
	GoalsMeasured int          `json:"goals_measured"`
	GoalsMet      int          `json:"goals_met"`
	Trigger       string       `json:"trigger" doc:"What asked for it" example:"import of roster.csv"`
	Digest        string       `json:"digest"`
}

// Alert is something that cannot wait.
type Alert struct {
	ID    string `json:"id" enum:"past_due,exploited,new,due_soon,decisions_ending,feed_stale"`
	Tone  string `json:"tone" enum:"bad,warn"`
	Text  string `json:"text" example:"3 findings are past the day to mend them by, on 2 devices; the oldest since 31 October 2026."`
	Link  string `json:"link" doc:"Page that shows it"`
	Count int    `json:"count"`
}

// Change is something that differs from the assessment before.
type Change struct {
	Kind  string    `json:"kind" enum:"better,worse,new,gone"`
	Goal  string    `json:"goal" doc:"Goal id"`
	Check string    `json:"check,omitempty" doc:"Check id, where one check changed"`
	Text  string    `json:"text" example:"Multifactor Authentication went from partly met to met"`
	From  string    `json:"from,omitempty" doc:"State before"`
	To    string    `json:"to,omitempty" doc:"State now"`
	At    time.Time `json:"at"`
}

// NextStep is something worth doing now.
type NextStep struct {
	ID     string `json:"id"`
	Kind   string `json:"kind" enum:"import,fix,review,run"`
	Title  string `json:"title" example:"Bring the staff roster"`
	Detail string `json:"detail" example:"It lets four goals be measured: people, leavers, training, owners."`
	Link   string `json:"link" doc:"Page of the browser interface, beginning with a slash" example:"/imports"`
	Goal   string `json:"goal,omitempty"`
	Effort string `json:"effort,omitempty" doc:"Rough time" example:"10 minutes"`
}

// Gap is one of the gaps that matter most, in words a trustee understands.
type Gap struct {
	Goal     string          `json:"goal"`
	Check    string          `json:"check"`
	Title    string          `json:"title"`
	Severity policy.Severity `json:"severity" enum:"critical,high,medium,low"`
	Fail     int             `json:"fail"`
	InScope  int             `json:"in_scope"`
	Why      string          `json:"why" doc:"Why a hospital should care"`
	Fix      string          `json:"fix" doc:"What to do"`
}

// TrendPoint is one point of the chart.
type TrendPoint struct {
	At            time.Time `json:"at"`
	Score         *float64  `json:"score"`
	GoalsMeasured int       `json:"goals_measured"`
	GoalsMet      int       `json:"goals_met"`
}

// Source is where facts come from, with how fresh they are.
type Source struct {
	ID         string    `json:"id" doc:"Stream id" example:"import/people"`
	Title      string    `json:"title"`
	Assurance  string    `json:"assurance" enum:"attested,imported,measured"`
	ObservedAt time.Time `json:"observed_at" doc:"When the newest facts were true"`
	ReceivedAt time.Time `json:"received_at" doc:"When they arrived"`
	Facts      int       `json:"facts"`
	Fresh      bool      `json:"fresh" doc:"Young enough for every check that reads it"`
	Notes      []Note    `json:"notes" doc:"What it could not read"`
}

// Note says what could not be read, and why.
type Note struct {
	What   string `json:"what"`
	Why    string `json:"why"`
	Source string `json:"source,omitempty"`
}

// Job is work that goes on in the background.
type Job struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind" enum:"assessment,import,ledger_check,discovery"`
	State      string     `json:"state" enum:"running,done,failed"`
	Step       string     `json:"step" doc:"What it is at" example:"reading installed packages"`
	Done       int        `json:"done"`
	Total      int        `json:"total" doc:"0 where it is not known"`
	StartedAt  time.Time  `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	Error      string     `json:"error,omitempty"`
	Result     string     `json:"result,omitempty" doc:"Id of what it made: an assessment or import"`
}
