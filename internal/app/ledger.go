package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/evidence"
	"github.com/asepsis/asepsis/internal/web/api"
)

// CheckLedgerOf derives the record of an organization anew from its bytes.
func (a *App) CheckLedgerOf(ctx context.Context, tid string, progress func(step string)) (*api.LedgerCheck, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return nil, err
	}
	began := a.now()
	report, err := evidence.Checker{
		Tenant: tid, Store: t.Tenant, Files: t.files, Public: t.keys.Public(), Commit: t.keys.Commit(),
		Progress: func(done, total int64) {
			if progress != nil {
				progress(fmt.Sprintf("hashing entry %d of %d", done, total))
			}
		},
	}.Check(ctx)
	if err != nil {
		return nil, fmt.Errorf("check the ledger: %w", err)
	}
	out := &api.LedgerCheck{
		At: began.UTC(), Good: report.Good(), Entries: report.Entries, TookMS: a.now().Sub(began).Milliseconds(), Faults: []string{},
	}
	for _, f := range report.Faults {
		out.Faults = append(out.Faults, f.String())
	}
	if report.More > 0 {
		out.Faults = append(out.Faults, fmt.Sprintf("and %d more", report.More))
	}
	if report.Verdict != "" && !out.Good {
		out.Faults = append(out.Faults, report.Verdict)
	}
	t.mu.Lock()
	t.lastCheck = out
	t.mu.Unlock()
	return out, nil
}

// LedgerStatusOf says how far the record of an organization reaches.
func (a *App) LedgerStatusOf(ctx context.Context, tid string) (*api.LedgerStatus, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return nil, err
	}
	h, err := t.Head(ctx)
	if err != nil {
		return nil, err
	}
	_, at, err := t.LogSize(ctx)
	if err != nil {
		return nil, err
	}
	name, _, _ := strings.Cut(t.keys.Public(), "+")
	s := &api.LedgerStatus{Size: h.Size, RootHash: h.Root.String(), Checkpoint: h.Checkpoint, KeyName: name}
	if !at.IsZero() {
		s.At = &at
	}
	t.mu.Lock()
	s.LastCheck = t.lastCheck
	t.mu.Unlock()
	return s, nil
}

// Ledger implements api.Reader.
func (a reader) Ledger(ctx context.Context, who access.Caller) (*api.LedgerStatus, error) {
	return a.LedgerStatusOf(ctx, who.Tenant())
}

// CheckLedger implements api.Actions.
func (a actions) CheckLedger(ctx context.Context, who access.Caller) (*api.LedgerCheck, error) {
	return a.CheckLedgerOf(ctx, who.Tenant(), nil)
}
