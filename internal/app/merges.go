package app

import (
	"context"
	"fmt"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/web/api"
)

// EditAssets implements api.Inventory.
func (a inventory) EditAssets(ctx context.Context, who access.Caller, e api.AssetEdit) (*api.Edited, error) {
	out := new(api.Edited)
	err := a.change(ctx, who, e.Reason, func(ctx context.Context, t *tenant, act sqlstore.Act) error {
		got, err := t.EditAssets(ctx, e.Assets, e.Values, act)
		out.Assets, out.Changed = got.Assets, got.Changed
		return err
	})
	if err != nil {
		return nil, err
	}
	if out.Changed > 0 {
		out.Job = a.reassess(ctx, who.Tenant(), who.Name(), "edit of "+plural(out.Changed, "asset", "assets"))
	}
	return out, nil
}

// change runs what a person decides about the inventory, and publishes it.
func (a *App) change(ctx context.Context, who access.Caller, reason string, do func(context.Context, *tenant, sqlstore.Act) error) error {
	t, err := a.tenant(who.Tenant())
	if err != nil {
		return err
	}
	now, err := a.present(ctx, t)
	if err != nil {
		return err
	}
	t.running.Lock()
	defer t.running.Unlock()
	if err := do(ctx, t, sqlstore.Act{Actor: who.Name(), Reason: reason, Now: now}); err != nil {
		return err
	}
	a.publish(ctx, who.Tenant())
	return nil
}

const mostHistory = 400

// clockwork are attributes that change whenever a source looks again.
var clockwork = map[string]bool{"last_seen_at": true, "network_seen_at": true, "scanned_at": true, "updates_checked_at": true, "uptime_days": true, "last_log_at": true, "backup_at": true}

// AssetHistory implements api.Inventory.
func (a inventory) AssetHistory(ctx context.Context, who access.Caller, id string) (*api.AssetHistory, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	if v.set.Find(fact.KindAsset, id) == nil {
		return nil, errs.New(errs.NotFound, "no asset %.80q", id)
	}
	out := &api.AssetHistory{Identity: []api.IdentityLink{}, Merges: []api.AssetMerge{}, Changes: []api.AssetChange{}}
	links, err := v.tenant.AssetLinks(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		for _, k := range l.Keys {
			out.Identity = append(out.Identity, api.IdentityLink{
				Key: k.Key.String(), Stream: l.Stream, Title: l.Title, Reason: l.Why, First: k.First, Last: k.Last,
			})
		}
	}
	merges, err := v.tenant.AssetMerges(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, m := range merges {
		other := m.Other
		if other == id {
			other = m.Kept
		}
		reason := m.Reason
		if m.Did == sqlstore.DidSplit {
			reason = "split off: " + reason
		}
		out.Merges = append(out.Merges, api.AssetMerge{
			ID: m.ID, Other: *v.refOf(fact.KindAsset, other), Reason: reason, By: m.Actor, At: m.At, Undone: !m.UndoneAt.IsZero(),
		})
	}
	changes, more, err := v.tenant.AssetHistory(ctx, id, mostHistory)
	if err != nil {
		return nil, err
	}
	out.More = more
	for _, c := range changes {
		if c.Kind == string(fact.KindAsset) && clockwork[c.What] && c.Before != nil {
			continue // that it was looked at again is what identity says
		}
		what := c.What
		if c.Kind != string(fact.KindAsset) && c.Kind != "software" {
			what = fmt.Sprintf("%s %s", c.Kind, c.What)
		}
		out.Changes = append(out.Changes, api.AssetChange{At: c.At, Title: c.Title, What: what, Before: c.Before, After: c.After})
	}
	return out, nil
}

// MergeQuestions implements api.Inventory.
func (a inventory) MergeQuestions(ctx context.Context, who access.Caller) ([]api.MergeQuestion, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	return a.mergeQuestions(ctx, v)
}

func (a *App) mergeQuestions(ctx context.Context, v *view) ([]api.MergeQuestion, error) {
	qs, err := v.tenant.Questions(ctx, false)
	if err != nil {
		return nil, err
	}
	out := []api.MergeQuestion{}
	for _, q := range qs {
		m := api.MergeQuestion{ID: q.ID, Score: q.Score, For: q.For, Against: q.Against, AskedAt: q.At}
		if q.Kind == sqlstore.QuestionDrop {
			m.A, m.B = api.Ref{Kind: "stream", ID: q.A, Label: q.A}, api.Ref{Kind: "stream", ID: q.A, Label: "what it leaves out"}
		} else {
			m.A, m.B = *v.refOf(fact.KindAsset, q.A), *v.refOf(fact.KindAsset, q.B)
		}
		if m.For == nil {
			m.For = []string{}
		}
		if m.Against == nil {
			m.Against = []string{}
		}
		out = append(out, m)
	}
	return out, nil
}

// AnswerMerge implements api.Inventory.
func (a inventory) AnswerMerge(ctx context.Context, who access.Caller, id string, ans api.MergeAnswer) error {
	return a.changeAndDecide(ctx, who, ans.Reason, "a merge was decided", func(ctx context.Context, t *tenant, act sqlstore.Act) error {
		return t.AnswerQuestion(ctx, id, ans.Same, act)
	})
}

// MergeAssets implements api.Inventory.
func (a inventory) MergeAssets(ctx context.Context, who access.Caller, m api.MergeInput) error {
	return a.changeAndDecide(ctx, who, m.Reason, "two records were merged", func(ctx context.Context, t *tenant, act sqlstore.Act) error {
		_, err := t.MergeAssets(ctx, m.Keep, m.Other, act)
		return err
	})
}

// UnmergeAssets implements api.Inventory.
func (a inventory) UnmergeAssets(ctx context.Context, who access.Caller, id, reason string) error {
	return a.changeAndDecide(ctx, who, reason, "a merge was taken back", func(ctx context.Context, t *tenant, act sqlstore.Act) error {
		return t.Unmerge(ctx, id, act)
	})
}

// changeAndDecide runs a decision about the inventory and has the goals decided anew.
func (a *App) changeAndDecide(ctx context.Context, who access.Caller, reason, trigger string, do func(context.Context, *tenant, sqlstore.Act) error) error {
	if err := a.change(ctx, who, reason, do); err != nil {
		return err
	}
	a.reassess(ctx, who.Tenant(), who.Name(), trigger)
	return nil
}
