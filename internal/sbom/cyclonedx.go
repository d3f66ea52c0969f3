package sbom

import (
	"io"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
)

// The shapes of CycloneDX 1.6 that are written (cyclonedx.org/docs/1.6/json).
type (
	cdxOrganization struct {
		Name string `json:"name"`
	}
	cdxProperty struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	cdxComponent struct {
		Type         string           `json:"type"`
		Ref          string           `json:"bom-ref,omitempty"`
		Manufacturer *cdxOrganization `json:"manufacturer,omitempty"`
		Group        string           `json:"group,omitempty"`
		Name         string           `json:"name"`
		Version      string           `json:"version,omitempty"`
		CPE          string           `json:"cpe,omitempty"`
		PURL         string           `json:"purl,omitempty"`
		Properties   []cdxProperty    `json:"properties,omitempty"`
	}
	cdxMetadata struct {
		Timestamp string `json:"timestamp"`
		Tools     struct {
			Components []cdxComponent `json:"components"`
		} `json:"tools"`
		Authors   []cdxOrganization `json:"authors,omitempty"`
		Component cdxComponent      `json:"component"`
	}
	cdxComposition struct {
		Aggregate       string   `json:"aggregate"`
		Assemblies      []string `json:"assemblies,omitempty"`
		Dependencies    []string `json:"dependencies,omitempty"`
		Vulnerabilities []string `json:"vulnerabilities,omitempty"`
	}
)

func properties(ps []pair) []cdxProperty {
	var out []cdxProperty
	for _, p := range ps {
		out = append(out, cdxProperty{prefix + p.name, p.value})
	}
	return out
}

func organization(name string) *cdxOrganization {
	if name == "" {
		return nil
	}
	return &cdxOrganization{name}
}

// WriteCycloneDX writes the bill as CycloneDX 1.6 JSON.
func WriteCycloneDX(to io.Writer, b *Bill) error {
	id, err := b.uuid(CycloneDX)
	if err != nil {
		return err
	}
	w := newWriter(to)
	w.text("{\n\"$schema\": \"http://cyclonedx.org/schema/bom-1.6.schema.json\"")
	for _, p := range []pair{{"bomFormat", "CycloneDX"}, {"specVersion", "1.6"}, {"serialNumber", "urn:uuid:" + id}} {
		w.key(p.name)
		w.value(p.value, false)
	}
	w.key("version")
	w.text("1")
	m := cdxMetadata{Timestamp: stamp(b.Made), Component: b.Of.cyclonedx()}
	if b.By != "" {
		m.Authors = []cdxOrganization{{b.By}}
	}
	m.Tools.Components = []cdxComponent{{Type: "application", Name: "asepsis", Version: b.Version}}
	w.key("metadata")
	w.value(&m, false)
	w.key("components")
	w.list()
	w.software(&b.Of)
	for i := range b.Parts {
		a := &b.Parts[i]
		c := a.cyclonedx()
		c.Properties = append(c.Properties, cdxProperty{prefix + notSoftware, "asset"})
		w.next()
		w.value(&c, true)
		w.text(`, "components": `)
		w.list()
		w.software(a)
		w.text("]}")
		w.first = false
	}
	w.end()
	w.compositions(b)
	w.flaws(b)
	return w.flush()
}

// cyclonedx is the asset as a component, without its software.
func (a *Asset) cyclonedx() cdxComponent {
	c := cdxComponent{Type: "application", Ref: a.self(), Name: a.Name, Version: a.Version, Manufacturer: organization(a.Manufacturer), Properties: properties(a.facts())}
	switch {
	case a.isDevice():
		c.Type = "device"
	case a.Class == "":
		c.Type = "platform" // an organization, which the format has no word for
	}
	return c
}

// software writes the components of an asset, after its operating system.
func (w *writer) software(a *Asset) {
	if a.System != "" {
		w.next()
		w.value(&cdxComponent{
			Type: "operating-system", Ref: a.self() + "-system", Name: a.System, Version: a.SystemVer,
			Properties: []cdxProperty{{prefix + notSoftware, "operating system"}},
		}, false)
	}
	for c := range a.software() {
		if w.err != nil {
			return
		}
		w.next()
		out := component(&c)
		out.Ref = a.ref(&c)
		if why := a.notAssessed(&c); why != "" {
			out.Properties = append(out.Properties, cdxProperty{prefix + "not_assessed", why})
		}
		w.value(&out, false)
	}
}

func component(c *fact.Component) cdxComponent {
	out := cdxComponent{Type: "library", Name: c.Name, Version: c.Version, CPE: c.CPE}
	if isProgram(c.Ecosystem) {
		out.Type = "application"
	}
	text, k := locator(c)
	out.PURL = text
	if text != "" { // the group is part of the name where a package URL tells them apart
		for _, sep := range []string{":", "/"} {
			if i := strings.LastIndex(c.Name, sep); i > 0 && i < len(c.Name)-1 && (c.Ecosystem == "maven") == (sep == ":") && !strings.Contains(c.Name, "://") {
				out.Group, out.Name = c.Name[:i], c.Name[i+1:]
				break
			}
		}
	}
	out.Properties = properties(own(c, text, k))
	if c.CPE != "" && !cpePattern.MatchString(c.CPE) {
		out.CPE = ""
		out.Properties = append(out.Properties, cdxProperty{prefix + "cpe", c.CPE})
	}
	return out
}

// compositions says how complete the lists are. None is called complete: what a
// source read is known, not what it could not see. How components need each other
// is not kept, so it is unknown, which is not the same as none.
func (w *writer) compositions(b *Bill) {
	var incomplete, unknown, all []string
	for a := range b.assets() {
		all = append(all, a.self())
		if slices.ContainsFunc(a.Unknown, func(u Unknown) bool { return !u.Flaws }) {
			incomplete = append(incomplete, a.self())
		} else {
			unknown = append(unknown, a.self())
		}
	}
	w.key("compositions")
	w.list()
	if len(incomplete) > 0 {
		w.next()
		w.value(&cdxComposition{Aggregate: "incomplete", Assemblies: incomplete}, false)
	}
	w.next()
	w.value(&cdxComposition{Aggregate: "unknown", Assemblies: unknown, Dependencies: all}, false)
	w.end()
}
