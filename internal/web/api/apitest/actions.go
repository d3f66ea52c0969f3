package apitest

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/id"
	"github.com/asepsis/asepsis/internal/web/api"
)

var steps = []string{
	"reading the operating system", "reading installed packages", "reading accounts", "reading listening services",
	"reading security tools", "deciding essential goals", "deciding enhanced goals", "keeping results",
}

// Assess implements api.Actions.
func (f *Fake) Assess(_ context.Context, who access.Caller, trigger string) (*api.Job, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if f.job != nil {
		j := *f.job
		return &j, nil
	}
	now := f.now()
	f.job = &api.Job{ID: id.New(id.Assessment, now), Kind: "assessment", State: "running", Step: steps[0], Total: len(steps), StartedAt: now}
	j := *f.job
	f.changed()
	go f.run(j, trigger)
	return &j, nil
}

func (f *Fake) run(j api.Job, trigger string) {
	for i, s := range steps {
		j.Step, j.Done = s, i
		shown := j
		f.mu.Lock()
		f.job = &shown
		f.mu.Unlock()
		f.hub.Publish(f.tenant, api.Event{Type: "job", Job: &shown})
		time.Sleep(f.step)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	last := f.history[0]
	last.ID, last.AsOf, last.Trigger = j.ID, now, trigger
	last.Score = new(math.Round((*last.Score+0.4)*10) / 10)
	f.history = append([]api.AssessmentSummary{last}, f.history...)
	j.State, j.Done, j.Step, j.Result, j.FinishedAt = "done", j.Total, "done", last.ID, &now
	f.job = nil
	f.hub.Publish(f.tenant, api.Event{Type: "job", Job: &j})
	f.changed()
}

// ImportFile implements api.Actions. A CSV whose header has "weird" in it asks
// for its columns, one with a row "bad" is refused, and what is neither CSV nor
// of a known extension is not recognized; anything else is taken.
func (f *Fake) ImportFile(ctx context.Context, who access.Caller, in api.ImportRequest) (*api.ImportOutcome, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	out, err := f.read(who, in)
	if err != nil {
		unlock()
		return nil, err
	}
	out.DryRun = in.DryRun
	out.Same = slices.ContainsFunc(f.imports, func(d api.ImportDetail) bool { return d.SHA256 == in.SHA256 })
	if out.Same {
		out.Changes, out.Diff = api.Changes{Unchanged: out.Rows}, nil
	}
	if in.DryRun || out.Same {
		unlock()
		return out, nil
	}
	f.imports = append([]api.ImportDetail{{ImportSummary: out.ImportSummary, Faults: out.Faults, Diff: out.Diff, Mapping: out.Mapping}}, f.imports...)
	f.changed()
	unlock()
	out.Job, err = f.Assess(ctx, who, "import of "+in.Name)
	return out, err
}

func (f *Fake) read(who access.Caller, in api.ImportRequest) (*api.ImportOutcome, error) {
	ext := strings.ToLower(path.Ext(in.Name))
	i := slices.IndexFunc(f.Formats(), func(x api.FileFormat) bool { return slices.Contains(x.Extensions, ext) })
	if i < 0 || in.Size == 0 {
		return nil, &collect.Refusal{File: in.Name, Faults: []collect.RowFault{{Reason: "the content is of no format we can read", Mend: "bring one of the formats listed on the page"}}}
	}
	now := f.now()
	format := f.Formats()[i]
	out := &api.ImportOutcome{ImportSummary: api.ImportSummary{
		ID: id.New(id.Import, now), At: now, By: who.Name(), Name: in.Name, Format: format.ID, Title: format.Title, Size: in.Size, SHA256: in.SHA256,
		Stream: "import/" + format.ID, ObservedAt: now, Rows: 12, Changes: api.Changes{Added: 3, Updated: 2, Unchanged: 7},
	}, Diff: []api.DiffRow{
		{Change: "added", Kind: "person", Label: "Ana Torres", Values: []api.ValueChange{{Name: "department", After: "Pharmacy"}, {Name: "started_at", After: "2026-11-02T00:00:00Z"}}},
		{Change: "updated", Kind: "person", Label: "Maria Jensen", Values: []api.ValueChange{{Name: "department", Before: "Nursing", After: "Emergency"}}},
	}}
	if ext != ".csv" {
		return out, nil
	}
	return f.readCSV(in, out)
}

func (f *Fake) readCSV(in api.ImportRequest, out *api.ImportOutcome) (*api.ImportOutcome, error) {
	rows, err := csv.NewReader(bufio.NewReader(io.NewSectionReader(in.R, 0, in.Size))).ReadAll()
	if err != nil {
		return nil, &collect.Refusal{File: in.Name, Format: "csv", Faults: []collect.RowFault{{Line: 1, Reason: err.Error(), Mend: "save it as CSV (UTF-8) again"}}}
	}
	m := &collect.Mapping{Table: "people"}
	for c, h := range rows[0] {
		col := collect.Column{Header: h, Field: "name", Match: "alias"}
		for _, r := range rows[1:min(len(rows), 4)] {
			col.Sample = append(col.Sample, r[c])
		}
		if strings.Contains(strings.ToLower(h), "weird") {
			col.Field, col.Match = "", "none"
			if to, ok := in.Columns[h]; ok {
				col.Field, col.Match = to, "chosen"
			} else {
				m.Unsure, m.Why = true, fmt.Sprintf("no field is like the header %q", h)
			}
		}
		m.Columns = append(m.Columns, col)
	}
	if m.Unsure {
		return nil, &collect.Refusal{File: in.Name, Format: "csv/people", Mapping: m, Faults: []collect.RowFault{{Line: 1, Reason: m.Why, Mend: "say what the column is"}}}
	}
	var faults []collect.RowFault
	for i, r := range rows[1:] {
		if slices.Contains(r, "bad") {
			faults = append(faults, collect.RowFault{Line: i + 2, Column: rows[0][0], Reason: `"bad" is not a date`, Mend: "write it as 2024-12-31"})
		}
	}
	if len(faults) > 0 && !in.SkipRows {
		return nil, &collect.Refusal{File: in.Name, Format: "csv/people", Faults: faults}
	}
	for _, x := range faults {
		out.Faults = append(out.Faults, api.RowFault{Line: x.Line, Column: x.Column, Reason: x.Reason, Mend: x.Mend})
	}
	out.Skipped, out.Rows = len(faults), len(rows)-1
	out.Mapping = &api.ColumnMapping{Table: "people", Fields: f.Fields("people")}
	for _, c := range m.Columns {
		out.Mapping.Columns = append(out.Mapping.Columns, api.ColumnMatch{Header: c.Header, Field: c.Field, Match: c.Match, Sample: c.Sample})
	}
	return out, nil
}

// PutParameter implements api.Actions.
func (f *Fake) PutParameter(_ context.Context, who access.Caller, in api.ParameterChange) (*api.Parameter, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	for i := range f.params {
		p := &f.params[i]
		if p.Check != in.Check || p.Name != in.Name {
			continue
		}
		p.Value, p.Override = p.Default, nil
		if in.Value != nil {
			p.Value, p.Override = in.Value, &api.Override{By: who.Name(), At: f.now(), Reason: in.Reason}
		}
		f.changed()
		out := *p
		return &out, nil
	}
	return nil, errs.New(errs.NotFound, "there is no parameter %.60q of check %.60q", in.Name, in.Check)
}

// ChangeOrganization implements api.Actions.
func (f *Fake) ChangeOrganization(_ context.Context, who access.Caller, o api.Organization) (*api.Organization, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	f.org = o
	f.changed()
	return &o, nil
}

// CheckLedger implements api.Actions.
func (f *Fake) CheckLedger(_ context.Context, who access.Caller) (*api.LedgerCheck, error) {
	unlock, err := f.mine(who)
	if err != nil {
		return nil, err
	}
	defer unlock()
	f.lastCheck = &api.LedgerCheck{At: f.now(), Good: true, Entries: 1284, TookMS: 240}
	c := *f.lastCheck
	return &c, nil
}

// SetUp implements api.Actions: the fake becomes the caller's.
func (f *Fake) SetUp(_ context.Context, who access.Caller, o api.Organization) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tenant, f.org = who.Tenant(), o
	return nil
}
