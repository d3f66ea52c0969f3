package reports

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/purl"
)

// Bill is what a bill of materials says of one product. It becomes one asset of
// class application, or a device, with the bill's software as its components; a
// newer bill of the same product replaces the older one.
//
// The options of the import count: "asset", a host name or another key
// ("serial:4711") of the asset the bill belongs to; "class", the class of the
// product; "vendor", the supplier it was received from.
type Bill struct {
	Format  string // "cyclonedx": names the stream
	Name    string // of the product; "" where the bill does not say
	Version string
	Maker   string
	Device  bool // it is of a device, of which the bill does not say the kind
	Stamp   time.Time
	System  System // operating system among the components

	parts []fact.Component
	seen  map[string]bool
	left  map[string]int // components left out, by reason
	odd   int            // package URLs that could not be read
	notes []fact.Note
}

// System is an operating system as a bill names it.
type System struct{ Name, Version string }

// Part is a component as a bill lists it. Fields beside the package URL fill what
// that does not say.
type Part struct {
	PURL, CPE             string
	Name, Version         string // the name with its group or name space
	Source, SourceVersion string
	Vendor                string // who made the package
	Own                   Own
}

// Own is what our own bills say of a component that its package URL does not:
// they are read back as what they were written from.
type Own struct {
	Ecosystem, Name, Version, Source, SourceVersion, Arch, Distro string
	plain                                                         bool
}

// Set takes one of the values by the name that our bills give it, and reports
// whether there is one of the name.
func (o *Own) Set(name, value string) bool {
	at := map[string]*string{
		"ecosystem": &o.Ecosystem, "name": &o.Name, "version": &o.Version, "source": &o.Source,
		"source_version": &o.SourceVersion, "arch": &o.Arch, "distro": &o.Distro,
	}[name]
	switch {
	case at != nil:
		*at = value
	case name == "whole":
		o.plain = true
	default:
		return false
	}
	return true
}

// Leave counts a component that is left out, and why.
func (b *Bill) Leave(why string) {
	if b.left == nil {
		b.left = make(map[string]int)
	}
	b.left[why]++
}

// Note adds a note to the batch.
func (b *Bill) Note(what, why string) {
	b.notes = append(b.notes, fact.Note{What: Shorten(what, 200), Why: Shorten(why, 300)})
}

// Take keeps a component.
func (b *Bill) Take(p *Part) {
	c := b.component(p)
	if c.Name == "" {
		b.Leave("without a name")
		return
	}
	id := c.PURL
	if id == "" {
		id = c.Ecosystem + " " + c.Name + " " + c.Version + " " + c.Arch
	}
	if b.seen[id] {
		b.Leave("listed twice")
		return
	}
	if b.seen == nil {
		b.seen = make(map[string]bool)
	}
	b.seen[id] = true
	b.parts = append(b.parts, c)
}

func (b *Bill) component(p *Part) fact.Component {
	c := fact.Component{Ecosystem: "generic", Name: p.Name, Version: p.Version}
	if p.PURL != "" {
		if u, err := purl.Parse(p.PURL); err != nil {
			b.odd++
		} else {
			k := u.Package()
			c = fact.Component{
				Ecosystem: k.Ecosystem, Name: k.Name, Version: cmp.Or(k.Version, p.Version), Source: k.Source, SourceVersion: k.SourceVersion,
				Arch: k.Arch, PURL: p.PURL, Distro: k.Distro,
			}
		}
	}
	if len(p.CPE) <= 1024 && (strings.HasPrefix(p.CPE, "cpe:2.3:") || strings.HasPrefix(p.CPE, "cpe:/")) {
		c.CPE = p.CPE
	}
	if p.Source != "" {
		c.Source, c.SourceVersion = p.Source, p.SourceVersion
	}
	if o := &p.Own; o.plain { // all of it is said, what is empty too
		c.Ecosystem, c.Name, c.Version = cmp.Or(o.Ecosystem, c.Ecosystem), cmp.Or(o.Name, c.Name), o.Version
		c.Source, c.SourceVersion, c.Arch, c.Distro = o.Source, o.SourceVersion, o.Arch, o.Distro
		return c
	}
	if c.Ecosystem == "rpm" && c.PURL != "" && purl.ForeignVendor(c.Distro, p.Vendor) {
		c.PURL = purl.WithVendor(c.PURL, Shorten(p.Vendor, 100))
	}
	if c.Source == c.Name && (c.SourceVersion == "" || c.SourceVersion == c.Version) {
		c.Source, c.SourceVersion = "", ""
	}
	return c
}

