package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/inventory"
)

// resolve finds or makes the asset of every sighting, and writes what that
// changed: homes, records, keys, links, questions.
func (in *ingest) resolve(ctx context.Context, observed time.Time) error {
	b := in.batch
	in.assets = make(map[string]string, len(b.Sightings))
	in.seen = make(map[string]time.Time, len(b.Sightings))
	if in.pinned != nil {
		for _, s := range b.Sightings {
			in.assets[s.Ref] = in.pinned[s.Ref]
		}
		return nil
	}
	if len(b.Sightings) == 0 {
		return nil
	}
	var err error
	if in.world, err = in.tenant.openWorld(ctx, in.tx, in.seq-1, in.out.RecordedAt); err != nil {
		return err
	}
	in.world.titles[b.Stream.ID] = b.Stream.Title
	ss := make([]inventory.Sighting, len(b.Sightings))
	for i, s := range b.Sightings {
		at := s.ObservedAt
		if at.IsZero() {
			at = observed
		}
		maker, _ := s.Values["manufacturer"].(string)
		ss[i] = inventory.Sighting{Stream: b.Stream.ID, Keys: s.Keys, At: micros(at), Maker: maker}
	}
	placed, err := in.world.Place(ctx, ss)
	if err != nil {
		return fmt.Errorf("find the assets of %s: %w", b.Stream.Title, err)
	}
	in.keeps = make(map[string][]fact.Kept)
	for i, s := range b.Sightings {
		if len(s.Keeps) > 0 {
			in.keeps[placed[i].Home] = s.Keeps
		}
		in.assets[s.Ref] = placed[i].Home
		in.seen[placed[i].Home] = s.ObservedAt.UTC().Truncate(time.Microsecond)
		if placed[i].New && placed[i].Asset == placed[i].Home {
			in.out.NewAssets++
		}
	}
	return in.changes(ctx, in.world.Take())
}

// changes writes what placing the sightings changed.
func (in *ingest) changes(ctx context.Context, c inventory.Changes) error {
	for _, h := range c.Homes {
		if err := in.exec(ctx, `INSERT INTO inventory_assets (tenant, id, first_seq) VALUES ($1, $2, $3)`, in.tenant.id, h, in.seq); err != nil {
			return fmt.Errorf("record the asset: %w", err)
		}
		in.hash.Asset(h)
	}
	records := bulk{in: in, columns: 8, head: `INSERT INTO inventory_records (tenant, asset, stream, keys, maker, why, first_at, last_at) VALUES`,
		tail: ` ON CONFLICT (tenant, asset, stream) DO UPDATE SET keys = excluded.keys, maker = excluded.maker, first_at = excluded.first_at, last_at = excluded.last_at`}
	// In the order of the tables, neighbors share a page.
	slices.SortFunc(c.Records, func(a, b *inventory.Record) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Stream, b.Stream))
	})
	slices.SortFunc(c.Keys, func(a, b inventory.HolderKey) int {
		return cmp.Or(cmp.Compare(a.Key.Type, b.Key.Type), cmp.Compare(a.Key.Value, b.Key.Value))
	})
	var packed []byte
	var sums sumList
	for _, r := range c.Records {
		why, err := json.Marshal(r.Why)
		if err != nil {
			return fmt.Errorf("encode why: %w", err)
		}
		packed = packKeys(packed[:0], r.Keys)
		row := recordRow{asset: r.At, stream: r.Stream, keys: string(packed), maker: r.Maker, why: string(why), first: r.First, last: r.Last}
		sums.row(row.name, row.rest)
		if err := records.add(ctx, in.tenant.id, row.asset, row.stream, row.keys, row.maker, row.why, row.first, row.last); err != nil {
			return fmt.Errorf("record the sighting of %s: %w", r.At, err)
		}
	}
	if err := records.flush(ctx); err != nil {
		return fmt.Errorf("record sightings: %w", err)
	}
	if err := in.keepSums(ctx, &sums); err != nil {
		return err
	}
	keys := bulk{in: in, columns: 4, head: `INSERT INTO inventory_keys (tenant, type, value, asset) VALUES`, tail: ` ON CONFLICT DO NOTHING`}
	for _, k := range c.Keys {
		if err := keys.add(ctx, in.tenant.id, string(k.Key.Type), k.Key.Value, k.Home); err != nil {
			return fmt.Errorf("record the key %s: %w", k.Key, err)
		}
	}
	if err := keys.flush(ctx); err != nil {
		return fmt.Errorf("record keys: %w", err)
	}
	for _, k := range c.Dropped {
		if err := in.exec(ctx, `DELETE FROM inventory_keys WHERE tenant = $1 AND type = $2 AND value = $3 AND asset = $4`,
			in.tenant.id, string(k.Key.Type), k.Key.Value, k.Home); err != nil {
			return fmt.Errorf("forget the key %s: %w", k.Key, err)
		}
	}
	w := &identityWriter{tx: in.tx, exec: in.exec, tenant: in.tenant.id, seq: in.seq, at: in.out.RecordedAt, actor: evidence.System}
	for _, l := range net(c.Links) {
		var err error
		if l.Ended {
			err = w.endLink(ctx, l)
		} else {
			_, err = w.beginLinks(ctx, DidMerge, l.Target, l.Home, []inventory.Link{l.Link}, string(l.Grade), first(l.For), l.Evidence)
		}
		if err != nil {
			return err
		}
	}
	for _, d := range c.Asked {
		if err := w.ask(ctx, QuestionSame, d.A, d.B, d.Evidence); err != nil {
			return err
		}
	}
	in.identity = w
	in.out.Merges, in.out.Questions = w.merges, w.questions
	return nil
}

