package app

import (
	"context"

	"github.com/asepsis/asepsis/internal/collect/maildomain"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
)

// LookAtDomains looks at an organization's mail domains as others see them and
// keeps what it saw.
func (a *App) LookAtDomains(ctx context.Context, tid string, o maildomain.Options, progress func(step string)) ([]maildomain.Look, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return nil, err
	}
	c, err := maildomain.New(o)
	if err != nil {
		return nil, err
	}
	now, err := a.present(ctx, t)
	if err != nil {
		return nil, err
	}
	looks := c.Looks(ctx, now, progress)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := a.IngestBatch(ctx, tid, maildomain.Batch(looks, now, o.Complete), sqlstore.Delivery{Actor: c.Name(), Now: now}); err != nil {
		return nil, err
	}
	a.publish(ctx, tid)
	return looks, nil
}
