package api

import (
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/policy"
)

// body is an answer that is nothing but its JSON.
type body[T any] struct{ Body T }

func answer[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// ref is for pointers: a nil one with no error would be a fault of the reader.
func ref[T any](v *T, err error) (*body[T], error) {
	switch {
	case err != nil:
		return nil, err
	case v == nil:
		return nil, errs.New(errs.Internal, "the reader gave neither an answer nor an error")
	}
	return &body[T]{*v}, nil
}

type none struct{}

type byID struct {
	ID string `path:"id" maxLength:"200"`
}

// PageInput asks for one page. It is exported for the framework, which does not
// look into unexported embedded structs.
type PageInput struct {
	Cursor string `query:"cursor" maxLength:"400" doc:"What the page before gave as next"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

func (p PageInput) query() PageQuery { return PageQuery(p) }

// List is a list that comes whole.
type List[T any] struct {
	Items []T `json:"items"`
}

func list[T any](items []T, err error) (*body[List[T]], error) { return answer(List[T]{items}, err) }

func (s *server) today(ctx context.Context, who access.Caller, _ *none) (*body[Today], error) {
	return ref(s.reader.Today(ctx, who))
}

func (s *server) goals(ctx context.Context, who access.Caller, _ *none) (*body[List[GoalTile]], error) {
	return list(s.reader.Goals(ctx, who))
}

func (s *server) goal(ctx context.Context, who access.Caller, in *byID) (*body[GoalDetail], error) {
	return ref(s.reader.Goal(ctx, who, in.ID))
}

func (s *server) checks(ctx context.Context, who access.Caller, _ *none) (*body[List[CheckRow]], error) {
	return list(s.reader.Checks(ctx, who))
}

func (s *server) check(ctx context.Context, who access.Caller, in *byID) (*body[CheckDetail], error) {
	return ref(s.reader.Check(ctx, who, in.ID))
}

type resultsInput struct {
	PageInput
	ID      string         `path:"id" maxLength:"200"`
	Verdict policy.Verdict `query:"verdict" enum:"pass,fail,not_applicable,not_measured,error"`
	Q       string         `query:"q" maxLength:"200" doc:"Text in label, asset or reason"`
}

func (s *server) results(ctx context.Context, who access.Caller, in *resultsInput) (*body[Page[ResultRow]], error) {
	return ref(s.reader.Results(ctx, who, in.ID, ResultQuery{PageQuery: in.query(), Verdict: in.Verdict, Q: clean(in.Q)}))
}

type resultInput struct {
	ID       string `path:"id" maxLength:"200"`
	Resource string `path:"resource" maxLength:"600" doc:"Resource id, with slashes escaped as %2F"`
}

func (s *server) result(ctx context.Context, who access.Caller, in *resultInput) (*body[ResultDetail], error) {
	return ref(s.reader.Result(ctx, who, in.ID, in.Resource))
}

type resourcesInput struct {
	PageInput
	Kind    string         `path:"kind" maxLength:"40"`
	Q       string         `query:"q" maxLength:"200" doc:"Text in label, id or columns"`
	Filter  []string       `query:"filter,explode" maxItems:"20" doc:"attribute:value, may be repeated; an empty value finds those without one"`
	Sort    string         `query:"sort" maxLength:"60" doc:"An attribute or label; a minus in front turns it round" example:"-os_support_ends_at"`
	Columns []string       `query:"columns" maxItems:"24" doc:"Attributes to show, with commas between"`
	Asset   string         `query:"asset" maxLength:"200" doc:"Only what lives on this asset"`
	Check   string         `query:"check" maxLength:"200" doc:"With verdict: only those that this check says so of"`
	Verdict policy.Verdict `query:"verdict" enum:"pass,fail,not_applicable,not_measured,error"`
}

func (s *server) resources(ctx context.Context, who access.Caller, in *resourcesInput) (*body[ResourcePage], error) {
	schema, err := schemaOf(in.Kind)
	if err != nil {
		return nil, err
	}
	q := ResourceQuery{
		PageQuery: in.query(), Kind: in.Kind, Q: clean(in.Q), Sort: in.Sort, Columns: in.Columns,
		Asset: in.Asset, Check: in.Check, Verdict: in.Verdict,
	}
	known := func(name string) error {
		if _, ok := schema.Attr(name); !ok {
			return errs.Hint(errs.New(errs.Invalid, "%s has no attribute %.40q", in.Kind, name), "read docs/formats/api.md")
		}
		return nil
	}
	for _, f := range in.Filter {
		name, value, ok := strings.Cut(f, ":")
		if !ok {
			return nil, errs.New(errs.Invalid, "filter %.40q: want attribute:value", f)
		}
		if err := known(name); err != nil {
			return nil, err
		}
		q.Filters = append(q.Filters, Filter{Attribute: name, Value: value})
	}
	if by := strings.TrimPrefix(in.Sort, "-"); by != "" && by != "label" {
		if err := known(by); err != nil {
			return nil, err
		}
	}
	for _, c := range in.Columns {
		if err := known(c); err != nil {
			return nil, err
		}
	}
	if (in.Check == "") != (in.Verdict == "") {
		return nil, errs.New(errs.Invalid, "check and verdict belong together")
	}
	return ref(s.reader.Resources(ctx, who, q))
}

func schemaOf(kind string) (*fact.Schema, error) {
	schema, ok := fact.SchemaOf(fact.Kind(kind))
	if !ok {
		return nil, errs.Hint(errs.New(errs.NotFound, "there is no kind of resource %.40q", kind), "use one of %v", fact.Kinds())
	}
	return schema, nil
}

type resourceInput struct {
	Kind string `path:"kind" maxLength:"40"`
	ID   string `path:"id" maxLength:"600" doc:"Resource id, with slashes escaped as %2F"`
}

func (s *server) resource(ctx context.Context, who access.Caller, in *resourceInput) (*body[ResourceDetail], error) {
	if _, err := schemaOf(in.Kind); err != nil {
		return nil, err
	}
	return ref(s.reader.Resource(ctx, who, in.Kind, in.ID))
}

type searchInput struct {
	Q     string `query:"q" required:"true" minLength:"1" maxLength:"200"`
	Limit int    `query:"limit" minimum:"1" maximum:"30" default:"12"`
}

// search shows those who may not read details no more than goals and pages.
func (s *server) search(ctx context.Context, who access.Caller, in *searchInput) (*body[SearchResult], error) {
	q := clean(in.Q)
	if q == "" {
		return &body[SearchResult]{}, nil
	}
	hits, err := s.reader.Search(ctx, who, q, in.Limit)
	if err != nil {
		return nil, err
	}
	out := SearchResult{Query: q}
	for _, h := range hits {
		if h.Kind == "goal" || h.Kind == "page" || who.Can(access.ReadDetail) {
			out.Hits = append(out.Hits, h)
		}
	}
	return &body[SearchResult]{out}, nil
}

func clean(q string) string { return strings.Join(strings.Fields(q), " ") }

func (s *server) assessments(ctx context.Context, who access.Caller, in *PageInput) (*body[Page[AssessmentSummary]], error) {
	return ref(s.reader.Assessments(ctx, who, in.query()))
}

func (s *server) assessment(ctx context.Context, who access.Caller, in *byID) (*body[assess.Assessment], error) {
	return ref(s.reader.Assessment(ctx, who, in.ID))
}

func (s *server) imports(ctx context.Context, who access.Caller, in *PageInput) (*body[Page[ImportSummary]], error) {
	return ref(s.reader.Imports(ctx, who, in.query()))
}

func (s *server) importDetail(ctx context.Context, who access.Caller, in *byID) (*body[ImportDetail], error) {
	return ref(s.reader.Import(ctx, who, in.ID))
}

func (s *server) parameters(ctx context.Context, who access.Caller, _ *none) (*body[List[Parameter]], error) {
	return list(s.reader.Parameters(ctx, who))
}

func (s *server) organization(ctx context.Context, who access.Caller, _ *none) (*body[Organization], error) {
	return ref(s.reader.Organization(ctx, who))
}

func (s *server) ledger(ctx context.Context, who access.Caller, _ *none) (*body[LedgerStatus], error) {
	return ref(s.reader.Ledger(ctx, who))
}

func (s *server) formats(context.Context, access.Caller, *none) (*body[List[FileFormat]], error) {
	return list(s.catalog.Formats(), nil)
}

func (s *server) presets(context.Context, access.Caller, *none) (*body[List[Preset]], error) {
	return list(s.catalog.Presets(), nil)
}

type hospitalsInput struct {
	Q string `query:"q" required:"true" minLength:"2" maxLength:"100" doc:"Part of a name, or a CCN"`
}

func (s *server) hospitals(_ context.Context, _ access.Caller, in *hospitalsInput) (*body[List[Hospital]], error) {
	return list(s.catalog.Hospitals(clean(in.Q), 20), nil)
}
