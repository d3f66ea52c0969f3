package access

import (
	"context"
	"net/netip"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/secret"
)

// Users lists the users of the caller's tenant.
func (s *Service) Users(ctx context.Context, who Caller) (us []User, err error) {
	if !who.Can(ReadUsers) {
		return nil, denied(who, ReadUsers)
	}
	err = s.store.View(ctx, func(r Reader) error {
		us, err = r.Users(who.tenant)
		return err
	})
	return us, err
}

// Me returns the user that a session belongs to; errs.Denied for a token.
func (s *Service) Me(ctx context.Context, who Caller) (u User, err error) {
	if who.how != BySession {
		return User{}, errs.New(errs.Denied, "an API token is no user")
	}
	err = s.store.View(ctx, func(r Reader) error {
		u, err = r.User(who.id)
		return err
	})
	return u, err
}

// Invite makes a user and returns the secret of the link to send to them.
func (s *Service) Invite(ctx context.Context, who Caller, name, email string, role Role) (User, secret.Text, error) {
	if !who.Can(ManageUsers) {
		return User{}, secret.Text{}, denied(who, ManageUsers)
	}
	name, email, err := checkPerson(name, email)
	if err != nil {
		return User{}, secret.Text{}, err
	}
	if !role.Valid() {
		return User{}, secret.Text{}, unknownRole(role)
	}
	now := s.opt.Now().UTC()
	u := User{ID: id.New(id.User, now), Tenant: who.tenant, Name: name, Email: email, Role: role, State: Invited, CreatedAt: now}
	link, h := newSecret(linkPrefix)
	err = s.store.Update(ctx, func(tx Tx) error {
		if err := tx.PutUser(u); err != nil {
			return err
		}
		if err := tx.PutLink(Link{Hash: h, User: u.ID, Tenant: u.Tenant, ExpiresAt: now.Add(s.opt.LinkLife)}); err != nil {
			return err
		}
		return tx.Record(s.event(who, "user.invite", u.ID, Done, map[string]string{"email": email, "role": string(role)}))
	})
	if errs.Is(err, errs.Conflict) {
		err = errs.Hint(errs.New(errs.Conflict, "somebody already has the mail address %s", email), "change that user instead")
	}
	if err != nil {
		return User{}, secret.Text{}, err
	}
	return u, link, nil
}

// Relink returns a fresh link for a user who lost password or second factor.
// The old ones work until the link is used.
func (s *Service) Relink(ctx context.Context, who Caller, user string) (secret.Text, error) {
	if !who.Can(ManageUsers) {
		return secret.Text{}, denied(who, ManageUsers)
	}
	link, h := newSecret(linkPrefix)
	now := s.opt.Now().UTC()
	err := s.store.Update(ctx, func(tx Tx) error {
		u, err := ownUser(tx, who, user)
		if err != nil {
			return err
		}
		if u.State == Disabled {
			return errs.Hint(errs.New(errs.Conflict, "%s is disabled", u.Email), "enable the user first")
		}
		if err := tx.DeleteLinksOf(u.ID); err != nil {
			return err
		}
		if err := tx.PutLink(Link{Hash: h, User: u.ID, Tenant: u.Tenant, ExpiresAt: now.Add(s.opt.LinkLife)}); err != nil {
			return err
		}
		return tx.Record(s.event(who, "user.link", u.ID, Done, map[string]string{"email": u.Email}))
	})
	return link, err
}

// UserChange says what to change; nil leaves as it is.
type UserChange struct {
	Name *string
	Role *Role
	// Disabled true ends the user's sessions and links; false lets them sign in again.
	Disabled *bool
}

// ChangeUser changes a user of the caller's tenant. The last administrator who
// can sign in can neither be disabled nor given another role: errs.Conflict.
func (s *Service) ChangeUser(ctx context.Context, who Caller, user string, c UserChange) (out User, err error) {
	if !who.Can(ManageUsers) {
		return User{}, denied(who, ManageUsers)
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		u, err := ownUser(tx, who, user)
		if err != nil {
			return err
		}
		detail := map[string]string{"email": u.Email}
		if c.Name != nil {
			if u.Name, _, err = checkPerson(*c.Name, u.Email); err != nil {
				return err
			}
			detail["name"] = "changed"
		}
		if c.Role != nil && *c.Role != u.Role {
			if !c.Role.Valid() {
				return unknownRole(*c.Role)
			}
			detail["role"] = string(u.Role) + " to " + string(*c.Role)
			u.Role = *c.Role
		}
		if c.Disabled != nil && *c.Disabled != (u.State == Disabled) {
			detail["state"] = string(u.State)
			if u.State = Disabled; !*c.Disabled {
				u.State = Active
				if u.TOTP == nil {
					u.State = Invited // never finished the set-up
				}
			}
			detail["state"] += " to " + string(u.State)
		}
		if err := tx.PutUser(u); err != nil {
			return err
		}
		if err := oneAdministrator(tx, who.tenant); err != nil {
			return err
		}
		// A changed role holds from the next request on, since it is read from the
		// user each time; a disabled user must not come back with an old cookie.
		if u.State == Disabled {
			if err := tx.DeleteSessionsOf(u.ID, Hash{}); err != nil {
				return err
			}
			if err := tx.DeleteLinksOf(u.ID); err != nil {
				return err
			}
		}
		out = u
		return tx.Record(s.event(who, "user.change", u.ID, Done, detail))
	})
	return out, err
}

