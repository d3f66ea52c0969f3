package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/policy"
)

// AssessmentRow is the head of a kept assessment.
type AssessmentRow struct {
	Seq           int64
	ID            string
	AsOf          time.Time
	RecordedAt    time.Time
	FactsSeq      int64
	Digest        string
	Level         assess.Level
	Score         *float64
	GoalsMet      int
	GoalsMeasured int
	Actor         string
	Trigger       string // what asked for it: "import of roster.csv"
}

// confirmEvery is how often an unchanged assessment is kept again.
const confirmEvery = 24 * time.Hour

// Keep stores an assessment with its results and its ledger entry, and gives it
// its id. Where the newest kept one says the same, nothing is stored, that one
// is returned, and fresh is false; but once in a day one is kept that rests on
// newer facts, since the record is to show that it was looked at again.
func (t *Tenant) Keep(ctx context.Context, k *assess.Kept, actor, trigger string, now time.Time) (row AssessmentRow, fresh bool, err error) {
	streams := newest(k.Results)
	checks, err := t.encode(k.Results, streams)
	if err != nil {
		return row, false, err
	}
	err = t.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var last AssessmentRow
		last, err := scanAssessment(tx.QueryRowContext(ctx, `SELECT `+assessmentColumns+` FROM assess_assessments WHERE tenant = $1 ORDER BY seq DESC LIMIT 1`, t.id))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read the newest assessment: %w", err)
		}
		if last.Seq > 0 && last.Digest == k.Assessment.Digest && (last.FactsSeq == k.FactsSeq || now.Sub(last.RecordedAt) < confirmEvery) {
			row = last
			return nil
		}
		recorded := now.UTC().Truncate(time.Microsecond)
		if recorded.Before(last.RecordedAt) {
			recorded = last.RecordedAt
		}
		fresh = true
		k.Assessment.ID = id.New(id.Assessment, recorded)
		a := &k.Assessment
		row = AssessmentRow{
			Seq: last.Seq + 1, ID: a.ID, AsOf: a.AsOf.UTC().Truncate(time.Microsecond), RecordedAt: recorded, FactsSeq: k.FactsSeq,
			Digest: a.Digest, Level: a.Level, Score: a.Score, GoalsMet: a.GoalsMet, GoalsMeasured: a.GoalsMeasured,
			Actor: actor, Trigger: trigger,
		}
		if err := t.keep(ctx, tx, k, row, streams, checks); err != nil {
			return err
		}
		return appendAssessment(ctx, tx, t.id, k, checks, actor, recorded)
	})
	return row, fresh, err
}

// encoded is what is stored of a check's results, and what the ledger commits to.
type encoded struct {
	check      string
	digest     string // SHA-256 of data before compression, hex
	data       []byte // compressed
	commitment evidence.Commitment
}

// encode prepares the results of every check, on all processors and before the
// write lock is taken: it is most of the work of keeping an assessment.
func (t *Tenant) encode(results map[string][]policy.Result, streams map[string]time.Time) ([]encoded, error) {
	key, err := t.db.commitKey(t.id)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(results))
	out := make([]encoded, len(names))
	err = each(len(names), func(i int) error {
		rs := results[names[i]]
		b, err := json.Marshal(withoutTimes(rs, streams))
		if err != nil {
			return fmt.Errorf("encode the results of %s: %w", names[i], err)
		}
		sum := sha256.Sum256(b)
		out[i] = encoded{check: names[i], digest: hex.EncodeToString(sum[:]), data: t.db.enc.EncodeAll(b, nil)}
		if out[i].commitment, err = evidence.Commit(key, rs); err != nil {
			return fmt.Errorf("commit to the results of %s: %w", names[i], err)
		}
		return nil
	})
	return out, err
}

