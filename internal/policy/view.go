package policy

import (
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/asepsis/asepsis/internal/fact"
)

// unknowns holds CEL's unknown of each attribute of a kind; its id is the
// attribute's index, so what a condition could not be decided for want of can
// be told afterwards.
type unknowns []*types.Unknown

func newUnknowns(s *fact.Schema) unknowns {
	us := make(unknowns, len(s.Attrs))
	for i, a := range s.Attrs {
		us[i] = types.NewUnknown(int64(i), types.NewAttributeTrail(a.Name))
	}
	return us
}

// view is a resource as a condition sees it. It is reused from resource to
// resource: nothing is copied and no map is built. It is not safe for use by
// several goroutines.
type view struct {
	kind     string
	schema   *fact.Schema
	unknowns unknowns
	settings *Settings
	now      time.Time
	nowVal   ref.Val
	oldest   time.Time // what was observed before it is stale; zero: nothing is
	scoping  bool      // old values count as well, see evaluator.scope

	r    *fact.Resource
	read []bool // by attribute: a condition looked at it
}

// ResolveName implements cel.Activation.
func (v *view) ResolveName(name string) (any, bool) {
	switch name {
	case v.kind:
		return v, true
	case "now":
		return v.nowVal, true
	}
	p, ok := v.settings.bound[name]
	return p, ok
}

// Parent implements cel.Activation.
func (v *view) Parent() cel.Activation { return nil }

func (v *view) reset(r *fact.Resource) {
	v.r = r
	clear(v.read)
}

// fresh returns an attribute's value if it has one that is young enough.
func (v *view) fresh(i int) (fact.Value, bool) {
	val, ok := v.r.Values[v.schema.Attrs[i].Name]
	if !ok || val.V == nil || !v.scoping && v.stale(val) {
		return val, false
	}
	return val, true
}

func (v *view) stale(val fact.Value) bool {
	return !v.oldest.IsZero() && !val.Origin.ObservedAt.IsZero() && val.Origin.ObservedAt.Before(v.oldest)
}

// value gives an attribute to CEL: unknown where there is no fresh value.
func (v *view) value(i int) ref.Val {
	v.read[i] = true
	val, ok := v.fresh(i)
	if !ok {
		return v.unknowns[i]
	}
	switch x := val.V.(type) {
	case bool:
		return types.Bool(x)
	case int64:
		return types.Int(x)
	case float64:
		return types.Double(x)
	case string:
		return types.String(x)
	case time.Time:
		return types.Timestamp{Time: x}
	case []string:
		return types.NewStringList(types.DefaultTypeAdapter, x)
	}
	return types.NewErr("%s.%s holds a %T", v.kind, v.schema.Attrs[i].Name, val.V)
}

// present answers has(): yes with a fresh value; unknown where there is a
// stale one, or a source tried to read it and could not; no where nobody spoke
// of it.
func (v *view) present(i int) ref.Val {
	v.read[i] = true
	val, ok := v.fresh(i)
	switch {
	case ok:
		return types.True
	case val.V != nil:
		return v.unknowns[i]
	}
	if _, tried := v.r.Missing[v.schema.Attrs[i].Name]; tried {
		return v.unknowns[i]
	}
	return types.False
}
