package policy

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
)

// TestOutcome is what became of one test of a check.
type TestOutcome struct {
	File  string
	Line  int
	Check string
	Name  string // what the test is about; may be empty
	// Verdicts are those the test wants, each once: a check is well tested
	// where its tests together want all that can occur.
	Verdicts []Verdict
	Failures []TestFailure // none: it passed
}

// TestFailure is one thing that is not as the test wants it.
type TestFailure struct {
	File string
	Line int
	What string // resource id, "state" or "coverage"
	Got  string
	Want string
	Why  string // what the result says of itself
}

// Error gives the failure in one line.
func (f TestFailure) Error() string {
	s := fmt.Sprintf("%s:%d: %s: got %s, want %s", f.File, f.Line, f.What, f.Got, f.Want)
	if f.Why != "" {
		s += " (" + f.Why + ")"
	}
	return s
}

// RunTests runs every *.test.yaml of the source against the checks of the
// catalog. docs/adr/0003-checks-in-cel.md shows the format.
//
// A test file that cannot be read is an error of kind errs.Invalid that is a
// [Faults]; nothing is run then.
func RunTests(c *Catalog, src Source) ([]TestOutcome, error) {
	names, err := yamlFiles(src.FS, func(name string) bool { return strings.HasSuffix(name, ".test.yaml") })
	if err != nil {
		return nil, fmt.Errorf("list test files of %s: %w", src.Name, err)
	}
	var faults Faults
	var tests []checkTest
	for _, name := range names {
		data, err := readFile(src.FS, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path.Join(src.Name, name), err)
		}
		d := &document{file: path.Join(src.Name, name)}
		if body := d.read(data); body != nil {
			items, _ := d.list(body, "a test file")
			for _, it := range items {
				if t, ok := readTest(d, c, it); ok {
					tests = append(tests, t)
				}
			}
		}
		faults = append(faults, d.faults...)
	}
	if len(faults) > 0 {
		faults.sort()
		return nil, errs.Wrap(errs.Invalid, faults)
	}
	outcomes := make([]TestOutcome, len(tests))
	for i, t := range tests {
		outcomes[i] = t.run()
	}
	return outcomes, nil
}

// checkTest is a test as read.
type checkTest struct {
	file      string
	line      int
	name      string
	check     *Check
	settings  Settings
	now       time.Time
	resources []*fact.Resource
	want      map[string]wanted
	state     State
	stateLine int
	coverage  *Coverage
	coverLine int
}

type wanted struct {
	verdict Verdict
	line    int
}

var (
	testKeys     = []string{"check", "name", "now", "params", "resources", "want", "state", "coverage"}
	resourceKeys = []string{"id", "asset", "values", "missing", "observed_at", "assurance"}
	verdictWords = []string{string(Pass), string(Fail), string(NotApplicable), string(NotMeasured), string(Error)}
	stateWords   = []string{string(Met), string(PartlyMet), string(NotMet), string(StateNotMeasured), string(StateNotApplies)}
)

func (t *checkTest) run() TestOutcome {
	out := TestOutcome{File: t.file, Line: t.line, Check: t.check.ID, Name: t.name}
	o := t.check.Evaluate(t.resources, t.settings, t.now)
	fail := func(line int, what, got, want, why string) {
		out.Failures = append(out.Failures, TestFailure{File: t.file, Line: line, What: what, Got: got, Want: want, Why: why})
	}
	seen := make(map[Verdict]bool)
	for i := range o.Results {
		r := &o.Results[i]
		w := t.want[r.Resource]
		seen[w.verdict] = true
		if r.Verdict != w.verdict {
			fail(w.line, r.Resource, string(r.Verdict), string(w.verdict), r.Why)
		}
	}
	out.Verdicts = slices.Sorted(maps.Keys(seen))
	if t.state != "" && o.State != t.state {
		fail(t.stateLine, "state", string(o.State), string(t.state), "")
	}
	if got := o.Tally.Coverage(); t.coverage != nil && got != *t.coverage {
		fail(t.coverLine, "coverage", fmt.Sprintf("%d of %d", got.Measured, got.InScope), fmt.Sprintf("%d of %d", t.coverage.Measured, t.coverage.InScope), "")
	}
	return out
}
