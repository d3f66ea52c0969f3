package app

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/judge"
)

// softwareIndex is what is installed, found by what people and advisories ask for.
type softwareIndex struct {
	components map[int64]fact.Component
	byName     map[string][]int64 // name or source package, in lower case → components
	byAsset    map[string][]int64
	assets     []string          // holders name them by their place here
	holders    map[int64][]int32 // component → assets
}

// installed returns what is installed by the newest lists.
func (v *view) installed(ctx context.Context, a *App) (*softwareIndex, error) {
	return v.software.get(func() (*softwareIndex, error) {
		in, err := a.lists(ctx, v.tenant)
		if err != nil {
			return nil, err
		}
		s := &softwareIndex{components: in.Components, byName: make(map[string][]int64), byAsset: in.Software(), holders: make(map[int64][]int32, len(in.Components))}
		for id, c := range in.Components {
			name, source := strings.ToLower(c.Name), strings.ToLower(c.Source)
			s.byName[name] = append(s.byName[name], id)
			if source != "" && source != name {
				s.byName[source] = append(s.byName[source], id)
			}
		}
		s.assets = slices.Sorted(maps.Keys(s.byAsset))
		count := make(map[int64]int, len(in.Components))
		total := 0
		for _, ids := range s.byAsset {
			for _, id := range ids {
				count[id]++
				total++
			}
		}
		room := make([]int32, total) // one piece of memory for all
		for id, n := range count {
			s.holders[id], room = room[:0:n], room[n:]
		}
		for at, asset := range s.assets {
			for _, id := range s.byAsset[asset] {
				s.holders[id] = append(s.holders[id], int32(at)) //nolint:gosec // assets of one organization
			}
		}
		return s, nil
	})
}

// lists reads the lists of software that hold now, without the facts.
func (a *App) lists(ctx context.Context, t *tenant) (*judge.Inventory, error) {
	lists, err := t.SoftwareLists(ctx)
	if err != nil {
		return nil, err
	}
	in := new(judge.Inventory)
	ids := make(map[int64]struct{})
	for _, l := range lists {
		in.Lists = append(in.Lists, judge.List{Asset: l.Asset, ObservedAt: l.ObservedAt, Components: l.Components})
		for _, id := range l.Components {
			ids[id] = struct{}{}
		}
	}
	in.Components, err = a.db.Components(ctx, slices.Sorted(maps.Keys(ids)))
	return in, err
}
