package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/asepsis/asepsis/internal/app"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/web/api"
)

type checkCmd struct {
	List checkListCmd `cmd:"" help:"List the checks, the organization's own included."`
	Show checkShowCmd `cmd:"" help:"Show one check: what it asks, of what, and how it was set."`
	Test checkTestCmd `cmd:"" help:"Load the checks and run the tests beside them; exit 3 if one fails."`
}

type checkListCmd struct {
	Goal string `help:"Only those of one goal." placeholder:"ID"`
}

// checkInfo is a check as --json prints it.
type checkInfo struct {
	ID          string   `json:"id"`
	Goal        string   `json:"goal"`
	Title       string   `json:"title"`
	Resource    string   `json:"resource"`
	Role        string   `json:"role"`
	Severity    string   `json:"severity"`
	Applies     string   `json:"applies,omitempty"`
	Pass        string   `json:"pass"`
	Expected    string   `json:"expected"`
	FreshWithin string   `json:"fresh_within,omitempty"`
	MinCoverage float64  `json:"min_coverage"`
	PassShare   float64  `json:"pass_share"`
	Needs       string   `json:"needs"`
	Reads       []string `json:"reads"`
	HICP        []string `json:"hicp"`
	Why         string   `json:"why"`
	Remediation string   `json:"remediation"`
	Own         bool     `json:"own"`
	File        string   `json:"file"`
	Line        int      `json:"line"`
	Params      []param  `json:"params"`
}

type param struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Default  any    `json:"default"`
	Value    any    `json:"value"`
	Units    string `json:"units,omitempty"`
	Doc      string `json:"doc"`
	Citation string `json:"citation,omitempty"`
}

func infoOf(c *policy.Check, s policy.Settings) checkInfo {
	i := checkInfo{
		ID: c.ID, Goal: c.Goal, Title: c.Title, Resource: string(c.Resource), Role: string(c.Role), Severity: string(c.Severity),
		Applies: c.Applies, Pass: c.Pass, Expected: s.Expected, MinCoverage: s.MinCoverage, PassShare: s.PassShare, Needs: c.Needs,
		Reads: c.Reads(), HICP: c.HICP, Why: c.Why, Remediation: c.Remediation, Own: c.Own, File: c.File, Line: c.Line, Params: []param{},
	}
	if s.FreshWithin > 0 {
		i.FreshWithin = policy.FormatSpan(s.FreshWithin)
	}
	for _, p := range c.Params {
		i.Params = append(i.Params, param{Name: p.Name, Type: string(p.Type), Default: p.Default, Value: s.Params[p.Name], Units: p.Units, Doc: p.Doc, Citation: p.Citation})
	}
	return i
}

func (c *checkListCmd) Run(ctx context.Context, r *runner) error {
	cl, err := r.remote()
	if err != nil {
		return err
	}
	if cl != nil {
		rows, err := cl.checks(ctx)
		if err != nil {
			return err
		}
		if r.JSON {
			return r.printJSON(rows)
		}
		t := table{width: r.Width}
		for _, k := range rows {
			if c.Goal == "" || k.Goal == c.Goal {
				t.add(k.ID, k.Resource, string(k.Severity), k.Title)
			}
		}
		return t.print(r.Stdout)
	}
	return r.with(ctx, func(a *app.App) error {
		list, err := a.CheckSettings()
		if err != nil {
			return err
		}
		goals, err := a.Goals()
		if err != nil {
			return err
		}
		if _, ok := goals.Goal(c.Goal); c.Goal != "" && !ok {
			return errs.Hint(errs.New(errs.Misused, "no goal %q", c.Goal), "the goals are: %s", strings.Join(goals.IDs(), ", "))
		}
		out := []checkInfo{}
		t := table{width: r.Width}
		for _, k := range list {
			if c.Goal != "" && k.Check.Goal != c.Goal {
				continue
			}
			out = append(out, infoOf(k.Check, k.Settings))
			t.add(k.Check.ID, string(k.Check.Resource), string(k.Check.Severity), k.Check.Title)
		}
		if r.JSON {
			return r.printJSON(out)
		}
		return t.print(r.Stdout)
	})
}

type checkShowCmd struct {
	ID string `arg:"" help:"Id of the check."`
}

