package sbom

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// writer writes JSON element by element, each on a line of its own. The first
// error stays; what comes after it is not written.
type writer struct {
	to    *bufio.Writer
	line  bytes.Buffer
	enc   *json.Encoder
	err   error
	first bool // no element stands in the list yet
}

func newWriter(w io.Writer) *writer {
	out := &writer{to: bufio.NewWriterSize(w, 64<<10)}
	out.enc = json.NewEncoder(&out.line)
	out.enc.SetEscapeHTML(false) // package URLs have &
	return out
}

func (w *writer) text(s string) {
	if w.err == nil {
		_, w.err = w.to.WriteString(s)
	}
}

// value writes one value. Without its last byte an object is left open.
func (w *writer) value(v any, open bool) {
	if w.err != nil {
		return
	}
	w.line.Reset()
	if w.err = w.enc.Encode(v); w.err != nil {
		return
	}
	b := bytes.TrimSuffix(w.line.Bytes(), []byte("\n"))
	if open {
		b = b[:len(b)-1]
	}
	_, w.err = w.to.Write(b)
}

// key writes the name of the next value of the outermost object.
func (w *writer) key(name string) { w.text(",\n\"" + name + "\": ") }

// list opens a list; each element is then announced by next.
func (w *writer) list() {
	w.text("[")
	w.first = true
}

func (w *writer) next() {
	if !w.first {
		w.text(",")
	}
	w.first = false
	w.text("\n ")
}

// end closes a list.
func (w *writer) end() { w.text("\n]"); w.first = false }

func (w *writer) flush() error {
	w.text("\n}\n")
	if w.err != nil {
		return w.err
	}
	return w.to.Flush()
}
