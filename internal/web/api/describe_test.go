package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/web/api"
	"github.com/asepsis/asepsis/internal/web/api/apitest"
)

// notJSON answers are of another form, or described elsewhere.
var notJSON = []string{"/events", "/openapi.json", "/report", "/report.csv", "/report.json", "/imports/templates/{name}", "/inventory/assets/{id}/sbom"}

// TestAnswersAreAsDescribed checks each JSON answer against the schema that the
// OpenAPI file gives for it.
func TestAnswersAreAsDescribed(t *testing.T) {
	b, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	admin := w.session(w.tenant, access.Administrator)
	if r := w.do(call{method: "POST", path: "/tokens", session: admin, body: map[string]any{"name": "t", "role": "auditor", "days": 7}}); r.Code != http.StatusCreated {
		t.Fatalf("token: %d %s", r.Code, r.Body)
	}
	seen := apitest.Conforms(t, w.handler, http.Header{"Cookie": {"asepsis_session=" + admin}})
	for _, op := range operations(t) {
		if op.method == http.MethodGet && !slices.Contains(seen, op.path) && !slices.Contains(notJSON, op.path) {
			t.Errorf("%s was not checked", op.path)
		}
	}
	// Problems too.
	sch, err := c.Compile("openapi.json#/components/schemas/Problem")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/goals/none", "/resources/asset?limit=0", "/resources/asset?filter=x", "/nowhere", "/audit?cursor=x"} {
		r := w.get(admin, path)
		var v any
		if err := json.Unmarshal(r.Body.Bytes(), &v); err != nil || r.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %v, %s", path, err, r.Header().Get("Content-Type"))
			continue
		}
		if err := sch.Validate(v); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}
