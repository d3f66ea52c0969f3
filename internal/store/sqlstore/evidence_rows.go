package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
)

// KeptAssessment implements evidence.Rows. The columns that lists are made of
// must say what the assessment itself says; the error is errs.Conflict where
// they do not.
func (t *Tenant) KeptAssessment(ctx context.Context, aid string) (assess.Assessment, error) {
	if aid == "" {
		return assess.Assessment{}, errs.New(errs.NotFound, "an assessment has an id")
	}
	a, row, err := t.Assessment(ctx, aid)
	if err != nil {
		return assess.Assessment{}, err
	}
	same := row.Digest == a.Digest && row.Level == a.Level && row.GoalsMet == a.GoalsMet && row.GoalsMeasured == a.GoalsMeasured &&
		micros(row.AsOf) == micros(a.AsOf) && (row.Score == nil) == (a.Score == nil) && (a.Score == nil || *row.Score == *a.Score)
	if !same {
		return assess.Assessment{}, errs.New(errs.Conflict, "its columns do not say what it says itself")
	}
	return *a, nil
}

// Overrides implements evidence.Rows.
func (t *Tenant) Overrides(ctx context.Context) (map[string]string, error) {
	var body string
	err := t.db.read.QueryRowContext(ctx, `SELECT body FROM policy_parameters WHERE tenant = $1 ORDER BY seq DESC LIMIT 1`, t.id).Scan(&body)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, classify(fmt.Errorf("read the parameters: %w", err))
	}
	return overrides(body)
}
