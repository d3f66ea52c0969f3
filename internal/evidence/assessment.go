package evidence

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/ledger"
)

// partSize is how many bytes of checks one entry takes; an entry holds 65,535.
const partSize = 48 << 10

// checkBody is what a statement says of one check.
type checkBody struct {
	ID            string      `json:"id"`
	State         string      `json:"state"`
	Pass          int         `json:"pass"`
	Fail          int         `json:"fail"`
	NotApplicable int         `json:"not_applicable"`
	NotMeasured   int         `json:"not_measured"`
	Error         int         `json:"error"`
	Results       int         `json:"results"`
	Root          ledger.Hash `json:"root"`
}

type goalBody struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Measured int    `json:"measured"`
	InScope  int    `json:"in_scope"`
}

type assessmentBody struct {
	ID            string         `json:"id"`
	AsOf          string         `json:"as_of"`
	Level         string         `json:"level"`
	GoalsMet      int            `json:"goals_met"`
	GoalsMeasured int            `json:"goals_measured"`
	FactsSeq      int64          `json:"facts_seq"`
	Content       assess.Content `json:"content"`
	Digest        string         `json:"digest"`
	Document      ledger.Hash    `json:"document"` // SHA-256 of the assessment in canonical JSON
	Demo          bool           `json:"demo"`
	Goals         []goalBody     `json:"goals"`
	Checks        []checkBody    `json:"checks"`
	Parts         int            `json:"parts"` // statements of kind assessment_part that follow
}

type partBody struct {
	ID     string      `json:"id"`
	Part   int         `json:"part"` // 1 is the first
	Checks []checkBody `json:"checks"`
}

// AssessmentKept states that an assessment was kept, with what it says of each
// goal and check, and the commitments to the results, by check id. It returns
// one draft; more where the checks do not fit one entry. They are appended
// together, in order.
func AssessmentKept(actor string, a assess.Assessment, factsSeq int64, commitments map[string]Commitment) ([]Draft, error) {
	body := assessmentBody{
		ID:            a.ID,
		AsOf:          a.AsOf.UTC().Format(ledger.TimeFormat),
		Level:         string(a.Level),
		GoalsMet:      a.GoalsMet,
		GoalsMeasured: a.GoalsMeasured,
		FactsSeq:      factsSeq,
		Content:       a.Content,
		Digest:        a.Digest,
		Demo:          a.Demo,
		Goals:         []goalBody{},
	}
	var err error
	if body.Document, err = documentHash(a); err != nil {
		return nil, err
	}
	chunks := [][]checkBody{{}}
	size := 0
	for _, g := range a.Goals {
		body.Goals = append(body.Goals, goalBody{g.ID, string(g.State), g.Coverage.Measured, g.Coverage.InScope})
		for _, c := range g.Checks {
			com, ok := commitments[c.ID]
			if !ok {
				return nil, fmt.Errorf("state assessment %s: check %s has no commitment", a.ID, c.ID)
			}
			b := checkBody{
				c.ID, string(c.State), c.Pass, c.Fail, c.NotApplicable, c.NotMeasured, c.Error, com.Results, com.Root,
			}
			text, err := ledger.Canonical(b)
			if err != nil {
				return nil, fmt.Errorf("state assessment %s: %w", a.ID, err)
			}
			if size += len(text) + 1; size > partSize {
				chunks, size = append(chunks, nil), len(text)
			}
			chunks[len(chunks)-1] = append(chunks[len(chunks)-1], b)
		}
	}
	body.Checks, body.Parts = chunks[0], len(chunks)-1
	ds := []Draft{{KindAssessment, actor, body}}
	for i, c := range chunks[1:] {
		ds = append(ds, Draft{KindAssessmentPart, actor, partBody{a.ID, i + 1, c}})
	}
	return ds, nil
}

// documentHash hashes the whole assessment, as it is stored and shown.
func documentHash(a assess.Assessment) (ledger.Hash, error) {
	b, err := ledger.Canonical(a)
	if err != nil {
		return ledger.Hash{}, fmt.Errorf("assessment %s: %w", a.ID, err)
	}
	return sha256.Sum256(b), nil
}

// optional is a time of a body, or "" for none.
func optional(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(ledger.TimeFormat)
}
