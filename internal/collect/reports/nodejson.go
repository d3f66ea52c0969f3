package reports

import (
	"context"
	"strings"
	"unsafe"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
)

const (
	// nodeText is how much of a text is kept: more than is ever shown.
	nodeText = 4096
	// nodeBytes is the most that one entry of a report, or all that is not in
	// its entries, may take in memory.
	nodeBytes = 48 << 20
)

// builder makes nodes and keeps count of what they take.
type builder struct {
	r     *jsonsafe.Reader
	at    map[string]func(*Node) error
	skip  map[string]bool
	left  int
	outer int // index in the outermost list
	names map[string]string
}

// Entries says what is done with the entries of a report: by the path to them,
// "results[].packages[]", "[]" for the elements of a document that is a list.
type Entries map[string]func(*Node) error

// JSON reads a document. Each value at one of the paths is handed over and
// forgotten; what stands beside them is returned. Members with the names in skip
// are read over, wherever they are.
func JSON(ctx context.Context, in collect.Input, at Entries, skip ...string) (*Node, error) {
	r, err := jsonsafe.Open(ctx, in)
	if err != nil {
		return nil, err
	}
	return Document(r, at, skip...)
}

// Document is JSON for a document that is not a file of its own, such as one in
// an archive.
func Document(r *jsonsafe.Reader, at Entries, skip ...string) (*Node, error) {
	b := newBuilder(r, at, skip)
	var root Node
	if err := b.value(&root, ""); err != nil {
		return nil, err
	}
	return &root, r.End()
}

// JSONLines reads a file of documents that stand one behind the other.
func JSONLines(ctx context.Context, in collect.Input, each func(*Node) error, skip ...string) error {
	r, err := jsonsafe.Open(ctx, in)
	if err != nil {
		return err
	}
	b := newBuilder(r, nil, skip)
	for i := 0; ; i++ {
		more, err := r.More()
		if err == nil && !more && i == 0 {
			err = r.Fault("there is nothing in it", "export it again")
		}
		if err != nil || !more {
			return err
		}
		b.left = nodeBytes
		var n Node
		if err := b.value(&n, "-"); err != nil {
			return err
		}
		if err := each(&n); err != nil {
			return err
		}
	}
}

func newBuilder(r *jsonsafe.Reader, at Entries, skip []string) *builder {
	b := &builder{r: r, at: at, skip: map[string]bool{}, left: nodeBytes, names: map[string]string{}}
	for _, s := range skip {
		b.skip[s] = true
	}
	return b
}

// value reads the next value. The path is "-" inside of an entry.
func (b *builder) value(n *Node, path string) error {
	k, err := b.r.Kind()
	if err != nil {
		return err
	}
	n.kind, n.line = k, b.r.Line()
	if path != "-" {
		if fn := b.at[path]; fn != nil {
			inner := *b
			inner.left = nodeBytes
			entry := Node{outer: b.outer}
			if err := inner.value(&entry, "-"); err != nil {
				return err
			}
			n.kind = jsonsafe.Null
			return fn(&entry)
		}
	}
	switch k {
	case jsonsafe.Object:
		return b.r.Object(func(key string) error {
			if b.skip[key] {
				return nil
			}
			if err := b.spend(int(unsafe.Sizeof(key)) + int(unsafe.Sizeof(Node{}))); err != nil {
				return err
			}
			var v Node
			if err := b.value(&v, b.under(path, key)); err != nil {
				return err
			}
			n.keys, n.list = append(n.keys, b.intern(key)), append(n.list, v)
			return nil
		})
	case jsonsafe.Array:
		elem := path
		if path != "-" {
			elem += "[]"
		}
		entries := b.at[elem] != nil && path != "-"
		outermost := path != "-" && !strings.Contains(path, "[]")
		i := -1
		return b.r.Array(func() error {
			if i++; outermost {
				b.outer = i
			}
			var v Node
			if entries { // forgotten at once, and so not kept as empty elements either
				return b.value(&v, elem)
			}
			if err := b.spend(int(unsafe.Sizeof(v))); err != nil {
				return err
			}
			if err := b.value(&v, elem); err != nil {
				return err
			}
			n.list = append(n.list, v)
			return nil
		})
	case jsonsafe.Null:
		return b.r.Skip()
	}
	s, err := b.r.Brief(nodeText)
	n.text = s
	if err != nil {
		return err
	}
	return b.spend(len(s))
}

// under is the path of a member, "-" where no entry can lie below it.
func (b *builder) under(path, key string) string {
	switch path {
	case "-":
		return "-"
	case "":
		path = key
	default:
		path += "." + key
	}
	for p := range b.at {
		if strings.HasPrefix(p, path) {
			return path
		}
	}
	return "-"
}

func (b *builder) spend(n int) error {
	if b.left -= n; b.left < 0 {
		return b.r.Fault("one entry holds more than is read of one", "export fewer targets at a time")
	}
	return nil
}

// intern keeps one copy of a name that comes again and again.
func (b *builder) intern(s string) string {
	if have, ok := b.names[s]; ok {
		return have
	}
	if len(b.names) < 4096 && len(s) < 100 {
		b.names[s] = s
		return s
	}
	_ = b.spend(len(s))
	return s
}
