package sbom

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/judge"
)

// AssetOf is an asset as a bill names it. It sorts the software it is given.
// ListedAt is when that was last listed, zero where no source lists it.
//
// Addresses and machine ids stay out: a bill leaves the house, and they tell a
// stranger about the network and nobody about the device.
func AssetOf(r *fact.Resource, keys []asset.Key, software []fact.Component, listedAt time.Time) Asset {
	a := Asset{
		ID: r.ID, Name: cmp.Or(r.Label(), r.ID), Class: asset.Class(cmp.Or(r.Text("class"), string(asset.Unknown))), Manufacturer: r.Text("manufacturer"),
		Model: r.Text("model"), Version: r.Text("version"), System: r.Text("os_name"), SystemVer: r.Text("os_version"), ListedAt: listedAt, Software: List(software),
	}
	for _, k := range keys {
		switch k.Type {
		case asset.Machine, asset.MAC, asset.IP:
		default:
			a.Keys = append(a.Keys, k)
		}
	}
	slices.SortFunc(a.Keys, func(x, y asset.Key) int {
		return cmp.Or(cmp.Compare(x.Type.Rank(), y.Type.Rank()), cmp.Compare(x.Value, y.Value))
	})
	a.Unknown = unknown(r, len(software), listedAt)
	return a
}

// spoken are the attributes whose absence makes a bill less than whole, in words.
var spoken = [...]pair{
	{"packages", "installed packages"},
	{"windows_updates", "installed updates of Windows"},
	{"os_name", "operating system"},
	{"os_version", "version of the operating system"},
	{"version", "version of the product"},
}

func unknown(r *fact.Resource, listed int, listedAt time.Time) []Unknown {
	var out []Unknown
	if listed == 0 && listedAt.IsZero() {
		out = append(out, Unknown{What: "installed software", Why: "no source lists it"})
	}
	for _, s := range spoken {
		if gap, ok := r.Missing[s.name]; ok {
			out = append(out, Unknown{What: s.value, Why: gap.Why})
		}
	}
	if gap, ok := r.Missing["software_assessed"]; ok {
		out = append(out, Unknown{What: "weaknesses", Why: gap.Why, Flaws: true})
	}
	if n, _ := r.Get("software_not_assessed").(int64); n > 0 {
		out = append(out, Unknown{What: fmt.Sprintf("weaknesses of %d of its components", n), Why: "no advisory in force can speak of them", Flaws: true})
	}
	return out
}

// FlawsOf are our answers on the weaknesses of an asset: flaws are what is known
// of it (of kind vulnerability), found is what the advisories in force say. What is
// fixed is left out. What rests on names that only agree is under analysis; what a
// person disputes is said not to affect it.
func FlawsOf(id string, flaws []*fact.Resource, found *judge.Findings, software []fact.Component) []Flaw {
	by := newIndex(software)
	matches := make(map[string]*judge.Match)
	for i := range found.Matches {
		matches[found.Matches[i].Flaw] = &found.Matches[i]
	}
	var out []Flaw
	for _, r := range flaws {
		if r.Asset != id || r.Text("status") == "fixed" || r.Text("severity") == "info" {
			continue
		}
		out = append(out, flawOf(r, matches, by))
	}
	for i := range found.Checks {
		c := &found.Checks[i]
		out = append(out, Flaw{
			ID: c.Advisory, Aliases: c.Flaws, On: id,
			Detail: strings.TrimSpace("A person has to compare: the advisory is about " + c.Product + " " + c.Versions + ". " + c.Reason),
		})
	}
	slices.SortFunc(out, func(a, b Flaw) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Detail, b.Detail))
	})
	return slices.CompactFunc(out, func(a, b Flaw) bool { return a.ID == b.ID && a.Status == b.Status })
}

func flawOf(r *fact.Resource, matches map[string]*judge.Match, by *index) Flaw {
	_, name, ok := strings.Cut(r.ID, "/")
	if !ok {
		name = r.ID
	}
	f := Flaw{ID: name, Severity: r.Text("severity"), Status: Affected, Fixed: r.Text("fixed_version"), On: r.Asset}
	f.Score, _ = r.Get("cvss").(float64)
	for _, attribute := range []string{"aliases", "cves"} {
		list, _ := r.Get(attribute).([]string)
		for _, other := range list {
			if other != name && !slices.Contains(f.Aliases, other) {
				f.Aliases = append(f.Aliases, other)
			}
		}
	}
	slices.Sort(f.Aliases)
	f.In = by.find(r.Text("component_purl"), r.Text("component"), r.Text("component_version"), f.In)
	if m := matches[name]; m != nil {
		for _, p := range m.Software {
			f.In = by.find(p.PURL, p.Name, p.Version, f.In)
		}
		if m.Likely {
			f.Status = UnderAnalysis
			f.Detail = cmp.Or(m.Reason, "Names or versions agree, and that it is the same product is not proven.")
		}
	}
	slices.SortFunc(f.In, Compare)
	switch r.Text("disposition") {
	case "disputed":
		f.Status, f.Detail = NotAffected, "A person of the organization looked at it and disputes it."
	case "accepted":
		f.Response, f.Detail = "will_not_fix", "The organization accepts the risk for now."
	case "compensated":
		f.Response, f.Detail = "workaround_available", "The organization holds it by other means."
	default:
		if f.Fixed != "" && f.Status == Affected {
			f.Response = "update"
		}
	}
	return f
}

// index finds components by what findings say of them.
type index struct {
	all    []fact.Component
	byPURL map[string][]int
	byName map[string][]int
}

func newIndex(cs []fact.Component) *index {
	x := &index{all: cs, byPURL: make(map[string][]int, len(cs)), byName: make(map[string][]int, len(cs))}
	for i := range cs {
		if p := cs[i].PURL; p != "" {
			x.byPURL[p] = append(x.byPURL[p], i)
		}
		x.byName[cs[i].Name] = append(x.byName[cs[i].Name], i)
	}
	return x
}

// find adds the components that are meant to those found before.
func (x *index) find(url, name, version string, to []fact.Component) []fact.Component {
	hits := x.byPURL[url]
	if len(hits) == 0 && name != "" {
		for _, i := range x.byName[name] {
			if version == "" || x.all[i].Version == version {
				hits = append(hits, i)
			}
		}
	}
	for _, i := range hits {
		c := x.all[i]
		c.Asset = ""
		if !slices.Contains(to, c) {
			to = append(to, c)
		}
	}
	return to
}
