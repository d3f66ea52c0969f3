package dnstest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/asepsis/asepsis/internal/mail"
)

// Zone answers with the records that another DNS has, as a recursive server would:
// what that does not answer is a failure (SERVFAIL).
func Zone(from mail.DNS) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		m.RecursionAvailable, m.Compress = true, true
		rrs, err := records(from, q.Question[0])
		m.Answer = rrs
		switch {
		case errors.Is(err, mail.ErrNoName):
			m.Rcode = dns.RcodeNameError
		case err != nil:
			m.Rcode = dns.RcodeServerFailure
		}
		if o := q.IsEdns0(); w.RemoteAddr().Network() == "udp" {
			size := dns.MinMsgSize
			if o != nil {
				size = int(o.UDPSize())
			}
			m.Truncate(size)
		}
		_ = w.WriteMsg(m) // the client may be gone
	}
}

func records(from mail.DNS, q dns.Question) ([]dns.RR, error) {
	ctx := context.Background()
	name := raw(strings.TrimSuffix(q.Name, "."))
	h := dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: dns.ClassINET, Ttl: 60}
	var out []dns.RR
	switch q.Qtype {
	case dns.TypeTXT:
		list, err := from.TXT(ctx, name)
		for _, s := range list {
			t := &dns.TXT{Hdr: h}
			for piece := range slices.Chunk([]byte(s), 255) {
				t.Txt = append(t.Txt, escape(string(piece)))
			}
			if len(s) == 0 {
				t.Txt = []string{""}
			}
			out = append(out, t)
		}
		return out, err
	case dns.TypeA, dns.TypeAAAA:
		ask := from.A
		if q.Qtype == dns.TypeAAAA {
			ask = from.AAAA
		}
		list, err := ask(ctx, name)
		for _, a := range list {
			if a.Is4() {
				out = append(out, &dns.A{Hdr: h, A: a.AsSlice()})
			} else {
				out = append(out, &dns.AAAA{Hdr: h, AAAA: a.AsSlice()})
			}
		}
		return out, err
	case dns.TypeMX:
		list, err := from.MX(ctx, name)
		for _, x := range list {
			out = append(out, &dns.MX{Hdr: h, Preference: x.Preference, Mx: dns.Fqdn(escape(x.Host))})
		}
		return out, err
	case dns.TypePTR:
		a, ok := address(name)
		if !ok {
			return nil, mail.ErrNoName
		}
		list, err := from.PTR(ctx, a)
		for _, n := range list {
			out = append(out, &dns.PTR{Hdr: h, Ptr: dns.Fqdn(escape(n))})
		}
		return out, err
	}
	return nil, nil
}

// address is the one that a name below arpa is about.
func address(name string) (netip.Addr, bool) {
	labels := strings.Split(strings.ToLower(name), ".")
	slices.Reverse(labels)
	if len(labels) == 6 && labels[1] == "in-addr" {
		a, err := netip.ParseAddr(strings.Join(labels[2:], "."))
		return a, err == nil
	}
	if len(labels) != 34 {
		return netip.Addr{}, false
	}
	var b strings.Builder
	for i, d := range labels[2:] {
		if i > 0 && i%4 == 0 {
			b.WriteByte(':')
		}
		b.WriteString(d)
	}
	a, err := netip.ParseAddr(b.String())
	return a, err == nil
}

// escape writes bytes as the library wants them, raw turns them back.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\' || c == '"':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, "\\%03d", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func raw(s string) string {
	var b []byte
	for i := 0; i < len(s); i++ {
		var n int
		switch {
		case s[i] != '\\' || i+1 == len(s):
			b = append(b, s[i])
		case i+3 < len(s) && scan(s[i+1:i+4], &n):
			b = append(b, byte(n))
			i += 3
		default:
			i++
			b = append(b, s[i])
		}
	}
	return string(b)
}

func scan(s string, n *int) bool {
	if strings.Trim(s, "0123456789") != "" {
		return false
	}
	_, err := fmt.Sscan(strings.TrimLeft(s[:2], "0")+s[2:], n)
	return err == nil
}
