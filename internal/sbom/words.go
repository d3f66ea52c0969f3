package sbom

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/purl"
)

// prefix is that of the properties which our own reader understands.
const prefix = "asepsis:"

// notSoftware marks an element that is no component: the asset, its operating system.
const notSoftware = "not_software"

type pair struct{ name, value string }

// locator is the package URL of a component in its canonical form, which other
// programs compare by bytes, with the source package it was built from: without
// that, Debian's advisories find nothing. It is "" where the component has none.
func locator(c *fact.Component) (string, purl.Package) {
	u, err := purl.Parse(c.PURL)
	if err != nil {
		return "", purl.Package{}
	}
	text := u.String()
	if c.Source != "" && purl.IsSystem(u.Ecosystem()) && u.Qualifier("upstream") == "" && u.Subpath == "" {
		up := c.Source
		switch {
		case c.SourceVersion == "":
		case u.Type != "rpm":
			up += "@" + c.SourceVersion
		case strings.Count(c.SourceVersion, "-") == 1:
			up += "-" + c.SourceVersion + ".src.rpm"
		}
		mark := "?"
		if strings.Contains(text, "?") {
			mark = "&"
		}
		if more, err := purl.Parse(text + mark + "upstream=" + strings.ReplaceAll(url.QueryEscape(up), "+", "%20")); err == nil {
			u, text = more, more.String()
		}
	}
	if again, err := purl.Parse(text); err == nil { // as a reader will see it
		return text, again.Package()
	}
	return "", purl.Package{}
}

// own lists what the package URL does not say of a component, or says otherwise.
// It is empty for most.
func own(c *fact.Component, text string, k purl.Package) []pair {
	read := fact.Component{Ecosystem: "generic", Name: c.Name, Version: c.Version, CPE: c.CPE, PURL: c.PURL}
	if text != "" {
		read.Ecosystem, read.Name, read.Arch, read.Distro = k.Ecosystem, k.Name, k.Arch, k.Distro
		if k.Version != "" {
			read.Version = k.Version
		}
		if k.Source != k.Name || k.SourceVersion != "" && k.SourceVersion != k.Version {
			read.Source, read.SourceVersion = k.Source, k.SourceVersion
		}
	}
	if read == *c {
		return nil
	}
	list := []pair{{"whole", "true"}}
	for _, p := range []pair{
		{"ecosystem", c.Ecosystem},
		{"name", c.Name},
		{"version", c.Version},
		{"source", c.Source},
		{"source_version", c.SourceVersion},
		{"arch", c.Arch},
		{"distro", c.Distro},
	} {
		if p.value != "" {
			list = append(list, p)
		}
	}
	return list
}

// facts lists what a bill says of an asset beside its name, version and maker.
func (a *Asset) facts() []pair {
	list := []pair{{"id", a.ID}, {"class", string(a.Class)}, {"model", a.Model}, {"software_listed_at", stamp(a.ListedAt)}}
	for _, k := range a.Keys {
		list = append(list, pair{"key", k.String()})
	}
	for _, u := range a.Unknown {
		list = append(list, pair{"unknown", u.What + ": " + u.Why})
	}
	kept := list[:0]
	for _, p := range list {
		if p.value != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// isProgram tells what people install as a whole from what is built into it.
func isProgram(ecosystem string) bool {
	switch ecosystem {
	case "windows", "macos", "generic", "brew", "docker", "oci":
		return true
	}
	return false
}

func (a *Asset) isDevice() bool { return a.Class != "" && a.Class != asset.Application }

// cpePattern is what CycloneDX's schema takes for a CPE name; others are kept as
// our own words, so that one bad name does not make the whole bill invalid.
var cpePattern = regexp.MustCompile(`^(?:[cC][pP][eE]:/[AHOaho]?(?::[A-Za-z0-9._\-~%]*){0,6}|` +
	`cpe:2\.3:[aho*\-](?::(?:(?:\?*|\*?)(?:[a-zA-Z0-9\-._]|\\[\\*?!"#$%&'()+,/:;<=>@\[\]^` + "`" + `{|}~])+(?:\?*|\*?)|[*\-])){5}` +
	`(?::(?:(?:[a-zA-Z]{2,3}(?:-(?:[a-zA-Z]{2}|[0-9]{3}))?)|[*\-]))(?::(?:(?:\?*|\*?)(?:[a-zA-Z0-9\-._]|\\[\\*?!"#$%&'()+,/:;<=>@\[\]^` + "`" + `{|}~])+(?:\?*|\*?)|[*\-])){4})$`)
