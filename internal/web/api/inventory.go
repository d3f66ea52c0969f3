package api

import (
	"context"
	"io"
	"time"

	"github.com/asepsis/asepsis/internal/access"
)

// Inventory gives the routes what they show and change of the inventory and of
// what is wrong with it. The rules of [Reader] and [Actions] hold: permissions
// have been checked, what does not exist is errs.NotFound, what was changed is
// durable and in the ledger.
type Inventory interface {
	InventorySummary(ctx context.Context, who access.Caller) (*InventorySummary, error)
	EditAssets(ctx context.Context, who access.Caller, e AssetEdit) (*Edited, error)
	AssetHistory(ctx context.Context, who access.Caller, id string) (*AssetHistory, error)
	AssetSoftware(ctx context.Context, who access.Caller, id string, q SoftwareQuery) (*Page[SoftwareRow], error)
	// AssetSBOM writes an asset's software as cyclonedx or spdx.
	AssetSBOM(ctx context.Context, who access.Caller, id, format string, w io.Writer) error

	MergeQuestions(ctx context.Context, who access.Caller) ([]MergeQuestion, error)
	AnswerMerge(ctx context.Context, who access.Caller, id string, a MergeAnswer) error
	MergeAssets(ctx context.Context, who access.Caller, m MergeInput) error
	UnmergeAssets(ctx context.Context, who access.Caller, id, reason string) error

	AssetViews(ctx context.Context, who access.Caller) ([]AssetView, error)
	PutAssetView(ctx context.Context, who access.Caller, v AssetView) error
	DeleteAssetView(ctx context.Context, who access.Caller, name string) error

	DeviceModels(ctx context.Context, who access.Caller, q string) ([]DeviceModel, error)
	DeviceModel(ctx context.Context, who access.Caller, id string) (*DeviceModel, error)

	Vulnerabilities(ctx context.Context, who access.Caller) (*VulnerabilityOverview, error)
	Flaw(ctx context.Context, who access.Caller, id string) (*FlawDetail, error)
	FlawWhy(ctx context.Context, who access.Caller, id, asset string) (*FlawWhy, error)
	Decisions(ctx context.Context, who access.Caller) ([]FlawDecision, error)
	Decide(ctx context.Context, who access.Caller, d DecisionInput) (*FlawDecision, error)
	EndDecision(ctx context.Context, who access.Caller, id string) (*FlawDecision, error)

	Feeds(ctx context.Context, who access.Caller) (*FeedStatus, error)
	// BringFeed puts a feed that somebody uploads in force, if it is signed by a
	// trusted key and newer; else the one in force stays.
	BringFeed(ctx context.Context, who access.Caller, name string, r io.ReaderAt, size int64) (*FeedStatus, error)
	TrustKey(ctx context.Context, who access.Caller, key string) (*FeedStatus, error)

	Scopes(ctx context.Context, who access.Caller) ([]DiscoveryScope, error)
	PutScope(ctx context.Context, who access.Caller, s DiscoveryScope) error
	DeleteScope(ctx context.Context, who access.Caller, name string) error
	// PlanDiscovery says what a search of the scope, which need not be kept, would
	// do. It sends nothing.
	PlanDiscovery(ctx context.Context, who access.Caller, s DiscoveryScope) (*DiscoveryPlan, error)
	Discover(ctx context.Context, who access.Caller, scope string) (*Job, error)
	// StopDiscovery ends the search that runs; the next one goes on where it was.
	StopDiscovery(ctx context.Context, who access.Caller) error
	DiscoveryRuns(ctx context.Context, who access.Caller) ([]DiscoveryRun, error)
}

// SoftwareQuery filters the software of an asset.
type SoftwareQuery struct {
	PageQuery
	Q       string
	Verdict string // affected, not_affected, not_assessed; "" for all
}

// Stamp returns nil for the zero time, which JSON then leaves out.
func Stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
