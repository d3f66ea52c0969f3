package cli

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/app"
	"github.com/asepsis/asepsis/internal/collect/maildomain"
	"github.com/asepsis/asepsis/internal/collect/maildomain/resolve"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
)

type mailCmd struct {
	Check mailCheckCmd `cmd:"" help:"Look at mail domains as others see them: SPF, DKIM, DMARC, and the way of mail to them."`
}

type mailCheckCmd struct {
	Domains  []string `arg:"" help:"Domains, or mail addresses at them."`
	Selector []string `help:"Name of a DKIM key, as the mail service shows it; repeat for each." sep:"none"`
	DNS      []string `help:"Name server to ask; by default those of this machine, which inside may know another view of the domain." placeholder:"ADDRESS" sep:"none"`
	Connect  bool     `help:"Also connect once to each mail server, at port 25, and fetch the MTA-STS policy. No mail is sent."`
	All      bool     `help:"These are all domains there are: others that were looked at before are forgotten."`
}

func (c *mailCheckCmd) Run(ctx context.Context, r *runner) error {
	if err := r.localOnly("mail check"); err != nil {
		return err
	}
	o, err := c.options()
	if err != nil {
		return err
	}
	return r.with(ctx, func(a *app.App) error {
		p, err := a.Default(ctx, actor)
		if err != nil {
			return err
		}
		steps := r.progress()
		defer steps.done()
		looks, err := a.LookAtDomains(ctx, p.ID, o, steps.step)
		if err != nil {
			return err
		}
		steps.done()
		return r.printLooks(looks)
	})
}

func (c *mailCheckCmd) options() (maildomain.Options, error) {
	o := maildomain.Options{Complete: c.All}
	servers := make([]string, 0, len(c.DNS))
	for _, s := range c.DNS {
		host, _, err := net.SplitHostPort(s)
		if err != nil {
			host = s
		}
		if net.ParseIP(strings.Trim(host, "[]")) == nil {
			return o, errs.Hint(errs.New(errs.Misused, "%.60q is no address of a name server", s), "give an address, such as 9.9.9.9")
		}
		servers = append(servers, s)
	}
	dns, err := resolve.New(resolve.Options{Servers: servers})
	if err != nil {
		return o, err
	}
	o.DNS = dns
	for _, d := range c.Domains {
		if !slices.ContainsFunc(o.Domains, func(x maildomain.Domain) bool { return strings.EqualFold(x.Name, d) }) {
			o.Domains = append(o.Domains, maildomain.Domain{Name: d, Selectors: c.Selector})
		}
	}
	if c.Connect {
		o.Probe = new(maildomain.Probe)
	}
	return o, nil
}

// domainLook is a domain as printed by --json: what is known, and why the rest is not.
type domainLook struct {
	Name    string            `json:"name"`
	Values  map[string]any    `json:"values"`
	Missing map[string]string `json:"missing,omitempty"`
}

func (r *runner) printLooks(looks []maildomain.Look) error {
	out := make([]domainLook, 0, len(looks))
	bad, unknown := 0, 0
	for i := range looks {
		v, missing := looks[i].State()
		out = append(out, domainLook{Name: looks[i].Name, Values: v, Missing: missing})
		switch {
		case forgeable(v):
			bad++
		case v["dmarc_policy"] == nil:
			unknown++
		}
	}
	if r.JSON {
		if err := r.printJSON(out); err != nil {
			return err
		}
	} else {
		for i, d := range out {
			if i > 0 {
				fmt.Fprintln(r.Stdout)
			}
			if err := r.printDomain(&d); err != nil {
				return err
			}
		}
	}
	switch {
	case bad > 0:
		return found{count(bad, "domain", "domains") + " can be forged"}
	case unknown > 0:
		return found{"of " + count(unknown, "domain", "domains") + " it is not known whether mail in its name can be forged"}
	}
	return nil
}

// forgeable reports whether it is known that others take mail that only claims to come
// from the domain.
func forgeable(v fact.Values) bool {
	policy, known := v["dmarc_policy"].(string)
	return known && policy != "quarantine" && policy != "reject"
}

// domainRows are the attributes shown, in this order, with their words.
var domainRows = []struct{ words, attribute, problems string }{
	{"who may send (SPF)", "spf", "spf_problems"},
	{"signature (DKIM)", "dkim", "dkim_problems"},
	{"forged mail (DMARC)", "dmarc_policy", "dmarc_problems"},
	{"  below the domain", "dmarc_subdomain_policy", ""},
	{"  reports asked for", "dmarc_reporting", ""},
	{"mail servers encrypt", "mx_starttls", "mx_problems"},
	{"  certificates fit", "mx_certificates_valid", ""},
	{"encryption required (MTA-STS)", "mta_sts", "mta_sts_problems"},
	{"  failures reported (TLS-RPT)", "tls_reporting", ""},
}

func (r *runner) printDomain(d *domainLook) error {
	w, p := r.Stdout, r.palette()
	fmt.Fprintln(w, p.bold(d.Name))
	t := table{width: r.Width}
	for _, row := range domainRows {
		v, known := d.Values[row.attribute]
		switch why, missing := d.Missing[row.attribute]; {
		case known:
			t.add("  "+row.words, spoken(v), "")
		case missing:
			t.add("  "+row.words, p.dim("not measured"), p.dim(why))
		default: // says nothing of this domain
			continue
		}
		problems, _ := d.Values[row.problems].([]string)
		for _, x := range problems {
			t.add("", "", x)
		}
	}
	return t.print(w)
}
