package cyclonedx

import (
	"context"
	"time"

	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// brief is how much of a short text is read.
const brief = 4096

type jsonReader struct {
	*parser
	r *jsonsafe.Reader
}

func (p *parser) readJSON(ctx context.Context) error {
	r, err := jsonsafe.Open(ctx, p.in)
	if err != nil {
		return err
	}
	j := &jsonReader{parser: p, r: r}
	named, version := "", ""
	err = r.Object(func(key string) error {
		var err error
		line := r.Line()
		switch key {
		case "bomFormat":
			named, err = r.Brief(brief)
		case "specVersion":
			if version, err = r.Brief(brief); err == nil {
				err = p.checkVersion(version, line)
			}
		case "serialNumber":
			var s string
			if s, err = r.Text(); err == nil {
				err = p.checkSerial(line, s)
			}
		case "metadata":
			err = r.Object(j.metadata)
		case "components":
			err = j.components(part)
		case "services":
			err = r.Array(j.service)
		case "dependencies":
			err = r.Array(j.dependency)
		case "citations":
			err = r.Array(j.citation)
		case "vulnerabilities":
			err = r.Array(j.vulnerability)
		}
		return err
	})
	if err != nil {
		return err
	}
	if named != "CycloneDX" || version == "" {
		return &safe.Fault{Reason: "it does not say that it is CycloneDX, and in which version", Mend: "ask for the bill of materials as CycloneDX"}
	}
	return r.End()
}

func (j *jsonReader) metadata(key string) error {
	r := j.r
	line := r.Line()
	switch key {
	case "timestamp":
		s, err := r.Text()
		if err != nil {
			return err
		}
		return j.timestamp(line, s, time.RFC3339Nano)
	case "component":
		return j.component(&j.main, whole)
	case "licenses":
		return j.licenses()
	case "properties":
		return j.properties(nil)
	case "manufacture", "manufacturer", "supplier":
		return j.organization(&j.maker)
	}
	return nil
}

// organization takes the name of a company.
func (j *jsonReader) organization(into *string) error {
	return j.r.Object(func(key string) error {
		if key != "name" {
			return nil
		}
		s, err := j.r.Brief(brief)
		if *into == "" {
			*into = s
		}
		return err
	})
}

// role says what a component is to the bill.
type role uint8

const (
	part  role = iota // of the product
	whole             // the product itself, whose own components are parts
	cited             // only spoken of, such as an ancestor: checked and not kept
)

// inner is the role of the components inside one.
func (r role) inner() role {
	if r == whole {
		return part
	}
	return r
}

func (j *jsonReader) components(as role) error {
	return j.r.Array(func() error {
		c := component{}
		return j.component(&c, as)
	})
}

func (j *jsonReader) component(c *component, as role) error {
	r := j.r
	c.line = r.Line()
	if err := j.count(c.line); err != nil {
		return err
	}
	text := func(into *string) error {
		s, err := r.Text()
		*into = s
		return err
	}
	err := r.Object(func(key string) error {
		line := r.Line()
		switch key {
		case "type":
			c.typed = true
			return text(&c.typ)
		case "name":
			return text(&c.name)
		case "group":
			return text(&c.group)
		case "version":
			c.versioned = true
			return text(&c.version)
		case "versionRange":
			return text(&c.vers)
		case "isExternal":
			var err error
			c.external, err = r.True()
			return err
		case "purl":
			return text(&c.purl)
		case "cpe":
			return text(&c.cpe)
		case "scope":
			return text(&c.scope)
		case "publisher":
			return text(&c.publisher)
		case "supplier":
			return j.organization(&c.supplier)
		case "manufacturer":
			return j.organization(&c.manufacturer)
		case "bom-ref":
			s, err := r.Text()
			if err != nil {
				return err
			}
			return j.checkRef(line, s, as)
		case "hashes":
			return r.Array(j.hash)
		case "licenses":
			return j.licenses()
		case "swid":
			return j.swid()
		case "pedigree":
			return r.Object(j.pedigree)
		case "releaseNotes":
			return r.Object(j.notes)
		case "properties":
			return j.properties(c)
		case "components":
			return j.components(as.inner())
		}
		return nil
	})
	if err != nil {
		return err
	}
	return j.finish(c, as)
}
