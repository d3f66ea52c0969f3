package nessus

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
)

// severities by the number Nessus gives them.
var severities = []string{"info", "low", "medium", "high", "critical"}

// item is a ReportItem.
type item struct {
	line      int
	plugin    string
	name      string
	family    string
	severity  int
	port      int
	transport string
	service   string
	kind      string // remote, local or combined: whether the plugin needs to sign in

	cves                         []string
	cvss2, cvss3, cvss4          string
	solution                     string
	exploit, ease, kev           string
	published, patched           string
	output                       string
	cut                          bool // output is longer than what was read
	complianceName, complianceID string
	compliance, audit, policy    string
}

var cveID = regexp.MustCompile(`^CVE-\d{4}-\d{4,19}$`)

// item reads a ReportItem.
func (p *parser) item(h *host) error {
	if p.items++; p.items+len(p.parts) > p.in.Limits.Items {
		return p.r.Fault(fmt.Sprintf("there are more than %d items", p.in.Limits.Items), "export fewer hosts at a time")
	}
	r := p.r
	it := item{
		line: r.Line(), plugin: p.share(r.Attr("pluginID")), name: p.share(reports.Shorten(r.Attr("pluginName"), 300)), family: p.share(r.Attr("pluginFamily")),
		transport: strings.ToLower(r.Attr("protocol")), service: r.Attr("svc_name"),
	}
	portText, severityText := r.Attr("port"), r.Attr("severity")
	if err := p.details(&it); err != nil {
		return err
	}
	if it.plugin == "" {
		return p.faults.Add(it.line, "pluginID", "a finding has no plugin id", "export the scan again")
	}
	var err error
	if it.port, err = strconv.Atoi(portText); err != nil || it.port < 0 || it.port > 65535 {
		return p.faults.Add(it.line, "port", fmt.Sprintf("plugin %s: the port is %.20q", it.plugin, portText), "export the scan again")
	}
	if it.severity, err = strconv.Atoi(severityText); err != nil || it.severity < 0 || it.severity >= len(severities) {
		return p.faults.Add(it.line, "severity", fmt.Sprintf("plugin %s: the severity is %.20q, not 0 to 4", it.plugin, severityText), "export the scan again")
	}
	switch {
	case it.compliance != "":
		it.setting(h)
		return nil
	case it.severity > 0:
		p.findings++
		it.vulnerability(h)
	}
	p.inventory(h, &it)
	return nil
}

func (p *parser) details(it *item) error {
	r := p.r
	text := map[string]*string{
		"cvss_base_score": &it.cvss2, "cvss3_base_score": &it.cvss3, "cvss4_base_score": &it.cvss4,
		"exploit_available": &it.exploit, "exploitability_ease": &it.ease, "cisa-known-exploited": &it.kev,
		"vuln_publication_date": &it.published, "patch_publication_date": &it.patched,
		"plugin_type": &it.kind, "compliance-check-name": &it.complianceName, "compliance-check-id": &it.complianceID,
		"compliance-result": &it.compliance, "compliance-audit-file": &it.audit, "compliance-benchmark-profile": &it.policy,
	}
	return r.Children(func(name string) error {
		var err error
		switch name {
		case "cve":
			var s string
			if s, err = r.Brief(32); cveID.MatchString(s) && len(it.cves) < 500 {
				it.cves = append(it.cves, p.share(s))
			}
		case "solution":
			var s string
			s, err = r.Brief(1000)
			it.solution = p.share(reports.Shorten(s, 300))
		case "plugin_output":
			if outputs[it.plugin] {
				it.output, err = r.Brief(p.in.Limits.Field)
				it.cut = len(it.output) > p.in.Limits.Field-8
			}
		default:
			if dst := text[name]; dst != nil && *dst == "" {
				*dst, err = r.Brief(500)
			}
		}
		return err
	})
}

// signedInKey begins the keys of findings that a scan shows only when it signs in.
const signedInKey = "nessus:local:"

