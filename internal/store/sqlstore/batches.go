package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/ledger"
)

// BatchRow is what is kept of a delivery.
type BatchRow struct {
	Seq        int64
	ID         string
	Stream     string
	Title      string
	Snapshot   bool
	Assurance  fact.Assurance
	ObservedAt time.Time
	RecordedAt time.Time
	Actor      string
	File       *fact.File
	Notes      []fact.Note
	Rows       int
	Skipped    int
	Changes    []Change
	NewAssets  int
	Software   int
	Components int
	Older      int
	Digest     ledger.Hash // over the row and the facts it opened and closed

	file, notes, countsText string // as stored
}

type batchCounts struct {
	Rows       int      `json:"rows"`
	Skipped    int      `json:"skipped"`
	NewAssets  int      `json:"new_assets"`
	Software   int      `json:"software"`
	Components int      `json:"components"`
	Older      int      `json:"older"`
	Changes    []Change `json:"changes"`
}

func (r *BatchRow) counts() batchCounts {
	return batchCounts{Rows: r.Rows, Skipped: r.Skipped, NewAssets: r.NewAssets, Software: r.Software, Components: r.Components, Older: r.Older, Changes: r.Changes}
}

const batchColumns = `seq, id, stream, title, snapshot, assurance, observed_at, recorded_at, actor, file, notes, counts, digest`

func scanBatch(s scanner) (BatchRow, error) {
	var r BatchRow
	var snapshot, observed, recorded int64
	var file, notes, counts string
	var digest []byte
	if err := s.Scan(&r.Seq, &r.ID, &r.Stream, &r.Title, &snapshot, &r.Assurance, &observed, &recorded, &r.Actor, &file, &notes, &counts, &digest); err != nil {
		return r, err
	}
	copy(r.Digest[:], digest)
	r.file, r.notes, r.countsText = file, notes, counts
	r.Snapshot, r.ObservedAt, r.RecordedAt = snapshot != 0, moment(observed), moment(recorded)
	if file != "" {
		r.File = new(fact.File)
		if err := json.Unmarshal([]byte(file), r.File); err != nil {
			return r, fmt.Errorf("batch %d: file: %w", r.Seq, err)
		}
	}
	if err := json.Unmarshal([]byte(notes), &r.Notes); err != nil {
		return r, fmt.Errorf("batch %d: notes: %w", r.Seq, err)
	}
	var c batchCounts
	if err := json.Unmarshal([]byte(counts), &c); err != nil {
		return r, fmt.Errorf("batch %d: counts: %w", r.Seq, err)
	}
	r.Rows, r.Skipped, r.NewAssets, r.Software, r.Components, r.Older, r.Changes = c.Rows, c.Skipped, c.NewAssets, c.Software, c.Components, c.Older, c.Changes
	return r, nil
}

// Batches lists deliveries, newest first: at most limit, of those before the
// sequence number (0: from the newest). With files only, those of imports.
func (t *Tenant) Batches(ctx context.Context, before int64, limit int, filesOnly bool) ([]BatchRow, error) {
	q := `SELECT ` + batchColumns + ` FROM fact_batches WHERE tenant = $1 AND ($2 = 0 OR seq < $3)`
	if filesOnly {
		q += ` AND file <> ''`
	}
	rows, err := t.db.read.QueryContext(ctx, q+` ORDER BY seq DESC LIMIT $4`, t.id, before, before, limit)
	if err != nil {
		return nil, classify(fmt.Errorf("list batches: %w", err))
	}
	out, err := collect(rows, scanBatch)
	return out, classify(err)
}

// Batch returns one delivery; errs.NotFound if there is none.
func (t *Tenant) Batch(ctx context.Context, id string) (BatchRow, error) {
	r, err := scanBatch(t.db.read.QueryRowContext(ctx, `SELECT `+batchColumns+` FROM fact_batches WHERE tenant = $1 AND id = $2`, t.id, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, errs.New(errs.NotFound, "no import %.60q", id)
	}
	return r, classify(err)
}

// Streams returns the newest delivery of every stream, by title.
func (t *Tenant) Streams(ctx context.Context) ([]BatchRow, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT `+batchColumns+` FROM fact_batches WHERE tenant = $1 AND seq IN
		(SELECT max(seq) FROM fact_batches WHERE tenant = $2 GROUP BY stream) ORDER BY title, stream`, t.id, t.id)
	if err != nil {
		return nil, classify(fmt.Errorf("list streams: %w", err))
	}
	out, err := collect(rows, scanBatch)
	return out, classify(err)
}

// FactsSeq returns the newest batch recorded by the moment, and when that was.
// Zero means that nothing had been recorded.
func (t *Tenant) FactsSeq(ctx context.Context, asOf time.Time) (int64, time.Time, error) {
	var seq, at int64
	err := t.db.read.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0), coalesce(max(recorded_at), 0) FROM fact_batches WHERE tenant = $1 AND recorded_at <= $2`,
		t.id, micros(asOf)).Scan(&seq, &at)
	if err != nil {
		return 0, time.Time{}, classify(fmt.Errorf("find the newest batch: %w", err))
	}
	return seq, moment(at), nil
}

