// Package cli is the command line: commands, flags, output and exit codes.
//
// Exit codes: 0 done, 1 failed, 2 misused, 3 done and something was found (not
// all essential goals are met, a check test failed, the ledger does not hold).
// What is asked for goes to standard output; progress, warnings and errors go
// to standard error. With --json nothing but the JSON goes to standard output.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/asepsis/asepsis/internal/app"
	"github.com/asepsis/asepsis/internal/config"
	"github.com/asepsis/asepsis/internal/errs"
)

// Version is set when a release is linked.
var Version = "dev"

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitMisused = 2
	exitFound   = 3
)

// World is what a command may touch of the process around it.
type World struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Env            func(string) string
	Now            func() time.Time
	// Width is how wide the terminal on standard output is; 0 where it is none.
	Width int
	// Terminal says whether standard error is one: progress is only drawn there.
	Terminal bool
}

// commands are what a person can type. Help texts are the documentation of
// each flag.
type commands struct {
	Data    string           `help:"Data folder." placeholder:"DIR"`
	Config  string           `help:"Configuration file; asepsis.yaml in the working folder if there is one." placeholder:"FILE"`
	Server  string           `help:"Run against the server at this address instead of the data folder." placeholder:"URL"`
	Token   string           `name:"token-file" help:"File with the API token for --server; or set ASEPSIS_TOKEN." placeholder:"FILE"`
	JSON    bool             `name:"json" help:"Print JSON and nothing else on standard output."`
	NoColor bool             `name:"no-color" help:"Print without colors; NO_COLOR does the same."`
	Quiet   bool             `short:"q" help:"No progress on standard error."`
	Version kong.VersionFlag `help:"Print the version."`

	Assess     assessCmd     `cmd:"" help:"Measure this machine and the files given, decide the twenty goals, and print where they stand."`
	Import     importCmd     `cmd:"" help:"Bring files: scans, inventories, rosters, training records… recognized by content."`
	Asset      assetCmd      `cmd:"" help:"The inventory: what is on the network, and who answers for it."`
	Vuln       vulnCmd       `cmd:"" help:"What is wrong with what is installed, and what to mend first."`
	Device     deviceCmd     `cmd:"" help:"Models of medical and other devices across the hospital."`
	Feed       feedCmd       `cmd:"" help:"The advisories that software is held against."`
	Discover   discoverCmd   `cmd:"" help:"Search permitted networks for devices."`
	Mail       mailCmd       `cmd:"" help:"The hospital's mail domains as others see them."`
	Check      checkCmd      `cmd:"" help:"The checks that decide the goals."`
	Serve      serveCmd      `cmd:"" help:"Serve the pages and the API."`
	Demo       demoCmd       `cmd:"" help:"Serve a disposable demonstration hospital; nothing of it is kept."`
	Ledger     ledgerCmd     `cmd:"" help:"The tamper-evident record."`
	Parameters parametersCmd `cmd:"" help:"Thresholds, cadences and windows that the organization may set."`
	User       userCmd       `cmd:"" help:"Who can sign in."`
	Conf       configCmd     `cmd:"" name:"config" help:"The configuration."`
}

// Main runs one command and returns its exit code.
func Main(ctx context.Context, args []string, w World) int {
	var c commands
	parser, err := kong.New(&c,
		kong.Name("asepsis"),
		kong.Description("Asepsis measures the twenty cybersecurity performance goals for health care on real systems, and keeps a record that can be proven."),
		kong.Vars{"version": "asepsis " + Version},
		kong.Writers(w.Stdout, w.Stderr),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(w.Stderr, "asepsis:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	return run(ctx, parser, args, &c, w)
}

// exit is how the parser leaves after --help and --version.
type exit int

func run(ctx context.Context, parser *kong.Kong, args []string, c *commands, w World) (code int) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(exit)
			if !ok {
				panic(r)
			}
			code = int(e)
		}
	}()
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(w.Stderr, "asepsis: %v\n", err)
		fmt.Fprintln(w.Stderr, "  try: asepsis --help")
		return exitMisused
	}
	r := &runner{commands: c, World: w}
	k.BindTo(ctx, (*context.Context)(nil))
	err = k.Run(r)
	return r.finish(err)
}

// found is the error of a command that did its work and found something.
type found struct{ text string }

func (f found) Error() string { return f.text }

// runner is what every command is handed.
type runner struct {
	*commands
	World
}

// finish prints an error for people and returns the exit code for scripts.
func (r *runner) finish(err error) int {
	var f found
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &f):
		if f.text != "" && !r.JSON {
			fmt.Fprintln(r.Stderr, f.text)
		}
		return exitFound
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(r.Stderr, "asepsis: stopped; what was acknowledged is kept")
		return exitFailed
	}
	r.explain(err)
	if errs.Is(err, errs.Misused) {
		return exitMisused
	}
	return exitFailed
}

func (r *runner) explain(err error) {
	if !printRefusal(r.Stderr, err) {
		fmt.Fprintf(r.Stderr, "asepsis: %v\n", err)
	}
	if h := errs.HintOf(err); h != "" {
		fmt.Fprintf(r.Stderr, "  %s\n", h)
	}
}

// configuration reads the configuration file and what the flags say over it.
func (r *runner) configuration() (config.Config, error) {
	c, err := config.Load(r.Config)
	if err != nil {
		return c, err
	}
	if r.Data != "" {
		c.DataDir = r.Data
	}
	return c, nil
}

// open opens the data folder.
func (r *runner) open(ctx context.Context) (*app.App, error) {
	c, err := r.configuration()
	if err != nil {
		return nil, err
	}
	return app.Open(ctx, app.Options{Config: c, Log: r.logger(c), Now: r.Now, Version: Version})
}

func (r *runner) logger(c config.Config) *slog.Logger {
	level, err := c.Level()
	if err != nil || r.Quiet {
		level = slog.LevelError
	}
	return slog.New(slog.NewTextHandler(r.Stderr, &slog.HandlerOptions{Level: level}))
}

// with opens the data folder for the time of fn.
func (r *runner) with(ctx context.Context, fn func(*app.App) error) (err error) {
	a, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return fn(a)
}

// remote returns the client of the server the person named, or nil.
func (r *runner) remote() (*client, error) {
	if r.Server == "" {
		return nil, nil
	}
	token := r.Env("ASEPSIS_TOKEN")
	if r.Token != "" {
		b, err := os.ReadFile(r.Token)
		if err != nil {
			return nil, errs.Wrap(errs.Misused, fmt.Errorf("read the token: %w", err))
		}
		token = strings.TrimSpace(string(b))
	}
	return newClient(r.Server, token)
}

// localOnly refuses --server for commands that have no remote form.
func (r *runner) localOnly(command string) error {
	if r.Server != "" {
		return errs.Hint(errs.New(errs.Misused, "%s works on the data folder, not through --server", command), "run it on the server itself")
	}
	return nil
}
