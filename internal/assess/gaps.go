package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/goal"
	"github.com/asepsis/asepsis/internal/policy"
)

// Gap is a check that fails somewhere, told twice: for those who govern the
// hospital and for those who mend it.
type Gap struct {
	Goal       string          `json:"goal"`
	GoalTitle  string          `json:"goal_title"`
	GoalNumber int             `json:"goal_number"`
	Tier       string          `json:"tier"`
	Check      string          `json:"check"`
	Title      string          `json:"title"`
	Severity   policy.Severity `json:"severity"`
	Role       policy.Role     `json:"role"`
	Resource   fact.Kind       `json:"resource"`
	Fail       int             `json:"fail"`
	Measured   int             `json:"measured"`
	InScope    int             `json:"in_scope"`
	Trustees   string          `json:"trustees"` // what it means, no technical words
	IT         string          `json:"it"`       // what is wrong where, and what to do
	Why        string          `json:"why"`
	Fix        string          `json:"fix"`
}

// gapsPerGoal keeps one neglected goal from filling the board's page, and its
// sentence for trustees from standing there twice.
const gapsPerGoal = 1

// Gaps ranks what fails and returns the first n: essential goals before
// enhanced ones, then by severity, by role, by the share of what was measured that fails, and
// by number. Each goal gives one at the most.
func Gaps(a *Assessment, rules Rules, n int) []Gap {
	all := []Gap{}
	for i := range a.Goals {
		g := &a.Goals[i]
		for j := range g.Checks {
			if c := &g.Checks[j]; c.Fail > 0 {
				all = append(all, gapOf(g, c, rules))
			}
		}
	}
	slices.SortStableFunc(all, func(x, y Gap) int {
		return cmp.Or(
			cmp.Compare(tierRank(x.Tier), tierRank(y.Tier)),
			cmp.Compare(x.Severity.Rank(), y.Severity.Rank()),
			-cmp.Compare(share(x), share(y)),
			cmp.Compare(roleRank(x.Role), roleRank(y.Role)),
			cmp.Compare(x.GoalNumber, y.GoalNumber),
			strings.Compare(x.Check, y.Check),
		)
	})
	of := make(map[string]int)
	out := make([]Gap, 0, max(0, min(n, len(all))))
	for _, g := range all {
		if len(out) >= n {
			break
		}
		if of[g.Goal]++; of[g.Goal] <= gapsPerGoal {
			out = append(out, g)
		}
	}
	return out
}

func share(g Gap) float64 { return float64(g.Fail) / float64(max(1, g.Measured)) }

func tierRank(t string) int {
	if t == string(goal.Essential) {
		return 0
	}
	return 1
}

func roleRank(r policy.Role) int {
	if r == policy.Deciding {
		return 0
	}
	return 1
}

func gapOf(g *Goal, c *Check, rules Rules) Gap {
	gap := Gap{
		Goal: g.ID, GoalTitle: g.Title, GoalNumber: g.Number, Tier: g.Tier, Check: c.ID, Title: c.Title, Severity: c.Severity, Role: c.Role,
		Resource: c.Resource, Fail: c.Fail, Measured: c.Measured(), InScope: c.Coverage.InScope,
	}
	if k, ok := rules.Checks.Check(c.ID); ok {
		gap.Why, gap.Fix = k.Why, k.Remediation
	}
	gap.IT = failing(c)
	if rest := c.Coverage.InScope - c.Coverage.Measured; rest > 0 {
		gap.IT += fmt.Sprintf(" %d more could not be measured.", rest)
	}
	if gap.Fix != "" {
		gap.IT += " " + gap.Fix
	}
	gap.Trustees = gap.Why
	if k, ok := rules.Goal(g.ID); ok && k.Gap != "" {
		gap.Trustees = k.Gap
	}
	if gap.Trustees == "" {
		gap.Trustees = g.Title + " is not in place everywhere."
	}
	return gap
}

// failing says how many of how many fail, as a sentence.
func failing(c *Check) string {
	what := policy.Plural(c.Resource)
	switch {
	case c.Resource == fact.KindOrganization:
		return fmt.Sprintf("This is not so: “%s”.", c.Title)
	case c.Measured() == 1:
		return fmt.Sprintf("The one %s measured does not pass “%s”.", policy.Singular(c.Resource), c.Title)
	case c.Fail == c.Measured():
		return fmt.Sprintf("None of the %d %s measured passes “%s”.", c.Fail, what, c.Title)
	case c.Fail == 1:
		return fmt.Sprintf("1 of %d %s does not pass “%s”.", c.Measured(), what, c.Title)
	}
	return fmt.Sprintf("%d of %d %s do not pass “%s”.", c.Fail, c.Measured(), what, c.Title)
}