// Recorded returns when the newest batch, judging or decision was recorded, zero
// where there is none.
// After the clock was set back that is in the future.
func (t *Tenant) Recorded(ctx context.Context) (time.Time, error) {
	var at int64
	err := t.db.read.QueryRowContext(ctx, `SELECT coalesce(max(at), 0) FROM (
		SELECT max(recorded_at) AS at FROM fact_batches WHERE tenant = $1
		UNION ALL SELECT max(at) FROM vuln_judgings WHERE tenant = $2
		UNION ALL SELECT max(at) FROM vuln_decisions WHERE tenant = $3
		UNION ALL SELECT max(ended_at) FROM vuln_decisions WHERE tenant = $4) x`, t.id, t.id, t.id, t.id).Scan(&at)
	return moment(at), classify(err)
}

// header adds what the batch's own row says to its digest.
func (r *BatchRow) header(h *evidence.BatchHasher) {
	sum := ""
	if r.File != nil {
		sum = r.File.SHA256
	}
	h.Header(r.Stream, r.Snapshot, r.Assurance.String(), r.ObservedAt, r.RecordedAt, r.Actor, sum)
	h.Detail("id", r.ID)
	h.Detail("title", r.Title)
	h.Detail("file", r.file)
	h.Detail("notes", r.notes)
	h.Detail("counts", r.countsText)
}

// since adds to the digest when a thing was first seen, where a fact does not
// begin with itself: how long a weakness has been open is counted from there.
func since(h *evidence.BatchHasher, kind, resource string, first, observed int64) {
	if first != observed {
		h.Detail("first observed: "+kind+" "+resource, moment(first).Format(ledger.TimeFormat))
	}
}

// BatchDigest implements evidence.Rows: it derives the digest of a batch anew
// from the rows as they are now. errs.NotFound if the batch is gone.
func (t *Tenant) BatchDigest(ctx context.Context, seq int64) (ledger.Hash, error) {
	r, err := scanBatch(t.db.read.QueryRowContext(ctx, `SELECT `+batchColumns+` FROM fact_batches WHERE tenant = $1 AND seq = $2`, t.id, seq))
	if errors.Is(err, sql.ErrNoRows) {
		return ledger.Hash{}, errs.New(errs.NotFound, "batch %d is gone", seq)
	}
	if err != nil {
		return ledger.Hash{}, classify(err)
	}
	var h evidence.BatchHasher
	r.header(&h)
	type list struct {
		asset  string
		packed []byte
	}
	var lists []list // read to the end before the next query takes a connection
	for _, q := range []struct {
		text string
		add  func(scanner) error
	}{
		{`SELECT id FROM inventory_assets WHERE tenant = $1 AND first_seq = $2`, func(s scanner) error {
			var a string
			err := s.Scan(&a)
			h.Asset(a)
			return err
		}},
		{`SELECT kind, resource, asset, observed_at, first_observed_at, attributes, missing FROM facts WHERE tenant = $1 AND from_seq = $2`, func(s scanner) error {
			var kind, resource, a, attrs, missing string
			var own, first int64
			err := s.Scan(&kind, &resource, &a, &own, &first, &attrs, &missing)
			h.Fact(kind, resource, a, moment(own), attrs, missing)
			since(&h, kind, resource, first, cmp.Or(own, micros(r.ObservedAt)))
			return err
		}},
		{`SELECT kind, resource FROM facts WHERE tenant = $1 AND until_seq = $2 AND until_seq <> 0`, func(s scanner) error {
			var kind, resource string
			err := s.Scan(&kind, &resource)
			h.FactEnded(kind, resource)
			return err
		}},
		{`SELECT body FROM inventory_sums WHERE tenant = $1 AND seq = $2`, func(s scanner) error {
			var b []byte
			err := s.Scan(&b)
			h.Detail(detailRecords, bodyHash(b).String())
			return err
		}},
		{`SELECT asset FROM inventory_software WHERE tenant = $1 AND until_seq = $2`, func(s scanner) error {
			var a string
			err := s.Scan(&a)
			h.SoftwareEnded(a)
			return err
		}},
		{`SELECT asset, components FROM inventory_software WHERE tenant = $1 AND from_seq = $2`, func(s scanner) error {
			var l list
			err := s.Scan(&l.asset, &l.packed)
			lists = append(lists, l)
			return err
		}},
	} {
		rows, err := t.db.read.QueryContext(ctx, q.text, t.id, seq)
		if err != nil {
			return ledger.Hash{}, classify(fmt.Errorf("read the rows of batch %d: %w", seq, err))
		}
		_, err = collect(rows, func(s scanner) (struct{}, error) { return struct{}{}, q.add(s) })
		if err != nil {
			return ledger.Hash{}, classify(err)
		}
	}
	for _, l := range lists {
		names, err := t.identities(ctx, l.packed)
		if err != nil {
			return ledger.Hash{}, err
		}
		h.Software(l.asset, names)
	}
	sum, err := h.Sum()
	return withStored(sum, r.Digest[:]), err
}

// withStored returns a hash that was derived, or another one where the one
// stored beside it says something else: the two are never told apart in silence.
func withStored(derived ledger.Hash, stored []byte) ledger.Hash {
	if bytes.Equal(derived[:], stored) {
		return derived
	}
	return sha256.Sum256(append(derived[:], stored...))
}

// identities names the components of a packed list.
func (t *Tenant) identities(ctx context.Context, packed []byte) ([]string, error) {
	ids, err := unpackIDs(packed)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(ids))
	for _, n := range ids {
		var identity string
		if err := t.db.read.QueryRowContext(ctx, `SELECT identity FROM inventory_components WHERE id = $1`, n).Scan(&identity); err != nil {
			return nil, fmt.Errorf("component %d: %w", n, err)
		}
		names = append(names, identity)
	}
	return names, nil
}
