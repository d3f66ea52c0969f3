// Package ssllabs reads what the interface of SSL Labs (version 3), or ssllabs-scan,
// says of sites. Each attack that it tells to succeed, each version of TLS before
// 1.2, and each certificate that it does not trust is a finding.
package ssllabs

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
)

// Importer reads results of SSL Labs.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "ssl-labs", Title: "SSL Labs result (JSON)", Extensions: []string{".json"},
		Gives:  "weaknesses of the TLS of a public site, the versions it accepts and its certificate",
		Stream: "import/ssl-labs",
	}
}

// Recognize looks for endpoints with their grades.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	for _, p := range []string{"", "[]."} {
		if s.Has(p+"host", p+"endpoints") && s.Any(p+"engineVersion", p+"criteriaVersion", p+"endpoints[].grade") {
			return 96
		}
	}
	return 0
}

// flaw is a member of an endpoint's details, with the values that tell that the
// attack succeeds (SSL Labs API documentation, version 3, EndpointDetails).
type flaw struct {
	member, values      string
	id, title, severity string
	names               []string
}

var flaws = []flaw{
	{"heartbleed", "true", "heartbleed", "the server gives away its memory (Heartbleed)", "high", []string{"CVE-2014-0160"}},
	{"openSslCcs", "3", "ccs-injection", "the server is open to an early change of cipher (CCS injection)", "high", []string{"CVE-2014-0224"}},
	{"openSSLLuckyMinus20", "2", "lucky-minus-20", "the server tells the padding of a message (LuckyMinus20)", "high", []string{"CVE-2016-2107"}},
	{"ticketbleed", "2", "ticketbleed", "the server gives away its memory (Ticketbleed)", "high", []string{"CVE-2016-9244"}},
	{"bleichenbacher", "2 3", "robot", "the server answers as an oracle for RSA (ROBOT)", "high", nil},
	{"poodle", "true", "poodle", "the server accepts SSL 3 with block ciphers (POODLE)", "medium", []string{"CVE-2014-3566"}},
	{"poodleTls", "2", "poodle-tls", "the server does not check the padding of a message (POODLE over TLS)", "high", []string{"CVE-2014-8730"}},
	{"zombiePoodle", "2 3", "zombie-poodle", "the server tells the padding of a message (Zombie POODLE)", "high", nil},
	{"goldenDoodle", "4 5", "goldendoodle", "the server tells the padding of a message (GOLDENDOODLE)", "high", nil},
	{"zeroLengthPaddingOracle", "6 7", "zero-length-padding", "the server tells the padding of a message (0-length)", "high", []string{"CVE-2019-1559"}},
	{"sleepingPoodle", "10 11", "sleeping-poodle", "the server tells the padding of a message (Sleeping POODLE)", "high", nil},
	{"freak", "true", "freak", "the server accepts keys for export (FREAK)", "medium", []string{"CVE-2015-0204"}},
	{"logjam", "true", "logjam", "the server uses weak parameters for its keys (Logjam)", "medium", []string{"CVE-2015-4000"}},
	{"drownVulnerable", "true", "drown", "the key is used by a server with SSL 2 (DROWN)", "high", []string{"CVE-2016-0800"}},
	{"supportsRc4", "true", "rc4", "the server accepts RC4", "medium", []string{"CVE-2013-2566", "CVE-2015-2808"}},
}

// Parse reads results.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "ssl-labs", "SSL Labs")
	s.Narrow = true
	return s.Run(func() error {
		root, err := reports.JSON(ctx, in, reports.Entries{"[]": func(n *reports.Node) error { return site(s, n) }},
			"sims", "httpTransactions", "raw", "trustPaths", "hstsPreloads", "hpkpPolicy", "staticPkpPolicy", "namedGroups")
		if err != nil || !root.Has("endpoints") && !root.Has("status") {
			return err
		}
		return site(s, root)
	})
}

