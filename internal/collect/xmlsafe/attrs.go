package xmlsafe

import "iter"

// Attrs are the attributes of the newest start tag, by their names as written.
// They must be read before the reader moves on.
func (r *Reader) Attrs() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, a := range r.attrs {
			v, err := unescape(nil, r.tag[a.lo:a.hi])
			if err != nil { // checked when the tag was read
				continue
			}
			if !yield(a.name, string(v)) {
				return
			}
		}
	}
}
