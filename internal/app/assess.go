package app

import (
	"context"
	"fmt"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/judge"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/store/sqlstore"
	"github.com/asepsis/asepsis/internal/vuln/priority"
	"github.com/asepsis/asepsis/internal/web/api"
)

// fixTimes are the times to mend that the parameters set.
func (r *rules) fixTimes() priority.Times {
	return assess.Rules{Checks: r.checks, Params: r.parameters}.FixTimes()
}

// Assessed is what came of deciding the goals.
type Assessed struct {
	Kept  *assess.Kept
	Row   sqlstore.AssessmentRow
	Fresh bool // it was kept; else an earlier one says the same
}

// assessRules are the rules as the assess stage takes them.
func (a *App) assessRules(r *rules) assess.Rules {
	return assess.Rules{Version: a.version, Goals: r.goals.Goals, Checks: r.checks, Params: r.parameters}
}

// AssessNow decides the goals from what is stored now and keeps the outcome.
func (a *App) AssessNow(ctx context.Context, tid, actor, trigger string) (*Assessed, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return nil, err
	}
	r, err := a.rules()
	if err != nil {
		return nil, err
	}
	t.running.Lock()
	defer t.running.Unlock()
	now, err := a.present(ctx, t)
	if err != nil {
		return nil, err
	}
	out, err := a.assessAt(ctx, t, r, actor, trigger, now)
	if err != nil {
		return nil, err
	}
	a.publish(ctx, tid)
	return out, nil
}

// present returns the moment as of which all that is stored is known: now, or,
// where the clock was set back, when the newest batch was recorded. What was
// acknowledged before a clock jumps back still counts after it.
func (a *App) present(ctx context.Context, t *tenant) (time.Time, error) {
	now := a.now().UTC().Truncate(time.Microsecond)
	last, err := t.Recorded(ctx)
	if err != nil {
		return now, err
	}
	if last.After(now) {
		now = last
	}
	return now, nil
}

// assessAt decides and keeps as of a moment, without publishing.
func (a *App) assessAt(ctx context.Context, t *tenant, r *rules, actor, trigger string, now time.Time) (*Assessed, error) {
	if err := a.judge(ctx, t, now); err != nil {
		return nil, err
	}
	if _, err := t.RecordParameters(ctx, string(r.parameters.Encode()), actor, "", now); err != nil {
		return nil, err
	}
	k, set, known, err := a.decide(ctx, t, r, now)
	if err != nil {
		return nil, err
	}
	out := &Assessed{Kept: k}
	if out.Row, out.Fresh, err = t.Keep(ctx, k, actor, trigger, now); err != nil {
		return nil, fmt.Errorf("keep the assessment: %w", err)
	}
	k.Assessment.ID = out.Row.ID
	if out.Fresh {
		a.show(ctx, t, r, set, known, out)
	}
	return out, nil
}

// decide decides the goals as of a moment, from stored facts alone.
func (a *App) decide(ctx context.Context, t *tenant, r *rules, at time.Time) (*assess.Kept, *fact.Set, *judge.Known, error) {
	p, err := t.Profile(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	set, known, seq, err := a.known(ctx, t, at)
	if err != nil {
		return nil, nil, nil, err
	}
	k := assess.Assess(a.assessRules(r), *set, at, p.Organization)
	k.FactsSeq = seq
	k.Assessment.Demo = p.Demo
	return &k, set, known, nil
}

// AsOf decides the goals as of a past moment: from the facts as they were known
// and the parameters as they were set then, by the checks of this program. What
// was kept at that moment with the same rules says the same. The end of today
// means now; a later day is refused, as nobody knows it yet.
func (a *App) AsOf(ctx context.Context, tid string, at time.Time) (*assess.Kept, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return nil, err
	}
	now, err := a.present(ctx, t)
	if err != nil {
		return nil, err
	}
	if at.After(now) {
		if at.Sub(now) > 24*time.Hour {
			return nil, errs.Hint(errs.New(errs.Invalid, "%s has not come yet", at.Format(longDay)), "give a day up to today")
		}
		at = now
	}
	r, err := a.rules()
	if err != nil {
		return nil, err
	}
	text, err := t.ParametersAt(ctx, at)
	if err != nil {
		return nil, err
	}
	then := *r
	if then.parameters, err = policy.ParseParameters(r.checks, "parameters of that day", []byte(text)); err != nil {
		return nil, fmt.Errorf("the parameters of that day do not fit today's checks: %w", err)
	}
	k, _, _, err := a.decide(ctx, t, &then, at.UTC())
	return k, err
}

// Assess implements api.Actions: it looks at this machine and decides anew, in
// the background.
func (a actions) Assess(ctx context.Context, who access.Caller, trigger string) (*api.Job, error) {
	tid, name := who.Tenant(), who.Name()
	return a.start(ctx, tid, "assessment", func(ctx context.Context, step func(string)) (string, error) {
		p, err := a.db.Tenant(tid).Profile(ctx)
		if err != nil {
			return "", err
		}
		if !p.Demo {
			if _, err := a.CollectHost(ctx, tid, step); err != nil {
				return "", err
			}
		}
		step("deciding the goals")
		out, err := a.AssessNow(ctx, tid, name, trigger)
		if err != nil {
			return "", err
		}
		return out.Row.ID, nil
	}), nil
}
