package reports

import (
	"bytes"
	"errors"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// Shape is what the beginning of a JSON document shows of its form: the paths
// that are there, "results[].packages[].package", and the first value at each.
type Shape map[string]string

const (
	shapeDepth = 6
	shapePaths = 2000
)

// Sniff looks at the head of a file. It is nil for what does not begin as JSON.
func Sniff(head []byte) Shape {
	h := bytes.TrimSpace(safe.Head(head))
	if len(h) == 0 || h[0] != '{' && h[0] != '[' {
		return nil
	}
	limits := collect.DefaultLimits()
	r := jsonsafe.New(bytes.NewReader(h), limits)
	s := Shape{}
	// The head may end anywhere, so an error is no news; but what is broken from
	// its first byte on shows no path.
	_ = s.look(r, "", 0)
	return s
}

var errEnough = errors.New("enough seen")

func (s Shape) look(r *jsonsafe.Reader, path string, depth int) error {
	if len(s) >= shapePaths {
		return errEnough
	}
	k, err := r.Kind()
	if err != nil {
		return err
	}
	if _, ok := s[path]; !ok {
		s[path] = ""
	}
	switch {
	case depth >= shapeDepth && (k == jsonsafe.Object || k == jsonsafe.Array):
		return r.Skip()
	case k == jsonsafe.Object:
		return r.Object(func(key string) error {
			if path != "" {
				key = path + "." + key
			}
			return s.look(r, key, depth+1)
		})
	case k == jsonsafe.Array:
		return r.Array(func() error { return s.look(r, path+"[]", depth+1) })
	case k == jsonsafe.Null:
		return r.Skip()
	}
	v, err := r.Brief(300)
	if err == nil && s[path] == "" {
		s[path] = v
	}
	return err
}

// Has reports whether all of the paths are there.
func (s Shape) Has(paths ...string) bool {
	for _, p := range paths {
		if _, ok := s[p]; !ok {
			return false
		}
	}
	return len(s) > 0
}

// Any reports whether one of the paths is there.
func (s Shape) Any(paths ...string) bool {
	for _, p := range paths {
		if _, ok := s[p]; ok {
			return true
		}
	}
	return false
}

// Sure returns 96 where ok holds, else 0: how sure a format is of a file.
func Sure(ok bool) int {
	if ok {
		return 96
	}
	return 0
}

// Begins reports whether a file begins as JSON, XML or, false for both, neither.
func Begins(head []byte) (json, xml bool) {
	h := bytes.TrimSpace(safe.Head(head))
	if len(h) == 0 {
		return false, false
	}
	return h[0] == '{' || h[0] == '[', h[0] == '<'
}
