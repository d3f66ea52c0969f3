package policy

import (
	"fmt"
	"slices"
	"strings"
)

// find finds what an override is about: the type of a parameter, or "" for a
// setting of every check.
func (c *Catalog) find(o Override) (t ParamType, fault string) {
	if o.Check == "" {
		if _, ok := general(o.Name); ok {
			return "", ""
		}
		return "", fmt.Sprintf("%q names no check; write check-id.parameter", o.Name)
	}
	k, ok := c.Check(o.Check)
	if !ok {
		ids := make([]string, len(c.checks))
		for i, k := range c.checks {
			ids[i] = k.ID
		}
		return "", fmt.Sprintf("there is no check %q%s", o.Check, meant(closest(o.Check, ids)))
	}
	if slices.Contains(settingNames, o.Name) {
		return "", ""
	}
	p, ok := k.Param(o.Name)
	if !ok {
		names := slices.Clone(settingNames)
		for _, p := range k.Params {
			names = append(names, p.Name)
		}
		return "", fmt.Sprintf("%s has no parameter %q%s", k.ID, o.Name, meant(closest(o.Name, names)))
	}
	return p.Type, ""
}

func meant(s string) string {
	if s == "" {
		return ""
	}
	return "; did you mean " + s + "?"
}

// allow checks an override and gives its value the type of what it sets: a
// whole number may set a double.
func (c *Catalog) allow(o Override) (any, string) {
	t, fault := c.find(o)
	if fault != "" {
		return nil, fault
	}
	if i, ok := o.Value.(int); ok {
		o.Value = int64(i)
	}
	wrong := func(want string) (any, string) { return nil, fmt.Sprintf("%s must be %s", o.key(), want) }
	switch {
	case t == "" && (o.Name == SetFreshWithin || o.Check == "" && o.Name != SetCoverageFloor):
		s, ok := o.Value.(string)
		if _, err := ParseSpan(s); !ok || err != nil {
			return wrong("a window of days or hours, as in 30d or 12h")
		}
		return s, ""
	case t == "":
		f, ok := asDouble(o.Value)
		if !ok || f < 0 || f > 1 || f != f {
			return wrong("a share: a number from 0 to 1")
		}
		return f, ""
	}
	switch t {
	case ParamBool:
		if v, ok := o.Value.(bool); ok {
			return v, ""
		}
		return wrong("true or false")
	case ParamInt:
		if v, ok := o.Value.(int64); ok {
			return v, ""
		}
		// JSON knows one kind of number.
		if f, ok := o.Value.(float64); ok && f == float64(int64(f)) {
			return int64(f), ""
		}
		return wrong("a whole number")
	case ParamDouble:
		if f, ok := asDouble(o.Value); ok && f == f {
			return f, ""
		}
		return wrong("a number")
	case ParamString:
		if v, ok := o.Value.(string); ok && strings.TrimSpace(v) != "" && len(v) <= maxText {
			return v, ""
		}
		return wrong("text")
	case ParamStrings:
		if v, ok := asTexts(o.Value); ok {
			return v, ""
		}
		return wrong("a list of texts")
	}
	return nil, fmt.Sprintf("%s has no type", o.key())
}

func asDouble(v any) (float64, bool) {
	switch x := v.(type) {
	case float64:
		return x, true
	case int64:
		return float64(x), true
	}
	return 0, false
}

func asTexts(v any) ([]string, bool) {
	switch x := v.(type) {
	case []string:
		return x, true
	case []any:
		out := make([]string, 0, len(x))
		for _, e := range x {
			s, ok := e.(string)
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
		return out, true
	}
	return nil, false
}
