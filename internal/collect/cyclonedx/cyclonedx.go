// Package cyclonedx reads bills of materials in CycloneDX 1.0 to 1.7, as JSON
// and as XML.
//
// A bill describes one product. It becomes one asset of class application, or a
// device, with the bill's software as its components; a newer bill of the same
// product replaces the older one. What the specification demands is checked, also
// where it is not used, because a bill that is wrong in one place was written by
// a tool that may be wrong in others.
package cyclonedx

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
	"github.com/asepsis/asepsis/internal/fact"
)

// Importer reads CycloneDX files. It knows these options: "asset", a host name
// or another key ("serial:4711") of the asset the bill belongs to; "class", the
// class of the product; "vendor", the supplier it was received from.
type Importer struct{}

var _ collect.Importer = Importer{}

const (
	format    = "cyclonedx"
	namespace = "http://cyclonedx.org/schema/bom/"
)

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "CycloneDX bill of materials (JSON, XML)", Extensions: []string{".json", ".xml", ".cdx"},
		Gives:  "the software inside a product or device, to match against published vulnerabilities",
		Stream: "import/cyclonedx/<maker>/<product>",
	}
}

// Recognize looks for the format's own name in JSON and for its name space in XML.
func (Importer) Recognize(_ string, head []byte) int {
	h := bytes.TrimSpace(safe.Head(head))
	switch {
	case len(h) == 0:
		return 0
	case h[0] == '<':
		if space, name := xmlsafe.Sniff(head); name == "bom" && strings.HasPrefix(space, namespace) {
			return 95
		}
	case h[0] == '{':
		return sniff(h)
	}
	return 0
}

// sniff looks at the beginning of a JSON document. Some tools write the name of
// the format behind everything else; there the first component has to do.
func sniff(head []byte) int {
	r := jsonsafe.New(bytes.NewReader(head), collect.DefaultLimits())
	sure := 0
	// The head may end anywhere, so an error is no news.
	_ = r.Object(func(key string) error {
		switch key {
		case "bomFormat", "$schema":
			s, err := r.Brief(200)
			if err != nil {
				return err
			}
			if s == "CycloneDX" || strings.HasPrefix(s, namespace[:len(namespace)-1]) {
				sure = 95
			} else if key == "bomFormat" {
				sure = 0
				return errFound
			}
		case "components":
			return r.Array(func() error {
				keys := map[string]bool{}
				return r.Object(func(key string) error {
					keys[key] = true
					if keys["type"] && keys["name"] && (keys["bom-ref"] || keys["purl"]) {
						sure = max(sure, 75)
					}
					return nil
				})
			})
		}
		return nil
	})
	return sure
}

var errFound = errors.New("found")

// Parse reads a bill of materials.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{in: in, faults: safe.NewFaults(in, format), seen: map[string]bool{}, left: map[string]int{}, refs: map[string]bool{}}
	head, err := in.Head()
	if err != nil {
		return nil, err
	}
	if h := bytes.TrimSpace(safe.Head(head)); len(h) > 0 && h[0] == '<' {
		err = p.readXML(ctx)
	} else {
		err = p.readJSON(ctx)
	}
	if err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	skipped, err := p.faults.Done()
	if err != nil {
		return nil, err
	}
	return &collect.Parsed{Batch: p.batch(), Rows: p.rows, Skipped: skipped}, nil
}

type parser struct {
	in     collect.Input
	faults *safe.Faults

	version string // of the specification; "" until it is known
	stamp   time.Time
	main    component // metadata.component
	maker   string    // metadata.manufacturer, or its supplier
	rows    int
	parts   []fact.Component
	seen    map[string]bool // components, by package URL, else by name and version
	left    map[string]int  // components left out, by type
	refs    map[string]bool // bom-ref
	odd     int             // purls that could not be read
	flaws   int             // weaknesses the bill lists itself
	osName  string
	osVer   string
	release string // of the operating system among the components
}

