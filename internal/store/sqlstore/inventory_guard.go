package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/inventory"
)

// A complete list that suddenly has nothing, or much less than the last, is more
// often a source that failed than a hospital that emptied. What lives on an
// asset is not counted: a machine may close most of its ports in a day.
const (
	emptyFrom = 5  // facts the last list must have had for an empty one to be refused
	dropFrom  = 20 // assets, people, … the last list must have had for a drop to be asked about
	dropShare = 50 // percent that may be gone at once
)

// dropError is a complete list that leaves out more than is believable.
type dropError struct {
	stream, title string
	seq           int64 // newest batch
	last          int64 // newest batch of the stream
	before, after int
	empty         bool
	software      bool // it names assets, and no software of them
}

func (e *dropError) Error() string {
	if e.software {
		return fmt.Sprintf("%s lists no software, and the last one listed %d pieces", e.title, e.before)
	}
	if e.empty {
		return fmt.Sprintf("%s holds nothing, and the last one held %d", e.title, e.before)
	}
	return fmt.Sprintf("%s holds %d, and the last one held %d", e.title, e.after, e.before)
}

// guard refuses a complete list that leaves out too much, unless a person has
// said that it is right.
func (in *ingest) guard(ctx context.Context) error {
	b := in.batch
	e := &dropError{stream: b.Stream.ID, title: b.Stream.Title, seq: in.seq - 1, after: len(b.Sightings)}
	for _, f := range b.Facts {
		if f.Asset == "" {
			e.after++
		}
	}
	var all int
	err := in.tx.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(kind = 'asset' OR asset = ''), 0),
		(SELECT coalesce(max(seq), 0) FROM fact_batches WHERE tenant = $1 AND stream = $2)
		FROM facts WHERE tenant = $3 AND stream = $4 AND until_seq = 0`, in.tenant.id, b.Stream.ID, in.tenant.id, b.Stream.ID).Scan(&all, &e.before, &e.last)
	if err != nil {
		return fmt.Errorf("count what the stream holds: %w", err)
	}
	switch {
	case len(b.Sightings)+len(b.Facts)+len(b.Components) == 0 && all >= emptyFrom:
		e.empty, e.before = true, all
	case e.before >= dropFrom && (e.before-e.after)*100 > dropShare*e.before:
	case len(b.Components) == 0:
		n, err := in.listed(ctx)
		if err != nil || n < emptyFrom {
			return err
		}
		e.software, e.before, e.after = true, n, 0
	default:
		return nil
	}
	var answered int
	if err := in.tx.QueryRowContext(ctx, `SELECT count(*) FROM inventory_questions WHERE tenant = $1 AND kind = $2 AND a = $3 AND b = $4 AND state = $5`,
		in.tenant.id, QuestionDrop, b.Stream.ID, strconv.FormatInt(e.last, 10), stateSame).Scan(&answered); err != nil {
		return fmt.Errorf("look for an answer: %w", err)
	}
	if answered > 0 {
		return nil
	}
	return errs.Hint(errs.Wrap(errs.Conflict, e), "nothing was changed; check the source. If what is missing is really gone, answer the question about it or confirm, and bring it again")
}

// listed counts the software that the last list of the stream holds.
func (in *ingest) listed(ctx context.Context) (int, error) {
	rows, err := in.tx.QueryContext(ctx, `SELECT components FROM inventory_software WHERE tenant = $1 AND stream = $2 AND until_seq = 0`,
		in.tenant.id, in.batch.Stream.ID)
	if err != nil {
		return 0, fmt.Errorf("count the software of the stream: %w", err)
	}
	lists, err := collect(rows, func(s scanner) (b []byte, err error) { return b, s.Scan(&b) })
	if err != nil {
		return 0, fmt.Errorf("count the software of the stream: %w", err)
	}
	n := 0
	for _, packed := range lists {
		ids, err := unpackIDs(packed)
		if err != nil {
			return 0, err
		}
		n += len(ids)
	}
	return n, nil
}

// askDrop records the question that a refused list raises.
func (t *Tenant) askDrop(ctx context.Context, e *dropError, now time.Time) error {
	return t.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		w := t.writer(tx, e.seq, now, evidence.System)
		err := w.ask(ctx, QuestionDrop, e.stream, strconv.FormatInt(e.last, 10), inventory.Evidence{
			For:     []string{fmt.Sprintf("%s now holds %d", e.title, e.after)},
			Against: []string{fmt.Sprintf("the last one held %d", e.before)},
		})
		if err != nil {
			return err
		}
		return appendIdentity(ctx, tx, w, "ask", "")
	})
}

// writer returns what writes decisions outside of a delivery.
func (t *Tenant) writer(tx *sql.Tx, seq int64, at time.Time, actor string) *identityWriter {
	exec := func(ctx context.Context, text string, args ...any) error {
		_, err := tx.ExecContext(ctx, text, args...)
		return err
	}
	return &identityWriter{tx: tx, exec: exec, tenant: t.id, seq: seq, at: at, actor: actor}
}
