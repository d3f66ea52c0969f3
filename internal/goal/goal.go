// Package goal holds the twenty goals of the HPH Cybersecurity Performance
// Goals: what each asks in plain words, and where other frameworks ask the same.
//
// The goals are data (content/goals). Parse reads them strictly; nothing of
// their text is in code.
package goal

import (
	"slices"
)

// Count is how many goals there are, and EssentialCount how many of them are
// essential.
const (
	Count          = 20
	EssentialCount = 10
)

// Tier is one of the two halves of the goals.
type Tier string

// The tiers: essential goals come first, enhanced goals build on them.
const (
	Essential Tier = "essential"
	Enhanced  Tier = "enhanced"
)

// Framework names a set of requirements that goals are mapped to.
type Framework string

// The frameworks, in the order they are shown.
const (
	HICP      Framework = "hicp_2023"
	CSF11     Framework = "csf_1_1"
	CSF20     Framework = "csf_2_0"
	SP80053   Framework = "sp800_53_r5"
	CISA1     Framework = "cisa_cpg_1_0_1"
	CISA2     Framework = "cisa_cpg_2_0"
	HIPAA     Framework = "hipaa_security_rule"
	HIPAA2025 Framework = "hipaa_nprm_2025" // proposed, not in force
)

// Frameworks lists all frameworks in the order they are shown.
func Frameworks() []Framework {
	return []Framework{HICP, CSF11, CSF20, SP80053, CISA1, CISA2, HIPAA, HIPAA2025}
}

// Basis says who drew a mapping.
type Basis string

// The bases of a mapping.
const (
	ByHHS     Basis = "hhs"     // published by HHS with the goals
	ByAnalyst Basis = "analyst" // derived by this project; not published by HHS, NIST or CISA
)

// Confidence says how sure a mapping is.
type Confidence string

// The confidences of a mapping.
const (
	High   Confidence = "high"   // the primary text was read
	Medium Confidence = "medium" // reasoned from the primary text, or a reliable second-hand source
	Low    Confidence = "low"    // check before use
)

// Status says whether a framework binds anyone.
type Status string

// The statuses of a framework.
const (
	InForce    Status = "in_force"
	Proposed   Status = "proposed" // binds nobody yet; every page that shows it says so
	Voluntary  Status = "voluntary"
	Superseded Status = "superseded"
)

// Goal is one of the twenty goals.
type Goal struct {
	ID     string // slug that people type: "mfa"
	Number int    // 1 to 20, in the order HHS lists them
	Tier   Tier
	Title  string // official title
	Short  string // a few words, where the title does not fit

	Outcome string // what is so when the goal is met
	Why     string // why it matters to a hospital
	Gap     string // what to tell trustees when it is not met

	Threats  []string // what HHS says it mitigates
	Sources  []string // keys into Catalog.Sources
	Mappings []Mapping
}

// Mapping says which requirements of a framework ask the same as a goal.
type Mapping struct {
	Framework  Framework
	IDs        []string
	Basis      Basis
	Confidence Confidence
	Sources    []string // keys into Catalog.Sources
}

// Mapping returns the goal's mapping to a framework.
func (g *Goal) Mapping(f Framework) (Mapping, bool) {
	i := slices.IndexFunc(g.Mappings, func(m Mapping) bool { return m.Framework == f })
	if i < 0 {
		return Mapping{}, false
	}
	return g.Mappings[i], true
}

// Requirements describes a framework.
type Requirements struct {
	ID     Framework
	Title  string
	About  string
	Status Status
	Source string            // key into Catalog.Sources
	Titles map[string]string // of its ids, where they say more than the id
}

// Source is where a fact of the catalog was read.
type Source struct {
	ID    string
	Title string
	URL   string
	AsOf  string // date of the last reading, YYYY-MM-DD
}

// Catalog is all goals with the frameworks and sources they refer to. It does
// not change.
type Catalog struct {
	Goals      []Goal         // by number
	Frameworks []Requirements // in the order of Frameworks
	Sources    []Source       // by id

	byID map[string]int
}

// Goal finds a goal by its slug.
func (c *Catalog) Goal(id string) (*Goal, bool) {
	i, ok := c.byID[id]
	if !ok {
		return nil, false
	}
	return &c.Goals[i], true
}

// IDs lists the slugs of all goals by number.
func (c *Catalog) IDs() []string {
	ids := make([]string, len(c.Goals))
	for i := range c.Goals {
		ids[i] = c.Goals[i].ID
	}
	return ids
}

// Framework finds the description of a framework.
func (c *Catalog) Framework(id Framework) (Requirements, bool) {
	i := slices.IndexFunc(c.Frameworks, func(r Requirements) bool { return r.ID == id })
	if i < 0 {
		return Requirements{}, false
	}
	return c.Frameworks[i], true
}

// Source finds a source by its key.
func (c *Catalog) Source(id string) (Source, bool) {
	i := slices.IndexFunc(c.Sources, func(s Source) bool { return s.ID == id })
	if i < 0 {
		return Source{}, false
	}
	return c.Sources[i], true
}
