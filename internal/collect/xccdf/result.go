package xccdf

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/lazy"
)

// outcomes are the results XCCDF knows, with why a rule is not judged, or "" for
// those that judge it.
var outcomes = map[string]string{
	"pass": "", "fail": "", "fixed": "",
	"error":         "the scanner met an error while it checked the rule",
	"unknown":       "the scanner could not tell",
	"notapplicable": "the rule does not apply to this machine",
	"notchecked":    "the scanner cannot check the rule; a person has to",
	"notselected":   "the rule was not selected",
	"informational": "the rule only informs",
}

func (p *parser) testResult() error {
	r := p.r
	if !strings.HasPrefix(r.Space(), xccdfSpace) {
		return nil
	}
	res := &result{
		line: r.Line(), start: when(r.Attr("start-time")), end: when(r.Attr("end-time")), system: reports.Shorten(r.Attr("test-system"), 200),
		benchmark: p.bench,
	}
	err := r.Children(func(name string) error {
		var err error
		switch name {
		case "benchmark":
			id, href := r.Attr("id"), r.Attr("href")
			if id == "" && res.benchmark == "" {
				id = href[strings.LastIndexByte(href, '/')+1:]
			}
			if id != "" {
				res.benchmark = reports.Shorten(id, 200)
			}
		case "profile":
			res.profile = reports.Shorten(r.Attr("idref"), 200)
		case "target":
			var s string
			if s, err = r.Brief(500); len(res.target.names) < maxNames {
				res.target.names = append(res.target.names, s)
			}
		case "target-address":
			var s string
			if s, err = r.Brief(500); len(res.target.addresses) < maxNames {
				res.target.addresses = append(res.target.addresses, s)
			}
		case "target-facts":
			err = r.Children(func(string) error {
				key := r.Attr("name")
				s, err := r.Brief(500)
				if len(res.target.facts) < maxFacts {
					res.target.facts = append(res.target.facts, [2]string{key, s})
				}
				return err
			})
		case "target-id-ref":
			res.ref = r.Attr("name")
		case "platform":
			if len(res.platforms) < 1000 {
				res.platforms = append(res.platforms, r.Attr("idref"))
			}
		case "rule-result":
			err = p.ruleResult(res)
		}
		return err
	})
	if err != nil {
		return err
	}
	if res.target.name() == "" {
		return p.faults.Add(res.line, "target", "a result does not say which machine was scanned", "run the scan again")
	}
	if res.benchmark == "" {
		res.benchmark = "benchmark"
	}
	if res.end.IsZero() {
		res.end = res.start
	}
	p.results = append(p.results, res)
	return nil
}

var cveID = lazy.Regexp(`^CVE-\d{4}-\d{4,19}$`)

