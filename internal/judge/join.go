package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/finding"
)

// Stream is the stream of what this stage states.
const Stream = "advisories"

// Known is all that is joined with the facts.
type Known struct {
	Feed     Feed
	JudgedAt time.Time // when the feed was last held against the inventory; zero: never
	Found    map[string]Findings
	Flaws    map[string]Flaw
	// Decisions are those in force.
	Decisions []Decision
	// Listed says how old each asset's list of software is.
	Listed map[string]time.Time
}

// Join returns the set with one vulnerability for each flaw of each asset: what
// the feed says and what scanners report of the same flaw is one finding with
// many witnesses. A scanner's item that covers several CVEs stands as each of
// them, one that names none stays as it is. The set given is not changed.
func Join(set *fact.Set, k *Known) *fact.Set {
	out := &fact.Set{Resources: maps.Clone(set.Resources), Notes: set.Notes}
	j := &joiner{k: k, origin: fact.Origin{
		Stream: Stream, ObservedAt: k.JudgedAt, Assurance: fact.Measured,
		Title: "our comparison with the advisories of " + k.Feed.BuiltAt.Format("2 Jan 2006"),
	}, byAlias: make(map[string]string), assets: make(map[string]*fact.Resource)}
	for id, f := range k.Flaws {
		for _, a := range f.Aliases {
			if j.byAlias[a] == "" || id < j.byAlias[a] {
				j.byAlias[a] = id
			}
		}
	}
	assets := slices.Clone(set.Resources[fact.KindAsset])
	for i, a := range assets {
		assets[i] = j.asset(a)
		j.assets[a.ID] = assets[i]
	}
	if len(assets) > 0 {
		out.Resources[fact.KindAsset] = assets
	}
	if vs := j.vulnerabilities(set.Resources[fact.KindVulnerability]); len(vs) > 0 {
		out.Resources[fact.KindVulnerability] = vs
	}
	return out
}

type joiner struct {
	k       *Known
	origin  fact.Origin
	byAlias map[string]string
	assets  map[string]*fact.Resource
}

// asset states how much of an asset's software was assessed.
func (j *joiner) asset(a *fact.Resource) *fact.Resource {
	c := *a
	c.Values, c.Missing = maps.Clone(a.Values), maps.Clone(a.Missing)
	gap := func(why string) *fact.Resource {
		if c.Missing == nil {
			c.Missing = make(map[string]fact.Gap)
		}
		for _, name := range []string{"software_assessed_at", "software_assessed", "software_not_assessed"} {
			c.Missing[name] = fact.Gap{Why: why, Origin: j.origin}
		}
		return &c
	}
	f, ok := j.k.Found[a.ID]
	if len(f.Checks) > 0 {
		f.Checks = j.unsettled(a, f.Checks)
		j.k.Found[a.ID] = f
	}
	listed := j.k.Listed[a.ID]
	if s := f.Support; s != nil && !s.Ends.IsZero() {
		if _, stated := c.Values["os_support_ends_at"]; !stated {
			o := j.origin
			o.Title = "dates of support of " + s.Product + ", advisories of " + j.k.Feed.BuiltAt.Format("2 Jan 2006")
			c.Values["os_support_ends_at"] = fact.Value{V: s.Ends, Origin: o}
			delete(c.Missing, "os_support_ends_at")
		}
	}
	switch {
	case j.k.Feed.ID == "":
		return gap("no advisories are in force; bring a feed")
	case !ok && listed.IsZero() && a.Text("model") == "":
		return gap("no source lists its software")
	case !ok && !listed.IsZero():
		return gap("its software has not been held against the advisories yet")
	}
	if a.Text("model") != "" && j.k.Feed.Devices {
		c.Values["advisories_to_check"] = fact.Value{V: int64(len(f.Checks)), Origin: j.origin}
	}
	if f.Assessed+f.NotAssessed() == 0 {
		return gap("no source lists its software")
	}
	at := j.k.JudgedAt
	for _, t := range []time.Time{listed, j.k.Feed.BuiltAt} {
		if !t.IsZero() && t.Before(at) {
			at = t
		}
	}
	o := j.origin
	o.ObservedAt = at
	c.Values["software_assessed"] = fact.Value{V: int64(f.Assessed), Origin: o}
	c.Values["software_not_assessed"] = fact.Value{V: int64(f.NotAssessed()), Origin: o}
	if f.Assessed > 0 {
		c.Values["software_assessed_at"] = fact.Value{V: at, Origin: o}
	} else {
		c.Missing = maps.Clone(c.Missing)
		if c.Missing == nil {
			c.Missing = make(map[string]fact.Gap)
		}
		c.Missing["software_assessed_at"] = fact.Gap{Why: "none of its software could be assessed", Origin: o}
	}
	return &c
}

