package app

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/internal/web/api"
)

// CheckSetting is a check with what is in force for it.
type CheckSetting struct {
	Check    *policy.Check
	Settings policy.Settings
}

// CheckSettings lists the checks in the order of their goals.
func (a *App) CheckSettings() ([]CheckSetting, error) {
	r, err := a.rules()
	if err != nil {
		return nil, err
	}
	var out []CheckSetting
	for i := range r.goals.Goals {
		for _, c := range r.checks.OfGoal(r.goals.Goals[i].ID) {
			out = append(out, CheckSetting{c, r.parameters.For(c)})
		}
	}
	return out, nil
}

// Parameters implements api.Reader.
func (a reader) Parameters(ctx context.Context, who access.Caller) ([]api.Parameter, error) {
	return a.ParametersOf(ctx, who.Tenant())
}

// ParametersOf lists every parameter of an organization, by check and name.
func (a *App) ParametersOf(ctx context.Context, tid string) ([]api.Parameter, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return nil, err
	}
	r, err := a.rules()
	if err != nil {
		return nil, err
	}
	return a.parameters(ctx, t, r)
}

func (a *App) parameters(ctx context.Context, t *tenant, r *rules) ([]api.Parameter, error) {
	who, err := t.ParameterChanges(ctx)
	if err != nil {
		return nil, err
	}
	set := make(map[string]bool)
	for _, o := range r.parameters.Overrides() {
		set[o.Check+"."+o.Name] = true
	}
	mark := func(p api.Parameter) api.Parameter {
		key := p.Check + "." + p.Name
		if !set[key] {
			return p
		}
		p.Override = &api.Override{}
		if c, ok := who[strings.TrimPrefix(key, ".")]; ok {
			*p.Override = api.Override{By: c.Actor, At: c.At, Reason: c.Reason}
		}
		return p
	}
	var out []api.Parameter
	for _, g := range policy.Generals() {
		out = append(out, mark(api.Parameter{
			Name: g.Name, Type: string(g.Type), Units: g.Units, Doc: g.Doc, Citation: g.Citation, Default: g.Default, Value: r.parameters.General(g.Name),
		}))
	}
	for _, c := range r.checks.Checks() {
		s, d := r.parameters.For(c), c.Defaults()
		for _, p := range c.Params {
			out = append(out, mark(api.Parameter{
				Check: c.ID, Name: p.Name, Type: string(p.Type), Units: p.Units, Doc: p.Doc, Citation: p.Citation, Default: p.Default, Value: s.Params[p.Name],
			}))
		}
		out = append(out,
			mark(api.Parameter{
				Check: c.ID, Name: policy.SetMinCoverage, Type: "double", Units: "share", Default: d.MinCoverage, Value: s.MinCoverage,
				Doc: "Share of what is in scope that must be measured for the check to be met.",
			}),
			mark(api.Parameter{
				Check: c.ID, Name: policy.SetPassShare, Type: "double", Units: "share", Default: d.PassShare, Value: s.PassShare,
				Doc: "Share of what is measured that must pass for the check to be met.",
			}),
		)
		if d.FreshWithin > 0 {
			out = append(out, mark(api.Parameter{
				Check: c.ID, Name: policy.SetFreshWithin, Type: "string", Units: "days or hours", Default: policy.FormatSpan(d.FreshWithin),
				Value: policy.FormatSpan(s.FreshWithin), Doc: "Older facts count as not measured.",
			}))
		}
	}
	return out, nil
}

// PutParameter implements api.Actions.
func (a actions) PutParameter(ctx context.Context, who access.Caller, in api.ParameterChange) (*api.Parameter, error) {
	p, err := a.setParameter(ctx, who.Tenant(), who.Name(), policy.Override{Check: in.Check, Name: in.Name, Value: in.Value}, in.Reason)
	if err != nil {
		return nil, err
	}
	if err := a.feedAged(ctx, in.Check, in.Name); err != nil {
		return nil, err
	}
	if _, err := a.Assess(ctx, who, "parameter "+strings.TrimPrefix(in.Check+"."+in.Name, ".")); err != nil {
		return nil, err
	}
	return p, nil
}

// SetParameterText sets a parameter from text, as the command line gives it:
// CHECK.NAME and a value in YAML, or no value for the default.
func (a *App) SetParameterText(ctx context.Context, tid, actor, name string, value *string, reason string) (*api.Parameter, error) {
	o, err := ParseOverride(name, value)
	if err != nil {
		return nil, err
	}
	p, err := a.setParameter(ctx, tid, actor, o, reason)
	if err != nil {
		return nil, err
	}
	return p, a.feedAged(ctx, o.Check, o.Name)
}

// ParseOverride reads CHECK.NAME and a value in YAML; nil is the default.
func ParseOverride(name string, value *string) (policy.Override, error) {
	o := policy.Override{Name: name}
	if check, param, ok := strings.Cut(name, "."); ok {
		o.Check, o.Name = check, param
	}
	if value == nil {
		return o, nil
	}
	var v any
	if err := yaml.Unmarshal([]byte(*value), &v); err != nil {
		return o, errs.New(errs.Misused, "value %q cannot be read: %w", *value, err)
	}
	o.Value = plainValue(v)
	return o, nil
}

// plainValue turns what a YAML reader gives into what parameters hold.
func plainValue(v any) any {
	switch x := v.(type) {
	case uint64:
		return int64(x) //nolint:gosec // a parameter beyond 2^63 is refused by its range
	case int:
		return int64(x)
	case []any:
		out := make([]string, 0, len(x))
		for _, e := range x {
			out = append(out, fmt.Sprint(e))
		}
		return out
	}
	return v
}

// setParameter changes the one file that parameters are kept in, then records
// the change with who made it.
func (a *App) setParameter(ctx context.Context, tid, actor string, o policy.Override, reason string) (*api.Parameter, error) {
	t, err := a.tenant(tid)
	if err != nil {
		return nil, err
	}
	t.running.Lock()
	defer t.running.Unlock()
	r, err := a.rules()
	if err != nil {
		return nil, err
	}
	next, err := r.parameters.With(r.checks, o)
	if err != nil {
		return nil, err
	}
	text := "# Written by asepsis; edit it if you like. asepsis config check says what is wrong.\n" + string(next.Encode())
	if err := durable.WriteFile(filepath.Join(a.cfg.DataDir, parametersFile), []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write %s: %w", parametersFile, err)
	}
	if _, err := t.RecordParameters(ctx, string(next.Encode()), actor, reason, a.now()); err != nil {
		return nil, err
	}
	a.publish(ctx, tid)
	all, err := a.ParametersOf(ctx, tid)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.Check == o.Check && p.Name == o.Name {
			return &p, nil
		}
	}
	return nil, errs.New(errs.NotFound, "no parameter %s.%s", o.Check, o.Name)
}
