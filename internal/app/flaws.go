package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/web/api"
)

const mostAffected = 500

// longDay is how sentences of the pages write a day.
const longDay = "January 2, 2006"

// Flaw implements api.Inventory: are we affected?
func (a inventory) Flaw(ctx context.Context, who access.Caller, asked string) (*api.FlawDetail, error) {
	return a.FlawOf(ctx, who.Tenant(), asked)
}

// FlawOf answers whether an organization is affected by a flaw: by what was
// found on its assets, and by what of its software nobody can say.
func (a *App) FlawOf(ctx context.Context, tid, asked string) (*api.FlawDetail, error) {
	asked = flawID(asked)
	if asked == "" {
		return nil, errs.Hint(errs.New(errs.Invalid, "no flaw was named"), "give a CVE such as CVE-2024-3094, or an advisory's id")
	}
	v, err := a.view(ctx, tid)
	if err != nil {
		return nil, err
	}
	d := &api.FlawDetail{
		ID: asked, Asked: asked, Aliases: []string{}, References: []string{}, Advisories: []api.Advisory{}, Affected: []api.AffectedAsset{},
		ToCheck: []api.AssetToCheck{}, Gaps: []api.AssessmentGap{}, Feed: v.feed(),
	}
	flaw, known := a.flaw(v, asked)
	if known {
		describeFlaw(d, &flaw)
	}
	var packages []string
	about := []string{d.ID} // the flaw, or those that the advisory asked for is about
	speaks := false         // some advisory says what has it, or that nothing has
	e := a.engine()
	if e != nil {
		for _, adv := range e.Advisories(d.ID) {
			known = true
			packages = append(packages, adv.Packages...)
			speaks = speaks || len(adv.Packages) > 0 || !adv.Withdrawn.IsZero() || ofSystemsOrDevices(adv.Source)
			if !advisory.IsCVE(d.ID) {
				about = append(about, adv.Flaws...)
			}
			row := api.Advisory{
				ID: adv.ID, Source: adv.Source, Title: adv.Title, Modified: api.Stamp(adv.Modified), Withdrawn: api.Stamp(adv.Withdrawn),
				Products: adv.Products[:min(len(adv.Products), 20)],
			}
			if row.Products == nil {
				row.Products = []string{}
			}
			d.Advisories = append(d.Advisories, row)
			if d.Details == "" {
				d.Details = adv.Details
			}
			d.Title = cmp.Or(d.Title, adv.Title)
		}
	}
	// What names products comes first.
	slices.SortStableFunc(d.Advisories, func(x, y api.Advisory) int { return boolInt(len(x.Products) == 0) - boolInt(len(y.Products) == 0) })
	assets := v.inUse()
	slices.Sort(about)
	about = slices.Compact(about)
	v.affected(d, assets, about)
	v.looked(d, about)
	if e != nil {
		if err := a.notAssessed(ctx, v, e, d, assets, packages, about); err != nil {
			return nil, err
		}
	}
	if d.Decisions, err = a.decisionsOf(ctx, v, d.ID); err != nil {
		return nil, err
	}
	d.Title = cmp.Or(d.Title, d.ID)
	answerFlaw(d, judged{known: known, speaks: speaks, feed: e != nil})
	return d, nil
}

// ofSystemsOrDevices reports whether a source speaks of Windows or of devices, which it
// names otherwise than by packages.
func ofSystemsOrDevices(source string) bool {
	kind, _, _ := strings.Cut(source, "/")
	return kind == "msrc" || kind == "csaf" || kind == "recalls"
}

// flawID tidies what people paste: "cve-2024-3094 ", a sentence with one in it, or a
// link that ends in it.
func flawID(s string) string {
	if id := cveIn(strings.ToUpper(s)); id != "" {
		return id
	}
	s, _, _ = strings.Cut(strings.TrimSpace(s), "#")
	s, _, _ = strings.Cut(s, "?")
	s = strings.Trim(s, ".,;:()[]\"'/")
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		s = s[i+1:]
	}
	if len(s) > 100 {
		return ""
	}
	return s
}

// cveIn returns the first CVE in a text, or "".
func cveIn(s string) string {
	for {
		i := strings.Index(s, "CVE-")
		if i < 0 {
			return ""
		}
		s = s[i:]
		n := len("CVE-")
		for n < len(s) && ('0' <= s[n] && s[n] <= '9' || s[n] == '-' && n == len("CVE-2024")) {
			n++
		}
		if id := s[:n]; advisory.IsCVE(id) {
			return id
		}
		s = s[len("CVE-"):]
	}
}

