package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/web/api"
)

// columnsOf is what a list of a kind shows unless the caller says otherwise.
var columnsOf = map[fact.Kind][]string{
	fact.KindAsset:         {"class", "os_name", "owner", "location", "criticality", "last_seen_at"},
	fact.KindPerson:        {"role", "department", "active", "trained_at", "enabled_accounts"},
	fact.KindVendor:        {"service", "tier", "reaches_phi", "baa_signed", "security_terms", "notice_hours", "verified_at"},
	fact.KindAccount:       {"directory", "type", "enabled", "privileged", "mfa_enabled", "last_login_at", "person_id"},
	fact.KindEndpoint:      {"port", "service", "exposed", "tls_oldest", "cert_not_after", "process"},
	fact.KindVolume:        {"mount", "filesystem", "encrypted", "encryption"},
	fact.KindVulnerability: {"severity", "cves", "known_exploited", "first_seen_at", "status"},
	fact.KindSetting:       {"title", "benchmark", "product", "severity", "compliant"},
	fact.KindActivity:      {"type", "performed_at", "performer", "scope", "findings"},
	fact.KindDocument:      {"type", "owner", "reviewed_at"},
	fact.KindDomain:        {"spf", "dmarc_policy", "security_txt_expires_at"},
	fact.KindOrganization:  {"kind", "beds", "state"},
}

// facetsOf is what a list of a kind can be narrowed by at a glance.
var facetsOf = map[fact.Kind][]string{
	fact.KindAsset:         {"class", "os_family", "criticality", "zone", "status"},
	fact.KindPerson:        {"active", "department", "type"},
	fact.KindVendor:        {"tier", "reaches_phi", "baa_signed"},
	fact.KindAccount:       {"directory", "type", "enabled", "privileged", "mfa_enabled"},
	fact.KindEndpoint:      {"service", "exposed", "tls"},
	fact.KindVulnerability: {"severity", "known_exploited", "status"},
	fact.KindSetting:       {"benchmark", "product", "topic", "compliant"},
	fact.KindActivity:      {"type", "scope"},
	fact.KindVolume:        {"encryption", "encrypted"},
}

// Resources implements api.Reader.
func (a reader) Resources(ctx context.Context, who access.Caller, q api.ResourceQuery) (*api.ResourcePage, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	kind := fact.Kind(q.Kind)
	schema, ok := fact.SchemaOf(kind)
	if !ok {
		return nil, errs.New(errs.NotFound, "no kind of resource %.40q", q.Kind)
	}
	columns := q.Columns
	if len(columns) == 0 {
		columns = columnsOf[kind]
	}
	page := &api.ResourcePage{Columns: []api.AttributeInfo{}, Facets: []api.Facet{}}
	for _, c := range columns {
		at, ok := schema.Attr(c)
		if !ok {
			return nil, unknownAttribute(schema, c)
		}
		page.Columns = append(page.Columns, api.AttributeInfo{Name: at.Name, Type: at.Type.String(), Doc: at.Doc})
	}
	list := v.list(schema)
	found, all, err := v.search(list, q, columns)
	if err != nil {
		return nil, err
	}
	if all {
		page.Facets = list.facetsOfAll()
	} else {
		page.Facets = list.count(found)
	}
	if found, err = list.filter(found, q.Filters); err != nil {
		return nil, err
	}
	rows, next, err := pageOf(found, q.PageQuery)
	if err != nil {
		return nil, err
	}
	page.Total, page.Next, page.Items = len(found), next, make([]api.ResourceRow, 0, len(rows))
	for _, at := range rows {
		r := list.rs[at]
		row := api.ResourceRow{
			Kind: string(r.Kind), ID: r.ID, Label: r.Label(), Asset: v.assetRef(r), Values: make(map[string]any, len(columns)),
			Missing: make(map[string]string), Tally: v.tallyOf(r),
		}
		for _, c := range columns {
			if x := r.Get(c); x != nil {
				row.Values[c] = x
			} else if g, ok := r.Missing[c]; ok {
				row.Missing[c] = g.Why
			}
		}
		page.Items = append(page.Items, row)
	}
	return page, nil
}

