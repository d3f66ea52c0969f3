package maildomain

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/asepsis/asepsis/internal/collect/maildomain/dnstest"
	"github.com/asepsis/asepsis/internal/collect/maildomain/resolve"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
)

// key is a public key of so many bits as a TXT record in pieces.
func key(t testing.TB, bits int) string {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	s := "v=DKIM1; p=" + base64.StdEncoding.EncodeToString(der)
	var b strings.Builder
	for len(s) > 200 {
		fmt.Fprintf(&b, "%q ", s[:200])
		s = s[200:]
	}
	fmt.Fprintf(&b, "%q", s)
	return b.String()
}

func world(t testing.TB) (map[string]string, *lab) {
	l := newLab(t)
	soon, later := now.AddDate(0, 1, 0), now.AddDate(0, 6, 0)
	l.listen("192.0.2.25:25", smtp{cert: l.cert(soon, false, "mx1.good.test")}.serve)
	l.listen("192.0.2.26:25", smtp{cert: l.cert(later, false, "mx2.good.test")}.serve)
	l.listen("192.0.2.35:25", smtp{plain: true}.serve)
	l.listen("192.0.2.36:25", smtp{cert: l.cert(later, true, "mx.wrong.test")}.serve)
	l.web("192.0.2.80:443", l.cert(later, false, "mta-sts.good.test"), text("version: STSv1\r\nmode: enforce\r\nmx: *.good.test\r\nmax_age: 604800\r\n"))
	l.web("192.0.2.81:443", l.cert(later, false, "mta-sts.bad.test"), text("version: STSv1\nmode: testing\nmx: elsewhere.test\nmax_age: 100\n"))
	var endless, chain strings.Builder
	for i := range 300 {
		fmt.Fprintf(&endless, "n%d IN TXT \"v=spf1 include:n%d.endless.test include:n%d.endless.test -all\"\n", i, 2*i+1, 2*i+2)
	}
	for i := range 14 {
		fmt.Fprintf(&chain, "c%d IN CNAME c%d\n", i, i+1)
	}
	return map[string]string{
		".":            "lame.test. IN NS ns.lame.test.\nns.lame.test. IN A 127.0.0.254\n",
		"endless.test": "@ IN TXT \"v=spf1 include:n0.endless.test -all\"\n_dmarc IN TXT \"v=DMARC1; p=reject; " + strings.Repeat("rua=mailto:d@endless.test; ", 2) + "\"\n" + endless.String(),
		"chain.test":   "@ IN TXT \"v=spf1 a:c0.chain.test -all\"\nc14 IN A 192.0.2.9\n_dmarc IN CNAME d0\nd0 IN CNAME d1\nd1 IN TXT \"v=DMARC1; p=quarantine; rua=mailto:d@chain.test\"\n" + chain.String(),
		"large.test":   "@ IN TXT \"v=spf1 " + strings.Repeat("ip4:192.0.2.1 ", 16) + "\" \"" + strings.Repeat("ip4:192.0.2.2 ", 17) + "-all\"\n" + many(),
		"good.test": `
@                     IN MX  20 mx2
@                     IN MX  10 mx1
@                     IN TXT "v=spf1 mx include:_spf.service.test -all"
mx1                   IN A   192.0.2.25
mx2                   IN A   192.0.2.26
_dmarc                IN TXT "v=DMARC1; p=reject; rua=mailto:d@reports.test"
selector1._domainkey  IN CNAME selector1.service.test.
hospital._domainkey   IN TXT ` + key(t, 1024) + `
_mta-sts              IN TXT "v=STSv1; id=20261101"
mta-sts               IN A   192.0.2.80
_smtp._tls            IN TXT "v=TLSRPTv1; rua=mailto:t@good.test"
`,
		"service.test": "_spf IN TXT \"v=spf1 ip4:198.51.100.0/24 ~all\"\nselector1 IN TXT " + key(t, 2048) + "\n",
		"reports.test": `good.test._report._dmarc IN TXT "v=DMARC1"` + "\n",
		"bad.test": `
@         IN MX  10 mx
@         IN TXT "v=spf1 +all"
mx        IN A   192.0.2.35
_dmarc    IN TXT "v=DMARC1; p=none"
old._domainkey IN TXT "v=DKIM1; p="
_mta-sts  IN TXT "v=STSv1; id=1"
mta-sts   IN A   192.0.2.81
`,
		"wrong.test": `
@         IN MX  10 mx
@         IN TXT "v=spf1 include:wrong.test include:a.wrong.test -all"
a         IN TXT "v=spf1 include:b.wrong.test ~all"
b         IN TXT "v=spf1 include:a.wrong.test ~all"
mx        IN A   192.0.2.36
_dmarc    IN TXT "v=DMARC1; p=quarantine; pct=10; rua=mailto:d@wrong.test"
_dmarc    IN TXT "v=DMARC1; p=reject"
*._domainkey IN TXT ` + key(t, 2048) + `
_mta-sts  IN CNAME _mta-sts.nowhere.test.
_smtp._tls IN TXT "v=TLSRPTv1; rua=t@wrong.test"
`,
		"parked.test": "@ IN TXT \"v=spf1 -all\"\n@ IN MX 0 .\n_dmarc IN TXT \"v=DMARC1; p=reject\"\n*._domainkey.x IN TXT x\n",
		"bare.test":   "www IN A 192.0.2.1\n",
		"loops.test":  "spf IN CNAME spf2\nspf2 IN CNAME spf\n@ IN TXT \"v=spf1 include:spf.loops.test -all\"\n_dmarc IN CNAME _dmarc2\n_dmarc2 IN CNAME _dmarc\n_mta-sts IN CNAME _mta-sts\n_smtp._tls IN CNAME _smtp._tls\n@ IN MX 10 mx\nmx IN CNAME mx\n",
	}, l
}

