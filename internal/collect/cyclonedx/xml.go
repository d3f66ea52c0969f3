package cyclonedx

import (
	"context"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
)

type xmlReader struct {
	*parser
	r *xmlsafe.Reader
}

func (p *parser) readXML(ctx context.Context) error {
	r, err := xmlsafe.Open(ctx, p.in, xmlsafe.Options{})
	if err != nil {
		return err
	}
	if err := r.Root(); err != nil {
		return err
	}
	version, ok := strings.CutPrefix(r.Space(), namespace)
	if r.Name() != "bom" || !ok {
		return r.Fault("the file does not begin with <bom> in CycloneDX's name space", "ask for the bill of materials as CycloneDX")
	}
	if err := p.checkVersion(version, r.Line()); err != nil {
		return err
	}
	if s, ok := r.Lookup("serialNumber"); ok {
		if err := p.checkSerial(r.Line(), s); err != nil {
			return err
		}
	}
	x := &xmlReader{parser: p, r: r}
	if err := x.children(r.Space(), x.top); err != nil {
		return err
	}
	return r.Finish()
}

// children reads the children in the bill's own name space; others are
// extensions, which the specification allows anywhere.
func (x *xmlReader) children(space string, fn func(name string) error) error {
	return x.r.Children(func(name string) error {
		if x.r.Space() != space {
			return nil
		}
		return fn(name)
	})
}

// each calls fn at each child of the name.
func (x *xmlReader) each(name string, fn func() error) error {
	return x.children(x.r.Space(), func(n string) error {
		if n != name {
			return nil
		}
		return fn()
	})
}

func (x *xmlReader) top(name string) error {
	switch name {
	case "metadata":
		return x.children(x.r.Space(), x.metadata)
	case "components":
		return x.components(part)
	case "services":
		return x.each("service", x.service)
	case "dependencies":
		return x.each("dependency", x.dependency)
	case "citations":
		return x.each("citation", x.citation)
	case "vulnerabilities":
		return x.each("vulnerability", x.vulnerability)
	}
	return nil
}

func (x *xmlReader) metadata(name string) error {
	line := x.r.Line()
	switch name {
	case "timestamp":
		s, err := x.r.Brief(brief)
		if err != nil {
			return err
		}
		return x.timestamp(line, s, time.RFC3339Nano, "2006-01-02T15:04:05.999999999")
	case "component":
		return x.component(&x.main, whole)
	case "licenses":
		return x.licenses()
	case "properties":
		return x.properties(nil)
	case "manufacture", "manufacturer", "supplier":
		return x.organization(&x.maker)
	}
	return nil
}

func (x *xmlReader) organization(into *string) error {
	return x.each("name", func() error {
		s, err := x.r.Brief(brief)
		if *into == "" {
			*into = s
		}
		return err
	})
}

func (x *xmlReader) components(as role) error {
	return x.each("component", func() error {
		c := component{}
		return x.component(&c, as)
	})
}

func (x *xmlReader) component(c *component, as role) error {
	r := x.r
	c.line = r.Line()
	if err := x.count(c.line); err != nil {
		return err
	}
	c.typ, c.typed = r.Lookup("type")
	c.external = r.Attr("isExternal") == "true" || r.Attr("isExternal") == "1"
	if ref, ok := r.Lookup("bom-ref"); ok {
		if err := x.checkRef(c.line, ref, as); err != nil {
			return err
		}
	}
	err := x.children(r.Space(), func(name string) error {
		var err error
		switch name {
		case "name":
			c.name, err = r.Value()
		case "group":
			c.group, err = r.Value()
		case "version":
			c.versioned = true
			c.version, err = r.Value()
		case "versionRange":
			c.vers, err = r.Value()
		case "purl":
			c.purl, err = r.Value()
		case "cpe":
			c.cpe, err = r.Value()
		case "scope":
			c.scope, err = r.Value()
		case "publisher":
			c.publisher, err = r.Value()
		case "supplier":
			err = x.organization(&c.supplier)
		case "manufacturer":
			err = x.organization(&c.manufacturer)
		case "hashes":
			err = x.each("hash", x.hash)
		case "licenses":
			err = x.licenses()
		case "swid":
			err = x.swid()
		case "pedigree":
			err = x.children(r.Space(), x.pedigree)
		case "releaseNotes":
			err = x.children(r.Space(), x.notes)
		case "properties":
			err = x.properties(c)
		case "components":
			err = x.components(as.inner())
		}
		return err
	})
	if err != nil {
		return err
	}
	return x.finish(c, as)
}