// search applies everything of the query but its filters, in the order that the
// query asks for; all is set where it leaves nothing out.
func (v *view) search(l *kindList, q api.ResourceQuery, columns []string) (found []int32, all bool, err error) {
	order, err := l.order(q.Sort)
	if err != nil {
		return nil, false, err
	}
	var wanted map[string]bool
	if q.Check != "" {
		results, ok := v.results[q.Check]
		if !ok {
			return nil, false, errs.New(errs.NotFound, "no check %.80q in the newest assessment", q.Check)
		}
		wanted = make(map[string]bool)
		for i := range results {
			r := &results[i]
			if r.Kind == l.schema.Kind && (q.Verdict == "" || r.Verdict == q.Verdict) {
				wanted[r.Resource] = true
			}
		}
	}
	words := strings.Fields(strings.ToLower(q.Q))
	if len(words) == 0 && wanted == nil && q.Asset == "" {
		return order, true, nil
	}
	if q.Asset != "" { // few of many
		rank := make(map[int32]int)
		on := slices.Clone(l.onAsset(q.Asset))
		for _, i := range on {
			rank[i] = 0
		}
		for at, i := range order {
			if _, ok := rank[i]; ok {
				rank[i] = at
			}
		}
		slices.SortFunc(on, func(a, b int32) int { return rank[a] - rank[b] })
		order = on
	}
	text := func(i int32) string { return textOf(l.rs[i], columns) }
	if len(words) > 0 && slices.Equal(columns, columnsOf[l.schema.Kind]) {
		texts := l.text()
		text = func(i int32) string { return texts[i] }
	}
	found = make([]int32, 0, len(order))
	for _, i := range order {
		if (wanted == nil || wanted[l.rs[i].ID]) && (len(words) == 0 || holds(text(i), words)) {
			found = append(found, i)
		}
	}
	return found, false, nil
}

// textOf is what a search looks in: the label, the id and the shown columns.
func textOf(r *fact.Resource, columns []string) string {
	var b strings.Builder
	b.WriteString(r.Label())
	b.WriteByte('\n')
	b.WriteString(speakingID(r))
	for _, c := range [...]string{"fqdn", "ips", "serial", "model", "manufacturer", "email", "employee_id", "display_name"} {
		if x := r.Get(c); x != nil {
			b.WriteByte('\n')
			b.WriteString(valueText(x))
		}
	}
	for _, c := range columns {
		if x := r.Get(c); x != nil {
			b.WriteByte('\n')
			b.WriteString(valueText(x))
		}
	}
	return strings.ToLower(b.String())
}

