package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/errs"
)

// Problem is every error of the API, in the form of RFC 9457.
type Problem struct {
	Type   string `json:"type" doc:"Names the kind of problem" example:"urn:asepsis:problem:invalid"`
	Title  string `json:"title" example:"The input is wrong"`
	Status int    `json:"status" example:"422"`
	Detail string `json:"detail" doc:"What happened, for a person"`
	Hint   string `json:"hint,omitempty" doc:"What to do about it"`
	// Fields has what is wrong where in the request.
	Fields []FieldFault `json:"fields,omitempty"`

	Format  string         `json:"format,omitempty" doc:"Of a refused file, where it was recognized"`
	Faults  []RowFault     `json:"faults,omitempty" doc:"What is wrong in a refused file"`
	More    int            `json:"more,omitempty" doc:"Faults beyond those listed"`
	Mapping *ColumnMapping `json:"mapping,omitempty" doc:"Where the refusal is a question: confirm the columns and send the file again"`

	wait time.Duration
}

// FieldFault says what is wrong with one part of a request.
type FieldFault struct {
	Where string `json:"where" example:"body.email"`
	What  string `json:"what" example:"expected string to be an email address"`
}

func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemType }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.wait.Seconds()))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="asepsis"`)
	}
	return h
}

const problemType = "application/problem+json"

// kinds is the one place where a kind of error becomes a status.
var kinds = map[errs.Kind]struct {
	status int
	title  string
}{
	errs.Internal:    {http.StatusInternalServerError, "Something went wrong"},
	errs.Invalid:     {http.StatusUnprocessableEntity, "The input is wrong"},
	errs.NotFound:    {http.StatusNotFound, "There is no such thing"},
	errs.Conflict:    {http.StatusConflict, "It has changed or exists already"},
	errs.Denied:      {http.StatusForbidden, "You may not do this"},
	errs.Unsigned:    {http.StatusUnauthorized, "Sign in"},
	errs.Limited:     {http.StatusTooManyRequests, "Too much or too often"},
	errs.Unsupported: {http.StatusNotImplemented, "Not on this system"},
	errs.Misused:     {http.StatusBadRequest, "The request is malformed"},
}

// problem turns any error into what the caller may read of it. The whole of an
// internal error goes to the operator's log only.
func (s *server) problem(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if refusal, ok := errors.AsType[*collect.Refusal](err); ok {
		return s.refusal(refusal)
	}
	var body *http.MaxBytesError
	kind := errs.KindOf(err)
	switch {
	case errors.As(err, &body):
		return &Problem{
			Type: "urn:asepsis:problem:too_large", Title: "Too large", Status: http.StatusRequestEntityTooLarge,
			Detail: fmt.Sprintf("the request is larger than %d bytes", body.Limit), Hint: "send less at once",
		}
	case errors.Is(err, context.DeadlineExceeded):
		return &Problem{
			Type: "urn:asepsis:problem:timeout", Title: "It took too long", Status: http.StatusServiceUnavailable,
			Detail: "the answer was not ready in time", Hint: "try again; narrow the filter if it happens again",
		}
	case kind == errs.Internal && !errors.Is(err, context.Canceled):
		s.log.ErrorContext(ctx, "request failed", "error", err)
	}
	k := kinds[kind]
	out := &Problem{
		Type: "urn:asepsis:problem:" + kind.String(), Title: k.title, Status: k.status,
		Detail: errs.Public(err), Hint: errs.HintOf(err),
	}
	if wait, ok := errors.AsType[*access.WaitError](err); ok {
		out.wait = wait.Wait
	}
	return out
}

func (s *server) refusal(r *collect.Refusal) *Problem {
	p := &Problem{
		Type: "urn:asepsis:problem:file_refused", Title: "The file was refused", Status: http.StatusUnprocessableEntity,
		Detail: r.Error(), Hint: "nothing was changed; mend the file and bring it again",
		Format: r.Format, More: r.More, Faults: faultsOf(r.Faults),
	}
	p.Mapping = s.mapping(r.Mapping)
	if r.Mapping != nil && r.Mapping.Unsure {
		p.Type, p.Title, p.Status = "urn:asepsis:problem:columns_unsure", "Confirm the columns", http.StatusConflict
		p.Hint = "say what each column is and send the file again"
	}
	return p
}

func faultsOf(in []collect.RowFault) []RowFault {
	out := make([]RowFault, len(in))
	for i, f := range in {
		out[i] = RowFault{Line: f.Line, Column: f.Column, Reason: f.Reason, Mend: f.Mend}
	}
	return out
}

func (s *server) mapping(m *collect.Mapping) *ColumnMapping {
	if m == nil {
		return nil
	}
	out := &ColumnMapping{Table: m.Table, Unsure: m.Unsure, Why: m.Why, Fields: s.catalog.Fields(m.Table)}
	for _, c := range m.Columns {
		out.Columns = append(out.Columns, ColumnMatch{Header: c.Header, Field: c.Field, Match: c.Match, Sample: c.Sample})
	}
	return out
}

// fromFramework turns the framework's own errors (malformed bodies, parameters
// out of range) into ours, so that clients see one form.
func fromFramework(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	kind := errs.Invalid
	switch m.Status {
	case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusNotAcceptable:
		kind = errs.Misused
	case http.StatusInternalServerError:
		kind = errs.Internal
	}
	p := &Problem{
		Type: "urn:asepsis:problem:" + kind.String(), Title: kinds[kind].title, Status: m.Status, Detail: m.Detail,
		Hint: "compare the request with /api/v1/openapi.json",
	}
	for _, e := range m.Errors {
		p.Fields = append(p.Fields, FieldFault{Where: e.Location, What: e.Message})
	}
	if len(p.Fields) > 0 {
		p.Detail = p.Fields[0].Where + ": " + p.Fields[0].What
		p.Hint = "mend the fields listed and send it again"
	}
	return p, nil
}
