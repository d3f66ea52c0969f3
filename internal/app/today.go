package app

import (
	"context"
	"io"
	"slices"
	"strconv"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/web/api"
)

// The most that Today lists.
const (
	mostChanges = 12
	mostSteps   = 6
	mostGaps    = 5
)

// Today implements api.Reader.
func (a reader) Today(ctx context.Context, who access.Caller) (*api.Today, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	t := &api.Today{
		Organization: organizationOf(v.profile), Demo: v.profile.Demo, Level: assess.Unmeasured, RunningJob: a.runningJob(who.Tenant()),
		Goals: v.tiles(), Changes: []api.Change{}, NextSteps: []api.NextStep{}, Gaps: []api.Gap{}, Trend: []api.TrendPoint{}, Alerts: v.urgent.must(v.alerts),
	}
	if t.Sources, err = a.sources(ctx, v); err != nil {
		return nil, err
	}
	if v.assessment == nil {
		return t, nil
	}
	rules := a.assessRules(v.rules)
	last := summaryOf(v.row)
	t.LastAssessment = &last
	t.Level, t.Score, t.GoalsMeasured, t.GoalsMet = v.assessment.Level, v.assessment.Score, v.assessment.GoalsMeasured, v.assessment.GoalsMet
	for _, c := range first(v.changes.must(func() []assess.Change { return assess.Diff(v.previous, v.kept()) }), mostChanges) {
		t.Changes = append(t.Changes, api.Change{
			Kind: string(c.Kind), Goal: c.Goal, Check: c.Check, Text: c.Text, From: string(c.From), To: string(c.To), At: v.assessment.AsOf,
		})
	}
	for _, s := range assess.NextSteps(v.assessment, rules, mostSteps) {
		t.NextSteps = append(t.NextSteps, nextStep(s))
	}
	for _, g := range assess.Gaps(v.assessment, rules, mostGaps) {
		t.Gaps = append(t.Gaps, api.Gap{
			Goal: g.Goal, Check: g.Check, Title: g.Title, Severity: g.Severity, Fail: g.Fail, InScope: g.InScope, Why: g.Trustees, Fix: g.IT,
		})
	}
	rows, err := v.tenant.Assessments(ctx, 0, historyPoints)
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Backward(rows) {
		t.Trend = append(t.Trend, api.TrendPoint{At: r.AsOf, Score: r.Score, GoalsMeasured: r.GoalsMeasured, GoalsMet: r.GoalsMet})
	}
	return t, nil
}

func first[T any](xs []T, n int) []T { return xs[:min(len(xs), n)] }

// nextStep adds where in the pages a step is done.
func nextStep(s assess.Step) api.NextStep {
	n := api.NextStep{ID: s.ID, Kind: string(s.Kind), Title: s.Title, Detail: s.Detail, Effort: s.Effort}
	if len(s.Goals) > 0 {
		n.Goal = s.Goals[0]
	}
	switch {
	case s.Check != "" && n.Goal != "":
		n.Link = "/goals/" + n.Goal + "/checks/" + s.Check
	case s.Kind == assess.StepImport:
		n.Link = "/imports"
	case n.Goal != "":
		n.Link = "/goals/" + n.Goal
	default:
		n.Link = "/"
	}
	return n
}

// sources lists where facts come from, with how fresh they are: fresh where
// young enough for every check that looks at what they state.
func (a *App) sources(ctx context.Context, v *view) ([]api.Source, error) {
	rows, err := v.tenant.Streams(ctx)
	if err != nil {
		return nil, err
	}
	out := []api.Source{}
	for _, r := range rows {
		s := api.Source{
			ID: r.Stream, Title: r.Title, Assurance: r.Assurance.String(), ObservedAt: r.ObservedAt, ReceivedAt: r.RecordedAt,
			Fresh: true, Notes: notesOf(r.Notes, r.Title),
		}
		kinds := make(map[fact.Kind]bool)
		for _, c := range r.Changes {
			s.Facts += c.Added + c.Changed + c.Same
			kinds[c.Kind] = true
		}
		for _, c := range v.rules.checks.Checks() {
			if within := v.rules.parameters.For(c).FreshWithin; kinds[c.Resource] && within > 0 && v.at.Sub(r.ObservedAt) > within {
				s.Fresh = false
				break
			}
		}
		out = append(out, s)
	}
	return out, nil
}

func organizationOf(p sqlstore.Profile) api.Organization {
	return api.Organization{ID: p.ID, Name: p.Name, Kind: p.Kind, CCN: p.CCN, State: p.State, Beds: p.Beds}
}

func summaryOf(r sqlstore.AssessmentRow) api.AssessmentSummary {
	return api.AssessmentSummary{
		ID: r.ID, AsOf: r.AsOf, Level: r.Level, Score: r.Score, GoalsMeasured: r.GoalsMeasured, GoalsMet: r.GoalsMet, Trigger: r.Trigger, Digest: r.Digest,
	}
}

// Assessments implements api.Reader.
func (a reader) Assessments(ctx context.Context, who access.Caller, q api.PageQuery) (*api.Page[api.AssessmentSummary], error) {
	t, err := a.tenant(who.Tenant())
	if err != nil {
		return nil, err
	}
	before, limit, err := seqCursor(q)
	if err != nil {
		return nil, err
	}
	rows, err := t.Assessments(ctx, before, limit+1)
	if err != nil {
		return nil, err
	}
	p := &api.Page[api.AssessmentSummary]{Items: []api.AssessmentSummary{}, Total: -1}
	if len(rows) > limit {
		rows = rows[:limit]
		p.Next = strconv.FormatInt(rows[limit-1].Seq, 10)
	}
	for _, r := range rows {
		p.Items = append(p.Items, summaryOf(r))
	}
	return p, nil
}

// Assessment implements api.Reader.
func (a reader) Assessment(ctx context.Context, who access.Caller, aid string) (*assess.Assessment, error) {
	k, err := a.keptOf(ctx, who.Tenant(), aid)
	if err != nil {
		return nil, err
	}
	return &k.Assessment, nil
}

// keptOf returns a kept assessment; "latest" and "" mean the newest.
func (a *App) keptOf(ctx context.Context, tid, aid string) (*assess.Kept, error) {
	if aid == "latest" {
		aid = ""
	}
	if aid != "" {
		if err := id.Check(id.Assessment, aid); err != nil {
			return nil, errs.New(errs.NotFound, "no assessment %.60q", aid)
		}
	}
	v, err := a.view(ctx, tid)
	if err != nil {
		return nil, err
	}
	if v.assessment != nil && (aid == "" || aid == v.row.ID) {
		return v.kept(), nil
	}
	return kept(ctx, v.tenant, aid)
}

// Report implements api.Reader.
func (a reader) Report(ctx context.Context, who access.Caller, aid, format string, w io.Writer) error {
	k, err := a.keptOf(ctx, who.Tenant(), aid)
	if err != nil {
		return err
	}
	return a.RenderFor(ctx, who.Tenant(), w, k, format)
}

// Organization implements api.Reader.
func (a reader) Organization(ctx context.Context, who access.Caller) (*api.Organization, error) {
	t, err := a.tenant(who.Tenant())
	if err != nil {
		return nil, err
	}
	p, err := t.Profile(ctx)
	if err != nil {
		return nil, err
	}
	o := organizationOf(p)
	return &o, nil
}
