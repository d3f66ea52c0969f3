package assess

import (
	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln/priority"
)

// FixTimes are the days that the organization gives itself to mend a finding. They
// are the parameters of the checks that hold people to them, so that a day shown
// to be mended by is the day the check counts.
func (r Rules) FixTimes() priority.Times {
	t := priority.Times{Exposed: make(map[string]int), Inside: make(map[string]int)}
	for severity, id := range map[string]string{
		"critical": "vulnerabilities-critical-in-time", "high": "vulnerabilities-high-in-time", "medium": "vulnerabilities-medium-in-time",
	} {
		c, ok := r.Checks.Check(id)
		if !ok {
			continue
		}
		params := r.Params.For(c).Params
		if d, ok := params["exposed_days"].(int64); ok {
			t.Exposed[severity] = int(d)
		}
		if d, ok := params["inside_days"].(int64); ok {
			t.Inside[severity] = int(d)
		}
	}
	return t
}

// RiskOf is what is known of a finding, and of the asset it is on, that makes it
// urgent. The asset may be nil.
func RiskOf(r, a *fact.Resource) priority.Risk {
	number := func(name string) float64 { f, _ := r.Get(name).(float64); return f }
	k := priority.Risk{
		Flaw: r.ID, Component: r.Text("component"), Exploited: r.True("known_exploited"), Due: r.When("known_exploited_due_at"),
		EPSS: number("epss"), Exploitation: r.Text("exploitation"), Automatable: answer(r, "automatable"), TechnicalImpact: r.Text("technical_impact"),
		PublicExploit: answer(r, "exploit_available"), CVSS: number("cvss"), Severity: r.Text("severity"), InternetFacing: answer(r, "internet_facing"),
		FixAvailable: answer(r, "fix_available"), FirstSeen: r.When("first_seen_at"),
	}
	if k.Severity != "" {
		k.CVSS = 0 // the word is the gravest that anybody gave; the checks count by it
	}
	k.Held = heldBy(r)
	if a != nil {
		k.Zone, k.Criticality, k.Class = a.Text("zone"), asset.Criticality(a.Text("criticality")), asset.Class(a.Text("class"))
	}
	return k
}

// heldBy is the control that a decision in force says holds a finding. That a device is
// isolated is shown by what else is known of it: the internet does not reach it. A
// virtual patch shows on no device; the decision, which ends, is all there is, and its
// own check asks for a look at it.
func heldBy(r *fact.Resource) priority.Held {
	if r.Text("disposition") != "compensated" {
		return priority.Held{}
	}
	h := priority.Held{Control: priority.Control(r.Text("compensation")), Until: r.When("disposition_until_at")}
	switch h.Control {
	case priority.Isolation:
		switch answer(r, "internet_facing") {
		case priority.No:
			h.Shown = priority.Yes
		case priority.Yes:
			h.Shown = priority.No
		case priority.Unknown:
		}
	case priority.VirtualPatch:
		h.Shown = priority.Yes
	}
	return h
}

func answer(r *fact.Resource, name string) priority.Answer {
	switch v, ok := r.Get(name).(bool); {
	case !ok:
		return priority.Unknown
	case v:
		return priority.Yes
	}
	return priority.No
}

// Urgency states of each finding the day it is to be mended by, and how soon that
// is by CISA's decision tree. The set is one that [Derive] made.
func Urgency(s *fact.Set, times priority.Times) {
	assets := make(map[string]*fact.Resource, len(s.Resources[fact.KindAsset]))
	for _, a := range s.Resources[fact.KindAsset] {
		assets[a.ID] = a
	}
	for _, r := range s.Resources[fact.KindVulnerability] {
		a := assets[r.Asset]
		risk, seen := RiskOf(r, a), newest(r)
		if d := priority.By(risk, times); d.By.IsZero() {
			missing(r, "fix_by_at", "no time is set for its severity")
		} else {
			set(r, "fix_by_at", d.By, from("derived from its severity, its age and CISA's catalog", seen))
		}
		set(r, "decision", priority.Decide(risk).Decision.String(), from("derived by CISA's decision tree (SSVC)", seen))
		if a == nil {
			continue
		}
		if z, ok := a.Values["zone"]; ok {
			set(r, "zone", z.V, from("derived from the asset it is on", z.Origin))
		} else {
			missing(r, "zone", "no source names the zone of the asset")
		}
	}
}
