package xmlsafe

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/collect/safe"
)

// readStart reads a start tag. pos is at its <.
func (r *Reader) readStart() error {
	n, err := r.tagEnd()
	if err != nil {
		return err
	}
	r.startLine = r.line
	r.tag = append(r.tag[:0], r.buf[r.pos+1:r.pos+n]...)
	r.advance(n + 1)
	t := r.tag
	if len(t) > 0 && t[len(t)-1] == '/' {
		r.closing = true
		t = t[:len(t)-1]
	}
	if len(r.open) == 0 && r.seenRoot {
		return r.broken("a second element stands beside the first")
	}
	r.seenRoot = true
	if len(r.open) >= r.limits.Depth {
		return r.limit("elements are nested more than %d deep", r.limits.Depth)
	}
	if r.elements--; r.elements < 0 {
		return r.limit("there are too many elements")
	}
	i := nameLen(t)
	if !qualified(t[:i]) {
		return r.broken("a < that begins no tag")
	}
	full := r.intern(t[:i])
	r.open = append(r.open, element{name: full, spaces: len(r.spaces)})
	if err := r.readAttrs(t, i); err != nil {
		return err
	}
	prefix, local, ok := strings.Cut(full, ":")
	if !ok {
		prefix, local = "", full
	}
	r.name, r.space = local, r.resolve(prefix)
	return nil
}

func (r *Reader) readAttrs(t []byte, i int) error {
	r.attrs = r.attrs[:0]
	for {
		j := skipSpace(t, i)
		if j == len(t) {
			return nil
		}
		if j == i {
			return r.broken("no blank before an attribute of <%.40s>", r.open[len(r.open)-1].name)
		}
		k := j + nameLen(t[j:])
		if !qualified(t[j:k]) {
			return r.broken("an attribute of <%.40s> has no name", r.open[len(r.open)-1].name)
		}
		name := r.intern(t[j:k])
		k = skipSpace(t, k)
		if k == len(t) || t[k] != '=' {
			return r.broken("the attribute %.40s has no value", name)
		}
		k = skipSpace(t, k+1)
		if k == len(t) || t[k] != '"' && t[k] != '\'' {
			return r.broken("the value of the attribute %.40s is not quoted", name)
		}
		end := bytes.IndexByte(t[k+1:], t[k])
		if end < 0 {
			return r.broken("the value of the attribute %.40s has no end", name)
		}
		lo, hi := k+1, k+1+end
		if err := r.checkValue(name, t[lo:hi]); err != nil {
			return err
		}
		switch prefix, rest, _ := strings.Cut(name, ":"); {
		case name == "xmlns" || prefix == "xmlns":
			r.spaces = append(r.spaces, binding{prefix: rest, uri: string(t[lo:hi])})
		case slices.ContainsFunc(r.attrs, func(a attr) bool { return a.name == name }):
			return r.broken("the attribute %.40s is given twice", name)
		default:
			r.attrs = append(r.attrs, attr{name: name, lo: lo, hi: hi})
		}
		if len(r.attrs)+len(r.spaces)-r.open[len(r.open)-1].spaces > maxAttrs {
			return r.limit("an element has more than %d attributes", maxAttrs)
		}
		i = hi + 1
	}
}

func (r *Reader) checkValue(name string, v []byte) error {
	if len(v) > r.limits.Field {
		return r.limit("the attribute %.40s is longer than %d bytes", name, r.limits.Field)
	}
	if bytes.IndexByte(v, '<') >= 0 {
		return r.broken("a < in the attribute %.40s", name)
	}
	if bytes.IndexByte(v, '&') >= 0 {
		out, err := unescape(r.text[:0], v)
		if err != nil {
			return r.broken("%v in the attribute %.40s", err, name)
		}
		r.text = out[:0]
		return nil
	}
	if err := checkText(v); err != nil {
		return r.broken("%v in the attribute %.40s", err, name)
	}
	return nil
}

// tagEnd returns how far behind pos the > is that ends the tag there.
func (r *Reader) tagEnd() (int, error) {
	var quote byte
	for i := 1; ; i++ {
		for r.pos+i >= r.end {
			if r.eof {
				return 0, r.cutOff()
			}
			if err := r.fill(); err != nil {
				return 0, err
			}
		}
		switch c := r.buf[r.pos+i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i, nil
		case c == '<':
			return 0, r.broken("a tag begins inside another")
		}
	}
}

func (r *Reader) readEnd() error {
	n, err := r.tagEnd()
	if err != nil {
		return err
	}
	name := bytes.TrimRight(r.buf[r.pos+2:r.pos+n], " \t\r\n")
	if len(r.open) == 0 {
		return r.broken("</%.40s> ends an element that has not begun", name)
	}
	if want := r.open[len(r.open)-1].name; string(name) != want {
		return r.broken("</%.40s> where </%.40s> is due", name, want)
	}
	r.advance(n + 1)
	r.pop()
	return nil
}

