package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
)

// historyRow is a fact, or a list of software, with the batches it held between.
type historyRow struct {
	stream, kind, key string
	from, until       int64
	attrs             []byte
}

// mostListed bounds the names in a change of software.
const mostListed = 20

// AssetHistory lists what changed about an asset, newest first, at most limit,
// and whether there is more. Sources that say the same again change nothing.
func (t *Tenant) AssetHistory(ctx context.Context, aid string, limit int) ([]AssetChange, bool, error) {
	al, err := t.aliases(ctx)
	if err != nil {
		return nil, false, err
	}
	var out []AssetChange
	for _, home := range al.homesOf(aid) {
		rows, err := t.historyRows(ctx, home)
		if err != nil {
			return nil, false, classify(err)
		}
		for _, group := range grouped(rows) {
			if al.of(group[0].stream, home) != aid {
				continue
			}
			cs, err := t.changesOf(ctx, group)
			if err != nil {
				return nil, false, classify(err)
			}
			out = append(out, cs...)
		}
	}
	slices.SortStableFunc(out, func(a, b AssetChange) int {
		return cmp.Or(-cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.What, b.What))
	})
	more := len(out) > limit
	out = out[:min(limit, len(out))]
	return out, more, classify(t.dateChanges(ctx, out))
}

// historyRows reads all facts and lists of a home, by stream, kind and key, oldest first.
func (t *Tenant) historyRows(ctx context.Context, home string) ([]historyRow, error) {
	var out []historyRow
	for _, k := range fact.Kinds() {
		if s, _ := fact.SchemaOf(k); k != fact.KindAsset && !s.OnAsset {
			continue
		}
		lo, hi := home+"/", home+"0" // '0' follows '/'
		if k == fact.KindAsset {
			lo, hi = home, home+"\x00"
		}
		rows, err := t.db.read.QueryContext(ctx, `SELECT stream, kind, resource, from_seq, until_seq, attributes FROM facts
			WHERE tenant = $1 AND kind = $2 AND resource >= $3 AND resource < $4 ORDER BY stream, resource, from_seq`, t.id, string(k), lo, hi)
		if err != nil {
			return nil, fmt.Errorf("read the history of %s: %w", home, err)
		}
		got, err := collect(rows, func(s scanner) (r historyRow, err error) {
			err = s.Scan(&r.stream, &r.kind, &r.key, &r.from, &r.until, &r.attrs)
			r.key = strings.TrimPrefix(strings.TrimPrefix(r.key, home), "/")
			return r, err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	rows, err := t.db.read.QueryContext(ctx, `SELECT stream, from_seq, until_seq, components FROM inventory_software WHERE tenant = $1 AND asset = $2 ORDER BY stream, from_seq`, t.id, home)
	if err != nil {
		return nil, fmt.Errorf("read the software of %s: %w", home, err)
	}
	got, err := collect(rows, func(s scanner) (r historyRow, err error) {
		r.kind = "software"
		return r, s.Scan(&r.stream, &r.from, &r.until, &r.attrs)
	})
	return append(out, got...), err
}

// grouped cuts rows into those about one thing by one stream.
func grouped(rows []historyRow) [][]historyRow {
	var out [][]historyRow
	for i, r := range rows {
		if i > 0 && rows[i-1].stream == r.stream && rows[i-1].kind == r.kind && rows[i-1].key == r.key {
			out[len(out)-1] = append(out[len(out)-1], r)
			continue
		}
		out = append(out, []historyRow{r})
	}
	return out
}

// changesOf compares each row with the one before it.
func (t *Tenant) changesOf(ctx context.Context, rows []historyRow) ([]AssetChange, error) {
	var out []AssetChange
	for i, r := range rows {
		c := AssetChange{Seq: r.from, Stream: r.stream, Kind: r.kind, What: cmp.Or(r.key, "first seen")}
		var before []byte
		if i > 0 && rows[i-1].until == r.from {
			before = rows[i-1].attrs
		}
		cs, err := t.changed(ctx, c, before, r.attrs)
		if err != nil {
			return nil, err
		}
		out = append(out, cs...)
		if r.until != 0 && (i == len(rows)-1 || rows[i+1].from != r.until) {
			c.Seq = r.until
			c.What = cmp.Or(r.key, "no longer listed")
			if cs, err = t.changed(ctx, c, r.attrs, nil); err != nil {
				return nil, err
			}
			out = append(out, cs...)
		}
	}
	return out, nil
}

// changed lists how one row differs from another; nil stands for none.
func (t *Tenant) changed(ctx context.Context, c AssetChange, before, after []byte) ([]AssetChange, error) {
	if c.Kind == "software" {
		return t.softwareChanged(ctx, c, before, after)
	}
	read := func(b []byte) (fact.Values, error) {
		if b == nil {
			return nil, nil
		}
		return fact.DecodeValues(fact.Kind(c.Kind), b)
	}
	was, err := read(before)
	if err != nil {
		return nil, err
	}
	is, err := read(after)
	if err != nil {
		return nil, err
	}
	switch {
	case before == nil:
		c.After = labelOf(c.What, is)
		return []AssetChange{c}, nil
	case after == nil:
		c.Before = labelOf(c.What, was)
		return []AssetChange{c}, nil
	}
	var out []AssetChange
	for _, v := range valueChanges(was, is) {
		one := c
		if one.What = v.Name; c.Kind != string(fact.KindAsset) {
			one.What = c.What + ": " + v.Name
		}
		one.Before, one.After = v.Before, v.After
		out = append(out, one)
	}
	return out, nil
}

// softwareChanged lists the components that left and that came.
func (t *Tenant) softwareChanged(ctx context.Context, c AssetChange, before, after []byte) ([]AssetChange, error) {
	c.What = "software"
	was, err := unpackIDs(before)
	if err != nil {
		return nil, err
	}
	is, err := unpackIDs(after)
	if err != nil {
		return nil, err
	}
	switch {
	case before == nil:
		c.After = fmt.Sprintf("%d components", len(is))
		return []AssetChange{c}, nil
	case after == nil:
		c.Before = fmt.Sprintf("%d components", len(was))
		return []AssetChange{c}, nil
	}
	left, err := t.componentNames(ctx, without(was, is))
	if err != nil {
		return nil, err
	}
	came, err := t.componentNames(ctx, without(is, was))
	if err != nil {
		return nil, err
	}
	if c.Before, c.After = nil, nil; len(left) > 0 {
		c.Before = left
	}
	if len(came) > 0 {
		c.After = came
	}
	return []AssetChange{c}, nil
}

// without returns the ids of a that b lacks; both ascend.
func without(a, b []int64) []int64 {
	var out []int64
	for _, n := range a {
		if _, ok := slices.BinarySearch(b, n); !ok {
			out = append(out, n)
		}
	}
	return out
}

func (t *Tenant) componentNames(ctx context.Context, ids []int64) ([]string, error) {
	rest := len(ids) - mostListed
	ids = ids[:min(len(ids), mostListed)]
	cs, err := t.db.Components(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, n := range ids {
		out = append(out, strings.TrimSpace(cs[n].Name+" "+cs[n].Version))
	}
	if rest > 0 {
		out = append(out, fmt.Sprintf("and %d more", rest))
	}
	return out, nil
}

// dateChanges fills in what the batches of changes say.
func (t *Tenant) dateChanges(ctx context.Context, cs []AssetChange) error {
	type batch struct {
		seq, recorded, observed int64
		title, actor            string
	}
	var seqs []any
	for _, c := range cs {
		if !slices.Contains(seqs, any(c.Seq)) {
			seqs = append(seqs, c.Seq)
		}
	}
	got, err := inChunks(ctx, t.db.read, `SELECT seq, recorded_at, observed_at, title, actor FROM fact_batches WHERE tenant = $1 AND seq IN `, ``, []any{t.id}, seqs,
		func(s scanner) (b batch, err error) {
			return b, s.Scan(&b.seq, &b.recorded, &b.observed, &b.title, &b.actor)
		})
	if err != nil {
		return fmt.Errorf("read the batches of changes: %w", err)
	}
	by := make(map[int64]batch, len(got))
	for _, b := range got {
		by[b.seq] = b
	}
	for i := range cs {
		b := by[cs[i].Seq]
		cs[i].At, cs[i].ObservedAt, cs[i].Title, cs[i].Actor = moment(b.recorded), moment(b.observed), b.title, b.actor
	}
	return nil
}
