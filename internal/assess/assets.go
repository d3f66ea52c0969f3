package assess

import (
	"maps"
	"slices"

	"github.com/asepsis/asepsis/internal/fact"
)

// deriveAssets decides what counts as in use and known, and counts what was
// found on each asset.
func deriveAssets(s *fact.Set) {
	var inventory span
	listed := false
	for _, r := range s.Resources[fact.KindAsset] {
		if v, ok := r.Values["inventory_listed"]; ok && v.V != nil {
			listed = true
			inventory.add(v.Origin)
		}
	}
	vulns := countOpen(s.Resources[fact.KindVulnerability])
	rules := countRules(s.Resources[fact.KindSetting])
	for _, r := range s.Resources[fact.KindAsset] {
		deriveScope(r)
		switch v, ok := r.Values["inventory_listed"]; {
		case !listed:
			missing(r, "known", "no inventory was imported")
		case ok && v.V != nil:
			set(r, "known", v.V, from("derived from the inventory", v.Origin))
		default:
			set(r, "known", false, inventory.origin("derived: no inventory lists it"))
		}
		v, found := vulns[r.ID]
		scanned, hasScan := r.Values["scanned_at"]
		if hasScan {
			v.seen.add(scanned.Origin)
		}
		if found || hasScan {
			o := v.seen.origin("derived from the vulnerability scans of it")
			set(r, "open_critical", v.critical, o)
			set(r, "open_high", v.high, o)
		} else {
			missing(r, "open_critical", "no vulnerability scan reached it")
			missing(r, "open_high", "no vulnerability scan reached it")
		}
		if b, ok := rules[r.ID]; ok {
			o := b.seen.origin("derived from the baseline results of it")
			set(r, "baseline_rules", b.judged, o)
			set(r, "baseline_failed", b.failed, o)
		}
	}
}

// deriveScope says whether the asset is in use. One of which no source says
// that it is retired or in stock is; that is known for as long as the asset is
// seen at all.
func deriveScope(r *fact.Resource) {
	if v, ok := r.Values["status"]; ok && v.V != nil {
		status, _ := v.V.(string)
		set(r, "in_scope", status != "retired" && status != "in_stock", from("derived from its status", v.Origin))
		return
	}
	o := newest(r)
	set(r, "in_scope", true, fact.Origin{
		Stream: StreamDerived, Title: "derived: no source says it is retired or in stock",
		ObservedAt: o.ObservedAt, Assurance: o.Assurance,
	})
}

// deriveExposure tells each vulnerability whether its asset is reachable from
// the internet. A service of an asset that is not is not either; which services
// of one that is can be reached, only a scan from outside shows.
func deriveExposure(s *fact.Set) {
	facing := make(map[string]fact.Value)
	for _, a := range s.Resources[fact.KindAsset] {
		if v, ok := a.Values["internet_facing"]; ok && v.V != nil {
			facing[a.ID] = v
		}
	}
	for _, r := range s.Resources[fact.KindVulnerability] {
		if v, ok := facing[r.Asset]; ok {
			set(r, "internet_facing", v.V, from("derived from the asset it is on", v.Origin))
		}
	}
	services := slices.Clone(s.Resources[fact.KindEndpoint])
	for i, r := range services {
		v, ok := facing[r.Asset]
		if _, seen := r.Values["internet_facing"]; !ok || seen || v.V != false {
			continue
		}
		c := *r
		c.Values, c.Missing = maps.Clone(r.Values), maps.Clone(r.Missing)
		delete(c.Missing, "internet_facing")
		set(&c, "internet_facing", false, from("derived from the asset it is on", v.Origin))
		services[i] = &c
	}
	s.Resources[fact.KindEndpoint] = services
}

type openCount struct {
	critical, high int64
	seen           span
}

// countOpen counts open vulnerabilities by asset. One whose status no source
// gives is open: scanners report what they find and leave out what is mended.
func countOpen(rs []*fact.Resource) map[string]openCount {
	m := make(map[string]openCount)
	for _, r := range rs {
		c := m[r.Asset]
		c.seen.add(newest(r))
		if r.Text("status") != "fixed" {
			switch r.Text("severity") {
			case "critical":
				c.critical++
			case "high":
				c.high++
			}
		}
		m[r.Asset] = c
	}
	return m
}

type ruleCount struct {
	judged, failed int64
	seen           span
}

func countRules(rs []*fact.Resource) map[string]ruleCount {
	m := make(map[string]ruleCount)
	for _, r := range rs {
		v, ok := r.Values["compliant"]
		if !ok || r.Asset == "" {
			continue
		}
		c := m[r.Asset]
		c.judged++
		if b, _ := v.V.(bool); !b {
			c.failed++
		}
		c.seen.add(v.Origin)
		m[r.Asset] = c
	}
	return m
}
