package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/web/api"
)

// InventorySummary implements api.Inventory.
func (a inventory) InventorySummary(ctx context.Context, who access.Caller) (*api.InventorySummary, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	out := new(api.InventorySummary)
	*out = *v.sums.must(v.summary)
	qs, err := a.mergeQuestions(ctx, v)
	if err != nil {
		return nil, err
	}
	out.Questions = len(qs)
	return out, nil
}

// summary counts the inventory.
func (v *view) summary() *api.InventorySummary {
	out := &api.InventorySummary{Assets: len(v.set.Resources[fact.KindAsset])}
	for id, r := range v.inUse() {
		out.InUse++
		class := r.Text("class")
		count := func(n *int, yes bool) {
			if yes {
				*n++
			}
		}
		known, decided := r.Get("known").(bool)
		_, seen := r.Values["network_seen_at"]
		count(&out.Unknown, decided && !known && seen)
		count(&out.NoOwner, r.Text("owner") == "")
		count(&out.Medical, class == "medical_device")
		count(&out.Fragile, r.True("fragile"))
		_, listed := v.known.Listed[id]
		count(&out.NoSoftware, !listed && class != "application")
	}
	return out
}

// AssetSoftware implements api.Inventory.
func (a inventory) AssetSoftware(ctx context.Context, who access.Caller, id string, q api.SoftwareQuery) (*api.Page[api.SoftwareRow], error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	r := v.set.Find(fact.KindAsset, id)
	if r == nil {
		return nil, errs.New(errs.NotFound, "no asset %.80q", id)
	}
	cs, err := v.tenant.Software(ctx, id)
	if err != nil {
		return nil, err
	}
	e := a.engine()
	words := strings.Fields(strings.ToLower(q.Q))
	rows := []api.SoftwareRow{}
	for i := range cs {
		c := &cs[i]
		text := strings.ToLower(c.Ecosystem + " " + c.Name + " " + c.Version)
		if c.Source != fact.UnknownSource {
			text += " " + strings.ToLower(c.Source)
		}
		if slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			continue
		}
		row := softwareRow(e, c, v.at)
		if q.Verdict == "" || q.Verdict == row.Verdict {
			rows = append(rows, row)
		}
	}
	// What is wrong comes first, then what nobody knows.
	rank := []string{"affected", "not_assessed", "not_affected"}
	slices.SortStableFunc(rows, func(x, y api.SoftwareRow) int {
		if x.Verdict != y.Verdict {
			return slices.Index(rank, x.Verdict) - slices.Index(rank, y.Verdict)
		}
		return y.FlawCount - x.FlawCount
	})
	items, next, err := pageOf(rows, q.PageQuery)
	if err != nil {
		return nil, err
	}
	return &api.Page[api.SoftwareRow]{Items: items, Next: next, Total: len(rows)}, nil
}

func softwareRow(e judge.Engine, c *fact.Component, now time.Time) api.SoftwareRow {
	row := api.SoftwareRow{Ecosystem: c.Ecosystem, Name: c.Name, Version: c.Version, PURL: c.PURL, Flaws: []string{}, Verdict: "not_assessed"}
	if e == nil {
		row.Why = "no advisories are in force"
		return row
	}
	if s, ok := e.SoftwareSupport(c, now); ok {
		row.Support, row.Ended = s.Say, s.Ended
	}
	ans := e.Component(c)
	switch {
	case len(ans.Matches) > 0:
		row.Verdict = "affected"
	case ans.Why != "":
		row.Why = ans.Why
	case ans.Spoke:
		row.Verdict = "not_affected"
	default:
		row.Why = "the advisories have nothing to compare it with"
	}
	for _, m := range ans.Matches {
		if row.FlawCount++; len(row.Flaws) < 20 {
			row.Flaws = append(row.Flaws, m.Flaw)
		}
		for _, p := range m.Software {
			if p.Fixed != "" && (row.Fixed == "" || newerText(p.Fixed, row.Fixed)) {
				row.Fixed = p.Fixed
			}
		}
	}
	return row
}

// Inventory returns what shows and changes the inventory.
func (a *App) Inventory() api.Inventory { return inventory{a} }

// Reader returns what shows the rest.
func (a *App) Reader() api.Reader { return reader{a} }

// Wait returns when nothing runs in the background any more.
func (a *App) Wait() { a.jobs.wait.Wait() }

// reassess decides the goals anew in the background, from what is stored.
func (a *App) reassess(ctx context.Context, tid, by, trigger string) *api.Job {
	return a.start(ctx, tid, "assessment", func(ctx context.Context, step func(string)) (string, error) {
		step("deciding the goals")
		out, err := a.AssessNow(ctx, tid, by, trigger)
		if err != nil {
			return "", err
		}
		return out.Row.ID, nil
	})
}
