package access

import (
	"context"
	"fmt"
	"net/mail"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/secret"
)

// SetUpNeeded reports whether nobody has ever been able to sign in.
func (s *Service) SetUpNeeded(ctx context.Context) (needed bool, err error) {
	err = s.store.View(ctx, func(r Reader) error {
		some, err := r.AnyUser()
		needed = !some
		return err
	})
	return needed, err
}

// FirstLink returns a fresh one-time link secret for the first run, and takes
// back earlier ones. It sets up the tenant, whose records may have begun before
// anybody signed in; an empty one means a new tenant. It is errs.Conflict once
// somebody can sign in.
func (s *Service) FirstLink(ctx context.Context, tenant string) (secret.Text, error) {
	link, h := newSecret(linkPrefix)
	now := s.opt.Now().UTC()
	if tenant == "" {
		tenant = id.New(id.Tenant, now)
	}
	err := s.store.Update(ctx, func(tx Tx) error {
		some, err := tx.AnyUser()
		if err != nil {
			return err
		}
		if some {
			return errs.Hint(errs.New(errs.Conflict, "the first run is over: there is an administrator"),
				"ask an administrator for a link, or make one with `asepsis user link`")
		}
		if err := tx.DeleteLinksOf(""); err != nil {
			return err
		}
		return tx.PutLink(Link{Hash: h, First: true, Tenant: tenant, ExpiresAt: now.Add(s.opt.LinkLife)})
	})
	if err != nil {
		return secret.Text{}, err
	}
	return link, nil
}

// LinkInfo says what a set-up link is for.
type LinkInfo struct {
	First  bool // it sets up the organization and its administrator
	Tenant string
	User   User // zero for the first run
}

// LinkInfo looks a link up without using it.
func (s *Service) LinkInfo(ctx context.Context, link string, from netip.Addr) (info LinkInfo, err error) {
	err = s.store.View(ctx, func(r Reader) error {
		info, _, err = s.link(r, link)
		return err
	})
	return info, s.countLink(err, from)
}

// countLink slows down an address that tries links. 256 random bits need no
// such help; the audit trail and the log do.
func (s *Service) countLink(err error, from netip.Addr) error {
	if !errs.Is(err, errs.Unsigned) {
		return err
	}
	if _, limited := s.limit.try(s.opt.Now(), counted{"link:" + block(from), addressFree}); limited != nil {
		return limited
	}
	return err
}

func (s *Service) link(r Reader, link string) (LinkInfo, Link, error) {
	bad := errs.Hint(errs.New(errs.Unsigned, "this set-up link was used, has expired, or was replaced by a newer one"),
		"ask an administrator for a new link; on the first run, restart `asepsis serve` to print one")
	h, err := parseSecret(linkPrefix, link)
	if err != nil {
		return LinkInfo{}, Link{}, bad
	}
	l, err := r.Link(h)
	if errs.Is(err, errs.NotFound) || err == nil && !s.opt.Now().Before(l.ExpiresAt) {
		return LinkInfo{}, Link{}, bad
	}
	if err != nil {
		return LinkInfo{}, Link{}, fmt.Errorf("find link: %w", err)
	}
	info := LinkInfo{First: l.First, Tenant: l.Tenant}
	if l.First {
		// Somebody may have become a user by another way meanwhile.
		some, err := r.AnyUser()
		if err != nil {
			return LinkInfo{}, Link{}, fmt.Errorf("look for users: %w", err)
		}
		if some {
			return LinkInfo{}, Link{}, bad
		}
		return info, l, nil
	}
	if info.User, err = r.User(l.User); err != nil {
		if errs.Is(err, errs.NotFound) {
			return LinkInfo{}, Link{}, bad
		}
		return LinkInfo{}, Link{}, fmt.Errorf("find user of link: %w", err)
	}
	if info.User.State == Disabled {
		return LinkInfo{}, Link{}, bad
	}
	return info, l, nil
}

// Enrollment is what somebody types into an authenticator app.
type Enrollment struct {
	Caller Caller // stands for the tenant while it is set up
	First  bool   // the link sets up the organization too
	Secret secret.Text
	URI    secret.Text
}

