package service

import (
	"context"
	"time"
)

// PaceForTest is the pace of a scan by another clock.
func PaceForTest(rate float64, now func() time.Time) func(context.Context, Permission) error {
	p := newPace(rate, now)
	return func(ctx context.Context, m Permission) error { return p.turn(ctx, m.Network, m.Rate) }
}
