package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/app"
	"github.com/asepsis/asepsis/internal/web/api"
)

// The client is an inventory too: commands about it are written once, for the
// data folder and for a server.
var _ api.Inventory = (*client)(nil)

// withInventory runs a command against the server the person named, or else
// the data folder.
func (r *runner) withInventory(ctx context.Context, fn func(api.Inventory, access.Caller) error) error {
	cl, err := r.remote()
	if err != nil {
		return err
	}
	if cl != nil {
		return fn(cl, access.Caller{})
	}
	return r.with(ctx, func(a *app.App) error {
		p, err := a.Default(ctx, actor)
		if err != nil {
			return err
		}
		defer a.Wait()
		return fn(a.Inventory(), access.Command(p.ID, actor))
	})
}

func fetch[T any](ctx context.Context, c *client, path string) (*T, error) {
	out := new(T)
	return out, c.get(ctx, path, out)
}

func fetchList[T any](ctx context.Context, c *client, path string) ([]T, error) {
	out, err := fetch[api.List[T]](ctx, c, path)
	return out.Items, err
}

// send sends JSON and decodes the answer into out, which may be nil.
func (c *client) send(ctx context.Context, method, path string, in, out any) error {
	b, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.do(ctx, method, path, "application/json", bytes.NewReader(b), out)
}

func sendFor[T any](ctx context.Context, c *client, method, path string, in any) (*T, error) {
	out := new(T)
	return out, c.send(ctx, method, path, in, out)
}

func (c *client) InventorySummary(ctx context.Context, _ access.Caller) (*api.InventorySummary, error) {
	return fetch[api.InventorySummary](ctx, c, "/inventory")
}

func (c *client) EditAssets(ctx context.Context, _ access.Caller, e api.AssetEdit) (*api.Edited, error) {
	return sendFor[api.Edited](ctx, c, http.MethodPatch, "/inventory/assets", e)
}

func (c *client) AssetHistory(ctx context.Context, _ access.Caller, id string) (*api.AssetHistory, error) {
	return fetch[api.AssetHistory](ctx, c, "/inventory/assets/"+url.PathEscape(id)+"/history")
}

