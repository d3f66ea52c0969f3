package access

import (
	"strconv"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
)

// Waits after failures. The first few are free; then the wait doubles from a
// second up to the longest, which is short enough that an administrator whom a
// stranger locks out waits for a coffee and not for help.
const (
	freeTries   = 5
	addressFree = 20 // an address may be a whole hospital behind one router
	firstWait   = time.Second
	longestWait = 15 * time.Minute
	forgetAfter = time.Hour
	mostCounted = 50_000
)

// limiter counts failures by name: an account, a device of an account, a block
// of addresses. It is bounded: where it is full, the count that blocks least is
// forgotten.
type limiter struct {
	mu   sync.Mutex
	seen map[string]failures // guarded by mu
}

type failures struct {
	n     int
	last  time.Time
	until time.Time
}

func newLimiter() *limiter { return &limiter{seen: make(map[string]failures)} }

// counted names a count with how many failures it forgives.
type counted struct {
	name string
	free int
}

// try counts an attempt as a failure before it is made, so that attempts made at
// once are all counted; whoever succeeds gives it back with succeed. While one of
// the names must wait, nothing is counted and the error is a *WaitError. blocked
// says that a wait begins with this attempt, should it fail.
func (l *limiter) try(now time.Time, by ...counted) (blocked bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var wait time.Duration
	for _, c := range by {
		if f, ok := l.seen[c.name]; ok {
			wait = max(wait, f.until.Sub(now))
		}
	}
	if wait > 0 {
		// A clock that jumped back must not make the wait longer than it can be.
		return false, &WaitError{Wait: min(wait, longestWait)}
	}
	for _, c := range by {
		f, known := l.seen[c.name]
		if now.Sub(f.last) > forgetAfter {
			f = failures{}
		}
		f.n++
		f.last = now
		if over := f.n - c.free; over > 0 {
			f.until = now.Add(min(longestWait, firstWait<<min(over-1, 20)))
			blocked = true
		}
		if !known && len(l.seen) >= mostCounted {
			l.forget(now)
		}
		l.seen[c.name] = f
	}
	return blocked, nil
}

// succeed ends the counts of names, and takes one attempt back from shared: a
// block of addresses is not forgiven what others there did.
func (l *limiter) succeed(shared counted, names ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range names {
		delete(l.seen, n)
	}
	f, ok := l.seen[shared.name]
	if !ok {
		return
	}
	if f.n--; f.n <= 0 {
		delete(l.seen, shared.name)
		return
	}
	f.until = time.Time{}
	l.seen[shared.name] = f
}

// WaitError says that somebody must wait before trying again. Its kind is
// errs.Limited.
type WaitError struct{ Wait time.Duration }

func (e *WaitError) Error() string { return "too many failed attempts" }

// Unwrap classifies the error.
func (e *WaitError) Unwrap() error {
	return errs.Hint(errs.New(errs.Limited, "too many failed attempts"), "wait %s and try again", roundUp(e.Wait))
}

func roundUp(d time.Duration) string {
	if d < time.Minute {
		s := int((d + time.Second - 1) / time.Second)
		return plural(s, "second")
	}
	return plural(int((d+time.Minute-1)/time.Minute), "minute")
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}

// forget makes room: all old counts, else the one that blocks least.
func (l *limiter) forget(now time.Time) {
	least := ""
	for name, f := range l.seen {
		if now.Sub(f.last) > forgetAfter {
			delete(l.seen, name)
			continue
		}
		if least == "" || f.until.Before(l.seen[least].until) {
			least = name
		}
	}
	if len(l.seen) >= mostCounted {
		delete(l.seen, least)
	}
}
