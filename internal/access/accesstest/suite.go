package accesstest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/id"
)

// Suite checks that a store keeps the contract of access.Store. newStore returns
// an empty store that lives as long as the test.
func Suite(t *testing.T, newStore func(t *testing.T) access.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, access.Store)
	}{
		{"users", users},
		{"sessions", sessions},
		{"tokens", tokens},
		{"links", links},
		{"events", events},
		{"a failed update leaves nothing", undone},
		{"an update reads what it wrote", readsOwn},
		{"updates do not overlap", serial},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, newStore(t)) })
	}
}

var at = time.Date(2026, 11, 25, 3, 4, 5, 678_000, time.UTC)

func hash(b byte) access.Hash {
	var h access.Hash
	for i := range h {
		h[i] = b
	}
	return h
}

func user(n int, tenant string) access.User {
	return access.User{
		ID: id.New(id.User, at.Add(time.Duration(n)*time.Second)), Tenant: tenant, Name: fmt.Sprintf("Person %d", n),
		Email: fmt.Sprintf("p%d@hospital.example", n), Role: access.Analyst, State: access.Active,
		Password: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA", TOTP: []byte{0, 1, 255}, TOTPStep: 59_000_000,
		Recovery: []access.Hash{hash(1), hash(2)}, CreatedAt: at,
	}
}

