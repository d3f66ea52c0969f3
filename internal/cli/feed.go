package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/app"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/feed"
	"github.com/asepsis/asepsis/internal/web/api"
)

type feedBuildCmd struct {
	From      []string `required:"" help:"Files and folders of sources, packed or not, or URLs of them; what a file is, is told by its content. A URL of provider-metadata.json stands for all that the CSAF provider publishes." placeholder:"PATH" sep:"none"`
	Into      string   `help:"Folder in which what is fetched from URLs is kept between builds." type:"path" placeholder:"DIR"`
	Out       string   `required:"" help:"Folder to publish it in; copy it to a stick, or serve it." type:"path" placeholder:"DIR"`
	Name      string   `help:"Name of the key on its first use, such as feeds.hospital.example." placeholder:"NAME" default:"feeds"`
	Providers string   `help:"OpenPGP keys of those who sign what they publish." type:"existingfile" placeholder:"FILE"`
	Keep      int      `help:"How many earlier feeds stay in the folder." default:"3"`
}

// builtFeed is what --json prints.
type builtFeed struct {
	Name    string        `json:"name"`
	Size    int           `json:"size"`
	Records int           `json:"records"`
	Refused int           `json:"refused"`
	Key     string        `json:"key"`
	Sources []feed.Source `json:"sources"`
	Unused  []feed.Unused `json:"unused"`
	// RefusedOf are the first records that could not be read, Failed what could not be fetched.
	RefusedOf []advisory.Refused   `json:"refused_of"`
	Failed    []feed.GatherFailure `json:"not_fetched,omitempty"`
}

func (c *feedBuildCmd) Run(ctx context.Context, r *runner) error {
	if err := r.localOnly("feed build"); err != nil {
		return err
	}
	return r.with(ctx, func(a *app.App) error {
		key, public, err := a.FeedSigner(c.Name)
		if err != nil {
			return err
		}
		o := feed.Options{Now: r.Now().UTC(), Key: key}
		if c.Providers != "" {
			if o.Providers, err = os.ReadFile(c.Providers); err != nil {
				return errs.Wrap(errs.Invalid, err)
			}
		}
		steps := r.progress()
		o.Progress = func(p feed.Progress) {
			steps.step(fmt.Sprintf("reading file %d of %d, %d records: %s", p.Files, p.Of, p.Records, filepath.Base(p.File)))
		}
		paths, gathered, err := c.gather(ctx, r, steps)
		if err != nil {
			steps.done()
			return err
		}
		b, err := feed.Build(ctx, feed.Sources{Paths: paths}, o)
		steps.done()
		if err != nil {
			return err
		}
		if err := feed.Publish(c.Out, b, c.Keep); err != nil {
			return err
		}
		m := b.Report.Manifest
		if r.JSON {
			err := r.printJSON(builtFeed{
				b.Name, len(b.Data), m.Records, m.Refused, public, m.Sources, m.Unused,
				b.Report.Refused[:min(len(b.Report.Refused), maxRefusedShown)], gathered.Failed,
			})
			return cmp.Or(err, unread(m.Refused, gathered.Failed))
		}
		p := r.palette()
		t := table{width: r.Width}
		for _, s := range m.Sources {
			refused, note := "", cmp.Or(s.PartialWhy, s.Limit)
			if s.Refused > 0 {
				refused = fmt.Sprintf("%d refused", s.Refused)
			}
			at := "no date"
			if !s.Snapshot.IsZero() {
				at = day(s.Snapshot)
			}
			t.add("  "+s.Name, fmt.Sprint(s.Records), refused, at, note)
		}
		if err := t.print(r.Stdout); err != nil {
			return err
		}
		const shown = 10
		for _, u := range m.Unused[:min(len(m.Unused), shown)] {
			fmt.Fprintf(r.Stdout, "  not used: %s: %s\n", filepath.Base(u.File), u.Why)
		}
		if more := len(m.Unused) - shown; more > 0 {
			fmt.Fprintf(r.Stdout, "  … and %d more files not used; --json lists them\n", more)
		}
		for _, x := range b.Report.Refused[:min(len(b.Report.Refused), shown)] {
			fmt.Fprintf(r.Stdout, "  refused: %s %s: %s\n", x.Source, strings.TrimSpace(place(x.File, x.Line)+" "+x.Record), x.Why)
		}
		if more := len(b.Report.Refused) - shown; more > 0 {
			fmt.Fprintf(r.Stdout, "  … and %d more records refused; the file lists them\n", more)
		}
		for _, x := range gathered.Failed[:min(len(gathered.Failed), shown)] {
			fmt.Fprintf(r.Stdout, "  not fetched: %s: %s\n", x.URL, x.Why)
		}
		if more := len(gathered.Failed) - shown; more > 0 {
			fmt.Fprintf(r.Stdout, "  … and %d more not fetched; --json lists them\n", more)
		}
		if len(gathered.KeysFor) > 0 && c.Providers == "" {
			fmt.Fprintf(r.Stdout, "  signatures were not checked: look at the keys that the providers publish (%s) and give them with --providers\n", filepath.Dir(gathered.KeysFor[0]))
		}
		fmt.Fprintf(r.Stdout, "%s: %d records, %.1f MB, in %s\nsigned with %s\n", p.bold(b.Name), m.Records, float64(len(b.Data))/1e6, c.Out, public)
		return unread(m.Refused, gathered.Failed)
	})
}

// maxRefusedShown bounds the refused records that --json prints one by one.
const maxRefusedShown = 1000

