package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/id"
)

func userOf(u access.User) User {
	return User{
		ID: u.ID, Name: u.Name, Email: u.Email, Role: string(u.Role), State: string(u.State),
		CreatedAt: u.CreatedAt, LastSignIn: when(u.LastSignIn), Recovery: len(u.Recovery),
	}
}

func (s *server) users(ctx context.Context, who access.Caller, _ *none) (*body[List[User]], error) {
	us, err := s.access.Users(ctx, who)
	out := make([]User, len(us))
	for i, u := range us {
		out[i] = userOf(u)
	}
	return list(out, err)
}

type inviteInput struct {
	Body struct {
		Name  string `json:"name" minLength:"1" maxLength:"120"`
		Email string `json:"email" minLength:"3" maxLength:"254"`
		Role  string `json:"role" enum:"administrator,analyst,auditor,executive"`
	}
}

// Invitation is a user with the secret of the link to send to them.
type Invitation struct {
	User User   `json:"user"`
	Link string `json:"link" doc:"Secret of the set-up link, shown once: send the page /set-up#<link>"`
}

func (s *server) invite(ctx context.Context, who access.Caller, in *inviteInput) (*body[Invitation], error) {
	u, link, err := s.access.Invite(ctx, who, in.Body.Name, in.Body.Email, access.Role(in.Body.Role))
	return answer(Invitation{User: userOf(u), Link: link.Reveal()}, err)
}

type changeUserInput struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Name     *string `json:"name,omitempty" minLength:"1" maxLength:"120"`
		Role     *string `json:"role,omitempty" enum:"administrator,analyst,auditor,executive"`
		Disabled *bool   `json:"disabled,omitempty"`
	}
}

func (s *server) changeUser(ctx context.Context, who access.Caller, in *changeUserInput) (*body[User], error) {
	if err := id.Check(id.User, in.ID); err != nil {
		return nil, errs.New(errs.NotFound, "there is no user %.40q", in.ID)
	}
	c := access.UserChange{Name: in.Body.Name, Disabled: in.Body.Disabled}
	if in.Body.Role != nil {
		r := access.Role(*in.Body.Role)
		c.Role = &r
	}
	u, err := s.access.ChangeUser(ctx, who, in.ID, c)
	return answer(userOf(u), err)
}

// NewLink is a fresh set-up link.
type NewLink struct {
	Link string `json:"link" doc:"Secret of the set-up link, shown once: send the page /set-up#<link>"`
}

func (s *server) relink(ctx context.Context, who access.Caller, in *byID) (*body[NewLink], error) {
	link, err := s.access.Relink(ctx, who, in.ID)
	return answer(NewLink{link.Reveal()}, err)
}

func tokenOf(t access.Token) Token {
	return Token{
		ID: t.ID, Name: t.Name, Role: string(t.Role), Prefix: t.Prefix, CreatedBy: t.CreatedBy,
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, LastUsed: when(t.LastUsed),
	}
}

func (s *server) tokens(ctx context.Context, who access.Caller, _ *none) (*body[List[Token]], error) {
	ts, err := s.access.Tokens(ctx, who)
	out := make([]Token, len(ts))
	for i, t := range ts {
		out[i] = tokenOf(t)
	}
	return list(out, err)
}

type newTokenInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"80"`
		Role string `json:"role" enum:"administrator,analyst,auditor,executive"`
		Days int    `json:"days" minimum:"1" maximum:"366" default:"90" doc:"Until it expires"`
	}
}

// CreatedToken is a token with its secret.
type CreatedToken struct {
	Token
	Secret string `json:"secret" doc:"Shown once: Authorization: Bearer <secret>"`
}

func (s *server) newToken(ctx context.Context, who access.Caller, in *newTokenInput) (*body[CreatedToken], error) {
	expires := s.now().Add(time.Duration(in.Body.Days) * 24 * time.Hour)
	t, text, err := s.access.NewToken(ctx, who, in.Body.Name, access.Role(in.Body.Role), expires)
	return answer(CreatedToken{Token: tokenOf(t), Secret: text.Reveal()}, err)
}

func (s *server) revokeToken(ctx context.Context, who access.Caller, in *byID) (*struct{}, error) {
	return nil, s.access.RevokeToken(ctx, who, in.ID)
}

type auditInput struct {
	PageInput
	Q      string `query:"q" maxLength:"200" doc:"Text in who, action or target"`
	Action string `query:"action" maxLength:"60" doc:"Begins with" example:"session."`
}

func (s *server) audit(ctx context.Context, who access.Caller, in *auditInput) (*body[Page[AuditEvent]], error) {
	if in.Cursor != "" && id.Check(id.Event, in.Cursor) != nil {
		return nil, errs.New(errs.Invalid, "the cursor is not one of ours")
	}
	// One more than asked for tells whether there is another page.
	evs, err := s.access.Events(ctx, who, access.EventQuery{Before: in.Cursor, Limit: in.Limit + 1, Q: clean(in.Q), Action: in.Action})
	if err != nil {
		return nil, err
	}
	page := Page[AuditEvent]{Total: -1}
	for i, e := range evs {
		if i == in.Limit {
			page.Next = page.Items[i-1].ID
			break
		}
		page.Items = append(page.Items, AuditEvent{
			ID: e.ID, At: e.At, Who: e.Who, Action: e.Action, Target: e.Target, Outcome: e.Outcome, From: string(e.From), Detail: e.Detail,
		})
	}
	return &body[Page[AuditEvent]]{page}, nil
}

type rawJSON struct{ Body json.RawMessage }

func (s *server) getOpenAPI(context.Context, access.Caller, *none) (*rawJSON, error) {
	return &rawJSON{s.openapi}, nil
}
