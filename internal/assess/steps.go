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

// StepKind says what sort of work a step is.
type StepKind string

// The kinds of step.
const (
	StepImport StepKind = "import" // bring a file
	StepRun    StepKind = "run"    // run the host collector
	StepFix    StepKind = "fix"    // mend what fails
	StepReview StepKind = "review" // find out why it could not be measured
)

// Step is something worth doing now, in plain words.
type Step struct {
	ID     string   `json:"id"`
	Kind   StepKind `json:"kind"`
	Title  string   `json:"title"`
	Detail string   `json:"detail"`
	Goals  []string `json:"goals"`           // goals it helps, by number
	Check  string   `json:"check,omitempty"` // for fix and review
	Needs  string   `json:"needs,omitempty"` // for import and run: one of policy.NeedsWords
	Effort string   `json:"effort,omitempty"`
}

// bring says how to come by what a check needs.
var bring = map[string]struct {
	kind                  StepKind
	title, detail, effort string
}{
	"host":               {StepRun, "Run the collector on more machines", "It reads settings, software and open services, and changes nothing.", "5 minutes a machine"},
	"accounts":           {StepImport, "Bring the list of accounts", "Export users with their groups and second factors from your directory, as a table.", "15 minutes"},
	"people":             {StepImport, "Bring the staff roster", "Ask HR for a table of everybody with start and end dates.", "10 minutes"},
	"training":           {StepImport, "Bring the training records", "Export who completed security training, and when.", "10 minutes"},
	"phishing":           {StepImport, "Bring the phishing test results", "Export the results of your last simulated phishing campaign.", "10 minutes"},
	"assets":             {StepImport, "Bring the inventory of devices", "Export your asset list as a table; the template shows the columns.", "15 minutes"},
	"vendors":            {StepImport, "Bring the list of vendors", "List your vendors with their contract terms; the template shows the columns.", "1 hour"},
	"network-scan":       {StepImport, "Bring a scan of the network", "Run nmap over your networks with XML output and bring the file.", "1 hour"},
	"vulnerability-scan": {StepImport, "Bring a vulnerability scan", "Export your scanner's newest report as a Nessus file.", "15 minutes"},
	"baseline":           {StepImport, "Bring a configuration baseline report", "Run OpenSCAP or another XCCDF tool and bring its result file.", "30 minutes"},
	"m365":               {StepImport, "Bring a ScubaGear report", "Run ScubaGear on your Microsoft 365 tenant and bring its results file.", "30 minutes"},
	"mail":               {StepRun, "Look at your mail domains", "Run asepsis mail check with the domains you send mail from; it asks DNS, and sends nothing.", "5 minutes"},
	"sbom":               {StepImport, "Bring vendors' bills of materials", "Ask vendors for CycloneDX files of what they supply.", "1 hour"},
}

// NextSteps says what to do next, most useful first, at most n: first what
// lets most goals be measured, then the gaps that matter most, then what was
// measured in too small a part.
func NextSteps(a *Assessment, rules Rules, n int) []Step {
	measure := measureSteps(a, rules)
	fix := fixSteps(a, rules, n)
	review := reviewSteps(a)
	// A person who only ever imports mends nothing, so the two alternate.
	steps := make([]Step, 0, max(0, n))
	for len(steps) < n && (len(measure) > 0 || len(fix) > 0) {
		if len(measure) > 0 {
			steps, measure = append(steps, measure[0]), measure[1:]
		}
		if len(fix) > 0 && len(steps) < n {
			steps, fix = append(steps, fix[0]), fix[1:]
		}
	}
	return append(steps, review[:max(0, min(len(review), n-len(steps)))]...)
}

