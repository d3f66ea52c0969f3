package api

import (
	"context"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
)

// SessionState says who is signed in, and what the pages need to begin with.
type SessionState struct {
	SignedIn    bool   `json:"signed_in"`
	SetUpNeeded bool   `json:"set_up_needed" doc:"Nobody can sign in yet: open the set-up link that the server printed"`
	Demo        bool   `json:"demo"`
	Version     string `json:"version" doc:"Of the program; empty until signed in"`
	User        *Me    `json:"user,omitempty"`
}

// Me is whoever asks.
type Me struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Email       string   `json:"email"`
	Role        string   `json:"role" enum:"administrator,analyst,auditor,executive"`
	Permissions []string `json:"permissions" doc:"As x-permission in openapi.json names them"`
	Recovery    int      `json:"recovery_codes_left"`
}

func isUnsigned(err error) bool { return errs.Is(err, errs.Unsigned) }

func denied(who access.Caller, p access.Permission) error {
	return errs.Hint(errs.New(errs.Denied, "the role %s may not do this", who.Role()),
		"it needs the permission %s; ask an administrator", p)
}

func (s *server) getSession(ctx context.Context, who access.Caller, _ *none) (*body[SessionState], error) {
	return answer(s.sessionState(ctx, who))
}

func (s *server) sessionState(ctx context.Context, who access.Caller) (SessionState, error) {
	st := SessionState{Demo: s.demo, SignedIn: who.Known()}
	if !who.Known() {
		var err error
		st.SetUpNeeded, err = s.access.SetUpNeeded(ctx)
		return st, err
	}
	st.Version = s.build
	st.User = &Me{ID: who.ID(), Name: who.Name(), Email: who.Name(), Role: string(who.Role()), Permissions: who.Role().Permissions().Names()}
	if who.How() == access.BySession {
		u, err := s.access.Me(ctx, who)
		if err != nil {
			return st, err
		}
		st.User.Name, st.User.Recovery = u.Name, len(u.Recovery)
	}
	return st, nil
}

type signInInput struct {
	Body struct {
		Email    string `json:"email" minLength:"1" maxLength:"254"`
		Password string `json:"password" minLength:"1" maxLength:"256" writeOnly:"true"`
		Code     string `json:"code" minLength:"1" maxLength:"40" doc:"Six digits of the authenticator app, or a recovery code"`
	}
}

func (s *server) signIn(ctx context.Context, _ access.Caller, in *signInInput) (*body[SessionState], error) {
	x := requestOf(ctx)
	out, err := s.access.SignIn(ctx, access.Credentials{
		Email: in.Body.Email, Password: secret.New(in.Body.Password), Code: in.Body.Code,
		Device: s.cookie(x.r, deviceCookie), Session: s.cookie(x.r, sessionCookie),
	}, addrOf(x.r))
	if err != nil {
		return nil, err
	}
	s.keep(x.w, out)
	return answer(s.sessionState(ctx, out.Caller))
}

func (s *server) signOut(ctx context.Context, who access.Caller, _ *none) (*struct{}, error) {
	x := requestOf(ctx)
	if err := s.access.SignOut(ctx, who, s.cookie(x.r, sessionCookie)); err != nil {
		return nil, err
	}
	s.dropSession(x.w)
	return nil, nil //nolint:nilnil // 204
}

// ProofInput is what a signed-in user types again before a change to their own
// sign-in.
type ProofInput struct {
	Password string `json:"password" minLength:"1" maxLength:"256" writeOnly:"true" doc:"The one in force"`
	Code     string `json:"code" minLength:"1" maxLength:"40"`
}

type passwordInput struct {
	Body struct {
		ProofInput
		New string `json:"new_password" minLength:"12" maxLength:"256" writeOnly:"true"`
	}
}

func (s *server) changePassword(ctx context.Context, who access.Caller, in *passwordInput) (*body[SessionState], error) {
	x := requestOf(ctx)
	out, err := s.access.ChangePassword(ctx, who,
		access.Credentials{Password: secret.New(in.Body.Password), Code: in.Body.Code}, secret.New(in.Body.New), addrOf(x.r))
	if err != nil {
		return nil, err
	}
	s.keep(x.w, out)
	return answer(s.sessionState(ctx, out.Caller))
}

// RecoveryCodes are shown once.
type RecoveryCodes struct {
	Codes []string `json:"recovery_codes" doc:"Ten codes, each good for one sign-in; shown once"`
}

func reveal(codes []secret.Text) []string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = c.Reveal()
	}
	return out
}

type recoveryInput struct{ Body ProofInput }

