// Package report renders an assessment for people who were not at the screen:
// one HTML file that prints well and needs nothing else, and a table for
// spreadsheets.
//
// The HTML opens with the board's page, in words a trustee understands, goes on
// with each goal and check, and ends with what could not be read. It is made
// from kept data alone, never from live systems.
package report

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/goal"
	"github.com/asepsis/asepsis/internal/policy"
)

// Input is what a report is made from.
type Input struct {
	Kept     *assess.Kept
	Previous *assess.Kept // the one before; nil if there is none
	Trend    []assess.Point
	Rules    assess.Rules
	Location *time.Location // of the times shown; UTC if nil
	Made     time.Time      // when the report was made
}

// The most that the report lists of each thing; it says how many more there are.
const (
	boardGaps    = 5
	boardChanges = 6
	worstShown   = 5
)

//go:embed report.html.tmpl report.css
var files embed.FS

var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("report.html.tmpl").Funcs(template.FuncMap{
		"state": stateOf, "percent": percent, "words": words, "plural": policy.Plural, "short": func(s string) string { return cut(s, 160) },
		"score": func(f *float64) string { return fmt.Sprintf("%.0f", *f) },
	}).ParseFS(files, "report.html.tmpl"))
})

// board is what the template shows.
type board struct {
	Input
	A          *assess.Assessment
	CSS        template.CSS
	LevelTitle string
	LevelText  string
	Steps      []step
	Essential  []assess.Goal
	Enhanced   []assess.Goal
	Met        int // essential goals met
	Changes    []assess.Change
	MoreChange int
	Gaps       []assess.Gap
	Next       []assess.Step
	Trend      template.HTML
	TrendRows  []assess.Point
	Goals      []goalPart
	AsOf, Made string
	Settings   []setting
	SettingsOK bool // Settings are those the assessment was made by

	names map[string]string // of assets, by id
}

type step struct {
	Title   string
	Text    string
	Reached bool
	Here    bool
}

// goalPart is a goal with what its checks say of which resources.
type goalPart struct {
	assess.Goal
	About  *goal.Goal
	Checks []checkPart
}

type checkPart struct {
	assess.Check
	About *policy.Check
	Worst []worst
	More  int
}

// worst is a result with the name of the asset that its resource is on.
type worst struct {
	policy.Result
	On string
}

// assetNames returns the name of each asset that a result is about, so that
// what was found on it can say where.
func assetNames(k *assess.Kept) map[string]string {
	names := make(map[string]string)
	for _, rs := range k.Results {
		for _, r := range rs {
			if r.Kind != fact.KindAsset {
				break // the results of a check are of one kind
			}
			names[r.Resource] = r.Label
		}
	}
	return names
}

// on names the asset a result's resource is on; "" if it is one itself, or is on none.
func on(r *policy.Result, names map[string]string) string {
	if r.Kind == fact.KindAsset {
		return ""
	}
	return cmp.Or(names[r.Asset], r.Asset)
}

