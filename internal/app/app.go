// Package app wires the parts to one program: it opens the store, the content,
// the keys and the collectors, runs the stages in their order, and answers what
// the pages and the command line ask.
//
// Data flows one way: a collector or an importer gives a batch, the batch is
// stored with its ledger entry, the goals are decided from what is stored, and
// the decision is kept with its own entry. Everything shown is read from there.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/list"
	"github.com/asepsis/asepsis/internal/collect/network"
	"github.com/asepsis/asepsis/internal/config"
	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/web/api"
)

// Options set an [App].
type Options struct {
	Config  config.Config
	Log     *slog.Logger
	Now     func() time.Time
	Version string
}

// App is an opened data folder. Its methods may be called at once from many
// goroutines.
type App struct {
	cfg       config.Config
	log       *slog.Logger
	now       func() time.Time
	version   string
	db        *sqlstore.DB
	access    *access.Service
	hub       *api.Hub
	importers []collect.Importer
	collector collect.Collector
	content   contentCache
	feeds     feeds
	installed installed

	mu      sync.Mutex
	tenants map[string]*tenant // by id, guarded by mu

	jobs jobs
	pace network.Pace // of the searches of all organizations
	// entrance signs in visitors of a demonstration; nil for real data.
	entrance http.Handler
}

// tenant is what is kept in memory of one organization.
type tenant struct {
	*sqlstore.Tenant
	keys      *evidence.Keys
	publisher *evidence.Publisher
	files     evidence.Files

	// running serializes what changes facts and decides on them, so that an
	// assessment sees all of an import or nothing.
	running sync.Mutex
	judged  judge.Cache // what the feed says of components, guarded by running

	mu        sync.Mutex
	shown     *view            // guarded by mu
	lastCheck *api.LedgerCheck // guarded by mu

	pastMu sync.Mutex
	past   map[string]*assess.Assessment // kept ones by id, guarded by pastMu
}

// pastAssessment returns a kept assessment. Kept ones do not change, so those
// that histories and trends show stay in memory.
func (t *tenant) pastAssessment(ctx context.Context, aid string) (*assess.Assessment, error) {
	t.pastMu.Lock()
	defer t.pastMu.Unlock()
	if p := t.past[aid]; p != nil {
		return p, nil
	}
	p, _, err := t.Assessment(ctx, aid)
	if err != nil {
		return nil, err
	}
	if t.past == nil || len(t.past) > 2*historyPoints {
		t.past = make(map[string]*assess.Assessment)
	}
	t.past[aid] = p
	return p, nil
}

// Open opens the data folder, makes it if there is none, finishes what a crash
// left, and loads the content. Nothing is collected yet.
func Open(ctx context.Context, opt Options) (_ *App, err error) {
	a := &App{
		cfg: opt.Config, log: opt.Log, now: opt.Now, version: opt.Version,
		importers: list.Importers(), collector: list.Host(),
		tenants: make(map[string]*tenant),
		hub:     api.NewHub(),
		jobs:    jobs{turns: make(chan struct{}, runtime.GOMAXPROCS(0))},
	}
	defer func() { err = roomless(err) }()
	dir := a.cfg.DataDir
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return nil, errs.Hint(errs.Wrap(errs.Denied, fmt.Errorf("make the data folder: %w", err)),
			"name another with --data, or run as the user it belongs to")
	}
	// An hour keeps our hands off what another program of ours is writing now.
	if _, err := durable.Sweep(dir, a.now().Add(-time.Hour)); err != nil {
		return nil, fmt.Errorf("tidy the data folder: %w", err)
	}
	if err := a.loadContent(ctx); err != nil {
		return nil, err
	}
	a.db, err = sqlstore.Open(ctx, filepath.Join(dir, "asepsis.db"), a.commitKey)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.db.Close())
		}
	}()
	key, err := accessKey(filepath.Join(dir, "keys", "access.key"))
	if err != nil {
		return nil, err
	}
	if a.access, err = access.New(a.db.Access(), key, access.Options{Now: a.now}); err != nil {
		return nil, err
	}
	ps, err := a.db.Profiles(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range ps {
		t, err := a.tenant(p.ID)
		if err != nil {
			return nil, err
		}
		// A ledger that somebody changed does not close the folder: what is stored
		// is whole without it, and the check that says where must be able to run.
		if _, err := t.publisher.Recover(ctx); err != nil {
			a.log.ErrorContext(ctx, "the record could not be brought up to date; asepsis ledger check says why", "organization", p.ID, "error", err)
		}
	}
	return a, nil
}