// many is so much other text beside a record that no packet holds the answer.
func many() string {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "@ IN TXT \"verification-%d=%s\"\n", i, strings.Repeat("x", 100))
	}
	return b.String()
}

// TestHardToRead looks at zones that lead on and on, answer too much, or are served by
// nobody, directly and through a recursive server.
func TestHardToRead(t *testing.T) {
	t.Parallel()
	zones, _ := world(t)
	bind := dnstest.BIND(t, zones)
	for kind, server := range map[string]func() string{"bind": func() string { return bind }, "unbound": func() string { return dnstest.Unbound(t, bind) }} {
		t.Run(kind, func(t *testing.T) {
			looks := collector(t, server(), nil, "endless.test", "chain.test", "large.test", "lame.test").Looks(context.Background(), now, nil)
			said := func(i int, attr string) string {
				v, m := looks[i].State()
				if why := m[attr]; why != "" {
					return "missing: " + why
				}
				return fmt.Sprint(v[attr])
			}
			for _, tt := range []struct {
				i          int
				attr, want string
			}{
				{0, "spf", "broken"},
				{0, "spf_problems", "leads on without end"},
				{0, "dmarc_policy", "missing"},
				{0, "dmarc_problems", "stands twice"},
				{1, "dmarc_policy", "quarantine"},
				{1, "dmarc_reporting", "true"},
				{2, "spf", "fail"},
				{2, "spf_problems", "characters long"},
				{2, "spf_lookups", "0"},
				{3, "spf", "missing: DNS did not answer"},
				{3, "dmarc_policy", "missing: DNS did not answer"},
				{3, "mta_sts", "missing: DNS did not answer"},
				{3, "takes_mail", "missing: DNS did not answer"},
			} {
				if got := said(tt.i, tt.attr); !strings.Contains(got, tt.want) {
					t.Errorf("%s of %s: got %s, want %s", tt.attr, looks[tt.i].Name, got, tt.want)
				}
			}
			// A receiver may or may not follow so many aliases; we never say that there are none.
			if got := said(1, "spf"); got != "fail" && !strings.HasPrefix(got, "missing: ") {
				t.Errorf("spf of a chain: %s", got)
			}
		})
	}
}

func TestDomains(t *testing.T) {
	zones, l := world(t)
	bind := dnstest.BIND(t, zones)
	t.Run("bind", func(t *testing.T) { domains(t, bind, l) })
	t.Run("unbound", func(t *testing.T) { domains(t, dnstest.Unbound(t, bind), l) })
}

