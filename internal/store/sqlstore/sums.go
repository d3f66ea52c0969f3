package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/asepsis/asepsis/ledger"
)

// Rows that are rewritten in place leave nothing to derive an older delivery's
// hash from. What a delivery wrote of them is therefore kept as a list of
// hashes; the delivery's own hash covers the list, and the newest hash under a
// row's name says what the row must be.

// sumSize is the length of one item of a list: nameSize bytes of the hash of the
// row's name, and the beginning of that of the row.
const (
	sumSize  = 32
	nameSize = 8
)

type (
	sumName [nameSize]byte
	rowSum  [sumSize - nameSize]byte
)

// sumList makes one list.
type sumList struct {
	body    []byte
	scratch []byte
}

// appendField writes a column as evidence.RowHash does.
func appendField(b []byte, s string) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, ':')
	b = append(b, s...)
	return append(b, '\n')
}

// appendNumber writes a whole number as the text that it is.
func appendNumber(b []byte, n int64) []byte {
	var digits [20]byte
	return appendField(b, string(strconv.AppendInt(digits[:0], n, 10)))
}

// row adds a row: write appends its name, then its other columns.
func (l *sumList) row(name, rest func(b []byte) []byte) {
	n, s := sumOf(&l.scratch, name, rest)
	l.body = append(append(l.body, n[:]...), s[:]...)
}

func sumOf(scratch *[]byte, name, rest func(b []byte) []byte) (n sumName, s rowSum) {
	b := name((*scratch)[:0])
	h := sha256.Sum256(b)
	copy(n[:], h[:])
	b = rest(b)
	h = sha256.Sum256(b)
	copy(s[:], h[:])
	*scratch = b
	return n, s
}

// recordRow is a row of inventory_records as text.
type recordRow struct {
	asset, stream, keys, maker, why string
	first, last                     int64
}

func (r *recordRow) name(b []byte) []byte { return appendField(appendField(b, r.asset), r.stream) }

func (r *recordRow) rest(b []byte) []byte {
	return appendNumber(appendNumber(appendField(appendField(appendField(b, r.keys), r.maker), r.why), r.first), r.last)
}

func scanRecordRow(s scanner) (r recordRow, err error) {
	return r, s.Scan(&r.asset, &r.stream, &r.keys, &r.maker, &r.why, &r.first, &r.last)
}

const recordRows = `SELECT asset, stream, keys, maker, why, first_at, last_at FROM inventory_records WHERE tenant = $1`

// flawRow is a row of vuln_flaws.
type flawRow struct {
	flaw, body  string
	from, until int64
}

func (r *flawRow) name(b []byte) []byte { return appendNumber(appendField(b, r.flaw), r.from) }

func (r *flawRow) rest(b []byte) []byte { return appendField(appendNumber(b, r.until), r.body) }

func scanFlawRow(s scanner) (r flawRow, err error) {
	return r, s.Scan(&r.flaw, &r.from, &r.until, &r.body)
}

const flawRows = `SELECT flaw, from_at, until_at, body FROM vuln_flaws`

// keepSums writes the list of the records that a batch wrote, and puts it under
// the batch's hash. The first list of a tenant is of all records there are: a
// data folder of before lists were kept is sealed with its next delivery.
func (in *ingest) keepSums(ctx context.Context, l *sumList) error {
	if len(l.body) == 0 {
		return nil
	}
	var had bool
	if err := in.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM inventory_sums WHERE tenant = $1)`, in.tenant.id).Scan(&had); err != nil {
		return fmt.Errorf("look for the hashes of records: %w", err)
	}
	if !had {
		rows, err := in.tx.QueryContext(ctx, recordRows, in.tenant.id)
		if err != nil {
			return fmt.Errorf("read all records: %w", err)
		}
		l.body = l.body[:0]
		if _, err := collect(rows, func(s scanner) (struct{}, error) {
			r, err := scanRecordRow(s)
			l.row(r.name, r.rest)
			return struct{}{}, err
		}); err != nil {
			return fmt.Errorf("read all records: %w", err)
		}
	}
	if err := in.exec(ctx, `INSERT INTO inventory_sums (tenant, seq, body) VALUES ($1, $2, $3)`, in.tenant.id, in.seq, l.body); err != nil {
		return fmt.Errorf("keep the hashes of records: %w", err)
	}
	in.hash.Detail(detailRecords, bodyHash(l.body).String())
	return nil
}

// detailRecords is what the hash of a list of records is called in a batch's.
const detailRecords = "records"

func bodyHash(b []byte) ledger.Hash { return sha256.Sum256(b) }

// chained is the hash of a list of flaws that follows others.
func chained(before, body []byte) ledger.Hash {
	h := sha256.Sum256(body)
	return sha256.Sum256(append(append([]byte(nil), before...), h[:]...))
}

// newestFlaws returns the newest list of flaws and its hash; 0 where there is none.
func newestFlaws(ctx context.Context, tx *sql.Tx) (seq int64, chain []byte, err error) {
	err = tx.QueryRowContext(ctx, `SELECT seq, chain FROM vuln_flaw_sums ORDER BY seq DESC LIMIT 1`).Scan(&seq, &chain)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	return seq, chain, err
}

// keepFlawSums writes the list of the flaws that were written. The first is of
// all there are.
func keepFlawSums(ctx context.Context, tx *sql.Tx, l *sumList) error {
	seq, chain, err := newestFlaws(ctx, tx)
	if err != nil {
		return fmt.Errorf("look for the hashes of flaws: %w", err)
	}
	if seq == 0 {
		rows, err := tx.QueryContext(ctx, flawRows)
		if err != nil {
			return fmt.Errorf("read all flaws: %w", err)
		}
		l.body = l.body[:0]
		if _, err := collect(rows, func(s scanner) (struct{}, error) {
			r, err := scanFlawRow(s)
			l.row(r.name, r.rest)
			return struct{}{}, err
		}); err != nil {
			return fmt.Errorf("read all flaws: %w", err)
		}
	}
	if len(l.body) == 0 {
		return nil
	}
	next := chained(chain, l.body)
	_, err = tx.ExecContext(ctx, `INSERT INTO vuln_flaw_sums (seq, chain, body) VALUES ($1, $2, $3)`, seq+1, next[:], l.body)
	if err != nil {
		return fmt.Errorf("keep the hashes of flaws: %w", err)
	}
	return nil
}

// flawChains derives the hash of every list of flaws, by its number.
func (db *DB) flawChains(ctx context.Context) (map[int64][]byte, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT seq, body FROM vuln_flaw_sums ORDER BY seq`)
	if err != nil {
		return nil, fmt.Errorf("read the hashes of flaws: %w", err)
	}
	out := make(map[int64][]byte)
	var chain []byte
	_, err = collect(rows, func(s scanner) (struct{}, error) {
		var seq int64
		var body []byte
		err := s.Scan(&seq, &body)
		next := chained(chain, body)
		chain = next[:]
		out[seq] = chain
		return struct{}{}, err
	})
	return out, err
}
