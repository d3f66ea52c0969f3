package app

import (
	"context"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/web/api"
)

// The most an answer about an import lists.
const (
	mostDiff   = 200
	mostFaults = 100
	mostValues = 12
)

// Imports implements api.Reader.
func (a reader) Imports(ctx context.Context, who access.Caller, q api.PageQuery) (*api.Page[api.ImportSummary], error) {
	t, err := a.tenant(who.Tenant())
	if err != nil {
		return nil, err
	}
	before, limit, err := seqCursor(q)
	if err != nil {
		return nil, err
	}
	rows, err := t.Batches(ctx, before, limit+1, true)
	if err != nil {
		return nil, err
	}
	p := &api.Page[api.ImportSummary]{Items: []api.ImportSummary{}, Total: -1}
	if len(rows) > limit {
		rows = rows[:limit]
		p.Next = strconv.FormatInt(rows[limit-1].Seq, 10)
	}
	for _, r := range rows {
		p.Items = append(p.Items, a.importSummary(r))
	}
	return p, nil
}

// seqCursor reads the cursor of lists that are kept by sequence number.
func seqCursor(q api.PageQuery) (before int64, limit int, err error) {
	if q.Cursor != "" {
		if before, err = strconv.ParseInt(q.Cursor, 10, 64); err != nil || before < 1 {
			return 0, 0, errs.New(errs.Invalid, "cursor %.40q is not one we gave", q.Cursor)
		}
	}
	limit = q.Limit
	if limit <= 0 || limit > api.MaxLimit {
		limit = api.DefaultLimit
	}
	return before, limit, nil
}

func (a *App) importSummary(r sqlstore.BatchRow) api.ImportSummary {
	s := api.ImportSummary{
		ID: r.ID, At: r.RecordedAt, By: r.Actor, Stream: r.Stream, Title: r.Title, ObservedAt: r.ObservedAt, Rows: r.Rows, Skipped: r.Skipped,
		Changes: changesOf(r.Changes),
	}
	if r.File != nil {
		s.Name, s.Format, s.Size, s.SHA256 = r.File.Name, r.File.Format, r.File.Size, r.File.SHA256
		s.Title = a.formatTitle(r.File.Format, r.Title)
	}
	return s
}

func (a *App) formatTitle(format, otherwise string) string {
	for _, im := range a.importers {
		if f := im.Format(); f.ID == format {
			return f.Title
		}
	}
	return otherwise
}

func changesOf(cs []sqlstore.Change) api.Changes {
	var out api.Changes
	for _, c := range cs {
		out.Added += c.Added
		out.Updated += c.Changed
		out.Removed += c.Gone
		out.Unchanged += c.Same
	}
	return out
}

// Import implements api.Reader.
func (a reader) Import(ctx context.Context, who access.Caller, bid string) (*api.ImportDetail, error) {
	if err := id.Check(id.Batch, bid); err != nil {
		return nil, errs.New(errs.NotFound, "no import %.60q", bid)
	}
	t, err := a.tenant(who.Tenant())
	if err != nil {
		return nil, err
	}
	r, err := t.Batch(ctx, bid)
	if err != nil {
		return nil, err
	}
	diff, err := t.BatchDiff(ctx, r.Seq, mostDiff)
	if err != nil {
		return nil, err
	}
	v, err := a.view(ctx, who.Tenant())
	if err != nil {
		return nil, err
	}
	return &api.ImportDetail{ImportSummary: a.importSummary(r), Faults: []api.RowFault{}, Diff: diffRows(v, diff), Notes: notesOf(r.Notes, r.Title)}, nil
}

// diffRows shows what a batch changed. A source that knows a device by its
// number alone speaks of one that others have named.
func diffRows(v *view, cs []sqlstore.RowChange) []api.DiffRow {
	words := map[string]string{"added": "added", "changed": "updated", "gone": "removed"}
	out := make([]api.DiffRow, 0, len(cs))
	for _, c := range cs {
		d := api.DiffRow{Change: words[c.Change], Kind: string(c.Kind), Label: v.labelOf(c), Values: []api.ValueChange{}}
		for _, v := range c.Values[:min(len(c.Values), mostValues)] {
			d.Values = append(d.Values, api.ValueChange{Name: v.Name, Before: v.Before, After: v.After})
		}
		out = append(out, d)
	}
	return out
}