// flaw returns what is known of a flaw by any of its names: from the feed in
// force, else from what was kept of it.
func (a *App) flaw(v *view, name string) (judge.Flaw, bool) {
	if e := a.engine(); e != nil {
		for _, n := range []string{name, strings.ToUpper(name)} {
			if f, ok := e.Flaw(n); ok {
				return f, true
			}
		}
	}
	if v.known == nil {
		return judge.Flaw{}, false
	}
	if f, ok := v.known.Flaws[name]; ok {
		return f, true
	}
	for _, f := range v.known.Flaws {
		if slices.ContainsFunc(f.Aliases, func(al string) bool { return strings.EqualFold(al, name) }) {
			return f, true
		}
	}
	return judge.Flaw{}, false
}

func describeFlaw(d *api.FlawDetail, f *judge.Flaw) {
	d.ID, d.Title, d.Severity, d.CVSS, d.Vector, d.Published = f.ID, f.Title, f.Severity, f.CVSS, f.Vector, api.Stamp(f.Published)
	d.Aliases = append(d.Aliases, f.Aliases...)
	d.References = append(d.References, f.References...)
	if x := f.Exploited; x != nil {
		d.Exploited = &api.Exploited{Added: api.Stamp(x.Added), Due: api.Stamp(x.Due), Ransomware: x.Ransomware, Action: x.Action}
	}
	if f.HasEPSS {
		d.EPSS = &f.EPSS
	}
	if p := f.Points; p != nil {
		d.Points = &api.Points{Exploitation: p.Exploitation, Automatable: p.Automatable, TechnicalImpact: p.TechnicalImpact}
	}
}

// affected lists the assets that have the flaw, those first that matter most; of
// more than mostAffected only those are put together that are shown.
func (v *view) affected(d *api.FlawDetail, assets map[string]*fact.Resource, about []string) {
	rank := v.kind(fact.KindAsset).rankOf()
	type placed struct {
		r  *fact.Resource
		at int64 // by criticality, then by the label of the asset
	}
	var all []placed
	had := make(map[string]bool) // assets, each listed once
	for _, r := range slices.Concat(mapped(about, v.findingsOf)...) {
		a := assets[r.Asset]
		if a == nil || r.Text("status") == "fixed" || len(about) > 1 && had[r.Asset] {
			continue
		}
		had[r.Asset] = true
		all = append(all, placed{r, int64(criticalityRank(a.Text("criticality")))<<32 | int64(rank[r.Asset])})
		if d.Exploited == nil && r.True("known_exploited") {
			d.Exploited = &api.Exploited{Due: api.Stamp(r.When("known_exploited_due_at"))}
		}
		if d.Title == "" {
			d.Title = r.Text("title")
		}
		if d.Severity == "" {
			d.Severity = r.Text("severity")
		}
	}
	slices.SortFunc(all, func(x, y placed) int { return cmp.Compare(x.at, y.at) })
	d.AffectedAll = len(all)
	for _, one := range all[:min(len(all), mostAffected)] {
		r := one.r
		a := assets[r.Asset]
		w, _ := r.Get("witnesses").([]string)
		row := api.AffectedAsset{
			Asset: *v.refOf(fact.KindAsset, r.Asset), Finding: r.ID, Owner: a.Text("owner"), Location: a.Text("location"), Criticality: a.Text("criticality"),
			Software: r.Text("component"), Version: r.Text("component_version"), Fixed: r.Text("fixed_version"), Witnesses: w,
			Since: api.Stamp(r.When("first_seen_at")), FixBy: api.Stamp(r.When("fix_by_at")), Decision: r.Text("decision"), Disposition: r.Text("disposition"),
		}
		if row.Witnesses == nil {
			row.Witnesses = []string{}
		}
		d.Affected = append(d.Affected, row)
	}
}

func criticalityRank(s string) int {
	if i := slices.Index([]string{"life_supporting", "clinical", "business", "minor"}, s); i >= 0 {
		return i
	}
	return 4
}

// looking is how much of the inventory was looked at, whatever flaw is asked for.
type looking struct {
	looked, notLooked         int // assets
	pieces, piecesNotAssessed int
	toCheck                   []string // assets that a person has to compare with some advisory
}

