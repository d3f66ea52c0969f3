// Package dkim reads the keys that a domain publishes for the signatures on its mail
// (RFC 6376, RFC 8301, RFC 8463).
//
// DNS cannot be asked which keys there are: each has a name, the selector, that one
// has to know. So a key that is not found proves nothing; see [Read].
package dkim

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	maxRecord = 16 << 10
	minBits   = 1024 // RFC 8301 section 3.2: receivers must not take less
	goodBits  = 2048 // the same: signers should use at least this
)

// Key is a published key.
type Key struct {
	Selector string
	Type     string // rsa, ed25519, or what the record says
	Bits     int    // 0 where the key cannot be read
	Revoked  bool   // p is empty
	Testing  bool   // t=y: receivers treat the mail as unsigned
	SHA1     bool   // h allows SHA-1 alone, which receivers must not take
	NotMail  bool   // s leaves mail out
	Fault    string // why receivers cannot use the record, for people; "" where they can read it
}

// Usable reports whether a receiver takes signatures of the key.
func (k *Key) Usable() bool {
	return k.Fault == "" && !k.Revoked && !k.SHA1 && !k.NotMail && !k.Weak()
}

// Weak reports whether the key is shorter than receivers may take.
func (k *Key) Weak() bool { return k.Type == "rsa" && k.Bits > 0 && k.Bits < minBits }

// Short reports whether the key is shorter than it should be, and still taken.
func (k *Key) Short() bool { return k.Type == "rsa" && k.Bits >= minBits && k.Bits < goodBits }

// Is reports whether a TXT record below _domainkey is meant to be a key: any
// record with a tag p.
func Is(txt string) bool {
	for part := range strings.SplitSeq(txt, ";") {
		tag, _, ok := strings.Cut(part, "=")
		if ok && trim(tag) == "p" {
			return true
		}
	}
	return false
}

func trim(s string) string { return strings.Trim(s, " \t\r\n") }

// Parse reads a key record. What is wrong with it is its Fault.
func Parse(selector, txt string) Key {
	k := Key{Selector: selector, Type: "rsa"}
	if len(txt) > maxRecord {
		k.Fault = fmt.Sprintf("the record is longer than %d bytes", maxRecord)
		return k
	}
	tags, err := list(txt)
	if err != nil {
		k.Fault = err.Error()
		return k
	}
	if t, ok := tags["k"]; ok {
		k.Type = strings.ToLower(t)
	}
	flags := split(tags["t"])
	k.Testing = slices.Contains(flags, "y")
	if h, ok := tags["h"]; ok {
		k.SHA1 = !slices.Contains(split(h), "sha256")
	}
	if s, ok := tags["s"]; ok {
		services := split(s)
		k.NotMail = !slices.Contains(services, "*") && !slices.Contains(services, "email")
	}
	p, ok := tags["p"]
	switch {
	case !ok:
		k.Fault = "the record has no key (p=)"
	case p == "":
		k.Revoked = true
	default:
		if err := k.read(p); err != nil {
			k.Fault = err.Error()
		}
	}
	return k
}

// list reads a tag list (RFC 6376 section 3.2).
func list(txt string) (map[string]string, error) {
	tags := map[string]string{}
	first := true
	for part := range strings.SplitSeq(txt, ";") {
		if trim(part) == "" {
			continue
		}
		tag, value, ok := strings.Cut(part, "=")
		tag, value = trim(tag), trim(value)
		switch _, twice := tags[tag]; {
		case !ok || tag == "":
			return nil, fmt.Errorf("%.40q is no tag with a value", trim(part))
		case twice:
			return nil, fmt.Errorf("the tag %.20s stands twice", tag)
		case tag == "v" && (!first || value != "DKIM1"):
			return nil, errors.New("v is not DKIM1, or does not stand first")
		}
		tags[tag] = value
		first = false
	}
	return tags, nil
}

func split(s string) []string {
	var out []string
	for x := range strings.SplitSeq(s, ":") {
		out = append(out, strings.ToLower(trim(x)))
	}
	return out
}

func (k *Key) read(p string) error {
	der, err := base64.StdEncoding.DecodeString(strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, p))
	if err != nil {
		return errors.New("the key is not base64; it may have been cut off")
	}
	switch k.Type {
	case "rsa":
		pub, err := rsaKey(der)
		if err != nil {
			return errors.New("the key is no RSA key; it may have been cut off")
		}
		k.Bits = pub.N.BitLen()
	case "ed25519":
		if len(der) != ed25519.PublicKeySize {
			return errors.New("the key is no Ed25519 key; it may have been cut off")
		}
		k.Bits = 8 * len(der)
	default:
		return fmt.Errorf("receivers know no key of the type %.20q", k.Type)
	}
	return nil
}

// rsaKey takes both forms that are in use: with its algorithm named, as OpenSSL
// writes it, and the bare one that RFC 6376 names.
func rsaKey(der []byte) (*rsa.PublicKey, error) {
	if pub, err := x509.ParsePKIXPublicKey(der); err == nil {
		if k, ok := pub.(*rsa.PublicKey); ok {
			return k, nil
		}
		return nil, errors.New("of another kind")
	}
	return x509.ParsePKCS1PublicKey(der)
}
