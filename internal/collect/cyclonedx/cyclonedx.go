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
	"slices"
	"strings"

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
	p := &parser{in: in, faults: safe.NewFaults(in, format), bill: reports.Bill{Format: format}, refs: map[string]bool{}, flaws: map[string]int{}}
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
	bill    reports.Bill
	main    component // metadata.component
	maker   string    // metadata.manufacturer, or its supplier
	rows    int
	refs    map[string]bool // bom-ref
	flaws   map[string]int  // weaknesses the bill lists itself, by the maker's judgement
}

// component is what is taken of a component.
type component struct {
	line                                    int
	typ, group, name, version, purl, scope  string
	cpe                                     string
	own                                     reports.Own
	supplier, manufacturer, publisher, vers string
	external                                bool
	source, sourceVersion, sourceRelease    string // as trivy notes them
	sourceEpoch                             string
	typed, versioned                        bool
	notSoftware                             string // in our own bills: what else it is
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
	default:
		switch own, ok := strings.CutPrefix(name, "asepsis:"); {
		case !ok:
		case own == "not_software":
			c.notSoftware = value
		case own == "cpe": // one that the format does not take
			c.cpe = value
		default:
			c.own.Set(own, value)
		}
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
		p.bill.Leave("not part of the product")
		return
	case c.external:
		p.bill.Leave("supplied by others")
		return
	case c.notSoftware != "":
		p.bill.Leave("not software, but the " + c.notSoftware + " it is installed on")
		return
	case !software[c.typ] && c.purl == "":
		p.bill.Leave("not software, but of type " + c.typ)
		return
	}
	part := reports.Part{PURL: c.purl, CPE: c.cpe, Name: c.fullName(), Version: c.version, Source: c.source, SourceVersion: c.sourceVersion, Vendor: cmp.Or(c.publisher, c.supplier), Own: c.own}
	if c.source != "" {
		if c.sourceRelease != "" {
			part.SourceVersion += "-" + c.sourceRelease
		}
		if c.sourceEpoch != "" && c.sourceEpoch != "0" {
			part.SourceVersion = c.sourceEpoch + ":" + part.SourceVersion
		}
	}
	if c.typ == "operating-system" && p.bill.System.Name == "" {
		p.bill.System = reports.System{Name: c.name, Version: c.version}
	}
	p.bill.Take(&part)
}

func (p *parser) batch() *fact.Batch {
	b := &p.bill
	b.Name, b.Version, b.Maker = p.main.fullName(), p.main.version, cmp.Or(p.main.maker(), p.maker)
	b.Device = p.main.typ == "device" || p.main.typ == "firmware"
	states := make([]string, 0, len(p.flaws))
	for s := range p.flaws {
		states = append(states, s)
	}
	slices.Sort(states)
	for _, s := range states {
		b.Note(reports.Count(p.flaws[s], "vulnerability", "vulnerabilities")+" in the bill, "+s,
			"not taken over; components are matched against published vulnerabilities instead, and the maker's own statements can be added to those as VEX")
	}
	return b.Batch(p.in)
}

// analyses are the maker's judgements of a weakness in its product, in words.
var analyses = map[string]string{
	"resolved": "resolved by the maker", "resolved_with_pedigree": "resolved by the maker", "exploitable": "exploitable, says the maker",
	"in_triage": "being looked at by the maker", "false_positive": "a false alarm, says the maker", "not_affected": "not affected, says the maker",
}

// flaw counts a weakness by the maker's judgement.
func (p *parser) flaw(state string) {
	why, known := analyses[state]
	switch {
	case state == "":
		why = "not judged by the maker"
	case !known:
		why = "judged by a word that CycloneDX does not have"
	}
	p.flaws[why]++
}