// look counts what was looked at.
func (v *view) look() *looking {
	return v.looks.must(func() *looking {
		out := new(looking)
		for id := range v.inUse() {
			f := v.known.Found[id]
			if n := f.Assessed + f.NotAssessed(); n == 0 {
				out.notLooked++
			} else {
				out.looked++
				out.pieces += n
				out.piecesNotAssessed += f.NotAssessed()
			}
			if len(f.Checks) > 0 {
				out.toCheck = append(out.toCheck, id)
			}
		}
		rank := v.kind(fact.KindAsset).rankOf()
		slices.SortFunc(out.toCheck, func(x, y string) int { return cmp.Compare(rank[x], rank[y]) })
		return out
	})
}

// looked counts the assets that were looked at, and lists the devices that a
// person has to compare.
func (v *view) looked(d *api.FlawDetail, about []string) {
	l := v.look()
	d.Looked, d.NotLooked, d.Pieces, d.PiecesNotAssessed = l.looked, l.notLooked, l.pieces, l.piecesNotAssessed
	for _, id := range l.toCheck {
		// Of a device whose software nobody lists, its model still says something.
		for _, c := range v.known.Found[id].Checks {
			if c.Advisory == d.ID || slices.ContainsFunc(about, func(f string) bool { return slices.Contains(c.Flaws, f) }) {
				d.ToCheck = append(d.ToCheck, api.AssetToCheck{Asset: *v.refOf(fact.KindAsset, id), Advisory: c.Advisory, Product: c.Product, Versions: c.Versions, Reason: c.Reason})
			}
		}
	}
}

// notAssessed finds software of the names that the advisories speak of and that
// could not be compared with them.
func (a *App) notAssessed(ctx context.Context, v *view, e judge.Engine, d *api.FlawDetail, assets map[string]*fact.Resource, packages, about []string) error {
	v.systemsNotAssessed(e, d, assets, about, packages)
	if len(packages) == 0 {
		return nil
	}
	in, err := v.installed(ctx, a)
	if err != nil {
		return err
	}
	named := in.named(packages)
	unsaid := make(map[int64]string) // component → why nobody can say
	for cid := range named {
		c := in.components[cid]
		// Software of that name which could not be looked up is not cleared by that.
		if x, _ := e.Explain(d.ID, &c); x.Verdict == "not_assessed" {
			unsaid[cid] = cmp.Or(e.Component(&c).Why, x.Say)
		}
	}
	gaps := make(map[[2]string]*api.AssessmentGap)
	counted := make(map[[2]string][]bool) // by the place of the asset
	// By name, so that the samples are the same each time.
	for _, cid := range slices.SortedFunc(maps.Keys(unsaid), func(x, y int64) int {
		a, b := in.components[x], in.components[y]
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(x, y))
	}) {
		c, why := in.components[cid], unsaid[cid]
		for _, on := range in.holders[cid] {
			if assets[in.assets[on]] == nil {
				continue
			}
			k := [2]string{cmp.Or(c.Distro, c.Ecosystem), why}
			g := gaps[k]
			if g == nil {
				g = &api.AssessmentGap{Ecosystem: k[0], Why: why, Sample: []string{}}
				gaps[k], counted[k] = g, make([]bool, len(in.assets))
			}
			g.Count++
			if !counted[k][on] {
				counted[k][on] = true
				g.Assets++
			}
			if n := c.Name + " " + c.Version; len(g.Sample) < 5 && !slices.Contains(g.Sample, n) {
				g.Sample = append(g.Sample, n)
			}
		}
	}
	for _, g := range gaps {
		slices.Sort(g.Sample)
		d.Gaps = append(d.Gaps, *g)
	}
	slices.SortFunc(d.Gaps, func(x, y api.AssessmentGap) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Why, y.Why), cmp.Compare(x.Ecosystem, y.Ecosystem))
	})
	return nil
}

// named returns the components that bear one of the names that advisories use. A CPE
// name is the maker's and the product's.
func (in *softwareIndex) named(packages []string) map[int64]bool {
	out := make(map[int64]bool)
	for _, p := range packages {
		p = strings.ToLower(p)
		names := []string{p}
		if i := strings.LastIndexByte(p, ':'); i >= 0 {
			names = append(names, p[i+1:])
		}
		for _, n := range names {
			for _, cid := range in.byName[n] {
				out[cid] = true
			}
		}
	}
	return out
}

