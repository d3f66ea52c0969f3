package evidence

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/ledger"
)

// claims compares what statements say with the rows they speak of.
type claims struct {
	k *check

	seqs  []int64  // batches that must turn up
	ids   []string // assessments that must
	trail int64    // events that must, how many

	batches     map[int64]bool
	assessments map[string]bool
	events      map[string]bool

	judgings, decisions, identity summed

	overrides map[string]string // in force after the statements so far
	last      map[string]int64  // the entry that spoke of a parameter last

	open    string                     // the assessment whose parts are being read
	results map[string][]policy.Result // of it, those not stated yet
	parts   int                        // still to come
}

func newClaims(k *check) *claims {
	return &claims{
		k: k, batches: map[int64]bool{}, assessments: map[string]bool{}, events: map[string]bool{},
		overrides: map[string]string{}, last: map[string]int64{},
	}
}

// take compares one statement.
func (c *claims) take(ctx context.Context, index int64, s ledger.Statement) error {
	if c.parts > 0 && Kind(s.Kind) != KindAssessmentPart {
		c.k.r.fault(row(index), "the assessment %s has %d more parts, and this is none", c.open, c.parts)
		c.parts = 0
	}
	body, ok := s.Body.(json.RawMessage)
	if !ok {
		return fmt.Errorf("entry %d: the body was not read", index)
	}
	bad := func(err error) error {
		c.k.r.fault(row(index), "its body cannot be read: %v", err)
		return nil
	}
	switch Kind(s.Kind) {
	case KindFacts:
		var b batchBody
		if err := json.Unmarshal(body, &b); err != nil {
			return bad(err)
		}
		return c.batch(ctx, index, b)
	case KindAssessment:
		var a assessmentBody
		if err := json.Unmarshal(body, &a); err != nil {
			return bad(err)
		}
		return c.assessment(ctx, index, a)
	case KindAssessmentPart:
		var p partBody
		if err := json.Unmarshal(body, &p); err != nil {
			return bad(err)
		}
		return c.part(index, p)
	case KindAccess:
		var a accessBody
		if err := json.Unmarshal(body, &a); err != nil {
			return bad(err)
		}
		return c.event(ctx, index, a)
	case KindParameter:
		var p parameterBody
		if err := json.Unmarshal(body, &p); err != nil {
			return bad(err)
		}
		c.last[p.Name] = index
		if c.overrides[p.Name] = p.To; p.Removed {
			delete(c.overrides, p.Name)
		}
	case KindJudging:
		var j judgingBody
		if err := json.Unmarshal(body, &j); err != nil {
			return bad(err)
		}
		c.judgings.say(index, strconv.FormatInt(j.Seq, 10), j.Rows)
	case KindDecision:
		var d decisionBody
		if err := json.Unmarshal(body, &d); err != nil {
			return bad(err)
		}
		c.decisions.say(index, d.ID, d.Row)
	case KindIdentity:
		var d identityBody
		if err := json.Unmarshal(body, &d); err != nil {
			return bad(err)
		}
		for _, r := range d.Rows {
			c.identity.say(index, r.ID, r.Sum)
		}
	case KindImport, KindOrganization:
		// What these say is in the statement itself, which the tree covers.
	default:
		c.k.r.fault(row(index), "a statement of kind %.40q is unknown to this version", s.Kind)
	}
	return nil
}

func (c *claims) batch(ctx context.Context, index int64, b batchBody) error {
	if c.batches[b.Seq] {
		c.k.r.fault(row(index), "batch %d was stated before", b.Seq)
		return nil
	}
	c.batches[b.Seq] = true
	d, err := c.k.Store.BatchDigest(ctx, b.Seq)
	switch {
	case errs.Is(err, errs.NotFound):
		c.k.r.fault(fmt.Sprintf("batch %d", b.Seq), "entry %d speaks of it and the database does not have it", index)
		return nil
	case err != nil:
		return c.unreadable(ctx, fmt.Sprintf("batch %d (%s)", b.Seq, b.Stream), err)
	}
	c.k.r.Batches++
	if d != b.Rows {
		c.k.r.fault(fmt.Sprintf("batch %d (%s)", b.Seq, b.Stream), "its facts were changed since they were stored; entry %d has their hash", index)
	}
	return nil
}