// key names the finding. Plugins that look at the inside have keys of their own
// beginning, so that a scan that could not sign in can leave them as they were. A
// report that does not say which kind a plugin is counts as one that signed in,
// if it did: a finding that stays too long is the lesser fault.
func (it *item) key(h *host) string {
	key := "nessus:"
	if signedIn, _ := h.Values["scan_credentialed"].(bool); signedIn && it.kind != "remote" {
		key = signedInKey
	}
	if it.port == 0 {
		return key + it.plugin
	}
	return fmt.Sprintf("%s%s:%d/%s", key, it.plugin, it.port, it.transport)
}

// vulnerability states what the item found. Of several items of one plugin on
// one port, which differ in their output alone, the first stands.
func (it *item) vulnerability(h *host) {
	vs := fact.Values{
		"title": it.name, "scanner": "Nessus", "scanner_id": it.plugin, "severity": severities[it.severity],
		"port": int64(it.port), "status": "open",
	}
	missing := map[string]string{}
	slices.Sort(it.cves)
	vs["cves"] = append([]string{}, slices.Compact(it.cves)...)
	for _, s := range []string{it.cvss4, it.cvss3, it.cvss2} {
		if f, err := strconv.ParseFloat(s, 64); err == nil && f >= 0 && f <= 10 {
			vs["cvss"] = f
			break
		}
	}
	due, dated := day(it.kev)
	switch {
	case dated:
		vs["known_exploited"], vs["known_exploited_due_at"] = true, due
	case strings.EqualFold(it.kev, "true"):
		vs["known_exploited"] = true
		missing["known_exploited_due_at"] = "the report names no date"
	case h.kev || len(it.cves) == 0:
		vs["known_exploited"] = false
	default:
		missing["known_exploited"] = "the scan is older than CISA's list of known exploited vulnerabilities"
	}
	switch {
	case it.exploit != "":
		vs["exploit_available"] = it.exploit == "true"
	case strings.HasPrefix(it.ease, "No known exploit"):
		vs["exploit_available"] = false
	case it.ease != "":
		vs["exploit_available"] = true // "Exploits are available", "No exploit is required"
	}
	if t, ok := day(it.published); ok {
		vs["published_at"] = t
	}
	if _, ok := day(it.patched); ok {
		vs["fix_available"] = true
	}
	if it.solution != "" && !strings.EqualFold(it.solution, "n/a") {
		vs["solution"] = it.solution
	}
	h.Add(fact.Fact{Kind: fact.KindVulnerability, Key: it.key(h), ObservedAt: h.ObservedAt, Values: vs, Missing: missing})
}

// setting states a rule of a configuration audit, which Nessus keeps among its
// findings but which is none.
func (it *item) setting(h *host) {
	rule := it.complianceID
	if rule == "" {
		rule = it.complianceName
	}
	if rule == "" {
		rule = it.plugin
	}
	vs := fact.Values{
		"rule": reports.Shorten(rule, 200), "title": reports.Shorten(it.complianceName, 300), "outcome": strings.ToLower(it.compliance),
		"product": "os", "severity": "unknown",
	}
	missing := map[string]string{}
	if it.audit != "" {
		vs["benchmark"] = reports.Shorten(it.audit, 200)
	}
	if it.policy != "" {
		vs["profile"] = reports.Shorten(it.policy, 200)
	}
	switch it.compliance {
	case "PASSED":
		vs["compliant"] = true
	case "FAILED":
		vs["compliant"] = false
	case "WARNING":
		missing["compliant"] = "Nessus could not decide; a person has to look"
	default:
		missing["compliant"] = "Nessus could not read the setting: " + strings.ToLower(it.compliance)
	}
	h.Add(fact.Fact{
		Kind: fact.KindSetting, Key: reports.Shorten(it.audit, 100) + "/" + reports.Shorten(rule, 200), ObservedAt: h.ObservedAt,
		Values: vs, Missing: missing,
	})
}
