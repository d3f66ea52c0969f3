package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"github.com/asepsis/asepsis/internal/fact"
)

// RowChange is one resource that a batch changed.
type RowChange struct {
	Change string // added, changed, gone
	Kind   fact.Kind
	ID     string
	Label  string
	Values []ValueChange // by name
}

// ValueChange is an attribute before and after; nil where there was or is none.
type ValueChange struct {
	Name          string
	Before, After any
}

// queryer is what both a transaction and the database are.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// BatchDiff lists what a batch changed, at most limit resources.
func (t *Tenant) BatchDiff(ctx context.Context, seq int64, limit int) ([]RowChange, error) {
	cs, err := batchDiff(ctx, t.db.read, t.id, seq, limit)
	return cs, classify(err)
}

func batchDiff(ctx context.Context, q queryer, tenant string, seq int64, limit int) ([]RowChange, error) {
	type side struct {
		kind     fact.Kind
		resource string
		attrs    []byte
	}
	read := func(text string) ([]side, error) {
		rows, err := q.QueryContext(ctx, text, tenant, seq, limit)
		if err != nil {
			return nil, fmt.Errorf("read what the batch changed: %w", err)
		}
		return collect(rows, func(s scanner) (v side, err error) { return v, s.Scan(&v.kind, &v.resource, &v.attrs) })
	}
	opened, err := read(`SELECT kind, resource, attributes FROM facts WHERE tenant = $1 AND from_seq = $2 ORDER BY kind, resource LIMIT $3`)
	if err != nil {
		return nil, err
	}
	closed, err := read(`SELECT kind, resource, attributes FROM facts WHERE tenant = $1 AND until_seq = $2 AND until_seq <> 0 ORDER BY kind, resource LIMIT $3`)
	if err != nil {
		return nil, err
	}
	before := make(map[ident]fact.Values, len(closed))
	for _, c := range closed {
		if before[ident{c.kind, c.resource}], err = fact.DecodeValues(c.kind, c.attrs); err != nil {
			return nil, err
		}
	}
	var out []RowChange
	for _, o := range opened {
		after, err := fact.DecodeValues(o.kind, o.attrs)
		if err != nil {
			return nil, err
		}
		key := ident{o.kind, o.resource}
		was, had := before[key]
		delete(before, key)
		c := RowChange{Change: "added", Kind: o.kind, ID: o.resource, Label: labelOf(o.resource, after), Values: valueChanges(was, after)}
		if had {
			if c.Change = "changed"; len(c.Values) == 0 {
				continue // the same, observed again
			}
		}
		out = append(out, c)
	}
	for key, was := range before {
		out = append(out, RowChange{Change: "gone", Kind: key.kind, ID: key.resource, Label: labelOf(key.resource, was), Values: valueChanges(was, nil)})
	}
	slices.SortStableFunc(out, func(a, b RowChange) int {
		return slices.Compare([]string{string(a.Kind), a.ID}, []string{string(b.Kind), b.ID})
	})
	return out[:min(len(out), limit)], nil
}

func labelOf(id string, vs fact.Values) string {
	r := fact.Resource{ID: id, Values: make(map[string]fact.Value, len(vs))}
	for k, v := range vs {
		r.Values[k] = fact.Value{V: v}
	}
	return r.Label()
}

func valueChanges(before, after fact.Values) []ValueChange {
	names := slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)))
	slices.Sort(names)
	var out []ValueChange
	for _, n := range slices.Compact(names) {
		if b, a := before[n], after[n]; !fact.Equal(b, a) {
			out = append(out, ValueChange{Name: n, Before: b, After: a})
		}
	}
	return out
}
