package reports

import (
	"context"
	"strings"
	"unsafe"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
)

// xmlBuilder makes nodes of elements.
type xmlBuilder struct {
	r    *xmlsafe.Reader
	at   Entries
	skip map[string]bool
	left int
}

// XML reads a document whose root is one of the given names, joined by "|".
// Each element at one of the paths, "report/results/result" with the root's name
// first, is handed over and forgotten; what stands beside them is returned.
// The document type that may be named is the root's.
func XML(ctx context.Context, in collect.Input, root string, at Entries, skip ...string) (*Node, error) {
	head, err := in.Head()
	if err != nil {
		return nil, err
	}
	_, name := xmlsafe.Sniff(head)
	r, err := xmlsafe.Open(ctx, in, xmlsafe.Options{Doctype: name})
	if err != nil {
		return nil, err
	}
	if err := r.Root(); err != nil {
		return nil, err
	}
	found := false
	for want := range strings.SplitSeq(root, "|") {
		found = found || r.Name() == want
	}
	if !found {
		return nil, r.Fault("the file begins with <"+Shorten(r.Name(), 40)+">, not with <"+root+">", "export the report again")
	}
	b := &xmlBuilder{r: r, at: at, skip: map[string]bool{}, left: nodeBytes}
	for _, s := range skip {
		b.skip[s] = true
	}
	var n Node
	if err := b.element(&n, r.Name()); err != nil {
		return nil, err
	}
	return &n, r.Finish()
}

// element reads the element whose start tag was read last.
func (b *xmlBuilder) element(n *Node, path string) error {
	n.kind, n.line = jsonsafe.Object, b.r.Line()
	if path != "-" {
		if fn := b.at[path]; fn != nil {
			inner := *b
			inner.left = nodeBytes
			var entry Node
			if err := inner.element(&entry, "-"); err != nil {
				return err
			}
			n.kind = jsonsafe.Null
			return fn(&entry)
		}
	}
	for k, v := range b.r.Attrs() {
		n.keys, n.list = append(n.keys, "@"+k), append(n.list, Node{kind: jsonsafe.String, line: n.line, text: cut(v)})
		if err := b.spend(len(k) + len(v) + 2*int(unsafe.Sizeof(*n))); err != nil {
			return err
		}
	}
	var text []byte
	depth := b.r.Depth()
	for {
		t, err := b.r.Next()
		if err != nil {
			return err
		}
		switch t {
		case xmlsafe.Text:
			if room := nodeText - len(text); room > 0 {
				c := b.r.Chunk()
				text = append(text, c[:min(len(c), room)]...)
			}
		case xmlsafe.Start:
			if err := b.child(n, path); err != nil {
				return err
			}
		case xmlsafe.End, xmlsafe.EOF:
			if b.r.Depth() < depth {
				n.text = strings.TrimSpace(strings.ToValidUTF8(string(text), ""))
				return b.spend(len(n.text))
			}
		}
	}
}

func (b *xmlBuilder) child(n *Node, path string) error {
	name := b.r.Name()
	if b.skip[name] {
		return b.r.Skip()
	}
	below := "-"
	if path != "-" {
		for p := range b.at {
			if strings.HasPrefix(p, path+"/"+name) {
				below = path + "/" + name
			}
		}
	}
	if err := b.spend(2 * int(unsafe.Sizeof(*n))); err != nil {
		return err
	}
	var v Node
	if err := b.element(&v, below); err != nil {
		return err
	}
	if v.kind != jsonsafe.Null {
		n.keys, n.list = append(n.keys, name), append(n.list, v)
	} else {
		b.left += 2 * int(unsafe.Sizeof(*n))
	}
	return nil
}

func (b *xmlBuilder) spend(n int) error {
	if b.left -= n; b.left < 0 {
		return b.r.Fault("one entry holds more than is read of one", "export fewer hosts at a time")
	}
	return nil
}

func cut(s string) string {
	if len(s) > nodeText {
		return strings.ToValidUTF8(s[:nodeText], "")
	}
	return s
}
