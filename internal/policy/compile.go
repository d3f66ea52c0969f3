package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/asepsis/asepsis/internal/fact"
)

// condition is a compiled CEL condition.
type condition struct {
	program cel.Program
	reads   []int    // attributes it reads, by index into the schema, in the order written
	params  []string // parameters it reads
	// unknowns are those of the kind.
	unknowns unknowns
}

// compiler compiles the conditions of one check.
type compiler struct {
	doc    *document
	schema *fact.Schema
	env    *cel.Env
	params []Param
}

func newCompiler(d *document, es *environments, s *fact.Schema, params []Param) (*compiler, error) {
	env, err := es.of(s)
	if err != nil {
		return nil, fmt.Errorf("environment of %s: %w", s.Kind, err)
	}
	if len(params) > 0 {
		opts := make([]cel.EnvOption, len(params))
		for i, p := range params {
			opts[i] = cel.Variable("param."+p.Name, p.Type.cel())
		}
		if env, err = env.Extend(opts...); err != nil {
			return nil, fmt.Errorf("environment of %s: %w", s.Kind, err)
		}
	}
	return &compiler{doc: d, schema: s, env: env, params: params}, nil
}

// compile type-checks a condition; its faults go to the document.
func (c *compiler) compile(n node, what, text string) *condition {
	where := c.doc.mapText(n, text)
	report := func(line, col int, message, suggestion string) {
		l, k := where.at(line, col)
		c.doc.badAt(l, k, suggestion, "%s: %s", what, message)
	}
	parsed, iss := c.env.Parse(text)
	if iss.Err() != nil {
		for _, e := range iss.Errors() {
			report(e.Location.Line(), e.Location.Column(), plainMessage(e.Message), "")
			break // what follows a syntax error is mostly its echo
		}
		return nil
	}
	w := &walker{c: c, info: parsed.NativeRep().SourceInfo(), report: report}
	w.walk(parsed.NativeRep().Expr(), nil)
	if w.faults > 0 {
		return nil
	}
	checked, iss := c.env.Check(parsed)
	if iss.Err() != nil {
		for _, e := range iss.Errors() {
			report(e.Location.Line(), e.Location.Column(), plainMessage(e.Message), w.suggest(e.Message))
		}
		return nil
	}
	if checked.OutputType() != cel.BoolType && !checked.OutputType().IsExactType(cel.BoolType) {
		report(1, 0, fmt.Sprintf("must be true or false, but is a %s", checked.OutputType()), "")
		return nil
	}
	opts := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if w.loops {
		// Without a loop the work is bounded by the length of the condition
		// and of the values, and tracking it costs a third more.
		opts = append(opts, cel.CostLimit(maxCost))
	}
	prg, err := c.env.Program(checked, opts...)
	if err != nil {
		report(1, 0, plainMessage(err.Error()), "")
		return nil
	}
	return &condition{program: prg, reads: w.reads, params: w.params, unknowns: newUnknowns(c.schema)}
}

// walker finds what a condition reads, and refuses what would read a resource
// in a way that cannot be told.
type walker struct {
	c      *compiler
	info   *ast.SourceInfo
	report func(line, col int, message, suggestion string)
	faults int

	reads  []int
	params []string
	loops  bool
}

func (w *walker) bad(e ast.Expr, suggestion, format string, args ...any) {
	w.faults++
	loc := w.info.GetStartLocation(e.ID())
	w.report(max(1, loc.Line()), max(0, loc.Column()), fmt.Sprintf(format, args...), suggestion)
}

// walk visits an expression; bound are the loop variables in force.
func (w *walker) walk(e ast.Expr, bound []string) {
	switch e.Kind() {
	case ast.IdentKind:
		w.ident(e, bound)
	case ast.SelectKind:
		s := e.AsSelect()
		if s.Operand().Kind() == ast.IdentKind && !slices.Contains(bound, s.Operand().AsIdent()) {
			switch s.Operand().AsIdent() {
			case string(w.c.schema.Kind):
				w.attribute(e, s.FieldName())
				return
			case "param":
				w.param(e, s.FieldName())
				return
			}
		}
		w.walk(s.Operand(), bound)
	case ast.CallKind:
		call := e.AsCall()
		if call.IsMemberFunction() {
			w.walk(call.Target(), bound)
		}
		for _, a := range call.Args() {
			w.walk(a, bound)
		}
	case ast.ListKind:
		for _, el := range e.AsList().Elements() {
			w.walk(el, bound)
		}
	case ast.MapKind:
		for _, en := range e.AsMap().Entries() {
			w.walk(en.AsMapEntry().Key(), bound)
			w.walk(en.AsMapEntry().Value(), bound)
		}
	case ast.StructKind:
		w.bad(e, "", "%s{} makes a value; conditions only ask", e.AsStruct().TypeName())
	case ast.ComprehensionKind:
		w.loops = true
		k := e.AsComprehension()
		for _, v := range []string{k.IterVar(), k.IterVar2()} {
			if v == string(w.c.schema.Kind) || v == "now" || v == "param" {
				w.bad(e, "", "%q names something else already; call the loop's variable x", v)
				return
			}
		}
		w.walk(k.IterRange(), bound)
		w.walk(k.AccuInit(), bound)
		inner := append(slices.Clone(bound), k.IterVar(), k.IterVar2(), k.AccuVar())
		w.walk(k.LoopCondition(), inner)
		w.walk(k.LoopStep(), inner)
		w.walk(k.Result(), inner)
	default: // literals
	}
}

