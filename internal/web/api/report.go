package api

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"github.com/asepsis/asepsis/internal/access"
)

type reportFormat struct {
	path, id, format, media, summary string
	inline                           bool
	need                             access.Permission
}

// reportFormats lists how a report can be had. The table names every person and
// account, so it takes what the lists of them take.
var reportFormats = [...]reportFormat{
	{"/report", "get-report", "html", "text/html; charset=utf-8", "The report as one HTML file", true, access.ReadSummary},
	{"/report.csv", "get-report-csv", "csv", "text/csv; charset=utf-8", "Every result as a table", false, access.ReadDetail},
	{"/report.json", "get-report-json", "json", "application/json", "The report as docs/formats/assessment.md describes it", false, access.ReadSummary},
}

type reportInput struct {
	Assessment string `query:"assessment" maxLength:"60" default:"latest" doc:"Id of an assessment"`
	Download   bool   `query:"download" doc:"As a file to keep"`
}

// file is an answer that is not of this API's JSON.
type file struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	CSP         string `header:"Content-Security-Policy"`
	Body        []byte
}

// reportCSP lets the one-file report bring its own styles and drawings, run
// nothing, and reach nothing. It may be shown in a frame of our own pages.
const reportCSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-popups allow-modals"

func (s *server) reportRoute(rt route, f reportFormat) {
	s.raw(rt, f.media)
	add(s, rt, func(ctx context.Context, who access.Caller, in *reportInput) (*file, error) {
		var b bytes.Buffer
		if err := s.reader.Report(ctx, who, in.Assessment, f.format, &b); err != nil {
			return nil, err
		}
		out := &file{Type: f.media, Body: b.Bytes(), CSP: reportCSP}
		if in.Download || !f.inline {
			out.Disposition = attachment("asepsis-report-" + in.Assessment + "." + f.format)
		}
		return out, nil
	})
}

type templateInput struct {
	Name string `path:"name" maxLength:"60"`
}

func (s *server) templateRoute(rt route) {
	s.raw(rt, "text/csv; charset=utf-8")
	add(s, rt, func(_ context.Context, _ access.Caller, in *templateInput) (*file, error) {
		b, err := s.catalog.Template(in.Name)
		if err != nil {
			return nil, err
		}
		media := "text/csv; charset=utf-8"
		if strings.HasSuffix(in.Name, ".xlsx") {
			media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
		}
		return &file{Type: media, Body: b, Disposition: attachment(in.Name), CSP: "default-src 'none'"}, nil
	})
}

// raw describes an answer that is a file.
func (s *server) raw(rt route, media string) {
	s.files[rt.id] = &huma.Response{
		Description: http.StatusText(http.StatusOK),
		Content: map[string]*huma.MediaType{strings.TrimSuffix(media, "; charset=utf-8"): {
			Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"},
		}},
	}
}

// attachment names a file to keep, with nothing in the name that could end the
// header or leave the folder.
func attachment(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune("-_.", r) {
			return r
		}
		return '-'
	}, name)
	return `attachment; filename="` + name + `"`
}
