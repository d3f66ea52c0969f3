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

// RowSeqs implements evidence.Rows.
func (t *Tenant) RowSeqs(ctx context.Context) ([]int64, error) {
	for _, table := range []string{"facts", "inventory_software"} {
		var n int64
		err := t.db.read.QueryRowContext(ctx, `SELECT count(*) FROM `+table+` r JOIN fact_batches b ON b.tenant = r.tenant AND b.seq = r.from_seq
			WHERE r.tenant = $1 AND r.stream <> b.stream`, t.id).Scan(&n)
		if err != nil {
			return nil, classify(fmt.Errorf("compare streams: %w", err))
		}
		if n > 0 {
			return nil, errs.New(errs.Conflict, "%d rows of %s are under another stream than the batch they came with", n, table)
		}
	}
	rows, err := t.db.read.QueryContext(ctx, `SELECT from_seq FROM facts WHERE tenant = $1
		UNION SELECT until_seq FROM facts WHERE tenant = $2 AND until_seq <> 0
		UNION SELECT from_seq FROM inventory_software WHERE tenant = $3
		UNION SELECT until_seq FROM inventory_software WHERE tenant = $4 AND until_seq <> 0
		UNION SELECT first_seq FROM inventory_assets WHERE tenant = $5
		UNION SELECT seq FROM inventory_sums WHERE tenant = $6
		ORDER BY 1`, t.id, t.id, t.id, t.id, t.id, t.id)
	if err != nil {
		return nil, classify(fmt.Errorf("list batches by their rows: %w", err))
	}
	return collect(rows, func(s scanner) (n int64, err error) { return n, s.Scan(&n) })
}
