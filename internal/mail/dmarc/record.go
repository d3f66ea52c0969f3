// Package dmarc reads what a domain asks others to do with mail that only claims to
// be from it, by RFC 7489, which most receivers still follow, and by its successor
// RFC 9989 where that differs: in where the record is looked for (a walk up the
// tree of names, not a list of public suffixes) and in the tags psd, np, t and pct.
//
// It is pure: it asks through [mail.DNS]. [Read] says what a domain has; [Tally]
// adds up what receivers report about mail in its name.
package dmarc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/mail"
)

// Policy is what receivers are asked to do with mail that fails.
type Policy string

// The policies, weakest first. Missing says that there is no policy at all.
const (
	Missing    Policy = "missing"
	None       Policy = "none"
	Quarantine Policy = "quarantine"
	Reject     Policy = "reject"
)

var strength = []Policy{Missing, None, Quarantine, Reject}

// Weaker returns the weaker of two policies.
func Weaker(a, b Policy) Policy {
	return strength[max(0, min(slices.Index(strength, a), slices.Index(strength, b)))]
}

// lower is the policy one level below, which is what a domain that is testing gets.
func (p Policy) lower() Policy {
	switch p {
	case Reject:
		return Quarantine
	case Quarantine:
		return None
	case None, Missing:
	}
	return p
}

const (
	maxRecord = 16 << 10
	maxURIs   = 20
	maxFaults = 20
)

// Record is a parsed record.
type Record struct {
	Text       string
	P, SP, NP  Policy // "" where the tag is absent or has no such value
	StrictDKIM bool   // adkim=s
	StrictSPF  bool   // aspf=s
	Percent    int    // pct, of RFC 7489 alone; 100 where absent
	Testing    bool   // t=y, of RFC 9989 alone
	PSD        string // y, n, u: whether it is of a public suffix; RFC 9989 alone
	RUA, RUF   []URI
	Faults     []string // what in it cannot be read, for people

	odd     bool // sp or np has a value that is none
	invalid bool // a tag stands twice: the whole list is invalid (RFC 6376 section 3.2)
}

// URI is an address for reports.
type URI struct {
	Text   string
	Domain string // of a mailto address, lower case; "" for other schemes
}

// Is reports whether a TXT record is a DMARC record: its first tag is v=DMARC1.
func Is(txt string) bool {
	first, _, _ := strings.Cut(txt, ";")
	tag, value, ok := strings.Cut(first, "=")
	return ok && strings.Trim(tag, " \t") == "v" && strings.Trim(value, " \t") == "DMARC1"
}

// Parse reads a record, or reports false where the text is none. What it cannot
// read of it is among the faults and left at its default, as both standards say.
func Parse(txt string) (*Record, bool) {
	if !Is(txt) || len(txt) > maxRecord {
		return nil, false
	}
	r := &Record{Text: txt, Percent: 100, PSD: "u"}
	fault := func(format string, args ...any) { r.Faults = append(r.Faults, fmt.Sprintf(format, args...)) }
	_, rest, _ := strings.Cut(txt, ";")
	seen := map[string]bool{"v": true}
	for part := range strings.SplitSeq(rest, ";") {
		if len(r.Faults) >= maxFaults {
			break
		}
		if strings.Trim(part, " \t") == "" {
			continue
		}
		tag, value, ok := strings.Cut(part, "=")
		tag, value = strings.Trim(tag, " \t"), strings.Trim(value, " \t")
		if !ok {
			fault("%.40q has no value", part)
			continue
		}
		if seen[tag] {
			r.invalid = true
			fault("the tag %.20s stands twice, which makes the record invalid", tag)
			continue
		}
		seen[tag] = true
		r.tag(tag, value, fault)
	}
	return r, true
}

func (r *Record) tag(tag, value string, fault func(string, ...any)) {
	low := strings.ToLower(value)
	flag := func(yes, no string) bool {
		if low != yes && low != no {
			fault("%s=%.20s: want %s or %s", tag, value, yes, no)
		}
		return low == yes
	}
	policy := func(into *Policy) {
		switch p := Policy(low); p {
		case None, Quarantine, Reject:
			*into = p
		default:
			fault("%s=%.20s: want none, quarantine or reject", tag, value)
			r.odd = r.odd || tag != "p"
		}
	}
	switch tag {
	case "p":
		policy(&r.P)
	case "sp":
		policy(&r.SP)
	case "np":
		policy(&r.NP)
	case "adkim":
		r.StrictDKIM = flag("s", "r")
	case "aspf":
		r.StrictSPF = flag("s", "r")
	case "t":
		r.Testing = flag("y", "n")
	case "psd":
		if low != "y" && low != "n" && low != "u" {
			fault("psd=%.20s: want y, n or u", value)
			return
		}
		r.PSD = low
	case "pct":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > 100 {
			fault("pct=%.20s: want a number from 0 to 100", value)
			return
		}
		r.Percent = n
	case "rua":
		r.RUA = uris(tag, value, fault)
	case "ruf":
		r.RUF = uris(tag, value, fault)
	}
}

func uris(tag, value string, fault func(string, ...any)) []URI {
	var out []URI
	for s := range strings.SplitSeq(value, ",") {
		s = strings.Trim(s, " \t")
		if len(out) == maxURIs {
			fault("%s lists more than %d addresses", tag, maxURIs)
			return out
		}
		scheme, rest, ok := strings.Cut(s, ":")
		if !ok || rest == "" {
			fault("%s: %.60q is no address; it needs mailto: before it", tag, s)
			continue
		}
		u := URI{Text: s}
		if strings.EqualFold(scheme, "mailto") {
			rest, _, _ = strings.Cut(rest, "!") // a size, which RFC 9989 has ignored
			rest, _, _ = strings.Cut(rest, "?")
			_, host, ok := strings.Cut(rest, "@")
			host = strings.ToLower(strings.TrimSuffix(host, "."))
			if !ok || !mail.Name(host) || !strings.Contains(host, ".") {
				fault("%s: %.60q is no mail address", tag, s)
				continue
			}
			u.Domain = host
		}
		out = append(out, u)
	}
	return out
}

// usable returns the record's own policy, or Missing where receivers leave the
// record alone: without a policy it counts only if it asks for reports.
func (r *Record) usable() Policy {
	switch {
	case r.invalid:
		return Missing
	case r.P != "" && !r.odd:
		return r.P
	case len(r.RUA) > 0:
		return None
	}
	return Missing
}

// below returns the policy for names below the domain: those that exist, or those
// that somebody made up.
func (r *Record) below(exists bool, s Standard) Policy {
	own := r.usable()
	switch {
	case own == Missing || r.P == "" || r.odd:
		return own
	case !exists && s == RFC9989 && r.NP != "":
		return r.NP
	case r.SP != "":
		return r.SP
	}
	return own
}

// applied is what is done to every failing message, not only to a share of them.
func (r *Record) applied(p Policy, s Standard) Policy {
	if s == RFC7489 && r.Percent < 100 || s == RFC9989 && r.Testing {
		return p.lower()
	}
	return p
}