func (v *view) labelOf(c sqlstore.RowChange) string {
	label := c.Label
	if r := v.set.Find(c.Kind, c.ID); r != nil && label == c.ID {
		label = r.Label()
	}
	on, key, ok := strings.Cut(c.ID, "/")
	if !ok || id.Check(id.Asset, on) != nil {
		return label
	}
	if label == c.ID {
		label = key
	}
	return label + " on " + v.refOf(fact.KindAsset, on).Label
}

func notesOf(ns []fact.Note, source string) []api.Note {
	out := make([]api.Note, 0, len(ns))
	for _, n := range ns {
		out = append(out, api.Note{What: n.What, Why: n.Why, Source: source})
	}
	return out
}

// actions is the part of App that changes things, as the API sees it.
type actions struct{ *App }

var _ api.Actions = actions{}

// ImportFile implements api.Actions.
func (a actions) ImportFile(ctx context.Context, who access.Caller, in api.ImportRequest) (*api.ImportOutcome, error) {
	req := collect.Input{
		Name: in.Name, R: in.R, Size: in.Size, ModTime: in.ModTime, ObservedAt: in.ObservedAt, Complete: in.Complete,
		Columns: in.Columns, Table: in.Table, Options: in.Options,
	}
	if in.SkipRows {
		req.OnFault = collect.SkipRows
	}
	out, err := a.ImportOutcome(ctx, who.Tenant(), who.Name(), req, in.SHA256, in.DryRun)
	if err != nil || out.DryRun || out.Same {
		return out, err
	}
	if out.Job, err = a.Assess(ctx, who, "import of "+in.Name); err != nil {
		return nil, err
	}
	return out, nil
}

// ImportOutcome brings a file and says what came of it, as the API does.
func (a *App) ImportOutcome(ctx context.Context, tid, actor string, in collect.Input, sum string, dry bool) (*api.ImportOutcome, error) {
	got, err := a.Bring(ctx, tid, actor, in, sum, dry)
	if err != nil {
		return nil, err
	}
	b := got.Parsed.Batch
	out := &api.ImportOutcome{
		ImportSummary: api.ImportSummary{
			ID: got.Ingested.Batch, At: got.Ingested.RecordedAt, By: actor, Name: in.Name, Format: got.File.Format,
			Title: a.formatTitle(got.File.Format, got.Format.Title), Size: in.Size, SHA256: got.File.SHA256, Stream: b.Stream.ID,
			ObservedAt: b.ObservedAt, Rows: got.Parsed.Rows, Skipped: len(got.Parsed.Skipped), Changes: changesOf(got.Ingested.Changes),
		},
		DryRun: dry, Same: got.Ingested.Unchanged, Faults: faultRows(got.Parsed.Skipped), Diff: []api.DiffRow{},
		Mapping: mappingOf(got.Parsed.Mapping), Notes: notesOf(b.Notes, b.Stream.Title),
	}
	if out.Same {
		return out, nil
	}
	v, err := a.view(ctx, tid)
	if err != nil {
		return nil, err
	}
	diff := got.Ingested.Diff
	if !dry {
		if diff, err = v.tenant.BatchDiff(ctx, got.Ingested.Seq, mostDiff); err != nil {
			return nil, err
		}
	}
	out.Diff = diffRows(v, diff)
	return out, nil
}

// faultRows shows what was wrong with a file.
func faultRows(fs []collect.RowFault) []api.RowFault {
	out := make([]api.RowFault, 0, min(len(fs), mostFaults))
	for _, f := range fs[:min(len(fs), mostFaults)] {
		out = append(out, api.RowFault{Line: f.Line, Column: f.Column, Reason: f.Reason, Mend: f.Mend})
	}
	return out
}

func mappingOf(m *collect.Mapping) *api.ColumnMapping {
	if m == nil {
		return nil
	}
	out := &api.ColumnMapping{Table: m.Table, Columns: []api.ColumnMatch{}, Fields: Catalog{}.Fields(m.Table), Unsure: m.Unsure, Why: m.Why}
	for _, c := range m.Columns {
		out.Columns = append(out.Columns, api.ColumnMatch{Header: c.Header, Field: c.Field, Match: c.Match, Sample: c.Sample})
	}
	return out
}

// oneLine cuts a text to what fits a line of a list.
func oneLine(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
