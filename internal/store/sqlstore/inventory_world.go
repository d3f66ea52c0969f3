package sqlstore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/inventory"
)

// worldLimit bounds the homes that are kept in memory for all tenants between
// deliveries, some 2 KB each.
const worldLimit = 100_000

// worlds keeps the identity part of inventories in memory between deliveries.
// A world is good only for the batch it was kept at: whoever writes in between,
// also another program, makes a newer one.
type worlds struct {
	mu sync.Mutex
	by map[string]*keptWorld // by tenant, guarded by mu
}

// keptWorld is a world with what its callbacks need of the delivery that uses it.
type keptWorld struct {
	*inventory.World
	source source
	titles map[string]string // of streams
	now    time.Time
	seq    int64 // the batch it is good after
}

// take hands out a tenant's world as it was after a batch, or nil. Whoever
// takes it keeps it again, or it is gone.
func (ws *worlds) take(tenant string, seq int64) *keptWorld {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	k := ws.by[tenant]
	delete(ws.by, tenant)
	if k == nil || k.seq != seq {
		return nil
	}
	return k
}

func (ws *worlds) keep(tenant string, k *keptWorld) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	k.source.q = nil // the transaction has ended
	total := k.Size()
	if total > worldLimit {
		return
	}
	for _, o := range ws.by {
		total += o.Size()
	}
	if total > worldLimit || ws.by == nil {
		ws.by = make(map[string]*keptWorld)
	}
	ws.by[tenant] = k
}

// openWorld returns the tenant's world for a delivery that follows the batch last.
func (t *Tenant) openWorld(ctx context.Context, q queryer, last int64, now time.Time) (*keptWorld, error) {
	k := t.db.worlds.take(t.id, last)
	if k == nil {
		k = &keptWorld{}
		var err error
		if k.titles, err = streamTitles(ctx, q, t.id); err != nil {
			return nil, err
		}
		k.World = inventory.NewWorld(&k.source, func() string { return id.New(id.Asset, k.now) }, k.title)
	}
	k.source, k.now = source{q: q, tenant: t.id}, now
	return k, nil
}

// title is how people call a stream.
func (k *keptWorld) title(stream string) string { return titleOf(k.titles, stream) }

func titleOf(titles map[string]string, stream string) string {
	switch title := titles[stream]; {
	case title != "":
		return title
	case stream == "":
		return "an earlier source"
	}
	return stream
}

// streamTitles returns the newest title of every stream.
func streamTitles(ctx context.Context, q queryer, tenant string) (map[string]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT stream, title FROM fact_batches WHERE tenant = $1 AND seq IN
		(SELECT max(seq) FROM fact_batches WHERE tenant = $2 GROUP BY stream)`, tenant, tenant)
	if err != nil {
		return nil, fmt.Errorf("read the titles of streams: %w", err)
	}
	out := make(map[string]string)
	_, err = collect(rows, func(s scanner) (struct{}, error) {
		var stream, title string
		err := s.Scan(&stream, &title)
		out[stream] = title
		return struct{}{}, err
	})
	return out, err
}
