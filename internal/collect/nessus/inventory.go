package nessus

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
)

// Plugins whose items say what there is, rather than what is wrong.
const (
	scanInfo     = "19506"
	serviceFound = "22964"
	certificate  = "10863"
	tlsVersions  = "56984"
	tlsCiphers   = "21643"
	debPackages  = "22869"
	untrusted    = "51192"
)

// openPort are the scanners that found a port open from outside.
var openPort = map[string]bool{"11219": true, "10335": true, "34277": true}

// outputs are the plugins whose output is read.
var outputs = map[string]bool{scanInfo: true, serviceFound: true, certificate: true, tlsVersions: true, tlsCiphers: true, debPackages: true}

// inventory takes from an item what it tells about the host and its services.
func (p *parser) inventory(h *host, it *item) {
	switch it.plugin {
	case scanInfo:
		p.scanInfo(h, it.output)
		return
	case debPackages:
		p.packages(h, it)
		return
	}
	if it.port == 0 || it.transport != "tcp" && it.transport != "udp" {
		return
	}
	cert := it.plugin == certificate || it.plugin == tlsVersions || it.plugin == tlsCiphers || it.plugin == untrusted
	if !cert && it.plugin != serviceFound && !openPort[it.plugin] {
		return
	}
	key := fmt.Sprintf("%d/%s", it.port, it.transport)
	pt := h.ports[key]
	if pt == nil {
		pt = &port{}
		h.ports[key] = pt
		h.order = append(h.order, key)
	}
	f := h.Fact(fact.KindEndpoint, key)
	f.Values["port"], f.Values["transport"], f.Values["exposed"] = int64(it.port), it.transport, true
	if len(h.Addresses) > 0 {
		f.Values["address"] = h.Addresses[0].String()
	}
	if p.in.Options["scope"] == reports.External {
		f.Values["internet_facing"] = true
		h.Set("internet_facing", true)
	}
	pt.cert = pt.cert || cert
	if name := it.service; pt.service == "" && name != "" && !strings.HasSuffix(name, "?") && name != "unknown" {
		pt.service = name
	}
	switch it.plugin {
	case serviceFound:
		pt.detected = pt.detected || pt.service != ""
		if strings.Contains(it.output, "through TLS") || strings.Contains(it.output, "through SSL") ||
			strings.Contains(it.output, "TLSv") || strings.Contains(it.output, "SSLv") {
			pt.tls = true
		}
	case tlsVersions:
		versions(f, it.output)
	case tlsCiphers:
		weakCiphers(f, it.output)
	case untrusted:
		reports.State(f, "cert_chain_valid", false)
	case certificate:
		readCertificate(f, it.output)
	}
}

// scanInfo reads the lines "name : value" of the scan's own description.
func (p *parser) scanInfo(h *host, output string) {
	for line := range strings.Lines(output) {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "Nessus version":
			p.scanner = reports.Shorten(value, 40)
		case "Credentialed checks":
			switch {
			case strings.HasPrefix(value, "yes"):
				h.Set("scan_credentialed", true)
			case strings.HasPrefix(value, "no"):
				h.Set("scan_credentialed", false)
			}
		}
	}
}

var versionNames = map[string]string{
	"SSLv2": "ssl2", "SSLv3": "ssl3", "TLSv1.0": "1.0", "TLSv1": "1.0", "TLSv1.1": "1.1", "TLSv1.2": "1.2", "TLSv1.3": "1.3",
}

// versions reads "This port supports TLSv1.0/TLSv1.2."
func versions(f *fact.Fact, output string) {
	_, rest, ok := strings.Cut(output, "supports ")
	if !ok {
		return
	}
	have := map[string]bool{}
	for s := range strings.SplitSeq(strings.Trim(strings.TrimSpace(rest), "."), "/") {
		if v, ok := versionNames[strings.TrimSpace(s)]; ok {
			have[v] = true
		}
	}
	if vs := reports.TLSVersions(have); len(vs) > 0 {
		f.Values["tls_versions"], f.Values["tls_oldest"], f.Values["tls_newest"] = vs, vs[0], vs[len(vs)-1]
	}
}

