package device

import (
	"slices"
	"strings"
)

// Named is a device as somebody names it.
type Named struct{ Manufacturer, Model, ModelNumber string }

// Same reports whether a paper about a model speaks of a device: the same maker, and
// the same name or model number. A device whose name says more than the paper's is
// the same where the paper's has a number in it: "IntelliVue MX800 patient monitor"
// is an MX800, and an "Alaris 8015" is not every Alaris.
func (a *Aliases) Same(paper, of Named) bool {
	maker, _ := a.Maker(paper.Manufacturer)
	if other, _ := a.Maker(of.Manufacturer); maker == "" || other != maker {
		return false
	}
	asset := Asset{Model: of.Model, ModelNumber: of.ModelNumber}
	theirs := modelNumbers(paper.Model)
	if n := squash(paper.ModelNumber); len(n) >= 3 {
		theirs = append(theirs, n)
	}
	own := asset.numbers()
	if slices.ContainsFunc(theirs, func(n string) bool { return slices.Contains(own, n) }) {
		return true
	}
	if strings.TrimSpace(paper.Model) == "" || strings.TrimSpace(of.Model) == "" {
		return false
	}
	makers := []string{maker}
	p, d := a.name(paper.Model, makers), a.name(of.Model, makers)
	switch compareName(&d, &p) {
	case equal:
		return true
	case more:
		return slices.ContainsFunc(p.own, func(w string) bool { return w[0] >= '0' && w[0] <= '9' })
	case none, less:
	}
	return false
}