func (w *walker) ident(e ast.Expr, bound []string) {
	name := e.AsIdent()
	switch {
	case slices.Contains(bound, name) || name == "now":
	case name == string(w.c.schema.Kind):
		w.bad(e, "", "%s stands for the whole resource; ask for one of its attributes, as in %s.%s", name, name, w.c.schema.Attrs[0].Name)
	case name == "param":
		w.bad(e, "", "param stands for all parameters; ask for one, as in param.max_days")
	default:
		if k, ok := fact.SchemaOf(fact.Kind(name)); ok {
			w.bad(e, "", "the check looks at resources of kind %s, so %s is not in reach", w.c.schema.Kind, k.Kind)
			return
		}
		if slices.Contains([]string{"bool", "bytes", "double", "int", "uint", "string", "list", "map", "null_type", "type", "dyn"}, name) {
			return
		}
		known := []string{string(w.c.schema.Kind), "now", "param"}
		s := closest(name, known)
		if _, ok := w.c.schema.Attr(name); ok {
			s = string(w.c.schema.Kind) + "." + name
		}
		w.bad(e, s, "%q is not known; a condition can use %s", name, oneOf(known))
	}
}

func (w *walker) attribute(e ast.Expr, field string) {
	name := strings.TrimPrefix(field, presence)
	for i, a := range w.c.schema.Attrs {
		if a.Name == name {
			if !slices.Contains(w.reads, i) {
				w.reads = append(w.reads, i)
			}
			return
		}
	}
	kind := string(w.c.schema.Kind)
	s := closest(name, attrNames(w.c.schema))
	if s != "" {
		s = kind + "." + s
	}
	w.bad(e, s, "%s has no attribute %q", kind, name)
}

func (w *walker) param(e ast.Expr, field string) {
	if strings.HasPrefix(field, presence) {
		w.bad(e, "", "a parameter always has a value; leave has() out")
		return
	}
	names := make([]string, 0, len(w.c.params))
	for _, p := range w.c.params {
		if p.Name == field {
			w.params = append(w.params, field)
			return
		}
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		w.bad(e, "", "the check has no parameter %q; add it under params", field)
		return
	}
	s := closest(field, names)
	if s != "" {
		s = "param." + s
	}
	w.bad(e, s, "the check has no parameter %q; it has %s", field, oneOf(names))
}

var (
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	unexpected = regexp.MustCompile(`^(?:mismatched|extraneous) input '(.*)' expecting|^no viable alternative at input '(.*)'|^missing .* at '(.*)'`)
	overload   = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'$`)
)

// suggest offers a function for a misspelled one.
func (w *walker) suggest(message string) string {
	if m := undeclared.FindStringSubmatch(message); m != nil {
		return closest(m[1], []string{
			"has", "age", "days", "hours", "size", "startsWith", "endsWith", "contains", "matches", "exists", "all",
			"exists_one", "filter", "map", "int", "double", "string", "duration", "timestamp",
		})
	}
	return ""
}

// plainMessage turns CEL's words into ones that need no knowledge of its
// insides.
func plainMessage(m string) string {
	m = strings.TrimPrefix(m, "Syntax error: ")
	if s := unexpected.FindStringSubmatch(m); s != nil {
		if strings.Contains(s[0], "<EOF>") {
			return "something is missing at the end"
		}
		return fmt.Sprintf("%q is not expected here", s[1]+s[2]+s[3])
	}
	if s := undeclared.FindStringSubmatch(m); s != nil {
		return fmt.Sprintf("%q is not known", s[1])
	}
	s := overload.FindStringSubmatch(m)
	if s == nil {
		return strings.ReplaceAll(m, presence, "")
	}
	name := s[1]
	if strings.ContainsAny(name, "_@") {
		name = strings.Trim(strings.NewReplacer("_", "", "@", "").Replace(name), " ")
	}
	args := strings.NewReplacer(".()", "", ".(", ", ").Replace(s[2])
	args = strings.TrimSuffix(strings.TrimPrefix(args, "("), ")")
	return fmt.Sprintf("%s does not go with %s", name, strings.ReplaceAll(args, ", ", " and "))
}

func attrNames(s *fact.Schema) []string {
	names := make([]string, len(s.Attrs))
	for i, a := range s.Attrs {
		names[i] = a.Name
	}
	return names
}

// paramValue makes a parameter's value one of CEL's.
func paramValue(v any) any {
	switch x := v.(type) {
	case bool:
		return types.Bool(x)
	case int64:
		return types.Int(x)
	case float64:
		return types.Double(x)
	case string:
		return types.String(x)
	case []string:
		return types.NewStringList(types.DefaultTypeAdapter, x)
	}
	return types.NewErr("parameter of type %T", v)
}
