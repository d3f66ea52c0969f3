package maildomain

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/mail"
	"github.com/asepsis/asepsis/internal/mail/dkim"
	"github.com/asepsis/asepsis/internal/mail/spf"
	"github.com/asepsis/asepsis/internal/mail/sts"
)

// stated gathers what is stated of a domain.
type stated struct {
	values  fact.Values
	missing map[string]string
}

func (s *stated) miss(why string, attrs ...string) {
	for _, a := range attrs {
		s.missing[a] = why
	}
}

// The attributes of each part, which are missing together.
var (
	spfAttrs    = []string{"spf", "sends_mail", "spf_lookups", "spf_void_lookups", "spf_problems", "spf_addresses"}
	dmarcAttrs  = []string{"dmarc_policy", "dmarc_subdomain_policy", "dmarc_reporting", "dmarc_problems"}
	dkimAttrs   = []string{"dkim", "dkim_keys", "dkim_problems"}
	mxAttrs     = []string{"takes_mail", "mx_hosts"}
	mxTLSAttrs  = []string{"mx_starttls", "mx_certificates_valid", "mx_certificate_expires_at", "mx_problems"}
	stsAttrs    = []string{"mta_sts", "mta_sts_problems"}
	reportAttrs = []string{"tls_reporting"}
)

// State says what a look saw, in the words of the vocabulary and those proposed for
// it. An attribute is a value, or missing with its reason, or of no meaning here.
func (l *Look) State() (fact.Values, map[string]string) {
	s := &stated{values: fact.Values{"name": l.Name}, missing: map[string]string{}}
	if l.NoName {
		for _, part := range [][]string{spfAttrs, dmarcAttrs, dkimAttrs, mxAttrs, mxTLSAttrs, stsAttrs, reportAttrs} {
			s.miss("DNS knows no domain of this name; look whether it is spelled right, and still yours", part...)
		}
		return s.values, s.missing
	}
	l.spf(s)
	l.dmarc(s)
	l.dkim(s)
	l.mx(s)
	l.sts(s)
	switch {
	case l.TLSReportsErr != nil:
		s.miss(mail.Why(l.TLSReportsErr), reportAttrs...)
	default:
		s.values["tls_reporting"] = l.TLSReports != nil && l.TLSReports.Fault == ""
	}
	return s.values, s.missing
}

func (l *Look) spf(s *stated) {
	if l.SPFErr != nil {
		s.miss(mail.Why(l.SPFErr), spfAttrs...)
		return
	}
	r := l.SPF
	problems := make([]string, 0, len(r.Problems))
	for _, p := range r.Problems {
		switch text := p.Domain + ": "; {
		case p.Term != "":
			problems = append(problems, text+p.Term+": "+p.Why)
		default:
			problems = append(problems, text+p.Why)
		}
	}
	if r.Ends == spf.EndNone {
		s.values["spf"] = string(r.Ends)
		return
	}
	if len(problems) == 0 && len(r.Unread) > 0 { // none were found, and not all was looked at
		s.miss(mail.Why(r.Unread[0]), "spf_problems")
	} else {
		s.values["spf_problems"] = problems
	}
	if len(r.Unread) > 0 && r.Ends != spf.EndBroken && r.Ends != spf.EndPassAll {
		// Whatever was not read could break the record, or open it to anybody.
		s.miss("a record that it takes in could not be read: "+mail.Why(r.Unread[0]), "spf", "spf_lookups", "spf_void_lookups", "spf_addresses")
	} else {
		s.values["spf"] = string(r.Ends)
	}
	if len(r.Unread) == 0 && r.Record != "" {
		s.values["spf_lookups"], s.values["spf_void_lookups"] = int64(r.Lookups), int64(r.Voids)
		s.values["spf_addresses"] = int64(r.IPv4()) //nolint:gosec // at most 2^32
	}
	if r.Record != "" {
		s.values["sends_mail"] = !r.SendsNothing
	}
}

