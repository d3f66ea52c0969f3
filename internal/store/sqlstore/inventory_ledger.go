package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/ledger"
)

// What a question's row says of how it stands.
const (
	stateOpen      = "open"
	stateSame      = "same"
	stateDifferent = "different"
	stateSettled   = "settled" // they became one without an answer
)

// appendIdentity states what a delivery or a person decided about identity.
func appendIdentity(ctx context.Context, tx *sql.Tx, w *identityWriter, did, reason string) error {
	if w == nil || len(w.changed) == 0 {
		return nil
	}
	sums, err := identitySums(ctx, tx, w.tenant, w.changed...)
	if err != nil {
		return err
	}
	rows := make([]evidence.IdentityRow, len(w.changed))
	for i, name := range w.changed {
		rows[i] = evidence.IdentityRow{ID: name, Sum: sums[name]}
	}
	for _, d := range evidence.IdentityDecided(w.actor, evidence.Identity{Seq: w.seq, Did: did, Reason: reason, Rows: rows}) {
		if err := appendEntry(ctx, tx, w.tenant, d, w.at); err != nil {
			return err
		}
	}
	return nil
}

// IdentitySums implements evidence.Rows.
func (t *Tenant) IdentitySums(ctx context.Context) (map[string]ledger.Hash, error) {
	sums, err := identitySums(ctx, t.db.read, t.id)
	return sums, classify(err)
}

// identitySums hashes merges with their links, questions and what is apart: all
// of them, or those of some names.
func identitySums(ctx context.Context, q queryer, tenant string, names ...string) (map[string]ledger.Hash, error) {
	fields := make(map[string][]string)
	read := func(text, column, order string, columns int, of func(f []string) string, only []any) error {
		scan := func(s scanner) (struct{}, error) {
			f := make([]string, columns)
			into := make([]any, columns)
			for i := range f {
				into[i] = &f[i]
			}
			if err := s.Scan(into...); err != nil {
				return struct{}{}, err
			}
			key := of(f)
			fields[key] = append(fields[key], f...)
			return struct{}{}, nil
		}
		// The rows of one name are all in one chunk, so their order holds.
		if len(names) > 0 {
			if _, err := inChunks(ctx, q, text+` AND `+column+` IN `, order, []any{tenant}, only, scan); err != nil {
				return fmt.Errorf("read what was decided about identity: %w", err)
			}
			return nil
		}
		rows, err := q.QueryContext(ctx, text+order, tenant)
		if err != nil {
			return fmt.Errorf("read what was decided about identity: %w", err)
		}
		_, err = collect(rows, scan)
		return err
	}
	var merges, questions, apart []any
	for _, n := range names {
		switch {
		case strings.HasPrefix(n, string(mergeID)+"_"):
			merges = append(merges, n)
		case strings.HasPrefix(n, string(questionID)+"_"):
			questions = append(questions, n)
		default:
			apart = append(apart, n)
		}
	}
	id := func(f []string) string { return f[0] }
	if err := read(`SELECT id, at, kept, other, undone_at, body FROM inventory_merges WHERE tenant = $1`, "id", "", 6, id, merges); err != nil {
		return nil, err
	}
	if err := read(`SELECT merge, asset, stream, target, from_seq, until_seq FROM inventory_links WHERE tenant = $1`, "merge", ` ORDER BY asset, stream, from_seq`, 6, id, merges); err != nil {
		return nil, err
	}
	if err := read(`SELECT id, at, kind, a, b, state, body FROM inventory_questions WHERE tenant = $1`, "id", "", 7, id, questions); err != nil {
		return nil, err
	}
	if err := read(`SELECT a, b, at, actor, reason, ended_at FROM inventory_apart WHERE tenant = $1`, "'apart ' || a || ' ' || b", "", 6,
		func(f []string) string { return apartName(f[0], f[1]) }, apart); err != nil {
		return nil, err
	}
	out := make(map[string]ledger.Hash, len(fields))
	for k, f := range fields {
		out[k] = evidence.RowHash(f...)
	}
	return out, nil
}

func scanMerge(s scanner) (m Merge, err error) {
	var at, undone int64
	var body string
	if err := s.Scan(&m.ID, &at, &m.Kept, &m.Other, &undone, &body); err != nil {
		return m, err
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return m, fmt.Errorf("merge %s: %w", m.ID, err)
	}
	m.At, m.UndoneAt = moment(at), moment(undone)
	return m, nil
}

func readMerge(ctx context.Context, q queryer, tenant, mid string) (Merge, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, at, kept, other, undone_at, body FROM inventory_merges WHERE tenant = $1 AND id = $2`, tenant, mid)
	if err != nil {
		return Merge{}, fmt.Errorf("read the merge: %w", err)
	}
	ms, err := collect(rows, scanMerge)
	if err != nil {
		return Merge{}, err
	}
	if len(ms) == 0 {
		return Merge{}, errs.New(errs.NotFound, "no merge %.60q", mid)
	}
	return ms[0], nil
}
