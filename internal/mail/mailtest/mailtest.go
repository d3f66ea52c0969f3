// Package mailtest is a DNS that lives in memory, for the tests of the engines.
package mailtest

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/asepsis/asepsis/internal/mail"
)

// Zone is a [mail.DNS] of records in memory. Names are looked up without regard
// to case; a name none of whose records is of the type asked for gives an empty
// answer, one that is not there [mail.ErrNoName]. It is safe for concurrent use
// once its fields are set.
type Zone struct {
	Text  map[string][]string
	Addrs map[string][]netip.Addr // A and AAAA
	Hosts map[string][]mail.MX
	Names map[netip.Addr][]string
	Alias map[string]string // CNAME
	// Dead are names, or names and a type ("a.example TXT"), that nobody answers for.
	Dead map[string]bool

	mu    sync.Mutex
	asked []string
}

var _ mail.DNS = (*Zone)(nil)

// Asked lists the questions so far: "TXT example.org".
func (z *Zone) Asked() []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	return slices.Clone(z.asked)
}

func (z *Zone) find(ctx context.Context, name, kind string) (string, error) {
	name = strings.ToLower(name)
	z.mu.Lock()
	z.asked = append(z.asked, kind+" "+name)
	z.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return "", &mail.Unanswered{Name: name, Type: kind, Why: "the time ran out", Err: err}
	}
	for range 8 {
		if z.Dead[name] || z.Dead[name+" "+kind] {
			return "", &mail.Unanswered{Name: name, Type: kind, Why: "no answer"}
		}
		to, ok := z.Alias[name]
		if !ok {
			return name, nil
		}
		name = strings.ToLower(to)
	}
	return "", &mail.Unanswered{Name: name, Type: kind, Why: "its aliases lead in a circle"}
}

func (z *Zone) there(name string) error {
	for _, here := range []bool{z.Text[name] != nil, z.Addrs[name] != nil, z.Hosts[name] != nil} {
		if here {
			return nil
		}
	}
	below := func(n string) bool { return strings.HasSuffix(n, "."+name) }
	for n := range z.Text {
		if below(n) {
			return nil
		}
	}
	for n := range z.Addrs {
		if below(n) {
			return nil
		}
	}
	return mail.ErrNoName
}

// TXT answers from Text.
func (z *Zone) TXT(ctx context.Context, name string) ([]string, error) {
	name, err := z.find(ctx, name, "TXT")
	if err != nil {
		return nil, err
	}
	if l := z.Text[name]; len(l) > 0 {
		return l, nil
	}
	return nil, z.there(name)
}

func (z *Zone) addresses(ctx context.Context, name, kind string, four bool) ([]netip.Addr, error) {
	name, err := z.find(ctx, name, kind)
	if err != nil {
		return nil, err
	}
	var l []netip.Addr
	for _, a := range z.Addrs[name] {
		if a.Is4() == four {
			l = append(l, a)
		}
	}
	if len(l) > 0 {
		return l, nil
	}
	return nil, z.there(name)
}

// A answers from Addrs.
func (z *Zone) A(ctx context.Context, name string) ([]netip.Addr, error) {
	return z.addresses(ctx, name, "A", true)
}

// AAAA answers from Addrs.
func (z *Zone) AAAA(ctx context.Context, name string) ([]netip.Addr, error) {
	return z.addresses(ctx, name, "AAAA", false)
}

// MX answers from Hosts.
func (z *Zone) MX(ctx context.Context, name string) ([]mail.MX, error) {
	name, err := z.find(ctx, name, "MX")
	if err != nil {
		return nil, err
	}
	if l := z.Hosts[name]; len(l) > 0 {
		return l, nil
	}
	return nil, z.there(name)
}

// PTR answers from Names.
func (z *Zone) PTR(ctx context.Context, addr netip.Addr) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, &mail.Unanswered{Name: addr.String(), Type: "PTR", Why: "the time ran out", Err: err}
	}
	if l := z.Names[addr]; len(l) > 0 {
		return l, nil
	}
	return nil, mail.ErrNoName
}