func update(t *testing.T, s access.Store, f func(access.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, s access.Store, f func(access.Reader) error) {
	t.Helper()
	if err := s.View(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func wantKind(t *testing.T, what string, err error, k errs.Kind) {
	t.Helper()
	if !errs.Is(err, k) {
		t.Errorf("%s: %v, want an error of kind %v", what, err, k)
	}
}

func users(t *testing.T, s access.Store) {
	a, b, other := user(1, "tn_a"), user(2, "tn_a"), user(3, "tn_b")
	b.State, b.Password, b.TOTP, b.Recovery, b.TOTPStep = access.Invited, "", nil, nil, 0
	update(t, s, func(tx access.Tx) error { return tx.PutUser(b) })
	view(t, s, func(r access.Reader) error {
		some, err := r.AnyUser()
		equal(t, "any user while one is only invited", some, false)
		return err
	})
	update(t, s, func(tx access.Tx) error { return errors.Join(tx.PutUser(a), tx.PutUser(other)) })
	view(t, s, func(r access.Reader) error {
		got, err := r.User(a.ID)
		equal(t, "user", got, a)
		byMail, err2 := r.UserByEmail(a.Email)
		equal(t, "user by mail address", byMail, a)
		all, err3 := r.Users("tn_a")
		equal(t, "users of the tenant, by mail address", all, []access.User{a, b})
		some, err4 := r.AnyUser()
		equal(t, "any user", some, true)
		_, none := r.User("us_none")
		wantKind(t, "unknown user", none, errs.NotFound)
		_, none = r.UserByEmail("nobody@hospital.example")
		wantKind(t, "unknown mail address", none, errs.NotFound)
		return errors.Join(err, err2, err3, err4)
	})
	a.LastSignIn, a.Recovery, a.TOTPStep = at.Add(time.Hour), a.Recovery[1:], a.TOTPStep+1
	update(t, s, func(tx access.Tx) error { return tx.PutUser(a) })
	view(t, s, func(r access.Reader) error {
		got, err := r.User(a.ID)
		equal(t, "changed user", got, a)
		return err
	})
	taken := user(4, "tn_b")
	taken.Email = a.Email
	wantKind(t, "taken mail address", s.Update(t.Context(), func(tx access.Tx) error { return tx.PutUser(taken) }), errs.Conflict)
	moved := a
	moved.Tenant = "tn_b"
	wantKind(t, "user moved to another tenant", s.Update(t.Context(), func(tx access.Tx) error { return tx.PutUser(moved) }), errs.Conflict)
}

func sessions(t *testing.T, s access.Store) {
	u, v := user(1, "tn_a"), user(2, "tn_a")
	of := func(u access.User, b byte, begun, seen time.Time) access.Session {
		return access.Session{Hash: hash(b), User: u.ID, Tenant: u.Tenant, BegunAt: begun, SeenAt: seen, From: access.Private}
	}
	one, two, three := of(u, 1, at, at.Add(time.Hour)), of(u, 2, at, at), of(v, 3, at, at)
	update(t, s, func(tx access.Tx) error {
		return errors.Join(tx.PutUser(u), tx.PutUser(v), tx.PutSession(one), tx.PutSession(two), tx.PutSession(three))
	})
	has := func(want ...access.Session) {
		t.Helper()
		view(t, s, func(r access.Reader) error {
			for _, x := range []access.Session{one, two, three} {
				got, err := r.Session(x.Hash)
				wanted := false
				for _, w := range want {
					wanted = wanted || w.Hash == x.Hash
				}
				if !wanted {
					wantKind(t, fmt.Sprintf("session %d", x.Hash[0]), err, errs.NotFound)
					continue
				}
				if err != nil {
					return err
				}
				equal(t, "session", got, x)
			}
			return nil
		})
	}
	has(one, two, three)
	three.SeenAt = at.Add(2 * time.Hour)
	update(t, s, func(tx access.Tx) error { return tx.PutSession(three) })
	has(one, two, three)
	update(t, s, func(tx access.Tx) error { return tx.DeleteSessionsOf(u.ID, one.Hash) })
	has(one, three)
	update(t, s, func(tx access.Tx) error { return errors.Join(tx.DeleteSession(hash(9)), tx.DeleteSession(one.Hash)) })
	has(three)
	update(t, s, func(tx access.Tx) error { return errors.Join(tx.PutSession(one), tx.PutSession(two)) })
	update(t, s, func(tx access.Tx) error {
		n, err := tx.DeleteStaleSessions(at.Add(time.Minute), at.Add(-time.Hour), at)
		equal(t, "sessions ended for idleness", n, 1)
		return err
	})
	has(one, three)
	update(t, s, func(tx access.Tx) error {
		n, err := tx.DeleteStaleSessions(at, at.Add(time.Second), at)
		equal(t, "sessions ended for age", n, 2)
		return err
	})
	has()
}

func tokens(t *testing.T, s access.Store) {
	of := func(n byte, tenant string) access.Token {
		return access.Token{
			ID: id.New(id.Token, at.Add(time.Duration(n)*time.Second)), Tenant: tenant, Name: "backup job", Role: access.Auditor,
			Prefix: "asepsis_ab12", Hash: hash(n), CreatedBy: "ann@hospital.example", CreatedAt: at, ExpiresAt: at.Add(24 * time.Hour),
		}
	}
	a, b, other := of(1, "tn_a"), of(2, "tn_a"), of(3, "tn_b")
	update(t, s, func(tx access.Tx) error { return errors.Join(tx.PutToken(a), tx.PutToken(b), tx.PutToken(other)) })
	a.LastUsed = at.Add(time.Minute)
	update(t, s, func(tx access.Tx) error { return tx.PutToken(a) })
	view(t, s, func(r access.Reader) error {
		got, err := r.TokenByHash(a.Hash)
		equal(t, "token by hash", got, a)
		byID, err2 := r.Token(b.ID)
		equal(t, "token", byID, b)
		all, err3 := r.Tokens("tn_a")
		equal(t, "tokens of the tenant, newest first", all, []access.Token{b, a})
		_, none := r.TokenByHash(hash(9))
		wantKind(t, "unknown token", none, errs.NotFound)
		return errors.Join(err, err2, err3)
	})
	update(t, s, func(tx access.Tx) error { return tx.DeleteToken(a.ID) })
	view(t, s, func(r access.Reader) error {
		_, err := r.Token(a.ID)
		wantKind(t, "deleted token", err, errs.NotFound)
		return nil
	})
}

func links(t *testing.T, s access.Store) {
	u := user(1, "tn_a")
	first := access.Link{Hash: hash(1), First: true, Tenant: "tn_new", ExpiresAt: at.Add(time.Hour)}
	mine := access.Link{Hash: hash(2), User: u.ID, Tenant: "tn_a", ExpiresAt: at.Add(time.Hour)}
	again := access.Link{Hash: hash(3), User: u.ID, Tenant: "tn_a", ExpiresAt: at}
	update(t, s, func(tx access.Tx) error {
		return errors.Join(tx.PutUser(u), tx.PutLink(first), tx.PutLink(mine), tx.PutLink(again))
	})
	first.Name, first.Email, first.Password, first.TOTP = "Ann", "ann@hospital.example", "$argon2id$…", []byte{7, 0, 9}
	update(t, s, func(tx access.Tx) error { return tx.PutLink(first) })
	view(t, s, func(r access.Reader) error {
		got, err := r.Link(first.Hash)
		equal(t, "link with what was chosen", got, first)
		got, err2 := r.Link(mine.Hash)
		equal(t, "link", got, mine)
		return errors.Join(err, err2)
	})
	gone := func(what string, h access.Hash) {
		t.Helper()
		view(t, s, func(r access.Reader) error {
			_, err := r.Link(h)
			wantKind(t, what, err, errs.NotFound)
			return nil
		})
	}
	update(t, s, func(tx access.Tx) error { return tx.DeleteLinksOf("") })
	gone("link of the first run, taken back", first.Hash)
	view(t, s, func(r access.Reader) error { _, err := r.Link(mine.Hash); return err })
	update(t, s, func(tx access.Tx) error {
		_, err := tx.DeleteStaleSessions(at, at, at.Add(time.Minute))
		return err
	})
	gone("expired link, swept", again.Hash)
	update(t, s, func(tx access.Tx) error { return errors.Join(tx.DeleteLink(hash(9)), tx.DeleteLinksOf(u.ID)) })
	gone("link of a user, taken back", mine.Hash)
}

func events(t *testing.T, s access.Store) {
	var all []access.Event
	for i := range 5 {
		when := at.Add(time.Duration(i) * time.Second)
		all = append(all, access.Event{
			ID: id.New(id.Event, when), Tenant: "tn_a", At: when, Who: "Ann@hospital.example", WhoID: "us_1",
			Action: []string{"session.begin", "token.create"}[i%2], Target: fmt.Sprintf("thing-%d", i), Outcome: access.Done,
			From: access.Loopback, Detail: map[string]string{"role": "auditor", "text": "quotes \" and ünicode"},
		})
	}
	stranger := access.Event{ID: id.New(id.Event, at), At: at, Who: "unknown name", Action: "session.begin", Outcome: access.Refused, From: access.PublicNet}
	update(t, s, func(tx access.Tx) error {
		err := tx.Record(stranger)
		for _, e := range all {
			err = errors.Join(err, tx.Record(e))
		}
		return err
	})
	for _, c := range []struct {
		name string
		q    access.EventQuery
		want []access.Event
	}{
		{"newest first, bounded", access.EventQuery{Limit: 2}, []access.Event{all[4], all[3]}},
		{"the page after", access.EventQuery{Limit: 10, Before: all[3].ID}, []access.Event{all[2], all[1], all[0]}},
		{"by action", access.EventQuery{Limit: 10, Action: "token."}, []access.Event{all[3], all[1]}},
		{"by text in who, whatever the case", access.EventQuery{Limit: 1, Q: "aNN@"}, []access.Event{all[4]}},
		{"by text in target", access.EventQuery{Limit: 10, Q: "THING-2"}, []access.Event{all[2]}},
		{"wildcards are text", access.EventQuery{Limit: 10, Q: "%"}, nil},
		{"a wildcard of one is text", access.EventQuery{Limit: 10, Q: "thing_"}, nil},
	} {
		view(t, s, func(r access.Reader) error {
			got, err := r.Events("tn_a", c.q)
			equal(t, c.name, got, c.want)
			return err
		})
	}
	view(t, s, func(r access.Reader) error {
		got, err := r.Events("tn_b", access.EventQuery{Limit: 10})
		equal(t, "another tenant", got, []access.Event(nil))
		return err
	})
}

func undone(t *testing.T, s access.Store) {
	u := user(1, "tn_a")
	broken := errors.New("broken")
	err := s.Update(t.Context(), func(tx access.Tx) error {
		return errors.Join(tx.PutUser(u), tx.PutSession(access.Session{Hash: hash(1), User: u.ID, Tenant: u.Tenant, BegunAt: at, SeenAt: at}),
			tx.Record(access.Event{ID: id.New(id.Event, at), Tenant: u.Tenant, At: at, Action: "x", Outcome: access.Done}), broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("Update returns %v, want the error of its function", err)
	}
	view(t, s, func(r access.Reader) error {
		_, err := r.User(u.ID)
		wantKind(t, "user of a failed update", err, errs.NotFound)
		_, err = r.Session(hash(1))
		wantKind(t, "session of a failed update", err, errs.NotFound)
		evs, err := r.Events(u.Tenant, access.EventQuery{Limit: 1})
		equal(t, "events of a failed update", evs, []access.Event(nil))
		return err
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Update(gone, func(tx access.Tx) error { return tx.PutUser(u) }); err == nil {
		t.Error("an update whose context has ended succeeds")
	}
}

func readsOwn(t *testing.T, s access.Store) {
	u := user(1, "tn_a")
	update(t, s, func(tx access.Tx) error {
		if err := tx.PutUser(u); err != nil {
			return err
		}
		got, err := tx.User(u.ID)
		equal(t, "user within the update", got, u)
		return err
	})
}

// serial has many updates each read a counter and write it back one higher: any
// overlap loses one.
func serial(t *testing.T, s access.Store) {
	u := user(1, "tn_a")
	u.TOTPStep = 0
	update(t, s, func(tx access.Tx) error { return tx.PutUser(u) })
	const n = 24
	var wg sync.WaitGroup
	failed := make(chan error, n)
	for range n {
		wg.Go(func() {
			failed <- s.Update(t.Context(), func(tx access.Tx) error {
				got, err := tx.User(u.ID)
				if err != nil {
					return err
				}
				got.TOTPStep++
				return tx.PutUser(got)
			})
		})
	}
	wg.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			t.Error(err)
		}
	}
	view(t, s, func(r access.Reader) error {
		got, err := r.User(u.ID)
		equal(t, "count after overlapping updates", got.TOTPStep, int64(n))
		return err
	})
}
