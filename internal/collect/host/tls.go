package host

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"net/netip"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/host/known"
	"github.com/asepsis/asepsis/internal/collect/host/probe"
	"github.com/asepsis/asepsis/internal/fact"
)

// answer is what a listening port gave away when asked.
type answer struct{ probe.Answer }

// probeAll asks every TCP port of the machine how it speaks, over loopback or
// the address it is bound to. It returns one answer a listener.
func probeAll(ctx context.Context, m *machine, s *section, ls []listener) []answer {
	answers := make([]answer, len(ls))
	var targets []probe.Target
	var at []int
	for i, l := range ls {
		p, _ := known.PortOf(l.port, l.transport)
		switch {
		case l.transport != "tcp":
			answers[i].Unsure = "only TCP ports are asked"
		case !m.tree.Live():
			answers[i].Unsure = "a captured tree opens no connections"
		case m.opts.NoProbe:
			answers[i].Unsure = "connecting to ports was turned off"
		case p.Probe == "no":
			answers[i].Unsure = "nothing is sent to this kind of service, lest it act on it"
		default:
			targets = append(targets, probe.Target{
				Addr: netip.AddrPortFrom(reachable(l.addr), uint16(l.port)), ServerFirst: p.First == "server", StartTLS: p.StartTLS, Names: []string{hostName(m)},
			})
			at = append(at, i)
		}
	}
	if len(targets) == 0 {
		return answers
	}
	ctx, cancel := context.WithTimeout(ctx, m.opts.ProbeTimeout)
	defer cancel()
	for j, a := range (probe.Prober{Now: m.now}).All(ctx, targets) {
		answers[at[j]] = answer{a}
	}
	if ctx.Err() != nil {
		s.note("TLS of listening ports", "not all ports answered in the time given; those that did not say so")
	}
	return answers
}

// reachable turns a wildcard into the loopback address of its family.
func reachable(a netip.Addr) netip.Addr {
	switch {
	case !a.IsUnspecified():
		return a
	case a.Is4():
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv6Loopback()
}

// tlsAttrs are the attributes that only a TLS handshake gives.
var tlsAttrs = []string{
	"tls_versions", "tls_oldest", "tls_newest", "tls_cipher", "tls_weak_ciphers", "cert_subject", "cert_names", "cert_issuer",
	"cert_not_after", "cert_self_signed", "cert_chain_valid", "cert_key_type", "cert_key_bits", "cert_signature",
}

// tlsFacts states what the handshakes showed.
func (a answer) tlsFacts(vs fact.Values, missing map[string]string) {
	switch {
	case a.TLS != nil:
		vs["tls"] = true
		tlsVersions(a.TLS, vs, missing)
		certificate(a.TLS, vs, missing)
	case a.Refused != "":
		vs["tls"] = true
		for _, n := range tlsAttrs {
			missing[n] = "it speaks TLS but refused us: " + a.Refused
		}
	case a.Unsure != "":
		missing["tls"] = a.Unsure
	default:
		vs["tls"] = false
	}
}

func tlsVersions(t *probe.TLS, vs fact.Values, missing map[string]string) {
	if len(t.Versions) == 0 {
		missing["tls_versions"], missing["tls_oldest"], missing["tls_newest"] = "no version could be agreed on", "no version could be agreed on", "no version could be agreed on"
	} else {
		vs["tls_versions"], vs["tls_oldest"], vs["tls_newest"] = t.Versions, t.Versions[0], t.Versions[len(t.Versions)-1]
	}
	if t.Cipher != "" {
		vs["tls_cipher"] = t.Cipher
	} else {
		missing["tls_cipher"] = "it ends the handshake without a certificate of ours"
	}
	vs["tls_weak_ciphers"] = sorted(t.Weak)
}

func certificate(t *probe.TLS, vs fact.Values, missing map[string]string) {
	if len(t.Chain) == 0 {
		for _, n := range tlsAttrs {
			if strings.HasPrefix(n, "cert_") {
				missing[n] = "it sent no certificate that can be read"
			}
		}
		return
	}
	c := t.Chain[0]
	vs["cert_subject"] = c.Subject.String()
	vs["cert_issuer"] = c.Issuer.String()
	vs["cert_names"] = sorted(c.DNSNames)
	vs["cert_not_after"] = c.NotAfter.UTC()
	vs["cert_self_signed"] = selfSigned(c)
	vs["cert_chain_valid"] = t.Trusted
	vs["cert_signature"] = c.SignatureAlgorithm.String()
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		vs["cert_key_type"], vs["cert_key_bits"] = "rsa", int64(k.N.BitLen())
	case *ecdsa.PublicKey:
		vs["cert_key_type"], vs["cert_key_bits"] = "ecdsa", int64(k.Curve.Params().BitSize)
	case ed25519.PublicKey:
		vs["cert_key_type"], vs["cert_key_bits"] = "ed25519", int64(256)
	default:
		missing["cert_key_type"], missing["cert_key_bits"] = "a kind of key we do not know", "a kind of key we do not know"
	}
}

// selfSigned reports whether a certificate vouches for itself. The signature
// is checked, not the names alone: anybody can copy a name.
func selfSigned(c *x509.Certificate) bool {
	return string(c.RawIssuer) == string(c.RawSubject) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}
