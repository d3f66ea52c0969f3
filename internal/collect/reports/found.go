package reports

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/finding"
	"github.com/asepsis/asepsis/internal/lazy"
)

// Found is what a report says of one flaw in one place. What the report does not
// say is left empty.
type Found struct {
	ID       string   // the tool's own: a plugin, a rule, a CVE
	Title    string   // the first line of the description where there is none
	Names    []string // every id of the flaw, in any form and order
	Severity string   // one of ours; "" where the tool gives none
	CVSS     float64  // base score, the newest version given; 0 where there is none

	Component, Version, PURL string
	Fixed                    string // the version that mends it
	NoFix                    bool   // the report says that there is none
	Location                 string
	CWEs                     []string // "CWE-79", "79"
	Port                     int
	Transport                string
	Published                time.Time
	Solution                 string
	Exploit                  *bool // a public exploit exists
	Exploited                bool  // CISA lists it as exploited
	EPSS                     float64
	KeyTail                  string // tells apart what nothing else does

	shown string // a location that is no part of the key
}

const (
	maxNames = 500
	maxTitle = 300
)

var cweNumber = lazy.Regexp(`(?i)^(?:CWE[-_: ]*)?0*(\d{1,5})$`)

// Hold keeps a finding until it is known what the report is of; [Scan.Settle] states
// all of them.
func (s *Scan) Hold(f Found) error {
	if f.ID == "" {
		return s.Find(nil, f)
	}
	s.held = append(s.held, f)
	return s.Room(len(s.held))
}

// Settle states the findings that were held.
func (s *Scan) Settle(h *Host) error {
	held := s.held
	s.held = nil
	for _, f := range held {
		if err := s.Find(h, f); err != nil {
			return err
		}
	}
	return nil
}

// Room is a fault where more is held back than a file may have of entries.
func (s *Scan) Room(held int) error {
	if held > s.In.Limits.Items {
		return s.tooMany()
	}
	return nil
}

// FindAt is Find for a finding whose place may differ from scan to scan although
// the finding is the same: the place is shown and does not tell it apart.
func (s *Scan) FindAt(h *Host, f Found, where string) error {
	f.shown = where
	return s.Find(h, f)
}

// Find states a finding on a host. One that is stated again in the same place
// adds its ids to the first and is counted.
func (s *Scan) Find(h *Host, f Found) error {
	if f.ID == "" {
		return s.Bad(&nothing, "", "a finding has no id", "export the report again")
	}
	if err := s.count(); err != nil {
		return err
	}
	s.found++
	vs := fact.Values{"scanner": s.Tool, "scanner_id": Shorten(f.ID, 200), "port": int64(f.Port), "status": "open"}
	missing := map[string]string{}
	cves, aliases := Split(append([]string{f.ID}, f.Names...))
	vs["cves"] = cves
	if len(aliases) > 0 {
		vs["aliases"] = aliases
	}
	vs["title"] = Shorten(f.Title, maxTitle)
	if vs["title"] == "" {
		vs["title"] = Shorten(f.ID, maxTitle)
	}
	if f.CVSS > 0 && f.CVSS <= 10 {
		vs["cvss"] = f.CVSS
	}
	switch {
	case f.Severity != "":
		vs["severity"] = f.Severity
	case f.CVSS > 0 && f.CVSS <= 10:
		vs["severity"] = finding.Severity(f.CVSS)
	default:
		missing["severity"] = "the report gives none"
	}
	for attr, v := range map[string]string{
		"component": f.Component, "component_version": f.Version, "component_purl": f.PURL, "fixed_version": f.Fixed, "location": cmp.Or(f.Location, f.shown), "solution": f.Solution,
	} {
		if v = Shorten(v, 300); v != "" {
			vs[attr] = v
		}
	}
	switch {
	case f.Fixed != "":
		vs["fix_available"] = true
	case f.NoFix:
		vs["fix_available"] = false
	}
	if c := cwes(f.CWEs); len(c) > 0 {
		vs["cwes"] = c
	}
	if !f.Published.IsZero() {
		vs["published_at"] = f.Published
	}
	if f.Exploit != nil {
		vs["exploit_available"] = *f.Exploit
	}
	if f.Exploited {
		vs["known_exploited"] = true
	}
	if f.EPSS > 0 && f.EPSS <= 1 {
		vs["epss"] = f.EPSS
	}
	out := fact.Fact{Kind: fact.KindVulnerability, Key: s.key(&f), Values: vs, Missing: missing}
	if !h.Add(out) {
		s.same++
		merge(h.Fact(out.Kind, out.Key), vs)
	}
	return nil
}

