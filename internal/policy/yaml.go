package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a file. Ours are a tenth of them; an organization's own may come
// from anywhere.
const (
	maxFile    = 256 << 10
	maxLine    = 8 << 10
	maxNesting = 24
	maxText    = 4 << 10 // one value
	maxItems   = 2000    // entries of one list or mapping
	// maxKeys bounds the keys of a file: the parser takes the square of their
	// number (50,000 keys took 50 s, 6,000 take half a second).
	maxKeys = 6000
)

// document reads a YAML file strictly and collects every fault with its place.
type document struct {
	file   string
	lines  []string
	faults Faults
}

// node is a value in a document.
type node = ast.Node

// entry is one key of a mapping.
type entry struct {
	key   string
	keyAt ast.Node
	value ast.Node
}

func (d *document) bad(at ast.Node, format string, args ...any) {
	line, col := place(at)
	d.badAt(line, col, "", format, args...)
}

func (d *document) badAt(line, col int, suggestion, format string, args ...any) {
	d.faults = append(d.faults, Fault{File: d.file, Line: line, Column: col, Message: fmt.Sprintf(format, args...), Suggestion: suggestion})
}

// badWord reports a word that is not one of those that may stand there.
func (d *document) badWord(at ast.Node, what, word string, known []string) {
	line, col := place(at)
	s := closest(word, known)
	if s == "" {
		d.badAt(line, col, "", "%s %.60q is not known; use %s", what, word, oneOf(known))
		return
	}
	d.badAt(line, col, fmt.Sprintf("%q", s), "%s %.60q is not known", what, word)
}

// oneOf lists words for a message, cut where the list would drown it.
func oneOf(words []string) string {
	if len(words) > 24 {
		return strings.Join(words[:24], ", ") + ", …"
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// place returns where a value begins.
func place(n ast.Node) (line, col int) {
	var tk *token.Token
	switch x := n.(type) {
	case nil:
		return 1, 1
	case *ast.MappingNode:
		if len(x.Values) > 0 && !x.IsFlowStyle {
			return place(x.Values[0].Key)
		}
		tk = x.Start
	case *ast.MappingValueNode:
		return place(x.Key)
	default:
		tk = n.GetToken()
	}
	if tk == nil || tk.Position == nil {
		return 1, 1
	}
	return max(1, tk.Position.Line), max(1, tk.Position.Column)
}

// read parses the bytes to the body of their one document; nil where they hold
// none or cannot be read, which is then among the faults.
func (d *document) read(data []byte) (body node) {
	if len(data) > maxFile {
		d.badAt(1, 1, "", "the file has %d KiB; at most %d are read", len(data)>>10, maxFile>>10)
		return nil
	}
	if !utf8.Valid(data) {
		d.badAt(1, 1, "", "the file is not UTF-8 text; save it as UTF-8")
		return nil
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(data), "\ufeff"))
	d.lines = strings.Split(text, "\n")
	if line, col, why := outOfBounds(d.lines); why != "" {
		d.badAt(line, col, "", "%s", why)
		return nil
	}
	// The parser is not ours: whatever it does with hostile bytes stays a fault
	// of the file.
	defer func() {
		if r := recover(); r != nil {
			d.badAt(1, 1, "", "the file cannot be read as YAML")
			body = nil
		}
	}()
	f, err := parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var ye yaml.Error
		if errors.As(err, &ye) && ye.GetToken() != nil && ye.GetToken().Position != nil {
			p := ye.GetToken().Position
			d.badAt(max(1, p.Line), max(1, p.Column), "", "%s", ye.GetMessage())
			return nil
		}
		d.badAt(1, 1, "", "the file cannot be read as YAML: %.200s", err)
		return nil
	}
	for _, doc := range f.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		if _, ok := doc.Body.(*ast.CommentGroupNode); ok {
			continue
		}
		if body != nil {
			d.bad(doc.Body, "a second document begins here; a file holds one")
			return body
		}
		body = doc.Body
	}
	return body
}