// unread is the exit code of a build that could not read or fetch all.
func unread(refused int, failed []feed.GatherFailure) error {
	switch {
	case refused > 0:
		return found{fmt.Sprintf("the feed is built, but %s could not be read", count(refused, "record", "records"))}
	case len(failed) > 0:
		return found{fmt.Sprintf("the feed is built, but %s could not be fetched", count(len(failed), "file", "files"))}
	}
	return nil
}

func place(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// gather fetches what is named by URL, and returns the paths to build from.
func (c *feedBuildCmd) gather(ctx context.Context, r *runner, steps *progress) ([]string, feed.Gathered, error) {
	var paths, urls []string
	for _, from := range c.From {
		if strings.HasPrefix(from, "http://") || strings.HasPrefix(from, "https://") {
			urls = append(urls, from)
			continue
		}
		paths = append(paths, kong.ExpandPath(from))
	}
	if len(urls) == 0 {
		return paths, feed.Gathered{}, nil
	}
	if c.Into == "" {
		return nil, feed.Gathered{}, errs.Hint(errs.New(errs.Misused, "a source is named by URL, and no folder to keep it in"), "give one with --into, and the same one at the next build")
	}
	g, err := feed.Gather(ctx, c.Into, urls, feed.GatherOptions{Now: r.Now().UTC(), Progress: func(u string, have, of int64) {
		steps.step(fmt.Sprintf("%.1f of %.1f MB of %s", float64(have)/1e6, float64(of)/1e6, u))
	}})
	return append(paths, g.Paths...), g, err
}

type feedUpdateCmd struct {
	From  string `required:"" help:"A feed file, a folder such as a stick, or a URL." placeholder:"FROM"`
	Older bool   `help:"Take one that is older than the one in force: to undo a bad one."`
}

func (c *feedUpdateCmd) Run(ctx context.Context, r *runner) error {
	if r.Server != "" {
		return c.upload(ctx, r)
	}
	return r.with(ctx, func(a *app.App) error {
		steps := r.progress()
		u, err := a.UpdateFeed(ctx, c.From, c.Older, func(have, of int64) {
			steps.step(fmt.Sprintf("%.1f of %.1f MB", float64(have)/1e6, float64(of)/1e6))
		})
		steps.done()
		if err != nil {
			return err
		}
		if r.JSON {
			return r.printJSON(u)
		}
		if !u.Changed {
			fmt.Fprintf(r.Stdout, "the feed of %s is in force already\n", moment(u.Built))
			return nil
		}
		fmt.Fprintf(r.Stdout, "the feed of %s, signed by %s, is in force: %d records; every inventory was held against it\n", moment(u.Built), u.Key, u.Manifest.Records)
		return nil
	})
}

// upload brings a feed of this machine to a server.
func (c *feedUpdateCmd) upload(ctx context.Context, r *runner) error {
	path := c.From
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		if path, err = feed.Current(path); err != nil {
			return err
		}
	}
	f, size, _, err := openFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return r.withInventory(ctx, func(inv api.Inventory, who access.Caller) error {
		s, err := inv.BringFeed(ctx, who, filepath.Base(path), f, size)
		if err != nil {
			return err
		}
		return r.printFeeds(s)
	})
}

type feedVerifyCmd struct {
	File string   `arg:"" help:"The feed file." type:"path"`
	Key  []string `help:"Public key, or a file with keys; else those that are trusted here." placeholder:"KEY" sep:"none"`
}

func (c *feedVerifyCmd) Run(ctx context.Context, r *runner) error {
	if err := r.localOnly("feed verify"); err != nil {
		return err
	}
	keys, err := c.keys(ctx, r)
	if err != nil {
		return err
	}
	v, err := feed.Verify(c.File, keys)
	if errs.Is(err, errs.NotFound) {
		return errs.Wrap(errs.Misused, err)
	}
	if err != nil {
		r.explain(err)
		return found{"the feed is not good"}
	}
	if r.JSON {
		return r.printJSON(v)
	}
	fmt.Fprintf(r.Stdout, "every byte is as %s signed it; built %s, %d records, SHA-256 %s\n", v.Key, moment(v.Built), v.Manifest.Records, v.ID)
	return nil
}

func (c *feedVerifyCmd) keys(ctx context.Context, r *runner) (keys []note.Verifier, err error) {
	if len(c.Key) == 0 {
		return keys, r.with(ctx, func(a *app.App) error {
			keys, err = a.TrustedKeys()
			if err == nil && len(keys) == 0 {
				err = errs.Hint(errs.New(errs.Misused, "no key is trusted here"), "give the builder's public key with --key")
			}
			return err
		})
	}
	for _, k := range c.Key {
		if b, err := os.ReadFile(k); err == nil {
			k = string(b)
		}
		vs, err := feed.ParseKeys(k)
		if err != nil {
			return nil, errs.Wrap(errs.Misused, err)
		}
		keys = append(keys, vs...)
	}
	return keys, nil
}

type feedKeyCmd struct {
	Name string `help:"Name of the key on its first use, such as feeds.hospital.example." placeholder:"NAME" default:"feeds"`
}

func (c *feedKeyCmd) Run(ctx context.Context, r *runner) error {
	if err := r.localOnly("feed key"); err != nil {
		return err
	}
	return r.with(ctx, func(a *app.App) error {
		_, public, err := a.FeedSigner(c.Name)
		if err != nil {
			return err
		}
		if r.JSON {
			return r.printJSON(map[string]string{"key": public})
		}
		_, err = fmt.Fprintln(r.Stdout, strings.TrimSpace(public))
		return err
	})
}
