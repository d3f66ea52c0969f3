package tlsenum

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/service/wire"
)

// MaxNames is how many names of a certificate are kept.
const MaxNames = 200

// maxKeyBits bounds the keys that signatures are checked with: checking with a
// key of a hundred thousand bits takes minutes, and no authority has one.
const maxKeyBits = 16384

// Chain is what a server shows to prove who it is, judged at a moment.
type Chain struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Names     []string  `json:"names,omitempty"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	KeyType   string    `json:"key_type,omitempty"` // rsa, ecdsa, ed25519, dsa; empty for one we do not know
	KeyBits   int       `json:"key_bits,omitempty"` // 0 where the length is not known
	Signature string    `json:"signature"`
	// WeakSignature says that it was signed with MD5 or SHA-1.
	WeakSignature bool `json:"weak_signature,omitempty"`
	SelfSigned    bool `json:"self_signed,omitempty"`
	// Trusted says that the chain leads to an authority that this machine trusts,
	// whatever name was asked for, and whether or not it has expired since.
	Trusted bool   `json:"trusted"`
	Problem string `json:"problem,omitempty"` // why it is not trusted
	// Unjudged is why nothing can be said of trust; Trusted means nothing then.
	Unjudged string `json:"unjudged,omitempty"`
	// NameAsked is the name that the server was held against; empty for none.
	NameAsked string `json:"name_asked,omitempty"`
	NameFits  bool   `json:"name_fits,omitempty"`
	Sent      int    `json:"sent"` // certificates that the server sent
}

// judge reads a chain as it was sent.
func judge(raw [][]byte, sent int, roots *x509.CertPool, now time.Time, names []string) (*Chain, error) {
	var certs []*x509.Certificate
	var first error
	for i, der := range raw {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			if i == 0 {
				first = err
				break
			}
			continue // the others help to find the way to an authority, no more
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		if first != nil {
			return nil, errLies("its certificate cannot be read: " + wire.Printable(strings.TrimPrefix(first.Error(), "x509: "), 120))
		}
		return nil, errLies("it sent no certificate")
	}
	leaf := certs[0]
	c := &Chain{
		Subject: wire.Printable(leaf.Subject.String(), 300), Issuer: wire.Printable(leaf.Issuer.String(), 300),
		NotBefore: leaf.NotBefore.UTC(), NotAfter: leaf.NotAfter.UTC(), Signature: leaf.SignatureAlgorithm.String(), Sent: sent,
	}
	for _, n := range leaf.DNSNames[:min(len(leaf.DNSNames), MaxNames)] {
		if n = wire.Printable(n, 253); n != "" {
			c.Names = append(c.Names, n)
		}
	}
	slices.Sort(c.Names)
	c.Names = slices.Compact(c.Names)
	switch leaf.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		c.WeakSignature = true
	default:
	}
	c.KeyType, c.KeyBits = key(leaf)
	for _, n := range names {
		c.NameAsked = n
		if c.NameFits = leaf.VerifyHostname(bracketed(n)) == nil; c.NameFits {
			break
		}
	}
	for _, x := range certs {
		if _, n := key(x); n > maxKeyBits {
			c.Unjudged = fmt.Sprintf("its chain has a key of %d bits, longer than any authority's, and was not followed", n)
			return c, nil
		}
	}
	c.SelfSigned = string(leaf.RawIssuer) == string(leaf.RawSubject) && leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil
	c.trust(certs, roots, now)
	return c, nil
}

// bracketed writes an address as the check of names wants it.
func bracketed(n string) string {
	if a, err := netip.ParseAddr(n); err == nil && a.Is6() {
		return "[" + n + "]"
	}
	return n
}

// trust follows the chain. A certificate that has only expired is judged as of
// its last day, because expiry is stated by itself.
func (c *Chain) trust(certs []*x509.Certificate, roots *x509.CertPool, now time.Time) {
	between := x509.NewCertPool()
	for _, x := range certs[1:] {
		between.AddCert(x)
	}
	at := now
	switch {
	case at.After(c.NotAfter):
		at = c.NotAfter.Add(-time.Second)
	case at.Before(c.NotBefore):
		at = c.NotBefore.Add(time.Second)
	}
	_, err := certs[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	var system x509.SystemRootsError
	var unknown x509.UnknownAuthorityError
	switch {
	case err == nil:
		c.Trusted = true
	case errors.As(err, &system):
		c.Unjudged = "this machine has no list of authorities that it trusts"
	case c.SelfSigned:
		c.Problem = "it issued itself"
	case errors.As(err, &unknown):
		c.Problem = missing(certs)
	default:
		c.Problem = wire.Printable(strings.TrimPrefix(err.Error(), "x509: "), 200)
	}
}

// missing says where a chain ends that leads to no trusted authority.
func missing(certs []*x509.Certificate) string {
	top := certs[0]
	for range certs {
		i := slices.IndexFunc(certs, func(c *x509.Certificate) bool {
			return c != top && string(c.RawSubject) == string(top.RawIssuer)
		})
		if i < 0 || string(top.RawIssuer) == string(top.RawSubject) {
			break
		}
		top = certs[i]
	}
	if string(top.RawIssuer) == string(top.RawSubject) {
		return "it leads to " + wire.Printable(top.Subject.String(), 120) + ", which this machine does not trust"
	}
	return "it leads no further than " + wire.Printable(top.Issuer.String(), 120) + ", which the server does not send and this machine does not trust"
}

// key returns the kind and length of a certificate's key.
func key(c *x509.Certificate) (kind string, bits int) {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return "rsa", k.N.BitLen()
	case *ecdsa.PublicKey:
		return "ecdsa", k.Curve.Params().BitSize
	case ed25519.PublicKey:
		return "ed25519", 256
	}
	if c.PublicKeyAlgorithm == x509.DSA {
		return "dsa", 0
	}
	return "", 0
}
