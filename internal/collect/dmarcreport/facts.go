package dmarcreport

import (
	"fmt"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/mail"
	"github.com/asepsis/asepsis/internal/mail/dmarc"
)

// KindSender is the kind proposed for a sender; its facts flow when the vocabulary
// has it.
const KindSender fact.Kind = "mail_sender"

// maxShown is how many failing senders a domain's own fact names.
const maxShown = 20

// domainFacts states a domain and its senders.
func domainFacts(d *dmarc.Domain, senders []dmarc.Sender, in collect.Input) []fact.Fact {
	var out []fact.Fact
	// A name that nobody asked about and none of whose mail passes was made up by
	// somebody: it is no domain of ours.
	if d.Published.Domain == d.Name || d.Passed > 0 {
		values, missing := domainValues(d, senders)
		if f, ok := mail.Fact(fact.KindDomain, d.Name, values, missing); ok {
			f.ObservedAt = clamp(d.End, in)
			out = append(out, f)
		}
	}
	for i := range senders {
		s := &senders[i]
		if f, ok := mail.Fact(KindSender, s.Domain+"/"+s.Name, senderValues(s), nil); ok {
			f.ObservedAt = clamp(s.End, in)
			out = append(out, f)
		}
	}
	return out
}

// clamp keeps times that a receiver's wrong clock sets into the future at now.
func clamp(t time.Time, in collect.Input) time.Time {
	if t.After(in.Now) {
		return in.Now.UTC()
	}
	return t.UTC()
}

func domainValues(d *dmarc.Domain, senders []dmarc.Sender) (fact.Values, map[string]string) {
	missing := map[string]string{}
	v := fact.Values{
		"name": d.Name, "dmarc_messages": d.Messages, "dmarc_passed": d.Passed, "dmarc_stopped": d.Stopped, "dmarc_forwarded": d.Forwarded,
		"dmarc_failed": d.Messages - d.Passed - d.Forwarded, "dmarc_receivers": int64(len(d.Reporters)), "dmarc_reported_at": d.End.UTC(),
	}
	if d.Published.Domain == d.Name {
		v["dmarc_policy"], v["dmarc_reporting"] = string(d.Published.Applied()), true
	}
	switch {
	case d.DKIM > 0:
		v["dkim"] = true
	case d.Messages > 0:
		missing["dkim"] = "no message in the reports carried a signature of the domain that passed"
	}
	failing := []string{}
	for i := range senders {
		s := &senders[i]
		if bad := s.Messages - s.Passed - s.Forwarded; bad > 0 && len(failing) < maxShown {
			failing = append(failing, fmt.Sprintf("%s: %s", s.Name, reports.Count(int(bad), "message")))
		}
	}
	v["dmarc_failing_senders"] = failing
	return v, missing
}

func senderValues(s *dmarc.Sender) fact.Values {
	addresses := make([]string, 0, len(s.Addresses))
	for _, a := range s.Addresses {
		addresses = append(addresses, a.String())
	}
	return fact.Values{
		"domain": s.Domain, "name": s.Name, "known_by": s.Known, "messages": s.Messages, "passed": s.Passed, "dkim_passed": s.DKIM, "spf_passed": s.SPF,
		"failed": s.Messages - s.Passed - s.Forwarded, "stopped": s.Stopped, "forwarded": s.Forwarded, "addresses": addresses, "more_addresses": s.More,
		"selectors": append([]string{}, s.Selectors...), "first_seen_at": s.Begin.UTC(), "last_seen_at": s.End.UTC(),
	}
}
