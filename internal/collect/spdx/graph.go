package spdx

import (
	"strings"

	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
)

// element is what is taken of an element of SPDX 3's graph, whatever its type.
type element struct {
	pkg
	typ, relation, scope, from string
	to, roots                  []string
	created                    string
}

// graphOf reads the elements of SPDX 3. What a package is, and who made it, may
// stand in any order.
func (j *jsonReader) graphOf() error {
	j.graph = true
	if j.agents == nil {
		j.agents = map[string]string{}
	}
	boms := map[string][]string{}
	err := j.r.Array(func() error {
		e := element{}
		e.line = j.r.Line()
		if err := j.element(&e); err != nil {
			return err
		}
		return j.sort(&e, boms)
	})
	if err != nil {
		return err
	}
	for id, roots := range boms {
		if j.roots[id] {
			for _, r := range roots {
				j.roots[r] = true
			}
		}
	}
	return nil
}

func (j *jsonReader) sort(e *element, boms map[string][]string) error {
	switch strings.TrimPrefix(e.typ, "software_") {
	case "Package":
		if err := j.countPackage(e.line); err != nil {
			return err
		}
		return j.add(&e.pkg)
	case "File":
		return j.countFile(e.line)
	case "Organization", "Person", "SoftwareAgent", "Agent":
		if len(j.agents) < j.in.Limits.Items {
			j.agents[e.id] = e.name
		}
	case "SpdxDocument":
		j.name = e.name
		for _, r := range e.roots {
			j.roots[r] = true
		}
	case "Sbom", "Bom", "Bundle":
		if len(boms) < j.in.Limits.Items {
			boms[e.id] = e.roots
		}
	case "CreationInfo":
		if e.created != "" && j.bill.Stamp.IsZero() {
			return j.document.created(e.line, e.created)
		}
	case "Relationship", "LifecycleScopedRelationship":
		j.connect(e)
	}
	return nil
}

// connect takes a relationship in the words of SPDX 2.
func (j *jsonReader) connect(e *element) {
	for _, to := range e.to {
		switch {
		case e.scope == "build" || e.scope == "development" || e.scope == "test", e.relation == "usesTool", e.relation == "hasTestCase", e.relation == "hasTest":
			j.document.relation(to, "BUILD_TOOL_OF", e.from)
		case e.relation == "describes":
			if len(j.roots) < j.in.Limits.Items {
				j.roots[to] = true
			}
		case e.relation == "contains", e.relation == "hasStaticLink", e.relation == "hasDynamicLink", e.relation == "dependsOn":
			j.document.relation(e.from, "CONTAINS", to)
		case e.relation == "generates":
			j.document.relation(e.from, "GENERATES", to)
		}
	}
}

func (j *jsonReader) element(e *element) error {
	r := j.r
	into := func(s *string) error {
		k, err := r.Kind()
		if err != nil || k != jsonsafe.String {
			return err // written in full, or a list: nothing that is used here
		}
		*s, err = r.Text()
		return err
	}
	return r.Object(func(key string) error {
		switch key {
		case "type", "@type":
			return into(&e.typ)
		case "spdxId", "@id":
			return into(&e.id)
		case "name":
			return into(&e.name)
		case "software_packageVersion", "packageVersion":
			return into(&e.version)
		case "software_packageUrl", "packageUrl":
			s := ""
			err := into(&s)
			if s != "" {
				e.reference("purl", s)
			}
			return err
		case "software_primaryPurpose", "primaryPurpose":
			s := ""
			err := into(&s)
			e.purpose = purposes[s]
			return err
		case "software_sourceInfo":
			return into(&e.sourceInfo)
		case "suppliedBy":
			return into(&e.supplier)
		case "originatedBy":
			return j.ids(func(id string) { e.maker = id })
		case "externalIdentifier":
			return j.identifiers(e)
		case "rootElement":
			return j.ids(func(id string) { e.roots = append(e.roots, id) })
		case "created":
			return into(&e.created)
		case "relationshipType":
			return into(&e.relation)
		case "scope":
			return into(&e.scope)
		case "from":
			return into(&e.from)
		case "to":
			return j.ids(func(id string) { e.to = append(e.to, id) })
		}
		return nil
	})
}

// purposes are those of SPDX 3 that count here, in the words of SPDX 2.
var purposes = map[string]string{"device": "DEVICE", "firmware": "FIRMWARE", "operatingSystem": "OPERATING-SYSTEM", "file": "FILE"}

// ids reads a list of ids, or one.
func (j *jsonReader) ids(take func(id string)) error {
	one := func() error {
		k, err := j.r.Kind()
		if err != nil || k != jsonsafe.String {
			return err
		}
		id, err := j.r.Brief(brief)
		if err == nil {
			take(id)
		}
		return err
	}
	if k, err := j.r.Kind(); err != nil || k != jsonsafe.Array {
		if err != nil {
			return err
		}
		return one()
	}
	return j.r.Array(one)
}

func (j *jsonReader) identifiers(e *element) error {
	return j.r.Array(func() error {
		if k, err := j.r.Kind(); err != nil || k != jsonsafe.Object {
			return err
		}
		typ, id, comment := "", "", ""
		err := j.r.Object(func(key string) error {
			var err error
			switch key {
			case "externalIdentifierType":
				typ, err = j.r.Brief(brief)
			case "identifier":
				id, err = j.r.Text()
			case "comment":
				comment, err = j.r.Brief(brief)
			}
			return err
		})
		if err != nil {
			return err
		}
		if typ == "other" && comment == "asepsis" {
			typ = "asepsis"
		}
		e.reference(typ, id)
		return nil
	})
}
