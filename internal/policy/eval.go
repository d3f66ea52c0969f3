package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"

	"github.com/asepsis/asepsis/internal/fact"
)

// Evaluate decides the check on every resource of its kind, which the caller
// gives sorted by id, and draws its state from the results.
//
// It only reads its inputs. The same inputs give the same outcome.
func (c *Check) Evaluate(rs []*fact.Resource, s Settings, now time.Time) Outcome {
	e := newEvaluator(c, &s, now)
	o := Outcome{Check: c, Settings: s, Results: make([]Result, len(rs))}
	// One array holds what all results observed; each result owns its part.
	backing := make([]Observed, 0, len(rs)*len(c.shown))
	reasons := make(map[string]int)
	for i, r := range rs {
		backing = e.decide(&o.Results[i], r, backing)
		res := &o.Results[i]
		o.Tally.count(res.Verdict)
		for _, why := range e.grouped {
			reasons[why]++
		}
		if res.Verdict != Pass && res.Verdict != Fail {
			continue
		}
		if a := res.Assurance; a != fact.NoAssurance && (o.Assurance == fact.NoAssurance || a < o.Assurance) {
			o.Assurance = a
		}
		if !e.oldestRead.IsZero() && (o.OldestAt.IsZero() || e.oldestRead.Before(o.OldestAt)) {
			o.OldestAt = e.oldestRead
		}
	}
	o.State = StateOf(o.Tally, s.MinCoverage, s.PassShare, s.CoverageFloor)
	o.Why = o.reasons(reasons)
	return o
}

// Decide decides the check on one resource, as [Check.Evaluate] does. An
// incremental run uses it where only that resource changed.
func (c *Check) Decide(r *fact.Resource, s Settings, now time.Time) Result {
	e := newEvaluator(c, &s, now)
	var res Result
	e.decide(&res, r, make([]Observed, 0, len(c.shown)))
	return res
}

// evaluator decides one check on one resource after the other.
type evaluator struct {
	check    *Check
	settings *Settings
	view     *view

	grouped    []string  // reasons of the last result, without what differs from one resource to the next
	oldestRead time.Time // oldest observation the last result rests on
	uncovered  []string  // by attribute, what is said where nobody spoke of it; made once
}

func newEvaluator(c *Check, s *Settings, now time.Time) *evaluator {
	v := &view{
		kind: string(c.Resource), schema: c.schema, unknowns: c.pass.unknowns, settings: s,
		now: now, nowVal: types.Timestamp{Time: now}, read: make([]bool, len(c.schema.Attrs)),
	}
	if s.FreshWithin > 0 {
		v.oldest = now.Add(-s.FreshWithin)
	}
	return &evaluator{check: c, settings: s, view: v, uncovered: make([]string, len(c.schema.Attrs))}
}

// outcome of one condition
type answer struct {
	yes     bool
	unknown *types.Unknown
	err     error
}

func (e *evaluator) ask(c *condition) answer {
	out, _, err := c.program.Eval(e.view)
	if err != nil {
		return answer{err: err}
	}
	switch x := out.(type) {
	case types.Bool:
		return answer{yes: bool(x)}
	case *types.Unknown:
		return answer{unknown: x}
	}
	return answer{err: fmt.Errorf("the condition gave a %s", out.Type().TypeName())}
}

// scope asks whether the check applies. What a thing is (a laptop) changes
// slowly, so an old value may still put a resource in scope, where what the
// check asks of it must be fresh. It cannot take one out: an old export never
// makes anything go away.
func (e *evaluator) scope() answer {
	e.view.scoping = true
	a := e.ask(e.check.applies)
	e.view.scoping = false
	if a.yes || a.err != nil || a.unknown != nil || e.view.oldest.IsZero() {
		return a
	}
	return e.ask(e.check.applies)
}

// decide fills in the result and returns the backing array, grown by what the
// result observed.
func (e *evaluator) decide(res *Result, r *fact.Resource, backing []Observed) []Observed {
	c := e.check
	e.view.reset(r)
	e.grouped, e.oldestRead = e.grouped[:0], time.Time{}
	*res = Result{Check: c.ID, Kind: c.Resource, Resource: r.ID, Label: r.Label(), Asset: r.Asset, Expected: e.settings.Expected}
	shown := c.shown
	var undecided []int64
	if c.applies != nil {
		a := e.scope()
		switch {
		case a.err != nil:
			e.fail(res, a.err)
		case a.unknown != nil:
			res.Verdict, undecided = NotMeasured, a.unknown.IDs()
		case !a.yes:
			res.Verdict, shown = NotApplicable, c.applies.reads
		}
	}
	if res.Verdict == "" {
		a := e.ask(c.pass)
		switch {
		case a.err != nil:
			e.fail(res, a.err)
		case a.unknown != nil:
			res.Verdict, undecided = NotMeasured, a.unknown.IDs()
		case a.yes:
			res.Verdict = Pass
		default:
			res.Verdict = Fail
		}
	}
	if len(undecided) > 0 {
		e.explain(res, undecided)
	}
	e.rest(res)
	from := len(backing)
	for _, i := range shown {
		backing = append(backing, e.observed(i))
	}
	res.Observed = backing[from:len(backing):len(backing)]
	return backing
}

