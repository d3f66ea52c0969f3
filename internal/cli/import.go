package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/app"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/web/api"
)

// actor is who the command line acts as in the record.
const actor = "command line"

type importCmd struct {
	Files      []string          `arg:"" optional:"" help:"Files to bring." type:"path"`
	DryRun     bool              `help:"Show what would change, and change nothing."`
	SkipRows   bool              `help:"Leave bad rows out and list them; without it one bad row refuses the file."`
	Complete   bool              `help:"The file lists everything of its kind: what it leaves out is gone."`
	ObservedAt string            `help:"When the facts were true, as 2026-11-03; else what the file says, else its modification time." placeholder:"DATE"`
	Table      string            `help:"Kind of table, where it cannot be told from the headers: people, accounts, training, phishing, vendors, assets." placeholder:"KIND"`
	Column     map[string]string `help:"What a column is, as 'Header=field'; repeat for each." placeholder:"HEADER=FIELD" mapsep:"none"`
	Option     map[string]string `help:"A format's own choice, such as directory=entra." placeholder:"NAME=VALUE" mapsep:"none"`
	Formats    bool              `help:"List what can be brought."`
	Template   string            `help:"Write an empty table to fill in: people.csv, accounts.xlsx…" placeholder:"NAME"`
	Out        string            `short:"o" help:"Where to write the template; standard output if not set." placeholder:"FILE" type:"path"`
}

func (c *importCmd) Run(ctx context.Context, r *runner) error {
	switch {
	case c.Formats:
		return c.formats(r)
	case c.Template != "":
		return c.template(r)
	case len(c.Files) == 0:
		return errs.Hint(errs.New(errs.Misused, "no file was named"), "name files to bring, or list what can be brought with --formats")
	}
	at, err := parseDate(c.ObservedAt)
	if err != nil {
		return err
	}
	cl, err := r.remote()
	if err != nil {
		return err
	}
	var done []*api.ImportOutcome
	one := func(bring func(string) (*api.ImportOutcome, error)) error {
		for _, f := range c.Files {
			out, err := bring(f)
			if err != nil {
				if len(done) > 0 && !r.JSON {
					fmt.Fprintf(r.Stderr, "%s before it stay as reported above\n", count(len(done), "file", "files"))
				}
				return err
			}
			done = append(done, out)
			if !r.JSON {
				r.printImport(out)
			}
		}
		return nil
	}
	if cl != nil {
		err = one(func(f string) (*api.ImportOutcome, error) { return cl.importFile(ctx, f, c, at) })
	} else {
		err = r.with(ctx, func(a *app.App) error {
			p, err := a.Default(ctx, actor)
			if err != nil {
				return err
			}
			return one(func(f string) (*api.ImportOutcome, error) {
				return bring(ctx, a, p.ID, f, c.input(at), c.DryRun)
			})
		})
	}
	if r.JSON && len(done) > 0 {
		return errors.Join(err, r.printJSON(done))
	}
	return err
}

// input is what the flags say of every file.
func (c *importCmd) input(at time.Time) collect.Input {
	in := collect.Input{ObservedAt: at, Complete: c.Complete, Table: c.Table, Columns: c.Column, Options: c.Option}
	if c.SkipRows {
		in.OnFault = collect.SkipRows
	}
	return in
}

// bring imports one file from disk.
func bring(ctx context.Context, a *app.App, tid, name string, in collect.Input, dry bool) (*api.ImportOutcome, error) {
	f, size, mod, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in.Name, in.R, in.Size, in.ModTime = filepath.Base(name), f, size, mod
	return a.ImportOutcome(ctx, tid, actor, in, "", dry)
}

// openFile opens a file to bring; what cannot be opened is the person's to mend.
func openFile(name string) (*os.File, int64, time.Time, error) {
	fail := func(err error) (*os.File, int64, time.Time, error) {
		kind := errs.Invalid
		if errors.Is(err, fs.ErrNotExist) {
			kind = errs.Misused
		}
		return nil, 0, time.Time{}, errs.Wrap(kind, err)
	}
	f, err := os.Open(name)
	if err != nil {
		return fail(err)
	}
	i, err := f.Stat()
	if err == nil && !i.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", name)
	}
	if err != nil {
		return fail(errors.Join(err, f.Close()))
	}
	return f, i.Size(), i.ModTime(), nil
}

func (r *runner) printImport(o *api.ImportOutcome) {
	w := r.Stdout
	p := r.palette()
	switch {
	case o.Same:
		fmt.Fprintf(w, "%s: the same file was brought before; nothing was changed\n", p.bold(o.Name))
		return
	case o.DryRun:
		fmt.Fprintf(w, "%s: %s; a dry run, nothing was changed\n", p.bold(o.Name), o.Title)
	default:
		fmt.Fprintf(w, "%s: %s\n", p.bold(o.Name), o.Title)
	}
	verb := map[bool]string{false: "", true: "would be "}[o.DryRun]
	fmt.Fprintf(w, "  %s read, true as of %s: %s%d added, %d updated, %d removed, %d unchanged\n",
		count(o.Rows, "row", "rows"), day(o.ObservedAt), verb, o.Changes.Added, o.Changes.Updated, o.Changes.Removed, o.Changes.Unchanged)
	if o.Skipped > 0 {
		fmt.Fprintf(w, "  %s left out:\n", count(o.Skipped, "bad row", "bad rows"))
		for _, f := range o.Faults {
			fmt.Fprintf(w, "    %s\n", collect.RowFault(f))
		}
	}
	for _, n := range o.Notes {
		fmt.Fprintf(w, "  note: %s: %s\n", n.What, n.Why)
	}
	if !o.DryRun {
		return
	}
	const shown = 20
	for _, d := range o.Diff[:min(len(o.Diff), shown)] {
		fmt.Fprintf(w, "  %-8s %s %s\n", d.Change, d.Kind, d.Label)
	}
	if more := len(o.Diff) - shown; more > 0 {
		fmt.Fprintf(w, "  … and %d more; --json lists them\n", more)
	}
}

func (c *importCmd) formats(r *runner) error {
	fs := app.FileFormats()
	if r.JSON {
		return r.printJSON(fs)
	}
	t := table{width: r.Width}
	for _, f := range fs {
		t.add(f.ID, strings.Join(f.Extensions, " "), f.Title+": "+f.Gives)
	}
	return t.print(r.Stdout)
}

func (c *importCmd) template(r *runner) error {
	b, err := app.Catalog{}.Template(c.Template)
	if err != nil {
		return err
	}
	if c.Out == "" {
		_, err = r.Stdout.Write(b)
		return err
	}
	if err := os.WriteFile(c.Out, b, 0o600); err != nil {
		return errs.Wrap(errs.Invalid, err)
	}
	return nil
}

// parseDate reads a day or a moment; "" is none.
func parseDate(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t.UTC(), nil
		}
	}
	if t, err := time.ParseInLocation("2006-01-02", s, time.Local); err == nil {
		// A day is meant whole.
		return t.AddDate(0, 0, 1).Add(-time.Microsecond).UTC(), nil
	}
	return time.Time{}, errs.Hint(errs.New(errs.Misused, "date %q cannot be read", s), "write it as 2026-11-03 or 2026-11-03T14:00:00Z")
}
