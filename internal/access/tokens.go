package access

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/secret"
)

// LongestToken is how long an API token may live.
const LongestToken = 366 * 24 * time.Hour

// ByToken returns whom an API token stands for.
func (s *Service) ByToken(ctx context.Context, token string, from netip.Addr) (Caller, error) {
	h, err := parseSecret(TokenPrefix, token)
	if err != nil {
		return Caller{}, badToken()
	}
	now := s.opt.Now()
	var t Token
	err = s.store.View(ctx, func(r Reader) error {
		t, err = r.TokenByHash(h)
		return err
	})
	switch {
	case errs.Is(err, errs.NotFound):
		return Caller{}, badToken()
	case err != nil:
		return Caller{}, fmt.Errorf("find token: %w", err)
	case !now.Before(t.ExpiresAt):
		return Caller{}, badToken()
	}
	if now.Sub(t.LastUsed) > seenEvery {
		err := s.store.Update(ctx, func(tx Tx) error {
			t, err := tx.Token(t.ID)
			if err != nil {
				return err
			}
			t.LastUsed = now.UTC()
			return tx.PutToken(t)
		})
		if errs.Is(err, errs.NotFound) {
			return Caller{}, badToken()
		}
		if err != nil {
			return Caller{}, fmt.Errorf("keep token: %w", err)
		}
	}
	return Caller{tenant: t.Tenant, id: t.ID, name: t.Name, role: t.Role, from: ClassOf(from), how: ByToken}, nil
}

func badToken() error {
	return errs.Hint(errs.New(errs.Unsigned, "the API token is unknown, was revoked, or has expired"),
		"make a new one under Settings, API tokens")
}

// NewToken makes a token of the caller's tenant and returns its secret, which is
// shown once and never kept. A token can do nothing that its maker cannot.
func (s *Service) NewToken(ctx context.Context, who Caller, name string, role Role, expires time.Time) (Token, secret.Text, error) {
	if !who.Can(ManageUsers) {
		return Token{}, secret.Text{}, denied(who, ManageUsers)
	}
	name = strings.Join(strings.Fields(name), " ")
	now := s.opt.Now().UTC()
	switch {
	case name == "" || utf8.RuneCountInString(name) > 80:
		return Token{}, secret.Text{}, errs.New(errs.Invalid, "the name must have 1 to 80 characters")
	case !role.Valid():
		return Token{}, secret.Text{}, unknownRole(role)
	case !role.Within(who.role):
		return Token{}, secret.Text{}, errs.New(errs.Denied, "a token cannot have more rights than you")
	case !expires.After(now) || expires.Sub(now) > LongestToken:
		return Token{}, secret.Text{}, errs.New(errs.Invalid, "the token must expire between now and a year from now")
	}
	text, h := newSecret(TokenPrefix)
	t := Token{
		ID: id.New(id.Token, now), Tenant: who.tenant, Name: name, Role: role, Hash: h,
		Prefix: text.Reveal()[:len(TokenPrefix)+4], CreatedBy: who.name, CreatedAt: now, ExpiresAt: expires.UTC(),
	}
	err := s.store.Update(ctx, func(tx Tx) error {
		if err := tx.PutToken(t); err != nil {
			return err
		}
		return tx.Record(s.event(who, "token.create", t.ID, Done, map[string]string{"name": name, "role": string(role)}))
	})
	if err != nil {
		return Token{}, secret.Text{}, err
	}
	return t, text, nil
}

// Tokens lists the tokens of the caller's tenant, newest first.
func (s *Service) Tokens(ctx context.Context, who Caller) (ts []Token, err error) {
	if !who.Can(ReadUsers) {
		return nil, denied(who, ReadUsers)
	}
	err = s.store.View(ctx, func(r Reader) error {
		ts, err = r.Tokens(who.tenant)
		return err
	})
	return ts, err
}

// RevokeToken ends a token at once.
func (s *Service) RevokeToken(ctx context.Context, who Caller, token string) error {
	if !who.Can(ManageUsers) {
		return denied(who, ManageUsers)
	}
	return s.store.Update(ctx, func(tx Tx) error {
		t, err := tx.Token(token)
		if err == nil && t.Tenant != who.tenant || errs.Is(err, errs.NotFound) {
			return errs.New(errs.NotFound, "there is no token %.40q", token)
		}
		if err != nil {
			return err
		}
		if err := tx.DeleteToken(t.ID); err != nil {
			return err
		}
		return tx.Record(s.event(who, "token.revoke", t.ID, Done, map[string]string{"name": t.Name}))
	})
}
