package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/asepsis/asepsis/internal/app"
	"github.com/asepsis/asepsis/internal/config"
	"github.com/asepsis/asepsis/internal/secret"
)

type serveCmd struct {
	Listen string `help:"Address to listen on; 127.0.0.1:7300 if not set." placeholder:"ADDRESS"`
}

func (c *serveCmd) Run(ctx context.Context, r *runner) error {
	if err := r.localOnly("serve"); err != nil {
		return err
	}
	cfg, err := r.configuration()
	if err != nil {
		return err
	}
	if c.Listen != "" {
		cfg.Listen = c.Listen
	}
	if err := cfg.Check(); err != nil {
		return err
	}
	return r.serve(ctx, cfg, nil)
}

// serve opens the data folder and serves it until ctx ends. prepare, where
// given, fills the folder first and returns a link that signs in.
func (r *runner) serve(ctx context.Context, cfg config.Config, prepare func(context.Context, *app.App) (link string, err error)) (err error) {
	a, err := app.Open(ctx, app.Options{Config: cfg, Log: r.logger(cfg), Now: r.Now, Version: Version})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	var link string
	if prepare != nil {
		if link, err = prepare(ctx, a); err != nil {
			return err
		}
	}
	return a.Serve(ctx, app.ServeOptions{
		Demo: prepare != nil,
		Ready: func(ready app.Ready) {
			cfg.Listen = ready.Address // the port may have been left to the system
			fmt.Fprintf(r.Stdout, "Asepsis is at %s\n", listenURL(cfg))
			switch {
			case link != "":
				fmt.Fprintf(r.Stdout, "Open %s%s\n", listenURL(cfg), link)
			case !ready.SetUp.Empty():
				fmt.Fprintf(r.Stdout, "Nobody can sign in yet. To set it up, open\n  %s\nThe link works once, for 24 hours.\n", setUpLink(cfg, ready.SetUp))
			}
			fmt.Fprintln(r.Stdout, "Stop with Ctrl-C.")
		},
	})
}

// setUpLink carries the token behind a '#': browsers keep that part to
// themselves, so it is in no log on the way.
func setUpLink(c config.Config, token secret.Text) string {
	return listenURL(c) + "/set-up#" + token.Reveal()
}

type demoCmd struct {
	Listen string `help:"Address to listen on." default:"127.0.0.1:7301" placeholder:"ADDRESS"`
	Seed   uint64 `help:"Another hospital for another number." default:"1"`
}

func (c *demoCmd) Run(ctx context.Context, r *runner) (err error) {
	if err := r.localOnly("demo"); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "asepsis-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demonstration: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cfg := config.Default()
	cfg.DataDir, cfg.Listen, cfg.AssessEvery, cfg.LogLevel = dir, c.Listen, 0, "warn"
	if err := cfg.Check(); err != nil {
		return err
	}
	fmt.Fprintln(r.Stdout, "Making a demonstration hospital. Every figure of it is generated; nothing is kept.")
	steps := r.progress()
	return r.serve(ctx, cfg, func(ctx context.Context, a *app.App) (string, error) {
		defer steps.done()
		return a.FillDemo(ctx, c.Seed, steps.step)
	})
}
