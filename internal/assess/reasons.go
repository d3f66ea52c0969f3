package assess

import (
	"fmt"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
)

// mostReasons bounds the reasons of a goal; its checks have them all.
const mostReasons = 6

// goalReasons says why a goal stands where it does: what fails first, then
// what could not be measured.
func goalReasons(g *Goal) []policy.Reason {
	rs := []policy.Reason{}
	if len(g.Checks) == 0 {
		return append(rs, policy.Reason{Text: "no check decides this goal yet"})
	}
	var failed, rest []policy.Reason
	for i := range g.Checks {
		c := &g.Checks[i]
		if c.Fail > 0 {
			failed = append(failed, failure(c))
		}
		for _, r := range c.Why {
			if !strings.HasPrefix(r.Text, "failed:") && c.State != policy.StateNotApplies {
				rest = append(rest, r)
			}
		}
	}
	policy.SortReasons(failed)
	rs = append(rs, failed...)
	rs = append(rs, merged(rest)...)
	return rs[:min(len(rs), mostReasons)]
}

// failure says how many fail: count and text read as one.
func failure(c *Check) policy.Reason {
	switch {
	case c.Resource == fact.KindOrganization:
		return policy.Reason{Text: "not so: " + c.Title}
	case c.Fail == 1 && c.Measured() == 1:
		return policy.Reason{Count: 1, Text: fmt.Sprintf("of 1 %s does not pass: %s", policy.Singular(c.Resource), c.Title)}
	case c.Fail == 1:
		return policy.Reason{Count: 1, Text: fmt.Sprintf("of %d %s does not pass: %s", c.Measured(), policy.Plural(c.Resource), c.Title)}
	}
	return policy.Reason{Count: c.Fail, Text: fmt.Sprintf("of %d %s do not pass: %s", c.Measured(), policy.Plural(c.Resource), c.Title)}
}

// merged adds up reasons of the same text: two checks that lack the same thing
// lack it for the same resources, so the larger count stands.
func merged(rs []policy.Reason) []policy.Reason {
	at := make(map[string]int, len(rs))
	var out []policy.Reason
	for _, r := range rs {
		i, ok := at[r.Text]
		if !ok {
			at[r.Text] = len(out)
			out = append(out, r)
			continue
		}
		out[i].Count = max(out[i].Count, r.Count)
	}
	policy.SortReasons(out)
	return out
}
