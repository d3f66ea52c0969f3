package resolve

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/asepsis/asepsis/internal/mail"
)

// TXT returns the records, the strings of each joined.
func (c *Client) TXT(ctx context.Context, name string) ([]string, error) {
	rrs, err := c.ask(ctx, name, dns.TypeTXT)
	var out []string
	for _, rr := range rrs {
		if t, ok := rr.(*dns.TXT); ok {
			out = append(out, unescape(strings.Join(t.Txt, "")))
		}
	}
	slices.Sort(out) // servers turn records round; the same world gives the same answer
	return out, err
}

// A returns the IPv4 addresses.
func (c *Client) A(ctx context.Context, name string) ([]netip.Addr, error) {
	rrs, err := c.ask(ctx, name, dns.TypeA)
	var out []netip.Addr
	for _, rr := range rrs {
		if a, ok := rr.(*dns.A); ok {
			if ip, ok := netip.AddrFromSlice(a.A.To4()); ok {
				out = append(out, ip)
			}
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out, err
}

// AAAA returns the IPv6 addresses.
func (c *Client) AAAA(ctx context.Context, name string) ([]netip.Addr, error) {
	rrs, err := c.ask(ctx, name, dns.TypeAAAA)
	var out []netip.Addr
	for _, rr := range rrs {
		if a, ok := rr.(*dns.AAAA); ok {
			if ip, ok := netip.AddrFromSlice(a.AAAA.To16()); ok {
				out = append(out, ip)
			}
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out, err
}

// MX returns the hosts that take mail, the most preferred first.
func (c *Client) MX(ctx context.Context, name string) ([]mail.MX, error) {
	rrs, err := c.ask(ctx, name, dns.TypeMX)
	var out []mail.MX
	for _, rr := range rrs {
		if m, ok := rr.(*dns.MX); ok {
			out = append(out, mail.MX{Preference: m.Preference, Host: plain(m.Mx)})
		}
	}
	slices.SortFunc(out, func(a, b mail.MX) int {
		return cmp.Or(cmp.Compare(a.Preference, b.Preference), strings.Compare(a.Host, b.Host))
	})
	return out, err
}

// PTR returns the names of an address.
func (c *Client) PTR(ctx context.Context, addr netip.Addr) ([]string, error) {
	name, err := dns.ReverseAddr(addr.Unmap().WithZone("").String())
	if err != nil {
		return nil, mail.ErrNoName
	}
	rrs, err := c.ask(ctx, name, dns.TypePTR)
	var out []string
	for _, rr := range rrs {
		if p, ok := rr.(*dns.PTR); ok {
			out = append(out, plain(p.Ptr))
		}
	}
	slices.Sort(out)
	return out, err
}

// unescape turns the form of master files, which the library gives, into the bytes
// that were sent: \" and \\ and \200.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\' || i+1 == len(s):
			b = append(b, s[i])
		case i+3 < len(s) && digit(s[i+1]) && digit(s[i+2]) && digit(s[i+3]):
			b = append(b, (s[i+1]-'0')*100+(s[i+2]-'0')*10+s[i+3]-'0')
			i += 3
		default:
			i++
			b = append(b, s[i])
		}
	}
	return string(b)
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