// holds reports whether each word is in the text.
func holds(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// speakingID is the id of a resource where it says something: a person's number,
// a sign-in name. That of a device is random, and any two letters are in some.
func speakingID(r *fact.Resource) string {
	if r.Kind == fact.KindAsset || r.Asset != "" {
		return ""
	}
	return r.ID
}

// filter keeps what has all the values; several of one attribute mean one of them.
func (l *kindList) filter(found []int32, fs []api.Filter) ([]int32, error) {
	want := make(map[string][]string)
	for _, f := range fs {
		if _, ok := l.schema.Attr(f.Attribute); !ok {
			return nil, unknownAttribute(l.schema, f.Attribute)
		}
		want[f.Attribute] = append(want[f.Attribute], f.Value)
	}
	if len(want) == 0 {
		return found, nil
	}
	for name, values := range want {
		column := l.column(name)
		fit := make([]bool, len(column.texts))
		for at, text := range column.texts {
			fit[at] = fits(text, values)
		}
		out := make([]int32, 0, len(found)/4)
		for _, i := range found {
			if fit[column.of[i]] {
				out = append(out, i)
			}
		}
		found = out
	}
	return found, nil
}

// fits reports whether one of what stands in a column is one of the values.
func fits(in string, values []string) bool {
	for {
		one, rest, more := strings.Cut(in, separator)
		if slices.Contains(values, one) {
			return true
		}
		if !more {
			return false
		}
		in = rest
	}
}

// separator stands between the elements of a list in a column.
const separator = "\x1f"

// columnText is what filters and facets compare: the text of the value, the
// elements of a list, or the empty text where there is none.
func columnText(r *fact.Resource, name string) string {
	switch x := r.Get(name).(type) {
	case nil:
		return ""
	case []string:
		return strings.Join(x, separator)
	case string:
		return x
	default:
		return valueText(x)
	}
}

func valueText(x any) string {
	switch x := x.(type) {
	case nil:
		return ""
	case string:
		return x
	case []string:
		return strings.Join(x, ", ")
	case time.Time:
		return x.Format(time.RFC3339)
	}
	return fmt.Sprint(x)
}

func (l *kindList) facet(of []int32, name string) api.Facet {
	counts := make(map[string]int)
	column := l.column(name)
	each := make([]int, len(column.texts))
	for _, i := range of {
		each[column.of[i]]++
	}
	for at, n := range each {
		in, more := column.texts[at], n > 0
		for more {
			var one string
			one, in, more = strings.Cut(in, separator)
			counts[one] += n
		}
	}
	f := api.Facet{Attribute: name, Values: make([]api.FacetValue, 0, len(counts))}
	for s, n := range counts {
		f.Values = append(f.Values, api.FacetValue{Value: s, Count: n})
	}
	slices.SortFunc(f.Values, func(a, b api.FacetValue) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Value, b.Value))
	})
	const most = 20
	f.Values = f.Values[:min(len(f.Values), most)]
	return f
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func compareValues(a, b any) int {
	switch x := a.(type) {
	case bool:
		y, _ := b.(bool)
		return cmp.Compare(boolInt(x), boolInt(y))
	case int64:
		y, _ := b.(int64)
		return cmp.Compare(x, y)
	case float64:
		y, _ := b.(float64)
		return cmp.Compare(x, y)
	case time.Time:
		y, _ := b.(time.Time)
		return x.Compare(y)
	}
	return natural(valueText(a), valueText(b))
}

func unknownAttribute(s *fact.Schema, name string) error {
	return errs.Hint(errs.New(errs.Invalid, "%s has no attribute %.60q", s.Kind, name), "see docs/formats/check.md for the attributes of each kind")
}

// pageOf cuts one page out of a list. The cursor is the offset: lists are
// sorted anew for each request, and a version change shows in the ETag.
func pageOf[T any](all []T, q api.PageQuery) (items []T, next string, err error) {
	from := 0
	if q.Cursor != "" {
		if from, err = strconv.Atoi(q.Cursor); err != nil || from < 0 {
			return nil, "", errs.New(errs.Invalid, "cursor %.40q is not one we gave", q.Cursor)
		}
	}
	limit := q.Limit
	if limit <= 0 || limit > api.MaxLimit {
		limit = api.DefaultLimit
	}
	from = min(from, len(all))
	to := min(from+limit, len(all))
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return all[from:to], next, nil
}

// onAsset lists what lives on an asset, in the order its page shows it.
var onAsset = []struct {
	kind  fact.Kind
	title string
}{
	{fact.KindEndpoint, "Network services"},
	{fact.KindVulnerability, "Vulnerabilities"},
	{fact.KindAccount, "Accounts"},
	{fact.KindVolume, "Storage volumes"},
	{fact.KindSetting, "Settings"},
}

