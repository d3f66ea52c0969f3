package segment_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asepsis/asepsis/internal/segment"
)

// TestDocumentedPlan reads the plan that the documentation shows.
func TestDocumentedPlan(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "segmentation.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(b), "```json\n")
	example, _, ok := strings.Cut(after, "```")
	if !ok {
		t.Fatal("the documentation shows no plan")
	}
	var p segment.Plan
	d := json.NewDecoder(strings.NewReader(example))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatal(err)
	}
	if faults := p.Validate(); len(faults) > 0 || len(p.Zones) != 4 || p.Rules[0].Services[0].Proto != segment.TCP || p.Rules[0].Until.IsZero() {
		t.Errorf("%+v, %v", p, faults)
	}
}
