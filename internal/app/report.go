package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/report"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
)

// RenderFor writes an assessment of an organization as html, csv or json, with
// what its history adds.
func (a *App) RenderFor(ctx context.Context, tid string, w io.Writer, k *assess.Kept, format string) error {
	switch format {
	case "csv":
		return report.CSV(w, k)
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(k.Assessment)
	case "html":
	default:
		return errs.New(errs.Invalid, "no report format %.20q; there are html, csv and json", format)
	}
	r, err := a.rules()
	if err != nil {
		return err
	}
	v, err := a.view(ctx, tid)
	if err != nil {
		return err
	}
	in := report.Input{Kept: k, Rules: a.assessRules(r), Location: time.Local, Made: a.now()}
	rows, err := v.tenant.Assessments(ctx, 0, 1000)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(x sqlstore.AssessmentRow) bool { return x.AsOf.After(k.Assessment.AsOf) })
	for i, x := range rows[:min(len(rows), historyPoints)] {
		in.Trend = append(in.Trend, assess.Point{AsOf: x.AsOf, Level: x.Level, Score: x.Score, GoalsMet: x.GoalsMet, GoalsMeasured: x.GoalsMeasured})
		if in.Previous == nil && x.ID != k.Assessment.ID && (i > 0 || x.Digest != k.Assessment.Digest) {
			if v.previous != nil && v.previous.Assessment.ID == x.ID {
				in.Previous = v.previous
				continue
			}
			if in.Previous, err = kept(ctx, v.tenant, x.ID); err != nil {
				return fmt.Errorf("read the assessment before: %w", err)
			}
		}
	}
	slices.Reverse(in.Trend)
	return report.HTML(w, in)
}
