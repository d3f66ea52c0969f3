package app

import (
	"context"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/sector"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/web/api"
)

// profileOf checks what somebody says of an organization.
func profileOf(o api.Organization) (sqlstore.Profile, error) {
	o.Name = strings.TrimSpace(o.Name)
	switch {
	case o.Name == "":
		return sqlstore.Profile{}, errs.New(errs.Invalid, "the organization needs a name")
	case len(o.Name) > 200:
		return sqlstore.Profile{}, errs.New(errs.Invalid, "the name is longer than 200 characters")
	case !slices.Contains(sector.Kinds(), o.Kind):
		return sqlstore.Profile{}, errs.New(errs.Invalid, "kind %q is none of %s", o.Kind, strings.Join(sector.Kinds(), ", "))
	case o.Beds < 0 || o.Beds > 100_000:
		return sqlstore.Profile{}, errs.New(errs.Invalid, "beds must be a count")
	}
	return sqlstore.Profile{Organization: assess.Organization{
		ID: o.ID, Name: o.Name, Kind: o.Kind, CCN: strings.ToUpper(strings.TrimSpace(o.CCN)), State: strings.ToUpper(strings.TrimSpace(o.State)), Beds: o.Beds,
	}}, nil
}

// ChangeOrganization implements api.Actions.
func (a actions) ChangeOrganization(ctx context.Context, who access.Caller, o api.Organization) (*api.Organization, error) {
	p, err := profileOf(o)
	if err != nil {
		return nil, err
	}
	t, err := a.tenant(who.Tenant())
	if err != nil {
		return nil, err
	}
	if err := t.UpdateTenant(ctx, p, who.Name(), a.now()); err != nil {
		return nil, err
	}
	t.forget()
	a.publish(ctx, who.Tenant())
	return reader(a).Organization(ctx, who)
}

// SetUp implements api.Actions. Where commands were run before, the
// organization they made takes the name given now: its history goes on.
func (a actions) SetUp(ctx context.Context, who access.Caller, o api.Organization) error {
	p, err := profileOf(o)
	if err != nil {
		return err
	}
	t, err := a.tenant(who.Tenant())
	if err != nil {
		return err
	}
	needed, err := a.access.SetUpNeeded(ctx)
	if err != nil {
		return err
	}
	if !needed {
		return errs.New(errs.Conflict, "somebody has set this server up already")
	}
	now := a.now()
	p.ID, p.CreatedAt = who.Tenant(), now
	_, err = t.Profile(ctx)
	switch {
	case errs.Is(err, errs.NotFound):
		err = a.db.CreateTenant(ctx, p, "set-up")
	case err == nil:
		err = t.UpdateTenant(ctx, p, "set-up", now)
	}
	if err != nil {
		return err
	}
	t.forget()
	a.publish(ctx, p.ID)
	return nil
}

// forget drops the view, for changes that its version does not show.
func (t *tenant) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shown = nil
}
