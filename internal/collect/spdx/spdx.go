// Package spdx reads bills of materials in SPDX 2.0 to 2.3, as JSON and as tags
// and values, and in SPDX 3.0 as JSON-LD, of which it takes the software profile.
//
// A document describes one product. It becomes one asset, as other bills of
// materials do, with the packages as its components. What only built or tested
// the product is left out and counted. SPDX as RDF, YAML or a spreadsheet is
// refused with advice: those who write it also write JSON.
package spdx

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/purl"
)

// Importer reads SPDX files. It knows the options of [reports.Bill].
type Importer struct{}

var _ collect.Importer = Importer{}

const (
	format = "spdx"
	mend   = "ask its maker for a correct one, or choose to leave out what is wrong"
	brief  = 4096
	// maxRefs is how many references of one package are looked at.
	maxRefs = 256
)

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "SPDX bill of materials (JSON, tag-value)", Extensions: []string{".json", ".spdx"},
		Gives:  "the software inside a product or device, to match against published vulnerabilities",
		Stream: "import/spdx/<maker>/<product>",
	}
}

// Parse reads a bill of materials.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	d := &document{
		in: in, faults: safe.NewFaults(in, format), byID: map[string]bool{}, roots: map[string]bool{}, aside: map[string]string{}, shipped: map[string]bool{},
	}
	head, err := in.Head()
	if err != nil {
		return nil, err
	}
	switch kind(safe.Head(head)) {
	case isJSON:
		err = d.readJSON(ctx)
	case isTags, isUnknown:
		err = d.readTags(ctx)
	case isXML:
		err = &safe.Fault{Reason: "it is XML; SPDX in RDF/XML is not read", Mend: "export the bill of materials as SPDX JSON, or convert it with the tools of spdx.dev"}
	case isYAML:
		err = &safe.Fault{Reason: "it is YAML; SPDX in YAML is not read", Mend: "export the bill of materials as SPDX JSON, or convert it with the tools of spdx.dev"}
	}
	if err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	d.finish()
	skipped, err := d.faults.Done()
	if err != nil {
		return nil, err
	}
	return &collect.Parsed{Batch: d.bill.Batch(in), Rows: d.rows, Skipped: skipped}, nil
}

// document is what is taken of a document.
type document struct {
	in     collect.Input
	faults *safe.Faults
	bill   reports.Bill

	name     string
	packages []pkg
	rows     int // packages
	files    int
	byID     map[string]bool
	roots    map[string]bool   // what the document describes
	aside    map[string]string // id → why it is no part of the product
	shipped  map[string]bool   // what something contains or depends on
	agents   map[string]string // SPDX 3: id → name of a maker
	odd      int               // relations not taken because there are too many
}

// pkg is a package of the document.
type pkg struct {
	line                               int
	id, name, version, supplier, maker string
	purpose, sourceInfo, cpe           string
	purls                              []string
	ours                               *ours
	refs                               int
}

// ours is what our own bills say of a package. Others have none of it.
type ours struct {
	own         reports.Own
	notSoftware string // what else it is
}

// reference takes an external reference of a package.
func (p *pkg) reference(typ, locator string) {
	if p.refs++; p.refs > maxRefs {
		return
	}
	switch typ {
	case "purl", "packageUrl", "packageURL":
		p.purls = append(p.purls, locator)
	case "cpe23Type", "cpe23":
		p.cpe = locator
	case "cpe22Type", "cpe22":
		if p.cpe == "" {
			p.cpe = locator
		}
	case "asepsis":
		values, err := url.ParseQuery(locator)
		if err != nil {
			return
		}
		p.ours = &ours{notSoftware: values.Get("not_software")}
		for k, v := range values {
			p.ours.own.Set(k, v[0])
		}
	}
}

// asserted returns a value, "" for SPDX's words for nothing.
func asserted(s string) string {
	if s = strings.TrimSpace(s); s == "NOASSERTION" || s == "NONE" {
		return ""
	}
	return s
}

