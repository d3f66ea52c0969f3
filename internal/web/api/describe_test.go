package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/web/api"
)

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
	seen := 0
	for _, op := range operations(t) {
		if op.method != http.MethodGet || op.path == "/events" {
			continue
		}
		r := w.get(admin, target(op.path))
		if r.Code != http.StatusOK {
			t.Errorf("%s: status %d: %.300s", op.path, r.Code, r.Body)
			continue
		}
		if r.Header().Get("Content-Type") != "application/json" || op.path == "/openapi.json" || op.path == "/report.json" {
			continue
		}
		pointer := "openapi.json#/paths/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(op.path) + "/get/responses/200/content/application~1json/schema"
		sch, err := c.Compile(strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pointer))
		if err != nil {
			t.Errorf("%s: %v", op.path, err)
			continue
		}
		v, err := jsonschema.UnmarshalJSON(r.Body)
		if err != nil {
			t.Errorf("%s: %v", op.path, err)
			continue
		}
		if err := sch.Validate(v); err != nil {
			t.Errorf("%s: %v", op.path, err)
		}
		seen++
	}
	if seen < 20 {
		t.Errorf("only %d answers were checked", seen)
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