func (l *Look) dmarc(s *stated) {
	if l.DMARCErr != nil {
		s.miss(mail.Why(l.DMARCErr), dmarcAttrs...)
		return
	}
	r := l.DMARC
	problems := make([]string, 0, len(r.Problems))
	for _, p := range r.Problems {
		problems = append(problems, p.Domain+": "+p.Why)
	}
	s.values["dmarc_policy"], s.values["dmarc_subdomain_policy"] = string(r.Policy), string(r.Below)
	s.values["dmarc_problems"] = problems
	if r.ReportingUnknown != nil {
		s.miss("whether the reports may be sent there is not known: "+mail.Why(first(r.ReportingUnknown)), "dmarc_reporting")
		return
	}
	s.values["dmarc_reporting"] = r.Reporting
}

// why says for people what an error of a fetch means.
func why(err error) string {
	var u *mail.Unanswered
	if errors.As(err, &u) {
		return mail.Why(err)
	}
	return err.Error()
}

// first is the first of joined errors.
func first(err error) error {
	var list interface{ Unwrap() []error }
	if errors.As(err, &list) {
		if all := list.Unwrap(); len(all) > 0 {
			return all[0]
		}
	}
	return err
}

// dkim never says that mail is not signed: keys cannot be listed, only looked for.
func (l *Look) dkim(s *stated) {
	r := l.DKIM
	keys, problems := []string{}, []string{}
	for i := range r.Keys {
		k := &r.Keys[i]
		keys = append(keys, fmt.Sprintf("%s %s %d", k.Selector, k.Type, k.Bits))
		if why := faultOf(k); why != "" {
			problems = append(problems, k.Selector+": "+why)
		}
	}
	usable := r.Usable()
	switch {
	case r.Wildcard:
		s.miss("any name of a key has an answer in this domain, so finding one says nothing; ask whoever runs the mail service", dkimAttrs...)
	case len(usable) > 0:
		s.values["dkim"], s.values["dkim_keys"], s.values["dkim_problems"] = true, keys, problems
	case len(r.Keys) > 0:
		s.values["dkim_keys"], s.values["dkim_problems"] = keys, problems
		s.miss("the keys that were found cannot be used; others may have names that nobody told", "dkim")
	case l.sendsNothing():
		s.miss("the domain says that it sends no mail", dkimAttrs...)
	case len(r.Unread) > 0:
		s.miss(mail.Why(r.Unread[0]), dkimAttrs...)
	case r.NoneBelow:
		s.miss("no key was found, and DNS knows no name below _domainkey; name the selector of your mail service if it has one", dkimAttrs...)
	default:
		s.miss(fmt.Sprintf("no key was found under %d usual names; name the selector of your mail service, or import a DMARC report", len(r.Asked)), dkimAttrs...)
	}
}

func (l *Look) sendsNothing() bool { return l.SPF != nil && l.SPF.SendsNothing }

func faultOf(k *dkim.Key) string {
	switch {
	case k.Fault != "":
		return k.Fault
	case k.Revoked:
		return "the key is revoked"
	case k.Weak():
		return fmt.Sprintf("the key has %d bits; receivers take none below 1024", k.Bits)
	case k.SHA1:
		return "the key is for SHA-1 alone, which receivers do not take"
	case k.NotMail:
		return "the key is not for mail"
	case k.Testing:
		return "the key is marked as a test (t=y), so a signature may count as none"
	case k.Short():
		return fmt.Sprintf("the key has %d bits; 2048 are advised", k.Bits)
	}
	return ""
}

func (l *Look) mx(s *stated) {
	if l.MXErr != nil {
		s.miss(mail.Why(l.MXErr), mxAttrs...)
		s.miss(mail.Why(l.MXErr), mxTLSAttrs...)
		return
	}
	hosts := make([]string, 0, len(l.MX.Hosts))
	for _, h := range l.MX.Hosts {
		hosts = append(hosts, h.Host)
	}
	s.values["takes_mail"], s.values["mx_hosts"] = l.MX.TakesMail(), hosts
	if !l.MX.TakesMail() {
		return
	}
	if !l.Probed {
		s.miss("only DNS was asked; let the mail servers be connected to", mxTLSAttrs...)
		return
	}
	l.mxTLS(s)
}

