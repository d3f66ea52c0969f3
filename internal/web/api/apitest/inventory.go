package apitest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/web/api"
)

var _ api.Inventory = (*Fake)(nil)

const fakeFlaw = "CVE-2024-3094"

func (f *Fake) fakeFeed() *api.FeedBrief {
	return &api.FeedBrief{ID: "5f0c0de5f0c0de5f0c0de5f0c0de5f0c0de5f0c0de5f0c0de5f0c0de5f0c0de5f", BuiltAt: f.now().Add(-20 * time.Hour)}
}

var fakeAsset = api.Ref{Kind: "asset", ID: "as_01jd0000000000000000000001", Label: "srv-lab-02"}

// InventorySummary implements api.Inventory.
func (f *Fake) InventorySummary(_ context.Context, who access.Caller) (*api.InventorySummary, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return &api.InventorySummary{Assets: 431, InUse: 412, Unknown: 7, Questions: 1, NoOwner: 31, NoSoftware: 190, Medical: 118, Fragile: 24}, nil
}

// EditAssets implements api.Inventory.
func (f *Fake) EditAssets(_ context.Context, who access.Caller, e api.AssetEdit) (*api.Edited, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	f.changed()
	return &api.Edited{Assets: len(e.Assets), Changed: len(e.Assets)}, nil
}

// AssetHistory implements api.Inventory.
func (f *Fake) AssetHistory(_ context.Context, who access.Caller, id string) (*api.AssetHistory, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if id == "nothing" {
		return nil, errs.New(errs.NotFound, "no asset %.60q", id)
	}
	at := f.now().Add(-24 * time.Hour)
	return &api.AssetHistory{
		Identity: []api.IdentityLink{{Key: "serial:5cg1234abc", Stream: "import/dhcp", Title: "DHCP leases", Reason: "same serial 5CG1234ABC, first seen by the host collector", First: at, Last: f.now()}},
		Merges:   []api.AssetMerge{}, Changes: []api.AssetChange{{At: at, Title: "assets of the CMDB", What: "owner", Before: nil, After: "Laboratory"}},
	}, nil
}

// AssetSoftware implements api.Inventory.
func (f *Fake) AssetSoftware(_ context.Context, who access.Caller, _ string, _ api.SoftwareQuery) (*api.Page[api.SoftwareRow], error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return &api.Page[api.SoftwareRow]{Total: 2, Items: []api.SoftwareRow{
		{Ecosystem: "deb", Name: "xz-utils", Version: "5.6.0-0.2", Verdict: "affected", Flaws: []string{fakeFlaw}, FlawCount: 1, Fixed: "5.6.1+really5.4.5-1"},
		{Ecosystem: "generic", Name: "LabLink", Version: "4.2", Verdict: "not_assessed", Why: "no advisories speak of software of this kind", Flaws: []string{}},
	}}, nil
}

// AssetSBOM implements api.Inventory.
func (f *Fake) AssetSBOM(_ context.Context, who access.Caller, _, _ string, w io.Writer) error {
	unlock, err := f.mine(who)
	if err != nil {
		return err
	}
	defer unlock()
	_, err = io.WriteString(w, "{}\n")
	return err
}

// MergeQuestions implements api.Inventory.
func (f *Fake) MergeQuestions(_ context.Context, who access.Caller) ([]api.MergeQuestion, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return []api.MergeQuestion{{
		ID: "mq_1", A: fakeAsset, B: api.Ref{Kind: "asset", ID: "as_01jd0000000000000000000002", Label: "lab-02"}, Score: 0.6,
		For: []string{"both answer to the name lab-02"}, Against: []string{"their network cards are of different makers"}, AskedAt: f.now().Add(-time.Hour),
	}}, nil
}

// done is what a change without an answer does.
func (f *Fake) done(who access.Caller) error {
	unlock, err := f.mine(who)
	if err != nil {
		return err
	}
	defer unlock()
	f.changed()
	return nil
}

// AnswerMerge implements api.Inventory.
func (f *Fake) AnswerMerge(_ context.Context, who access.Caller, _ string, _ api.MergeAnswer) error {
	return f.done(who)
}

// MergeAssets implements api.Inventory.
func (f *Fake) MergeAssets(_ context.Context, who access.Caller, _ api.MergeInput) error {
	return f.done(who)
}

// UnmergeAssets implements api.Inventory.
func (f *Fake) UnmergeAssets(_ context.Context, who access.Caller, _, _ string) error {
	return f.done(who)
}

// AssetViews implements api.Inventory.
func (f *Fake) AssetViews(_ context.Context, who access.Caller) ([]api.AssetView, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return []api.AssetView{{Name: "Infusion pumps", Kind: "asset", Q: "pump", By: "Dana Osei"}}, nil
}

// PutAssetView implements api.Inventory.
func (f *Fake) PutAssetView(_ context.Context, who access.Caller, _ api.AssetView) error {
	return f.done(who)
}

