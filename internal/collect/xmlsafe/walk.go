package xmlsafe

import (
	"fmt"
	"strings"
)

// Root reads up to the first element.
func (r *Reader) Root() error {
	_, err := r.Next() // only a start tag can come first, or an error
	return err
}

// Children calls fn at each child of the element whose start tag was read
// last, and returns at its end. What fn does not read of a child is skipped.
func (r *Reader) Children(fn func(name string) error) error {
	depth := len(r.open)
	for {
		t, err := r.Next()
		if err != nil {
			return err
		}
		switch t {
		case Start:
			if err := fn(r.name); err != nil {
				return err
			}
			for len(r.open) > depth {
				if _, err := r.Next(); err != nil {
					return err
				}
			}
		case End:
			if len(r.open) < depth {
				return nil
			}
		case Text, EOF:
		}
	}
}

// Skip reads to the end of the element whose start tag was read last.
func (r *Reader) Skip() error { return r.Children(func(string) error { return nil }) }

// Value returns the text of the element whose start tag was read last, that
// of elements inside it included, without blank space around it. Text longer
// than the limit of a field is a fault.
func (r *Reader) Value() (string, error) {
	name, line := r.name, r.startLine
	s, whole, err := r.read(r.limits.Field)
	if err == nil && !whole {
		r.startLine = line
		err = r.Fault(fmt.Sprintf("<%.40s> holds more than %d bytes", name, r.limits.Field), "export the report again with less detail")
	}
	return s, err
}

// Brief is Value for text of which the first n bytes are enough.
func (r *Reader) Brief(n int) (string, error) {
	s, _, err := r.read(n)
	return s, err
}

func (r *Reader) read(n int) (string, bool, error) {
	depth := len(r.open)
	var b []byte
	whole := true
	for len(r.open) >= depth {
		t, err := r.Next()
		if err != nil {
			return "", false, err
		}
		if t == Text && whole {
			b = append(b, r.chunk...)
			if len(b) > n {
				whole = false
				b = b[:n] // a character cut in two is dropped below
			}
		}
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(b), "")), whole, nil
}

// Finish reads what follows the first element, which may only be comments.
func (r *Reader) Finish() error {
	for {
		t, err := r.Next()
		if err != nil || t == EOF {
			return err
		}
	}
}
