package dmarc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/asepsis/asepsis/internal/mail"
)

// Code names a kind of problem.
type Code string

// The problems, and where they are written.
const (
	SeveralRecords Code = "several_records"  // RFC 7489 section 6.6.3, RFC 9989 section 4.10
	BadSyntax      Code = "syntax"           // RFC 7489 section 6.3
	NoPolicy       Code = "no_policy"        // RFC 9989 section 4.10.1: a record without p
	Watching       Code = "watching"         // p=none: others only report
	Testing        Code = "testing"          // t=y, or pct below 100: applied to a share, or one level down
	WeakBelow      Code = "weak_below"       // names below the domain are protected less
	Differs        Code = "differs"          // old and new receivers apply different policies
	NoReports      Code = "no_reports"       // no rua
	ReportsRefused Code = "reports_refused"  // RFC 7489 section 7.1: the address's domain has not agreed
	ReportsUnknown Code = "reports_unknown"  // DNS did not say whether it has
	ReportsElse    Code = "reports_not_mail" // no address by mail, which is the only way every receiver has
)

// Problem is something wrong, or unwise, with a domain's policy.
type Problem struct {
	Code   Code
	Domain string // whose record it is about
	Why    string // for people
}

// Reading is what a domain has.
type Reading struct {
	Domain   string
	Old, New Answer // by RFC 7489 and by RFC 9989
	// Policy is what every receiver does with every failing message, by whichever
	// standard: the weaker of both. Below and Invented are the same for names below.
	Policy, Below, Invented Policy
	// Reporting says that aggregate reports reach somebody: an address is given, by
	// mail, and its domain takes them. It means nothing where ReportingUnknown is set.
	Reporting        bool
	ReportingUnknown error
	Problems         []Problem
}

// Record is the record that applies by the newer standard, else by the older; nil
// where there is none.
func (r *Reading) Record() *Record {
	if r.New.Record != nil {
		return r.New.Record
	}
	return r.Old.Record
}

// Read finds out what a domain asks of receivers. Its error says that DNS did not
// answer where the record is looked for, so that nobody knows.
func Read(ctx context.Context, dns mail.DNS, domain string) (*Reading, error) {
	f := &finder{ctx: ctx, dns: dns, known: map[string]lookup{}}
	out := &Reading{Domain: domain}
	var err error
	if out.Old, err = f.discover(domain, RFC7489); err != nil {
		return nil, err
	}
	if out.New, err = f.discover(domain, RFC9989); err != nil {
		return nil, err
	}
	out.Old.Several, out.New.Several = f.several, f.several
	out.Policy = Weaker(out.Old.Policy, out.New.Policy)
	out.Below = Weaker(out.Old.Below, out.New.Below)
	out.Invented = Weaker(out.Old.Invented, out.New.Invented)
	for _, d := range f.several {
		out.problem(SeveralRecords, d, "there is more than one DMARC record; receivers then use none")
	}
	out.judge()
	out.reports(ctx, dns)
	return out, nil
}

func (r *Reading) problem(code Code, domain, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{Code: code, Domain: domain, Why: fmt.Sprintf(format, args...)})
}

func (r *Reading) judge() {
	rec, at := r.Record(), r.New.Found
	if at == "" {
		at = r.Old.Found
	}
	if rec == nil {
		return
	}
	for _, f := range rec.Faults {
		r.problem(BadSyntax, at, "%s", f)
	}
	if rec.P == "" || rec.odd {
		r.problem(NoPolicy, at, "the record names no policy that receivers know, and counts as none")
	}
	if r.Policy == None && rec.P == None {
		r.problem(Watching, at, "the policy none asks receivers to deliver forged mail and to report it")
	}
	if rec.Percent < 100 {
		r.problem(Testing, at, "pct=%d: older receivers apply the policy to %d of 100 forged messages, newer ones ignore it", rec.Percent, rec.Percent)
	}
	if rec.Testing {
		r.problem(Testing, at, "t=y: newer receivers apply the policy one level lower")
	}
	if r.Old.Policy != r.New.Policy && r.Old.Found != r.New.Found {
		r.problem(Differs, r.Domain, "receivers by %s apply %s, those by %s %s", RFC7489, r.Old.Policy, RFC9989, r.New.Policy)
	}
	switch low := Weaker(r.Below, r.Invented); {
	case r.Policy == None || r.Policy == Missing || Weaker(low, r.Policy) == r.Policy:
	case low == r.Below:
		r.problem(WeakBelow, at, "forged mail of names below the domain gets %s, of the domain itself %s", low, r.Policy)
	default:
		r.problem(WeakBelow, at, "forged mail of made-up names below the domain gets %s, of the domain itself %s", low, r.Policy)
	}
}

// reports finds out whether aggregate reports arrive. Whoever takes the reports of
// a domain of somebody else has to say so in DNS, or receivers send none.
func (r *Reading) reports(ctx context.Context, dns mail.DNS) {
	rec, at := r.Record(), r.New.Found
	if at == "" {
		at = r.Old.Found
	}
	if rec == nil || rec.invalid {
		return
	}
	if len(rec.RUA) == 0 {
		r.problem(NoReports, at, "no address for reports is given, so nobody learns who sends in your name")
		return
	}
	byMail := slices.ContainsFunc(rec.RUA, func(u URI) bool { return u.Domain != "" })
	if !byMail {
		r.problem(ReportsElse, at, "no address for reports begins with mailto:, the only way all receivers have")
	}
	asked := map[string]bool{}
	for _, u := range rec.RUA {
		if u.Domain == "" || asked[u.Domain] {
			continue
		}
		asked[u.Domain] = true
		if Organizational(u.Domain) == Organizational(at) {
			r.Reporting = true
			continue
		}
		switch ok, err := agreed(ctx, dns, at, u.Domain); {
		case err != nil:
			r.ReportingUnknown = errors.Join(r.ReportingUnknown, err)
			r.problem(ReportsUnknown, at, "whether %s takes the reports is not known: %s", u.Domain, mail.Why(err))
		case ok:
			r.Reporting = true
		default:
			r.problem(ReportsRefused, at, "%s has not agreed to take the reports: there is no record %s", u.Domain, reportName(at, u.Domain))
		}
	}
	if r.Reporting {
		r.ReportingUnknown = nil
	}
}

func reportName(domain, host string) string { return domain + "._report._dmarc." + host }

func agreed(ctx context.Context, dns mail.DNS, domain, host string) (bool, error) {
	name := reportName(domain, host)
	if !mail.Name(name) {
		return false, nil
	}
	txt, err := mail.Exists(dns.TXT(ctx, name))
	return slices.ContainsFunc(txt, Is), err
}
