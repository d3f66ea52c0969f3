package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/inventory"
)

const questionQuery = `SELECT id, at, kind, a, b, state, body FROM inventory_questions`

func scanQuestion(s scanner) (q Question, err error) {
	var at int64
	var body string
	if err := s.Scan(&q.ID, &at, &q.Kind, &q.A, &q.B, &q.State, &body); err != nil {
		return q, err
	}
	q.At = moment(at)
	if err := json.Unmarshal([]byte(body), &q); err != nil {
		return q, fmt.Errorf("question %s: %w", q.ID, err)
	}
	return q, nil
}

// CanonicalAsset returns the asset that an id stands for now: itself, or the
// asset it was merged into. errs.NotFound if there was never one.
func (t *Tenant) CanonicalAsset(ctx context.Context, aid string) (string, error) {
	al, err := t.aliases(ctx)
	if err != nil {
		return "", err
	}
	a, err := t.canonical(ctx, t.db.read, al, aid)
	return a, classify(err)
}

// records returns the records of an asset.
func (t *Tenant) records(ctx context.Context, q queryer, al *aliases, aid string) ([]inventory.Record, error) {
	homes := al.homesOf(aid)
	slices.Sort(homes)
	src := source{q: q, tenant: t.id}
	rs, err := src.Records(ctx, slices.Compact(homes))
	if err != nil {
		return nil, fmt.Errorf("read the records of %s: %w", aid, err)
	}
	return slices.DeleteFunc(rs, func(r inventory.Record) bool { return al.of(r.Stream, r.At) != aid }), nil
}

// AssetLinks returns why each source's sightings are of the asset, the one seen
// last first.
func (t *Tenant) AssetLinks(ctx context.Context, aid string) ([]AssetLink, error) {
	links, err := linksAt(ctx, t.db.read, t.id, 0)
	if err != nil {
		return nil, classify(err)
	}
	al, err := t.aliases(ctx)
	if err != nil {
		return nil, err
	}
	rs, err := t.records(ctx, t.db.read, al, aid)
	if err != nil {
		return nil, classify(err)
	}
	titles, err := streamTitles(ctx, t.db.read, t.id)
	if err != nil {
		return nil, classify(err)
	}
	title := func(s string) string { return titleOf(titles, s) }
	out := make([]AssetLink, 0, len(rs))
	for _, r := range rs {
		l := AssetLink{
			Home: r.At, Stream: r.Stream, Title: title(r.Stream), Grade: cmp.Or(string(r.Why.Grade), string(inventory.First)),
			Why: r.Why.Text(r.Stream, title), First: moment(r.First), Last: moment(r.Last),
		}
		for _, k := range links {
			if k.Home == r.At && (k.Stream == r.Stream || k.Stream == "" && l.Merge == "") {
				l.Merge = k.Merge
			}
		}
		for _, k := range r.Keys {
			l.Keys = append(l.Keys, LinkKey{k.Key, moment(k.First), moment(k.Last)})
		}
		slices.SortFunc(l.Keys, func(a, b LinkKey) int { return compareKeys(a.Key, b.Key) })
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b AssetLink) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Home, b.Home))
	})
	return out, nil
}

func compareKeys(a, b asset.Key) int {
	return cmp.Or(cmp.Compare(a.Type.Rank(), b.Type.Rank()), cmp.Compare(a.Value, b.Value))
}

// AssetKeys returns what identifies an asset, strongest first.
func (t *Tenant) AssetKeys(ctx context.Context, aid string) ([]asset.Key, error) {
	al, err := t.aliases(ctx)
	if err != nil {
		return nil, err
	}
	rs, err := t.records(ctx, t.db.read, al, aid)
	if err != nil {
		return nil, classify(err)
	}
	var ks []asset.Key
	for _, r := range rs {
		for _, k := range r.Keys {
			ks = append(ks, k.Key)
		}
	}
	slices.SortFunc(ks, compareKeys)
	return slices.Compact(ks), nil
}

