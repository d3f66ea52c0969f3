package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
)

var _ evidence.Store = (*Tenant)(nil)

// appendEntry seals a statement and appends it to the tenant's log, in the
// transaction that writes what it speaks of.
func appendEntry(ctx context.Context, tx *sql.Tx, tenant string, d evidence.Draft, now time.Time) error {
	var next, last int64
	err := tx.QueryRowContext(ctx, `SELECT coalesce(max(idx), -1) + 1, coalesce(max(at), 0) FROM evidence_entries WHERE tenant = $1`, tenant).Scan(&next, &last)
	if err != nil {
		return fmt.Errorf("read the end of the log: %w", err)
	}
	e, err := d.Seal(tenant, next, now, moment(last))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO evidence_entries (tenant, idx, at, kind, leaf, statement) VALUES ($1, $2, $3, $4, $5, $6)`,
		tenant, e.Index, micros(e.At), string(e.Kind), e.Leaf[:], e.Statement)
	if err != nil {
		return fmt.Errorf("append to the log: %w", err)
	}
	return nil
}

func appendOrganization(ctx context.Context, tx *sql.Tx, p Profile, actor string, setUp bool, now time.Time) error {
	return appendEntry(ctx, tx, p.ID, evidence.OrganizationSet(actor, evidence.Organization{Organization: p.Organization, Demo: p.Demo, SetUp: setUp}), now)
}

func appendBatch(ctx context.Context, tx *sql.Tx, tenant string, r BatchRow) error {
	b := evidence.Batch{
		Seq: r.Seq, ID: r.ID, Stream: r.Stream, Snapshot: r.Snapshot, Assurance: r.Assurance, ObservedAt: r.ObservedAt,
		Notes: len(r.Notes), Digest: r.Digest,
	}
	for _, c := range r.Changes {
		n := c.Added + c.Changed + c.Same
		if c.Kind == fact.KindAsset {
			b.Sightings += n
		} else {
			b.Facts += n
		}
	}
	b.Components = r.Components
	if err := appendEntry(ctx, tx, tenant, evidence.FactsStored(r.Actor, b), r.RecordedAt); err != nil {
		return err
	}
	if r.File == nil {
		return nil
	}
	f := evidence.File{File: *r.File, Import: r.ID, Batch: r.Seq, Rows: r.Rows, Skipped: r.Skipped}
	return appendEntry(ctx, tx, tenant, evidence.FileImported(r.Actor, f), r.RecordedAt)
}

func appendAssessment(ctx context.Context, tx *sql.Tx, tenant string, k *assess.Kept, checks []encoded, actor string, now time.Time) error {
	commitments := make(map[string]evidence.Commitment, len(checks))
	for _, c := range checks {
		commitments[c.check] = c.commitment
	}
	drafts, err := evidence.AssessmentKept(actor, k.Assessment, k.FactsSeq, commitments)
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if err := appendEntry(ctx, tx, tenant, d, now); err != nil {
			return err
		}
	}
	return nil
}

// appendParameters states every override that differs between two texts of the
// parameter file. Its text was checked before; a value is stated as written.
func appendParameters(ctx context.Context, tx *sql.Tx, tenant, before, after, actor, reason string, now time.Time) error {
	was, err := overrides(before)
	if err != nil {
		return fmt.Errorf("parameters before: %w", err)
	}
	is, err := overrides(after)
	if err != nil {
		return fmt.Errorf("parameters: %w", err)
	}
	names := make([]string, 0, len(was)+len(is))
	for n := range was {
		names = append(names, n)
	}
	for n := range is {
		names = append(names, n)
	}
	slices.Sort(names)
	sum := sha256.Sum256([]byte(after))
	for _, n := range slices.Compact(names) {
		if was[n] == is[n] {
			continue
		}
		d := evidence.ParameterChanged(actor, evidence.Parameter{Name: n, From: was[n], To: is[n], Reason: reason, File: hex.EncodeToString(sum[:])})
		if err := appendEntry(ctx, tx, tenant, d, now); err != nil {
			return err
		}
	}
	return nil
}

// overrides flattens the parameter file: "check.param" → value as text.
func overrides(text string) (map[string]string, error) {
	var raw map[string]any
	if err := yaml.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	out := make(map[string]string)
	for k, v := range raw {
		inner, ok := v.(map[string]any)
		if !ok {
			out[k] = fmt.Sprint(v)
			continue
		}
		for k2, v2 := range inner {
			out[k+"."+k2] = fmt.Sprint(v2)
		}
	}
	return out, nil
}

// Entries implements evidence.Log.
func (t *Tenant) Entries(ctx context.Context, from int64, limit int) ([]evidence.Entry, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT idx, at, kind, leaf, statement FROM evidence_entries WHERE tenant = $1 AND idx >= $2 ORDER BY idx LIMIT $3`,
		t.id, from, limit)
	if err != nil {
		return nil, classify(fmt.Errorf("read the log: %w", err))
	}
	out, err := collect(rows, func(s scanner) (e evidence.Entry, err error) {
		var at int64
		var leaf []byte
		if err := s.Scan(&e.Index, &at, &e.Kind, &leaf, &e.Statement); err != nil {
			return e, err
		}
		if len(leaf) != len(e.Leaf) {
			return e, fmt.Errorf("entry %d: its leaf hash has %d bytes", e.Index, len(leaf))
		}
		copy(e.Leaf[:], leaf)
		e.At = moment(at)
		return e, nil
	})
	return out, classify(err)
}