// agent returns the name in "Organization: Example Health (info@example.org)".
func agent(s string) string {
	s = asserted(s)
	if kind, name, ok := strings.Cut(s, ":"); ok && (kind == "Organization" || kind == "Person" || kind == "Tool") {
		s = strings.TrimSpace(name)
	}
	if i := strings.LastIndex(s, "("); i > 0 && strings.HasSuffix(s, ")") {
		s = strings.TrimSpace(s[:i])
	}
	return s
}

// add keeps a package that is complete.
func (d *document) add(p *pkg) error {
	switch {
	case p.name == "" && p.id == "":
		return d.faults.Add(p.line, "name", "a package has neither name nor SPDXID", mend)
	case p.name == "":
		return d.faults.Add(p.line, "name", fmt.Sprintf("package %.60q has no name", p.id), mend)
	case p.id == "":
		return d.faults.Add(p.line, "SPDXID", fmt.Sprintf("package %.60q has no SPDXID", p.name), mend)
	case d.byID[p.id]:
		return d.faults.Add(p.line, "SPDXID", fmt.Sprintf("the SPDXID %.60q is given twice", p.id), mend)
	}
	d.byID[p.id] = true
	d.packages = append(d.packages, *p)
	return nil
}

func (d *document) countPackage(line int) error {
	if d.rows++; d.rows > d.in.Limits.Items {
		return tooMany(line, d.in.Limits.Items, "packages")
	}
	return nil
}

func (d *document) countFile(line int) error {
	if d.files++; d.files > d.in.Limits.Items {
		return tooMany(line, d.in.Limits.Items, "files")
	}
	return nil
}

func tooMany(line, limit int, what string) error {
	return &safe.Fault{Line: line, Reason: fmt.Sprintf("there are more than %d %s", limit, what), Mend: "ask for a bill of materials per product"}
}

func (d *document) created(line int, s string) error {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return d.faults.Add(line, "created", fmt.Sprintf("%.40q is no date with time", s), mend)
	}
	d.bill.Stamp = t.UTC()
	return nil
}

// checkVersion checks the version that a document says it is written in.
func checkVersion(line int, v string) error {
	if strings.HasPrefix(v, "SPDX-2.") {
		return nil
	}
	return &safe.Fault{Line: line, Reason: fmt.Sprintf("SPDX version %.20q is not read; 2.0 to 2.3 are, and 3.0 as JSON-LD", v), Mend: "ask for the bill of materials as SPDX 2.3 JSON"}
}

// relation takes what a relationship says about what belongs to the product.
func (d *document) relation(from, typ, to string) {
	if len(d.shipped)+len(d.aside) > d.in.Limits.Items {
		d.odd++
		return
	}
	switch typ {
	case "DESCRIBES":
		if from == "SPDXRef-DOCUMENT" {
			d.roots[to] = true
		}
	case "DESCRIBED_BY":
		if to == "SPDXRef-DOCUMENT" {
			d.roots[from] = true
		}
	case "CONTAINS", "DEPENDS_ON", "DYNAMIC_LINK", "STATIC_LINK", "HAS_PREREQUISITE":
		d.shipped[to] = true
	case "CONTAINED_BY", "DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF", "OPTIONAL_COMPONENT_OF", "PACKAGE_OF", "PROVIDED_DEPENDENCY_OF":
		d.shipped[from] = true
	case "BUILD_TOOL_OF", "DEV_TOOL_OF", "TEST_TOOL_OF", "TEST_OF", "TEST_CASE_OF", "DEV_DEPENDENCY_OF", "TEST_DEPENDENCY_OF":
		d.aside[from] = "only built, tested or developed with"
	case "GENERATED_FROM":
		d.aside[to] = "source code that others were made from"
	case "GENERATES":
		d.aside[from] = "source code that others were made from"
	}
}

