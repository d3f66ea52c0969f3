package sshd

import (
	"path"
	"slices"
	"strings"
)

// lists are the keywords that hold algorithms.
var lists = [...]string{"ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms"}

// weakNames are algorithms that are broken or that NIST no longer approves:
//
//   - arcfour, DES, 3DES, Blowfish, CAST: SP 800-131A rev 2, section 2.
//   - CBC modes: plain text recovery against SSH (CVE-2008-5161).
//   - MD5 and RIPEMD: SP 800-131A rev 2; truncated SHA-1: below 112 bits of tag strength.
//   - SHA-1 in key exchange and signatures: RFC 9142 sections 3 and 4, RFC 8332.
//   - DSA: FIPS 186-5 no longer has it.
//
// HMAC-SHA1 as a whole is not listed: SP 800-131A rev 2 approves it.
var weakNames = []string{
	"arcfour*", "*des-cbc*", "blowfish-*", "cast128-*", "aes*-cbc", "rijndael-cbc*",
	"hmac-md5*", "hmac-ripemd*", "hmac-sha1-96*",
	"diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1", "gss-*-sha1*",
	"ssh-dss*", "ssh-rsa", "ssh-rsa-cert-v0*", "ssh-rsa-cert-v01@openssh.com",
}

// Weak reports whether an algorithm is broken or outdated.
func Weak(name string) bool {
	for _, p := range weakNames {
		if ok, _ := path.Match(p, name); ok {
			return true
		}
	}
	return false
}

// weakDefaults are the weak algorithms that releases before a version offer by
// themselves, from the release notes of OpenSSH.
var weakDefaults = []struct {
	key          string
	major, minor int // first release without them
	names        []string
}{
	{"ciphers", 6, 7, []string{"arcfour", "arcfour128", "arcfour256", "aes128-cbc", "aes192-cbc", "aes256-cbc", "blowfish-cbc", "cast128-cbc", "3des-cbc"}},
	{"macs", 6, 7, []string{"hmac-md5", "hmac-md5-96", "hmac-sha1-96"}},
	{"kexalgorithms", 7, 0, []string{"diffie-hellman-group1-sha1"}},
	{"kexalgorithms", 7, 4, []string{"diffie-hellman-group-exchange-sha1"}},
	{"kexalgorithms", 8, 2, []string{"diffie-hellman-group14-sha1"}},
	{"hostkeyalgorithms", 7, 0, []string{"ssh-dss"}},
	{"hostkeyalgorithms", 8, 8, []string{"ssh-rsa"}},
	{"pubkeyacceptedalgorithms", 7, 0, []string{"ssh-dss"}},
	{"pubkeyacceptedalgorithms", 8, 8, []string{"ssh-rsa"}},
}

// weak lists the weak algorithms on offer, sorted. A list that begins with "+"
// or "^" adds to the defaults, one with "-" takes from them.
func weak(m map[string]string, v Version) []string {
	found := []string{}
	for _, key := range lists {
		var names []string
		set, isSet := m[key]
		if !isSet || strings.HasPrefix(set, "+") || strings.HasPrefix(set, "-") || strings.HasPrefix(set, "^") {
			for _, d := range weakDefaults {
				if d.key == key && v.Major != 0 && !v.atLeast(d.major, d.minor) {
					names = append(names, d.names...)
				}
			}
		}
		if isSet {
			names = apply(names, set)
		}
		for _, n := range names {
			if Weak(n) {
				found = append(found, n)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func apply(defaults []string, set string) []string {
	switch {
	case strings.HasPrefix(set, "+"), strings.HasPrefix(set, "^"):
		return append(defaults, strings.Split(set[1:], ",")...)
	case strings.HasPrefix(set, "-"):
		patterns := strings.Split(set[1:], ",")
		return slices.DeleteFunc(defaults, func(n string) bool {
			return slices.ContainsFunc(patterns, func(p string) bool { ok, _ := path.Match(p, n); return ok })
		})
	}
	return strings.Split(set, ",")
}
