package app

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/goal"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/report"
	"github.com/asepsis/asepsis/internal/web/api"
)

// historyPoints is how many past assessments a history or trend shows.
const historyPoints = 60

// Goals implements api.Reader.
func (a reader) Goals(ctx context.Context, who access.Caller) ([]api.GoalTile, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	return v.tiles(), nil
}

func (v *view) tiles() []api.GoalTile {
	out := make([]api.GoalTile, 0, len(v.rules.goals.Goals))
	for i := range v.rules.goals.Goals {
		out = append(out, v.tile(&v.rules.goals.Goals[i]))
	}
	return out
}

func (v *view) tile(g *goal.Goal) api.GoalTile {
	t := api.GoalTile{ID: g.ID, Number: g.Number, Tier: string(g.Tier), Title: g.Title, State: policy.StateNotMeasured}
	if s := v.goals[g.ID]; s != nil {
		t.State, t.Score, t.Coverage = s.State, s.Score, api.Coverage(s.Coverage)
	}
	return t
}

// Goal implements api.Reader.
func (a reader) Goal(ctx context.Context, who access.Caller, gid string) (*api.GoalDetail, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	g, ok := v.rules.goals.Goal(gid)
	if !ok {
		return nil, errs.Hint(errs.New(errs.NotFound, "no goal %.60q", gid), "the goals are: %s", strings.Join(v.rules.goals.IDs(), ", "))
	}
	d := &api.GoalDetail{GoalTile: v.tile(g), Outcome: g.Outcome, Why: []api.Reason{}, Checks: v.checkRows(gid), Mappings: []api.Mapping{}}
	if s := v.goals[gid]; s != nil {
		d.Assurance, d.Why = s.Assurance.String(), reasonsOf(s.Why)
	}
	for _, m := range g.Mappings {
		fw, _ := v.rules.goals.Framework(m.Framework)
		title := fw.Title
		if fw.Status == goal.Proposed {
			title += " (proposed, not in force)"
		}
		for _, rid := range m.IDs {
			d.Mappings = append(d.Mappings, api.Mapping{
				Framework: string(m.Framework), Title: title, ID: rid, Text: fw.Titles[rid], Basis: string(m.Basis), Confidence: string(m.Confidence),
			})
		}
	}
	d.History, err = a.goalHistory(ctx, v, gid)
	return d, err
}

// goalHistory lists when the goal's state changed.
func (a *App) goalHistory(ctx context.Context, v *view, gid string) ([]api.StatePoint, error) {
	past, err := a.past(ctx, v)
	if err != nil {
		return nil, err
	}
	out := []api.StatePoint{}
	for _, p := range past {
		for i := range p.Goals {
			if g := &p.Goals[i]; g.ID == gid && (len(out) == 0 || out[len(out)-1].State != g.State) {
				out = append(out, api.StatePoint{At: p.AsOf, State: g.State, Score: g.Score})
			}
		}
	}
	return out, nil
}

// past returns the newest kept assessments, oldest first.
func (a *App) past(ctx context.Context, v *view) ([]*assess.Assessment, error) {
	rows, err := v.tenant.Assessments(ctx, 0, historyPoints)
	if err != nil {
		return nil, err
	}
	slices.Reverse(rows)
	out := make([]*assess.Assessment, 0, len(rows))
	for _, r := range rows {
		p, err := v.tenant.pastAssessment(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func reasonsOf(rs []policy.Reason) []api.Reason {
	out := make([]api.Reason, 0, len(rs))
	for _, r := range rs {
		out = append(out, api.Reason(r))
	}
	return out
}

// Checks implements api.Reader.
func (a reader) Checks(ctx context.Context, who access.Caller) ([]api.CheckRow, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	return v.checkRows(""), nil
}

// checkRows lists checks by goal number, then severity, then id; those of one
// goal, or all.
func (v *view) checkRows(gid string) []api.CheckRow {
	out := []api.CheckRow{}
	for i := range v.rules.goals.Goals {
		g := &v.rules.goals.Goals[i]
		if gid != "" && g.ID != gid {
			continue
		}
		from := len(out)
		for _, c := range v.rules.checks.OfGoal(g.ID) {
			out = append(out, v.checkRow(c))
		}
		slices.SortFunc(out[from:], func(a, b api.CheckRow) int {
			return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.ID, b.ID))
		})
	}
	return out
}

func (v *view) checkRow(c *policy.Check) api.CheckRow {
	row := api.CheckRow{
		ID: c.ID, Goal: c.Goal, Title: c.Title, Resource: string(c.Resource), Role: c.Role, Severity: c.Severity,
		State: policy.StateNotMeasured, Why: []api.Reason{}, Needs: c.Needs, Own: c.Own,
	}
	if s := v.checks[c.ID]; s != nil {
		row.State, row.Tally, row.Coverage, row.Assurance = s.State, api.Tally(s.Tally), api.Coverage(s.Coverage), s.Assurance.String()
		row.Why, row.Needs = reasonsOf(s.Why), s.Needs
		if !s.OldestAt.IsZero() {
			row.OldestAt = &s.OldestAt
		}
	}
	return row
}

// Check implements api.Reader.
func (a reader) Check(ctx context.Context, who access.Caller, cid string) (*api.CheckDetail, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	c, ok := v.rules.checks.Check(cid)
	if !ok {
		return nil, errs.New(errs.NotFound, "no check %.80q", cid)
	}
	s := v.rules.parameters.For(c)
	d := &api.CheckDetail{
		CheckRow: v.checkRow(c), Applies: c.Applies, Pass: c.Pass, Expected: s.Expected, MinCoverage: s.MinCoverage, PassShare: s.PassShare,
		WhyItMatters: c.Why, Remediation: c.Remediation, HICP: c.HICP, Threats: c.Threats, Params: []api.Parameter{}, History: []api.CheckHistory{},
	}
	if s.FreshWithin > 0 {
		d.FreshWithin = policy.FormatSpan(s.FreshWithin)
	}
	if g, ok := v.rules.goals.Goal(c.Goal); ok {
		d.GoalTitle, d.GoalNumber = g.Title, g.Number
	}
	all, err := a.parameters(ctx, v.tenant, v.rules)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.Check == cid {
			d.Params = append(d.Params, p)
		}
	}
	past, err := a.past(ctx, v)
	if err != nil {
		return nil, err
	}
	for _, p := range past {
		for i := range p.Goals {
			for j := range p.Goals[i].Checks {
				if k := &p.Goals[i].Checks[j]; k.ID == cid {
					d.History = append(d.History, api.CheckHistory{At: p.AsOf, State: k.State, Tally: api.Tally(k.Tally)})
				}
			}
		}
	}
	return d, nil
}

