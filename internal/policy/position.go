package policy

import (
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// textMap tells where each character of a YAML text value stands in its file.
//
// A value may be plain, quoted, or a block over many lines, literal or folded;
// a fault in a condition must point at the very character all the same. The
// map is made by laying the value along the lines of the file it came from,
// which works for all of these without knowing their rules.
type textMap struct {
	value    string
	segments []segment // by offset
}

// segment says that the value from offset on is written at line and column.
type segment struct{ offset, line, column int }

func (d *document) mapText(n node, value string) textMap {
	m := textMap{value: value}
	line, col := place(n)
	rest := 0
	// lay matches one source line against what is left of the value.
	lay := func(line, col int, text string) {
		lead := len(text) - len(strings.TrimLeft(text, " \t"))
		text, col = text[lead:], col+lead
		for rest < len(value) && (value[rest] == ' ' || value[rest] == '\n' || value[rest] == '\t') {
			rest++
		}
		same := samePrefix(value[rest:], text)
		if same == 0 {
			return
		}
		m.segments = append(m.segments, segment{rest, line, col})
		rest += same
	}
	first := line
	if _, block := n.(*ast.LiteralNode); block {
		first++ // the text begins below its indicator
	} else if line <= len(d.lines) {
		text := cutRunes(d.lines[line-1], col-1)
		if text != "" && (text[0] == '"' || text[0] == '\'') {
			text, col = text[1:], col+1
		}
		lay(line, col, text)
		first++
	}
	for l := first; l <= len(d.lines) && strings.TrimSpace(value[rest:]) != ""; l++ {
		before := rest
		lay(l, 1, d.lines[l-1])
		if rest == before && strings.TrimSpace(d.lines[l-1]) != "" {
			break
		}
	}
	if len(m.segments) == 0 {
		m.segments = []segment{{0, line, col}}
	}
	return m
}

// at returns the place in the file of a line (from 1) and column (from 0, in
// characters) of the value.
func (m textMap) at(line, column int) (fileLine, fileColumn int) {
	off := 0
	for range line - 1 {
		i := strings.IndexByte(m.value[off:], '\n')
		if i < 0 {
			break
		}
		off += i + 1
	}
	for range column {
		_, n := utf8.DecodeRuneInString(m.value[off:])
		off += n
	}
	s := m.segments[0]
	for _, t := range m.segments[1:] {
		if t.offset > off {
			break
		}
		s = t
	}
	if off <= s.offset {
		return s.line, s.column
	}
	return s.line, s.column + utf8.RuneCountInString(m.value[s.offset:off])
}

// samePrefix returns the length of the longest common prefix.
func samePrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// cutRunes drops the first n characters.
func cutRunes(s string, n int) string {
	for ; n > 0 && s != ""; n-- {
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
	}
	return s
}