func (t *Tenant) keep(ctx context.Context, tx *sql.Tx, k *assess.Kept, row AssessmentRow, streams map[string]time.Time, checks []encoded) error {
	times, err := json.Marshal(streams)
	if err != nil {
		return fmt.Errorf("encode the streams: %w", err)
	}
	body, err := json.Marshal(k.Assessment)
	if err != nil {
		return fmt.Errorf("encode the assessment: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO assess_assessments
		(tenant, seq, id, as_of, recorded_at, facts_seq, digest, level, score, goals_met, goals_measured, actor, trigger_text, streams, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		t.id, row.Seq, row.ID, micros(row.AsOf), micros(row.RecordedAt), row.FactsSeq, row.Digest, string(row.Level), row.Score,
		row.GoalsMet, row.GoalsMeasured, row.Actor, row.Trigger, string(times), t.db.enc.EncodeAll(body, nil))
	if err != nil {
		return fmt.Errorf("record the assessment: %w", err)
	}
	for _, c := range checks {
		// Results that were stored before are stored once.
		if _, err := tx.ExecContext(ctx, `INSERT INTO assess_blobs (tenant, digest, data) VALUES ($1, $2, $3) ON CONFLICT (tenant, digest) DO NOTHING`,
			t.id, c.digest, c.data); err != nil {
			return fmt.Errorf("record the results of %s: %w", c.check, err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO assess_results (tenant, assessment, check_id, blob) VALUES ($1, $2, $3, $4)`,
			t.id, row.ID, c.check, c.digest); err != nil {
			return fmt.Errorf("record the results of %s: %w", c.check, err)
		}
	}
	return nil
}

const assessmentColumns = `seq, id, as_of, recorded_at, facts_seq, digest, level, score, goals_met, goals_measured, actor, trigger_text`

func scanAssessment(s scanner) (AssessmentRow, error) {
	var r AssessmentRow
	var asOf, recorded int64
	var score sql.NullFloat64
	err := s.Scan(&r.Seq, &r.ID, &asOf, &recorded, &r.FactsSeq, &r.Digest, &r.Level, &score, &r.GoalsMet, &r.GoalsMeasured, &r.Actor, &r.Trigger)
	r.AsOf, r.RecordedAt = moment(asOf), moment(recorded)
	if score.Valid {
		r.Score = &score.Float64
	}
	return r, err
}

// Assessments lists kept assessments, newest first: at most limit of those
// before the sequence number (0: from the newest).
func (t *Tenant) Assessments(ctx context.Context, before int64, limit int) ([]AssessmentRow, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT `+assessmentColumns+` FROM assess_assessments WHERE tenant = $1 AND ($2 = 0 OR seq < $3)
		ORDER BY seq DESC LIMIT $4`, t.id, before, before, limit)
	if err != nil {
		return nil, classify(fmt.Errorf("list assessments: %w", err))
	}
	out, err := collect(rows, scanAssessment)
	return out, classify(err)
}

// Assessment returns a kept assessment. The id "" means the newest; errs.NotFound if
// there is none.
func (t *Tenant) Assessment(ctx context.Context, aid string) (*assess.Assessment, AssessmentRow, error) {
	q, args := ` AND id = $2`, []any{t.id, aid}
	if aid == "" {
		q, args = ` ORDER BY seq DESC LIMIT 1`, []any{t.id}
	}
	var body []byte
	row := t.db.read.QueryRowContext(ctx, `SELECT body, `+assessmentColumns+` FROM assess_assessments WHERE tenant = $1`+q, args...)
	r, err := scanAssessment(prefixed{row, &body})
	if errors.Is(err, sql.ErrNoRows) {
		if aid == "" {
			return nil, r, errs.Hint(errs.New(errs.NotFound, "nothing was assessed yet"), "run an assessment first")
		}
		return nil, r, errs.New(errs.NotFound, "no assessment %.60q", aid)
	}
	if err != nil {
		return nil, r, classify(fmt.Errorf("read the assessment: %w", err))
	}
	j, err := t.db.dec.DecodeAll(body, nil)
	if err != nil {
		return nil, r, fmt.Errorf("assessment %s: %w", r.ID, err)
	}
	a := new(assess.Assessment)
	if err := json.Unmarshal(j, a); err != nil {
		return nil, r, fmt.Errorf("assessment %s: %w", r.ID, err)
	}
	return a, r, nil
}

// prefixed scans one more column in front of those its caller knows.
type prefixed struct {
	row   scanner
	first any
}

func (p prefixed) Scan(dest ...any) error { return p.row.Scan(append([]any{p.first}, dest...)...) }

// Results returns what a check said in an assessment; errs.NotFound if it was
// not part of it.
func (t *Tenant) Results(ctx context.Context, assessment, check string) ([]policy.Result, error) {
	all, err := t.results(ctx, assessment, ` AND r.check_id = $3`, check)
	if err != nil {
		return nil, err
	}
	rs, ok := all[check]
	if !ok {
		return nil, errs.New(errs.NotFound, "no results of check %.80q in this assessment", check)
	}
	return rs, nil
}

// AllResults returns the results of every check of an assessment.
func (t *Tenant) AllResults(ctx context.Context, assessment string) (map[string][]policy.Result, error) {
	return t.results(ctx, assessment, "")
}

func (t *Tenant) results(ctx context.Context, assessment, where string, args ...any) (map[string][]policy.Result, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT r.check_id, a.streams, b.data FROM assess_results r
		JOIN assess_assessments a ON a.tenant = r.tenant AND a.id = r.assessment
		JOIN assess_blobs b ON b.tenant = r.tenant AND b.digest = r.blob
		WHERE r.tenant = $1 AND r.assessment = $2`+where, append([]any{t.id, assessment}, args...)...)
	if err != nil {
		return nil, classify(fmt.Errorf("read results: %w", err))
	}
	type stored struct {
		check       string
		times, data []byte
	}
	blobs, err := collect(rows, func(s scanner) (b stored, err error) { return b, s.Scan(&b.check, &b.times, &b.data) })
	if err != nil {
		return nil, classify(err)
	}
	if len(blobs) == 0 {
		return map[string][]policy.Result{}, nil
	}
	var streams map[string]time.Time
	if err := json.Unmarshal(blobs[0].times, &streams); err != nil {
		return nil, fmt.Errorf("streams of assessment %s: %w", assessment, err)
	}
	decoded := make([][]policy.Result, len(blobs))
	err = each(len(blobs), func(i int) error {
		j, err := t.db.dec.DecodeAll(blobs[i].data, nil)
		if err == nil {
			err = json.Unmarshal(j, &decoded[i])
		}
		if err != nil {
			return fmt.Errorf("results of %s: %w", blobs[i].check, err)
		}
		withTimes(decoded[i], streams)
		trim(decoded[i])
		decoded[i] = slices.Clip(slices.Clone(decoded[i]))
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string][]policy.Result, len(blobs))
	for i, b := range blobs {
		out[b.check] = decoded[i]
	}
	return out, nil
}

// each runs f for 0 to n-1 on all processors and joins the errors.
func each(n int, f func(i int) error) error {
	faults := make([]error, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				faults[i] = f(i)
			}
		})
	}
	wg.Wait()
	return errors.Join(faults...)
}

// A machine that is looked at every hour gives the same results with another
// time on each. The time that the newest batch of a stream shares is therefore
// kept once for the assessment, so that unchanged results are equal bytes and
// are stored once.

// shared stands for the time of the newest batch. It is not the zero time,
// which is that of values nobody observed.
var shared = time.Unix(0, 0).UTC()

// newest returns the newest observation of each stream that results rest on.
func newest(all map[string][]policy.Result) map[string]time.Time {
	out := make(map[string]time.Time)
	for _, rs := range all {
		for _, r := range rs {
			for _, o := range r.Observed {
				if o.Origin.ObservedAt.After(out[o.Origin.Stream]) {
					out[o.Origin.Stream] = o.Origin.ObservedAt
				}
			}
		}
	}
	return out
}

// withoutTimes returns the results with the streams' own times taken out.
func withoutTimes(rs []policy.Result, streams map[string]time.Time) []policy.Result {
	out := slices.Clone(rs)
	for i := range out {
		out[i].Observed = slices.Clone(out[i].Observed)
		for j := range out[i].Observed {
			o := &out[i].Observed[j].Origin
			if at, ok := streams[o.Stream]; ok && o.ObservedAt.Equal(at) {
				o.ObservedAt = shared
			}
		}
	}
	return out
}

// withTimes puts them back.
func withTimes(rs []policy.Result, streams map[string]time.Time) {
	for i := range rs {
		for j := range rs[i].Observed {
			if o := &rs[i].Observed[j].Origin; o.ObservedAt.Equal(shared) {
				o.ObservedAt = streams[o.Stream]
			}
		}
	}
}

// RecordParameters keeps the text of the parameters where it differs from the
// last one kept, with who changed what and why in the ledger. It reports
// whether it did.
func (t *Tenant) RecordParameters(ctx context.Context, body, actor, reason string, now time.Time) (bool, error) {
	changed := false
	err := t.db.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var seq, at int64
		var last string
		err := tx.QueryRowContext(ctx, `SELECT seq, recorded_at, body FROM policy_parameters WHERE tenant = $1 ORDER BY seq DESC LIMIT 1`, t.id).Scan(&seq, &at, &last)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read the parameters: %w", err)
		}
		if last == body {
			return nil
		}
		changed = true
		at = max(at, micros(now))
		if _, err := tx.ExecContext(ctx, `INSERT INTO policy_parameters (tenant, seq, recorded_at, actor, reason, body) VALUES ($1, $2, $3, $4, $5, $6)`,
			t.id, seq+1, at, actor, reason, body); err != nil {
			return fmt.Errorf("record the parameters: %w", err)
		}
		return appendParameters(ctx, tx, t.id, last, body, actor, reason, moment(at))
	})
	return changed, err
}

// ParameterChange says who last changed a parameter.
type ParameterChange struct {
	Actor  string
	Reason string
	At     time.Time
}

// ParameterChanges returns the last change of each parameter that was ever set.
func (t *Tenant) ParameterChanges(ctx context.Context) (map[string]ParameterChange, error) {
	rows, err := t.db.read.QueryContext(ctx, `SELECT recorded_at, actor, reason, body FROM policy_parameters WHERE tenant = $1 ORDER BY seq`, t.id)
	if err != nil {
		return nil, classify(fmt.Errorf("read the parameters: %w", err))
	}
	defer rows.Close()
	out := make(map[string]ParameterChange)
	was := make(map[string]string)
	for rows.Next() {
		var c ParameterChange
		var at int64
		var body string
		if err := rows.Scan(&at, &c.Actor, &c.Reason, &body); err != nil {
			return nil, classify(err)
		}
		c.At = moment(at)
		is, err := overrides(body)
		if err != nil {
			return nil, fmt.Errorf("parameters of %s: %w", c.At, err)
		}
		for name, v := range is {
			if was[name] != v {
				out[name] = c
			}
		}
		was = is
	}
	return out, classify(rows.Err())
}

// ParametersAt returns the text of the parameter file as it was recorded by the
// moment, "" if none was.
func (t *Tenant) ParametersAt(ctx context.Context, asOf time.Time) (string, error) {
	var body string
	err := t.db.read.QueryRowContext(ctx, `SELECT body FROM policy_parameters WHERE tenant = $1 AND recorded_at <= $2 ORDER BY seq DESC LIMIT 1`,
		t.id, micros(asOf)).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return body, classify(err)
}