func (p *parser) ruleResult(res *result) error {
	r := p.r
	if p.rows++; p.rows > p.in.Limits.Items {
		return r.Fault(fmt.Sprintf("there are more than %d results", p.in.Limits.Items), "export the results of fewer machines at a time")
	}
	line := r.Line()
	j := judged{rule: reports.Shorten(r.Attr("idref"), 300), severity: r.Attr("severity"), role: r.Attr("role")}
	err := r.Children(func(name string) error {
		var s string
		var err error
		switch name {
		case "result":
			j.outcome, err = r.Brief(100)
		case "override":
			err = r.Skip() // the result element already says what came of it
		case "instance":
			s, err = r.Brief(300)
			if j.instance == "" {
				j.instance = s
			}
		case "message":
			s, err = r.Brief(2000)
			if j.message == "" {
				j.message = reports.Shorten(s, 300)
			}
		case "ident":
			if s, err = r.Brief(100); cveID().MatchString(s) && len(j.cves) < 500 {
				j.cves = append(j.cves, s)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if j.rule == "" {
		return p.faults.Add(line, "idref", "a result does not say which rule it is of", "run the scan again")
	}
	if _, ok := outcomes[j.outcome]; !ok {
		return p.faults.Add(line, "result", fmt.Sprintf("rule %.80s: the result is %.40q, which XCCDF does not know", j.rule, j.outcome), "run the scan again")
	}
	res.rules = append(res.rules, j)
	return nil
}

// key names a rule of a benchmark; a rule may be judged once per instance.
func (j *judged) key(res *result) string {
	k := res.benchmark + "/" + j.rule
	if j.instance != "" {
		k += "/" + reports.Shorten(j.instance, 100)
	}
	return k
}

func (p *parser) setting(h *reports.Host, res *result, j *judged) {
	def := p.rules[j.rule]
	title := def.title
	if title == "" {
		title = j.rule
	}
	bench := p.titles[res.benchmark]
	if bench == "" {
		bench = res.benchmark
	}
	vs := fact.Values{
		"rule": j.rule, "title": title, "benchmark": bench, "product": "os", "topic": topic(title),
		"severity": severity(j.severity, def.severity), "outcome": j.outcome,
		// A rule whose role is not full was tried without counting.
		"required": j.role == "" || j.role == "full",
	}
	if title == j.rule {
		vs["topic"] = topic(strings.NewReplacer("_", " ", "-", " ", ".", " ").Replace(j.rule))
	}
	if res.profile != "" {
		vs["profile"] = res.profile
		if t := p.profiles[res.profile]; t != "" {
			vs["profile"] = t
		}
	}
	if j.message != "" {
		vs["detail"] = j.message
	}
	missing := map[string]string{}
	switch why := outcomes[j.outcome]; {
	case why != "":
		missing["compliant"] = why
	default:
		vs["compliant"] = j.outcome != "fail"
	}
	h.Add(fact.Fact{Kind: fact.KindSetting, Key: j.key(res), ObservedAt: h.ObservedAt, Values: vs, Missing: missing})
}

func (p *parser) vulnerability(h *reports.Host, res *result, j *judged) {
	if j.outcome != "fail" {
		return
	}
	def := p.rules[j.rule]
	slices.Sort(j.cves)
	vs := fact.Values{
		"title": j.rule, "cves": slices.Compact(j.cves), "scanner": tool(res.system), "scanner_id": j.rule, "port": int64(0), "status": "open",
		"fix_available": true, // the rule asks for an update that exists
	}
	if def.title != "" {
		vs["title"] = def.title
	}
	missing := map[string]string{}
	if s := severity(j.severity, def.severity); s == "unknown" {
		missing["severity"] = "the scanner does not rate it"
	} else {
		vs["severity"] = s
	}
	missing["known_exploited"] = "the report does not say"
	h.Add(fact.Fact{Kind: fact.KindVulnerability, Key: "xccdf:" + j.key(res), ObservedAt: h.ObservedAt, Values: vs, Missing: missing})
}

func severity(of ...string) string {
	for _, s := range of {
		switch s {
		case "high", "medium", "low":
			return s
		case "info":
			return "low"
		}
	}
	return "unknown"
}

// topics are tried in order; the first whose words stand in the title is it.
var topics = []struct {
	name  string
	words *regexp.Regexp
}{
	{"mfa", regexp.MustCompile(`(?i)\b(multi-?factor|two-?factor|smart ?cards?|opensc|pkcs ?11|piv)\b`)},
	{"email", regexp.MustCompile(`(?i)\b(e?-?mail|postfix|sendmail|smtp|mta)\b`)},
	{"logging", regexp.MustCompile(`(?i)\b(audit\w*|logs?|logging|logged|journald?|r?syslog\w*|aureport)\b`)},
	{"encryption", regexp.MustCompile(`(?i)\b(encrypt\w*|crypto\w*|fips|ciphers?|tls|ssl|luks|macs?|kex|key exchange)\b`)},
	{"accounts", regexp.MustCompile(`(?i)\b(passwords?|passwd|accounts?|sudo\w*|logins?|log on|logon|users?|root|pam|faillock|lockout|uid|privileges?)\b`)},
	{"sharing", regexp.MustCompile(`(?i)\b(nfs|samba|smb|shares?|ftp|tftp|vsftpd)\b`)},
}

func topic(title string) string {
	for _, t := range topics {
		if t.words.MatchString(title) {
			return t.name
		}
	}
	return "other"
}

// when reads a time; XCCDF allows one without a zone, which is taken as UTC.
func when(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil && t.UTC().Year() > 0 {
			return t.UTC()
		}
	}
	return time.Time{}
}
