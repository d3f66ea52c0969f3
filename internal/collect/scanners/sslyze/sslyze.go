// Package sslyze reads the JSON of SSLyze, of version 3 to the newest.
//
// SSLyze tells what a server does and calls nothing a finding. Findings are what
// [flaws] lists: the attacks it tested that succeed, versions of TLS before 1.2, and
// a certificate that is not trusted or not the server's. Servers that it could not
// reach, and tests that ended in an error, close nothing.
package sslyze

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

// Importer reads results of SSLyze.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "sslyze", Title: "SSLyze result (JSON)", Extensions: []string{".json"},
		Gives:  "weaknesses of the TLS of a service, the versions it accepts and its certificate",
		Stream: "import/sslyze",
	}
}

// Recognize looks for the address of its project, or for the scan of a server.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("sslyze_version") || s.Has("server_scan_results[].server_location") || s.Has("server_scan_results[].scan_commands_results") || s.Has("server_scan_results[].connectivity_status"))
}

// flaw is a result that is a finding: the command, the member of its result, and the
// beginning of the value that tells it.
type flaw struct {
	command, member, value string
	id, title, severity    string
	names                  []string
}

var flaws = []flaw{
	{"heartbleed", "is_vulnerable_to_heartbleed", "true", "heartbleed", "the server gives away its memory (Heartbleed)", "high", []string{"CVE-2014-0160"}},
	{"openssl_ccs_injection", "is_vulnerable_to_ccs_injection", "true", "ccs-injection", "the server is open to an early change of cipher (CCS injection)", "high", []string{"CVE-2014-0224"}},
	{"robot", "robot_result", "VULNERABLE", "robot", "the server answers as an oracle for RSA (ROBOT)", "high", nil},
	{"session_renegotiation", "is_vulnerable_to_client_renegotiation_dos", "true", "client-renegotiation", "clients can make the server renegotiate without end", "medium", []string{"CVE-2011-1473"}},
	{"session_renegotiation", "accepts_client_renegotiation", "true", "client-renegotiation", "clients can make the server renegotiate without end", "medium", []string{"CVE-2011-1473"}},
	{"session_renegotiation", "supports_secure_renegotiation", "false", "insecure-renegotiation", "the server renegotiates without protection", "medium", []string{"CVE-2009-3555"}},
	{"tls_compression", "supports_compression", "true", "compression", "the server compresses inside of TLS (CRIME)", "medium", []string{"CVE-2012-4929"}},
	{"tls_fallback_scsv", "supports_fallback_scsv", "false", "fallback-scsv", "the server does not notice a downgrade", "low", nil},
}

type version struct{ command, name, id, severity string }

var versions = []version{
	{"ssl_2_0_cipher_suites", "ssl2", "ssl-2.0", "high"},
	{"ssl_3_0_cipher_suites", "ssl3", "ssl-3.0", "high"},
	{"tls_1_0_cipher_suites", "1.0", "tls-1.0", "medium"},
	{"tls_1_1_cipher_suites", "1.1", "tls-1.1", "low"},
	{"tls_1_2_cipher_suites", "1.2", "", ""},
	{"tls_1_3_cipher_suites", "1.3", "", ""},
}

// Parse reads results.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "sslyze", "SSLyze")
	s.Narrow = true
	return s.Run(func() error {
		root, err := reports.JSON(ctx, in, reports.Entries{"server_scan_results[]": func(n *reports.Node) error { return server(s, n) }},
			"as_pem", "rejected_cipher_suites", "rejected_curves", "trust_store", "verified_certificate_chain", "rsa_n", "public_bytes", "ocsp_response", "prime", "http_headers")
		if err != nil {
			return err
		}
		if !root.Has("server_scan_results") {
			return root.Fault("there are no results in it", "run sslyze with --json_out again")
		}
		s.Version = root.Str("sslyze_version")
		s.At(cmp.Or(root.Time("date_scans_completed"), root.Time("date_scans_started")))
		for _, e := range root.All("server_connectivity_errors") {
			if name := e.Str("server_string"); name != "" {
				s.Partial(s.Machine(name), "SSLyze could not reach it: "+e.Str("error_message"))
			}
		}
		return nil
	})
}