func (c *claims) assessment(ctx context.Context, index int64, a assessmentBody) error {
	if c.assessments[a.ID] {
		c.k.r.fault(row(index), "assessment %s was stated before", a.ID)
		return nil
	}
	c.assessments[a.ID] = true
	rs, err := c.k.Store.AssessmentResults(ctx, a.ID)
	switch {
	case errs.Is(err, errs.NotFound):
		c.k.r.fault("assessment "+a.ID, "entry %d speaks of it and the database does not have it", index)
		return nil
	case err != nil:
		return c.unreadable(ctx, "results of assessment "+a.ID, err)
	}
	c.k.r.Assessments++
	if err := c.document(ctx, index, a); err != nil {
		return err
	}
	c.open, c.results, c.parts = a.ID, rs, a.Parts
	return c.checks(index, a.Checks)
}

// document compares the assessment as it is shown.
func (c *claims) document(ctx context.Context, index int64, a assessmentBody) error {
	kept, err := c.k.Store.KeptAssessment(ctx, a.ID)
	if err != nil {
		return c.unreadable(ctx, "assessment "+a.ID, err)
	}
	if h, err := documentHash(kept); err != nil || h != a.Document || kept.ID != a.ID {
		c.k.r.fault("assessment "+a.ID, "what it says was changed since it was kept; entry %d has its hash", index)
	}
	return nil
}

// unreadable reports rows that cannot be read: nobody can say that they are as
// they were. Only where the check itself is ending is it an error.
func (c *claims) unreadable(ctx context.Context, where string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.k.r.fault(where, "it cannot be read: %v", err)
	return nil
}

func (c *claims) part(index int64, p partBody) error {
	if c.open != p.ID || c.parts == 0 {
		if c.assessments[p.ID] && c.open != p.ID {
			return nil // its assessment is missing and named already
		}
		c.k.r.fault(row(index), "a part of assessment %s is out of place", p.ID)
		return nil
	}
	c.parts--
	return c.checks(index, p.Checks)
}