// DeleteAssetView implements api.Inventory.
func (f *Fake) DeleteAssetView(_ context.Context, who access.Caller, _ string) error {
	return f.done(who)
}

func (f *Fake) models() []api.DeviceModel {
	return []api.DeviceModel{{
		ID: "meridian~pulse-3", Manufacturer: "Meridian", Model: "Pulse 3", Class: "medical_device", Term: "Infusion pump", Assets: 24, Versions: []string{"3.1", "3.2"},
		Findings: 2, Severity: "high", Advisories: 1, ToCheck: 1, MDS2: true, Lacks: []string{"automatic logoff"},
	}}
}

// DeviceModels implements api.Inventory.
func (f *Fake) DeviceModels(_ context.Context, who access.Caller, _ string) ([]api.DeviceModel, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return f.models(), nil
}

// DeviceModel implements api.Inventory.
func (f *Fake) DeviceModel(_ context.Context, who access.Caller, id string) (*api.DeviceModel, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	ms := f.models()
	i := slices.IndexFunc(ms, func(m api.DeviceModel) bool { return m.ID == id })
	if i < 0 {
		return nil, errs.New(errs.NotFound, "no model %.60q", id)
	}
	m := ms[i]
	m.Units = []api.ModelUnit{{Asset: fakeAsset, Serial: "P3-0001", Version: "3.1", Location: "Ward 2"}}
	m.Said = []api.ModelAdvisory{{Advisory: "ICSMA-24-001-01", Flaws: []string{fakeFlaw}, Grade: "check_by_hand", Product: "Pulse 3", Versions: "distributed before 2018", Reason: "the advisory gives dates, not versions", Assets: 24}}
	m.Compensations = []api.Compensation{{Lacks: "automatic logoff", Do: "keep the device in sight, or behind a door"}}
	return &m, nil
}

// Vulnerabilities implements api.Inventory.
func (f *Fake) Vulnerabilities(_ context.Context, who access.Caller) (*api.VulnerabilityOverview, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	by, days := f.now().Add(72*time.Hour), 12.0
	return &api.VulnerabilityOverview{
		Feed: f.fakeFeed(), Open: 63, Flaws: 41, BySeverity: map[string]int{"critical": 3, "high": 20, "medium": 30, "low": 10}, Exploited: 2, PastDue: 1, DueSoon: 5, Decided: 1,
		Assets: 412, AssetsOpen: 31, Assessed: 222, NotAssessed: 190, Components: 51000, ComponentsNotAssessed: 800,
		Gaps: []api.AssessmentGap{{Ecosystem: "generic", Why: "no advisories speak of software of this kind", Count: 800, Assets: 40, Sample: []string{"LabLink"}}},
		Groups: []api.UpdateGroup{{
			ID: "xz-utils", Title: "Update xz-utils to 5.6.1+really5.4.5-1", Software: "xz-utils", Fixed: "5.6.1+really5.4.5-1", Findings: 31, Flaws: []string{fakeFlaw}, FlawCount: 1,
			Assets: []api.Ref{fakeAsset}, AssetCount: 31, Severity: "critical", Exploited: 31, EPSS: 0.84, Decision: "act", FixBy: &by, Owners: []string{"Laboratory"}, Why: []string{"exploited now", "mends 31 findings"},
		}},
		GroupsTotal: 1, Times: []api.TimeToFix{{Severity: "critical", Fixed: 14, MedianDays: &days, P90Days: &days, Open: 3, OldestDays: &days}}, Checks: 24,
	}, nil
}

// Flaw implements api.Inventory.
func (f *Fake) Flaw(_ context.Context, who access.Caller, id string) (*api.FlawDetail, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	d := &api.FlawDetail{
		ID: id, Asked: id, Aliases: []string{}, Title: "Unknown", Answer: "unknown", Say: "No advisory in force knows " + id + ".", References: []string{}, Advisories: []api.Advisory{},
		Affected: []api.AffectedAsset{}, ToCheck: []api.AssetToCheck{}, Gaps: []api.AssessmentGap{}, Decisions: []api.FlawDecision{}, Feed: f.fakeFeed(),
	}
	if id == fakeFlaw {
		d.Title, d.Answer, d.Severity, d.CVSS = "Backdoor in xz", "affected", "critical", 10
		d.Say = "Affected: 1 of 222 assets whose software is known."
		d.Affected = []api.AffectedAsset{{Asset: fakeAsset, Finding: fakeAsset.ID + "/" + id, Owner: "Laboratory", Software: "xz-utils", Version: "5.6.0-0.2", Witnesses: []string{"advisories: DSA-5649-1"}}}
		d.AffectedAll, d.Looked, d.NotLooked = 1, 222, 190
	}
	return d, nil
}

// FlawWhy implements api.Inventory.
func (f *Fake) FlawWhy(_ context.Context, who access.Caller, id, _ string) (*api.FlawWhy, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return &api.FlawWhy{Flaw: id, Lines: []api.Explanation{{Software: "xz-utils", Version: "5.6.0-0.2", Ecosystem: "Debian:12", Verdict: "affected", Say: "5.6.0-0.2 comes before 5.6.1, which mends it."}}}, nil
}

