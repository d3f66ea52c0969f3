package app

import (
	"context"
	"fmt"
	"sync"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/web/api"
)

// jobs are the work that goes on in the background: one at a time for each
// organization, and what came of the last.
type jobs struct {
	mu      sync.Mutex
	running map[string]*api.Job // by tenant, guarded by mu
	ended   map[string]*api.Job // by tenant, guarded by mu
	again   map[string]bool     // something changed while a job ran, guarded by mu
	count   int                 // changes of any of them, guarded by mu
	wait    sync.WaitGroup
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
	if r := j.running[tid]; r != nil {
		j.again[tid] = true
		c := *r
		j.mu.Unlock()
		return &c
	}
	job := &api.Job{ID: id.New(id.Event, a.now()), Kind: kind, State: "running", StartedAt: a.now().UTC()}
	j.running[tid] = job
	j.count++
	c := *job
	j.mu.Unlock()

	// The work outlives the request that asked for it, not the program.
	ctx = context.WithoutCancel(ctx)
	j.wait.Go(func() {
		for {
			result, err := work(ctx, func(step string) { a.step(tid, step) })
			if !a.end(ctx, tid, result, err) {
				return
			}
		}
	})
	a.hub.Publish(tid, api.Event{Type: "job", Job: &c})
	return &c
}

// step says what the running job is at.
func (a *App) step(tid, step string) {
	j := &a.jobs
	j.mu.Lock()
	r := j.running[tid]
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
func (a *App) end(ctx context.Context, tid, result string, err error) (again bool) {
	j := &a.jobs
	j.mu.Lock()
	r := j.running[tid]
	if err == nil && j.again[tid] {
		delete(j.again, tid)
		j.mu.Unlock()
		return true
	}
	delete(j.running, tid)
	delete(j.again, tid)
	now := a.now().UTC()
	r.FinishedAt, r.State, r.Result = &now, "done", result
	if err != nil {
		r.State, r.Error = "failed", errs.Public(err)
		a.log.ErrorContext(ctx, "job failed", "kind", r.Kind, "job", r.ID, "error", err)
	}
	j.ended[tid] = r
	j.count++
	c := *r
	version := fmt.Sprint(j.count)
	j.mu.Unlock()
	a.hub.Publish(tid, api.Event{Type: "job", Job: &c})
	a.hub.Publish(tid, api.Event{Type: "changed", Version: version})
	return false
}

// runningJob returns a copy of the job that runs, or nil.
func (a *App) runningJob(tid string) *api.Job {
	a.jobs.mu.Lock()
	defer a.jobs.mu.Unlock()
	r := a.jobs.running[tid]
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
