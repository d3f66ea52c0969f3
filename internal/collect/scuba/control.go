package scuba

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/lazy"
)

// control is one policy of a baseline and how it was judged.
type control struct {
	line                             int
	id, group, requirement           string
	result, criticality, detail, why string
}

const text = 4096

// read reads any of the shapes: the results of a run, the results of its tests
// alone, or the report of one product.
func (p *parser) read() error {
	k, err := p.r.Kind()
	if err != nil {
		return err
	}
	if k == jsonsafe.Array {
		err = p.r.Array(func() error { return p.r.Object(p.listed()) })
	} else {
		err = p.r.Object(p.run)
	}
	if err != nil {
		return err
	}
	return p.r.End()
}

// run reads a key of ScubaResults.json.
func (p *parser) run(key string) error {
	switch key {
	case "MetaData":
		return p.r.Object(p.metadata)
	case "Results":
		return p.r.Object(func(string) error { return p.r.Array(p.groupOf) })
	case "TestResults": // of versions before 1.4
		return p.r.Array(func() error { return p.r.Object(p.listed()) })
	}
	return nil // Summary repeats; Raw holds what is nobody's business
}

func (p *parser) metadata(key string) error {
	s, err := p.r.Brief(text)
	switch key {
	case "TenantId":
		p.tenantID = s
	case "DisplayName", "Tenant Display Name":
		p.tenant = reports.Shorten(s, 120)
	case "ToolVersion", "Module Version":
		p.tool = reports.Shorten(s, 20)
	case "TimestampZulu":
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			p.stamp = t.UTC()
		}
	case "Report Date":
		if s, ok := strings.CutSuffix(s, " Coordinated Universal Time"); ok {
			if t, err := time.Parse("01/02/2006 15:04:05", s); err == nil {
				p.stamp = t
			}
		}
	}
	return err
}

// listed reads an element of a file that is a list: a test's result, or the
// report of one product. The last key of a test's result makes it a control.
func (p *parser) listed() func(key string) error {
	c := control{line: p.r.Line()}
	var met, known, counted bool
	var id string
	done := func() error {
		if !known || id == "" || c.criticality == "" || counted {
			return nil
		}
		counted = true
		c.id = id
		c.result = resultOf(c.criticality, met)
		return p.add(c)
	}
	return func(key string) error {
		var err error
		switch key {
		case "PolicyId":
			c.line = p.r.Line()
			id, err = p.r.Brief(text)
		case "Criticality":
			c.criticality, err = p.r.Brief(text)
		case "RequirementMet":
			var k jsonsafe.Kind
			if k, err = p.r.Kind(); err == nil && k == jsonsafe.Bool {
				known = true
				met, err = p.r.True()
			}
		case "ReportDetails":
			c.detail, err = p.r.Brief(text)
		case "MetaData":
			return p.r.Object(p.metadata)
		case "Results":
			p.single = true
			return p.r.Array(p.groupOf)
		}
		if err != nil {
			return err
		}
		return done()
	}
}

// resultOf gives a test the word that ScubaGear's report gives it.
func resultOf(criticality string, met bool) string {
	switch {
	case strings.HasSuffix(criticality, "Not-Implemented"), strings.HasSuffix(criticality, "3rd Party"):
		return "N/A"
	case met:
		return "Pass"
	case criticality == "Should":
		return "Warning"
	}
	return "Fail"
}

// groupOf reads a group of controls.
func (p *parser) groupOf() error {
	group := ""
	return p.r.Object(func(key string) error {
		var err error
		switch key {
		case "GroupName":
			group, err = p.r.Brief(text)
		case "Controls":
			err = p.r.Array(func() error {
				c := control{line: p.r.Line(), group: group}
				if err := p.r.Object(func(key string) error { return p.field(&c, key) }); err != nil {
					return err
				}
				return p.add(c)
			})
		}
		return err
	})
}

func (p *parser) field(c *control, key string) error {
	var into *string
	switch key {
	case "Control ID":
		into = &c.id
	case "Requirement":
		into = &c.requirement
	case "Result":
		into = &c.result
	case "Criticality":
		into = &c.criticality
	case "Details":
		into = &c.detail
	case "OmittedEvaluationDetails", "IncorrectResultDetails":
		s, err := p.r.Brief(text)
		if s != "" && s != "N/A" {
			c.why = s
		}
		return err
	default:
		return nil
	}
	var err error
	*into, err = p.r.Brief(text)
	return err
}

