package access

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/secret"
)

// Options set a [Service]. The zero value is usable.
type Options struct {
	// Now is the clock; it must be set.
	Now func() time.Time
	// Idle ends a session that nobody used; 12 hours where zero.
	Idle time.Duration
	// Absolute ends a session however busy; 7 days where zero.
	Absolute time.Duration
	// LinkLife is how long a set-up link works; 24 hours where zero.
	LinkLife time.Duration
	// Issuer is the name that authenticator apps show; Asepsis where empty.
	Issuer string
	// Cost is what a password hash takes; 64 MiB, one pass, four lanes where zero.
	Cost Cost
}

// hashesAtOnce bounds the memory that sign-ins can take: twice the cost.
const hashesAtOnce = 2

// seenEvery is how often a session's or token's last use is written down, so
// that reading a page does not write a row.
const seenEvery = 5 * time.Minute

// Service decides who may do what. Its methods may be called at once from many
// goroutines. Errors of kind errs.Unsigned mean "sign in", errs.Denied "known,
// and not allowed", errs.Limited "wait" (a *WaitError says how long).
type Service struct {
	store Store
	keys  *keys
	hash  *hasher
	limit *limiter
	opt   Options
}

// New returns a service. The key is the content of the key file, [KeySize] random
// bytes: without it, second factors cannot be checked.
func New(store Store, key secret.Text, opt Options) (*Service, error) {
	if opt.Now == nil {
		return nil, fmt.Errorf("access: no clock")
	}
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&opt.Idle, 12*time.Hour)
	set(&opt.Absolute, 7*24*time.Hour)
	set(&opt.LinkLife, 24*time.Hour)
	if opt.Issuer == "" {
		opt.Issuer = "Asepsis"
	}
	if opt.Cost == (Cost{}) {
		opt.Cost = defaultCost
	}
	ks, err := newKeys(key)
	if err != nil {
		return nil, fmt.Errorf("access: %w", err)
	}
	return &Service{store: store, keys: ks, hash: newHasher(opt.Cost, hashesAtOnce), limit: newLimiter(), opt: opt}, nil
}

// Sweep deletes sessions and links that have ended. Run it once an hour or so;
// ended sessions are refused whether it ran or not.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.opt.Now()
	return s.store.Update(ctx, func(tx Tx) error {
		_, err := tx.DeleteStaleSessions(now.Add(-s.opt.Idle), now.Add(-s.opt.Absolute), now)
		return err
	})
}

// Record appends to the audit trail something that a caller did outside this
// package and that no other transaction records.
func (s *Service) Record(ctx context.Context, who Caller, action, target, outcome string, detail map[string]string) error {
	return s.store.Update(ctx, func(tx Tx) error {
		return tx.Record(s.event(who, action, target, outcome, detail))
	})
}

// Events lists the caller's audit trail, newest first.
func (s *Service) Events(ctx context.Context, who Caller, q EventQuery) (evs []Event, err error) {
	if !who.Can(ReadAudit) {
		return nil, denied(who, ReadAudit)
	}
	err = s.store.View(ctx, func(r Reader) error {
		evs, err = r.Events(who.tenant, q)
		return err
	})
	return evs, err
}

// NewEvent returns an event of the caller's, for stores that record one in a
// transaction of their own.
func NewEvent(who Caller, at time.Time, action, target, outcome string, detail map[string]string) Event {
	return Event{
		ID: id.New(id.Event, at), Tenant: who.tenant, At: at.UTC(), Who: who.name, WhoID: who.id,
		Action: action, Target: target, Outcome: outcome, From: who.from, Detail: detail,
	}
}

func (s *Service) event(who Caller, action, target, outcome string, detail map[string]string) Event {
	return NewEvent(who, s.opt.Now(), action, target, outcome, detail)
}

func callerOf(u User, from Address, how How) Caller {
	return Caller{tenant: u.Tenant, id: u.ID, name: u.Email, role: u.Role, from: from, how: how}
}

func denied(who Caller, p Permission) error {
	return errs.Hint(errs.New(errs.Denied, "your role %s may not do this", who.role),
		"ask an administrator for the permission %s", p)
}

// BySession returns whom a session cookie belongs to, and counts as a use of the
// session. Everything that is wrong with it is the same error of kind
// errs.Unsigned.
func (s *Service) BySession(ctx context.Context, cookie string, from netip.Addr) (Caller, error) {
	who, ses, err := s.session(ctx, cookie, from)
	if err != nil {
		return Caller{}, err
	}
	now := s.opt.Now()
	if now.Sub(ses.SeenAt) <= seenEvery {
		return who, nil
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		// Read again: a session that was ended meanwhile must stay so.
		ses, err := tx.Session(ses.Hash)
		if err != nil {
			return err
		}
		ses.SeenAt = now.UTC()
		return tx.PutSession(ses)
	})
	switch {
	case errs.Is(err, errs.NotFound):
		return Caller{}, unsigned()
	case err != nil:
		return Caller{}, fmt.Errorf("keep session: %w", err)
	}
	return who, nil
}

// CheckSession is BySession without counting as a use: a page left open must not
// keep its session alive by listening.
func (s *Service) CheckSession(ctx context.Context, cookie string, from netip.Addr) (Caller, error) {
	who, _, err := s.session(ctx, cookie, from)
	return who, err
}

func (s *Service) session(ctx context.Context, cookie string, from netip.Addr) (Caller, Session, error) {
	h, err := parseSecret(sessionPrefix, cookie)
	if err != nil {
		return Caller{}, Session{}, unsigned()
	}
	now := s.opt.Now()
	var ses Session
	var u User
	err = s.store.View(ctx, func(r Reader) error {
		if ses, err = r.Session(h); err != nil {
			return err
		}
		u, err = r.User(ses.User)
		return err
	})
	switch {
	case errs.Is(err, errs.NotFound):
		return Caller{}, Session{}, unsigned()
	case err != nil:
		return Caller{}, Session{}, fmt.Errorf("find session: %w", err)
	case u.State != Active || now.Sub(ses.SeenAt) > s.opt.Idle || now.Sub(ses.BegunAt) > s.opt.Absolute:
		return Caller{}, Session{}, unsigned()
	}
	return callerOf(u, ClassOf(from), BySession), ses, nil
}

func unsigned() error {
	return errs.Hint(errs.New(errs.Unsigned, "you are not signed in"), "sign in and try again")
}