func domains(t *testing.T, server string, l *lab) {
	c := collector(t, server, l.probe(), "good.test", "bad.test", "wrong.test", "parked.test", "bare.test", "loops.test", "none.test")
	looks := c.Looks(context.Background(), now, nil)
	soon := now.AddDate(0, 1, 0)
	for i, want := range []struct {
		values  fact.Values
		missing string // attributes, in order
	}{
		{fact.Values{
			"name": "good.test", "spf": "fail", "spf_lookups": int64(2), "spf_void_lookups": int64(0), "spf_addresses": int64(256), "spf_problems": []string{}, "sends_mail": true,
			"dmarc_policy": "reject", "dmarc_subdomain_policy": "reject", "dmarc_reporting": true, "dmarc_problems": []string{},
			"dkim": true, "dkim_keys": []string{"hospital rsa 1024", "selector1 rsa 2048"}, "dkim_problems": []string{"hospital: the key has 1024 bits; 2048 are advised"},
			"takes_mail": true, "mx_hosts": []string{"mx1.good.test", "mx2.good.test"}, "mx_starttls": true, "mx_certificates_valid": true, "mx_certificate_expires_at": soon, "mx_problems": []string{},
			"mta_sts": "enforce", "mta_sts_problems": []string{}, "tls_reporting": true,
		}, ""},
		{fact.Values{
			"name": "bad.test", "spf": "pass_all", "spf_lookups": int64(0), "spf_void_lookups": int64(0), "spf_addresses": int64(0), "sends_mail": true,
			"spf_problems": []string{"bad.test: +all: it lets any machine in the world send"},
			"dmarc_policy": "none", "dmarc_subdomain_policy": "none", "dmarc_reporting": false,
			"dmarc_problems": []string{"bad.test: the policy none asks receivers to deliver forged mail and to report it", "bad.test: no address for reports is given, so nobody learns who sends in your name"},
			"takes_mail":     true, "mx_hosts": []string{"mx.bad.test"}, "mx_starttls": false, "mx_problems": []string{"mx.bad.test: it does not offer encryption (STARTTLS)"},
			"mta_sts": "testing", "mta_sts_problems": []string{"the policy does not name the mail server mx.bad.test, so senders that follow it do not deliver there"}, "tls_reporting": false,
		}, "dkim dkim_keys dkim_problems mx_certificate_expires_at mx_certificates_valid"},
		{fact.Values{
			"name": "wrong.test", "spf": "broken", "spf_lookups": int64(4), "spf_void_lookups": int64(0), "spf_addresses": int64(0), "sends_mail": true,
			"spf_problems": []string{"wrong.test: include:wrong.test: it leads back to wrong.test", "b.wrong.test: include:a.wrong.test: it leads back to a.wrong.test"},
			"dmarc_policy": "missing", "dmarc_subdomain_policy": "missing", "dmarc_reporting": false, "dmarc_problems": []string{"wrong.test: there is more than one DMARC record; receivers then use none"},
			"takes_mail": true, "mx_hosts": []string{"mx.wrong.test"}, "mx_starttls": true, "mx_certificates_valid": false, "mx_certificate_expires_at": now.AddDate(0, 6, 0),
			"mx_problems": []string{"mx.wrong.test: its certificate is issued by itself"}, "mta_sts": "none", "tls_reporting": false,
		}, "dkim dkim_keys dkim_problems"},
		{fact.Values{
			"name": "parked.test", "spf": "fail", "spf_lookups": int64(0), "spf_void_lookups": int64(0), "spf_addresses": int64(0), "spf_problems": []string{}, "sends_mail": false,
			"dmarc_policy": "reject", "dmarc_subdomain_policy": "reject", "dmarc_reporting": false, "dmarc_problems": []string{"parked.test: no address for reports is given, so nobody learns who sends in your name"},
			"takes_mail": false, "mx_hosts": []string{}, "mta_sts": "none", "tls_reporting": false,
		}, "dkim dkim_keys dkim_problems"},
		{fact.Values{
			"name": "bare.test", "spf": "none", "dmarc_policy": "missing", "dmarc_subdomain_policy": "missing", "dmarc_reporting": false, "dmarc_problems": []string{},
			"takes_mail": false, "mx_hosts": []string{}, "mta_sts": "none", "tls_reporting": false,
		}, "dkim dkim_keys dkim_problems"},
		{fact.Values{
			"name": "loops.test", "sends_mail": true, "takes_mail": true, "mx_hosts": []string{"mx.loops.test"},
		}, "dkim dkim_keys dkim_problems dmarc_policy dmarc_problems dmarc_reporting dmarc_subdomain_policy mta_sts mta_sts_problems mx_certificate_expires_at mx_certificates_valid mx_problems mx_starttls spf spf_addresses spf_lookups spf_problems spf_void_lookups tls_reporting"},
		{fact.Values{"name": "none.test"}, "dkim dkim_keys dkim_problems dmarc_policy dmarc_problems dmarc_reporting dmarc_subdomain_policy mta_sts mta_sts_problems mx_certificate_expires_at mx_certificates_valid mx_hosts mx_problems mx_starttls sends_mail spf spf_addresses spf_lookups spf_problems spf_void_lookups takes_mail tls_reporting"},
	} {
		values, missing := looks[i].State()
		if d := cmp.Diff(want.values, values); d != "" {
			t.Errorf("%s (-want +got):\n%s", looks[i].Name, d)
		}
		if got := strings.Join(slices.Sorted(maps.Keys(missing)), " "); got != want.missing {
			t.Errorf("%s misses %s\nwant %s\n%v", looks[i].Name, got, want.missing, missing)
		}
		for a, why := range missing {
			if why == "" || values[a] != nil || strings.Contains(why, "%!") {
				t.Errorf("%s: %s is missing because %q", looks[i].Name, a, why)
			}
		}
	}
}

