package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/inventory"
)

// StreamMerges is the stream of what people decide about which sightings are of
// one asset. Its batches hold no facts: they give each decision its place among
// what was learnt, so that a past moment is read with the links of its time.
const StreamMerges = "person/merges"

// decision is a person's decision in the transaction that records it.
type decision struct {
	*identityWriter
	in *ingest
	al *aliases
	t  *Tenant
}

// decide runs a person's decision as a batch of its own, with its entries.
func (t *Tenant) decide(ctx context.Context, act Act, did string, fn func(ctx context.Context, d *decision) error) error {
	return t.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		in := &ingest{tenant: t, tx: tx, batch: &fact.Batch{
			Stream: fact.Stream{ID: StreamMerges, Title: "decisions of people about assets"}, Assurance: fact.Attested, ObservedAt: act.Now,
		}}
		defer in.done()
		var last int64
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(recorded_at), 0), coalesce(max(seq), 0) FROM fact_batches WHERE tenant = $1`, t.id).
			Scan(&last, &in.seq); err != nil {
			return fmt.Errorf("read the newest batch: %w", err)
		}
		in.seq++
		in.out.RecordedAt = moment(max(micros(act.Now), last))
		in.out.Batch = id.New(id.Batch, in.out.RecordedAt)
		al, err := aliasesAt(ctx, tx, t.id, 0)
		if err != nil {
			return err
		}
		w := &identityWriter{tx: tx, exec: in.exec, tenant: t.id, seq: in.seq, at: in.out.RecordedAt, actor: act.Actor}
		if err := fn(ctx, &decision{w, in, al, t}); err != nil {
			return err
		}
		row, err := in.record(ctx, Delivery{Actor: act.Actor}, act.Now.UTC())
		if err != nil {
			return err
		}
		if err := appendBatch(ctx, tx, t.id, row); err != nil {
			return err
		}
		return appendIdentity(ctx, tx, w, did, act.Reason)
	})
}

// asset returns what an id stands for now; errs.NotFound if there is none.
func (d *decision) asset(ctx context.Context, aid string) (string, error) {
	return d.t.canonical(ctx, d.tx, d.al, aid)
}

func (t *Tenant) canonical(ctx context.Context, q queryer, al *aliases, aid string) (string, error) {
	rows, err := q.QueryContext(ctx, `SELECT id FROM inventory_assets WHERE tenant = $1 AND id = $2`, t.id, aid)
	if err != nil {
		return "", fmt.Errorf("look for the asset: %w", err)
	}
	switch got, err := collect(rows, func(s scanner) (a string, err error) { return a, s.Scan(&a) }); {
	case err != nil:
		return "", err
	case len(got) == 0:
		return "", errs.New(errs.NotFound, "no asset %.60q", aid)
	}
	return al.of("", aid), nil
}

// MergeAssets makes other a part of keep, by a person's word. What was said
// before of the two being apart no longer holds.
func (t *Tenant) MergeAssets(ctx context.Context, keep, other string, act Act) (Merge, error) {
	var m Merge
	err := t.decide(ctx, act, DidMerge, func(ctx context.Context, d *decision) error {
		var err error
		if keep, err = d.asset(ctx, keep); err != nil {
			return err
		}
		if other, err = d.asset(ctx, other); err != nil {
			return err
		}
		m, err = d.merge(ctx, keep, other, act.Reason, inventory.Evidence{For: []string{"a person said so"}, Score: 1})
		return err
	})
	return m, err
}

func (d *decision) merge(ctx context.Context, keep, other, reason string, e inventory.Evidence) (Merge, error) {
	if keep == other {
		return Merge{}, errs.New(errs.Conflict, "they are one asset already")
	}
	if err := d.endApart(ctx, d.al.homesOf(keep), d.al.homesOf(other)); err != nil {
		return Merge{}, err
	}
	m, err := d.beginLinks(ctx, DidMerge, keep, other, []inventory.Link{{Home: other, Target: keep}}, string(inventory.Person), reason, e)
	if err != nil {
		return m, err
	}
	return m, d.answerPair(ctx, keep, other, stateSame, reason)
}

// answerPair answers the open question about two assets, if there is one.
func (d *decision) answerPair(ctx context.Context, a, b, state, reason string) error {
	rows, err := d.tx.QueryContext(ctx, questionQuery+` WHERE tenant = $1 AND kind = $2 AND state = $3`, d.tenant, QuestionSame, stateOpen)
	if err != nil {
		return fmt.Errorf("read questions: %w", err)
	}
	qs, err := collect(rows, scanQuestion)
	if err != nil {
		return err
	}
	for _, q := range qs {
		x, y := d.al.of("", q.A), d.al.of("", q.B)
		if x == a && y == b || x == b && y == a {
			if err := d.answer(ctx, q, state, reason); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *decision) answer(ctx context.Context, q Question, state, reason string) error {
	q.Actor, q.Reason, q.AnsweredAt = d.actor, reason, d.at
	body, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	if err := d.exec(ctx, `UPDATE inventory_questions SET state = $1, body = $2 WHERE tenant = $3 AND id = $4`, state, string(body), d.tenant, q.ID); err != nil {
		return fmt.Errorf("record the answer: %w", err)
	}
	d.state(q.ID)
	return nil
}

// Unmerge undoes a merge or a split by its id: every record goes back to where
// it was, and the answer "they are two" (of a split: "they are one") holds for
// all later sightings.
func (t *Tenant) Unmerge(ctx context.Context, mid string, act Act) error {
	return t.decide(ctx, act, "undo", func(ctx context.Context, d *decision) error {
		m, err := readMerge(ctx, d.tx, t.id, mid)
		if err != nil {
			return err
		}
		if !m.UndoneAt.IsZero() {
			return errs.New(errs.Conflict, "it was undone on %s", m.UndoneAt.Format("2 Jan 2006"))
		}
		if err := d.undo(ctx, mid, act.Reason); err != nil {
			return err
		}
		if m.Did == DidMerge {
			return d.setApart(ctx, m.Kept, m.Other, act.Reason)
		}
		if d.al, err = aliasesAt(ctx, d.tx, t.id, 0); err != nil {
			return err
		}
		kept, other := d.al.of("", m.Kept), d.al.of("", m.Other)
		if kept == other {
			return d.endApart(ctx, []string{m.Kept}, []string{m.Other})
		}
		_, err = d.merge(ctx, kept, other, act.Reason, inventory.Evidence{For: []string{"a person undid the split"}, Score: 1})
		return err
	})
}

// SplitAsset makes what does not belong to an asset one of its own. The records
// named, and what their streams say later under the same keys, are the new asset's.
func (t *Tenant) SplitAsset(ctx context.Context, aid string, what SplitOff, act Act) (Merge, error) {
	var m Merge
	err := t.decide(ctx, act, DidSplit, func(ctx context.Context, d *decision) error {
		aid, err := d.asset(ctx, aid)
		if err != nil {
			return err
		}
		rs, err := t.records(ctx, d.tx, d.al, aid)
		if err != nil {
			return err
		}
		var off []inventory.Record
		for _, r := range rs {
			if what.Stream != "" && r.Stream == what.Stream || what.Key != (asset.Key{}) && slices.ContainsFunc(r.Keys, func(k inventory.Held) bool { return k.Key == what.Key }) {
				off = append(off, r)
			}
		}
		switch {
		case len(off) == 0:
			return errs.New(errs.NotFound, "nothing of the asset was seen that way")
		case len(off) == len(rs):
			return errs.Hint(errs.New(errs.Invalid, "all that is known of the asset was seen that way"), "name a source or a key that only a part of it has")
		}
		fresh := id.New(id.Asset, d.at)
		if err := d.exec(ctx, `INSERT INTO inventory_assets (tenant, id, first_seq) VALUES ($1, $2, $3)`, t.id, fresh, d.seq); err != nil {
			return fmt.Errorf("record the asset: %w", err)
		}
		d.in.hash.Asset(fresh)
		var links []inventory.Link
		for _, r := range off {
			if err := d.endPart(ctx, r); err != nil {
				return err
			}
			links = append(links, inventory.Link{Home: r.At, Stream: r.Stream, Target: fresh})
		}
		name := what.Stream
		if name == "" {
			name = what.Key.String()
		}
		m, err = d.beginLinks(ctx, DidSplit, aid, fresh, links, string(inventory.Person), act.Reason, inventory.Evidence{Against: []string{"a person split off " + name}})
		if err != nil {
			return err
		}
		return d.setApart(ctx, aid, fresh, act.Reason)
	})
	return m, err
}

// endPart ends the link of a record that was split off before.
func (d *decision) endPart(ctx context.Context, r inventory.Record) error {
	rows, err := d.tx.QueryContext(ctx, `SELECT merge FROM inventory_links WHERE tenant = $1 AND asset = $2 AND stream = $3 AND until_seq = 0`, d.tenant, r.At, r.Stream)
	if err != nil {
		return fmt.Errorf("find the link: %w", err)
	}
	ids, err := collect(rows, func(s scanner) (m string, err error) { return m, s.Scan(&m) })
	if err != nil || r.Stream == "" {
		return err
	}
	for _, m := range ids {
		if err := d.exec(ctx, `UPDATE inventory_links SET until_seq = $1 WHERE tenant = $2 AND asset = $3 AND stream = $4 AND until_seq = 0`,
			d.seq, d.tenant, r.At, r.Stream); err != nil {
			return fmt.Errorf("end the link: %w", err)
		}
		d.state(m)
	}
	return nil
}

// AnswerQuestion decides what was asked. The answer is kept and holds for all
// later sightings.
func (t *Tenant) AnswerQuestion(ctx context.Context, qid string, same bool, act Act) error {
	return t.decide(ctx, act, "answer", func(ctx context.Context, d *decision) error {
		rows, err := d.tx.QueryContext(ctx, questionQuery+` WHERE tenant = $1 AND id = $2`, t.id, qid)
		if err != nil {
			return fmt.Errorf("read the question: %w", err)
		}
		qs, err := collect(rows, scanQuestion)
		if err != nil {
			return err
		}
		if len(qs) == 0 {
			return errs.New(errs.NotFound, "no question %.60q", qid)
		}
		q := qs[0]
		if q.State != stateOpen {
			return errs.New(errs.Conflict, "it was answered on %s", q.AnsweredAt.Format("2 Jan 2006"))
		}
		state := stateDifferent
		if same {
			state = stateSame
		}
		if q.Kind != QuestionSame {
			return d.answer(ctx, q, state, act.Reason)
		}
		a, b := d.al.of("", q.A), d.al.of("", q.B)
		switch {
		case a == b && same:
			return d.answer(ctx, q, stateSettled, act.Reason)
		case a == b:
			return errs.Hint(errs.New(errs.Conflict, "they are one asset by now"), "undo the merge on the asset's page")
		case same:
			_, err := d.merge(ctx, min(a, b), max(a, b), act.Reason, inventory.Evidence{For: q.For, Against: q.Against, Score: q.Score})
			return err
		}
		if err := d.setApart(ctx, q.A, q.B, act.Reason); err != nil {
			return err
		}
		return d.answer(ctx, q, state, act.Reason)
	})
}
