package sbom

import (
	"io"
	"net/url"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
)

// noAssertion is SPDX's word for what nobody claims to know.
const noAssertion = "NOASSERTION"

// The shapes of SPDX 2.3 that are written (spdx.github.io/spdx-spec/v2.3).
type (
	spdxReference struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	spdxPackage struct {
		ID         string          `json:"SPDXID"`
		Name       string          `json:"name"`
		Version    string          `json:"versionInfo,omitempty"`
		Purpose    string          `json:"primaryPackagePurpose,omitempty"`
		Supplier   string          `json:"supplier"`
		Download   string          `json:"downloadLocation"`
		Analyzed   bool            `json:"filesAnalyzed"`
		Concluded  string          `json:"licenseConcluded"`
		Declared   string          `json:"licenseDeclared"`
		Copyright  string          `json:"copyrightText"`
		SourceInfo string          `json:"sourceInfo,omitempty"`
		Comment    string          `json:"comment,omitempty"`
		References []spdxReference `json:"externalRefs,omitempty"`
	}
	spdxRelationship struct {
		From string `json:"spdxElementId"`
		Type string `json:"relationshipType"`
		To   string `json:"relatedSpdxElement"`
	}
	spdxCreation struct {
		Created  string   `json:"created"`
		Creators []string `json:"creators"`
	}
)

// WriteSPDX writes the bill as SPDX 2.3 JSON.
func WriteSPDX(to io.Writer, b *Bill) error {
	id, err := b.uuid(SPDX)
	if err != nil {
		return err
	}
	w := newWriter(to)
	w.text("{\n\"spdxVersion\": \"SPDX-2.3\"")
	for _, p := range []pair{{"dataLicense", "CC0-1.0"}, {"SPDXID", "SPDXRef-DOCUMENT"}, {"name", b.Of.Name}, {"documentNamespace", "urn:uuid:" + id}} {
		w.key(p.name)
		w.value(p.value, false)
	}
	made := spdxCreation{Created: stamp(b.Made), Creators: []string{"Tool: asepsis-" + b.Version}}
	if b.By != "" {
		made.Creators = append(made.Creators, "Organization: "+b.By)
	}
	w.key("creationInfo")
	w.value(&made, false)
	w.key("comment")
	w.value(comment(b), false)
	w.key("packages")
	w.list()
	for a := range b.assets() {
		w.packages(a)
	}
	w.end()
	w.key("relationships")
	w.list()
	w.relate("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-"+b.Of.self())
	for a := range b.assets() {
		from := "SPDXRef-" + a.self()
		if a != &b.Of {
			w.relate("SPDXRef-"+b.Of.self(), "CONTAINS", from)
		}
		if a.System != "" {
			w.relate(from, "CONTAINS", from+"-system")
		}
		for c := range a.software() {
			if w.err != nil {
				break
			}
			w.relate(from, "CONTAINS", "SPDXRef-"+a.ref(&c))
		}
		w.relate(from, "DEPENDS_ON", noAssertion)
	}
	w.end()
	return w.flush()
}

// comment says what the bill does not know, as people read it.
func comment(b *Bill) string {
	var s strings.Builder
	s.WriteString("Lists what sources read; what they could not see is not in it. How components depend on each other is not known.")
	for a := range b.assets() {
		for _, u := range a.Unknown {
			s.WriteString(" Not known of " + a.Name + ": " + u.What + " (" + u.Why + ").")
		}
	}
	return s.String()
}

func (w *writer) relate(from, typ, to string) {
	w.next()
	w.value(&spdxRelationship{from, typ, to}, false)
}

func spdxOf(ref, name, version, purpose string) spdxPackage {
	return spdxPackage{
		ID: "SPDXRef-" + ref, Name: name, Version: version, Purpose: purpose, Supplier: noAssertion, Download: noAssertion,
		Concluded: noAssertion, Declared: noAssertion, Copyright: noAssertion,
	}
}

// ownReference keeps our own words about a package.
func ownReference(ps []pair) []spdxReference {
	if len(ps) == 0 {
		return nil
	}
	values := url.Values{}
	for _, p := range ps {
		values.Add(p.name, p.value)
	}
	return []spdxReference{{"OTHER", "asepsis", values.Encode()}}
}

// packages writes an asset and its software. The asset is marked, so that it is not
// taken for software.
func (w *writer) packages(a *Asset) {
	self := spdxOf(a.self(), a.Name, a.Version, "APPLICATION")
	if a.isDevice() {
		self.Purpose = "DEVICE"
	} else if a.Class == "" {
		self.Purpose = "OTHER"
	}
	if a.Manufacturer != "" {
		self.Supplier = "Organization: " + a.Manufacturer
	}
	self.References = ownReference(append(a.facts(), pair{notSoftware, "asset"}))
	w.next()
	w.value(&self, false)
	if a.System != "" {
		s := spdxOf(a.self()+"-system", a.System, a.SystemVer, "OPERATING_SYSTEM")
		s.References = ownReference([]pair{{notSoftware, "operating system"}})
		w.next()
		w.value(&s, false)
	}
	for c := range a.software() {
		if w.err != nil {
			return
		}
		w.next()
		out := spdxComponent(a.ref(&c), &c)
		if why := a.notAssessed(&c); why != "" {
			out.Comment = "Its weaknesses are not assessed: " + why
		}
		w.value(&out, false)
	}
}

func spdxComponent(ref string, c *fact.Component) spdxPackage {
	out := spdxOf(ref, c.Name, c.Version, "LIBRARY")
	if isProgram(c.Ecosystem) {
		out.Purpose = "APPLICATION"
	}
	text, k := locator(c)
	if text != "" {
		out.References = append(out.References, spdxReference{"PACKAGE-MANAGER", "purl", text})
	}
	switch {
	case strings.HasPrefix(c.CPE, "cpe:2.3:"):
		out.References = append(out.References, spdxReference{"SECURITY", "cpe23Type", c.CPE})
	case c.CPE != "":
		out.References = append(out.References, spdxReference{"SECURITY", "cpe22Type", c.CPE})
	}
	out.References = append(out.References, ownReference(own(c, text, k))...)
	if c.Source != "" && !strings.ContainsAny(c.Source+c.SourceVersion, " \n") {
		out.SourceInfo = strings.TrimSpace("built package from: " + c.Source + " " + c.SourceVersion)
	}
	return out
}