func collector(t testing.TB, server string, p *Probe, names ...string) *Collector {
	t.Helper()
	// Real servers on a busy machine get more time than those that never answer.
	timeout := 2 * time.Second
	if slices.Contains(names, "lame.test") || p != nil && p.Dial == nil {
		timeout = 500 * time.Millisecond
	}
	dns, err := resolve.New(resolve.Options{Servers: []string{server}, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{DNS: dns, Probe: p, Complete: true}
	for _, n := range names {
		d := Domain{Name: n}
		if n == "good.test" {
			d.Selectors = []string{"hospital"}
		}
		o.Domains = append(o.Domains, d)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestBatch is what a store is given.
func TestBatch(t *testing.T) {
	zones, l := world(t)
	server := dnstest.BIND(t, zones)
	collect := func() *fact.Batch {
		var steps []string
		b, err := collector(t, server, l.probe(), "good.test", "Bad.Test.", "loops.test", "bad.test").Collect(context.Background(), now, func(s string) { steps = append(steps, s) })
		if err != nil {
			t.Fatal(err)
		}
		if slices.Sort(steps); !slices.Equal(steps, []string{"bad.test", "good.test", "loops.test"}) {
			t.Errorf("steps: %v", steps)
		}
		return b
	}
	b := collect()
	for _, err := range b.Validate() {
		t.Error(err)
	}
	if len(b.Facts) != 3 || b.Facts[0].Key != "good.test" || b.Facts[0].Values["spf"] != "fail" || b.Facts[2].Missing["dmarc_policy"] == "" || !b.Stream.Snapshot || b.Assurance != fact.Measured {
		t.Errorf("got %+v", b)
	}
	for _, n := range b.Notes {
		if n.What == "" || n.Why == "" {
			t.Errorf("note %+v", n)
		}
	}
	if !slices.ContainsFunc(b.Notes, func(n fact.Note) bool { return n.What == "DMARC of loops.test" }) {
		t.Errorf("notes: %v", b.Notes)
	}
	if d := cmp.Diff(b, collect()); d != "" {
		t.Errorf("the same world gave other facts:\n%s", d)
	}
}

// TestOnlyDNS makes no connection, and says what it therefore does not know.
func TestOnlyDNS(t *testing.T) {
	zones, _ := world(t)
	looks := collector(t, dnstest.BIND(t, zones), nil, "good.test", "bad.test").Looks(context.Background(), now, nil)
	for i := range looks {
		values, missing := looks[i].State()
		for _, a := range []string{"mx_starttls", "mx_certificates_valid", "mta_sts"} {
			if values[a] != nil || !strings.Contains(missing[a], "only DNS was asked") {
				t.Errorf("%s of %s: %v, missing because %q", a, looks[i].Name, values[a], missing[a])
			}
		}
		if values["spf"] == nil || values["mx_hosts"] == nil {
			t.Errorf("got %v", values)
		}
	}
}

// TestNobodyAnswers has servers that fail in every way. Nothing becomes none.
func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]dns.HandlerFunc{
		"silent": func(dns.ResponseWriter, *dns.Msg) {},
		"failing": func(w dns.ResponseWriter, q *dns.Msg) {
			m := new(dns.Msg)
			_ = w.WriteMsg(m.SetRcode(q, dns.RcodeServerFailure))
		},
		"lame": func(w dns.ResponseWriter, q *dns.Msg) {
			m := new(dns.Msg)
			_ = w.WriteMsg(m.SetReply(q))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := collector(t, dnstest.Serve(t, h), &Probe{Timeout: time.Second}, "good.test")
			c.opts.Timeout = 3 * time.Second
			start := time.Now()
			b, err := c.Collect(context.Background(), now, nil)
			if err != nil {
				t.Fatal(err)
			}
			f := b.Facts[0]
			if took := time.Since(start); took > 8*time.Second {
				t.Errorf("took %s", took)
			}
			if len(f.Values) != 1 || f.Values["name"] != "good.test" {
				t.Errorf("stated %v", f.Values)
			}
			for _, a := range []string{"spf", "dkim", "dmarc_policy", "dmarc_reporting"} {
				if f.Missing[a] == "" {
					t.Errorf("%s is neither stated nor missing", a)
				}
			}
			for _, err := range b.Validate() {
				t.Error(err)
			}
		})
	}
}

func TestEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := collector(t, "192.0.2.53", nil, "good.test")
	if _, err := c.Collect(ctx, now, nil); err == nil {
		t.Error("it went on")
	}
}

