package judge

import (
	"testing"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/vuln"
)

// TestStaleLikelihood shows no chance of exploitation by scores that are too old: they
// change every day, and an old one sorts what to do first.
func TestStaleLikelihood(t *testing.T) {
	c := vuln.NewCompiler()
	c.Likelihood("epss", []advisory.Likelihood{{CVE: "CVE-2026-1000", Score: 0.9, Percentile: 0.99}})
	file := vuln.NewBuilder(time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC))
	if _, err := c.Finish(file); err != nil {
		t.Fatal(err)
	}
	db, err := vuln.Open(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := NewEngine(db, Feed{}, nil).Flaw("CVE-2026-1000"); !ok || !f.HasEPSS {
		t.Errorf("fresh: %+v, %v", f, ok)
	}
	if f, _ := NewEngine(db, Feed{}, map[string]string{"likelihood": "it is too old"}).Flaw("CVE-2026-1000"); f.HasEPSS {
		t.Errorf("stale: %+v", f)
	}
}
