package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/asepsis/asepsis/content"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/goal"
	"github.com/asepsis/asepsis/internal/policy"
)

// The places in the data folder where an organization keeps content of its own.
const (
	ownChecks      = "checks.d"
	parametersFile = "parameters.yaml"
)

// rules are the goals, checks and parameters that decide. They do not change;
// an edit gives new ones.
type rules struct {
	goals      *goal.Catalog
	checks     *policy.Catalog
	parameters *policy.Parameters
	stamp      string // of the organization's own files
}

// contentCache holds the rules and loads them again when the organization's
// own files have changed.
type contentCache struct {
	mu  sync.Mutex
	now *rules // guarded by mu
}

// sub returns a folder of the shipped content.
func sub(dir string) (fs.FS, error) { return fs.Sub(content.FS, dir) }

// rules returns the rules in force. An own file with a fault is an error of
// kind errs.Invalid that names every fault; the rules before it stay in force
// for whoever holds them.
func (a *App) rules() (*rules, error) {
	a.content.mu.Lock()
	defer a.content.mu.Unlock()
	stamp, parameters, err := a.ownContent()
	if err != nil {
		return nil, err
	}
	if a.content.now != nil && a.content.now.stamp == stamp {
		return a.content.now, nil
	}
	r, err := loadRules(os.DirFS(filepath.Join(a.cfg.DataDir, ownChecks)), parameters)
	if err != nil {
		return nil, err
	}
	r.stamp = stamp
	a.content.now = r
	return r, nil
}

func (a *App) loadContent(context.Context) error {
	_, err := a.rules()
	return err
}

// loadRules reads the shipped content, the organization's checks and its
// parameters.
func loadRules(own fs.FS, parameters []byte) (*rules, error) {
	goals, err := sub("goals")
	if err != nil {
		return nil, fmt.Errorf("shipped goals: %w", err)
	}
	checks, err := sub("checks")
	if err != nil {
		return nil, fmt.Errorf("shipped checks: %w", err)
	}
	r := new(rules)
	if r.goals, err = goal.Parse(goals); err != nil {
		return nil, fmt.Errorf("shipped goals: %w", err)
	}
	r.checks, err = policy.Load(r.goals.IDs(),
		policy.Source{FS: checks, Name: "content/checks"}, policy.Source{FS: own, Name: ownChecks, Own: true})
	if err != nil {
		return nil, err
	}
	if r.parameters, err = policy.ParseParameters(r.checks, parametersFile, parameters); err != nil {
		return nil, err
	}
	return r, nil
}

// ownContent reads the parameter file and names the state of the own checks.
func (a *App) ownContent() (stamp string, parameters []byte, err error) {
	h := sha256.New()
	dir := filepath.Join(a.cfg.DataDir, ownChecks)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", nil, errs.Wrap(errs.Denied, fmt.Errorf("read %s: %w", ownChecks, err))
	}
	for _, e := range entries {
		if i, err := e.Info(); err == nil {
			fmt.Fprintf(h, "%q %d %d\n", e.Name(), i.Size(), i.ModTime().UnixNano())
		}
	}
	parameters, err = os.ReadFile(filepath.Join(a.cfg.DataDir, parametersFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", nil, errs.Wrap(errs.Denied, fmt.Errorf("read %s: %w", parametersFile, err))
	}
	fmt.Fprintf(h, "%d\n", len(parameters))
	h.Write(parameters)
	return hex.EncodeToString(h.Sum(nil)), parameters, nil
}

// Checks returns the checks in force.
func (a *App) Checks() (*policy.Catalog, error) {
	r, err := a.rules()
	if err != nil {
		return nil, err
	}
	return r.checks, nil
}

// Goals returns the catalog of goals.
func (a *App) Goals() (*goal.Catalog, error) {
	r, err := a.rules()
	if err != nil {
		return nil, err
	}
	return r.goals, nil
}

// TestChecks runs the tests that lie beside the shipped checks and the
// organization's own, and those of further folders.
func (a *App) TestChecks(dirs ...string) ([]policy.TestOutcome, error) {
	shipped, err := sub("checks")
	if err != nil {
		return nil, err
	}
	sources := []policy.Source{
		{FS: shipped, Name: "content/checks"},
		{FS: os.DirFS(filepath.Join(a.cfg.DataDir, ownChecks)), Name: ownChecks, Own: true},
	}
	if len(dirs) > 0 {
		sources = sources[:1]
	}
	for _, d := range dirs {
		if _, err := os.Stat(d); err != nil {
			return nil, errs.Wrap(errs.Misused, fmt.Errorf("checks in %s: %w", d, err))
		}
		sources = append(sources, policy.Source{FS: os.DirFS(d), Name: d, Own: true})
	}
	r, err := a.rules()
	if err != nil {
		return nil, err
	}
	catalog, err := policy.Load(r.goals.IDs(), sources...)
	if err != nil {
		return nil, err
	}
	if len(dirs) > 0 {
		sources = sources[1:] // the person asked about theirs
	}
	var out []policy.TestOutcome
	for _, s := range sources {
		os, err := policy.RunTests(catalog, s)
		if err != nil {
			return nil, err
		}
		out = append(out, os...)
	}
	return out, nil
}
