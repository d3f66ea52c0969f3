package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/app"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/policy"
)

type assessCmd struct {
	Files  []string `arg:"" optional:"" help:"Files to bring first, as with import." type:"path"`
	HTML   string   `name:"html" help:"Write the report, one file that prints well." placeholder:"FILE" type:"path"`
	CSV    string   `name:"csv" help:"Write the results of every check as a table." placeholder:"FILE" type:"path"`
	AsOf   string   `help:"Rebuild how it stood then, from what was stored by then; nothing is collected and nothing is kept." placeholder:"DATE"`
	NoHost bool     `help:"Do not look at this machine."`
	All    bool     `help:"Show the checks of each goal too."`
}

func (c *assessCmd) Run(ctx context.Context, r *runner) error {
	at, err := parseDate(c.AsOf)
	if err != nil {
		return err
	}
	if !at.IsZero() && len(c.Files) > 0 {
		return errs.New(errs.Misused, "--as-of rebuilds the past from what is stored; bring files without it")
	}
	cl, err := r.remote()
	if err != nil {
		return err
	}
	if cl != nil {
		return c.remote(ctx, r, cl, at)
	}
	return r.with(ctx, func(a *app.App) error {
		p, err := a.Default(ctx, actor)
		if err != nil {
			return err
		}
		if !at.IsZero() {
			k, err := a.AsOf(ctx, p.ID, at)
			if err != nil {
				return err
			}
			return c.show(ctx, r, a, p.ID, k, "rebuilt from what was known by "+moment(at))
		}
		return c.local(ctx, r, a, p.ID)
	})
}

// local measures, imports, decides and prints.
func (c *assessCmd) local(ctx context.Context, r *runner, a *app.App, tid string) error {
	steps := r.progress()
	defer steps.done()
	for _, f := range c.Files {
		steps.step("reading " + filepath.Base(f))
		out, err := bring(ctx, a, tid, f, (&importCmd{}).input(time.Time{}), false)
		if err != nil {
			return err
		}
		steps.done()
		if !r.JSON && !r.Quiet {
			r.note(func(w io.Writer) {
				fmt.Fprintf(w, "%s: %s, %s", out.Name, out.Title, count(out.Rows, "row", "rows"))
				if out.Same {
					fmt.Fprint(w, ", brought before")
				}
				fmt.Fprintln(w)
			})
		}
	}
	if !c.NoHost {
		if _, err := a.CollectHost(ctx, tid, steps.step); err != nil {
			return err
		}
	}
	steps.step("deciding the goals")
	out, err := a.AssessNow(ctx, tid, actor, "asepsis assess")
	if err != nil {
		return err
	}
	steps.done()
	note := ""
	if !out.Fresh {
		note = "nothing has changed since the assessment of " + moment(out.Row.RecordedAt)
	}
	return c.show(ctx, r, a, tid, out.Kept, note)
}

// note writes to standard error.
func (r *runner) note(f func(io.Writer)) { f(r.Stderr) }

// show writes the files that were asked for, prints, and says by its error
// whether all essential goals are met.
func (c *assessCmd) show(ctx context.Context, r *runner, a *app.App, tid string, k *assess.Kept, note string) error {
	for _, f := range []struct {
		path, format string
	}{{c.HTML, "html"}, {c.CSV, "csv"}} {
		if f.path == "" {
			continue
		}
		if err := writeReport(f.path, func(w io.Writer) error { return a.RenderFor(ctx, tid, w, k, f.format) }); err != nil {
			return err
		}
		if !r.JSON && !r.Quiet {
			fmt.Fprintf(r.Stderr, "wrote %s\n", f.path)
		}
	}
	if err := r.printAssessment(&k.Assessment, c.All, note); err != nil {
		return err
	}
	return verdict(k.Assessment.Level)
}

func verdict(l assess.Level) error {
	if l == assess.Essential || l == assess.Enhanced {
		return nil
	}
	return found{}
}

// writeReport writes a file whole or not at all.
func writeReport(path string, render func(io.Writer) error) error {
	var b strings.Builder
	if err := render(&b); err != nil {
		return err
	}
	if err := durable.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return errs.Wrap(errs.Invalid, fmt.Errorf("write the report: %w", err))
	}
	return nil
}

// levelWords say a level to people.
var levelWords = map[assess.Level]string{
	assess.Unmeasured: "Unmeasured: no goal could be measured yet",
	assess.Partial:    "Partial: some goals are measured, and not all essential ones are met",
	assess.Essential:  "Essential: all ten essential goals are met",
	assess.Enhanced:   "Enhanced: all twenty goals are met",
}

