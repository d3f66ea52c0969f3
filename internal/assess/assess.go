package assess

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/goal"
	"github.com/asepsis/asepsis/internal/policy"
)

// Rules are what an assessment is made by.
type Rules struct {
	Version string      // of the product
	Goals   []goal.Goal // by number
	Checks  *policy.Catalog
	Params  *policy.Parameters // nil: every check's defaults
}

// Content names the rules.
func (r Rules) Content() Content {
	return Content{Version: r.Version, Checks: r.Checks.Digest(), Parameters: r.Params.Digest()}
}

// Goal finds a goal of the rules.
func (r Rules) Goal(id string) (*goal.Goal, bool) {
	for i := range r.Goals {
		if r.Goals[i].ID == id {
			return &r.Goals[i], true
		}
	}
	return nil, false
}

// Assess decides every goal from what is known at a moment. It derives what
// follows from several resources ([Derive]) itself, and changes none of its
// inputs. The id of the assessment and FactsSeq are the caller's to set.
//
// The same rules, facts, moment and organization give the same assessment, to
// the byte, however many processors there are.
func Assess(rules Rules, set fact.Set, now time.Time, org Organization) Kept {
	now = now.UTC()
	known := Derive(set, org, now)
	Urgency(&known, rules.FixTimes())
	outcomes := evaluate(rules, scopes(known), now)

	k := Kept{Results: make(map[string][]policy.Result, len(outcomes))}
	a := &k.Assessment
	*a = Assessment{
		Schema: SchemaV1, AsOf: now, Organization: org, Content: rules.Content(),
		Resources: make(map[fact.Kind]int), Goals: make([]Goal, 0, len(rules.Goals)), Unread: slices.Clone(known.Notes),
	}
	if a.Unread == nil {
		a.Unread = []fact.SourcedNote{}
	}
	for kind, rs := range known.Resources {
		a.Resources[kind] = len(rs)
	}
	byGoal := make(map[string][]*policy.Outcome, len(rules.Goals))
	for i := range outcomes {
		o := &outcomes[i]
		k.Results[o.Check.ID] = o.Results
		byGoal[o.Check.Goal] = append(byGoal[o.Check.Goal], o)
	}
	for i := range rules.Goals {
		a.Goals = append(a.Goals, decideGoal(&rules.Goals[i], byGoal[rules.Goals[i].ID]))
	}
	slices.SortStableFunc(a.Goals, func(x, y Goal) int { return x.Number - y.Number })
	a.sum()
	a.Digest = digest(a, k.Results)
	return k
}

// evaluate decides every check. Checks are shared out among the processors;
// each writes its own place, so the order of work does not show.
func evaluate(rules Rules, known map[fact.Kind][]*fact.Resource, now time.Time) []policy.Outcome {
	checks := rules.Checks.Checks()
	outcomes := make([]policy.Outcome, len(checks))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), max(1, len(checks))) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(checks) {
					return
				}
				c := checks[i]
				outcomes[i] = c.Evaluate(known[c.Resource], rules.Params.For(c), now)
			}
		})
	}
	wg.Wait()
	return outcomes
}

// scopes leaves out what lives on an asset that is not in use: the open ports
// of a retired server are nobody's gap.
func scopes(set fact.Set) map[fact.Kind][]*fact.Resource {
	out := make(map[string]bool)
	for _, r := range set.Resources[fact.KindAsset] {
		if in, ok := r.Get("in_scope").(bool); ok && !in {
			out[r.ID] = true
		}
	}
	if len(out) == 0 {
		return set.Resources
	}
	known := make(map[fact.Kind][]*fact.Resource, len(set.Resources))
	for kind, rs := range set.Resources {
		if kind == fact.KindAsset {
			known[kind] = rs
			continue
		}
		kept := make([]*fact.Resource, 0, len(rs))
		for _, r := range rs {
			if !out[r.Asset] {
				kept = append(kept, r)
			}
		}
		known[kind] = kept
	}
	return known
}

// decideGoal draws a goal from the outcomes of its checks, which are sorted by
// check id.
func decideGoal(g *goal.Goal, outcomes []*policy.Outcome) Goal {
	out := Goal{
		ID: g.ID, Number: g.Number, Tier: string(g.Tier), Title: g.Title,
		Why: []policy.Reason{}, Checks: make([]Check, 0, len(outcomes)),
	}
	standings := make([]policy.Standing, 0, len(outcomes))
	for _, o := range outcomes {
		c := checkOf(o)
		out.Checks = append(out.Checks, c)
		standings = append(standings, policy.Standing{Role: c.Role, State: c.State, Tally: c.Tally, MinCoverage: c.MinCoverage})
		out.Coverage.Measured += c.Coverage.Measured
		out.Coverage.InScope += c.Coverage.InScope
		if c.State.Measured() && c.Assurance != fact.NoAssurance && (out.Assurance == fact.NoAssurance || c.Assurance < out.Assurance) {
			out.Assurance = c.Assurance
		}
	}
	out.State = policy.GoalState(standings)
	if s, ok := policy.GoalScore(standings); ok && out.State.Measured() {
		out.Score = &s
	}
	out.Why = goalReasons(&out)
	return out
}

func checkOf(o *policy.Outcome) Check {
	c := Check{
		ID: o.Check.ID, Title: o.Check.Title, Resource: o.Check.Resource, Role: o.Check.Role, Severity: o.Check.Severity,
		State: o.State, Tally: o.Tally, Coverage: o.Tally.Coverage(), Assurance: o.Assurance, Why: o.Why,
		MinCoverage: o.Settings.MinCoverage, PassShare: o.Settings.PassShare, CoverageFloor: o.Settings.CoverageFloor,
		OldestAt: o.OldestAt, Own: o.Check.Own,
	}
	if o.State == policy.StateNotMeasured {
		c.Needs = o.Check.Needs
	}
	return c
}

// sum draws level, score and counts from the goals.
func (a *Assessment) sum() {
	total, scored := 0.0, 0
	essential, all := true, true
	for _, g := range a.Goals {
		if g.State.Measured() {
			a.GoalsMeasured++
		}
		if g.State == policy.Met {
			a.GoalsMet++
		} else if g.State != policy.StateNotApplies {
			all = false
			if g.Tier == string(goal.Essential) {
				essential = false
			}
		}
		if g.Score != nil {
			total += *g.Score
			scored++
		}
	}
	if scored > 0 {
		mean := total / float64(scored)
		a.Score = &mean
	}
	switch {
	case a.GoalsMeasured == 0:
		a.Level = Unmeasured
	case all:
		a.Level = Enhanced
	case essential:
		a.Level = Essential
	default:
		a.Level = Partial
	}
}