// measureSteps lists what to bring: first what essential goals wait for.
func measureSteps(a *Assessment, rules Rules) []Step {
	type want struct {
		needs            string
		goals            []string
		essential, count int
		first            string // title of the first check that waits for it
	}
	have := brought(a, rules)
	byNeed := make(map[string]*want)
	for i := range a.Goals {
		g := &a.Goals[i]
		for _, c := range g.Checks {
			if _, known := bring[c.Needs]; !known || c.State != policy.StateNotMeasured {
				continue
			}
			w := byNeed[c.Needs]
			if w == nil {
				w = &want{needs: c.Needs, first: c.Title}
				byNeed[c.Needs] = w
			}
			w.count++
			if !slices.Contains(w.goals, g.ID) {
				w.goals = append(w.goals, g.ID)
				if g.Tier == string(goal.Essential) && !g.State.Measured() {
					w.essential++
				}
			}
		}
	}
	wants := make([]*want, 0, len(byNeed))
	for _, w := range byNeed {
		wants = append(wants, w)
	}
	slices.SortFunc(wants, func(x, y *want) int {
		return cmp.Or(-cmp.Compare(x.essential, y.essential), -cmp.Compare(len(x.goals), len(y.goals)), -cmp.Compare(x.count, y.count), strings.Compare(x.needs, y.needs))
	})
	steps := make([]Step, len(wants))
	for i, w := range wants {
		b := bring[w.needs]
		steps[i] = Step{
			ID: "bring-" + w.needs, Kind: b.kind, Title: b.title, Goals: w.goals, Needs: w.needs, Effort: b.effort,
			Detail: fmt.Sprintf("%s It lets %s be measured in %s.", b.detail, counted(w.count, "check"), counted(len(w.goals), "goal")),
		}
		if rest, ok := strings.CutPrefix(b.title, "Bring "); ok && have[w.needs] {
			steps[i].Title = "Complete " + rest
			steps[i].Detail = fmt.Sprintf("It was brought, and does not say what %s in %s need, such as “%s”. Bring it again with those columns.",
				counted(w.count, "check"), counted(len(w.goals), "goal"), w.first)
		}
	}
	return steps
}

// brought tells which needs something was brought for: another check that
// needs the same was measured.
func brought(a *Assessment, rules Rules) map[string]bool {
	have := make(map[string]bool)
	for i := range a.Goals {
		for _, c := range a.Goals[i].Checks {
			if k, ok := rules.Checks.Check(c.ID); ok && c.State.Measured() {
				have[k.Needs] = true
			}
		}
	}
	return have
}

func fixSteps(a *Assessment, rules Rules, n int) []Step {
	gaps := Gaps(a, rules, n)
	steps := make([]Step, len(gaps))
	for i, g := range gaps {
		title := fmt.Sprintf("Fix %d %s: %s", g.Fail, policy.Plural(g.Resource), g.Title)
		switch {
		case g.Resource == fact.KindOrganization:
			title = "Work on: " + g.Title
		case g.Fail == 1:
			title = fmt.Sprintf("Fix 1 %s: %s", policy.Singular(g.Resource), g.Title)
		}
		detail := g.Fix
		if detail == "" {
			detail = g.IT
		}
		steps[i] = Step{
			ID: "fix-" + g.Check, Kind: StepFix, Title: title,
			Detail: detail, Goals: []string{g.Goal}, Check: g.Check,
		}
	}
	return steps
}

// reviewSteps lists checks that are short of coverage only.
func reviewSteps(a *Assessment) []Step {
	var steps []Step
	for i := range a.Goals {
		g := &a.Goals[i]
		for _, c := range g.Checks {
			rest := c.Coverage.InScope - c.Coverage.Measured
			if c.State != policy.PartlyMet || c.Fail > 0 || rest == 0 {
				continue
			}
			detail := "Open the check to see which, and why."
			for _, r := range c.Why {
				if r.Count > 0 && strings.HasPrefix(r.Text, "not measured:") {
					detail = fmt.Sprintf("%d %s.", r.Count, r.Text)
					break
				}
			}
			steps = append(steps, Step{
				ID: "review-" + c.ID, Kind: StepReview, Goals: []string{g.ID}, Check: c.ID, Detail: detail,
				Title: fmt.Sprintf("Find out about %d %s: %s", rest, plural(c, rest), c.Title),
			})
		}
	}
	return steps
}

func plural(c Check, n int) string {
	if n == 1 {
		return policy.Singular(c.Resource)
	}
	return policy.Plural(c.Resource)
}

func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
