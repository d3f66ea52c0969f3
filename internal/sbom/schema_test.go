package sbom_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/asepsis/asepsis/internal/sbom"
)

// schema compiles an official schema; where it is not here, it says why. Those of
// CycloneDX lie in the module that its makers publish; SPDX's is a file of its
// specification, which ASEPSIS_SPDX_SCHEMA names (schemas/spdx-schema.json of version
// 2.3 in github.com/spdx/spdx-spec).
func schema(t *testing.T, format string) (s *jsonschema.Schema, why string) {
	t.Helper()
	c := jsonschema.NewCompiler()
	add := func(url, file string) {
		data, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(url, doc); err != nil {
			t.Fatal(err)
		}
	}
	url := "http://spdx.org/rdf/terms/2.3"
	if format == sbom.SPDX {
		file := os.Getenv("ASEPSIS_SPDX_SCHEMA")
		if file == "" {
			return nil, "ASEPSIS_SPDX_SCHEMA names no schema of SPDX 2.3"
		}
		add(url, file)
	} else {
		out, err := exec.CommandContext(context.Background(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
		dir := strings.TrimSpace(string(out))
		if err != nil || dir == "" {
			return nil, "the module with the schemas of CycloneDX is not here; go mod download fetches it"
		}
		const base = "http://cyclonedx.org/schema/"
		url = base + "bom-1.6.schema.json"
		add(url, filepath.Join(dir, "schema", "bom-1.6.schema.json"))
		add(base+"spdx.schema.json", filepath.Join(dir, "schema", "spdx.schema.json"))
		jsf := filepath.Join(dir, "schema", "jsf-0.82.schema.json")
		if _, err := os.Stat(jsf); err != nil {
			jsf = filepath.Join(dir, "schema", "jsf-0.82.schemax.json") // as one release misnames it
		}
		add(base+"jsf-0.82.schema.json", jsf)
	}
	s, err := c.Compile(url)
	if err != nil {
		t.Fatal(err)
	}
	return s, ""
}

// validate holds a document against a schema.
func validate(t *testing.T, s *jsonschema.Schema, what string, data []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Errorf("%s: %.2000v", what, err)
	}
}

// TestSchemas holds what is written against the official schemas.
func TestSchemas(t *testing.T) {
	full := bill(software())
	full.Of.ID = "a1"
	full.Flaws = flaws()
	all := parts()
	all.Flaws = flaws()
	empty := &sbom.Bill{Made: made, Version: "dev", Of: sbom.Asset{ID: "x", Name: "x"}}
	for format := range readers {
		t.Run(format, func(t *testing.T) {
			s, why := schema(t, format)
			if why != "" {
				t.Skip(why)
			}
			for name, b := range map[string]*sbom.Bill{"one asset": full, "an organization": all, "nothing": empty} {
				validate(t, s, name, write(t, format, b))
			}
			// The schema must be able to say no.
			var doc map[string]any
			if err := json.Unmarshal(write(t, format, full), &doc); err != nil {
				t.Fatal(err)
			}
			doc["creationInfo"], doc["bomFormat"] = "x", "x"
			if s.Validate(doc) == nil {
				t.Error("the schema takes anything")
			}
		})
	}
}
