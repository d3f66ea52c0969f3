package apitest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/web/api"
)

// Version implements api.Reader.
func (f *Fake) Version(_ context.Context, who access.Caller) (string, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return "", err
	}
	defer unlock()
	return strconv.Itoa(f.version), nil
}

// Today implements api.Reader.
func (f *Fake) Today(_ context.Context, who access.Caller) (*api.Today, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	last := f.history[0]
	t := &api.Today{
		Organization: f.org, Demo: true, Level: last.Level, Score: last.Score, GoalsMeasured: last.GoalsMeasured, GoalsMet: last.GoalsMet,
		LastAssessment: &last, RunningJob: f.job,
		Changes: []api.Change{
			{Kind: "better", Goal: "basic-training", Check: "training-current", Text: "Everyone was trained within 12 months went from not met to partly met", From: "not_met", To: "partly_met", At: last.AsOf},
			{Kind: "worse", Goal: "strong-encryption", Check: "encryption-disk", Text: "Two laptops without disk encryption appeared", From: "met", To: "partly_met", At: last.AsOf},
			{Kind: "new", Goal: "asset-inventory", Text: "3 devices were seen on the network that no list knows", At: last.AsOf},
		},
		Alerts: []api.Alert{
			{ID: "past_due", Tone: "bad", Text: "14 findings are past the day to mend them by, on 9 devices; the oldest since 31 October 2026.", Link: "/vulnerabilities", Count: 14},
			{ID: "decisions_ending", Tone: "warn", Text: "1 decision about findings ends within 14 days; what they cover then counts as open again.", Link: "/vulnerabilities/decisions", Count: 1},
		},
		NextSteps: []api.NextStep{
			{ID: "fix-mfa-privileged", Kind: "fix", Title: "Give four administrators a security key", Detail: "It closes the gravest gap: administrators whose sign-in can be phished.", Link: "/goals/mfa/checks/mfa-privileged-phishing-resistant", Goal: "mfa", Effort: "an afternoon"},
			{ID: "import-plan", Kind: "import", Title: "Bring a penetration test report", Detail: "Cybersecurity Testing cannot be measured without one.", Link: "/imports", Goal: "testing", Effort: "10 minutes"},
			{ID: "review-leaver", Kind: "review", Title: "One account of somebody who has left still works", Detail: "Disable it in Entra, then bring the accounts again.", Link: "/goals/revoke-credentials/checks/revoke-leavers", Goal: "revoke-credentials", Effort: "5 minutes"},
		},
	}
	for _, g := range f.goals {
		t.Goals = append(t.Goals, g.GoalTile)
	}
	t.Gaps = f.gaps()
	for _, h := range slices.Backward(f.history) {
		t.Trend = append(t.Trend, api.TrendPoint{At: h.AsOf, Score: h.Score, GoalsMeasured: h.GoalsMeasured, GoalsMet: h.GoalsMet})
	}
	now := f.now()
	t.Sources = []api.Source{
		{ID: "host/srv-inf-01", Title: "host collector on srv-inf-01", Assurance: "measured", ObservedAt: now.Add(-9 * time.Hour), ReceivedAt: now.Add(-9 * time.Hour), Facts: 812, Fresh: true, Notes: []api.Note{{What: "disk encryption", Why: "needs administrator rights"}}},
		{ID: "import/people", Title: "Staff roster (roster.csv)", Assurance: "imported", ObservedAt: now.Add(-48 * time.Hour), ReceivedAt: now.Add(-47 * time.Hour), Facts: 74, Fresh: true},
		{ID: "import/nessus/weekly", Title: "Nessus scan weekly-internal.nessus", Assurance: "imported", ObservedAt: now.Add(-40 * day), ReceivedAt: now.Add(-39 * day), Facts: 390},
	}
	return t, nil
}