// checks compares the results of each check. After the last part no results
// may be left that no statement speaks of.
func (c *claims) checks(index int64, stated []checkBody) error {
	for _, s := range stated {
		where := fmt.Sprintf("assessment %s, check %s", c.open, s.ID)
		rs := c.results[s.ID]
		delete(c.results, s.ID)
		com, err := Commit(c.k.Commit, rs)
		if err != nil {
			c.k.r.fault(where, "its results cannot be read: %v", err)
			continue
		}
		if com.Results != s.Results {
			c.k.r.fault(where, "the database has %d results, entry %d says %d", com.Results, index, s.Results)
			continue
		}
		if com.Root != s.Root {
			c.k.r.fault(where, "its results were changed since they were kept; entry %d has their root%s", index, difference(s, rs))
		}
	}
	if c.parts == 0 && len(c.results) > 0 {
		ids := make([]string, 0, len(c.results))
		for id := range c.results {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for _, id := range ids {
			c.k.r.fault(fmt.Sprintf("assessment %s, check %s", c.open, id), "the database has results of it that no entry speaks of")
		}
		c.results = nil
	}
	return nil
}

// difference says how the counts of results moved, where they did.
func difference(s checkBody, rs []policy.Result) string {
	was := map[policy.Verdict]int{
		policy.Pass: s.Pass, policy.Fail: s.Fail, policy.NotApplicable: s.NotApplicable,
		policy.NotMeasured: s.NotMeasured, policy.Error: s.Error,
	}
	now := map[policy.Verdict]int{}
	for _, r := range rs {
		now[r.Verdict]++
	}
	var out strings.Builder
	for _, v := range []policy.Verdict{policy.Pass, policy.Fail, policy.NotApplicable, policy.NotMeasured, policy.Error} {
		if was[v] != now[v] {
			out.WriteString(fmt.Sprintf("; %s was %d and is %d", v, was[v], now[v]))
		}
	}
	return out.String()
}

func (c *claims) event(ctx context.Context, index int64, a accessBody) error {
	if c.events[a.Event] {
		c.k.r.fault(row(index), "event %s was stated before", a.Event)
		return nil
	}
	c.events[a.Event] = true
	e, err := c.k.Store.AccessEvent(ctx, a.Event)
	switch {
	case errs.Is(err, errs.NotFound):
		c.k.r.fault("event "+a.Event+" of the audit trail", "entry %d speaks of it (%s) and the database does not have it", index, a.Action)
		return nil
	case err != nil:
		return c.unreadable(ctx, "event "+a.Event+" of the audit trail", err)
	}
	c.k.r.Events++
	com, err := commitEvent(c.k.Commit, e)
	if err != nil || com != a.Commitment {
		c.k.r.fault("event "+a.Event+" of the audit trail", "it was changed since it was recorded; entry %d has its commitment", index)
	}
	return nil
}

// list notes which rows there are before the entries are read: each of them was
// committed with its entry, so it must turn up. Rows that come later are the
// next check's.
func (c *claims) list(ctx context.Context) error {
	var err error
	if c.seqs, err = c.k.Store.BatchSeqs(ctx); err != nil {
		return fmt.Errorf("list batches: %w", err)
	}
	named, err := c.k.Store.RowSeqs(ctx)
	switch {
	case errs.Is(err, errs.Conflict):
		c.k.r.fault("the facts", "%v", err)
	case err != nil:
		return fmt.Errorf("list batches by their rows: %w", err)
	}
	c.seqs = append(c.seqs, named...)
	slices.Sort(c.seqs)
	c.seqs = slices.Compact(c.seqs)
	if c.ids, err = c.k.Store.AssessmentIDs(ctx); err != nil {
		return fmt.Errorf("list assessments: %w", err)
	}
	if c.trail, err = c.k.Store.AccessEvents(ctx); err != nil {
		return fmt.Errorf("count events: %w", err)
	}
	return nil
}

// finish names the rows that no statement spoke of.
func (c *claims) finish(ctx context.Context) error {
	if err := c.parameters(ctx); err != nil {
		return err
	}
	if err := c.compareSums(ctx, "judging", &c.judgings, c.k.Store.JudgingSums); err != nil {
		return err
	}
	if err := c.compareSums(ctx, "decision", &c.decisions, c.k.Store.DecisionSums); err != nil {
		return err
	}
	if err := c.compareSums(ctx, "identity decision", &c.identity, c.k.Store.IdentitySums); err != nil {
		return err
	}
	faults, err := c.k.Store.RowFaults(ctx)
	if err != nil {
		if err := c.unreadable(ctx, "sightings, flaws or components", err); err != nil {
			return err
		}
	}
	for _, f := range faults {
		c.k.r.fault(f.Where, "%s", f.What)
	}
	if c.parts > 0 {
		c.k.r.fault(row(c.k.r.Entries), "the assessment %s has %d more parts, and the log ends", c.open, c.parts)
	}
	for _, s := range c.seqs {
		if !c.batches[s] {
			c.k.r.fault(fmt.Sprintf("batch %d", s), "no entry speaks of it")
		}
	}
	for _, id := range c.ids {
		if !c.assessments[id] {
			c.k.r.fault("assessment "+id, "no entry speaks of it")
		}
	}
	if extra := c.trail - int64(c.k.r.Events); extra > 0 {
		c.k.r.fault("the audit trail", "%s in it that no entry speaks of", count(int(extra), "event"))
	}
	return nil
}

// parameters compares the overrides in force with what the statements add up
// to. Where entries were added during the check, the rows may be ahead of those
// that were read, and a difference says nothing.
func (c *claims) parameters(ctx context.Context) error {
	have, err := c.k.Store.Overrides(ctx)
	if err != nil {
		return c.unreadable(ctx, "the parameters", err)
	}
	if maps.Equal(have, c.overrides) {
		return nil
	}
	es, err := c.k.Store.Entries(ctx, c.k.r.Entries, 1)
	if err != nil || len(es) > 0 {
		c.k.r.note("entries were added during the check; check again to compare the parameters")
		return err
	}
	names := slices.Concat(slices.Collect(maps.Keys(have)), slices.Collect(maps.Keys(c.overrides)))
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		now, set := have[n]
		stated, ok := c.overrides[n]
		switch {
		case set && !ok:
			c.k.r.fault("parameter "+n, "it is set to %.80q and no entry says so", now)
		case ok && !set:
			c.k.r.fault("parameter "+n, "entry %d sets it to %.80q and the database has no override", c.last[n], stated)
		case now != stated:
			c.k.r.fault("parameter "+n, "it is set to %.80q; entry %d says %.80q", now, c.last[n], stated)
		}
	}
	return nil
}
