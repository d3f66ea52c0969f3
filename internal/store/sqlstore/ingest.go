package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/id"
)

// Delivery says who brings a batch, when, and whether only to try.
type Delivery struct {
	Actor  string // user name, or "host collector"
	Now    time.Time
	DryRun bool // compute what would change, and change nothing
	Rows   int  // rows the file had, for the record
	// Skipped rows were left out because they were wrong.
	Skipped int
	// AllowDrop says that a person has confirmed that what a complete list leaves
	// out is gone: else one that is empty or much shorter than the last is refused.
	AllowDrop bool
}

// Change counts what a batch did to the facts of one kind.
type Change struct {
	Kind    fact.Kind `json:"kind"`
	Added   int       `json:"added"`
	Changed int       `json:"changed"`
	Gone    int       `json:"gone"`
	Same    int       `json:"same"`
}

// Ingested says what a batch did.
type Ingested struct {
	Seq        int64     `json:"seq"`
	Batch      string    `json:"batch"`
	RecordedAt time.Time `json:"recorded_at"`
	// Unchanged is set where the same file was brought before; nothing was stored.
	Unchanged bool        `json:"unchanged"`
	Earlier   time.Time   `json:"earlier,omitzero"` // when that was
	Changes   []Change    `json:"changes"`
	NewAssets int         `json:"new_assets"`
	Software  int         `json:"software"`  // assets whose list of software changed
	Older     int         `json:"older"`     // facts left out: a newer one of the same source is known
	Merges    int         `json:"merges"`    // links between assets that began or ended
	Questions int         `json:"questions"` // doubts that a person has to decide
	Diff      []RowChange `json:"-"`         // of a dry run, at most diffLimit
}

// diffLimit is how many changed resources a dry run lists.
const diffLimit = 200

// Total adds up the changes.
func (in Ingested) Total() (added, changed, gone int) {
	for _, c := range in.Changes {
		added += c.Added
		changed += c.Changed
		gone += c.Gone
	}
	return added, changed, gone
}

var (
	errDryRun    = errors.New("dry run")
	errUnchanged = errors.New("nothing new")
)

// Ingest stores a batch whole, with the ledger entry that speaks of it. A file
// whose bytes were stored before in the same stream changes nothing, unless it
// is read otherwise now and says something else: other columns, another order
// of dates, a list that is complete. Facts older than what the same source has
// already said are left out and counted.
func (t *Tenant) Ingest(ctx context.Context, b *fact.Batch, d Delivery) (Ingested, error) {
	if faults := b.Validate(); len(faults) > 0 {
		return Ingested{}, fmt.Errorf("batch of %s: %w", b.Stream.ID, errors.Join(faults[:min(len(faults), 5)]...))
	}
	fact.DoubtSources(b.Components)
	return t.ingest(ctx, &ingest{tenant: t, batch: b, components: make(map[string]int64)}, d)
}

// ingest runs an ingest that is set up.
func (t *Tenant) ingest(ctx context.Context, in *ingest, d Delivery) (Ingested, error) {
	var out Ingested
	err := t.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		in.tx = tx
		defer in.done()
		var err error
		if out, err = in.run(ctx, d); err != nil {
			return err
		}
		if d.DryRun {
			if out.Diff, err = batchDiff(ctx, tx, t.id, out.Seq, diffLimit); err != nil {
				return err
			}
			return errDryRun
		}
		return nil
	})
	if errors.Is(err, errDryRun) || errors.Is(err, errUnchanged) {
		return out, nil
	}
	if err == nil {
		t.db.rememberComponents(in.components)
		if in.world != nil {
			in.world.seq = in.seq
			t.db.worlds.keep(t.id, in.world)
		}
	}
	var drop *dropError
	if errors.As(err, &drop) {
		return out, errors.Join(err, t.askDrop(ctx, drop, d.Now))
	}
	return out, err
}

// ingest is one running Ingest.
type ingest struct {
	tenant *Tenant
	tx     *sql.Tx
	batch  *fact.Batch

	pinned  map[string]string               // ref → home, where a person names the assets
	prepare func(ctx context.Context) error // makes the batch from what holds, or nil

	seq    int64
	assets map[string]string    // ref → home
	seen   map[string]time.Time // home → when the batch saw it; zero: the batch's time
	keeps  map[string][]fact.Kept
	counts map[fact.Kind]*Change
	hash   evidence.BatchHasher
	out    Ingested

	ending   map[fact.Kind]*closing
	world    *keptWorld
	identity *identityWriter

	components map[string]int64 // identity → id, of those met in this transaction

	writing  *bulk                // that is being written, or nil
	prepared map[string]*sql.Stmt // by text; a batch runs the same few statements thousands of times
}

