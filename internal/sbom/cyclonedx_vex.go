package sbom

import (
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
)

type (
	cdxSource struct {
		Name string `json:"name"`
		URL  string `json:"url,omitempty"`
	}
	cdxReference struct {
		ID     string    `json:"id"`
		Source cdxSource `json:"source"`
	}
	cdxRating struct {
		Score    *float64 `json:"score,omitempty"`
		Severity string   `json:"severity,omitempty"`
	}
	cdxAnalysis struct {
		State    string   `json:"state"`
		Response []string `json:"response,omitempty"`
		Detail   string   `json:"detail,omitempty"`
	}
	cdxAffects struct {
		Ref string `json:"ref"`
	}
	cdxVulnerability struct {
		Ref            string         `json:"bom-ref"`
		ID             string         `json:"id"`
		Source         *cdxSource     `json:"source,omitempty"`
		References     []cdxReference `json:"references,omitempty"`
		Ratings        []cdxRating    `json:"ratings,omitempty"`
		Recommendation string         `json:"recommendation,omitempty"`
		Analysis       cdxAnalysis    `json:"analysis"`
		Affects        []cdxAffects   `json:"affects,omitempty"`
	}
)

var states = [...]string{UnderAnalysis: "in_triage", Affected: "exploitable", NotAffected: "not_affected"}

// flaws writes our answers as VEX.
func (w *writer) flaws(b *Bill) {
	if len(b.Flaws) == 0 {
		return
	}
	on := make(map[string]*Asset, 1+len(b.Parts))
	for a := range b.assets() {
		on[a.ID] = a
	}
	w.key("vulnerabilities")
	w.list()
	for i := range b.Flaws {
		f := &b.Flaws[i]
		a := on[f.On]
		if a == nil {
			a = &b.Of
		}
		w.next()
		w.value(f.cyclonedx(a), false)
	}
	w.end()
}

func (f *Flaw) cyclonedx(a *Asset) *cdxVulnerability {
	v := &cdxVulnerability{
		Ref: "v" + a.ref(&fact.Component{Name: f.ID, Version: states[f.Status]})[1:], ID: f.ID, Source: sourceOf(f.ID),
		Analysis: cdxAnalysis{State: states[f.Status], Detail: f.Detail},
	}
	for _, alias := range f.Aliases {
		if s := sourceOf(alias); s != nil && alias != f.ID {
			v.References = append(v.References, cdxReference{alias, *s})
		}
	}
	switch f.Severity {
	case "critical", "high", "medium", "low", "info":
		v.Ratings = []cdxRating{{Severity: f.Severity}}
		if f.Score > 0 {
			v.Ratings[0].Score = &f.Score
		}
	}
	if f.Fixed != "" {
		v.Recommendation = "Update to " + f.Fixed
		if strings.HasPrefix(f.Fixed, "KB") {
			v.Recommendation = "Install " + f.Fixed
		}
	}
	if f.Response != "" {
		v.Analysis.Response = []string{f.Response}
	}
	for i := range f.In {
		v.Affects = append(v.Affects, cdxAffects{a.ref(&f.In[i])})
	}
	if len(v.Affects) == 0 {
		v.Affects = []cdxAffects{{a.self()}}
	}
	return v
}

// sourceOf names who numbers weaknesses so; nil if that is not known.
func sourceOf(id string) *cdxSource {
	switch {
	case strings.HasPrefix(id, "CVE-"):
		return &cdxSource{"NVD", "https://nvd.nist.gov/vuln/detail/" + id}
	case strings.HasPrefix(id, "GHSA-"):
		return &cdxSource{"GitHub Advisories", "https://github.com/advisories/" + id}
	case strings.HasPrefix(id, "DSA-"), strings.HasPrefix(id, "DLA-"):
		return &cdxSource{"Debian", "https://security-tracker.debian.org/tracker/" + id}
	case strings.HasPrefix(id, "ICSMA-"), strings.HasPrefix(id, "ICSA-"):
		return &cdxSource{Name: "CISA"}
	}
	for _, numbered := range []string{"PYSEC-", "GO-", "RUSTSEC-", "MAL-", "OSV-", "ALSA-", "RLSA-", "RHSA-", "USN-", "ALPINE-", "BIT-"} {
		if strings.HasPrefix(id, numbered) {
			return &cdxSource{"OSV", "https://osv.dev/vulnerability/" + id}
		}
	}
	return nil
}
