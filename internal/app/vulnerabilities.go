package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/feed"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/pkgver"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/purl"
	"github.com/asepsis/asepsis/internal/vuln/priority"
	"github.com/asepsis/asepsis/internal/web/api"
)

// inventory is the part of App that shows and changes the inventory, as the
// API sees it.
type inventory struct{ *App }

var _ api.Inventory = inventory{}

// open reports whether a vulnerability counts as open: nobody mended it, and
// nobody decided about it.
func open(r *fact.Resource) bool {
	return r.Text("status") != "fixed" && r.Text("disposition") == "" && r.Text("severity") != "info"
}

// inUse lists the assets in use.
func (v *view) inUse() map[string]*fact.Resource {
	return v.used.must(func() map[string]*fact.Resource {
		out := make(map[string]*fact.Resource)
		for _, a := range v.set.Resources[fact.KindAsset] {
			if in, ok := a.Get("in_scope").(bool); !ok || in {
				out[a.ID] = a
			}
		}
		return out
	})
}

// findingsOf lists the findings of a flaw.
func (v *view) findingsOf(flaw string) []*fact.Resource {
	return v.byFlaw.must(func() map[string][]*fact.Resource {
		out := make(map[string][]*fact.Resource)
		for _, r := range v.set.Resources[fact.KindVulnerability] {
			id := flawOf(r)
			out[id] = append(out[id], r)
		}
		return out
	})[flaw]
}

// Vulnerabilities implements api.Inventory.
func (a inventory) Vulnerabilities(ctx context.Context, who access.Caller) (*api.VulnerabilityOverview, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	return v.overview.get(func() (*api.VulnerabilityOverview, error) { return a.overviewOf(ctx, v) })
}

// overviewOf adds up what is open.
func (a *App) overviewOf(ctx context.Context, v *view) (*api.VulnerabilityOverview, error) {
	out := &api.VulnerabilityOverview{BySeverity: map[string]int{"critical": 0, "high": 0, "medium": 0, "low": 0}, Gaps: []api.AssessmentGap{}, Groups: []api.UpdateGroup{}}
	out.Feed = v.feed()
	assets := v.inUse()
	flaws, onAsset := make(map[string]bool), make(map[string]bool)
	soon := v.at.AddDate(0, 0, 7)
	var findings []*fact.Resource
	for _, r := range v.set.Resources[fact.KindVulnerability] {
		if assets[r.Asset] == nil {
			continue
		}
		if r.Text("disposition") != "" && r.Text("status") != "fixed" {
			out.Decided++
		}
		if !open(r) {
			continue
		}
		findings = append(findings, r)
		out.Open++
		flaws[flawOf(r)] = true
		onAsset[r.Asset] = true
		out.BySeverity[cmp.Or(r.Text("severity"), "unknown")]++
		if r.True("known_exploited") {
			out.Exploited++
		}
		switch by := r.When("fix_by_at"); {
		case by.IsZero():
		case by.Before(v.at):
			out.PastDue++
		case by.Before(soon):
			out.DueSoon++
		}
	}
	out.Flaws, out.AssetsOpen, out.Assets = len(flaws), len(onAsset), len(assets)
	for id, r := range assets {
		_, scanned := r.Values["scanned_at"]
		n, judged := r.Get("software_assessed").(int64)
		switch {
		case judged && n > 0, scanned, onAsset[id]:
			out.Assessed++
		default:
			out.NotAssessed++
		}
		if k := v.known; k != nil {
			f := k.Found[id]
			out.Components += f.Assessed + f.NotAssessed()
			out.ComponentsNotAssessed += f.NotAssessed()
			out.Checks += len(f.Checks)
		}
	}
	out.Gaps = v.gaps(assets)
	out.Groups, out.GroupsTotal = v.groups(findings)
	var err error
	out.Times, err = a.times(ctx, v, findings)
	return out, err
}

// flawOf names the flaw of a finding.
func flawOf(r *fact.Resource) string {
	if _, flaw, ok := strings.Cut(r.ID, "/"); ok {
		return flaw
	}
	return r.ID
}