// Decisions implements api.Inventory.
func (f *Fake) Decisions(_ context.Context, who access.Caller) ([]api.FlawDecision, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return []api.FlawDecision{{ID: "de_1", Kind: "accept", Flaw: fakeFlaw, Reason: "The server has no network.", By: "Dana Osei", At: f.now().Add(-time.Hour), Until: f.now().AddDate(0, 3, 0), Live: true, Covers: 1}}, nil
}

// Decide implements api.Inventory.
func (f *Fake) Decide(_ context.Context, who access.Caller, d api.DecisionInput) (*api.FlawDecision, error) {
	if err := f.done(who); err != nil {
		return nil, err
	}
	return &api.FlawDecision{ID: "de_2", Kind: d.Kind, Flaw: d.Flaw, Reason: d.Reason, By: who.Name(), At: f.now(), Until: d.Until, Live: true}, nil
}

// EndDecision implements api.Inventory.
func (f *Fake) EndDecision(_ context.Context, who access.Caller, id string) (*api.FlawDecision, error) {
	if err := f.done(who); err != nil {
		return nil, err
	}
	if id == "nothing" {
		return nil, errs.New(errs.NotFound, "no decision %.60q", id)
	}
	return &api.FlawDecision{ID: id, Kind: "accept", Flaw: fakeFlaw, By: who.Name(), EndedBy: who.Name()}, nil
}

// Feeds implements api.Inventory.
func (f *Fake) Feeds(_ context.Context, who access.Caller) (*api.FeedStatus, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return &api.FeedStatus{
		InForce: &api.FeedDetail{
			FeedBrief: *f.fakeFeed(), Size: 15 << 20, SignedBy: "feeds.example+0a1b2c3d",
			Sources:    []api.FeedSource{{ID: "osv/Debian", Title: "Debian security advisories", Records: 8293, Newest: api.Stamp(f.now().Add(-30 * time.Hour))}},
			Ecosystems: []api.FeedEcosystem{{Name: "Debian:12", Records: 1200, Installed: 30000}}, RefusedOf: []api.FeedRefused{},
		},
		Earlier: []api.FeedBrief{}, Keys: []api.TrustedKey{{Name: "feeds.example", Key: "feeds.example+0a1b2c3d+AAAA"}}, Cadences: []api.Cadence{{Source: "kev", Days: 7}},
	}, nil
}

// BringFeed implements api.Inventory.
func (f *Fake) BringFeed(ctx context.Context, who access.Caller, _ string, _ io.ReaderAt, size int64) (*api.FeedStatus, error) {
	if size < 100 {
		return nil, errs.Hint(errs.New(errs.Invalid, "the file is no feed: it has %d bytes", size), "bring the file that asepsis feed build wrote")
	}
	return f.Feeds(ctx, who)
}

// TrustKey implements api.Inventory.
func (f *Fake) TrustKey(ctx context.Context, who access.Caller, _ string) (*api.FeedStatus, error) {
	return f.Feeds(ctx, who)
}

// Scopes implements api.Inventory.
func (f *Fake) Scopes(_ context.Context, who access.Caller) ([]api.DiscoveryScope, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return []api.DiscoveryScope{{Name: "wards", Networks: []string{"10.20.0.0/22"}, Profile: "cautious", Zone: "clinical", Every: "168h", From: "01:00", To: "05:00", Note: "agreed with biomedical engineering"}}, nil
}

// PutScope implements api.Inventory.
func (f *Fake) PutScope(_ context.Context, who access.Caller, _ api.DiscoveryScope) error {
	return f.done(who)
}

// DeleteScope implements api.Inventory.
func (f *Fake) DeleteScope(_ context.Context, who access.Caller, _ string) error { return f.done(who) }

// Discover implements api.Inventory.
func (f *Fake) Discover(_ context.Context, who access.Caller, scope string) (*api.Job, error) {
	if err := f.done(who); err != nil {
		return nil, err
	}
	return &api.Job{ID: "ev_1", Kind: "discovery", State: "running", Step: fmt.Sprintf("searching %s", scope), StartedAt: f.now()}, nil
}

// DiscoveryRuns implements api.Inventory.
func (f *Fake) DiscoveryRuns(_ context.Context, who access.Caller) ([]api.DiscoveryRun, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return []api.DiscoveryRun{{
		ID: "rn_1", Scope: "wards", State: "done", BegunAt: f.now().Add(-3 * time.Hour), EndedAt: api.Stamp(f.now().Add(-2 * time.Hour)), Looked: 1022, Left: 24, Found: 400,
		Changes: []api.DeviceChange{{Change: "new", Device: "10.20.1.17", Say: "a printer nobody had seen before"}}, Notes: []api.Note{},
	}}, nil
}