// Results implements api.Reader.
func (a reader) Results(ctx context.Context, who access.Caller, cid string, q api.ResultQuery) (*api.Page[api.ResultRow], error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	if _, ok := v.rules.checks.Check(cid); !ok && v.checks[cid] == nil {
		return nil, errs.New(errs.NotFound, "no check %.80q", cid)
	}
	words := strings.Fields(strings.ToLower(q.Q))
	list := v.resultsBy(cid)
	found := list.sorted()
	if q.Verdict != "" || len(words) > 0 {
		var texts []string
		if len(words) > 0 {
			texts = list.text(v)
		}
		all := found
		found = make([]int32, 0, len(all))
		for _, i := range all {
			if (q.Verdict == "" || list.rs[i].Verdict == q.Verdict) && (len(words) == 0 || holds(texts[i], words)) {
				found = append(found, i)
			}
		}
	}
	some, next, err := pageOf(found, q.PageQuery)
	if err != nil {
		return nil, err
	}
	page := &api.Page[api.ResultRow]{Items: []api.ResultRow{}, Next: next, Total: len(found)}
	for _, i := range some {
		page.Items = append(page.Items, v.resultRow(&list.rs[i]))
	}
	return page, nil
}

func (v *view) resultRow(r *policy.Result) api.ResultRow {
	row := api.ResultRow{
		Resource: r.Resource, Kind: string(r.Kind), Label: r.Label, Verdict: r.Verdict, Observed: observedLine(r),
		Why: r.Why, Assurance: r.Assurance.String(),
	}
	if r.Asset != "" && r.Kind != fact.KindAsset {
		row.Asset = v.refOf(fact.KindAsset, r.Asset)
	}
	return row
}

// observedLine says what was seen in one line.
func observedLine(r *policy.Result) string {
	var parts []string
	for _, o := range r.Observed {
		if o.Value != nil {
			parts = append(parts, strings.ReplaceAll(o.Name, "_", " ")+": "+report.Value(o.Value))
		}
	}
	return oneLine(strings.Join(parts, " · "), 160)
}

// Result implements api.Reader.
func (a reader) Result(ctx context.Context, who access.Caller, cid, resource string) (*api.ResultDetail, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	r := v.resultsBy(cid).find(resource)
	if r == nil {
		return nil, errs.New(errs.NotFound, "check %.80q says nothing of %.80q", cid, resource)
	}
	d := &api.ResultDetail{ResultRow: v.resultRow(r), Check: cid, Expected: r.Expected, Values: []api.Observed{}, AsOf: v.assessment.AsOf}
	if c, ok := v.rules.checks.Check(cid); ok {
		d.CheckTitle, d.Goal, d.Severity, d.Pass, d.Remediation = c.Title, c.Goal, c.Severity, c.Pass, c.Remediation
	}
	schema, _ := fact.SchemaOf(r.Kind)
	for _, o := range r.Observed {
		out := api.Observed{Name: o.Name, Value: o.Value, Why: o.Why}
		if at, ok := schema.Attr(o.Name); ok {
			out.Doc = at.Doc
		}
		if o.Origin.Stream != "" {
			out.Origin = originOf(o.Origin)
		}
		d.Values = append(d.Values, out)
	}
	return d, nil
}