func (x *xmlReader) hash() error {
	line, alg := x.r.Line(), x.r.Attr("alg")
	content, err := x.r.Brief(brief)
	if err != nil {
		return err
	}
	return x.checkHash(line, alg, content)
}

func (x *xmlReader) licenses() error {
	line := x.r.Line()
	named, expressions := 0, 0
	err := x.children(x.r.Space(), func(name string) error {
		switch name {
		case "expression":
			expressions++
		case "license":
			named++
			return x.license()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.checkLicenses(line, named, expressions)
}

func (x *xmlReader) license() error {
	line := x.r.Line()
	var l license
	err := x.children(x.r.Space(), func(name string) error {
		switch name {
		case "id":
			l.ids++
		case "name":
			l.names++
		case "text":
			return x.attachment()
		case "properties":
			return x.properties(nil)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.checkLicense(line, l)
}

func (x *xmlReader) attachment() error {
	if s, ok := x.r.Lookup("encoding"); ok {
		return x.checkEncoding(x.r.Line(), s)
	}
	return nil
}

func (x *xmlReader) swid() error {
	line, tag, name := x.r.Line(), x.r.Attr("tagId"), x.r.Attr("name")
	if err := x.required(line, "tagId", tag); err != nil {
		return err
	}
	if err := x.required(line, "name", name); err != nil {
		return err
	}
	return x.each("text", x.attachment)
}

func (x *xmlReader) pedigree(name string) error {
	switch name {
	case "ancestors", "descendants", "variants":
		return x.components(cited)
	case "patches":
		return x.each("patch", func() error {
			if err := x.oneOf(x.r.Line(), "type", x.r.Attr("type"), patches); err != nil {
				return err
			}
			return x.children(x.r.Space(), x.notes)
		})
	}
	return nil
}

func (x *xmlReader) notes(name string) error {
	if name != "resolves" {
		return nil
	}
	return x.each("issue", func() error { return x.oneOf(x.r.Line(), "type", x.r.Attr("type"), issues) })
}

func (x *xmlReader) properties(c *component) error {
	return x.each("property", func() error {
		line := x.r.Line()
		name, ok := x.r.Lookup("name")
		if !ok {
			return x.faults.Add(line, "properties", "a property has no name", mend)
		}
		value, err := x.r.Brief(brief)
		if c != nil {
			c.property(name, value)
		}
		return err
	})
}

func (x *xmlReader) service() error {
	line, title := x.r.Line(), ""
	err := x.children(x.r.Space(), func(name string) error {
		var err error
		switch name {
		case "name":
			title, err = x.r.Brief(brief)
		case "properties":
			err = x.properties(nil)
		case "licenses":
			err = x.licenses()
		case "services":
			err = x.each("service", x.service)
		case "data":
			err = x.children(x.r.Space(), func(name string) error {
				if name == "classification" || name == "dataflow" {
					if flow, ok := x.r.Lookup("flow"); ok || name == "classification" {
						return x.oneOf(x.r.Line(), "flow", flow, flows)
					}
				}
				return nil
			})
		}
		return err
	})
	if err != nil {
		return err
	}
	return x.required(line, "name", title)
}

func (x *xmlReader) dependency() error {
	if err := x.required(x.r.Line(), "ref", x.r.Attr("ref")); err != nil {
		return err
	}
	return x.each("dependency", x.dependency)
}

func (x *xmlReader) citation() error {
	line := x.r.Line()
	var c citation
	err := x.children(x.r.Space(), func(name string) error {
		switch name {
		case "pointers":
			c.pointers++
		case "expressions":
			c.expressions++
		case "attributedTo":
			c.attributed++
		case "process":
			c.process++
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.checkCitation(line, c)
}

// vulnerability reads how the maker judges a weakness of the product.
func (x *xmlReader) vulnerability() error {
	state := ""
	err := x.each("analysis", func() error {
		return x.each("state", func() error {
			var err error
			state, err = x.r.Brief(brief)
			return err
		})
	})
	x.flaw(state)
	return err
}
