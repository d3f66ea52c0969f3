package vuln

import (
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
)

// sourceRows returns a row for the source package of an erratum whose title names
// it while its list of products does not.
//
// AlmaLinux's errata of 2021 and 2022 list a part of the binary packages only:
// ALSA-2022:0896, "glibc security update", names glibc-static and glibc-utils, and
// not glibc. By names alone, glibc would be not affected, which is a false clean
// (measured on labeled matches: one in six of this distribution). All
// binary packages of a source have one version, so the version that mends the listed
// ones mends the others.
func sourceRows(a *advisory.Advisory) []draft {
	name := titled(a.Title)
	if name == "" {
		return nil
	}
	var rows []draft
	of := make(map[string]*sourceRow)
	var order []string
	for i := range a.Products {
		p := &a.Products[i]
		k := p.Package
		if k == nil || p.Status != advisory.Affected || len(p.Ranges) != 1 || p.Ranges[0].Fixed == "" || len(p.Versions) > 0 || p.Unread != "" {
			continue
		}
		switch baseOf(k.Ecosystem) {
		case "AlmaLinux", "Rocky Linux", "Red Hat":
		default:
			continue
		}
		s := of[k.Ecosystem]
		if s == nil {
			s = &sourceRow{fixed: p.Ranges[0].Fixed, one: true}
			of[k.Ecosystem] = s
			order = append(order, k.Ecosystem)
		}
		s.named = s.named || k.Name == name
		s.child = s.child || strings.HasPrefix(k.Name, name+"-")
		s.one = s.one && s.fixed == p.Ranges[0].Fixed && k.Module == ""
	}
	for _, eco := range order {
		s := of[eco]
		if s.named || !s.child || !s.one || isModule(s.fixed) {
			continue
		}
		canonical := canonicalEcosystem(eco)
		e := newEncoder(canonical)
		x := extra{basis: "the advisory's title, which names the source package"}
		rows = append(rows, draft{ecosystem: canonical, name: string(appendName(nil, []byte(canonical), name)), high: e.bound(s.fixed), extra: x.encode()})
	}
	return rows
}

type sourceRow struct {
	fixed string
	one   bool // all listed packages are mended by the same version
	named bool
	child bool // one is named after it, as glibc-utils after glibc
}

// titled returns the package that the title of an erratum names: "Moderate:
// glibc security, bug fix, and enhancement update".
func titled(title string) string {
	severity, rest, ok := strings.Cut(title, ": ")
	if !ok || !strings.HasSuffix(rest, "update") {
		return ""
	}
	switch severity {
	case "Critical", "Important", "Moderate", "Low":
	default:
		return ""
	}
	name, rest, _ := strings.Cut(rest, " ")
	if !strings.HasPrefix(rest, "security") || strings.ContainsAny(name, ":,") {
		return ""
	}
	return name
}
