package nmap

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
)

// script is the structured output of one of nmap's scripts.
type script struct {
	id     string
	root   node
	output string // its text, of vulscan alone
}

// node is an element or a table of a script's output.
type node struct {
	key  string
	text string
	kids []node
}

// wanted are the scripts whose output is read.
var wanted = map[string]bool{
	"ssl-cert": true, "ssl-enum-ciphers": true, "smb-os-discovery": true, "rdp-ntlm-info": true, "nbstat": true,
	"ssh2-enum-algos": true, "ssh-auth-methods": true, "dicom-ping": true,
}

// maxNodes bounds one script's output: ssl-enum-ciphers writes some 1,500.
const maxNodes = 20_000

func (p *parser) script(to *[]script) error {
	id := p.r.Attr("id")
	if !wanted[id] && !testsFlaw(id) || len(*to) >= 50 {
		return nil
	}
	s := script{id: id}
	if id == "vulscan" {
		s.output = p.r.Attr("output")
	}
	n := maxNodes
	err := p.nodes(&s.root, &n)
	*to = append(*to, s)
	return err
}

func (p *parser) nodes(into *node, left *int) error {
	return p.r.Children(func(name string) error {
		if *left--; *left < 0 {
			return p.r.Fault("a script's output has too many parts", "run the scan again")
		}
		k := node{key: p.r.Attr("key")}
		var err error
		switch name {
		case "table":
			err = p.nodes(&k, left)
		case "elem":
			k.text, err = p.r.Brief(64 << 10)
		default:
			return nil
		}
		into.kids = append(into.kids, k)
		return err
	})
}

func (n *node) get(key string) *node {
	for i := range n.kids {
		if n.kids[i].key == key {
			return &n.kids[i]
		}
	}
	return &node{}
}

// texts returns the elements of a list.
func (n *node) texts() []string {
	out := make([]string, 0, len(n.kids))
	for _, k := range n.kids {
		out = append(out, k.text)
	}
	return out
}

// readScripts takes what the scripts of a port tell about it.
func (pt *port) readScripts(f *fact.Fact) {
	for _, s := range pt.scripts {
		switch s.id {
		case "ssl-cert":
			if yes := certificate(f, &s.root); yes {
				pt.speaksTLS(yes)
				reports.Lack(f, "cert_chain_valid", "nmap does not check who issued the certificate")
			}
		case "ssl-enum-ciphers":
			pt.speaksTLS(ciphers(f, &s.root))
		case "dicom-ping":
			pt.service, pt.probed = "dicom", true
		}
	}
}

func (pt *port) speaksTLS(yes bool) {
	if !yes {
		return
	}
	if pt.tls || !reports.Upgrades(reports.Service(pt.service, false)) {
		pt.tls = true
	} else {
		pt.offers = true
	}
}

func certificate(f *fact.Fact, n *node) bool {
	if block, _ := pem.Decode([]byte(n.get("pem").text)); block != nil {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			stateCertificate(f, c)
			return true
		}
	}
	after, err := time.Parse("2006-01-02T15:04:05", n.get("validity").get("notAfter").text)
	if err != nil {
		return false
	}
	reports.State(f, "cert_not_after", after)
	text := func(attr, v string) {
		if v != "" {
			reports.State(f, attr, reports.Shorten(v, 200))
		}
	}
	subject, issuer := n.get("subject"), n.get("issuer")
	text("cert_subject", subject.get("commonName").text)
	text("cert_issuer", issuer.get("commonName").text)
	text("cert_signature", n.get("sig_algo").text)
	if len(subject.kids) > 0 && len(issuer.kids) > 0 {
		reports.State(f, "cert_self_signed", slices.EqualFunc(subject.kids, issuer.kids, func(a, b node) bool { return a.key == b.key && a.text == b.text }))
	}
	if kind, ok := keyKinds[n.get("pubkey").get("type").text]; ok {
		reports.State(f, "cert_key_type", kind)
	}
	if bits, err := strconv.ParseInt(n.get("pubkey").get("bits").text, 10, 32); err == nil {
		reports.State(f, "cert_key_bits", bits)
	}
	return true
}

var keyKinds = map[string]string{"rsa": "rsa", "ec": "ecdsa", "ecdsa": "ecdsa", "ed25519": "ed25519"}

