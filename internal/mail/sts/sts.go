// Package sts reads how mail to a domain is protected on its way: where it is
// delivered (MX, RFC 5321 and RFC 7505), whether senders are told to insist on
// encryption there (MTA-STS, RFC 8461), and whether they report when that fails
// (TLS reporting, RFC 8460).
//
// It is pure: it asks through [mail.DNS] and is handed the policy's text.
package sts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/mail"
)

// Exchange is where mail of a domain is delivered.
type Exchange struct {
	Hosts    []mail.MX // the most preferred first
	Null     bool      // the domain says that it takes no mail (RFC 7505)
	Implicit bool      // there is no MX record; the domain's own address takes the mail (RFC 5321 section 5.1)
}

// TakesMail reports whether mail can be delivered at all.
func (e *Exchange) TakesMail() bool { return len(e.Hosts) > 0 }

// maxHosts bounds the hosts that are looked at.
const maxHosts = 20

// Exchangers finds where mail of a domain is delivered.
func Exchangers(ctx context.Context, dns mail.DNS, domain string) (*Exchange, error) {
	hosts, err := mail.Exists(dns.MX(ctx, domain))
	if err != nil {
		return nil, err
	}
	out := &Exchange{}
	for _, h := range hosts {
		switch {
		case h.Host == "":
			out.Null = true
		case mail.Name(h.Host) && len(out.Hosts) < maxHosts && !slices.ContainsFunc(out.Hosts, func(m mail.MX) bool { return strings.EqualFold(m.Host, h.Host) }):
			h.Host = strings.ToLower(h.Host)
			out.Hosts = append(out.Hosts, h)
		}
	}
	out.Null = out.Null && len(out.Hosts) == 0
	if len(hosts) > 0 {
		return out, nil
	}
	for _, ask := range []func() (bool, error){
		func() (bool, error) { a, err := mail.Exists(dns.A(ctx, domain)); return len(a) > 0, err },
		func() (bool, error) { a, err := mail.Exists(dns.AAAA(ctx, domain)); return len(a) > 0, err },
	} {
		found, err := ask()
		if err != nil {
			return nil, err
		}
		if found {
			out.Implicit, out.Hosts = true, []mail.MX{{Host: domain}}
			return out, nil
		}
	}
	return out, nil
}

// Record announces a policy.
type Record struct {
	ID    string
	Fault string // why senders pass it over, for people; "" where they do not
}

// ReadRecord reads the announcement of a domain's policy; nil where there is none.
func ReadRecord(ctx context.Context, dns mail.DNS, domain string) (*Record, error) {
	txt, err := one(ctx, dns, "_mta-sts."+domain, "v=STSv1")
	if txt == nil || err != nil {
		return nil, err
	}
	if len(txt) > 1 {
		return &Record{Fault: "there is more than one MTA-STS record; senders then use none"}, nil
	}
	r := &Record{ID: fields(txt[0])["id"]}
	if r.ID == "" || len(r.ID) > 32 || strings.Trim(strings.ToLower(r.ID), "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		r.Fault = "its id is not of 1 to 32 letters and digits"
	}
	return r, nil
}

// Reports says where reports on failed encryption go.
type Reports struct {
	To    []string
	Fault string // why senders pass it over, for people; "" where they do not
}

// ReadReports reads where TLS reports go; nil where nobody asked for them.
func ReadReports(ctx context.Context, dns mail.DNS, domain string) (*Reports, error) {
	txt, err := one(ctx, dns, "_smtp._tls."+domain, "v=TLSRPTv1")
	if txt == nil || err != nil {
		return nil, err
	}
	if len(txt) > 1 {
		return &Reports{Fault: "there is more than one TLS-RPT record; senders then use none"}, nil
	}
	r := &Reports{}
	for u := range strings.SplitSeq(fields(txt[0])["rua"], ",") {
		u = strings.TrimSpace(u)
		low := strings.ToLower(u)
		if (strings.HasPrefix(low, "mailto:") && strings.Contains(u, "@") || strings.HasPrefix(low, "https://")) && len(r.To) < maxHosts {
			r.To = append(r.To, u)
		}
	}
	if len(r.To) == 0 {
		r.Fault = "it names no address that begins with mailto: or https:"
	}
	return r, nil
}

// one returns the records of a name that begin with the version; both standards say
// that others are passed over, and that several count as none.
func one(ctx context.Context, dns mail.DNS, name, version string) ([]string, error) {
	if !mail.Name(name) {
		return nil, nil
	}
	txt, err := mail.Exists(dns.TXT(ctx, name))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range txt {
		if rest, ok := strings.CutPrefix(s, version); ok && len(s) <= maxPolicy && (rest == "" || strings.HasPrefix(strings.TrimLeft(rest, " \t"), ";")) {
			out = append(out, s)
		}
	}
	return out, nil
}

func fields(s string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(s, ";") {
		k, v, ok := strings.Cut(part, "=")
		if k = strings.TrimSpace(k); ok && out[k] == "" {
			out[k] = strings.TrimSpace(v)
		}
	}
	return out
}

// PolicyHost and PolicyPath are where a domain's policy is fetched, by HTTPS alone.
func PolicyHost(domain string) string { return "mta-sts." + domain }

// PolicyPath is the path of the policy.
const PolicyPath = "/.well-known/mta-sts.txt"

// PolicyURL is the address of a domain's policy.
func PolicyURL(domain string) string {
	return fmt.Sprintf("https://%s%s", PolicyHost(domain), PolicyPath)
}
