package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// Load returns everything that was known at the moment, and the newest batch
// it rests on. It reads stored facts alone, so a past moment gives the same
// answer however often it is asked.
func (t *Tenant) Load(ctx context.Context, asOf time.Time) (*fact.Set, int64, error) {
	seq, _, err := t.FactsSeq(ctx, asOf)
	if err != nil {
		return nil, 0, err
	}
	set := &fact.Set{Resources: make(map[fact.Kind][]*fact.Resource)}
	if seq == 0 {
		return set, 0, nil
	}
	streams, err := t.streamsAt(ctx, seq)
	if err != nil {
		return nil, 0, err
	}
	for _, s := range streams {
		for _, n := range s.notes {
			set.Notes = append(set.Notes, fact.SourcedNote{Note: n, Origin: s.origin})
		}
	}
	slices.SortStableFunc(set.Notes, func(a, b fact.SourcedNote) int {
		return cmp.Or(cmp.Compare(a.Origin.Stream, b.Origin.Stream), cmp.Compare(a.What, b.What))
	})

	al, err := aliasesAt(ctx, t.db.read, t.id, seq)
	if err != nil {
		return nil, 0, classify(err)
	}
	// In this order the statements about one resource are neighbors, so each
	// resource is merged as soon as its last statement was read. Those of merged
	// assets wait until all of them were.
	rows, err := t.db.read.QueryContext(ctx, `SELECT stream, kind, resource, asset, observed_at, first_observed_at, attributes, missing FROM facts
		WHERE tenant = $1 AND from_seq <= $2 AND (until_seq = 0 OR until_seq > $3) ORDER BY kind, resource, stream`, t.id, seq, seq)
	if err != nil {
		return nil, 0, classify(fmt.Errorf("read facts: %w", err))
	}
	defer rows.Close()
	var pending []fact.Statement
	flush := func() {
		if r := fact.Merge(pending); r != nil {
			set.Resources[r.Kind] = append(set.Resources[r.Kind], r)
		}
		pending = pending[:0]
	}
	waiting := make(map[ident][]fact.Statement)
	var attrs, missing []byte
	for rows.Next() {
		var stream string
		var st fact.Statement
		var own, first int64
		if err := rows.Scan(&stream, &st.Kind, &st.ID, &st.Asset, &own, &first, &attrs, &missing); err != nil {
			return nil, 0, classify(fmt.Errorf("read a fact: %w", err))
		}
		s := streams[stream]
		if s == nil {
			return nil, 0, fmt.Errorf("fact of %s %s: no batch of its stream %q", st.Kind, st.ID, stream)
		}
		st.Origin = s.origin
		if st.Origin.ObservedAt = s.whole; own != 0 {
			st.Origin.ObservedAt = moment(own)
		}
		if st.Values, err = fact.DecodeValues(st.Kind, attrs); err != nil {
			return nil, 0, fmt.Errorf("fact of %s: %w", st.ID, err)
		}
		if len(missing) > 0 {
			if err := json.Unmarshal(missing, &st.Missing); err != nil {
				return nil, 0, fmt.Errorf("fact of %s: missing: %w", st.ID, err)
			}
		}
		addSeen(&st, first)
		if st.Asset != "" && al.merged[st.Asset] {
			al.rename(stream, &st)
			key := ident{st.Kind, st.ID}
			waiting[key] = append(waiting[key], st)
			continue
		}
		if len(pending) > 0 && (pending[0].Kind != st.Kind || pending[0].ID != st.ID) {
			flush()
		}
		pending = append(pending, st)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, classify(fmt.Errorf("read facts: %w", err))
	}
	flush()
	touched := make(map[fact.Kind]bool)
	for _, sts := range waiting {
		r := fact.Merge(sts)
		set.Resources[r.Kind] = append(set.Resources[r.Kind], r)
		touched[r.Kind] = true
	}
	for k := range touched {
		slices.SortFunc(set.Resources[k], func(a, b *fact.Resource) int { return cmp.Compare(a.ID, b.ID) })
	}
	return set, seq, nil
}

// addSeen fills in when a source first and last spoke of a thing, where the
// source does not say so itself: how long a weakness has been open counts from
// the first report of it that we stored.
func addSeen(st *fact.Statement, first int64) {
	switch st.Kind {
	case fact.KindVulnerability:
		if _, ok := st.Values["first_seen_at"]; !ok {
			st.Values["first_seen_at"] = moment(first)
		}
		if _, ok := st.Values["last_seen_at"]; !ok {
			st.Values["last_seen_at"] = st.Origin.ObservedAt
		}
	case fact.KindAsset:
		if _, ok := st.Values["last_seen_at"]; !ok && st.Origin.Assurance == fact.Measured {
			st.Values["last_seen_at"] = st.Origin.ObservedAt
		}
	}
}

type streamAt struct {
	origin fact.Origin
	whole  time.Time // when its newest snapshot was true
	notes  []fact.Note
}

// streamsAt returns what the newest batch of each stream said of itself, as of
// the batch seq.
func (t *Tenant) streamsAt(ctx context.Context, seq int64) (map[string]*streamAt, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT b.stream, b.title, b.assurance, b.observed_at, b.notes, n.whole FROM
		(SELECT max(seq) AS seq, coalesce(max(CASE WHEN snapshot = 1 THEN observed_at END), 0) AS whole
			FROM fact_batches WHERE tenant = $1 AND seq <= $2 GROUP BY stream) n
		JOIN fact_batches b ON b.tenant = $3 AND b.seq = n.seq`, t.id, seq, t.id)
	if err != nil {
		return nil, classify(fmt.Errorf("read streams: %w", err))
	}
	defer rows.Close()
	out := make(map[string]*streamAt)
	for rows.Next() {
		var s streamAt
		var observed, whole int64
		var notes []byte
		if err := rows.Scan(&s.origin.Stream, &s.origin.Title, &s.origin.Assurance, &observed, &notes, &whole); err != nil {
			return nil, classify(fmt.Errorf("read a stream: %w", err))
		}
		s.origin.ObservedAt, s.whole = moment(observed), moment(whole)
		if err := json.Unmarshal(notes, &s.notes); err != nil {
			return nil, fmt.Errorf("stream %s: notes: %w", s.origin.Stream, err)
		}
		out[s.origin.Stream] = &s
	}
	return out, classify(rows.Err())
}