// AssetSince returns when the first source spoke of an asset.
func (t *Tenant) AssetSince(ctx context.Context, aid string) (time.Time, error) {
	al, err := t.aliases(ctx)
	if err != nil {
		return time.Time{}, err
	}
	var since time.Time
	for _, home := range al.homesOf(aid) {
		var at int64
		err := t.db.read.QueryRowContext(ctx, `SELECT coalesce(min(first_observed_at), 0) FROM facts WHERE tenant = $1 AND kind = $2 AND resource = $3`,
			t.id, string(fact.KindAsset), home).Scan(&at)
		if err != nil {
			return time.Time{}, classify(fmt.Errorf("read when the asset was first seen: %w", err))
		}
		if m := moment(at); at != 0 && (since.IsZero() || m.Before(since)) {
			since = m
		}
	}
	return since, nil
}

// AssetMerges lists the merges and splits that an asset was part of, newest first.
func (t *Tenant) AssetMerges(ctx context.Context, aid string) ([]Merge, error) {
	al, err := t.aliases(ctx)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool)
	var out []Merge
	for _, home := range al.homesOf(aid) {
		rows, err := t.db.read.QueryContext(ctx, `SELECT id, at, kept, other, undone_at, body FROM inventory_merges WHERE tenant = $1 AND (kept = $2 OR other = $3)`, t.id, home, home)
		if err != nil {
			return nil, classify(fmt.Errorf("read merges: %w", err))
		}
		ms, err := collect(rows, scanMerge)
		if err != nil {
			return nil, classify(err)
		}
		for _, m := range ms {
			if !seen[m.ID] {
				seen[m.ID] = true
				out = append(out, m)
			}
		}
	}
	slices.SortFunc(out, func(a, b Merge) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	return out, nil
}

// Questions lists what waits for a person's decision, or with all also what was
// decided, newest first. A and B of [QuestionSame] are the assets as they are
// now; a question whose two have become one is settled.
func (t *Tenant) Questions(ctx context.Context, all bool) ([]Question, error) {
	al, err := t.aliases(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := t.db.read.QueryContext(ctx, questionQuery+` WHERE tenant = $1 ORDER BY at DESC, id DESC`, t.id)
	if err != nil {
		return nil, classify(fmt.Errorf("read questions: %w", err))
	}
	qs, err := collect(rows, scanQuestion)
	if err != nil {
		return nil, classify(err)
	}
	for i := range qs {
		q := &qs[i]
		if q.Kind != QuestionSame {
			continue
		}
		q.A, q.B = al.of("", q.A), al.of("", q.B)
		if q.A == q.B && q.State == stateOpen {
			q.State = stateSettled
		}
	}
	if !all {
		qs = slices.DeleteFunc(qs, func(q Question) bool { return q.State != stateOpen })
	}
	return qs, nil
}

// AssetSeen says when each source saw an asset, the newest first.
func (t *Tenant) AssetSeen(ctx context.Context, aid string) ([]AssetSeen, error) {
	links, err := t.AssetLinks(ctx, aid)
	if err != nil {
		return nil, err
	}
	out := make([]AssetSeen, 0, len(links))
	for _, l := range links {
		rows, err := t.db.read.QueryContext(ctx, `SELECT coalesce(nullif(f.observed_at, 0), b.observed_at) FROM facts f
			JOIN fact_batches b ON b.tenant = f.tenant AND b.seq = f.from_seq
			WHERE f.tenant = $1 AND f.kind = $2 AND f.resource = $3 AND f.stream = $4 ORDER BY f.from_seq DESC LIMIT 50`,
			t.id, string(fact.KindAsset), l.Home, l.Stream)
		if err != nil {
			return nil, classify(fmt.Errorf("read sightings: %w", err))
		}
		times, err := collect(rows, func(s scanner) (time.Time, error) {
			var at int64
			err := s.Scan(&at)
			return moment(at), err
		})
		if err != nil {
			return nil, classify(err)
		}
		out = append(out, AssetSeen{Stream: l.Stream, Title: l.Title, First: l.First, Last: l.Last, Times: times})
	}
	return out, nil
}
