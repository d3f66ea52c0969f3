package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/inventory"
)

// source reads identity for an inventory.World, inside a transaction.
type source struct {
	q      queryer
	tenant string
}

var _ inventory.Source = (*source)(nil)

// linksAt is what holds of links at a batch; 0 stands for now.
func linksAt(ctx context.Context, q queryer, tenant string, seq int64) ([]inventory.Link, error) {
	text := `SELECT l.asset, l.stream, l.target, l.merge, coalesce(m.body ->> 'grade', '') FROM inventory_links l
		LEFT JOIN inventory_merges m ON m.tenant = l.tenant AND m.id = l.merge WHERE l.tenant = $1 AND `
	args := []any{tenant}
	if seq == 0 {
		text += `l.until_seq = 0`
	} else {
		text += `l.from_seq <= $2 AND (l.until_seq = 0 OR l.until_seq > $3)`
		args = append(args, seq, seq)
	}
	rows, err := q.QueryContext(ctx, text+` ORDER BY l.asset, l.stream, l.from_seq`, args...)
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	return collect(rows, func(s scanner) (l inventory.Link, err error) {
		return l, s.Scan(&l.Home, &l.Stream, &l.Target, &l.Merge, &l.Grade)
	})
}

// Links implements inventory.Source.
func (s *source) Links(ctx context.Context) ([]inventory.Link, error) {
	return linksAt(ctx, s.q, s.tenant, 0)
}

// Pairs implements inventory.Source.
func (s *source) Pairs(ctx context.Context) (apart, asked [][2]string, err error) {
	read := func(text string, args ...any) ([][2]string, error) {
		rows, err := s.q.QueryContext(ctx, text, args...)
		if err != nil {
			return nil, err
		}
		return collect(rows, func(s scanner) (p [2]string, err error) { return p, s.Scan(&p[0], &p[1]) })
	}
	if apart, err = read(`SELECT a, b FROM inventory_apart WHERE tenant = $1 AND ended_at = 0`, s.tenant); err != nil {
		return nil, nil, fmt.Errorf("read what is apart: %w", err)
	}
	if asked, err = read(`SELECT a, b FROM inventory_questions WHERE tenant = $1 AND kind = $2`, s.tenant, QuestionSame); err != nil {
		return nil, nil, fmt.Errorf("read questions: %w", err)
	}
	return apart, asked, nil
}

// chunkSize is how many values one query asks for.
const chunkSize = 400

