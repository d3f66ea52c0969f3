package service

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/service/tlsenum"
	"github.com/asepsis/asepsis/internal/fact"
)

// Batch states what a scan of the name learnt. Services that were not asked this
// time stay as they were, as old as they are. Now is when the scan ended.
func Batch(name string, now time.Time, results []Result) fact.Batch {
	b := fact.Batch{
		Stream:    fact.Stream{ID: "scan/" + reports.Slug(name), Title: "scan of the services of " + name, PerAsset: true},
		Assurance: fact.Measured, ObservedAt: now.UTC(),
	}
	var hosts reports.Hosts
	looked := map[string][]string{} // ref → keys
	by := map[netip.Addr][]*Result{}
	left := map[string]int{}
	for i := range results {
		r := &results[i]
		switch r.Outcome {
		case Left:
			left[r.Why]++
		case Silent:
		default:
			by[r.Addr.Addr()] = append(by[r.Addr.Addr()], r)
		}
	}
	for _, addr := range slices.SortedFunc(maps.Keys(by), netip.Addr.Compare) {
		h, _ := hosts.Get(addr.String())
		h.Address(addr.String())
		rs := by[addr]
		slices.SortFunc(rs, func(a, b *Result) int { return int(a.Addr.Port()) - int(b.Addr.Port()) })
		for _, r := range rs {
			if h.ObservedAt.Before(r.At) {
				h.ObservedAt = r.At
			}
			key := fmt.Sprintf("%d/%s", r.Addr.Port(), r.Transport)
			looked[h.Ref] = append(looked[h.Ref], key)
			if r.Outcome != Closed {
				r.state(h.Fact(fact.KindEndpoint, key))
				r.host(h)
			}
		}
		h.Set("last_seen_at", h.ObservedAt.UTC())
		inClear(h, rs)
	}
	hosts.Deliver(&b)
	for i, s := range b.Sightings {
		b.Sightings[i].Keeps = append(s.Keeps, fact.Kept{Kind: fact.KindEndpoint, Unless: looked[s.Ref]})
	}
	for _, why := range slices.Sorted(maps.Keys(left)) {
		b.Notes = append(b.Notes, fact.Note{What: reports.Count(left[why], "service") + " left alone", Why: why})
	}
	return b
}

// tlsAttrs are what only asking for TLS tells.
var tlsAttrs = []string{
	"tls_versions", "tls_oldest", "tls_newest", "tls_cipher", "tls_weak_ciphers", "cert_subject", "cert_names", "cert_issuer",
	"cert_not_after", "cert_self_signed", "cert_chain_valid", "cert_key_type", "cert_key_bits", "cert_signature",
}

// state states the endpoint.
func (r *Result) state(f *fact.Fact) {
	f.ObservedAt = r.At
	reports.State(f, "port", int64(r.Addr.Port()))
	reports.State(f, "transport", r.Transport)
	reports.State(f, "address", r.Addr.Addr().String())
	reports.State(f, "exposed", true)
	switch {
	case r.Spoke != "" && r.Spoke != "tls" && r.Spoke != "smtp or ftp":
		reports.State(f, "service", r.Spoke)
	case r.Why != "":
		reports.Lack(f, "service", r.Why)
	case r.Spoke == "tls" && r.Service != "":
		reports.Lack(f, "service", "it speaks TLS and did not show what is inside; "+r.Service+" was expected")
	default:
		reports.Lack(f, "service", "it did not show what it is")
	}
	if r.Product != "" {
		reports.State(f, "product", r.Product)
	}
	switch {
	case r.Clear != nil:
		reports.State(f, "clear_text", *r.Clear)
	case r.ClearWhy != "":
		reports.Lack(f, "clear_text", r.ClearWhy)
	}
	switch {
	case r.Secure != nil:
		reports.State(f, "tls", *r.Secure)
	case r.TLSWhy != "":
		reports.Lack(f, "tls", r.TLSWhy)
	}
	switch {
	case r.TLS != nil:
		stateTLS(f, r.TLS)
	case r.TLSWhy != "":
		for _, n := range tlsAttrs {
			reports.Lack(f, n, r.TLSWhy)
		}
	}
}

