package assess

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// StreamDerived is the stream of derived values in their origin.
const StreamDerived = "derived"

// Derive adds what follows from the facts of several resources: the derived
// attributes of the kinds. Each has an origin that says how it was found, as
// old as the oldest fact it rests on and as sure as the weakest. What cannot be
// derived for want of facts is missing with the reason, never a default.
//
// The set given is not changed. Resources that gain nothing are shared with
// it. Deriving again gives the same set.
func Derive(set fact.Set, org Organization, now time.Time) fact.Set {
	out := fact.Set{Resources: make(map[fact.Kind][]*fact.Resource, len(set.Resources)+1), Notes: set.Notes}
	maps.Copy(out.Resources, set.Resources)
	for _, kind := range []fact.Kind{fact.KindAsset, fact.KindVulnerability, fact.KindAccount, fact.KindPerson, fact.KindOrganization} {
		out.Resources[kind] = bare(kind, set.Resources[kind])
	}
	deriveAssets(&out)
	deriveExposure(&out)
	deriveAccounts(&out, now)
	out.Resources[fact.KindOrganization] = deriveOrganization(&out, org)
	for kind, rs := range out.Resources {
		if len(rs) == 0 {
			delete(out.Resources, kind)
		}
	}
	return out
}

// bare copies resources without their derived attributes.
func bare(kind fact.Kind, rs []*fact.Resource) []*fact.Resource {
	schema, ok := fact.SchemaOf(kind)
	if !ok {
		return rs
	}
	var derived []string
	for _, a := range schema.Attrs {
		if a.Derived {
			derived = append(derived, a.Name)
		}
	}
	copies := make([]fact.Resource, len(rs))
	out := make([]*fact.Resource, len(rs))
	for i, r := range rs {
		copies[i] = *r
		c := &copies[i]
		c.Values = make(map[string]fact.Value, len(r.Values)+len(derived))
		maps.Copy(c.Values, r.Values)
		c.Missing = maps.Clone(r.Missing)
		for _, name := range derived {
			delete(c.Values, name)
			delete(c.Missing, name)
		}
		out[i] = c
	}
	return out
}

func set(r *fact.Resource, name string, v any, o fact.Origin) {
	r.Values[name] = fact.Value{V: v, Origin: o}
}

func missing(r *fact.Resource, name, why string) {
	if r.Missing == nil {
		r.Missing = make(map[string]fact.Gap)
	}
	r.Missing[name] = fact.Gap{Why: why, Origin: fact.Origin{Stream: StreamDerived, Title: "derived"}}
}

// from joins origins: the weakest assurance and the oldest observation.
func from(title string, origins ...fact.Origin) fact.Origin {
	out := fact.Origin{Stream: StreamDerived, Title: title}
	for _, o := range origins {
		if o.Assurance != fact.NoAssurance && (out.Assurance == fact.NoAssurance || o.Assurance < out.Assurance) {
			out.Assurance = o.Assurance
		}
		if !o.ObservedAt.IsZero() && (out.ObservedAt.IsZero() || o.ObservedAt.Before(out.ObservedAt)) {
			out.ObservedAt = o.ObservedAt
		}
	}
	return out
}

// span is the newest observation and the weakest assurance of many facts that
// were counted: the count is as new as the newest of them.
type span struct{ o fact.Origin }

func (s *span) add(o fact.Origin) {
	if o.ObservedAt.After(s.o.ObservedAt) {
		s.o.ObservedAt = o.ObservedAt
	}
	if o.Assurance != fact.NoAssurance && (s.o.Assurance == fact.NoAssurance || o.Assurance < s.o.Assurance) {
		s.o.Assurance = o.Assurance
	}
}

func (s *span) origin(title string) fact.Origin {
	return fact.Origin{Stream: StreamDerived, Title: title, ObservedAt: s.o.ObservedAt, Assurance: s.o.Assurance}
}

// newest is the youngest and strongest origin among a resource's values.
func newest(r *fact.Resource) fact.Origin {
	var best fact.Origin
	for _, v := range r.Values {
		if v.Origin.ObservedAt.After(best.ObservedAt) {
			best.ObservedAt = v.Origin.ObservedAt
		}
		best.Assurance = max(best.Assurance, v.Origin.Assurance)
	}
	return best
}

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
		ObservedAt: o.ObservedAt, Assurance: max(o.Assurance, fact.Imported),
	})
}

// deriveExposure tells each vulnerability whether its asset is reachable from
// the internet.
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

