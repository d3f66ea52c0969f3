package report

import (
	"fmt"
	"strings"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/policy"
)

// setting is one threshold that the organization set itself: a reader must see
// that "trained in time" means something else here than elsewhere.
type setting struct{ Check, Name, Value, Default string }

// settings lists what the organization set otherwise than the defaults. known
// is false where the settings have changed since the assessment was made.
func settings(rules assess.Rules, a *assess.Assessment) (out []setting, known bool) {
	if rules.Params.Digest() != a.Content.Parameters {
		return nil, false
	}
	for _, o := range rules.Params.Overrides() {
		s := setting{Check: "all checks", Name: strings.ReplaceAll(o.Name, "_", " "), Value: Value(o.Value), Default: Value(policy.GeneralDefault(o.Name))}
		if strings.HasPrefix(o.Name, "feed_") {
			s.Check, s.Name = "advisories", strings.TrimPrefix(s.Name, "feed ")
		}
		if c, ok := rules.Checks.Check(o.Check); ok {
			s.Check, s.Default = c.Title, Value(defaultOf(c, o.Name))
		}
		out = append(out, s)
	}
	return out, true
}

func defaultOf(c *policy.Check, name string) any {
	d := c.Defaults()
	switch name {
	case policy.SetMinCoverage:
		return d.MinCoverage
	case policy.SetPassShare:
		return d.PassShare
	case policy.SetCoverageFloor:
		return d.CoverageFloor
	case policy.SetFreshWithin:
		return fmt.Sprintf("%dd", int(d.FreshWithin.Hours())/24)
	}
	return d.Params[name]
}