// Head implements evidence.Log.
func (t *Tenant) Head(ctx context.Context) (evidence.Head, error) {
	return readHead(t.db.read.QueryRowContext(ctx, `SELECT size, root, checkpoint FROM evidence_heads WHERE tenant = $1`, t.id))
}

func readHead(row scanner) (evidence.Head, error) {
	var h evidence.Head
	var root []byte
	err := row.Scan(&h.Size, &root, &h.Checkpoint)
	if errors.Is(err, sql.ErrNoRows) {
		return evidence.Head{}, nil
	}
	if err == nil && len(root) != len(h.Root) {
		err = fmt.Errorf("the root hash has %d bytes", len(root))
	}
	copy(h.Root[:], root)
	return h, classify(err)
}

// SwingHead implements evidence.Log.
func (t *Tenant) SwingHead(ctx context.Context, old, next evidence.Head) error {
	return t.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		have, err := readHead(tx.QueryRowContext(ctx, `SELECT size, root, checkpoint FROM evidence_heads WHERE tenant = $1`, t.id))
		if err != nil {
			return fmt.Errorf("read the head: %w", err)
		}
		if have != old {
			return errs.New(errs.Conflict, "the log's head moved to %d entries", have.Size)
		}
		if next.Size < old.Size {
			return errs.New(errs.Conflict, "the log's head cannot go back from %d to %d entries", old.Size, next.Size)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO evidence_heads (tenant, size, root, checkpoint) VALUES ($1, $2, $3, $4)
			ON CONFLICT (tenant) DO UPDATE SET size = excluded.size, root = excluded.root, checkpoint = excluded.checkpoint`,
			t.id, next.Size, next.Root[:], next.Checkpoint)
		if err != nil {
			return fmt.Errorf("swing the head: %w", err)
		}
		return nil
	})
}

// LogSize counts the entries of the log, published or not, and dates the last.
func (t *Tenant) LogSize(ctx context.Context) (int64, time.Time, error) {
	var n, at int64
	err := t.db.read.QueryRowContext(ctx, `SELECT coalesce(max(idx), -1) + 1, coalesce(max(at), 0) FROM evidence_entries WHERE tenant = $1`, t.id).Scan(&n, &at)
	return n, moment(at), classify(err)
}

// BatchSeqs implements evidence.Rows.
func (t *Tenant) BatchSeqs(ctx context.Context) ([]int64, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT seq FROM fact_batches WHERE tenant = $1 ORDER BY seq`, t.id)
	if err != nil {
		return nil, classify(fmt.Errorf("list batches: %w", err))
	}
	return collect(rows, func(s scanner) (n int64, err error) { return n, s.Scan(&n) })
}

// AssessmentIDs implements evidence.Rows.
func (t *Tenant) AssessmentIDs(ctx context.Context) ([]string, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT id FROM assess_assessments WHERE tenant = $1 ORDER BY seq`, t.id)
	if err != nil {
		return nil, classify(fmt.Errorf("list assessments: %w", err))
	}
	return collect(rows, func(s scanner) (a string, err error) { return a, s.Scan(&a) })
}

// AssessmentResults implements evidence.Rows.
func (t *Tenant) AssessmentResults(ctx context.Context, aid string) (map[string][]policy.Result, error) {
	var n int
	err := t.db.read.QueryRowContext(ctx, `SELECT count(*) FROM assess_assessments WHERE tenant = $1 AND id = $2`, t.id, aid).Scan(&n)
	if err != nil {
		return nil, classify(err)
	}
	if n == 0 {
		return nil, errs.New(errs.NotFound, "assessment %s is gone", aid)
	}
	return t.AllResults(ctx, aid)
}

// AccessEvents implements evidence.Rows.
func (t *Tenant) AccessEvents(ctx context.Context) (int64, error) {
	var n int64
	err := t.db.read.QueryRowContext(ctx, `SELECT count(*) FROM access_events WHERE tenant = $1`, t.id).Scan(&n)
	return n, classify(err)
}

// AccessEvent implements evidence.Rows.
func (t *Tenant) AccessEvent(ctx context.Context, eid string) (access.Event, error) {
	e, err := scanEvent(t.db.read.QueryRowContext(ctx, `SELECT `+eventColumns+` FROM access_events WHERE tenant = $1 AND id = $2`, t.id, eid))
	e, err = found(e, err, "event")
	return e, classify(err)
}
