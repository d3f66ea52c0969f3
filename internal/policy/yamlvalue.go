package policy

import (
	"math"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// text returns a text value, as written but for YAML's own rules.
func (d *document) text(n node, what string) (string, bool) {
	if !d.plain(n) {
		return "", false
	}
	var s string
	switch x := n.(type) {
	case *ast.StringNode:
		s = x.Value
	case *ast.LiteralNode:
		s = x.Value.Value
	case *ast.NullNode:
		d.bad(n, "%s is empty", what)
		return "", false
	default:
		d.bad(n, "%s must be text, not %s; put it in quotes", what, kindName(n))
		return "", false
	}
	if len(s) > maxText {
		d.bad(n, "%s has %d characters; at most %d are read", what, len(s), maxText)
		return "", false
	}
	if strings.TrimSpace(s) == "" {
		d.bad(n, "%s is empty", what)
		return "", false
	}
	return s, true
}

// prose returns a text value with its line breaks made spaces.
func (d *document) prose(n node, what string) (string, bool) {
	s, ok := d.text(n, what)
	return strings.Join(strings.Fields(s), " "), ok
}

// word returns a text that must be one of those known.
func (d *document) word(n node, what string, known []string) (string, bool) {
	s, ok := d.text(n, what)
	if !ok {
		return "", false
	}
	if !slices.Contains(known, s) {
		d.badWord(n, what, s, known)
		return "", false
	}
	return s, true
}

// texts returns a list of texts.
func (d *document) texts(n node, what string) ([]string, bool) {
	items, ok := d.list(n, what)
	if !ok {
		return nil, false
	}
	out := make([]string, 0, len(items))
	for _, it := range items {
		s, sok := d.text(it, "an item of "+what)
		if !sok {
			ok = false
			continue
		}
		out = append(out, s)
	}
	return out, ok
}

func (d *document) boolean(n node, what string) (bool, bool) {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		d.bad(n, "%s must be true or false, not %s", what, kindName(n))
		return false, false
	}
	return b.Value, true
}

func (d *document) integer(n node, what string) (int64, bool) {
	if i, ok := n.(*ast.IntegerNode); ok {
		switch v := i.Value.(type) {
		case int64:
			return v, true
		case uint64:
			if v <= math.MaxInt64 {
				return int64(v), true
			}
		}
		d.bad(n, "%s is too large", what)
		return 0, false
	}
	d.bad(n, "%s must be a whole number, not %s", what, kindName(n))
	return 0, false
}

func (d *document) number(n node, what string) (float64, bool) {
	switch x := n.(type) {
	case *ast.FloatNode:
		return x.Value, true
	case *ast.IntegerNode:
		i, ok := d.integer(n, what)
		return float64(i), ok
	}
	d.bad(n, "%s must be a number, not %s", what, kindName(n))
	return 0, false
}

// share returns a number from 0 to 1.
func (d *document) share(n node, what string) (float64, bool) {
	f, ok := d.number(n, what)
	if ok && (f < 0 || f > 1) {
		d.bad(n, "%s is a share: a number from 0 to 1", what)
		return 0, false
	}
	return f, ok
}

// scalar returns a value of whatever plain type it is written as.
func (d *document) scalar(n node) (any, bool) {
	switch x := n.(type) {
	case *ast.BoolNode:
		return x.Value, true
	case *ast.IntegerNode:
		return d.integer(n, "the value")
	case *ast.FloatNode:
		return x.Value, true
	case *ast.SequenceNode:
		return d.texts(n, "the value")
	}
	return d.text(n, "the value")
}
