package sqlstore

import (
	"context"

	"github.com/asepsis/asepsis/internal/errs"
)

var errSoon = errs.New(errs.Unsupported, "not in this build")

// CanonicalAsset returns the asset that an id stands for now: itself, or the
// asset it was merged into. errs.NotFound if there was never one.
func (t *Tenant) CanonicalAsset(_ context.Context, _ string) (string, error) { return "", errSoon }

// AssetLinks returns why each source's sightings are of the asset.
func (t *Tenant) AssetLinks(_ context.Context, _ string) ([]AssetLink, error) { return nil, errSoon }

// AssetMerges lists the merges and splits that an asset was part of, newest first.
func (t *Tenant) AssetMerges(_ context.Context, _ string) ([]Merge, error) { return nil, errSoon }

// Questions lists what waits for a person's decision, or with all also what was decided. Newest first.
func (t *Tenant) Questions(_ context.Context, _ bool) ([]Question, error) { return nil, errSoon }

// AnswerQuestion decides. The answer holds for all later sightings.
func (t *Tenant) AnswerQuestion(_ context.Context, _ string, _ bool, _ Act) error { return errSoon }

// MergeAssets makes other a part of keep, by a person's word.
func (t *Tenant) MergeAssets(_ context.Context, _, _ string, _ Act) (Merge, error) { return Merge{}, errSoon }

// Unmerge undoes a merge or a split by its id.
func (t *Tenant) Unmerge(_ context.Context, _ string, _ Act) error { return errSoon }

// SplitAsset makes what does not belong to an asset one of its own and returns the new one's id.
func (t *Tenant) SplitAsset(_ context.Context, _ string, _ SplitOff, _ Act) (Merge, error) { return Merge{}, errSoon }

// EditAssets records what a person says of assets: values by attribute, nil
// takes back what was said before. The attributes are those of fact.Editorial.
func (t *Tenant) EditAssets(_ context.Context, _ []string, _ map[string]any, _ Act) (EditedAssets, error) {
	return EditedAssets{}, errSoon
}

// AssetHistory lists what changed about an asset, newest first, and whether there is more.
func (t *Tenant) AssetHistory(_ context.Context, _ string, _ int) ([]AssetChange, bool, error) {
	return nil, false, errSoon
}

// AssetSeen says when each source saw an asset.
func (t *Tenant) AssetSeen(_ context.Context, _ string) ([]AssetSeen, error) { return nil, errSoon }
