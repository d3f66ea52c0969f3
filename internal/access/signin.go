package access

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
)

// Credentials are what somebody signs in with.
type Credentials struct {
	Email    string
	Password secret.Text
	Code     string // of the second factor, or a recovery code
	Device   string // the mark that an earlier sign-in gave this browser; may be empty
	Session  string // the session cookie that the browser still has; it is ended
}

// SignedIn is what a sign-in gives.
type SignedIn struct {
	Caller  Caller
	User    User
	Session secret.Text // value of the session cookie
	Device  secret.Text // value of the device cookie
	Until   time.Time   // when the session ends at the latest
	First   bool        // it ended the first run
	// Recovery has the recovery codes where they were made with it, to be shown once.
	Recovery []secret.Text
}

// SignIn begins a session. Whatever was wrong, the error is the same one of kind
// errs.Unsigned, and takes the same time; or errs.Limited.
func (s *Service) SignIn(ctx context.Context, c Credentials, from netip.Addr) (*SignedIn, error) {
	email := cleanEmail(c.Email)
	at := s.opt.Now()
	var u User
	err := s.store.View(ctx, func(r Reader) (err error) {
		u, err = r.UserByEmail(email)
		return err
	})
	known := err == nil
	if err != nil && !errs.Is(err, errs.NotFound) {
		return nil, fmt.Errorf("find user: %w", err)
	}
	by, shared := s.counts(email, u.ID, c.Device, from)
	blocked, err := s.limit.try(at, append(by, shared)...)
	if err != nil {
		return nil, err
	}

	right, err := s.hash.verify(ctx, u.Password, c.Password)
	if err != nil {
		return nil, err
	}
	refuse := func() (*SignedIn, error) {
		if err := s.refused(ctx, u, known, ClassOf(from), "session.begin", blocked); err != nil {
			return nil, err
		}
		return nil, errs.Hint(errs.New(errs.Unsigned, "mail address, password or code is wrong"),
			"type all three again; a code is used once, so wait for the next one")
	}
	if !right || !known || u.State != Active {
		return refuse()
	}
	rehash := ""
	if s.hash.stale(u.Password) {
		if rehash, err = s.hash.hash(ctx, c.Password); err != nil {
			return nil, err
		}
	}

	var out *SignedIn
	var wrong bool
	err = s.store.Update(ctx, func(tx Tx) error {
		wrong = false
		now, err := tx.User(u.ID)
		if err != nil {
			return err
		}
		// What was verified above must still be so.
		if now.Password != u.Password || now.State != Active {
			wrong = true
			return nil
		}
		how, ok, err := s.secondFactor(&now, c.Code, at)
		if err != nil {
			return err
		}
		if !ok {
			wrong = true
			return nil
		}
		if rehash != "" {
			now.Password = rehash
		}
		if old, err := parseSecret(sessionPrefix, c.Session); err == nil {
			if err := tx.DeleteSession(old); err != nil {
				return err
			}
		}
		out, err = s.begin(tx, &now, ClassOf(from), map[string]string{"second_factor": how})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("begin session: %w", err)
	}
	if wrong {
		return refuse()
	}
	names := make([]string, len(by))
	for i, c := range by {
		names[i] = c.name
	}
	s.limit.succeed(shared, names...)
	return out, nil
}

// counts returns what a sign-in is counted by. A browser that signed in before
// is counted by itself: strangers cannot use up its tries.
func (s *Service) counts(email, user, device string, from netip.Addr) (own []counted, shared counted) {
	shared = counted{"address:" + block(from), addressFree}
	if user != "" {
		if d := s.keys.knownDevice(user, device, s.opt.Now()); d != "" {
			return []counted{{"device:" + user + ":" + d, freeTries}}, counted{"known-address:" + user + ":" + block(from), addressFree}
		}
	}
	// A long name is cut so that counts are bounded in size as well as in number.
	return []counted{{"account:" + email[:min(len(email), 254)], freeTries}}, shared
}

// secondFactor checks a code and marks it as used in u.
func (s *Service) secondFactor(u *User, code string, now time.Time) (how string, ok bool, err error) {
	code = strings.TrimSpace(code)
	if plain := strings.ReplaceAll(code, " ", ""); len(plain) == totpDigits {
		key, err := s.keys.openFor(u.ID, u.TOTP)
		if err != nil {
			return "", false, err
		}
		at, ok := matchTOTP(key, plain, now, u.TOTPStep)
		if ok {
			u.TOTPStep = at
		}
		return "totp", ok, nil
	}
	if i := slices.Index(u.Recovery, recoveryHash(code)); i >= 0 {
		u.Recovery = slices.Delete(slices.Clone(u.Recovery), i, i+1)
		return "recovery_code", true, nil
	}
	return "", false, nil
}

// begin keeps the user and a fresh session.
func (s *Service) begin(tx Tx, u *User, from Address, detail map[string]string) (*SignedIn, error) {
	now := s.opt.Now().UTC()
	cookie, h := newSecret(sessionPrefix)
	u.LastSignIn = now
	if err := tx.PutUser(*u); err != nil {
		return nil, err
	}
	if err := tx.PutSession(Session{Hash: h, User: u.ID, Tenant: u.Tenant, BegunAt: now, SeenAt: now, From: from}); err != nil {
		return nil, err
	}
	who := callerOf(*u, from, BySession)
	if err := tx.Record(s.event(who, "session.begin", u.ID, Done, detail)); err != nil {
		return nil, err
	}
	return &SignedIn{
		Caller: who, User: *u, Session: cookie, Device: s.keys.deviceMark(u.ID, now), Until: now.Add(s.opt.Absolute),
	}, nil
}

// refused records a failed attempt. An unknown name is not written down: people
// type passwords there.
func (s *Service) refused(ctx context.Context, u User, known bool, from Address, action string, blocked bool) error {
	who := Caller{name: "unknown name", from: from}
	if known {
		who = callerOf(u, from, BySession)
	}
	detail := map[string]string{}
	if blocked {
		detail["wait"] = "began"
	}
	if err := s.store.Update(context.WithoutCancel(ctx), func(tx Tx) error {
		return tx.Record(s.event(who, action, u.ID, Refused, detail))
	}); err != nil {
		return fmt.Errorf("record refusal: %w", err)
	}
	return nil
}

// SignOut ends the session of a cookie. It is done where there is none.
func (s *Service) SignOut(ctx context.Context, who Caller, cookie string) error {
	h, err := parseSecret(sessionPrefix, cookie)
	if err != nil {
		return nil //nolint:nilerr // there is no such session to end
	}
	return s.store.Update(ctx, func(tx Tx) error {
		if err := tx.DeleteSession(h); err != nil {
			return err
		}
		return tx.Record(s.event(who, "session.end", who.id, Done, nil))
	})
}

func cleanEmail(e string) string { return strings.ToLower(strings.TrimSpace(e)) }
