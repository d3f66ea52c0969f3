package goal

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFile bounds a file of the catalog; ours have 4 KiB.
const maxFile = 256 << 10

// reader reads one YAML file strictly and collects every fault with its place.
type reader struct {
	file   string
	faults *Faults
}

// field is one key of a mapping.
type field struct {
	key   string
	at    ast.Node // the key, for messages
	value ast.Node
}

func (r *reader) bad(at ast.Node, format string, args ...any) {
	line, col := 1, 1
	if at != nil {
		if tk := at.GetToken(); tk != nil && tk.Position != nil {
			line, col = tk.Position.Line, tk.Position.Column
		}
	}
	*r.faults = append(*r.faults, Fault{File: r.file, Line: line, Column: col, Message: fmt.Sprintf(format, args...)})
}

// body parses the file to the value it holds; nil where it cannot be read,
// which is then among the faults.
func (r *reader) body(data []byte) ast.Node {
	if len(data) > maxFile {
		r.bad(nil, "the file has %d KiB; at most %d are read", len(data)>>10, maxFile>>10)
		return nil
	}
	f, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		at, message := Fault{File: r.file, Line: 1, Column: 1}, err.Error()
		var ye yaml.Error
		if errors.As(err, &ye) && ye.GetToken() != nil && ye.GetToken().Position != nil {
			p := ye.GetToken().Position
			at.Line, at.Column, message = p.Line, p.Column, ye.GetMessage()
		}
		at.Message = message
		*r.faults = append(*r.faults, at)
		return nil
	}
	var body ast.Node
	for _, d := range f.Docs {
		if d == nil || d.Body == nil {
			continue
		}
		if _, comment := d.Body.(*ast.CommentGroupNode); comment {
			continue
		}
		if body != nil {
			r.bad(d.Body, "a second document begins here; a file holds one")
			break
		}
		body = d.Body
	}
	if body == nil {
		r.bad(nil, "the file is empty")
	}
	return body
}

// fields returns the keys of a mapping in order, each once.
func (r *reader) fields(n ast.Node, what string) []field {
	var values []*ast.MappingValueNode
	switch x := n.(type) {
	case nil:
		return nil
	case *ast.MappingNode:
		values = x.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{x}
	default:
		r.bad(n, "%s must be keys with values", what)
		return nil
	}
	seen := make(map[string]bool, len(values))
	fs := make([]field, 0, len(values))
	for _, v := range values {
		key, ok := text(v.Key)
		if !ok || key == "" {
			r.bad(v.Key, "a key of %s must be a plain word", what)
			continue
		}
		if seen[key] {
			r.bad(v.Key, "%s has %q twice", what, key)
			continue
		}
		seen[key] = true
		fs = append(fs, field{key, v.Key, v.Value})
	}
	return fs
}

// str reads a text that is not empty.
func (r *reader) str(f field) string {
	s, ok := text(f.value)
	s = strings.TrimSpace(s)
	if !ok || s == "" {
		r.bad(f.at, "%s must be a text", f.key)
		return ""
	}
	return s
}

// strs reads a list of texts, at least one, none twice.
func (r *reader) strs(f field) []string {
	seq, ok := f.value.(*ast.SequenceNode)
	if !ok || len(seq.Values) == 0 {
		r.bad(f.at, "%s must be a list of at least one text", f.key)
		return nil
	}
	seen := make(map[string]bool, len(seq.Values))
	out := make([]string, 0, len(seq.Values))
	for _, v := range seq.Values {
		s, ok := text(v)
		switch {
		case !ok || s == "":
			r.bad(v, "an entry of %s must be a text; put it in quotes", f.key)
		case seen[s]:
			r.bad(v, "%s lists %q twice", f.key, s)
		default:
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// integer reads a whole number.
func (r *reader) integer(f field) int {
	if n, ok := f.value.(*ast.IntegerNode); ok {
		switch v := n.Value.(type) {
		case uint64:
			if v < 1<<31 {
				return int(v)
			}
		case int64:
			return int(v)
		}
	}
	r.bad(f.at, "%s must be a whole number", f.key)
	return 0
}

// word reads a text that is one of a few.
func word[T ~string](r *reader, f field, known ...T) T {
	s := T(r.str(f))
	if slices.Contains(known, s) {
		return s
	}
	if s != "" {
		r.bad(f.value, "%s %q is not known; use one of %v", f.key, s, known)
	}
	return s
}

// text returns the text of a scalar that YAML takes for one.
func text(n ast.Node) (string, bool) {
	switch x := n.(type) {
	case *ast.StringNode:
		return x.Value, true
	case *ast.LiteralNode:
		return x.Value.Value, true
	}
	return "", false
}