func (s *server) newRecoveryCodes(ctx context.Context, who access.Caller, in *recoveryInput) (*body[RecoveryCodes], error) {
	codes, err := s.access.NewRecoveryCodes(ctx, who, access.Credentials{Password: secret.New(in.Body.Password), Code: in.Body.Code})
	return answer(RecoveryCodes{reveal(codes)}, err)
}

type linkInput struct {
	Body struct {
		Link string `json:"link" minLength:"1" maxLength:"100" writeOnly:"true" doc:"Secret of the set-up link"`
	}
}

// LinkPurpose says what a set-up link is for.
type LinkPurpose struct {
	Purpose string `json:"purpose" enum:"organization,user" doc:"organization: the first run"`
	Name    string `json:"name,omitempty"`
	Email   string `json:"email,omitempty"`
	Role    string `json:"role" enum:"administrator,analyst,auditor,executive"`
}

func (s *server) checkLink(ctx context.Context, _ access.Caller, in *linkInput) (*body[LinkPurpose], error) {
	info, err := s.access.LinkInfo(ctx, in.Body.Link, addrOf(requestOf(ctx).r))
	if err != nil {
		return nil, err
	}
	if info.First {
		return answer(LinkPurpose{Purpose: "organization", Role: string(access.Administrator)}, nil)
	}
	return answer(LinkPurpose{Purpose: "user", Name: info.User.Name, Email: info.User.Email, Role: string(info.User.Role)}, nil)
}

type setUpInput struct {
	Body struct {
		Link         string             `json:"link" minLength:"1" maxLength:"100" writeOnly:"true"`
		Name         string             `json:"name" minLength:"1" maxLength:"120"`
		Email        string             `json:"email,omitempty" maxLength:"254" doc:"On the first run; an invited user has one"`
		Password     string             `json:"password" minLength:"12" maxLength:"256" writeOnly:"true"`
		Organization *OrganizationInput `json:"organization,omitempty" doc:"On the first run"`
	}
}

// Enrollment is what to put into an authenticator app.
type Enrollment struct {
	Secret string `json:"secret" doc:"To type"`
	URI    string `json:"uri" doc:"To show as a QR code" example:"otpauth://totp/Asepsis:ann@example.org?secret=…"`
}

func (s *server) setUp(ctx context.Context, _ access.Caller, in *setUpInput) (*body[Enrollment], error) {
	b := in.Body
	from := addrOf(requestOf(ctx).r)
	info, err := s.access.LinkInfo(ctx, b.Link, from)
	if err != nil {
		return nil, err
	}
	if info.First && b.Organization == nil {
		return nil, errs.Hint(errs.New(errs.Invalid, "the first run needs the organization"), "say its name and kind")
	}
	en, err := s.access.Begin(ctx, b.Link, b.Name, b.Email, secret.New(b.Password), from)
	if err != nil {
		return nil, err
	}
	if en.First {
		if err := s.actions.SetUp(ctx, en.Caller, b.Organization.of(en.Caller.Tenant())); err != nil {
			return nil, err
		}
	}
	return answer(Enrollment{Secret: en.Secret.Reveal(), URI: en.URI.Reveal()}, nil)
}

type confirmInput struct {
	Body struct {
		Link string `json:"link" minLength:"1" maxLength:"100" writeOnly:"true"`
		Code string `json:"code" minLength:"6" maxLength:"8" doc:"Six digits of the authenticator app"`
	}
}

// Confirmed is the end of a set-up.
type Confirmed struct {
	Session SessionState `json:"session"`
	RecoveryCodes
	Job *Job `json:"job,omitempty" doc:"The first assessment, on the first run"`
}

func (s *server) confirm(ctx context.Context, _ access.Caller, in *confirmInput) (*body[Confirmed], error) {
	x := requestOf(ctx)
	out, err := s.access.Confirm(ctx, in.Body.Link, in.Body.Code, addrOf(x.r))
	if err != nil {
		return nil, err
	}
	s.keep(x.w, out)
	st, err := s.sessionState(ctx, out.Caller)
	if err != nil {
		return nil, err
	}
	c := Confirmed{Session: st, RecoveryCodes: RecoveryCodes{reveal(out.Recovery)}}
	if out.First {
		// The set-up stands whether or not the assessment could begin; the recovery
		// codes must not be lost over it.
		if c.Job, err = s.actions.Assess(ctx, out.Caller, "set-up"); err != nil {
			s.log.ErrorContext(ctx, "first assessment did not begin", "error", err)
		}
	}
	return answer(c, nil)
}

func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
