package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
)

// The small things that people name and keep: networks that may be searched,
// kept questions. Each is JSON of whoever owns it.

// Named says which of the named things a call is about.
type Named string

// The named things.
const (
	Scopes Named = "discovery_scopes"
	Views  Named = "asset_views"
	Tables Named = "table_columns"
)

// mostNamed bounds how many of a kind an organization keeps.
const mostNamed = 500

// PutNamed keeps a thing under a name, in place of what was there.
func (t *Tenant) PutNamed(ctx context.Context, kind Named, name string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return t.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM `+string(kind)+` WHERE tenant = $1 AND name <> $2`, t.id, name).Scan(&n); err != nil {
			return err
		}
		if n >= mostNamed {
			return errs.New(errs.Limited, "there are %d already; delete one first", n)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO `+string(kind)+` (tenant, name, body) VALUES ($1, $2, $3)
			ON CONFLICT (tenant, name) DO UPDATE SET body = excluded.body`, t.id, name, string(body))
		return err
	})
}

// GetNamed reads the thing of a name into v, a pointer. The error is of kind
// errs.NotFound where there is none.
func (t *Tenant) GetNamed(ctx context.Context, kind Named, name string, v any) error {
	var body []byte
	err := t.db.read.QueryRowContext(ctx, `SELECT body FROM `+string(kind)+` WHERE tenant = $1 AND name = $2`, t.id, name).Scan(&body)
	if err != nil {
		return classify(err)
	}
	return json.Unmarshal(body, v)
}

// DeleteNamed forgets a thing.
func (t *Tenant) DeleteNamed(ctx context.Context, kind Named, name string) error {
	return t.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `DELETE FROM `+string(kind)+` WHERE tenant = $1 AND name = $2`, t.id, name)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errs.New(errs.NotFound, "nothing is kept as %.80q", name))
		}
		return nil
	})
}

// ListNamed reads all things of a kind, by name.
func ListNamed[T any](ctx context.Context, t *Tenant, kind Named) ([]T, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT body FROM `+string(kind)+` WHERE tenant = $1 ORDER BY name`, t.id)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(s scanner) (v T, err error) {
		var b []byte
		if err := s.Scan(&b); err != nil {
			return v, err
		}
		return v, json.Unmarshal(b, &v)
	})
}

// DiscoveryRun is a search of a network as it is kept.
type DiscoveryRun struct {
	ID      string
	Scope   string
	BegunAt time.Time
	EndedAt time.Time // zero: it runs, or was cut off
	Body    []byte    // JSON of its owner
}

// PutDiscoveryRun keeps a search, in place of what was kept of it.
func (t *Tenant) PutDiscoveryRun(ctx context.Context, r DiscoveryRun) error {
	return t.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO discovery_runs (tenant, id, scope, begun_at, ended_at, body) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (tenant, id) DO UPDATE SET ended_at = excluded.ended_at, body = excluded.body`,
			t.id, r.ID, r.Scope, micros(r.BegunAt), micros(r.EndedAt), t.db.enc.EncodeAll(r.Body, nil))
		return err
	})
}

// DiscoveryRuns lists searches, newest first: of one scope, or of all where it is empty.
func (t *Tenant) DiscoveryRuns(ctx context.Context, scope string, limit int) ([]DiscoveryRun, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT id, scope, begun_at, ended_at, body FROM discovery_runs
		WHERE tenant = $1 AND ($2 = '' OR scope = $3) ORDER BY begun_at DESC, id DESC LIMIT $4`, t.id, scope, scope, limit)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(s scanner) (r DiscoveryRun, err error) {
		var begun, ended int64
		var body []byte
		if err := s.Scan(&r.ID, &r.Scope, &begun, &ended, &body); err != nil {
			return r, err
		}
		r.BegunAt, r.EndedAt = moment(begun), moment(ended)
		r.Body, err = t.db.dec.DecodeAll(body, nil)
		return r, err
	})
}

// Progress keeps how far searches came.
type Progress struct{ *Tenant }

// Load returns how far the search of a plan came, or nil.
func (p Progress) Load(ctx context.Context, plan string) ([]byte, error) {
	var b []byte
	err := p.db.read.QueryRowContext(ctx, `SELECT body FROM discovery_progress WHERE tenant = $1 AND plan = $2`, p.id, plan).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return b, classify(err)
}

// Save keeps how far it came.
func (p Progress) Save(ctx context.Context, plan string, progress []byte) error {
	return p.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO discovery_progress (tenant, plan, body) VALUES ($1, $2, $3)
			ON CONFLICT (tenant, plan) DO UPDATE SET body = excluded.body`, p.id, plan, progress)
		return err
	})
}

// Drop forgets it.
func (p Progress) Drop(ctx context.Context, plan string) error {
	return p.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM discovery_progress WHERE tenant = $1 AND plan = $2`, p.id, plan)
		return err
	})
}