// Close closes the data folder. It may be called twice.
func (a *App) Close() error { return errors.Join(a.closeFleet(), a.db.Close(), a.feeds.close()) }

// Access returns the stage that knows users and sessions.
func (a *App) Access() *access.Service { return a.access }

// accessKey reads the key that second factors are sealed with, or makes one.
func accessKey(name string) (secret.Text, error) {
	if err := durable.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return secret.Text{}, fmt.Errorf("make the key folder: %w", err)
	}
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		key, err := access.NewKey()
		if err != nil {
			return secret.Text{}, err
		}
		if err := durable.CreateFile(name, []byte(key.Reveal()), 0o600); err != nil {
			return secret.Text{}, fmt.Errorf("make the key of second factors: %w", err)
		}
		return key, nil
	}
	if err != nil {
		return secret.Text{}, fmt.Errorf("read the key of second factors: %w", err)
	}
	return secret.New(string(b)), nil
}

// tenant returns what is kept of an organization, opening its keys and ledger
// on first use. It does not check that there is one.
func (a *App) tenant(tid string) (*tenant, error) {
	if err := id.Check(id.Tenant, tid); err != nil {
		return nil, errs.Wrap(errs.Invalid, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if t := a.tenants[tid]; t != nil {
		return t, nil
	}
	keys, err := evidence.OpenKeys(filepath.Join(a.cfg.DataDir, "keys", tid), evidence.Origin(tid))
	if err != nil {
		return nil, fmt.Errorf("open the keys of the ledger: %w", err)
	}
	files, err := durable.OpenDir(filepath.Join(a.cfg.DataDir, "ledger", tid))
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	t := &tenant{Tenant: a.db.Tenant(tid), keys: keys, files: files}
	t.publisher = evidence.NewPublisher(t.Tenant, files, keys)
	a.tenants[tid] = t
	return t, nil
}

// commitKey is what the store salts commitments with.
func (a *App) commitKey(tid string) (secret.Text, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return secret.Text{}, err
	}
	return t.keys.Commit(), nil
}

// Default returns the organization that commands are about where none is
// named, making one on first use: the first command a newcomer types needs no
// set-up. Its name is asked for when the pages are first opened.
func (a *App) Default(ctx context.Context, actor string) (sqlstore.Profile, error) {
	ps, err := a.db.Profiles(ctx)
	if err != nil {
		return sqlstore.Profile{}, err
	}
	if len(ps) > 0 {
		return ps[0], nil
	}
	now := a.now()
	p := sqlstore.Profile{
		Organization: assess.Organization{ID: id.New(id.Tenant, now), Name: "This organization", Kind: "community"},
		CreatedAt:    now,
	}
	if err := a.db.CreateTenant(ctx, p, actor); err != nil {
		return p, err
	}
	a.publish(ctx, p.ID)
	return p, nil
}

// publish brings what was committed to the ledger's folder. What is committed
// is safe without it, so a fault here is the operator's to see in the log and
// the next publication's to mend: whoever committed must not hear that it failed.
func (a *App) publish(ctx context.Context, tid string) {
	t, err := a.tenant(tid)
	if err == nil {
		_, err = t.publisher.Publish(context.WithoutCancel(ctx))
	}
	if err != nil {
		a.log.ErrorContext(ctx, "the record could not be published yet; all is stored, and it is tried again", "organization", tid, "error", err)
	}
}

// roomless says of an error whether the disk was full, in the words of the store.
func roomless(err error) error {
	if errors.Is(err, syscall.ENOSPC) && errs.HintOf(err) == "" {
		return errs.Hint(errs.Wrap(errs.Limited, err), "the disk is full; free some space and try again")
	}
	return err
}