// maxWeak bounds how many weak suites are listed; no server has as many.
const maxWeak = 500

// weakCiphers lists the suites that Nessus puts under another heading than high
// strength, and those with RC4, which it measures by key length alone.
func weakCiphers(f *fact.Fact, output string) {
	weak := []string{}
	low, listed := false, false
	for line := range strings.Lines(output) {
		words := strings.Fields(line)
		switch {
		case strings.Contains(line, "Ciphers ("):
			low = !strings.Contains(line, "High Strength")
		case len(words) > 1 && strings.HasPrefix(words[1], "0x"):
			listed = true
			if (low || strings.Contains(words[0], "RC4")) && len(weak) < maxWeak && !slices.Contains(weak, words[0]) {
				weak = append(weak, reports.Shorten(words[0], 80))
			}
		}
	}
	if listed {
		slices.Sort(weak)
		f.Values["tls_weak_ciphers"] = weak
	}
}

// readCertificate reads the description of the server's certificate.
func readCertificate(f *fact.Fact, output string) {
	if _, twice := f.Values["cert_not_after"]; twice {
		return // the first is the server's own
	}
	section := ""
	names := map[string]string{}
	for line := range strings.Lines(output) {
		name, value, _ := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch name {
		case "Subject Name", "Issuer Name", "Public Key Info":
			section = name
		case "Common Name", "Organization":
			names[section+"/"+name] = value
		case "Not Valid After":
			if t, err := time.Parse("Jan _2 15:04:05 2006 MST", value); err == nil {
				f.Values["cert_not_after"] = t.UTC()
			}
		case "Signature Algorithm":
			if _, ok := f.Values["cert_signature"]; !ok && value != "" {
				f.Values["cert_signature"] = reports.Shorten(value, 60)
			}
		case "Algorithm":
			if kind, ok := keyKinds[strings.TrimSuffix(value, " Encryption")]; ok && section == "Public Key Info" {
				f.Values["cert_key_type"] = kind
			}
		case "Key Length":
			var bits int64
			if _, err := fmt.Sscanf(value, "%d bits", &bits); err == nil {
				f.Values["cert_key_bits"] = bits
			}
		}
	}
	subject, issuer := names["Subject Name/Common Name"], names["Issuer Name/Common Name"]
	if subject != "" {
		f.Values["cert_subject"] = reports.Shorten(subject, 200)
	}
	if issuer == "" {
		issuer = names["Issuer Name/Organization"]
	}
	if issuer != "" {
		f.Values["cert_issuer"] = reports.Shorten(issuer, 200)
	}
	if subject != "" && issuer != "" {
		f.Values["cert_self_signed"] = subject == issuer && names["Subject Name/Organization"] == names["Issuer Name/Organization"]
	}
}

var keyKinds = map[string]string{"RSA": "rsa", "EC": "ecdsa", "ECDSA": "ecdsa", "Ed25519": "ed25519"}

// packages reads dpkg's list as Nessus prints it: state, name, version, architecture.
func (p *parser) packages(h *host, it *item) {
	head, list, ok := strings.Cut(it.output, "\n\n")
	if !ok || !strings.Contains(head, "Debian") && !strings.Contains(head, "Ubuntu") {
		return
	}
	if it.cut {
		p.truncated++
	}
	for line := range strings.Lines(list) {
		f := strings.Fields(line)
		if len(f) < 4 || f[0] != "ii" || len(p.parts)+p.items >= p.in.Limits.Items {
			continue
		}
		p.parts = append(p.parts, fact.Component{
			Asset: h.Ref, Ecosystem: "deb", Name: p.share(f[1]), Version: p.share(f[2]), Arch: p.share(f[3]), Distro: h.distro,
		})
	}
}
