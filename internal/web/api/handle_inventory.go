package api

import (
	"bytes"
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
)

func (s *server) inventorySummary(ctx context.Context, who access.Caller, _ *none) (*body[InventorySummary], error) {
	return ref(s.inventory.InventorySummary(ctx, who))
}

type assetEditInput struct{ Body AssetEdit }

func (s *server) editAssets(ctx context.Context, who access.Caller, in *assetEditInput) (*body[Edited], error) {
	for name, v := range in.Body.Values {
		// Numbers of JSON are whole where an attribute is: people type 3, not 3.0.
		if f, ok := v.(float64); ok && f == float64(int64(f)) {
			in.Body.Values[name] = int64(f)
		}
	}
	in.Body.Reason = clean(in.Body.Reason)
	return ref(s.inventory.EditAssets(ctx, who, in.Body))
}

func (s *server) assetHistory(ctx context.Context, who access.Caller, in *byID) (*body[AssetHistory], error) {
	return ref(s.inventory.AssetHistory(ctx, who, in.ID))
}

type softwareInput struct {
	PageInput
	ID      string `path:"id" maxLength:"200"`
	Q       string `query:"q" maxLength:"200" doc:"Text in name or version"`
	Verdict string `query:"verdict" enum:"affected,not_affected,not_assessed"`
}

func (s *server) assetSoftware(ctx context.Context, who access.Caller, in *softwareInput) (*body[Page[SoftwareRow]], error) {
	return ref(s.inventory.AssetSoftware(ctx, who, in.ID, SoftwareQuery{PageQuery: in.query(), Q: clean(in.Q), Verdict: in.Verdict}))
}

type sbomInput struct {
	ID     string `path:"id" maxLength:"200"`
	Format string `query:"format" enum:"cyclonedx,spdx" default:"cyclonedx"`
}

func (s *server) sbomRoute(rt route) {
	s.raw(rt, "application/json")
	add(s, rt, s.assetSBOM)
}

func (s *server) assetSBOM(ctx context.Context, who access.Caller, in *sbomInput) (*file, error) {
	var b bytes.Buffer
	if err := s.inventory.AssetSBOM(ctx, who, in.ID, in.Format, &b); err != nil {
		return nil, err
	}
	kind, ext := "application/vnd.cyclonedx+json", ".cdx.json"
	if in.Format == "spdx" {
		kind, ext = "application/spdx+json", ".spdx.json"
	}
	return &file{Type: kind, Body: b.Bytes(), Disposition: attachment("sbom-" + in.ID + ext), CSP: "default-src 'none'"}, nil
}

func (s *server) mergeQuestions(ctx context.Context, who access.Caller, _ *none) (*body[List[MergeQuestion]], error) {
	return list(s.inventory.MergeQuestions(ctx, who))
}

type mergeAnswerInput struct {
	ID   string `path:"id" maxLength:"200"`
	Body MergeAnswer
}

func (s *server) answerMerge(ctx context.Context, who access.Caller, in *mergeAnswerInput) (*none, error) {
	in.Body.Reason = clean(in.Body.Reason)
	return nil, s.inventory.AnswerMerge(ctx, who, in.ID, in.Body)
}

type mergeInput struct{ Body MergeInput }

func (s *server) mergeAssets(ctx context.Context, who access.Caller, in *mergeInput) (*none, error) {
	in.Body.Reason = clean(in.Body.Reason)
	return nil, s.inventory.MergeAssets(ctx, who, in.Body)
}