func oneAdministrator(tx Tx, tenant string) error {
	us, err := tx.Users(tenant)
	if err != nil {
		return err
	}
	for _, u := range us {
		if u.Role == Administrator && u.State == Active {
			return nil
		}
	}
	return errs.Hint(errs.New(errs.Conflict, "nobody would be left to administer the organization"),
		"make somebody else an administrator first")
}

func ownUser(r Reader, who Caller, user string) (User, error) {
	u, err := r.User(user)
	if err == nil && u.Tenant != who.tenant || errs.Is(err, errs.NotFound) {
		return User{}, errs.New(errs.NotFound, "there is no user %.40q", user)
	}
	return u, err
}

func unknownRole(r Role) error {
	return errs.New(errs.Invalid, "role %.20q: want administrator, analyst, auditor or executive", r)
}

// ChangePassword sets a new password for the user who is signed in, and ends all
// of their other sessions. The session that asks is replaced: its new cookie is
// in the answer.
func (s *Service) ChangePassword(ctx context.Context, who Caller, c Credentials, password secret.Text, from netip.Addr) (*SignedIn, error) {
	me, err := s.Me(ctx, who)
	if err != nil {
		return nil, err
	}
	if err := checkPassword(password, me.Email, me.Name); err != nil {
		return nil, err
	}
	hashed, err := s.hash.hash(ctx, password)
	if err != nil {
		return nil, err
	}
	return s.proven(ctx, who, c, func(tx Tx, u *User) (*SignedIn, error) {
		u.Password = hashed
		if err := tx.DeleteSessionsOf(u.ID, Hash{}); err != nil {
			return nil, err
		}
		if err := tx.Record(s.event(who, "user.password", u.ID, Done, nil)); err != nil {
			return nil, err
		}
		return s.begin(tx, u, ClassOf(from), map[string]string{"after": "password change"})
	})
}

// NewRecoveryCodes replaces the recovery codes of the user who is signed in.
func (s *Service) NewRecoveryCodes(ctx context.Context, who Caller, c Credentials) ([]secret.Text, error) {
	codes, hashes := newRecoveryCodes()
	_, err := s.proven(ctx, who, c, func(tx Tx, u *User) (*SignedIn, error) {
		u.Recovery = hashes
		if err := tx.PutUser(*u); err != nil {
			return nil, err
		}
		return nil, tx.Record(s.event(who, "user.recovery_codes", u.ID, Done, nil))
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// proven runs f for the signed-in user once they have typed password and code
// again: a browser left open must not be enough to take an account over.
func (s *Service) proven(ctx context.Context, who Caller, c Credentials, f func(Tx, *User) (*SignedIn, error)) (*SignedIn, error) {
	me, err := s.Me(ctx, who)
	if err != nil {
		return nil, err
	}
	now := s.opt.Now()
	by := counted{"proof:" + me.ID, freeTries}
	if _, err := s.limit.try(now, by); err != nil {
		return nil, err
	}
	right, err := s.hash.verify(ctx, me.Password, c.Password)
	if err != nil {
		return nil, err
	}
	wrong := errs.Hint(errs.New(errs.Invalid, "password or code is wrong"), "type both again; a code is used once, so wait for the next one")
	if !right {
		return nil, wrong
	}
	var out *SignedIn
	err = s.store.Update(ctx, func(tx Tx) error {
		u, err := tx.User(me.ID)
		if err != nil {
			return err
		}
		_, ok, err := s.secondFactor(&u, c.Code, now)
		if err != nil {
			return err
		}
		if !ok || u.Password != me.Password || u.State != Active {
			return wrong
		}
		out, err = f(tx, &u)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.limit.succeed(by, by.name)
	return out, nil
}

// Enter makes a user who has no password and no second factor, and a session for
// them: for a demonstration whose only way in is the address it prints. It takes
// a caller that only the server's own command line has.
func (s *Service) Enter(ctx context.Context, who Caller, name, email string, role Role) (out *SignedIn, err error) {
	if who.how != ByCommand {
		return nil, denied(who, ManageUsers)
	}
	name, email, err = checkPerson(name, email)
	if err != nil {
		return nil, err
	}
	now := s.opt.Now()
	err = s.store.Update(ctx, func(tx Tx) error {
		u, err := tx.UserByEmail(email)
		if errs.Is(err, errs.NotFound) {
			u, err = User{ID: id.New(id.User, now), Tenant: who.tenant, CreatedAt: now.UTC()}, nil
		}
		if err != nil {
			return err
		}
		if u.Tenant != who.tenant || u.Password != "" {
			return errs.New(errs.Conflict, "%s signs in with a password", email)
		}
		u.Name, u.Email, u.Role, u.State = name, email, role, Active
		out, err = s.begin(tx, &u, LocalCommand, map[string]string{"by": "command"})
		return err
	})
	return out, err
}
