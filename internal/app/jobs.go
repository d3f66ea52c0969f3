package app

import (
	"context"
	"fmt"
	"sync"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/web/api"
)

// jobs are the work that goes on in the background: for each organization one
// assessment and one search of the network at a time, and what came of the last.
type jobs struct {
	mu      sync.Mutex
	running map[string]*api.Job           // by key, guarded by mu
	ended   map[string]*api.Job           // by key, guarded by mu
	again   map[string]bool               // something changed while a job ran, guarded by mu
	count   int                           // changes of any of them, guarded by mu
	halt    map[string]context.CancelFunc // of what may be cut off, by key, guarded by mu
	wait    sync.WaitGroup
	// turns bounds how many organizations are decided on at once: a provider's
	// hundred hospitals would else all be in memory together.
	turns chan struct{}
}

// discovery is the kind of job that searches a network.
const discovery = "discovery"

// jobKey names what runs one at a time: a search takes hours, and does not hold
// the assessments of the organization up.
func jobKey(tid, kind string) string {
	if kind == discovery {
		return tid + "/" + discovery
	}
	return tid
}

// start runs work in the background and returns its job. Where one of the
// tenant runs already, that one is returned; the work is then done once more
// after it, since what it was started for may have come too late for it.
func (a *App) start(ctx context.Context, tid, kind string, work func(ctx context.Context, step func(string)) (result string, err error)) *api.Job {
	j := &a.jobs
	j.mu.Lock()
	if j.running == nil {
		j.running, j.ended, j.again = make(map[string]*api.Job), make(map[string]*api.Job), make(map[string]bool)
	}
	key := jobKey(tid, kind)
	if r := j.running[key]; r != nil {
		j.again[key] = kind != discovery
		c := *r
		j.mu.Unlock()
		return &c
	}
	job := &api.Job{ID: id.New(id.Event, a.now()), Kind: kind, State: "running", StartedAt: a.now().UTC()}
	j.running[key] = job
	j.count++
	c := *job
	j.mu.Unlock()

	// The work outlives the request that asked for it, not the program.
	ctx = context.WithoutCancel(ctx)
	j.wait.Go(func() {
		if kind != discovery {
			j.turns <- struct{}{}
			defer func() { <-j.turns }()
		}
		for {
			result, err := work(ctx, func(step string) { a.step(tid, key, step) })
			if !a.end(ctx, tid, key, result, err) {
				return
			}
		}
	})
	a.hub.Publish(tid, api.Event{Type: "job", Job: &c})
	return &c
}

// step says what the running job is at.
func (a *App) step(tid, key, step string) {
	j := &a.jobs
	j.mu.Lock()
	r := j.running[key]
	if r == nil {
		j.mu.Unlock()
		return
	}
	r.Step = step
	r.Done++
	c := *r
	j.mu.Unlock()
	a.hub.Publish(tid, api.Event{Type: "job", Job: &c})
}

// end records what came of a job and reports whether it must be done again.
func (a *App) end(ctx context.Context, tid, key, result string, err error) (again bool) {
	j := &a.jobs
	j.mu.Lock()
	r := j.running[key]
	if err == nil && j.again[key] {
		delete(j.again, key)
		j.mu.Unlock()
		return true
	}
	delete(j.running, key)
	delete(j.again, key)
	now := a.now().UTC()
	r.FinishedAt, r.State, r.Result = &now, "done", result
	if err != nil {
		r.State, r.Error = "failed", errs.Public(err)
		a.log.ErrorContext(ctx, "job failed", "kind", r.Kind, "job", r.ID, "error", err)
	}
	j.ended[key] = r
	j.count++
	c := *r
	version := fmt.Sprint(j.count)
	j.mu.Unlock()
	a.hub.Publish(tid, api.Event{Type: "job", Job: &c})
	a.hub.Publish(tid, api.Event{Type: "changed", Version: version})
	return false
}

// searching reports whether a network of the organization is being searched.
func (a *App) searching(tid string) bool {
	a.jobs.mu.Lock()
	defer a.jobs.mu.Unlock()
	return a.jobs.running[jobKey(tid, discovery)] != nil
}

// runningJob returns a copy of the job that runs, or nil.
func (a *App) runningJob(tid string) *api.Job {
	a.jobs.mu.Lock()
	defer a.jobs.mu.Unlock()
	r := a.jobs.running[tid]
	if r == nil {
		r = a.jobs.running[jobKey(tid, discovery)]
	}
	if r == nil {
		return nil
	}
	c := *r
	return &c
}

// jobsVersion differs whenever a job started or ended.
func (a *App) jobsVersion(string) string {
	a.jobs.mu.Lock()
	defer a.jobs.mu.Unlock()
	return fmt.Sprint(a.jobs.count)
}

// cutOff lets the program's end stop a job that goes on where it was the next time.
func (a *App) cutOff(ctx context.Context, key string) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	j := &a.jobs
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.halt == nil {
		j.halt = make(map[string]context.CancelFunc)
	}
	j.halt[key] = cancel
	return ctx, func() {
		cancel()
		j.mu.Lock()
		defer j.mu.Unlock()
		delete(j.halt, key)
	}
}

// StopSearches ends the searches of networks that run; the next one of each
// goes on where it was.
func (a *App) StopSearches() {
	a.jobs.mu.Lock()
	defer a.jobs.mu.Unlock()
	for _, cancel := range a.jobs.halt {
		cancel()
	}
}
