package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/web/api"
)

// reader is the part of App that reads, as the API sees it.
type reader struct{ *App }

var _ api.Reader = reader{}

// view is one consistent state of an organization, held in memory while it is
// the newest: what is known, and what the newest assessment says of it. It
// does not change.
type view struct {
	tenant  *tenant
	version string
	at      time.Time
	profile sqlstore.Profile
	rules   *rules
	set     *fact.Set // with what is derived

	// Of the newest assessment; nil and empty before the first.
	assessment *assess.Assessment
	row        sqlstore.AssessmentRow
	results    map[string][]policy.Result
	goals      map[string]*assess.Goal
	checks     map[string]*assess.Check
	index      map[resourceKey][]resultAt
	previous   *assess.Kept // the one before; nil if there is none
}

type resourceKey struct {
	kind fact.Kind
	id   string
}

// resultAt points at a result.
type resultAt struct {
	check string
	i     int
}

// viewLife is how long a view is used where nothing was recorded: some of what
// is derived follows the clock.
const viewLife = time.Hour

// view returns the newest state of an organization.
func (a *App) view(ctx context.Context, tid string) (*view, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return nil, err
	}
	version, err := t.Version(ctx)
	if err != nil {
		return nil, err
	}
	rs, err := a.rules()
	if err != nil {
		return nil, err
	}
	now, err := a.present(ctx, t)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if v := t.shown; v != nil && v.version == version && v.rules == rs && now.Sub(v.at) < viewLife && !now.Before(v.at) {
		return v, nil
	}
	v, err := load(ctx, t, rs, version, now)
	if err != nil {
		return nil, err
	}
	t.shown = v
	return v, nil
}

func load(ctx context.Context, t *tenant, rs *rules, version string, now time.Time) (*view, error) {
	v := &view{tenant: t, version: version, at: now, rules: rs}
	var err error
	if v.profile, err = t.Profile(ctx); err != nil {
		return nil, err
	}
	set, _, err := t.Load(ctx, now)
	if err != nil {
		return nil, err
	}
	derived := assess.Derive(*set, v.profile.Organization, now)
	v.set = &derived
	v.assessment, v.row, err = t.Assessment(ctx, "")
	if errs.Is(err, errs.NotFound) {
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	if v.results, err = t.AllResults(ctx, v.assessment.ID); err != nil {
		return nil, err
	}
	before, err := t.Assessments(ctx, v.row.Seq, 1)
	if err != nil {
		return nil, err
	}
	if len(before) > 0 {
		if v.previous, err = kept(ctx, t, before[0].ID); err != nil {
			return nil, err
		}
	}
	v.goals, v.checks = make(map[string]*assess.Goal), make(map[string]*assess.Check)
	for i := range v.assessment.Goals {
		g := &v.assessment.Goals[i]
		v.goals[g.ID] = g
		for j := range g.Checks {
			v.checks[g.Checks[j].ID] = &g.Checks[j]
		}
	}
	v.index = make(map[resourceKey][]resultAt)
	for check, results := range v.results {
		for i, r := range results {
			k := resourceKey{r.Kind, r.Resource}
			v.index[k] = append(v.index[k], resultAt{check, i})
		}
	}
	return v, nil
}

// kept reads an assessment with its results.
func kept(ctx context.Context, t *tenant, aid string) (*assess.Kept, error) {
	a, row, err := t.Assessment(ctx, aid)
	if err != nil {
		return nil, err
	}
	results, err := t.AllResults(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	return &assess.Kept{Assessment: *a, Results: results, FactsSeq: row.FactsSeq}, nil
}

// kept returns the newest assessment with its results.
func (v *view) kept() *assess.Kept {
	return &assess.Kept{Assessment: *v.assessment, Results: v.results, FactsSeq: v.row.FactsSeq}
}

// Version implements api.Reader.
func (a reader) Version(ctx context.Context, who access.Caller) (string, error) {
	t, err := a.tenant(who.Tenant())
	if err != nil {
		return "", err
	}
	s, err := t.Version(ctx)
	if err != nil {
		return "", err
	}
	rs, err := a.rules()
	if err != nil {
		return "", err
	}
	return s + "-" + rs.stamp[:12] + "-" + a.jobsVersion(who.Tenant()), nil
}

func (v *view) tallyOf(r *fact.Resource) api.Tally {
	var t api.Tally
	for _, at := range v.index[resourceKey{r.Kind, r.ID}] {
		switch v.results[at.check][at.i].Verdict {
		case policy.Pass:
			t.Pass++
		case policy.Fail:
			t.Fail++
		case policy.NotApplicable:
			t.NotApplicable++
		case policy.NotMeasured:
			t.NotMeasured++
		case policy.Error:
			t.Error++
		}
	}
	return t
}

// resultsOf lists what the newest assessment says of a resource, failures first.
func (v *view) resultsOf(r *fact.Resource) []api.ResultOfCheck {
	out := []api.ResultOfCheck{}
	for _, at := range v.index[resourceKey{r.Kind, r.ID}] {
		res := v.results[at.check][at.i]
		row := api.ResultOfCheck{Check: at.check, Verdict: string(res.Verdict), Why: res.Why}
		if c := v.checks[at.check]; c != nil {
			row.Title, row.Severity = c.Title, string(c.Severity)
		}
		if c, ok := v.rules.checks.Check(at.check); ok {
			row.Goal = c.Goal
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b api.ResultOfCheck) int {
		return cmp.Or(
			cmp.Compare(verdictRank(policy.Verdict(a.Verdict)), verdictRank(policy.Verdict(b.Verdict))),
			cmp.Compare(policy.Severity(a.Severity).Rank(), policy.Severity(b.Severity).Rank()),
			cmp.Compare(a.Check, b.Check),
		)
	})
	return out
}