// key names the finding on its host, the same in each report that sees it.
func (s *Scan) key(f *Found) string {
	var b strings.Builder
	b.WriteString(s.Format + ":")
	if f.Port > 0 {
		b.WriteString(portKey(f.Port, f.Transport) + ":")
	}
	b.WriteString(Shorten(f.ID, 150))
	if f.Component != "" {
		b.WriteString(":" + Shorten(f.Component, 150))
		if f.Version != "" {
			b.WriteString("@" + Shorten(f.Version, 60))
		}
	}
	if rest := f.Location + f.KeyTail; rest != "" {
		sum := sha256.Sum256([]byte(f.Location + "\x00" + f.KeyTail))
		b.WriteString("#" + hex.EncodeToString(sum[:6]))
	}
	return b.String()
}

func portKey(port int, transport string) string {
	return strconv.Itoa(port) + "/" + cmp.Or(strings.ToLower(transport), "tcp")
}

// merge adds to a finding what another statement of it knows.
func merge(f *fact.Fact, vs fact.Values) {
	for _, attr := range []string{"cves", "aliases", "cwes"} {
		have, _ := f.Values[attr].([]string)
		more, _ := vs[attr].([]string)
		if all := slices.Concat(have, more); len(all) > 0 && len(all) <= maxNames {
			slices.Sort(all)
			f.Values[attr] = slices.Compact(all)
		}
	}
	if w, ok := vs["severity"].(string); ok {
		have, _ := f.Values["severity"].(string)
		State(f, "severity", Graver(have, w))
	}
	if score, ok := vs["cvss"].(float64); ok {
		have, _ := f.Values["cvss"].(float64)
		f.Values["cvss"] = max(have, score)
	}
}

// Split sorts the ids of a flaw into CVE ids, never nil, and others that name it
// beyond the tool. What is the tool's own, such as a plugin's number, is neither.
func Split(names []string) (cves, aliases []string) {
	cves = []string{}
	for _, n := range names {
		if len(cves)+len(aliases) >= maxNames {
			break
		}
		if id, ok := finding.CVE(n); ok {
			cves = append(cves, id)
		} else if id := finding.ID(n); Alias(id) {
			aliases = append(aliases, id)
		}
	}
	slices.Sort(cves)
	slices.Sort(aliases)
	return slices.Compact(cves), slices.Compact(aliases)
}

// prefixes begin the ids of databases that several tools quote.
var prefixes = []string{
	"GHSA-", "GO-", "PYSEC-", "RUSTSEC-", "OSV-", "MAL-", "GSD-", "SNYK-", "GMS-", "OSVDB-", "EUVD-", "BIT-", "PSF-", "HSEC-", "RSEC-", "DRUPAL-", "CGA-", "TEMP-",
	"DEBIAN-CVE-", "UBUNTU-CVE-", "ALPINE-CVE-", "SONATYPE-", "XRAY-", "PRISMA-", "AVD-", "PRION-", "CNVD-", "CNNVD-", "ZDI-", "EDB-",
}

// Alias reports whether an id names a flaw beyond the tool that says it.
func Alias(id string) bool {
	return finding.Collective(id) || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(strings.ToUpper(id), p) })
}

func cwes(in []string) []string {
	var out []string
	for _, s := range in {
		if m := cweNumber().FindStringSubmatch(strings.TrimSpace(s)); m != nil && m[1] != "0" && len(out) < 50 {
			out = append(out, "CWE-"+m[1])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var (
	cveText = lazy.Regexp(`(?i)\bCVE-\d{4}-\d{4,19}\b`)
	cweText = lazy.Regexp(`(?i)\bCWE-\d{1,5}\b`)
)

// CVEs finds the CVE ids in a text.
func CVEs(text string) []string { return cveText().FindAllString(text, maxNames) }

// CWEs finds the ids of weaknesses in a text.
func CWEs(text string) []string { return cweText().FindAllString(text, 50) }

var markup = lazy.Regexp(`<[^<>]{1,200}>`)

// Plain takes the marks of HTML out of a text.
func Plain(s string) string { return markup().ReplaceAllString(s, " ") }