// component is what is taken of a component.
type component struct {
	line                                    int
	typ, group, name, version, purl, scope  string
	supplier, manufacturer, publisher, vers string
	external                                bool
	source, sourceVersion, sourceRelease    string // as trivy notes them
	sourceEpoch                             string
	typed, versioned                        bool
}

// fullName is the name with its group.
func (c *component) fullName() string {
	if c.group == "" {
		return c.name
	}
	return c.group + "/" + c.name
}

func (c *component) maker() string {
	for _, s := range []string{c.manufacturer, c.supplier, c.publisher} {
		if s != "" {
			return s
		}
	}
	return ""
}

// property takes what tools note about a component in properties.
func (c *component) property(name, value string) {
	switch name {
	case "aquasecurity:trivy:SrcName":
		c.source = value
	case "aquasecurity:trivy:SrcVersion":
		c.sourceVersion = value
	case "aquasecurity:trivy:SrcRelease":
		c.sourceRelease = value
	case "aquasecurity:trivy:SrcEpoch":
		c.sourceEpoch = value
	}
}

// software tells the types of component that are software.
var software = map[string]bool{
	"application": true, "framework": true, "library": true, "container": true, "platform": true, "operating-system": true,
	"device": true, "device-driver": true, "firmware": true,
}

// take keeps a component that is complete and part of the product.
func (p *parser) take(c *component) {
	switch {
	case c.scope == "excluded":
		p.left["not part of the product"]++
		return
	case c.external:
		p.left["supplied by others"]++
		return
	case !software[c.typ] && c.purl == "":
		p.left["not software, but of type "+c.typ]++
		return
	}
	out := fact.Component{Ecosystem: "generic", Name: c.fullName(), Version: c.version}
	if c.purl != "" {
		if u, err := parsePURL(c.purl); err != nil {
			p.odd++
		} else {
			out = fact.Component{Ecosystem: u.Type, Name: u.name(), Version: u.version(), Arch: u.Qualifiers["arch"], PURL: c.purl, Distro: u.distro()}
			out.Source, out.SourceVersion = u.source()
			if out.Version == "" {
				out.Version = c.version
			}
		}
	}
	if c.source != "" {
		out.Source, out.SourceVersion = c.source, c.sourceVersion
		if c.sourceRelease != "" {
			out.SourceVersion += "-" + c.sourceRelease
		}
		if c.sourceEpoch != "" && c.sourceEpoch != "0" {
			out.SourceVersion = c.sourceEpoch + ":" + out.SourceVersion
		}
	}
	if out.Source == out.Name && (out.SourceVersion == "" || out.SourceVersion == out.Version) {
		out.Source, out.SourceVersion = "", ""
	}
	if c.typ == "operating-system" && p.osName == "" {
		p.osName, p.osVer = c.name, c.version
		if c.version != "" {
			p.release = release(strings.ToLower(c.name), c.version)
		}
	}
	id := out.PURL
	if id == "" {
		id = out.Name + " " + out.Version
	}
	if p.seen[id] {
		p.left["listed twice"]++
		return
	}
	p.seen[id] = true
	p.parts = append(p.parts, out)
}