func (l *Look) mxTLS(s *stated) {
	problems := []string{}
	plain, bad, unreached, unjudged, dead := false, false, "", "", 0
	var expires time.Time
	for i := range l.Hosts {
		h := &l.Hosts[i]
		if h.Unreached != "" {
			unreached = h.Name + ": " + h.Unreached
			continue
		}
		if h.NoAddress {
			dead++
			problems = append(problems, h.Name+": it has no address that mail could be delivered to")
			continue
		}
		if h.Fault != "" {
			plain = true
			problems = append(problems, h.Name+": "+h.Fault)
			continue
		}
		if h.Unjudged != "" {
			unjudged = h.Name + ": " + h.Unjudged
		}
		if h.Outdated != "" {
			problems = append(problems, h.Name+": "+h.Outdated)
		}
		for _, f := range h.CertFaults {
			bad = true
			problems = append(problems, h.Name+": "+f)
		}
		if expires.IsZero() || h.NotAfter.Before(expires) {
			expires = h.NotAfter
		}
	}
	if len(problems) == 0 && unreached != "" { // none were found, and not all was looked at
		s.miss(unreached, "mx_problems")
	} else {
		s.values["mx_problems"] = problems
	}
	switch {
	case plain:
		s.values["mx_starttls"] = false
	case unreached != "":
		s.miss(unreached, "mx_starttls")
	case dead == len(l.Hosts):
		s.miss("no mail server has an address", "mx_starttls")
	default:
		s.values["mx_starttls"] = true
	}
	switch {
	case bad:
		s.values["mx_certificates_valid"] = false
	case unjudged != "":
		s.miss(unjudged, "mx_certificates_valid")
	case unreached != "":
		s.miss(unreached, "mx_certificates_valid")
	case expires.IsZero():
		s.miss("no mail server showed a certificate", "mx_certificates_valid")
	default:
		s.values["mx_certificates_valid"] = true
	}
	switch {
	case !expires.IsZero():
		s.values["mx_certificate_expires_at"] = expires.UTC()
	case s.missing["mx_certificates_valid"] != "":
		s.miss(s.missing["mx_certificates_valid"], "mx_certificate_expires_at")
	}
}

func (l *Look) sts(s *stated) {
	switch {
	case l.STSErr != nil:
		s.miss(mail.Why(l.STSErr), stsAttrs...)
	case l.STS == nil:
		s.values["mta_sts"] = "none"
	case l.STS.Fault != "":
		s.values["mta_sts"], s.values["mta_sts_problems"] = "broken", []string{l.STS.Fault}
	case !l.Probed:
		s.miss("only DNS was asked; let the policy be fetched", stsAttrs...)
	case l.PolicyErr != nil:
		s.miss(why(l.PolicyErr), stsAttrs...)
	case l.PolicyFault != "":
		s.values["mta_sts"], s.values["mta_sts_problems"] = "broken", []string{l.PolicyFault}
	default:
		l.policy(s)
	}
}

// policy states a policy that senders can use, and what would lose mail.
func (l *Look) policy(s *stated) {
	mode := string(l.Policy.Mode)
	problems := []string{}
	if l.Policy.Mode == sts.Off {
		mode = "withdrawn"
	}
	if l.MX != nil && l.Policy.Mode != sts.Off {
		for _, h := range l.MX.Hosts {
			if !l.Policy.Lets(h.Host) {
				problems = append(problems, "the policy does not name the mail server "+h.Host+", so senders that follow it do not deliver there")
			}
		}
	}
	const shortest = 24 * time.Hour
	if l.Policy.Mode == sts.Enforce && l.Policy.MaxAge < shortest {
		problems = append(problems, "the policy is kept for less than a day, so an attacker only has to wait")
	}
	s.values["mta_sts"], s.values["mta_sts_problems"] = mode, problems
}

// notes are the parts that could not be read, for the end of a report.
func (l *Look) notes() []fact.Note {
	_, missing := l.State()
	var out []fact.Note
	for _, p := range []struct{ attr, what string }{
		{"spf", "SPF"}, {"dmarc_policy", "DMARC"}, {"dkim", "DKIM"}, {"mx_starttls", "encryption on the way"}, {"mta_sts", "MTA-STS"}, {"tls_reporting", "TLS reporting"},
	} {
		if why := missing[p.attr]; why != "" && !strings.HasPrefix(why, "only DNS was asked") {
			out = append(out, fact.Note{What: p.what, Why: why})
		}
	}
	return out
}
