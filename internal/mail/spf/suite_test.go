package spf_test

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/asepsis/asepsis/internal/mail"
	"github.com/asepsis/asepsis/internal/mail/mailtest"
	"github.com/asepsis/asepsis/internal/mail/spf"
	"github.com/asepsis/asepsis/internal/testshared"
)

type suite struct {
	Description string               `yaml:"description"`
	Tests       map[string]suiteTest `yaml:"tests"`
	Raw         map[string][]any     `yaml:"zonedata"`
}

type suiteTest struct {
	HELO        string `yaml:"helo"`
	Host        string `yaml:"host"`
	MailFrom    string `yaml:"mailfrom"`
	Result      any    `yaml:"result"`
	Explanation string `yaml:"explanation"`
}

// zone makes the suite's records a DNS. A record of the former type SPF counts as
// TXT where the name has no TXT of its own, as the suite's rules say.
func (s *suite) zone(t *testing.T) *mailtest.Zone {
	z := &mailtest.Zone{
		Text: map[string][]string{}, Addrs: map[string][]netip.Addr{}, Hosts: map[string][]mail.MX{},
		Names: map[netip.Addr][]string{}, Alias: map[string]string{}, Dead: map[string]bool{},
	}
	for name, records := range s.Raw {
		name = strings.ToLower(name)
		var spf []string
		own, dead := false, false
		for _, r := range records {
			m, ok := r.(map[string]any)
			if !ok {
				dead = true // TIMEOUT: no answer for the types that are not listed
				continue
			}
			for kind, v := range m {
				switch kind {
				case "SPF":
					spf = append(spf, join(v))
				case "TXT":
					own = true
					if v != "NONE" {
						z.Text[name] = append(z.Text[name], join(v))
					}
				case "A", "AAAA":
					z.Addrs[name] = append(z.Addrs[name], netip.MustParseAddr(v.(string)))
				case "MX":
					l := v.([]any)
					z.Hosts[name] = append(z.Hosts[name], mail.MX{Host: l[1].(string)})
				case "CNAME":
					z.Alias[name] = strings.ToLower(strings.TrimSuffix(v.(string), "."))
				case "PTR":
					a := arpa(t, name)
					z.Names[a] = append(z.Names[a], strings.TrimSuffix(v.(string), "."))
				default:
					t.Fatalf("%s has a %s record", name, kind)
				}
			}
		}
		if !own {
			z.Text[name] = append(z.Text[name], spf...)
		}
		if dead {
			for _, kind := range []string{"TXT", "A", "AAAA", "MX"} {
				if kind != "TXT" || len(z.Text[name]) == 0 {
					z.Dead[name+" "+kind] = true
				}
			}
		}
	}
	return z
}

func join(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		var b strings.Builder
		for _, x := range v {
			b.WriteString(x.(string))
		}
		return b.String()
	}
	return ""
}

func arpa(t *testing.T, name string) netip.Addr {
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	if labels[1] == "in-addr" {
		return netip.MustParseAddr(strings.Join(labels[2:], "."))
	}
	var b strings.Builder
	for i, d := range labels[2:] {
		if i > 0 && i%4 == 0 {
			b.WriteByte(':')
		}
		b.WriteString(d)
	}
	a, err := netip.ParseAddr(b.String())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func wanted(v any) []spf.Result {
	if s, ok := v.(string); ok {
		return []spf.Result{spf.Result(s)}
	}
	var out []spf.Result
	for _, x := range v.([]any) {
		out = append(out, spf.Result(x.(string)))
	}
	return out
}

func suites(t testing.TB) []suite {
	dec := yaml.NewDecoder(bytes.NewReader(testshared.Read(t, "corpora", "conformance", "spf", "rfc7208-tests.yml")))
	var out []suite
	for {
		var s suite
		if err := dec.Decode(&s); err != nil {
			return out
		}
		if len(s.Tests) > 0 {
			out = append(out, s)
		}
	}
}

// TestRFC7208 is the public suite of RFC 7208, all of it.
func TestRFC7208(t *testing.T) {
	n := 0
	for _, s := range suites(t) {
		z := s.zone(t)
		for name, tt := range s.Tests {
			n++
			t.Run(strings.ReplaceAll(s.Description, " ", "-")+"/"+name, func(t *testing.T) {
				got := spf.Check(context.Background(), z, spf.Request{
					IP: netip.MustParseAddr(tt.Host), HELO: tt.HELO, MailFrom: tt.MailFrom, Receiver: "receiver.example", Now: time.Unix(1_700_000_000, 0),
				})
				if !slices.Contains(wanted(tt.Result), got.Result) {
					t.Errorf("%s from %s: got %s (%s), want %v", tt.MailFrom, tt.Host, got.Result, got.Why, tt.Result)
				}
				if tt.Explanation != "" && strings.TrimPrefix(tt.Explanation, "DEFAULT") != got.Explanation {
					t.Errorf("explanation %q, want %q", got.Explanation, tt.Explanation)
				}
				if got.Why == "" {
					t.Errorf("%s does not say why", got.Result)
				}
				if got.Lookups > spf.MaxLookups || got.Voids > spf.MaxVoids+1 {
					t.Errorf("%d look-ups, %d of them in vain", got.Lookups, got.Voids)
				}
			})
		}
	}
	if n < 203 {
		t.Errorf("the suite has %d tests, want all 203 or more", n)
	}
}