func (c *client) AssetSoftware(ctx context.Context, _ access.Caller, id string, q api.SoftwareQuery) (*api.Page[api.SoftwareRow], error) {
	v := url.Values{}
	for name, s := range map[string]string{"q": q.Q, "verdict": q.Verdict, "cursor": q.Cursor} {
		if s != "" {
			v.Set(name, s)
		}
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return fetch[api.Page[api.SoftwareRow]](ctx, c, "/inventory/assets/"+url.PathEscape(id)+"/software?"+v.Encode())
}

func (c *client) AssetSBOM(ctx context.Context, _ access.Caller, id, format string, w io.Writer) error {
	return c.get(ctx, "/inventory/assets/"+url.PathEscape(id)+"/sbom?format="+url.QueryEscape(format), w)
}

func (c *client) MergeQuestions(ctx context.Context, _ access.Caller) ([]api.MergeQuestion, error) {
	return fetchList[api.MergeQuestion](ctx, c, "/inventory/questions")
}

func (c *client) AnswerMerge(ctx context.Context, _ access.Caller, id string, a api.MergeAnswer) error {
	return c.send(ctx, http.MethodPost, "/inventory/questions/"+url.PathEscape(id), a, nil)
}

func (c *client) MergeAssets(ctx context.Context, _ access.Caller, m api.MergeInput) error {
	return c.send(ctx, http.MethodPost, "/inventory/merges", m, nil)
}

func (c *client) UnmergeAssets(ctx context.Context, _ access.Caller, id, reason string) error {
	return c.send(ctx, http.MethodPost, "/inventory/merges/"+url.PathEscape(id)+"/undo", map[string]string{"reason": reason}, nil)
}

func (c *client) AssetViews(ctx context.Context, _ access.Caller) ([]api.AssetView, error) {
	return fetchList[api.AssetView](ctx, c, "/inventory/views")
}

func (c *client) PutAssetView(ctx context.Context, _ access.Caller, v api.AssetView) error {
	return c.send(ctx, http.MethodPut, "/inventory/views", v, nil)
}

func (c *client) DeleteAssetView(ctx context.Context, _ access.Caller, name string) error {
	return c.do(ctx, http.MethodDelete, "/inventory/views/"+url.PathEscape(name), "", nil, nil)
}

func (c *client) DeviceModels(ctx context.Context, _ access.Caller, q string) ([]api.DeviceModel, error) {
	return fetchList[api.DeviceModel](ctx, c, "/devices/models?q="+url.QueryEscape(q))
}

func (c *client) DeviceModel(ctx context.Context, _ access.Caller, id string) (*api.DeviceModel, error) {
	return fetch[api.DeviceModel](ctx, c, "/devices/models/"+url.PathEscape(id))
}

func (c *client) Vulnerabilities(ctx context.Context, _ access.Caller) (*api.VulnerabilityOverview, error) {
	return fetch[api.VulnerabilityOverview](ctx, c, "/vulnerabilities")
}

func (c *client) Flaw(ctx context.Context, _ access.Caller, id string) (*api.FlawDetail, error) {
	return fetch[api.FlawDetail](ctx, c, "/vulnerabilities/"+url.PathEscape(id))
}

func (c *client) FlawWhy(ctx context.Context, _ access.Caller, id, asset string) (*api.FlawWhy, error) {
	return fetch[api.FlawWhy](ctx, c, "/vulnerabilities/"+url.PathEscape(id)+"/why?asset="+url.QueryEscape(asset))
}

func (c *client) Decisions(ctx context.Context, _ access.Caller) ([]api.FlawDecision, error) {
	return fetchList[api.FlawDecision](ctx, c, "/decisions")
}

func (c *client) Decide(ctx context.Context, _ access.Caller, d api.DecisionInput) (*api.FlawDecision, error) {
	return sendFor[api.FlawDecision](ctx, c, http.MethodPost, "/decisions", d)
}

func (c *client) EndDecision(ctx context.Context, _ access.Caller, id string) (*api.FlawDecision, error) {
	out := new(api.FlawDecision)
	return out, c.do(ctx, http.MethodDelete, "/decisions/"+url.PathEscape(id), "", nil, out)
}

func (c *client) Feeds(ctx context.Context, _ access.Caller) (*api.FeedStatus, error) {
	return fetch[api.FeedStatus](ctx, c, "/feeds")
}

func (c *client) BringFeed(ctx context.Context, _ access.Caller, _ string, r io.ReaderAt, size int64) (*api.FeedStatus, error) {
	out := new(api.FeedStatus)
	return out, c.do(ctx, http.MethodPost, "/feeds", "application/octet-stream", io.NewSectionReader(r, 0, size), out)
}

func (c *client) TrustKey(ctx context.Context, _ access.Caller, key string) (*api.FeedStatus, error) {
	return sendFor[api.FeedStatus](ctx, c, http.MethodPost, "/feeds/keys", map[string]string{"key": key})
}

func (c *client) Scopes(ctx context.Context, _ access.Caller) ([]api.DiscoveryScope, error) {
	return fetchList[api.DiscoveryScope](ctx, c, "/discovery/scopes")
}

func (c *client) PutScope(ctx context.Context, _ access.Caller, s api.DiscoveryScope) error {
	return c.send(ctx, http.MethodPut, "/discovery/scopes", s, nil)
}

func (c *client) DeleteScope(ctx context.Context, _ access.Caller, name string) error {
	return c.do(ctx, http.MethodDelete, "/discovery/scopes/"+url.PathEscape(name), "", nil, nil)
}

func (c *client) Discover(ctx context.Context, _ access.Caller, scope string) (*api.Job, error) {
	return sendFor[api.Job](ctx, c, http.MethodPost, "/discovery/scopes/"+url.PathEscape(scope)+"/runs", struct{}{})
}

func (c *client) DiscoveryRuns(ctx context.Context, _ access.Caller) ([]api.DiscoveryRun, error) {
	return fetchList[api.DiscoveryRun](ctx, c, "/discovery/runs")
}
