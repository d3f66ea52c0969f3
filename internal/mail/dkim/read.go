package dkim

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/mail"
)

// common are selectors that widespread services give by default. The list is short
// on purpose: what a service really uses is told by reports and by people.
var common = [...]string{
	"selector1", "selector2", // Microsoft 365
	"google",           // Google Workspace
	"s1", "s2", "smtp", // SendGrid and others
	"k1", "k2", "k3", // Mailchimp
	"mandrill", "mxvault", "pm", "mg", "mailjet", "amazonses", "zoho", "zmail",
	"protonmail", "fm1", "sig1", // Proton, Fastmail, iCloud
	"default", "dkim", "mail", "key1", // mail servers' own defaults
}

// Common returns the selectors that are looked for where nobody names better ones.
func Common() []string { return common[:] }

// nobody is a selector that nobody uses: where it has a key, every name has.
const nobody = "asepsis-looks-for-a-wildcard"

const (
	maxSelectors = 200 // bounds the questions about one domain
	// patience is how many look-ups may go unanswered before the rest is given up:
	// each may cost seconds, and where DNS is out of order all of them do.
	patience = 3
)

// Reading is what was found of a domain's keys.
type Reading struct {
	Domain string
	Asked  []string // the selectors looked for
	Keys   []Key    // those found, in that order
	// Unread are the look-ups nobody answered; after three no more are made.
	Unread []error
	// Wildcard says that any selector gives a key, so that finding one says little.
	Wildcard bool
	// NoneBelow says that DNS knows no name below _domainkey at all. Servers that
	// follow RFC 8020 say so only where no key exists, others say it of any name.
	NoneBelow bool
}

// Usable returns the keys that receivers take.
func (r *Reading) Usable() []Key {
	var out []Key
	for i := range r.Keys {
		if r.Keys[i].Usable() {
			out = append(out, r.Keys[i])
		}
	}
	return out
}

// Selector returns the one spelling of a selector that a person or a report names,
// or false where there can be none of the name.
func Selector(s string) (string, bool) {
	s = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(s), "."))
	s, _, _ = strings.Cut(s, "._domainkey")
	ok := mail.Name(s) && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
	return s, ok
}

// Read looks for the keys of a domain under the selectors. It never says that mail
// is not signed: a key may lie under a name that was not among them.
func Read(ctx context.Context, dns mail.DNS, domain string, selectors []string) *Reading {
	out := &Reading{Domain: domain}
	ask := func(selector string) ([]string, bool) {
		name := selector + "._domainkey." + domain
		if !mail.Name(name) {
			return nil, false
		}
		txt, err := mail.Exists(dns.TXT(ctx, name))
		if err != nil {
			out.Unread = append(out.Unread, err)
			return nil, false
		}
		for _, s := range txt {
			if Is(s) {
				return txt, true
			}
		}
		return nil, false
	}
	_, out.Wildcard = ask(nobody)
	if _, err := dns.TXT(ctx, "_domainkey."+domain); errors.Is(err, mail.ErrNoName) {
		out.NoneBelow = true
	}
	for _, s := range selectors {
		s, ok := Selector(s)
		if len(out.Unread) >= patience || len(out.Asked) == maxSelectors {
			break
		}
		if !ok || slices.Contains(out.Asked, s) {
			continue
		}
		out.Asked = append(out.Asked, s)
		if txt, ok := ask(s); ok {
			out.Keys = append(out.Keys, pick(s, txt))
		}
	}
	return out
}

// pick reads the key of a selector. Where there are several records the result is
// undefined (RFC 6376 section 3.6.2.2), so none of them counts.
func pick(selector string, txt []string) Key {
	var keys []Key
	for _, s := range txt {
		if Is(s) {
			keys = append(keys, Parse(selector, s))
		}
	}
	if len(keys) > 1 {
		return Key{Selector: selector, Type: keys[0].Type, Fault: "there is more than one record under the selector"}
	}
	return keys[0]
}
