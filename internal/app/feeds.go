package app

import (
	"sync"

	"github.com/asepsis/asepsis/internal/judge"
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