type unmergeInput struct {
	ID   string `path:"id" maxLength:"200"`
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

func (s *server) unmergeAssets(ctx context.Context, who access.Caller, in *unmergeInput) (*none, error) {
	return nil, s.inventory.UnmergeAssets(ctx, who, in.ID, clean(in.Body.Reason))
}

func (s *server) assetViews(ctx context.Context, who access.Caller, _ *none) (*body[List[AssetView]], error) {
	return list(s.inventory.AssetViews(ctx, who))
}

type viewInput struct{ Body AssetView }

func (s *server) putAssetView(ctx context.Context, who access.Caller, in *viewInput) (*none, error) {
	in.Body.Name, in.Body.Q = clean(in.Body.Name), clean(in.Body.Q)
	return nil, s.inventory.PutAssetView(ctx, who, in.Body)
}

type byName struct {
	Name string `path:"name" maxLength:"200"`
}

func (s *server) deleteAssetView(ctx context.Context, who access.Caller, in *byName) (*none, error) {
	return nil, s.inventory.DeleteAssetView(ctx, who, in.Name)
}

type modelsInput struct {
	Q string `query:"q" maxLength:"200"`
}

func (s *server) deviceModels(ctx context.Context, who access.Caller, in *modelsInput) (*body[List[DeviceModel]], error) {
	return list(s.inventory.DeviceModels(ctx, who, clean(in.Q)))
}

func (s *server) deviceModel(ctx context.Context, who access.Caller, in *byID) (*body[DeviceModel], error) {
	return ref(s.inventory.DeviceModel(ctx, who, in.ID))
}

func (s *server) vulnerabilities(ctx context.Context, who access.Caller, _ *none) (*body[VulnerabilityOverview], error) {
	return ref(s.inventory.Vulnerabilities(ctx, who))
}

func (s *server) flaw(ctx context.Context, who access.Caller, in *byID) (*body[FlawDetail], error) {
	return ref(s.inventory.Flaw(ctx, who, clean(in.ID)))
}

type whyInput struct {
	ID    string `path:"id" maxLength:"200"`
	Asset string `query:"asset" maxLength:"200" doc:"Only of this asset; else of every piece of software the flaw could be in"`
}

func (s *server) flawWhy(ctx context.Context, who access.Caller, in *whyInput) (*body[FlawWhy], error) {
	return ref(s.inventory.FlawWhy(ctx, who, clean(in.ID), in.Asset))
}

func (s *server) decisions(ctx context.Context, who access.Caller, _ *none) (*body[List[FlawDecision]], error) {
	return list(s.inventory.Decisions(ctx, who))
}

type decisionInput struct{ Body DecisionInput }

func (s *server) decide(ctx context.Context, who access.Caller, in *decisionInput) (*body[FlawDecision], error) {
	in.Body.Reason, in.Body.Control = clean(in.Body.Reason), clean(in.Body.Control)
	return ref(s.inventory.Decide(ctx, who, in.Body))
}

func (s *server) endDecision(ctx context.Context, who access.Caller, in *byID) (*body[FlawDecision], error) {
	return ref(s.inventory.EndDecision(ctx, who, in.ID))
}

func (s *server) feeds(ctx context.Context, who access.Caller, _ *none) (*body[FeedStatus], error) {
	return ref(s.inventory.Feeds(ctx, who))
}

// mostFeed bounds an uploaded feed.
const mostFeed = 512 << 20

type feedInput struct {
	RawBody []byte `contentType:"application/octet-stream"`
}

// feedRoute registers the upload of a feed, whose body is the file itself.
func (s *server) feedRoute(rt route) {
	rt.within = uploadTime
	rt.body = mostFeed
	add(s, rt, s.bringFeed)
	s.huma.OpenAPI().Paths[rt.path].Post.RequestBody = &huma.RequestBody{
		Required:    true,
		Description: "A feed file as asepsis feed build writes it",
		Content:     map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}
}

func (s *server) bringFeed(ctx context.Context, who access.Caller, in *feedInput) (*body[FeedStatus], error) {
	if len(in.RawBody) == 0 {
		return nil, errs.New(errs.Invalid, "the file is empty")
	}
	return ref(s.inventory.BringFeed(ctx, who, "upload", bytes.NewReader(in.RawBody), int64(len(in.RawBody))))
}

type keyInput struct {
	Body struct {
		Key string `json:"key" minLength:"20" maxLength:"400" doc:"As asepsis feed key prints it"`
	}
}

func (s *server) trustKey(ctx context.Context, who access.Caller, in *keyInput) (*body[FeedStatus], error) {
	return ref(s.inventory.TrustKey(ctx, who, clean(in.Body.Key)))
}

func (s *server) scopes(ctx context.Context, who access.Caller, _ *none) (*body[List[DiscoveryScope]], error) {
	return list(s.inventory.Scopes(ctx, who))
}

type scopeInput struct{ Body DiscoveryScope }

func (s *server) putScope(ctx context.Context, who access.Caller, in *scopeInput) (*none, error) {
	in.Body.Name, in.Body.Note = clean(in.Body.Name), clean(in.Body.Note)
	return nil, s.inventory.PutScope(ctx, who, in.Body)
}

func (s *server) deleteScope(ctx context.Context, who access.Caller, in *byName) (*none, error) {
	return nil, s.inventory.DeleteScope(ctx, who, in.Name)
}

func (s *server) discover(ctx context.Context, who access.Caller, in *byName) (*body[Job], error) {
	return ref(s.inventory.Discover(ctx, who, in.Name))
}

func (s *server) discoveryRuns(ctx context.Context, who access.Caller, _ *none) (*body[List[DiscoveryRun]], error) {
	return list(s.inventory.DiscoveryRuns(ctx, who))
}
