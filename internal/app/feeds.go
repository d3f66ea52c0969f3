package app

import (
	"context"
	"io"
	"sync"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/web/api"
)

// feeds is the feed in force.
type feeds struct {
	mu     sync.Mutex
	engine judge.Engine // nil where none is in force, guarded by mu
}

// engine returns the feed in force, or nil.
func (a *App) engine() judge.Engine {
	a.feeds.mu.Lock()
	defer a.feeds.mu.Unlock()
	return a.feeds.engine
}

// set puts a feed in force.
func (f *feeds) set(e judge.Engine) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.engine = e
}

// Feeds implements api.Inventory.
func (a inventory) Feeds(ctx context.Context, who access.Caller) (*api.FeedStatus, error) {
	return &api.FeedStatus{Earlier: []api.FeedBrief{}, Keys: []api.TrustedKey{}, Cadences: []api.Cadence{}}, nil
}

// BringFeed implements api.Inventory.
func (a inventory) BringFeed(ctx context.Context, who access.Caller, name string, r io.ReaderAt, size int64) (*api.FeedStatus, error) {
	return nil, errs.New(errs.Unsupported, "not in this build")
}

// TrustKey implements api.Inventory.
func (a inventory) TrustKey(ctx context.Context, who access.Caller, key string) (*api.FeedStatus, error) {
	return nil, errs.New(errs.Unsupported, "not in this build")
}

// AssetSBOM implements api.Inventory.
func (a inventory) AssetSBOM(ctx context.Context, who access.Caller, id, format string, w io.Writer) error {
	return errs.New(errs.Unsupported, "not in this build")
}

func compensations([]string) []api.Compensation { return nil }
