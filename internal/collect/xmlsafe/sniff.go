package xmlsafe

import (
	"bytes"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// Sniff returns the name space and the local name of the first element of a
// document of which only the head is there, or "" and "" where that is no XML.
// It reads over any document type: whoever parses the file refuses it with the
// better reason.
func Sniff(head []byte) (space, name string) {
	b := safe.Head(head)
	for {
		b = bytes.TrimLeft(b, " \t\r\n")
		var ok bool
		switch {
		case bytes.HasPrefix(b, []byte("<?")):
			_, b, ok = bytes.Cut(b, []byte("?>"))
		case bytes.HasPrefix(b, []byte("<!--")):
			_, b, ok = bytes.Cut(b, []byte("-->"))
		case bytes.HasPrefix(b, []byte("<!DOCTYPE")):
			b, ok = afterDoctype(b)
		case bytes.HasPrefix(b, []byte("<")):
			r := New(bytes.NewReader(b), collect.DefaultLimits(), Options{})
			if r.Root() != nil {
				return "", ""
			}
			return r.Space(), r.Name()
		}
		if !ok {
			return "", ""
		}
	}
}

func afterDoctype(b []byte) ([]byte, bool) {
	var quote byte
	depth := 0
	for i, c := range b {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == '>' && depth == 0:
			return b[i+1:], true
		}
	}
	return nil, false
}
