package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/app"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/feed"
	"github.com/asepsis/asepsis/internal/web/api"
)

type feedBuildCmd struct {
	From      []string `required:"" help:"Files and folders of sources, packed or not; what a file is, is told by its content." type:"path" placeholder:"PATH" sep:"none"`
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
		b, err := feed.Build(ctx, feed.Sources{Paths: c.From}, o)
		steps.done()
		if err != nil {
			return err
		}
		if err := feed.Publish(c.Out, b, c.Keep); err != nil {
			return err
		}
		m := b.Report.Manifest
		if r.JSON {
			return r.printJSON(builtFeed{b.Name, len(b.Data), m.Records, m.Refused, public, m.Sources, m.Unused})
		}
		p := r.palette()
		t := table{width: r.Width}
		for _, s := range m.Sources {
			refused, note := "", s.PartialWhy
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
			fmt.Fprintf(r.Stdout, "  refused: %s %s: %s\n", x.Source, x.Record, x.Why)
		}
		if more := len(b.Report.Refused) - shown; more > 0 {
			fmt.Fprintf(r.Stdout, "  … and %d more records refused; the file lists them\n", more)
		}
		fmt.Fprintf(r.Stdout, "%s: %d records, %.1f MB, in %s\nsigned with %s\n", p.bold(b.Name), m.Records, float64(len(b.Data))/1e6, c.Out, public)
		return nil
	})
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