// stmt returns a statement of the transaction, prepared once.
func (in *ingest) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if s := in.prepared[text]; s != nil {
		return s, nil
	}
	s, err := in.tx.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	if in.prepared == nil {
		in.prepared = make(map[string]*sql.Stmt)
	}
	in.prepared[text] = s
	return s, nil
}

// exec runs a statement of the transaction.
func (in *ingest) exec(ctx context.Context, text string, args ...any) error {
	s, err := in.stmt(ctx, text)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, args...)
	return err
}

// done closes what was prepared. Where the delivery was cut off by an error,
// what was handed over to be written is waited for first.
func (in *ingest) done() {
	if in.writing != nil {
		_ = in.writing.stop() // the transaction is rolled back anyhow
	}
	for _, s := range in.prepared {
		_ = s.Close() // the transaction has ended, and them with it
	}
	in.prepared = nil
}

func (in *ingest) run(ctx context.Context, d Delivery) (Ingested, error) {
	b := in.batch
	if in.prepare != nil {
		if err := in.prepare(ctx); err != nil {
			return in.out, err
		}
	}
	observed := b.ObservedAt.UTC().Truncate(time.Microsecond)
	sum := ""
	if b.File != nil {
		sum = b.File.SHA256
	}
	var last, lastSeq, streamLast int64
	if err := in.tx.QueryRowContext(ctx, `SELECT coalesce(max(recorded_at), 0), coalesce(max(seq), 0) FROM fact_batches WHERE tenant = $1`,
		in.tenant.id).Scan(&last, &lastSeq); err != nil {
		return in.out, fmt.Errorf("read the newest batch: %w", err)
	}
	var brought int64 // when the same file was brought before, or 0
	if sum != "" {
		err := in.tx.QueryRowContext(ctx, `SELECT recorded_at FROM fact_batches WHERE tenant = $1 AND file_sha256 = $2 AND stream = $3 ORDER BY seq DESC LIMIT 1`,
			in.tenant.id, sum, b.Stream.ID).Scan(&brought)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return in.out, fmt.Errorf("look for the same file: %w", err)
		}
	}
	if err := in.tx.QueryRowContext(ctx, `SELECT coalesce(max(observed_at), 0) FROM fact_batches WHERE tenant = $1 AND stream = $2`,
		in.tenant.id, b.Stream.ID).Scan(&streamLast); err != nil {
		return in.out, fmt.Errorf("read the stream: %w", err)
	}
	unchanged := Ingested{Unchanged: true, Earlier: moment(brought)}
	if b.Stream.Snapshot && micros(observed) < streamLast {
		if brought != 0 {
			return unchanged, errUnchanged
		}
		return in.out, errs.Hint(errs.New(errs.Conflict, "%s of %s is older than the one of %s that is already in",
			b.Stream.Title, observed.Format("2 Jan 2006 15:04"), moment(streamLast).Format("2 Jan 2006 15:04")),
			"bring the newest one; if the date is wrong, state the right one with --observed-at")
	}
	// The clock may have been set back: what was learnt later is recorded later.
	in.out.RecordedAt = moment(max(micros(d.Now), last))
	in.seq = lastSeq + 1
	in.out.Seq = in.seq
	in.out.Batch = id.New(id.Batch, in.out.RecordedAt)
	in.counts = make(map[fact.Kind]*Change)

	if b.Stream.Snapshot && !d.AllowDrop && !d.DryRun {
		if err := in.guard(ctx); err != nil {
			return in.out, err
		}
	}
	if err := in.resolve(ctx, observed); err != nil {
		return in.out, err
	}
	if err := in.facts(ctx, observed); err != nil {
		return in.out, err
	}
	if err := in.software(ctx); err != nil {
		return in.out, err
	}
	if brought != 0 && in.idle() {
		return unchanged, errUnchanged
	}
	for _, k := range fact.Kinds() {
		if c := in.counts[k]; c != nil {
			in.out.Changes = append(in.out.Changes, *c)
		}
	}
	row, err := in.record(ctx, d, observed)
	if err != nil {
		return in.out, err
	}
	if err := appendBatch(ctx, in.tx, in.tenant.id, row); err != nil {
		return in.out, err
	}
	return in.out, appendIdentity(ctx, in.tx, in.identity, "ingest", "")
}

