package reports

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// Node is one value of a report: of JSON, of XML or a row of a table. Reading a
// thing that is not there gives an empty node, so that the newest and the oldest
// format of a tool can be read alike.
//
// In XML the members of an element are its attributes, as "@name", and the
// elements in it; a row's members are its cells, by their headers.
type Node struct {
	kind  jsonsafe.Kind
	line  int
	outer int
	text  string
	keys  []string // of an object
	list  []Node   // its members, or the elements of a list
}

var nothing Node

// Line is where the node stands in the file.
func (n *Node) Line() int { return n.line }

// Outer is, for an entry of a JSON document, its place in the outermost list that
// it stands in: 2 for what lies in the third of "runs[]".
func (n *Node) Outer() int { return n.outer }

// At returns the member at the end of the path, the first of several.
func (n *Node) At(path ...string) *Node {
	for _, key := range path {
		n = n.member(key)
	}
	return n
}

func (n *Node) member(key string) *Node {
	for i, k := range n.keys {
		if k == key {
			return &n.list[i]
		}
	}
	return &nothing
}

// Has reports whether there is something other than null at the end of the path.
func (n *Node) Has(path ...string) bool {
	k := n.At(path...).kind
	return k != 0 && k != jsonsafe.Null
}

// Str is the text at the end of the path, without blank space around it.
// Numbers and true and false are text too; objects and lists have none.
func (n *Node) Str(path ...string) string { return strings.TrimSpace(n.At(path...).text) }

// All returns the elements of the list at the end of the path. A single value
// in place of a list is a list of one, as the element of XML that is there once.
func (n *Node) All(path ...string) []*Node {
	if len(path) == 0 {
		return n.elements()
	}
	n = n.At(path[:len(path)-1]...)
	var out []*Node
	for i, k := range n.keys {
		if k == path[len(path)-1] {
			out = append(out, n.list[i].elements()...)
		}
	}
	return out
}

func (n *Node) elements() []*Node {
	switch n.kind {
	case 0, jsonsafe.Null:
		return nil
	case jsonsafe.Array:
		out := make([]*Node, len(n.list))
		for i := range n.list {
			out[i] = &n.list[i]
		}
		return out
	}
	return []*Node{n}
}

// Strs returns the texts of a list of texts.
func (n *Node) Strs(path ...string) []string {
	var out []string
	for _, x := range n.All(path...) {
		if s := x.Str(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Nth returns the element of the list at the end of the path.
func (n *Node) Nth(i int, path ...string) *Node {
	if list := n.At(path...).list; i >= 0 && i < len(list) {
		return &list[i]
	}
	return &nothing
}

// Members calls yield with each member of an object.
func (n *Node) Members(yield func(key string, v *Node) bool) {
	for i, k := range n.keys {
		if !yield(k, &n.list[i]) {
			return
		}
	}
}

// Num is the number at the end of the path, also one written as text.
func (n *Node) Num(path ...string) (float64, bool) {
	f, err := strconv.ParseFloat(n.Str(path...), 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// Yes reports whether the value at the end of the path says yes.
func (n *Node) Yes(path ...string) bool {
	switch strings.ToLower(n.Str(path...)) {
	case "true", "yes", "y", "1":
		return true
	}
	return false
}

// Time is the time at the end of the path, zero where it is none.
func (n *Node) Time(path ...string) time.Time { return Moment(n.Str(path...)) }

// Fault is a fault of the content at the node.
func (n *Node) Fault(reason, mend string) error {
	return &safe.Fault{Line: n.line, Reason: reason, Mend: mend}
}

var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05.999999999-0700",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999 -0700 MST", "2006-01-02 15:04:05.999999999 MST", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04",
	time.DateOnly, "2006/01/02 15:04:05", "2006/01/02", time.ANSIC, time.UnixDate, time.RFC1123Z, time.RFC1123,
	"Mon, 2 Jan 2006 15:04:05", "02-Jan-2006", "Jan 2, 2006 15:04:05 MST", "Jan 2, 2006", "20060102T150405",
	"Monday, January 2, 2006 3:04:05 PM", "01/02/2006 15:04:05",
}

// maxMoment is more than the longest layout gives.
const maxMoment = 80

// Moment reads a time in one of the forms tools write, the seconds or
// milliseconds since 1970 among them. It is zero for anything else.
func Moment(s string) time.Time {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxMoment {
		return time.Time{} // of layouts each is tried, and a refusal of each costs memory
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		switch {
		case n > 1e8 && n < 1e11:
			return time.Unix(int64(n), 0).UTC()
		case n >= 1e11 && n < 1e14:
			return time.UnixMilli(int64(n)).UTC()
		}
		return time.Time{}
	}
	if len(s) == len("20060102T150405000") && s[8] == 'T' {
		s = s[:len(s)-3] // Nexpose writes milliseconds without a point
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil && t.Year() > 1980 && t.Year() < 2200 {
			return t.UTC()
		}
	}
	return time.Time{}
}