func site(s *reports.Scan, n *reports.Node) error {
	port, err := strconv.Atoi(cmp.Or(n.Str("port"), "443"))
	if n.Str("host") == "" || err != nil {
		return s.Bad(n, "host", "a result names no site", "assess it again")
	}
	if st := n.Str("status"); st != "READY" && len(n.All("endpoints")) == 0 {
		return n.Fault("SSL Labs could not assess "+reports.Shorten(n.Str("host"), 100)+": "+reports.Shorten(cmp.Or(n.Str("statusMessage"), st), 200), "assess it again")
	}
	certs := map[string]*reports.Node{}
	for _, c := range n.All("certs") {
		certs[c.Str("id")] = c
	}
	h := s.Machine(n.Str("host"))
	h.Set("internet_facing", true)
	s.HostAt(h, n.Time("testTime"))
	s.Port(h, port, "tcp")
	end := s.Endpoint(h, port, "tcp")
	reports.State(end, "internet_facing", true)
	have, weak := map[string]bool{}, []string{}
	tested := 0
	for _, e := range n.All("endpoints") {
		h.Address(e.Str("ipAddress"))
		if st := e.Str("statusMessage"); st != "Ready" {
			s.Partial(h, "SSL Labs could not assess "+e.Str("ipAddress")+": "+st)
			continue
		}
		tested++
		if err := endpoint(s, h, port, e.At("details"), certs, have, &weak, end); err != nil {
			return err
		}
	}
	if tested > 0 {
		reports.OffersTLS(end, have)
		slices.Sort(weak)
		reports.State(end, "tls_weak_ciphers", slices.Compact(weak))
	}
	return nil
}

var protocols = map[string]string{"SSL 2.0": "ssl2", "SSL 3.0": "ssl3", "TLS 1.0": "1.0", "TLS 1.1": "1.1", "TLS 1.2": "1.2", "TLS 1.3": "1.3"}

var old = map[string]string{"ssl2": "high", "ssl3": "high", "1.0": "medium", "1.1": "low"}

func endpoint(s *reports.Scan, h *reports.Host, port int, d *reports.Node, certs map[string]*reports.Node, have map[string]bool, weak *[]string, end *fact.Fact) error {
	put := func(id, title, severity string, names ...string) error {
		return s.Find(h, reports.Found{ID: id, Title: title, Severity: severity, Names: names, Port: port})
	}
	for _, f := range flaws {
		if v := d.Str(f.member); v != "" && slices.Contains(strings.Fields(f.values), v) {
			if err := put(f.id, f.title, f.severity, f.names...); err != nil {
				return err
			}
		}
	}
	for _, p := range d.All("protocols") {
		name := p.Str("name") + " " + p.Str("version")
		v := protocols[name]
		have[v] = v != ""
		if w := old[v]; w != "" {
			if err := put(strings.ToLower(strings.ReplaceAll(name, " ", "-")), "the server accepts "+name, w); err != nil {
				return err
			}
		}
	}
	for _, list := range d.All("suites") {
		for _, c := range list.All("list") {
			if name := c.Str("name"); reports.Weak(name) {
				*weak = append(*weak, name)
			}
		}
	}
	for _, chain := range d.All("certChains") {
		ids := chain.Strs("certIds")
		if len(ids) == 0 || certs[ids[0]] == nil {
			continue
		}
		c := certs[ids[0]]
		certificate(end, c)
		if n, ok := c.Num("issues"); ok && n != 0 {
			if err := put("certificate-not-trusted", "SSL Labs does not trust the server's certificate", "medium"); err != nil {
				return err
			}
		}
	}
	return nil
}

func certificate(f *fact.Fact, c *reports.Node) {
	for attr, v := range map[string]string{"cert_subject": c.Str("subject"), "cert_issuer": c.Str("issuerSubject"), "cert_signature": c.Str("sigAlg")} {
		if v != "" {
			reports.State(f, attr, reports.Shorten(v, 200))
		}
	}
	if names := c.Strs("altNames"); len(names) > 0 {
		reports.State(f, "cert_names", names)
	}
	if t := c.Time("notAfter"); !t.IsZero() {
		reports.State(f, "cert_not_after", t)
	}
	if bits, ok := c.Num("keySize"); ok {
		reports.State(f, "cert_key_bits", int64(bits))
	}
	if t, ok := map[string]string{"RSA": "rsa", "EC": "ecdsa"}[c.Str("keyAlg")]; ok {
		reports.State(f, "cert_key_type", t)
	}
	if n, ok := c.Num("issues"); ok {
		reports.State(f, "cert_chain_valid", n == 0)
	}
}