// subject names the product, by the file where the bill does not.
func (p *parser) subject() (name string, named bool) {
	if n := p.main.fullName(); n != "" {
		return n, true
	}
	base := path.Base(strings.ReplaceAll(p.in.Name, `\`, "/"))
	for _, ext := range []string{".json", ".xml", ".cdx", ".bom", ".sbom"} {
		base = strings.TrimSuffix(base, ext)
	}
	return base, false
}

func (p *parser) batch() *fact.Batch {
	name, named := p.subject()
	b := &fact.Batch{
		Stream:    fact.Stream{ID: "import/cyclonedx/" + p.product(name), Title: "bill of materials of " + name, Snapshot: true},
		Assurance: fact.Imported, ObservedAt: p.in.Observed(p.stamp),
	}
	note := func(what, why string) { b.Notes = append(b.Notes, fact.Note{What: what, Why: why}) }
	if !named {
		note("name of the product", "the bill of materials does not say what it describes; it is called after its file")
	}
	if p.odd > 0 {
		note(reports.Count(p.odd, "component"), "the package URL cannot be read; known by name only")
	}
	why := make([]string, 0, len(p.left))
	for w := range p.left {
		why = append(why, w)
	}
	slices.Sort(why)
	for _, w := range why {
		note(reports.Count(p.left[w], "component")+" left out", w)
	}
	if p.flaws > 0 {
		note(reports.Count(p.flaws, "vulnerability", "vulnerabilities")+" in the bill", "not taken over; components are matched against published vulnerabilities instead")
	}
	if len(p.parts) == 0 && p.main.name == "" {
		note("components", "the bill of materials lists none")
		return b
	}
	s := p.sighting(name)
	for i := range p.parts {
		c := &p.parts[i]
		c.Asset = s.Ref
		if c.Distro == "" && (c.Ecosystem == "deb" || c.Ecosystem == "rpm" || c.Ecosystem == "apk") {
			c.Distro = p.release
		}
	}
	b.Sightings, b.Components = []fact.Sighting{s}, p.parts
	if v := p.in.Options["vendor"]; v != "" {
		b.Facts = append(b.Facts, fact.Fact{
			Kind: fact.KindVendor, Key: strings.Join(strings.Fields(strings.ToLower(v)), " "),
			Values: fact.Values{"name": v, "sbom_received_at": b.ObservedAt},
		})
	}
	return b
}

// product tells bills apart: two makers may both call what they make a gateway,
// and two servers may run the same program.
func (p *parser) product(name string) string {
	id := reports.Slug(name)
	if m := cmp.Or(p.main.maker(), p.maker); m != "" {
		id = reports.Slug(m) + "/" + id
	}
	if k, ok := assetKey(p.in.Options["asset"]); ok {
		id += "/" + reports.Slug(k.Value)
	}
	return id
}

// sighting is the asset the bill describes. Its key is the product's name in a
// space of its own, unless the person said which asset it is.
func (p *parser) sighting(name string) fact.Sighting {
	s := fact.Sighting{Ref: name, Values: fact.Values{"packages": int64(len(p.parts))}, Missing: map[string]string{}}
	if k, ok := assetKey(p.in.Options["asset"]); ok {
		s.Keys = []asset.Key{k}
		return s
	}
	s.Keys = []asset.Key{{Type: asset.Tag, Value: "sbom:" + p.product(name)}}
	s.Values["name"] = reports.Shorten(name, 200)
	if m := cmp.Or(p.main.maker(), p.maker); m != "" {
		s.Values["manufacturer"] = reports.Shorten(m, 200)
	}
	if p.main.version != "" {
		s.Values["version"] = reports.Shorten(p.main.version, 120)
	}
	if p.osName != "" {
		s.Values["os_name"] = reports.Shorten(strings.TrimSpace(p.osName+" "+p.osVer), 200)
	}
	if p.osVer != "" {
		s.Values["os_version"] = reports.Shorten(p.osVer, 60)
	}
	class := asset.Class(p.in.Options["class"])
	switch {
	case slices.Contains(asset.Classes, class):
		s.Values["class"] = string(class)
	case p.main.typ == "device" || p.main.typ == "firmware":
		s.Missing["class"] = "the bill of materials is of a device and does not say of which kind; name its class when you bring it"
	default:
		s.Values["class"] = string(asset.Application)
	}
	return s
}

// assetKey reads "serial:4711", or a host name.
func assetKey(s string) (asset.Key, bool) {
	if typ, v, ok := strings.Cut(s, ":"); ok {
		if t := asset.KeyType(typ); t.Rank() <= asset.IP.Rank() {
			return asset.NewKey(t, v)
		}
	}
	if k, ok := asset.NewKey(asset.FQDN, s); ok {
		return k, true
	}
	return asset.NewKey(asset.Name, s)
}