func (c *checkShowCmd) Run(ctx context.Context, r *runner) error {
	cl, err := r.remote()
	if err != nil {
		return err
	}
	if cl != nil {
		d, err := cl.check(ctx, c.ID)
		if err != nil {
			return err
		}
		return r.showCheck(remoteInfo(d))
	}
	return r.with(ctx, func(a *app.App) error {
		list, err := a.CheckSettings()
		if err != nil {
			return err
		}
		for _, k := range list {
			if k.Check.ID == c.ID {
				return r.showCheck(infoOf(k.Check, k.Settings))
			}
		}
		return errs.Hint(errs.New(errs.Misused, "no check %q", c.ID), "list them with: asepsis check list")
	})
}

// remoteInfo is a check as a server describes it.
func remoteInfo(d *api.CheckDetail) checkInfo {
	i := checkInfo{
		ID: d.ID, Goal: d.Goal, Title: d.Title, Resource: d.Resource, Role: string(d.Role), Severity: string(d.Severity), Applies: d.Applies,
		Pass: d.Pass, Expected: d.Expected, FreshWithin: d.FreshWithin, MinCoverage: d.MinCoverage, PassShare: d.PassShare, Needs: d.Needs,
		HICP: d.HICP, Why: d.WhyItMatters, Remediation: d.Remediation, Own: d.Own, Params: []param{},
	}
	for _, p := range d.Params {
		i.Params = append(i.Params, param{Name: p.Name, Type: p.Type, Default: p.Default, Value: p.Value, Units: p.Units, Doc: p.Doc, Citation: p.Citation})
	}
	return i
}

func (r *runner) showCheck(i checkInfo) error {
	if r.JSON {
		return r.printJSON(i)
	}
	p := r.palette()
	w := r.Stdout
	fmt.Fprintf(w, "%s\n%s\n\n", p.bold(i.ID), wrap(i.Title, r.Width, ""))
	row := func(k, v string) {
		if v != "" {
			fmt.Fprintf(w, "  %-13s %s\n", k, v)
		}
	}
	row("goal", i.Goal)
	row("looks at", i.Resource)
	row("applies to", i.Applies)
	row("passes", i.Pass)
	row("expected", i.Expected)
	row("severity", i.Severity+", "+i.Role)
	row("fresh within", i.FreshWithin)
	row("coverage", fmt.Sprintf("%.0f %% of what is in scope must be measured, %.0f %% of it must pass", 100*i.MinCoverage, 100*i.PassShare))
	row("needs", i.Needs)
	row("HICP 2023", strings.Join(i.HICP, ", "))
	if i.File != "" {
		row("written in", fmt.Sprintf("%s:%d", i.File, i.Line))
	}
	for _, q := range i.Params {
		note := ""
		if fmt.Sprint(q.Value) != fmt.Sprint(q.Default) {
			note = fmt.Sprintf(" (default %v)", q.Default)
		}
		row(q.Name, fmt.Sprintf("%v %s%s — %s", q.Value, q.Units, note, q.Doc))
	}
	fmt.Fprintf(w, "\n%s\n\n%s\n", wrap("Why: "+i.Why, r.Width, "  "), wrap("What to do: "+i.Remediation, r.Width, "  "))
	return nil
}

type checkTestCmd struct {
	Dirs []string `arg:"" optional:"" help:"Folders with checks of your own; without any, the shipped ones and checks.d." type:"path"`
}

func (c *checkTestCmd) Run(ctx context.Context, r *runner) error {
	if err := r.localOnly("check test"); err != nil {
		return err
	}
	return r.with(ctx, func(a *app.App) error {
		outcomes, err := a.TestChecks(c.Dirs...)
		if err != nil {
			return err
		}
		failed := 0
		for _, o := range outcomes {
			if len(o.Failures) > 0 {
				failed++
			}
		}
		if r.JSON {
			if err := r.printJSON(outcomes); err != nil {
				return err
			}
		} else {
			for _, o := range outcomes {
				for _, f := range o.Failures {
					fmt.Fprintln(r.Stdout, f)
				}
			}
			fmt.Fprintf(r.Stdout, "%s, %d failed\n", count(len(outcomes), "check test", "check tests"), failed)
		}
		if failed > 0 {
			return found{}
		}
		return nil
	})
}
