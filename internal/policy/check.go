package policy

import (
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// Check asks one question of every resource of a kind.
//
// Checks come from [Load] only, which has compiled and type-checked their
// conditions. They do not change afterwards and may be used at once from many
// goroutines.
type Check struct {
	ID       string
	Goal     string // goal id
	Title    string
	Resource fact.Kind
	Role     Role
	Severity Severity

	Applies string // CEL; empty: every resource of the kind is in scope
	Pass    string // CEL
	// Expected says in plain words what passes; {name} stands for a parameter.
	Expected string
	// Observe lists attributes to show beside those the conditions read.
	Observe []string

	MinCoverage float64       // share of what is in scope that must be measured to be met
	PassShare   float64       // share of what is measured that must pass to be met
	FreshWithin time.Duration // older facts count as not measured; 0: age does not matter
	Needs       string        // what to bring where nothing is known, one of [NeedsWords]
	Params      []Param       // by name

	Why         string // why a hospital should care
	Remediation string // what to do
	HICP        []string
	Threats     []string

	Own  bool   // added by the organization
	File string // where it is written
	Line int

	schema  *fact.Schema
	applies *condition // nil: every resource is in scope
	pass    *condition
	shown   []int // attributes of a result, by index into the schema
}

// Param is a threshold, cadence or window of a check that an organization may
// set.
type Param struct {
	Name     string
	Type     ParamType
	Default  any // bool, int64, float64, string or []string, as Type says
	Units    string
	Doc      string
	Citation string
	// Tighter says which way a mandate may move it: "lower" or "higher" for
	// numbers, "true" or "false" for a bool; empty where neither is tighter.
	Tighter string
}

// ParamType is the type of a parameter.
type ParamType string

// The types of parameters.
const (
	ParamBool    ParamType = "bool"
	ParamInt     ParamType = "int"
	ParamDouble  ParamType = "double"
	ParamString  ParamType = "string"
	ParamStrings ParamType = "list(string)"
)

// NeedsWords lists what a check may say it needs where its population is
// unknown: a kind of file to bring, the host collector, or "later" for what no
// collector reads yet.
func NeedsWords() []string {
	return []string{
		"host", "accounts", "people", "training", "phishing", "assets", "vendors",
		"network-scan", "vulnerability-scan", "baseline", "m365", "sbom", "mail", "later",
	}
}

// Reads lists the attributes the conditions read, by name. A change of any
// other attribute of a resource does not change its result, except for what
// the result shows.
func (c *Check) Reads() []string {
	var names []string
	for _, cond := range []*condition{c.applies, c.pass} {
		if cond == nil {
			continue
		}
		for _, i := range cond.reads {
			names = append(names, c.schema.Attrs[i].Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Shows lists the attributes a result shows, in order.
func (c *Check) Shows() []string {
	names := make([]string, len(c.shown))
	for i, a := range c.shown {
		names[i] = c.schema.Attrs[a].Name
	}
	return names
}

// Param finds a parameter of the check.
func (c *Check) Param(name string) (Param, bool) {
	for _, p := range c.Params {
		if p.Name == name {
			return p, true
		}
	}
	return Param{}, false
}

// Source is a folder of check files: every *.yaml at its top that is not a
// *.test.yaml.
type Source struct {
	FS   fs.FS
	Name string // goes before file names in messages: "content/checks", "checks.d"
	Own  bool   // written by the organization, not shipped
}

// Catalog is the set of checks in force. It does not change.
type Catalog struct {
	checks []*Check // by id
	digest string
}

// Checks lists all checks by id. The caller must not change the slice.
func (c *Catalog) Checks() []*Check { return c.checks }

// Check finds a check by id.
func (c *Catalog) Check(id string) (*Check, bool) {
	i, ok := slices.BinarySearchFunc(c.checks, id, func(c *Check, id string) int { return strings.Compare(c.ID, id) })
	if !ok {
		return nil, false
	}
	return c.checks[i], true
}

// OfGoal lists the checks of a goal by id.
func (c *Catalog) OfGoal(goal string) []*Check {
	var cs []*Check
	for _, k := range c.checks {
		if k.Goal == goal {
			cs = append(cs, k)
		}
	}
	return cs
}

// Digest is the SHA-256, in hex, over the text of all files the catalog was
// loaded from: equal digests decide alike.
func (c *Catalog) Digest() string { return c.digest }
