package mailtest

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/asepsis/asepsis/internal/mail"
	"github.com/asepsis/asepsis/internal/testshared"
)

// Suite is one group of the public tests of RFC 7208.
type Suite struct {
	Description string               `yaml:"description"`
	Tests       map[string]SuiteTest `yaml:"tests"`
	Raw         map[string][]any     `yaml:"zonedata"`
}

// SuiteTest is one of them.
type SuiteTest struct {
	HELO        string `yaml:"helo"`
	Host        string `yaml:"host"`
	MailFrom    string `yaml:"mailfrom"`
	Result      any    `yaml:"result"`
	Explanation string `yaml:"explanation"`
}

// Zone makes the suite's records a DNS. A record of the former type SPF counts as
// TXT where the name has no TXT of its own, as the suite's rules say.
func (s *Suite) Zone(t testing.TB) *Zone {
	z := &Zone{
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

func arpa(t testing.TB, name string) netip.Addr {
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

// Wanted are the results that are right.
func (s *SuiteTest) Wanted() []string {
	if one, ok := s.Result.(string); ok {
		return []string{one}
	}
	var out []string
	if list, ok := s.Result.([]any); ok {
		for _, x := range list {
			out = append(out, fmt.Sprint(x))
		}
	}
	return out
}

// RFC7208 reads the public tests, or skips the test where they are not here.
func RFC7208(t testing.TB) []Suite {
	t.Helper()
	dec := yaml.NewDecoder(bytes.NewReader(testshared.Read(t, "corpora", "conformance", "spf", "rfc7208-tests.yml")))
	var out []Suite
	for {
		var s Suite
		if err := dec.Decode(&s); err != nil {
			return out
		}
		if len(s.Tests) > 0 {
			out = append(out, s)
		}
	}
}
