package api_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/asepsis/asepsis/internal/web/api"
)

var update = flag.Bool("update", false, "write golden files")

const golden = "../../../docs/formats/openapi.json"

func TestOpenAPIFileIsCurrent(t *testing.T) {
	got, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil { //nolint:gosec // a document of the repository
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/formats/openapi.json is out of date: run go test ./internal/web/api -update")
	}
}
