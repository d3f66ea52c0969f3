package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// settingNames are what can be set of every check beside its parameters.
var settingNames = []string{SetMinCoverage, SetPassShare, SetFreshWithin, SetCoverageFloor}

// Names of the settings every check has.
const (
	SetMinCoverage   = "min_coverage"
	SetPassShare     = "pass_share"
	SetFreshWithin   = "fresh_within"
	SetCoverageFloor = "coverage_floor"
)

// Settings are the thresholds a check is decided by.
type Settings struct {
	MinCoverage   float64
	PassShare     float64
	CoverageFloor float64 // below it nothing counts as met in part
	FreshWithin   time.Duration
	Params        map[string]any // by name, every parameter of the check
	// Expected is the check's expected text with the parameters filled in.
	Expected string

	bound map[string]any // CEL values by variable name
}

// Defaults returns the settings a check brings along.
func (c *Check) Defaults() Settings {
	s := Settings{
		MinCoverage: c.MinCoverage, PassShare: c.PassShare, CoverageFloor: DefaultCoverageFloor, FreshWithin: c.FreshWithin,
		Params: make(map[string]any, len(c.Params)),
	}
	for _, p := range c.Params {
		s.Params[p.Name] = p.Default
	}
	s.bind(c)
	return s
}

// bind derives what the parameters determine.
func (s *Settings) bind(c *Check) {
	s.bound = make(map[string]any, len(c.Params))
	s.Expected = c.Expected
	for _, p := range c.Params {
		s.bound["param."+p.Name] = paramValue(s.Params[p.Name])
		s.Expected = strings.ReplaceAll(s.Expected, "{"+p.Name+"}", paramText(s.Params[p.Name]))
	}
}

// paramText writes a parameter's value for people.
func paramText(v any) string {
	switch x := v.(type) {
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case bool:
		if x {
			return "yes"
		}
		return "no"
	case []string:
		return strings.Join(x, ", ")
	}
	return fmt.Sprint(v)
}