// HTML writes the report as one file.
func HTML(w io.Writer, in Input) error {
	css, err := files.ReadFile("report.css")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if in.Location == nil {
		in.Location = time.UTC
	}
	a := &in.Kept.Assessment
	b := board{
		Input: in, A: a,
		CSS:   template.CSS(css), //nolint:gosec // our own file
		Trend: trend(in.Trend, in.Location),
		AsOf:  a.AsOf.In(in.Location).Format("2 January 2006, 15:04 MST"),
		Made:  in.Made.In(in.Location).Format("2 January 2006, 15:04 MST"),
		Gaps:  assess.Gaps(a, in.Rules, boardGaps), Next: assess.NextSteps(a, in.Rules, boardGaps),
		TrendRows: in.Trend, names: assetNames(in.Kept),
	}
	b.Settings, b.SettingsOK = settings(in.Rules, a)
	b.LevelTitle, b.LevelText = levelWords(a.Level)
	b.Steps = ladder(a.Level)
	b.Changes = assess.Diff(in.Previous, in.Kept)
	if n := len(b.Changes); n > boardChanges {
		b.Changes, b.MoreChange = b.Changes[:boardChanges], n-boardChanges
	}
	for _, g := range a.Goals {
		met := g.State == policy.Met || g.State == policy.StateNotApplies
		if g.Tier == string(goal.Essential) {
			b.Essential = append(b.Essential, g)
			if met {
				b.Met++
			}
		} else {
			b.Enhanced = append(b.Enhanced, g)
		}
		b.Goals = append(b.Goals, b.part(g))
	}
	if err := page().Execute(w, b); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func (b *board) part(g assess.Goal) goalPart {
	p := goalPart{Goal: g}
	p.About, _ = b.Rules.Goal(g.ID)
	for _, c := range g.Checks {
		k := checkPart{Check: c}
		k.About, _ = b.Rules.Checks.Check(c.ID)
		for _, r := range b.Kept.Results[c.ID] {
			if r.Verdict != policy.Fail && r.Verdict != policy.Error {
				continue
			}
			if len(k.Worst) < worstShown {
				k.Worst = append(k.Worst, worst{r, on(&r, b.names)})
			} else {
				k.More++
			}
		}
		p.Checks = append(p.Checks, k)
	}
	return p
}

// levelWords say a level to trustees.
func levelWords(l assess.Level) (title, text string) {
	switch l {
	case assess.Partial:
		return "Partial", "Some goals are measured. Not all of the ten essential ones are met."
	case assess.Essential:
		return "Essential", "All ten essential goals are met."
	case assess.Enhanced:
		return "Enhanced", "All twenty goals are met."
	}
	return "Unmeasured", "Nothing could be measured yet, so nothing is claimed."
}

func ladder(at assess.Level) []step {
	levels := []assess.Level{assess.Unmeasured, assess.Partial, assess.Essential, assess.Enhanced}
	out := make([]step, len(levels))
	reached := true
	for i, l := range levels {
		title, text := levelWords(l)
		out[i] = step{Title: title, Text: text, Reached: reached, Here: l == at}
		if l == at {
			reached = false
		}
	}
	return out
}

// stateView is a state with its sign: color never tells it alone.
type stateView struct{ Class, Sign, Word string }

func stateOf(s policy.State) stateView {
	switch s {
	case policy.Met:
		return stateView{"met", "✔", "met"}
	case policy.PartlyMet:
		return stateView{"partly", "◐", "partly met"}
	case policy.NotMet:
		return stateView{"not", "✘", "not met"}
	case policy.StateNotApplies:
		return stateView{"na", "–", "not applicable"}
	}
	return stateView{"unknown", "○", "not measured"}
}

func percent(c policy.Coverage) string {
	if c.InScope == 0 {
		return "—"
	}
	return fmt.Sprintf("%d of %d", c.Measured, c.InScope)
}

// words writes observed values in one line.
func words(os []policy.Observed) string {
	parts := make([]string, 0, len(os))
	for _, o := range os {
		if o.Value != nil {
			parts = append(parts, strings.ReplaceAll(o.Name, "_", " ")+": "+Value(o.Value))
		}
	}
	return cut(strings.Join(parts, "; "), 200)
}

// Value writes an observed value as people do. Stored results hold times as
// text and every number as a fraction.
func Value(v any) string {
	switch x := v.(type) {
	case bool:
		if x {
			return "yes"
		}
		return "no"
	case time.Time:
		return x.UTC().Format("2 Jan 2006")
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case string:
		if t, err := time.Parse(time.RFC3339Nano, x); err == nil {
			return t.Format("2 Jan 2006")
		}
		return x
	case []string:
		if len(x) == 0 {
			return "none"
		}
		return strings.Join(x, ", ")
	case []any:
		if len(x) == 0 {
			return "none"
		}
		out := make([]string, len(x))
		for i := range x {
			out[i] = Value(x[i])
		}
		return strings.Join(out, ", ")
	}
	return fmt.Sprint(v)
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// CSV writes one line for each result, with cells that no spreadsheet runs.
func CSV(w io.Writer, k *assess.Kept) error {
	header := []string{
		"as of", "organization", "goal", "goal title", "goal state", "check", "check title", "severity", "resource kind", "resource", "label", "asset",
		"result", "observed", "expected", "why", "assurance", "demonstration",
	}
	a, names := &k.Assessment, assetNames(k)
	return collect.WriteCSV(w, header, func(yield func([]string) bool) {
		for _, g := range a.Goals {
			for _, c := range g.Checks {
				for _, r := range k.Results[c.ID] {
					row := []string{
						a.AsOf.UTC().Format(time.RFC3339), a.Organization.Name, g.ID, g.Title, string(g.State), c.ID, c.Title, string(c.Severity),
						string(r.Kind), r.Resource, r.Label, on(&r, names), string(r.Verdict), words(r.Observed), r.Expected, r.Why, r.Assurance.String(), fmt.Sprint(a.Demo),
					}
					if !yield(row) {
						return
					}
				}
			}
		}
	})
}