func server(s *reports.Scan, n *reports.Node) error {
	loc := n.At("server_location")
	if !n.Has("server_location") {
		loc = n.At("server_info", "server_location")
	}
	port, err := strconv.Atoi(loc.Str("port"))
	if err != nil || loc.Str("hostname") == "" {
		return s.Bad(n, "server_location", "a result names no server", "run sslyze again")
	}
	h := s.Machine(loc.Str("hostname"), loc.Str("ip_address"))
	for _, key := range []string{"connectivity_status", "scan_status"} {
		if st := n.Str(key); st != "" && st != "COMPLETED" {
			s.Partial(h, "SSLyze could not test it: "+st)
		}
	}
	commands := n.At("scan_result")
	if !n.Has("scan_result") {
		commands = n.At("scan_commands_results")
	}
	for name := range n.At("scan_commands_errors").Members {
		s.Partial(h, "the test "+name+" ended in an error")
	}
	// Since version 5 each result stands in "result", with its state beside it.
	result := func(command string) *reports.Node {
		c := commands.At(command)
		if c.Str("status") == "ERROR" {
			s.Partial(h, "the test "+command+" ended in an error")
		}
		if c.Has("status") {
			return c.At("result")
		}
		return c
	}
	put := func(id, title, severity string, names ...string) error {
		return s.Find(h, reports.Found{ID: id, Title: title, Severity: severity, Names: names, Port: port})
	}
	for _, f := range flaws {
		if v := result(f.command).Str(f.member); v != "" && strings.HasPrefix(v, f.value) {
			if err := put(f.id, f.title, f.severity, f.names...); err != nil {
				return err
			}
		}
	}
	s.Port(h, port, "tcp")
	end := s.Endpoint(h, port, "tcp")
	have, tried, weak := map[string]bool{}, 0, []string{}
	for _, v := range versions {
		r := result(v.command)
		accepted := r.All("accepted_cipher_suites")
		if r.Has("tls_version_used") {
			tried++
		}
		// A version may be spoken although each suite of it was refused.
		if len(accepted) == 0 {
			continue
		}
		have[v.name] = true
		for _, c := range accepted {
			if name := c.Str("cipher_suite", "name"); reports.Weak(name) {
				weak = append(weak, name)
			}
		}
		if v.id != "" {
			if err := put(v.id, "the server accepts "+strings.ToUpper(strings.ReplaceAll(v.id, "-", " ")), v.severity); err != nil {
				return err
			}
		}
	}
	if tried == len(versions) {
		reports.OffersTLS(end, have)
		slices.Sort(weak)
		reports.State(end, "tls_weak_ciphers", slices.Compact(weak))
	}
	for i, d := range result("certificate_info").All("certificate_deployments") {
		if i == 0 {
			certificate(end, d)
		}
		if trusted, known := validated(d); known && !trusted {
			if err := put("certificate-not-trusted", "no trust store trusts the server's certificate", "medium"); err != nil {
				return err
			}
		}
		if d.Str("leaf_certificate_subject_matches_hostname") == "false" {
			if err := put("certificate-other-name", "the certificate is of another name than the server's", "medium"); err != nil {
				return err
			}
		}
	}
	return nil
}

// validated reports whether a trust store accepts the certificate.
func validated(d *reports.Node) (ok, known bool) {
	for _, p := range d.All("path_validation_results") {
		known = true
		e := p.Str("openssl_error_string")
		if p.Yes("was_validation_successful") || !p.Has("was_validation_successful") && e == "" && !p.Has("validation_error") {
			ok = true
		}
	}
	return ok, known
}

func certificate(f *fact.Fact, d *reports.Node) {
	chain := d.All("received_certificate_chain")
	if len(chain) == 0 {
		return
	}
	c := chain[0]
	set := func(attr, v string) {
		if v != "" {
			reports.State(f, attr, reports.Shorten(v, 200))
		}
	}
	set("cert_subject", c.Str("subject", "rfc4514_string"))
	set("cert_issuer", c.Str("issuer", "rfc4514_string"))
	set("cert_signature", cmp.Or(c.Str("signature_algorithm_oid", "name"), c.Str("signatureAlgorithm")))
	for _, path := range [][]string{{"subject_alternative_name", "dns"}, {"subject_alternative_name", "dns_names"}, {"subjectAltName", "DNS"}, {"subjectAlternativeName", "DNS"}} {
		if names := c.Strs(path...); len(names) > 0 {
			reports.State(f, "cert_names", names)
		}
	}
	if t := cmp.Or(c.Time("not_valid_after"), c.Time("notAfter")); !t.IsZero() {
		reports.State(f, "cert_not_after", t)
	}
	if s := c.Str("subject", "rfc4514_string"); s != "" {
		reports.State(f, "cert_self_signed", s == c.Str("issuer", "rfc4514_string"))
	}
	if ok, known := validated(d); known {
		reports.State(f, "cert_chain_valid", ok)
	}
	for _, key := range []string{"public_key", "publicKey"} {
		k := c.At(key)
		if bits, ok := k.Num("key_size"); ok {
			reports.State(f, "cert_key_bits", int64(bits))
		} else if bits, ok := k.Num("size"); ok {
			reports.State(f, "cert_key_bits", int64(bits))
		}
		alg := strings.ToLower(k.Str("algorithm"))
		for _, t := range []string{"rsa", "ed25519"} {
			if strings.Contains(alg, t) {
				reports.State(f, "cert_key_type", t)
			}
		}
		if strings.Contains(alg, "ellipticcurve") || strings.Contains(alg, "ecpublic") {
			reports.State(f, "cert_key_type", "ecdsa")
		}
	}
}