// judgements says of each word of ScubaGear whether the control is kept, or why
// that is not known. A warning is a control that is advised and not kept.
var judgements = map[string]struct {
	compliant bool
	why       string
}{
	"pass":             {true, ""},
	"fail":             {false, ""},
	"warning":          {false, ""},
	"n/a":              {false, "ScubaGear cannot check this control; a person has to look"},
	"error":            {false, "ScubaGear met an error while it checked this control"},
	"omitted":          {false, "the configuration of ScubaGear left this control out"},
	"incorrect result": {false, "somebody marked ScubaGear's result as wrong"},
}

const mend = "run ScubaGear again and bring the file it writes"

// add keeps a control. A control that is listed twice, as some tests are, counts
// as kept only if it is kept both times.
func (p *parser) add(c control) error {
	if p.rows++; p.rows > p.in.Limits.Items {
		return p.r.Fault(fmt.Sprintf("there are more than %d controls", p.in.Limits.Items), mend)
	}
	m := controlID().FindStringSubmatch(c.id)
	if m == nil {
		return p.faults.Add(c.line, "Control ID", fmt.Sprintf("%.60q is no control of CISA's baselines", c.id), mend)
	}
	if p.product == "" {
		p.product = strings.ToLower(m[1])
	}
	c.result = strings.ToLower(strings.TrimSpace(c.result))
	if _, ok := judgements[c.result]; !ok {
		return p.faults.Add(c.line, "Result", fmt.Sprintf("control %s: the result is %.40q, which ScubaGear does not use", c.id, c.result), mend)
	}
	if i, ok := p.seen[c.id]; ok {
		if have := &p.controls[i]; have.result == "pass" && c.result != "pass" {
			p.counts[have.result]--
			p.counts[c.result]++
			*have = c
		}
		return nil
	}
	p.seen[c.id] = len(p.controls)
	p.counts[c.result]++
	p.controls = append(p.controls, c)
	return nil
}

var products = map[string]string{
	"AAD": "entra", "EXO": "exchange_online", "DEFENDER": "defender", "SECURITYSUITE": "defender", "SHAREPOINT": "sharepoint",
	"TEAMS": "teams", "POWERPLATFORM": "power_platform", "POWERBI": "power_bi",
}

func (c *control) fact() fact.Fact {
	m := controlID().FindStringSubmatch(c.id)
	title := plain(c.requirement)
	if title == "" {
		title = c.id
	}
	product := products[m[1]]
	if product == "" {
		product = strings.ToLower(m[1])
	}
	f := fact.Fact{
		Kind: fact.KindSetting, Key: c.id,
		Values: fact.Values{
			"rule": c.id, "title": reports.Shorten(title, 300), "benchmark": "CISA SCuBA " + m[1], "product": product,
			"topic": topic(m[1], m[2], c.id, c.group+" "+title), "severity": "unknown", "outcome": c.result,
		},
		Missing: map[string]string{},
	}
	switch word, _, _ := strings.Cut(c.criticality, "/"); strings.ToLower(word) {
	case "shall":
		f.Values["required"] = true
	case "should":
		f.Values["required"] = false
	default:
		f.Missing["required"] = "the report does not say whether the control is mandatory"
	}
	switch j := judgements[c.result]; {
	case j.why == "":
		f.Values["compliant"] = j.compliant
	case c.why != "":
		f.Missing["compliant"] = j.why + ": " + reports.Shorten(c.why, 200)
	default:
		f.Missing["compliant"] = j.why
	}
	if d := summary(c.detail); d != "" {
		f.Values["detail"] = d
	}
	return f
}

var (
	tags   = lazy.Regexp(`<[^>]*>`)
	breaks = lazy.Regexp(`(?i)<(br|div|p|ul|li)\b`)
)

// plain is the text of a requirement before the marks that the report hangs on it.
func plain(s string) string {
	if i := breaks().FindStringIndex(s); i != nil {
		s = s[:i[0]]
	}
	return strings.TrimSpace(html.UnescapeString(tags().ReplaceAllString(s, "")))
}

// summary is the first statement of the details, with the numbers, and not the
// list behind it: that names people and groups.
func summary(s string) string {
	s = plain(s)
	if i := strings.IndexAny(s, ":\n"); i >= 0 {
		s = s[:i]
	}
	return reports.Shorten(s, 200)
}
