package policy

import (
	"math"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/asepsis/asepsis/internal/fact"
)

// Bounds of a condition. Checks of an organization are written by people we do
// not know; none of them may stop an assessment.
const (
	maxCondition = 4 << 10 // characters
	maxNodes     = 1000
	maxDepth     = 40
	maxRegex     = 2000 // instructions of a compiled pattern
	// maxCost bounds one evaluation of a condition with loops, in CEL's own
	// unit of about one step. A loop over every group of an account takes some
	// hundred.
	maxCost = 200_000
)

// presence is put before an attribute's name to ask whether it has a value.
// No name that can be typed begins with it.
const presence = "?"

// environments builds one CEL environment a kind of resource.
type environments struct {
	byKind map[fact.Kind]*cel.Env
}

// of returns the environment of a kind: the resource under its kind's name,
// now, and the functions.
func (es *environments) of(s *fact.Schema) (*cel.Env, error) {
	if e, ok := es.byKind[s.Kind]; ok {
		return e, nil
	}
	reg, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	e, err := cel.NewEnv(
		cel.CustomTypeProvider(newProvider(reg, s)),
		cel.CustomTypeAdapter(reg),
		cel.Variable(string(s.Kind), cel.ObjectType(typeName(s.Kind))),
		cel.Variable("now", cel.TimestampType),
		cel.Function("days", cel.Overload("days_int", []*cel.Type{cel.IntType}, cel.DurationType, cel.UnaryBinding(spans(24*time.Hour)))),
		cel.Function("hours", cel.Overload("hours_int", []*cel.Type{cel.IntType}, cel.DurationType, cel.UnaryBinding(spans(time.Hour)))),
		cel.ClearMacros(),
		cel.Macros(
			cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.FilterMacro, cel.MapMacro, cel.MapFilterMacro,
			cel.GlobalMacro("has", 1, has),
			cel.GlobalMacro("age", 1, age),
		),
		cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(maxCondition),
		cel.ParserRecursionLimit(maxDepth),
		cel.ParserErrorRecoveryLimit(4),
		cel.ExpressionNodeLimit(maxNodes),
		cel.ExpressionNestingDepthLimit(maxDepth),
		cel.RegexProgramSizeLimit(maxRegex),
		cel.ASTValidators(
			cel.ValidateRegexLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateDurationLiterals(), cel.ValidateHomogeneousAggregateLiterals(),
		),
	)
	if err != nil {
		return nil, err
	}
	if es.byKind == nil {
		es.byKind = make(map[fact.Kind]*cel.Env)
	}
	es.byKind[s.Kind] = e
	return e, nil
}

// spans returns the function that makes a duration of so many units.
func spans(unit time.Duration) func(ref.Val) ref.Val {
	most := types.Int(math.MaxInt64 / int64(unit))
	return func(v ref.Val) ref.Val {
		n, ok := v.(types.Int)
		if !ok {
			return types.MaybeNoSuchOverloadErr(v)
		}
		if n > most || n < -most {
			return types.NewErr("%d is too long a time", int64(n))
		}
		return types.Duration{Duration: time.Duration(n) * unit}
	}
}

// has expands has(r.x). CEL's own presence test can only say yes or no; what a
// source tried to read and could not, or what is too old, is neither.
func has(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	if args[0].Kind() != ast.SelectKind || args[0].AsSelect().Operand().Kind() != ast.IdentKind {
		return nil, eh.NewError(args[0].ID(), "has() asks for an attribute, as in has(person.ended_at)")
	}
	s := args[0].AsSelect()
	return eh.NewSelect(s.Operand(), presence+s.FieldName()), nil
}

// age expands age(t) to now - t.
func age(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	return eh.NewCall(operators.Subtract, eh.NewIdent("now"), args[0]), nil
}

func typeName(k fact.Kind) string { return "asepsis." + string(k) }

// provider gives CEL the attributes of one kind as the fields of a type. Reads
// go straight to the resource under evaluation, a *view.
type provider struct {
	types.Provider
	name   string
	fields map[string]*types.FieldType
	names  []string
}

func newProvider(base types.Provider, s *fact.Schema) *provider {
	p := &provider{Provider: base, name: typeName(s.Kind), fields: make(map[string]*types.FieldType, 2*len(s.Attrs))}
	for i, a := range s.Attrs {
		p.names = append(p.names, a.Name)
		p.fields[a.Name] = &types.FieldType{
			Type:    celType(a.Type),
			IsSet:   func(target any) bool { return true },
			GetFrom: func(target any) (any, error) { return target.(*view).value(i), nil }, //nolint:errcheck,forcetypeassert // only a *view is ever bound to the kind's name
		}
		p.fields[presence+a.Name] = &types.FieldType{
			Type:    types.BoolType,
			IsSet:   func(target any) bool { return true },
			GetFrom: func(target any) (any, error) { return target.(*view).present(i), nil }, //nolint:errcheck,forcetypeassert // as above
		}
	}
	return p
}

func celType(t fact.Type) *types.Type {
	switch t {
	case fact.Bool:
		return types.BoolType
	case fact.Int:
		return types.IntType
	case fact.Double:
		return types.DoubleType
	case fact.String:
		return types.StringType
	case fact.Time:
		return types.TimestampType
	case fact.Strings:
		return types.NewListType(types.StringType)
	}
	return types.DynType
}

func (t ParamType) cel() *types.Type {
	switch t {
	case ParamBool:
		return types.BoolType
	case ParamInt:
		return types.IntType
	case ParamDouble:
		return types.DoubleType
	case ParamString:
		return types.StringType
	case ParamStrings:
		return types.NewListType(types.StringType)
	}
	return types.DynType
}

// FindStructType implements types.Provider.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if name == p.name {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	if name == p.name {
		return p.names, true
	}
	return p.Provider.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if name == p.name {
		ft, ok := p.fields[field]
		return ft, ok
	}
	return p.Provider.FindStructFieldType(name, field)
}

// NewValue implements types.Provider: resources are given, never made.
func (p *provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if name == p.name {
		return types.NewErr("a condition cannot make a resource")
	}
	return p.Provider.NewValue(name, fields)
}