// finish makes the packages components of the product.
func (d *document) finish() {
	b := &d.bill
	b.Format = format
	if isName(d.name) {
		b.Name = d.name
	}
	var root *pkg
	roots := 0
	for i := range d.packages {
		if d.roots[d.packages[i].id] {
			root, roots = &d.packages[i], roots+1
		}
	}
	if roots != 1 {
		root = nil
	}
	if root != nil {
		if isName(root.name) {
			b.Name = root.name
		}
		b.Version, b.Maker = asserted(root.version), d.makerOf(root)
		b.Device = root.purpose == "DEVICE" || root.purpose == "FIRMWARE"
	}
	if d.odd > 0 {
		b.Note(reports.Count(d.odd, "relationship"), "not looked at; there are too many")
	}
	for i := range d.packages {
		d.take(&d.packages[i], root)
	}
}

// isName tells names from what tools write for the folder they looked at: a dot.
func isName(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

func (d *document) makerOf(p *pkg) string {
	for _, s := range []string{p.maker, p.supplier} {
		if name := agent(s); name != "" {
			if named := d.agents[s]; named != "" {
				return named
			}
			if d.agents == nil {
				return name
			}
		}
	}
	return ""
}

// take makes a package a component. The product itself is one only where it can
// be matched, or where the document lists nothing else.
func (d *document) take(p, root *pkg) {
	if why := d.aside[p.id]; why != "" && !d.shipped[p.id] && p != root {
		d.bill.Leave(why)
		return
	}
	if p == root && len(d.packages) > 1 && p.cpe == "" && !matchable(p.purls) {
		return
	}
	if p.ours != nil && p.ours.notSoftware != "" {
		if p != root {
			d.bill.Leave("not software, but the " + p.ours.notSoftware + " it is installed on")
		}
		return
	}
	if p.purpose == "FILE" && len(p.purls) == 0 && p.cpe == "" && len(d.packages) > 1 {
		d.bill.Leave("not software, but a file")
		return
	}
	if p.purpose == "OPERATING-SYSTEM" && d.bill.System.Name == "" {
		d.bill.System = reports.System{Name: p.name, Version: asserted(p.version)}
	}
	part := reports.Part{Name: p.name, Version: asserted(p.version), CPE: p.cpe, Vendor: strings.TrimPrefix(p.supplier, "Organization: ")}
	if p.ours != nil {
		part.Own = p.ours.own
	}
	if from, ok := strings.CutPrefix(p.sourceInfo, "built package from: "); ok { // as trivy notes it
		part.Source, part.SourceVersion, _ = strings.Cut(strings.TrimSpace(from), " ")
	}
	if len(p.purls) == 0 {
		d.bill.Take(&part)
		return
	}
	// Several package URLs of one package differ in where it is from; one with
	// another name or version is another name that it is known by.
	var seen []purl.Package
	for _, s := range p.purls {
		if u, err := purl.Parse(s); err == nil {
			k := u.Package()
			k.Arch, k.Source, k.SourceVersion, k.Distro = "", "", "", ""
			if slices.Contains(seen, k) {
				continue
			}
			seen = append(seen, k)
		} else if len(seen) > 0 {
			continue
		}
		part.PURL = s
		d.bill.Take(&part)
	}
}

func matchable(purls []string) bool {
	return slices.ContainsFunc(purls, func(s string) bool {
		u, err := purl.Parse(s)
		return err == nil && len(u.Ecosystems()) > 0
	})
}

// kinds of text that SPDX comes in.
type textKind uint8

const (
	isUnknown textKind = iota
	isJSON
	isTags
	isXML
	isYAML
)

func kind(head []byte) textKind {
	h := bytes.TrimSpace(head)
	switch {
	case len(h) == 0:
		return isUnknown
	case h[0] == '{' || h[0] == '[':
		return isJSON
	case h[0] == '<':
		return isXML
	case bytes.Contains(h, []byte("SPDXVersion:")):
		return isTags
	case bytes.Contains(h, []byte("spdxVersion:")):
		return isYAML
	}
	return isUnknown
}
