package spdx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// tagReader reads a document of tags and values, one a line. A value between
// <text> and </text> may go over several.
type tagReader struct {
	*document
	r       *lines.Reader
	version string
	p       *pkg // the package that the tags are about; nil for others
}

func (d *document) readTags(ctx context.Context) error {
	src, err := lines.Unpacked(ctx, d.in)
	if err != nil {
		return err
	}
	t := &tagReader{document: d, r: lines.New(&returns{src: src}, d.in.Limits.Field)}
	for {
		line, err := t.r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if err := t.line(string(line)); err != nil {
			return err
		}
	}
	if err := t.close(); err != nil {
		return err
	}
	if t.version == "" {
		return &safe.Fault{Reason: "it does not say that it is SPDX, and in which version", Mend: "ask for the bill of materials as SPDX 2.3 JSON"}
	}
	return nil
}

func (t *tagReader) line(line string) error {
	at := t.r.Line()
	tag, value, ok := strings.Cut(line, ":")
	if !ok || tag == "" || strings.ContainsAny(tag, " \t<>{}\"") {
		if t.version == "" {
			return &safe.Fault{Line: at, Reason: fmt.Sprintf("%.40q is no tag with a value", line), Mend: "this is not SPDX; look whether the right file was chosen"}
		}
		return t.faults.Add(at, "", fmt.Sprintf("%.40q is no tag with a value", line), mend)
	}
	value, err := t.text(strings.TrimSpace(value))
	if err != nil {
		return err
	}
	if t.version == "" && tag != "SPDXVersion" {
		return &safe.Fault{Line: at, Reason: "it does not begin with SPDXVersion", Mend: "ask for the bill of materials as SPDX 2.3 JSON"}
	}
	return t.tag(at, tag, value)
}

// text reads on to the end of a text that goes over several lines. What is kept
// of it is its first line: nothing that is used here has more.
func (t *tagReader) text(value string) (string, error) {
	rest, ok := strings.CutPrefix(value, "<text>")
	if !ok {
		return value, nil
	}
	if first, _, done := strings.Cut(rest, "</text>"); done {
		return first, nil
	}
	at := t.r.Line()
	for {
		line, err := t.r.Next()
		if errors.Is(err, io.EOF) {
			return "", &safe.Fault{Line: at, Reason: "a text does not end", Mend: "export or copy the file again; it may have been cut off"}
		}
		if err != nil {
			return "", err
		}
		if bytes.Contains(line, []byte("</text>")) {
			return rest, nil
		}
	}
}

func (t *tagReader) tag(line int, tag, value string) error {
	switch tag {
	case "SPDXVersion":
		t.version = value
		return checkVersion(line, value)
	case "DocumentName":
		t.name = value
		return nil
	case "Created":
		return t.created(line, value)
	case "PackageName":
		if err := t.close(); err != nil {
			return err
		}
		t.p = &pkg{line: line, name: value}
		return t.countPackage(line)
	case "FileName", "SnippetSPDXID", "LicenseID", "Reviewer":
		if err := t.close(); err != nil {
			return err
		}
		if tag == "FileName" {
			return t.countFile(line)
		}
		return nil
	case "Relationship":
		return t.relationship(line, value)
	}
	if t.p == nil {
		return nil
	}
	switch tag {
	case "SPDXID":
		t.p.id = value
	case "PackageVersion":
		t.p.version = value
	case "PackageSupplier":
		t.p.supplier = value
	case "PackageOriginator":
		t.p.maker = value
	case "PrimaryPackagePurpose":
		t.p.purpose = strings.ReplaceAll(value, "_", "-")
	case "PackageSourceInfo":
		t.p.sourceInfo = value
	case "ExternalRef":
		f := strings.Fields(value)
		if len(f) < 3 {
			return t.faults.Add(line, tag, fmt.Sprintf("the reference %.60q is not made of a category, a type and a place", value), mend)
		}
		t.p.reference(f[1][strings.LastIndexByte(f[1], '/')+1:], f[2])
	}
	return nil
}

// close ends the package that was read.
func (t *tagReader) close() error {
	if t.p == nil {
		return nil
	}
	p := t.p
	t.p = nil
	return t.add(p)
}

func (t *tagReader) relationship(line int, value string) error {
	f := strings.Fields(value)
	if len(f) < 3 {
		return t.faults.Add(line, "Relationship", fmt.Sprintf("the relationship %.60q does not say what stands how to what", value), mend)
	}
	t.relation(f[0], f[1], f[2])
	return nil
}

// returns makes lines of a text whose lines end in a carriage return alone, as
// some tools write them.
type returns struct {
	src  io.Reader
	last bool // the byte before was a carriage return
}

func (r *returns) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	k := 0
	for _, c := range p[:n] {
		if c == '\n' && r.last { // the line has ended already
			r.last = false
			continue
		}
		r.last = c == '\r'
		if r.last {
			c = '\n'
		}
		p[k] = c
		k++
	}
	if k == 0 && n > 0 && err == nil {
		return r.Read(p)
	}
	return k, err
}
