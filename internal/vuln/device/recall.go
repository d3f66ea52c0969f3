package device

import (
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
)

// recalled is the sector of statements that come from recalls.
const recalled = "recall"

// Recall is a recall of a device as the FDA's enforcement reports give it (21 CFR 7
// subpart C).
type Recall struct {
	Number  string // Z-1234-2024
	Firm    string
	Product string // name of the product
	Models  []string
	DIs     []string // device identifiers
	Version string   // software version statement; "" for all
	Class   string   // I, II, III
	Reason  string
	Action  string
	At      time.Time
}

// Advisory gives the recall in the one shape of advisories, so that it goes the same
// way. Its models hold the device identifiers too, which name a model beyond doubt.
func (r Recall) Advisory() advisory.Advisory {
	severity := map[string]string{"I": "critical", "II": "high", "III": "low"}[strings.TrimSpace(strings.TrimPrefix(strings.ToUpper(r.Class), "CLASS "))]
	a := advisory.Advisory{ID: r.Number, Source: "fda/recall", Title: r.Product, Details: r.Reason, Published: r.At, Modified: r.At}
	if severity != "" {
		a.Scores = []advisory.Score{{Severity: severity, By: "fda"}}
	}
	models := make([]string, 0, len(r.Models)+len(r.DIs))
	models = append(append(models, r.Models...), r.DIs...)
	a.Products = []advisory.Product{{
		Device: &advisory.Device{Vendor: r.Firm, Name: r.Product, Models: models, Version: r.Version, Sector: recalled}, Remedy: r.Action,
	}}
	return a
}
