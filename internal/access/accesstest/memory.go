// Package accesstest holds an access.Store in memory and the conformance suite
// that every implementation must pass.
package accesstest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
)

// Memory is a store for tests and for demonstrations that leave nothing behind.
type Memory struct {
	mu sync.RWMutex
	st state // guarded by mu
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{st: state{
		users: map[string]access.User{}, sessions: map[access.Hash]access.Session{},
		tokens: map[string]access.Token{}, links: map[access.Hash]access.Link{},
	}}
}

var _ access.Store = (*Memory)(nil)

type state struct {
	users    map[string]access.User
	sessions map[access.Hash]access.Session
	tokens   map[string]access.Token
	links    map[access.Hash]access.Link
	events   []access.Event
}

// View implements access.Store.
func (m *Memory) View(ctx context.Context, f func(access.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("view: %w", err)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return f(&tx{&m.st})
}

// Update implements access.Store. It works on a copy, so that a failure leaves
// nothing.
func (m *Memory) Update(ctx context.Context, f func(access.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("update: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	next := state{
		users: maps.Clone(m.st.users), sessions: maps.Clone(m.st.sessions), tokens: maps.Clone(m.st.tokens),
		links: maps.Clone(m.st.links), events: slices.Clip(m.st.events),
	}
	if err := f(&tx{&next}); err != nil {
		return err
	}
	m.st = next
	return nil
}

type tx struct{ *state }

func none(what string) error { return errs.New(errs.NotFound, "no such %s", what) }

func find[K comparable, V any](m map[K]V, k K, what string) (V, error) {
	v, ok := m[k]
	if !ok {
		return v, none(what)
	}
	return v, nil
}

func (t *tx) User(id string) (access.User, error)           { return find(t.users, id, "user") }
func (t *tx) Session(h access.Hash) (access.Session, error) { return find(t.sessions, h, "session") }
func (t *tx) Token(id string) (access.Token, error)         { return find(t.tokens, id, "token") }
func (t *tx) Link(h access.Hash) (access.Link, error)       { return find(t.links, h, "link") }
func (t *tx) PutSession(s access.Session) error             { t.sessions[s.Hash] = s; return nil }
func (t *tx) DeleteSession(h access.Hash) error             { delete(t.sessions, h); return nil }
func (t *tx) PutToken(k access.Token) error                 { t.tokens[k.ID] = k; return nil }
func (t *tx) DeleteToken(id string) error                   { delete(t.tokens, id); return nil }
func (t *tx) PutLink(l access.Link) error                   { t.links[l.Hash] = l; return nil }
func (t *tx) DeleteLink(h access.Hash) error                { delete(t.links, h); return nil }

func (t *tx) UserByEmail(email string) (access.User, error) {
	for _, u := range t.users {
		if u.Email == email {
			return u, nil
		}
	}
	return access.User{}, none("user")
}

func (t *tx) Users(tenant string) ([]access.User, error) {
	var us []access.User
	for _, u := range t.users {
		if u.Tenant == tenant {
			us = append(us, u)
		}
	}
	slices.SortFunc(us, func(a, b access.User) int { return cmp.Compare(a.Email, b.Email) })
	return us, nil
}

func (t *tx) AnyUser() (bool, error) {
	for _, u := range t.users {
		if u.State != access.Invited {
			return true, nil
		}
	}
	return false, nil
}

func (t *tx) PutUser(u access.User) error {
	for _, o := range t.users {
		if o.ID != u.ID && o.Email == u.Email {
			return errs.New(errs.Conflict, "the mail address is taken")
		}
		if o.ID == u.ID && o.Tenant != u.Tenant {
			return errs.New(errs.Conflict, "the user is of another tenant")
		}
	}
	t.users[u.ID] = u
	return nil
}

func (t *tx) DeleteSessionsOf(user string, keep access.Hash) error {
	maps.DeleteFunc(t.sessions, func(h access.Hash, s access.Session) bool { return s.User == user && h != keep })
	return nil
}

func (t *tx) DeleteStaleSessions(idle, begun, now time.Time) (int, error) {
	before := len(t.sessions)
	maps.DeleteFunc(t.sessions, func(_ access.Hash, s access.Session) bool {
		return s.SeenAt.Before(idle) || s.BegunAt.Before(begun)
	})
	maps.DeleteFunc(t.links, func(_ access.Hash, l access.Link) bool { return l.ExpiresAt.Before(now) })
	return before - len(t.sessions), nil
}

func (t *tx) TokenByHash(h access.Hash) (access.Token, error) {
	for _, k := range t.tokens {
		if k.Hash == h {
			return k, nil
		}
	}
	return access.Token{}, none("token")
}

func (t *tx) Tokens(tenant string) ([]access.Token, error) {
	var ks []access.Token
	for _, k := range t.tokens {
		if k.Tenant == tenant {
			ks = append(ks, k)
		}
	}
	slices.SortFunc(ks, func(a, b access.Token) int { return cmp.Compare(b.ID, a.ID) })
	return ks, nil
}

func (t *tx) DeleteLinksOf(user string) error {
	maps.DeleteFunc(t.links, func(_ access.Hash, l access.Link) bool {
		return l.User == user && (user != "" || l.First)
	})
	return nil
}

func (t *tx) Record(e access.Event) error {
	t.events = append(t.events, e)
	return nil
}

func (t *tx) Events(tenant string, q access.EventQuery) ([]access.Event, error) {
	var out []access.Event
	for _, e := range slices.Backward(t.events) {
		has := func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(q.Q)) }
		if e.Tenant != tenant || q.Before != "" && e.ID >= q.Before || !strings.HasPrefix(e.Action, q.Action) ||
			!has(e.Who) && !has(e.Action) && !has(e.Target) {
			continue
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b access.Event) int { return cmp.Compare(b.ID, a.ID) })
	return out[:min(len(out), q.Limit)], nil
}