// deriveOrganization counts what is known and finds when things were last
// done. The organization exists even where no fact speaks of it.
func deriveOrganization(s *fact.Set, org Organization) []*fact.Resource {
	rs := s.Resources[fact.KindOrganization]
	if len(rs) == 0 {
		rs = []*fact.Resource{{Kind: fact.KindOrganization, ID: "organization", Values: make(map[string]fact.Value)}}
	}
	for _, r := range rs {
		ownSettings(r, org)
		count := func(name string, of []*fact.Resource, none string) {
			if len(of) == 0 {
				missing(r, name, none)
				return
			}
			var seen span
			for _, x := range of {
				seen.add(newest(x))
			}
			set(r, name, int64(len(of)), seen.origin("derived: counted"))
		}
		count("people", roster(s.Resources[fact.KindPerson]), noRoster)
		count("accounts", s.Resources[fact.KindAccount], "no accounts were imported")
		count("assets", s.Resources[fact.KindAsset], "no asset is known")
		count("vendors", s.Resources[fact.KindVendor], "no list of vendors was imported")
		countDirectory(r, s.Resources[fact.KindAccount])
		deriveLast(r, s)
		deriveOpenFindings(r, s.Resources[fact.KindActivity])
		deriveDirectoryAccounts(r, s.Resources[fact.KindAccount])
		deriveDiscovery(r, s)
	}
	return rs
}

// countDirectory counts the accounts of people that a directory holds and that
// can sign in.
func countDirectory(r *fact.Resource, accounts []*fact.Resource) {
	var seen span
	known, n := false, int64(0)
	for _, a := range accounts {
		if dir := a.Text("directory"); dir == "" || dir == "local" {
			continue
		}
		known = true
		seen.add(newest(a))
		if a.True("enabled") && personal(a) {
			n++
		}
	}
	if !known {
		missing(r, "directory_accounts", "no accounts of a directory were imported")
		return
	}
	set(r, "directory_accounts", n, seen.origin("derived: counted"))
}

// ownSettings states what the organization said of itself at set-up, where no
// fact does.
func ownSettings(r *fact.Resource, org Organization) {
	o := fact.Origin{Stream: "settings", Title: "organization settings", Assurance: fact.Attested}
	state := func(name string, v any, given bool) {
		if _, have := r.Values[name]; given && !have {
			set(r, name, v, o)
		}
	}
	state("name", org.Name, org.Name != "")
	state("kind", org.Kind, org.Kind != "")
	state("ccn", org.CCN, org.CCN != "")
	state("state", org.State, org.State != "")
	state("beds", int64(org.Beds), org.Beds > 0)
}

const noNetworkScan = "no scan of the network was imported"

// deriveDiscovery compares what the network shows with what the inventory
// lists.
func deriveDiscovery(r *fact.Resource, s *fact.Set) {
	var seen span
	devices, unknown, undecided := int64(0), int64(0), false
	for _, a := range s.Resources[fact.KindAsset] {
		v, ok := a.Values["network_seen_at"]
		if in, known := a.Get("in_scope").(bool); !ok || known && !in {
			continue
		}
		devices++
		seen.add(v.Origin)
		switch known := a.Get("known").(type) {
		case bool:
			if !known {
				unknown++
			}
		default:
			undecided = true
		}
	}
	if devices == 0 {
		missing(r, "network_devices", noNetworkScan)
		missing(r, "network_devices_unknown", noNetworkScan)
		return
	}
	set(r, "network_devices", devices, seen.origin("derived: devices seen on the network, counted"))
	if undecided {
		missing(r, "network_devices_unknown", "no inventory was imported")
		return
	}
	set(r, "network_devices_unknown", unknown, seen.origin("derived from the network scans and the inventory"))
}

// roster returns the people that a roster lists: training and phishing
// exports name people too, and say nothing of who works here.
func roster(people []*fact.Resource) []*fact.Resource {
	return slices.Collect(func(yield func(*fact.Resource) bool) {
		for _, p := range people {
			if onRoster(p) && !yield(p) {
				return
			}
		}
	})
}

func onRoster(p *fact.Resource) bool {
	for _, v := range p.Values {
		s := v.Origin.Stream
		if s != StreamDerived && !strings.HasPrefix(s, "import/training") && !strings.HasPrefix(s, "import/phishing") {
			return true
		}
		for _, o := range v.Others {
			if !strings.HasPrefix(o.Origin.Stream, "import/training") && !strings.HasPrefix(o.Origin.Stream, "import/phishing") {
				return true
			}
		}
	}
	return false
}

const noRoster = "no staff roster was imported"
