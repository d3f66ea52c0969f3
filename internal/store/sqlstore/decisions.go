package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/ledger"
)

// Decide records a person's decision about findings.
func (t *Tenant) Decide(ctx context.Context, d judge.Decision) error {
	return t.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return t.putDecision(ctx, tx, d, false) })
}

// EndDecision ends a decision before its time.
func (t *Tenant) EndDecision(ctx context.Context, id, by string, at time.Time) (judge.Decision, error) {
	var d judge.Decision
	err := t.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var body string
		err := tx.QueryRowContext(ctx, `SELECT body FROM vuln_decisions WHERE tenant = $1 AND id = $2`, t.id, id).Scan(&body)
		if errors.Is(err, sql.ErrNoRows) {
			return errs.New(errs.NotFound, "no decision %.60q", id)
		}
		if err != nil {
			return fmt.Errorf("read the decision: %w", err)
		}
		if err := json.Unmarshal([]byte(body), &d); err != nil {
			return fmt.Errorf("read the decision: %w", err)
		}
		if !d.EndedAt.IsZero() {
			return errs.New(errs.Conflict, "the decision was ended on %s by %s", d.EndedAt.Format("2 January 2006"), d.EndedBy)
		}
		d.EndedBy, d.EndedAt = by, moment(micros(at))
		return t.putDecision(ctx, tx, d, true)
	})
	return d, err
}

func (t *Tenant) putDecision(ctx context.Context, tx *sql.Tx, d judge.Decision, ended bool) error {
	d.At, d.Until = moment(micros(d.At)), moment(micros(d.Until))
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("write the decision: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO vuln_decisions (tenant, id, at, until_at, ended_at, body) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (tenant, id) DO UPDATE SET ended_at = excluded.ended_at, body = excluded.body`,
		t.id, d.ID, micros(d.At), micros(d.Until), micros(d.EndedAt), string(body))
	if err != nil {
		return fmt.Errorf("record the decision: %w", err)
	}
	at, by := d.At, d.By
	if ended {
		at, by = d.EndedAt, d.EndedBy
	}
	return appendEntry(ctx, tx, t.id, evidence.FindingDecided(by, evidence.Decision{
		ID: d.ID, Kind: string(d.Kind), Flaw: d.Flaw, Until: d.Until, Ended: ended,
		Row: decisionRow(d.ID, micros(d.At), micros(d.Until), micros(d.EndedAt), string(body)),
	}), at)
}

func decisionRow(id string, at, until, ended int64, body string) ledger.Hash {
	n := func(i int64) string { return strconv.FormatInt(i, 10) }
	return evidence.RowHash(id, n(at), n(until), n(ended), body)
}

// Decisions lists the decisions made by a moment, newest first.
func (t *Tenant) Decisions(ctx context.Context, at time.Time) ([]judge.Decision, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT body FROM vuln_decisions WHERE tenant = $1 AND at <= $2 ORDER BY at DESC, id DESC`, t.id, micros(at))
	if err != nil {
		return nil, classify(fmt.Errorf("read decisions: %w", err))
	}
	return collect(rows, func(s scanner) (d judge.Decision, err error) {
		var body []byte
		if err := s.Scan(&body); err != nil {
			return d, err
		}
		return d, json.Unmarshal(body, &d)
	})
}

// DecisionSums implements evidence.Rows.
func (t *Tenant) DecisionSums(ctx context.Context) (map[string]ledger.Hash, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT id, at, until_at, ended_at, body FROM vuln_decisions WHERE tenant = $1`, t.id)
	if err != nil {
		return nil, classify(fmt.Errorf("read decisions: %w", err))
	}
	out := make(map[string]ledger.Hash)
	_, err = collect(rows, func(s scanner) (struct{}, error) {
		var id, body string
		var at, until, ended int64
		err := s.Scan(&id, &at, &until, &ended, &body)
		out[id] = decisionRow(id, at, until, ended, body)
		return struct{}{}, err
	})
	return out, classify(err)
}

// KeepFlaws records what the feed says of flaws that assets have, where it is
// other than what was recorded.
func (db *DB) KeepFlaws(ctx context.Context, flaws map[string]judge.Flaw, at time.Time) error {
	if len(flaws) == 0 {
		return nil
	}
	return db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		find, err := tx.PrepareContext(ctx, `SELECT from_at, body FROM vuln_flaws WHERE flaw = $1 AND until_at = 0`)
		if err != nil {
			return err
		}
		defer find.Close()
		end, err := tx.PrepareContext(ctx, `UPDATE vuln_flaws SET until_at = $1 WHERE flaw = $2 AND from_at = $3`)
		if err != nil {
			return err
		}
		defer end.Close()
		add, err := tx.PrepareContext(ctx, `INSERT INTO vuln_flaws (flaw, from_at, until_at, body) VALUES ($1, $2, 0, $3)
			ON CONFLICT (flaw, from_at) DO UPDATE SET until_at = 0, body = excluded.body`)
		if err != nil {
			return err
		}
		defer add.Close()
		var sums sumList
		for _, id := range slices.Sorted(maps.Keys(flaws)) {
			f := flaws[id]
			body, err := json.Marshal(f)
			if err != nil {
				return fmt.Errorf("write %s: %w", id, err)
			}
			var from int64
			var old string
			err = find.QueryRowContext(ctx, id).Scan(&from, &old)
			switch {
			case err == nil && old == string(body):
				continue
			case err == nil:
				if _, err := end.ExecContext(ctx, micros(at), id, from); err != nil {
					return err
				}
				ended := flawRow{flaw: id, from: from, until: micros(at), body: old}
				sums.row(ended.name, ended.rest)
			case !errors.Is(err, sql.ErrNoRows):
				return err
			}
			if _, err := add.ExecContext(ctx, id, micros(at), string(body)); err != nil {
				return err
			}
			added := flawRow{flaw: id, from: micros(at), body: string(body)}
			sums.row(added.name, added.rest)
		}
		return keepFlawSums(ctx, tx, &sums)
	})
}

// FlawsAt returns what was recorded of flaws by a moment.
func (db *DB) FlawsAt(ctx context.Context, at time.Time) (map[string]judge.Flaw, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT flaw, body FROM vuln_flaws WHERE from_at <= $1 AND (until_at = 0 OR until_at > $2)`, micros(at), micros(at))
	if err != nil {
		return nil, classify(fmt.Errorf("read flaws: %w", err))
	}
	out := make(map[string]judge.Flaw)
	_, err = collect(rows, func(s scanner) (struct{}, error) {
		var id string
		var body []byte
		if err := s.Scan(&id, &body); err != nil {
			return struct{}{}, err
		}
		var f judge.Flaw
		err := json.Unmarshal(body, &f)
		out[id] = f
		return struct{}{}, err
	})
	return out, classify(err)
}