// feed names the advisories that the findings rest on.
func (v *view) feed() *api.FeedBrief {
	if v.known == nil || v.known.Feed.ID == "" {
		return nil
	}
	f := v.known.Feed
	_, behind := feed.Clock(f.BuiltAt, v.at) // a clock that stands before it tells no age
	return &api.FeedBrief{ID: f.ID, BuiltAt: f.BuiltAt, Stale: behind || v.at.Sub(f.BuiltAt) > v.rules.parameters.Window(policy.FeedStaleAfter)+dayAfter, KnowsExploited: f.Exploited}
}

// dayAfter is how long after its time a weekly feed is still on its way.
const dayAfter = 24 * time.Hour

// gaps adds up what was not assessed on the assets.
func (v *view) gaps(assets map[string]*fact.Resource) []api.AssessmentGap {
	type key struct{ ecosystem, why string }
	sums := make(map[key]*api.AssessmentGap)
	if v.known != nil {
		for _, id := range slices.Sorted(maps.Keys(assets)) { // so that the samples are the same each time
			f := v.known.Found[id]
			for _, g := range f.Gaps {
				k := key{g.Ecosystem, g.Why}
				s := sums[k]
				if s == nil {
					s = &api.AssessmentGap{Ecosystem: g.Ecosystem, Why: g.Why, Sample: []string{}}
					sums[k] = s
				}
				s.Count += g.Count
				s.Assets++
				for _, n := range g.Sample {
					if len(s.Sample) < 5 && !slices.Contains(s.Sample, n) {
						s.Sample = append(s.Sample, n)
					}
				}
			}
		}
	}
	out := make([]api.AssessmentGap, 0, len(sums))
	for _, s := range sums {
		slices.Sort(s.Sample)
		out = append(out, *s)
	}
	slices.SortFunc(out, func(x, y api.AssessmentGap) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Ecosystem, y.Ecosystem), cmp.Compare(x.Why, y.Why))
	})
	return out
}

// times says how long findings took to be mended in the last year: those of our
// own comparison and those of scanners, each counted once. Those still open are
// not left out, which would make slow look fast.
func (a *App) times(ctx context.Context, v *view, findings []*fact.Resource) ([]api.TimeToFix, error) {
	since := v.at.AddDate(-1, 0, 0)
	closed, err := v.tenant.ClosedFindings(ctx, since)
	if err != nil {
		return nil, err
	}
	gone, err := v.tenant.ClosedReports(ctx, since)
	if err != nil {
		return nil, err
	}
	spans := make(map[string][]priority.Span)
	type key struct{ asset, flaw string }
	counted := make(map[key]bool)
	for _, c := range slices.Concat(closed, gone) {
		k := key{c.Asset, c.Flaw}
		if !counted[k] {
			counted[k] = true
			spans[c.Severity] = append(spans[c.Severity], priority.Span{From: c.OpenedAt, To: c.ClosedAt})
		}
	}
	for _, r := range findings {
		if first := r.When("first_seen_at"); !first.IsZero() {
			spans[r.Text("severity")] = append(spans[r.Text("severity")], priority.Span{From: first})
		}
	}
	var out []api.TimeToFix
	for _, sev := range []string{"critical", "high", "medium", "low"} {
		d := priority.TimeToFix(spans[sev], v.at)
		out = append(out, api.TimeToFix{
			Severity: sev, Fixed: d.Fixed, Open: d.Open, MedianDays: daysOf(d.Median, d.MedianKnown), P90Days: daysOf(d.P90, d.P90Known), OldestDays: daysOf(d.OpenOldest, d.Open > 0),
		})
	}
	return out, nil
}

// daysOf returns days to a tenth, or nil where they are not known.
func daysOf(d time.Duration, known bool) *float64 {
	if !known {
		return nil
	}
	f := math.Round(d.Hours()/24*10) / 10
	return &f
}

// Decisions implements api.Inventory.
func (a inventory) Decisions(ctx context.Context, who access.Caller) ([]api.FlawDecision, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	return a.decisionsOf(ctx, v, "")
}

