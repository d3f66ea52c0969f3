// Package testssl reads the results of testssl.sh: CSV, flat JSON and pretty JSON.
//
// A row of severity LOW or graver is a finding, OK and INFO are none. WARN means
// that testssl could not tell, and FATAL that it could not test: a target with one
// of them closes nothing.
package testssl

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads results of testssl.sh.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "testssl", Title: "testssl.sh result (CSV, JSON)", Extensions: []string{".csv", ".json"},
		Gives:  "weaknesses of the TLS of a service, the versions it accepts and its certificate",
		Stream: "import/testssl",
	}
}

var headers = []string{"id", "fqdn/ip", "port", "severity", "finding", "cve", "cwe"}

// Recognize looks for the columns or for rows of them.
func (Importer) Recognize(_ string, head []byte) int {
	if json, _ := reports.Begins(head); json {
		s := reports.Sniff(head)
		return reports.Sure(s.Has("[].id", "[].ip", "[].port", "[].severity", "[].finding") || s.Has("scanResult") && s.Any("Invocation", "openssl"))
	}
	return reports.Sure(reports.Headers(head, headers...) != nil)
}

// target is one port of one host with what its rows say.
type target struct {
	host     *reports.Host
	port     int
	tried    bool
	versions map[string]bool
	weak     []string
	listed   bool // ciphers are listed one by one
}

type parser struct {
	*reports.Scan
	targets map[string]*target
	order   []*target
	rows    int
	fatal   string
}

// Parse reads results.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{Scan: reports.NewScan(in, "testssl", "testssl.sh"), targets: map[string]*target{}}
	p.Narrow = true
	return p.Run(func() error {
		head, err := in.Head()
		if err != nil {
			return err
		}
		if json, _ := reports.Begins(head); json {
			root, err := reports.JSON(ctx, in, reports.Entries{"[]": p.row, "scanResult[]": p.pretty})
			if err != nil {
				return err
			}
			p.At(root.Time("startTime"))
		} else if err := reports.CSV(ctx, in, headers, nil, p.row); err != nil {
			return err
		}
		if p.fatal != "" && p.rows == 0 {
			return (&reports.Node{}).Fault("testssl.sh reports an error: "+reports.Shorten(p.fatal, 200), "run it again where the service can be reached")
		}
		for _, t := range p.order {
			p.settle(t)
		}
		return nil
	})
}

// pretty reads a target of the pretty JSON: lists of rows by topic.
func (p *parser) pretty(n *reports.Node) error {
	name := strings.Trim(n.Str("targetHost")+"/"+n.Str("ip"), "/")
	for _, list := range n.Members {
		for _, r := range list.All() {
			if r.Has("severity") && r.Has("id") {
				if err := p.take(r, name, n.Str("port")); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (p *parser) row(n *reports.Node) error {
	return p.take(n, cmp.Or(n.Str("fqdn/ip"), n.Str("ip")), n.Str("port"))
}

func (p *parser) take(n *reports.Node, name, portText string) error {
	port, err := strconv.Atoi(portText)
	if name == "" || name == "/" || err != nil {
		if n.Str("severity") == "WARN" || n.Str("severity") == "FATAL" {
			p.fatal = cmp.Or(p.fatal, n.Str("finding"))
			p.Partial(nil, n.Str("finding"))
		}
		return nil // rows about the run itself name no target
	}
	key := name + " " + portText
	t := p.targets[key]
	if t == nil {
		fqdn, ip, _ := strings.Cut(name, "/")
		t = &target{host: p.Machine(fqdn, ip), port: port, versions: map[string]bool{}}
		p.Port(t.host, port, "tcp")
		p.targets[key] = t
		p.order = append(p.order, t)
	}
	id, finding := n.Str("id"), n.Str("finding")
	switch n.Str("severity") {
	case "FATAL":
		p.fatal = finding
		p.Partial(t.host, "testssl.sh could not test it: "+finding)
		return nil
	case "WARN":
		p.Partial(t.host, "testssl.sh could not tell: "+finding)
	}
	p.rows++
	p.state(t, id, finding)
	severity := map[string]string{"LOW": "low", "MEDIUM": "medium", "HIGH": "high", "CRITICAL": "critical"}[n.Str("severity")]
	if severity == "" {
		return nil
	}
	return p.Find(t.host, reports.Found{
		ID: id, Title: strings.TrimSpace(id + ": " + finding), Severity: severity, Names: strings.Fields(n.Str("cve")), CWEs: strings.Fields(n.Str("cwe")), Port: port,
	})
}

var protocols = map[string]string{"SSLv2": "ssl2", "SSLv3": "ssl3", "TLS1": "1.0", "TLS1_1": "1.1", "TLS1_2": "1.2", "TLS1_3": "1.3"}

// state takes what a row says of the endpoint.
func (p *parser) state(t *target, id, finding string) {
	if v, ok := protocols[id]; ok {
		t.tried = true
		t.versions[v] = strings.HasPrefix(finding, "offered") || strings.HasPrefix(finding, "supported")
		return
	}
	id, _, _ = strings.Cut(id, " ") // a second certificate is "cert_… <cert#2>"
	if strings.HasPrefix(id, "cipher-") {
		t.listed = true
		words := strings.Fields(finding)
		if len(words) > 0 && reports.Weak(words[len(words)-1]) {
			t.weak = append(t.weak, words[len(words)-1])
		}
		return
	}
	if !strings.HasPrefix(id, "cert_") {
		return
	}
	f := p.Endpoint(t.host, t.port, "tcp")
	set := func(attr string, v any) {
		if _, twice := f.Values[attr]; !twice && v != "" {
			reports.State(f, attr, v)
		}
	}
	switch id {
	case "cert_commonName":
		set("cert_subject", reports.Shorten(finding, 200))
	case "cert_subjectAltName":
		set("cert_names", strings.Fields(finding))
	case "cert_caIssuers":
		set("cert_issuer", reports.Shorten(finding, 200))
	case "cert_notAfter":
		if at := reports.Moment(finding); !at.IsZero() {
			set("cert_not_after", at)
		}
	case "cert_chain_of_trust":
		set("cert_chain_valid", strings.HasPrefix(finding, "passed"))
		if strings.Contains(finding, "self signed") || strings.Contains(finding, "self-signed") {
			set("cert_self_signed", true)
		}
	case "cert_signatureAlgorithm":
		set("cert_signature", reports.Shorten(finding, 60))
	case "cert_keySize":
		words := strings.Fields(finding)
		if len(words) >= 2 {
			if bits, err := strconv.Atoi(words[1]); err == nil {
				set("cert_key_bits", int64(bits))
			}
			if k, ok := map[string]string{"RSA": "rsa", "EC": "ecdsa", "ECDSA": "ecdsa", "Ed25519": "ed25519"}[words[0]]; ok {
				set("cert_key_type", k)
			}
		}
	}
}

func (p *parser) settle(t *target) {
	if t.tried {
		reports.OffersTLS(p.Endpoint(t.host, t.port, "tcp"), t.versions)
	}
	if t.listed {
		slices.Sort(t.weak)
		weak := slices.Compact(t.weak)
		if weak == nil {
			weak = []string{}
		}
		reports.State(p.Endpoint(t.host, t.port, "tcp"), "tls_weak_ciphers", weak)
	}
}
