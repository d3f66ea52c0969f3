package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
)

// Tenant is the part of the database that belongs to one organization. No
// method of it can reach another's rows.
type Tenant struct {
	db *DB
	id string
}

// Tenant returns the part of one organization. It does not check that there is one.
func (db *DB) Tenant(id string) *Tenant { return &Tenant{db: db, id: id} }

// ID returns the tenant's id.
func (t *Tenant) ID() string { return t.id }

// Profile is the organization a tenant stands for.
type Profile struct {
	assess.Organization
	Demo      bool
	CreatedAt time.Time
}

// CreateTenant records a new organization. It is a conflict if the id exists.
func (db *DB) CreateTenant(ctx context.Context, p Profile, actor string) error {
	return db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM tenants WHERE id = $1`, p.ID).Scan(&n); err != nil {
			return fmt.Errorf("look for the organization: %w", err)
		}
		if n > 0 {
			return errs.New(errs.Conflict, "organization %s exists already", p.ID)
		}
		_, err := tx.ExecContext(ctx,
			`INSERT INTO tenants (id, name, kind, ccn, state, beds, demo, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			p.ID, p.Name, p.Kind, p.CCN, p.State, p.Beds, flag(p.Demo), micros(p.CreatedAt))
		if err != nil {
			return fmt.Errorf("record the organization: %w", err)
		}
		return appendOrganization(ctx, tx, p, actor, true, p.CreatedAt)
	})
}

// UpdateTenant changes what is known of the organization.
func (t *Tenant) UpdateTenant(ctx context.Context, p Profile, actor string, now time.Time) error {
	return t.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx,
			`UPDATE tenants SET name = $1, kind = $2, ccn = $3, state = $4, beds = $5 WHERE id = $6`,
			p.Name, p.Kind, p.CCN, p.State, p.Beds, t.id)
		if err != nil {
			return fmt.Errorf("update the organization: %w", err)
		}
		p.ID = t.id
		return appendOrganization(ctx, tx, p, actor, false, now)
	})
}

const profileColumns = `id, name, kind, ccn, state, beds, demo, created_at`

type scanner interface{ Scan(dest ...any) error }

func scanProfile(row scanner) (Profile, error) {
	var p Profile
	var demo, created int64
	err := row.Scan(&p.ID, &p.Name, &p.Kind, &p.CCN, &p.State, &p.Beds, &demo, &created)
	p.Demo, p.CreatedAt = demo != 0, moment(created)
	return p, err
}

// Profile returns the organization; errs.NotFound if there is none.
func (t *Tenant) Profile(ctx context.Context) (Profile, error) {
	p, err := scanProfile(t.db.read.QueryRowContext(ctx, `SELECT `+profileColumns+` FROM tenants WHERE id = $1`, t.id))
	if errors.Is(err, sql.ErrNoRows) {
		return p, errs.New(errs.NotFound, "no organization %s", t.id)
	}
	if err != nil {
		return p, classify(fmt.Errorf("read the organization: %w", err))
	}
	return p, nil
}

// Profiles lists all organizations, oldest first.
func (db *DB) Profiles(ctx context.Context) ([]Profile, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT `+profileColumns+` FROM tenants ORDER BY created_at, id`)
	if err != nil {
		return nil, classify(fmt.Errorf("list organizations: %w", err))
	}
	return collect(rows, scanProfile)
}

// collect reads all rows with scan and closes them.
func collect[T any](rows *sql.Rows, scan func(scanner) (T, error)) ([]T, error) {
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read a row: %w", err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	return out, nil
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Version names the state of the tenant's records by the newest of each kind.
type Version struct {
	Facts       int64 // batch
	Assessments int64
	Parameters  int64
	Judgings    int64
	Decisions   int64 // made and ended
	Entries     int64 // of the log
}

func (v Version) String() string {
	return fmt.Sprintf("%d-%d-%d-%d-%d-%d", v.Facts, v.Assessments, v.Parameters, v.Judgings, v.Decisions, v.Entries)
}

// Version returns the state of the tenant's records.
func (t *Tenant) Version(ctx context.Context) (Version, error) {
	var v Version
	err := t.db.read.QueryRowContext(ctx, `SELECT
		(SELECT coalesce(max(seq), 0) FROM fact_batches WHERE tenant = $1),
		(SELECT coalesce(max(seq), 0) FROM assess_assessments WHERE tenant = $2),
		(SELECT coalesce(max(seq), 0) FROM policy_parameters WHERE tenant = $3),
		(SELECT coalesce(max(seq), 0) FROM vuln_judgings WHERE tenant = $4),
		(SELECT count(*) + coalesce(sum(ended_at <> 0), 0) FROM vuln_decisions WHERE tenant = $5),
		(SELECT coalesce(max(idx), -1) + 1 FROM evidence_entries WHERE tenant = $6)`, t.id, t.id, t.id, t.id, t.id, t.id).
		Scan(&v.Facts, &v.Assessments, &v.Parameters, &v.Judgings, &v.Decisions, &v.Entries)
	return v, classify(err)
}