func stateCertificate(f *fact.Fact, c *x509.Certificate) {
	reports.State(f, "cert_not_after", c.NotAfter.UTC())
	subject := c.Subject.CommonName
	if subject == "" && len(c.DNSNames) > 0 {
		subject = c.DNSNames[0]
	}
	if subject != "" {
		reports.State(f, "cert_subject", reports.Shorten(subject, 200))
	}
	issuer := c.Issuer.CommonName
	if issuer == "" {
		issuer = c.Issuer.String()
	}
	if issuer != "" {
		reports.State(f, "cert_issuer", reports.Shorten(issuer, 200))
	}
	if n := len(c.DNSNames); n > 0 {
		reports.State(f, "cert_names", slices.Clone(c.DNSNames[:min(n, 200)]))
	}
	reports.State(f, "cert_self_signed", string(c.RawSubject) == string(c.RawIssuer))
	reports.State(f, "cert_signature", c.SignatureAlgorithm.String())
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		reports.State(f, "cert_key_type", "rsa")
		reports.State(f, "cert_key_bits", int64(k.N.BitLen()))
	case *ecdsa.PublicKey:
		reports.State(f, "cert_key_type", "ecdsa")
		reports.State(f, "cert_key_bits", int64(k.Curve.Params().BitSize))
	case ed25519.PublicKey:
		reports.State(f, "cert_key_type", "ed25519")
		reports.State(f, "cert_key_bits", int64(256))
	}
}

var versionKeys = map[string]string{"SSLv2": "ssl2", "SSLv3": "ssl3", "TLSv1.0": "1.0", "TLSv1.1": "1.1", "TLSv1.2": "1.2", "TLSv1.3": "1.3"}

// maxWeak bounds how many weak suites or algorithms are listed; no server has as many.
const maxWeak = 500

// ciphers reads the versions and suites a server accepts. Suites that nmap
// grades C or worse are weak: 3DES, RC4, export keys, no authentication.
func ciphers(f *fact.Fact, n *node) bool {
	have := map[string]bool{}
	weak := []string{}
	for i := range n.kids {
		v, ok := versionKeys[n.kids[i].key]
		if !ok {
			continue
		}
		have[v] = true
		suites := n.kids[i].get("ciphers")
		for j := range suites.kids {
			name, strength := suites.kids[j].get("name").text, suites.kids[j].get("strength").text
			if strength != "" && strength != "A" && strength != "B" && len(weak) < maxWeak && !slices.Contains(weak, name) {
				weak = append(weak, reports.Shorten(name, 80))
			}
		}
	}
	vs := reports.TLSVersions(have)
	if len(vs) == 0 {
		return false
	}
	slices.Sort(weak)
	reports.State(f, "tls_versions", vs)
	reports.State(f, "tls_oldest", vs[0])
	reports.State(f, "tls_newest", vs[len(vs)-1])
	reports.State(f, "tls_weak_ciphers", weak)
	return true
}

// scriptsOfHost takes what scripts tell about the host itself. What a service
// says of its own name goes before what the network calls it.
func (p *parser) scriptsOfHost(out *reports.Host, h *seen) {
	all := slices.Clone(h.scripts)
	for _, pt := range h.ports {
		all = append(all, pt.scripts...)
	}
	for _, s := range all {
		n := &s.root
		switch s.id {
		case "smb-os-discovery":
			out.Name(n.get("fqdn").text)
			out.Name(strings.TrimRight(n.get("server").text, "\x00"))
			if v := n.get("os").text; v != "" {
				out.Set("os_name", reports.Shorten(v, 200))
				if strings.Contains(v, "Windows") {
					out.Set("os_family", "windows")
				}
			}
		case "rdp-ntlm-info":
			out.Name(n.get("DNS_Computer_Name").text)
			out.Name(n.get("NetBIOS_Computer_Name").text)
			if v := n.get("Product_Version").text; v != "" {
				out.Set("os_family", "windows")
				out.Set("os_build", reports.Shorten(v, 60))
			}
			out.Set("rdp_enabled", true)
		case "nbstat":
			out.Name(n.get("server_name").text)
			out.MAC(n.get("mac").get("address").text)
		case "ssh2-enum-algos":
			out.Set("ssh_weak_algorithms", weakSSH(n))
		case "ssh-auth-methods":
			if methods := n.get("Supported authentication methods"); len(methods.kids) > 0 {
				out.Set("ssh_password_auth", slices.Contains(methods.texts(), "password"))
			}
		}
	}
}

// weakSSH lists algorithms that OpenSSH itself no longer offers by default
// (release notes of 6.7, 7.0, 8.2 and 8.8).
func weakSSH(n *node) []string {
	weak := []string{}
	for i := range n.kids {
		for _, a := range n.kids[i].texts() {
			bad := strings.Contains(a, "-cbc") || strings.HasPrefix(a, "arcfour") || strings.Contains(a, "md5") || strings.HasSuffix(a, "-96") ||
				a == "ssh-dss" || a == "ssh-rsa" || a == "diffie-hellman-group1-sha1" || a == "diffie-hellman-group-exchange-sha1" || a == "diffie-hellman-group14-sha1"
			if bad && len(weak) < maxWeak && !slices.Contains(weak, a) {
				weak = append(weak, reports.Shorten(a, 80))
			}
		}
	}
	slices.Sort(weak)
	return weak
}
