package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/ledger"
)

// SoftwareList is what one source says is installed on an asset.
type SoftwareList struct {
	Asset      string
	Stream     string
	ObservedAt time.Time // when the list was true
	Components []int64   // ids, ascending
}

// SoftwareLists returns the lists that hold now.
func (t *Tenant) SoftwareLists(ctx context.Context) ([]SoftwareList, error) {
	al, err := t.aliases(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := t.db.read.QueryContext(ctx, `SELECT s.asset, s.stream, s.components, b.at FROM inventory_software s JOIN
		(SELECT stream, max(observed_at) AS at FROM fact_batches WHERE tenant = $1 GROUP BY stream) b ON b.stream = s.stream
		WHERE s.tenant = $2 AND s.until_seq = 0 ORDER BY s.asset, s.stream`, t.id, t.id)
	if err != nil {
		return nil, classify(fmt.Errorf("read software: %w", err))
	}
	lists, err := collect(rows, func(s scanner) (l SoftwareList, err error) {
		var packed []byte
		var at int64
		if err := s.Scan(&l.Asset, &l.Stream, &packed, &at); err != nil {
			return l, err
		}
		l.ObservedAt = moment(at)
		l.Asset = al.of(l.Stream, l.Asset)
		l.Components, err = unpackIDs(packed)
		return l, err
	})
	slices.SortStableFunc(lists, func(a, b SoftwareList) int {
		return cmp.Or(cmp.Compare(a.Asset, b.Asset), cmp.Compare(a.Stream, b.Stream))
	})
	return lists, err
}

// Components returns the components with the ids. Those that are not there are
// left out.
func (db *DB) Components(ctx context.Context, ids []int64) (map[int64]fact.Component, error) {
	out := make(map[int64]fact.Component, len(ids))
	const columns = `SELECT id, ecosystem, name, version, source, source_version, arch, purl, distro, cpe FROM inventory_components `
	scan := func(s scanner) (c struct {
		id int64
		fact.Component
	}, err error) {
		return c, s.Scan(&c.id, &c.Ecosystem, &c.Name, &c.Version, &c.Source, &c.SourceVersion, &c.Arch, &c.PURL, &c.Distro, &c.CPE)
	}
	for chunk := range slices.Chunk(ids, 500) {
		args := make([]any, len(chunk))
		var q bytes.Buffer
		for i, n := range chunk {
			if args[i] = n; i > 0 {
				q.WriteByte(',')
			}
			q.WriteByte('$')
			q.WriteString(strconv.Itoa(i + 1))
		}
		rows, err := db.read.QueryContext(ctx, columns+`WHERE id IN (`+q.String()+`)`, args...)
		if err != nil {
			return nil, classify(fmt.Errorf("read components: %w", err))
		}
		cs, err := collect(rows, scan)
		if err != nil {
			return nil, classify(err)
		}
		for _, c := range cs {
			out[c.id] = c.Component
		}
	}
	return out, nil
}

// Judging is a comparison of the inventory with a feed.
type Judging struct {
	Seq      int64
	At       time.Time
	Feed     judge.Feed
	FactsSeq int64
	Assets   int // whose findings changed
	Opened   int
	Closed   int
}

// StoredFindings are an asset's findings and the hash of their stored form.
type StoredFindings struct {
	judge.Findings
	Sum [sha256.Size]byte
}

// KeepJudging stores the findings of the assets that have other ones than
// before, with the ledger entry that speaks of them. Nil findings end an
// asset's. Where nothing changed and the feed and the facts are those of the
// newest judging, nothing is stored. severity names how grave a flaw is.
func (t *Tenant) KeepJudging(ctx context.Context, j Judging, found map[string]*judge.Findings, severity func(flaw string) string, actor string) (Judging, error) {
	err := t.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var last Judging
		var lastAt int64
		err := tx.QueryRowContext(ctx, `SELECT seq, at, feed, facts_seq FROM vuln_judgings WHERE tenant = $1 ORDER BY seq DESC LIMIT 1`, t.id).
			Scan(&last.Seq, &lastAt, &last.Feed.ID, &last.FactsSeq)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read the newest judging: %w", err)
		}
		j.Seq = last.Seq + 1
		j.At = moment(max(micros(j.At), lastAt))
		w := &judgingWriter{t: t, tx: tx, j: &j, severity: severity, found: found, kin: &kinship{}}
		if last.Seq != 0 {
			if w.kin, err = kinSince(ctx, tx, t.id, last.FactsSeq); err != nil {
				return err
			}
		}
		assets := make([]string, 0, len(found))
		for a := range found {
			assets = append(assets, a)
		}
		slices.Sort(assets)
		for _, a := range assets {
			if err := w.asset(ctx, a, found[a]); err != nil {
				return fmt.Errorf("findings of %s: %w", a, err)
			}
		}
		if j.Assets == 0 && last.Seq != 0 && last.Feed.ID == j.Feed.ID && last.FactsSeq == j.FactsSeq {
			j.Seq = last.Seq
			return nil
		}
		return w.record(ctx, actor)
	})
	return j, err
}

