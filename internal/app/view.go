package app

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/judge"
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
	version sqlstore.Version
	at      time.Time
	profile sqlstore.Profile
	rules   *rules
	set     *fact.Set // with what is derived
	known   *judge.Known

	// Of the newest assessment; nil and empty before the first.
	assessment *assess.Assessment
	row        sqlstore.AssessmentRow
	results    map[string][]policy.Result
	goals      map[string]*assess.Goal
	checks     map[string]*assess.Check
	index      map[resourceKey][]resultAt
	said       []string     // the checks that say something, sorted
	previous   *assess.Kept // the one before; nil if there is none

	// What follows from all that, worked out when it is first asked for.
	lists    memos[fact.Kind, *kindList]
	used     memo[map[string]*fact.Resource]
	urgent   memo[[]api.Alert]
	changes  memo[[]assess.Change]
	overview memo[*api.VulnerabilityOverview]
	sums     memo[*api.InventorySummary]
	byModel  memo[modelList]
	byFlaw   memo[map[string][]*fact.Resource]
	looks    memo[*looking]
	named    memo[map[string][]*fact.Resource]
	software memo[*softwareIndex]
	told     memos[string, *resultList]       // by check
	spokenOf memos[string, map[string]int]    // pieces of software by kind, by the feed
	whys     memos[string, []api.Explanation] // of all assets, by flaw, feed and day
}

type resourceKey struct {
	kind fact.Kind
	id   string
}

// resultAt points at a result. There are tens for each resource, so it is small.
type resultAt struct {
	check uint16 // in said
	i     int32
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
	// Sign-ins and the like grow the log and change nothing that is shown.
	version.Entries = 0
	old := t.shown
	if old != nil && old.version == version && old.rules == rs && now.Sub(old.at) < viewLife && !now.Before(old.at) {
		return old, nil
	}
	// Whoever stops waiting leaves what was begun to the next who asks: of a large
	// organization it takes longer than one request may, and would never be done.
	v, err := a.load(context.WithoutCancel(ctx), t, rs, version, now, old)
	if err != nil {
		return nil, err
	}
	t.shown = v
	return v, nil
}

// load reads the newest state, and takes from the old view what is the same.
func (a *App) load(ctx context.Context, t *tenant, rs *rules, version sqlstore.Version, now time.Time, old *view) (*view, error) {
	v := &view{tenant: t, version: version, at: now, rules: rs}
	var err error
	if v.profile, err = t.Profile(ctx); err != nil {
		return nil, err
	}
	set, known, _, err := a.known(ctx, t, now)
	if err != nil {
		return nil, err
	}
	v.know(set, known)
	if old != nil && old.assessment != nil && old.version.Assessments == version.Assessments {
		v.assessment, v.row, v.results, v.previous = old.assessment, old.row, old.results, old.previous
		v.goals, v.checks, v.index, v.said = old.goals, old.checks, old.index, old.said
		return v, nil
	}
	newest, row, err := t.Assessment(ctx, "")
	if errs.Is(err, errs.NotFound) {
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	results, err := t.AllResults(ctx, newest.ID)
	if err != nil {
		return nil, err
	}
	before, err := t.Assessments(ctx, row.Seq, 1)
	if err != nil {
		return nil, err
	}
	if len(before) > 0 {
		if v.previous, err = kept(ctx, t, before[0].ID); err != nil {
			return nil, err
		}
	}
	v.say(newest, row, results)
	return v, nil
}

// know takes over what is known, with what follows from it.
func (v *view) know(set *fact.Set, known *judge.Known) {
	v.known = known
	derived := assess.Derive(*set, v.profile.Organization, v.at)
	assess.Urgency(&derived, v.rules.fixTimes())
	v.set = &derived
}

// say takes over what an assessment says.
func (v *view) say(a *assess.Assessment, row sqlstore.AssessmentRow, results map[string][]policy.Result) {
	v.assessment, v.row, v.results = a, row, results
	v.goals, v.checks = make(map[string]*assess.Goal), make(map[string]*assess.Check)
	for i := range a.Goals {
		g := &a.Goals[i]
		v.goals[g.ID] = g
		for j := range g.Checks {
			v.checks[g.Checks[j].ID] = &g.Checks[j]
		}
	}
	v.said = slices.Sorted(maps.Keys(results))
	v.index = make(map[resourceKey][]resultAt)
	for n, check := range v.said {
		for i := range results[check] {
			r := &results[check][i]
			k := resourceKey{r.Kind, r.Resource}
			v.index[k] = append(v.index[k], resultAt{uint16(n), int32(i)}) //nolint:gosec // checks are hundreds, results of one organization millions
		}
	}
}

// show makes a fresh assessment what is shown, from memory: the next page that
// is asked for need not read it back. Where anything is in doubt it leaves that
// to the next page.
func (a *App) show(ctx context.Context, t *tenant, rs *rules, set *fact.Set, known *judge.Known, out *Assessed) {
	version, err := t.Version(ctx)
	if err != nil || version.Facts != out.Kept.FactsSeq || version.Assessments != out.Row.Seq {
		return
	}
	version.Entries = 0
	p, err := t.Profile(ctx)
	if err != nil {
		return
	}
	v := &view{tenant: t, version: version, at: out.Kept.Assessment.AsOf, rules: rs, profile: p}
	v.know(set, known)
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.shown
	switch {
	case old == nil:
		return
	case old.assessment == nil && out.Row.Seq == 1:
	case old.row.Seq == out.Row.Seq:
		v.previous = old.previous
	case old.row.Seq == out.Row.Seq-1 && old.assessment != nil:
		v.previous = old.kept()
	default:
		return
	}
	v.say(&out.Kept.Assessment, out.Row, out.Kept.Results)
	t.shown = v
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
	return s.String() + "-" + rs.stamp[:12] + "-" + a.jobsVersion(who.Tenant()), nil
}

func (v *view) tallyOf(r *fact.Resource) api.Tally {
	var t api.Tally
	for _, at := range v.index[resourceKey{r.Kind, r.ID}] {
		switch v.results[v.said[at.check]][at.i].Verdict {
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
		check := v.said[at.check]
		res := &v.results[check][at.i]
		row := api.ResultOfCheck{Check: check, Verdict: string(res.Verdict), Why: res.Why}
		if c := v.checks[check]; c != nil {
			row.Title, row.Severity = c.Title, string(c.Severity)
		}
		if c, ok := v.rules.checks.Check(check); ok {
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
