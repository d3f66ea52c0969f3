package apitest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/web/api"
)

// Conforms asks a server for everything that can be read, and checks that each
// answer is as the OpenAPI file describes it. The header signs the requests; its
// owner must be allowed to read everything. It returns the addresses that were
// checked.
//
// Implementations of api.Reader run it over some data of their own: a field that
// is never filled in the way it is described shows here and not in a browser.
func Conforms(t testing.TB, h http.Handler, signed http.Header) []string {
	t.Helper()
	c := &conformer{t: t, h: h, signed: signed, compiler: jsonschema.NewCompiler()}
	b, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.compiler.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{
		"/session", "/organizations/presets", "/today", "/goals", "/checks", "/assessments", "/imports", "/imports/formats",
		"/users", "/tokens", "/parameters", "/organization", "/audit", "/ledger",
		"/inventory", "/inventory/questions", "/inventory/views", "/devices/models", "/vulnerabilities", "/decisions", "/feeds", "/discovery/scopes", "/discovery/runs",
	} {
		c.check(p, p)
	}
	c.check("/organizations/hospitals", "/organizations/hospitals?q=memorial")
	c.check("/search", "/search?q=a")
	for _, id := range c.ids("/goals", "id") {
		c.check("/goals/{id}", "/goals/"+id)
	}
	for _, id := range c.ids("/checks", "id") {
		c.check("/checks/{id}", "/checks/"+id)
		c.check("/checks/{id}/results", "/checks/"+id+"/results?limit=3")
		for _, r := range c.ids("/checks/"+id+"/results?limit=3", "resource") {
			c.check("/checks/{id}/results/{resource}", "/checks/"+id+"/results/"+r)
		}
	}
	for _, k := range fact.Kinds() {
		list := "/resources/" + string(k)
		c.check("/resources/{kind}", list)
		for _, id := range c.ids(list+"?limit=3", "id") {
			c.check("/resources/{kind}/{id}", list+"/"+id)
		}
	}
	for _, id := range c.ids("/resources/asset?limit=3", "id") {
		c.check("/inventory/assets/{id}/history", "/inventory/assets/"+id+"/history")
		c.check("/inventory/assets/{id}/software", "/inventory/assets/"+id+"/software?limit=5")
	}
	for _, id := range c.ids("/devices/models", "id") {
		c.check("/devices/models/{id}", "/devices/models/"+id)
	}
	for _, id := range []string{"CVE-2024-3094", "CVE-1999-0000"} {
		c.check("/vulnerabilities/{id}", "/vulnerabilities/"+id)
		c.check("/vulnerabilities/{id}/why", "/vulnerabilities/"+id+"/why")
	}
	for _, id := range c.ids("/assessments?limit=2", "id") {
		c.check("/assessments/{id}", "/assessments/"+id)
	}
	for _, id := range c.ids("/imports?limit=5", "id") {
		c.check("/imports/{id}", "/imports/"+id)
	}
	return c.seen
}

type conformer struct {
	t        testing.TB
	h        http.Handler
	signed   http.Header
	compiler *jsonschema.Compiler
	seen     []string
}

func (c *conformer) get(target string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(c.t.Context(), http.MethodGet, api.Prefix+target, nil)
	r.Host = "localhost"
	maps.Copy(r.Header, c.signed)
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	return w
}

// ids lists one field of the items of a list, escaped for a path.
func (c *conformer) ids(target, field string) []string {
	c.t.Helper()
	var page struct {
		Items []map[string]any `json:"items"`
	}
	if err := json.Unmarshal(c.get(target).Body.Bytes(), &page); err != nil {
		c.t.Errorf("%s: %v", target, err)
	}
	var out []string
	for _, it := range page.Items {
		if s, ok := it[field].(string); ok {
			out = append(out, url.PathEscape(s))
		}
	}
	return out
}

func (c *conformer) check(path, target string) {
	c.t.Helper()
	r := c.get(target)
	if r.Code != http.StatusOK {
		c.t.Errorf("%s: status %d: %.300s", target, r.Code, r.Body)
		return
	}
	at := "openapi.json#/paths/" + strings.NewReplacer("/", "~1", "{", "%7B", "}", "%7D").Replace(path) +
		"/get/responses/200/content/application~1json/schema"
	schema, err := c.compiler.Compile(at)
	if err != nil {
		c.t.Errorf("%s: %v", path, err)
		return
	}
	v, err := jsonschema.UnmarshalJSON(r.Body)
	if err != nil {
		c.t.Errorf("%s: %v", target, err)
		return
	}
	if err := schema.Validate(v); err != nil {
		c.t.Errorf("%s: %v", target, err)
	}
	if !slices.Contains(c.seen, path) {
		c.seen = append(c.seen, path)
	}
}