func (f *Fake) gaps() []api.Gap {
	var out []api.Gap
	order := []policy.Severity{policy.Critical, policy.High, policy.Medium, policy.Low}
	for _, sev := range order {
		for _, c := range f.checks {
			if c.Severity == sev && c.Tally.Fail > 0 && len(out) < 5 {
				out = append(out, api.Gap{Goal: c.Goal, Check: c.ID, Title: c.Title, Severity: sev, Fail: c.Tally.Fail, InScope: c.Coverage.InScope, Why: c.WhyItMatters, Fix: c.Remediation})
			}
		}
	}
	return out
}

// Goals implements api.Reader.
func (f *Fake) Goals(_ context.Context, who access.Caller) ([]api.GoalTile, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	out := make([]api.GoalTile, len(f.goals))
	for i, g := range f.goals {
		out[i] = g.GoalTile
	}
	return out, nil
}

// Goal implements api.Reader.
func (f *Fake) Goal(_ context.Context, who access.Caller, id string) (*api.GoalDetail, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return one(f.goals, "goal", id, func(g api.GoalDetail) string { return g.ID })
}

func one[T any](all []T, what, id string, of func(T) string) (*T, error) {
	i := slices.IndexFunc(all, func(v T) bool { return of(v) == id })
	if i < 0 {
		return nil, errs.New(errs.NotFound, "there is no %s %.60q", what, id)
	}
	v := all[i]
	return &v, nil
}

// Checks implements api.Reader.
func (f *Fake) Checks(_ context.Context, who access.Caller) ([]api.CheckRow, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	out := make([]api.CheckRow, len(f.checks))
	for i, c := range f.checks {
		out[i] = c.CheckRow
	}
	return out, nil
}

// Check implements api.Reader.
func (f *Fake) Check(_ context.Context, who access.Caller, id string) (*api.CheckDetail, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return one(f.checks, "check", id, func(c api.CheckDetail) string { return c.ID })
}

// page cuts one page out of all; the cursor is the place to begin.
func page[T any](all []T, q api.PageQuery) (*api.Page[T], error) {
	at := 0
	if q.Cursor != "" {
		var err error
		if at, err = strconv.Atoi(q.Cursor); err != nil || at < 0 {
			return nil, errs.New(errs.Invalid, "the cursor is not one of ours")
		}
	}
	at = min(at, len(all))
	end := min(len(all), at+q.Limit)
	p := &api.Page[T]{Items: all[at:end], Total: len(all)}
	if end < len(all) {
		p.Next = strconv.Itoa(end)
	}
	return p, nil
}

func holds(text, q string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(q)) }

// Results implements api.Reader.
func (f *Fake) Results(ctx context.Context, who access.Caller, check string, q api.ResultQuery) (*api.Page[api.ResultRow], error) {
	if _, err := f.Check(ctx, who, check); err != nil {
		return nil, err
	}
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var rows []api.ResultRow
	for _, r := range f.results[check] {
		asset := ""
		if r.Asset != nil {
			asset = r.Asset.Label
		}
		if (q.Verdict == "" || r.Verdict == q.Verdict) && holds(r.Label+" "+asset+" "+r.Why, q.Q) {
			rows = append(rows, r.ResultRow)
		}
	}
	return page(rows, q.PageQuery)
}

// Result implements api.Reader.
func (f *Fake) Result(_ context.Context, who access.Caller, check, resource string) (*api.ResultDetail, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return one(f.results[check], "result", resource, func(r api.ResultDetail) string { return r.Resource })
}