// systemsNotAssessed lists the machines of which nobody can say whether their Windows
// has a flaw that Windows can have.
func (v *view) systemsNotAssessed(e judge.Engine, d *api.FlawDetail, assets map[string]*fact.Resource, about, packages []string) {
	ofWindows := slices.ContainsFunc(d.Advisories, func(adv api.Advisory) bool { return adv.Source == "msrc" }) ||
		slices.ContainsFunc(packages, func(p string) bool { return strings.HasPrefix(p, "microsoft") && strings.Contains(p, "windows") })
	if !ofWindows {
		return
	}
	gaps := make(map[string]*api.AssessmentGap)
	for id, r := range assets {
		f := v.known.Found[id]
		i := slices.IndexFunc(f.Gaps, func(g judge.Gap) bool { return g.Ecosystem == "Windows" })
		if i < 0 || slices.ContainsFunc(about, func(flaw string) bool {
			return slices.ContainsFunc(e.ExplainAsset(flaw, r), func(x judge.AssetExplanation) bool { return x.About == "Windows" && x.Verdict != "not_assessed" })
		}) {
			continue
		}
		why := f.Gaps[i].Why
		g := gaps[why]
		if g == nil {
			g = &api.AssessmentGap{Ecosystem: "Windows", Why: why, Sample: []string{}}
			gaps[why] = g
		}
		g.Count++
		g.Assets++
		g.Sample = append(g.Sample, r.Label())
	}
	for _, g := range gaps {
		slices.Sort(g.Sample)
		g.Sample = g.Sample[:min(len(g.Sample), 5)]
		d.Gaps = append(d.Gaps, *g)
	}
}

func mapped[T, U any](list []T, f func(T) U) []U {
	out := make([]U, 0, len(list))
	for _, x := range list {
		out = append(out, f(x))
	}
	return out
}

// judged says what an answer may rest on.
type judged struct {
	known  bool // some source knows the flaw
	speaks bool // some advisory says what has it
	feed   bool // advisories are in force and could be read
}

// answerFlaw draws the answer. What nobody looked at is named in the sentence,
// so that "not affected" is never read as more than it says.
func answerFlaw(d *api.FlawDetail, by judged) {
	rest := ""
	if d.NotLooked > 0 {
		rest = fmt.Sprintf(" Of %s in use nobody lists the software: of those nothing is known.", plural(d.NotLooked, "device", "devices"))
	}
	if d.PiecesNotAssessed > 0 {
		rest += fmt.Sprintf(" %d of %d pieces of software could not be assessed.", d.PiecesNotAssessed, d.Pieces)
	}
	switch {
	case d.AffectedAll > 0:
		d.Answer = "affected"
		d.Say = fmt.Sprintf("Affected: %s.%s", plural(d.AffectedAll, "device", "devices"), rest)
	case len(d.ToCheck) > 0:
		d.Answer = "not_assessed"
		d.Say = fmt.Sprintf("Nobody can say yet: %s may be affected and must be compared by hand.%s", plural(len(d.ToCheck), "device", "devices"), rest)
	case d.Feed == nil:
		d.Answer = "not_assessed"
		d.Say = "Not assessed: no advisories are in force. Bring a feed, or a scan that names the flaw."
	case !by.feed:
		d.Answer = "not_assessed"
		d.Say = "Not assessed: the advisories that were in force cannot be read any more. Bring a feed again: asepsis feed update."
	case !by.known:
		d.Answer = "unknown"
		d.Say = fmt.Sprintf("No advisory in force knows %s; they are of %s. No scan reported it either.", d.ID, d.Feed.BuiltAt.Format(longDay))
	case d.Feed.Stale:
		d.Answer = "not_assessed"
		d.Say = fmt.Sprintf("Not assessed: the advisories in force are of %s, too old to say that nobody is affected.", d.Feed.BuiltAt.Format(longDay))
	case !by.speaks:
		d.Answer = "not_assessed"
		d.Say = fmt.Sprintf("Nobody can say: no advisory in force tells which software or device has %s. Ask the makers of what you use.", d.ID)
	case d.Looked == 0:
		d.Answer = "not_assessed"
		d.Say = "Not assessed: no source lists the software of any device."
	case len(d.Gaps) > 0:
		d.Answer = "not_assessed"
		d.Say = fmt.Sprintf("Nobody can say: software or a system that may have it is installed and could not be assessed.%s", rest)
	case d.NotLooked > d.Looked:
		d.Answer = "not_assessed"
		d.Say = "Nobody can say: of most devices nobody lists the software." + rest
	case d.PiecesNotAssessed*2 > d.Pieces:
		d.Answer = "not_assessed"
		d.Say = "Nobody can say: most of the software that is known could not be assessed." + rest
	default:
		d.Answer = "not_affected"
		d.Say = fmt.Sprintf("Not affected: none of the %s whose software is known, by the advisories of %s.%s",
			plural(d.Looked, "device", "devices"), d.Feed.BuiltAt.Format(longDay), rest)
	}
}

