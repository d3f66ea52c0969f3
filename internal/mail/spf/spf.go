// Package spf decides whether a machine may send mail for a domain (RFC 7208), and
// reads what a domain's record says without any message at hand: how many look-ups
// it costs, what it ends in, what in it is too wide.
//
// It is pure: it asks through [mail.DNS]. [Check] is the RFC's check_host, and
// passes its public test suite; [Read] is the static reading.
package spf

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/mail"
)

// Result is the outcome of a check, in the words of RFC 7208 section 2.6.
type Result string

// The results.
const (
	None      Result = "none"      // no record
	Neutral   Result = "neutral"   // the record says nothing of the sender
	Pass      Result = "pass"      // may send
	Fail      Result = "fail"      // may not
	SoftFail  Result = "softfail"  // probably may not
	TempError Result = "temperror" // DNS did not answer
	PermError Result = "permerror" // the record is broken
)

// The limits of RFC 7208 section 4.6.4.
const (
	MaxLookups = 10 // terms that ask DNS, over all records
	MaxVoids   = 2  // of these look-ups, those that bring nothing
	maxHosts   = 10 // MX hosts, or names of an address
)

// Request says who wants to send.
type Request struct {
	IP       netip.Addr
	HELO     string    // the name the machine gave
	MailFrom string    // the envelope's sender; "" for a bounce, which is judged by HELO
	Receiver string    // our own name, for explanations; "" becomes "unknown"
	Now      time.Time // for explanations
}

// Outcome is what a check found.
type Outcome struct {
	Result Result
	// Why names the term that decided, or what went wrong.
	Why string
	// Explanation is what the domain says to a sender it refuses; "" where it says
	// nothing, or nothing that can be shown.
	Explanation string
	Lookups     int // terms that asked DNS
	Voids       int // look-ups that brought nothing
}

// Check decides on one message. It asks at most 10 terms' worth of questions,
// whatever the records say, and returns soon after ctx ends.
func Check(ctx context.Context, dns mail.DNS, req Request) Outcome {
	sender := req.MailFrom
	if sender == "" {
		sender = req.HELO
	}
	local, domain, ok := cutLast(sender, '@')
	if !ok {
		local, domain = "", sender
	}
	if local == "" {
		local = "postmaster"
	}
	req.IP = req.IP.Unmap().WithZone("")
	e := &check{ctx: ctx, dns: dns, req: req, local: local, sender: domain}
	domain = strings.TrimSuffix(domain, ".")
	if !mail.Name(domain) || !strings.Contains(domain, ".") || strings.ContainsAny(domain, "[] ") {
		return Outcome{Result: None, Why: "the sender has no domain that could have a record"}
	}
	f := e.host(domain)
	out := Outcome{Result: f.result, Why: f.why, Lookups: e.lookups, Voids: e.voids}
	if f.result == Fail && f.exp != nil {
		out.Explanation = e.explain(f.exp, f.domain)
	}
	return out
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}