var columns = map[string][]string{
	"asset":         {"name", "class", "owner", "location", "os_name", "os_support_ends_at", "zone", "last_seen_at"},
	"person":        {"name", "employee_id", "department", "role", "trained_at", "ended_at"},
	"account":       {"name", "directory", "type", "enabled", "privileged", "mfa_enabled", "last_login_at"},
	"vendor":        {"name", "service", "tier", "reaches_phi", "baa_signed", "contract_ends_at"},
	"vulnerability": {"title", "severity", "cves", "known_exploited", "first_seen_at", "status"},
	"endpoint":      {"service", "port", "tls_oldest", "cert_not_after", "clear_text"},
	"volume":        {"mount", "encrypted", "encryption", "size_bytes"},
	"setting":       {"rule", "title", "product", "compliant"},
	"domain":        {"name", "spf", "dkim", "dmarc_policy"},
	"organization":  {"name", "kind", "beds"},
}

var faceted = map[string][]string{
	"asset": {"class", "location", "zone", "os_name"}, "person": {"department", "role"}, "account": {"directory", "type", "enabled", "privileged"},
	"vendor": {"tier", "reaches_phi"}, "vulnerability": {"severity", "known_exploited"},
}

func valueOf(r *api.ResourceDetail, name string) any {
	for _, a := range r.Attributes {
		if a.Name == name {
			return a.Value
		}
	}
	return nil
}

func text(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case time.Time:
		return x.Format(time.RFC3339)
	case []string:
		return strings.Join(x, " ")
	}
	return fmt.Sprint(v)
}

// Resources implements api.Reader.
func (f *Fake) Resources(_ context.Context, who access.Caller, q api.ResourceQuery) (*api.ResourcePage, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	cols := q.Columns
	if len(cols) == 0 {
		cols = columns[q.Kind]
	}
	out := &api.ResourcePage{}
	schema, _ := fact.SchemaOf(fact.Kind(q.Kind))
	for _, c := range cols {
		if a, ok := schema.Attr(c); ok {
			out.Columns = append(out.Columns, api.AttributeInfo{Name: c, Type: a.Type.String(), Doc: a.Doc})
		}
	}
	var found []*api.ResourceDetail
	for _, r := range f.resources[q.Kind] {
		var t strings.Builder
		t.WriteString(r.Label + " " + r.ID)
		for _, c := range cols {
			t.WriteString(" " + text(valueOf(r, c)))
		}
		if !holds(t.String(), q.Q) || q.Asset != "" && (r.Asset == nil || r.Asset.ID != q.Asset) || !f.saysOf(q, r) {
			continue
		}
		found = append(found, r)
	}
	out.Facets = facets(found, faceted[q.Kind])
	found = slices.DeleteFunc(found, func(r *api.ResourceDetail) bool { return !passes(r, q.Filters) })
	by, turned := strings.CutPrefix(q.Sort, "-")
	slices.SortStableFunc(found, func(a, b *api.ResourceDetail) int {
		n := cmp.Compare(a.Label, b.Label)
		if by != "" && by != "label" {
			n = cmp.Or(cmp.Compare(text(valueOf(a, by)), text(valueOf(b, by))), n)
		}
		if turned {
			n = -n
		}
		return n
	})
	rows := make([]api.ResourceRow, len(found))
	for i, r := range found {
		rows[i] = f.row(r, cols)
	}
	p, err := page(rows, q.PageQuery)
	if err != nil {
		return nil, err
	}
	out.Page = *p
	return out, nil
}

func (f *Fake) saysOf(q api.ResourceQuery, r *api.ResourceDetail) bool {
	return q.Check == "" || slices.ContainsFunc(f.results[q.Check], func(d api.ResultDetail) bool {
		return d.Resource == r.ID && d.Verdict == q.Verdict
	})
}

func passes(r *api.ResourceDetail, filters []api.Filter) bool {
	want := map[string]bool{}
	for _, flt := range filters {
		v := valueOf(r, flt.Attribute)
		hit := text(v) == flt.Value
		if l, ok := v.([]string); ok {
			hit = slices.Contains(l, flt.Value)
		}
		want[flt.Attribute] = want[flt.Attribute] || hit
	}
	for _, ok := range want {
		if !ok {
			return false
		}
	}
	return true
}