func stateTLS(f *fact.Fact, t *tlsenum.Report) {
	if len(t.Unsure) > 0 {
		reports.Lack(f, "tls_versions", t.Why)
	} else {
		vs := []string{}
		for _, v := range t.Versions {
			vs = append(vs, v.String())
		}
		reports.State(f, "tls_versions", vs)
	}
	if oldest := t.Versions[0]; len(t.Unsure) == 0 || oldest < t.Unsure[0] {
		reports.State(f, "tls_oldest", oldest.String())
	} else {
		reports.Lack(f, "tls_oldest", t.Why)
	}
	if newest := t.Versions[len(t.Versions)-1]; len(t.Unsure) == 0 || newest > t.Unsure[len(t.Unsure)-1] {
		reports.State(f, "tls_newest", newest.String())
	} else {
		reports.Lack(f, "tls_newest", t.Why)
	}
	if t.Chosen != 0 {
		reports.State(f, "tls_cipher", t.Chosen.Name())
	}
	// A list that may lack some is a statement where it has one: it is weak.
	if weak := t.Weak(); len(weak) > 0 || t.Incomplete == "" && len(t.Unsure) == 0 {
		reports.State(f, "tls_weak_ciphers", weak)
	} else {
		reports.Lack(f, "tls_weak_ciphers", first(t.Incomplete, t.Why))
	}
	c := t.Chain
	if c == nil {
		for _, n := range tlsAttrs[5:] {
			reports.Lack(f, n, t.NoChain)
		}
		return
	}
	reports.State(f, "cert_subject", c.Subject)
	reports.State(f, "cert_issuer", c.Issuer)
	reports.State(f, "cert_names", append([]string{}, c.Names...))
	reports.State(f, "cert_not_after", c.NotAfter)
	reports.State(f, "cert_signature", c.Signature)
	if c.Unjudged != "" {
		reports.Lack(f, "cert_self_signed", c.Unjudged)
		reports.Lack(f, "cert_chain_valid", c.Unjudged)
	} else {
		reports.State(f, "cert_self_signed", c.SelfSigned)
		reports.State(f, "cert_chain_valid", c.Trusted)
	}
	if c.KeyType != "" {
		reports.State(f, "cert_key_type", c.KeyType)
	} else {
		reports.Lack(f, "cert_key_type", "a kind of key we do not know")
	}
	if c.KeyBits > 0 {
		reports.State(f, "cert_key_bits", int64(c.KeyBits))
	} else {
		reports.Lack(f, "cert_key_bits", "a kind of key whose length we do not know")
	}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// host states what a service says of its device.
func (r *Result) host(h *reports.Host) {
	if s := r.SSH; s != nil {
		h.Set("ssh_enabled", true)
		if weak := s.Weak(); len(s.KeyExchange) > 0 {
			have, _ := h.Values["ssh_weak_algorithms"].([]string)
			for _, w := range have {
				if !slices.Contains(weak, w) {
					weak = append(weak, w)
				}
			}
			slices.Sort(weak)
			h.Values["ssh_weak_algorithms"] = weak
			delete(h.Missing, "ssh_weak_algorithms")
		} else {
			h.Lack("ssh_weak_algorithms", s.NoMethods)
		}
		switch takes, known := s.Passwords(); {
		case takes:
			h.Values["ssh_password_auth"] = true
			delete(h.Missing, "ssh_password_auth")
		case known:
			h.Set("ssh_password_auth", false)
		default:
			h.Lack("ssh_password_auth", s.NoMethods)
		}
	}
	if r.Spoke == "rdp" {
		h.Set("rdp_enabled", true)
		if r.Before.NLA != nil {
			h.Set("rdp_nla", *r.Before.NLA)
		} else {
			h.Lack("rdp_nla", "it did not say whether it asks who signs in first")
		}
	}
}

// inClear states which services of the device carry data in clear. That there is
// none is not stated: the scan asks what was found, which may not be all.
func inClear(h *reports.Host, rs []*Result) {
	var names []string
	for _, r := range rs {
		if r.Clear != nil && *r.Clear && r.Spoke != "" && !slices.Contains(names, r.Spoke) {
			names = append(names, r.Spoke)
		}
	}
	if len(names) == 0 {
		h.Lack("clear_text_services", fmt.Sprintf("the scan asked %s of it only", reports.Count(len(rs), "service")))
		return
	}
	slices.Sort(names)
	h.Set("clear_text_services", names)
}
