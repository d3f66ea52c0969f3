package sqlstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
)

// mostEdited bounds how many assets one edit is for.
const mostEdited = 5000

// EditAssets records what a person says of assets: values by attribute, nil
// takes back what was said before. The attributes are those of fact.Editorial,
// and what a person says of them holds over what other sources say.
func (t *Tenant) EditAssets(ctx context.Context, ids []string, values map[string]any, act Act) (EditedAssets, error) {
	if len(ids) == 0 || len(ids) > mostEdited {
		return EditedAssets{}, errs.New(errs.Invalid, "an edit is for 1 to %d assets, not %d", mostEdited, len(ids))
	}
	clean, err := checkEdit(values)
	if err != nil {
		return EditedAssets{}, err
	}
	in := &ingest{tenant: t, components: make(map[string]int64), pinned: make(map[string]string), batch: &fact.Batch{
		Stream: fact.Stream{ID: fact.StreamEdits, Title: "what people say of assets"}, Assurance: fact.Attested, ObservedAt: act.Now,
	}}
	if act.Reason != "" {
		in.batch.Notes = append(in.batch.Notes, fact.Note{What: "reason given", Why: act.Reason})
	}
	in.prepare = func(ctx context.Context) error { return in.edit(ctx, ids, clean) }
	got, err := t.ingest(ctx, in, Delivery{Actor: act.Actor, Now: act.Now, Rows: len(ids)})
	if err != nil {
		return EditedAssets{}, err
	}
	added, changed, _ := got.Total()
	return EditedAssets{Assets: len(in.batch.Sightings), Changed: added + changed, Seq: got.Seq}, nil
}

// checkEdit refuses what people cannot say.
func checkEdit(values map[string]any) (map[string]any, error) {
	if len(values) == 0 {
		return nil, errs.New(errs.Invalid, "nothing to change")
	}
	schema, _ := fact.SchemaOf(fact.KindAsset)
	out := make(map[string]any, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v := values[name]
		if !slices.Contains(fact.Editorial(), name) {
			return nil, errs.Hint(errs.New(errs.Invalid, "%.60q cannot be edited", name), "edit one of %s", strings.Join(fact.Editorial(), ", "))
		}
		if s, ok := v.(string); ok {
			if s = strings.TrimSpace(s); s == "" {
				v = nil
			} else {
				v = s
			}
			if len(s) > 200 {
				return nil, errs.New(errs.Invalid, "%s is longer than 200 characters", name)
			}
		}
		if v == nil {
			out[name] = nil
			continue
		}
		if a, _ := schema.Attr(name); !a.Type.Holds(v) {
			return nil, errs.New(errs.Invalid, "%s is of the type %s, not %.40q", name, a.Type, fmt.Sprint(v))
		}
		if allowed := editChoices(name); len(allowed) > 0 && !slices.Contains(allowed, v.(string)) { //nolint:errcheck,forcetypeassert // these are strings by their schema
			return nil, errs.New(errs.Invalid, "%s is one of %s, not %.40q", name, strings.Join(allowed, ", "), v)
		}
		out[name] = v
	}
	return out, nil
}

// editChoices lists what an attribute may be, or nothing where it is free.
func editChoices(name string) []string {
	switch name {
	case "class":
		var out []string
		for _, c := range asset.Classes {
			out = append(out, string(c))
		}
		return out
	case "criticality":
		return []string{string(asset.LifeSupporting), string(asset.Clinical), string(asset.Business), string(asset.Minor)}
	case "status":
		return []string{"in_use", "in_stock", "retired"}
	}
	return nil
}

// edit makes the batch: what people said of each asset so far, with the change.
// Of a merged asset each part may have been edited; the change is made in the
// asset's own, and what it speaks of is taken out of the others.
func (in *ingest) edit(ctx context.Context, ids []string, values map[string]any) error {
	al, err := aliasesAt(ctx, in.tx, in.tenant.id, 0)
	if err != nil {
		return err
	}
	done := make(map[string]bool)
	for _, aid := range ids {
		if aid, err = in.tenant.canonical(ctx, in.tx, al, aid); err != nil {
			return err
		}
		if done[aid] {
			continue
		}
		done[aid] = true
		said, err := in.editsOf(ctx, al, aid)
		if err != nil {
			return err
		}
		for home, vs := range said {
			touched := home == aid
			for name, v := range values {
				_, had := vs[name]
				switch {
				case home == aid && v != nil:
					vs[name] = v
				case had:
					delete(vs, name)
					touched = true
				}
			}
			if touched {
				in.pinned[home] = home
				in.batch.Sightings = append(in.batch.Sightings, fact.Sighting{
					Ref: home, Keys: []asset.Key{{Type: "asset", Value: home}}, Values: vs, // the key is for nobody: the asset is named
				})
			}
		}
	}
	slices.SortFunc(in.batch.Sightings, func(a, b fact.Sighting) int { return strings.Compare(a.Ref, b.Ref) })
	if faults := in.batch.Validate(); len(faults) > 0 {
		return errs.Wrap(errs.Invalid, faults[0])
	}
	return nil
}

// editsOf returns what people said of each part of an asset, always with the asset's own.
func (in *ingest) editsOf(ctx context.Context, al *aliases, aid string) (map[string]fact.Values, error) {
	out := map[string]fact.Values{aid: {}}
	for _, home := range al.homesOf(aid) {
		if al.of(fact.StreamEdits, home) != aid {
			continue
		}
		rows, err := in.tx.QueryContext(ctx, `SELECT attributes FROM facts WHERE tenant = $1 AND kind = $2 AND resource = $3 AND stream = $4 AND until_seq = 0`,
			in.tenant.id, string(fact.KindAsset), home, fact.StreamEdits)
		if err != nil {
			return nil, fmt.Errorf("read what people said of %s: %w", home, err)
		}
		texts, err := collect(rows, func(s scanner) (b []byte, err error) { return b, s.Scan(&b) })
		if err != nil {
			return nil, err
		}
		for _, text := range texts {
			if out[home], err = fact.DecodeValues(fact.KindAsset, text); err != nil {
				return nil, fmt.Errorf("what people said of %s: %w", home, err)
			}
		}
	}
	return out, nil
}
