package sshenum

import (
	"path"
	"slices"
)

// weakNames are algorithms that are broken or that NIST no longer approves, the
// same that the collector of hosts reads out of a server's settings:
//
//   - arcfour, DES, 3DES, Blowfish, CAST: SP 800-131A rev 2, section 2.
//   - CBC modes: plain text recovery against SSH (CVE-2008-5161).
//   - MD5 and RIPEMD: SP 800-131A rev 2; truncated SHA-1: below 112 bits of tag strength.
//   - SHA-1 in key exchange and signatures: RFC 9142 sections 3 and 4, RFC 8332.
//   - DSA: FIPS 186-5 no longer has it.
//   - none: no encryption, no check of what arrives.
var weakNames = []string{
	"none", "arcfour*", "*des-cbc*", "blowfish-*", "cast128-*", "aes*-cbc", "rijndael-cbc*", "seed-cbc*",
	"hmac-md5*", "hmac-ripemd*", "hmac-sha1-96*",
	"diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1", "gss-*-sha1*", "rsa1024-sha1",
	"ssh-dss*", "ssh-rsa", "ssh-rsa-cert-v0*",
}

// Weak lists the weak algorithms on offer, in order.
func (o Offer) Weak() []string {
	out := []string{}
	for _, list := range [][]string{o.KeyExchange, o.HostKeys, o.Ciphers, o.MACs} {
		for _, n := range list {
			if weak(n) && !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	slices.Sort(out)
	return out
}

func weak(name string) bool {
	return slices.ContainsFunc(weakNames, func(p string) bool {
		ok, _ := path.Match(p, name)
		return ok
	})
}