// FlawWhy implements api.Inventory.
func (a inventory) FlawWhy(ctx context.Context, who access.Caller, asked, asset string) (*api.FlawWhy, error) {
	return a.FlawWhyOf(ctx, who.Tenant(), asked, asset)
}

// FlawWhyOf explains how the software of an asset, or of all assets, was judged
// about a flaw.
func (a *App) FlawWhyOf(ctx context.Context, tid, asked, asset string) (*api.FlawWhy, error) {
	v, err := a.view(ctx, tid)
	if err != nil {
		return nil, err
	}
	out := &api.FlawWhy{Flaw: flawID(asked), Lines: []api.Explanation{}}
	if asset != "" {
		r := v.asset(asset)
		if r == nil {
			return nil, errs.New(errs.NotFound, "no asset %.80q", asset)
		}
		asset = r.ID
		out.Asset = v.refOf(fact.KindAsset, asset)
	}
	e := a.engine()
	if e == nil {
		return out, nil
	}
	if f, ok := e.Flaw(out.Flaw); ok {
		out.Flaw = f.ID
	}
	if asset != "" {
		out.Lines, err = a.explain(ctx, v, e, out.Flaw, asset)
		return out, err
	}
	key := out.Flaw + " " + e.Feed().ID + " " + a.now().UTC().Format(time.DateOnly)
	out.Lines, err = v.whys.of(key, 16).get(func() ([]api.Explanation, error) { return a.explain(ctx, v, e, out.Flaw, "") })
	return out, err
}

// explain says how each piece of software of an asset, or of all, and each system
// and device was judged about a flaw.
func (a *App) explain(ctx context.Context, v *view, e judge.Engine, flaw, asset string) ([]api.Explanation, error) {
	in, err := v.installed(ctx, a)
	if err != nil {
		return nil, err
	}
	ids := in.byAsset[asset]
	if asset == "" {
		ids = slices.Collect(maps.Keys(in.components))
	}
	lines := []api.Explanation{}
	var packages []string
	for _, adv := range e.Advisories(flaw) {
		packages = append(packages, adv.Packages...)
	}
	named := in.named(packages)
	for _, cid := range ids {
		c := in.components[cid]
		if x, ok := e.Explain(flaw, &c); ok || named[cid] && x.Verdict == "not_assessed" {
			lines = append(lines, api.Explanation{
				Software: c.Name, Version: c.Version, Ecosystem: cmp.Or(c.Distro, c.Ecosystem), Verdict: x.Verdict, Advisory: x.Advisory, Source: x.Source, Range: x.Range, Fixed: x.Fixed, Say: x.Say,
			})
		}
	}
	alike := make(map[api.Explanation]bool)
	for _, r := range v.inUse() {
		if asset != "" && r.ID != asset {
			continue
		}
		for _, x := range e.ExplainAsset(flaw, r) {
			line := api.Explanation{
				Software: x.Software, Version: x.Version, Ecosystem: x.About, Verdict: x.Verdict, Advisory: x.Advisory, Source: x.Source, Range: x.Range, Fixed: x.Fixed, Say: x.Say,
			}
			if !alike[line] { // machines alike have one answer
				alike[line] = true
				lines = append(lines, line)
			}
		}
	}
	slices.SortFunc(lines, func(x, y api.Explanation) int {
		return cmp.Or(cmp.Compare(x.Verdict, y.Verdict), cmp.Compare(x.Software, y.Software), cmp.Compare(x.Version, y.Version), cmp.Compare(x.Advisory, y.Advisory), cmp.Compare(x.Ecosystem, y.Ecosystem), cmp.Compare(x.Say, y.Say))
	})
	return lines, nil
}

// asset finds an asset by its id, name or address.
func (v *view) asset(name string) *fact.Resource {
	if r := v.set.Find(fact.KindAsset, name); r != nil {
		return r
	}
	for _, r := range v.set.Resources[fact.KindAsset] {
		ips, _ := r.Get("ips").([]string)
		if strings.EqualFold(r.Label(), name) || strings.EqualFold(r.Text("fqdn"), name) || slices.Contains(ips, name) {
			return r
		}
	}
	return nil
}