// decisionsOf lists decisions, of one flaw or of all.
func (a *App) decisionsOf(ctx context.Context, v *view, flaw string) ([]api.FlawDecision, error) {
	ds, err := v.tenant.Decisions(ctx, v.at)
	if err != nil {
		return nil, err
	}
	out := []api.FlawDecision{}
	for _, d := range ds {
		if flaw == "" || d.Flaw == flaw {
			out = append(out, v.decision(d))
		}
	}
	return out, nil
}

func (v *view) decision(d judge.Decision) api.FlawDecision {
	out := api.FlawDecision{
		ID: d.ID, Kind: string(d.Kind), Flaw: d.Flaw, Software: d.Software, Version: d.Version, Group: d.Group, Reason: d.Reason, Control: d.Control,
		By: d.By, At: d.At, Until: d.Until, EndedBy: d.EndedBy, EndedAt: api.Stamp(d.EndedAt), Live: d.Live(v.at),
	}
	if out.Live {
		for _, r := range v.mayCover(d.Flaw) {
			if d.Covers(r, v.set.Find(fact.KindAsset, r.Asset)) {
				out.Covers++
			}
		}
	}
	return out
}

// mayCover lists the findings that a decision about a flaw may be about: those of
// its name, and those that go by it as another name.
func (v *view) mayCover(flaw string) []*fact.Resource {
	return v.named.must(func() map[string][]*fact.Resource {
		out := make(map[string][]*fact.Resource)
		for _, r := range v.set.Resources[fact.KindVulnerability] {
			names := []string{flawOf(r)}
			for _, a := range [...]string{"cves", "aliases"} {
				ids, _ := r.Get(a).([]string)
				names = append(names, ids...)
			}
			// A decision may name a flaw without what a scanner puts in front of it.
			names = append(names, r.ID[strings.LastIndexByte(r.ID, '/')+1:])
			slices.Sort(names)
			for _, n := range slices.Compact(names) {
				out[n] = append(out[n], r)
			}
		}
		return out
	})[flaw]
}

// Decide implements api.Inventory.
func (a inventory) Decide(ctx context.Context, who access.Caller, in api.DecisionInput) (*api.FlawDecision, error) {
	d, err := a.DecideAs(ctx, who.Tenant(), who.Name(), judge.Decision{
		Kind: judge.DecisionKind(in.Kind), Flaw: in.Flaw, Software: in.Software, Version: in.Version, Group: in.Group, Reason: in.Reason, Control: in.Control, Until: in.Until.UTC(),
	})
	if err != nil {
		return nil, err
	}
	return a.decided(ctx, who, d)
}

// decided shows a decision just made or ended, and has the goals decided anew.
func (a inventory) decided(ctx context.Context, who access.Caller, d judge.Decision) (*api.FlawDecision, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	out := v.decision(d)
	a.reassess(ctx, who.Tenant(), who.Name(), "decision about "+d.Flaw)
	return &out, nil
}

// DecideAs records a decision about findings.
func (a *App) DecideAs(ctx context.Context, tid, by string, d judge.Decision) (judge.Decision, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return d, err
	}
	now, err := a.present(ctx, t)
	if err != nil {
		return d, err
	}
	d.ID, d.By, d.At, d.EndedAt, d.EndedBy = id.New(id.Decision, now), by, now, time.Time{}, ""
	if err := d.Check(now); err != nil {
		return d, err
	}
	t.running.Lock()
	defer t.running.Unlock()
	if err := t.Decide(ctx, d); err != nil {
		return d, err
	}
	a.publish(ctx, tid)
	return d, nil
}

// EndDecision implements api.Inventory.
func (a inventory) EndDecision(ctx context.Context, who access.Caller, did string) (*api.FlawDecision, error) {
	d, err := a.EndDecisionAs(ctx, who.Tenant(), who.Name(), did)
	if err != nil {
		return nil, err
	}
	return a.decided(ctx, who, d)
}

// EndDecisionAs ends a decision before its day.
func (a *App) EndDecisionAs(ctx context.Context, tid, by, did string) (judge.Decision, error) {
	if err := id.Check(id.Decision, did); err != nil {
		return judge.Decision{}, errs.New(errs.NotFound, "no decision %.60q", did)
	}
	t, err := a.tenant(tid)
	if err != nil {
		return judge.Decision{}, err
	}
	now, err := a.present(ctx, t)
	if err != nil {
		return judge.Decision{}, err
	}
	t.running.Lock()
	defer t.running.Unlock()
	d, err := t.EndDecision(ctx, did, by, now)
	if err != nil {
		return d, err
	}
	a.publish(ctx, tid)
	return d, nil
}

