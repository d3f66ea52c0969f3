package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

var paramKeys = []string{"type", "default", "units", "doc", "citation", "tighter"}

// params reads the parameters of a check, by name.
func (d *document) params(n node) []Param {
	es, ok := d.mapping(n, "params")
	if !ok {
		return nil
	}
	var ps []Param
	for _, e := range es {
		if !paramForm.MatchString(e.key) || len(e.key) > 60 {
			d.bad(e.keyAt, "parameter %.60q must be lower-case words joined by underscores", e.key)
			continue
		}
		if slices.Contains(settingNames, e.key) {
			d.bad(e.keyAt, "%s is a setting of every check already; name the parameter otherwise", e.key)
			continue
		}
		// One with a fault is kept by name, so that the conditions that read it
		// do not echo the fault; its type of "" goes with everything.
		p, ok := d.param(e)
		if !ok {
			p.Type = ""
		}
		ps = append(ps, p)
	}
	slices.SortFunc(ps, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	return ps
}

func (d *document) param(e entry) (Param, bool) {
	p := Param{Name: e.key}
	m, ok := d.fields(e.value, "parameter "+e.key, paramKeys)
	if !ok {
		return p, false
	}
	t, tok := d.required(e.keyAt, m, "type")
	v, vok := d.required(e.keyAt, m, "default")
	if _, ok := d.required(e.keyAt, m, "doc"); !ok || !tok || !vok {
		return p, false
	}
	types := []string{string(ParamBool), string(ParamInt), string(ParamDouble), string(ParamString), string(ParamStrings)}
	s, ok := d.word(t.value, "type", types)
	if !ok {
		return p, false
	}
	p.Type = ParamType(s)
	if p.Default, ok = d.value(v.value, p.Type, "default of "+e.key); !ok {
		return p, false
	}
	if x, set := m["units"]; set {
		p.Units, _ = d.prose(x.value, "units")
	}
	p.Doc, _ = d.prose(m["doc"].value, "doc")
	if x, set := m["citation"]; set {
		p.Citation, _ = d.prose(x.value, "citation")
	}
	if x, set := m["tighter"]; set {
		p.Tighter, ok = d.tighter(x.value, p.Type)
	}
	return p, ok
}

// tighter reads a direction; YAML reads the words true and false as truth
// values, which is what is meant.
func (d *document) tighter(n node, t ParamType) (string, bool) {
	var words []string
	switch t {
	case ParamInt, ParamDouble:
		words = []string{"lower", "higher"}
	case ParamBool:
		words = []string{"true", "false"}
	default:
		d.bad(n, "tighter goes with numbers and truth values; a %s has no direction", t)
		return "", false
	}
	if b, ok := n.(*ast.BoolNode); ok {
		s := strconv.FormatBool(b.Value)
		if !slices.Contains(words, s) {
			d.badWord(n, "tighter", s, words)
			return "", false
		}
		return s, true
	}
	return d.word(n, "tighter", words)
}

// value reads a parameter's value of a type.
func (d *document) value(n node, t ParamType, what string) (any, bool) {
	switch t {
	case ParamBool:
		return d.boolean(n, what)
	case ParamInt:
		return d.integer(n, what)
	case ParamDouble:
		return d.number(n, what)
	case ParamString:
		return d.text(n, what)
	case ParamStrings:
		return d.texts(n, what)
	}
	return nil, false
}

var spanForm = regexp.MustCompile(`^([1-9][0-9]{0,4})([dh])$`)

// ParseSpan reads a window of whole days or hours: 30d, 12h.
func ParseSpan(s string) (time.Duration, error) {
	m := spanForm.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%.20q is not a window of time; write days or hours, as in 30d or 12h", s)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, fmt.Errorf("window %.20q: %w", s, err)
	}
	if m[2] == "d" {
		n *= 24
	}
	return time.Duration(n) * time.Hour, nil
}

// FormatSpan writes a window as ParseSpan reads it; "" for none.
func FormatSpan(d time.Duration) string {
	h := int(d / time.Hour)
	switch {
	case h <= 0:
		return ""
	case h%24 == 0:
		return strconv.Itoa(h/24) + "d"
	}
	return strconv.Itoa(h) + "h"
}

func (d *document) span(n node, what string) (time.Duration, bool) {
	s, ok := d.text(n, what)
	if !ok {
		return 0, false
	}
	v, err := ParseSpan(s)
	if err != nil {
		d.bad(n, "%s: %v", what, err)
		return 0, false
	}
	return v, true
}