func first(ss []string) string {
	if len(ss) == 0 {
		return ""
	}
	return ss[0]
}

// net leaves out links that began and ended in one delivery: they never held.
func net(cs []inventory.LinkChange) []inventory.LinkChange {
	var out []inventory.LinkChange
	for _, c := range cs {
		if c.Ended {
			if i := slices.IndexFunc(out, func(o inventory.LinkChange) bool { return !o.Ended && o.Home == c.Home }); i >= 0 {
				out = slices.Delete(out, i, i+1)
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

// The prefixes of ids that decisions about identity have.
const (
	mergeID    id.Kind = "mg"
	questionID id.Kind = "qu"
)

// identityWriter writes merges, questions and what they rest on, and gathers
// what the ledger is to say of it.
type identityWriter struct {
	tx     queryer
	exec   func(ctx context.Context, text string, args ...any) error
	tenant string
	seq    int64
	at     time.Time
	actor  string

	merges, questions int
	changed           []string // names of rows, in order
	noted             map[string]bool
}

// beginLinks records a merge or a split with the links it is made of.
func (w *identityWriter) beginLinks(ctx context.Context, did, kept, other string, links []inventory.Link, grade, reason string, e inventory.Evidence) (Merge, error) {
	m := Merge{
		ID: id.New(mergeID, w.at), At: w.at, Kept: kept, Other: other, Did: did, Seq: w.seq, Grade: grade, Reason: reason,
		For: e.For, Against: e.Against, Score: e.Score, Actor: w.actor,
	}
	body, err := json.Marshal(m)
	if err != nil {
		return m, fmt.Errorf("encode the merge: %w", err)
	}
	if err := w.exec(ctx, `INSERT INTO inventory_merges (tenant, id, at, kept, other, undone_at, body) VALUES ($1, $2, $3, $4, $5, 0, $6)`,
		w.tenant, m.ID, micros(m.At), kept, other, string(body)); err != nil {
		return m, fmt.Errorf("record the merge: %w", err)
	}
	for _, l := range links {
		if err := w.exec(ctx, `INSERT INTO inventory_links (tenant, asset, stream, target, merge, from_seq, until_seq) VALUES ($1, $2, $3, $4, $5, $6, 0)`,
			w.tenant, l.Home, l.Stream, l.Target, m.ID, w.seq); err != nil {
			return m, fmt.Errorf("record the link of %s: %w", l.Home, err)
		}
	}
	w.merges++
	w.state(m.ID)
	return m, nil
}

// endLink ends a likely link that something contradicts.
func (w *identityWriter) endLink(ctx context.Context, l inventory.LinkChange) error {
	rows, err := w.tx.QueryContext(ctx, `SELECT merge FROM inventory_links WHERE tenant = $1 AND asset = $2 AND stream = '' AND until_seq = 0`, w.tenant, l.Home)
	if err != nil {
		return fmt.Errorf("find the link of %s: %w", l.Home, err)
	}
	ids, err := collect(rows, func(s scanner) (m string, err error) { return m, s.Scan(&m) })
	if err != nil {
		return err
	}
	reason := first(l.Against)
	if reason == "" {
		reason = first(l.For)
	}
	for _, m := range ids {
		if err := w.undo(ctx, m, reason); err != nil {
			return err
		}
	}
	return nil
}

// undo ends the links of a merge and says so on its row.
func (w *identityWriter) undo(ctx context.Context, mid, reason string) error {
	m, err := readMerge(ctx, w.tx, w.tenant, mid)
	if err != nil {
		return err
	}
	m.UndoneAt, m.UndoneBy, m.UndoneReason, m.UndoneSeq = w.at, w.actor, reason, w.seq
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode the merge: %w", err)
	}
	if err := w.exec(ctx, `UPDATE inventory_merges SET undone_at = $1, body = $2 WHERE tenant = $3 AND id = $4`, micros(w.at), string(body), w.tenant, mid); err != nil {
		return fmt.Errorf("undo the merge: %w", err)
	}
	if err := w.exec(ctx, `UPDATE inventory_links SET until_seq = $1 WHERE tenant = $2 AND merge = $3 AND until_seq = 0`, w.seq, w.tenant, mid); err != nil {
		return fmt.Errorf("end the links of the merge: %w", err)
	}
	w.merges++
	w.state(mid)
	return nil
}

// ask records a question, once.
func (w *identityWriter) ask(ctx context.Context, kind, a, b string, e inventory.Evidence) error {
	rows, err := w.tx.QueryContext(ctx, `SELECT id FROM inventory_questions WHERE tenant = $1 AND kind = $2 AND a = $3 AND b = $4`, w.tenant, kind, a, b)
	if err != nil {
		return fmt.Errorf("look for the question: %w", err)
	}
	if had, err := collect(rows, func(s scanner) (q string, err error) { return q, s.Scan(&q) }); err != nil || len(had) > 0 {
		return err
	}
	q := Question{ID: id.New(questionID, w.at), Score: e.Score, For: e.For, Against: e.Against}
	body, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("encode the question: %w", err)
	}
	if err := w.exec(ctx, `INSERT INTO inventory_questions (tenant, id, at, kind, a, b, state, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		w.tenant, q.ID, micros(w.at), kind, a, b, stateOpen, string(body)); err != nil {
		return fmt.Errorf("record the question: %w", err)
	}
	w.questions++
	w.state(q.ID)
	return nil
}

// setApart records that two homes are never one asset.
func (w *identityWriter) setApart(ctx context.Context, a, b, reason string) error {
	if a > b {
		a, b = b, a
	}
	if err := w.exec(ctx, `INSERT INTO inventory_apart (tenant, a, b, at, actor, reason, ended_at) VALUES ($1, $2, $3, $4, $5, $6, 0)
		ON CONFLICT (tenant, a, b) DO UPDATE SET at = excluded.at, actor = excluded.actor, reason = excluded.reason, ended_at = 0`,
		w.tenant, a, b, micros(w.at), w.actor, reason); err != nil {
		return fmt.Errorf("record that %s and %s are two: %w", a, b, err)
	}
	w.state(apartName(a, b))
	return nil
}

// endApart takes back that homes are two, for all pairs between two lists.
func (w *identityWriter) endApart(ctx context.Context, as, bs []string) error {
	for _, a := range as {
		for _, b := range bs {
			a, b := min(a, b), max(a, b)
			rows, err := w.tx.QueryContext(ctx, `SELECT count(*) FROM inventory_apart WHERE tenant = $1 AND a = $2 AND b = $3 AND ended_at = 0`, w.tenant, a, b)
			if err != nil {
				return fmt.Errorf("look for what is apart: %w", err)
			}
			if n, err := collect(rows, func(s scanner) (n int, err error) { return n, s.Scan(&n) }); err != nil || n[0] == 0 {
				if err != nil {
					return err
				}
				continue
			}
			if err := w.exec(ctx, `UPDATE inventory_apart SET ended_at = $1 WHERE tenant = $2 AND a = $3 AND b = $4`, micros(w.at), w.tenant, a, b); err != nil {
				return fmt.Errorf("take back that they are two: %w", err)
			}
			w.state(apartName(a, b))
		}
	}
	return nil
}

func apartName(a, b string) string { return "apart " + a + " " + b }

// state notes that a row changed, for the ledger to say what it is then.
func (w *identityWriter) state(name string) {
	if !w.noted[name] {
		if w.noted == nil {
			w.noted = make(map[string]bool)
		}
		w.noted[name] = true
		w.changed = append(w.changed, name)
	}
}