// todo is one thing to do while it is put together.
type todo struct {
	id, title, software, fixed string
	findings                   []*fact.Resource
	rank                       priority.Rank
	why                        []string
}

// groups makes one thing to do of all findings that the same update mends: as few
// updates as mend all of them. What no update mends, and what scanners ask for in
// words, are things to do of their own. The most urgent comes first.
func (v *view) groups(findings []*fact.Resource) (most []api.UpdateGroup, total int) {
	times := v.rules.fixTimes()
	byID := make(map[string]*fact.Resource, len(findings))
	others := make(map[string]*todo)
	var plan []priority.Finding
	ranks := make(map[string]priority.Rank, len(findings))
	for _, r := range findings {
		risk := assess.RiskOf(r, v.set.Find(fact.KindAsset, r.Asset))
		risk.Flaw = flawOf(r)
		byID[r.ID] = r
		ranks[r.ID] = priority.Of(risk, times)
		if fixes := updatesFor(r); len(fixes) > 0 {
			plan = append(plan, priority.Finding{ID: r.ID, Asset: r.Asset, Risk: risk, Fixes: fixes})
			continue
		}
		key, title := actionOf(r)
		t := others[key]
		if t == nil {
			t = &todo{id: key, title: title, software: r.Text("component"), rank: ranks[r.ID]}
			others[key] = t
		}
		t.findings = append(t.findings, r)
		if ranks[r.ID].Compare(t.rank) < 0 {
			t.rank = ranks[r.ID]
		}
	}
	var all []*todo
	for _, g := range priority.Plan(plan, times, nil) {
		t := &todo{id: "update " + g.Update.Line + " " + g.Update.String(), title: updateTitle(g.Update), software: g.Update.Name, fixed: cmp.Or(g.Update.Version, g.Update.Name), rank: g.Rank}
		for _, f := range g.Findings {
			t.findings = append(t.findings, byID[f.ID])
		}
		all = append(all, t)
	}
	for _, t := range others {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *todo) int {
		return cmp.Or(a.rank.Compare(b.rank), cmp.Compare(len(b.findings), len(a.findings)), cmp.Compare(a.id, b.id))
	})
	out := make([]api.UpdateGroup, 0, min(len(all), mostGroups))
	for _, t := range all[:min(len(all), mostGroups)] {
		out = append(out, v.group(t))
	}
	return out, len(all)
}

// mostGroups is how many things to do are shown; all are counted.
const mostGroups = 200

// updateTitle says what to install.
func updateTitle(u priority.Update) string {
	switch {
	case u.Version == "":
		return "Install " + u.Name
	case strings.Contains(u.Name, ", "):
		return "Update to " + u.Version // the version names what it is of
	}
	return "Update " + u.Name + " to " + u.Version
}

// updatesFor returns the updates that mend a finding. Versions of packages are
// ordered as their ecosystem does; of anything else as makers write them.
func updatesFor(r *fact.Resource) []priority.Update {
	software, fixed := r.Text("component"), r.Text("fixed_version")
	if software == "" || fixed == "" {
		return nil
	}
	if strings.HasPrefix(fixed, "KB") {
		return []priority.Update{{Name: fixed}}
	}
	u := priority.Update{Name: software, Version: fixed, Scheme: pkgver.Generic}
	if p, err := purl.Parse(r.Text("component_purl")); err == nil {
		u.Line = p.Type
		if scheme, ok := pkgver.SchemeOf(p.Type); ok {
			u.Scheme = scheme
		}
		if d := p.Distro(); d != "" {
			u.Line = d
		}
	}
	return []priority.Update{u}
}