// outOfBounds finds the first place where a file is nested deeper, or has more
// in it, than any honest one, before a recursive parser sees it.
func outOfBounds(lines []string) (line, col int, why string) {
	const deep = "the file is nested too deeply"
	open, keys, documents := 0, 0, 0
	for i, l := range lines {
		if len(l) > maxLine {
			return i + 1, maxLine, "the line is too long"
		}
		if strings.HasPrefix(l, "---") {
			if documents++; documents > 2 {
				return i + 1, 1, "another document begins here; a file holds one"
			}
		}
		body := strings.TrimLeft(l, " ")
		if indent := len(l) - len(body); indent > 8*maxNesting {
			return i + 1, indent, deep
		}
		marks := 0 // of compact nesting: "- - - -", "? ? ?", "a: b: c:"
		for j := 0; j < len(l); j++ {
			switch l[j] {
			case '[', '{':
				open++
			case ']', '}':
				open = max(0, open-1)
			case '-', '?', ':':
				if j+1 == len(l) || l[j+1] == ' ' {
					marks++
				}
			}
			if open > maxNesting || marks > 8*maxNesting {
				return i + 1, j + 1, deep
			}
		}
		// A colon makes a key even without a space after it, in {"a":1}.
		if keys += max(marks, strings.Count(l, ":")); keys > maxKeys {
			return i + 1, 1, fmt.Sprintf("the file has too much in it: at most %d keys and list items are read; make it two files", maxKeys)
		}
	}
	return 0, 0, ""
}

// plain unwraps nothing and refuses what these files do not use: anchors,
// aliases and tags make a file mean something else than it shows.
func (d *document) plain(n node) bool {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		d.bad(n, "anchors and aliases are not used here; write the value out")
		return false
	case *ast.TagNode:
		d.bad(n, "tags are not used here; write the plain value")
		return false
	}
	return true
}

// mapping returns the keys of a mapping in order, each once.
func (d *document) mapping(n node, what string) ([]entry, bool) {
	if !d.plain(n) {
		return nil, false
	}
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		d.bad(n, "%s must be keys with values, not %s", what, kindName(n))
		return nil, false
	}
	if len(values) > maxItems {
		d.bad(n, "%s has %d keys; at most %d are read", what, len(values), maxItems)
		return nil, false
	}
	es := make([]entry, 0, len(values))
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		key, ok := keyText(v.Key)
		if !ok {
			d.bad(v, "a key must be plain text")
			continue
		}
		if seen[key] {
			d.bad(v.Key, "%q is set twice; keep one", key)
			continue
		}
		seen[key] = true
		es = append(es, entry{key, v.Key, v.Value})
	}
	return es, true
}

func keyText(k ast.MapKeyNode) (string, bool) {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode:
		return k.Token.Value, true
	case *ast.BoolNode:
		return k.Token.Value, true
	}
	return "", false
}

// fields reads a mapping whose keys are known: unknown ones are faults.
func (d *document) fields(n node, what string, known []string) (map[string]entry, bool) {
	es, ok := d.mapping(n, what)
	if !ok {
		return nil, false
	}
	m := make(map[string]entry, len(es))
	for _, e := range es {
		if !slices.Contains(known, e.key) {
			d.badWord(e.keyAt, "key", e.key, known)
			continue
		}
		m[e.key] = e
	}
	return m, true
}

// list returns the items of a list.
func (d *document) list(n node, what string) ([]node, bool) {
	if !d.plain(n) {
		return nil, false
	}
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		d.bad(n, "%s must be a list, not %s", what, kindName(n))
		return nil, false
	}
	if len(s.Values) > maxItems {
		d.bad(n, "%s has %d items; at most %d are read", what, len(s.Values), maxItems)
		return nil, false
	}
	return s.Values, true
}

func kindName(n node) string {
	switch x := n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode:
		return "a whole number"
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return fmt.Sprintf("the truth value %t", x.Value)
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys with values"
	}
	return "something else"
}