// idle reports that the batch says nothing that was not known.
func (in *ingest) idle() bool {
	for _, c := range in.counts {
		if c.Added+c.Changed+c.Gone > 0 {
			return false
		}
	}
	return in.out.NewAssets+in.out.Software+in.out.Merges+in.out.Questions == 0
}

// record writes the batch's own row.
func (in *ingest) record(ctx context.Context, d Delivery, observed time.Time) (BatchRow, error) {
	b := in.batch
	row := BatchRow{
		Seq: in.seq, ID: in.out.Batch, Stream: b.Stream.ID, Title: b.Stream.Title, Snapshot: b.Stream.Snapshot,
		Assurance: b.Assurance, ObservedAt: observed, RecordedAt: in.out.RecordedAt, Actor: d.Actor,
		File: b.File, Notes: b.Notes, Rows: d.Rows, Skipped: d.Skipped,
		Changes: in.out.Changes, NewAssets: in.out.NewAssets, Software: in.out.Software, Components: len(b.Components), Older: in.out.Older,
	}
	var file, sum string
	if b.File != nil {
		j, err := json.Marshal(b.File)
		if err != nil {
			return row, fmt.Errorf("encode file: %w", err)
		}
		file, sum = string(j), b.File.SHA256
	}
	notes, err := json.Marshal(b.Notes)
	if err != nil {
		return row, fmt.Errorf("encode notes: %w", err)
	}
	counts, err := json.Marshal(row.counts())
	if err != nil {
		return row, fmt.Errorf("encode counts: %w", err)
	}
	row.file, row.notes, row.countsText = file, string(notes), string(counts)
	row.header(&in.hash)
	if row.Digest, err = in.hash.Sum(); err != nil {
		return row, err
	}
	_, err = in.tx.ExecContext(ctx, `INSERT INTO fact_batches
		(tenant, seq, id, stream, title, snapshot, assurance, observed_at, recorded_at, actor, file, file_sha256, notes, counts, digest)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		in.tenant.id, row.Seq, row.ID, row.Stream, row.Title, flag(row.Snapshot), int64(row.Assurance),
		micros(row.ObservedAt), micros(row.RecordedAt), row.Actor, file, sum, string(notes), string(counts), row.Digest[:])
	if err != nil {
		return row, fmt.Errorf("record the batch: %w", err)
	}
	return row, nil
}

// stored is a fact as it holds now.
type stored struct {
	from, observed, first int64
	attributes, missing   string
	asset                 string
	kept                  bool
}

type ident struct {
	kind     fact.Kind
	resource string
}

// facts writes what changed and closes what is gone.
func (in *ingest) facts(ctx context.Context, observed time.Time) error {
	now, err := in.current(ctx)
	if err != nil {
		return err
	}
	insert := bulk{in: in, columns: 11, head: `INSERT INTO facts
		(tenant, stream, kind, resource, from_seq, until_seq, asset, observed_at, first_observed_at, attributes, missing) VALUES`}

	put := func(kind fact.Kind, resource, assetID string, at time.Time, vs fact.Values, missing map[string]string) error {
		c := in.count(kind)
		if at = at.UTC().Truncate(time.Microsecond); at.IsZero() {
			at = observed
		}
		attrs, err := vs.Encode()
		if err != nil {
			return fmt.Errorf("encode %s %s: %w", kind, resource, err)
		}
		miss := ""
		if len(missing) > 0 {
			j, err := json.Marshal(missing)
			if err != nil {
				return fmt.Errorf("encode %s %s: %w", kind, resource, err)
			}
			miss = string(j)
		}
		// In a snapshot stream the batch says when all of it was true, unless a
		// fact has a time of its own.
		own := micros(at)
		if in.batch.Stream.Snapshot && at.Equal(observed) {
			own = 0
		}
		if in.batch.Stream.PerAsset && assetID != "" {
			if s := now[ident{fact.KindAsset, assetID}]; s != nil && s.observed > own {
				in.out.Older++ // a newer scan has spoken of the whole asset
				return nil
			}
		}
		key := ident{kind, resource}
		old := now[key]
		first := micros(at)
		if old != nil {
			if old.kept {
				return fmt.Errorf("%s %s is stated twice", kind, resource)
			}
			old.kept = true
			same := old.attributes == string(attrs) && old.missing == miss && old.asset == assetID
			if same && (old.observed == own || (own != 0 && own < old.observed)) {
				c.Same++
				return nil
			}
			if own != 0 && old.observed > own {
				in.out.Older++
				return nil
			}
			if same {
				c.Same++
			} else {
				c.Changed++
			}
			first = min(first, old.first)
			in.close(key)
		} else {
			c.Added++
		}
		in.hash.Fact(string(kind), resource, assetID, moment(own), string(attrs), miss)
		since(&in.hash, string(kind), resource, first, micros(at))
		err = insert.add(ctx, in.tenant.id, in.batch.Stream.ID, string(kind), resource, in.seq, int64(0), assetID, own, first, string(attrs), miss)
		if err != nil {
			return fmt.Errorf("record %s %s: %w", kind, resource, err)
		}
		return nil
	}

	// In the order of the table, neighbors share a page.
	order := make([]*fact.Sighting, len(in.batch.Sightings))
	for i := range order {
		order[i] = &in.batch.Sightings[i]
	}
	slices.SortFunc(order, func(a, b *fact.Sighting) int { return cmp.Compare(in.assets[a.Ref], in.assets[b.Ref]) })
	for _, s := range order {
		a := in.assets[s.Ref]
		if err := put(fact.KindAsset, a, a, s.ObservedAt, s.Values, s.Missing); err != nil {
			return err
		}
	}
	for _, f := range in.batch.Facts {
		resource, assetID := f.Key, ""
		if f.Asset != "" {
			assetID = in.assets[f.Asset]
			resource = assetID + "/" + f.Key
		}
		if err := put(f.Kind, resource, assetID, f.ObservedAt, f.Values, f.Missing); err != nil {
			return err
		}
	}
	for key, old := range now {
		if old.kept || !in.gone(key, old, observed) {
			continue
		}
		in.count(key.kind).Gone++
		in.close(key)
	}
	if err := insert.flush(ctx); err != nil {
		return fmt.Errorf("record facts: %w", err)
	}
	if err := in.closeAll(ctx); err != nil {
		return fmt.Errorf("end facts: %w", err)
	}
	return nil
}

// gone reports whether a fact that the batch does not state no longer holds. Of
// an asset that a newer batch has spoken of, an older one says nothing.
func (in *ingest) gone(key ident, old *stored, observed time.Time) bool {
	if in.batch.Stream.Snapshot {
		return true
	}
	if !in.batch.Stream.PerAsset || old.asset == "" {
		return false
	}
	at, listed := in.seen[old.asset]
	for _, k := range in.keeps[old.asset] {
		if k.Holds(key.kind, strings.TrimPrefix(key.resource, old.asset+"/")) {
			return false
		}
	}
	return listed && old.observed <= micros(cmp.Or(at, observed))
}

func (in *ingest) count(k fact.Kind) *Change {
	c := in.counts[k]
	if c == nil {
		c = &Change{Kind: k}
		in.counts[k] = c
	}
	return c
}

func (in *ingest) current(ctx context.Context) (map[ident]*stored, error) {
	rows, err := in.tx.QueryContext(ctx, `SELECT kind, resource, from_seq, observed_at, first_observed_at, attributes, missing, asset
		FROM facts WHERE tenant = $1 AND stream = $2 AND until_seq = 0`, in.tenant.id, in.batch.Stream.ID)
	if err != nil {
		return nil, fmt.Errorf("read the stream's facts: %w", err)
	}
	defer rows.Close()
	now := make(map[ident]*stored)
	for rows.Next() {
		var k ident
		var s stored
		if err := rows.Scan(&k.kind, &k.resource, &s.from, &s.observed, &s.first, &s.attributes, &s.missing, &s.asset); err != nil {
			return nil, fmt.Errorf("read a fact: %w", err)
		}
		now[k] = &s
	}
	return now, rows.Err()
}

// close ends a fact at this batch, with the others of its kind.
func (in *ingest) close(k ident) {
	in.hash.FactEnded(string(k.kind), k.resource)
	if in.ending == nil {
		in.ending = make(map[fact.Kind]*closing)
	}
	if in.ending[k.kind] == nil {
		in.ending[k.kind] = new(closing)
	}
	in.ending[k.kind].resources = append(in.ending[k.kind].resources, k.resource)
}