// judgingWriter is one running KeepJudging.
type judgingWriter struct {
	t        *Tenant
	tx       *sql.Tx
	j        *Judging
	severity func(string) string
	found    map[string]*judge.Findings
	kin      *kinship
	hash     evidence.JudgingHasher
}

func (w *judgingWriter) asset(ctx context.Context, a string, f *judge.Findings) error {
	var from int64
	var body []byte
	var before judge.Findings
	err := w.tx.QueryRowContext(ctx, `SELECT from_seq, body FROM vuln_findings WHERE tenant = $1 AND asset = $2 AND until_seq = 0`, w.t.id, a).Scan(&from, &body)
	had := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	var old []byte
	if had {
		if old, err = w.t.db.dec.DecodeAll(body, nil); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		if err := json.Unmarshal(old, &before); err != nil {
			return fmt.Errorf("read: %w", err)
		}
	}
	now := judge.Findings{}
	if f != nil {
		now = *f
		now.Matches = slices.Clone(f.Matches)
	}
	lent, err := w.lent(ctx, a, before)
	if err != nil {
		return fmt.Errorf("read what it was merged with: %w", err)
	}
	own := datesOf(before)
	before.Matches = append(before.Matches, lent...)
	opened, closed := judge.Carry(&now, before, w.j.At)
	closed = slices.DeleteFunc(closed, func(c judge.Closed) bool {
		_, had := own[c.Flaw]
		return !had || w.wentAlong(a, c.Flaw)
	})
	text, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if had && f != nil && bytes.Equal(text, old) || !had && f == nil {
		return nil
	}
	w.j.Assets++
	w.j.Opened += opened
	w.j.Closed += len(closed)
	if had {
		w.hash.FindingsEnded(a)
		if _, err := w.tx.ExecContext(ctx, `UPDATE vuln_findings SET until_seq = $1 WHERE tenant = $2 AND asset = $3 AND from_seq = $4`, w.j.Seq, w.t.id, a, from); err != nil {
			return err
		}
	}
	for _, c := range closed {
		sev := w.severity(c.Flaw)
		w.hash.Closed(a, c.Flaw, sev, c.Since, w.j.At)
		if _, err := w.tx.ExecContext(ctx, `INSERT INTO vuln_closed (tenant, seq, asset, flaw, severity, opened_at, closed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			w.t.id, w.j.Seq, a, c.Flaw, sev, micros(c.Since), micros(w.j.At)); err != nil {
			return err
		}
	}
	if f == nil {
		return nil
	}
	sum := sha256.Sum256(text)
	w.hash.Findings(a, sum[:])
	_, err = w.tx.ExecContext(ctx, `INSERT INTO vuln_findings (tenant, asset, from_seq, until_seq, sum, body) VALUES ($1, $2, $3, 0, $4, $5)`,
		w.t.id, a, w.j.Seq, sum[:], w.t.db.enc.EncodeAll(text, nil))
	return err
}

func (w *judgingWriter) record(ctx context.Context, actor string) error {
	j := w.j
	w.hash.Header(j.At, j.Feed.ID, j.Feed.BuiltAt, j.Feed.Holds(), j.FactsSeq, j.Assets, j.Opened, j.Closed)
	flaws, chain, err := newestFlaws(ctx, w.tx)
	if err != nil {
		return fmt.Errorf("look for the hashes of flaws: %w", err)
	}
	if flaws != 0 {
		w.hash.Flaws(flaws, chain)
	}
	rows, err := w.hash.Sum()
	if err != nil {
		return err
	}
	_, err = w.tx.ExecContext(ctx, `INSERT INTO vuln_judgings (tenant, seq, at, feed, feed_built_at, holds, facts_seq, assets, opened, closed, digest, flaws_seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		w.t.id, j.Seq, micros(j.At), j.Feed.ID, micros(j.Feed.BuiltAt), j.Feed.Holds(), j.FactsSeq, j.Assets, j.Opened, j.Closed, rows[:], flaws)
	if err != nil {
		return fmt.Errorf("record the judging: %w", err)
	}
	return appendEntry(ctx, w.tx, w.t.id, evidence.InventoryJudged(actor, evidence.Judging{
		Seq: j.Seq, Feed: j.Feed.ID, FeedBuiltAt: j.Feed.BuiltAt, FactsSeq: j.FactsSeq, Assets: j.Assets, Opened: j.Opened, Closed: j.Closed, Rows: rows,
	}), j.At)
}

// JudgingAt returns the judging that was the newest at a moment; its Seq is 0
// where there was none.
func (t *Tenant) JudgingAt(ctx context.Context, at time.Time) (Judging, error) {
	var j Judging
	var when, built int64
	var holds string
	err := t.db.read.QueryRowContext(ctx, `SELECT seq, at, feed, feed_built_at, holds, facts_seq, assets, opened, closed FROM vuln_judgings
		WHERE tenant = $1 AND at <= $2 ORDER BY seq DESC LIMIT 1`, t.id, micros(at)).
		Scan(&j.Seq, &when, &j.Feed.ID, &built, &holds, &j.FactsSeq, &j.Assets, &j.Opened, &j.Closed)
	if errors.Is(err, sql.ErrNoRows) {
		return j, nil
	}
	j.At, j.Feed.BuiltAt = moment(when), moment(built)
	j.Feed.Hold(holds)
	return j, classify(err)
}

// FirstJudgingBy returns the first judging by a feed: it tells what the feed
// changed. Its seq is 0 where there is none.
func (t *Tenant) FirstJudgingBy(ctx context.Context, feed string) (Judging, error) {
	j := Judging{Feed: judge.Feed{ID: feed}}
	var when int64
	var holds string
	err := t.db.read.QueryRowContext(ctx, `SELECT seq, at, holds, facts_seq, assets, opened, closed FROM vuln_judgings
		WHERE tenant = $1 AND feed = $2 ORDER BY seq LIMIT 1`, t.id, feed).
		Scan(&j.Seq, &when, &holds, &j.FactsSeq, &j.Assets, &j.Opened, &j.Closed)
	if errors.Is(err, sql.ErrNoRows) {
		return j, nil
	}
	j.At = moment(when)
	j.Feed.Hold(holds)
	return j, classify(err)
}

// FindingsAt returns the findings of each asset after the judging with the seq.
func (t *Tenant) FindingsAt(ctx context.Context, seq int64) (map[string]judge.Findings, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT asset, body FROM vuln_findings WHERE tenant = $1 AND from_seq <= $2 AND (until_seq = 0 OR until_seq > $3)`, t.id, seq, seq)
	if err != nil {
		return nil, classify(fmt.Errorf("read findings: %w", err))
	}
	defer rows.Close()
	out := make(map[string]judge.Findings)
	var plain []byte
	for rows.Next() {
		var a string
		var body []byte
		if err := rows.Scan(&a, &body); err != nil {
			return nil, classify(fmt.Errorf("read findings: %w", err))
		}
		if plain, err = t.db.dec.DecodeAll(body, plain[:0]); err != nil {
			return nil, fmt.Errorf("findings of %s: %w", a, err)
		}
		var f judge.Findings
		if err := json.Unmarshal(plain, &f); err != nil {
			return nil, fmt.Errorf("findings of %s: %w", a, err)
		}
		out[a] = f
	}
	return out, classify(rows.Err())
}

// ClosedFinding is a finding of ours that went away.
type ClosedFinding struct {
	Asset, Flaw, Severity string
	OpenedAt, ClosedAt    time.Time
}

// ClosedFindings lists the findings that went away since a moment.
func (t *Tenant) ClosedFindings(ctx context.Context, since time.Time) ([]ClosedFinding, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT asset, flaw, severity, opened_at, closed_at FROM vuln_closed WHERE tenant = $1 AND closed_at >= $2
		ORDER BY closed_at, asset, flaw`, t.id, micros(since))
	if err != nil {
		return nil, classify(fmt.Errorf("read closed findings: %w", err))
	}
	return collect(rows, func(s scanner) (c ClosedFinding, err error) {
		var o, cl int64
		err = s.Scan(&c.Asset, &c.Flaw, &c.Severity, &o, &cl)
		c.OpenedAt, c.ClosedAt = moment(o), moment(cl)
		return c, err
	})
}

// JudgingSums implements evidence.Rows.
func (t *Tenant) JudgingSums(ctx context.Context) (map[string]ledger.Hash, error) {
	hashers := make(map[int64]*evidence.JudgingHasher)
	of := func(seq int64) *evidence.JudgingHasher {
		if hashers[seq] == nil {
			hashers[seq] = new(evidence.JudgingHasher)
		}
		return hashers[seq]
	}
	rows, err := t.db.read.QueryContext(ctx, `SELECT seq, at, feed, feed_built_at, holds, facts_seq, assets, opened, closed, flaws_seq, digest FROM vuln_judgings WHERE tenant = $1`, t.id)
	if err != nil {
		return nil, classify(fmt.Errorf("read judgings: %w", err))
	}
	digests, flaws := make(map[int64][]byte), make(map[int64]int64)
	if _, err := collect(rows, func(s scanner) (struct{}, error) {
		var seq, at, built, facts, flaw int64
		var feed, holds string
		var assets, opened, closed int
		var digest []byte
		err := s.Scan(&seq, &at, &feed, &built, &holds, &facts, &assets, &opened, &closed, &flaw, &digest)
		of(seq).Header(moment(at), feed, moment(built), holds, facts, assets, opened, closed)
		digests[seq], flaws[seq] = digest, flaw
		return struct{}{}, err
	}); err != nil {
		return nil, classify(err)
	}
	chains, err := t.db.flawChains(ctx)
	if err != nil {
		return nil, classify(err)
	}
	for seq, n := range flaws {
		if n != 0 {
			of(seq).Flaws(n, chains[n])
		}
	}
	rows, err = t.db.read.QueryContext(ctx, `SELECT asset, from_seq, until_seq, sum, body FROM vuln_findings WHERE tenant = $1`, t.id)
	if err != nil {
		return nil, classify(fmt.Errorf("read findings: %w", err))
	}
	if _, err := collect(rows, func(s scanner) (struct{}, error) {
		var a string
		var from, until int64
		var sum, body []byte
		if err := s.Scan(&a, &from, &until, &sum, &body); err != nil {
			return struct{}{}, err
		}
		text, err := t.db.dec.DecodeAll(body, nil)
		if err != nil {
			return struct{}{}, fmt.Errorf("findings of %s: %w", a, err)
		}
		if have := sha256.Sum256(text); !bytes.Equal(have[:], sum) {
			return struct{}{}, fmt.Errorf("findings of %s are not those of their hash", a)
		}
		of(from).Findings(a, sum)
		if until != 0 {
			of(until).FindingsEnded(a)
		}
		return struct{}{}, nil
	}); err != nil {
		return nil, classify(err)
	}
	rows, err = t.db.read.QueryContext(ctx, `SELECT seq, asset, flaw, severity, opened_at, closed_at FROM vuln_closed WHERE tenant = $1`, t.id)
	if err != nil {
		return nil, classify(fmt.Errorf("read closed findings: %w", err))
	}
	if _, err := collect(rows, func(s scanner) (struct{}, error) {
		var seq, o, c int64
		var a, flaw, sev string
		err := s.Scan(&seq, &a, &flaw, &sev, &o, &c)
		of(seq).Closed(a, flaw, sev, moment(o), moment(c))
		return struct{}{}, err
	}); err != nil {
		return nil, classify(err)
	}
	out := make(map[string]ledger.Hash, len(hashers))
	for seq, h := range hashers {
		sum, err := h.Sum()
		if err != nil {
			return nil, err
		}
		out[strconv.FormatInt(seq, 10)] = withStored(sum, digests[seq])
	}
	return out, nil
}

// SoftwareListedAt returns when the newest list of software of each asset was
// true, as known by the batch seq.
func (t *Tenant) SoftwareListedAt(ctx context.Context, seq int64) (map[string]time.Time, error) {
	al, err := aliasesAt(ctx, t.db.read, t.id, seq)
	if err != nil {
		return nil, classify(err)
	}
	rows, err := t.db.read.QueryContext(ctx, `SELECT s.asset, s.stream, b.at FROM inventory_software s JOIN
		(SELECT stream, max(observed_at) AS at FROM fact_batches WHERE tenant = $1 AND seq <= $2 GROUP BY stream) b ON b.stream = s.stream
		WHERE s.tenant = $3 AND s.from_seq <= $4 AND (s.until_seq = 0 OR s.until_seq > $5)`, t.id, seq, t.id, seq, seq)
	if err != nil {
		return nil, classify(fmt.Errorf("read software: %w", err))
	}
	out := make(map[string]time.Time)
	_, err = collect(rows, func(s scanner) (struct{}, error) {
		var home, stream string
		var at int64
		err := s.Scan(&home, &stream, &at)
		if a := al.of(stream, home); out[a].Before(moment(at)) {
			out[a] = moment(at)
		}
		return struct{}{}, err
	})
	return out, classify(err)
}

// ClosedReports lists the items of scanners that went away since a moment, one
// for each flaw they named.
func (t *Tenant) ClosedReports(ctx context.Context, since time.Time) ([]ClosedFinding, error) {
	al, err := t.aliases(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := t.db.read.QueryContext(ctx, `SELECT f.resource, f.asset, f.stream, f.first_observed_at, b.observed_at, f.attributes FROM facts f
		JOIN fact_batches b ON b.tenant = f.tenant AND b.seq = f.until_seq
		WHERE f.tenant = $1 AND f.kind = $2 AND f.until_seq <> 0 AND b.observed_at >= $3
		AND NOT EXISTS (SELECT 1 FROM facts n WHERE n.tenant = f.tenant AND n.kind = f.kind AND n.resource = f.resource AND n.stream = f.stream AND n.from_seq >= f.until_seq)
		ORDER BY b.observed_at, f.resource`, t.id, string(fact.KindVulnerability), micros(since))
	if err != nil {
		return nil, classify(fmt.Errorf("read closed reports: %w", err))
	}
	defer rows.Close()
	var out []ClosedFinding
	for rows.Next() {
		var resource, a, stream string
		var first, end int64
		var attrs []byte
		if err := rows.Scan(&resource, &a, &stream, &first, &end, &attrs); err != nil {
			return nil, classify(err)
		}
		vs, err := fact.DecodeValues(fact.KindVulnerability, attrs)
		if err != nil {
			return nil, fmt.Errorf("fact of %s: %w", resource, err)
		}
		c := ClosedFinding{Asset: al.of(stream, a), OpenedAt: moment(first), ClosedAt: moment(end)}
		c.Severity, _ = vs["severity"].(string)
		if at, ok := vs["first_seen_at"].(time.Time); ok {
			c.OpenedAt = at
		}
		flaws, _ := vs["cves"].([]string)
		if len(flaws) == 0 {
			flaws = []string{resource}
		}
		for _, f := range flaws {
			c.Flaw = f
			out = append(out, c)
		}
	}
	return out, classify(rows.Err())
}
