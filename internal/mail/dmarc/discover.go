package dmarc

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/asepsis/asepsis/internal/mail"
)

// Standard says by which rules a receiver looks for the record.
type Standard uint8

// The standards.
const (
	RFC7489 Standard = iota // by a list of public suffixes
	RFC9989                 // by a walk up the tree of names
)

func (s Standard) String() string {
	if s == RFC9989 {
		return "RFC 9989"
	}
	return "RFC 7489"
}

// maxWalk is the most names a walk asks about (RFC 9989 section 4.10).
const maxWalk = 8

// Organizational returns the domain that a name was registered under, by the list
// of public suffixes. A name that is a suffix itself is its own.
func Organizational(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if org, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return org
	}
	return name
}

// Aligned reports whether an authenticated domain counts for mail of another:
// strictly where they are the same, else where they belong to one organization.
// The function org returns that; it is [Organizational] or comes of a walk.
func Aligned(strict bool, from, authenticated string, org func(string) string) bool {
	if strings.EqualFold(from, authenticated) {
		return true
	}
	return !strict && from != "" && authenticated != "" && org(from) == org(authenticated)
}

// Answer is what a receiver finds for a domain by one of the standards.
type Answer struct {
	Standard Standard
	Found    string  // the domain whose record applies; "" where none does
	Record   *Record // nil where none applies
	// Org is the organizational domain; "" where DNS did not say.
	Org string
	// Policy is what is done to every message that fails, and Below what is done to
	// those of names below the domain that have no record of their own: existing
	// ones, and Invented: those that somebody made up.
	Policy, Below, Invented Policy
	Several                 []string // names with more than one record, which count as none
}

type finder struct {
	ctx     context.Context //nolint:containedctx // lives no longer than the call that made it
	dns     mail.DNS
	known   map[string]lookup
	several []string
}

type lookup struct {
	record *Record
	err    error
}

// at returns the one record of a domain, or nil.
func (f *finder) at(domain string) (*Record, error) {
	if l, ok := f.known[domain]; ok {
		return l.record, l.err
	}
	var l lookup
	if name := "_dmarc." + domain; mail.Name(name) {
		var txt []string
		if txt, l.err = mail.Exists(f.dns.TXT(f.ctx, name)); l.err == nil {
			n := 0
			for _, s := range txt {
				if r, ok := Parse(s); ok {
					l.record = r
					n++
				}
			}
			if n > 1 {
				l.record = nil
				f.several = append(f.several, domain)
			}
		}
	}
	f.known[domain] = l
	return l.record, l.err
}

// discover finds the record that applies to a domain.
func (f *finder) discover(domain string, s Standard) (Answer, error) {
	out := Answer{Standard: s, Policy: Missing, Below: Missing, Invented: Missing}
	own, err := f.at(domain)
	if err != nil {
		return out, err
	}
	if s == RFC7489 && slices.Contains(f.several, domain) {
		out.Org = Organizational(domain)
		return out, nil // section 6.6.3 looks no further then; a walk does
	}
	var top *Record
	var orgErr error
	var topAt string
	if s == RFC7489 {
		out.Org = Organizational(domain)
		topAt = out.Org
		top, orgErr = f.at(out.Org)
	} else {
		out.Org, topAt, top, orgErr = f.walk(domain)
	}
	switch {
	case own != nil:
		out.Found, out.Record = domain, own
		out.Policy = own.applied(own.usable(), s)
	case orgErr != nil:
		return out, orgErr
	case top != nil:
		out.Found, out.Record = topAt, top
		out.Policy = top.applied(top.below(true, s), s)
	}
	switch {
	case orgErr != nil:
		out.Org = ""
		top = own // a look below needs the organization's record; its own says most of it
	case top == nil:
		// RFC 7489 stops at the organization; RFC 9989 has no record there either.
		return out, nil
	}
	if top != nil {
		out.Below, out.Invented = top.applied(top.below(true, s), s), top.applied(top.below(false, s), s)
	}
	return out, nil
}

// walk goes up the tree of names from domain. It returns the organizational domain,
// and the record that applies there to names without one with the place it was found
// at: the organization's, else that of the public suffix above it.
func (f *finder) walk(domain string) (org, at string, top *Record, err error) {
	name, child := domain, domain // child is one label below name
	org = domain
	for range maxWalk {
		r, err := f.at(name)
		if err != nil {
			return "", "", nil, err
		}
		switch {
		case r == nil:
		case r.PSD == "n" || r.PSD == "y" && name == domain:
			return name, name, r, nil
		case r.PSD == "y":
			own, err := f.at(child)
			switch {
			case err != nil:
				return "", "", nil, err
			case own != nil:
				return child, child, own, nil
			}
			return child, name, r, nil
		default:
			org, at, top = name, name, r
		}
		labels := strings.Split(name, ".")
		drop := 1
		if len(labels) >= maxWalk { // long names are cut short, so that eight questions do
			drop = len(labels) - maxWalk + 1
		}
		child, name = strings.Join(labels[drop-1:], "."), strings.Join(labels[drop:], ".")
		if name == "" {
			break
		}
	}
	return org, at, top, nil
}
