package spdx

import (
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

type jsonReader struct {
	*document
	r       *jsonsafe.Reader
	version string
	graph   bool // it is SPDX 3
}

func (d *document) readJSON(ctx context.Context) error {
	r, err := jsonsafe.Open(ctx, d.in)
	if err != nil {
		return err
	}
	j := &jsonReader{document: d, r: r}
	if err := r.Object(j.top); err != nil {
		return err
	}
	if j.version == "" && !j.graph {
		return &safe.Fault{Reason: "it does not say that it is SPDX, and in which version", Mend: "ask for the bill of materials as SPDX 2.3 JSON"}
	}
	return r.End()
}

func (j *jsonReader) top(key string) error {
	r := j.r
	line := r.Line()
	switch key {
	case "spdxVersion":
		v, err := r.Brief(brief)
		if err != nil {
			return err
		}
		j.version = v
		return checkVersion(line, v)
	case "name":
		var err error
		j.name, err = r.Brief(brief)
		return err
	case "creationInfo":
		return r.Object(func(key string) error {
			if key != "created" {
				return nil
			}
			line := r.Line()
			s, err := r.Brief(brief)
			if err != nil {
				return err
			}
			return j.created(line, s)
		})
	case "documentDescribes":
		return r.Array(func() error {
			id, err := r.Brief(brief)
			if err == nil && len(j.roots) <= j.in.Limits.Items {
				j.roots[id] = true
			}
			return err
		})
	case "packages":
		return r.Array(j.pkg)
	case "files":
		return r.Array(func() error { return j.countFile(r.Line()) })
	case "relationships":
		return r.Array(j.relationship)
	case "@graph":
		return j.graphOf()
	case "sbom": // as GitHub wraps it
		if k, err := r.Kind(); err != nil || k != jsonsafe.Object {
			return err
		}
		return r.Object(j.top)
	}
	return nil
}

func (j *jsonReader) pkg() error {
	r := j.r
	p := pkg{line: r.Line()}
	if err := j.countPackage(p.line); err != nil {
		return err
	}
	into := func(s *string) error {
		var err error
		*s, err = r.Text()
		return err
	}
	err := r.Object(func(key string) error {
		switch key {
		case "SPDXID":
			return into(&p.id)
		case "name":
			return into(&p.name)
		case "versionInfo":
			return into(&p.version)
		case "supplier":
			return into(&p.supplier)
		case "originator":
			return into(&p.maker)
		case "primaryPackagePurpose":
			err := into(&p.purpose)
			p.purpose = strings.ReplaceAll(p.purpose, "_", "-")
			return err
		case "sourceInfo":
			return into(&p.sourceInfo)
		case "externalRefs":
			return r.Array(func() error { return j.reference(&p) })
		case "hasFiles":
			return r.Array(func() error { return j.countFile(r.Line()) })
		}
		return nil
	})
	if err != nil {
		return err
	}
	return j.add(&p)
}

func (j *jsonReader) reference(p *pkg) error {
	typ, locator := "", ""
	err := j.r.Object(func(key string) error {
		var err error
		switch key {
		case "referenceType":
			typ, err = j.r.Brief(brief)
		case "referenceLocator":
			locator, err = j.r.Text()
		}
		return err
	})
	if err != nil {
		return err
	}
	p.reference(typ[strings.LastIndexByte(typ, '/')+1:], locator)
	return nil
}

func (j *jsonReader) relationship() error {
	from, typ, to := "", "", ""
	err := j.r.Object(func(key string) error {
		var err error
		switch key {
		case "spdxElementId":
			from, err = j.r.Brief(brief)
		case "relationshipType":
			typ, err = j.r.Brief(brief)
		case "relatedSpdxElement":
			to, err = j.r.Brief(brief)
		}
		return err
	})
	if err != nil {
		return err
	}
	j.relation(from, typ, to)
	return nil
}