// until skips to just behind mark and calls bad on what lies before it.
func (r *Reader) until(mark string, bad func([]byte) error) error {
	for {
		b := r.buf[r.pos:r.end]
		i := bytes.Index(b, []byte(mark))
		n := i
		if i < 0 {
			n = max(0, len(b)-len(mark)+1)
		}
		if bad != nil {
			if err := bad(b[:n]); err != nil {
				return err
			}
		}
		if i >= 0 {
			r.advance(i + len(mark))
			return nil
		}
		r.advance(n)
		if r.eof {
			return r.cutOff()
		}
		if err := r.fill(); err != nil {
			return err
		}
	}
}

// readInstruction skips <?…?>. A declaration is the first thing or wrong.
func (r *Reader) readInstruction() error {
	if ok, err := r.ensure(6); err != nil {
		return err
	} else if ok && string(r.buf[r.pos:r.pos+5]) == "<?xml" && isSpace(r.buf[r.pos+5]) {
		if r.seenRoot {
			return r.broken("<?xml is not at the start")
		}
	}
	if ok, err := r.ensure(3); err != nil {
		return err
	} else if !ok {
		return r.cutOff()
	}
	if nameLen(r.buf[r.pos+2:r.end]) == 0 {
		return r.broken("<? without a name")
	}
	r.advance(2)
	return r.until("?>", r.check)
}

func (r *Reader) check(b []byte) error {
	// A piece may end inside a character; whole ones are checked where the text
	// matters. What must never pass are controls.
	for _, c := range b {
		if c < ' ' && !isSpace(c) {
			return r.broken("the control character %#02x", c)
		}
	}
	return nil
}

func (r *Reader) readDeclaration() error {
	if _, err := r.ensure(9); err != nil {
		return err
	}
	b := r.buf[r.pos:r.end]
	switch {
	case bytes.HasPrefix(b, []byte("<!--")):
		r.advance(4)
		if err := r.until("--", r.check); err != nil {
			return err
		}
		if ok, err := r.ensure(1); err != nil {
			return err
		} else if !ok {
			return r.cutOff()
		}
		if r.buf[r.pos] != '>' {
			return r.broken("-- inside a comment")
		}
		r.advance(1)
		return nil
	case bytes.HasPrefix(b, []byte("<![CDATA[")):
		if len(r.open) == 0 {
			return r.broken("text outside of the first element")
		}
		r.advance(9)
		r.cdata = true
		r.chunk = nil
		return nil
	case bytes.HasPrefix(b, []byte("<!DOCTYPE")):
		return r.readDoctype()
	case len(b) < 9:
		return r.cutOff()
	}
	return r.broken("an unknown declaration")
}

func (r *Reader) readDoctype() error {
	hostile := &safe.Fault{
		Line: r.line, Reason: "the file has a document type (DTD) of its own, which may define entities",
		Mend: "export it again from the tool itself; no report needs one",
	}
	if r.seenRoot {
		return hostile
	}
	n, err := r.tagEnd()
	if _, ok := errors.AsType[*safe.Fault](err); ok {
		return hostile // a declaration inside it, or one without an end
	}
	if err != nil {
		return err
	}
	b := r.buf[r.pos+len("<!DOCTYPE") : r.pos+n]
	words := bytes.Fields(b)
	if r.opts.Doctype == "" || len(words) == 0 || string(words[0]) != r.opts.Doctype || bytes.ContainsAny(b, "[]<") || checkText(b) != nil {
		return hostile
	}
	r.advance(n + 1)
	return nil
}

func (r *Reader) intern(b []byte) string {
	if s, ok := r.names[string(b)]; ok {
		return s
	}
	s := string(b)
	// Names are few in a real report; a hostile one may not make us keep many.
	if len(r.names) < 4096 && len(s) < 128 {
		r.names[s] = s
	}
	return s
}

func (r *Reader) resolve(prefix string) string {
	for _, v := range slices.Backward(r.spaces) {
		if v.prefix == prefix {
			return v.uri
		}
	}
	return prefix
}

// qualified reports whether b is a name with at most one prefix.
func qualified(b []byte) bool {
	n := len(b)
	return n > 0 && b[0] != ':' && b[n-1] != ':' && bytes.Count(b, []byte{':'}) <= 1
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

// nameLen returns the length of the XML name that b begins with.
func nameLen(b []byte) int {
	i := 0
	for i < len(b) {
		c := b[i]
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == ':':
			i++
		case i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '.'):
			i++
		case c >= utf8.RuneSelf:
			u, n := utf8.DecodeRune(b[i:])
			if u == utf8.RuneError || !unicode.IsLetter(u) && (i == 0 || !unicode.In(u, unicode.Digit, unicode.Mark)) {
				return i
			}
			i += n
		default:
			return i
		}
	}
	return i
}