// Holders implements inventory.Source.
func (s *source) Holders(ctx context.Context, keys []asset.Key) ([]string, error) {
	byType := make(map[asset.KeyType][]any)
	for _, k := range keys {
		byType[k.Type] = append(byType[k.Type], k.Value)
	}
	var out []string
	for typ, values := range byType {
		found, err := inChunks(ctx, s.q, `SELECT asset FROM inventory_keys WHERE tenant = $1 AND type = $2 AND value IN `, ``, []any{s.tenant, string(typ)}, values,
			func(s scanner) (a string, err error) { return a, s.Scan(&a) })
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// Records implements inventory.Source.
func (s *source) Records(ctx context.Context, homes []string) ([]inventory.Record, error) {
	ids := make([]any, len(homes))
	for i, h := range homes {
		ids[i] = h
	}
	return inChunks(ctx, s.q, `SELECT asset, stream, keys, maker, why, first_at, last_at FROM inventory_records WHERE tenant = $1 AND asset IN `, ``,
		[]any{s.tenant}, ids, scanRecord)
}

func scanRecord(s scanner) (r inventory.Record, err error) {
	var keys, why string
	if err := s.Scan(&r.At, &r.Stream, &keys, &r.Maker, &why, &r.First, &r.Last); err != nil {
		return r, err
	}
	if r.Keys, err = unpackKeys(keys); err != nil {
		return r, fmt.Errorf("keys of %s: %w", r.At, err)
	}
	if why != "" {
		if err := json.Unmarshal([]byte(why), &r.Why); err != nil {
			return r, fmt.Errorf("why of %s: %w", r.At, err)
		}
	}
	return r, nil
}

// inChunks runs a query that ends in IN over many values, and what follows it.
func inChunks[T any](ctx context.Context, q queryer, text, after string, first, values []any, scan func(scanner) (T, error)) ([]T, error) {
	var out []T
	for len(values) > 0 {
		n := min(len(values), chunkSize)
		args := append(append(make([]any, 0, len(first)+n), first...), values[:n]...)
		values = values[n:]
		rows, err := q.QueryContext(ctx, text+placeholders(n)+after, args...)
		if err != nil {
			return nil, err
		}
		got, err := collect(rows, scan)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

// placeholders writes (?,?,…). Numbered ones have names that the engine looks up
// one by one, which takes longer than writing the rows.
func placeholders(n int) string {
	return "(" + strings.Repeat("?,", n-1) + "?)"
}

// packKeys writes the keys of a record: [["serial","5cg1",first,last],…].
func packKeys(b []byte, keys []inventory.Held) []byte {
	b = append(b, '[')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[', '"')
		b = append(b, k.Key.Type...)
		b = append(b, '"', ',')
		b = appendText(b, k.Key.Value)
		b = append(b, ',')
		b = strconv.AppendInt(b, k.First, 10)
		b = append(b, ',')
		b = strconv.AppendInt(b, k.Last, 10)
		b = append(b, ']')
	}
	return append(b, ']')
}

// appendText writes a JSON string; values without anything to escape, which are
// nearly all, at once.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c > '~' {
			j, err := json.Marshal(s)
			if err != nil {
				return append(b, '"', '"') // cannot be: a string always marshals
			}
			return append(b, j...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func unpackKeys(text string) ([]inventory.Held, error) {
	var rows [][4]json.RawMessage
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, err
	}
	out := make([]inventory.Held, len(rows))
	for i, r := range rows {
		h := &out[i]
		for j, into := range [...]any{&h.Key.Type, &h.Key.Value, &h.First, &h.Last} {
			if err := json.Unmarshal(r[j], into); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// aliases tell which asset a record's facts are of.
type aliases struct {
	whole  map[string]string    // home → what it is part of
	part   map[[2]string]string // home, stream → what was split off to
	merged map[string]bool      // homes that are part of another, and assets that have such parts
}

func aliasesAt(ctx context.Context, q queryer, tenant string, seq int64) (*aliases, error) {
	links, err := linksAt(ctx, q, tenant, seq)
	if err != nil {
		return nil, err
	}
	al := &aliases{whole: make(map[string]string), part: make(map[[2]string]string), merged: make(map[string]bool)}
	for _, l := range links {
		if l.Stream == "" {
			al.whole[l.Home] = l.Target
		} else {
			al.part[[2]string{l.Home, l.Stream}] = l.Target
		}
	}
	for _, l := range links {
		al.merged[l.Home] = true
		al.merged[al.of(l.Stream, l.Home)] = true
	}
	return al, nil
}

// of returns the asset of a record. A cycle cannot be made; were the rows
// damaged so that there is one, the walk ends.
func (al *aliases) of(stream, home string) string {
	if to, ok := al.part[[2]string{home, stream}]; ok {
		home = to
	}
	for range len(al.whole) + 1 {
		to, ok := al.whole[home]
		if !ok {
			break
		}
		home = to
	}
	return home
}

// rename says that a statement of a stream is about the asset its home is part of.
func (al *aliases) rename(stream string, st *fact.Statement) {
	to := al.of(stream, st.Asset)
	if rest, ok := strings.CutPrefix(st.ID, st.Asset); ok {
		st.ID = to + rest
	}
	st.Asset = to
}

// homesOf lists the homes that may have records of an asset: itself, and all
// that are linked to it by any step.
func (al *aliases) homesOf(assetID string) []string {
	out := []string{assetID}
	for h := range al.whole {
		if h != assetID && al.of("", h) == assetID {
			out = append(out, h)
		}
	}
	for p, to := range al.part {
		if al.of("", to) == assetID {
			out = append(out, p[0])
		}
	}
	return out
}

// aliases returns the links as they are now.
func (t *Tenant) aliases(ctx context.Context) (*aliases, error) {
	al, err := aliasesAt(ctx, t.db.read, t.id, 0)
	return al, classify(err)
}

var _ queryer = (*sql.Tx)(nil)
