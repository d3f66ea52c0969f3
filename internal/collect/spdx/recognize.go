package spdx

import (
	"bytes"
	"errors"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
)

// Recognize looks for the marks that every SPDX document has. Documents in RDF
// and YAML are recognized too, so that they are refused with advice.
func (Importer) Recognize(_ string, head []byte) int {
	h := safe.Head(head)
	switch kind(h) {
	case isJSON:
		return sniff(h)
	case isTags:
		if line, ok := firstTag(h); ok && strings.HasPrefix(line, "SPDXVersion:") {
			return 95
		}
	case isYAML:
		for line := range strings.Lines(string(h)) {
			if strings.HasPrefix(strings.Trim(line, `"' `), "spdxVersion: ") && strings.Contains(line, "SPDX-") {
				return 80
			}
		}
	case isXML:
		if space, name := xmlsafe.Sniff(head); name == "RDF" && space == "http://www.w3.org/1999/02/22-rdf-syntax-ns#" && bytes.Contains(h, []byte("http://spdx.org/rdf/terms")) {
			return 90
		}
	case isUnknown:
	}
	return 0
}

// firstTag returns the first line that is neither blank nor a comment.
func firstTag(head []byte) (string, bool) {
	for line := range strings.FieldsFuncSeq(string(head), func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return line, true
		}
	}
	return "", false
}

var errFound = errors.New("found")

// sniff looks at the beginning of a JSON document. Where its own marks stand
// behind everything else, the first package or file has to do.
func sniff(head []byte) int {
	r := jsonsafe.New(bytes.NewReader(head), collect.DefaultLimits())
	sure := 0
	// The head may end anywhere, so an error is no news.
	_ = r.Object(sniffKey(r, &sure, true))
	return sure
}

func sniffKey(r *jsonsafe.Reader, sure *int, outer bool) func(key string) error {
	found := func(n int) error {
		*sure = n
		return errFound
	}
	return func(key string) error {
		switch key {
		case "spdxVersion", "SPDXID":
			if s, err := r.Brief(200); err != nil || strings.HasPrefix(s, "SPDX") {
				return found(95)
			}
		case "@context":
			k, err := r.Kind()
			if err != nil || k != jsonsafe.String {
				return err
			}
			if s, err := r.Brief(200); err != nil || strings.HasPrefix(s, "https://spdx.org/rdf/3.") {
				return found(95)
			}
		case "packages", "files", "relationships":
			if k, err := r.Kind(); err != nil || k != jsonsafe.Array {
				return err
			}
			return r.Array(func() error {
				if k, err := r.Kind(); err != nil || k != jsonsafe.Object {
					return err
				}
				return r.Object(func(key string) error {
					if key == "SPDXID" || key == "spdxElementId" {
						return found(75)
					}
					return nil
				})
			})
		case "sbom":
			if k, err := r.Kind(); outer && err == nil && k == jsonsafe.Object {
				return r.Object(sniffKey(r, sure, false))
			}
		}
		return nil
	}
}