// Begin sets name, mail address and password of whom a link belongs to and makes
// a second factor, which [Service.Confirm] puts in force. For an invited user the
// mail address is the invitation's. Until then it may be called again.
func (s *Service) Begin(ctx context.Context, link, name, email string, password secret.Text, from netip.Addr) (*Enrollment, error) {
	var info LinkInfo
	err := s.store.View(ctx, func(r Reader) (err error) {
		info, _, err = s.link(r, link)
		return err
	})
	if err != nil {
		return nil, s.countLink(err, from)
	}
	if !info.First {
		email = info.User.Email
	}
	if name, email, err = checkPerson(name, email); err != nil {
		return nil, err
	}
	if err := checkPassword(password, email, name); err != nil {
		return nil, err
	}
	hashed, err := s.hash.hash(ctx, password)
	if err != nil {
		return nil, err
	}
	key := newTOTP()
	var who Caller
	err = s.store.Update(ctx, func(tx Tx) error {
		info, l, err := s.link(tx, link)
		if err != nil {
			return err
		}
		l.Name, l.Email, l.Password = name, email, hashed
		l.TOTP = s.keys.sealFor(sealName(l), key)
		who = Caller{tenant: l.Tenant, id: info.User.ID, name: email, role: Administrator, from: ClassOf(from), how: BySetUp}
		if !info.First {
			who.role = info.User.Role
		}
		return tx.PutLink(l)
	})
	if err != nil {
		return nil, err
	}
	return &Enrollment{
		Caller: who, First: info.First,
		Secret: secret.New(totpText(key)), URI: secret.New(totpURI(key, s.opt.Issuer, email)),
	}, nil
}

// sealName binds a sealed secret to the link it waits on.
func sealName(l Link) string { return fmt.Sprintf("link:%x", l.Hash) }

// Confirm takes the first code of the new second factor, uses the link up, and
// signs the user in with ten recovery codes. All earlier sessions of the user end.
func (s *Service) Confirm(ctx context.Context, link, code string, from netip.Addr) (*SignedIn, error) {
	by := counted{"confirm:" + block(from), addressFree}
	if _, err := s.limit.try(s.opt.Now(), by); err != nil {
		return nil, err
	}
	var out *SignedIn
	var first bool
	err := s.store.Update(ctx, func(tx Tx) error {
		info, l, err := s.link(tx, link)
		if err != nil {
			return err
		}
		first = info.First
		if l.Password == "" || l.TOTP == nil {
			return errs.Hint(errs.New(errs.Conflict, "no password has been chosen yet"), "begin with the set-up page")
		}
		key, err := s.keys.openFor(sealName(l), l.TOTP)
		if err != nil {
			return err
		}
		now := s.opt.Now()
		at, ok := matchTOTP(key, strings.ReplaceAll(strings.TrimSpace(code), " ", ""), now, 0)
		if !ok {
			return errs.Hint(errs.New(errs.Invalid, "the code does not match"),
				"type the six digits that the app shows now; if they are refused again, check the clocks of the phone and the server")
		}
		u := info.User
		if first {
			u = User{ID: id.New(id.User, now), Tenant: l.Tenant, Role: Administrator, CreatedAt: now.UTC()}
		}
		codes, hashes := newRecoveryCodes()
		u.Name, u.Email, u.Password, u.State = l.Name, l.Email, l.Password, Active
		u.TOTP, u.TOTPStep, u.Recovery = s.keys.sealFor(u.ID, key), at, hashes
		if err := s.useUp(tx, u, l); err != nil {
			return err
		}
		who := callerOf(u, ClassOf(from), BySetUp)
		if err := tx.Record(s.event(who, "user.set_up", u.ID, Done, map[string]string{"role": string(u.Role)})); err != nil {
			return err
		}
		if out, err = s.begin(tx, &u, ClassOf(from), map[string]string{"second_factor": "totp"}); err != nil {
			return err
		}
		out.Recovery, out.First = codes, first
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.limit.succeed(by, by.name, "account:"+out.User.Email)
	return out, nil
}

// useUp ends what the confirmed link replaces: the link, others of the same
// user, and every session that was begun with the old password.
func (s *Service) useUp(tx Tx, u User, l Link) error {
	of := u.ID
	if l.First {
		of = ""
	}
	if err := tx.DeleteLink(l.Hash); err != nil {
		return err
	}
	if err := tx.DeleteLinksOf(of); err != nil {
		return err
	}
	return tx.DeleteSessionsOf(u.ID, Hash{})
}

func checkPerson(name, email string) (string, string, error) {
	name, email = strings.Join(strings.Fields(name), " "), cleanEmail(email)
	if name == "" || utf8.RuneCountInString(name) > 120 {
		return "", "", errs.New(errs.Invalid, "the name must have 1 to 120 characters")
	}
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email || len(email) > 254 {
		return "", "", errs.Hint(errs.New(errs.Invalid, "the mail address is not one"), "type it as name@hospital.org")
	}
	return name, email, nil
}