// Resource implements api.Reader.
func (a reader) Resource(ctx context.Context, who access.Caller, kind, id string) (*api.ResourceDetail, error) {
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	schema, ok := fact.SchemaOf(fact.Kind(kind))
	if !ok {
		return nil, errs.New(errs.NotFound, "no kind of resource %.40q", kind)
	}
	r := v.set.Find(schema.Kind, id)
	if r == nil {
		return nil, errs.New(errs.NotFound, "no %s %.80q", kind, id)
	}
	d := &api.ResourceDetail{
		Kind: kind, ID: r.ID, Label: r.Label(), Asset: v.assetRef(r), Keys: []string{},
		Attributes: []api.Attribute{}, Results: v.resultsOf(r), Related: []api.RelatedGroup{},
	}
	for _, at := range schema.Attrs {
		val, has := r.Values[at.Name]
		gap, missing := r.Missing[at.Name]
		if !has && !missing {
			continue
		}
		out := api.Attribute{Name: at.Name, Type: at.Type.String(), Doc: at.Doc, Derived: at.Derived, Value: val.V, Others: []api.Opinions{}}
		if has {
			out.Origin = originOf(val.Origin)
			for _, o := range val.Others {
				out.Others = append(out.Others, api.Opinions{Value: o.V, Origin: *originOf(o.Origin)})
			}
		} else {
			out.Missing, out.Origin = gap.Why, originOf(gap.Origin)
		}
		d.Attributes = append(d.Attributes, out)
	}
	if schema.Kind == fact.KindAsset {
		if err := v.describeAsset(ctx, r, d); err != nil {
			return nil, err
		}
	}
	if schema.Kind == fact.KindPerson {
		var of []*fact.Resource
		for _, acc := range v.set.Resources[fact.KindAccount] {
			if acc.Text("person_id") == r.ID {
				of = append(of, acc)
			}
		}
		d.Related = related(d.Related, fact.KindAccount, "Accounts", of)
	}
	return d, nil
}

// describeAsset adds what lives on an asset and what identifies it.
func (v *view) describeAsset(ctx context.Context, r *fact.Resource, d *api.ResourceDetail) error {
	keys, err := v.tenant.AssetKeys(ctx, r.ID)
	if err != nil {
		return err
	}
	for _, k := range keys {
		d.Keys = append(d.Keys, k.String())
	}
	software, err := v.tenant.Software(ctx, r.ID)
	if err != nil {
		return err
	}
	d.Components = len(software)
	if at, err := v.tenant.AssetSince(ctx, r.ID); err == nil && !at.IsZero() {
		d.FirstSeen = &at
	}
	for _, g := range onAsset {
		l := v.kind(g.kind)
		of := make([]*fact.Resource, 0, 16)
		for _, i := range l.onAsset(r.ID) {
			of = append(of, l.rs[i])
		}
		d.Related = related(d.Related, g.kind, g.title, of)
	}
	return nil
}

// related appends a group of resources of a kind, if there are any.
func related(to []api.RelatedGroup, kind fact.Kind, title string, of []*fact.Resource) []api.RelatedGroup {
	const shown = 20
	if len(of) == 0 {
		return to
	}
	g := api.RelatedGroup{Kind: string(kind), Title: title, Total: len(of), Items: []api.Ref{}}
	for _, r := range of[:min(len(of), shown)] {
		g.Items = append(g.Items, api.Ref{Kind: string(kind), ID: r.ID, Label: r.Label()})
	}
	return append(to, g)
}

func originOf(o fact.Origin) *api.Origin {
	return &api.Origin{Stream: o.Stream, Title: o.Title, ObservedAt: o.ObservedAt, Assurance: o.Assurance.String()}
}

// assetRef names the asset a resource lives on, or nil.
func (v *view) assetRef(r *fact.Resource) *api.Ref {
	if r.Asset == "" || r.Kind == fact.KindAsset {
		return nil
	}
	return v.refOf(fact.KindAsset, r.Asset)
}

func (v *view) refOf(kind fact.Kind, id string) *api.Ref {
	ref := &api.Ref{Kind: string(kind), ID: id, Label: id}
	if o := v.set.Find(kind, id); o != nil {
		ref.Label = o.Label()
	}
	return ref
}

// verdictRank orders verdicts as people want to read them: what is wrong first.
func verdictRank(p policy.Verdict) int {
	return slices.Index([]policy.Verdict{policy.Fail, policy.Error, policy.NotMeasured, policy.Pass, policy.NotApplicable}, p)
}
