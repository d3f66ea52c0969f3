package assess

import (
	"slices"

	"github.com/asepsis/asepsis/internal/fact"
)

// The decisions of CISA's SSVC tree.
const (
	act          = "act"
	attend       = "attend"
	trackClosely = "track_closely" // Track* in CISA's words
	track        = "track"
)

// ssvc is CISA's decision tree (CISA Stakeholder-Specific Vulnerability
// Categorization Guide, November 2022): by exploitation, automatable, technical
// impact, then mission and well-being low, medium, high.
var ssvc = map[[3]string][3]string{
	{"none", "no", "partial"}:    {track, track, track},
	{"none", "no", "total"}:      {track, track, trackClosely},
	{"none", "yes", "partial"}:   {track, track, attend},
	{"none", "yes", "total"}:     {track, track, attend},
	{"poc", "no", "partial"}:     {track, track, trackClosely},
	{"poc", "no", "total"}:       {track, trackClosely, attend},
	{"poc", "yes", "partial"}:    {track, track, attend},
	{"poc", "yes", "total"}:      {track, trackClosely, attend},
	{"active", "no", "partial"}:  {track, track, attend},
	{"active", "no", "total"}:    {track, attend, act},
	{"active", "yes", "partial"}: {attend, attend, act},
	{"active", "yes", "total"}:   {attend, attend, act},
}

// decide says how soon a finding is to be mended. Points that CISA gave decide;
// where it gave none they are taken from what else is known, the graver way.
func decide(r, a *fact.Resource) string {
	return ssvc[[3]string{exploitation(r), automatable(r), technicalImpact(r)}][mission(a)]
}

func exploitation(r *fact.Resource) string {
	if r.True("known_exploited") {
		return "active"
	}
	if s := r.Text("exploitation"); slices.Contains([]string{"none", "poc", "active"}, s) {
		return s
	}
	epss, _ := r.Get("epss").(float64)
	if r.True("exploit_available") || epss >= 0.1 {
		return "poc"
	}
	return "none"
}

func automatable(r *fact.Resource) string {
	if v, ok := r.Get("automatable").(bool); ok {
		return map[bool]string{true: "yes", false: "no"}[v]
	}
	// Without CISA's word: a flaw as grave as this needs neither sign-in nor a click.
	if cvss, ok := r.Get("cvss").(float64); ok && cvss >= 9.8 {
		return "yes"
	}
	return "no"
}

func technicalImpact(r *fact.Resource) string {
	if s := r.Text("technical_impact"); s == "partial" || s == "total" {
		return s
	}
	if s := r.Text("severity"); s == "critical" || s == "high" {
		return "total"
	}
	return "partial"
}

// mission is how much hangs on the asset: 0 low, 1 medium, 2 high. Of one of
// which nobody said, a medical device counts as clinical, anything else as medium.
func mission(a *fact.Resource) int {
	if a == nil {
		return 1
	}
	switch a.Text("criticality") {
	case "life_supporting", "clinical":
		return 2
	case "business":
		return 1
	case "minor":
		return 0
	}
	if a.Text("class") == "medical_device" {
		return 2
	}
	return 1
}
