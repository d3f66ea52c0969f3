package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/web/api"
)

// AssetViews implements api.Inventory.
func (a inventory) AssetViews(ctx context.Context, who access.Caller) ([]api.AssetView, error) {
	t, err := a.tenant(who.Tenant())
	if err != nil {
		return nil, err
	}
	vs, err := sqlstore.ListNamed[api.AssetView](ctx, t.Tenant, sqlstore.Views)
	if vs == nil {
		vs = []api.AssetView{}
	}
	return vs, err
}

// PutAssetView implements api.Inventory.
func (a inventory) PutAssetView(ctx context.Context, who access.Caller, v api.AssetView) error {
	t, err := a.tenant(who.Tenant())
	if err != nil {
		return err
	}
	schema, ok := fact.SchemaOf(fact.Kind(v.Kind))
	if !ok {
		return errs.New(errs.Invalid, "no kind of resource %.40q", v.Kind)
	}
	names := append([]string{}, v.Columns...)
	for _, f := range v.Filters {
		name, _, ok := strings.Cut(f, ":")
		if !ok {
			return errs.New(errs.Invalid, "filter %.60q: want attribute:value", f)
		}
		names = append(names, name)
	}
	if by := strings.TrimPrefix(v.Sort, "-"); by != "" && by != "label" {
		names = append(names, by)
	}
	for _, n := range names {
		if _, ok := schema.Attr(n); !ok {
			return unknownAttribute(schema, n)
		}
	}
	v.By = who.Name()
	return t.PutNamed(ctx, sqlstore.Views, v.Name, v)
}

// DeleteAssetView implements api.Inventory.
func (a inventory) DeleteAssetView(ctx context.Context, who access.Caller, name string) error {
	t, err := a.tenant(who.Tenant())
	if err != nil {
		return err
	}
	return t.DeleteNamed(ctx, sqlstore.Views, name)
}

// Scopes implements api.Inventory.
func (a inventory) Scopes(ctx context.Context, who access.Caller) ([]api.DiscoveryScope, error) {
	return a.ScopesOf(ctx, who.Tenant())
}

// ScopesOf lists the networks that may be searched.
func (a *App) ScopesOf(ctx context.Context, tid string) ([]api.DiscoveryScope, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return nil, err
	}
	ss, err := sqlstore.ListNamed[api.DiscoveryScope](ctx, t.Tenant, sqlstore.Scopes)
	if ss == nil {
		ss = []api.DiscoveryScope{}
	}
	return ss, err
}

// PutScope implements api.Inventory.
func (a inventory) PutScope(ctx context.Context, who access.Caller, s api.DiscoveryScope) error {
	return a.PutScopeOf(ctx, who.Tenant(), s)
}

// PutScopeOf permits a network to be searched.
func (a *App) PutScopeOf(ctx context.Context, tid string, s api.DiscoveryScope) error {
	t, err := a.tenant(tid)
	if err != nil {
		return err
	}
	if err := a.checkScope(ctx, tid, s); err != nil {
		return err
	}
	if s.Every != "" {
		if d, err := time.ParseDuration(s.Every); err != nil || d < time.Hour {
			return errs.Hint(errs.New(errs.Invalid, "how often %.20q cannot be read", s.Every), "write hours, an hour at the least: 24h for daily, 168h for weekly")
		}
	}
	if _, err := schedule(s); err != nil {
		return err
	}
	// A search that is under way keeps to what was permitted before.
	if err := a.stopSearchOf(ctx, t, s.Name); err != nil {
		return err
	}
	if s, err = a.keepSNMP(tid, s); err != nil {
		return err
	}
	return t.PutNamed(ctx, sqlstore.Scopes, s.Name, s)
}

// DeleteScope implements api.Inventory.
func (a inventory) DeleteScope(ctx context.Context, who access.Caller, name string) error {
	return a.DeleteScopeOf(ctx, who.Tenant(), name)
}

// DeleteScopeOf takes the permission to search a network back.
func (a *App) DeleteScopeOf(ctx context.Context, tid, name string) error {
	t, err := a.tenant(tid)
	if err != nil {
		return err
	}
	if err := a.stopSearchOf(ctx, t, name); err != nil {
		return err
	}
	return errors.Join(t.DeleteNamed(ctx, sqlstore.Scopes, name), a.dropSNMP(tid, name))
}