// actionOf names what there is to do about a finding that no update mends.
func actionOf(r *fact.Resource) (key, title string) {
	if software := r.Text("component"); software != "" {
		return "no update " + software, "No update of " + software + " is known: isolate, replace or accept"
	}
	title = oneLine(cmp.Or(r.Text("title"), flawOf(r)), 120)
	if s := r.Text("solution"); s != "" {
		title = oneLine(strings.TrimRight(title, ".")+". "+s, 240)
	}
	return "item " + r.Text("scanner") + " " + cmp.Or(r.Text("scanner_id"), title), title
}

// group shows a thing to do.
func (v *view) group(t *todo) api.UpdateGroup {
	g := api.UpdateGroup{
		ID: t.id, Title: t.title, Software: t.software, Fixed: t.fixed, Findings: len(t.findings), Decision: t.rank.Choice.Decision.String(),
		FixBy: api.Stamp(t.rank.Deadline.By), Assets: []api.Ref{}, Owners: []string{},
	}
	flaws, assets, owners := make(map[string]string), make(map[string]bool), make(map[string]bool)
	for _, r := range t.findings {
		sev := r.Text("severity")
		flaw := flawOf(r)
		if have, ok := flaws[flaw]; !ok || rankOf(sev) < rankOf(have) {
			flaws[flaw] = sev
		}
		if g.Severity == "" || rankOf(sev) < rankOf(g.Severity) {
			g.Severity = sev
		}
		assets[r.Asset] = true
		if o := v.set.Find(fact.KindAsset, r.Asset); o != nil && o.Text("owner") != "" {
			owners[o.Text("owner")] = true
		}
		if by := r.When("fix_by_at"); !by.IsZero() && (g.FixBy == nil || by.Before(*g.FixBy)) {
			g.FixBy = &by // the most urgent finding need not be the first that is due
		}
		if r.True("known_exploited") {
			g.Exploited++
		}
		if e, ok := r.Get("epss").(float64); ok {
			g.EPSS = max(g.EPSS, e)
		}
	}
	g.FlawCount, g.AssetCount = len(flaws), len(assets)
	g.Flaws = slices.SortedFunc(maps.Keys(flaws), func(x, y string) int {
		return cmp.Or(cmp.Compare(rankOf(flaws[x]), rankOf(flaws[y])), cmp.Compare(x, y))
	})
	g.Flaws = g.Flaws[:min(len(g.Flaws), 50)]
	rank := v.kind(fact.KindAsset).rankOf()
	on := slices.SortedFunc(maps.Keys(assets), func(x, y string) int { return cmp.Compare(rank[x], rank[y]) })
	for _, id := range on[:min(len(on), 50)] {
		g.Assets = append(g.Assets, *v.refOf(fact.KindAsset, id))
	}
	g.Owners = append(g.Owners, slices.Sorted(maps.Keys(owners))...)
	g.Why = v.why(&g)
	return g
}

func (v *view) why(g *api.UpdateGroup) []string {
	var why []string
	if g.Exploited > 0 {
		why = append(why, "exploited now, by CISA's catalog")
	}
	if g.FixBy != nil {
		switch d := g.FixBy.Sub(v.at); {
		case d < 0:
			late := "past due since today"
			if n := int(v.at.Truncate(dayAfter).Sub(g.FixBy.Truncate(dayAfter)) / dayAfter); n > 0 {
				late = plural(n, "day", "days") + " past due" // by the calendar, as people count
			}
			why = append(why, late)
		case d < 24*time.Hour:
			why = append(why, "due today")
		case d < 7*24*time.Hour:
			why = append(why, "due in "+plural(int(d.Hours()/24), "day", "days"))
		}
	}
	if g.EPSS >= 0.1 {
		why = append(why, fmt.Sprintf("%.0f %% chance of exploitation within 30 days (EPSS)", g.EPSS*100))
	}
	return append(why, fmt.Sprintf("mends %s on %s", plural(g.Findings, "finding", "findings"), plural(g.AssetCount, "device", "devices")))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func rankOf(severity string) int {
	if i := slices.Index([]string{"critical", "high", "medium", "low", "info"}, severity); i >= 0 {
		return i
	}
	return 5
}

// newerText compares versions whose order nobody told us as people read them.
func newerText(a, b string) bool { return natural(a, b) > 0 }
