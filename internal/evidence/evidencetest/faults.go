// Package evidencetest has a store and a folder in memory for tests of evidence
// and of what uses it. They work, they police their caller, and they fail
// before or after any step they are told to.
package evidencetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrInjected is what a step fails with that was told to.
var ErrInjected = errors.New("injected fault")

// Faults makes one step fail, or all from a step on, as when the process was
// killed there. Steps are counted over everything that shares the Faults. A nil
// Faults never fails.
type Faults struct {
	mu    sync.Mutex
	taken []string // guarded by mu
	at    int      // guarded by mu; 0 for none
	after bool     // guarded by mu
	dead  bool     // guarded by mu
	kill  bool     // guarded by mu
}

// Arm makes the n-th step from now fail: before its effect, or after it. With
// kill, every step behind it fails too, without effect, until Arm or Disarm.
func (f *Faults) Arm(n int, after, kill bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.taken, f.at, f.after, f.kill, f.dead = nil, n, after, kill, false
}

// Disarm ends all failing.
func (f *Faults) Disarm() { f.Arm(0, false, false) }

// Taken returns the steps since Arm.
func (f *Faults) Taken() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.taken)
}

// step runs the effect of a step, or fails before or after it.
func (f *Faults) step(name string, effect func() error) error {
	if f == nil {
		return effect()
	}
	f.mu.Lock()
	dead := f.dead
	f.taken = append(f.taken, name)
	hit := f.at > 0 && len(f.taken) == f.at
	f.dead = f.dead || hit && f.kill
	after := f.after
	f.mu.Unlock()
	switch {
	case dead, hit && !after:
		return fmt.Errorf("%s: %w", name, ErrInjected)
	case hit:
		if err := effect(); err != nil {
			return err
		}
		return fmt.Errorf("%s, after its effect: %w", name, ErrInjected)
	}
	return effect()
}