func TestNew(t *testing.T) {
	dns, err := resolve.New(resolve.Options{Servers: []string{"192.0.2.53"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{
		{DNS: dns},
		{DNS: dns, Domains: []Domain{{Name: "https://example.org"}}},
		{DNS: dns, Domains: []Domain{{Name: "example.org"}, {Name: "localhost"}}},
	} {
		if _, err := New(o); !errs.Is(err, errs.Invalid) || errs.HintOf(err) == "" {
			t.Errorf("%v: got %v", o.Domains, err)
		}
	}
	many := Options{DNS: dns}
	for i := range 6000 {
		many.Domains = append(many.Domains, Domain{Name: fmt.Sprintf("d%d.example", i)})
	}
	if _, err := New(many); !errs.Is(err, errs.Limited) {
		t.Errorf("6000 domains: got %v", err)
	}
}

// BenchmarkLooks looks at 200 domains behind BIND on loopback, DNS alone.
func BenchmarkLooks(b *testing.B) {
	const domains = 200
	zones := map[string]string{}
	var names []string
	for i := range domains {
		name := fmt.Sprintf("d%d.test", i)
		names = append(names, name)
		zones[name] = "@ IN MX 10 mx\nmx IN A 192.0.2.25\n@ IN TXT \"v=spf1 mx include:d0.test -all\"\n_dmarc IN TXT \"v=DMARC1; p=reject; rua=mailto:d@d0.test\"\n"
	}
	server := dnstest.BIND(b, zones)
	for b.Loop() {
		looks := collector(b, server, nil, names...).Looks(context.Background(), now, nil)
		if l := looks[domains-1]; l.SPF == nil || l.DMARC == nil {
			b.Fatalf("%+v", l)
		}
	}
	b.ReportMetric(float64(domains*b.N)/b.Elapsed().Seconds(), "domains/s")
}