func facets(rs []*api.ResourceDetail, names []string) []api.Facet {
	var out []api.Facet
	for _, n := range names {
		counts := map[string]int{}
		for _, r := range rs {
			counts[text(valueOf(r, n))]++
		}
		fc := api.Facet{Attribute: n}
		for v, c := range counts {
			fc.Values = append(fc.Values, api.FacetValue{Value: v, Count: c})
		}
		slices.SortFunc(fc.Values, func(a, b api.FacetValue) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
		})
		out = append(out, fc)
	}
	return out
}

func (f *Fake) row(r *api.ResourceDetail, cols []string) api.ResourceRow {
	row := api.ResourceRow{Kind: r.Kind, ID: r.ID, Label: r.Label, Asset: r.Asset, Values: map[string]any{}, Missing: map[string]string{}}
	for _, a := range r.Attributes {
		if !slices.Contains(cols, a.Name) {
			continue
		}
		if a.Missing != "" {
			row.Missing[a.Name] = a.Missing
		} else {
			row.Values[a.Name] = a.Value
		}
	}
	for _, rc := range f.about(r) {
		count(&row.Tally, policy.Verdict(rc.Verdict))
	}
	return row
}

func (f *Fake) about(r *api.ResourceDetail) []api.ResultOfCheck {
	var out []api.ResultOfCheck
	for _, c := range f.checks {
		if c.Resource != r.Kind {
			continue
		}
		for _, d := range f.results[c.ID] {
			if d.Resource == r.ID {
				out = append(out, api.ResultOfCheck{Check: c.ID, Title: c.Title, Goal: c.Goal, Severity: string(c.Severity), Verdict: string(d.Verdict), Why: d.Why})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b api.ResultOfCheck) int {
		return cmp.Compare(rank(policy.Verdict(a.Verdict)), rank(policy.Verdict(b.Verdict)))
	})
	return out
}

// Resource implements api.Reader.
func (f *Fake) Resource(_ context.Context, who access.Caller, kind, id string) (*api.ResourceDetail, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	p, err := one(f.resources[kind], kind, id, func(r *api.ResourceDetail) string { return r.ID })
	if err != nil {
		return nil, err
	}
	out := **p
	out.Results = f.about(*p)
	for _, k := range fact.Kinds() {
		g := api.RelatedGroup{Kind: string(k), Title: strings.ToUpper(string(k)[:1]) + string(k)[1:] + "s"}
		for _, r := range f.resources[string(k)] {
			if r.Asset != nil && r.Asset.ID == id {
				g.Items = append(g.Items, api.Ref{Kind: r.Kind, ID: r.ID, Label: r.Label})
			}
		}
		if g.Total = len(g.Items); g.Total > 0 {
			out.Related = append(out.Related, g)
		}
	}
	return &out, nil
}

// Assessments implements api.Reader.
func (f *Fake) Assessments(_ context.Context, who access.Caller, q api.PageQuery) (*api.Page[api.AssessmentSummary], error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return page(f.history, q)
}

// Assessment implements api.Reader.
func (f *Fake) Assessment(_ context.Context, who access.Caller, id string) (*assess.Assessment, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if id == "latest" {
		id = f.history[0].ID
	}
	h, err := one(f.history, "assessment", id, func(a api.AssessmentSummary) string { return a.ID })
	if err != nil {
		return nil, err
	}
	a := &assess.Assessment{
		Schema: assess.SchemaV1, ID: h.ID, AsOf: h.AsOf, Demo: true, Level: h.Level, Score: h.Score, GoalsMeasured: h.GoalsMeasured, GoalsMet: h.GoalsMet, Digest: h.Digest,
		Organization: assess.Organization{ID: f.org.ID, Name: f.org.Name, Kind: f.org.Kind, CCN: f.org.CCN, State: f.org.State, Beds: f.org.Beds},
		Resources:    map[fact.Kind]int{},
	}
	for k, rs := range f.resources {
		a.Resources[fact.Kind(k)] = len(rs)
	}
	for _, g := range f.goals {
		a.Goals = append(a.Goals, assess.Goal{ID: g.ID, Number: g.Number, Tier: g.Tier, Title: g.Title, State: g.State, Score: g.Score, Coverage: policy.Coverage(g.Coverage)})
	}
	return a, nil
}

// Report implements api.Reader.
func (f *Fake) Report(ctx context.Context, who access.Caller, id, format string, w io.Writer) error {
	a, err := f.Assessment(ctx, who, id)
	if err != nil {
		return err
	}
	switch format {
	case "html":
		_, err = fmt.Fprintf(w, "<!doctype html><html lang=en><title>Report</title><style>body{font:16px system-ui;margin:2rem}</style><h1>%s</h1><p>Level: %s. %d of 20 goals measured.</p>", a.Organization.Name, a.Level, a.GoalsMeasured)
	case "csv":
		_, err = fmt.Fprintln(w, "goal,state")
		for _, g := range a.Goals {
			_, err = fmt.Fprintf(w, "%s,%s\n", g.ID, g.State)
		}
	default:
		_, err = fmt.Fprintf(w, `{"schema":%q,"id":%q}`, a.Schema, a.ID)
	}
	return err
}

// Imports implements api.Reader.
func (f *Fake) Imports(_ context.Context, who access.Caller, q api.PageQuery) (*api.Page[api.ImportSummary], error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	out := make([]api.ImportSummary, len(f.imports))
	for i, d := range f.imports {
		out[i] = d.ImportSummary
	}
	return page(out, q)
}

// Import implements api.Reader.
func (f *Fake) Import(_ context.Context, who access.Caller, id string) (*api.ImportDetail, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return one(f.imports, "import", id, func(d api.ImportDetail) string { return d.ID })
}

// Search implements api.Reader.
func (f *Fake) Search(_ context.Context, who access.Caller, q string, limit int) ([]api.SearchHit, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []api.SearchHit
	add := func(h api.SearchHit) {
		if len(out) < limit && holds(h.Label+" "+h.ID, q) {
			out = append(out, h)
		}
	}
	for _, g := range f.goals {
		add(api.SearchHit{Kind: "goal", ID: g.ID, Label: g.Title, Note: g.Tier, Link: "/goals/" + g.ID})
	}
	for _, c := range f.checks {
		add(api.SearchHit{Kind: "check", ID: c.ID, Label: c.Title, Note: c.GoalTitle, Link: "/goals/" + c.Goal + "/checks/" + c.ID})
	}
	for _, k := range fact.Kinds() {
		for _, r := range f.resources[string(k)] {
			add(api.SearchHit{Kind: r.Kind, ID: r.ID, Label: r.Label, Note: r.Kind, Link: "/resources/" + r.Kind + "/" + r.ID})
		}
	}
	return out, nil
}

// Parameters implements api.Reader.
func (f *Fake) Parameters(_ context.Context, who access.Caller) ([]api.Parameter, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return slices.Clone(f.params), nil
}

// Organization implements api.Reader.
func (f *Fake) Organization(_ context.Context, who access.Caller) (*api.Organization, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	o := f.org
	return &o, nil
}

// Ledger implements api.Reader.
func (f *Fake) Ledger(_ context.Context, who access.Caller) (*api.LedgerStatus, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	root := "5xqYc4vR0nq3dYw0m8Jx1p7w8n0vQ9mS0b2cYt1kq0E="
	return &api.LedgerStatus{
		Size: 1284, RootHash: root, KeyName: "asepsis/" + f.tenant, At: new(f.now().Add(-time.Hour)), LastCheck: f.lastCheck,
		Checkpoint: "asepsis/" + f.tenant + "\n1284\n" + root + "\n\n— asepsis key Az3grl…\n",
	}, nil
}
