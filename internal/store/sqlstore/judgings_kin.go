package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/judge"
)

// kinship is the assets that were merged or taken apart since the last judging:
// a flaw that one of them has now and another had before is neither new nor
// mended, it went along. Without it, merging two assets and undoing that would
// date all their flaws anew, and with them the day they are to be mended by.
type kinship struct {
	of map[string][]string // asset → those it may have got findings from, or given to
}

// kinSince reads the links that changed since a batch, with all that they join.
func kinSince(ctx context.Context, tx *sql.Tx, tenant string, seq int64) (*kinship, error) {
	rows, err := tx.QueryContext(ctx, `SELECT asset, target, from_seq > $1 OR until_seq <> 0 FROM inventory_links
		WHERE tenant = $2 AND (until_seq = 0 OR until_seq > $3)`, seq, tenant, seq)
	if err != nil {
		return nil, fmt.Errorf("read what was merged: %w", err)
	}
	type link struct {
		a, b    string
		changed bool
	}
	links, err := collect(rows, func(s scanner) (l link, err error) { return l, s.Scan(&l.a, &l.b, &l.changed) })
	if err != nil {
		return nil, fmt.Errorf("read what was merged: %w", err)
	}
	k := &kinship{of: make(map[string][]string)}
	if !slices.ContainsFunc(links, func(l link) bool { return l.changed }) {
		return k, nil
	}
	near := make(map[string][]string)
	for _, l := range links {
		near[l.a] = append(near[l.a], l.b)
		near[l.b] = append(near[l.b], l.a)
	}
	for _, l := range links {
		if _, done := k.of[l.a]; !l.changed || done {
			continue
		}
		all, seen := []string{l.a}, map[string]bool{l.a: true}
		for i := 0; i < len(all); i++ {
			for _, n := range near[all[i]] {
				if !seen[n] {
					seen[n] = true
					all = append(all, n)
				}
			}
		}
		for _, a := range all {
			k.of[a] = all
		}
	}
	return k, nil
}

// lent returns the flaws that the kin of an asset had before this judging and
// it had not, with their dates: its own from when it last had them, where it was
// an asset of its own before, else the earliest of its kin.
func (w *judgingWriter) lent(ctx context.Context, a string, before judge.Findings) ([]judge.Match, error) {
	kin := w.kin.of[a]
	if len(kin) == 0 {
		return nil, nil
	}
	had := datesOf(before)
	since := make(map[string]time.Time)
	for _, o := range kin {
		if o == a {
			continue
		}
		f, err := w.findings(ctx, `SELECT body FROM vuln_findings WHERE tenant = $1 AND asset = $2 AND from_seq < $3 AND (until_seq = 0 OR until_seq = $4)`, w.t.id, o, w.j.Seq, w.j.Seq)
		if err != nil {
			return nil, err
		}
		for flaw, at := range datesOf(f) {
			if _, own := had[flaw]; own {
				continue
			}
			if first, ok := since[flaw]; !ok || at.Before(first) {
				since[flaw] = at
			}
		}
	}
	if len(since) == 0 {
		return nil, nil
	}
	earlier, err := w.findings(ctx, `SELECT body FROM vuln_findings WHERE tenant = $1 AND asset = $2 AND until_seq <> 0 ORDER BY from_seq DESC LIMIT 1`, w.t.id, a)
	if err != nil {
		return nil, err
	}
	own := datesOf(earlier)
	out := make([]judge.Match, 0, len(since))
	for flaw, at := range since {
		if mine, ok := own[flaw]; ok {
			at = mine
		}
		out = append(out, judge.Match{Flaw: flaw, Since: at})
	}
	return out, nil
}

// wentAlong reports whether kin of an asset has a flaw now.
func (w *judgingWriter) wentAlong(a, flaw string) bool {
	for _, o := range w.kin.of[a] {
		if f := w.found[o]; o != a && f != nil && slices.ContainsFunc(f.Matches, func(m judge.Match) bool { return m.Flaw == flaw }) {
			return true
		}
	}
	return false
}

// findings reads the one row that a query gives; none are no findings.
func (w *judgingWriter) findings(ctx context.Context, text string, args ...any) (f judge.Findings, err error) {
	var body []byte
	err = w.tx.QueryRowContext(ctx, text, args...).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return f, nil
	}
	if err == nil {
		body, err = w.t.db.dec.DecodeAll(body, nil)
	}
	if err == nil {
		err = json.Unmarshal(body, &f)
	}
	return f, err
}

func datesOf(f judge.Findings) map[string]time.Time {
	out := make(map[string]time.Time, len(f.Matches))
	for _, m := range f.Matches {
		out[m.Flaw] = m.Since
	}
	return out
}
