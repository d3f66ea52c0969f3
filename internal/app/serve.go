package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/internal/web"
	"github.com/asepsis/asepsis/internal/web/api"
)

// ServeOptions set [App.Serve].
type ServeOptions struct {
	Demo bool
	// Ready is called once, when the server answers.
	Ready func(Ready)
}

// Ready says how to reach a server that has started.
type Ready struct {
	Address string      // it listens on
	SetUp   secret.Text // one-time token of the set-up page; empty where somebody can sign in
}

// How long connections may take, and how long a stop waits for them.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	stopTimeout   = 10 * time.Second
	sweepEvery    = time.Hour
	searchEvery   = time.Minute // how often it is looked whether a search is due
)

// Handler returns everything the server answers with.
func (a *App) Handler(demo bool) (http.Handler, error) {
	secure := a.cfg.TLSCert != ""
	h, err := api.New(api.Config{
		Access: a.access, Reader: reader{a}, Actions: actions{a}, Inventory: inventory{a}, Catalog: Catalog{}, Hub: a.hub, Log: a.log, Now: a.now,
		Build: a.version, Demo: demo, Secure: secure,
	})
	if err != nil {
		return nil, err
	}
	return web.New(web.Config{API: h, Secure: secure, Hosts: a.cfg.Hosts, Enter: a.entrance})
}

// Serve answers requests until ctx ends, then finishes those under way. With a
// schedule in the configuration it looks at this machine and decides the goals
// again and again.
func (a *App) Serve(ctx context.Context, opt ServeOptions) error {
	h, err := a.Handler(opt.Demo)
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", a.cfg.Listen)
	if err != nil {
		return errs.Hint(errs.Wrap(errs.Conflict, fmt.Errorf("listen: %w", err)), "is another program on that port? choose one with --listen")
	}
	ready := Ready{Address: ln.Addr().String()}
	ready.SetUp, err = a.firstLink(ctx)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	if err := a.openFleet(ctx); err != nil {
		a.log.WarnContext(ctx, "no index of what is installed is kept; each organization is still held against new advisories", "error", err)
	}
	background, stop := context.WithCancel(ctx)
	defer stop()
	a.jobs.wait.Go(func() { a.schedule(background, ready.SetUp.Empty()) })
	// Event streams end with the server, not with their own patience.
	srv.RegisterOnShutdown(stop)
	srv.BaseContext = func(net.Listener) context.Context { return background }

	failed := make(chan error, 1)
	go func() {
		if a.cfg.TLSCert != "" {
			failed <- srv.ServeTLS(ln, a.cfg.TLSCert, a.cfg.TLSKey)
			return
		}
		failed <- srv.Serve(ln)
	}()
	if opt.Ready != nil {
		opt.Ready(ready)
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	err = srv.Shutdown(wait)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	stop()
	a.StopSearches()
	a.jobs.wait.Wait()
	if err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	return nil
}

// firstLink returns a set-up token where nobody can sign in yet. What commands
// have measured before belongs to the organization that is set up.
func (a *App) firstLink(ctx context.Context) (secret.Text, error) {
	needed, err := a.access.SetUpNeeded(ctx)
	if err != nil || !needed {
		return secret.Text{}, err
	}
	// There is one from here on, so that a command run before the link is opened
	// does not make another.
	p, err := a.Default(ctx, "set-up")
	if err != nil {
		return secret.Text{}, err
	}
	return a.access.FirstLink(ctx, p.ID)
}

// schedule runs what is due until ctx ends, with an assessment at once where
// the set-up is done: its own end starts the first.
func (a *App) schedule(ctx context.Context, atOnce bool) {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	search := time.NewTicker(searchEvery)
	defer search.Stop()
	land := time.NewTicker(landEvery)
	defer land.Stop()
	a.warm(ctx)
	var due <-chan time.Time
	if a.cfg.AssessEvery > 0 {
		t := time.NewTicker(a.cfg.AssessEvery)
		defer t.Stop()
		due = t.C
		if atOnce {
			a.assessAll(ctx, "start of the server")
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-sweep.C:
			if err := a.access.Sweep(ctx); err != nil {
				a.log.ErrorContext(ctx, "sessions could not be swept", "error", err)
			}
		case <-due:
			a.assessAll(ctx, "schedule")
		case <-search.C:
			a.searchAll(ctx)
		case <-land.C:
			a.feedLanded(ctx)
			a.verifyInstalled(ctx, a.now())
		}
	}
}

// warm reads what the first page shows, so that nobody waits for it. What goes
// wrong here goes wrong again where somebody asks, and is told there.
func (a *App) warm(ctx context.Context) {
	ps, err := a.db.Profiles(ctx)
	if err != nil {
		return
	}
	const most = 3 // a provider's many hospitals are read when they are asked for
	for _, p := range ps[:min(len(ps), most)] {
		if _, err := a.view(ctx, p.ID); err != nil {
			a.log.DebugContext(ctx, "the first page could not be read ahead", "organization", p.ID, "error", err)
		}
	}
}

// assessAll starts an assessment of every organization.
func (a *App) assessAll(ctx context.Context, trigger string) {
	ps, err := a.db.Profiles(ctx)
	if err != nil {
		a.log.ErrorContext(ctx, "organizations could not be listed", "error", err)
		return
	}
	for _, p := range ps {
		if _, err := (actions{a}).Assess(ctx, access.Command(p.ID, "schedule"), trigger); err != nil {
			a.log.ErrorContext(ctx, "assessment could not be started", "organization", p.ID, "error", err)
		}
	}
}