// titleWidth is how much of a goal's title a line shows; one title is a paragraph.
const titleWidth = 46

func (r *runner) printAssessment(a *assess.Assessment, all bool, note string) error {
	if r.JSON {
		return r.printJSON(a)
	}
	p := r.palette()
	w := r.Stdout
	if a.Demo {
		fmt.Fprintln(w, p.paint("33", "DEMONSTRATION: every figure is generated"))
	}
	fmt.Fprintf(w, "%s, %s\n", p.bold(a.Organization.Name), moment(a.AsOf))
	fmt.Fprintf(w, "%s\n", p.bold(levelWords[a.Level]))
	met := 0
	for _, g := range a.Goals {
		if g.Tier == "essential" && (g.State == policy.Met || g.State == policy.StateNotApplies) {
			met++
		}
	}
	fmt.Fprintf(w, "%d of 10 essential goals met; %d of 20 goals measured", met, a.GoalsMeasured)
	if a.Score != nil {
		fmt.Fprintf(w, ", score %.0f of 100 over those", *a.Score)
	}
	fmt.Fprint(w, "\n\n")
	for _, tier := range []struct{ id, title string }{{"essential", "Essential goals"}, {"enhanced", "Enhanced goals"}} {
		fmt.Fprintln(w, p.bold(tier.title))
		t := table{width: r.Width}
		for _, g := range a.Goals {
			if g.Tier != tier.id {
				continue
			}
			t.add(fmt.Sprintf("%2d", g.Number), p.stateWord(g.State), coverage(g.Coverage), cut(g.Title, titleWidth), whyOf(g))
			if !all {
				continue
			}
			for _, k := range g.Checks {
				t.add("", "  "+p.stateWord(k.State), coverage(k.Coverage), "  "+k.ID, reasons(k.Why))
			}
		}
		if err := t.print(w); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	if n := len(a.Unread); n > 0 {
		fmt.Fprintln(w, p.bold("What could not be read"))
		const shown = 8
		for _, u := range a.Unread[:min(n, shown)] {
			fmt.Fprintln(w, wrap(fmt.Sprintf("• %s: %s (%s)", u.What, u.Why, u.Origin.Title), r.Width, "  "))
		}
		if n > shown {
			fmt.Fprintf(w, "  and %d more; --json and --html list all\n", n-shown)
		}
		fmt.Fprintln(w)
	}
	if note != "" {
		fmt.Fprintln(w, p.dim(note))
	}
	return nil
}

func coverage(c policy.Coverage) string {
	if c.InScope == 0 {
		return "—"
	}
	return fmt.Sprintf("%d/%d", c.Measured, c.InScope)
}

func whyOf(g assess.Goal) string {
	if g.State == policy.Met {
		return ""
	}
	return reasons(g.Why)
}

func reasons(rs []policy.Reason) string {
	if len(rs) == 0 {
		return ""
	}
	return reasonText(rs[0])
}

// reasonText writes a reason with how many it is about: "3 of 40 people…".
func reasonText(x policy.Reason) string {
	if x.Count == 0 {
		return x.Text
	}
	return fmt.Sprintf("%d %s", x.Count, x.Text)
}

// remote runs the assessment on the server.
func (c *assessCmd) remote(ctx context.Context, r *runner, cl *client, at time.Time) error {
	steps := r.progress()
	defer steps.done()
	for _, f := range c.Files {
		steps.step("sending " + filepath.Base(f))
		if _, err := cl.importFile(ctx, f, &importCmd{}, time.Time{}); err != nil {
			return err
		}
	}
	id := "latest"
	if at.IsZero() {
		job, err := cl.assess(ctx, steps.step)
		if err != nil {
			return err
		}
		id = job.Result
	} else {
		var err error
		if id, err = cl.assessmentAt(ctx, at); err != nil {
			return err
		}
	}
	steps.done()
	a, err := cl.assessment(ctx, id)
	if err != nil {
		return err
	}
	for _, f := range []struct{ path, format string }{{c.HTML, "html"}, {c.CSV, "csv"}} {
		if f.path == "" {
			continue
		}
		if err := writeReport(f.path, func(w io.Writer) error { return cl.report(ctx, id, f.format, w) }); err != nil {
			return err
		}
	}
	if err := r.printAssessment(a, c.All, ""); err != nil {
		return err
	}
	return verdict(a.Level)
}