// subject names the product, by the file where the bill does not.
func (b *Bill) subject(in collect.Input) (name string, named bool) {
	if b.Name != "" {
		return b.Name, true
	}
	base := path.Base(strings.ReplaceAll(in.Name, `\`, "/"))
	for _, ext := range []string{".json", ".xml", ".cdx", ".spdx", ".bom", ".sbom"} {
		base = strings.TrimSuffix(base, ext)
	}
	return base, false
}

// Batch returns what the bill says.
func (b *Bill) Batch(in collect.Input) *fact.Batch {
	name, named := b.subject(in)
	out := &fact.Batch{
		Stream:    fact.Stream{ID: "import/" + b.Format + "/" + b.product(in, name), Title: "bill of materials of " + Shorten(name, 200), Snapshot: true},
		Assurance: fact.Imported, ObservedAt: in.Observed(b.Stamp),
	}
	note := func(what, why string) { out.Notes = append(out.Notes, fact.Note{What: what, Why: why}) }
	if !named {
		note("name of the product", "the bill of materials does not say what it describes; it is called after its file")
	}
	if b.odd > 0 {
		note(Count(b.odd, "component"), "the package URL cannot be read; known by name only")
	}
	why := make([]string, 0, len(b.left))
	for w := range b.left {
		why = append(why, w)
	}
	slices.Sort(why)
	for _, w := range why {
		note(Count(b.left[w], "component")+" left out", w)
	}
	out.Notes = append(out.Notes, b.notes...)
	if len(b.parts) == 0 && !named {
		note("components", "the bill of materials lists none")
		return out
	}
	s := b.sighting(in, name)
	release := ""
	if b.System.Version != "" {
		release = purl.Release(strings.ToLower(b.System.Name), b.System.Version)
	}
	for i := range b.parts {
		c := &b.parts[i]
		c.Asset = s.Ref
		if c.Distro == "" && (c.Ecosystem == "deb" || c.Ecosystem == "rpm" || c.Ecosystem == "apk") {
			c.Distro = release
		}
	}
	out.Sightings, out.Components = []fact.Sighting{s}, b.parts
	if v := in.Options["vendor"]; v != "" {
		out.Facts = append(out.Facts, fact.Fact{
			Kind: fact.KindVendor, Key: strings.Join(strings.Fields(strings.ToLower(v)), " "),
			Values: fact.Values{"name": v, "sbom_received_at": out.ObservedAt},
		})
	}
	return out
}

// product tells bills apart: two makers may both call what they make a gateway,
// and two servers may run the same program.
func (b *Bill) product(in collect.Input, name string) string {
	id := Slug(name)
	if b.Maker != "" {
		id = Slug(b.Maker) + "/" + id
	}
	if k, ok := AssetKey(in.Options["asset"]); ok {
		id += "/" + Slug(k.Value)
	}
	return id
}

// sighting is the asset the bill describes. Its key is the product's name in a
// space of its own, unless the person said which asset it is.
func (b *Bill) sighting(in collect.Input, name string) fact.Sighting {
	s := fact.Sighting{Ref: name, Values: fact.Values{"packages": int64(len(b.parts))}, Missing: map[string]string{}}
	if k, ok := AssetKey(in.Options["asset"]); ok {
		s.Keys = []asset.Key{k}
		switch k.Type { // else the asset that the person named would be shown by its number
		case asset.Name:
			s.Values["name"] = k.Value
		case asset.FQDN:
			s.Values["fqdn"] = k.Value
		}
		return s
	}
	s.Keys = []asset.Key{{Type: asset.Tag, Value: "sbom:" + b.product(in, name)}}
	s.Values["name"] = Shorten(name, 200)
	if b.Maker != "" {
		s.Values["manufacturer"] = Shorten(b.Maker, 200)
	}
	if b.Version != "" {
		s.Values["version"] = Shorten(b.Version, 120)
	}
	if b.System.Name != "" {
		s.Values["os_name"] = Shorten(strings.TrimSpace(b.System.Name+" "+b.System.Version), 200)
	}
	if b.System.Version != "" {
		s.Values["os_version"] = Shorten(b.System.Version, 60)
	}
	class := asset.Class(in.Options["class"])
	switch {
	case slices.Contains(asset.Classes, class):
		s.Values["class"] = string(class)
	case b.Device:
		s.Missing["class"] = "the bill of materials is of a device and does not say of which kind; name its class when you bring it"
	default:
		s.Values["class"] = string(asset.Application)
	}
	return s
}