func (e *evaluator) fail(res *Result, err error) {
	res.Verdict = Error
	res.Why = "the check could not be worked out: " + strings.ReplaceAll(err.Error(), presence, "")
	e.grouped = append(e.grouped, "error: "+res.Why)
}

// explain says for want of what a result is not measured.
func (e *evaluator) explain(res *Result, undecided []int64) {
	slices.Sort(undecided)
	whys := make([]string, 0, len(undecided))
	for _, id := range undecided {
		g := e.gap(int(id))
		// Two attributes may lack the same thing; it is said and counted once.
		if slices.Contains(whys, g.text) {
			continue
		}
		whys = append(whys, g.text)
		e.grouped = append(e.grouped, notMeasuredPrefix+g.group)
	}
	res.Why = strings.Join(whys, "; ")
}

const notMeasuredPrefix = "not measured: "

// gap says why an attribute has no fresh value: text for the one resource,
// group for many, without the date that differs from one to the next.
type gap struct{ text, group string }

func (e *evaluator) gap(i int) gap {
	v := e.view
	name := v.schema.Attrs[i].Name
	val, ok := v.fresh(i)
	if ok {
		return gap{}
	}
	noun := Noun(v.schema.Kind, name)
	if val.V != nil {
		limit := spanWords(e.settings.FreshWithin)
		return gap{
			text:  fmt.Sprintf("%s: last read on %s, more than %s ago", noun, val.Origin.ObservedAt.UTC().Format("2 Jan 2006"), limit),
			group: fmt.Sprintf("%s: last read more than %s ago", noun, limit),
		}
	}
	if m, tried := v.r.Missing[name]; tried {
		text := clause(noun, m.Why)
		return gap{text, text}
	}
	if e.uncovered[i] == "" {
		e.uncovered[i] = "no source covers " + noun
	}
	return gap{e.uncovered[i], e.uncovered[i]}
}

// rest finds what the result rests on: every value the conditions looked at.
func (e *evaluator) rest(res *Result) {
	if res.Verdict != Pass && res.Verdict != Fail {
		return
	}
	for _, i := range e.check.shown {
		if !e.view.read[i] {
			continue
		}
		val, ok := e.view.r.Values[e.view.schema.Attrs[i].Name]
		if !ok || val.V == nil {
			continue
		}
		if a := val.Origin.Assurance; a != fact.NoAssurance && (res.Assurance == fact.NoAssurance || a < res.Assurance) {
			res.Assurance = a
		}
		if at := val.Origin.ObservedAt; !at.IsZero() && (e.oldestRead.IsZero() || at.Before(e.oldestRead)) {
			e.oldestRead = at
		}
	}
}

func (e *evaluator) observed(i int) Observed {
	o := Observed{Name: e.view.schema.Attrs[i].Name}
	val, ok := e.view.r.Values[o.Name]
	if ok && val.V != nil {
		o.Value, o.Origin = val.V, val.Origin
		if e.view.stale(val) {
			o.Why = e.gap(i).text
		}
		return o
	}
	o.Why = e.gap(i).text
	if m, tried := e.view.r.Missing[o.Name]; tried {
		o.Origin = m.Origin
	}
	return o
}

func (t *Tally) count(v Verdict) {
	switch v {
	case Pass:
		t.Pass++
	case Fail:
		t.Fail++
	case NotApplicable:
		t.NotApplicable++
	case NotMeasured:
		t.NotMeasured++
	case Error:
		t.Error++
	}
}

// Coverage of the tally.
func (t Tally) Coverage() Coverage { return Coverage{Measured: t.Measured(), InScope: t.InScope()} }

// reasons lists why the outcome is as it is, most frequent first.
func (o *Outcome) reasons(counts map[string]int) []Reason {
	rs := make([]Reason, 0, len(counts)+1)
	for text, n := range counts {
		rs = append(rs, Reason{Text: text, Count: n})
	}
	if o.Tally.Fail > 0 {
		rs = append(rs, Reason{Text: "failed: expected " + o.Settings.Expected, Count: o.Tally.Fail})
	}
	SortReasons(rs)
	switch {
	case len(o.Results) == 0:
		rs = append(rs, Reason{Text: "no " + Plural(o.Check.Resource) + " are known"})
	case o.Tally.InScope() == 0:
		rs = append(rs, Reason{Text: "does not apply to any of the " + Plural(o.Check.Resource), Count: 0})
	}
	return rs
}