// unsettled leaves out advisories that a person has compared and decided about.
func (j *joiner) unsettled(a *fact.Resource, checks []ToCheck) []ToCheck {
	return slices.DeleteFunc(slices.Clone(checks), func(c ToCheck) bool {
		return slices.ContainsFunc(j.k.Decisions, func(d Decision) bool {
			return (d.Flaw == c.Advisory || slices.Contains(c.Flaws, d.Flaw)) && d.of(a)
		})
	})
}

// group is one flaw on one asset.
type group struct {
	asset, flaw string
	match       *Match
	reports     []*fact.Resource
}

func (j *joiner) vulnerabilities(reported []*fact.Resource) []*fact.Resource {
	type at struct{ asset, flaw string }
	groups := make(map[at]*group)
	get := func(asset, flaw string) *group {
		g := groups[at{asset, flaw}]
		if g == nil {
			g = &group{asset: asset, flaw: flaw}
			groups[at{asset, flaw}] = g
		}
		return g
	}
	var out []*fact.Resource
	byAsset := make(map[string][]*fact.Resource)
	for _, r := range reported {
		byAsset[r.Asset] = append(byAsset[r.Asset], r)
	}
	for asset, rs := range byAsset {
		for _, one := range finding.Unify(rs) {
			flaw := j.flawOf(&one)
			if flaw == "" {
				for _, r := range one.Members {
					out = append(out, j.alone(r))
				}
				continue
			}
			g := get(asset, flaw)
			for _, r := range one.Members {
				if !slices.Contains(g.reports, r) {
					g.reports = append(g.reports, r)
				}
			}
		}
	}
	for asset, f := range j.k.Found {
		if j.assets[asset] == nil {
			continue
		}
		for i := range f.Matches {
			get(asset, f.Matches[i].Flaw).match = &f.Matches[i]
		}
	}
	for _, g := range groups {
		out = append(out, j.finding(g))
	}
	slices.SortFunc(out, func(a, b *fact.Resource) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// flawOf returns the flaw that a group of items is about: by the feed's name of
// it where the feed knows one, or "" where the items name none.
func (j *joiner) flawOf(g *finding.Group) string {
	if advisory.IsCVE(g.Flaw) {
		return g.Flaw
	}
	for _, id := range g.IDs {
		switch flaw := j.byAlias[id]; {
		case flaw != "":
			return flaw
		case j.k.Flaws[id].ID != "":
			return id
		}
	}
	if len(g.Witnesses) > 1 {
		return g.Flaw // several tools agree on a name that no advisory at hand has
	}
	return ""
}

// witnessOf names who reports an item.
func witnessOf(r *fact.Resource) string {
	tool, id := r.Text("scanner"), r.Text("scanner_id")
	if tool == "" {
		if v, ok := r.Values["title"]; ok {
			return v.Origin.Title
		}
		return "a scanner"
	}
	if id == "" || len(id) > 40 {
		return tool
	}
	return tool + " " + id
}

// alone states of an item without a known flaw who reports it and what was decided.
func (j *joiner) alone(r *fact.Resource) *fact.Resource {
	c := *r
	c.Values = maps.Clone(r.Values)
	c.Values["witnesses"] = fact.Value{V: []string{witnessOf(r)}, Origin: newest(r)}
	j.decide(&c)
	return &c
}

// finding makes the one resource of a flaw on an asset.
func (j *joiner) finding(g *group) *fact.Resource {
	r := &fact.Resource{
		Kind: fact.KindVulnerability, ID: g.asset + "/" + g.flaw, Asset: g.asset, Values: make(map[string]fact.Value, 20),
	}
	// Reports of the weakest origin first, so that the strongest stands at the end.
	slices.SortStableFunc(g.reports, func(a, b *fact.Resource) int {
		x, y := newest(a), newest(b)
		return cmp.Or(cmp.Compare(y.Assurance, x.Assurance), y.ObservedAt.Compare(x.ObservedAt), cmp.Compare(a.ID, b.ID))
	})
	for _, rep := range g.reports {
		for name, v := range rep.Values {
			if have, ok := r.Values[name]; !ok {
				r.Values[name] = fact.Value{V: v.V, Origin: v.Origin, Others: slices.Clip(v.Others)}
			} else if !fact.Equal(have.V, v.V) {
				have.Others = append(have.Others, fact.Value{V: v.V, Origin: v.Origin})
				r.Values[name] = have
			}
		}
		for name, m := range rep.Missing {
			if r.Missing == nil {
				r.Missing = make(map[string]fact.Gap)
			}
			if _, ok := r.Missing[name]; !ok {
				r.Missing[name] = m
			}
		}
	}
	j.span(r, g)
	if advisory.IsCVE(g.flaw) {
		j.put(r, "cves", []string{g.flaw})
	}
	if g.match != nil {
		j.matched(r, g.match)
	}
	if f, ok := j.k.Flaws[g.flaw]; ok {
		j.details(r, &f)
	}
	for name := range r.Missing {
		if _, ok := r.Values[name]; ok {
			delete(r.Missing, name)
		}
	}
	j.witnesses(r, g)
	j.decide(r)
	return r
}

// put states a value of ours; what others say of it stays visible beside.
func (j *joiner) put(r *fact.Resource, name string, v any) {
	have, ok := r.Values[name]
	nv := fact.Value{V: v, Origin: j.origin}
	if ok && !fact.Equal(have.V, v) {
		nv.Others = append([]fact.Value{{V: have.V, Origin: have.Origin}}, have.Others...)
	}
	r.Values[name] = nv
}

// fill states a value of ours where nobody gave one.
func (j *joiner) fill(r *fact.Resource, name string, v any) {
	if _, ok := r.Values[name]; !ok {
		r.Values[name] = fact.Value{V: v, Origin: j.origin}
	}
}

// span takes the earliest first and the latest last sight, the gravest
// severity, and calls open what anybody still calls open.
func (j *joiner) span(r *fact.Resource, g *group) {
	for _, rep := range g.reports {
		pick(r, rep, "first_seen_at", func(have, v any) bool { return v.(time.Time).Before(have.(time.Time)) })
		pick(r, rep, "last_seen_at", func(have, v any) bool { return v.(time.Time).After(have.(time.Time)) })
		pick(r, rep, "severity", func(have, v any) bool { return severityRank(v.(string)) < severityRank(have.(string)) })
		pick(r, rep, "cvss", func(have, v any) bool { return v.(float64) > have.(float64) })
		pick(r, rep, "status", func(have, v any) bool { return v == "open" && have != "open" })
		pick(r, rep, "known_exploited", func(have, v any) bool { return v == true && have != true })
	}
}

// pick lets the report's value stand in front where it is better.
func pick(r, rep *fact.Resource, name string, better func(have, v any) bool) {
	v, ok := rep.Values[name]
	have, has := r.Values[name]
	if ok && has && !fact.Equal(have.V, v.V) && better(have.V, v.V) {
		nv := fact.Value{V: v.V, Origin: v.Origin, Others: []fact.Value{{V: have.V, Origin: have.Origin}}}
		for _, o := range have.Others {
			if !fact.Equal(o.V, v.V) {
				nv.Others = append(nv.Others, o)
			}
		}
		r.Values[name] = nv
	}
}

func (j *joiner) matched(r *fact.Resource, m *Match) {
	o := j.origin
	if m.Likely {
		o.Assurance = fact.Imported
	}
	state := func(name string, v any) {
		if have, ok := r.Values[name]; ok && fact.Equal(have.V, v) {
			return
		}
		j.put(r, name, v)
	}
	state("status", "open")
	if have, ok := r.Values["first_seen_at"].V.(time.Time); !ok || m.Since.Before(have) {
		state("first_seen_at", m.Since)
	}
	state("last_seen_at", j.k.JudgedAt)
	if len(m.Software) > 0 {
		p := m.Software[0]
		names, fixes := updatesOf(m.Software)
		state("component", strings.Join(names[:min(len(names), 5)], ", "))
		if p.Version != "" {
			state("component_version", p.Version)
		}
		if p.PURL != "" {
			state("component_purl", p.PURL)
		}
		if fixes != "" {
			state("fixed_version", fixes)
			state("fix_available", true)
		}
	}
	j.fill(r, "title", fmt.Sprintf("%s in %s", m.Flaw, cmp.Or(r.Text("component"), "its software")))
}

// updatesOf names what has to be updated, by source package where software was
// judged by it, and to which version; where there are several, each with its own.
func updatesOf(pieces []Piece) (names []string, fixes string) {
	fixed := make(map[string]string)
	for _, p := range pieces {
		name, _, _ := strings.Cut(p.Source, " ")
		name = cmp.Or(name, p.Name)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		if fixed[name] == "" {
			fixed[name] = p.Fixed
		}
	}
	if len(names) == 1 {
		return names, fixed[names[0]]
	}
	var all []string
	for _, n := range names {
		if fixed[n] != "" {
			all = append(all, n+" "+fixed[n])
		}
	}
	return names, strings.Join(all, ", ")
}

func (j *joiner) details(r *fact.Resource, f *Flaw) {
	if f.Title != "" {
		j.put(r, "title", f.Title)
	}
	if f.Severity != "" && severityRank(f.Severity) <= severityRank(r.Text("severity")) {
		j.put(r, "severity", f.Severity)
	}
	if have, ok := r.Get("cvss").(float64); f.CVSS > 0 && (!ok || f.CVSS > have) {
		j.put(r, "cvss", f.CVSS)
	}
	if !f.Published.IsZero() {
		j.fill(r, "published_at", f.Published)
	}
	if len(f.Aliases) > 0 {
		j.fill(r, "aliases", f.Aliases)
	}
	if len(f.CWEs) > 0 {
		j.fill(r, "cwes", f.CWEs)
	}
	if x := f.Exploited; x != nil {
		j.put(r, "known_exploited", true)
		if !x.Due.IsZero() {
			j.put(r, "known_exploited_due_at", x.Due)
		}
	} else if j.k.Feed.Exploited {
		j.fill(r, "known_exploited", false)
	}
	if f.HasEPSS {
		j.put(r, "epss", f.EPSS)
	}
	if p := f.Points; p != nil {
		j.put(r, "exploitation", p.Exploitation)
		j.put(r, "automatable", p.Automatable)
		j.put(r, "technical_impact", p.TechnicalImpact)
	}
}

func (j *joiner) witnesses(r *fact.Resource, g *group) {
	var names []string
	if g.match != nil {
		names = append(names, "advisories: "+strings.Join(g.match.Advisories[:min(len(g.match.Advisories), 3)], ", "))
	}
	o := j.origin
	for _, rep := range g.reports {
		if w := witnessOf(rep); !slices.Contains(names, w) {
			names = append(names, w)
		}
		if g.match == nil {
			o = newest(rep)
		}
	}
	r.Values["witnesses"] = fact.Value{V: names, Origin: o}
}

// decide states what a person decided of a finding.
func (j *joiner) decide(r *fact.Resource) {
	for i := range j.k.Decisions {
		d := &j.k.Decisions[i]
		if !d.Covers(r, j.assets[r.Asset]) {
			continue
		}
		o := fact.Origin{Stream: "person/decisions", Title: "decision of " + d.By, ObservedAt: d.At, Assurance: fact.Attested}
		r.Values["disposition"] = fact.Value{V: d.Kind.disposition(), Origin: o}
		r.Values["disposition_until_at"] = fact.Value{V: d.Until, Origin: o}
		r.Values["disposition_at"] = fact.Value{V: d.At, Origin: o}
		if d.Kind == Compensate {
			r.Values["compensation"] = fact.Value{V: d.control(), Origin: o}
		}
		return
	}
}

func newest(r *fact.Resource) fact.Origin {
	var best fact.Origin
	for _, v := range r.Values {
		if v.Origin.ObservedAt.After(best.ObservedAt) || v.Origin.ObservedAt.Equal(best.ObservedAt) && v.Origin.Stream > best.Stream {
			best = v.Origin
		}
	}
	return best
}

// severityRank orders severities, gravest first; unknown words come last.
func severityRank(s string) int {
	i := slices.Index([]string{"critical", "high", "medium", "low", "info"}, s)
	if i < 0 {
		return 9
	}
	return i
}
