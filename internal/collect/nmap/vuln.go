package nmap

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/finding"
)

// maxFlaws bounds the findings of one script on one port.
const maxFlaws = 2000

// testsFlaw reports whether a script tests for weaknesses: one that looks versions
// up (vulners, vulscan), or one written with nmap's library for vulnerabilities,
// most of which carry the word in their name.
func testsFlaw(id string) bool {
	switch id {
	case "vulscan", "ssl-poodle", "ssl-heartbleed", "ssl-ccs-injection", "ssl-dh-params", "sslv2-drown", "http-shellshock", "http-slowloris-check", "tls-ticketbleed":
		return true
	}
	return strings.Contains(id, "vuln")
}

// flaw is what a script says of one weakness.
type flaw struct {
	id, title          string
	cvss               float64
	names              []string
	component, version string
	exploit            bool
}

// flaws states what the scripts of a port, or of the host where transport is empty,
// have found.
func flaws(out *reports.Host, scripts []script, number int, transport, product string) {
	for i := range scripts {
		s := &scripts[i]
		if !testsFlaw(s.id) {
			continue
		}
		var found []flaw
		switch s.id {
		case "vulners":
			found = vulners(&s.root)
		case "vulscan":
			found = vulscan(s.output, product)
		default:
			found = library(s.id, &s.root)
		}
		for _, f := range found[:min(len(found), maxFlaws)] {
			f.state(out, s.id, number, transport)
		}
	}
}

func (f *flaw) state(out *reports.Host, script string, number int, transport string) {
	cves, aliases := reports.Split(append(f.names, f.id))
	vs := fact.Values{
		"title": reports.Shorten(f.title, 300), "scanner": "nmap " + script, "scanner_id": reports.Shorten(f.id, 200), "cves": cves, "port": int64(number), "status": "open",
	}
	missing := map[string]string{}
	if len(aliases) > 0 {
		vs["aliases"] = aliases
	}
	if f.cvss > 0 && f.cvss <= 10 {
		vs["cvss"], vs["severity"] = f.cvss, finding.Severity(f.cvss)
	} else {
		missing["severity"] = "the script gives none"
	}
	if f.component != "" {
		vs["component"] = reports.Shorten(f.component, 200)
	}
	if f.version != "" {
		vs["component_version"] = reports.Shorten(f.version, 100)
	}
	if f.exploit {
		vs["exploit_available"] = true
	}
	key := "nmap:" + script + ":" + reports.Shorten(f.id, 150)
	if transport != "" {
		key += fmt.Sprintf(":%d/%s", number, transport)
	}
	out.Add(fact.Fact{Kind: fact.KindVulnerability, Key: key, ObservedAt: out.ObservedAt, Values: vs, Missing: missing})
}

// vulners reads tables by CPE. Exploits that it lists beside the weaknesses are no
// weaknesses of their own.
func vulners(root *node) []flaw {
	var out []flaw
	for _, t := range root.kids {
		component, version := named(t.key)
		for i := range t.kids {
			k := &t.kids[i]
			id, ok := finding.CVE(k.get("id").text)
			if !ok {
				continue
			}
			f := flaw{id: id, title: id, component: component, version: version, exploit: k.get("is_exploit").text == "true"}
			if component != "" {
				f.title = id + " in " + component
			}
			f.cvss = number(k.get("cvss").text)
			out = append(out, f)
		}
	}
	return out
}

// library reads the tables of nmap's library for vulnerabilities: one for each
// weakness that was tested, with its state.
func library(script string, root *node) []flaw {
	var out []flaw
	for i := range root.kids {
		t := &root.kids[i]
		state := t.get("state").text
		if !strings.HasPrefix(state, "VULNERABLE") && !strings.HasPrefix(state, "LIKELY VULNERABLE") {
			continue
		}
		f := flaw{id: t.key, title: t.get("title").text, names: reports.CVEs(strings.Join(t.get("ids").texts(), " "))}
		if f.id == "" || strings.HasPrefix(f.id, "NMAP-") {
			f.id = script
		}
		if f.title == "" {
			f.title = f.id
		}
		for _, score := range t.get("scores").kids {
			if f.cvss == 0 {
				v, _, _ := strings.Cut(strings.TrimSpace(score.text), " ")
				f.cvss = number(v)
			}
		}
		out = append(out, f)
	}
	return out
}

var vulscanLine = regexp.MustCompile(`(?m)^\s*\[(CVE-\d{4}-\d{4,19})\]\s+(.*)$`)

// vulscan reads its text: "[CVE-2010-1234] what it is", by database. Other databases
// name the same weaknesses again under numbers of their own.
func vulscan(text, product string) []flaw {
	var out []flaw
	for _, m := range vulscanLine.FindAllStringSubmatch(text, maxFlaws) {
		out = append(out, flaw{id: m[1], title: m[2], component: product})
	}
	return out
}

// named takes product and version out of "cpe:/a:openbsd:openssh:7.4".
func named(cpe string) (product, version string) {
	parts := append(strings.Split(cpe, ":"), "", "", "", "", "")
	switch {
	case strings.HasPrefix(cpe, "cpe:/"):
		return parts[3], parts[4]
	case strings.HasPrefix(cpe, "cpe:2.3:"):
		return parts[4], parts[5]
	}
	return "", ""
}

func number(s string) float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || f != f {
		return 0
	}
	return f
}
